// Goal: every configured oracle starts, keeps its quote fresh, refuses when it must and stops.
// Method: whole adapters on a clock that the test moves, sources from memory.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { price } from '@lawbook/exchange/numbers/price';
import { loadConfig } from '../config/loadConfig.ts';
import { createOracle } from './createOracle.ts';
import { ManualClock } from './fixtures/manualClock.ts';
import type { Fetch } from './httpReader.ts';
import type { OracleAdapter } from './oracleAdapter.ts';
import { OracleFault } from './oracleFault.ts';

const noFetch: Fetch = () => assert.fail('this oracle fetches nothing');

interface Started {
  readonly oracle: OracleAdapter;
  readonly clock: ManualClock;
  readonly stop: () => Promise<void>;
}

async function start(
  flags: Readonly<Record<string, unknown>>,
  outside: { readonly text?: string; readonly fetch?: Fetch } = {},
): Promise<Started> {
  const { config } = loadConfig({ flags });
  const clock = new ManualClock(1_000_000);
  const readText = (): string => outside.text ?? assert.fail('this oracle reads no file');
  const dependencies = { clock, fetch: outside.fetch ?? noFetch, readText };
  const oracle = createOracle(config.oracle, dependencies);
  const stopping = new AbortController();
  await oracle.start(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await oracle.stopped();
  };
  return { oracle, clock, stop };
}

const codes = (oracle: OracleAdapter): string[] => oracle.health().refusals.map(({ code }) => code);

const TABLE = 'day,EUR\n2020-01-01,1.1\n2020-01-02,1.11\n2020-01-03,1.12\n';
const CSV = {
  'oracle.adapter': 'csv',
  'oracle.csv.file': 'a/rates.csv',
  'oracle.symbols': ['EUR'],
};

test('fixed mids stay fresh while the oracle runs and grow stale after it stops', async () => {
  const { oracle, clock, stop } = await start({ 'oracle.adapter': 'fixed' });
  await clock.advance(60_000);
  assert.equal(oracle.latest()?.mids.get('JPY'), price(6_667_000_000n));
  assert.equal(oracle.latest()?.source, 'fixed');
  assert.deepEqual([oracle.health().ready, oracle.health().ageMs], [true, 0]);
  await stop();
  await clock.advance(5000);
  assert.equal(oracle.latest(), undefined);
  assert.deepEqual(new Set(codes(oracle)), new Set(['oracleStale']));
});

test('recorded rates step through their rows and start again', async () => {
  const { oracle, clock, stop } = await start(CSV, { text: TABLE });
  const seen: string[] = [];
  for (let step = 0; step < 5; step += 1) {
    seen.push(String(oracle.latest()?.mids.get('EUR')));
    await clock.advance(1000);
  }
  await stop();
  assert.deepEqual(
    seen,
    ['1.10', '1.11', '1.12', '1.10', '1.11'].map((mid) => `${mid.replace('.', '')}0000000000`),
  );
  assert.match(oracle.health().sources[0]?.note ?? '', /row 3 of 3, 2020-01-03/);
  assert.equal(oracle.health().sources[0]?.name, 'rates.csv');
});

test('recorded rates that stop grow stale after their last row', async () => {
  const { oracle, clock, stop } = await start(
    { ...CSV, 'oracle.csv.atEnd': 'stop' },
    { text: TABLE },
  );
  await clock.advance(2000);
  assert.equal(oracle.latest()?.observedAtMs, 1_002_000);
  await clock.advance(4999);
  assert.equal(oracle.latest()?.mids.get('EUR'), price(1_120_000_000_000n));
  await clock.advance(1);
  assert.deepEqual(codes(oracle), ['oracleStale']);
  await stop();
});

test('a recorded jump is refused until rows in a row confirm it', async () => {
  const jumps = 'day,EUR\n2020-01-01,1.1\n2020-01-02,1.5\n2020-01-03,1.5\n2020-01-04,1.5\n';
  const { oracle, clock, stop } = await start(CSV, { text: jumps });
  const readiness: boolean[] = [];
  for (let step = 0; step < 4; step += 1) {
    readiness.push(oracle.health().ready);
    await clock.advance(1000);
  }
  await stop();
  assert.deepEqual(readiness, [true, false, false, true]);
});

test('a missing or damaged file stops the start', () => {
  const { oracle } = loadConfig({ flags: CSV }).config;
  const clock = new ManualClock(0);
  const isFileFault = (cause: OracleFault): boolean =>
    cause instanceof OracleFault && cause.code === 'ORACLE_FILE_INVALID';
  for (const readText of [
    () => readFileSync('/does/not/exist', 'utf8'),
    () => 'day,JPY\n2020-01-01,1\n',
  ]) {
    assert.throws(() => createOracle(oracle, { clock, fetch: noFetch, readText }), isFileFault);
  }
});

test('the demo walk starts at its mids, moves at every step, says it is invented', async () => {
  const { oracle, clock, stop } = await start({});
  const first = oracle.latest();
  assert.equal(first?.mids.get('EUR'), price(1_100_000_000_000n));
  assert.match(first?.source ?? '', /invented/);
  await clock.advance(1000);
  assert.notEqual(oracle.latest()?.mids.get('EUR'), first?.mids.get('EUR'));
  await clock.advance(3_600_000);
  assert.deepEqual(codes(oracle), []);
  await stop();
});

test('fetched rates follow their sources into contradiction and back', async () => {
  let rates = ['1.1', '1.1'];
  const sources = [0, 1].map((index) => ({
    name: `s${index}`,
    url: `https://rates.example/${index}`,
    mapPath: '/rates',
  }));
  const answer: Fetch = async (url) =>
    new Response(`{"rates":{"EUR":${rates[Number(url.at(-1))]}}}`, { status: 200 });
  const flags = {
    'oracle.adapter': 'http',
    'oracle.http.sources': sources,
    'oracle.symbols': ['EUR'],
  };
  const { oracle, clock, stop } = await start(flags, { fetch: answer });
  assert.equal(oracle.latest()?.mids.get('EUR'), price(1_100_000_000_000n));
  rates = ['1.1', '1.2'];
  await clock.advance(1000);
  assert.equal(oracle.latest(), undefined);
  assert.deepEqual(codes(oracle), ['oracleContradictory']);
  rates = ['1.101', '1.1005'];
  await clock.advance(1000);
  assert.equal(oracle.latest()?.mids.get('EUR'), price(1_100_500_000_000n));
  await stop();
});

const PUBLISHED = resolve(
  import.meta.dirname,
  '../../../../../shared/data/fx-monthly-usd-per-unit.csv',
);
const absent = existsSync(PUBLISHED)
  ? false
  : 'recorded monthly rates are absent; put fx-monthly-usd-per-unit.csv in ../shared/data';

test('twenty-seven years of recorded rates play through the venue', { skip: absent }, async () => {
  const text = readFileSync(PUBLISHED, 'utf8');
  const flags = {
    'oracle.adapter': 'csv',
    'oracle.csv.file': PUBLISHED,
    'oracle.jumpPpmMax': 1_000_000,
  };
  const { oracle, clock, stop } = await start(flags, { text });
  const rows = text.trimEnd().split('\n').slice(1);
  for (const row of rows) {
    const eur = `${row.split(',')[1]}`.replace('.', '').padEnd(13, '0');
    assert.equal(String(oracle.latest()?.mids.get('EUR')), eur.replace(/^0+/, ''));
    await clock.advance(1000);
  }
  await stop();
});
