// Goal: an order gets one of three answers, once, however it is authorised and however often it is
// sent; and what became of it can be read.
// Method: a real venue behind real gateways on loopback, spoken to by the client and in raw JSON.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { keySigner } from '@lawbook/api/client/signers';
import { unwrap } from '@lawbook/api/client/transport';
import type { SignedOrder } from '@lawbook/api/schema/orderViews';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { Fault } from '@lawbook/exchange/failures/fault';
import { at } from '@lawbook/exchange/failures/invariant';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { GatewayWorld, MARKET_ID } from '../../../../../testing/gateways/gatewayWorld.ts';
import type { VenueService } from '../../venueService.ts';
import { acceptOrder } from '../orderIntake.ts';

const BUY = { pay: 'USD', receive: 'EUR', amount: '1000' } as const;

describe('orders', () => {
  let world: GatewayWorld;
  before(async () => {
    world = await GatewayWorld.open();
  });
  after(() => world.close());

  test('a signed order is accepted with its sequence, and readable at that sequence', async () => {
    const alice = world.client('alice');
    const answer = unwrap(await alice.placeOrder({ ...BUY, limit: '1.1010', minFill: '0.5' }));
    assert.equal(answer.kind, 'accepted');
    if (answer.kind !== 'accepted') return;
    assert.equal(answer.repeated, false);
    assert.equal(answer.batchNumber, 1);
    const { order, asOf } = unwrap(
      await alice.readOrder(answer.orderId, { atLeast: answer.sequence }),
    );
    assert.ok(asOf.sequence >= answer.sequence);
    assert.equal(order.budget, '1000.000000');
    assert.equal(order.pay, 'USD');
    assert.equal(order.receive, 'EUR');
    assert.equal(order.status, 'new');
    assert.equal(order.terms.limitNumerator, '1000');
    assert.equal(order.terms.limitDenominator, '1101');
    assert.equal(order.terms.minFillPpm, 500_000);
    const account = unwrap(await alice.readAccount(world.account('alice').account));
    const usd = account.levels[0]?.balances?.find(({ symbol }) => symbol === 'USD');
    assert.equal(usd?.held, '1000.000000');
    assert.equal(usd?.available, '99000.000000');
    assert.equal(usd?.total, '100000.000000');
    assert.equal(account.levels.find(({ level }) => level === 'proven')?.state, 'notConfigured');
  });

  test('the same order again repeats its answer', async () => {
    const bob = world.client('bob');
    const order = unwrap(await bob.createOrder(BUY));
    const [first] = unwrap(await bob.submitOrders([order]));
    const [second] = unwrap(await bob.submitOrders([order]));
    assert.equal(first?.kind, 'accepted');
    assert.deepEqual(second, { ...first, repeated: true });
  });

  test('many orders in one request are answered each on its own, in their order', async () => {
    const bob = world.client('bob');
    const good = unwrap(await bob.createOrder(BUY));
    const dear = unwrap(await bob.createOrder({ ...BUY, amount: '99999999' }));
    const again = unwrap(await bob.createOrder({ ...BUY, receive: 'FX5' }));
    const answers = unwrap(await bob.submitOrders([good, dear, again]));
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ['accepted', 'rejected', 'accepted'],
    );
    const refused = at(answers, 1);
    assert.equal(refused.kind === 'rejected' && refused.rejection.code, 'insufficientAvailable');
  });

  test('one refused order answers with the status of its code and names the field', async () => {
    const bob = world.client('bob');
    const order = unwrap(await bob.createOrder({ ...BUY, amount: '99999999' }));
    const { status, body } = await world.send('POST', '/v1/orders', { orders: [order] });
    assert.equal(status, 422);
    const [answer] = body['answers'] as { kind: string; rejection: Record<string, unknown> }[];
    assert.equal(answer?.kind, 'rejected');
    assert.deepEqual(Object.keys(answer?.rejection ?? {}).sort(), [
      'actual',
      'code',
      'field',
      'fix',
      'limit',
      'number',
      'rule',
    ]);
    assert.equal(answer?.rejection['field'], 'budget');
    assert.equal(answer?.rejection['number'], 400);
  });

  test('an order signed by somebody else is refused', async () => {
    const order = unwrap(await world.client('bob').createOrder(BUY));
    const forged = { ...order, owner: world.account('alice').account };
    const { status, body } = await world.send('POST', '/v1/orders', { orders: [forged] });
    assert.equal(status, 422);
    const [answer] = body['answers'] as { rejection: { code: string; limit: string } }[];
    assert.equal(answer?.rejection.code, 'signatureInvalid');
  });

  test('a signature that ends in zero is no way around the session', async () => {
    const order = unwrap(await world.client('bob').createOrder(BUY));
    const sneaky = { ...order, signature: `0x${'11'.repeat(32)}${'00'.repeat(33)}` };
    const { body } = await world.send('POST', '/v1/orders', { orders: [sneaky] });
    const [answer] = body['answers'] as { rejection: { code: string } }[];
    assert.equal(answer?.rejection.code, 'signatureInvalid');
  });

  test('an order without signature and session is refused', async () => {
    const { signature, ...order } = unwrap(await world.client('bob').createOrder(BUY));
    assert.ok(signature);
    const { status, body } = await world.send('POST', '/v1/orders', { orders: [order] });
    assert.equal(status, 401);
    const [answer] = body['answers'] as { rejection: { code: string } }[];
    assert.equal(answer?.rejection.code, 'unauthenticated');
  });

  test('a session with trade scope carries orders and cancels of its owner only', async () => {
    const session = await world.sessionClient('charlie', ['trade']);
    const answer = unwrap(await session.placeOrder(BUY));
    assert.equal(answer.kind, 'accepted');
    const orders = { owner: world.account('charlie').account, open: true };
    const [order] = unwrap(await session.listOrders(orders)).orders;
    assert.equal(order?.orderId, answer.orderId);
    const canceled = unwrap(await session.cancelOrder(answer.orderId));
    assert.equal(canceled.orderId, answer.orderId);
    const { order: ended } = unwrap(
      await session.readOrder(answer.orderId, { atLeast: canceled.sequence }),
    );
    assert.equal(ended.status, 'canceled');
    const { signature, ...foreign } = unwrap(await world.client('bob').createOrder(BUY));
    assert.ok(signature);
    const [refused] = unwrap(await session.submitOrders([foreign]));
    assert.equal(refused?.kind === 'rejected' && refused.rejection.code, 'forbidden');
  });

  test('a session without trade scope places nothing', async () => {
    const session = await world.sessionClient('charlie', ['read', 'withdraw']);
    const answer = unwrap(await session.placeOrder(BUY));
    assert.equal(answer.kind === 'rejected' && answer.rejection.code, 'forbidden');
  });

  test('a delegate signs for the owner while its grant is in force', async () => {
    const key = new Uint8Array(32).fill(77);
    const delegate = keySigner(key);
    const charlie = world.client('charlie');
    const wish = { scopes: ['trade'], ttlMs: 7_200_000, delegate: delegate.owner } as const;
    const opened = unwrap(await charlie.openSession(wish));
    assert.equal(opened.secret, undefined, 'a delegated key needs no secret');
    const acting = world.client('charlie', keySigner(key, world.account('charlie').account));
    assert.equal(unwrap(await acting.placeOrder(BUY)).kind, 'accepted');
    const foreign = world.client('bob', keySigner(key, world.account('bob').account));
    const refused = unwrap(await foreign.placeOrder(BUY));
    assert.equal(refused.kind === 'rejected' && refused.rejection.code, 'signatureInvalid');
  });

  test('a grant that would end before its batch is judged carries no order', async () => {
    const key = new Uint8Array(32).fill(78);
    const wish = { scopes: ['trade'], ttlMs: 60_000, delegate: keySigner(key).owner } as const;
    unwrap(await world.client('charlie').openSession(wish));
    const acting = world.client('charlie', keySigner(key, world.account('charlie').account));
    const refused = unwrap(await acting.placeOrder(BUY));
    assert.equal(refused.kind === 'rejected' && refused.rejection.code, 'sessionExpired');
  });

  test('a cancel is signed in the body or in a header', async () => {
    const { secretKey, account } = world.account('bob');
    const bob = world.client('bob');
    for (const place of ['body', 'header'] as const) {
      const answer = unwrap(await bob.placeOrder(BUY));
      const digest = world.venue.signing.cancelDigest(account, answer.orderId as never);
      const signature = bytesToHex(signDigest(digest, secretKey));
      const path = `/v1/orders/${answer.orderId}`;
      const { status, body } =
        place === 'body'
          ? await world.send('DELETE', path, { signature })
          : await world.send('DELETE', path, undefined, { 'lawbook-signature': signature });
      assert.equal(status, 200, place);
      assert.equal(body['orderId'], answer.orderId);
    }
  });

  test('a cancel by a stranger, or of an order that is not there, is refused', async () => {
    const answer = unwrap(await world.client('bob').placeOrder(BUY));
    const stranger = await world.client('alice').cancelOrder(answer.orderId);
    assert.equal(!stranger.ok && stranger.rejection.code, 'signatureInvalid');
    const nothing = await world.client('alice').cancelOrder(`0x${'00'.repeat(32)}`);
    assert.equal(!nothing.ok && nothing.rejection.code, 'orderUnknown');
  });

  test('orders are listed new to old in pages without gaps or repeats', async () => {
    const owner = world.account('bob').account;
    const all = unwrap(await world.client('bob').listOrders({ owner, limit: 200 })).orders;
    const paged: string[] = [];
    let before: number | undefined;
    do {
      const page = unwrap(
        await world.client('bob').listOrders({ owner, limit: 2, ...(before && { before }) }),
      );
      paged.push(...page.orders.map(({ orderId }) => orderId));
      before = page.nextBefore;
    } while (before !== undefined);
    assert.deepEqual(
      paged,
      all.map(({ orderId }) => orderId),
    );
    assert.ok(paged.length > 4);
  });

  test('a preview answers with the cost in basis points and sequences nothing', async () => {
    const before = world.venue.cursors().executed;
    const preview = unwrap(await world.client('alice').previewOrder({ ...BUY, amount: '500000' }));
    assert.equal(preview.paid, '500000.000000');
    assert.ok(Number(preview.received) > 450_000);
    assert.match(preview.costBps ?? '', /^\d+\.\d{2}$/);
    assert.equal(world.venue.cursors().executed, before);
  });

  test('a swap of the batch-FX executor API is the order that its signature covers', async () => {
    const { secretKey, account } = world.account('alice');
    const terms: SignedOrder = {
      owner: account,
      marketId: MARKET_ID,
      pay: 0,
      receive: 2,
      budget: '250500000',
      // At most 0.0067 USD per JPY: JPY has four decimals, USD six.
      limitNumerator: '100',
      limitDenominator: '67',
      minFillPpm: 250_000,
      orderNonce: '1890000000000',
      expiresAtMs: Date.now() + 60_000,
    };
    const digest = world.venue.signing.orderDigest(acceptOrder(terms));
    const swap = {
      owner: account,
      pay_asset: 'USD',
      receive_asset: 'JPY',
      budget: 250.5,
      limit_ratio: '0.0067',
      min_fill_fraction: 0.25,
      signature: bytesToHex(signDigest(digest, secretKey)),
      nonce: terms.orderNonce,
      expires_at_ms: terms.expiresAtMs,
    };
    const { status, body } = await world.send('POST', '/verifiables', [{ Swap: swap }]);
    assert.equal(status, 200, JSON.stringify(body));
    const [answer] = body['answers'] as { kind: string; orderId: string }[];
    assert.equal(answer?.kind, 'accepted');
    assert.equal(answer?.orderId, bytesToHex(digest));
    const vault = await world.send('GET', `/vaults/${account}`);
    assert.equal(vault.body['owner_id'], account);
  });

  test('hidden orders are refused where a market takes them in the open', async () => {
    const committed = await world.client('alice').commitOrder(BUY);
    assert.equal(!committed.ok && committed.rejection.code, 'phaseMismatch');
  });
});

