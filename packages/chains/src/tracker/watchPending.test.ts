// Goal: pending transactions come once each, a slow reader costs no memory, nothing outlives close.
// Method: a source whose notices the test pushes by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hash } from 'viem';
import { numberToHex } from 'viem';
import { PushedSource } from './fixtures/pushedSource.ts';
import { watchPending } from './watchPending.ts';

const hashOf = (mark: number): Hash => numberToHex(mark, { size: 32 });

test('each hash comes once, whatever the node repeats', async () => {
  const source = new PushedSource();
  const watch = watchPending(source);
  for (const mark of [1, 2, 1, 2, 3]) source.push(hashOf(mark));
  source.push({ unexpected: true });
  const hashes = watch.hashes();
  const seen = [await hashes.next(), await hashes.next(), await hashes.next()];
  assert.deepEqual(
    seen.map((each) => each.value),
    [hashOf(1), hashOf(2), hashOf(3)],
  );
  const later = hashes.next();
  source.push(hashOf(4));
  assert.equal((await later).value, hashOf(4));
  watch.close();
});

test('a reader that is too slow loses the oldest, and the watch says so', async () => {
  const source = new PushedSource();
  const watch = watchPending(source, { queueMax: 3 });
  for (let mark = 1; mark <= 10; mark += 1) source.push(hashOf(mark));
  assert.deepEqual(watch.stats(), { arrived: 10, missed: 7, starts: 0, refusals: 0 });
  assert.equal((await watch.hashes().next()).value, hashOf(8));
  watch.close();
});

test('gaps and refusals are counted, because nobody can fill them', () => {
  const source = new PushedSource();
  const watch = watchPending(source);
  source.tell({ kind: 'refused', error: undefined });
  source.tell({ kind: 'started' });
  source.tell({ kind: 'started' });
  assert.deepEqual(watch.stats(), { arrived: 0, missed: 0, starts: 2, refusals: 1 });
  watch.close();
});

test('closing ends the subscription and the wait', async () => {
  const source = new PushedSource();
  const watch = watchPending(source);
  const waiting = assert.rejects(watch.hashes().next(), { code: 'CHAIN_CLOSED' });
  watch.close();
  await waiting;
  assert.equal(source.listeners(), 0);
});

test('an aborted wait ends with the reason, and the watch can be read again', async () => {
  const source = new PushedSource();
  const watch = watchPending(source);
  const stopper = new AbortController();
  const waiting = assert.rejects(watch.hashes(stopper.signal).next(), { name: 'AbortError' });
  stopper.abort();
  await waiting;
  source.push(hashOf(1));
  assert.equal((await watch.hashes().next()).value, hashOf(1));
  watch.close();
});

test('without a WebSocket it is refused by name', () => {
  assert.throws(() => watchPending(undefined), { code: 'CHAIN_METHOD_UNSUPPORTED' });
});
