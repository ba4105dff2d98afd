// Goal: the dialect does nothing for a signature that is not the owner's, of another action, used
// before or out of time; what it does do, the laws accept on evidence; and no body breaks it.
// Method: requests are signed with the SDK's own functions, then changed, repeated, sent to the
// gateways after a restart, or mutated at random; states before and after are compared.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import * as sdk from '@nktkas/hyperliquid';
import { ApproveAgentTypes } from '@nktkas/hyperliquid/api/exchange';
import { signL1Action, signUserSignedAction } from '@nktkas/hyperliquid/signing';
import fc from 'fast-check';
import { privateKeyToAccount } from 'viem/accounts';
import { WebSocket } from 'ws';
import { DEMO_BOOK_ID } from '../../packages/analytics/src/demoBooks.ts';
import { unwrap } from '../../packages/api/src/client/transport.ts';
import { decodeBookBundle } from '../../packages/exchange/src/bookBundle.ts';
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import { judgeBookEpoch } from '../../packages/exchange/src/laws/book/judgeBookEpoch.ts';
import { accountId } from '../../packages/exchange/src/ledger/account.ts';
import { recoverSigner } from '../../packages/exchange/src/orders/signature.ts';
import { GATEWAY_PRESETS } from '../../packages/executor/src/gateways/gatewayOptions.ts';
import { openGateways } from '../../packages/executor/src/gateways/openGateways.ts';
import { createLogger } from '../../packages/executor/src/metrics/logger.ts';
import { createMetrics } from '../../packages/executor/src/metrics/metrics.ts';
import { DialectWorld, EUR_ASSET } from './dialectWorld.ts';

