import { unreachable } from '@lawbook/exchange/failures/invariant';
import type { AccountReads } from './accountReads.ts';
import { unreadable } from './envelope.ts';
import type { MarketReads } from './marketReads.ts';
import type { ReadRequest } from './readRequests.ts';
import { readRequest } from './readRequests.ts';
import type { SpotMarkets } from './spotMarkets.ts';

/** What the desk works with. */
export interface ReadDeskParts {
  readonly markets: SpotMarkets;
  readonly marketReads: MarketReads;
  readonly accountReads: AccountReads;
  readonly clock: () => number;
}

/** An answer of the read endpoint, or why there is none. */
export type ReadReply =
  /** The sender asked for too much; how much it may ask for at once. */
  | { readonly kind: 'limited'; readonly text: string }
  | { readonly kind: 'told'; readonly type: string; readonly body: unknown }
  | { readonly kind: 'unreadable'; readonly text: string };

/** Takes tokens of whoever asks; otherwise says that there are too few. */
export type Charge = (tokens: number) => string | undefined;

/** Reads of up to thousands of rows, and what each costs: as much as in the dialect. */
const LONG_READS: ReadonlySet<string> = new Set([
  'candleSnapshot',
  'historicalOrders',
  'userFills',
  'userFillsByTime',
]);
export const LONG_READ_TOKENS = 20;

/** There are no perpetuals: an empty universe. */
const NO_PERPETUALS = { universe: [], marginTables: [], collateralToken: 0 };

const NO_MARGIN = {
  accountValue: '0',
  totalNtlPos: '0',
  totalRawUsd: '0',
  totalMarginUsed: '0',
};

/** The read endpoint: tells what is asked for, in the dialect's shapes. */
export class ReadDesk {
  readonly #parts: ReadDeskParts;

  constructor(parts: ReadDeskParts) {
    this.#parts = parts;
  }

  /** `charge` takes what a request costs beyond the one token that every request costs. */
  async answer(json: unknown, charge: Charge): Promise<ReadReply> {
    const parsed = readRequest.safeParse(json);
    if (!parsed.success) return { kind: 'unreadable', text: unreadable(parsed.error) };
    const request = parsed.data;
    const refused = LONG_READS.has(request.type) ? charge(LONG_READ_TOKENS - 1) : undefined;
    if (refused !== undefined) return { kind: 'limited', text: refused };
    return { kind: 'told', type: request.type, body: await this.#read(request) };
  }

  /** What an account has in perpetuals: nothing. */
  noMargin(): object {
    return {
      marginSummary: NO_MARGIN,
      crossMarginSummary: NO_MARGIN,
      crossMaintenanceMarginUsed: '0',
      withdrawable: '0',
      assetPositions: [],
      time: this.#parts.clock(),
    };
  }

  async #read(request: ReadRequest): Promise<unknown> {
    switch (request.type) {
      case 'l2Book': {
        const market = this.#parts.markets.byCoin(request.coin);
        return market === undefined ? null : this.#parts.marketReads.book(market);
      }
      case 'recentTrades': {
        const market = this.#parts.markets.byCoin(request.coin);
        return market === undefined ? [] : await this.#parts.marketReads.trades(market);
      }
      case 'candleSnapshot': {
        const { coin, interval, startTime: fromMs, endTime } = request.req;
        const market = this.#parts.markets.byCoin(coin);
        if (market === undefined) return [];
        const span = { fromMs, toMs: endTime ?? this.#parts.clock() };
        return await this.#parts.marketReads.candles(market, interval, span);
      }
      case 'orderStatus':
        return await this.#parts.accountReads.order(request.user, request.oid);
      case 'userFillsByTime': {
        const { user, startTime: fromMs, endTime } = request;
        const toMs = endTime ?? Number.MAX_SAFE_INTEGER;
        return await this.#parts.accountReads.fills(user, { fromMs, toMs, oldestFirst: true });
      }
      case 'lawbookConsent':
        return this.#parts.accountReads.consent(request.user);
      default:
        return 'user' in request ? await this.#readUser(request) : await this.#readVenue(request);
    }
  }

  async #readVenue(request: Extract<ReadRequest, { dex?: string | undefined }>): Promise<unknown> {
    const { marketReads, clock } = this.#parts;
    switch (request.type) {
      case 'meta':
        return NO_PERPETUALS;
      case 'metaAndAssetCtxs':
        return [NO_PERPETUALS, []];
      case 'allPerpMetas':
        return [NO_PERPETUALS];
      case 'perpDexs':
        // Only the first, unnamed one.
        return [null];
      case 'predictedFundings':
        return [];
      case 'spotMeta':
        return marketReads.spotMeta();
      case 'spotMetaAndAssetCtxs':
        return [marketReads.spotMeta(), await marketReads.spotContexts()];
      case 'allMids':
        return (request.dex ?? '') === '' ? marketReads.mids() : {};
      case 'exchangeStatus':
        return { time: clock(), specialStatuses: null };
      default:
        return unreachable(request.type);
    }
  }

  async #readUser(request: UserRead): Promise<unknown> {
    const { accountReads } = this.#parts;
    const { user } = request;
    switch (request.type) {
      case 'openOrders':
        return accountReads.openOrders(user);
      case 'frontendOpenOrders':
        return accountReads.frontendOrders(user);
      case 'historicalOrders':
        return await accountReads.history(user);
      case 'userFills': {
        const whole = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, oldestFirst: false };
        return await accountReads.fills(user, whole);
      }
      case 'spotClearinghouseState':
        return accountReads.balances(user);
      case 'clearinghouseState':
        return this.noMargin();
      case 'userFees':
        return accountReads.fees();
      case 'userRole':
        return accountReads.role(user);
      case 'extraAgents':
        return accountReads.extraAgents(user);
      case 'userAbstraction':
        // One balance for everything that trades here.
        return 'unifiedAccount';
      case 'maxBuilderFee':
        return 0;
      case 'subAccounts':
        return null;
      case 'referral':
        return NO_REFERRAL;
      case 'userFunding':
      case 'userTwapSliceFills':
      case 'twapHistory':
      case 'userVaultEquities':
        // None of this exists here, so there is none of it.
        return [];
      default:
        return unreachable(request.type);
    }
  }
}

type UserRead = Exclude<
  Extract<ReadRequest, { readonly user: unknown }>,
  { readonly type: 'orderStatus' | 'userFillsByTime' }
>;

const NO_REFERRAL = {
  referredBy: null,
  cumVlm: '0',
  unclaimedRewards: '0',
  claimedRewards: '0',
  builderRewards: '0',
  referrerState: { stage: 'needToCreateCode' },
  rewardHistory: [],
  tokenToState: [],
};
