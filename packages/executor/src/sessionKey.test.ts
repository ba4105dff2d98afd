// Goal: a crash while the session key is made leaves the whole key or none; a key is kept, and one
// that is none is refused. Method: a simulated disk that loses power after each of its calls.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '@lawbook/exchange/failures/fault';
import { SimulatedDisk } from './journal/simulatedDisk.ts';
import { openSessionKey } from './sessionKey.ts';

const randomBytes = (count: number): Uint8Array => new Uint8Array(count).fill(7);
const POWER_LOST = { errno: 'EIO' } as const;

test('a key is made once and read again', async () => {
  const disk = new SimulatedDisk();
  const first = await openSessionKey('/venue', { disk, randomBytes });
  const others = (count: number): Uint8Array => new Uint8Array(count).fill(8);
  assert.deepEqual(
    [...(await openSessionKey('/venue', { disk, randomBytes: others }))],
    [...first],
  );
});

test('power lost at any call leaves a whole key or none', async () => {
  for (const keptShare of [0, 0.5, 1]) {
    for (let calls = 0; ; calls += 1) {
      const disk = new SimulatedDisk();
      let left = calls;
      disk.plan = () => {
        left -= 1;
        return left < 0 ? POWER_LOST : undefined;
      };
      const made = await openSessionKey('/venue', { disk, randomBytes }).catch((fault) => fault);
      const after = disk.crash({ keepBytes: (unsynced) => Math.floor(unsynced * keptShare) });
      assert.equal((await openSessionKey('/venue', { disk: after, randomBytes })).length, 32);
      if (!(made instanceof Fault)) break;
    }
  }
});

test('a file of another length is refused', async () => {
  const disk = new SimulatedDisk();
  disk.plant('/venue/session.key', Buffer.alloc(0));
  await assert.rejects(openSessionKey('/venue', { disk, randomBytes }), {
    code: 'SESSION_KEY_UNREADABLE',
  });
});
