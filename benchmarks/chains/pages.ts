import type { Figure } from './figures.ts';
import { tableOf } from './figures.ts';
import type { Performance } from './versusViem.ts';

type Row = readonly string[];

/** The figures of a run as tables for a terminal; those of one part only where others were left. */
export function terminalTables(figures: readonly Figure[]): string {
  return sectionsOf(figures)
    .map(({ title, rows }) => `${title}\n${tableOf(rows)}`)
    .join('\n\n');
}

/** The page of a run, `docs/reference/chain-figures.md`. */
export function markdownOf(
  figures: readonly Figure[],
  { quick }: { readonly quick: boolean },
): string {
  const sections = sectionsOf(figures).map(({ title, about, rows }) => {
    const [head = [], ...rest] = rows;
    const line = (row: Row): string => `| ${row.join(' | ')} |`;
    const table = [line(head), `|${'---|'.repeat(head.length)}`, ...rest.map(line)];
    return `## ${title}\n\n${about}\n\n${table.join('\n')}\n`;
  });
  const short = quick ? '\nThis was a quick run: few samples and few scenarios.\n' : '';
  return `${INTRODUCTION}${short}\n${goalsOf(figures)}\n${sections.join('\n')}`;
}

/** What was asked for in numbers, and whether this run reached it. */
function goalsOf(figures: readonly Figure[]): string {
  const worst = (what: string): Figure | undefined =>
    figures.filter(({ name }) => name.endsWith(what)).sort((a, b) => b.value - a.value)[0];
  const reads = (['read-p95', 'read-p99'] as const).map((what) => {
    const limitMs = what === 'read-p95' ? 500 : 1_000;
    const figure = worst(what);
    if (figure === undefined) return '';
    const { value: ms, name } = figure;
    const verdict = ms < limitMs ? 'reached' : 'NOT reached';
    const goal = `\`${what}\` under ${limitMs} ms past every fault`;
    return `- ${goal}: ${verdict}; worst \`${name}\`, ${ms} ms.`;
  });
  const rates = figures
    .filter(({ name }) => name.startsWith('chains/cache-hit-rate'))
    .map(({ name, value: percent }) => {
      const verdict = percent > 70 ? 'reached' : 'NOT reached';
      return `- \`${name}\` over 70 %: ${verdict}; ${percent} %.`;
    });
  const payments = figures.filter(({ name }) => name.startsWith('chains/versus-viem'));
  const broken = payments.filter((figure) => figure.value > 0).map(({ name }) => name);
  const violations =
    payments.length === 0
      ? ''
      : `- No payment twice, lost or misreported by the engine: ${
          broken.length === 0 ? 'reached' : `NOT reached in ${broken.join(', ')}`
        }.`;
  const lines = [...reads, ...rates, violations].filter((line) => line !== '');
  return `## Goals\n\n${lines.join('\n')}\n`;
}

const INTRODUCTION = `# Figures of the chain engine

Generated: do not edit. This page is the outcome of one run of
\`npm run bench:chains -- --markdown\`; run it again to write it again.

Measured on a shared, noisy machine with two cores, everything on loopback: anvil behind
proxies with faults, the engine and plain viem in the same job. Ratios (ours by the peer's)
are worth more than times.
`;

interface Section {
  readonly title: string;
  readonly about: string;
  readonly rows: readonly Row[];
}

function sectionsOf(figures: readonly Figure[]): readonly Section[] {
  const part = (test: RegExp): readonly Figure[] => figures.filter(({ name }) => test.test(name));
  const sections: Section[] = [
    {
      title: 'Reads while the first of two endpoints is bad',
      about: READS_ABOUT,
      rows: readRows(part(/\/(read-|wrong-answers)/)),
    },
    {
      title: 'Intents a second',
      about: RATES_ABOUT,
      rows: rateRows(part(/^chains\/intents-per-second/)),
    },
    {
      title: 'Cache hit rate',
      about: CACHE_ABOUT,
      rows: cacheRows(part(/^chains\/cache-hit-rate/)),
    },
    {
      title: 'Payments against plain viem',
      about: VERSUS_ABOUT,
      rows: versusRows(part(/^chains\/versus-viem/).toSorted(byScenario)),
    },
  ];
  return sections.filter(({ rows }) => rows.length > 1);
}

const READS_ABOUT = `
Milliseconds over the reads after the first five; \`first 5\` is the slowest of those. Reads
follow one another, and rotate through block number, balance, call and block. \`in use\`: the
endpoint was the favourite and goes bad; \`from start\`: it was bad before the pool was opened.
The pool has its defaults, but no rate limit. The peer is viem's \`fallback([http, http])\` with
its defaults; where it takes seconds for each read it makes fifteen, which overlap. \`wrong\` is
the share of reads that failed, came from another chain, or were more than two blocks old: a pool
notices at its next poll of the heads, every 2 s.`.trim();

