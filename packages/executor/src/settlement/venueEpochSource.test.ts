// Goal: no sealed epoch goes unnoticed until the next one is sealed. Method: announcements at every
// moment of a watcher's round.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VenueEpochSource } from './venueEpochSource.ts';

const NOTHING = {
  epoch: () => Promise.resolve(undefined),
  bundle: () => Promise.resolve(undefined),
};

/** Whether the source has news now, after everything that was resolved has been heard of. */
async function hasNews(source: VenueEpochSource): Promise<boolean> {
  const patience = new AbortController();
  const news = source.changed(patience.signal).then(
    () => true,
    () => false,
  );
  for (let k = 0; k < 10; k += 1) await Promise.resolve();
  patience.abort(new Error('no news'));
  return await news;
}

test('an epoch that was sealed while the watcher was looking is news once', async () => {
  const source = new VenueEpochSource(1, NOTHING);
  assert.equal(await source.list(1n), undefined);
  source.announce();
  assert.equal(await hasNews(source), true);
  assert.equal(await hasNews(source), false);
});

test('an epoch that is sealed while the watcher waits wakes it', async () => {
  const source = new VenueEpochSource(1, NOTHING);
  const waiting = source.changed(new AbortController().signal);
  source.announce();
  await waiting;
  assert.equal(await hasNews(source), false);
});
