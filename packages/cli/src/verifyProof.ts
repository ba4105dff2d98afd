import { readFileSync } from 'node:fs';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import { openPoseidon2 } from '@lawbook/proofs/barretenberg/poseidon2';
import { CIRCUIT_VERSION } from '@lawbook/proofs/circuits/circuitVersion';
import type { EpochShape } from '@lawbook/proofs/circuits/epochCircuit';
import { committedKey } from '@lawbook/proofs/keys/committedKey';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import { epochShapeOf } from '@lawbook/proofs/statements/epoch/epochStatement';
import type { SettlementAttachment } from '@lawbook/proofs/statements/epoch/settlementAttachment';
import {
  decodeSettlementAttachment,
  SETTLEMENT_ATTACHMENT,
} from '@lawbook/proofs/statements/epoch/settlementAttachment';
import type { Setup } from '@lawbook/proofs/statements/proof';
import { INSECURE_SETUP } from '@lawbook/proofs/statements/proof';
import { evmVerifier } from '@lawbook/proofs/verifier/evmVerifier';
import type { StepResult } from '@lawbook/proofs/verifier/verifyEpoch';
import { verifyEpochProof } from '@lawbook/proofs/verifier/verifyEpoch';
import type { ChainEvidence } from './chain/chainEvidence.ts';
import { chainEvidence } from './chain/chainEvidence.ts';
import { FileFault } from './terminal/cliFault.ts';

/** From where the verifying key of a proof was taken. */
export type KeySource = 'agreement' | 'file' | 'development' | 'none';

/** What the proof of a bundle is judged with. */
export interface ProofBasis {
  /** Endpoint of the chain; undefined judges offline. */
  readonly rpcUrl: string | undefined;
  /** A file with a verifying key, as the venue's operator publishes it. */
  readonly keyFile: string | undefined;
}

/** One comparison with the chain. */
export interface ChainStep {
  readonly name: string;
  readonly outcome: StepResult['outcome'];
}

/** Everything that was found out about the proof of a bundle. */
export interface ProofFinding {
  readonly attachment: SettlementAttachment;
  readonly keySource: KeySource;
  /** On what the reference string rests: the proof's word, unless the key is a known one. */
  readonly setup: Setup;
  readonly steps: readonly StepResult[];
  /** Empty without an endpoint. */
  readonly chain: readonly ChainStep[];
  /** How far proof and chain take the epoch; `checked` where they say nothing yet. */
  readonly level: 'refused' | 'checked' | 'proven' | 'settled' | 'finalized';
}

/**
 * Judges the proof that a bundle carries, with the key that the chain's agreement names where an
 * endpoint is given.
 *
 * @returns undefined for a bundle without a proof.
 * @throws FileFault for an attachment or key file that does not read; SettlementFault
 *   SETTLEMENT_UNAVAILABLE while the endpoint does not answer.
 */
export async function verifyProof(
  bundle: EpochBundle,
  basis: ProofBasis,
  file: string,
): Promise<ProofFinding | undefined> {
  const attachment = attachmentOf(bundle, file);
  if (attachment === undefined) return undefined;
  const shape = epochShapeOf(attachment.proof.circuit);
  invariant(shape !== undefined, 'an attachment names a circuit of epochs');
  const evidence = await evidenceFor(bundle, attachment, { ...basis, shape });
  const chosen = chooseKey(attachment, basis, evidence);
  const report = await verifyEpochProof(bundle, attachment, {
    verifyingKey: chosen.key ?? nobodysKey(attachment),
    verifier: evmVerifier,
    hash: await openPoseidon2(),
    ...(evidence?.previousListHash === undefined
      ? {}
      : { previousListHash: evidence.previousListHash }),
  });
  const steps = report.steps.map((step): StepResult => {
    return step.step === 'proof' && chosen.key === undefined ? NO_KEY : step;
  });
  const chain =
    evidence === undefined
      ? []
      : [...compareWithChain(attachment, evidence), ...compareKey(chosen, evidence)];
  return {
    attachment,
    keySource: chosen.source,
    setup: chosen.known?.isDevelopment === true ? INSECURE_SETUP : attachment.proof.setup,
    steps,
    chain,
    level: levelOf(steps, chain, evidence),
  };
}

const NO_KEY: StepResult = {
  step: 'proof',
  outcome: { kind: 'unasked', reason: 'no verifying key for its circuit: give --rpc or --key' },
};

/** The proof and its place, as a bundle carries them. @throws FileFault for bytes that are none. */
export function attachmentOf(bundle: EpochBundle, file: string): SettlementAttachment | undefined {
  const carried = bundle.attachments.find(({ name }) => name === SETTLEMENT_ATTACHMENT);
  if (carried === undefined) return undefined;
  try {
    return decodeSettlementAttachment(carried.bytes);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new FileFault(
      `${file} carries a proof that does not read: ${cause.message}`,
      file,
      cause,
    );
  }
}

async function evidenceFor(
  { batches, marketId }: EpochBundle,
  { place }: SettlementAttachment,
  { rpcUrl, shape }: ProofBasis & { readonly shape: EpochShape },
): Promise<ChainEvidence | undefined> {
  if (rpcUrl === undefined) return undefined;
  const { domain } = at(batches, 0);
  const { shard, listNumber } = place;
  return await chainEvidence({ rpcUrl, domain, shard, marketId, listNumber, shape });
}

