import { DEMO_MARKET_ID, demoMids } from '@lawbook/analytics/demoWorld';
import { at } from '@lawbook/exchange/failures/invariant';
import { AdmissionMode } from '@lawbook/exchange/markets/batch/parameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import { NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import { pathOf } from '../simulation/gatewayDouble.ts';
import { SHARD } from '../simulation/simulatedBase.ts';
import { oneOf, picked, stream } from '../simulation/streams.ts';
import type { World } from '../simulation/world.ts';
import { BOOKS, OPERATOR_TOKEN } from '../simulation/worldConfig.ts';
import type { Act, CrossingAct, HostileAct, OperatorAct } from './acts.ts';
import type { Trader, Wish } from './trader.ts';

/** Lets the world do what an act says. What somebody cannot do now is left undone. */
export function performAct(world: World, act: Act): void {
  switch (act.kind) {
    case 'order':
    case 'cancel':
    case 'commit':
    case 'reveal':
      performBatch(world, act);
      return;
    case 'openSession':
    case 'closeSession':
      performSession(world, act);
      return;
    case 'bookOrder':
      performBookOrder(world, act);
      return;
    case 'bookChange':
      performBookChange(world, act);
      return;
    case 'read':
      performRead(world, act);
      return;
    case 'deposit':
    case 'withdraw':
    case 'requestExit':
    case 'cancelExit':
    case 'completeExit':
      performCrossing(world, act);
      return;
    case 'garbage':
    case 'spoil':
    case 'replay':
      performHostile(world, act);
      return;
    case 'restart':
    case 'halt':
    case 'resume':
    case 'void':
    case 'setFee':
    case 'bookState':
    case 'discard':
      performOperator(world, act);
      return;
    default:
      world.faults.perform(act);
  }
}

type Of<Kind extends Act['kind']> = Extract<Act, { kind: Kind }>;

function traderOf(world: World, who: number): Trader {
  return at(world.traders, who % world.traders.length);
}

function thinkOrder(
  world: World,
  trader: Trader,
  act: Of<'order'> | Of<'commit'>,
): ReturnType<Trader['think']> {
  const mids = demoMids();
  const receive = (act.pay + act.step) % 7;
  const limitPpm = act.kind === 'order' ? act.limitPpm : null;
  // The seventh product is the basket, which has no mid of its own.
  const isPriced = limitPpm !== null && receive < 6;
  const scale = (asset: number): bigint => (asset === 2 ? 10_000n : 1_000_000n);
  const limits = isPriced
    ? {
        limitNumerator: at(mids, act.pay) * scale(receive) * BigInt(1_000_000 + limitPpm),
        limitDenominator: at(mids, receive) * scale(act.pay) * 1_000_000n,
      }
    : { limitNumerator: 0n, limitDenominator: 1n };
  const shift = 40n;
  const terms = {
    pay: act.pay,
    receive,
    budget: amount((1n << BigInt(act.bits)) + 1n),
    limitNumerator: limits.limitNumerator >> (isPriced ? shift : 0n),
    limitDenominator: limits.limitDenominator >> (isPriced ? shift : 0n) || 1n,
    minFillPpm: act.kind === 'order' ? act.minFillPpm : 0,
    expiresAtMs: world.clock.nowMs() + act.lifeMs,
  };
  return trader.think(terms, act.kind === 'order' ? BigInt(act.nonceStep) : 1n);
}

function performBatch(
  world: World,
  act: Of<'order'> | Of<'cancel'> | Of<'commit'> | Of<'reveal'>,
): void {
  const trader = traderOf(world, act.who);
  const nowMs = world.clock.nowMs();
  switch (act.kind) {
    case 'order': {
      const thought = thinkOrder(world, trader, act);
      const wish = trader.submit(thought, act.consent, nowMs);
      const usesFeed = act.byFeed && act.consent !== 'session';
      const feed = usesFeed ? world.feeds.find((each) => each.trader === trader) : undefined;
      if (feed === undefined) {
        world.send(wish);
        return;
      }
      const signed = trader.signedOrder(thought.order, act.consent);
      feed.submit(signed).then(
        (answer) => {
          if (answer === undefined) return;
          const body = { answers: [answer] };
          world.auditor.answered(wish.wishId, { status: 200, body }, world.clock.elapsedMs());
        },
        (cause: unknown) => world.bug(cause),
      );
      return;
    }
    case 'cancel': {
      const target = picked(trader.ordered, act.place);
      if (target !== undefined) world.send(trader.cancel(target.orderId, act.consent, nowMs));
      return;
    }
    case 'commit': {
      const batch = world.host.live?.wired.venue.state.markets.get(DEMO_MARKET_ID)?.batch;
      if (batch === undefined) return;
      const thought = thinkOrder(world, trader, act);
      world.send(trader.commit(thought, batch.number, nowMs));
      // Most people reveal what they committed to, as soon as they may.
      if (world.random.next() < 0.9) revealLater(world, trader, batch.number);
      return;
    }
    case 'reveal': {
      // Mostly the last one: older batches are over.
      const hidden = act.place < 0.7 ? trader.hidden.at(-1) : picked(trader.hidden, act.place);
      if (hidden !== undefined) world.send(trader.reveal(hidden, nowMs));
      return;
    }
  }
}

