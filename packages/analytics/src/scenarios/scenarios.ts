import { at } from '@lawbook/exchange/failures/invariant';
import { DEMO_ASSETS } from '../demoWorld.ts';
import { Draws } from './draws.ts';
import type { Crowd, Wish } from './wishes.ts';
import { crowdInto, drawnFrom, opposites, orderedPairs, symbolIndex } from './wishes.ts';

/** One scenario of the suite: a seeded pattern of orders and the market it runs in. */
export interface Scenario {
  readonly id: ScenarioId;
  readonly title: string;
  /** Orders of one epoch. */
  readonly orderCount: number;
  /** Batches in a row on one inventory; the mids stay where they are. */
  readonly epochs: number;
  /** Protective band of every asset where it is not the demo world's 20 bps, ppm. */
  readonly bandPpm?: number;
  readonly draw: (draws: Draws) => Wish[];
}

export const SCENARIO_IDS = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J'] as const;
export type ScenarioId = (typeof SCENARIO_IDS)[number];

/** Every epoch of a scenario is drawn from this seed plus the number of the epoch, from 0. */
export const SCENARIO_SEED = 42;

/** The eight pairs of scenario I, as pay then receive. */
const NAMED_PAIRS = 'USD>EUR EUR>USD USD>JPY JPY>USD GBP>USD EUR>GBP CHF>EUR AUD>USD'.split(' ');

/**
 * The suite. Shares such as "60 %" are exact counts in shuffled places, not chances, so that a
 * scenario is what its name says whatever the seed.
 */
export const SCENARIOS: readonly Scenario[] = [
  { id: 'A', title: 'empty', orderCount: 0, epochs: 1, draw: () => [] },
  uniform('B', 'uniform', { count: 100, budget: ['0.1', '1.0'] }),
  scenario('C', '60 % buy EUR', 80, (draws) =>
    crowdInto(draws, { count: 80, budget: ['0.3', '1.0'] }, { symbol: 'EUR', percent: 60 }),
  ),
  scenario('D', '50 % buy GBP, 80 % limits', 60, (draws) =>
    crowdInto(
      draws,
      { count: 60, budget: ['0.3', '1.0'], limitPercent: 80 },
      { symbol: 'GBP', percent: 50 },
    ),
  ),
  scenario('E', 'net flow zero', 100, () => opposites(100, '0.5')),
  {
    ...uniform('F', 'discovery, 3 epochs', { count: 50, budget: ['0.5', '2.0'] }),
    epochs: 3,
    bandPpm: 10_000,
  },
  uniform('G', 'small, 30 % limits', { count: 200, budget: ['0.01', '0.1'], limitPercent: 30 }),
  scenario('H', 'USD to basket', 40, (draws) =>
    drawnFrom(draws, { count: 40, budget: ['0.5', '2.0'] }, [[0, DEMO_ASSETS.length]]),
  ),
  scenario('I', '8 pairs, 20 % limits', 60, (draws) =>
    drawnFrom(
      draws,
      { count: 60, budget: ['0.3', '1.0'], limitPercent: 20 },
      NAMED_PAIRS.map(namedPair),
    ),
  ),
  {
    ...uniform('J', 'narrow band', { count: 80, budget: ['0.5', '1.5'] }),
    bandPpm: 1500,
  },
];

/** The scenario of an id. */
export function scenarioOf(id: ScenarioId): Scenario {
  return at(SCENARIOS, SCENARIO_IDS.indexOf(id));
}

/** The wishes of one epoch, counted from 0. */
export function scenarioWishes(of: Scenario, epoch: number): Wish[] {
  return of.draw(new Draws(SCENARIO_SEED + epoch));
}

function scenario(
  id: ScenarioId,
  title: string,
  orderCount: number,
  draw: (draws: Draws) => Wish[],
): Scenario {
  return { id, title, orderCount, epochs: 1, draw };
}

function uniform(id: ScenarioId, title: string, crowd: Crowd): Scenario {
  return scenario(id, title, crowd.count, (draws) => drawnFrom(draws, crowd, orderedPairs()));
}

function namedPair(text: string): readonly [number, number] {
  const [pay = '', receive = ''] = text.split('>');
  return [symbolIndex(pay), symbolIndex(receive)];
}