type Action = Record<string, unknown>;
type Request = Record<string, unknown> & { action: Action; nonce: number; signature: object };

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe('the dialect keeps to what was signed', () => {
  let world: DialectWorld;
  let chainNonce = Date.now();

  before(async () => {
    world = await DialectWorld.open();
    await world.grant('alice');
    await world.grant('bob');
  });
  after(() => world.close());
  beforeEach(() => {
    chainNonce = Math.max(chainNonce, Date.now());
  });

  function orderAction(price = '1.01', more: object = {}): Action {
    const order = {
      a: EUR_ASSET,
      b: true,
      p: price,
      s: '10',
      r: false,
      t: { limit: { tif: 'Gtc' } },
    };
    return { type: 'order', orders: [{ ...order, ...more }], grouping: 'na' };
  }

  async function signed(
    action: Action,
    { secret = world.secretOf('alice'), at: time }: { secret?: `0x${string}`; at?: number } = {},
  ): Promise<Request> {
    chainNonce += 1;
    const frame = { action, nonce: time ?? chainNonce };
    const signature = await signL1Action({ wallet: privateKeyToAccount(secret), ...frame });
    return { ...frame, signature };
  }

  async function send(request: unknown, url = world.url): Promise<Record<string, unknown>> {
    const response = await fetch(`${url}/exchange`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    assert.equal(response.status, 200);
    return (await response.json()) as Record<string, unknown>;
  }

  async function refused(request: unknown, pattern: RegExp, url?: string): Promise<void> {
    const { eventCount } = book();
    const reply = await send(request, url);
    assert.equal(reply['status'], 'err', JSON.stringify(reply));
    assert.match(String(reply['response']), pattern);
    assert.equal(book().eventCount, eventCount, 'a refused action leaves no event');
  }

  function book() {
    const market = world.gateways.venue.state.books.get(DEMO_BOOK_ID);
    assert.ok(market !== undefined);
    return market;
  }

  /** Gateways that know of what was before only what the journal and their folder hold. */
  async function restarted(use: (url: string) => Promise<void>): Promise<void> {
    const metrics = createMetrics();
    const sessionKey = new Uint8Array(32).fill(9);
    const places = { dataFolder: world.folder, host: '127.0.0.1', port: 0, sessionKey };
    const log = createLogger({ level: 'silent' });
    const again = await openGateways(
      world.gateways.wired.venue,
      { ...GATEWAY_PRESETS, ...places },
      { log, metrics, clock: Date.now, stop: throwIt },
    );
    try {
      await use(again.url);
    } finally {
      await again.close();
      metrics.close();
    }
  }

  test('an action is taken once, also after a restart', async () => {
    const request = await signed(orderAction());
    assert.equal((await send(request))['status'], 'ok');
    await refused(request, /Invalid nonce: duplicate/);
    await restarted(async (url) => {
      await refused(request, /Invalid nonce: must be within/, url);
      const later = await send(await signed(orderAction()), url);
      assert.equal(later['status'], 'ok', JSON.stringify(later));
    });
  });

  test('an agent is one after a restart as well', async () => {
    const secret = `0x${'7c'.repeat(32)}` as const;
    const agentAddress = privateKeyToAccount(secret).address;
    const alice = world.exchangeClient(world.secretOf('alice'));
    await alice.approveAgent({ agentAddress, agentName: 'lasting' });
    await restarted(async (url) => {
      const reply = await send(await signed(orderAction(), { secret }), url);
      assert.equal(reply['status'], 'ok', JSON.stringify(reply));
    });
  });

  test('chain nonces out of time are refused', async () => {
    await refused(await signed(orderAction(), { at: Date.now() - 120_000 }), /Invalid nonce/);
    await refused(await signed(orderAction(), { at: Date.now() + 120_000 }), /Invalid nonce/);
    const late = await signed(orderAction());
    await refused({ ...late, expiresAfter: Date.now() - 1 }, /expired|does not exist/);
  });

  test('requests that overtake one another are all taken', async () => {
    const requests: Request[] = [];
    for (let k = 0; k < 8; k += 1) requests.push(await signed(orderAction('1.001')));
    const replies = await Promise.all(requests.reverse().map((request) => send(request)));
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set(['ok']));
    for (const reply of replies) assert.match(JSON.stringify(reply), /resting/);
  });

  test('a changed action is another wallet’s, and that wallet is nobody', async () => {
    const request = await signed(orderAction());
    const changes: readonly object[] = [
      { action: orderAction('1.02') },
      { action: orderAction('1.01', { b: false }) },
      { action: { ...request.action, builder: { b: world.addressOf('bob'), f: 0 } } },
      { action: { grouping: 'na', ...request.action } },
      { nonce: request.nonce + 1 },
      { expiresAfter: Date.now() + 60_000 },
    ];
    for (const change of changes) {
      await refused({ ...request, ...change }, /User or API Wallet 0x\w+ does not exist/);
    }
    // The order of keys is signed as well: the same fields in another order are another action.
    const { type, orders, grouping } = request.action;
    await refused({ ...request, action: { orders, type, grouping } }, /does not exist/);
    assert.equal((await send(request))['status'], 'ok');
  });

  test('signatures of strangers and second forms of a signature are refused', async () => {
    const secret = `0x${'5a'.repeat(32)}` as const;
    await refused(await signed(orderAction(), { secret }), /does not exist/);
    const request = await signed(orderAction());
    const { r, s, v } = request.signature as { r: string; s: string; v: number };
    const high = `0x${(CURVE_ORDER - BigInt(s)).toString(16).padStart(64, '0')}`;
    await refused({ ...request, signature: { r, s: high, v: 55 - v } }, /does not exist/);
    await refused({ ...request, signature: { r, s, v: 55 - v } }, /does not exist/);
    await refused({ ...request, signature: { r: '0x0', s: '0x0', v: 27 } }, /valid signature/);
  });

  test('without a grant, or after it is over, an owner is told what to sign', async () => {
    const secret = world.secretOf('charlie');
    const consent = /no consent of its owner: let 0x\w+ sign a session grant with scope trade/;
    await refused(await signed(orderAction(), { secret }), consent);
    const { delegate, grantedUntil } = (await world.read({
      type: 'lawbookConsent',
      user: world.addressOf('charlie'),
    })) as { delegate: string; grantedUntil: number | null };
    assert.equal(grantedUntil, null);
    // A grant to read, and one to somebody else, are none to trade.
    const charlie = world.gateways.client('charlie');
    const ttlMs = 60_000;
    unwrap(await charlie.openSession({ scopes: ['read'], ttlMs, delegate: accountId(delegate) }));
    const other = accountId(world.addressOf('bob'));
    unwrap(await charlie.openSession({ scopes: ['trade'], ttlMs, delegate: other }));
    await refused(await signed(orderAction(), { secret }), consent);
    const grantId = await world.grant('charlie');
    assert.equal((await send(await signed(orderAction(), { secret })))['status'], 'ok');
    const revoked = await world.gateways.venue.execute({
      kind: 'revokeSession',
      grantId: grantId as never,
    });
    assert.ok(revoked.ok);
    await refused(await signed(orderAction(), { secret }), consent);
  });

  test('an approval of an agent is the owner’s, fresh, and not an agent’s', async () => {
    const agent = privateKeyToAccount(`0x${'6b'.repeat(32)}`);
    const approve = async (secret: `0x${string}`, change: object = {}): Promise<Request> => {
      chainNonce += 1;
      const action = {
        type: 'approveAgent',
        signatureChainId: '0x1',
        hyperliquidChain: 'Mainnet',
        agentAddress: agent.address,
        agentName: '',
        nonce: chainNonce,
      } as const;
      const wallet = privateKeyToAccount(secret);
      const signature = await signUserSignedAction({ wallet, action, types: ApproveAgentTypes });
      return { action: { ...action, ...change }, nonce: chainNonce, signature };
    };
    const alice = world.secretOf('alice');
    await refused(await approve(alice, { agentName: 'other' }), /does not exist/);
    await refused(await approve(`0x${'5a'.repeat(32)}`), /does not exist/);
    await refused({ ...(await approve(alice)), nonce: chainNonce + 1 }, /Invalid nonce/);
    const good = await approve(alice);
    assert.equal((await send(good))['status'], 'ok');
    await refused(good, /Invalid nonce: duplicate/);
    const agentSecret = `0x${'6b'.repeat(32)}` as const;
    assert.equal(
      (await send(await signed(orderAction(), { secret: agentSecret })))['status'],
      'ok',
    );
    await refused(await approve(agentSecret), /is an agent: its owner signs this itself/);
  });

  test('what it did stands in the journal as signed by the delegate of a grant', async () => {
    const sealed = await world.gateways.venue.execute({
      kind: 'sealEpoch',
      marketId: DEMO_BOOK_ID,
    });
    assert.ok(sealed.ok);
    await world.gateways.venue.waitFor(sealed.value.sequence, 5000, AbortSignal.timeout(5000));
    const bytes = await world.gateways.venue.bundle(DEMO_BOOK_ID, 1);
    assert.ok(bytes !== undefined);
    const bundle = decodeBookBundle(bytes);
    const { delegate } = (await world.read({ type: 'lawbookConsent' })) as { delegate: string };
    const orders = bundle.events.flatMap(({ input }) => {
      return input.kind === 'submitBookOrder' ? [input.entry] : [];
    });
    assert.ok(orders.length >= 10);
    const signing = world.gateways.venue.state.bookSigning;
    for (const { terms, authorisation } of orders) {
      assert.equal(recoverSigner(signing.orderDigest(terms), authorisation), delegate);
      assert.ok(terms.orderNonce > 1_700_000_000_000n);
    }
    const judged = judgeBookEpoch(bundle, { authority: 'recover', recover: recoverSigner });
    assert.ok(judged.holds, JSON.stringify(judged.verdicts));
    // Without the grants the same events are nobody's.
    const forged = judgeBookEpoch(
      { ...bundle, grants: [] },
      { authority: 'recover', recover: recoverSigner },
    );
    assert.ok(!forged.holds);
  });

  test('no body of any shape breaks an endpoint or places anything', async () => {
    const { eventCount } = book();
    const samples: readonly unknown[] = [
      await signed(orderAction()),
      await signed({ type: 'cancel', cancels: [{ a: EUR_ASSET, o: 1000 }] }),
      await signed({ type: 'batchModify', modifies: [] }),
      { type: 'l2Book', coin: '@0' },
      { type: 'candleSnapshot', req: { coin: '@0', interval: '1m', startTime: 0, endTime: 1 } },
      { type: 'orderStatus', user: world.addressOf('alice'), oid: 1000 },
      { type: 'userFills', user: world.addressOf('alice') },
    ];
    const junk = fc.oneof(
      fc.constantFrom(null, -1, 1e308, 2 ** 53, '', '0x', '-0', 'NaN', '1e9', [], {}, true),
      fc.string({ maxLength: 40 }),
      fc.double(),
      fc.bigInt().map(String),
    );
    const body = fc
      .tuple(fc.constantFrom(...samples), fc.nat(), junk)
      .map(([sample, place, replacement]) => mutate(sample, place, replacement));
    const path = fc.constantFrom('/info' as const, '/exchange' as const);
    await fc.assert(
      fc.asyncProperty(path, fc.oneof(body, fc.jsonValue()), async (where, what) => {
        const { status, text } = await world.post(where, JSON.stringify(what));
        assert.ok(status === 200 || status === 422, `${status} ${text}`);
        if (status === 422) assert.match(text, /^Failed to deserialize the JSON body/);
      }),
      { numRuns: 400 },
    );
    for (const text of ['', '{', '\u0000', '[]]', '"\\ud800"', '{"a":'.repeat(9000)]) {
      for (const where of ['/info', '/exchange'] as const) {
        const { status } = await world.post(where, text);
        assert.ok(status === 422 || status === 413, `${status} for ${text.slice(0, 20)}`);
      }
    }
    assert.equal(book().eventCount, eventCount);
    assert.deepEqual(world.gateways.bugs, []);
  });

  test('a request has a bound', async () => {
    const [order] = orderAction()['orders'] as object[];
    const orders = Array.from({ length: 501 }, () => order);
    const many = { type: 'order', orders, grouping: 'na' };
    await refused(await signed(many), /Too many orders in one request: at most 500/);
  });
});

