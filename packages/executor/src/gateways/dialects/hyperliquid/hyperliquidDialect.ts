import type { Server } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { BookIntake } from '../../bookIntake.ts';
import type { GatewayCore } from '../../gatewayCore.ts';
import { requestState } from '../../http/mountEndpoint.ts';
import { parseBody } from '../../http/parseBody.ts';
import { sendJson } from '../../http/replies.ts';
import type { BucketAnswer } from '../../tokenBuckets.ts';
import { AccountReads } from './accountReads.ts';
import { ActionDesk } from './actionDesk.ts';
import { tooMany } from './actionReplies.ts';
import { Agents } from './agents.ts';
import { ChainNonces } from './chainNonces.ts';
import { DayBoard } from './dayBoard.ts';
import { deriveDelegateKey } from './delegateKey.ts';
import { DialectSockets } from './dialectSockets.ts';
import { UNREADABLE } from './envelope.ts';
import { MarketReads } from './marketReads.ts';
import type { Charge } from './readDesk.ts';
import { ReadDesk } from './readDesk.ts';
import { Signers } from './signers.ts';
import { SpotMarkets } from './spotMarkets.ts';
import { StreamBoard } from './streamBoard.ts';
import { TradeDesk } from './tradeDesk.ts';

/** The dialect while it is served. */
export interface HyperliquidDialect {
  /** Where its WebSocket is. */
  readonly path: string;
  /** Takes WebSocket upgrades of a server on its own path. */
  readonly attach: (server: Server) => void;
  /** Ends its connections and background work. Safe twice. */
  readonly close: () => Promise<void>;
}

/** Status of a body that is none of the dialect's requests; its text says why. */
const UNREADABLE_STATUS = 422;
const LIMITED_STATUS = 429;

/**
 * Mounts the gateway for clients of Hyperliquid: POST /info to read, POST /exchange to act.
 *
 * @see docs/guides/hyperliquid.md, docs/decisions on whose word an order is taken
 */
export function mountHyperliquid(
  app: FastifyInstance,
  core: GatewayCore,
  bookIntake: BookIntake,
): HyperliquidDialect {
  const { readDesk, actionDesk, days, agents, board } = createDesks(core, bookIntake);
  const path = '/ws';
  const sockets = new DialectSockets(path, { core, board, readDesk, actionDesk });
  const stopDays = core.venue.subscribe((event) => {
    if (event.kind === 'book') for (const trade of event.news.trades) days.add(trade);
  });
  app.post('/info', async (request, reply) => {
    const json = bodyOf(core, request);
    const { addressKey, quotas } = requestState(request, '');
    const charge = chargeOf(core, addressKey, quotas);
    const read = json.ok ? await readDesk.answer(json.value, charge) : notJson();
    if (read.kind === 'told') return sendJson(reply, read.body);
    const status = read.kind === 'limited' ? LIMITED_STATUS : UNREADABLE_STATUS;
    return reply.status(status).type('text/plain').send(read.text);
  });
  app.post('/exchange', async (request, reply) => {
    const json = bodyOf(core, request);
    const { addressKey, quotas } = requestState(request, '');
    const sender = { addressKey, quotas, traceId: request.id };
    const acted = json.ok ? await actionDesk.answer(json.value, sender) : notJson().text;
    if (typeof acted !== 'string') return sendJson(reply, acted);
    return reply.status(UNREADABLE_STATUS).type('text/plain').send(acted);
  });
  return {
    path,
    attach: (server) => sockets.attach(server),
    close: async () => {
      stopDays();
      board.close();
      await sockets.close();
      await agents.settled();
    },
  };
}

function createDesks(core: GatewayCore, bookIntake: BookIntake) {
  const { venue, options, dependencies } = core;
  const { clock, log } = dependencies;
  const markets = new SpotMarkets(venue.state);
  const delegate = deriveDelegateKey(options.sessionKey, 'hyperliquid');
  const agents = new Agents(options.dataFolder, { log, recover: venue.recover });
  const signers = new Signers(venue, agents, delegate.address);
  const days = new DayBoard(venue);
  const marketReads = new MarketReads({ venue, markets, days, clock });
  const reads = { venue, markets, agents, signers, delegate, clock };
  const accountReads = new AccountReads(reads);
  const readDesk = new ReadDesk({ markets, marketReads, accountReads, clock });
  const startedMs = Math.max(clock(), venue.state.timeMs);
  const chainNonces = new ChainNonces(venue.state.books, startedMs);
  const trades = new TradeDesk({ core, bookIntake, markets, delegate });
  const actionDesk = new ActionDesk({ core, signers, agents, chainNonces, trades });
  const onFault = (cause: unknown): void => {
    log.warn({ err: cause }, 'a stream could not be told');
  };
  const told = { venue, markets, marketReads, accountReads, readDesk, onFault };
  return { readDesk, actionDesk, days, agents, board: new StreamBoard(told) };
}

/** Takes tokens of an address, and notes the quota for the headers. */
function chargeOf(core: GatewayCore, addressKey: string, quotas: BucketAnswer[]): Charge {
  return (tokens) => {
    const quota = core.addressBuckets.take(addressKey, tokens, core.dependencies.clock());
    quotas.push(quota);
    return quota.allowed ? undefined : tooMany(quota.limit);
  };
}

function bodyOf(core: GatewayCore, request: FastifyRequest): ReturnType<typeof parseBody> {
  const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array();
  core.dependencies.metrics.httpBody.observe(bytes.length);
  return parseBody(bytes, core.options.bodyDepthMax);
}

function notJson(): { readonly kind: 'unreadable'; readonly text: string } {
  return { kind: 'unreadable', text: `${UNREADABLE}: body: not JSON` };
}
