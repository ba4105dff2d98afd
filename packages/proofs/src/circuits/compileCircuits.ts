import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { compile_program, createFileManager } from '@noir-lang/noir_wasm';
import { pointsNeeded, withBarretenberg } from '../barretenberg/session.ts';
import { openDevelopmentString } from '../keys/developmentString.ts';
import { freshVerifyingKey } from '../keys/makeVerifyingKey.ts';
import type { VerifyingKey } from '../keys/verifyingKey.ts';
import type { Abi, Circuit } from './circuit.ts';
import { EPOCH_SHAPES } from './epochCircuit.ts';

/**
 * Compiles one circuit from its Noir sources, the folder of the same name. Reproducible: the same
 * sources and compiler give the same text on every machine, because no path and no debug symbol is
 * kept.
 */
export async function compileCircuit(name: string): Promise<Circuit> {
  const files = createFileManager(join(import.meta.dirname, name));
  const { program } = await compile_program(files, undefined, ignore, ignore);
  invariant(program.abi.return_type === null, 'a circuit of this package returns nothing');
  const { numGates, numGatesDyadic } = await withBarretenberg({ threads: 1 }, (session) =>
    session.countGates(program.bytecode),
  );
  const abi: unknown = program.abi;
  return {
    circuit: name,
    compiler: `noir ${program.noir_version}`,
    gates: numGates,
    gatesDyadic: numGatesDyadic,
    abi: abi as Abi,
    bytecode: program.bytecode,
  };
}

/** Names of the folders that hold a circuit: each has a `main.nr`. */
export function circuitFolders(): string[] {
  return readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(join('src', 'main.nr')))
    .map((path) => path.slice(0, -join('src', 'main.nr').length - 1))
    .sort();
}

/** SHA-256 of the bytecode as it is committed, hex. */
export function circuitDigest({ bytecode }: Circuit): string {
  return createHash('sha256').update(bytecode).digest('hex');
}

/** The committed text of a compiled circuit. */
export function circuitText(circuit: Circuit): string {
  return `${JSON.stringify(circuit, null, 2)}\n`;
}

function ignore(): void {
  // The compiler reports progress line by line; problems are thrown.
}

/** The committed text of a key. */
export function keyText(key: VerifyingKey): string {
  return `${JSON.stringify(key, null, 2)}\n`;
}

const GENERATED = join(import.meta.dirname, '../generated');

/** Writes every circuit, then the keys of the epoch circuits under the development string. */
async function writeAll(): Promise<void> {
  let points = 0;
  for (const name of circuitFolders()) {
    const circuit = await compileCircuit(name);
    points = Math.max(points, pointsNeeded(circuit.gatesDyadic));
    writeFileSync(join(GENERATED, `${name}.json`), circuitText(circuit));
    console.log(`${name}: ${circuit.gates} gates, digest ${circuitDigest(circuit)}`);
  }
  console.log('A changed digest belongs into circuitVersion.ts, with the next CIRCUIT_VERSION.');
  const directory = join(tmpdir(), 'lawbook-proofs');
  const string = await openDevelopmentString({ directory, points });
  for (const { name } of EPOCH_SHAPES) {
    const key = await freshVerifyingKey(name, string);
    writeFileSync(join(GENERATED, `${name}.key.json`), keyText(key));
    console.log(`${name}: key ${key.keyHash}`);
  }
}

if (import.meta.main) await writeAll();
