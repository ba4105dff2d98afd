import { randomBytes } from 'node:crypto';
import type { ChannelEvent } from '@lawbook/api/schema/messages';
import type { OrderView } from '@lawbook/api/schema/orderViews';
import { unreachable } from '@lawbook/exchange/failures/invariant';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { VenueEvent } from '../../venueTypes.ts';
import type { GatewayCore } from '../gatewayCore.ts';
import type { MidsBoard } from '../midsBoard.ts';
import { isoTime } from '../present/moments.ts';
import { presentBookEpoch } from '../present/presentBook.ts';
import { presentMids, presentPhase } from '../present/presentMarket.ts';
import { presentOrder } from '../present/presentOrder.ts';
import { presentBatch, presentEpoch } from '../present/presentRecords.ts';
import { BookFeed, ofBook } from './bookFeed.ts';
import { Channel } from './channel.ts';

/** A snapshot with the place in the channel that it stands for. */
export interface ChannelSnapshot {
  readonly sequence: number;
  readonly checksum: string;
  readonly events: readonly ChannelEvent[];
}

/** A snapshot of an owner's orders holds at most this many; older ones are listed over REST. */
const OPEN_ORDERS_MAX = 2000;
/** Resting orders in a snapshot that cost a token. */
const ORDERS_PER_TOKEN = 50;
/** How often a snapshot is taken anew when too much happened while it was read. */
const SNAPSHOT_ATTEMPTS = 3;

/**
 * The channels of a venue. They are made when first asked for, and those without readers make room
 * for others, the longest unused first.
 */
export class ChannelBoard {
  readonly #core: GatewayCore;
  readonly #mids: MidsBoard;
  readonly #bookFeed: BookFeed;
  readonly #channels = new Map<string, Channel>();
  /** Tells the channels of this run from those before a restart. */
  readonly #run: string;
  readonly #readers = new Map<string, number>();
  #made = 0;
  #uses = 0;

  constructor(core: GatewayCore, mids: MidsBoard, run: string = randomBytes(6).toString('hex')) {
    this.#core = core;
    this.#mids = mids;
    this.#run = run;
    this.#bookFeed = new BookFeed(core.venue);
  }

  /** Starts publishing what happens. @returns what ends it. */
  listen(): () => void {
    return this.#core.venue.subscribe((event) => this.#publish(event));
  }

