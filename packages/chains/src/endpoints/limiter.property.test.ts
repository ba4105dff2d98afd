// Goal: whatever is asked in whatever order, an endpoint's limits hold; money does not wait behind
// a flood of reads, and the flood is not shut out either.
// Method: random traffic on a simulated clock, judged by a list of what was sent when, and by a
// provider that counts as providers do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import type { Admission, Rank } from './broadcastReserve.ts';
import { Limiter } from './limiter.ts';
import type { PresetName } from './presets.ts';
import { ENDPOINT_PRESETS, unitsOf } from './presets.ts';
import { TokenBucket } from './tokenBucket.ts';

const NEVER = new AbortController().signal;
const RANKS: readonly Rank[] = ['broadcast', 'high', 'ordinary'];
const READS = ['eth_blockNumber', 'eth_getBalance', 'eth_call', 'eth_getLogs', 'eth_simulateV1'];

function admissionOf(rank: Rank, read: string): Admission {
  if (rank === 'broadcast') return { method: 'eth_sendRawTransaction', methodClass: 'broadcast' };
  return { method: read, methodClass: 'read', ...(rank === 'high' ? { priority: 'high' } : {}) };
}

const STEP = fc.record({
  rank: fc.constantFrom(...RANKS),
  read: fc.constantFrom(...READS),
  count: fc.integer({ min: 1, max: 12 }),
  holdMs: fc.nat(400),
  leavesAfterMs: fc.option(fc.nat(2_000), { nil: undefined }),
  refusedFor: fc.option(fc.nat(1_500), { nil: undefined, freq: 12 }),
  passMs: fc.nat(300),
});

test('limits hold for any mixture of ranks, and everybody who stays is served', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<PresetName>('alchemyComputeUnits', 'alchemy', 'infura', 'public'),
      fc.array(STEP, { maxLength: 40 }),
      async (preset, steps) => {
        const limits = ENDPOINT_PRESETS[preset];
        const clock = new SimulatedClock();
        const limiter = new Limiter(limits, clock);
        const sent: { readonly atMs: number; readonly units: number }[] = [];
        let running = 0;
        let waiting = 0;
        const send = async (step: (typeof steps)[number]): Promise<void> => {
          const admission = admissionOf(step.rank, step.read);
          const leaving = new AbortController();
          const { leavesAfterMs } = step;
          if (leavesAfterMs !== undefined) {
            clock.sleep(leavesAfterMs).then(
              () => leaving.abort(),
              () => undefined,
            );
          }
          waiting += 1;
          const refusal = await limiter.acquire(admission, leaving.signal);
          waiting -= 1;
          assert.ok(refusal === undefined || refusal === 'aborted');
          if (refusal !== undefined) return;
          running += 1;
          assert.ok(running <= limits.concurrency);
          sent.push({ atMs: clock.elapsedMs(), units: unitsOf(limits, admission.method) });
          await clock.sleep(step.holdMs);
          running -= 1;
          limiter.onAnswered();
          limiter.release();
        };
        const all: Promise<void>[] = [];
        for (const step of steps) {
          for (let i = 0; i < step.count; i += 1) all.push(send(step));
          if (step.refusedFor !== undefined) limiter.onRateLimited(step.refusedFor);
          await clock.runFor(step.passMs);
        }
        await clock.runFor(600_000);
        assert.equal(waiting, 0);
        await Promise.all(all);
        checkWindows(sent, limits);
      },
    ),
    { numRuns: 60 },
  );
});

function checkWindows(
  sent: readonly { readonly atMs: number; readonly units: number }[],
  { unitsPerSecond, burst }: { readonly unitsPerSecond: number; readonly burst: number },
): void {
  for (const [first, { atMs: startMs }] of sent.entries()) {
    let sum = 0;
    for (const { atMs, units } of sent.slice(first)) {
      sum += units;
      const most = (unitsPerSecond * (atMs - startMs)) / 1_000 + burst;
      assert.ok(sum <= most + 1e-6, `${sum} units within ${atMs - startMs} ms, at most ${most}`);
    }
  }
}

/** What a lane and its tracker ask for at one head, one after the other; each line at once. */
const BEAT: readonly (readonly string[])[] = [
  ['eth_blockNumber', 'eth_getBlockByNumber'],
  ['eth_getTransactionCount', 'eth_getTransactionReceipt', 'eth_getTransactionReceipt'],
  ['eth_feeHistory', 'eth_getBalance'],
  ['eth_simulateV1'],
];

