import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { keySigner } from '@lawbook/api/client/signers';
import type { OrderAnswer, OrderView } from '@lawbook/api/schema/orderViews';
import { ExitCode, RefusedFault, UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { paint, printResult } from './terminal/terminal.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { venueUrl, withVenueFlags } from './terminal/venueFlags.ts';
import { signerOf } from './trading/accounts.ts';
import { granted } from './trading/granted.ts';
import type { TradeFlags } from './trading/tradeWords.ts';
import { tradeRequest, withTradeFlags } from './trading/tradeWords.ts';

interface OrderOptions extends VenueFlags, TradeFlags {
  readonly market: string;
  readonly from: string;
  readonly expires: string;
  readonly wait: boolean;
}

const EXAMPLES = `
Examples:
  lawbook order --from alice --pay 1000 USD --receive EUR
  lawbook order --from alice.key --pay 1000 USD --receive EUR --limit 1.1005 --min-fill 50
  lawbook order --from bob --pay 500 USD --receive FX5 --no-wait --json

The order is signed here and lives for the next batch; what is not filled there is released. Without
--limit it trades within the protective band. --limit 1.1005 means at most 1.1005 USD per EUR, fee
included. alice, bob and charlie are the accounts of a demo venue: their keys are public.`;

/** How long to wait for the batch that takes the order. */
const WAIT_MS = 30_000;

/** `lawbook order`: signs an order, submits it, and waits for its batch. */
export function addOrder(program: Program): void {
  withVenueFlags(withTradeFlags(program.command.command('order')))
    .description('Sign and submit an order, and wait for its batch')
    .requiredOption('--from <name|file>', 'key file, or a demo account')
    .option('--expires <seconds>', 'the order is void after this', '60')
    .option('--no-wait', 'do not wait for the batch')
    .addHelpText('after', EXAMPLES)
    .action((options: OrderOptions) => order(program, options));
}

async function order(program: Program, options: OrderOptions): Promise<void> {
  const { terminal } = program;
  const baseUrl = venueUrl(options);
  const { domain } = await new LawbookClient({ baseUrl }).signing();
  const { secretKey } = signerOf(options.from, domain, terminal);
  const client = new LawbookClient({ baseUrl, signer: keySigner(secretKey) });
  const request = { ...tradeRequest(options), ttlMs: expiryMs(options.expires) };
  const answer = await granted(client.placeOrder(request));
  if (answer.kind !== 'accepted') throw new RefusedFault(answer.rejection);
  const result = options.wait ? await settled(client, answer) : undefined;
  printResult(terminal, options, { answer, order: result }, () => orderLines(answer, result));
  if (result !== undefined && result.status === 'new') program.exitWith(ExitCode.refused);
}

/**
 * The order once its batch has cleared, or as it stands when the wait is over.
 *
 * It was accepted, so an answer that it is unknown can only mean that the venue moves it from the
 * open batch to its index at this moment: that is waited out, too.
 */
async function settled(client: LawbookClient, answer: AcceptedAnswer): Promise<OrderView> {
  const { orderId, sequence } = answer;
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const reply = await client.readOrder(orderId, { atLeast: sequence });
    const late = performance.now() > deadline;
    const moving = !reply.ok && reply.rejection.code === 'notFound' && !late;
    if (!moving) {
      const { order } = await granted(reply);
      if (order.status !== 'new' || late) return order;
    }
    await new Promise((resume) => setTimeout(resume, POLL_MS));
  }
}

const POLL_MS = 100;

type AcceptedAnswer = Extract<OrderAnswer, { readonly kind: 'accepted' }>;

function orderLines(answer: AcceptedAnswer, view: OrderView | undefined): string[] {
  const again = answer.repeated ? ' (accepted before)' : '';
  const lines = [
    `accepted${again} as sequence ${answer.sequence}, for batch ${answer.batchNumber}`,
    `order id ${answer.orderId}`,
  ];
  if (view === undefined) return lines;
  const { status, pay, receive, paid, received, fee, residual } = view;
  const why = residual === undefined ? '' : `: ${residual}`;
  if (status === 'new') return [...lines, paint.warn('its batch has not cleared yet')];
  return [
    ...lines,
    status === 'filled' ? paint.good(status) : paint.warn(`${status}${why}`),
    `paid ${paid} ${pay}, received ${received} ${receive} net of a fee of ${fee} ${receive}`,
  ];
}

function expiryMs(text: string): number {
  const seconds = Number(text);
  if (/^\d{1,7}$/.test(text) && seconds > 0) return seconds * 1000;
  throw new UsageFault(`--expires takes whole seconds, not ${text}`);
}
