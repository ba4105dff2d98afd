// Rebuilds the frozen vectors of what binds a proof to its calldata: `node vectors/dataVectors.ts`
// prints them, `--write` stores them in dataVectors.json. For circuits, contracts and readers in
// other languages: docs/protocol/binding.md says what the fields are. Field elements are hex.
import { writeFileSync } from 'node:fs';
import { DEMO_DOMAIN } from '@lawbook/analytics/demoWorld';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { openPoseidon2 } from '@lawbook/proofs/barretenberg/poseidon2';
import type { EpochShape } from '@lawbook/proofs/circuits/epochCircuit';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import type { SettledEpoch } from '@lawbook/proofs/statements/epoch/cutDiffList';
import { dataVector } from '@lawbook/proofs/statements/epoch/dataVector';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import { epochClaim } from '@lawbook/proofs/statements/epoch/epochStatement';
import type { FieldHash } from '@lawbook/proofs/statements/epoch/fieldHash';
import { parameterVector } from '@lawbook/proofs/statements/epoch/parameterVector';
import { person } from '../testing/exchange/exchangeBench.ts';
import { settleCall, WORLD_SHARD } from '../testing/settlement/baseLayerWorld.ts';
import { SettlingBench } from '../testing/settlement/exchangeEpochs.ts';
import { clearAtMids } from './canonicalVectors.ts';

/** One list with all that follows from it. */
export interface DataVectorCase {
  readonly name: string;
  /** The capacity on which D and the parameter vector depend. */
  readonly shape: Omit<EpochShape, 'name' | 'blocked'>;
  readonly chainId: string;
  readonly contract: string;
  readonly firstBatchNumber: number;
  /** Call data of `settle` under the first circuit, with the data commitment and a proof of two
   * bytes. */
  readonly callData: Hex;
  readonly parameters: readonly Hex[];
  readonly parameterCommitment: Hex;
  readonly listHash: Hash;
  /** D of full length. */
  readonly elements: readonly Hex[];
  readonly commitment: Hex;
  readonly point: Hex;
  readonly evaluation: Hex;
}

/** The epochs behind the vectors, and the stage with what its vaults held before them. */
export function vectorEpochs(): {
  readonly stage: SettlingBench;
  readonly epochs: readonly (SettledEpoch & { readonly name: string })[];
} {
  const stage = new SettlingBench(['alice', 'bob', 'carol']);
  const { bench, people } = stage;
  const [alice, bob, carol] = [at(people, 0), at(people, 1), at(people, 2)];
  const clear = (): void => {
    stage.keep(clearAtMids(bench));
    bench.timeMs += 1000;
  };
  bench.submit(alice, { limitNumerator: 9n, limitDenominator: 10n });
  bench.submit(bob, { pay: 1, receive: 0 });
  clear();
  const pair = { ...stage.seal(), name: 'two orders' };

  const delegate = person('alice delegate');
  stage.delegate(alice, delegate);
  const entry = bench.order(alice, { receive: 6, minFillPpm: 500_000 });
  const authorisation = signDigest(bench.signing.orderDigest(entry.order), delegate.secretKey);
  bench.must({ kind: 'submitOrder', entry: { ...entry, authorisation } });
  const canceled = bench.order(carol, { pay: 2, receive: 5 });
  bench.must({ kind: 'submitOrder', entry: canceled });
  bench.cancel(carol, canceled.orderId);
  bench.submit(bob, { pay: 3, receive: 0, limitNumerator: 99n });
  clear();
  stage.withdraw(carol, 12_345n);
  clear();
  bench.submit(carol, { pay: 0, receive: 4 });
  clear();
  const busy = { ...stage.seal(), name: 'delegate, cancel, unfilled order, basket, withdrawal' };

  clear();
  return { stage, epochs: [pair, busy, { ...stage.seal(), name: 'no orders' }] };
}

/** Every vector: the lists of one shard, one after another. */
export function dataVectorCases(hash: FieldHash): DataVectorCase[] {
  const shapes = [at(EPOCH_SHAPES, 0), at(EPOCH_SHAPES, 0), at(EPOCH_SHAPES, 1)];
  let previousListHash: Hash = ZERO_HASH;
  return vectorEpochs().epochs.map((epoch, k) => {
    const shape = at(shapes, k);
    const place = { shard: WORLD_SHARD, listNumber: BigInt(k + 1), previousListHash, shape };
    const { claim, cut, dataCommitment, listHash } = epochClaim(epoch, place, hash);
    previousListHash = listHash;
    const { batchNumber, domain, parameters } = at(epoch.batches, 0);
    const [, point, evaluation] = claim.statement.publicInputs;
    const { name: _, blocked: __, ...capacity } = shape;
    return {
      name: epoch.name,
      shape: capacity,
      chainId: String(domain.chainId),
      contract: domain.address,
      firstBatchNumber: batchNumber,
      callData: settleCall(cut, dataCommitment),
      parameters: parameterVector(parameters, shape).map(hex),
      parameterCommitment: hex(at(cut.list.batches, 0).parameters),
      listHash,
      elements: dataVector(cut, shape).elements.map(hex),
      commitment: hex(dataCommitment),
      point: hex(point ?? 0n),
      evaluation: hex(evaluation ?? 0n),
    };
  });
}

function hex(element: bigint): Hex {
  return `0x${element.toString(16)}`;
}

if (import.meta.main) {
  const vectors = dataVectorCases(await openPoseidon2());
  const text = `${JSON.stringify({ venue: DEMO_DOMAIN.address, vectors }, null, 1)}\n`;
  if (process.argv.includes('--write')) {
    writeFileSync(new URL('./dataVectors.json', import.meta.url), text);
  } else process.stdout.write(text);
}