test('under ten times the load money waits less than 200 ms, and nothing is refused', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1_000, max: 2_500 }),
      fc.integer({ min: 1_700, max: 3_000 }),
      fc.integer({ min: 5, max: 400 }),
      fc.array(fc.constantFrom(...READS), { minLength: 5, maxLength: 5 }),
      async (beatMs, broadcastMs, holdMs, reads) => {
        const limits = ENDPOINT_PRESETS.alchemyComputeUnits;
        const clock = new SimulatedClock();
        const limiter = new Limiter(limits, clock);
        const provider = new TokenBucket({ rate: 500, burst: 500 }, 0);
        const waits: Record<Rank, number[]> = { broadcast: [], high: [], ordinary: [] };
        let refused = 0;
        const send = async (rank: Rank, read = ''): Promise<void> => {
          const admission = admissionOf(rank, read);
          const askedAtMs = clock.elapsedMs();
          const refusal = await limiter.acquire(admission, NEVER);
          if (refusal !== undefined) {
            // The queue is full: that is what a flood meets, and nobody else.
            if (refusal !== 'closed' && rank !== 'ordinary') refused += 1;
            return;
          }
          waits[rank].push(clock.elapsedMs() - askedAtMs);
          const units = unitsOf(limits, admission.method);
          if (!provider.take(units, 0, clock.elapsedMs())) refused += 1;
          await clock.sleep(rank === 'ordinary' ? holdMs : Math.min(holdMs, 50));
          limiter.onAnswered();
          limiter.release();
        };
        const work: Promise<void>[] = [];
        const beat = async (): Promise<void> => {
          for (const line of BEAT) await Promise.all(line.map((read) => send('high', read)));
        };
        // 5,000 units a second or more: ten times the rate.
        for (let atMs = 0; atMs < 20_000; atMs += 20) {
          for (const read of reads) work.push(send('ordinary', read));
          if (atMs > 2_000 && atMs % beatMs < 20) work.push(beat());
          if (atMs > 2_000 && atMs % broadcastMs < 20) work.push(send('broadcast'));
          const before = waits.ordinary.length;
          await clock.runFor(20);
          if (atMs % 2_000 === 0) assert.ok(before < 20 || waits.ordinary.length > 0);
        }
        const served = waits.ordinary.length;
        assert.equal(refused, 0);
        assert.ok(waits.high.length > 40 && waits.broadcast.length > 5);
        assert.ok(Math.max(...waits.high) < 200, `high: ${Math.max(...waits.high)} ms`);
        assert.ok(Math.max(...waits.broadcast) < 200, `sends: ${Math.max(...waits.broadcast)} ms`);
        assert.ok(served > 40, `${served} ordinary reads`);
        limiter.close();
        await clock.runFor(1_000);
        await Promise.all(work);
      },
    ),
    { numRuns: 15 },
  );
});

test('while high priority asks for more than there is, ordinary reads keep a share', async () => {
  const limits = { ...ENDPOINT_PRESETS.alchemyComputeUnits, queueMax: 100_000 };
  const clock = new SimulatedClock();
  const limiter = new Limiter(limits, clock);
  const served: Record<Rank, number[]> = { broadcast: [], high: [], ordinary: [] };
  const send = async (rank: Rank): Promise<void> => {
    if ((await limiter.acquire(admissionOf(rank, 'eth_getBalance'), NEVER)) !== undefined) return;
    served[rank].push(clock.elapsedMs());
    await clock.sleep(20);
    limiter.release();
  };
  const work: Promise<void>[] = [];
  for (let atMs = 0; atMs < 30_000; atMs += 100) {
    for (let i = 0; i < 10; i += 1) work.push(send('high'), send('ordinary'));
    await clock.runFor(100);
  }
  const gaps = served.ordinary.map((atMs, i) => atMs - (served.ordinary[i - 1] ?? 0));
  assert.ok(Math.max(...gaps) < 3_000, `${Math.max(...gaps)} ms without an ordinary read`);
  const share = served.ordinary.length / (served.ordinary.length + served.high.length);
  assert.ok(share > 0.15 && share < 0.3, `a share of ${share}`);
  limiter.close();
  await Promise.all(work);
});
