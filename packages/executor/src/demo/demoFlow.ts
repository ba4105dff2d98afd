import { at } from '@lawbook/exchange/failures/invariant';
import type { BatchMarket } from '@lawbook/exchange/markets/batch/batchMarket';
import { unitPrice } from '@lawbook/exchange/markets/batch/unitPrices';
import { amount } from '@lawbook/exchange/numbers/amount';
import { mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import type { AuthorisedOrder, BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import { signDigest } from '@lawbook/exchange/orders/signature';
import type { Venue } from '../venue.ts';
import { FLOW_TRADERS, flowTrader } from './demoWorld.ts';

/** How lively the simulated traders are. */
export interface FlowOptions {
  readonly marketId: number;
  readonly seed: number;
  readonly ordersPerSecond: number;
}

/** What the flow needs. */
export interface FlowDependencies {
  readonly venue: Venue;
  readonly clock: () => number;
}

/**
 * Simulated traders who sign and submit real orders: mostly market orders between random pairs, a
 * third with a limit near the mid, a few with a minimum fill, now and then a cancel of nothing.
 * Trades lean back towards even balances, so that the flow can go on for days.
 */
export class DemoFlow {
  readonly #options: FlowOptions;
  readonly #venue: Venue;
  readonly #clock: () => number;
  readonly #traders = Array.from({ length: FLOW_TRADERS }, (_, number) => flowTrader(number));
  #state: number;
  #owed = 0;
  #lastMs: number;

  constructor(options: FlowOptions, dependencies: FlowDependencies) {
    this.#options = options;
    this.#venue = dependencies.venue;
    this.#clock = dependencies.clock;
    this.#state = options.seed | 0;
    this.#lastMs = dependencies.clock();
  }

  /** Submits the orders that are due since the last call, at most a second's worth. */
  async tick(): Promise<void> {
    const now = this.#clock();
    const { ordersPerSecond, marketId } = this.#options;
    this.#owed += ((now - this.#lastMs) / 1000) * ordersPerSecond;
    this.#owed = Math.min(this.#owed, ordersPerSecond);
    this.#lastMs = now;
    const market = this.#venue.state.markets.get(marketId);
    if (market === undefined || market.batch.phase !== 'collecting') return;
    const due: Promise<unknown>[] = [];
    for (; this.#owed >= 1; this.#owed -= 1) due.push(this.#venue.submitOrder(this.#order(market)));
    await Promise.all(due);
  }

  #order(market: BatchMarket): AuthorisedOrder {
    const { parameters, reference, marketId } = market;
    const trader = at(this.#traders, this.#below(this.#traders.length));
    const [pay, receive] = this.#pair(trader.account, parameters.assets.length, market);
    const asset = at(parameters.assets, pay).assetId;
    const { available } = this.#venue.state.ledger.balance(trader.account, asset);
    // Between 0.01 % and 0.2 % of what the trader has: some hundreds to some ten thousand dollars.
    const budget = mulDivFloor(available, BigInt(100 + this.#below(1900)), 1_000_000n);
    const limited = this.#below(3) === 0;
    // Up to 15 bps worse or 3 bps better than the mid.
    const slack = BigInt(998_500 + this.#below(1_800));
    const order: BatchOrder = {
      owner: trader.account,
      marketId,
      pay,
      receive,
      budget: amount(budget > 0n ? budget : 1n),
      ...(limited
        ? this.#limit(
            unitPrice(parameters, reference.mids, pay) * slack,
            unitPrice(parameters, reference.mids, receive) * 1_000_000n,
          )
        : { limitNumerator: 0n, limitDenominator: 1n }),
      minFillPpm: this.#below(10) === 0 ? 500_000 : 0,
      orderNonce: this.#orderNonce(trader.account),
      expiresAtMs: this.#clock() + 60_000,
    };
    const digest = this.#venue.signing.orderDigest(order);
    const orderId = this.#venue.signing.orderId(order);
    return { order, orderId, authorisation: signDigest(digest, trader.secretKey) };
  }

  /** Pays what the trader has much of and receives what it has little of, two times in three. */
  #pair(
    account: BatchOrder['owner'],
    count: number,
    market: BatchMarket,
  ): readonly [number, number] {
    const pay = this.#below(count);
    const receive = (pay + 1 + this.#below(count - 1)) % count;
    const worth = (i: number): bigint => {
      const { parameters, reference } = market;
      const { assetId } = at(parameters.assets, i);
      const { available } = this.#venue.state.ledger.balance(account, assetId);
      return available * unitPrice(parameters, reference.mids, i);
    };
    const lean = this.#below(3) > 0 && worth(pay) < worth(receive);
    return lean ? [receive, pay] : [pay, receive];
  }

  /** A rational within 63 bits on both sides. */
  #limit(
    numerator: bigint,
    denominator: bigint,
  ): Pick<BatchOrder, 'limitNumerator' | 'limitDenominator'> {
    let shift = 0n;
    while (numerator >> shift >= 1n << 62n || denominator >> shift >= 1n << 62n) shift += 1n;
    return { limitNumerator: numerator >> shift, limitDenominator: denominator >> shift };
  }

  #orderNonce(owner: BatchOrder['owner']): bigint {
    return this.#venue.state.nonceWindow(owner).highest + 1n;
  }

  /** A number in 0..n-1 from mulberry32, so that a seed walks the same way everywhere. */
  #below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  }
}