  /** The channel of a name. Rejections: notFound for an unknown market, rateLimited when full. */
  open(name: string): Result<Channel> {
    const lower = name.toLowerCase();
    const known = this.#channels.get(lower);
    if (known !== undefined) return accepted(this.#used(known));
    const [kind = '', subject = ''] = lower.split(':');
    const { markets, books } = this.#core.venue.state;
    const isKnown =
      kind === 'orders' ||
      kind === 'executions' ||
      (ofBook(kind) ? books : markets).has(Number(subject)) ||
      (kind === 'epochs' && books.has(Number(subject)));
    if (!isKnown) {
      return refuse('notFound', { field: 'channel', actual: name });
    }
    const { channelsMax, ringSize } = this.#core.options.webSocket;
    if (this.#channels.size >= channelsMax && !this.#makeRoom()) {
      return refuse('rateLimited', { field: 'channel', limit: channelsMax, actual: name });
    }
    this.#made += 1;
    const channel = new Channel(lower, `${this.#run}-${this.#made}`, ringSize);
    this.#channels.set(lower, channel);
    return accepted(this.#used(channel));
  }

  /**
   * What a reader needs to know to follow from now on. The events stand for everything up to the
   * sequence; a later event may repeat what the snapshot already holds, so readers upsert.
   * Between the return and the next await nothing happens on the channel.
   */
  async snapshot(channel: Channel): Promise<ChannelSnapshot> {
    const { name } = channel;
    if (ofBook(name.split(':')[0] ?? '')) {
      const { sequence, checksum } = channel;
      return { sequence, checksum, events: this.#bookFeed.snapshot(name) };
    }
    for (let attempt = 1; ; attempt += 1) {
      const start = channel.sequence;
      const events = await this.#read(channel.name);
      const since = channel.since(start + 1);
      if (since === undefined && attempt < SNAPSHOT_ATTEMPTS) continue;
      const newer = (since ?? []).map(({ event }) => event);
      const { sequence, checksum } = channel;
      return { sequence, checksum, events: merge(events, newer) };
    }
  }

  /** Tokens of its address that a snapshot costs: those of all resting orders can be long. */
  snapshotCost({ name }: Channel): number {
    const [kind, subject] = name.split(':');
    if (kind !== 'queue') return 1;
    const orders = this.#core.venue.books.queueLength(Number(subject));
    const most = this.#core.options.addressBucket.burst / 2;
    return Math.max(1, Math.min(Math.ceil(orders / ORDERS_PER_TOKEN), most));
  }

  /** Subscriptions by kind of channel, of every kind that was ever asked for. */
  readers(): ReadonlyMap<string, number> {
    for (const kind of this.#readers.keys()) this.#readers.set(kind, 0);
    for (const { name, readers } of this.#channels.values()) {
      const kind = name.split(':')[0] ?? '';
      this.#readers.set(kind, (this.#readers.get(kind) ?? 0) + readers.size);
    }
    return this.#readers;
  }

  #used(channel: Channel): Channel {
    this.#uses += 1;
    channel.lastUse = this.#uses;
    return channel;
  }

  #makeRoom(): boolean {
    let oldest: Channel | undefined;
    for (const channel of this.#channels.values()) {
      if (channel.readers.size > 0) continue;
      if (oldest === undefined || channel.lastUse < oldest.lastUse) oldest = channel;
    }
    return oldest !== undefined && this.#channels.delete(oldest.name);
  }

  #publish(event: VenueEvent): void {
    const { state } = this.#core.venue;
    switch (event.kind) {
      case 'order': {
        const channel = this.#channels.get(`orders:${event.record.order.owner}`);
        channel?.publish({ kind: 'order', order: presentOrder(state, event.record) });
        return;
      }
      case 'batch': {
        const channel = this.#channels.get(`batches:${event.record.report.marketId}`);
        channel?.publish({ kind: 'batch', batch: presentBatch(state, event.record) });
        return;
      }
      case 'epoch': {
        const channel = this.#channels.get(`epochs:${event.record.epoch.marketId}`);
        channel?.publish({ kind: 'epoch', epoch: presentEpoch(event.record) });
        return;
      }
      case 'phase': {
        const { marketId, batchNumber, phase, sinceMs, dueMs } = event;
        const due = dueMs === undefined ? {} : { due: isoTime(dueMs) };
        const view = { name: phase, batchNumber, since: isoTime(sinceMs), ...due };
        const channel = this.#channels.get(`phases:${marketId}`);
        channel?.publish({ kind: 'phase', marketId: String(marketId), phase: view });
        return;
      }
      case 'oracle': {
        const market = state.markets.get(event.marketId);
        const channel = this.#channels.get(`oracle:${event.marketId}`);
        if (market === undefined || channel === undefined) return;
        const mids = presentMids(state, market.parameters, event.mids);
        channel.publish({ kind: 'oracle', marketId: String(event.marketId), mids });
        return;
      }
      case 'book':
      case 'bookEpoch':
        this.#bookFeed.publish(event, (name) => this.#channels.get(name));
        return;
      default:
        unreachable(event);
    }
  }

  async #read(name: string): Promise<ChannelEvent[]> {
    const { venue } = this.#core;
    const [kind = '', subject = ''] = name.split(':');
    if (kind === 'orders') {
      const page = { open: true, limit: OPEN_ORDERS_MAX };
      const records = await venue.orders(accountId(subject), page);
      return records.map((record) => ({ kind: 'order', order: presentOrder(venue.state, record) }));
    }
    if (kind === 'executions') return await this.#bookFeed.openOrders(accountId(subject));
    const market = venue.state.markets.get(Number(subject));
    if (market === undefined) {
      const epochs = await venue.books.epochs(Number(subject), { limit: 1 });
      return epochs.map((epoch) => ({ kind: 'bookEpoch', epoch: presentBookEpoch(epoch) }));
    }
    const { marketId } = market;
    if (kind === 'batches') {
      const records = await venue.batches(marketId, { limit: 1 });
      return records.map((record) => ({ kind: 'batch', batch: presentBatch(venue.state, record) }));
    }
    if (kind === 'epochs') {
      const records = await venue.epochs(marketId, { limit: 1 });
      return records.map((record) => ({ kind: 'epoch', epoch: presentEpoch(record) }));
    }
    if (kind === 'phases') {
      return [
        {
          kind: 'phase',
          marketId: subject,
          phase: presentPhase(market, this.#core.dependencies.clock()),
        },
      ];
    }
    const quotes = this.#mids.latest(marketId)?.mids ?? market.reference.mids;
    const mids = presentMids(venue.state, market.parameters, quotes);
    return [{ kind: 'oracle', marketId: subject, mids }];
  }
}

/** Lays events over a snapshot: the last word on each order counts, and of other kinds the last. */
function merge(
  snapshot: readonly ChannelEvent[],
  newer: readonly ChannelEvent[],
): readonly ChannelEvent[] {
  if (newer.length === 0) return snapshot;
  const last = newer.at(-1);
  if (last?.kind === 'bookOrder' || last?.kind === 'execution')
    return mergeBookOrders(snapshot, newer);
  if (last !== undefined && last.kind !== 'order') return [last];
  const orders = new Map<string, OrderView>();
  for (const event of [...snapshot, ...newer]) {
    if (event.kind === 'order') orders.set(event.order.orderId, event.order);
  }
  return [...orders.values()]
    .filter(({ status }) => status === 'new')
    .map((order) => ({ kind: 'order', order }));
}

/** The last word on each open order of a book. */
function mergeBookOrders(
  snapshot: readonly ChannelEvent[],
  newer: readonly ChannelEvent[],
): readonly ChannelEvent[] {
  const orders = new Map<string, Extract<ChannelEvent, { kind: 'bookOrder' }>>();
  for (const event of [...snapshot, ...newer]) {
    if (event.kind !== 'bookOrder') continue;
    const { orderId, terms, endedBy } = event.order;
    const key = `${terms.marketId}:${orderId}`;
    if (endedBy === undefined) orders.set(key, event);
    else orders.delete(key);
  }
  return [...orders.values()];
}
