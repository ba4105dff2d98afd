// Goal: bytes that are no request end in one answer and a closed socket, whatever the peer does,
// and never in an answer that somebody could take for that of an order.
// Method: raw sockets whose peers stay for as long as they may, against a running venue.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { unwrap } from '@lawbook/api/client/transport';
import { GatewayWorld } from '../../../../../testing/gateways/gatewayWorld.ts';

const UPGRADE = 'host: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n';
const KEY = 'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
const JSON_HEAD = 'host: x\r\ncontent-type: application/json\r\n';

interface Case {
  readonly name: string;
  readonly bytes: string;
  readonly status: number;
}

const CASES: readonly Case[] = [
  { name: 'noise', bytes: 'HELLO THERE\r\n\r\n', status: 400 },
  {
    name: 'half of the headers',
    bytes: 'GET /v1/assets HTTP/1.1\r\nhost',
    status: 408,
  },
  {
    name: 'half a body',
    bytes: `POST /v1/orders HTTP/1.1\r\n${JSON_HEAD}content-length: 100\r\n\r\n{"orders"`,
    status: 408,
  },
  {
    name: 'a WebSocket where there is none',
    bytes: `GET /v1/nothing HTTP/1.1\r\n${UPGRADE}${KEY}\r\n`,
    status: 404,
  },
  {
    name: 'a handshake without its key',
    bytes: `GET /v1/ws HTTP/1.1\r\n${UPGRADE}\r\n`,
    status: 400,
  },
  {
    name: 'a handshake of the dialect without its key',
    bytes: `GET /ws HTTP/1.1\r\n${UPGRADE}\r\n`,
    status: 400,
  },
];

describe('bytes that are no request', () => {
  let world: GatewayWorld;
  before(async () => {
    const limits = { headersTimeoutMs: 200, requestTimeoutMs: 300, slowCheckIntervalMs: 20 };
    world = await GatewayWorld.open({ options: limits });
  });
  after(() => world.close());

  for (const { name, bytes, status } of CASES) {
    test(`${name}: answered with ${status}, and cut although the peer stays`, async () => {
      const peer = new StayingPeer(world.url);
      peer.write(bytes);
      await peer.cut;
      assert.match(peer.text, new RegExp(`^HTTP/1\\.1 ${status} `));
    });
  }

  test('an order that garbage follows is answered before the garbage', async () => {
    const order = unwrap(
      await world.client('alice').createOrder({ pay: 'USD', receive: 'EUR', amount: '10' }),
    );
    const body = JSON.stringify({ orders: [order] });
    const length = `content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
    const peer = new StayingPeer(world.url);
    peer.write(`POST /v1/orders HTTP/1.1\r\n${JSON_HEAD}${length}${body}HELLO THERE\r\n\r\n`);
    await peer.cut;
    const [first, second, ...others] = peer.text.split('HTTP/1.1 ').slice(1);
    assert.match(first ?? '', /^200 .*"kind":"accepted"/s);
    assert.match(second ?? '', /^400 .*"code":"malformedRequest"/s);
    assert.deepEqual(others, []);
  });

  const PLACES = [
    { place: 'http://other.example/v1/assets', status: 200 },
    { place: '*', status: 404 },
  ];
  for (const { place, status } of PLACES) {
    test(`a request for ${place} is answered with ${status} in the venue's own words`, async () => {
      const peer = new StayingPeer(world.url);
      const method = place === '*' ? 'OPTIONS' : 'GET';
      peer.write(`${method} ${place} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      await peer.cut;
      assert.match(peer.text, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.match(peer.text, /\r\ntrace-id: /);
    });
  }

  test('the first words of HTTP/2, somewhat wrong, are no fault of the venue', async () => {
    const lines: string[] = [];
    const own = await GatewayWorld.open({ onLine: (line) => lines.push(line) });
    const peer = new StayingPeer(own.url);
    peer.write('PRI *HTTP/2.~1\r\n\r\nSM\r\r\n');
    await peer.cut;
    await own.close();
    assert.match(peer.text, /^HTTP\/1\.1 4/);
    const faults = lines.filter((line) => line.includes('"level":"error"'));
    assert.deepEqual(faults, []);
  });

  test('a client that leaves at once is no fault of the venue', async () => {
    const lines: string[] = [];
    const own = await GatewayWorld.open({ onLine: (line) => lines.push(line) });
    const { hostname, port } = new URL(own.url);
    const request = 'GET /v1/assets HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(20);
    for (let k = 0; k < 40; k += 1) {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.write(request);
      socket.resetAndDestroy();
    }
    await fetch(`${own.url}/v1/assets`);
    await own.close();
    const faults = lines.filter((line) => line.includes('"level":"error"'));
    assert.deepEqual(faults, []);
  });

  test('an offer of another protocol leaves a request as it is', async () => {
    const peer = new StayingPeer(world.url);
    const offer = 'connection: upgrade, close\r\nupgrade: h2c\r\nhttp2-settings: AA\r\n';
    peer.write(`GET /v1/assets HTTP/1.1\r\nhost: x\r\n${offer}\r\n`);
    await peer.cut;
    assert.match(peer.text, /^HTTP\/1\.1 200 /);
  });
});

test('a refused peer that stays does not hold up the end of a venue', async () => {
  const world = await GatewayWorld.open();
  const peer = new StayingPeer(world.url);
  peer.write(`GET /v1/nothing HTTP/1.1\r\n${UPGRADE}${KEY}\r\n`);
  await peer.answered;
  await world.close();
  await peer.cut;
});

/** A client that reads what it is told, and leaves only when it is cut. */
class StayingPeer {
  text = '';
  /** Resolves with the end of what the server says. */
  readonly answered: Promise<void>;
  /** Resolves when nothing that is sent arrives any more. */
  readonly cut: Promise<void>;
  readonly #socket: Socket;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    this.#socket.on('data', (bytes) => {
      this.text += bytes.toString();
    });
    this.answered = new Promise((resolve) => this.#socket.once('end', resolve));
    this.cut = new Promise((resolve) => {
      let beat: NodeJS.Timeout | undefined;
      // It goes on to speak after the last words, and hears of it once nobody is there.
      this.#socket.once('end', () => {
        beat = setInterval(() => this.#socket.write(' '), 20);
      });
      this.#socket.on('error', () => this.#socket.destroy());
      this.#socket.once('close', () => {
        clearInterval(beat);
        resolve();
      });
    });
  }

  write(bytes: string): void {
    this.#socket.write(bytes);
  }
}
