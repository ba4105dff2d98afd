// Goal: a list that TypeScript cuts is the list that the contract reads: same hash, same public
// inputs. Method: generated and named epochs are settled by the committed bytecode, whose verifier
// is listened to, and compared with what epochStatement.ts says.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { ZERO_HASH } from '../../packages/exchange/src/codec/hash.ts';
import { bytesToHex } from '../../packages/exchange/src/codec/hex.ts';
import type { SignedWithdrawal } from '../../packages/exchange/src/orders/signedTypes.ts';
import { domainSeparator } from '../../packages/exchange/src/orders/typedData.ts';
import { openPoseidon2 } from '../../packages/proofs/src/barretenberg/poseidon2.ts';
import type { SettledEpoch } from '../../packages/proofs/src/statements/epoch/cutDiffList.ts';
import type { EpochClaim } from '../../packages/proofs/src/statements/epoch/epochStatement.ts';
import {
  epochClaim,
  epochPublicInputs,
} from '../../packages/proofs/src/statements/epoch/epochStatement.ts';
import type { FieldHash } from '../../packages/proofs/src/statements/epoch/fieldHash.ts';
import { batchSpecs, blockedDay, ordinaryDay, scarceDay } from '../world/batchSpecs.ts';
import type { BatchSpec } from '../world/lawfulBatch.ts';
import type { SettleRun } from './baseLayerWorld.ts';
import { openBaseLayerWorld, WORLD_SHARD } from './baseLayerWorld.ts';
import {
  dealt,
  holdingsBefore,
  lawfulEpoch,
  SMALL_SHAPE,
  signedWithdrawal,
  withoutSessions,
} from './epochWorld.ts';

let hash: FieldHash;
before(async () => {
  hash = await openPoseidon2();
});

const PLACE = {
  shard: WORLD_SHARD,
  listNumber: 1n,
  previousListHash: ZERO_HASH,
  shape: SMALL_SHAPE,
};

async function settle(epoch: SettledEpoch): Promise<{ claim: EpochClaim; run: SettleRun }> {
  const claim = epochClaim(epoch, PLACE, hash);
  const world = await openBaseLayerWorld({
    batches: epoch.batches,
    shape: SMALL_SHAPE,
    parameterCommitments: claim.cut.list.batches.map(({ parameters }) => parameters),
    epochNumber: epoch.epochNumber,
    holdings: holdingsBefore(epoch.batches, 10n ** 15n),
  });
  const { domain } = claim.cut;
  assert.equal(await world.domainSeparator(), bytesToHex(domainSeparator(domain)));
  return { claim, run: await world.settle(claim.cut, claim.dataCommitment) };
}

/** Circuits prove no market that prices scarcity, and contracts settle no session secrets. */
function provable(spec: BatchSpec): BatchSpec {
  const parameters = { ...spec.parameters, scarcity: 'proRata' as const };
  return withoutSessions({ ...spec, parameters });
}

async function assertSame(
  specs: readonly BatchSpec[],
  withdrawals: readonly SignedWithdrawal[] = [],
): Promise<void> {
  const epoch = lawfulEpoch(specs.map(provable), withdrawals);
  fc.pre(epoch !== undefined);
  const { claim, run } = await settle(epoch);
  assert.equal(run.refusal, undefined);
  assert.deepEqual(run.asked, claim.claim.statement.publicInputs);
  assert.equal(run.listHash, claim.listHash);
  const { cut, dataCommitment } = claim;
  assert.deepEqual(run.asked, epochPublicInputs(cut, SMALL_SHAPE, dataCommitment));
}

test('an epoch with every kind of order settles under the inputs of its statement', async () => {
  const halted = { ...ordinaryDay(), haltReason: 'a test' };
  await assertSame([ordinaryDay(), halted], [signedWithdrawal(1, 5n), signedWithdrawal(2, 7n)]);
});

test('rationed and blocked orders settle under the inputs of their statement', async () => {
  await assertSame([scarceDay('proRata')]);
  await assertSame([blockedDay()]);
});

test('any lawful epoch settles under the inputs of its statement', async () => {
  const epochs = fc.record({
    spec: batchSpecs,
    batches: fc.integer({ min: 1, max: SMALL_SHAPE.batches }),
    payouts: fc.array(fc.bigInt({ min: 1n, max: 1_000n }), { maxLength: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(epochs, async ({ spec, batches, payouts }) => {
      const traders = [...new Set(spec.orders.map(({ trader }) => trader))];
      const withdrawals = payouts.flatMap((units, k) => {
        const n = traders[k];
        return n === undefined ? [] : [signedWithdrawal(n, units, BigInt(k + 1))];
      });
      await assertSame(dealt(spec, batches), withdrawals);
    }),
    { numRuns: 12 },
  );
});
