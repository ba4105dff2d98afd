import { invariant } from '../../packages/exchange/src/failures/invariant.ts';
import type { BookCommand } from '../../packages/exchange/src/markets/book/bookCommand.ts';
import type {
  BookReport,
  OrderReport,
} from '../../packages/exchange/src/markets/book/bookReport.ts';
import type { LedgerBookParameters } from '../../packages/exchange/src/markets/book/ledgerBook.ts';
import { NaiveBook } from './naiveBook.ts';

type Asset = 'base' | 'quote';

/** What holds are found from. */
interface Held {
  readonly orderId: number;
  readonly account: number;
  readonly side: 'buy' | 'sell';
  readonly priceTicks: number;
  readonly leavesLots: number;
  readonly partner: number;
}

const MILLION = 1_000_000n;
const HELD_MAX = (1n << 52n) - 1n;

/**
 * The naive twin of `LedgerBook`: balances in bigints move with each trade that is reported, and
 * what is held is not remembered but found out from the open orders, all of them, every time.
 */
export class NaiveLedgerBook {
  readonly book: NaiveBook;
  readonly #rules: LedgerBookParameters;
  /** What each account owns, held units included. */
  readonly #owned: Record<Asset, Map<number, bigint>> = { base: new Map(), quote: new Map() };
  fees = 0n;

  constructor(rules: LedgerBookParameters) {
    this.#rules = rules;
    this.book = new NaiveBook(rules);
  }

  deposit(account: number, asset: Asset, units: bigint): void {
    this.#owned[asset].set(account, this.owned(account, asset) + units);
  }

  owned(account: number, asset: Asset): bigint {
    return this.#owned[asset].get(account) ?? 0n;
  }

  held(account: number, asset: Asset): bigint {
    return this.#heldBy(this.book.openOrders(), account, asset);
  }

  apply(command: BookCommand): BookReport[] {
    const refusal = this.#refusalOf(command);
    if (refusal !== undefined) return [refusal];
    const owners = new Map<number, { account: number; side: 'buy' | 'sell' }>();
    for (const { orderId, account, side } of this.book.openOrders()) {
      owners.set(orderId, { account, side });
    }
    if (command.kind === 'place') owners.set(command.orderId, command);
    const reports = this.book.apply(command);
    for (const report of reports) {
      if (report.kind === 'trade') this.#trade(report, owners);
    }
    return reports;
  }

  #refusalOf(command: BookCommand): BookReport | undefined {
    if (command.kind !== 'place' && command.kind !== 'replace') return undefined;
    if (!this.book.accepts(command)) return undefined;
    const open: Held[] = this.book.openOrders();
    const { account } = command;
    const asset = this.#assetOf(command, open);
    const after = this.#after(open, command);
    const need = this.#heldBy(after, account, asset) - this.#heldBy(open, account, asset);
    if (need <= 0n) return undefined;
    const available = this.owned(account, asset) - this.#heldBy(open, account, asset);
    const room = HELD_MAX - this.#heldByAll(open, asset);
    const code = need > available ? 'insufficientAvailable' : 'capacityReached';
    const limit = need > available ? available : room;
    if (need <= available && need <= room) return undefined;
    const { orderId } = command;
    return { kind: 'rejected', code, orderId, limit: Number(limit), actual: Number(need) };
  }

  #assetOf(command: BookCommand, open: readonly Held[]): Asset {
    const side =
      command.kind === 'place'
        ? command.side
        : open.find(({ orderId }) => 'orderId' in command && orderId === command.orderId)?.side;
    return side === 'sell' ? 'base' : 'quote';
  }

  /** The open orders as they would be right after the command, before anything trades. */
  #after(open: readonly Held[], command: BookCommand): Held[] {
    if (command.kind === 'place') {
      const { orderId, account, side, priceTicks, sizeLots: leavesLots, ocoWith } = command;
      const paired = open.map((order) =>
        order.orderId === ocoWith ? { ...order, partner: orderId } : order,
      );
      return [...paired, { orderId, account, side, priceTicks, leavesLots, partner: ocoWith }];
    }
    invariant(command.kind === 'replace', 'only these two can need more');
    const { priceTicks } = command;
    return this.book.openOrders().map((order) => {
      if (order.orderId !== command.orderId) return order;
      const leavesLots = Math.max(0, command.sizeLots - order.filledLots);
      return { ...order, priceTicks, leavesLots };
    });
  }

  #heldByAll(open: readonly Held[], asset: Asset): bigint {
    const accounts = new Set(open.map(({ account }) => account));
    return [...accounts].reduce((sum, account) => sum + this.#heldBy(open, account, asset), 0n);
  }

  #heldBy(open: readonly Held[], account: number, asset: Asset): bigint {
    const side = asset === 'base' ? 'sell' : 'buy';
    let held = 0n;
    for (const order of open) {
      if (order.account !== account || order.side !== side) continue;
      const other = open.find(({ orderId }) => orderId === order.partner);
      const [own, theirs] = [this.#cost(order), other === undefined ? 0n : this.#cost(other)];
      if (other === undefined || other.side !== side) held += own;
      else if (order.orderId < other.orderId) held += own > theirs ? own : theirs;
    }
    return held;
  }

  #cost({ side, priceTicks, leavesLots }: Held): bigint {
    const { lotSize, tickSize, makerFeePpm, takerFeePpm } = this.#rules;
    if (side === 'sell') return BigInt(leavesLots) * BigInt(lotSize);
    const lot = BigInt(priceTicks) * BigInt(tickSize);
    const ppm = BigInt(Math.max(makerFeePpm, takerFeePpm));
    return BigInt(leavesLots) * (lot + fee(lot, ppm));
  }

  #trade(
    { side, orderId, contra, priceTicks, lots }: OrderReport,
    owners: ReadonlyMap<number, { readonly account: number }>,
  ): void {
    const { lotSize, tickSize, makerFeePpm, takerFeePpm } = this.#rules;
    const [maker, taker] = [orderId, contra].map((id) => owners.get(id)?.account);
    invariant(maker !== undefined && taker !== undefined, 'both orders of a trade are known');
    const worth = BigInt(lots) * BigInt(priceTicks) * BigInt(tickSize);
    const units = BigInt(lots) * BigInt(lotSize);
    const [makerFee, takerFee] = [makerFeePpm, takerFeePpm].map((p) => fee(worth, BigInt(p)));
    const [buyer, seller] = side === 'buy' ? [taker, maker] : [maker, taker];
    this.deposit(buyer, 'base', units);
    this.deposit(seller, 'base', -units);
    this.deposit(buyer, 'quote', -worth);
    this.deposit(seller, 'quote', worth);
    this.deposit(maker, 'quote', -(makerFee as bigint));
    this.deposit(taker, 'quote', -(takerFee as bigint));
    this.fees += (makerFee as bigint) + (takerFee as bigint);
  }
}

/** Parts per million of an amount, rounded up whatever its sign. */
function fee(units: bigint, ppm: bigint): bigint {
  const product = units * ppm;
  const floor = product / MILLION;
  return product > 0n && product % MILLION !== 0n ? floor + 1n : floor;
}