describe('orders and a venue in trouble', () => {
  test('a write that does not become durable was not received, and no 5xx hides it', async (t) => {
    let broken = true;
    const world = await GatewayWorld.open({
      around: (venue) =>
        disturbed(venue, {
          submitOrder: (entry) => {
            if (!broken) return venue.submitOrder(entry);
            return Promise.reject(new Fault('The disk is full.', { code: 'JOURNAL_FAILED' }));
          },
        }),
    });
    t.after(() => world.close());
    const alice = world.client('alice');
    const order = unwrap(await alice.createOrder(BUY));
    const [answer] = unwrap(await alice.submitOrders([order]));
    assert.equal(answer?.kind, 'notReceived');
    assert.equal(answer?.kind === 'notReceived' && answer.rejection.code, 'notAdmitting');
    broken = false;
    const [second] = unwrap(await alice.submitOrders([order]));
    assert.equal(second?.kind, 'accepted');
  });

  test('beyond the writes in flight orders are turned away at once', async (t) => {
    const held: (() => void)[] = [];
    const world = await GatewayWorld.open({
      options: { writesInFlightMax: 2 },
      around: (venue) =>
        disturbed(venue, {
          submitOrder: async (entry) => {
            await new Promise<void>((resolve) => held.push(resolve));
            return venue.submitOrder(entry);
          },
        }),
    });
    t.after(() => world.close());
    const alice = world.client('alice');
    const orders = await Promise.all([0, 1, 2].map(() => alice.createOrder(BUY)));
    const answering = alice.submitOrders(orders.map((order) => unwrap(order)));
    const freeing = setInterval(() => {
      for (const resolve of held.splice(0)) resolve();
    }, 5);
    const kinds = unwrap(await answering).map(({ kind }) => kind);
    clearInterval(freeing);
    assert.deepEqual(kinds, ['accepted', 'accepted', 'notReceived']);
  });

  test('closing answers what is in flight and takes nothing new', async (t) => {
    let release: () => void = () => {};
    const reached = Promise.withResolvers<void>();
    const world = await GatewayWorld.open({
      around: (venue) =>
        disturbed(venue, {
          submitOrder: async (entry) => {
            reached.resolve();
            await new Promise<void>((resolve) => {
              release = resolve;
            });
            return venue.submitOrder(entry);
          },
        }),
    });
    t.after(() => world.close());
    const alice = world.client('alice');
    const [first, second] = [
      unwrap(await alice.createOrder(BUY)),
      unwrap(await alice.createOrder(BUY)),
    ];
    const inFlight = alice.submitOrders([first]);
    await reached.promise;
    const closing = world.close();
    const [late] = unwrap(await alice.submitOrders([second]));
    assert.equal(late?.kind, 'notReceived');
    release();
    const [answer] = unwrap(await inFlight);
    assert.equal(answer?.kind, 'accepted');
    await closing;
  });
});

