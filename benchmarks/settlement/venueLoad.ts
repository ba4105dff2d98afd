import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { developmentAccount } from '../../packages/analytics/src/demoWorld.ts';
import { LawbookClient } from '../../packages/api/src/client/lawbookClient.ts';
import { keySigner } from '../../packages/api/src/client/signers.ts';
import { unwrap } from '../../packages/api/src/client/transport.ts';
import type { EpochView } from '../../packages/api/src/schema/recordViews.ts';
import type { LagView } from '../../packages/api/src/schema/settlementViews.ts';
import { at, invariant } from '../../packages/exchange/src/failures/invariant.ts';
import type { Closers } from '../chains/figures.ts';
import { quantile } from '../chains/figures.ts';
import type { FigureList } from '../figurePage.ts';

/** How a venue is loaded. */
export interface LoadTerms {
  /** Orders a second of the simulated traders, ascending; the sweep ends where the lag grows. */
  readonly rates: readonly number[];
  /** Trading under each rate, after the venue settled its first epoch. */
  readonly secondsPerRate: number;
  readonly closers: Closers;
}

const MAIN = join(import.meta.dirname, '../../packages/cli/src/main.ts');
const MARKET = '1';
const START_MS_MAX = 60_000;
/** One call: a venue that is starved of processor time is slow, not away. */
const CALL_MS_MAX = 30_000;
const FIRST_SETTLED_MS_MAX = 180_000;
const BEAT_MS = 1_000;
/** Proofs and blocks that are under way when trading is no longer counted. */
const DRAIN_MS_MAX = 60_000;
/** The lag grows when the end of the run waits this much longer than its middle, and so long. */
const GROWTH = 1.5;
const GROWTH_MS_MIN = 8_000;

/** An order of ours among those of the simulated traders. */
interface Probe {
  readonly acknowledgedMs: number;
  readonly batchNumber: number;
}

/** What one rate came to. */
interface RateOutcome {
  readonly grows: boolean;
  readonly ordersPerHour: number;
  readonly epochsPerHour: number;
}

/**
 * The whole venue as a child process, at growing rates, until proving and settling no longer keep
 * up: then what it settles in an hour is what this machine can. A probe a second tells how long an
 * acknowledged order waits for its proof and for its settlement.
 */
export async function benchmarkLoad(list: FigureList, terms: LoadTerms): Promise<void> {
  let best: RateOutcome | undefined;
  for (const rate of terms.rates) {
    const outcome = await loadAt(rate, list, terms);
    const isIdle = outcome.epochsPerHour === 0;
    if (isIdle) process.stderr.write(`at ${rate} orders a second no epoch settled in time\n`);
    else if (!outcome.grows) best = outcome;
    else process.stderr.write(`at ${rate} orders a second the lag grows\n`);
    if (outcome.grows || isIdle) break;
  }
  if (best === undefined) {
    process.stderr.write('the lowest rate is too much already: no orders an hour are told\n');
    return;
  }
  const { ordersPerHour, epochsPerHour } = best;
  list.print({ name: 'settlement/orders-per-hour', value: ordersPerHour, unit: 'orders/h', n: 1 });
  list.print({ name: 'settlement/epochs-per-hour', value: epochsPerHour, unit: 'epochs/h', n: 1 });
}

async function loadAt(rate: number, list: FigureList, terms: LoadTerms): Promise<RateOutcome> {
  const { secondsPerRate, closers } = terms;
  const dataDir = mkdtempSync(join(tmpdir(), 'lawbook-load-'));
  const child = spawnVenue(dataDir, rate);
  const close = closers.add(async () => {
    await endVenue(child);
    rmSync(dataDir, { recursive: true, force: true });
  });
  try {
    const baseUrl = await addressOf(child);
    const { secretKey } = developmentAccount('alice');
    const signer = keySigner(secretKey);
    const client = new LawbookClient({ baseUrl, signer, timeoutMs: CALL_MS_MAX });
    await firstSettled(client);
    const startedMs = Date.now();
    const { probes, lags } = await watch(client, secondsPerRate);
    const endedMs = Date.now();
    const grows = isGrowing(lags);
    if (!grows) await drain(client, at(probes, probes.length - 1).batchNumber);
    const epochs = await epochsOf(client);
    const settled = await settledBetween(client, epochs, { startedMs, endedMs });
    printRate(list, { rate, probes, lags, epochs, settled });
    return { grows, ...settled };
  } finally {
    await close();
  }
}

