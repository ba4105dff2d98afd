// Goal: over any window a bucket gives out no more than its rate allows on top of its burst, and
// whoever waits as long as it says gets what was asked for.
// Method: random takes, pauses and changes of rate, judged by a list of what was taken when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TokenBucket } from './tokenBucket.ts';

const STEP = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('take'),
      units: fc.integer({ min: 0, max: 20 }),
      reserve: fc.nat(10),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.nat(3_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pause'), ms: fc.nat(3_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rate'),
      share: fc.double({ min: 0.05, max: 1, noNaN: true }),
    }),
  },
);

test('no window holds more than rate x time + burst', () => {
  const burst = 20;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(STEP, { maxLength: 120 }),
      (rate, steps) => {
        const bucket = new TokenBucket({ rate, burst }, 0);
        const taken: { readonly atMs: number; readonly units: number }[] = [];
        let nowMs = 0;
        for (const step of steps) {
          if (step.kind === 'pass') nowMs += step.ms;
          else if (step.kind === 'pause') bucket.pauseUntil(nowMs + step.ms, nowMs);
          else if (step.kind === 'rate') bucket.setRate(rate * step.share, nowMs);
          else if (bucket.take(step.units, step.reserve, nowMs))
            taken.push({ atMs: nowMs, units: step.units });
        }
        for (const [first, { atMs: startMs }] of taken.entries()) {
          let sum = 0;
          for (const { atMs, units } of taken.slice(first)) {
            sum += units;
            const most = (rate * (atMs - startMs)) / 1_000 + burst;
            assert.ok(
              sum <= most + 1e-6,
              `${sum} units within ${atMs - startMs} ms, at most ${most}`,
            );
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('who waits as long as the bucket says is served, and not a whole millisecond too late', () => {
  fc.assert(
    fc.property(
      fc.array(STEP, { maxLength: 40 }),
      fc.integer({ min: 1, max: 60 }),
      (steps, units) => {
        const bucket = new TokenBucket({ rate: 7, burst: 20 }, 0);
        let nowMs = 0;
        for (const step of steps) {
          if (step.kind === 'pass') nowMs += step.ms;
          else if (step.kind === 'pause') bucket.pauseUntil(nowMs + step.ms, nowMs);
          else if (step.kind === 'take') bucket.take(step.units, step.reserve, nowMs);
        }
        const waitMs = bucket.waitMs(units, 0, nowMs);
        if (waitMs > 1) assert.ok(!bucket.take(units, 0, nowMs + waitMs - 2));
        assert.ok(bucket.take(units, 0, nowMs + waitMs));
      },
    ),
    { numRuns: 300 },
  );
});

test('a call that costs more than the burst waits for a full bucket and leaves a debt', () => {
  const bucket = new TokenBucket({ rate: 10, burst: 20 }, 0);
  assert.ok(bucket.take(1, 0, 0));
  assert.equal(bucket.waitMs(50, 0, 0), 100);
  assert.ok(bucket.take(50, 0, 100));
  assert.equal(bucket.debt(100), 30);
  assert.equal(bucket.waitMs(1, 0, 100), 3_100);
});

test('a reserve is left to those who may use it', () => {
  const bucket = new TokenBucket({ rate: 10, burst: 20 }, 0);
  assert.ok(bucket.take(15, 5, 0));
  assert.ok(!bucket.take(1, 5, 0));
  assert.ok(bucket.take(5, 0, 0));
});
