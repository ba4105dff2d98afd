import { at } from '../../failures/invariant.ts';
import type { BookImage, ImageOrder } from './bookImage.ts';
import type { BookMarketParameters } from './bookMarketParameters.ts';
import { feeOf } from './fees.ts';
import { HELD_MAX } from './purses.ts';

/**
 * Why no book under these rules can stand as an image says; undefined where one can. Asked before a
 * book is restored from bytes: the engine states such things as invariants.
 */
export function imageFlaw(image: BookImage, rules: BookMarketParameters): string | undefined {
  const { owners, orders, deadlines } = image;
  if (owners.length > rules.accountsMax) return 'more owners than the book admits';
  if (orders.length > rules.ordersMax) return 'more orders than the book admits';
  if (new Set(owners.map(({ owner }) => owner)).size !== owners.length) return 'an owner twice';
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  if (byId.size !== orders.length) return 'an order twice';
  for (const order of orders) {
    const flaw = orderFlaw(order, image, rules) ?? pairFlaw(order, byId);
    if (flaw !== undefined) return flaw;
  }
  const dated = new Set(deadlines.map(({ account }) => account));
  if (dated.size !== deadlines.length) return 'a deadline twice';
  if (deadlines.some(({ account }) => account >= owners.length)) return 'a deadline of nobody';
  return holdsFlaw(orders, byId, rules);
}

function orderFlaw(
  order: ImageOrder,
  image: BookImage,
  rules: BookMarketParameters,
): string | undefined {
  const { orderId, priceTicks, leavesLots, shownLots, isWaiting } = order;
  if (order.account >= image.owners.length) return 'an order of nobody';
  if (orderId < 1 || orderId > image.lastOrderId) return 'an order beyond the last';
  if (priceTicks < 1 || priceTicks > rules.priceTicksMax) return 'a price out of range';
  if (leavesLots < 1 || leavesLots > rules.sizeLotsMax) return 'a size out of range';
  if (order.filledLots > rules.sizeLotsMax) return 'more filled than an order can be';
  if (order.displayLots > rules.sizeLotsMax) return 'more shown than an order can be';
  if (order.triggerTicks > rules.priceTicksMax) return 'a trigger out of range';
  const isShown = shownLots >= 1 && shownLots <= leavesLots;
  return isWaiting === (shownLots === 0) && (isWaiting || isShown)
    ? undefined
    : 'more or less shown than is left';
}

function pairFlaw(
  { orderId, account, partner }: ImageOrder,
  byId: ReadonlyMap<number, ImageOrder>,
): string | undefined {
  if (partner === 0) return undefined;
  const other = byId.get(partner);
  const isPair = other?.partner === orderId && other.account === account && partner !== orderId;
  return isPair ? undefined : 'half a pair';
}

/** Orders of a pair on one side hold together what the larger of them needs. */
function holdsFlaw(
  orders: readonly ImageOrder[],
  byId: ReadonlyMap<number, ImageOrder>,
  rules: BookMarketParameters,
): string | undefined {
  const totals = [0, 0];
  for (const order of orders) {
    const own = holdOf(order, rules);
    const partner = byId.get(order.partner);
    const shared = partner?.side === order.side && partner.orderId < order.orderId;
    const column = order.side === 'sell' ? 0 : 1;
    const after = at(totals, column) + own - (shared ? Math.min(own, holdOf(partner, rules)) : 0);
    // Above the bound doubles may be inexact, and then the answer is the same.
    if (own > HELD_MAX || after > HELD_MAX) return 'more held than a book can hold';
    totals[column] = after;
  }
  return undefined;
}

/** What an order holds by itself: base units of a sale, quote units and fee of a purchase. */
function holdOf(order: ImageOrder, rules: BookMarketParameters): number {
  if (order.side === 'sell') return order.leavesLots * Number(rules.lotSize);
  const worth = order.priceTicks * Number(rules.tickSize);
  const feePpm = Math.max(rules.makerFeePpm, rules.takerFeePpm, 0);
  return order.leavesLots * (worth + feeOf(worth, feePpm));
}
