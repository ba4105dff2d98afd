import type { ScenarioId } from './scenarios/scenarios.ts';

/** A figure that others published for a scenario of the suite: what a run is held against. */
export interface PublishedFigure {
  readonly id: ScenarioId;
  /** Trader cost at the ninetieth percentile, basis points; below it is better. */
  readonly p90Bps: number;
  /** Share of the notional filled; above it is better. Undefined where none was published. */
  readonly fillRate: number | undefined;
}

/**
 * Published figures of the earlier line of work on convex batch clearing. No fee is
 * stated beside them, and the lowest is below the demo fee of 3 bps, so they do not contain it and
 * runs are compared without one. The pool's gain was not published beside them: any cost can be
 * bought with risk aversion, which is why every table of ours prints both.
 */
export const PUBLISHED: readonly PublishedFigure[] = [
  { id: 'B', p90Bps: 1.82, fillRate: 0.975 },
  { id: 'C', p90Bps: 5.43, fillRate: 0.723 },
  { id: 'F', p90Bps: 12.34, fillRate: undefined },
];