function spawnVenue(dataDir: string, rate: number): ChildProcess {
  const words = ['start', '--json', '--settlement', 'embedded', '--port', '0'];
  const settings = [`demo.ordersPerSecond=${rate}`, 'log.level=error'];
  return spawn(process.execPath, [MAIN, ...words, '--data-dir', dataDir, '--set', ...settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function endVenue(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = new AbortController();
  const late = sleep(20_000, undefined, { signal: patience.signal }).then(
    () => child.kill('SIGKILL'),
    () => undefined,
  );
  await ended;
  patience.abort();
  await late;
}

async function addressOf(child: ChildProcess): Promise<string> {
  invariant(child.stdout !== null, 'the venue prints its address');
  const signal = AbortSignal.timeout(START_MS_MAX);
  let text = '';
  while (!text.includes('\n')) {
    const [chunk] = (await once(child.stdout, 'data', { signal })) as [Buffer];
    text += chunk.toString();
  }
  child.stdout.resume();
  return (JSON.parse(text.slice(0, text.indexOf('\n'))) as { readonly url: string }).url;
}

/** The chain is brought up, and one epoch has gone the whole way. */
async function firstSettled(client: LawbookClient): Promise<void> {
  const untilMs = Date.now() + FIRST_SETTLED_MS_MAX;
  while (BigInt((await lagOf(client))?.settled ?? '0') === 0n) {
    invariant(Date.now() < untilMs, 'a venue settles its first epoch within three minutes');
    await sleep(BEAT_MS);
  }
}

async function lagOf(client: LawbookClient): Promise<LagView | undefined> {
  return unwrap(await client.readSettlement()).lag;
}

interface Watched {
  readonly probes: readonly Probe[];
  /** Once a beat. */
  readonly lags: readonly LagView[];
}

async function watch(client: LawbookClient, seconds: number): Promise<Watched> {
  const probes: Probe[] = [];
  const lags: LagView[] = [];
  const untilMs = Date.now() + 1_000 * seconds;
  while (Date.now() < untilMs) {
    const beatMs = Date.now();
    const pair = probes.length % 2 === 0 ? ['USD', 'EUR'] : ['EUR', 'USD'];
    const [pay, receive] = [at(pair, 0), at(pair, 1)];
    const placed = await client.placeOrder({ pay, receive, amount: '2' });
    if (placed.ok && placed.value.kind === 'accepted') {
      probes.push({ acknowledgedMs: Date.now(), batchNumber: placed.value.batchNumber });
    }
    const lag = await lagOf(client);
    if (lag !== undefined) lags.push(lag);
    await sleep(Math.max(0, beatMs + BEAT_MS - Date.now()));
  }
  invariant(probes.length > 0 && lags.length > 0, 'the venue takes orders and tells its lag');
  return { probes, lags };
}

/** Compares the last quarter of the run with the one before the middle. */
function isGrowing(lags: readonly LagView[]): boolean {
  const quarter = Math.max(1, lags.length >> 2);
  const meanAge = (from: number): number => {
    const some = lags.slice(from, from + quarter);
    return some.reduce((sum, { oldestUnsettledMs }) => sum + oldestUnsettledMs, 0) / some.length;
  };
  const [middle, last] = [meanAge(quarter), meanAge(lags.length - quarter)];
  return last > GROWTH * middle && last - middle > GROWTH_MS_MIN;
}

/** Waits until the epoch of a batch is settled, or long enough. */
async function drain(client: LawbookClient, batchNumber: number): Promise<void> {
  const untilMs = Date.now() + DRAIN_MS_MAX;
  while (Date.now() < untilMs) {
    const epoch = (await epochsOf(client)).find(({ lastBatch }) => lastBatch >= batchNumber);
    if (epoch?.steps.settle.state === 'done') return;
    await sleep(BEAT_MS);
  }
}

/** All sealed epochs, old to new. */
async function epochsOf(client: LawbookClient): Promise<EpochView[]> {
  const epochs: EpochView[] = [];
  let before: number | undefined;
  do {
    const options = before === undefined ? { limit: 200 } : { limit: 200, before };
    const page = unwrap(await client.listEpochs(MARKET, options));
    epochs.push(...page.epochs);
    before = page.nextBefore;
  } while (before !== undefined);
  return epochs.reverse();
}

interface Window {
  readonly startedMs: number;
  readonly endedMs: number;
}

/** What was settled within a window, in an hour at that pace. */
async function settledBetween(
  client: LawbookClient,
  epochs: readonly EpochView[],
  { startedMs, endedMs }: Window,
): Promise<Pick<RateOutcome, 'ordersPerHour' | 'epochsPerHour'>> {
  const within = epochs.filter(({ steps }) => {
    const settledMs = momentOf(steps.settle.at);
    return settledMs !== undefined && settledMs >= startedMs && settledMs < endedMs;
  });
  let orders = 0;
  for (const { firstBatch, lastBatch } of within) {
    for (let batch = firstBatch; batch <= lastBatch; batch += 1) {
      orders += unwrap(await client.readBatch(MARKET, batch)).batch.orderCount;
    }
  }
  const hours = (endedMs - startedMs) / 3_600_000;
  return { ordersPerHour: orders / hours, epochsPerHour: within.length / hours };
}

interface RateResult extends Watched {
  readonly rate: number;
  readonly epochs: readonly EpochView[];
  readonly settled: Pick<RateOutcome, 'ordersPerHour' | 'epochsPerHour'>;
}

function printRate(list: FigureList, result: RateResult): void {
  const { rate, probes, lags, epochs, settled } = result;
  const name = `settlement/${rate}-orders-per-second`;
  list.print({
    name: `${name}/settled`,
    value: settled.ordersPerHour,
    unit: 'orders/h',
    // One probe a second trades beside the simulated traders.
    ratio: settled.ordersPerHour / (3_600 * (rate + 1)),
    peer: 'orders offered',
    n: 1,
  });
  const ages = lags.map(({ oldestUnsettledMs }) => oldestUnsettledMs);
  list.print({ name: `${name}/lag-p50`, value: quantile(ages, 0.5), unit: 'ms', n: ages.length });
  const waits = probes.map((probe) => waitOf(probe, epochs));
  for (const step of ['prove', 'settle'] as const) {
    const known = waits.flatMap((wait) => (wait[step] === undefined ? [] : [wait[step]]));
    if (known.length === 0) continue;
    const what = step === 'prove' ? 'proven' : 'settled';
    for (const [part, share] of [
      ['p50', 0.5],
      ['p95', 0.95],
    ] as const) {
      const waitMs = quantile(known, share);
      list.print({ name: `${name}/${what}-${part}`, value: waitMs, unit: 'ms', n: known.length });
    }
  }
}

/** Milliseconds from the acknowledgement to proof and settlement; undefined while they wait. */
function waitOf(
  { acknowledgedMs, batchNumber }: Probe,
  epochs: readonly EpochView[],
): { readonly prove: number | undefined; readonly settle: number | undefined } {
  const epoch = epochs.find(({ firstBatch, lastBatch }) => {
    return firstBatch <= batchNumber && batchNumber <= lastBatch;
  });
  const since = (moment: string | undefined): number | undefined => {
    const momentMs = momentOf(moment);
    return momentMs === undefined ? undefined : momentMs - acknowledgedMs;
  };
  return { prove: since(epoch?.steps.prove.at), settle: since(epoch?.steps.settle.at) };
}

function momentOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
