// Goal: execution reports alone tell an owner all that became of an order: what traded at which
// price and fee, what is left, and why it ended.
// Method: seeded scripts over all inputs of a book; every report is followed as an owner would,
// with sums made anew from the trades alone, and compared with what the market knows of open
// orders.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BookBench } from '../../../../testing/exchange/bookBench.ts';
import { BOOK_PARAMETERS, fundedBook } from '../../../../testing/exchange/bookBench.ts';
import { BookScript } from '../../../../testing/world/bookScript.ts';
import { SeededRandom } from '../../../../testing/world/seededRandom.ts';
import { at } from '../failures/invariant.ts';
import { SystemRole, systemAccount } from '../ledger/account.ts';
import type { BookInput } from '../markets/book/bookInputs.ts';
import type { ExecutionReport } from '../markets/book/executionReport.ts';
import type { OpenBookOrder } from '../markets/book/executions.ts';
import type { BookOrder } from '../orders/bookOrder.ts';

const { marketId, tickSize, makerFeePpm, takerFeePpm } = BOOK_PARAMETERS;

/** What an owner knows of an order. */
interface Known {
  readonly order: BookOrder;
  price: number;
  cumulative: number;
  leaves: number;
  notional: bigint;
}

/** Follows execution reports and objects to the first that does not follow from those before. */
class Follower {
  readonly known = new Map<number, Known>();
  readonly seen = new Set<string>();
  trades = 0;
  fees = 0n;

  follow(input: BookInput, executions: readonly ExecutionReport[]): void {
    for (const [k, report] of executions.entries()) {
      this.seen.add(report.execType);
      if (report.execType === 'new') this.#begin(input, report);
      const known = this.known.get(report.orderId);
      assert.ok(known !== undefined, `order ${report.orderId} is known`);
      const { owner, side, clientOrderId } = known.order;
      assert.deepEqual(
        [report.owner, report.side, report.clientOrderId],
        [owner, side, clientOrderId],
      );
      if (report.execType === 'trade') this.#trade(known, report, executions, k);
      else this.#change(known, report, input);
      assert.equal(report.price, known.price);
      assert.equal(report.cumulativeSize, known.cumulative);
      assert.equal(report.leavesSize, known.leaves);
      assert.equal(report.cumulativeNotional, known.notional);
      if (known.leaves === 0 && report.execType !== 'restated') this.known.delete(report.orderId);
    }
  }

  assertOpen(open: ReadonlyMap<number, OpenBookOrder>): void {
    const told = [...open.values()].map((one) => [one.orderId, one.priceTicks, one.leavesLots]);
    const known = [...this.known].map(([orderId, { price, leaves }]) => [orderId, price, leaves]);
    assert.deepEqual(told, known);
  }

