// Goal: a channel never skips, repeats or alters an event for a reader that resumes.
// Method: random publishing and resuming against a naive list of everything, checksums against the
// client's own CRC-32 over the texts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from '@lawbook/api/client/crc32';
import type { ChannelEvent } from '@lawbook/api/schema/messages';
import fc from 'fast-check';
import { Channel, checksumText } from './channel.ts';

const event = (k: number): ChannelEvent => ({
  kind: 'phase',
  marketId: '1',
  phase: { name: 'collecting', batchNumber: k, since: `2026-01-01T00:00:00.${100 + (k % 900)}Z` },
});

test('resuming gives exactly the events after a sequence, or none at all', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 16 }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 70 }),
      (ringSize, published, from) => {
        const channel = new Channel('phases:1', 'feed', ringSize);
        const all = Array.from({ length: published }, (_, k) => channel.publish(event(k)));
        const kept = Math.min(ringSize, published);
        const reachable = from >= published - kept + 1 && from <= published + 1 && from >= 1;
        const since = channel.since(from);
        assert.equal(since !== undefined, reachable);
        if (since === undefined) return;
        assert.deepEqual(
          since.map(({ sequence }) => sequence),
          all.slice(from - 1).map(({ sequence }) => sequence),
        );
        let checksum = Number.parseInt(channel.checksumAfter(from - 1), 16);
        for (const { frame, checksum: stated } of since) {
          const text = frame.slice(frame.indexOf('"event":') + 8, -1);
          checksum = crc32(text, checksum);
          assert.equal(checksumText(checksum), stated);
        }
      },
    ),
  );
});

test('the checksum is that of all event texts so far, wherever one starts', () => {
  const channel = new Channel('phases:1', 'feed', 4);
  let texts = '';
  for (let k = 0; k < 20; k += 1) {
    texts += JSON.stringify(channel.publish(event(k)).event);
    assert.equal(channel.checksum, checksumText(crc32(texts, 0)));
  }
});

test('a frame is one JSON object whose event is its last part', () => {
  const channel = new Channel('phases:1', 'feed', 4);
  const { frame, event: published, sequence, checksum } = channel.publish(event(1));
  assert.deepEqual(JSON.parse(frame), {
    op: 'event',
    channel: 'phases:1',
    sequence,
    checksum,
    event: published,
  });
});
