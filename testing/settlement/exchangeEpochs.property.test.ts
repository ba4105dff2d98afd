// Goal: what the real exchange seals, the real contract settles: epoch after epoch, under the
// public inputs of its statements, and in the end both hold the same balances. Method: people trade
// at random on a bench with the real solver; every sealed epoch is cut and settled by the committed
// bytecode.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Hash } from '../../packages/exchange/src/codec/hash.ts';
import { ZERO_HASH } from '../../packages/exchange/src/codec/hash.ts';
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import { signDigest } from '../../packages/exchange/src/orders/signature.ts';
import { openPoseidon2 } from '../../packages/proofs/src/barretenberg/poseidon2.ts';
import { EPOCH_SHAPES } from '../../packages/proofs/src/circuits/epochCircuit.ts';
import type { SettledEpoch } from '../../packages/proofs/src/statements/epoch/cutDiffList.ts';
import { epochClaim } from '../../packages/proofs/src/statements/epoch/epochStatement.ts';
import { person } from '../exchange/exchangeBench.ts';
import { openBaseLayerWorld, WORLD_SHARD } from './baseLayerWorld.ts';
import { SettlingBench } from './exchangeEpochs.ts';

const SHAPE = at(EPOCH_SHAPES, 0);
const NAMES = ['alice', 'bob', 'carol', 'dave'];

/** One thing that a person does. */
const acts = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('order' as const),
      who: fc.nat({ max: NAMES.length - 1 }),
      pay: fc.nat({ max: 5 }),
      step: fc.integer({ min: 1, max: 6 }),
      budget: fc.bigInt({ min: 1n, max: 3_000_000_000n }),
      signedBy: fc.constantFrom('owner' as const, 'delegate' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('withdraw' as const),
      who: fc.nat({ max: NAMES.length - 1 }),
      units: fc.bigInt({ min: 1n, max: 1_000_000n }),
    }),
  },
);
type Act = typeof acts extends fc.Arbitrary<infer T> ? T : never;

/** Epochs of batches of acts: never more than the smallest circuit takes. */
const days = fc.array(fc.array(fc.array(acts, { maxLength: 5 }), { minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 2,
});

/** Two epochs with something of everything, so that no run is empty. */
const BUSY: readonly (readonly (readonly Act[])[])[] = [
  [
    [
      { kind: 'order', who: 0, pay: 0, step: 6, budget: 2_000_000_000n, signedBy: 'delegate' },
      { kind: 'order', who: 1, pay: 0, step: 1, budget: 1_000_000_000n, signedBy: 'owner' },
      { kind: 'cancel' },
    ],
    [{ kind: 'order', who: 1, pay: 1, step: 1, budget: 900_000_000n, signedBy: 'owner' }],
  ],
  [
    [
      { kind: 'withdraw', who: 2, units: 5n },
      { kind: 'order', who: 0, pay: 4, step: 2, budget: 700_000_000n, signedBy: 'delegate' },
    ],
  ],
];

/** Plays the acts and returns what was sealed. */
function play(stage: SettlingBench, day: readonly (readonly (readonly Act[])[])[]): SettledEpoch[] {
  const { bench, people } = stage;
  for (const owner of people) stage.delegate(owner, delegateOf(owner.name));
  return day.map((batches) => {
    for (const batch of batches) {
      let cancel = (): unknown => undefined;
      for (const act of batch) {
        if (act.kind === 'cancel') cancel();
        else if (act.kind === 'withdraw') stage.withdraw(at(people, act.who), act.units);
        else {
          const owner = at(people, act.who);
          const terms = {
            pay: act.pay,
            receive: (act.pay + act.step) % 7,
            budget: amount(act.budget),
          };
          const entry = bench.order(owner, terms);
          const { secretKey } = act.signedBy === 'owner' ? owner : delegateOf(owner.name);
          const authorisation = signDigest(bench.signing.orderDigest(entry.order), secretKey);
          bench.apply({ kind: 'submitOrder', entry: { ...entry, authorisation } });
          // A refusal, such as for want of money, is no order.
          cancel = () => bench.cancel(owner, entry.orderId);
        }
      }
      stage.clear();
    }
    return stage.seal();
  });
}

function delegateOf(name: string): ReturnType<typeof person> {
  return person(`${name} delegate`);
}

test('what the exchange seals, the contract settles to the same balances', async () => {
  const hash = await openPoseidon2();
  let paying = 0;
  let granted = 0;
  await fc.assert(
    fc.asyncProperty(days, async (day) => {
      const stage = new SettlingBench(NAMES);
      const { holdings } = stage;
      const epochs = play(stage, day);
      let previousListHash: Hash = ZERO_HASH;
      const claims = epochs.map((epoch, k) => {
        const listNumber = BigInt(k + 1);
        const place = { shard: WORLD_SHARD, listNumber, previousListHash, shape: SHAPE };
        const claim = epochClaim(epoch, place, hash);
        previousListHash = claim.listHash;
        return claim;
      });
      const world = await openBaseLayerWorld({
        batches: epochs.flatMap(({ batches }) => batches),
        shape: SHAPE,
        parameterCommitments: claims.flatMap(({ cut }) =>
          cut.list.batches.map(({ parameters }) => parameters),
        ),
        epochNumber: at(epochs, 0).epochNumber,
        holdings: holdings.filter(({ units }) => units > 0n),
      });
      for (const { cut, claim, dataCommitment, listHash } of claims) {
        const run = await world.settle(cut, dataCommitment);
        assert.equal(run.refusal, undefined);
        assert.deepEqual(run.asked, claim.statement.publicInputs);
        assert.equal(run.listHash, listHash);
        paying += cut.book.rows.filter(({ paid }) => paid > 0n).length;
        granted += cut.book.grants.length;
      }
      for (const { owner, assetId, units } of stage.held()) {
        assert.equal(await world.balance(owner, assetId), units, `${owner} ${assetId}`);
      }
    }),
    {
      numRuns: 7,
      examples: [[BUSY]],
      interruptAfterTimeLimit: 30_000,
      markInterruptAsFailure: true,
    },
  );
  assert.ok(paying > 0 && granted > 0, 'the days were not empty');
});
