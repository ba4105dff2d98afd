// Goal: an operator opens books and sets what they allow, everybody reads why, laws judge each
// epoch and a broken one halts its market; books answer where markets of any kind are read.
// Method: a real venue behind real gateways. The broken epoch is a real one whose evidence the test
// tampers with before it is sealed.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DEMO_BOOK_ID } from '@lawbook/analytics/demoBooks';
import { DEMO_NAMES } from '@lawbook/analytics/demoWorld';
import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { unwrap } from '@lawbook/api/client/transport';
import type { BookRequest } from '@lawbook/api/schema/bookOperatorRoutes';
import type { RejectionView } from '@lawbook/api/schema/rejectionView';
import { decodeBookBundle } from '@lawbook/exchange/bookBundle';
import { judgeBookEpoch } from '@lawbook/exchange/laws/book/judgeBookEpoch';
import type { BookEvent } from '@lawbook/exchange/markets/book/bookEvent';
import { recoverSigner } from '@lawbook/exchange/orders/signature';
import { GatewayWorld } from '../../../../../testing/gateways/gatewayWorld.ts';
import { demoBookInputs } from '../../demo/demoBookInputs.ts';

const BOOK: BookRequest = {
  ...{ marketId: '300', base: 'GEM', quote: 'COIN', lotSize: '0.1', tickSize: '0.5' },
  ...{ notionalMin: '1', priceTicksMax: 100_000, sizeLotsMax: 100_000, ordersMax: 100 },
  ...{ accountsMax: 100, makerFeePpm: -10, takerFeePpm: 20 },
  ...{ breakerBandPpm: 0, breakerWindowMs: 0 },
};

