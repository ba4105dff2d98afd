// `node testing/exchange/soakSubscribers.ts --subscribers 10000 --slow 5 --orders 60 --minutes 8`:
// that many WebSockets follow one book of a real venue in another process while orders come and a
// few readers stop reading. Every quick reader must see every event once and in order, every slow
// one must be dropped with a reason, and the venue's memory must stay within what its bounds allow.
// Prints one line of JSON; exits 1 where one of these fails or time is up.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { DEMO_BOOK_ID } from '../../packages/analytics/src/demoBooks.ts';
import { CLOSE_CODES } from '../../packages/api/src/schema/messages.ts';
import { invariant } from '../../packages/exchange/src/failures/invariant.ts';
import type { Told, Wish } from './crowdedVenue.ts';

const { values } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '10000' },
    slow: { type: 'string', default: '5' },
    orders: { type: 'string', default: '60' },
    minutes: { type: 'string', default: '8' },
  },
});
const [QUICK, SLOW, ORDERS] = [values.subscribers, values.slow, values.orders].map(Number) as [
  number,
  number,
  number,
];
/** Connections opened at once. */
const OPENING = 100;
/** Enough oracle prices to fill what the system buffers for a reader that does not read. */
const FLOOD = 60_000;
const CHANNEL = `book:${DEMO_BOOK_ID}`;
/** What the venue may grow by while all follow and some stall: see `assertBounded`. */
const GROWTH_PER_READER = 16_384;
const GROWTH_PER_SLOW_READER = 4 * 1_048_576;
const GROWTH_AT_ALL = 192 * 1_048_576;

/** One reader: counts what it is told and requires that nothing is left out. */
class Reader {
  readonly socket: WebSocket;
  sequence = 0;
  checksum = '';
  events = 0;
  gaps = 0;
  closedWith = 0;
  readonly subscribed: Promise<void>;

  constructor(url: string) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, {
      perMessageDeflate: false,
    });
    this.socket = socket;
    const subscribed = Promise.withResolvers<void>();
    this.subscribed = subscribed.promise;
    socket.once('open', () => this.follow(CHANNEL));
    socket.once('error', subscribed.reject);
    socket.once('close', (code) => {
      this.closedWith = code;
    });
    socket.on('message', (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      if (text.includes('"op":"subscribed"')) {
        if (text.includes(`"channel":"${CHANNEL}"`)) this.#begin(text);
        subscribed.resolve();
      } else if (text.startsWith(`{"op":"event","channel":"${CHANNEL}"`)) this.#take(text);
    });
  }

  follow(channel: string): void {
    this.socket.send(JSON.stringify({ op: 'subscribe', id: channel, channel }));
  }

  #begin(text: string): void {
    const { sequence, checksum } = JSON.parse(text) as { sequence: number; checksum: string };
    this.sequence = sequence;
    this.checksum = checksum;
  }

  #take(text: string): void {
    const [, sequence, checksum] = /"sequence":(\d+),"checksum":"([0-9a-f]{8})"/.exec(text) ?? [];
    if (Number(sequence) !== this.sequence + 1) this.gaps += 1;
    this.sequence = Number(sequence);
    this.checksum = checksum ?? '';
    this.events += 1;
  }
}

async function openReaders(url: string, count: number): Promise<Reader[]> {
  const readers: Reader[] = [];
  while (readers.length < count) {
    const size = Math.min(OPENING, count - readers.length);
    const opened = Array.from({ length: size }, () => new Reader(url));
    await Promise.all(opened.map(({ subscribed }) => subscribed));
    readers.push(...opened);
  }
  return readers;
}

/** Asks the venue and waits until it has done so. */
function ask(venue: ChildProcess, wish: Wish): Promise<Told> {
  return new Promise((resolve) => {
    venue.once('message', (told) => resolve(told as Told));
    venue.send(wish);
  });
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function follow(venue: ChildProcess, url: string): Promise<object> {
  const openedAt = performance.now();
  const quick = await openReaders(url, QUICK);
  const slow = await openReaders(url, SLOW);
  const openSeconds = seconds(openedAt);
  const calm = await ask(venue, { kind: 'memory' });
  for (const reader of slow) reader.follow('oracle:1');
  await ask(venue, { kind: 'orders', count: 2 });
  for (const { socket } of slow) socket.pause();
  const startedAt = performance.now();
  const half = Math.floor(ORDERS / 2);
  await ask(venue, { kind: 'orders', count: half });
  const stalled = await ask(venue, { kind: 'flood', count: FLOOD });
  await ask(venue, { kind: 'orders', count: ORDERS - half });
  // One more reader is told where the feed stands; all the others must come to the same.
  const [last] = await openReaders(url, 1);
  invariant(last !== undefined, 'a last reader was opened');
  await until(() => quick.every(({ sequence }) => sequence >= last.sequence));
  const spreadSeconds = seconds(startedAt);
  for (const { socket } of slow) socket.resume();
  await until(() => slow.every(({ closedWith }) => closedWith !== 0));
  const after = await ask(venue, { kind: 'memory' });
  for (const reader of quick) {
    assert.equal(reader.gaps, 0, 'no reader misses an event or sees one twice');
    assert.deepEqual([reader.sequence, reader.checksum], [last.sequence, last.checksum]);
    assert.equal(reader.closedWith, 0, 'no quick reader is dropped');
  }
  // Whichever came first: too much unread, or a ping that nobody answered.
  const reasons: readonly number[] = [CLOSE_CODES.slowConsumer, CLOSE_CODES.heartbeatMissed];
  for (const { closedWith } of slow) assert.ok(reasons.includes(closedWith), `${closedWith}`);
  assertBounded(calm, stalled);
  for (const { socket } of [...quick, last]) socket.terminate();
  const [calmBytes, stalledBytes, afterBytes] = [calm, stalled, after].map((told) => told.rssBytes);
  const frames = quick.reduce((sum, { events }) => sum + events, 0);
  const memory = { calmBytes, stalledBytes, afterBytes };
  return { subscribers: QUICK, slow: SLOW, frames, openSeconds, spreadSeconds, ...memory };
}

/** Frames on their way to each reader, what slow ones may leave unread, and the program's own. */
function assertBounded(calm: Told, stalled: Told): void {
  const growth = stalled.rssBytes - calm.rssBytes;
  const allowed = QUICK * GROWTH_PER_READER + SLOW * GROWTH_PER_SLOW_READER + GROWTH_AT_ALL;
  assert.ok(growth <= allowed, `the venue grew by ${growth} bytes; ${allowed} are allowed`);
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 100) / 10;
}

const venue = fork(join(import.meta.dirname, 'crowdedVenue.ts'), { stdio: 'inherit' });
const ended = new Promise((resolve) => venue.once('exit', resolve));
const deadline = setTimeout(() => {
  process.stderr.write(`stopped after ${values.minutes} minutes\n`);
  venue.kill('SIGKILL');
  process.exit(1);
}, Number(values.minutes) * 60_000);
try {
  const { url } = await new Promise<Told>((resolve) => venue.once('message', resolve as never));
  invariant(url !== undefined, 'the venue says first where it is');
  process.stdout.write(`${JSON.stringify(await follow(venue, url))}\n`);
} finally {
  venue.send({ kind: 'stop' });
  await ended;
  clearTimeout(deadline);
}
