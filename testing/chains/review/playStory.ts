import assert from 'node:assert/strict';
import type { SeededRandom } from '../../world/seededRandom.ts';
import type { EngineTerms } from '../double/engineDouble.ts';
import type { WorldTerms } from '../double/worldDouble.ts';
import { isFailure, runScenario } from '../scenarios/runScenario.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Stage } from '../scenarios/stage.ts';

/** Plays a story with one seed, and says what it and the invariants found wrong. */
export async function playStory(
  play: Scenario['play'],
  terms: {
    readonly world?: Partial<WorldTerms>;
    readonly engine?: Omit<EngineTerms, 'onAlert'>;
    readonly judge?: Scenario['judge'];
    readonly seed?: number;
  } = {},
): Promise<void> {
  const { world = {}, engine = {}, judge = () => [], seed = 1 } = terms;
  const scenario: Scenario = {
    number: 200,
    name: 'a hard case',
    criterion: 'the invariants hold',
    world: () => world,
    engine: (_random: SeededRandom) => engine,
    play,
    judge,
  };
  const result = await runScenario(scenario, seed, { intents: 0 });
  const broken = result.report.violations.map(({ invariant, sentence }) => {
    return `${invariant} ${sentence}`;
  });
  assert.equal(isFailure(result), false, [...broken, ...result.complaints].join('\n'));
}

/** Complains unless these intents are final within a time. */
export async function expectFinal(
  stage: Stage,
  keys: readonly string[],
  withinMs: number,
): Promise<void> {
  const log = stage.log();
  const latestMs = stage.world.clock.elapsedMs() + withinMs;
  let open = keys;
  while (open.length > 0 && stage.world.clock.elapsedMs() < latestMs) {
    await stage.sleep(500);
    const left: string[] = [];
    for (const key of open) {
      const stored = await log.request(key);
      const state = stored === undefined ? undefined : (await log.life(stored)).state;
      if (state !== 'final') left.push(key);
    }
    open = left;
  }
  if (open.length > 0) stage.complaints.push(`not final after ${withinMs} ms: ${open.join(', ')}`);
}
