import * as account from '@lawbook/api/schema/accountRoutes';
import type { AccountView } from '@lawbook/api/schema/accountViews';
import * as market from '@lawbook/api/schema/marketRoutes';
import type { MarketView } from '@lawbook/api/schema/marketViews';
import type { ChannelEvent } from '@lawbook/api/schema/messages';
import * as operator from '@lawbook/api/schema/operatorRoutes';
import type { DepositReply, DepositRequest } from '@lawbook/api/schema/operatorViews';
import * as order from '@lawbook/api/schema/orderRoutes';
import type {
  OrderAnswer,
  OrderView,
  PreviewRequest,
  PreviewView,
  SignedOrder,
} from '@lawbook/api/schema/orderViews';
import type { EpochView } from '@lawbook/api/schema/recordViews';
import type { RejectionBody } from '@lawbook/api/schema/rejectionView';
import type { Route } from '@lawbook/api/schema/route';
import { fillPath } from '@lawbook/api/schema/route';
import { Fault } from '@lawbook/exchange/failures/fault';
import { at } from '@lawbook/exchange/failures/invariant';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import { RefusedFault, UsageFault } from '../terminal/cliFault.ts';

/** What commands ask of a venue. Refusals are thrown as `RefusedFault`, silence as a fault. */
export interface VenueAccess {
  readonly domain: () => Promise<VenueDomain>;
  readonly market: (marketId: string) => Promise<MarketView>;
  readonly account: (owner: string) => Promise<AccountView>;
  readonly submit: (order: SignedOrder) => Promise<OrderAnswer>;
  readonly order: (orderId: string, atLeast: number) => Promise<OrderView>;
  readonly preview: (terms: PreviewRequest) => Promise<PreviewView>;
  readonly credit: (request: DepositRequest) => Promise<DepositReply>;
  /** New to old. */
  readonly epochs: (marketId: string, limit: number) => Promise<readonly EpochView[]>;
  readonly epoch: (marketId: string, epochNumber: number) => Promise<EpochView>;
  readonly bundle: (marketId: string, epochNumber: number) => Promise<Uint8Array>;
  /** Calls back on every event until the signal aborts, reconnecting without a gap. */
  readonly follow: (
    channels: readonly string[],
    onEvent: (event: ChannelEvent) => void,
    signal: AbortSignal,
  ) => Promise<void>;
}

/** Opens access to the venue at an address. `operatorToken` is sent where a route needs it. */
export function openVenue(url: string, operatorToken?: string): VenueAccess {
  const call = async <P, Q, B, R>(
    route: Route<P, Q, B, R>,
    input: { params?: Record<string, string | number>; query?: object; body?: B },
  ): Promise<R> => {
    const path = fillPath(route.path, input.params ?? {});
    const query = new URLSearchParams(
      Object.entries(input.query ?? {}).map(([k, v]) => [k, String(v)]),
    );
    const response = await fetch(`${url}${path}?${query}`, {
      method: route.method,
      ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
      headers: {
        'content-type': 'application/json',
        ...(operatorToken === undefined ? {} : { authorization: `Bearer ${operatorToken}` }),
      },
    }).catch((cause: unknown) => {
      throw new Fault(`no venue answers at ${url}`, { code: 'VENUE_UNREACHABLE', cause });
    });
    if (!response.ok) {
      throw new RefusedFault(((await response.json()) as RejectionBody).rejection);
    }
    if (route.response === undefined) return new Uint8Array(await response.arrayBuffer()) as R;
    return route.response.parse(await response.json());
  };
  return {
    domain: async () => {
      const { domain } = await call(account.readTypedData, {});
      return { chainId: BigInt(domain.chainId), address: accountId(domain.verifyingContract) };
    },
    market: async (marketId) => (await call(market.readMarket, { params: { marketId } })).market,
    account: (owner) => call(account.readAccount, { params: { owner } }),
    submit: async (signed) => {
      const { answers } = await call(order.submitOrders, { body: { orders: [signed] } });
      return at(answers, 0);
    },
    order: async (orderId, atLeast) =>
      (await call(order.readOrder, { params: { orderId }, query: { atLeast } })).order,
    preview: (body) => call(order.previewOrder, { body }),
    credit: (body) => call(operator.creditDeposit, { body }),
    epochs: async (marketId, limit) =>
      (await call(market.listEpochs, { params: { marketId }, query: { limit } })).epochs,
    epoch: async (marketId, epochNumber) =>
      (await call(market.readEpoch, { params: { marketId, epochNumber } })).epoch,
    bundle: (marketId, epochNumber) =>
      call(market.readBundle, { params: { marketId, epochNumber } }),
    follow: () => Promise.reject(new UsageFault('no feed yet')),
  };
}
