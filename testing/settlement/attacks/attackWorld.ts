/** An epoch that is sealed, proved and ready to settle: what attacks start from. */
import type { EpochBundle } from '@lawbook/exchange/bundle';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import { openPoseidon2 } from '@lawbook/proofs/barretenberg/poseidon2';
import type { EpochShape } from '@lawbook/proofs/circuits/epochCircuit';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import { committedKey } from '@lawbook/proofs/keys/committedKey';
import { openDevelopmentString } from '@lawbook/proofs/keys/developmentString';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import { HonkProver } from '@lawbook/proofs/provers/honk/honkProver';
import type { EpochClaim } from '@lawbook/proofs/statements/epoch/epochStatement';
import { epochClaim } from '@lawbook/proofs/statements/epoch/epochStatement';
import type { FieldHash } from '@lawbook/proofs/statements/epoch/fieldHash';
import type { ValidityProof } from '@lawbook/proofs/statements/proof';
import { PROVING_CACHE } from '../../proofs/provingWorld.ts';
import { AttackedChain, OTHER_SHARD, SHARD } from './attackedChain.ts';
import type { TradedEpochs } from './tradedEpochs.ts';
import { tradeEpochs } from './tradedEpochs.ts';

/** An epoch of the venue in its place, with a real proof of it. */
export interface ProvedEpoch {
  readonly bundle: EpochBundle;
  readonly shard: number;
  readonly listNumber: bigint;
  readonly previousListHash: Hash;
  readonly claim: EpochClaim;
  readonly proof: ValidityProof;
}

/** Everything that an attack is made of. */
export interface Honest {
  readonly chain: AttackedChain;
  readonly hash: FieldHash;
  readonly signing: Signing;
  /** The epoch under attack. */
  readonly epoch: ProvedEpoch;
  /** The lawful epoch after it. */
  readonly next: ProvedEpoch;
  /** The same epoch, proved for another shard. */
  readonly elsewhere: ProvedEpoch;
  /** Parameters that are registered beside those of the epoch. */
  readonly otherParameters: BatchParameters;
  /** What the same day would have been on another chain. */
  readonly abroad: EpochBundle;
}

/** The circuit that proves the epochs. */
export const SHAPE: EpochShape = at(EPOCH_SHAPES, 0);

const MEMORY_BYTES_MAX = 2 ** 31;
const PROOF_MS_MAX = 60_000;

/** Opens the chain while the epochs are proved. */
export async function openAttackWorld(): Promise<Honest> {
  const hash = await openPoseidon2();
  const keys = EPOCH_SHAPES.map(({ name }) => keyOf(name));
  const chain = await AttackedChain.start({ keys, hash });
  try {
    const traded = tradeEpochs(chain.domain);
    const otherParameters = { ...traded.parameters, haltBandPpm: 50_000 };
    const [proved] = await Promise.all([
      proveAll(traded, hash),
      chain.open(traded.parameters, [otherParameters], traded.holdings),
    ]);
    const abroad = tradeEpochs({ ...chain.domain, chainId: 1n }).first;
    const signing = new Signing(chain.domain);
    return { chain, hash, signing, ...proved, otherParameters, abroad };
  } catch (fault) {
    await chain.close();
    throw fault;
  }
}

/** The committed key of a circuit. */
export function keyOf(name: EpochShape['name']): VerifyingKey {
  const key = committedKey(name);
  invariant(key !== undefined, 'the keys of all epoch circuits are committed');
  return key;
}

async function proveAll(
  { first, second }: TradedEpochs,
  hash: FieldHash,
): Promise<Pick<Honest, 'epoch' | 'next' | 'elsewhere'>> {
  const key = keyOf(SHAPE.name);
  const points = 2 ** Math.ceil(Math.log2(key.gates)) + 1;
  const string = await openDevelopmentString({ directory: PROVING_CACHE, points });
  const prover = new HonkProver({
    string,
    keys: [key],
    threads: 2,
    workers: 1,
    queueMax: 3,
    memoryBytesMax: MEMORY_BYTES_MAX,
    timeoutMs: PROOF_MS_MAX,
  });
  const prove = async (
    bundle: EpochBundle,
    place: Pick<ProvedEpoch, 'shard' | 'listNumber' | 'previousListHash'>,
  ): Promise<ProvedEpoch> => {
    const claim = epochClaim(bundle, { ...place, shape: SHAPE }, hash);
    const proof = await prover.prove(claim.claim.statement, claim.claim.witness);
    return { bundle, ...place, claim, proof };
  };
  try {
    const place = { shard: SHARD, listNumber: 1n, previousListHash: ZERO_HASH };
    const epoch = await prove(first, place);
    const after = { shard: SHARD, listNumber: 2n, previousListHash: epoch.claim.listHash };
    const next = await prove(second, after);
    const elsewhere = await prove(first, { ...place, shard: OTHER_SHARD });
    return { epoch, next, elsewhere };
  } finally {
    await prover.close();
  }
}
