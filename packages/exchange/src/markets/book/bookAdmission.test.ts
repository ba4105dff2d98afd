// Goal: every rule of admission binds at its very limit and not one unit before, cites the limit
// and what was sent, and where several rules are broken the lowest number answers.
// Method: one small book; each rule met at its last lawful number and broken by one more; then
// every two rules broken by one order. Whatever is refused leaves the book as it was.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OrderDesk } from '../../../../../testing/exchange/orderDesk.ts';
import type { BookCommand, PlaceOrder } from './bookCommand.ts';
import { COMMAND, COMMAND_STRIDE, FIELD } from './bookCommand.ts';
import type { BookRejectionCode } from './bookRejections.ts';
import { BOOK_REJECTIONS } from './bookRejections.ts';
import type { BookParameters, MarketState } from './bookTerms.ts';
import { TERM } from './bookTerms.ts';
import { openOrders } from './openOrders.ts';

const MARKET: Partial<BookParameters> = {
  ordersMax: 6,
  accountsMax: 4,
  priceTicksMax: 1_000,
  sizeLotsMax: 5_000,
  notionalMin: 50,
};

/** Account 1 bids at 90 and waits to sell, account 2 asks at 110; the time is 100. */
function desk(parameters: Partial<BookParameters> = {}): OrderDesk {
  const opened = new OrderDesk({ ...MARKET, ...parameters });
  opened.send({ kind: 'advanceTime', now: 100 });
  opened.place('buy', 9, 90);
  opened.place('sell', 9, 110);
  opened.place('sell', 9, 80, { account: 1, trigger: 'stop', triggerTicks: 80 });
  return opened;
}

/** The next order of account 1: a plain purchase at 100. */
function order(changes: Partial<PlaceOrder>): readonly ['buy', number, number, typeof changes] {
  return ['buy', 1, 100, { orderId: 4, ...changes }];
}

