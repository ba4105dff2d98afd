import type { BookOrderTerms } from '@lawbook/api/schema/bookActions';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { WireOrder, WireOrderType } from './actionSchemas.ts';
import type { SpotMarket } from './spotMarkets.ts';

/** Where an order of an action comes from. */
export interface OrderOrigin {
  readonly owner: AccountId;
  readonly connectionId: Uint8Array;
  /** Its place within the action. */
  readonly place: number;
}

/** Terms that are fixed when the order is sequenced. */
type LateTerms = 'orderNonce' | 'expiresAtMs';

/** What an order of the dialect is called in the terms of a book, or why it is none. */
export function orderTerms(
  order: WireOrder,
  market: SpotMarket,
  origin: OrderOrigin,
): Omit<BookOrderTerms, LateTerms> | string {
  const asset = ` asset=${market.asset}`;
  if (order.r) return `Reduce only order would increase position.${asset}`;
  const { priceTicksMax, sizeLotsMax } = market.book.parameters;
  const priceTicks = readTicks(order.p, market);
  if (typeof priceTicks === 'string') return priceTicks;
  const sizeLots = market.units.lots(order.s);
  if (sizeLots === undefined) {
    const lot = market.units.size(1);
    return `Order has invalid size: must be divisible by the lot. lot=${lot}${asset}`;
  }
  if (sizeLots === 0) return `Order has zero size.${asset}`;
  if (sizeLots > sizeLotsMax) {
    return `Order has invalid size: at most ${market.units.size(sizeLotsMax)}.${asset}`;
  }
  const triggerTicks = 'trigger' in order.t ? readTicks(order.t.trigger.triggerPx, market) : 0;
  if (typeof triggerTicks === 'string') return triggerTicks;
  if ('trigger' in order.t && triggerTicks > priceTicksMax) return `Invalid TP/SL price.${asset}`;
  return {
    owner: origin.owner,
    marketId: String(market.marketId),
    clientOrderId: order.c?.toLowerCase() ?? derivedCloid(origin),
    side: order.b ? 'buy' : 'sell',
    ...wayOf(order.t),
    selfTradePolicy: 'cancelResting',
    priceTicks,
    sizeLots,
    displayLots: 0,
    triggerSource: 'lastTrade',
    triggerTicks,
    ocoWith: '0',
    goodUntilMs: 0,
  };
}

/**
 * The client order id of an order that was sent without one: twelve bytes of its action's hash and
 * its place. Whoever has the signed action can tell from it which order it stands for.
 */
export function derivedCloid({ connectionId, place }: OrderOrigin): string {
  const number = place.toString(16).padStart(8, '0');
  return bytesToHex(connectionId.subarray(0, 12)) + number;
}

type Way = Pick<BookOrderTerms, 'type' | 'timeInForce' | 'postOnly' | 'trigger'>;

function wayOf(type: WireOrderType): Way {
  if ('trigger' in type) {
    const { isMarket, tpsl } = type.trigger;
    const trigger = tpsl === 'tp' ? 'takeProfit' : 'stop';
    return isMarket
      ? { type: 'market', timeInForce: 'ioc', postOnly: false, trigger }
      : { type: 'limit', timeInForce: 'gtc', postOnly: false, trigger };
  }
  const limit = { type: 'limit', trigger: 'none' } as const;
  switch (type.limit.tif) {
    case 'Gtc':
      return { ...limit, timeInForce: 'gtc', postOnly: false };
    case 'Alo':
      return { ...limit, timeInForce: 'gtc', postOnly: true };
    default:
      return { ...limit, timeInForce: 'ioc', postOnly: false };
  }
}

/** The ticks of a price, or the dialect's sentence for one that is off tick or out of range. */
function readTicks(text: string, market: SpotMarket): number | string {
  const { units, asset, book } = market;
  const ticks = units.ticks(text);
  if (ticks === undefined) {
    return `Price must be divisible by tick size. tick=${units.price(1)} asset=${asset}`;
  }
  const { priceTicksMax } = book.parameters;
  if (ticks >= 1 && ticks <= priceTicksMax) return ticks;
  const range = `${units.price(1)}..${units.price(priceTicksMax)}`;
  return `Order has invalid price: must be within ${range}. asset=${asset}`;
}
