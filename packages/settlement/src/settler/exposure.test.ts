import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExposurePause } from './exposure.ts';
import { judgeExposure } from './exposure.ts';

// Goal: trading pauses at a limit, says why, and goes on only well below it. Method: readings by
// hand.

const LIMITS = { unsettledListsMax: 10, unsettledAgeMsMax: 60_000 };

function judge(
  unsettled: number,
  oldestUnsettledMs: number,
  before?: ExposurePause,
): ExposurePause | undefined {
  return judgeExposure(LIMITS, { lag: { unsettled, oldestUnsettledMs }, nowMs: 5000, before });
}

test('trading goes on below both limits and pauses at either', () => {
  assert.equal(judge(9, 59_999), undefined);
  assert.match(judge(10, 0)?.reason ?? '', /10 epochs wait to be settled, and the limit is 10/);
  assert.match(judge(0, 60_000)?.reason ?? '', /waited 60 s to be settled, and the limit is 60 s/);
});

test('a pause lasts until both figures are at half of their limits', () => {
  const pause = judge(10, 0);
  assert.notEqual(judge(6, 0, pause), undefined);
  assert.notEqual(judge(5, 30_001, pause), undefined);
  assert.equal(judge(5, 30_000, pause), undefined);
});

test('a pause keeps the time at which it began and says the present reason', () => {
  const first = judge(10, 0);
  const later = judgeExposure(LIMITS, {
    lag: { unsettled: 1, oldestUnsettledMs: 90_000 },
    nowMs: 9000,
    before: first,
  });
  assert.equal(first?.since, 5000);
  assert.equal(later?.since, 5000);
  assert.match(later?.reason ?? '', /waited 90 s/);
});
