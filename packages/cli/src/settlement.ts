import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { AgreementReply, SettlementReply } from '@lawbook/api/schema/settlementViews';
import { Fault } from '@lawbook/exchange/failures/fault';
import { ExitCode } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { paint, printResult } from './terminal/terminal.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { venueUrl, withVenueFlags } from './terminal/venueFlags.ts';
import { granted } from './trading/granted.ts';

const EXAMPLES = `
Examples:
  lawbook settlement                  how far behind trading the base layer is
  lawbook settlement --json           for scripts

Sealed, proven, settled and finalized are how far the epochs of the venue have come. When more of
them wait than the exposure limit allows, trading pauses. Exits 1 while it is paused or stopped.`;

/** `lawbook settlement`: where the venue settles and how far that is. */
export function addSettlement(program: Program): void {
  withVenueFlags(program.command.command('settlement'))
    .description('Show where the venue settles, and how far it is behind trading')
    .addHelpText('after', EXAMPLES)
    .action((options: VenueFlags) => settlement(program, options));
}

async function settlement(program: Program, options: VenueFlags): Promise<void> {
  const { terminal } = program;
  const client = new LawbookClient({ baseUrl: venueUrl(options) });
  const [state, agreement] = await Promise.all([
    granted(client.readSettlement()),
    agreementOf(client),
  ]);
  if (state.pausedBecause !== undefined || state.phase === 'stopped') {
    program.exitWith(ExitCode.refused);
  }
  printResult(terminal, options, { settlement: state, agreement }, () =>
    settlementLines(state, agreement),
  );
}

/** The agreement stands on the chain; while that is away, the rest is still worth showing. */
async function agreementOf(client: LawbookClient): Promise<AgreementReply> {
  try {
    return await granted(client.readAgreement());
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    return { state: 'starting', detail: 'The base layer does not answer at present.' };
  }
}

/** The state for a person. */
export function settlementLines(state: SettlementReply, agreement: AgreementReply): string[] {
  const { phase, detail, pausedBecause } = state;
  return [
    `${paint.bold(`settlement: ${PHASES[phase]}`)}  ${detail}`,
    ...(pausedBecause === undefined
      ? []
      : [paint.bad(`orders are refused at present: ${pausedBecause}`)]),
    ...lagLines(state),
    ...layerLines(state),
    ...agreementLines(agreement),
    `as of sequence ${state.asOf.sequence}, ${state.asOf.time}`,
  ];
}

const PHASES = {
  notConfigured: 'none',
  starting: 'starting',
  running: 'running',
  stopped: 'stopped',
} as const;

function lagLines({ lag, exposure }: SettlementReply): string[] {
  if (lag === undefined) return [];
  const { sealed, proven, settled, finalized, unsettled, oldestUnsettledMs } = lag;
  const rows = [
    ['sealed', sealed, ''],
    ['proven', proven, waiting(sealed, proven, lag.oldestUnprovenMs)],
    ['settled', settled, waiting(proven, settled, oldestUnsettledMs)],
    ['finalized', finalized, waiting(settled, finalized, 0)],
  ] as const;
  const width = Math.max(...rows.map(([, list]) => list.length));
  return [
    ...rows.map(([level, list, behind]) => {
      return `  ${level.padEnd(10)} list ${list.padStart(width)}${behind}`;
    }),
    ...(exposure === undefined
      ? []
      : [
          `  exposure   ${unsettled} of ${exposure.unsettledListsMax} lists, ` +
            `${seconds(oldestUnsettledMs)} of ${seconds(exposure.unsettledAgeMsMax)}`,
        ]),
  ];
}

/** What waits between two levels, in dim words; nothing where nothing waits. */
function waiting(before: string, reached: string, oldestMs: number): string {
  const count = BigInt(before) - BigInt(reached);
  if (count <= 0n) return '';
  const age = oldestMs === 0 ? '' : `, the oldest for ${seconds(oldestMs)}`;
  return paint.dim(`  ${count} behind${age}`);
}

function seconds(milliseconds: number): string {
  return `${Math.floor(milliseconds / 1000)} s`;
}

function layerLines({ layer }: SettlementReply): string[] {
  if (layer === undefined) return [];
  const { kind, chainId, contract, registry, shard, rpcUrl, setup } = layer;
  const endpoint = rpcUrl === undefined ? '' : `, endpoint ${hostOf(rpcUrl)}`;
  return [
    `  chain      ${chainId} (${kind})${endpoint}`,
    `  contract   ${contract}, shard ${shard}`,
    `  registry   ${registry}`,
    `  proofs     ${setup.startsWith('insecure') ? paint.warn(setup) : setup}`,
  ];
}

/** An endpoint by its host: the rest of its address may carry a key. */
function hostOf(rpcUrl: string): string {
  return URL.canParse(rpcUrl) ? new URL(rpcUrl).host : 'without a readable address';
}

function agreementLines(agreement: AgreementReply): string[] {
  const { state, detail, agreementId, operator, circuits = [], exitBlocks } = agreement;
  if (state === 'notConfigured') return [];
  const name = agreementId === undefined ? '' : `${agreementId}, `;
  const head = `  agreement  ${name}${state}: ${detail}`;
  if (operator === undefined) return [head];
  const sizes = circuits.map(({ orders }) => orders);
  const room = sizes.length === 0 ? 'none' : `${sizes.join(', ')} orders`;
  return [
    head,
    `  operator   ${operator}`,
    `  circuits   ${room}`,
    `  exits      unlock ${exitBlocks ?? '?'} blocks after they are requested`,
  ];
}