  #begin(input: BookInput, { orderId, reason, size }: ExecutionReport): void {
    assert.ok(input.kind === 'submitBookOrder');
    const order = input.entry.terms;
    assert.equal(reason, order.trigger === 'none' ? 'none' : 'waiting');
    assert.equal(size, order.sizeLots);
    const { priceTicks: price, sizeLots: leaves } = order;
    this.known.set(orderId, { order, price, leaves, cumulative: 0, notional: 0n });
  }

  #trade(
    known: Known,
    report: ExecutionReport,
    executions: readonly ExecutionReport[],
    k: number,
  ): void {
    const { lastPrice, lastSize, role } = report;
    const isMaker = role === 'maker';
    const other = at(executions, isMaker ? k + 1 : k - 1);
    if (isMaker) this.trades += 1;
    assert.deepEqual(
      [other.execType, other.role, other.lastPrice, other.lastSize, other.tradeNumber],
      ['trade', isMaker ? 'taker' : 'maker', lastPrice, lastSize, report.tradeNumber],
    );
    assert.equal(report.tradeNumber, this.trades);
    assert.equal(report.contraOrderId, other.orderId);
    assert.notEqual(report.side, other.side);
    if (isMaker) assert.equal(lastPrice, known.price, 'the price of the order that rested');
    else assert.ok(report.side === 'buy' ? lastPrice <= known.price : lastPrice >= known.price);
    const worth = BigInt(lastPrice) * BigInt(lastSize) * tickSize;
    assert.equal(report.fee, feeIn(worth, BigInt(isMaker ? makerFeePpm : takerFeePpm)));
    assert.equal(report.reason, 'none');
    this.fees += report.fee;
    known.cumulative += lastSize;
    known.leaves -= lastSize;
    known.notional += BigInt(lastPrice) * BigInt(lastSize);
    assert.equal(report.orderStatus, known.leaves === 0 ? 'filled' : 'partiallyFilled');
    assert.equal(report.size, known.cumulative + known.leaves);
  }

  /** Everything but a trade. */
  #change(known: Known, report: ExecutionReport, input: BookInput): void {
    const { execType, size, leavesSize, orderStatus } = report;
    const { lastPrice, lastSize, fee, role, contraOrderId, tradeNumber } = report;
    const ofTrade = [lastPrice, lastSize, fee, role, contraOrderId, tradeNumber];
    assert.deepEqual(ofTrade, [0, 0, 0n, undefined, 0, 0], execType);
    const whole = known.cumulative + known.leaves;
    if (execType === 'canceled' || execType === 'expired') {
      assert.deepEqual([size, leavesSize, orderStatus], [whole, 0, execType]);
      known.leaves = 0;
      return;
    }
    if (execType === 'replaced') {
      assert.ok(input.kind === 'amendBookOrder');
      const { priceTicks, sizeLots } = input.entry.terms;
      if (priceTicks !== 0) known.price = priceTicks;
      known.leaves = sizeLots - known.cumulative;
    } else if (execType === 'restated') {
      assert.equal(report.reason, 'selfTrade');
      assert.ok(leavesSize < known.leaves);
      known.leaves = leavesSize;
    } else assert.equal(leavesSize, known.leaves);
    assert.equal(size, known.cumulative + known.leaves);
    assert.equal(orderStatus, known.cumulative === 0 ? 'new' : 'partiallyFilled');
  }
}

/** Parts per million, rounded up whatever the sign. */
function feeIn(worth: bigint, ppm: bigint): bigint {
  const product = worth * ppm;
  return product > 0n ? (product + 999_999n) / 1_000_000n : product / 1_000_000n;
}

function runScript(seed: number, seen: Set<string>): void {
  const { bench, people } = fundedBook({}, ['alice', 'bob', 'carol']);
  bench.signs = false;
  const script = new BookScript(bench, people, new SeededRandom(seed));
  const follower = new Follower();
  const apply = (input: BookInput): void => {
    const result = bench.apply(input);
    if (!result.ok) return;
    assert.ok(result.value.kind === 'bookApplied');
    follower.follow(input, result.value.executions);
  };
  for (let step = 0; step < 400; step += 1) {
    const input = script.next() as BookInput;
    if (bench.book().isDue(bench.timeMs)) apply({ kind: 'bookTick', marketId, oracleTicks: 0 });
    apply(input);
    follower.assertOpen(bench.book().open);
  }
  assert.equal(bench.book().tradeCount, follower.trades);
  assert.equal(feesOf(bench), follower.fees);
  for (const one of follower.seen) seen.add(one);
}

function feesOf(bench: BookBench): bigint {
  const account = systemAccount(SystemRole.fees, marketId);
  return bench.machine.state.ledger.total(account, BOOK_PARAMETERS.quote);
}

test('every execution report follows from those before it, and fees are what was booked', () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 4; seed += 1) runScript(seed, seen);
  assert.deepEqual([...seen].sort(), [
    'canceled',
    'expired',
    'new',
    'replaced',
    'restated',
    'trade',
    'triggered',
  ]);
});
