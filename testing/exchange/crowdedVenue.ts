// The venue of soakSubscribers.ts, in a process of its own, so that each side has its own sockets
// and its own memory. Takes orders of itself over a channel to its parent, because what is watched
// is how news goes out; stops when told or when the parent is gone.
import { DEMO_BOOK_ID } from '../../packages/analytics/src/demoBooks.ts';
import { at, invariant } from '../../packages/exchange/src/failures/invariant.ts';
import { NO_CLIENT_ORDER_ID } from '../../packages/exchange/src/orders/bookOrder.ts';
import { BookSigning } from '../../packages/exchange/src/orders/bookSigning.ts';
import { signDigest } from '../../packages/exchange/src/orders/signature.ts';
import { demoBookInputs } from '../../packages/executor/src/demo/demoBookInputs.ts';
import { GATEWAY_PRESETS } from '../../packages/executor/src/gateways/gatewayOptions.ts';
import { GatewayWorld } from '../gateways/gatewayWorld.ts';

/** What the parent asks for. */
export type Wish =
  | { readonly kind: 'orders'; readonly count: number }
  /** Prices of the batch market's oracle, which only slow readers follow. */
  | { readonly kind: 'flood'; readonly count: number }
  | { readonly kind: 'memory' }
  | { readonly kind: 'stop' };

/** What it is told, each once its wish is done. */
export interface Told {
  readonly url?: string;
  readonly rssBytes: number;
}

const NO_LIMIT = { ratePerSecond: 1e9, burst: 1e9 };
const CONNECTIONS_MAX = 12_000;
const DROPS = { dropBytes: 1_048_576, warnBytes: 262_144 };

async function main(): Promise<void> {
  const { webSocket } = GATEWAY_PRESETS;
  const connections = {
    connectionsMax: CONNECTIONS_MAX,
    connectionsPerAddressMax: CONNECTIONS_MAX,
  };
  const world = await GatewayWorld.open({
    options: {
      accountBucket: NO_LIMIT,
      addressBucket: NO_LIMIT,
      connectionsMax: CONNECTIONS_MAX,
      // Long enough for a dropped reader to come back and read why it was dropped.
      webSocket: { ...webSocket, ...connections, ...DROPS, closeGraceMs: 600_000 },
    },
  });
  for (const input of demoBookInputs(world.venue.state.assets.length)) {
    const result = await world.venue.execute(input);
    invariant(result.ok, 'the books of the demo world fit an empty venue');
  }
  const tell = (told: Pick<Told, 'url'> = {}): void => {
    const rss = process.memoryUsage.rss();
    process.send?.({ ...told, rssBytes: rss });
  };
  const stop = async (): Promise<void> => {
    await world.close();
    process.exit(0);
  };
  process.once('disconnect', () => void stop());
  process.on('message', (wish: Wish) => {
    if (wish.kind === 'stop') void stop();
    else if (wish.kind === 'orders') void placeOrders(world, wish.count).then(() => tell());
    else if (wish.kind === 'flood') void flood(world, wish.count).then(() => tell());
    else tell();
  });
  tell({ url: world.url });
}

/** Where the first demo book begins, ticks. */
const MID = 11_000;

let orderNonce = 0n;

/** Orders of two owners, of which every other trades: each is one event of the book's feed. */
async function placeOrders(world: GatewayWorld, count: number): Promise<void> {
  const signing = new BookSigning(world.venue.signing.domain);
  for (let k = 0; k < count; k += 1) {
    const { account: owner, secretKey } = world.account(k % 2 === 0 ? 'alice' : 'bob');
    orderNonce += 1n;
    const terms = {
      ...{ owner, marketId: DEMO_BOOK_ID, clientOrderId: NO_CLIENT_ORDER_ID },
      side: k % 2 === 0 ? ('buy' as const) : ('sell' as const),
      ...({ type: 'limit', timeInForce: 'gtc', selfTradePolicy: 'cancelResting' } as const),
      ...{ postOnly: false, priceTicks: MID - (k % 7), sizeLots: 10, displayLots: 0 },
      ...({ trigger: 'none', triggerSource: 'lastTrade', triggerTicks: 0 } as const),
      ...{ ocoWith: 0, goodUntilMs: 0, orderNonce, expiresAtMs: Date.now() + 60_000 },
    };
    const authorisation = signDigest(signing.orderDigest(terms), secretKey);
    const kind = 'submitBookOrder';
    const result = await world.venue.books.submit({ kind, entry: { terms, authorisation } });
    invariant(result.ok, 'orders of the crowded venue are accepted');
  }
}

async function flood(world: GatewayWorld, count: number): Promise<void> {
  const market = at([...world.venue.state.markets.values()], 0);
  const { marketId } = market;
  for (let k = 0; k < count; k += 1) {
    world.venue.tell({ kind: 'oracle', marketId, mids: market.reference.mids });
    if (k % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

await main();
