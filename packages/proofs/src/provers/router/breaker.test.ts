// Goal: a backend that keeps failing is left alone, and is asked again by single probes.
// Method: the breaker's steps, with a clock that the test moves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Breaker, Outcome } from './breaker.ts';
import { afterOutcome, afterStart, CLOSED, mayAsk } from './breaker.ts';

const limits = { failuresMax: 2, openMs: 100, openMsMax: 300 };

function after(breaker: Breaker, outcome: Outcome, nowMs: number): Breaker {
  return afterOutcome(afterStart(breaker), { outcome, nowMs, limits });
}

test('opens after failures in a row, and a success between them counts afresh', () => {
  const once = after(CLOSED, 'failed', 0);
  assert.equal(once.kind, 'closed');
  assert.equal(after(after(once, 'proved', 1), 'failed', 2).kind, 'closed');
  assert.equal(after(once, 'failed', 1).kind, 'open');
});

test('lets one probe through when its time has come, and closes when that succeeds', () => {
  const open = after(after(CLOSED, 'failed', 0), 'failed', 0);
  assert.equal(mayAsk(open, 99), false);
  assert.equal(mayAsk(open, 100), true);
  assert.equal(mayAsk(afterStart(open), 100), false);
  assert.deepEqual(after(open, 'proved', 150), CLOSED);
});

test('stays open twice as long after a failed probe, up to the limit', () => {
  let breaker = after(after(CLOSED, 'failed', 0), 'failed', 0);
  for (const [nowMs, probeAtMs] of [
    [100, 300],
    [300, 600],
    [600, 900],
  ] as const) {
    breaker = after(breaker, 'failed', nowMs);
    assert.ok(breaker.kind === 'open');
    assert.equal(breaker.probeAtMs, probeAtMs);
  }
});

test('a probe that is given up leaves room for the next', () => {
  const open = after(after(CLOSED, 'failed', 0), 'failed', 0);
  assert.equal(mayAsk(after(open, 'dropped', 100), 100), true);
});