/** Looks now and then whether the time to reveal has come. */
function revealLater(world: World, trader: Trader, batchNumber: number): void {
  const hidden = trader.hidden.at(-1);
  const look = (looks: number): void => {
    const batch = world.host.live?.wired.venue.state.markets.get(DEMO_MARKET_ID)?.batch;
    const isNow = batch?.number === batchNumber && batch.phase === 'revealing';
    if (hidden !== undefined && isNow) world.send(trader.reveal(hidden, world.clock.nowMs()));
    else if (looks > 0) world.clock.schedule(LOOK_MS, () => look(looks - 1));
  };
  look(LOOKS_MAX);
}

const LOOK_MS = 150;
const LOOKS_MAX = 60;

function performSession(world: World, act: Of<'openSession'> | Of<'closeSession'>): void {
  const trader = traderOf(world, act.who);
  const nowMs = world.clock.nowMs();
  if (act.kind === 'closeSession') {
    const wish = trader.closeSession(nowMs);
    if (wish !== undefined) world.send(wish);
    return;
  }
  const { delegated, scopes, lifeMs } = act;
  const wish = trader.openSession({ delegated, scopes, expiresAtMs: nowMs + lifeMs, nowMs });
  world.send(wish, ({ body }) => {
    const { sessionId, secret } = body as { sessionId?: string; secret?: string };
    if (sessionId !== undefined && secret !== undefined) trader.session = { sessionId, secret };
  });
}

/** Where books of the demo world trade, ticks. */
const MID_TICKS: readonly number[] = [11_000, 12_500];

