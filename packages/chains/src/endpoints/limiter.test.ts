// Goal: an endpoint is never asked more often than it allows, broadcasts pass while reads wait, and
// the limiter learns from refusals.
// Method: a simulated clock; a provider that counts as providers do judges what arrives.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import type { MethodClass } from './endpointPool.ts';
import { Limiter } from './limiter.ts';
import type { EndpointLimits } from './presets.ts';
import { ENDPOINT_PRESETS, unitsOf } from './presets.ts';
import { TokenBucket } from './tokenBucket.ts';

const NEVER = new AbortController().signal;
const LIMITS: EndpointLimits = {
  unitsPerSecond: 10,
  burst: 20,
  reserve: 2,
  concurrency: 4,
  queueMax: 50,
  units: {},
  defaultUnits: 1,
};

/** Sends one call as soon as it may, holds its slot for 50 ms, and tells when it was sent. */
async function send(
  clock: SimulatedClock,
  limiter: Limiter,
  methodClass: MethodClass,
  options: { readonly method?: string; readonly holdMs?: number } = {},
): Promise<number | string> {
  const { method = 'x', holdMs = 50 } = options;
  const refusal = await limiter.acquire({ method, methodClass }, NEVER);
  if (refusal !== undefined) return refusal;
  const sentAtMs = clock.elapsedMs();
  await clock.sleep(holdMs);
  limiter.release();
  return sentAtMs;
}

describe('limits', () => {
  test('requests in flight and their rate stay within the limits', async () => {
    const clock = new SimulatedClock();
    const limiter = new Limiter(LIMITS, clock);
    const sent = Promise.all(Array.from({ length: 50 }, () => send(clock, limiter, 'read')));
    assert.equal(limiter.stats().running, 3);
    await clock.runFor(10_000);
    const times = (await sent) as number[];
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
    for (const [i, atMs] of times.entries()) assert.ok(i + 1 <= 20 + atMs / 100 + 1e-6);
    assert.deepEqual(limiter.stats(), { queued: 0, running: 0, debt: 0 });
  });

  test('a full queue, a caller who left and a closed limiter refuse', async () => {
    const clock = new SimulatedClock();
    const limiter = new Limiter({ ...LIMITS, concurrency: 1, queueMax: 2 }, clock);
    const leaving = new AbortController();
    const first = send(clock, limiter, 'read');
    const left = limiter.acquire({ method: 'x', methodClass: 'read' }, leaving.signal);
    const waiting = send(clock, limiter, 'read');
    assert.equal(await send(clock, limiter, 'read'), 'queueFull');
    leaving.abort();
    assert.equal(await left, 'aborted');
    assert.equal(limiter.stats().queued, 1);
    limiter.close();
    assert.equal(await waiting, 'closed');
    assert.equal(await send(clock, limiter, 'read'), 'closed');
    await clock.runFor(100);
    assert.equal(await first, 0);
  });
});

describe('broadcasts', () => {
  test('pass within 200 ms while reads fill every queue', async () => {
    const clock = new SimulatedClock();
    const limiter = new Limiter({ ...ENDPOINT_PRESETS.public, queueMax: 500 }, clock);
    const reads = Promise.all(Array.from({ length: 400 }, () => send(clock, limiter, 'read')));
    for (let i = 0; i < 20; i += 1) {
      await clock.runFor(1_700);
      const askedAtMs = clock.elapsedMs();
      const sent = send(clock, limiter, 'broadcast');
      await clock.runFor(300);
      assert.ok(((await sent) as number) - askedAtMs < 200);
    }
    await clock.runFor(120_000);
    await reads;
  });

  test('ten bursts against 500 compute units per second meet no refusal', async () => {
    const clock = new SimulatedClock();
    const limits = { ...ENDPOINT_PRESETS.alchemyComputeUnits, queueMax: 5_000 };
    const limiter = new Limiter(limits, clock);
    const provider = new TokenBucket({ rate: 500, burst: 500 }, 0);
    const methods = ['eth_call', 'eth_getLogs', 'eth_blockNumber', 'eth_getBalance'];
    let refused = 0;
    const waits: number[] = [];
    const call = async (method: string, methodClass: MethodClass): Promise<void> => {
      const askedAtMs = clock.elapsedMs();
      const sentAtMs = (await send(clock, limiter, methodClass, { method, holdMs: 20 })) as number;
      if (!provider.take(unitsOf(limits, method), 0, sentAtMs)) refused += 1;
      if (methodClass === 'broadcast') waits.push(sentAtMs - askedAtMs);
    };
    const calls: Promise<void>[] = [];
    for (let i = 0; i < 200; i += 1) calls.push(call(methods[i % 4] as string, 'read'));
    for (let i = 0; i < 5; i += 1) {
      await clock.runFor(1_500);
      calls.push(call('eth_sendRawTransaction', 'broadcast'));
    }
    await clock.runFor(60_000);
    await Promise.all(calls);
    assert.equal(refused, 0);
    assert.ok(Math.max(...waits) < 200, String(waits));
  });
});

describe('refusals', () => {
  test('Retry-After pauses everybody, then one request finds out', async () => {
    const clock = new SimulatedClock();
    const limiter = new Limiter(LIMITS, clock);
    limiter.onRateLimited(3_000);
    const sent = Promise.all([send(clock, limiter, 'read'), send(clock, limiter, 'read')]);
    await clock.runFor(2_999);
    assert.equal(limiter.stats().running, 0);
    await clock.runFor(20_000);
    const [first, second] = (await sent) as [number, number];
    assert.ok(first >= 3_000 && second >= first + 50);
  });

  test('without a hint the pause doubles, and ends with an answer', async () => {
    const clock = new SimulatedClock();
    const limiter = new Limiter(LIMITS, clock);
    const pauses: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      limiter.onRateLimited(undefined);
      pauses.push(limiter.waitMs({ method: 'x', methodClass: 'broadcast' }));
      await clock.runFor(pauses.at(-1) as number);
    }
    assert.ok(
      pauses.every((pause, i) => i === 0 || pause > 1.5 * (pauses[i - 1] as number)),
      String(pauses),
    );
    limiter.onAnswered();
    limiter.onRateLimited(undefined);
    assert.ok(limiter.waitMs({ method: 'x', methodClass: 'broadcast' }) < (pauses[2] as number));
  });

  test('the rate shrinks after refusals and grows back', async () => {
    const clock = new SimulatedClock();
    const limiter = new Limiter({ ...LIMITS, queueMax: 5_000 }, clock);
    const countFor = async (durationMs: number): Promise<number> => {
      const endMs = clock.elapsedMs() + durationMs;
      let count = 0;
      const worker = async (): Promise<void> => {
        while (clock.elapsedMs() < endMs) {
          await send(clock, limiter, 'read', { holdMs: 1 });
          count += 1;
        }
      };
      const workers = Promise.all([worker(), worker()]);
      await clock.runFor(durationMs);
      await clock.runFor(2_000);
      await workers;
      return count;
    };
    await countFor(5_000);
    limiter.onRateLimited(0);
    limiter.onAnswered();
    const slowed = await countFor(5_000);
    await clock.runFor(60_000);
    await countFor(5_000);
    const recovered = await countFor(5_000);
    assert.ok(slowed < 45, `${slowed} requests while slowed down`);
    assert.ok(recovered >= 49, `${recovered} requests after recovery`);
  });
});
