// Goal: what a trader and an operator of a book meet, each as a story: holds, fees, pairs, client
// order ids, sessions, time, and every refusal by its name.
// Method: a bench with a small market; balances and reports compared with figures worked by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BookBench, BookTermsOf } from '../../../../testing/exchange/bookBench.ts';
import {
  BookBench as Bench,
  BOOK_PARAMETERS,
  fundedBook,
} from '../../../../testing/exchange/bookBench.ts';
import type { Person } from '../../../../testing/exchange/exchangeBench.ts';
import { codeOf } from '../../../../testing/exchange/exchangeBench.ts';
import { at } from '../failures/invariant.ts';
import { SystemRole, systemAccount } from '../ledger/account.ts';
import { assetId } from '../ledger/asset.ts';
import type { BookMarketParameters } from '../markets/book/bookMarketParameters.ts';
import { amount } from '../numbers/amount.ts';
import { ADMISSION_BOUNDS, UNSETTLED_BOUNDS } from '../orders/admissionBounds.ts';
import type { BookOrder } from '../orders/bookOrder.ts';
import { clientOrderId, NO_CLIENT_ORDER_ID } from '../orders/bookOrder.ts';
import { NO_DELEGATE, Scope } from '../orders/signedTypes.ts';
import type { Applied } from './applied.ts';

const { marketId } = BOOK_PARAMETERS;
const START = 100_000_000n;

function stage(changes: Partial<BookMarketParameters> = {}): {
  readonly bench: BookBench;
  readonly alice: Person;
  readonly bob: Person;
} {
  const { bench, people } = fundedBook(changes);
  return { bench, alice: at(people, 0), bob: at(people, 1) };
}

function appliedOf(
  result: ReturnType<BookBench['run']>,
): Extract<Applied, { kind: 'bookApplied' }> {
  assert.ok(result.ok, codeOf(result));
  assert.ok(result.value.kind === 'bookApplied');
  return result.value;
}

test('a purchase holds price and fee lot by lot, pays the resting price and frees the rest', () => {
  const { bench, alice, bob } = stage();
  bench.place(bob, { side: 'sell', sizeLots: 3, priceTicks: 90 });
  assert.equal(bench.held(bob, 0), 3_000n);
  const { executions } = appliedOf(bench.place(alice, { sizeLots: 5, priceTicks: 100 }));
  // Two lots rest: 100 ticks of 10 units and a fee of 0.05 per cent each, rounded up.
  assert.equal(bench.held(alice, 1), 2n * (1_000n + 1n));
  // Three lots at 90: 2700 units and a taker fee of 1.35; the maker's rebate of 0.27 rounds to 0.
  assert.equal(bench.available(alice, 1), START - 2_700n - 2n - 2n * 1_001n);
  assert.equal(bench.available(alice, 0), START + 3_000n);
  assert.equal(bench.available(bob, 1), START + 2_700n);
  const fees = bench.machine.state.ledger.total(
    systemAccount(SystemRole.fees, marketId),
    assetId(1),
  );
  assert.equal(fees, 2n);
  assert.deepEqual(
    executions.map(({ execType, orderStatus, role, lastPrice, lastSize, leavesSize, fee }) => {
      return { execType, orderStatus, role, lastPrice, lastSize, leavesSize, fee };
    }),
    [
      {
        execType: 'new',
        orderStatus: 'new',
        role: undefined,
        lastPrice: 0,
        lastSize: 0,
        leavesSize: 5,
        fee: 0n,
      },
      {
        execType: 'trade',
        orderStatus: 'filled',
        role: 'maker',
        lastPrice: 90,
        lastSize: 3,
        leavesSize: 0,
        fee: 0n,
      },
      {
        execType: 'trade',
        orderStatus: 'partiallyFilled',
        role: 'taker',
        lastPrice: 90,
        lastSize: 3,
        leavesSize: 2,
        fee: 2n,
      },
    ],
  );
});

