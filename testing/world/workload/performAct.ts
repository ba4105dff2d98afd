import { DEMO_MARKET_ID } from '@lawbook/analytics/demoWorld';
import { Fault } from '@lawbook/exchange/failures/fault';
import { at } from '@lawbook/exchange/failures/invariant';
import { AdmissionMode } from '@lawbook/exchange/markets/batch/parameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import { pathOf } from '../simulation/gatewayDouble.ts';
import { SHARD } from '../simulation/simulatedBase.ts';
import { oneOf, picked, stream } from '../simulation/streams.ts';
import type { World } from '../simulation/world.ts';
import { BOOKS, OPERATOR_TOKEN } from '../simulation/worldConfig.ts';
import type { Act, ActOf, ClientAct, CrossingAct, HostileAct, OperatorAct } from './acts.ts';
import { orderWish, performBatch } from './performBatch.ts';
import { bookWish, performBook } from './performBook.ts';
import type { Wish } from './trader.ts';
import { togetherOf } from './trader.ts';
import { traderOf } from './traderOf.ts';

/** Lets the world do what an act says. What somebody cannot do now is left undone. */
export function performAct(world: World, act: Act): void {
  switch (act.kind) {
    case 'order':
    case 'cancel':
    case 'commit':
    case 'reveal':
      performBatch(world, act);
      return;
    case 'together':
      performTogether(world, act);
      return;
    case 'openSession':
    case 'closeSession':
      performSession(world, act);
      return;
    case 'bookOrder':
    case 'bookChange':
    case 'twap':
    case 'cancelTwap':
      performBook(world, act);
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

/** Several wishes of one trader in one request. */
function performTogether(world: World, { acts }: ActOf<'together'>): void {
  const wishes = acts.flatMap((act) => wishOf(world, act) ?? []);
  const wish = togetherOf(wishes);
  if (wish !== undefined) world.send(wish);
}

function wishOf(world: World, act: ClientAct): Wish | undefined {
  if (act.kind === 'order') return orderWish(world, act).wish;
  return act.kind === 'bookOrder' || act.kind === 'bookChange' ? bookWish(world, act) : undefined;
}

function performSession(world: World, act: ActOf<'openSession'> | ActOf<'closeSession'>): void {
  const trader = traderOf(world, act.who);
  const nowMs = world.clock.nowMs();
  if (act.kind === 'closeSession') {
    const wish = trader.closeSession(nowMs);
    if (wish !== undefined) world.send(wish);
    return;
  }
  const { delegated, scopes, lifeMs } = act;
  const wish = trader.openSession({ delegated, scopes, expiresAtMs: nowMs + lifeMs, nowMs });
  world.send(wish, ({ body }) => trader.tookSession(body));
}

function performRead(world: World, act: ActOf<'read'>): void {
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
    () => pathOf('readBook', { marketId: String(BOOKS[0]) }),
    () => withQuery(pathOf('listTrades', { marketId: String(BOOKS[1]) }), 'limit=20'),
    () => withQuery(pathOf('listFills', { marketId: String(BOOKS[0]) }), `owner=${owner}`),
  ];
  const place = at(places, act.what % places.length)();
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

const TRIES_MAX = 12;
const RETRY_MS = 2_000;

/** New rules of the batch market, by the steps of the operator's endpoint. */
function setParameters(world: World, act: ActOf<'setFee'> & { readonly tries?: number }): void {
  const { feeE7, admission, bondBits } = act;
  const venue = world.host.live?.wired.venue;
  const market = venue?.state.markets.get(DEMO_MARKET_ID);
  if (venue === undefined || market === undefined) return;
  const { mids } = market.reference;
  const wanted = {
    ...market.parameters,
    feeE7,
    admission: admission < 0.3 ? AdmissionMode.commitReveal : AdmissionMode.open,
    bond: bondBits === undefined ? market.parameters.bond : amount(1n << BigInt(bondBits)),
  };
  // No circuit proves bonds: commitments in a world that settles cost none.
  const isProvable = venue.unsettleable(wanted, mids) === undefined;
  const parameters = isProvable ? wanted : { ...wanted, bond: amount(0n) };
  if (!isProvable && venue.unsettleable(parameters, mids) !== undefined) return;
  venue
    .prepareParameters(parameters)
    .then(() => venue.execute({ kind: 'setParameters', parameters }))
    .catch((cause: unknown) => {
      // The base layer is away or has to hear of them first: the operator asks again, for a while.
      const later = { ...act, tries: (act.tries ?? TRIES_MAX) - 1 };
      if (!(cause instanceof Fault)) world.bug(cause);
      else if (later.tries > 0) world.clock.schedule(RETRY_MS, () => setParameters(world, later));
    });
}
