import type { TwapRequest, TwapView } from '@lawbook/api/schema/twapRoutes';
import { cancelTwap, listTwaps, placeTwap } from '@lawbook/api/schema/twapRoutes';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { Fault } from '@lawbook/exchange/failures/fault';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import { clientOrderId } from '@lawbook/exchange/orders/bookOrder';
import type { AuthorisedGrant } from '@lawbook/exchange/orders/signedTypes';
import type { TwapRecord } from '../../books/bookRecords.ts';
import type { TwapTerms } from '../../books/twapDesk.ts';
import type { Asker, GatewayCore } from '../gatewayCore.ts';
import { asOfState, isoTime } from '../present/moments.ts';
import { BookUnits, unitsOf } from '../present/presentBook.ts';
import { findBook } from './bookReads.ts';
import type { Endpoint } from './endpoint.ts';
import { answer, endpoint } from './endpoint.ts';

/** The most sliced orders that a list tells. */
const LIST_MAX = 100;

/** Orders that the venue places in slices, in the name of the session that asks. */
export function twapEndpoints(core: GatewayCore): Endpoint[] {
  const { state, books } = core.venue;
  const present = (record: TwapRecord): TwapView => presentTwap(core, record);
  return [
    endpoint(placeTwap, async ({ body, asker }) => {
      const { grant, grantId } = grantOf(asker);
      const market = findBook(core, body.marketId);
      if (!market.ok) return market;
      const terms = acceptTwap(core, { request: body, market: market.value, owner: grant.owner });
      if (!terms.ok) return terms;
      const nowMs = core.dependencies.clock();
      const place = () => books.twaps.place(terms.value, grantId, nowMs);
      const placed = await received(core, place);
      return placed.ok ? answer({ twap: present(placed.value), asOf: asOfState(state) }) : placed;
    }),
    endpoint(listTwaps, async ({ asker }) => {
      const records = await books.twaps.list(grantOf(asker).grant.owner, LIST_MAX);
      return answer({ twaps: records.map(present), asOf: asOfState(state) });
    }),
    endpoint(cancelTwap, async ({ params, asker }) => {
      const twapId = params.twapId.toLowerCase() as Hash;
      const { owner } = grantOf(asker).grant;
      const canceled = await received(core, () => books.twaps.cancel(owner, twapId));
      if (!canceled.ok) return canceled;
      return answer({ twap: present(canceled.value), asOf: asOfState(state) });
    }),
  ];
}

/** What the disk did not take was not received, and may be sent again. Rejection: notAdmitting. */
async function received<T>(
  { dependencies }: GatewayCore,
  write: () => Promise<Result<T>>,
): Promise<Result<T>> {
  try {
    return await write();
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    dependencies.log.error({ err: cause }, 'a sliced order was not made durable');
    return refuse('notAdmitting', { field: 'venue', actual: cause.code });
  }
}

/** The session that these routes ask for, which was checked. */
function grantOf({ caller }: Asker): AuthorisedGrant {
  invariant(caller.kind === 'session', 'a route for sessions is served to sessions');
  return caller.grant;
}

/**
 * Reads a request in whole units. Rejections: sizeOutOfRange, priceOutOfRange, notionalTooSmall for
 * slices that no book would take.
 */
function acceptTwap(
  { venue }: GatewayCore,
  parts: { readonly request: TwapRequest; readonly market: BookMarket; readonly owner: AccountId },
): Result<TwapTerms> {
  const { request, market, owner } = parts;
  const { parameters, marketId } = market;
  const units = new BookUnits(venue.state, parameters);
  const { slices, intervalMs, side } = request;
  const sizeLots = units.lots(request.size) ?? 0;
  const most = Math.min(slices * parameters.sizeLotsMax, 0xffff_ffff);
  if (sizeLots < slices || sizeLots > most) {
    const range = `from ${units.size(slices)} to ${units.size(most)}`;
    const limit = `a multiple of ${units.size(1)} ${range}`;
    return refuse('sizeOutOfRange', { field: 'size', limit, actual: request.size });
  }
  const worstTicks = units.ticks(request.worstPrice) ?? 0;
  if (worstTicks < 1 || worstTicks > parameters.priceTicksMax) {
    const limit = `a multiple of ${units.price(1n)}`;
    return refuse('priceOutOfRange', { field: 'worstPrice', limit, actual: request.worstPrice });
  }
  const least = BigInt(Math.floor(sizeLots / slices)) * BigInt(worstTicks) * parameters.tickSize;
  if (least < parameters.notionalMin) {
    const limit = `${units.quote(parameters.notionalMin)} a slice`;
    return refuse('notionalTooSmall', { field: 'slices', limit, actual: units.quote(least) });
  }
  const own = clientOrderId(request.clientOrderId);
  const terms = { owner, marketId, clientOrderId: own, side, sizeLots, worstTicks };
  return accepted({ ...terms, slices, intervalMs });
}

function presentTwap({ venue }: GatewayCore, record: TwapRecord): TwapView {
  const { twapId, owner, clientOrderId: own, side, slices, intervalMs, startMs, next } = record;
  const { filledLots, filledNotional, state, reason, orderIds } = record;
  const units = unitsOf(venue.state, record.marketId);
  return {
    ...{ twapId, owner, clientOrderId: own, side, slices, intervalMs, state },
    marketId: String(record.marketId),
    size: units.size(record.sizeLots),
    worstPrice: units.price(BigInt(record.worstTicks)),
    ...(reason !== '' && { reason }),
    filledSize: units.size(filledLots),
    ...(filledLots > 0 && { averagePrice: units.price(filledNotional, BigInt(filledLots)) }),
    slicesDone: next,
    startedAt: isoTime(startMs),
    ...(state === 'active' && { nextAt: isoTime(startMs + next * intervalMs) }),
    orderIds: orderIds.map(String),
  };
}