test('a pair on one side holds what the larger order needs, and one trade ends the other', () => {
  const { bench, alice, bob } = stage();
  const first = appliedOf(bench.place(alice, { side: 'sell', sizeLots: 8, priceTicks: 120 }));
  const stop: BookTermsOf = { side: 'sell', trigger: 'stop', triggerTicks: 80, priceTicks: 70 };
  bench.place(alice, { ...stop, sizeLots: 10, ocoWith: first.orderId });
  assert.equal(bench.held(alice, 0), 10_000n);
  bench.place(bob, { sizeLots: 3, priceTicks: 120, timeInForce: 'ioc' });
  assert.equal(bench.held(alice, 0), 5_000n);
  assert.equal(bench.book().open.size, 1);
});

test('a client order id is used once and answers with the order that has it', () => {
  const { bench, alice } = stage();
  const id = clientOrderId(`0x${'11'.repeat(16)}`);
  const placed = appliedOf(bench.place(alice, { clientOrderId: id }));
  const again = bench.place(alice, { clientOrderId: id });
  assert.ok(!again.ok);
  assert.equal(again.rejection.code, 'clientOrderIdUsed');
  assert.equal(again.rejection.actual, String(placed.orderId));
  const { orderId } = placed;
  const outcome = { orderId, sequence: placed.event.sequence };
  assert.deepEqual(bench.book().outcomeOf(alice.account, id), outcome);
  assert.equal(bench.book().remembersAll(alice.account), true, 'of one id none was forgotten');
  const cancel = { owner: alice.account, marketId, orderId: 0, clientOrderId: id };
  const entry = bench.authorise(alice, cancel, bench.bookSigning.cancelDigest(cancel));
  appliedOf(bench.run({ kind: 'cancelBookOrder', entry }));
  assert.equal(codeOf(bench.place(alice, { clientOrderId: id })), 'clientOrderIdUsed');
  assert.equal(bench.held(alice, 1), 0n);
});

test('what is due ends before anything else, and an order never trades after its time', () => {
  const { bench, alice, bob } = stage();
  const goodUntilMs = bench.timeMs + 50;
  bench.place(alice, { timeInForce: 'gtd', goodUntilMs });
  bench.timeMs = goodUntilMs;
  const sale = bench.bookOrder(bob, { side: 'sell' });
  const early = bench.apply({ kind: 'submitBookOrder', entry: sale });
  assert.equal(codeOf(early), 'bookTickDue');
  const { executions } = appliedOf(bench.tick());
  assert.deepEqual(
    executions.map(({ execType }) => execType),
    ['expired'],
  );
  appliedOf(bench.run({ kind: 'submitBookOrder', entry: sale }));
  assert.equal(bench.available(bob, 1), START);
});

test('the dead-man switch cancels all at its deadline unless a heartbeat moves it', () => {
  const { bench, alice } = stage();
  bench.place(alice);
  const beat = (deadlineMs: number): void => {
    const terms = { owner: alice.account, marketId, deadlineMs, ...bench.fresh() };
    const entry = bench.authorise(alice, terms, bench.bookSigning.heartbeatDigest(terms));
    appliedOf(bench.run({ kind: 'bookHeartbeat', entry }));
  };
  beat(bench.timeMs + 10);
  bench.timeMs += 9;
  beat(bench.timeMs + 10);
  bench.timeMs += 5;
  appliedOf(bench.tick());
  assert.equal(bench.book().open.size, 1);
  bench.timeMs += 5;
  appliedOf(bench.tick());
  assert.equal(bench.book().open.size, 0);
  assert.equal(bench.held(alice, 1), 0n);
});

test('what is due at the very time of an input ends before it: orders and deadlines alike', () => {
  const { bench, alice, bob } = stage();
  bench.place(alice);
  const terms = { owner: alice.account, marketId, deadlineMs: bench.timeMs + 10 };
  const beat = { ...terms, ...bench.fresh() };
  const entry = bench.authorise(alice, beat, bench.bookSigning.heartbeatDigest(beat));
  appliedOf(bench.run({ kind: 'bookHeartbeat', entry }));
  bench.timeMs += 9;
  appliedOf(bench.apply({ kind: 'submitBookOrder', entry: bench.bookOrder(bob) }));
  bench.timeMs += 1;
  const late = { kind: 'submitBookOrder' as const, entry: bench.bookOrder(bob) };
  assert.equal(codeOf(bench.apply(late)), 'bookTickDue');
  const tick = { kind: 'bookTick' as const, marketId, oracleTicks: 0 };
  const { executions } = appliedOf(bench.apply(tick));
  assert.deepEqual(
    executions.map(({ owner, reason }) => [owner, reason]),
    [[alice.account, 'deadMan']],
  );
  assert.deepEqual(bench.book().image().deadlines, []);
  appliedOf(bench.apply(late));
});