describe('the operator of books', () => {
  let world: GatewayWorld;
  let alice: LawbookClient;
  before(async () => {
    world = await GatewayWorld.open();
    alice = world.client('alice');
    for (const symbol of ['GEM', 'COIN']) {
      const asset = { symbol, decimals: 2, settles: false };
      assert.equal((await world.operate('POST', '/v1/assets', asset)).status, 200);
      for (const name of DEMO_NAMES) {
        const { account: owner } = world.account(name);
        const credit = { owner, symbol, amount: '1000' };
        assert.equal((await world.operate('POST', '/v1/deposits', credit)).status, 200);
      }
    }
  });
  after(() => world.close());

  const refusal = async (method: string, path: string, body: unknown): Promise<RejectionView> => {
    const answer = await world.operate(method, path, body);
    assert.ok('rejection' in answer.body, JSON.stringify(answer.body));
    return answer.body['rejection'] as RejectionView;
  };
  const place = async (side: 'buy' | 'sell', price: string, size = '1.00') => {
    return unwrap(await alice.books.placeOrder({ marketId: '300', side, price, size }));
  };

  test('opens a book in human units, which trades at once', async () => {
    const opened = await world.operate('POST', '/v1/books', BOOK);
    assert.equal(opened.status, 200, JSON.stringify(opened.body));
    const { book } = unwrap(await alice.books.read('300'));
    assert.deepEqual(
      [book.lotSize, book.tickSize, book.notionalMin, book.state, book.settles],
      ['0.10', '0.500000000000', '1.00', 'open', false],
    );
    assert.equal((await place('buy', '2.5')).kind, 'accepted');
    const { books } = unwrap(await alice.listMarkets());
    assert.equal(
      books?.find(({ marketId }) => marketId === '300')?.bestBid?.price,
      '2.500000000000',
    );
    const { assets } = unwrap(await alice.listAssets());
    assert.equal(assets.find(({ symbol }) => symbol === 'GEM')?.settles, false);
  });

  test('rules that do not fit are refused at their field', async () => {
    const cases: readonly (readonly [Partial<BookRequest>, string, string])[] = [
      [{ base: 'NONE' }, 'assetUnknown', 'base'],
      [{ quote: 'GEM' }, 'sameAsset', 'quote'],
      [{ lotSize: '0.001' }, 'amountOutOfRange', 'lotSize'],
      [{ tickSize: '0.01' }, 'parametersInvalid', 'tickSize'],
      [{ tickSize: '0' }, 'parametersInvalid', 'tickSize'],
      [{ priceTicksMax: 0 }, 'parametersInvalid', 'priceTicksMax'],
      [{ makerFeePpm: -30 }, 'parametersInvalid', 'makerFeePpm'],
      [{ marketId: '300' }, 'parametersInvalid', 'marketId'],
      [{ marketId: '1' }, 'parametersInvalid', 'marketId'],
      [{ ordersMax: -1 }, 'malformedRequest', 'ordersMax'],
    ];
    for (const [change, code, field] of cases) {
      const refused = await refusal('POST', '/v1/books', { ...BOOK, marketId: '301', ...change });
      assert.deepEqual([refused.code, refused.field], [code, field], JSON.stringify(change));
    }
  });

  test('sets what a book allows, and everybody reads why', async () => {
    const set = (state: string, reason: string) =>
      world.operate('PUT', '/v1/books/300/state', { state, reason });
    const codeOf = async (side: 'buy' | 'sell', price: string): Promise<string> => {
      const answer = await place(side, price);
      return answer.kind === 'accepted' ? 'accepted' : answer.rejection.code;
    };
    const { orderId } = await (async () => {
      const resting = await place('sell', '9');
      assert.ok(resting.kind === 'accepted');
      return resting;
    })();
    assert.equal((await set('postOnly', 'a new listing')).status, 200);
    assert.equal(await codeOf('buy', '2'), 'bookStateForbids');
    assert.equal((await set('cancelOnly', 'a pause')).status, 200);
    assert.equal(await codeOf('buy', '2'), 'bookStateForbids');
    assert.equal(
      (await world.operate('POST', '/v1/markets/300/halt', { reason: 'a drill' })).status,
      200,
    );
    const { book } = unwrap(await alice.books.read('300'));
    assert.equal(book.state, 'halted');
    assert.deepEqual([book.restriction?.cause, book.restriction?.reason], ['operator', 'a drill']);
    const canceled = unwrap(await alice.books.cancelOrder({ marketId: '300', orderId }));
    assert.ok(canceled.kind === 'rejected' && canceled.rejection.code === 'bookStateForbids');
    assert.equal((await world.operate('POST', '/v1/markets/300/resume')).status, 200);
    const open = unwrap(await alice.books.read('300')).book;
    assert.deepEqual([open.state, open.restriction], ['open', undefined]);
    assert.equal(await codeOf('buy', '2'), 'accepted');
    const unknown = await refusal('PUT', '/v1/books/1/state', { state: 'open', reason: 'x' });
    assert.equal(unknown.code, 'notFound');
    assert.match(unknown.limit ?? '', /batch market: \/v1\/markets\/1/);
    const word = await refusal('PUT', '/v1/books/300/state', { state: 'closed', reason: 'x' });
    assert.deepEqual([word.code, word.field], ['malformedRequest', 'state']);
  });

  test('depth and candles of markets have the same form for books', async () => {
    const bob = world.client('bob');
    const taker = { marketId: '300', side: 'buy', price: '9', size: '0.50' } as const;
    assert.equal(unwrap(await bob.books.placeOrder(taker)).kind, 'accepted');
    const depth = unwrap(await alice.readDepth('300', 'GEM'));
    const ladder = unwrap(await alice.books.depth('300'));
    assert.deepEqual(depth.ladder?.asks, ladder.asks);
    assert.equal(depth.ladder?.checksum, ladder.checksum);
    const [best] = depth.levels;
    assert.deepEqual(
      [best?.side, best?.quote, best?.notional],
      ['buy', ladder.asks[0]?.price, '4.50'],
    );
    const candles = unwrap(await alice.listCandles('300', {}));
    assert.deepEqual(
      candles.candles.map(({ close, volume, firstBatch, lastBatch }) => {
        return [close, volume, firstBatch, lastBatch];
      }),
      [['9.000000000000', '0.50', 1, 1]],
    );
    const wrong = await alice.readDepth('300', 'COIN');
    assert.ok(!wrong.ok && wrong.rejection.limit === 'GEM');
    const absent = await world.send('GET', '/v1/markets/1/depth');
    assert.equal((absent.body['rejection'] as RejectionView).field, 'query.symbol');
    const pool = await alice.readPool('300');
    assert.ok(!pool.ok && pool.rejection.limit?.includes('/v1/books/300'));
  });
});

