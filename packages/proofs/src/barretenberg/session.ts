import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BackendType, Barretenberg } from '@aztec/bb.js';
import { findBbBinary } from '@aztec/bb.js/platform';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { POINT_BYTES } from '../keys/fixedBase.ts';
import type { ReferenceString } from '../keys/referenceString.ts';
import { STRING_FILES } from '../keys/referenceString.ts';
import { ProofFault } from '../proofFault.ts';
import { ELEMENT_BYTES } from '../statements/fieldElement.ts';
import { INSECURE_SETUP } from '../statements/proof.ts';
import { developmentWasm } from './developmentWasm.ts';

/** Native code where bb.js carries a binary for this machine, else wasm. */
export type Engine = 'native' | 'wasm';

/** How Barretenberg is started. */
export interface SessionOptions {
  readonly threads: number;
  /** The engine of this machine unless named. */
  readonly engine?: Engine;
  /** Needed for everything but counting gates. */
  readonly string?: ReferenceString;
  /** Limit of the wasm memory; native code is watched from outside. */
  readonly memoryBytesMax?: number;
}

/** What a circuit is proved with and verified with. */
export interface KeyMaterial {
  readonly gates: number;
  readonly keyBytes: Uint8Array;
  /** The key's hash, as transcripts and contracts name it. */
  readonly keyHash: Uint8Array;
  /** Solidity source of the verifier contract, for the ceremony's string. */
  readonly soliditySource: string;
}

/** A proof and the public inputs that it is about, as field elements. */
export interface RawProof {
  readonly publicInputs: readonly Uint8Array[];
  readonly bytes: Uint8Array;
}

/** Whether bb.js carries native code for this machine. */
export function hasNativeEngine(): boolean {
  return findBbBinary() !== null;
}

/** Points that a circuit of so many gates, rounded up to a power of two, needs. */
export function pointsNeeded(gatesDyadic: number): number {
  return gatesDyadic + 1;
}

/**
 * Starts Barretenberg, lends it to `use` and ends it.
 *
 * Reads the string through this process's environment, so a process serves one string at a time.
 */
export async function withBarretenberg<T>(
  options: SessionOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(options);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

async function openSession(options: SessionOptions): Promise<Session> {
  const { string, threads } = options;
  const engine = options.engine ?? (hasNativeEngine() ? 'native' : 'wasm');
  if (engine === 'native') {
    if (string !== undefined) process.env['CRS_PATH'] = string.directory;
    return new Session(
      await Barretenberg.new({ backend: BackendType.NativeUnixSocket, threads, skipSrsInit: true }),
    );
  }
  const isDevelopment = string?.setup === INSECURE_SETUP;
  const api = await Barretenberg.new({
    backend: BackendType.Wasm,
    threads,
    skipSrsInit: true,
    ...(isDevelopment ? { wasmPath: await developmentWasm(string) } : {}),
    ...(options.memoryBytesMax === undefined
      ? {}
      : { memory: { maximum: wasmPages(options.memoryBytesMax) } }),
  });
  if (string !== undefined) await giveString(api, string);
  return new Session(api);
}

const WASM_PAGE_BYTES = 65_536;
/** The build starts with 37 pages and addresses at most 2^16. */
const WASM_PAGES_MIN = 1024;

function wasmPages(bytes: number): number {
  return Math.min(65_536, Math.max(WASM_PAGES_MIN, Math.floor(bytes / WASM_PAGE_BYTES)));
}

async function giveString(api: Barretenberg, string: ReferenceString): Promise<void> {
  const [points, group2] = await Promise.all([
    readFile(join(string.directory, STRING_FILES.group1)),
    readFile(join(string.directory, STRING_FILES.group2)),
  ]);
  await api.srsInitSrs({
    pointsBuf: new Uint8Array(points),
    numPoints: points.length / POINT_BYTES,
    g2Point: new Uint8Array(group2),
  });
}

/** EVM flavour without zero knowledge: Keccak transcript, the cheaper verifier. */
const SETTINGS = {
  ipaAccumulation: false,
  oracleHashType: 'keccak',
  disableZk: true,
  optimizedSolidityVerifier: true,
};

/** Barretenberg, started. Bytecode is as circuits carry it: compressed, base64. */
export class Session {
  readonly #api: Barretenberg;

  constructor(api: Barretenberg) {
    this.#api = api;
  }

  /** Gates of a circuit, and the power of two that holds them. Needs no string. */
  async countGates(bytecode: string): Promise<{ numGates: number; numGatesDyadic: number }> {
    return await this.#api.circuitStats({
      circuit: { name: 'circuit', bytecode: inflated(bytecode), verificationKey: NO_BYTES },
      includeGatesPerOpcode: false,
      settings: SETTINGS,
    });
  }

  /** The verifying key of a circuit and its contract. */
  async makeKeys(bytecode: string): Promise<KeyMaterial> {
    const { numGates } = await this.countGates(bytecode);
    const { bytes, hash } = await this.#api.circuitComputeVk({
      circuit: { name: 'circuit', bytecode: inflated(bytecode) },
      settings: SETTINGS,
    });
    const { solidityCode } = await this.#api.circuitWriteSolidityVerifier({
      verificationKey: bytes,
      settings: SETTINGS,
    });
    return { gates: numGates, keyBytes: bytes, keyHash: hash, soliditySource: solidityCode };
  }

  /** Proves with a solved witness, compressed as noir_js hands it out. */
  async prove(
    bytecode: string,
    witness: Uint8Array,
    verificationKey: Uint8Array,
  ): Promise<RawProof> {
    const { proof, publicInputs } = await this.#api.circuitProve({
      witness: new Uint8Array(gunzipSync(witness)),
      circuit: { name: 'circuit', bytecode: inflated(bytecode), verificationKey },
      settings: SETTINGS,
    });
    return { publicInputs, bytes: new Uint8Array(Buffer.concat(proof)) };
  }

  /** Whether a proof holds, by Barretenberg's own verifier. */
  async verify(raw: RawProof, verificationKey: Uint8Array): Promise<boolean> {
    invariant(raw.bytes.length % ELEMENT_BYTES === 0, 'a proof is made of field elements');
    const proof = Array.from({ length: raw.bytes.length / ELEMENT_BYTES }, (_, k) =>
      raw.bytes.slice(k * ELEMENT_BYTES, (k + 1) * ELEMENT_BYTES),
    );
    const { verified } = await this.#api.circuitVerify({
      verificationKey,
      publicInputs: [...raw.publicInputs],
      proof,
      settings: SETTINGS,
    });
    return verified;
  }

  /** Ends the engine. */
  async close(): Promise<void> {
    await this.#api.destroy();
  }
}

const NO_BYTES = new Uint8Array();

function inflated(bytecode: string): Uint8Array {
  return new Uint8Array(gunzipSync(Buffer.from(bytecode, 'base64')));
}

/** Refuses a string that is too short before Barretenberg would look for a longer one online. */
export function requirePoints(string: ReferenceString, gatesDyadic: number): void {
  if (string.pointCount >= pointsNeeded(gatesDyadic)) return;
  throw new ProofFault('PROOF_STRING_INVALID', 'The reference string is too short for a circuit.', {
    fields: { points: string.pointCount, needed: pointsNeeded(gatesDyadic) },
  });
}
