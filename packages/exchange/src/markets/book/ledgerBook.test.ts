// Goal: balances stay exact whole numbers at the edges of 2^53, and what would leave them is
// refused by rule before it happens, or stops the program.
// Method: a book with two accounts and amounts at the edges; reports and purses after each command.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlaceOrder } from './bookCommand.ts';
import { COMMAND_STRIDE, encodeCommand } from './bookCommand.ts';
import type { BookReport } from './bookReport.ts';
import { BOOK_DEFAULTS, LOTS_MAX, ORDERS_MAX, SIDE, TICKS_MAX } from './bookTerms.ts';
import type { LedgerBookParameters } from './ledgerBook.ts';
import { LedgerBook } from './ledgerBook.ts';
import { HELD_MAX, PURSE } from './purses.ts';

const FREE = { lotSize: 1, tickSize: 1, makerFeePpm: 0, takerFeePpm: 0 };

function open(parameters: Partial<LedgerBookParameters> = {}): LedgerBook {
  const small = { ordersMax: 100, accountsMax: 10, windowLevels: 64 };
  return new LedgerBook({ ...BOOK_DEFAULTS, ...small, ...FREE, ...parameters });
}

let lastId = 0;

function place(book: LedgerBook, terms: Partial<PlaceOrder>): BookReport[] {
  lastId += 1;
  const command: PlaceOrder = {
    kind: 'place',
    orderId: lastId,
    account: 1,
    side: 'buy',
    type: 'limit',
    timeInForce: 'gtc',
    postOnly: false,
    selfTradePolicy: 'cancelResting',
    trigger: 'none',
    triggerSource: 'lastTrade',
    priceTicks: 1,
    sizeLots: 1,
    displayLots: 0,
    expiresAt: 0,
    triggerTicks: 0,
    ocoWith: 0,
    ...terms,
  };
  const encoded = new Float64Array(COMMAND_STRIDE);
  encodeCommand(command, encoded, 0);
  book.apply(encoded, 0);
  return book.reports.drain();
}

/** Available and held units of an account: base, then quote. */
function purse(book: LedgerBook, account: number): readonly number[] {
  const { available, held } = book.purses;
  return [PURSE.base, PURSE.quote].flatMap((asset) => {
    const slot = account * 2 + asset;
    return [available[slot] as number, held[slot] as number];
  });
}

test('holds to the last unit what all orders together may hold, and refuses the next', () => {
  const book = open();
  const [first, second] = [HELD_MAX - 5, HELD_MAX];
  book.deposit(1, PURSE.quote, first);
  book.deposit(2, PURSE.quote, second - first);
  // A size times a price just below what is there, and the rest in an order of its own.
  const sizeLots = 2 ** 30;
  const priceTicks = Math.floor(first / sizeLots);
  assert.equal(place(book, { sizeLots, priceTicks })[0]?.kind, 'new');
  const rest = first - sizeLots * priceTicks;
  assert.equal(place(book, { sizeLots: rest, priceTicks: 1 })[0]?.kind, 'new');
  assert.deepEqual(purse(book, 1), [0, 0, 0, first]);
  assert.equal(place(book, { account: 2, sizeLots: 5 })[0]?.kind, 'new');
  assert.equal(book.purses.heldTotal[PURSE.quote], HELD_MAX);
  book.deposit(3, PURSE.quote, 1);
  const [refused] = place(book, { account: 3 });
  assert.equal(refused?.kind === 'rejected' ? refused.code : '', 'capacityReached');
  assert.deepEqual(purse(book, 3), [0, 0, 1, 0]);
});

test('refuses a product that leaves 2^53 by the book, whoever could pay for it', () => {
  const book = open({ tickSize: 1_000 });
  book.deposit(1, PURSE.quote, HELD_MAX);
  const [tooLarge] = place(book, { sizeLots: 2 ** 24, priceTicks: 2 ** 29 });
  assert.equal(tooLarge?.kind === 'rejected' ? tooLarge.code : '', 'notionalTooLarge');
  const [tooDear] = place(book, { sizeLots: 2 ** 24 - 1, priceTicks: 2 ** 29 });
  assert.equal(tooDear?.kind === 'rejected' ? tooDear.code : '', 'insufficientAvailable');
  assert.deepEqual(purse(book, 1), [0, 0, HELD_MAX, 0]);
});

test('stops rather than let an account own more than 2^53 - 1 units', () => {
  const book = open();
  book.deposit(1, PURSE.quote, Number.MAX_SAFE_INTEGER);
  assert.throws(() => book.deposit(1, PURSE.quote, 1), /below 2\^53/);
  assert.throws(() => book.deposit(2, PURSE.base, -1), /below 2\^53/);
  assert.deepEqual(purse(book, 1), [0, 0, Number.MAX_SAFE_INTEGER, 0]);
});

test('moves the largest trade and its fees without losing a unit', () => {
  const book = open({ makerFeePpm: -100, takerFeePpm: 400 });
  const [sizeLots, priceTicks] = [2 ** 21 - 1, 2 ** 30 - 1];
  const worth = sizeLots * priceTicks;
  book.deposit(1, PURSE.base, sizeLots);
  book.deposit(2, PURSE.quote, HELD_MAX);
  place(book, { side: 'sell', sizeLots, priceTicks });
  const told = place(book, { account: 2, sizeLots, priceTicks });
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ['new', 'trade'],
  );
  const takerFee = Number((BigInt(worth) * 400n + 999_999n) / 1_000_000n);
  const rebate = Number((BigInt(worth) * 100n) / 1_000_000n);
  assert.deepEqual(purse(book, 1), [0, 0, worth + rebate, 0]);
  assert.deepEqual(purse(book, 2), [sizeLots, 0, HELD_MAX - worth - takerFee, 0]);
  assert.equal(book.fees, takerFee - rebate);
});

test('stops rather than open with rules under which sums would not hold', () => {
  for (const rules of [
    { lotSize: 0 },
    { tickSize: 0 },
    { makerFeePpm: -2, takerFeePpm: 1 },
    { ordersMax: 0 },
    { ordersMax: ORDERS_MAX + 1 },
    { accountsMax: 0 },
    { accountsMax: ORDERS_MAX + 1 },
    { priceTicksMax: TICKS_MAX + 1 },
    { sizeLotsMax: LOTS_MAX + 1 },
  ]) {
    assert.throws(() => open(rules), /Invariant|rebates|worth|a book|fit/, JSON.stringify(rules));
  }
  open({ ordersMax: 1, accountsMax: 1, makerFeePpm: -1, takerFeePpm: 1 });
  open({ accountsMax: ORDERS_MAX });
});

test('a purchase holds the larger of both fees, and none for a rebate', () => {
  const held = (makerFeePpm: number, takerFeePpm: number): number =>
    open({ tickSize: 1_000, makerFeePpm, takerFeePpm }).holdPerLot(SIDE.buy, 3);
  assert.equal(held(0, 0), 3_000);
  assert.equal(held(-500, 500), 3_002, 'a fee of 1.5 is held rounded up');
  assert.equal(held(900, 100), 3_003, 'a fee of 2.7 is held rounded up');
  assert.equal(open({ lotSize: 7 }).holdPerLot(SIDE.sell, 3), 7);
});