/** Placements at a limit: what is still taken, then what is refused, with limit and number sent. */
const LIMITS: readonly (readonly [
  BookRejectionCode,
  Partial<PlaceOrder>,
  Partial<PlaceOrder>,
  number,
  number,
])[] = [
  ['accountOutOfRange', { account: 3 }, { account: 4 }, 3, 4],
  ['accountOutOfRange', { account: 0 }, { account: -1 }, 3, -1],
  ['accountOutOfRange', { account: 0 }, { account: 0.5 }, 3, 0.5],
  ['orderIdUsed', { orderId: 4 }, { orderId: 3 }, 4, 3],
  ['orderIdUsed', { orderId: 2 ** 53 - 1 }, { orderId: 2 ** 53 }, 4, 2 ** 53],
  ['orderIdUsed', { orderId: 5 }, { orderId: 4.5 }, 4, 4.5],
  ['priceOutOfRange', { priceTicks: 1_000 }, { priceTicks: 1_001 }, 1_000, 1_001],
  ['priceOutOfRange', { priceTicks: 1, sizeLots: 50 }, { priceTicks: 0 }, 1_000, 0],
  ['priceOutOfRange', { priceTicks: 99 }, { priceTicks: 99.5 }, 1_000, 99.5],
  ['sizeOutOfRange', { sizeLots: 5_000 }, { sizeLots: 5_001 }, 5_000, 5_001],
  ['sizeOutOfRange', { sizeLots: 1 }, { sizeLots: 0 }, 5_000, 0],
  ['sizeOutOfRange', { sizeLots: 2 }, { sizeLots: 1.5 }, 5_000, 1.5],
  ['displayOutOfRange', { sizeLots: 9, displayLots: 9 }, { sizeLots: 9, displayLots: 10 }, 9, 10],
  ['displayOutOfRange', { sizeLots: 256, displayLots: 1 }, { sizeLots: 257, displayLots: 1 }, 2, 1],
  ['displayOutOfRange', { displayLots: 0 }, { sizeLots: 9, displayLots: -1 }, 9, -1],
  [
    'timeOutOfRange',
    { timeInForce: 'gtd', expiresAt: 101 },
    { timeInForce: 'gtd', expiresAt: 100 },
    101,
    100,
  ],
  [
    'timeOutOfRange',
    { timeInForce: 'gtd', expiresAt: 2 ** 53 - 1 },
    { timeInForce: 'gtd', expiresAt: 2 ** 53 },
    101,
    2 ** 53,
  ],
  ['timeOutOfRange', { expiresAt: 0 }, { expiresAt: 101 }, 0, 101],
  ['timeOutOfRange', { timeInForce: 'ioc' }, { timeInForce: 'ioc', expiresAt: 101 }, 0, 101],
  [
    'triggerOutOfRange',
    { trigger: 'stop', triggerTicks: 1_000 },
    { trigger: 'stop', triggerTicks: 1_001 },
    1_000,
    1_001,
  ],
  [
    'triggerOutOfRange',
    { trigger: 'takeProfit', triggerTicks: 1 },
    { trigger: 'takeProfit', triggerTicks: 0 },
    1_000,
    0,
  ],
  ['triggerOutOfRange', { triggerTicks: 0 }, { triggerTicks: 1 }, 0, 1],
  ['notionalTooSmall', { priceTicks: 50 }, { priceTicks: 49 }, 50, 49],
  [
    'notionalTooSmall',
    { priceTicks: 49, type: 'market', timeInForce: 'ioc' },
    { priceTicks: 49, timeInForce: 'ioc' },
    50,
    49,
  ],
  ['ocoUnknown', { ocoWith: 3 }, { ocoWith: 2 }, 0, 2],
  ['ocoUnknown', { ocoWith: 0 }, { ocoWith: 99 }, 0, 99],
  ['ocoUnfit', { ocoWith: 1, trigger: 'stop', triggerTicks: 900 }, { ocoWith: 1 }, 1, 0],
  [
    'postOnlyWouldCross',
    { postOnly: true, priceTicks: 109 },
    { postOnly: true, priceTicks: 110 },
    110,
    110,
  ],
  [
    'postOnlyWouldCross',
    { side: 'sell', postOnly: true, priceTicks: 91 },
    { side: 'sell', postOnly: true, priceTicks: 90 },
    90,
    90,
  ],
];

for (const [code, taken, refused, limit, actual] of LIMITS) {
  test(`${code}: takes ${JSON.stringify(taken)} and not ${JSON.stringify(refused)}`, () => {
    const one = desk();
    const before = openOrders(one.book);
    assert.deepEqual(one.place(...order(refused)), [`rejected ${code} ${limit} ${actual}`]);
    assert.deepEqual(openOrders(one.book), before);
    assert.match(one.place(...order(taken))[0] ?? '', /^new/);
  });
}

test('a book takes orders up to the number that it holds, those that wait included', () => {
  const one = desk();
  for (let k = 0; k < 3; k += 1) assert.equal(one.place('buy', 1, 80).length, 1);
  assert.deepEqual(one.place('buy', 1, 80), ['rejected bookFull 6 7']);
  assert.deepEqual(one.place('sell', 1, 90, { timeInForce: 'ioc' }), ['rejected bookFull 6 7']);
  one.send({ kind: 'cancel', orderId: 3, account: 1 });
  assert.match(one.place('sell', 1, 90, { timeInForce: 'ioc' })[0] ?? '', /^new/);
});