interface ChosenKey {
  readonly source: KeySource;
  readonly key: VerifyingKey | undefined;
  /** The key of the same circuit that is known here, if any. */
  readonly known: { readonly key: VerifyingKey; readonly isDevelopment: boolean } | undefined;
}

/** What the chain says comes first: it decides what is settled. */
function chooseKey(
  { proof }: SettlementAttachment,
  { keyFile }: ProofBasis,
  evidence: ChainEvidence | undefined,
): ChosenKey {
  const known = knownKey(proof, keyFile, evidence?.verifierCode);
  if (evidence?.verifierCode !== undefined) {
    return { source: 'agreement', key: agreedKey(proof, evidence.verifierCode), known };
  }
  if (known === undefined) return { source: 'none', key: undefined, known };
  return { source: known.isDevelopment ? 'development' : 'file', key: known.key, known };
}

/**
 * The key in a file; else the development key, where proof or agreement are made with it. A proof
 * under another string is no proof under that one, and no false one either.
 */
function knownKey(
  proof: SettlementAttachment['proof'],
  keyFile: string | undefined,
  agreedCode: string | undefined,
): ChosenKey['known'] {
  if (keyFile !== undefined) return { key: readKey(keyFile), isDevelopment: false };
  const key = committedKey(proof.circuit);
  const fits = key?.stringId === proof.stringId || `0x${key?.verifierCode}` === agreedCode;
  return key !== undefined && fits ? { key, isDevelopment: true } : undefined;
}

/**
 * The code of the verifier is the key: string and gates are in it. What else a key says is taken
 * from the proof, because the code refuses a proof that says otherwise.
 */
function agreedKey(proof: SettlementAttachment['proof'], verifierCode: string): VerifyingKey {
  const { circuit, setup, stringId } = proof;
  return {
    circuit,
    circuitVersion: CIRCUIT_VERSION,
    setup,
    stringId,
    publicInputCount: 3,
    gates: 0,
    keyBytes: '',
    keyHash: '',
    verifierCode: verifierCode.replace(/^0x/, ''),
    verifierCreationCode: '',
  };
}

/** Lets the other steps be asked where no key is known; no code says yes. */
function nobodysKey({ proof }: SettlementAttachment): VerifyingKey {
  return agreedKey(proof, '');
}

function readKey(path: string): VerifyingKey {
  let key: Partial<VerifyingKey>;
  try {
    key = JSON.parse(readFileSync(path, 'utf8')) as Partial<VerifyingKey>;
  } catch (cause) {
    throw new FileFault(`${path} cannot be read as a verifying key`, path, cause);
  }
  const isKey = typeof key.circuit === 'string' && /^[0-9a-f]+$/.test(key.verifierCode ?? '');
  if (isKey) return key as VerifyingKey;
  throw new FileFault(`${path} is no verifying key`, path);
}

/** What the chain must say of the list, each asked for itself. */
function compareWithChain(
  { place, transaction }: SettlementAttachment,
  { settled, agreement }: ChainEvidence,
): ChainStep[] {
  const agreed: ChainStep['outcome'] =
    agreement === undefined
      ? { kind: 'fails', expected: `an agreement for shard ${place.shard}`, actual: 'none' }
      : HOLDS;
  const steps: ChainStep[] = [{ name: 'the shard has an agreement', outcome: agreed }];
  if (settled === undefined) {
    const reason = `the chain shows no settlement of list ${place.listNumber}`;
    return [...steps, { name: 'the list is settled', outcome: { kind: 'unasked', reason } }];
  }
  steps.push({
    name: 'the settled list has this hash',
    outcome: same(place.listHash, settled.listHash),
  });
  if (transaction === undefined) return steps;
  steps.push({
    name: 'it was settled by the named transaction',
    outcome: same(transaction.transactionHash, settled.transaction),
  });
  steps.push({
    name: 'it was settled in the named block',
    outcome: same(String(transaction.blockNumber), String(settled.blockNumber)),
  });
  return steps;
}

/** Whether the agreement verifies with the key that is known here. */
function compareKey({ known }: ChosenKey, { verifierCode }: ChainEvidence): ChainStep[] {
  if (verifierCode === undefined) return [];
  const name = 'the agreed verifier is that of the known key';
  if (known === undefined) {
    const reason = 'no key of this setup is known here: give --key';
    return [{ name, outcome: { kind: 'unasked', reason } }];
  }
  const isSame = verifierCode === `0x${known.key.verifierCode}`;
  const outcome = isSame ? HOLDS : same('the code of the known key', 'other code');
  return [{ name, outcome }];
}

const HOLDS = { kind: 'holds' } as const;

function same(expected: string, actual: string): ChainStep['outcome'] {
  const [wanted, found] = [expected.toLowerCase(), actual.toLowerCase()];
  return wanted === found ? HOLDS : { kind: 'fails', expected: wanted, actual: found };
}

function levelOf(
  steps: readonly StepResult[],
  chain: readonly ChainStep[],
  evidence: ChainEvidence | undefined,
): ProofFinding['level'] {
  if ([...steps, ...chain].some(({ outcome }) => outcome.kind === 'fails')) return 'refused';
  const isProven = steps.some(({ step, outcome }) => step === 'proof' && outcome.kind === 'holds');
  if (!isProven) return 'checked';
  if (evidence?.settled === undefined) return 'proven';
  return evidence.settled.certainty === 'final' ? 'finalized' : 'settled';
}