test('an oracle price is taken up to the highest price, and nothing of a tick beyond it', () => {
  const { bench } = stage();
  const { priceTicksMax } = BOOK_PARAMETERS;
  const root = bench.machine.root();
  const result = bench.tick(priceTicksMax + 1);
  assert.ok(!result.ok);
  const { code, field, limit, actual } = result.rejection;
  const cited = ['oracleTicks', String(priceTicksMax), String(priceTicksMax + 1)];
  assert.deepEqual([code, field, limit, actual], ['priceOutOfRange', ...cited]);
  assert.equal(bench.machine.root(), root);
  appliedOf(bench.tick(priceTicksMax));
  assert.equal(bench.book().image().oraclePrice, priceTicksMax);
  appliedOf(bench.tick(0));
  assert.equal(bench.book().image().oraclePrice, priceTicksMax, 'no news changes nothing');
});

test('the least notional binds to the ledger unit, rounded up to whole ticks', () => {
  for (const [notionalMin, least] of [
    [100n, 10],
    [101n, 11],
    [109n, 11],
    [110n, 11],
    [111n, 12],
  ] as const) {
    const { bench, alice } = stage({ notionalMin: amount(notionalMin) });
    assert.equal(codeOf(bench.place(alice, { priceTicks: least - 1 })), 'notionalTooSmall');
    assert.equal(codeOf(bench.place(alice, { priceTicks: least })), 'accepted');
  }
});

test('an event says what its owner had of the asset that its order holds, before it', () => {
  const { bench, alice, bob } = stage();
  bench.fund(alice, 0, 5n);
  bench.fund(alice, 1, 7n);
  assert.equal(appliedOf(bench.place(alice)).event.available, START + 7n);
  assert.equal(appliedOf(bench.place(alice)).event.available, START + 7n - 1_001n);
  const sale: BookTermsOf = { side: 'sell', priceTicks: 200 };
  const sold = appliedOf(bench.place(alice, sale));
  assert.equal(sold.event.available, START + 5n);
  const amend = (orderId: number, priceTicks: number): bigint => {
    const name = { orderId, clientOrderId: NO_CLIENT_ORDER_ID, priceTicks, sizeLots: 1 };
    const terms = { owner: alice.account, marketId, ...name, ...bench.fresh() };
    const entry = bench.authorise(alice, terms, bench.bookSigning.amendDigest(terms));
    return appliedOf(bench.run({ kind: 'amendBookOrder', entry })).event.available;
  };
  assert.equal(amend(sold.orderId, 210), START + 5n - 1_000n);
  assert.equal(amend(1, 99), START + 7n - 2_002n);
  const name = { orderId: 1, clientOrderId: NO_CLIENT_ORDER_ID };
  const cancel = { owner: alice.account, marketId, ...name };
  const entry = bench.authorise(alice, cancel, bench.bookSigning.cancelDigest(cancel));
  assert.equal(appliedOf(bench.run({ kind: 'cancelBookOrder', entry })).event.available, 0n);
  assert.equal(appliedOf(bench.tick()).event.available, 0n);
  assert.equal(bench.available(bob, 1), START);
});

test('who never came to a book has forgotten nothing there and cancels nothing', () => {
  const { bench, alice } = stage();
  const market = bench.book();
  assert.equal(market.remembersAll(alice.account), true);
  assert.equal(market.accountOf(alice.account), undefined);
  const terms = { owner: alice.account, marketId, ...bench.fresh() };
  const entry = bench.authorise(alice, terms, bench.bookSigning.cancelAllDigest(terms));
  const root = bench.machine.root();
  const result = bench.run({ kind: 'cancelAllBookOrders', entry });
  assert.ok(!result.ok);
  const { code, field, actual } = result.rejection;
  assert.deepEqual([code, field, actual], ['orderUnknown', 'owner', alice.account]);
  assert.equal(bench.machine.root(), root);
});

