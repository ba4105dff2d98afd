// Goal: the invented market is the same everywhere, stays bounded, and moves as configured.
// Method: frozen mids at a step, then statistics over one long walk of a fixed seed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Price } from '@lawbook/exchange/numbers/price';
import { PRICE_SCALE, price } from '@lawbook/exchange/numbers/price';
import { OracleFault } from './oracleFault.ts';
import type { RandomWalkParameters } from './randomWalk.ts';
import { RandomWalk } from './randomWalk.ts';

const PARAMETERS: RandomWalkParameters = {
  symbols: ['EUR', 'GBP', 'JPY'],
  mids: new Map<string, Price>([
    ['EUR', price(1_100_000_000_000n)],
    ['GBP', price(1_250_000_000_000n)],
    ['JPY', price(6_667_000_000n)],
  ]),
  dailyVolatilityPpm: new Map([
    ['EUR', 6000],
    ['GBP', 8000],
    ['JPY', 7000],
  ]),
  correlationsPpm: new Map([
    ['EUR-GBP', 800_000],
    ['JPY-EUR', -200_000],
  ]),
  seed: 42n,
  stepMs: 1000,
  reversionPpm: 200,
  boundPpm: 50_000,
};

function walked(steps: number, changes: Partial<RandomWalkParameters> = {}): RandomWalk {
  const walk = new RandomWalk({ ...PARAMETERS, ...changes });
  for (let step = 0; step < steps; step += 1) walk.advance();
  return walk;
}

/** Relative changes per step of one long walk, by symbol. */
function changesOf(parameters: RandomWalkParameters, steps: number): Map<string, number[]> {
  const walk = new RandomWalk(parameters);
  const changes = new Map(parameters.symbols.map((symbol) => [symbol, [] as number[]]));
  let before = walk.mids();
  for (let step = 0; step < steps; step += 1) {
    walk.advance();
    const after = walk.mids();
    for (const [symbol, mid] of after) {
      changes.get(symbol)?.push(Number(mid) / Number(before.get(symbol)) - 1);
    }
    before = after;
  }
  return changes;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}

function covariance(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  return mean(a.map((x, index) => (x - meanA) * ((b[index] ?? 0) - meanB)));
}

test('step 0 stands at the starting mids', () => {
  assert.deepEqual(new RandomWalk(PARAMETERS).mids(), PARAMETERS.mids);
});

test('seed and step fix the mids', () => {
  assert.deepEqual(walked(100).mids(), walked(100).mids());
  assert.notDeepEqual(walked(100).mids(), walked(100, { seed: 43n }).mids());
  assert.equal(walked(100).step, 100);
  assert.deepEqual(Object.fromEntries(walked(100).mids()), FROZEN_AT_100);
});

/** Written by the first version of this walk; a change here changes every demonstration. */
const FROZEN_AT_100 = { EUR: 1_100_057_452_043n, GBP: 1_249_751_656_182n, JPY: 6_668_740_940n };

test('volatility of a step is that of a day over the square root of steps in a day', () => {
  const changes = changesOf(PARAMETERS, 20_000);
  for (const [symbol, list] of changes) {
    const daily = (PARAMETERS.dailyVolatilityPpm.get(symbol) ?? 0) / 1e6;
    const measured = Math.sqrt(covariance(list, list) * 86_400);
    assert.ok(Math.abs(measured / daily - 1) < 0.03, `${symbol} ${measured}`);
  }
});

test('steps are correlated as configured, in either order of the pair', () => {
  const changes = changesOf(PARAMETERS, 20_000);
  const correlate = (a: string, b: string): number => {
    const [x, y] = [changes.get(a) ?? [], changes.get(b) ?? []];
    return covariance(x, y) / Math.sqrt(covariance(x, x) * covariance(y, y));
  };
  assert.ok(Math.abs(correlate('EUR', 'GBP') - 0.8) < 0.03);
  assert.ok(Math.abs(correlate('EUR', 'JPY') + 0.2) < 0.03);
  assert.ok(Math.abs(correlate('GBP', 'JPY')) < 0.03);
});

test('mids stay within the bound and return to where they started', () => {
  const wild = new Map([['EUR', 400_000]]);
  const walk = walked(0, { dailyVolatilityPpm: wild, boundPpm: 1000, reversionPpm: 1000 });
  const start = Number(PARAMETERS.mids.get('EUR'));
  let sum = 0;
  for (let step = 0; step < 5000; step += 1) {
    walk.advance();
    const distance = Number(walk.mids().get('EUR')) / start - 1;
    assert.ok(Math.abs(distance) <= 0.001 + 1e-11);
    sum += distance;
  }
  assert.ok(Math.abs(sum / 5000) < 0.0005);
});

test('without volatility nothing moves', () => {
  assert.deepEqual(walked(50, { dailyVolatilityPpm: new Map() }).mids(), PARAMETERS.mids);
});

test('correlations that contradict one another are refused', () => {
  const correlationsPpm = new Map([
    ['EUR-GBP', 900_000],
    ['EUR-JPY', 900_000],
    ['GBP-JPY', -900_000],
  ]);
  assert.throws(
    () => new RandomWalk({ ...PARAMETERS, correlationsPpm }),
    (cause: OracleFault) => cause instanceof OracleFault && cause.code === 'ORACLE_WALK_INVALID',
  );
});

test('the walk stays positive at the widest bound', () => {
  const mids = new Map([...PARAMETERS.mids.keys()].map((symbol) => [symbol, price(PRICE_SCALE)]));
  const dailyVolatilityPpm = new Map(PARAMETERS.symbols.map((symbol) => [symbol, 500_000]));
  const walk = walked(2000, { mids, dailyVolatilityPpm, boundPpm: 500_000, stepMs: 86_400_000 });
  for (const mid of walk.mids().values()) assert.ok(mid >= PRICE_SCALE / 2n);
});
