import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CLIENT_FAULTS } from '../packages/api/src/client/clientFault.ts';
import { apiReference } from '../packages/api/src/schema/apiReference.ts';
import { CHAIN_FAULTS } from '../packages/chains/src/chainFault.ts';
import type { ChainMetricRow } from '../packages/chains/src/metrics/chainMetricTable.ts';
import { CHAIN_METRICS } from '../packages/chains/src/metrics/chainMetricTable.ts';
import { CLI_FAULTS } from '../packages/cli/src/terminal/cliFault.ts';
import type { RejectionRow } from '../packages/exchange/src/failures/rejectionCodes.ts';
import { REJECTIONS } from '../packages/exchange/src/failures/rejectionCodes.ts';
import { CONFIG_FAULTS } from '../packages/executor/src/config/configFault.ts';
import type { Setting } from '../packages/executor/src/config/settings.ts';
import { listSettings } from '../packages/executor/src/config/settings.ts';
import { GATEWAY_FAULTS } from '../packages/executor/src/gateways/gatewayFaults.ts';
import { JOURNAL_FAULTS } from '../packages/executor/src/journal/journalFault.ts';
import type { MetricRow } from '../packages/executor/src/metrics/metricTable.ts';
import { BUCKETS, METRICS } from '../packages/executor/src/metrics/metricTable.ts';
import { ORACLE_FAULTS } from '../packages/executor/src/oracles/oracleFault.ts';
import { RECOVERY_FAULTS } from '../packages/executor/src/recovery/recoveryFault.ts';
import { STORAGE_FAULTS } from '../packages/executor/src/storage/keyValueStore.ts';
import { PROOF_FAULTS } from '../packages/proofs/src/proofFault.ts';
import { SETTLEMENT_FAULTS } from '../packages/settlement/src/settlementFault.ts';
import { WEB_FAULTS } from '../packages/web/src/live/webFault.ts';

/**
 * Writes the reference pages that are derived from the sources: `node scripts/generateDocs.ts`.
 * With `--check` it writes nothing and exits 1 where a page differs from what would be written.
 */
function main(options: readonly string[]): void {
  const root = resolve(import.meta.dirname, '..');
  const stale = stalePages(root);
  if (options.includes('--check')) {
    for (const { path } of stale) {
      console.error(`${path} is out of date: run node scripts/generateDocs.ts`);
    }
    process.exitCode = stale.length === 0 ? 0 : 1;
    return;
  }
  for (const { path, text } of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(`wrote ${path}`);
  }
}

/** A page and what it should say. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** Every derived page. */
export function generatePages(): Page[] {
  return [
    { path: 'docs/reference/configuration.md', text: configurationPage(listSettings()) },
    {
      path: 'docs/reference/metrics.md',
      text: metricsPage(Object.values(METRICS), Object.values(CHAIN_METRICS)),
    },
    { path: 'docs/reference/errors.md', text: errorsPage() },
    { path: 'docs/reference/api.md', text: `${NOTICE}\n\n${apiReference()}` },
  ];
}

/** The pages that are absent or say something else. */
export function stalePages(root: string): Page[] {
  return generatePages().filter(({ path, text }) => readOrNothing(join(root, path)) !== text);
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}

const NOTICE = '<!-- Written by scripts/generateDocs.ts; change the sources instead. -->';

function configurationPage(settings: readonly Setting[]): string {
  const sections = new Map<string, Setting[]>();
  for (const setting of settings) {
    const section = setting.path.includes('.') ? (setting.path.split('.')[0] as string) : 'general';
    sections.set(section, [...(sections.get(section) ?? []), setting]);
  }
  const tables = [...sections].map(([section, rows]) => {
    const head = '| Key | Default | Allowed | Meaning |\n|---|---|---|---|\n';
    return `## ${section}\n\n${head}${rows.map(settingRow).join('')}`;
  });
  return `${CONFIGURATION_INTRODUCTION}\n${tables.join('\n')}`;
}

const CONFIGURATION_INTRODUCTION = `${NOTICE}

# Configuration

One schema names, bounds and documents every key. Later sources win, key by key:

1. the default below,
2. a YAML file, named by \`--config\` or by the variable \`LAWBOOK_CONFIG\`,
3. environment variables: \`LAWBOOK_\`, then the key in capitals with an underscore before each
   capital letter and a double underscore between levels: \`http.bodyBytesMax\` is
   \`LAWBOOK_HTTP__BODY_BYTES_MAX\`. Lists are separated by commas or written as JSON, maps are
   written as JSON,
4. flags.

A key that does not exist or is not allowed stops the start. The message names every such key with
its rule, what was found and which source said so; the fault is \`CONFIG_INVALID\`.
\`lawbook config print\` shows the configuration as it applies, each key with its source and every
secret masked.

The venue listens on loopback. On a host that others can reach it needs \`http.tls\`, or
\`http.trustProxy\` behind a proxy that ends TLS, or an explicit \`http.insecure: true\`.
The random walk invents mids: a venue with \`demo.enabled: false\` has to choose another oracle.
`;