test('an order is named by its own id or by its client order id, and only by its owner', () => {
  const { bench, alice, bob } = stage();
  const id = clientOrderId(`0x${'22'.repeat(16)}`);
  const other = clientOrderId(`0x${'33'.repeat(16)}`);
  const { orderId } = appliedOf(bench.place(alice, { clientOrderId: id }));
  const named = (owner: Person, name: { orderId: number; clientOrderId: typeof id }): unknown =>
    bench.book().find(owner.account, name)?.orderId;
  assert.equal(named(alice, { orderId, clientOrderId: other }), orderId);
  assert.equal(named(alice, { orderId: 0, clientOrderId: id }), orderId);
  assert.equal(named(alice, { orderId: 0, clientOrderId: other }), undefined);
  assert.equal(named(alice, { orderId: 0, clientOrderId: NO_CLIENT_ORDER_ID }), undefined);
  assert.equal(named(bob, { orderId, clientOrderId: id }), undefined);
  assert.equal(named(bob, { orderId: 0, clientOrderId: id }), undefined);
  const cancel = { owner: alice.account, marketId, orderId: 0, clientOrderId: other };
  const entry = bench.authorise(alice, cancel, bench.bookSigning.cancelDigest(cancel));
  const result = bench.run({ kind: 'cancelBookOrder', entry });
  assert.ok(!result.ok);
  assert.deepEqual([result.rejection.field, result.rejection.actual], ['orderId', other]);
});

test('a session trades in a book within its scope and life', () => {
  const { bench, alice } = stage();
  const expiresAtMs = bench.timeMs + 120_000;
  const open = (scopes: number): Uint8Array => {
    const { orderNonce } = bench.fresh();
    const grant = { owner: alice.account, delegate: NO_DELEGATE, scopes, expiresAtMs, orderNonce };
    const grantId = bench.signing.grantId(grant);
    bench.must({ kind: 'openSession', grant: { grant, grantId, signature: new Uint8Array(65) } });
    const authorisation = new Uint8Array(65);
    authorisation.set(Buffer.from(grantId.slice(2), 'hex'));
    return authorisation;
  };
  const submit = (authorisation: Uint8Array, terms: BookTermsOf = {}): string => {
    const { terms: order } = bench.bookOrder(alice, terms);
    return codeOf(bench.run({ kind: 'submitBookOrder', entry: { terms: order, authorisation } }));
  };
  const trading = open(Scope.trade);
  assert.equal(submit(trading), 'accepted');
  assert.equal(submit(open(Scope.read)), 'forbidden');
  assert.equal(submit(trading, { expiresAtMs: expiresAtMs + 1 }), 'sessionExpired');
  bench.timeMs = expiresAtMs;
  assert.equal(submit(trading, { expiresAtMs: expiresAtMs + 9 }), 'sessionExpired');
});

/** What a refusal cites: the field at fault, the limit and what was sent. */
type Cited = readonly [field: string, limit: number | undefined, actual: number];

