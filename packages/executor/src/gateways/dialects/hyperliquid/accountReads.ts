import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { formatDecimal } from '@lawbook/exchange/numbers/amount';
import { clientOrderId } from '@lawbook/exchange/orders/bookOrder';
import type { VenueService } from '../../../venueService.ts';
import type { Agents } from './agents.ts';
import type { DelegateKey } from './delegateKey.ts';
import type { Signers } from './signers.ts';
import type { SpotMarkets } from './spotMarkets.ts';
import { plainDecimal } from './spotUnits.ts';
import type { WireFill, WireFrontendOrder, WireOpenOrder, WireOrderUpdate } from './wireOrders.ts';
import { wireFill, wireFrontendOrder, wireOpenOrder, wireStatus } from './wireOrders.ts';

/** What the reads of accounts work with. */
export interface AccountReadsParts {
  readonly venue: VenueService;
  readonly markets: SpotMarkets;
  readonly agents: Agents;
  readonly signers: Signers;
  readonly delegate: DelegateKey;
  readonly clock: () => number;
}

/** Balances of one account. */
export interface WireBalances {
  readonly balances: readonly {
    readonly coin: string;
    readonly token: number;
    readonly total: string;
    readonly hold: string;
    readonly entryNtl: string;
  }[];
}

/** A span of time and how many rows of it, milliseconds since 1970. */
export interface FillSpan {
  readonly fromMs: number;
  readonly toMs: number;
  /** Oldest first where a span was asked for, newest first otherwise. */
  readonly oldestFirst: boolean;
}

/** Rows in an answer about the past, as many as the dialect gives. */
const ROWS_MAX = 2_000;

/** What became of accounts, in the dialect's shapes. Accounts are public here as there. */
export class AccountReads {
  readonly #parts: AccountReadsParts;

  constructor(parts: AccountReadsParts) {
    this.#parts = parts;
  }

  balances(user: AccountId): WireBalances {
    const { assets, ledger } = this.#parts.venue.state;
    const balances = ledger.balances(user).map(({ assetId, balance }) => {
      const { symbol, decimals } = at(assets, assetId);
      const units = (amount: bigint): string => plainDecimal(formatDecimal(amount, decimals));
      const { available, held } = balance;
      // What was paid for what is held is not kept.
      const total = units(available + held);
      return { coin: symbol, token: assetId, total, hold: units(held), entryNtl: '0' };
    });
    return { balances };
  }

  openOrders(user: AccountId): WireOpenOrder[] {
    return this.#open(user, wireOpenOrder);
  }

  frontendOrders(user: AccountId): WireFrontendOrder[] {
    return this.#open(user, wireFrontendOrder);
  }

  /** Orders of an account by what was done to them last, new to old. */
  async history(user: AccountId): Promise<WireOrderUpdate[]> {
    const { venue, markets } = this.#parts;
    const page = { open: false, limit: ROWS_MAX };
    const pages = await Promise.all(
      markets.all().map(async (market) => {
        const records = await venue.books.orders(market.marketId, user, page);
        return records.map((record) => ({
          order: wireFrontendOrder(market, record),
          status: wireStatus(record),
          statusTimestamp: record.admittedAtMs,
        }));
      }),
    );
    const rows = pages.flat().sort((a, b) => b.order.timestamp - a.order.timestamp);
    return rows.slice(0, ROWS_MAX);
  }

  /** An order of an account by the dialect's id or by the account's own. */
  async order(user: AccountId, id: number | string): Promise<object> {
    const { venue, markets } = this.#parts;
    const named =
      typeof id === 'number'
        ? markets.resolve(id)
        : markets.all().flatMap((market) => {
            const known = market.book.outcomeOf(user, clientOrderId(id));
            return known === undefined ? [] : [{ market, number: known.orderId }];
          })[0];
    if (named === undefined) return { status: 'unknownOid' };
    const { market, number } = named;
    const record = await venue.books.order(market.marketId, number);
    if (record?.order.owner !== user) return { status: 'unknownOid' };
    const order = wireFrontendOrder(market, record);
    const status = wireStatus(record);
    return { status: 'order', order: { order, status, statusTimestamp: record.admittedAtMs } };
  }

