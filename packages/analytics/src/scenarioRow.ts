import { at } from '@lawbook/exchange/failures/invariant';
import type { LawId } from '@lawbook/exchange/laws/verdict';
import { DEMO_ASSETS } from './demoWorld.ts';
import type { ScenarioId } from './scenarios/scenarios.ts';
import type { ScenarioRun } from './simulate.ts';
import type { Spread } from './spread.ts';

/**
 * One row of the table of `lawbook simulate`: plain JSON for people and machines. Costs are basis
 * points, amounts US dollars at the mids, `null` where there was no order to measure.
 */
export interface ScenarioRow {
  readonly scenario: ScenarioId;
  readonly title: string;
  readonly gamma: number;
  readonly scarcity: string;
  readonly feeBps: number;
  readonly epochs: number;
  readonly orders: number;
  readonly fillRate: number | null;
  /** -10^4 ln(net rate / mid rate): with the fee, if there is one. */
  readonly costBps: Spread | null;
  /** The same of the prices alone. */
  readonly impactBps: Spread | null;
  readonly boundViolations: number;
  readonly limitViolations: number;
  readonly lpGainUsd: number;
  readonly feesUsd: number;
  readonly surplusUsd: number;
  readonly theta: number;
  readonly residual: number;
  readonly iterations: number;
  /** Solving and allocating, all epochs together. */
  readonly ms: number;
  readonly haltedBatches: number;
  /** Share of the way from target to bound that is used after the last batch, by symbol. */
  readonly utilisation: Readonly<
    Record<string, { readonly lower: number; readonly upper: number }>
  >;
  /** Laws that a batch violated; empty when every law holds for every batch. */
  readonly violatedLaws: readonly LawId[];
}

/** The row of a run. */
export function scenarioRow({ choice, kpis, solveMs, verdicts }: ScenarioRun): ScenarioRow {
  const { scenario, gamma, scarcity, feeE7 } = choice;
  const violated = verdicts.flat().filter(({ verdict }) => verdict.kind === 'violated');
  return {
    scenario: scenario.id,
    title: scenario.title,
    gamma: Number(gamma),
    scarcity,
    feeBps: feeE7 / 1000,
    epochs: scenario.epochs,
    orders: kpis.orders,
    fillRate: kpis.fillRate ?? null,
    costBps: kpis.costBps ?? null,
    impactBps: kpis.impactBps ?? null,
    boundViolations: kpis.boundViolations,
    limitViolations: kpis.limitViolations,
    lpGainUsd: kpis.lpGainUsd,
    feesUsd: kpis.feesUsd,
    surplusUsd: kpis.surplusUsd,
    theta: kpis.theta,
    residual: kpis.residual,
    iterations: kpis.iterations,
    ms: solveMs,
    haltedBatches: kpis.haltedBatches,
    utilisation: Object.fromEntries(
      kpis.utilisation.map(({ asset, lower, upper }) => {
        return [at(DEMO_ASSETS, asset).symbol, { lower, upper }];
      }),
    ),
    violatedLaws: [...new Set(violated.map(({ id }) => id))],
  };
}
