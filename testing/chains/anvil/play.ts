import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { IntentLife, IntentRequest } from '@lawbook/chains/intents/intent';
import type { Alert, AlertKind } from '@lawbook/chains/lanes/alert';
import type { IntentHandle } from '@lawbook/chains/lanes/lane';
import type { AnvilWorldTerms } from './anvilWorld.ts';
import { AnvilWorld } from './anvilWorld.ts';
import type { RealEngine } from './realEngine.ts';
import { until } from './until.ts';

/** Far above what a scenario takes; a wait that reaches it has failed. */
const PATIENCE_MS = 60_000;

/** A world that ends with its test. */
export async function worldOf(
  context: TestContext,
  terms: AnvilWorldTerms = {},
): Promise<AnvilWorld> {
  const world = await AnvilWorld.start(terms);
  context.after(() => world.close());
  return world;
}

/** Submits one intent per key. */
export function submitAll(
  world: AnvilWorld,
  engine: RealEngine,
  keys: readonly string[],
  over: Partial<IntentRequest> = {},
): Promise<readonly IntentHandle[]> {
  return Promise.all(keys.map((key) => engine.lane.submit(world.request(key, over))));
}

/** Waits until all of them are final with success. */
export async function allDone(handles: readonly IntentHandle[]): Promise<readonly IntentLife[]> {
  const outcomes = await Promise.all(
    handles.map((intent) => intent.wait('final', { timeoutMs: PATIENCE_MS })),
  );
  for (const { verdict, life } of outcomes) {
    assert.equal(verdict, 'done', `${life.key} is ${life.state}: ${JSON.stringify(life.reason)}`);
  }
  return outcomes.map(({ life }) => life);
}

/** Waits until an endpoint took each of them. */
export async function allAccepted(handles: readonly IntentHandle[]): Promise<void> {
  for (const intent of handles) {
    const { verdict, life } = await intent.wait('accepted', { timeoutMs: PATIENCE_MS });
    assert.equal(verdict, 'done', `${life.key} is ${life.state}: ${JSON.stringify(life.reason)}`);
  }
}

/** The life once it is as asked. */
export function lifeWhere(
  intent: IntentHandle,
  what: string,
  condition: (life: IntentLife) => boolean,
): Promise<IntentLife> {
  return until(`${intent.key} ${what}`, async () => {
    const life = await intent.life();
    return condition(life) ? life : undefined;
  });
}

/** The first alert of a kind, once there is one. */
export function alerted(engine: RealEngine, kind: AlertKind): Promise<Alert> {
  return until(`an alert about ${kind}`, () => engine.alerts.find((alert) => alert.kind === kind));
}

/** Steps of a life by name, in their order. */
export function stepsOf(life: IntentLife): readonly string[] {
  return life.history.map(({ step }) => step);
}

/** The signer's transactions that are in blocks or executable in the pool. */
export function pendingCount(world: AnvilWorld): Promise<number> {
  return world.driver.getTransactionCount({ address: world.signer, blockTag: 'pending' });
}
