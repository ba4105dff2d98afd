import { DEMO_GAMMA } from '@lawbook/analytics/demoWorld';
import { parseExact } from '@lawbook/analytics/exactDecimal';
import { PUBLISHED } from '@lawbook/analytics/published';
import type { ScenarioRow } from '@lawbook/analytics/scenarioRow';
import { scenarioRow } from '@lawbook/analytics/scenarioRow';
import type { Scenario, ScenarioId } from '@lawbook/analytics/scenarios/scenarios';
import { SCENARIO_IDS, scenarioOf } from '@lawbook/analytics/scenarios/scenarios';
import type { RunChoice } from '@lawbook/analytics/simulate';
import { runScenario } from '@lawbook/analytics/simulate';
import type { Authority } from '@lawbook/exchange/laws/law';
import { Scarcity } from '@lawbook/exchange/markets/batch/parameters';
import { recoverSigner } from '@lawbook/exchange/orders/signature';
import { frontierLines } from './simulateFrontier.ts';
import { suiteLines } from './simulateTable.ts';
import { ExitCode, UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { startProgress } from './terminal/progress.ts';
import { printResult } from './terminal/terminal.ts';

interface SimulateOptions {
  readonly scenario?: readonly string[];
  readonly gamma?: readonly string[];
  readonly scarcity: string;
  readonly feeBps: string;
  readonly frontier?: boolean;
  readonly recover?: boolean;
  readonly json?: boolean;
}

/** The demo pool's risk aversion and a factor of five to either side. */
const GAMMAS = ['2.5e-8', '1.25e-7', '6.25e-7'];

/** Risk aversions of the frontier: three decades around the demo pool's. */
const FRONTIER_GAMMAS =
  '1.25e-8 2.5e-8 6.25e-8 1.25e-7 2.5e-7 6.25e-7 1.25e-6 2.5e-6 6.25e-6 1.25e-5';

const EXAMPLES = `
Examples:
  lawbook simulate                             all ten scenarios at three risk aversions
  lawbook simulate --scenario B C F --json     the same rows for a machine
  lawbook simulate --scarcity both             ration at the bound, and let the price rise there
  lawbook simulate --frontier --scenario B     what a lower cost costs the pool
  lawbook simulate --fee-bps 3                 with the fee of the demo venue

Orders are drawn from seed 42 plus the epoch, signed, admitted, cleared and judged by every law.
Costs are -10^4 ln(net rate / mid rate) in basis points: positive is worse for the trader. The
pool's mark-to-market gain stands beside every cost: any cost can be bought with risk aversion.
No fee is stated beside the published figures: the suite charges none unless --fee-bps says so.
Exits 1 when a bound, a limit or a law is broken.`;

/** `lawbook simulate`: the scenario suite with its key figures. */
export function addSimulate(program: Program): void {
  program.command
    .command('simulate')
    .description('Run the scenario suite and print its key figures')
    .option('-s, --scenario <ids...>', `scenarios by letter, of ${SCENARIO_IDS.join(' ')}`)
    .option('-g, --gamma <list...>', `risk aversion per USD (default: ${GAMMAS.join(' ')})`)
    .option('--scarcity <mode>', 'proRata, scarcityPricing or both', 'proRata')
    .option('--fee-bps <bps>', 'fee on what is received, basis points', '0')
    .option('--frontier', 'cost against pool gain over three decades of risk aversion')
    .option('--recover', 'let the laws recover every signer instead of trusting admission')
    .option('--json', 'print rows as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: SimulateOptions) => simulate(program, options));
}

async function simulate(program: Program, options: SimulateOptions): Promise<void> {
  const { terminal } = program;
  const choices = planRuns(options);
  const authority: Authority =
    options.recover === true
      ? { authority: 'recover', recover: recoverSigner }
      : { authority: 'admitted' };
  const rows: ScenarioRow[] = [];
  const progress = startProgress(terminal, 'simulating', choices.length);
  try {
    for (const choice of choices) {
      progress.update(rows.length, `${choice.scenario.id} at ${choice.gamma}`);
      rows.push(scenarioRow(runScenario(choice, { now: () => performance.now(), authority })));
      // Lets an interrupt through between runs.
      await new Promise((resume) => setImmediate(resume));
    }
  } finally {
    progress.stop();
  }
  printResult(terminal, options, rows, () => linesOf(rows, options));
  if (rows.some(isBroken)) program.exitWith(ExitCode.refused);
}

function linesOf(rows: readonly ScenarioRow[], options: SimulateOptions): string[] {
  return options.frontier === true ? frontierLines(rows) : suiteLines(rows, PUBLISHED);
}

/** Whether a row breaks what every run must keep, whatever its costs. */
export function isBroken(row: ScenarioRow): boolean {
  return (
    row.boundViolations > 0 ||
    row.limitViolations > 0 ||
    row.violatedLaws.length > 0 ||
    row.theta >= 1
  );
}

/** Scenario by scenario, then mode by mode, then gamma by gamma. */
export function planRuns(options: SimulateOptions): RunChoice[] {
  const frontier = options.frontier === true;
  const chosen = options.scenario ?? (frontier ? ['B'] : SCENARIO_IDS);
  const scenarios = chosen.map(readScenario);
  const gammas = options.gamma ?? (frontier ? FRONTIER_GAMMAS.split(' ') : GAMMAS);
  const feeE7 = readFee(options.feeBps);
  return scenarios.flatMap((scenario) =>
    readScarcity(options.scarcity).flatMap((scarcity) =>
      gammas.map(readGamma).map((gamma) => ({ scenario, scarcity, gamma, feeE7 })),
    ),
  );
}

function readScenario(text: string): Scenario {
  const id = text.toUpperCase();
  if (!SCENARIO_IDS.includes(id as ScenarioId)) {
    throw new UsageFault(`there is no scenario ${text}: choose among ${SCENARIO_IDS.join(' ')}`);
  }
  return scenarioOf(id as ScenarioId);
}

function readScarcity(text: string): readonly Scarcity[] {
  if (text === 'both') return [Scarcity.proRata, Scarcity.scarcityPricing];
  const mode = Object.values(Scarcity).find((known) => known === text);
  if (mode !== undefined) return [mode];
  throw new UsageFault(`--scarcity takes proRata, scarcityPricing or both, not ${text}`);
}

function readGamma(text: string): string {
  const gamma = Number(text);
  if (parseExact(text) !== undefined && gamma >= 1e-10 && gamma <= 1e-3) return text;
  throw new UsageFault(
    `--gamma takes a decimal from 1e-10 to 1e-3 such as ${DEMO_GAMMA}, not ${text}`,
  );
}

function readFee(text: string): number {
  const feeE7 = Number(text) * 1000;
  if (/^\d{1,4}(\.\d{1,3})?$/.test(text) && feeE7 <= 1_000_000) return Math.round(feeE7);
  throw new UsageFault(`--fee-bps takes basis points from 0 to 1000, not ${text}`);
}