/** Terms as bits, since words cannot say what does not fit. */
const BITS = { gtc: 0, ioc: 4, fok: 8, gtd: 12, market: 2, posts: TERM.postOnlyBit } as const;
const UNFIT: readonly (readonly [string, number, number])[] = [
  ['an unused self-trade policy', 3 << TERM.stpShift, 0],
  ['an unused trigger', 3 << TERM.triggerShift, 0],
  ['a bit too many', 1_024, 0],
  ['a number below zero', -1, 0],
  ['half a number', 0.5, 0],
  ['no number', Number.NaN, 0],
  ['a market order that would rest', BITS.market, 0],
  ['a market order until a time', BITS.market | BITS.gtd, 0],
  ['an order that takes and posts', BITS.ioc | BITS.posts, 0],
  ['an order that fills whole and posts', BITS.fok | BITS.posts, 0],
  ['an order that takes and hides', BITS.ioc, 1],
  ['an order that fills whole and hides', BITS.fok, 1],
];

/** An encoded placement of account 1 with terms in bits, or any other row of numbers. */
function row(fields: Partial<Record<keyof typeof FIELD, number>>): Float64Array {
  const encoded = new Float64Array(COMMAND_STRIDE);
  const plain = { kind: COMMAND.place, orderId: 4, account: 1, price: 100, size: 1 };
  for (const [name, number] of Object.entries({ ...plain, ...fields })) {
    encoded[FIELD[name as keyof typeof FIELD]] = number;
  }
  return encoded;
}

function codeAfter(one: OrderDesk, encoded: Float64Array): string {
  one.book.apply(encoded, 0);
  const [first] = one.book.reports.drain();
  return first?.kind === 'rejected' ? `${first.code} ${first.limit} ${first.actual}` : 'taken';
}

test('terms that contradict one another are refused, and the others taken', () => {
  for (const [what, terms, display] of UNFIT) {
    assert.equal(codeAfter(desk(), row({ terms, display })), `termsUnfit 1023 ${terms}`, what);
  }
  for (const terms of [0, BITS.ioc, BITS.fok, BITS.market | BITS.ioc, BITS.market | BITS.fok]) {
    assert.equal(codeAfter(desk(), row({ terms })), 'taken', String(terms));
  }
  const hides = row({ terms: BITS.gtc, display: 1 });
  assert.equal(codeAfter(desk(), hides), 'taken');
});

test('there are nine kinds of commands and four states of a market', () => {
  for (const kind of [0, 10, 2.5, Number.NaN]) {
    assert.equal(codeAfter(desk(), row({ kind })), `commandUnknown 9 ${kind}`);
  }
  const kind = COMMAND.marketState;
  for (const terms of [-1, 4, 0.5]) {
    assert.equal(codeAfter(desk(), row({ kind, terms })), `commandUnknown 3 ${terms}`);
  }
});

/** A change that breaks one rule of a placement, whatever else is broken. */
const BREAKS: readonly (readonly [BookRejectionCode, Partial<PlaceOrder>])[] = [
  ['accountOutOfRange', { account: 4 }],
  ['orderIdUsed', { orderId: 1 }],
  ['termsUnfit', { type: 'market', timeInForce: 'gtc' }],
  ['priceOutOfRange', { priceTicks: 1_001 }],
  ['sizeOutOfRange', { sizeLots: 5_001 }],
  ['displayOutOfRange', { displayLots: 4_999_999 }],
  ['timeOutOfRange', { expiresAt: 7 }],
  ['triggerOutOfRange', { triggerTicks: 7 }],
  ['notionalTooSmall', { priceTicks: 30 }],
  ['ocoUnknown', { ocoWith: 77 }],
  ['postOnlyWouldCross', { side: 'sell', postOnly: true, priceTicks: 60 }],
];

test('of two broken rules the one with the lower number answers', () => {
  const numbers = BREAKS.map(([code]) => BOOK_REJECTIONS[code].number);
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
  );
  for (const [k, [code, first]] of BREAKS.entries()) {
    for (const [, second] of BREAKS.slice(k + 1)) {
      const both = { ...second, ...first };
      const [told] = desk().place(...order(both));
      assert.match(told ?? '', new RegExp(`^rejected ${code} `), JSON.stringify(both));
    }
  }
});

