// Goal: what the ticket says an order costs and holds is what the book makes of it. Method: the
// ledger's own book places the same orders, and examples around the edges of a ladder.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BookScale } from '@lawbook/api/client/bookScale';
import type { BookView } from '@lawbook/api/schema/bookViews';
import { LedgerBook } from '@lawbook/exchange/markets/book/ledgerBook';
import type { BookOrder } from '@lawbook/exchange/orders/bookOrder';
import fc from 'fast-check';
import { Ladder } from '../../packages/web/src/live/ladder.ts';
import { estimateOrder, heldUnits } from '../../packages/web/src/screens/trade/book/estimate.ts';

const RULES = {
  lotUnits: '1000000',
  tickUnits: '100',
  baseDecimals: 6,
  quoteDecimals: 6,
  makerFeePpm: 0,
  takerFeePpm: 200,
} as BookView;

const level = (ticks: number, lots: number) => {
  return { price: `${(ticks / 10_000).toFixed(4)}00000000`, size: `${lots}.000000` };
};

function ladder(): Ladder {
  const units = { lotUnits: 1_000_000n, tickUnits: 100n, baseDecimals: 6, quoteDecimals: 6 };
  const made = new Ladder(new BookScale(units));
  const asks = [level(11_001, 10), level(11_003, 20)];
  made.reset({ bids: [level(11_000, 5)], asks, checksum: '00000000' });
  return made;
}

const order = (terms: Partial<BookOrder>): BookOrder => {
  const plain = { side: 'buy', priceTicks: 11_003, sizeLots: 15, timeInForce: 'gtc' } as const;
  return { ...plain, postOnly: false, trigger: 'none', ...terms } as BookOrder;
};

test('holds what the ledger holds, to the unit', () => {
  const book = new LedgerBook({
    ...{ ordersMax: 16, accountsMax: 2, priceTicksMax: 1_000_000, sizeLotsMax: 1_000_000 },
    ...{ notionalMin: 1, breakerBandPpm: 0, breakerWindow: 0, windowLevels: 64 },
    ...{ makerFeePpm: 0, takerFeePpm: 200, lotSize: 1_000_000, tickSize: 100 },
  });
  const ticks = fc.integer({ min: 1, max: 1_000_000 });
  const lots = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(ticks, lots, fc.constantFrom('buy', 'sell'), (priceTicks, sizeLots, side) => {
      const theirs = sizeLots * book.holdPerLot(side === 'buy' ? 0 : 1, priceTicks);
      assert.equal(heldUnits({ side, priceTicks, sizeLots }, RULES), BigInt(theirs));
    }),
  );
});

test('walks the ladder up to the limit, and rests what is left', () => {
  const all = estimateOrder(order({}), ladder(), RULES);
  assert.deepEqual([all.tradesLots, all.restsLots], [15, 0]);
  assert.equal(all.notional, 11_001n * 10n + 11_003n * 5n);
  assert.deepEqual([all.bestTicks, all.worstTicks], [11_001, 11_003]);
  // 165,025 ticks and lots are 16,502,500 units; two basis points of that, rounded up.
  assert.equal(all.feeUnits, 3301n);
  const near = estimateOrder(order({ priceTicks: 11_001 }), ladder(), RULES);
  assert.deepEqual([near.tradesLots, near.restsLots], [10, 5]);
  const ioc = estimateOrder(order({ priceTicks: 11_001, timeInForce: 'ioc' }), ladder(), RULES);
  assert.deepEqual([ioc.tradesLots, ioc.restsLots], [10, 0]);
});

test('says beforehand what the venue would refuse or end', () => {
  const post = estimateOrder(order({ postOnly: true }), ladder(), RULES);
  assert.equal(post.problem, 'postOnlyCrosses');
  const fok = estimateOrder(order({ timeInForce: 'fok', sizeLots: 31 }), ladder(), RULES);
  assert.equal(fok.problem, 'fillOrKillTooLarge');
  assert.equal(fok.tradesLots, 0);
});

test('an order with a trigger trades nothing at once', () => {
  const stop = estimateOrder(order({ trigger: 'stop', triggerTicks: 11_010 }), ladder(), RULES);
  assert.deepEqual([stop.tradesLots, stop.worstTicks], [0, undefined]);
});