/** One order that meets each refusal, in order of their numbers. */
const REFUSALS: readonly (readonly [string, (bench: BookBench) => BookTermsOf, Cited])[] = [
  ['marketUnknown', () => ({ marketId: 99 }), ['marketId', undefined, 99]],
  [
    'orderExpired',
    ({ timeMs }) => ({ expiresAtMs: timeMs }),
    ['expiresAtMs', 1_000_000, 1_000_000],
  ],
  ['orderNonceReplayed', () => ({ orderNonce: 1n }), ['orderNonce', undefined, 1]],
  ['bookTermsUnfit', () => ({ timeInForce: 'ioc', postOnly: true }), ['terms', 1_023, 20]],
  ['priceOutOfRange', () => ({ priceTicks: 0 }), ['priceTicks', 1_000_000, 0]],
  ['priceOutOfRange', () => ({ priceTicks: 1_000_001 }), ['priceTicks', 1_000_000, 1_000_001]],
  ['sizeOutOfRange', () => ({ sizeLots: 0 }), ['sizeLots', 200_000, 0]],
  ['sizeOutOfRange', () => ({ sizeLots: 200_001 }), ['sizeLots', 200_000, 200_001]],
  ['displayOutOfRange', () => ({ displayLots: 2 }), ['displayLots', 1, 2]],
  ['displayOutOfRange', () => ({ sizeLots: 513, displayLots: 2 }), ['displayLots', 3, 2]],
  [
    'timeOutOfRange',
    ({ timeMs }) => ({ goodUntilMs: timeMs, timeInForce: 'gtd' }),
    ['goodUntilMs', 1_000_001, 1_000_000],
  ],
  ['timeOutOfRange', ({ timeMs }) => ({ goodUntilMs: timeMs + 1 }), ['time', 0, 1_000_001]],
  ['triggerOutOfRange', () => ({ trigger: 'stop' }), ['triggerTicks', 1_000_000, 0]],
  ['triggerOutOfRange', () => ({ triggerTicks: 5 }), ['triggerTicks', 0, 5]],
  ['notionalTooSmall', () => ({ priceTicks: 9 }), ['sizeLots', 10, 9]],
  ['ocoUnknown', () => ({ ocoWith: 77 }), ['ocoWith', 0, 77]],
  ['ocoUnknown', () => ({ ocoWith: 2 }), ['ocoWith', 0, 2]],
  ['ocoUnfit', () => ({ ocoWith: 1 }), ['ocoWith', 1, 0]],
  ['postOnlyWouldCross', () => ({ priceTicks: 150, postOnly: true }), ['priceTicks', 150, 150]],
  // Alice has what is left behind her bid of 50 ticks: 500 units and a fee of 0.25, rounded up.
  [
    'insufficientAvailable',
    () => ({ sizeLots: 100_000 }),
    ['sizeLots', 100_000_000 - 501, 100_100_000],
  ],
];

test('every refusal of an order is told by its name, cites its field and changes nothing', () => {
  for (const [code, terms, [field, limit, actual]] of REFUSALS) {
    const { bench, alice, bob } = stage({ sizeLotsMax: 200_000 });
    bench.place(alice, { priceTicks: 50, orderNonce: 1n });
    bench.place(bob, { side: 'sell', priceTicks: 150 });
    const root = bench.machine.root();
    const result = bench.place(alice, terms(bench));
    assert.equal(codeOf(result), code);
    assert.ok(!result.ok);
    const { rejection } = result;
    assert.equal(rejection.field, field, code);
    if (limit !== undefined) assert.equal(rejection.limit, String(limit), code);
    assert.equal(rejection.actual, String(actual), code);
    assert.equal(bench.machine.root(), root, code);
    assert.ok(bench.isZeroSum());
  }
});

test('a market that is full, closed or out of numbers says so', () => {
  const full = stage({ ordersMax: 1 });
  full.bench.place(full.alice);
  assert.equal(codeOf(full.bench.place(full.alice)), 'bookFull');
  const crowded = stage({ accountsMax: 1 });
  crowded.bench.place(crowded.alice);
  assert.equal(codeOf(crowded.bench.place(crowded.bob)), 'bookCapacityReached');
  const closed = stage();
  const enter = (state: 'halted' | 'cancelOnly' | 'postOnly'): void => {
    appliedOf(closed.bench.run({ kind: 'setBookMarketState', marketId, state }));
  };
  enter('cancelOnly');
  assert.equal(codeOf(closed.bench.place(closed.alice)), 'bookStateForbids');
  enter('postOnly');
  assert.equal(codeOf(closed.bench.place(closed.alice, { postOnly: true })), 'accepted');
  enter('halted');
  const cancel = {
    owner: closed.alice.account,
    marketId,
    orderId: 1,
    clientOrderId: NO_CLIENT_ORDER_ID,
  };
  const digest = closed.bench.bookSigning.cancelDigest(cancel);
  const entry = closed.bench.authorise(closed.alice, cancel, digest);
  assert.equal(codeOf(closed.bench.run({ kind: 'cancelBookOrder', entry })), 'bookStateForbids');
});

