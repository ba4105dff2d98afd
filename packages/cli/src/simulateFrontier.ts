import type { ScenarioRow } from '@lawbook/analytics/scenarioRow';
import { tableLines } from './terminal/table.ts';
import { paint } from './terminal/terminal.ts';

const WIDTH = 64;
const HEIGHT = 14;

/** A chart and a table per scenario and mode: what traders pay against what the pool gains. */
export function frontierLines(rows: readonly ScenarioRow[]): string[] {
  const groups = new Map<string, ScenarioRow[]>();
  for (const row of rows) {
    const key = `${row.scenario} ${row.title}, ${row.scarcity}, fee ${row.feeBps} bps`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups].flatMap(([title, group]) => [
    paint.bold(`Frontier of ${title}`),
    ...chartLines(group),
    '',
    ...tableLines(COLUMNS, group.map(cells)),
    '',
  ]);
}

const COLUMNS = [
  { head: '' },
  { head: 'gamma', align: 'right' },
  { head: 'fill %', align: 'right' },
  { head: 'mean bps', align: 'right' },
  { head: 'p90 bps', align: 'right' },
  { head: 'LP gain $', align: 'right' },
  { head: 'fees $', align: 'right' },
] as const;

function cells(row: ScenarioRow, place: number): string[] {
  return [
    mark(place),
    row.gamma.toExponential(2),
    row.fillRate === null ? '-' : (100 * row.fillRate).toFixed(1),
    row.costBps?.mean.toFixed(3) ?? '-',
    row.costBps?.p90.toFixed(3) ?? '-',
    row.lpGainUsd.toFixed(0),
    row.feesUsd.toFixed(0),
  ];
}

/** Points of a scatter chart with logarithmic axes; points without gain or cost are left out. */
function chartLines(rows: readonly ScenarioRow[]): string[] {
  const points = rows.flatMap((row, place) => {
    const mean = row.costBps?.mean ?? 0;
    if (mean <= 0 || row.lpGainUsd <= 0) return [];
    return [{ x: Math.log10(row.lpGainUsd), y: Math.log10(mean), mark: mark(place) }];
  });
  if (points.length < 2) return ['(fewer than two points with a cost and a gain)'];
  const across = spanOf(points.map(({ x }) => x));
  const up = spanOf(points.map(({ y }) => y));
  const grid = Array.from({ length: HEIGHT }, () => new Array<string>(WIDTH).fill(' '));
  for (const point of points) {
    const column = Math.round(((point.x - across.least) / across.width) * (WIDTH - 1));
    const line = HEIGHT - 1 - Math.round(((point.y - up.least) / up.width) * (HEIGHT - 1));
    const cell = grid[line];
    if (cell !== undefined) cell[column] = point.mark;
  }
  const label = (exponent: number): string => (10 ** exponent).toPrecision(3).padStart(9);
  const body = grid.map((line, k) => {
    const side = k === 0 ? label(up.most) : k === HEIGHT - 1 ? label(up.least) : ' '.repeat(9);
    return `${side} |${line.join('').trimEnd()}`;
  });
  const foot = `${' '.repeat(10)}+${'-'.repeat(WIDTH)}`;
  const [left, right] = [(10 ** across.least).toFixed(0), (10 ** across.most).toFixed(0)];
  const scale = `${' '.repeat(11)}${left}${right.padStart(WIDTH - left.length)}`;
  return [
    'mean cost, bps (log)',
    ...body,
    foot,
    scale,
    `${' '.repeat(11)}${'pool gain, $ (log)'.padStart(WIDTH)}`,
  ];
}

interface Span {
  readonly least: number;
  readonly most: number;
  readonly width: number;
}

function spanOf(places: readonly number[]): Span {
  const least = Math.min(...places);
  const most = Math.max(...places);
  return { least, most, width: most > least ? most - least : 1 };
}

/** a, b, c, ... by place. */
function mark(place: number): string {
  return String.fromCharCode(97 + (place % 26));
}