test('before the rules of an order come the state of the market and, first, its account', () => {
  for (const state of ['cancelOnly', 'halted'] as const) {
    const one = desk();
    one.send({ kind: 'marketState', state });
    for (const [code, changes] of BREAKS.slice(1)) {
      assert.match(one.place(...order(changes))[0] ?? '', /^rejected stateForbids 0/, code);
    }
    assert.equal(one.place(...order({ account: 4 }))[0], 'rejected accountOutOfRange 3 4');
  }
});

/** What each state takes, of placements, posts, replacements, reductions and cancels. */
const STATES: readonly (readonly [MarketState, readonly boolean[]])[] = [
  ['open', [true, true, true, true, true, true]],
  ['postOnly', [false, true, true, true, true, true]],
  ['cancelOnly', [false, false, false, true, true, true]],
  ['halted', [false, false, false, false, false, false]],
];

for (const [state, takes] of STATES) {
  test(`a market that is ${state} takes what it should`, () => {
    const [orderId, account] = [1, 1];
    const commands: readonly BookCommand[] = [
      { kind: 'replace', orderId, account, priceTicks: 89, sizeLots: 9 },
      { kind: 'reduce', orderId, account, sizeLots: 5 },
      { kind: 'cancel', orderId, account },
      { kind: 'cancelAll', account },
    ];
    const taken = (told: readonly string[]): boolean => !(told[0] ?? '').startsWith('rejected');
    const opened = (): OrderDesk => {
      const one = desk();
      one.send({ kind: 'marketState', state });
      return one;
    };
    const answers = [
      opened().place(...order({})),
      opened().place(...order({ postOnly: true })),
      ...commands.map((command) => opened().send(command)),
    ];
    assert.deepEqual(answers.map(taken), takes);
  });
}

test('in a market that takes posts alone, a replacement may not cross either', () => {
  const one = desk();
  one.send({ kind: 'marketState', state: 'postOnly' });
  const replace = { kind: 'replace', orderId: 1, account: 1, sizeLots: 9 } as const;
  assert.deepEqual(one.send({ ...replace, priceTicks: 110 }), [
    'rejected postOnlyWouldCross 110 110',
  ]);
  assert.deepEqual(one.send({ ...replace, priceTicks: 109 }), [
    'replaced 1: 9 at 109, leaves 9 (lostPriority)',
  ]);
});

test('a replacement is bound by the limits of price, size, tranches and worth', () => {
  const one = desk();
  one.place('buy', 512, 90, { displayLots: 2 });
  const replace = (sizeLots: number, priceTicks: number): string[] =>
    one.send({ kind: 'replace', orderId: 4, account: 1, priceTicks, sizeLots });
  for (const [sizeLots, priceTicks, told] of [
    [512, 0, 'priceOutOfRange 1000 0'],
    [512, 1_001, 'priceOutOfRange 1000 1001'],
    [0, 90, 'sizeOutOfRange 5000 0'],
    [5_001, 90, 'sizeOutOfRange 5000 5001'],
    [513, 90, 'displayOutOfRange 3 2'],
    [7, 7, 'notionalTooSmall 50 49'],
  ] as const) {
    assert.deepEqual(replace(sizeLots, priceTicks), [`rejected ${told}`]);
  }
  assert.deepEqual(replace(512, 89), ['replaced 4: 512 at 89, leaves 512 (lostPriority)']);
  assert.deepEqual(replace(10, 5), ['replaced 4: 10 at 5, leaves 10 (lostPriority)']);
});

test('a replacement to what has traded ends the order, whether or not it would cross', () => {
  const one = desk();
  one.place('buy', 5, 100, { postOnly: true });
  one.place('sell', 3, 100);
  const replace = (sizeLots: number): string[] =>
    one.send({ kind: 'replace', orderId: 4, account: 1, priceTicks: 110, sizeLots });
  assert.deepEqual(replace(4), ['rejected postOnlyWouldCross 110 110']);
  assert.deepEqual(replace(3), ['canceled 4: 2 at 100, leaves 0 (owner)']);
});