test('nobody names the order of another, and a reduction reduces', () => {
  const { bench, alice, bob } = stage();
  const { orderId } = appliedOf(bench.place(alice, { sizeLots: 5 }));
  const amend = (owner: Person, terms: Partial<BookOrder>): string => {
    const wish = {
      owner: owner.account,
      marketId,
      orderId,
      clientOrderId: NO_CLIENT_ORDER_ID,
      priceTicks: 0,
      sizeLots: 1,
      ...bench.fresh(),
      ...terms,
    };
    const entry = bench.authorise(owner, wish, bench.bookSigning.amendDigest(wish));
    return codeOf(bench.run({ kind: 'amendBookOrder', entry }));
  };
  assert.equal(amend(bob, {}), 'orderUnknown');
  assert.equal(amend(alice, { sizeLots: 5 }), 'sizeNotReduced');
  assert.equal(amend(alice, { sizeLots: 2 }), 'accepted');
  assert.equal(bench.held(alice, 1), 2n * 1_001n);
  assert.equal(amend(alice, { sizeLots: 90_000, priceTicks: 200 }), 'insufficientAvailable');
  assert.equal(amend(alice, { sizeLots: 3, priceTicks: 200 }), 'accepted');
  assert.equal(bench.held(alice, 1), 3n * 2_001n);
});

test('beside a base layer, books trade assets that do not settle, and markets do not mix', () => {
  const bench = new Bench();
  const register = (symbol: string, settles?: false): void => {
    const asset = { kind: 'registerAsset' as const, symbol, decimals: 6 };
    bench.must(settles === false ? { ...asset, settles } : asset);
  };
  register('USD');
  register('EUR');
  register('PLAYUSD', false);
  register('PLAYBTC', false);
  const create = (base: number, quote: number, bounds = ADMISSION_BOUNDS): string => {
    const { nextSequence: sequence } = bench.machine;
    const parameters = { ...BOOK_PARAMETERS, base: assetId(base), quote: assetId(quote) };
    const input = { kind: 'createBookMarket' as const, parameters };
    return codeOf(bench.machine.apply({ sequence, timeMs: bench.timeMs, input }, bounds));
  };
  assert.equal(create(1, 0), 'settlementMixed');
  assert.equal(create(3, 0), 'settlementMixed');
  assert.equal(create(3, 9), 'assetUnknown');
  assert.equal(create(3, 3), 'sameAsset');
  assert.equal(create(3, 2), 'accepted');
  assert.equal(create(3, 2), 'parametersInvalid');
  const account = at(fundedBook().people, 0).account;
  const units = { assetId: assetId(2), amount: amount(5n) };
  const deposit = bench.apply({ kind: 'deposit', depositNumber: 1, account, ...units });
  assert.equal(codeOf(deposit), 'assetUnknown', 'no base layer holds it');
  assert.equal(codeOf(bench.apply({ kind: 'credit', account, ...units })), 'accepted');
  const elsewhere = new Bench();
  for (const symbol of ['USD', 'EUR']) {
    elsewhere.must({ kind: 'registerAsset', symbol, decimals: 6 });
  }
  const input = { kind: 'createBookMarket' as const, parameters: BOOK_PARAMETERS };
  const entry = { sequence: 3, timeMs: elsewhere.timeMs, input };
  assert.ok(elsewhere.machine.apply(entry, UNSETTLED_BOUNDS).ok, 'everything trades there');
});

test('rules that do not fit together are refused by their field', () => {
  const bench = new Bench();
  for (const symbol of ['BASE', 'QUOTE']) {
    bench.must({ kind: 'registerAsset', symbol, decimals: 6, settles: false });
  }
  const wrong: readonly Partial<BookMarketParameters>[] = [
    { makerFeePpm: -501 },
    { takerFeePpm: 100_001 },
    { lotSize: amount(0n) },
    { tickSize: amount((1n << 40n) + 1n) },
    { priceTicksMax: 0 },
    { ordersMax: (1 << 20) + 1 },
    { marketId: 0 },
  ];
  for (const changes of wrong) {
    const parameters = { ...BOOK_PARAMETERS, ...changes };
    const result = bench.apply({ kind: 'createBookMarket', parameters });
    assert.ok(!result.ok && result.rejection.code === 'parametersInvalid');
    assert.equal(result.rejection.field, `parameters.${Object.keys(changes)[0]}`);
  }
});