test('long reads cost more than short ones, over either way in', async () => {
  const addressBucket = { ratePerSecond: 1, burst: 130 };
  const world = await DialectWorld.open({ options: { addressBucket } });
  try {
    const user = world.addressOf('alice');
    const reader = world.infoClient();
    const asked: Promise<unknown>[] = [];
    for (let k = 0; k < 8; k += 1) asked.push(reader.userFills({ user }));
    const settled = await Promise.allSettled(asked);
    const limited = settled.flatMap((one) =>
      one.status === 'rejected' ? [String(one.reason)] : [],
    );
    assert.ok(limited.length >= 1 && limited.length <= 4, `${limited.length} were refused`);
    for (const text of limited) assert.match(text, /429.*Too many cumulative requests sent/s);
    // A short read is still answered.
    assert.deepEqual(await reader.openOrders({ user }), []);
    const socket = new sdk.InfoClient({ transport: world.socketTransport() });
    await assert.rejects(socket.userFills({ user }), /Too many cumulative requests sent/);
  } finally {
    await world.close();
  }
});

test('no frame of any shape breaks the socket', async () => {
  const messages = { ratePerSecond: 100_000, burst: 100_000 };
  const webSocket = { ...GATEWAY_PRESETS.webSocket, messages };
  const world = await DialectWorld.open({ options: { webSocket } });
  try {
    const socket = new WebSocket(world.socketUrl);
    await new Promise((resolve) => socket.once('open', resolve));
    const user = world.addressOf('alice');
    const payload = { type: 'orderStatus', user, oid: 1 };
    const samples: readonly unknown[] = [
      { method: 'subscribe', subscription: { type: 'candle', coin: '@0', interval: '1m' } },
      { method: 'subscribe', subscription: { type: 'userFills', user } },
      { method: 'unsubscribe', subscription: { type: 'l2Book', coin: '@0', nSigFigs: null } },
      { method: 'post', id: 1, request: { type: 'info', payload } },
      { method: 'post', id: 2, request: { type: 'action', payload: { action: { type: 'x' } } } },
    ];
    const junk = fc.oneof(fc.jsonValue(), fc.constantFrom('@1', 'allMids', 'post', -1, 2 ** 60));
    const frame = fc
      .tuple(fc.constantFrom(...samples), fc.nat(), junk)
      .map(([sample, place, replacement]) => JSON.stringify(mutate(sample, place, replacement)));
    const noise = fc.oneof(frame, fc.json(), fc.string(), fc.uint8Array({ maxLength: 64 }));
    for (const bytes of fc.sample(noise, 500)) socket.send(bytes);
    // Frames are taken in their order, so the answer to this one stands behind all others.
    const over = new Promise<void>((resolve) => {
      socket.on('message', (bytes: Buffer) => {
        const { channel, data: told } = JSON.parse(bytes.toString());
        if (channel === 'post' && told.id === 424_242) resolve();
      });
    });
    socket.send(JSON.stringify({ ...(samples[3] as object), id: 424_242 }));
    await over;
    assert.deepEqual(world.gateways.bugs, []);
    socket.terminate();
  } finally {
    await world.close();
  }
});

test('a flood of orders is told so', async () => {
  const accountBucket = { ratePerSecond: 1, burst: 10 };
  const world = await DialectWorld.open({ options: { accountBucket } });
  try {
    await world.grant('alice');
    const alice = world.exchangeClient(world.secretOf('alice'));
    const order = { a: EUR_ASSET, b: true, p: '1', s: '2', r: false, t: { limit: { tif: 'Gtc' } } };
    const orders = Array.from({ length: 50 }, () => order) as never;
    await assert.rejects(alice.order({ orders }), /Too many cumulative requests sent/);
    const open = await world.infoClient().openOrders({ user: world.addressOf('alice') });
    assert.ok(open.length >= 9 && open.length < 30, `${open.length} orders were taken`);
  } finally {
    await world.close();
  }
});

function throwIt(cause: unknown): never {
  throw cause;
}

/** The sample with what stands at some place of it replaced. */
function mutate(sample: unknown, place: number, replacement: unknown): unknown {
  const copy: unknown = structuredClone(sample);
  const places: (() => void)[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push(() => Reflect.set(node, key, replacement));
      visit(Reflect.get(node, key));
    }
  };
  visit(copy);
  at(places, place % places.length)();
  return copy;
}