const RATES_ABOUT = `
Payments from the first submit to the last one that is there: taken by the node, or in a block.
One anvil without proxy or faults, the LMDB store, and 50 ms between two looks at the chain for
everybody. The engine simulates, reserves, signs and stores each payment before it is broadcast,
and keeps 16 of them in flight; viem has no such bound, and nothing durable.`.trim();

const CACHE_ABOUT = `
\`benchmarks/chains/workload.csv\` replayed through the cache over a pool before anvil. The
workload is written, not recorded from users: \`benchmarks/chains/makeWorkload.ts\` makes it
from a seed, after what a venue, its settlement and two agents ask every few seconds. \`of all
reads\` counts what is never cached (nonces, estimates) as missed. Viem caches nothing but the
block number, so there is no peer.`.trim();

const VERSUS_ABOUT = `
The same mishaps for the engine and for viem as its documentation uses it: \`nonceManager\`,
\`fallback\` with defaults, \`waitForTransactionReceipt({ confirmations: 3 })\`, both looking
every 50 ms. Every payment has an address of its own, whose balance says how often it was made.
\`once\`: made once, and said so. \`twice\`: paid more than once. \`lost\`: not made, and the
app is still waiting when nothing has moved for seconds (viem would give up after three minutes,
and say nothing of the outcome). \`misreported\`: said to be done and not on the chain, or said
to have failed and on the chain. \`not made, said so\` breaks no promise, but leaves the payment
to a person; neither does \`made, untold\`. A violation is a payment made twice, lost or
misreported.`.trim();

function readRows(figures: readonly Figure[]): readonly Row[] {
  const names = [...new Set(figures.map(({ name }) => name.slice(0, name.lastIndexOf('/'))))];
  const rows = names.map((name) => {
    const of = (what: string): Figure | undefined =>
      figures.find((figure) => figure.name === `${name}/${what}`);
    const [, fault = '', where] = name.split('/');
    const p99 = of('read-p99');
    const columns = ['read-p50', 'read-p95', 'read-p99', 'read-first5-max', 'wrong-answers'];
    return [
      fault,
      where === undefined ? 'in use' : 'from start',
      ...columns.map((what) => rounded(of(what)?.value)),
      ...columns.map((what) => rounded(of(what)?.['peerValue'])),
      String(p99?.ratio ?? '-'),
      `${p99?.n ?? 0} / ${String(p99?.['peerN'] ?? 0)}`,
    ];
  });
  const own = ['p50', 'p95', 'p99', 'first 5', 'wrong %'];
  const theirs = own.map((column) => `viem ${column}`);
  return [['Fault', 'Struck', ...own, ...theirs, 'p99 ratio', 'reads'], ...rows];
}

function rateRows(figures: readonly Figure[]): readonly Row[] {
  const rows = figures.map(({ name, value: perSecond, ratio, peer, n, peerValue, peerN }) => {
    const [, , setting = '', level = ''] = name.split('/');
    const [own, theirs] = [rounded(perSecond), rounded(peerValue)];
    const counts = `${n} / ${String(peerN)}`;
    return [setting, level, own, peer, theirs, String(ratio ?? '-'), counts];
  });
  return [['Blocks', 'until', 'engine', 'peer', "peer's", 'ratio', 'intents'], ...rows];
}

function cacheRows(figures: readonly Figure[]): readonly Row[] {
  const rows = figures.map(({ name, value: percent, n }) => [
    name.replace('chains/cache-hit-rate/', ''),
    `${percent} %`,
    String(n),
  ]);
  return [['Workload', 'answered from memory', 'reads'], ...rows];
}

/** Scenarios end in another order than that of their numbers; peers of one keep theirs. */
function byScenario(a: Figure, b: Figure): number {
  return a.name.localeCompare(b.name, 'en', { numeric: true });
}

function versusRows(figures: readonly Figure[]): readonly Row[] {
  const rows: Row[] = [];
  for (const [index, figure] of figures.entries()) {
    const isFirst = figures[index - 1]?.name !== figure.name;
    const name = figure.name.replace('chains/versus-viem/', '');
    const label = `${name}: ${String(figure['title'])}`;
    if (isFirst) rows.push(performanceRow(label, figure['own'] as Performance));
    rows.push(performanceRow('', figure['theirs'] as Performance));
  }
  const counts = ['once', 'twice', 'lost', 'misreported', 'not made, said so', 'made, untold'];
  return [['Scenario', 'Who', ...counts, 'over cap', 'seconds'], ...rows];
}

function performanceRow(label: string, performance: Performance): Row {
  const { once, twice, lost, misreported, refused, untold, overCap, seconds } = performance;
  const counts = [once, twice, lost, misreported, refused, untold, overCap, seconds];
  return [label, performance.contender, ...counts.map(String)];
}

function rounded(amount: unknown): string {
  return typeof amount === 'number' ? String(Number(amount.toPrecision(3))) : '-';
}
