import type { PublishedFigure } from '@lawbook/analytics/published';
import type { ScenarioRow } from '@lawbook/analytics/scenarioRow';
import { tableLines } from './terminal/table.ts';
import { paint } from './terminal/terminal.ts';

const COLUMNS = [
  { head: 'scenario' },
  { head: 'gamma', align: 'right' },
  { head: 'fill %', align: 'right' },
  { head: 'p50 bps', align: 'right' },
  { head: 'p90', align: 'right' },
  { head: 'p99', align: 'right' },
  { head: 'mean', align: 'right' },
  { head: 'LP gain $', align: 'right' },
  { head: 'fees $', align: 'right' },
  { head: 'surplus $', align: 'right' },
  { head: 'bound use', align: 'right' },
  { head: 'theta', align: 'right' },
  { head: 'residual', align: 'right' },
  { head: 'steps', align: 'right' },
  { head: 'ms', align: 'right' },
  { head: 'laws' },
] as const;

/** The table of the suite, then our figures beside the published ones. */
export function suiteLines(
  rows: readonly ScenarioRow[],
  published: readonly PublishedFigure[],
): string[] {
  const modes = [...new Set(rows.map(({ scarcity }) => scarcity))];
  const tables = modes.flatMap((mode) => {
    const own = rows.filter(({ scarcity }) => scarcity === mode);
    const feeBps = own[0]?.feeBps ?? 0;
    return [
      paint.bold(`Scarcity at an inventory bound: ${mode}; fee ${feeBps} bps`),
      ...tableLines(COLUMNS, own.map(suiteCells)),
      '',
    ];
  });
  return [...tables, ...comparisonLines(rows, published)];
}

function suiteCells(row: ScenarioRow): string[] {
  const bps = (cost: number | undefined): string => (cost === undefined ? '-' : cost.toFixed(2));
  return [
    `${row.scenario} ${row.title}`,
    row.gamma.toExponential(2),
    row.fillRate === null ? '-' : (100 * row.fillRate).toFixed(1),
    bps(row.costBps?.p50),
    bps(row.costBps?.p90),
    bps(row.costBps?.p99),
    bps(row.costBps?.mean),
    row.lpGainUsd.toFixed(0),
    row.feesUsd.toFixed(0),
    row.surplusUsd.toFixed(0),
    boundUse(row),
    row.theta.toExponential(1),
    row.residual.toExponential(1),
    String(row.iterations),
    row.ms.toFixed(1),
    lawsCell(row),
  ];
}

/** The bound that is used most, such as `EUR- 100 %` for the lower bound of the euro. */
function boundUse({ utilisation }: ScenarioRow): string {
  const uses = Object.entries(utilisation).flatMap(([symbol, { lower, upper }]) => [
    { name: `${symbol}-`, use: lower },
    { name: `${symbol}+`, use: upper },
  ]);
  const most = uses.reduce((a, b) => (b.use > a.use ? b : a), { name: '', use: 0 });
  return most.use === 0 ? '-' : `${most.name} ${(100 * most.use).toFixed(0)}%`;
}

function lawsCell(row: ScenarioRow): string {
  const flaws = [
    ...(row.boundViolations > 0 ? [`${row.boundViolations} bounds`] : []),
    ...(row.limitViolations > 0 ? [`${row.limitViolations} limits`] : []),
    ...row.violatedLaws,
  ];
  return flaws.length === 0 ? paint.good('hold') : paint.bad(`broken: ${flaws.join(', ')}`);
}

function comparisonLines(
  rows: readonly ScenarioRow[],
  published: readonly PublishedFigure[],
): string[] {
  const pairs = published.flatMap((figure) =>
    rows.filter(({ scenario }) => scenario === figure.id).map((row) => ({ figure, row })),
  );
  if (pairs.length === 0) return [];
  const columns = [
    { head: 'scenario' },
    { head: 'scarcity' },
    { head: 'gamma', align: 'right' },
    { head: 'p90 bps', align: 'right' },
    { head: 'published', align: 'right' },
    { head: 'fill %', align: 'right' },
    { head: 'published', align: 'right' },
    { head: 'LP gain $', align: 'right' },
    { head: '' },
  ] as const;
  const cells = pairs.map(({ figure, row }) => [
    row.scenario,
    row.scarcity,
    row.gamma.toExponential(2),
    row.costBps?.p90.toFixed(2) ?? '-',
    `< ${figure.p90Bps}`,
    row.fillRate === null ? '-' : (100 * row.fillRate).toFixed(1),
    figure.fillRate === undefined ? '-' : `> ${(100 * figure.fillRate).toFixed(1)}`,
    row.lpGainUsd.toFixed(0),
    beats(row, figure) ? paint.good('better') : paint.warn('not better'),
  ]);
  return [paint.bold('Against published figures'), ...tableLines(columns, cells)];
}

/** Whether a row is on the right side of a published figure, in cost and in fill. */
export function beats(row: ScenarioRow, figure: PublishedFigure): boolean {
  if (row.costBps === null || row.fillRate === null) return false;
  return row.costBps.p90 < figure.p90Bps && row.fillRate > (figure.fillRate ?? 0);
}
