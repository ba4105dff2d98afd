// Goal: the epoch circuit accepts what the laws accept and refuses what they refuse.
// Method: generated lawful batches, and copies with one figure changed, are put to the laws and to
// the circuit, which is solved but not proved. The only allowed differences: no list can be cut
// from a copy (no claim is made), and epochs that `unprovable` names beforehand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LawId } from '@lawbook/exchange/laws/verdict';
import type { BatchTransition } from '@lawbook/exchange/transition';
import fc from 'fast-check';
import {
  acceptsBatches,
  provable,
  provableBatch,
  SMALLEST,
} from '../../../../testing/proofs/epochClaims.ts';
import { batchSpecs, ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import type { LeafPath } from '../../../../testing/world/corruptions.ts';
import { corruptLeaf, leaves, refusals } from '../../../../testing/world/corruptions.ts';
import { lawfulBatch } from '../../../../testing/world/lawfulBatch.ts';
import { ProofFault } from '../proofFault.ts';
import { unprovable } from './epochCircuit.ts';

type Answer = 'holds' | 'refused' | 'no claim';

const SHOWN: readonly LawId[] = ['L3', 'L4', 'L5', 'L6', 'L7', 'L8', 'L9', 'L10'];

function lawsSay(transition: BatchTransition): Answer {
  const broken = refusals(transition, { authority: 'admitted' }).some((law) => SHOWN.includes(law));
  return broken ? 'refused' : 'holds';
}

async function circuitSays(transition: BatchTransition): Promise<Answer> {
  try {
    return (await acceptsBatches([transition])) ? 'holds' : 'refused';
  } catch (cause) {
    assert.ok(cause instanceof ProofFault && cause.code === 'PROOF_STATEMENT_UNFIT');
    return 'no claim';
  }
}

/** Fields that both read. Balances are the contract's; nonces and ids are of other laws. */
const READ = [
  /^(fills|diffs changes|solution (prices|payFactors|receiveFactors|blocked)) /,
  /^oracle mids |^(closedAtMs|oracle observedAtMs) $/,
  /^parameters (assets \d+ (target|inventoryMin|inventoryMax|bandPpm)|scaledCovariance|feeE7) /,
  /^parameters (haltBandPpm|oracleAgeMsMax|baskets \d+ units) /,
  /^orders (minFillPpm|limitNumerator|limitDenominator|budget|canceled) /,
];

function isRead(path: LeafPath): boolean {
  return READ.some((field) => field.test(`${path.join(' ')} `));
}

async function agree(transition: BatchTransition, what = ''): Promise<Answer> {
  const [laws, circuit] = [lawsSay(transition), await circuitSays(transition)];
  if (circuit === 'no claim') return circuit;
  if (laws === 'holds' && circuit === 'refused') {
    assert.notEqual(unprovable([transition], SMALLEST), undefined, what);
  } else {
    assert.equal(circuit, laws, what);
  }
  return circuit;
}

test('agrees with the laws on copies of an ordinary day with one figure one higher', async () => {
  const day = provableBatch(ordinaryDay());
  const places = leaves(day).filter(isRead);
  const answers = new Map<Answer, number>();
  // Every seventh of some hundred and forty, from all parts of the day.
  for (let k = 0; k < places.length; k += 7) {
    const place = places[k] as LeafPath;
    const answer = await agree(corruptLeaf(day, place), place.join(' '));
    answers.set(answer, 1 + (answers.get(answer) ?? 0));
  }
  assert.ok((answers.get('refused') ?? 0) > 3, JSON.stringify([...answers]));
  assert.ok((answers.get('holds') ?? 0) > 1, JSON.stringify([...answers]));
});

test('agrees with the laws on generated batches and on copies with one change', async () => {
  await fc.assert(
    fc.asyncProperty(batchSpecs, fc.nat(), async (spec, pick) => {
      const transition = lawfulBatch(provable(spec));
      fc.pre(transition !== undefined);
      assert.equal(unprovable([transition], SMALLEST), undefined);
      assert.equal(await agree(transition), 'holds');
      const places = leaves(transition).filter(isRead);
      const place = places[pick % places.length];
      if (place !== undefined) await agree(corruptLeaf(transition, place), place.join(' '));
    }),
    { numRuns: Number(process.env['LAWBOOK_RUNS'] ?? 8) },
  );
});
