import type { ChannelEvent } from '@lawbook/api/schema/messages';
import type { OrderView } from '@lawbook/api/schema/orderViews';
import type { BatchView } from '@lawbook/api/schema/recordViews';
import { UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { paint } from './terminal/terminal.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { venueUrl, withVenueFlags } from './terminal/venueFlags.ts';
import { ownerOf } from './trading/accounts.ts';
import { followUntil } from './trading/followUntil.ts';
import { untilInterrupted } from './trading/interrupt.ts';

interface WatchOptions extends VenueFlags {
  readonly orders?: string;
  readonly count?: string;
}

const EXAMPLES = `
Examples:
  lawbook watch                       every batch as it clears
  lawbook watch --orders alice        and what becomes of alice's orders
  lawbook watch --count 3 --json      three batches, one JSON document per line

The feed reconnects without a gap. Ctrl-C ends it and exits 0.`;

/** `lawbook watch`: the live feed of a market. */
export function addWatch(program: Program): void {
  withVenueFlags(program.command.command('watch'))
    .description('Follow batches and fills as they happen')
    .option('--orders <account>', 'follow the orders of an account too')
    .option('--count <batches>', 'stop after this many batches')
    .addHelpText('after', EXAMPLES)
    .action((options: WatchOptions) => watch(program, options));
}

async function watch({ terminal }: Program, options: WatchOptions): Promise<void> {
  const baseUrl = venueUrl(options);
  const channels = [
    `batches:${options.market}`,
    ...(options.orders === undefined ? [] : [`orders:${ownerOf(options.orders)}`]),
  ];
  let left = readCount(options.count);
  if (terminal.notesOnScreen) terminal.note(`following ${channels.join(', ')}; Ctrl-C ends it`);
  await untilInterrupted(async (stopping) => {
    const { signal } = stopping;
    const show = (event: ChannelEvent): void => {
      if (signal.aborted) return;
      if (options.json === true) terminal.print(JSON.stringify(event));
      else for (const line of eventLines(event)) terminal.print(line);
      if (event.kind !== 'batch') return;
      left -= 1;
      if (left === 0) stopping.abort();
    };
    await followUntil({ baseUrl, channels, signal }, show, terminal);
  });
}

function eventLines(event: ChannelEvent): string[] {
  if (event.kind === 'batch') return [batchLine(event.batch)];
  if (event.kind === 'order') return [orderLine(event.order)];
  return [];
}

function batchLine(batch: BatchView): string {
  const { batchNumber, outcome, orderCount, ordersFilled, measures, assets, verdicts } = batch;
  const head = `${batch.closedAt.slice(11, 19)} batch ${batchNumber}`;
  if (outcome.kind === 'halted') return paint.bad(`${head} halted: ${outcome.reason ?? ''}`);
  const prices = assets.slice(1).map(({ symbol, price }) => `${symbol} ${shortPrice(price)}`);
  const broken = verdicts.filter(({ holds }) => !holds).map(({ law }) => law);
  const laws =
    broken.length === 0 ? paint.good('laws hold') : paint.bad(`broken: ${broken.join()}`);
  const filled = `${ordersFilled}/${orderCount} orders, $${dollars(measures.filledUsd)}`;
  return `${head.padEnd(20)} ${filled.padEnd(30)} ${prices.join('  ')}  ${laws}`;
}

function orderLine(order: OrderView): string {
  const { status, pay, receive, paid, received, residual, budget, batchNumber } = order;
  const why = residual === undefined ? '' : ` (${residual})`;
  const what =
    status === 'new'
      ? `up to ${budget} ${pay} for ${receive}`
      : `paid ${paid} ${pay}, received ${received} ${receive}${why}`;
  const colour = status === 'filled' ? paint.good : paint.warn;
  const name = `order ${order.orderId.slice(0, 10)} batch ${batchNumber}`;
  return `         ${name} ${colour(status)}: ${what}`;
}

/** Six significant digits and more: enough to see a tenth of a basis point move. */
function shortPrice(price: string): string {
  return Number(price).toPrecision(7);
}

function dollars(text: string): string {
  const whole = text.split('.')[0] ?? text;
  return whole.replace(/\B(?=(\d{3})+$)/g, ',');
}

function readCount(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageFault(`--count takes a count of batches, not ${text}`);
}
