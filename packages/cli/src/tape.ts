import type { FlowName } from '@lawbook/analytics/flows/bookFlow';
import { FLOW_NAMES } from '@lawbook/analytics/flows/bookFlow';
import { COMMAND_STRIDE, FIELD } from '@lawbook/exchange/markets/book/bookCommand';
import type { TapeHeader } from '@lawbook/exchange/markets/book/tape/tapeHeader';
import { TAPE_HEADER_BYTES, TAPE_VERSION } from '@lawbook/exchange/markets/book/tape/tapeHeader';
import { TAPE_RECORD_BYTES } from '@lawbook/exchange/markets/book/tape/tapeRecord';
import { TAPE_ENGINES } from '@lawbook/exchange/markets/book/tape/tapeRun';
import { makeTape } from './tapes/makeTape.ts';
import { addRecordVerb } from './tapes/recordVerb.ts';
import type { TimedOutcome } from './tapes/runTape.ts';
import { runTape } from './tapes/runTape.ts';
import { TapeFile } from './tapes/tapeFile.ts';
import { grouped, readCount } from './tapes/tapeNumbers.ts';
import type { TapeRow } from './tapes/tapeWords.ts';
import { COMMAND_NAMES, tapeRow } from './tapes/tapeWords.ts';
import { ExitCode, UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { startProgress } from './terminal/progress.ts';
import { tableLines } from './terminal/table.ts';
import { paint, printJson } from './terminal/terminal.ts';

interface RunOptions {
  readonly engine: string;
  readonly digest?: string;
  readonly json?: boolean;
}

interface MakeOptions {
  readonly scenario: string;
  readonly seed: string;
  readonly ops: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

interface ShowOptions {
  readonly rows: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  lawbook tape make mixed.tape --ops 1000000        a million commands, always the same ones
  lawbook tape run mixed.tape                       what the engine makes of them, and how quickly
  lawbook tape run mixed.tape --engine ledger       with a hold for each order, balances and fees
  lawbook tape run mixed.tape --digest 0x12..       exits 1 unless the reports have this digest
  lawbook tape show mixed.tape --rows 20            header, counts, first commands
  lawbook tape record live.tape --market 101        what a venue's book was given since it opened
  lawbook tape record live.tape book-1.bin book-2.bin      the same from exported epochs

A tape is a list of commands to one order book: docs/reference/tape-format.md says how to write one.
Two engines that treat a tape alike print the same digest of their reports. Recording prints the
digest of what the venue's book reported: run the tape with it to see the engine do it again.`;

/** `lawbook tape`: recorded commands through the order book, without a venue. */
export function addTape(program: Program): void {
  const tape = program.command
    .command('tape')
    .description('Record, show and replay commands to the order book engine')
    .addHelpText('after', EXAMPLES);
  tape
    .command('run')
    .description('Drive an engine with a tape; print the digest of its reports and its speed')
    .argument('<file>', 'tape to read')
    .option('--engine <name>', `one of ${TAPE_ENGINES.join(', ')}`, 'bare')
    .option('--digest <hash>', 'the digest that the reports must have')
    .option('--json', 'print JSON')
    .action((file: string, options: RunOptions) => run(program, file, options));
  tape
    .command('make')
    .description('Write a tape of a generated flow')
    .argument('<file>', 'tape to write')
    .option('-s, --scenario <name>', `one of ${FLOW_NAMES.join(', ')}`, 'mixed')
    .option('--seed <number>', 'the same seed gives the same tape', '7')
    .option('--ops <count>', 'commands after those that lay the book out', '1000000')
    .option('--force', 'overwrite the file')
    .option('--json', 'print JSON')
    .action((file: string, options: MakeOptions) => make(program, file, options));
  addRecordVerb(tape, program);
  tape
    .command('show')
    .description('Print the header of a tape, counts of its commands, and the first of them')
    .argument('<file>', 'tape to read')
    .option('--rows <count>', 'how many commands', '10')
    .option('--json', 'print JSON')
    .action((file: string, options: ShowOptions) => show(program, file, options));
}

async function run(program: Program, file: string, options: RunOptions): Promise<void> {
  const { terminal } = program;
  const engine = readWord('--engine', options.engine, TAPE_ENGINES);
  const wanted = options.digest === undefined ? undefined : readDigest(options.digest);
  const tape = new TapeFile(file);
  const progress = startProgress(terminal, `running ${file}`, tape.countBySize);
  let outcome: TimedOutcome;
  try {
    outcome = await runTape(tape, engine, (commands) => progress.update(commands));
  } finally {
    progress.stop();
    tape.close();
  }
  const ok = wanted === undefined || wanted === outcome.reportDigest;
  if (!ok) program.exitWith(ExitCode.refused);
  const { label } = tape.header;
  const facts = { file, version: TAPE_VERSION, label, engine };
  if (options.json === true) {
    const commandsPerSecond = rateOf(outcome, outcome.engineSeconds);
    const perProcessorSecond = rateOf(outcome, outcome.processorSeconds);
    printJson(terminal, { ok, ...facts, ...outcome, commandsPerSecond, perProcessorSecond });
  } else {
    for (const line of outcomeLines(outcome, { file, label, engine })) terminal.print(line);
    if (!ok) terminal.print(paint.bad(`the digest is not ${wanted}: the engines differ`));
    else if (wanted !== undefined) terminal.print(paint.good('the digest is the one given'));
  }
}

/** Timed commands a second, or undefined where nothing was timed. */
function rateOf({ timed }: TimedOutcome, seconds: number): number | undefined {
  return timed === 0 || seconds <= 0 ? undefined : Math.round(timed / seconds);
}

function rateText(outcome: TimedOutcome, seconds: number): string {
  const rate = rateOf(outcome, seconds);
  if (rate === undefined) return 'nothing timed';
  return `${grouped(rate)} op/s: ${seconds.toFixed(3)} s for ${grouped(outcome.timed)} commands`;
}

function outcomeLines(
  outcome: TimedOutcome,
  { file, label, engine }: Readonly<Record<'file' | 'label' | 'engine', string>>,
): string[] {
  const { commands, refused, reports, reportsByKind } = outcome;
  const kinds = Object.entries(reportsByKind)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind} ${grouped(count)}`);
  return [
    paint.bold(`${file}: ${label === '' ? 'a tape' : label}, ${engine} engine`),
    `commands       ${grouped(commands)}, of them refused ${grouped(refused)}`,
    `reports        ${grouped(reports)}: ${kinds.join(', ')}`,
    `traded         ${grouped(outcome.tradedLots)} lots`,
    `best           ${outcome.bestBid} bid, ${outcome.bestAsk} ask, in ticks; 0 is none`,
    `open orders    ${grouped(outcome.openOrders)}, root ${outcome.openOrdersRoot}`,
    ...(outcome.fees === undefined ? [] : [`fees           ${grouped(outcome.fees)}`]),
    ...(outcome.balancesRoot === undefined ? [] : [`balances root  ${outcome.balancesRoot}`]),
    `throughput     ${rateText(outcome, outcome.engineSeconds)} in the engine, from cold`,
    `processor      ${rateText(outcome, outcome.processorSeconds)} of processor time`,
    `report digest  ${outcome.reportDigest}`,
  ];
}

async function make(program: Program, file: string, options: MakeOptions): Promise<void> {
  const { terminal } = program;
  const scenario: FlowName = readWord('--scenario', options.scenario, FLOW_NAMES);
  const seed = readCount('--seed', options.seed, 0, 2 ** 32 - 1);
  const timed = readCount('--ops', options.ops, 1, OPS_MAX);
  const force = options.force === true;
  const progress = startProgress(terminal, `writing ${file}`, timed);
  const made = await makeTape({ scenario, seed, timed }, { file, force }, (commands) =>
    progress.update(Math.min(timed, commands)),
  ).finally(() => progress.stop());
  const { commands, setupCount, bytes } = made;
  if (options.json === true) {
    printJson(terminal, { ok: true, file, scenario, seed, commands, setupCount, bytes });
    return;
  }
  const laid = `${grouped(setupCount)} lay the book out`;
  terminal.print(`${file}: ${scenario}, ${grouped(commands)} commands, of which ${laid}`);
  terminal.print(`${grouped(bytes)} bytes. Run it with: lawbook tape run ${file}`);
}

/** Five gigabytes of tape. */
const OPS_MAX = 100_000_000;

function show({ terminal }: Program, file: string, options: ShowOptions): void {
  const wanted = readCount('--rows', options.rows, 0, 100_000);
  const tape = new TapeFile(file);
  const counts = new Map<string, number>();
  const rows: (TapeRow & { readonly command: number; readonly offset: number })[] = [];
  const progress = startProgress(terminal, `reading ${file}`, tape.countBySize);
  let read = 0;
  try {
    for (const { commands, count } of tape.chunks()) {
      for (let k = 0; k < count; k += 1) {
        const name = COMMAND_NAMES[(commands[k * COMMAND_STRIDE + FIELD.kind] as number) - 1];
        counts.set(name ?? '', (counts.get(name ?? '') ?? 0) + 1);
        if (read + k >= wanted) continue;
        const offset = TAPE_HEADER_BYTES + (read + k) * TAPE_RECORD_BYTES;
        rows.push({ command: read + k, offset, ...tapeRow(commands, k) });
      }
      read += count;
      progress.update(read);
    }
  } finally {
    progress.stop();
    tape.close();
  }
  const { header, bytes } = tape;
  if (options.json === true) {
    const byKind = Object.fromEntries(counts);
    const facts = { ok: true, file, version: TAPE_VERSION, bytes, commands: read };
    printJson(terminal, { ...facts, ...header, byKind, rows });
    return;
  }
  for (const line of headerLines(file, header, bytes)) terminal.print(line);
  const kinds = [...counts].map(([kind, count]) => `${kind} ${grouped(count)}`);
  terminal.print(`commands        ${grouped(read)}: ${kinds.join(', ')}`);
  if (rows.length > 0) for (const line of ['', ...rowLines(rows)]) terminal.print(line);
}

function headerLines(
  file: string,
  { parameters, baseEach, quoteEach, setupCount, label }: TapeHeader,
  bytes: number,
): string[] {
  const { ordersMax, breakerBandPpm, breakerWindow, makerFeePpm, takerFeePpm } = parameters;
  const band = `${breakerBandPpm} ppm within ${breakerWindow}`;
  return [
    paint.bold(`${file}: ${label === '' ? 'a tape' : label}, version ${TAPE_VERSION}`),
    `bytes           ${grouped(bytes)}`,
    `orders at once  ${grouped(ordersMax)}, of ${grouped(parameters.accountsMax)} accounts`,
    `price, size     up to ${parameters.priceTicksMax} ticks, ${parameters.sizeLotsMax} lots`,
    `least notional  ${parameters.notionalMin} ticks times lots`,
    `breaker         ${breakerBandPpm === 0 ? 'off' : band}`,
    `window          ${parameters.windowLevels} levels`,
    `lot, tick       ${parameters.lotSize} base units, ${parameters.tickSize} quote units`,
    `fees            maker ${makerFeePpm} ppm, taker ${takerFeePpm} ppm`,
    `each begins     with ${grouped(baseEach)} base units, ${grouped(quoteEach)} quote units`,
    `setup           ${grouped(setupCount)} commands`,
  ];
}

function rowLines(rows: readonly (TapeRow & { readonly command: number })[]): string[] {
  const heads = [
    { head: 'command', align: 'right' },
    { head: 'kind' },
    { head: 'order', align: 'right' },
    { head: 'account', align: 'right' },
    { head: 'side' },
    { head: 'price', align: 'right' },
    { head: 'size', align: 'right' },
    { head: 'terms' },
  ] as const;
  return tableLines(
    heads,
    rows.map(({ command, kind, orderId, account, side, priceTicks, sizeLots, more }) =>
      [command, kind, orderId, account, side, priceTicks, sizeLots, more].map((cell) =>
        String(cell ?? ''),
      ),
    ),
  );
}

function readWord<T extends string>(flag: string, text: string, words: readonly T[]): T {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw new UsageFault(`${flag} takes one of ${words.join(', ')}, not ${text}`);
}

function readDigest(text: string): string {
  const digest = text.toLowerCase();
  if (/^0x[0-9a-f]{64}$/.test(digest)) return digest;
  throw new UsageFault('--digest takes 0x and 64 hexadecimal digits');
}
