// Goal: L7 refuses a unit that appears, disappears or changes hands between pool and fees.
// Method: diffs, balances and reported sums of a lawful day are moved by single units.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hiddenDay, ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { editAt, refusals } from '../../../../testing/world/corruptions.ts';
import { clearedBatch } from '../../../../testing/world/lawfulBatch.ts';
import { diffRoot } from '../diffs/stateDiff.ts';
import type { BatchTransition } from '../transition.ts';
import { assetsAreConserved } from './assetsAreConserved.ts';
import { lawContext } from './law.ts';

const ADMITTED = { authority: 'admitted' } as const;
const DAY = clearedBatch({ ...ordinaryDay(), signed: false });
const WIDTH = DAY.parameters.assets.length;
const POOL = (DAY.before.accounts.length - 2) * WIDTH;

/** Moves a unit in the diff list and in the balances after, and reports the new diff root. */
function shifted(moves: readonly (readonly [slot: number, units: bigint])[]): BatchTransition {
  let { changes } = DAY.diffs;
  let { balances } = DAY.after;
  for (const [slot, units] of moves) {
    changes = editAt(changes, slot, (old) => old + units);
    balances = editAt(balances, slot, (old) => old + units);
  }
  const diffs = { ...DAY.diffs, changes };
  const poolAfter = [...balances.subarray(POOL, POOL + WIDTH)];
  const report = { ...DAY.report, diffRoot: diffRoot(diffs), poolAfter };
  return { ...DAY, diffs, after: { ...DAY.after, balances }, report };
}

test('holds for lawful batches, with and without forfeits', () => {
  assert.deepEqual(refusals(DAY, ADMITTED), []);
  const hidden = clearedBatch({ ...hiddenDay(), signed: false });
  assert.equal(assetsAreConserved.check(hidden, lawContext(hidden, ADMITTED)).kind, 'holds');
});

test('refuses a unit made from nothing, and names the asset', () => {
  const minted = shifted([[1, 1n]]);
  const verdict = assetsAreConserved.check(minted, lawContext(minted, ADMITTED));
  assert.equal(verdict.kind, 'violated');
  assert.deepEqual(verdict.locus, { kind: 'asset', asset: 1 });
  assert.deepEqual(refusals(minted, ADMITTED), ['L7', 'L10']);
});

test('refuses to skim a unit from the pool to the fee vault', () => {
  const skimmed = shifted([
    [POOL + 1, -1n],
    [POOL + WIDTH + 1, 1n],
  ]);
  assert.deepEqual(refusals(skimmed, ADMITTED), ['L7', 'L10']);
});

test('refuses to keep a fee in the pool', () => {
  const kept = shifted([
    [POOL + 1, 1n],
    [POOL + WIDTH + 1, -1n],
  ]);
  assert.deepEqual(refusals(kept, ADMITTED), ['L7', 'L10']);
});

test('refuses reported sums that are not those of the fills', () => {
  for (const field of ['poolTrade', 'fees'] as const) {
    const sums = DAY.report[field].map((units, i) => (i === 1 ? units + 1n : units));
    const longer = [...DAY.report[field], 0n];
    for (const wrong of [sums, longer]) {
      const report = { ...DAY.report, [field]: wrong };
      assert.deepEqual(refusals({ ...DAY, report }, ADMITTED), ['L7']);
    }
  }
});
