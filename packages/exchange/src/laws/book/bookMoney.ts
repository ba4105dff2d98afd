import type { AccountId } from '../../ledger/account.ts';
import { SystemRole, systemAccount } from '../../ledger/account.ts';
import type { BookCommand } from '../../markets/book/bookCommand.ts';
import type { BookMarketParameters } from '../../markets/book/bookMarketParameters.ts';
import type { OrderReport } from '../../markets/book/bookReport.ts';
import type { LoggedOrder } from '../../markets/book/judge/bookLog.ts';

/** Units of the two assets of a market. */
export interface Moved {
  base: bigint;
  quote: bigint;
}

const MILLION = 1_000_000n;

/** The fee of a trade: parts per million of its quote amount, rounded up whatever the sign. */
export function restatedFee(units: bigint, ppm: number): bigint {
  const product = units * BigInt(ppm);
  const quotient = product / MILLION;
  return product > 0n && product % MILLION !== 0n ? quotient + 1n : quotient;
}

/** What an order has to hold, restated: for each open lot the most that it can cost. */
export function restatedHold(
  parameters: BookMarketParameters,
  order: { readonly side: 'buy' | 'sell'; readonly price: number; readonly leaves: number },
): bigint {
  if (order.side === 'sell') return BigInt(order.leaves) * parameters.lotSize;
  const lot = BigInt(order.price) * parameters.tickSize;
  const ppm = Math.max(parameters.makerFeePpm, parameters.takerFeePpm, 0);
  return BigInt(order.leaves) * (lot + restatedFee(lot, ppm));
}

/**
 * What a placement or a replacement holds beyond what is held already. The two orders of a pair on
 * one side hold together what the larger needs. Undefined for commands that hold nothing more.
 */
export function restatedNeed(
  parameters: BookMarketParameters,
  command: BookCommand,
  find: (orderId: number) => LoggedOrder | undefined,
): bigint | undefined {
  if (command.kind === 'place') {
    const { side, priceTicks: price, sizeLots: leaves, ocoWith } = command;
    const own = restatedHold(parameters, { side, price, leaves });
    return larger(own - sameSide(parameters, find(ocoWith), side), 0n);
  }
  if (command.kind !== 'replace') return undefined;
  const order = find(command.orderId);
  if (order === undefined) return undefined;
  const { side } = order.placed;
  const leaves = command.sizeLots - order.filled;
  if (leaves <= 0) return undefined;
  const other = sameSide(parameters, order.partner, side);
  const before = restatedHold(parameters, { side, price: order.price, leaves: order.leaves });
  const after = restatedHold(parameters, { side, price: command.priceTicks, leaves });
  return larger(after, other) - larger(before, other);
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function sameSide(
  parameters: BookMarketParameters,
  order: LoggedOrder | undefined,
  side: 'buy' | 'sell',
): bigint {
  if (order === undefined || order.placed.side !== side) return 0n;
  return restatedHold(parameters, { side, price: order.price, leaves: order.leaves });
}

/** Sums what trades and fees move, vault by vault. */
export class BookMoney {
  readonly moved: Map<AccountId, Moved> = new Map();
  readonly #parameters: BookMarketParameters;
  readonly #fees: AccountId;

  constructor(parameters: BookMarketParameters) {
    this.#parameters = parameters;
    this.#fees = systemAccount(SystemRole.fees, parameters.marketId);
  }

  /** Books one trade between two owners. */
  trade(report: OrderReport, maker: AccountId, taker: AccountId): void {
    const { lotSize, tickSize, makerFeePpm, takerFeePpm } = this.#parameters;
    const units = BigInt(report.lots) * lotSize;
    const worth = BigInt(report.lots) * BigInt(report.priceTicks) * tickSize;
    const makerFee = restatedFee(worth, makerFeePpm);
    const takerFee = restatedFee(worth, takerFeePpm);
    const sign = report.side === 'buy' ? 1n : -1n;
    this.#add(taker, sign * units, -sign * worth - takerFee);
    this.#add(maker, -sign * units, sign * worth - makerFee);
    this.#add(this.#fees, 0n, makerFee + takerFee);
  }

  #add(account: AccountId, base: bigint, quote: bigint): void {
    const entry = this.moved.get(account) ?? { base: 0n, quote: 0n };
    entry.base += base;
    entry.quote += quote;
    this.moved.set(account, entry);
  }
}