function performBookOrder(world: World, act: Of<'bookOrder'>): void {
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
  world.send(trader.act(draft, { consent: act.consent, nowMs, lifeMs }));
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

function performBookChange(world: World, act: Of<'bookChange'>): void {
  const trader = traderOf(world, act.who);
  const nowMs = world.clock.nowMs();
  const marketId = String(at(BOOKS, act.market));
  const { consent, what } = act;
  const terms = { consent, nowMs, lifeMs: 60_000 };
  if (what === 'cancelAll') {
    world.send(trader.act({ kind: what, marketId }, terms));
    return;
  }
  if (what === 'heartbeat') {
    const deadlineMs = act.place < 0.3 ? 0 : nowMs + 1 + Math.floor(act.place * 20_000);
    world.send(trader.act({ kind: what, marketId, deadlineMs }, terms));
    return;
  }
  const book = world.host.live?.wired.venue.state.books.get(at(BOOKS, act.market));
  const open = openOrder(world, act, trader);
  // Now and then somebody names an order that it does not have.
  if (open === undefined && act.place < 0.9) return;
  const orderId = open ?? 1;
  const known = book?.open.get(orderId)?.order.clientOrderId ?? NO_CLIENT_ORDER_ID;
  const byClient = act.byClientId && known !== NO_CLIENT_ORDER_ID;
  const name = {
    orderId: byClient ? '0' : String(orderId),
    clientOrderId: byClient ? known : NO_CLIENT_ORDER_ID,
  };
  if (what === 'cancel') {
    world.send(trader.act({ kind: what, marketId, ...name }, terms));
    return;
  }
  const priceTicks = act.place < 0.4 ? 0 : at(MID_TICKS, act.market) + act.away;
  const draft = { kind: what, marketId, ...name, priceTicks, sizeLots: act.lots };
  world.send(trader.act(draft, terms));
}

function performRead(world: World, act: Of<'read'>): void {
  const trader = traderOf(world, act.who);
  const owner = trader.account;
  const places = [
    () => {
      const order = picked(trader.ordered, act.place);
      return order && pathOf('readOrder', { orderId: order.orderId });
    },
    () => withQuery(pathOf('listOrders'), `owner=${owner}`),
    () => pathOf('readAccount', { owner }),
    () => {
      const ahead = world.follower.sequence + Math.floor(act.place * 4);
      return withQuery(pathOf('readAccount', { owner }), `atLeast=${ahead}`);
    },
    () => withQuery(pathOf('listBookOrders', { marketId: String(BOOKS[0]) }), `owner=${owner}`),
    () => pathOf('listWithdrawals', { owner }),
  ];
  const place = at(places, act.what)();
  if (place === undefined) return;
  const request = { ...place, body: new Uint8Array(), address: trader.name };
  world.send({ wishId: `read ${request.path}`, request });
}

function withQuery(
  { method, path }: { readonly method: string; readonly path: string },
  query: string,
): { readonly method: string; readonly path: string } {
  return { method, path: `${path}?${query}` };
}

function performCrossing(world: World, act: CrossingAct): void {
  if (!world.settles) return;
  const trader = traderOf(world, act.who);
  const { account: owner } = trader;
  switch (act.kind) {
    case 'deposit':
      world.base.deposit({ owner, assetId: act.asset, units: 1n << BigInt(act.bits) });
      return;
    case 'withdraw': {
      const nowMs = world.clock.nowMs();
      const terms = {
        asset: act.asset,
        units: 1n << BigInt(act.bits),
        shard: SHARD,
        step: BigInt(act.nonceStep),
        expiresAtMs: nowMs + act.lifeMs,
        nowMs,
      };
      world.send(trader.withdraw(terms));
      return;
    }
    case 'requestExit':
      world.base.requestExit(owner);
      return;
    case 'cancelExit':
      world.base.cancelExit(owner);
      return;
    case 'completeExit':
      world.base.completeExit(owner, act.asset);
      return;
  }
}

function performHostile(world: World, act: HostileAct): void {
  if (act.kind === 'garbage') {
    const random = stream(act.seed, 'garbage');
    const routes = ['submitOrders', 'submitBookActions', 'openSession', 'requestWithdrawal'];
    const { method, path } = pathOf(picked(routes, act.route) ?? 'submitOrders');
    const length = random.integer(0, 400);
    const bytes = Uint8Array.from({ length }, () => random.integer(0, 255));
    const request = { method, path, body: bytes, address: 'a stranger' };
    world.send({ wishId: `garbage ${act.seed}`, request });
    return;
  }
  const wish = picked(traderOf(world, act.who).asked, act.place);
  if (wish === undefined) return;
  if (act.kind === 'replay') {
    for (let k = 0; k < act.times; k += 1) world.send(wish);
    return;
  }
  world.send(spoiled(wish, act.seed));
}

/** A request with one digit or letter changed: nobody signed it. */
function spoiled({ wishId, request }: Wish, seed: number): Wish {
  const random = stream(seed, 'spoil');
  const body = Uint8Array.from(request.body);
  const places = [...body.keys()].filter((k) => isPlain(body[k] ?? 0));
  const place = places.length === 0 ? undefined : oneOf(random, places);
  if (place !== undefined) body[place] = oneOf(random, [...'0123456789abcdef']).charCodeAt(0);
  const isSame = Buffer.compare(body, request.body) === 0;
  return { wishId: isSame ? wishId : `spoiled ${seed} ${wishId}`, request: { ...request, body } };
}

function isPlain(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
}

function performOperator(world: World, act: OperatorAct): void {
  switch (act.kind) {
    case 'restart':
      world.configSeed = act.config;
      world.host.restart();
      return;
    case 'halt':
      operate(world, 'haltMarket', { reason: 'The operator looks at something.' });
      return;
    case 'resume':
      operate(world, 'resumeMarket');
      return;
    case 'void':
      operate(world, 'voidBatch', { reason: 'The operator voids a batch.' });
      return;
    case 'setFee':
      setParameters(world, act);
      return;
    case 'bookState': {
      const states = ['open', 'open', 'open', 'postOnly', 'cancelOnly', 'halted'] as const;
      const input = {
        kind: 'setBookMarketState' as const,
        marketId: at(BOOKS, act.market),
        state: at(states, act.state),
      };
      world.host.live?.wired.venue.execute(input).catch(() => undefined);
      return;
    }
    case 'discard':
      if (act.what === 'snapshots') {
        world.machine.disk.discard((path) => path.endsWith('.snap'));
        return;
      }
      // Whoever deletes an index does it while nobody has it open.
      world.host.kill('kill');
      world.machine.store.discard();
      return;
  }
}

function operate(world: World, route: string, body?: unknown): void {
  const { method, path } = pathOf(route, { marketId: String(DEMO_MARKET_ID) });
  const bytes = body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body));
  const authorization = `Bearer ${OPERATOR_TOKEN}`;
  const request = { method, path, body: bytes, address: 'operator', authorization };
  world.send({ wishId: `operate ${route} ${world.clock.elapsedMs()}`, request });
}

/** New rules of the batch market, by the steps of the operator's endpoint. */
function setParameters(world: World, { feeE7, admission }: Of<'setFee'>): void {
  const venue = world.host.live?.wired.venue;
  const market = venue?.state.markets.get(DEMO_MARKET_ID);
  if (venue === undefined || market === undefined) return;
  const parameters = {
    ...market.parameters,
    feeE7,
    admission: admission < 0.3 ? AdmissionMode.commitReveal : AdmissionMode.open,
  };
  if (venue.unsettleable(parameters, market.reference.mids) !== undefined) return;
  venue
    .prepareParameters(parameters)
    .then(() => venue.execute({ kind: 'setParameters', parameters }))
    .catch(() => undefined);
}
