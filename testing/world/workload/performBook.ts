import { at } from '@lawbook/exchange/failures/invariant';
import { clientOrderId, NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import { unitsOf } from '../../../packages/executor/src/gateways/present/presentBook.ts';
import { picked } from '../simulation/streams.ts';
import type { World } from '../simulation/world.ts';
import { BOOKS } from '../simulation/worldConfig.ts';
import type { ActOf } from './acts.ts';
import type { Trader, Wish } from './trader.ts';
import { traderOf } from './traderOf.ts';

type BookAct = ActOf<'bookOrder'> | ActOf<'bookChange'> | ActOf<'twap'> | ActOf<'cancelTwap'>;

/** Lets a trader do something on a book. */
export function performBook(world: World, act: BookAct): void {
  if (act.kind === 'twap') {
    performTwap(world, act);
    return;
  }
  if (act.kind === 'cancelTwap') {
    // Whoever has asked for one: most people have not.
    const asked = world.traders.filter(({ parents }) => parents.length > 0);
    const trader = asked[act.who % Math.max(1, asked.length)] ?? traderOf(world, act.who);
    // Mostly the last one: older ones are over.
    const last = act.place < 0.8 ? trader.parents.at(-1) : undefined;
    const parent = last ?? picked(trader.parents, act.place);
    const wish = parent && trader.cancelTwap(parent.twapId, world.clock.nowMs());
    if (wish !== undefined) world.send(wish);
    return;
  }
  const wish = bookWish(world, act);
  if (wish !== undefined) world.send(wish);
}

/** The wish for an action; undefined where there is nothing to act on. */
export function bookWish(
  world: World,
  act: ActOf<'bookOrder'> | ActOf<'bookChange'>,
): Wish | undefined {
  return act.kind === 'bookOrder' ? bookOrderWish(world, act) : bookChangeWish(world, act);
}

/** Sliced orders are for sessions: whoever has none opens one first. */
function performTwap(world: World, act: ActOf<'twap'>): void {
  const trader = traderOf(world, act.who);
  const nowMs = world.clock.nowMs();
  const { state } = world.host.live?.wired.venue ?? {};
  if (state === undefined) return;
  if (trader.session === undefined) {
    const expiresAtMs = nowMs + SESSION_MS;
    const wish = trader.openSession({ delegated: false, scopes: 3, expiresAtMs, nowMs });
    world.send(wish, ({ body }) => {
      trader.tookSession(body);
      if (trader.session !== undefined) performTwap(world, act);
    });
    return;
  }
  const { buys, away, lots, slices, intervalMs, again } = act;
  const last = again === 'no' ? undefined : trader.parents.at(-1)?.terms[0];
  const marketId = at(BOOKS, act.market);
  const fresh = {
    marketId,
    side: buys ? ('buy' as const) : ('sell' as const),
    sizeLots: lots,
    worstTicks: at(MID_TICKS, act.market) + (buys ? away : -away),
    slices,
    intervalMs,
    clientOrderId: clientOrderId(trader.clientId(false)),
  };
  const terms = last === undefined ? fresh : again === 'same' ? last : { ...last, sizeLots: lots };
  const units = unitsOf(state, terms.marketId);
  const wish = trader.placeTwap(terms, {
    size: units.size(terms.sizeLots),
    worstPrice: units.price(BigInt(terms.worstTicks)),
    nowMs,
  });
  world.send(wish, ({ status, body }) => {
    // The session has ended: the next one is opened when it is needed.
    if (status === UNAUTHENTICATED) trader.session = undefined;
    const { twap } = body as { readonly twap?: { readonly twapId: string } };
    if (twap === undefined || lots % 3 !== 0) return;
    // Some think better of it between two slices.
    world.clock.schedule(intervalMs * 1.5, () => {
      world.send(trader.cancelTwap(twap.twapId, world.clock.nowMs()));
    });
  });
}

const UNAUTHENTICATED = 401;
const SESSION_MS = 3_600_000;

/** Where books of the demo world trade, ticks. */
const MID_TICKS: readonly number[] = [11_000, 12_500];

function bookOrderWish(world: World, act: ActOf<'bookOrder'>): Wish {
  const trader = traderOf(world, act.who);
  const { buys, takes, away, lots, word, special } = act;
  const mid = at(MID_TICKS, act.market);
  const nowMs = world.clock.nowMs();
  const isGtd = !takes && special < 0.15;
  const isHidden = !takes && special >= 0.15 && special < 0.25;
  const trigger = special >= 0.25 && special < 0.4 ? (word < 0.5 ? 'stop' : 'takeProfit') : 'none';
  const priceTicks = mid + (buys ? -away : away) + (takes ? (buys ? 20 : -20) : 0);
  const timeInForce = takes ? (word < 0.3 ? 'fok' : 'ioc') : isGtd ? 'gtd' : 'gtc';
  const draft = {
    kind: 'order' as const,
    marketId: String(at(BOOKS, act.market)),
    clientOrderId: word < 0.6 ? trader.clientId(word < 0.03) : NO_CLIENT_ORDER_ID,
    side: buys ? 'buy' : 'sell',
    type: takes && word < 0.5 ? 'market' : 'limit',
    timeInForce,
    postOnly: !takes && special > 0.85,
    selfTradePolicy: at(['cancelResting', 'cancelArriving', 'decrement'], Math.floor(word * 3) % 3),
    priceTicks,
    sizeLots: lots,
    displayLots: isHidden ? Math.max(1, Math.floor(lots / 3)) : 0,
    trigger,
    triggerSource: word < 0.4 ? 'oracle' : 'lastTrade',
    triggerTicks: trigger === 'none' ? 0 : mid + (word < 0.5 ? away : -away),
    ocoWith: String(special > 0.78 && special < 0.85 ? (openOrder(world, act, trader) ?? 0) : 0),
    goodUntilMs: isGtd ? nowMs + act.lifeMs : 0,
  };
  const lifeMs = isGtd ? 60_000 : act.lifeMs;
  return trader.act(draft, { consent: act.consent, nowMs, lifeMs });
}

/** An open order of a trader, as its reads of the venue would tell it. */
function openOrder(
  world: World,
  { market, place }: { readonly market: number; readonly place?: number },
  trader: Trader,
): number | undefined {
  const book = world.host.live?.wired.venue.state.books.get(at(BOOKS, market));
  const own = [...(book?.open.values() ?? [])].filter(({ owner }) => owner === trader.account);
  return picked(own, place ?? 0)?.orderId;
}

function bookChangeWish(world: World, act: ActOf<'bookChange'>): Wish | undefined {
  const trader = traderOf(world, act.who);
  const nowMs = world.clock.nowMs();
  const marketId = String(at(BOOKS, act.market));
  const { consent, what } = act;
  const terms = { consent, nowMs, lifeMs: 60_000 };
  if (what === 'cancelAll') {
    return trader.act({ kind: what, marketId }, terms);
  }
  if (what === 'heartbeat') {
    const deadlineMs = act.place < 0.3 ? 0 : nowMs + 1 + Math.floor(act.place * 20_000);
    return trader.act({ kind: what, marketId, deadlineMs }, terms);
  }
  const book = world.host.live?.wired.venue.state.books.get(at(BOOKS, act.market));
  const open = openOrder(world, act, trader);
  // Now and then somebody names an order that it does not have.
  if (open === undefined && act.place < 0.9) return undefined;
  const orderId = open ?? 1;
  const known = book?.open.get(orderId)?.order.clientOrderId ?? NO_CLIENT_ORDER_ID;
  const byClient = act.byClientId && known !== NO_CLIENT_ORDER_ID;
  const name = {
    orderId: byClient ? '0' : String(orderId),
    clientOrderId: byClient ? known : NO_CLIENT_ORDER_ID,
  };
  if (what === 'cancel') {
    return trader.act({ kind: what, marketId, ...name }, terms);
  }
  const priceTicks = act.place < 0.4 ? 0 : at(MID_TICKS, act.market) + act.away;
  const draft = { kind: what, marketId, ...name, priceTicks, sizeLots: act.lots };
  return trader.act(draft, terms);
}