test('a reduction states less than there is, and one to what has traded ends the order', () => {
  const one = desk();
  one.place('sell', 3, 90);
  const reduce = (sizeLots: number): string[] =>
    one.send({ kind: 'reduce', orderId: 1, account: 1, sizeLots });
  assert.deepEqual(reduce(9), ['rejected sizeNotReduced 8 9']);
  assert.deepEqual(reduce(0), ['rejected sizeOutOfRange 5000 0']);
  assert.deepEqual(reduce(5_001), ['rejected sizeOutOfRange 5000 5001']);
  assert.deepEqual(reduce(8), ['reduced 1: 8 at 90, leaves 5 (owner)']);
  assert.deepEqual(reduce(4), ['reduced 1: 4 at 90, leaves 1 (owner)']);
  assert.deepEqual(reduce(3), ['canceled 1: 1 at 90, leaves 0 (owner)']);
});

test('an order that waits is replaced in place, also to more, and fires as it then is', () => {
  const one = desk();
  const replace = { kind: 'replace', orderId: 3, account: 1 } as const;
  assert.deepEqual(one.send({ ...replace, priceTicks: 85, sizeLots: 20 }), [
    'replaced 3: 20 at 85, leaves 20 (keptPriority)',
  ]);
  one.place('sell', 9, 90);
  one.place('buy', 1, 80, { account: 3 });
  assert.deepEqual(one.place('sell', 1, 80).slice(1), [
    'trade 5 with 6: 1 at 80, leaves 0',
    'triggered 3: 20 at 85, leaves 20',
  ]);
  assert.deepEqual(one.place('buy', 20, 85, { account: 3 }).slice(1), [
    'trade 3 with 7: 20 at 85, leaves 0',
  ]);
});

test('time, heartbeats, oracle prices and cancels of all are bound as well', () => {
  const one = desk();
  const told = (command: BookCommand): string => one.send(command).join();
  assert.equal(told({ kind: 'advanceTime', now: 99 }), 'rejected timeOutOfRange 100 99');
  assert.equal(told({ kind: 'advanceTime', now: 100.5 }), 'rejected timeOutOfRange 100 100.5');
  assert.equal(told({ kind: 'advanceTime', now: 100 }), '');
  assert.equal(
    told({ kind: 'advanceTime', now: 2 ** 53 }),
    `rejected timeOutOfRange 100 ${2 ** 53}`,
  );
  const beat = { kind: 'heartbeat', account: 1 } as const;
  assert.equal(told({ ...beat, deadline: 100 }), 'rejected timeOutOfRange 101 100');
  assert.equal(told({ ...beat, deadline: -1 }), 'rejected timeOutOfRange 101 -1');
  assert.equal(told({ ...beat, deadline: 2 ** 53 }), `rejected timeOutOfRange 101 ${2 ** 53}`);
  assert.equal(told({ ...beat, deadline: 101 }), '');
  assert.equal(told({ ...beat, deadline: 0 }), '', 'the switch is off again');
  assert.equal(told({ kind: 'advanceTime', now: 101 }), '');
  assert.equal(told({ ...beat, account: 4, deadline: 0 }), 'rejected accountOutOfRange 3 4');
  assert.equal(told({ kind: 'oraclePrice', priceTicks: 0 }), 'rejected priceOutOfRange 1000 0');
  assert.equal(told({ kind: 'oraclePrice', priceTicks: 1_000 }), '');
  assert.equal(
    told({ kind: 'oraclePrice', priceTicks: 1_001 }),
    'rejected priceOutOfRange 1000 1001',
  );
  assert.equal(told({ kind: 'cancelAll', account: 4 }), 'rejected accountOutOfRange 3 4');
  assert.equal(told({ kind: 'cancelAll', account: 3 }), '', 'who has no orders may ask');
  assert.equal(openOrders(one.book).length, 3);
});
