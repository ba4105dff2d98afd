// Goal: what waits is bounded, urgent work goes first, and what is given up leaves.
// Method: work that ends when the test says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProveOptions } from './prover.ts';
import { ProvingQueue } from './provingQueue.ts';

/** A queue, and work that notes its name when it starts and ends on demand. */
class Bench {
  readonly queue: ProvingQueue;
  readonly started: string[] = [];
  readonly #ends = new Map<string, () => void>();

  constructor(queueMax: number) {
    this.queue = new ProvingQueue({ workers: 1, queueMax });
  }

  add(name: string, options: ProveOptions = {}): Promise<void> {
    return this.queue.run(() => {
      this.started.push(name);
      return new Promise((resolve) => this.#ends.set(name, resolve));
    }, options);
  }

  end(name: string): void {
    this.#ends.get(name)?.();
  }
}

test('starts withdrawals first, then the earliest deadline, then the first that came', async () => {
  const bench = new Bench(8);
  const work = [
    bench.add('running'),
    bench.add('no deadline'),
    bench.add('late', { deadlineAtMs: 900 }),
    bench.add('soon', { deadlineAtMs: 100 }),
    bench.add('soon too', { deadlineAtMs: 100 }),
    bench.add('withdrawal', { urgency: 'withdrawal', deadlineAtMs: 5000 }),
  ];
  const order = ['running', 'withdrawal', 'soon', 'soon too', 'late', 'no deadline'];
  for (const [k, name] of order.entries()) {
    assert.deepEqual(bench.started, order.slice(0, k + 1));
    bench.end(name);
    await work[['running', 'no deadline', 'late', 'soon', 'soon too', 'withdrawal'].indexOf(name)];
  }
  assert.equal(bench.queue.running, 0);
});

test('refuses what finds no room', async () => {
  const bench = new Bench(1);
  const first = bench.add('first');
  const second = bench.add('second');
  await assert.rejects(bench.add('third'), { code: 'PROOF_QUEUE_FULL', retryable: true });
  bench.end('first');
  await first;
  bench.end('second');
  await second;
});

test('waiting work that is given up makes room and is never started', async () => {
  const bench = new Bench(1);
  const stop = new AbortController();
  const first = bench.add('first');
  const given = bench.add('given up', { signal: stop.signal });
  stop.abort(new DOMException('enough', 'AbortError'));
  await assert.rejects(given, { name: 'AbortError' });
  const third = bench.add('third');
  bench.end('first');
  await first;
  bench.end('third');
  await third;
  assert.deepEqual(bench.started, ['first', 'third']);
});

test('a failure frees its worker', async () => {
  const queue = new ProvingQueue({ workers: 1, queueMax: 1 });
  await assert.rejects(
    queue.run(() => Promise.reject(new RangeError('broken'))),
    RangeError,
  );
  assert.equal(await queue.run(async () => 'next'), 'next');
});
