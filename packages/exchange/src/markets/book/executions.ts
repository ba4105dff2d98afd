import { invariant } from '../../failures/invariant.ts';
import type { AccountId } from '../../ledger/account.ts';
import type { BookOrder } from '../../orders/bookOrder.ts';
import type { BookMarketParameters } from './bookMarketParameters.ts';
import type { BookReport, OrderReport } from './bookReport.ts';
import type { BookOrderStatus, ExecType, ExecutionReport } from './executionReport.ts';
import { feeOf } from './fees.ts';

/** An open order of a market with what its owner wants to know of it. */
export interface OpenBookOrder {
  readonly orderId: number;
  readonly account: number;
  readonly owner: AccountId;
  /** As it was signed; price and size may have been amended since. */
  readonly order: BookOrder;
  /** Sequence number and time of its admission. */
  readonly sequence: number;
  readonly admittedAtMs: number;
  priceTicks: number;
  leavesLots: number;
  filledLots: number;
  filledNotional: bigint;
}

/** The open orders of a market and the number of its last trade, which reports change. */
export interface OrderFacts {
  readonly parameters: BookMarketParameters;
  readonly open: Map<number, OpenBookOrder>;
  tradeCount: number;
}

/** The order that the first report of a placement is about. */
export type Arrival = Omit<
  OpenBookOrder,
  'priceTicks' | 'leavesLots' | 'filledLots' | 'filledNotional'
>;

/**
 * Follows the reports of a command and tells them order by order: two for each match. Orders that
 * end leave the map.
 */
export function followReports(
  facts: OrderFacts,
  reports: readonly BookReport[],
  arrival?: Arrival,
): ExecutionReport[] {
  return reports.flatMap((report) => {
    if (report.kind === 'rejected' || report.kind === 'marketState') return [];
    if (report.kind === 'new') return [arrive(facts, report, arrival)];
    // What icebergs show next is for feeds; nothing of the order itself has changed.
    if (report.kind === 'refreshed') return [];
    const order = openOrder(facts, report.orderId);
    if (report.kind === 'trade' || report.kind === 'decremented') {
      return match(facts, report, order, openOrder(facts, report.contra));
    }
    return [change(facts, report, order)];
  });
}

function arrive(
  facts: OrderFacts,
  report: OrderReport,
  arrival: Arrival | undefined,
): ExecutionReport {
  invariant(arrival !== undefined && arrival.orderId === report.orderId, 'a new order was placed');
  const { priceTicks, leavesLots } = report;
  const order = { ...arrival, priceTicks, leavesLots, filledLots: 0, filledNotional: 0n };
  facts.open.set(order.orderId, order);
  return tell(order, { execType: 'new', reason: report.reason });
}

function change(facts: OrderFacts, report: OrderReport, order: OpenBookOrder): ExecutionReport {
  order.priceTicks = report.priceTicks;
  order.leavesLots = report.leavesLots;
  if (report.kind === 'canceled' || report.kind === 'expired') {
    facts.open.delete(order.orderId);
    const told = tell(order, { execType: report.kind, reason: report.reason });
    return { ...told, orderStatus: report.kind, size: told.size + report.lots };
  }
  const execType: ExecType = report.kind === 'triggered' ? 'triggered' : 'replaced';
  return tell(order, { execType, reason: report.reason });
}

function match(
  facts: OrderFacts,
  report: OrderReport,
  maker: OpenBookOrder,
  taker: OpenBookOrder,
): ExecutionReport[] {
  const { lots, priceTicks: price } = report;
  const isTrade = report.kind === 'trade';
  if (isTrade) facts.tradeCount += 1;
  const { tickSize, makerFeePpm, takerFeePpm } = facts.parameters;
  const worth = lots * price * Number(tickSize);
  return [
    { order: maker, contra: taker, role: 'maker' as const, feePpm: makerFeePpm },
    { order: taker, contra: maker, role: 'taker' as const, feePpm: takerFeePpm },
  ].map(({ order, contra, role, feePpm }) => {
    order.leavesLots -= lots;
    if (!isTrade) {
      const told = tell(order, { execType: 'restated', reason: 'selfTrade' });
      // Lots that were given up fill nothing; the end of an order without any is told next.
      return { ...told, orderStatus: order.filledLots === 0 ? 'new' : 'partiallyFilled' };
    }
    order.filledLots += lots;
    order.filledNotional += BigInt(lots) * BigInt(price);
    if (order.leavesLots === 0) facts.open.delete(order.orderId);
    const told = tell(order, { execType: 'trade', reason: 'none' });
    return {
      ...told,
      lastPrice: price,
      lastSize: lots,
      fee: BigInt(feeOf(worth, feePpm)),
      role,
      contraOrderId: contra.orderId,
      tradeNumber: facts.tradeCount,
    };
  });
}

function tell(
  order: OpenBookOrder,
  event: Pick<ExecutionReport, 'execType' | 'reason'>,
): ExecutionReport {
  return {
    ...event,
    orderStatus: statusOf(order),
    orderId: order.orderId,
    clientOrderId: order.order.clientOrderId,
    owner: order.owner,
    side: order.order.side,
    price: order.priceTicks,
    size: order.filledLots + order.leavesLots,
    lastPrice: 0,
    lastSize: 0,
    cumulativeSize: order.filledLots,
    leavesSize: order.leavesLots,
    cumulativeNotional: order.filledNotional,
    fee: 0n,
    role: undefined,
    contraOrderId: 0,
    tradeNumber: 0,
  };
}

/** The status of an order that is open or was just filled. */
export function statusOf({ filledLots, leavesLots }: OpenBookOrder): BookOrderStatus {
  if (filledLots === 0) return 'new';
  return leavesLots === 0 ? 'filled' : 'partiallyFilled';
}

function openOrder(facts: OrderFacts, orderId: number): OpenBookOrder {
  const order = facts.open.get(orderId);
  invariant(order !== undefined, 'a report is about an open order');
  return order;
}
