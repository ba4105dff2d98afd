// Goal: no image that a book cannot stand as reaches the engine, which would stop the process.
// Method: the image of a played book is sound; then one thing is changed at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOOK_PARAMETERS, fundedBook } from '../../../../../testing/exchange/bookBench.ts';
import { at } from '../../failures/invariant.ts';
import type { BookImage, ImageOrder } from './bookImage.ts';
import type { BookMarketParameters } from './bookMarketParameters.ts';
import { imageFlaw } from './imageFlaw.ts';

/** Bids at 99, twice at 98 as a pair that waits and rests, an ask, and a deadline. */
function playedImage(): BookImage {
  const { bench, people } = fundedBook();
  const [alice, bob] = [at(people, 0), at(people, 1)];
  bench.place(alice, { priceTicks: 99, sizeLots: 4 });
  bench.place(alice, { priceTicks: 98, sizeLots: 2 });
  const { trigger, triggerTicks } = { trigger: 'stop' as const, triggerTicks: 200 };
  bench.place(alice, { priceTicks: 98, trigger, triggerTicks, ocoWith: 2 });
  bench.place(bob, { side: 'sell', priceTicks: 120, sizeLots: 3 });
  const beat = { owner: bob.account, marketId: 7, deadlineMs: bench.timeMs + 900 };
  const terms = { ...beat, ...bench.fresh() };
  const digest = bench.bookSigning.heartbeatDigest(terms);
  bench.run({ kind: 'bookHeartbeat', entry: bench.authorise(bob, terms, digest) });
  return bench.book().image();
}

const IMAGE = playedImage();
const RULES: BookMarketParameters = BOOK_PARAMETERS;

function flawOf(change: (order: ImageOrder) => Partial<ImageOrder>, k = 0): string | undefined {
  const orders = IMAGE.orders.map((order, place) => {
    return place === k ? { ...order, ...change(order) } : order;
  });
  return imageFlaw({ ...IMAGE, orders }, RULES);
}

test('the image of a book is sound, with pairs, waiting orders and deadlines', () => {
  assert.equal(imageFlaw(IMAGE, RULES), undefined);
  assert.equal(IMAGE.orders.length, 4);
  assert.equal(IMAGE.deadlines.length, 1);
  assert.equal(IMAGE.orders.filter(({ partner }) => partner !== 0).length, 2);
});

test('a book has no more owners and orders than its rules say', () => {
  assert.match(imageFlaw(IMAGE, { ...RULES, accountsMax: 1 }) ?? '', /more owners/);
  assert.match(imageFlaw(IMAGE, { ...RULES, ordersMax: 3 }) ?? '', /more orders/);
  assert.equal(imageFlaw(IMAGE, { ...RULES, accountsMax: 2, ordersMax: 4 }), undefined);
});

test('owners, orders and deadlines stand in it once', () => {
  const [owner] = IMAGE.owners;
  const owners = IMAGE.owners.map(() => owner ?? at(IMAGE.owners, 0));
  assert.equal(imageFlaw({ ...IMAGE, owners }, RULES), 'an owner twice');
  assert.equal(
    flawOf(() => ({ orderId: at(IMAGE.orders, 1).orderId })),
    'an order twice',
  );
  const deadlines = [...IMAGE.deadlines, ...IMAGE.deadlines];
  assert.equal(imageFlaw({ ...IMAGE, deadlines }, RULES), 'a deadline twice');
  const strange = [{ account: 2, deadline: 5 }];
  assert.equal(imageFlaw({ ...IMAGE, deadlines: strange }, RULES), 'a deadline of nobody');
});

const FLAWS: readonly (readonly [string, Partial<ImageOrder>, string])[] = [
  ['an account beyond the owners', { account: 2 }, 'an order of nobody'],
  ['no id', { orderId: 0 }, 'an order beyond the last'],
  ['an id that was not given out yet', { orderId: 99 }, 'an order beyond the last'],
  ['no price', { priceTicks: 0 }, 'a price out of range'],
  ['a price above the highest', { priceTicks: 1_000_001 }, 'a price out of range'],
  ['nothing left', { leavesLots: 0, shownLots: 0 }, 'a size out of range'],
  ['more left than an order can be', { leavesLots: 1_000_001 }, 'a size out of range'],
  ['more filled than an order can be', { filledLots: 1_000_001 }, 'more filled'],
  ['a tranche beyond any order', { displayLots: 1_000_001 }, 'more shown than'],
  ['a trigger above the highest price', { triggerTicks: 1_000_001 }, 'a trigger out of range'],
  ['more shown than is left', { shownLots: 5 }, 'more or less shown'],
  ['nothing shown while it rests', { shownLots: 0 }, 'more or less shown'],
  ['something shown while it waits', { isWaiting: true }, 'more or less shown'],
  ['a partner that is not there', { partner: 77 }, 'half a pair'],
  ['itself for a partner', { partner: at(IMAGE.orders, 0).orderId }, 'half a pair'],
  ['a partner that has another', { partner: 2 }, 'half a pair'],
];

