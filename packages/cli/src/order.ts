import type { OrderAnswer, OrderView } from '@lawbook/api/schema/orderViews';
import { ExitCode, RefusedFault, UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { paint, printJson } from './terminal/terminal.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { venueUrl, withVenueFlags } from './terminal/venueFlags.ts';
import { signerOf } from './trading/accounts.ts';
import { signOrder } from './trading/signOrder.ts';
import { tradeTerms } from './trading/tradeTerms.ts';
import type { VenueAccess } from './trading/venueAccess.ts';
import { openVenue } from './trading/venueAccess.ts';

interface OrderOptions extends VenueFlags {
  readonly from: string;
  readonly pay: readonly string[];
  readonly receive: string;
  readonly limit?: string;
  readonly minFill?: string;
  readonly expires: string;
  readonly wait: boolean;
}

const EXAMPLES = `
Examples:
  lawbook order --from alice --pay 1000 USD --receive EUR
  lawbook order --from alice.key --pay 1000 USD --receive EUR --limit 0.9085 --min-fill 50
  lawbook order --from bob --pay 500 USD --receive FX5 --no-wait --json

The order is signed here and lives for the next batch; what is not filled there is released. Without
--limit it trades within the protective band. --limit is the least received per unit paid, fee
included. alice, bob and charlie are the accounts of a demo venue: their keys are public.`;

/** How long to wait for the batch that takes the order. */
const WAIT_MS = 30_000;

/** `lawbook order`: signs an order, submits it, and waits for its batch. */
export function addOrder(program: Program): void {
  withVenueFlags(program.command.command('order'))
    .description('Sign and submit an order, and wait for its batch')
    .requiredOption('--from <name|file>', 'key file, or a demo account')
    .requiredOption('--pay <amount...>', 'most to spend, such as 1000 USD')
    .requiredOption('--receive <symbol>', 'asset or basket to receive')
    .option('--limit <rate>', 'least received per unit paid, fee included')
    .option('--min-fill <percent>', 'least part of the budget to spend, if any')
    .option('--expires <seconds>', 'the order is void after this', '60')
    .option('--no-wait', 'do not wait for the batch')
    .addHelpText('after', EXAMPLES)
    .action((options: OrderOptions) => order(program, options));
}

async function order(program: Program, options: OrderOptions): Promise<void> {
  const { terminal } = program;
  const venue = openVenue(venueUrl(options));
  const domain = await venue.domain();
  const signer = signerOf(options.from, domain, terminal);
  const terms = tradeTerms(await venue.market(options.market), options);
  const account = await venue.account(signer.account);
  const signed = signOrder({
    signer,
    domain,
    terms,
    orderNonce: BigInt(account.highestOrderNonce) + 1n,
    expiresAtMs: Date.parse(account.asOf.time) + expiryMs(options.expires),
  });
  const answer = await venue.submit(signed);
  if (answer.kind !== 'accepted') throw new RefusedFault(answer.rejection);
  const result = options.wait ? await settled(venue, answer) : undefined;
  if (options.json === true) printJson(terminal, { answer, order: result });
  else for (const line of orderLines(answer, result)) terminal.print(line);
  if (result !== undefined && result.status === 'new') program.exitWith(ExitCode.refused);
}

/** The order once its batch has cleared, or as it stands when the wait is over. */
async function settled(venue: VenueAccess, answer: AcceptedAnswer): Promise<OrderView> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const view = await venue.order(answer.orderId, answer.sequence);
    if (view.status !== 'new' || performance.now() > deadline) return view;
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
