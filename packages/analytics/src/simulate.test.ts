// Goal: the suite keeps what it promises: no bound or limit broken, every law holds, cost and fill
// on the right side of the published figures. Method: run the scenarios through the exchange.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportHash } from '@lawbook/exchange/markets/batch/report';
import { DEMO_GAMMA } from './demoWorld.ts';
import { PUBLISHED } from './published.ts';
import type { ScenarioId } from './scenarios/scenarios.ts';
import { SCENARIOS, scenarioOf } from './scenarios/scenarios.ts';
import type { RunChoice, ScenarioRun } from './simulate.ts';
import { runScenario } from './simulate.ts';

const DEPS = { now: () => 0, authority: { authority: 'admitted' } } as const;

for (const scarcity of ['proRata', 'scarcityPricing'] as const) {
  test(`keeps every bound, limit and law with ${scarcity}`, () => {
    for (const scenario of SCENARIOS) {
      const run = runWith({ scenario, scarcity });
      const { kpis } = run;
      assert.equal(kpis.boundViolations, 0, `${scenario.id}: bounds`);
      assert.equal(kpis.limitViolations, 0, `${scenario.id}: limits`);
      assert.equal(kpis.haltedBatches, 0, `${scenario.id}: halts`);
      assert.ok(kpis.theta < 1 && kpis.residual <= 1e-6, `${scenario.id}: certificate`);
      assert.ok(kpis.lpGainUsd >= 0, `${scenario.id}: the pool does not pay to trade`);
      const broken = run.verdicts.flat().filter(({ verdict }) => verdict.kind !== 'holds');
      assert.deepEqual(broken, [], scenario.id);
    }
  });
}

for (const figure of PUBLISHED) {
  test(`beats the published cost and fill of scenario ${figure.id}`, () => {
    const { kpis } = runWith({ scenario: scenarioOf(figure.id), scarcity: 'proRata' });
    assert.ok((kpis.costBps?.p90 ?? Infinity) < figure.p90Bps, `${kpis.costBps?.p90} bps`);
    assert.ok((kpis.fillRate ?? 0) > (figure.fillRate ?? 0), `${kpis.fillRate} filled`);
  });
}

test('leaves prices at the mids when flows cancel', () => {
  const run = runWith({ scenario: scenarioOf('E') });
  const [batch] = run.batches;
  assert.ok(batch !== undefined);
  for (const [i, mid] of batch.oracle.mids.entries()) {
    const gap = Number((batch.solution.prices[i] as bigint) - mid) / Number(mid);
    assert.ok(Math.abs(gap) < 1e-9, `asset ${i}: ${gap}`);
  }
});

test('reaches the bound in scenario C, and costs more when scarcity sets the price', () => {
  const [rationed, priced] = (['proRata', 'scarcityPricing'] as const).map((scarcity) =>
    runWith({ scenario: scenarioOf('C'), scarcity }),
  ) as [ScenarioRun, ScenarioRun];
  const use = rationed.kpis.utilisation[1]?.lower ?? 0;
  assert.ok(use > 0.999 && use <= 1, `the euro bound is used to ${use}`);
  assert.ok((priced.kpis.costBps?.mean ?? 0) > (rationed.kpis.costBps?.mean ?? 0));
});

test('carries the inventory from epoch to epoch in scenario F', () => {
  const { batches } = runWith({ scenario: scenarioOf('F') });
  assert.equal(batches.length, 3);
  for (const [k, batch] of batches.slice(1).entries()) {
    assert.deepEqual(batch.report.poolBefore, batches[k]?.report.poolAfter);
  }
});

test('ends in the same reports every time', () => {
  const digests = (['C', 'H'] satisfies ScenarioId[]).map((id) =>
    [0, 1].map(() =>
      runWith({ scenario: scenarioOf(id) }).batches.map((b) => reportHash(b.report)),
    ),
  );
  for (const [first, second] of digests) assert.deepEqual(first, second);
});

function runWith(choice: Partial<RunChoice> & Pick<RunChoice, 'scenario'>): ScenarioRun {
  return runScenario({ gamma: DEMO_GAMMA, scarcity: 'proRata', feeE7: 0, ...choice }, DEPS);
}
