// Goal: whatever requests are lost, late, silent or answered with nonsense, and whenever the venue
// starts again, each list settles exactly once. Method: random faults and restarts over three lists
// on the local ledger; the seed is printed with a failure.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import fc from 'fast-check';
import {
  ALICE,
  DeltaWorld,
  ownerOf,
  plainEpoch,
  TOKENS,
} from '../../../../../testing/delta/deltaWorld.ts';
import type { LedgerFault } from '../../../../../testing/delta/ledger.ts';
import { SettlementFault } from '../../settlementFault.ts';
import type { BaseLayer } from '../baseLayer.ts';
import type { SettleOutcome, Submission } from '../submission.ts';

const route = fc.constantFrom<LedgerFault['route']>(
  'GET nonce',
  'GET sdls',
  'GET sdl',
  'POST intents',
  'POST sdl',
  'POST prove',
  'POST proof',
);
const kind = fc.constantFrom<LedgerFault['kind']>(
  'lostRequest',
  'lostResponse',
  'late',
  'serverError',
  'garbage',
);
const fault = fc.record({ route, kind }).filter((each) => {
  return each.kind !== 'late' || each.route.startsWith('POST');
});

/** Settles as a venue does: again after each failure that may mend, with a new adapter if asked. */
async function settleStubbornly(
  world: DeltaWorld,
  submission: Submission,
  restarts: boolean,
): Promise<SettleOutcome> {
  let layer: BaseLayer = await world.open();
  for (let tries = 0; tries < 20; tries += 1) {
    try {
      return await layer.settle(submission, new AbortController().signal);
    } catch (error) {
      if (!(error instanceof SettlementFault && error.retryable)) throw error;
      if (restarts) layer = await world.open();
    }
  }
  return assert.fail('twenty tries did not settle the list');
}

test('each list settles exactly once under random faults and restarts', async () => {
  const faults = fc.array(fc.array(fault, { maxLength: 12 }), { minLength: 3, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(faults, fc.boolean(), async (plans, restarts) => {
      const world = await DeltaWorld.start();
      try {
        let previous = ZERO_HASH;
        for (const [index, plan] of plans.entries()) {
          world.ledger.faults.push(...plan);
          const submission = world.submission(plainEpoch(BigInt(index + 1), previous));
          const outcome = await settleStubbornly(world, submission, restarts);
          assert.equal(outcome.kind, 'settled', inspect(outcome));
          world.ledger.faults.length = 0;
          previous = submission.listHash;
        }
        assert.deepEqual(world.ledger.applied, { submissions: 3, cuts: 3 });
        const gold = at(TOKENS, 0);
        assert.equal(world.ledger.balance(ownerOf(ALICE).ownerId, gold), 1_000_000n - 1200n);
        for (const token of TOKENS) assert.equal(world.ledger.supply(token), 3_000_000n);
      } finally {
        await world.close();
      }
    }),
    { numRuns: 8 },
  );
});