function settingRow({ path, kind, preset, bounds, meaning, secret }: Setting): string {
  const shown = preset === undefined ? 'not set' : `\`${JSON.stringify(preset)}\``;
  const allowed = bounds === '' ? kind : bounds;
  const text = secret ? `${meaning} (secret, never printed)` : meaning;
  return `| \`${path}\` | ${shown} | ${allowed} | ${text} |\n`;
}

function metricsPage(rows: readonly MetricRow[], chainRows: readonly ChainMetricRow[]): string {
  const chains = chainRows.map(({ name, kind, labels, help }) => {
    const names = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${kind} | ${names} | ${help} |\n`;
  });
  const table = rows.map(({ name, kind, labels, buckets, help }) => {
    const what = buckets === undefined ? kind : `${kind} (${buckets})`;
    const names = labels.length === 0 ? '' : labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${what} | ${names} | ${help} |\n`;
  });
  const bounds = Object.entries(BUCKETS).map(
    ([name, list]) => `- ${name}: ${list.map(String).join(', ')}\n`,
  );
  const listing = `Bounds of the histograms:\n\n${bounds.join('')}`;
  const engine = `${CHAIN_METRICS_INTRODUCTION}\n${chains.join('')}`;
  return `${METRICS_INTRODUCTION}\n${table.join('')}\n${listing}\n${engine}`;
}

const METRICS_INTRODUCTION = `${NOTICE}

# Metrics

\`GET /metrics\` answers in the text format of Prometheus. Names end in their unit: \`_seconds\`,
\`_bytes\`, \`_gas\`, what is counted at a moment (\`_lists\`, \`_proofs\`), or \`_total\` for
counts that only grow. No label carries a user, an order or anything secret.

| Metric | Kind | Labels | Meaning |
|---|---|---|---|`;

const CHAIN_METRICS_INTRODUCTION = `## The chain engine

\`engine.metrics.render()\` of \`packages/chains\` answers in the same format.

| Metric | Kind | Labels | Meaning |
|---|---|---|---|`;

/** Faults whose code stands in one place only, without a table beside it. */
const OTHER_FAULTS: Readonly<Record<string, string>> = {
  DECODE_FAILED: 'Bytes are not the canonical encoding of what they should be.',
  JOURNAL_MISSING: 'There is no journal in the named folder.',
  JOURNAL_DIVERGES: 'A journal record cannot be replayed by this version or configuration.',
  SESSION_KEY_UNREADABLE: 'The key that protects sessions cannot be read from its file.',
};

/** What each fault code means, from the tables beside the code that throws. */
export const FAULT_MEANINGS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(CONFIG_FAULTS),
  ...Object.entries(JOURNAL_FAULTS).map(([code, { meaning }]) => [code, meaning] as const),
  ...Object.entries(CHAIN_FAULTS).map(([code, { meaning }]) => [code, meaning] as const),
  ...Object.entries(PROOF_FAULTS).map(([code, { meaning }]) => [code, meaning] as const),
  ...Object.entries(SETTLEMENT_FAULTS).map(([code, { meaning }]) => [code, meaning] as const),
  ...Object.entries(ORACLE_FAULTS),
  ...Object.entries(RECOVERY_FAULTS),
  ...Object.entries(CLIENT_FAULTS),
  ...Object.entries(GATEWAY_FAULTS),
  ...Object.entries(STORAGE_FAULTS),
  ...Object.entries(CLI_FAULTS),
  ...Object.entries(WEB_FAULTS),
  ...Object.entries(OTHER_FAULTS),
]);

function errorsPage(): string {
  const rejections = Object.entries<RejectionRow>(REJECTIONS)
    .sort(([, a], [, b]) => a.number - b.number)
    .map(([code, { number, httpStatus, rule, fix }]) => {
      return `| ${number} | \`${code}\` | ${httpStatus} | ${rule} | ${fix} |\n`;
    });
  const faults = [...FAULT_MEANINGS]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, meaning]) => `| \`${code}\` | ${meaning} |\n`);
  const refused = `${REJECTIONS_INTRODUCTION}\n${rejections.join('')}`;
  return `${refused}\n${FAULTS_INTRODUCTION}\n${faults.join('')}`;
}

const REJECTIONS_INTRODUCTION = `${NOTICE}

# Errors

There are three kinds of failure, and they are never mixed. A *rejection* is a documented answer, a
*fault* is a failure of disk, network or another machine, and a broken *invariant* is a bug that
stops the program.

## Rejections

The world may legitimately ask for what the rules refuse. A rejection names the field at fault and,
where they exist, the limit and what was found. Numbers are part of the protocol: they are never
reused. Where several apply, the one with the lowest number is answered.

| Number | Code | HTTP | Rule | What to do |
|---|---|---|---|---|`;

const FAULTS_INTRODUCTION = `## Faults

A fault carries its code, fields that logs may show, whether the same call may succeed later by
itself, and its cause.

| Code | Meaning |
|---|---|`;

if (import.meta.main) main(process.argv.slice(2));