describe('a commit-reveal market', () => {
  test('takes a hidden order and its reveal', async (t) => {
    const world = await GatewayWorld.open({
      parameters: { admission: 'commitReveal', batchIntervalMs: 50, revealWindowMs: 3_600_000 },
    });
    t.after(() => world.close());
    const alice = world.client('alice');
    const openly = unwrap(await alice.placeOrder(BUY));
    assert.equal(openly.kind === 'rejected' && openly.rejection.code, 'phaseMismatch');
    const hidden = unwrap(await alice.commitOrder({ ...BUY, ttlMs: 7_200_000 }));
    assert.equal(hidden.reply.batchNumber, 1);
    await world.beatUntil((event) => event.kind === 'phase' && event.phase === 'revealing');
    const { market } = unwrap(await alice.readMarket(MARKET_ID));
    assert.equal(market.phase.name, 'revealing');
    const wrongSalt = { ...hidden, salt: `0x${'05'.repeat(32)}` };
    const wrong = unwrap(await alice.revealOrder(wrongSalt));
    assert.equal(wrong.kind === 'rejected' && wrong.rejection.code, 'commitMismatch');
    assert.equal(unwrap(await alice.revealOrder(hidden)).kind, 'accepted');
    const twice = unwrap(await alice.revealOrder(hidden));
    assert.ok(twice.kind === 'accepted' && twice.repeated, 'a repeated reveal has the same answer');
  });
});

/** A venue of which some answers are given by the test. */
function disturbed(venue: VenueService, changes: Partial<VenueService>): VenueService {
  return new Proxy(venue, {
    get: (target, name) => {
      const changed = changes[name as keyof VenueService];
      if (changed !== undefined) return changed;
      const own = Reflect.get(target, name, target) as unknown;
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}
