// Goal: whoever lays the changes of each event over the resting orders has, within each price, the
// very queue of the book: nothing hidden shows, nothing that never rested is named.
// Method: seeded scripts over all inputs of a book, icebergs, triggers and replacements among them;
// after each event the queue kept by changes is compared with the one read from the engine.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Result } from '@lawbook/exchange/failures/result';
import type { BookBench } from '../../../../testing/exchange/bookBench.ts';
import { fundedBook } from '../../../../testing/exchange/bookBench.ts';
import { BookScript } from '../../../../testing/world/bookScript.ts';
import { SeededRandom } from '../../../../testing/world/seededRandom.ts';
import type { QueueEntry } from './bookRecords.ts';
import type { Queue } from './queues.ts';
import { applyQueueChanges, inPriority, queueChanges, queueOf } from './queues.ts';

type Input = Parameters<BookBench['apply']>[0];

/** Who stands where, without what a change says about how it came to stand there. */
function places(queue: Queue): object[] {
  return inPriority(queue).map(({ requeued: _, ...place }: QueueEntry) => place);
}

for (let seed = 1; seed <= 6; seed += 1) {
  test(`changes lead to the queues of the book, seed ${seed}`, () => {
    const { bench, people } = fundedBook({}, ['alice', 'bob', 'carol', 'dave']);
    bench.signs = false;
    const script = new BookScript(bench, people, new SeededRandom(seed));
    const queue = queueOf(bench.book());
    const resting = new Set<number>();
    const seen = new Set<string>();
    const follow = (input: Input): void => {
      const result: Result<{ readonly kind: string }> = bench.apply(input);
      if (!result.ok || result.value.kind !== 'bookApplied') return;
      const { event } = result.value as Extract<ReturnType<BookBench['must']>, { event: unknown }>;
      for (const { kind } of event.reports) seen.add(kind);
      const known = new Set(queue.keys());
      const changes = queueChanges(bench.book(), event, resting);
      for (const { orderId, lots } of changes) {
        assert.ok(lots > 0 || known.has(orderId), `order ${orderId} rested before it went`);
      }
      applyQueueChanges(queue, changes);
      assert.deepEqual(places(queue), places(queueOf(bench.book())), input.kind);
    };
    for (let step = 0; step < 600; step += 1) {
      const input = script.next();
      if (bench.book().isDue(bench.timeMs)) {
        follow({ kind: 'bookTick', marketId: bench.book().marketId, oracleTicks: 0 });
      }
      follow(input);
    }
    for (const kind of ['trade', 'refreshed', 'triggered', 'replaced', 'canceled']) {
      assert.ok(seen.has(kind), `${kind} among ${[...seen].join()}`);
    }
  });
}