describe('the laws of books', () => {
  let world: GatewayWorld;
  let alice: LawbookClient;
  const marketId = String(DEMO_BOOK_ID);
  before(async () => {
    world = await GatewayWorld.open();
    for (const input of demoBookInputs(world.venue.state.assets.length)) {
      assert.ok((await world.venue.execute(input)).ok, input.kind);
    }
    alice = world.client('alice');
  });
  after(() => world.close());

  const place = async (price: string): Promise<void> => {
    const request = { marketId, side: 'sell', size: '5', price } as const;
    assert.equal(unwrap(await alice.books.placeOrder(request)).kind, 'accepted');
  };
  const seal = async (): Promise<number> => {
    const sealed = await world.venue.execute({ kind: 'sealEpoch', marketId: DEMO_BOOK_ID });
    assert.ok(sealed.ok);
    return sealed.value.sequence;
  };

  test('an epoch carries the verdict of every law, and its bundle says the same', async () => {
    await place('1.1');
    const atLeast = await seal();
    const { epoch, holds, verdicts } = unwrap(await alice.books.epoch(marketId, 1, { atLeast }));
    assert.equal(epoch.level, 'checked');
    assert.equal(holds, true);
    const { bookLaws = [] } = unwrap(await alice.listLaws());
    assert.deepEqual(
      verdicts.map(({ law }) => law),
      bookLaws.map(({ id }) => id),
    );
    assert.equal(verdicts.length, 11);
    assert.ok(verdicts.every((verdict) => verdict.holds));
    const bundle = decodeBookBundle(unwrap(await alice.readBundle(marketId, 1)));
    const again = judgeBookEpoch(bundle, { authority: 'recover', recover: recoverSigner });
    assert.equal(again.holds, true);
    const none = await alice.books.epoch(marketId, 9);
    assert.ok(!none.ok && none.rejection.field === 'epochNumber');
  });

  test('an epoch that breaks a law halts its market, and nothing after it is checked', async () => {
    await place('1.2');
    const { projection } = world.wired.recovered;
    const events = (projection.books?.openEvents(DEMO_BOOK_ID) ?? []) as BookEvent[];
    const [event] = events;
    assert.ok(event !== undefined && events.length === 1);
    // The evidence says another price than what was signed and hashed.
    const [report] = event.reports;
    assert.ok(report?.kind === 'new');
    events[0] = { ...event, reports: [{ ...report, priceTicks: report.priceTicks - 1 }] };
    await seal();
    world.wired.scheduler.tick();
    const halted = world.venue.state.sequence;
    const { book } = unwrap(await alice.books.read(marketId, { atLeast: halted }));
    assert.equal(book.state, 'halted');
    assert.equal(book.restriction?.cause, 'law');
    assert.match(book.restriction?.reason ?? '', /^epoch 2 breaks B0 bookLogIsBound/);
    const broken = unwrap(await alice.books.epoch(marketId, 2));
    assert.equal(broken.epoch.level, 'executed');
    assert.equal(broken.holds, false);
    const violated = broken.verdicts.find(({ law }) => law === 'B0');
    assert.equal(violated?.violation?.locus.field, 'logRoot');
    const unready = unwrap(await alice.readReadiness());
    assert.equal(unready.ready, false);
    const why = unready.components.find(({ detail }) => detail.startsWith(`book ${marketId}:`));
    assert.match(why?.detail ?? '', /halted \(epoch 2 breaks B0/);
    const refused = unwrap(await alice.books.cancelAll(marketId));
    assert.ok(refused.kind === 'rejected' && refused.rejection.code === 'bookStateForbids');
    // Another beat halts nothing again, and the operator may let people out.
    world.wired.scheduler.tick();
    assert.equal(world.venue.state.sequence, halted);
    const state = { state: 'cancelOnly', reason: 'let people out' };
    const set = await world.operate('PUT', `/v1/books/${marketId}/state`, state);
    assert.equal(set.status, 200);
    world.wired.scheduler.tick();
    assert.equal(unwrap(await alice.books.cancelAll(marketId)).kind, 'accepted');
    const atLeast = await seal();
    const { epochs } = unwrap(await alice.books.epochs(marketId, { atLeast }));
    assert.deepEqual(
      epochs.map(({ epochNumber, level }) => [epochNumber, level]),
      [
        [3, 'executed'],
        [2, 'executed'],
        [1, 'checked'],
      ],
    );
    const { components } = unwrap(await alice.readReadiness());
    const entry = components.find(({ detail }) => detail.startsWith(`book ${marketId}:`));
    assert.match(entry?.detail ?? '', /: cancelOnly \(let people out\), 0 orders, 0 unsealed/);
  });
});