  /** Fills of an account within a span. */
  async fills(user: AccountId, { fromMs, toMs, oldestFirst }: FillSpan): Promise<WireFill[]> {
    const { venue, markets } = this.#parts;
    const page = { limit: ROWS_MAX };
    const pages = await Promise.all(
      markets.all().map(async (market) => {
        const fills = await venue.books.fills(market.marketId, user, page);
        return fills.map((fill) => wireFill(market, fill));
      }),
    );
    const rows = pages
      .flat()
      .filter(({ time }) => time >= fromMs && time <= toMs)
      .sort((a, b) => b.time - a.time || b.tid - a.tid)
      .slice(0, ROWS_MAX);
    return oldestFirst ? rows.reverse() : rows;
  }

  /** Whether an address is an account, an agent of one, or nobody. */
  role(user: AccountId): object {
    const { venue, agents, clock } = this.#parts;
    const agent = agents.find(user, clock());
    if (agent !== undefined) return { role: 'agent', data: { user: agent.owner } };
    const isKnown = venue.state.ledger.accountNumber(user) !== undefined;
    return { role: isKnown ? 'user' : 'missing' };
  }

  extraAgents(user: AccountId): object[] {
    const { agents, clock } = this.#parts;
    return agents.of(user, clock()).map(({ address, name, validUntilMs }) => {
      return { address, name, validUntil: validUntilMs ?? null };
    });
  }

  /** Rates of the dearest book: the dialect has one schedule for all, this venue one per book. */
  fees(): object {
    const parameters = this.#parts.markets.all().map(({ book }) => book.parameters);
    const cross = rate(Math.max(0, ...parameters.map(({ takerFeePpm }) => takerFeePpm)));
    const add = rate(Math.max(0, ...parameters.map(({ makerFeePpm }) => makerFeePpm)));
    const rates = { cross, add, spotCross: cross, spotAdd: add };
    return {
      dailyUserVlm: [],
      feeSchedule: {
        ...rates,
        tiers: { vip: [], mm: [] },
        referralDiscount: '0',
        stakingDiscountTiers: [],
      },
      userCrossRate: cross,
      userAddRate: add,
      userSpotCrossRate: cross,
      userSpotAddRate: add,
      activeReferralDiscount: '0',
      trial: null,
      feeTrialEscrow: '0',
      nextTrialAvailableTimestamp: null,
      stakingLink: null,
      activeStakingDiscount: { bpsOfMaxSupply: '0', discount: '0' },
    };
  }

  /** What an owner signs to let this venue write its actions down, and whether it has. */
  consent(user: AccountId | undefined): object {
    const { venue, signers, delegate, clock } = this.#parts;
    const { chainId, address: verifyingContract } = venue.signing.domain;
    return {
      delegate: delegate.address,
      scopes: ['trade'],
      sendTo: 'POST /v1/sessions',
      domain: { chainId: String(chainId), verifyingContract },
      grantedUntil: user === undefined ? null : (signers.grantedUntilMs(user, clock()) ?? null),
    };
  }

  #open<T>(user: AccountId, present: OrderPresenter<T>): T[] {
    const { venue, markets } = this.#parts;
    const rows = markets.all().flatMap((market) => {
      const records = venue.books.openOrders(market.marketId, user);
      return records.map((record) => ({ record, row: present(market, record) }));
    });
    rows.sort((a, b) => b.record.admittedAtMs - a.record.admittedAtMs);
    return rows.map(({ row }) => row);
  }
}

type OrderPresenter<T> = (...args: Parameters<typeof wireOpenOrder>) => T;

/** Parts per million as a decimal fraction. */
function rate(ppm: number): string {
  return plainDecimal(formatDecimal(BigInt(ppm), 6));
}
