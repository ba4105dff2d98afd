import { FillRules, feeUnits, rampedBudget } from '@lawbook/exchange/markets/batch/fillRules';
import type { BatchTransition } from '@lawbook/exchange/transition';
import type { OrderRecord, OrderStatus, ResidualReason } from '../venueTypes.ts';

/** How one row of a batch ended. */
export interface OrderOutcome {
  readonly status: OrderStatus;
  readonly paid: bigint;
  readonly received: bigint;
  readonly fee: bigint;
  readonly residual: ResidualReason | undefined;
}

/** Explains every row of a cleared batch: what it got and, where it did not fill whole, why. */
export class OrderOutcomes {
  readonly #transition: BatchTransition;
  readonly #rules: FillRules;
  readonly #canceled: Set<number>;
  readonly #blocked: Set<number>;

  constructor(transition: BatchTransition) {
    this.#transition = transition;
    const { parameters, oracle, solution, cancellations } = transition;
    this.#rules = new FillRules(parameters, oracle, solution);
    this.#canceled = new Set(cancellations.map(({ row }) => row));
    this.#blocked = new Set(solution.blocked);
  }

  /** The outcome of a row. */
  outcome(row: number): OrderOutcome {
    const { orders, fills } = this.#transition;
    const paid = fills.paid[row] as bigint;
    const received = fills.received[row] as bigint;
    const budget = orders.budget[row] as bigint;
    const rule = this.#rules.pair(orders.pay[row] as number, orders.receive[row] as number);
    const fee = feeUnits(rule, paid);
    if (paid === budget) return { status: 'filled', paid, received, fee, residual: undefined };
    const residual = this.#residual(row, paid);
    const status = residual === 'expired' ? 'expired' : 'canceled';
    return { status: paid > 0n ? 'partiallyFilled' : status, paid, received, fee, residual };
  }

  #residual(row: number, paid: bigint): ResidualReason {
    const { orders, report } = this.#transition;
    if (this.#canceled.has(row)) return 'canceled';
    if (orders.canceled[row] === 1) return 'expired';
    if (report.outcome.kind === 'halted') return 'halted';
    if (this.#blocked.has(row)) return 'blocked';
    const order = orders.order(row);
    const ramped = rampedBudget(this.#rules.pair(order.pay, order.receive), order);
    if (ramped === 0n) return 'limit';
    if (paid > 0n) return ramped < order.budget ? 'limit' : 'rationed';
    return order.minFillPpm > 0 ? 'minimumFill' : 'rationed';
  }
}

/** The final record of a row. */
export function finalRecord(
  transition: BatchTransition,
  outcomes: OrderOutcomes,
  row: number,
  place: { readonly admitted: Admission; readonly endedBy: number },
): OrderRecord {
  return {
    orderId: transition.orders.orderId(row),
    order: transition.orders.order(row),
    sequence: place.admitted.sequence,
    admittedAtMs: place.admitted.timeMs,
    batchNumber: transition.batchNumber,
    ...outcomes.outcome(row),
    endedBy: place.endedBy,
  };
}

/** Where in the one order of things an order was admitted. */
export interface Admission {
  readonly sequence: number;
  readonly timeMs: number;
}
