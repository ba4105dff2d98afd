// Goal: the breaker opens after failures in a row, lets one trial through at a time, and never asks
// an endpoint that is down more than twice a second.
// Method: random histories, compared step by step with a model that is too simple to be wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import { Breaker } from './breaker.ts';

/** Written from the rules: state, failures in a row, trials in a row, when the next may start. */
class Model {
  state: 'closed' | 'open' | 'halfOpen' = 'closed';
  failures = 0;
  trials = 0;
  retryAtMs = 0;
  readonly jitter: number;

  constructor(jitter: number) {
    this.jitter = jitter;
  }

  enter(nowMs: number): boolean {
    if (this.state === 'halfOpen') return false;
    if (this.state === 'open' && nowMs < this.retryAtMs) return false;
    if (this.state === 'open') this.state = 'halfOpen';
    return true;
  }

  end(how: 'answered' | 'failed' | 'abandoned', nowMs: number): void {
    if (how === 'answered') {
      this.state = 'closed';
      this.failures = 0;
      this.trials = 0;
      return;
    }
    if (how === 'failed') this.failures += 1;
    const opens =
      this.state === 'halfOpen' ||
      (this.state === 'closed' && how === 'failed' && this.failures >= 3);
    if (!opens) return;
    if (this.state === 'halfOpen' && how === 'failed') this.trials += 1;
    this.state = 'open';
    const pauseMs = [1_000, 2_000, 4_000][Math.min(this.trials, 2)] as number;
    this.retryAtMs = nowMs + pauseMs * (0.5 + this.jitter / 2);
  }
}

const STEP = fc.oneof(
  fc.record({
    kind: fc.constant('request'),
    how: fc.constantFrom('answered', 'failed', 'failed', 'failed', 'abandoned'),
  }),
  fc.record({ kind: fc.constant('pass'), ms: fc.nat(2_500) }),
);

test('the breaker does what the model does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.array(STEP, { maxLength: 60 }),
      async (jitter, steps) => {
        const clock = new SimulatedClock();
        const breaker = new Breaker({ clock, random: { next: () => jitter } });
        const model = new Model(jitter);
        for (const step of steps) {
          if (step.kind === 'pass') {
            await clock.runFor(step.ms);
            continue;
          }
          assert.equal(
            breaker.admits(),
            model.state === 'closed' ||
              (model.state === 'open' && clock.elapsedMs() >= model.retryAtMs),
          );
          const entered = breaker.enter();
          assert.equal(entered, model.enter(clock.elapsedMs()));
          if (entered) {
            if (step.how === 'answered') breaker.onAnswered();
            else if (step.how === 'failed') breaker.onFailed();
            else breaker.onAbandoned();
            model.end(step.how as 'answered', clock.elapsedMs());
          }
          assert.equal(breaker.state, model.state);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('an endpoint that is down is tried at most twice a second', async () => {
  const clock = new SimulatedClock();
  const breaker = new Breaker({ clock, random: { next: () => 0 } });
  const tried: number[] = [];
  for (let i = 0; i < 6_000; i += 1) {
    if (breaker.enter()) {
      tried.push(clock.elapsedMs());
      breaker.onFailed();
    }
    await clock.runFor(10);
  }
  const down = tried.slice(3);
  for (const [i, atMs] of down.entries()) assert.ok(atMs - (down[i - 1] ?? 0) >= 500 || i === 0);
  assert.ok(Math.max(...down.map((atMs, i) => atMs - (down[i - 1] ?? atMs))) <= 4_010);
});

test('a trial is one request, and what ends without a verdict ends the trial', async () => {
  const clock = new SimulatedClock();
  const breaker = new Breaker({ clock, random: { next: () => 0.5 } });
  for (let i = 0; i < 3; i += 1) breaker.onFailed();
  assert.ok(breaker.waitMs() > 0);
  await clock.runFor(5_000);
  assert.ok(breaker.enter());
  assert.ok(!breaker.enter());
  assert.equal(breaker.waitMs(), Number.POSITIVE_INFINITY);
  breaker.onAbandoned();
  assert.equal(breaker.state, 'open');
  await clock.runFor(5_000);
  assert.ok(breaker.enter());
  breaker.onAnswered();
  assert.equal(breaker.state, 'closed');
});
