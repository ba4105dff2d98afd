import { inspect } from 'node:util';
import { createChainMetrics } from '@lawbook/chains/metrics/chainMetrics';
import { MemoryStore } from '@lawbook/chains/stores/memoryStore';
import { SeededRandom } from '../../world/seededRandom.ts';
import type { EngineDouble } from '../double/engineDouble.ts';
import type { InvariantReport } from '../double/invariants.ts';
import { SimulationFailure } from '../double/simulatedClock.ts';
import { WorldDouble } from '../double/worldDouble.ts';
import type { Scenario } from './scenario.ts';
import { Stage } from './stage.ts';

/** What came of one seed. */
export interface ScenarioResult {
  readonly scenario: number;
  readonly seed: number;
  readonly report: InvariantReport;
  /** What the scenario's own criterion found wrong. */
  readonly complaints: readonly string[];
  readonly counters: ScenarioCounters;
}

/** Figures of one story; counts and milliseconds under 2^53. */
export interface ScenarioCounters {
  readonly intents: number;
  readonly ended: Readonly<Record<string, number>>;
  readonly blocks: number;
  readonly requests: number;
  readonly faults: number;
  readonly refusals: number;
  readonly deaths: number;
  readonly alerts: number;
  readonly simulatedMs: number;
  readonly events: number;
  readonly cpuMs: number;
}

/** Simulated time that everything may take to end after the story. */
const ENDING_MS = 2_400_000;
/** Simulated time of a story. */
const STORY_MS = 7_200_000;

/** Plays one scenario with one seed and checks every invariant. The same seed plays the same. */
export async function runScenario(
  scenario: Scenario,
  seed: number,
  options: { readonly intents: number },
): Promise<ScenarioResult> {
  const cpu = process.threadCpuUsage();
  const random = new SeededRandom(Math.imul(seed + 1, 0x2545f491) ^ scenario.number);
  const terms = scenario.world?.(random) ?? {};
  const world = new WorldDouble(seed, terms, (clock) => new MemoryStore(clock));
  const stage = new Stage(world, {
    intents: options.intents,
    terms: scenario.engine?.(random) ?? {},
  });
  const complaints: string[] = [];
  world.start();
  try {
    await playOut(scenario, stage);
    await endAll(stage);
  } catch (failure) {
    if (!(failure instanceof SimulationFailure)) throw failure;
    complaints.push(failure.message);
  }
  const intents = await stage.lives();
  const report = await stage.watch.finish({
    intents,
    alerts: stage.alerts,
    errors: [...stage.errors, ...stage.failures],
    texts: stage.texts,
    budgets: scenarioBudgets(scenario, seed),
    deaths: stage.deaths,
    isForgiven: (key) => stage.forgiven.has(key),
  });
  complaints.push(
    ...stage.complaints,
    ...checkOutcomes(stage),
    ...(scenario.judge?.(stage, intents) ?? []),
  );
  const { user, system } = process.threadCpuUsage(cpu);
  const ended: Record<string, number> = {};
  for (const { life } of intents) {
    const state = life?.state ?? 'missing';
    ended[state] = (ended[state] ?? 0) + 1;
  }
  const counters: ScenarioCounters = {
    intents: intents.length,
    ended,
    blocks: world.chain.heads.length,
    requests: world.network.tally.requests,
    faults: world.network.plan.struck() + world.store.failures(),
    refusals: countRefusals(stage),
    deaths: stage.deaths,
    alerts: stage.alerts.length,
    simulatedMs: world.clock.elapsedMs(),
    events: world.clock.fired(),
    cpuMs: (user + system) / 1000,
  };
  return { scenario: scenario.number, seed, report, complaints, counters };
}

/** Whether a result is one to look at. */
export function isFailure({ report, complaints }: ScenarioResult): boolean {
  return report.violations.length > 0 || complaints.length > 0;
}

async function playOut(scenario: Scenario, stage: Stage): Promise<void> {
  let isOver = false;
  let failure: unknown;
  scenario.play(stage).then(
    () => {
      isOver = true;
    },
    (thrown: unknown) => {
      failure = thrown;
      isOver = true;
    },
  );
  const { clock } = stage.world;
  await clock.runUntil(() => isOver, { what: 'the end of the story', withinMs: STORY_MS });
  if (failure !== undefined) throw failure;
}

/** Runs until no intent is open, then a little longer, then closes every engine in order. */
async function endAll(stage: Stage): Promise<void> {
  const { clock, terms } = stage.world;
  const latestMs = clock.elapsedMs() + ENDING_MS;
  const log = stage.log();
  while (clock.elapsedMs() < latestMs) {
    await clock.runFor(terms.blockTime * 1000);
    if ((await log.openKeys()).length === 0 || stage.endsWhen()) break;
  }
  await clock.runFor(terms.blockTime * 1000 * 2);
  const running = stage.engines.filter((engine) => engine.process.state === 'running');
  for (const engine of running) stage.texts.push(await shownBy(engine));
  let isClosed = false;
  Promise.all(running.map((engine) => engine.close())).then(() => {
    isClosed = true;
  });
  await clock.runUntil(() => isClosed, { what: 'engines that close', withinMs: 120_000 });
  stage.world.stop();
}

/** What a running engine shows of itself. */
async function shownBy({ pool, tracker, lane, process: host }: EngineDouble): Promise<string> {
  const readings = {
    chain: host.name,
    headNumber: tracker.head()?.number,
    endpoints: pool.stats(),
    tracker: tracker.stats(),
    lanes: [lane.stats()],
    cacheHitRate: undefined,
  };
  const metrics = await createChainMetrics(() => [readings]).render();
  return `${metrics}\n${inspect(readings, { depth: 8 })}`;
}

/** What callers were told has to be what the chain says in the end. */
function checkOutcomes(stage: Stage): readonly string[] {
  const executed = new Map<string, boolean>();
  const complaints: string[] = [];
  for (const { receipt } of stage.executions()) {
    executed.set(receipt.transaction.callData, receipt.success);
  }
  for (const { key, outcome } of stage.outcomes) {
    if (stage.forgiven.has(key)) continue;
    const callData = stage.accepted.get(key)?.callData ?? '0x';
    const success = executed.get(callData) ?? false;
    if (outcome.verdict === 'unknown' || success === (outcome.verdict === 'done')) continue;
    complaints.push(`a caller heard ${outcome.verdict} of ${key}; on the chain it is ${success}`);
  }
  return complaints;
}

function scenarioBudgets(
  scenario: Scenario,
  seed: number,
): NonNullable<NonNullable<ReturnType<NonNullable<Scenario['engine']>>['spendPolicy']>['budgets']> {
  const random = new SeededRandom(Math.imul(seed + 1, 0x2545f491) ^ scenario.number);
  scenario.world?.(random);
  return scenario.engine?.(random).spendPolicy?.budgets ?? [];
}

function countRefusals(stage: Stage): number {
  let count = 0;
  for (const { tally } of stage.world.nodes) {
    for (const times of tally.refusals.values()) count += times;
  }
  return count;
}
