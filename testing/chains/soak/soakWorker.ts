import { parentPort, workerData } from 'node:worker_threads';
import { ROWS } from '../scenarios/catalogue.ts';
import type { ScenarioResult } from '../scenarios/runScenario.ts';

/** One seed of one scenario to play. */
export interface SoakTask {
  readonly scenario: number;
  readonly seed: number;
  readonly intents: number;
}

/** What a worker sends back. */
export interface SoakAnswer {
  readonly task: SoakTask;
  /** Undefined when the story crashed. */
  readonly result: ScenarioResult | undefined;
  readonly crash: string | undefined;
}

/** Plays one task; a crash is an answer too. */
export async function playTask(task: SoakTask): Promise<SoakAnswer> {
  const row = ROWS.find(({ number }) => number === task.scenario);
  if (row === undefined) return { task, result: undefined, crash: 'no such scenario' };
  try {
    const result = await row.play(task.seed, task.intents);
    return { task, result, crash: undefined };
  } catch (failure) {
    const crash = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
    return { task, result: undefined, crash };
  }
}

if (parentPort !== null && workerData === 'soak') {
  const port = parentPort;
  port.on('message', (task: SoakTask) => {
    playTask(task).then(
      (answer) => port.postMessage(answer),
      (failure: unknown) => {
        throw failure;
      },
    );
  });
}
