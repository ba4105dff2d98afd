// Goal: a client order id is its owner's idempotency key for ever: long after the state has
// forgotten it, it answers as at first and never places again, whatever its owner sends meanwhile.
// Method: a real venue with journal and index; one owner uses more ids than the state remembers.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DEMO_BOOK_ID } from '@lawbook/analytics/demoBooks';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Result } from '@lawbook/exchange/failures/result';
import { CLIENT_ORDERS_MAX } from '@lawbook/exchange/markets/book/clientOrders';
import type { BookOrder, ClientOrderId } from '@lawbook/exchange/orders/bookOrder';
import { clientOrderId, NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import { BookSigning } from '@lawbook/exchange/orders/bookSigning';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { GatewayWorld } from '../../../../testing/gateways/gatewayWorld.ts';
import { demoBookInputs } from '../demo/demoBookInputs.ts';
import type { BookReply } from './bookDesk.ts';

const idOf = (k: number): ClientOrderId => clientOrderId(`0x${String(k).padStart(32, '0')}`);

describe('client order ids', () => {
  let world: GatewayWorld;
  let signing: BookSigning;
  let orderNonce = 0n;
  let authorisation: Uint8Array | undefined;
  const firsts: BookReply[] = [];
  before(async () => {
    world = await GatewayWorld.open();
    for (const input of demoBookInputs(world.venue.state.assets.length)) {
      assert.ok((await world.venue.execute(input)).ok, input.kind);
    }
    signing = new BookSigning(world.venue.signing.domain);
    // Nobody sells, so each of these ends at once and its id is not kept by an open order.
    const placed: Promise<Result<BookReply>>[] = [];
    for (let k = 1; k <= CLIENT_ORDERS_MAX + 10; k += 1) {
      placed.push(submit({ clientOrderId: idOf(k), timeInForce: 'ioc' }));
    }
    for (const result of await Promise.all(placed)) firsts.push(unwrapped(result));
    await world.venue.waitFor(world.venue.state.sequence, 5_000, new AbortController().signal);
  });
  after(() => world.close());

  /** A new nonce each time, as of a program that lost its answer and signs anew. */
  const submit = (terms: Partial<BookOrder>): Promise<Result<BookReply>> => {
    const { account: owner, secretKey } = world.account('alice');
    orderNonce += 1n;
    const full: BookOrder = {
      ...{ owner, marketId: DEMO_BOOK_ID, clientOrderId: NO_CLIENT_ORDER_ID, side: 'buy' },
      ...{ type: 'limit', timeInForce: 'gtc', postOnly: false, selfTradePolicy: 'cancelResting' },
      ...{ priceTicks: 11_000, sizeLots: 10, displayLots: 0, trigger: 'none' },
      ...{ triggerSource: 'lastTrade', triggerTicks: 0, ocoWith: 0, goodUntilMs: 0 },
      ...{ orderNonce, expiresAtMs: Date.now() + 60_000 },
      ...terms,
    };
    // The desk takes what gateways have checked, so one signature does for all.
    authorisation ??= signDigest(signing.orderDigest(full), secretKey);
    const entry = { terms: full, authorisation };
    return world.venue.books.submit({ kind: 'submitBookOrder', entry });
  };
  const cancel = (name: ClientOrderId): Promise<Result<BookReply>> => {
    const { account: owner, secretKey } = world.account('alice');
    const terms = { owner, marketId: DEMO_BOOK_ID, orderId: 0, clientOrderId: name };
    const signature = signDigest(signing.cancelDigest(terms), secretKey);
    const entry = { terms, authorisation: signature };
    return world.venue.books.submit({ kind: 'cancelBookOrder', entry });
  };
  const events = (): number => world.venue.state.books.get(DEMO_BOOK_ID)?.eventCount ?? 0;

  test('an id that the state has forgotten answers as at first and places nothing', async () => {
    const market = world.venue.state.books.get(DEMO_BOOK_ID);
    const owner = world.account('alice').account;
    assert.equal(market?.outcomeOf(owner, idOf(1)), undefined, 'the state has forgotten it');
    assert.equal(market?.remembersAll(owner), false);
    const before = events();
    const again = unwrapped(await submit({ clientOrderId: idOf(1), timeInForce: 'ioc' }));
    const { orderId, sequence } = at(firsts, 0);
    assert.deepEqual(again, { orderId, sequence, executions: [], repeated: true });
    assert.equal(events(), before);
  });

  test('another order under a forgotten id is refused and says what differs', async () => {
    const before = events();
    const other = await submit({ clientOrderId: idOf(2), timeInForce: 'ioc', sizeLots: 11 });
    assert.ok(!other.ok);
    const { code, field, limit, actual } = other.rejection;
    assert.deepEqual([code, field, actual], ['clientOrderIdUsed', 'sizeLots', '11']);
    assert.equal(limit, `10 as order ${at(firsts, 1).orderId} has it`);
    assert.equal(events(), before);
  });

  test('a new id that comes many times at once is placed once', async () => {
    const before = events();
    const name = idOf(90_001);
    const many = Array.from({ length: 8 }, () => submit({ clientOrderId: name }));
    const replies = (await Promise.all(many)).map(unwrapped);
    assert.equal(events(), before + 1);
    assert.equal(new Set(replies.map(({ orderId }) => orderId)).size, 1);
    assert.deepEqual(
      replies.map(({ repeated }) => repeated),
      [false, ...Array.from({ length: 7 }, () => true)],
    );
  });

  test('what an owner sends stays in its order while an old id is looked up', async () => {
    const name = idOf(90_002);
    const [placed, canceled, plain] = await Promise.all([
      submit({ clientOrderId: name }),
      cancel(name),
      submit({ timeInForce: 'ioc' }),
    ]);
    const sequences = [placed, canceled, plain].map((result) => unwrapped(result).sequence);
    assert.deepEqual(
      sequences,
      [...sequences].sort((a, b) => a - b),
    );
    assert.equal(unwrapped(canceled).orderId, unwrapped(placed).orderId);
  });
});

function unwrapped(result: Result<BookReply>): BookReply {
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.rejection));
  return result.value;
}
