import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { PreviewView } from '@lawbook/api/schema/orderViews';
import type { Program } from './terminal/program.ts';
import { tableLines } from './terminal/table.ts';
import { paint, printResult } from './terminal/terminal.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { venueUrl, withVenueFlags } from './terminal/venueFlags.ts';
import { granted } from './trading/granted.ts';
import type { TradeFlags } from './trading/tradeWords.ts';
import { tradeRequest, withTradeFlags } from './trading/tradeWords.ts';

type PreviewOptions = VenueFlags & TradeFlags;

const EXAMPLES = `
Examples:
  lawbook preview --pay 1000 USD --receive EUR
  lawbook preview --pay 250000 EUR --receive FX5 --json

The clearing engine's own answer with the orders that wait now. Nothing is signed, held or promised:
the batch clears at one price for all, and other orders may still arrive.`;

/** `lawbook preview`: what a trade would get now. */
export function addPreview(program: Program): void {
  withVenueFlags(withTradeFlags(program.command.command('preview')))
    .description('Ask the clearing engine what a trade would get now')
    .addHelpText('after', EXAMPLES)
    .action((options: PreviewOptions) => preview(program, options));
}

async function preview({ terminal }: Program, options: PreviewOptions): Promise<void> {
  const client = new LawbookClient({ baseUrl: venueUrl(options) });
  const view = await granted(client.previewOrder(tradeRequest(options)));
  printResult(terminal, options, view, () => previewLines(view));
}

function previewLines(view: PreviewView): string[] {
  const { paid, pay, received, receive, fee, costBps, bound, ordersBeside } = view;
  const prices = view.prices.map(({ symbol, price, mid }) => [symbol, price, mid]);
  const heads = [{ head: 'asset' }, { head: 'price' }, { head: 'mid' }];
  return [
    paint.bold(`pay ${paid} ${pay}, receive ${received} ${receive}`),
    `fee        ${fee} ${receive}`,
    `cost       ${costBps === undefined ? 'nothing would fill' : `${costBps} bps against the mid`}`,
    `bound by   ${bound ?? 'nothing: it fills whole'}`,
    `beside     ${ordersBeside} orders that wait for this batch`,
    '',
    ...tableLines(heads, prices),
    '',
    paint.dim(`as of sequence ${view.asOf.sequence}; a preview is no promise`),
  ];
}