for (const [what, change, flaw] of FLAWS) {
  test(`an order with ${what} is found out`, () => {
    assert.ok(flawOf(() => change)?.startsWith(flaw), String(flawOf(() => change)));
  });
}

const SOUND: readonly (readonly [string, Partial<ImageOrder>])[] = [
  ['the account of its last owner', { account: 1, partner: 0 }],
  ['the last id that was given out', { orderId: IMAGE.lastOrderId }],
  ['the lowest price', { priceTicks: 1 }],
  ['the highest price', { priceTicks: 1_000_000 }],
  ['one lot left', { leavesLots: 1, shownLots: 1 }],
  ['as much left as an order can be', { leavesLots: 1_000_000, priceTicks: 1 }],
  ['as much filled as an order can be', { filledLots: 1_000_000 }],
  ['the largest tranche', { displayLots: 1_000_000 }],
  ['the highest trigger', { triggerTicks: 1_000_000 }],
  ['one lot shown', { shownLots: 1 }],
  ['all lots shown', { shownLots: 4 }],
];

for (const [what, change] of SOUND) {
  test(`an order with ${what} is sound`, () => {
    const alone = IMAGE.orders.filter(({ orderId }) => orderId !== change.orderId);
    const orders = alone.map((order, k) => (k === 0 ? { ...order, ...change } : order));
    assert.equal(imageFlaw({ ...IMAGE, orders }, RULES), undefined);
  });
}

test('the first id of all is sound, and no id beyond the last', () => {
  const lone = { ...at(IMAGE.orders, 0), partner: 0 };
  const flaw = (orderId: number, lastOrderId: number): string | undefined =>
    imageFlaw({ ...IMAGE, lastOrderId, orders: [{ ...lone, orderId }] }, RULES);
  assert.equal(flaw(1, 1), undefined);
  assert.equal(flaw(2, 1), 'an order beyond the last');
});

test('a pair of two accounts is found out', () => {
  const paired = IMAGE.orders.findIndex(({ partner }) => partner !== 0);
  assert.equal(
    flawOf(() => ({ account: 1 }), paired),
    'half a pair',
  );
});

test('what all orders hold together stays below 2^52, and a pair holds once', () => {
  const wide = { ...RULES, sizeLotsMax: 2 ** 31 - 1, lotSize: (2n ** 20n) as typeof RULES.lotSize };
  const ask = IMAGE.orders.findIndex(({ side }) => side === 'sell');
  const sized = (leavesLots: number): string | undefined => {
    const orders = IMAGE.orders.map((order, k) => {
      return k === ask ? { ...order, leavesLots, shownLots: leavesLots } : order;
    });
    return imageFlaw({ ...IMAGE, orders }, wide);
  };
  // 2^52 - 2^20 units is the largest multiple of a lot below the bound.
  assert.equal(sized(2 ** 31 - 1), undefined);
  assert.equal(
    imageFlaw(IMAGE, { ...wide, lotSize: (2n ** 52n) as typeof RULES.lotSize }),
    'more held than a book can hold',
  );
  // 124,815 lots of 36,082,198,673 units are 2^52 - 1.
  const exact = { ...wide, lotSize: 36_082_198_673n as typeof RULES.lotSize };
  const lots = (leavesLots: number): string | undefined => {
    const order = { ...at(IMAGE.orders, ask), leavesLots, shownLots: leavesLots };
    return imageFlaw({ ...IMAGE, orders: [order] }, exact);
  };
  assert.equal(lots(124_815), undefined);
  assert.equal(lots(124_816), 'more held than a book can hold');
  // Purchases: 4 * 99, and 2 * 98 for the pair, whose other order of one lot holds no more.
  const worth = (tickSize: number): string | undefined => {
    const fees = { makerFeePpm: 0, takerFeePpm: 0 };
    const size = BigInt(tickSize) as typeof RULES.tickSize;
    return imageFlaw(IMAGE, { ...RULES, ...fees, tickSize: size });
  };
  const most = Math.floor((2 ** 52 - 1) / (4 * 99 + 2 * 98));
  assert.equal(worth(most), undefined);
  assert.equal(worth(most + 1), 'more held than a book can hold');
});
