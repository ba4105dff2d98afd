// Goal: a feed delivers every event once and in order, finds what does not add up, and returns from
// silence and closed doors with growing pauses.
// Method: sockets and a clock that the test plays by hand.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChannelEvent, ClientMessage, ServerMessage } from '../schema/messages.ts';
import { crc32 } from './crc32.ts';
import type { FeedOptions } from './feed.ts';
import { Feed } from './feed.ts';
import type { Timers } from './timers.ts';

/** A clock that moves when told. */
class HandClock implements Timers {
  nowMs = 0;
  readonly #timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>();

  now(): number {
    return this.nowMs;
  }

  random(): number {
    return 1;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Times until which something is planned. */
  get planned(): number[] {
    return [...this.#timers].map(({ dueMs }) => dueMs - this.nowMs).sort((a, b) => a - b);
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (const timer of [...this.#timers]) {
      if (timer.dueMs > this.nowMs || !this.#timers.delete(timer)) continue;
      timer.callback();
    }
  }
}

/** A socket without a network. */
class HandSocket extends EventTarget {
  readyState = 0;
  readonly sent: ClientMessage[] = [];

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  lose(): void {
    this.readyState = 3;
    this.dispatchEvent(new Event('close'));
  }

  say(message: ServerMessage | string): void {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    this.dispatchEvent(new MessageEvent('message', { data: text }));
  }
}

interface Stage {
  readonly feed: Feed;
  readonly clock: HandClock;
  readonly sockets: HandSocket[];
}

function stage(options: Partial<FeedOptions> = {}): Stage {
  const clock = new HandClock();
  const sockets: HandSocket[] = [];
  const feed = new Feed({
    baseUrl: 'https://venue.example/',
    timers: clock,
    openSocket: () => {
      const socket = new HandSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    ...options,
  });
  return { feed, clock, sockets };
}

const eventOf = (batchNumber: number): ChannelEvent => ({
  kind: 'phase',
  marketId: '1',
  phase: { name: 'collecting', batchNumber, since: '2026-01-01T00:00:00.000Z' },
});

/** Frames of a channel as a venue makes them. */
function frames(count: number, start = 1, checksum = 0): { text: string; checksum: number }[] {
  const made: { text: string; checksum: number }[] = [];
  let running = checksum;
  for (let sequence = start; sequence < start + count; sequence += 1) {
    const event = JSON.stringify(eventOf(sequence));
    running = crc32(event, running);
    const hex = running.toString(16).padStart(8, '0');
    const head = `{"op":"event","channel":"phases:1","sequence":${sequence},"checksum":"${hex}"`;
    made.push({ text: `${head},"event":${event}}`, checksum: running });
  }
  return made;
}

const hexOf = (checksum: number): string => checksum.toString(16).padStart(8, '0');

function subscribed(
  socket: HandSocket,
  over: Partial<Extract<ServerMessage, { op: 'subscribed' }>> = {},
): void {
  const request = socket.sent.findLast(({ op }) => op === 'subscribe');
  socket.say({
    op: 'subscribed',
    id: request?.id ?? '',
    channel: 'phases:1',
    feed: 'run-1',
    sequence: 0,
    checksum: '00000000',
    resumed: false,
    snapshot: [],
    ...over,
  });
}

describe('a feed', () => {
  test('delivers a snapshot, then every event once', () => {
    const { feed, sockets } = stage();
    const heard: (number | string)[] = [];
    feed.follow('phases:1', {
      onSnapshot: (_, sequence) => heard.push(`snapshot ${sequence}`),
      onEvent: (_, sequence) => heard.push(sequence),
    });
    const [socket] = sockets;
    assert.ok(socket);
    socket.open();
    subscribed(socket);
    const [one, two] = frames(2);
    for (const text of [one?.text, one?.text, two?.text]) socket.say(text ?? '');
    assert.deepEqual(heard, ['snapshot 0', 1, 2]);
    feed.close();
  });

  test('who joins later gets a snapshot, while the others go on without a gap', () => {
    const { feed, sockets } = stage();
    const heard = { first: [] as (number | string)[], late: [] as (number | string)[] };
    const follower = (name: keyof typeof heard) => ({
      onSnapshot: (_: unknown, sequence: number) => void heard[name].push(`at ${sequence}`),
      onEvent: (_: unknown, sequence: number) => void heard[name].push(sequence),
    });
    feed.follow('phases:1', follower('first'));
    const [socket] = sockets;
    assert.ok(socket);
    socket.open();
    subscribed(socket);
    const made = frames(4);
    const say = (k: number): void => socket.say(made[k]?.text ?? '');
    say(0);
    feed.follow('phases:1', follower('late'));
    // The venue takes the snapshot after the first event and tells two more meanwhile: the second
    // comes before the answer and again behind it.
    say(1);
    subscribed(socket, { sequence: 1, checksum: hexOf(made[0]?.checksum ?? 0) });
    for (const k of [1, 2, 3]) say(k);
    assert.deepEqual(heard, { first: ['at 0', 1, 2, 3, 4], late: ['at 1', 2, 3, 4] });
  });

  test('resumes after a lost connection from where it stopped', () => {
    const { feed, clock, sockets } = stage();
    const heard: number[] = [];
    feed.follow('phases:1', { onEvent: (_, sequence) => heard.push(sequence) });
    sockets[0]?.open();
    subscribed(sockets[0] as HandSocket);
    const [one, two, three] = frames(3);
    sockets[0]?.say(one?.text ?? '');
    sockets[0]?.lose();
    clock.pass(250);
    const second = sockets[1] as HandSocket;
    second.open();
    const asked = second.sent.find(({ op }) => op === 'subscribe');
    assert.deepEqual(asked, {
      op: 'subscribe',
      id: asked?.id,
      channel: 'phases:1',
      from: 2,
      feed: 'run-1',
    });
    const checksum = hexOf(one?.checksum ?? 0);
    subscribed(second, { sequence: 1, checksum, resumed: true, snapshot: undefined });
    for (const text of [two?.text, three?.text]) second.say(text ?? '');
    assert.deepEqual(heard, [1, 2, 3]);
    feed.close();
  });

  for (const [reason, spoil] of [
    ['sequence', (texts: string[]) => texts.splice(1, 1)],
    [
      'checksum',
      (texts: string[]) => {
        texts[1] = (texts[1] ?? '').replace('"batchNumber":2', '"batchNumber":9');
      },
    ],
  ] as const) {
    test(`finds a broken ${reason} and asks for a snapshot`, () => {
      const { feed, sockets } = stage();
      const breaks: string[] = [];
      let snapshots = 0;
      const heard: number[] = [];
      feed.follow('phases:1', {
        onSnapshot: () => {
          snapshots += 1;
        },
        onEvent: (_, sequence) => heard.push(sequence),
        onBreak: (what) => breaks.push(what),
      });
      const socket = sockets[0] as HandSocket;
      socket.open();
      subscribed(socket);
      const texts = frames(3).map(({ text }) => text);
      spoil(texts);
      for (const text of texts) socket.say(text);
      assert.deepEqual(breaks, [reason]);
      assert.deepEqual(heard, [1], 'nothing after a break is delivered');
      const again = socket.sent.filter(({ op }) => op === 'subscribe');
      assert.equal(again.length, 2);
      assert.equal('from' in (again[1] ?? {}), false);
      subscribed(socket, { sequence: 3, checksum: hexOf(frames(3)[2]?.checksum ?? 0) });
      socket.say(frames(1, 4, frames(3)[2]?.checksum)[0]?.text ?? '');
      assert.equal(snapshots, 2);
      assert.deepEqual(heard, [1, 4]);
      feed.close();
    });
  }

  test('pauses longer after each failure, within a bound, and quickly again after success', () => {
    const { feed, clock, sockets } = stage({ backoff: { firstMs: 100, mostMs: 1000 } });
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      sockets.at(-1)?.lose();
      const [pause = 0] = clock.planned;
      pauses.push(pause);
      clock.pass(pause);
    }
    assert.deepEqual(pauses, [100, 200, 400, 800, 1000, 1000]);
    const socket = sockets.at(-1) as HandSocket;
    socket.open();
    socket.say({ op: 'pong', id: '1', time: '2026-01-01T00:00:00.000Z' });
    socket.lose();
    assert.deepEqual(clock.planned, [100]);
    feed.close();
  });

  test('asks a silent connection, and leaves one that stays silent', () => {
    const { feed, clock, sockets } = stage({ silenceMs: 1000 });
    const socket = sockets[0] as HandSocket;
    socket.open();
    clock.pass(1000);
    assert.equal(socket.sent.at(-1)?.op, 'ping');
    socket.say({ op: 'pong', id: '1', time: '2026-01-01T00:00:00.000Z' });
    clock.pass(1000);
    assert.equal(socket.sent.filter(({ op }) => op === 'ping').length, 2);
    clock.pass(1000);
    assert.equal(socket.readyState, 3);
    clock.pass(250);
    assert.equal(sockets.length, 2);
    feed.close();
  });

  test('leaves a connection that never opens', () => {
    const { feed, clock, sockets } = stage({ silenceMs: 1000 });
    clock.pass(1000);
    clock.pass(250);
    assert.equal(sockets.length, 2);
    feed.close();
  });

  test('a request without an answer ends in a fault after the time allowed', async () => {
    const { feed, clock, sockets } = stage({ timeoutMs: 500 });
    sockets[0]?.open();
    const asking = feed.cancel(`0x${'00'.repeat(32)}`);
    clock.pass(500);
    await assert.rejects(asking, { code: 'REQUEST_TIMED_OUT' });
    feed.close();
  });

  test('a cancel on a lost connection is a fault, a submit is sent again', async () => {
    const { feed, clock, sockets } = stage();
    sockets[0]?.open();
    const canceling = feed.cancel(`0x${'00'.repeat(32)}`);
    const submitting = feed.submit([]);
    sockets[0]?.lose();
    await assert.rejects(canceling, { code: 'FEED_CLOSED' });
    clock.pass(250);
    const second = sockets[1] as HandSocket;
    second.open();
    const again = second.sent.find(({ op }) => op === 'submit');
    assert.ok(again);
    second.say({ op: 'answers', id: again.id, answers: [] });
    assert.deepEqual(await submitting, { ok: true, value: [] });
    feed.close();
  });

  test('giving up and closing end what waits', async () => {
    const { feed, sockets } = stage();
    sockets[0]?.open();
    const giveUp = new AbortController();
    const first = feed.submit([], { signal: giveUp.signal });
    giveUp.abort();
    await assert.rejects(first, { code: 'REQUEST_ABORTED' });
    const second = feed.submit([]);
    feed.close();
    await assert.rejects(second, { code: 'FEED_CLOSED' });
    await assert.rejects(feed.submit([]), { code: 'FEED_CLOSED' });
  });

  test('messages that it does not know, and noise, are left unread', () => {
    const { feed, sockets } = stage();
    sockets[0]?.open();
    sockets[0]?.say('{"op":"fireworks"}');
    sockets[0]?.say('not JSON');
    assert.equal(sockets.length, 1);
    feed.close();
  });

  test('warnings and refused channels reach their readers', () => {
    const warnings: string[] = [];
    const refused: string[] = [];
    const { feed, sockets } = stage({ onWarning: ({ reason }) => warnings.push(reason) });
    feed.follow('phases:99', {
      onEvent: () => {},
      onRefused: ({ code }) => refused.push(code),
    });
    const socket = sockets[0] as HandSocket;
    socket.open();
    socket.say({ op: 'warning', reason: 'slowConsumer', bufferedBytes: 5, limitBytes: 9 });
    const id = socket.sent.find(({ op }) => op === 'subscribe')?.id;
    const rejection = {
      code: 'notFound',
      number: 103,
      field: 'channel',
      rule: '',
      fix: '',
    } as const;
    socket.say({ op: 'rejected', id, rejection });
    assert.deepEqual(warnings, ['slowConsumer']);
    assert.deepEqual(refused, ['notFound']);
    feed.close();
  });
});
