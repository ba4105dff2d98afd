import type { IntentLife } from '@lawbook/chains/intents/intent';
import { isEnd } from '@lawbook/chains/intents/intent';
import type { Alert } from '@lawbook/chains/lanes/alert';
import type { StoredIntent } from '@lawbook/chains/lanes/laneLog';
import { LaneLog } from '@lawbook/chains/lanes/laneLog';
import type { ChainStore } from '@lawbook/chains/stores/chainStore';
import type { Hash, TransactionReceipt } from 'viem';
import type { AnvilWorld } from './anvilWorld.ts';
import { payeeOf, SECRET } from './anvilWorld.ts';

/** What a world is judged by: the log of its lane, and what was said meanwhile. */
export interface Testimony {
  readonly store: ChainStore;
  readonly alerts: readonly Alert[];
  /** Errors that callers saw. */
  readonly errors?: readonly unknown[];
}

/**
 * The invariants I1 to I7 at the end of a scenario, against the chain itself.
 *
 * Each key pays a payee of its own, so that its balance counts how often the key was executed.
 * @returns one sentence per broken promise.
 */
export async function judge(
  world: AnvilWorld,
  keys: readonly string[],
  testimony: Testimony,
): Promise<readonly string[]> {
  const found: string[] = [];
  const log = logOf(world, testimony.store);
  for (const key of keys) {
    const stored = await readIntent(log, key);
    if (stored === undefined) {
      found.push(`I2: ${key} is not in the log`);
      continue;
    }
    found.push(...(await judgeIntent(world, stored, testimony.alerts)));
  }
  found.push(...(await judgeGaps(world)));
  found.push(...(await judgeSecrets(world, testimony)));
  return found;
}

/** Lives as they are durable. */
export async function livesOf(
  world: AnvilWorld,
  keys: readonly string[],
  store: ChainStore,
): Promise<readonly IntentLife[]> {
  const log = logOf(world, store);
  const lives: IntentLife[] = [];
  for (const key of keys) {
    const stored = await readIntent(log, key);
    if (stored !== undefined) lives.push(stored.life);
  }
  return lives;
}

function logOf(world: AnvilWorld, store: ChainStore): LaneLog {
  return new LaneLog(`${world.anvil.chainId}/${world.signer.toLowerCase()}`, store);
}

async function readIntent(log: LaneLog, key: string): Promise<StoredIntent | undefined> {
  const stored = await log.request(key);
  return stored === undefined ? undefined : { ...stored, life: await log.life(stored) };
}

async function judgeIntent(
  world: AnvilWorld,
  { request, life }: StoredIntent,
  alerts: readonly Alert[],
): Promise<readonly string[]> {
  const { key } = request;
  const found: string[] = [];
  const told = alerts.some((alert) => alert.kind === 'outcomeUnknown' && alert.key === key);
  if (!isEnd(life.state) && !(life.unknown && told)) {
    found.push(`I2: ${key} is ${life.state} and nobody was told`);
  }
  if (request.to === payeeOf(key)) {
    const received = await world.received(key);
    const due = life.state === 'final' ? request.amount : 0n;
    if (received !== due) found.push(`I1: ${key} is ${life.state} and moved ${received} wei`);
  }
  for (const { gasLimit, maxFeePerGas } of life.attempts) {
    const most = gasLimit * maxFeePerGas;
    if (most > request.feeCap) found.push(`I6: ${key} signed for ${most} wei of fees`);
  }
  return [...found, ...(await judgeAgreement(world, life))];
}

/** I4: hash, block, status and fee are those of the chain. */
async function judgeAgreement(world: AnvilWorld, life: IntentLife): Promise<readonly string[]> {
  const found: string[] = [];
  const { key, inclusion } = life;
  for (const { hash, status } of life.attempts) {
    const receipt = await receiptOf(world, hash);
    if ((receipt !== undefined) !== (inclusion?.hash === hash)) {
      found.push(`I4: ${key} has an attempt that is ${status}, its receipt says otherwise`);
    }
    if (receipt === undefined || inclusion?.hash !== hash) continue;
    const fee = receipt.gasUsed * receipt.effectiveGasPrice;
    const agrees =
      receipt.blockHash === inclusion.block.hash &&
      (receipt.status === 'success') === inclusion.success &&
      fee === inclusion.feePaid &&
      fee === life.feeSpent;
    if (!agrees && isEnd(life.state)) found.push(`I4: ${key} disagrees with its receipt`);
  }
  if (life.state === 'final' && inclusion === undefined) found.push(`I4: ${key} has no inclusion`);
  return found;
}

async function receiptOf(world: AnvilWorld, hash: Hash): Promise<TransactionReceipt | undefined> {
  const receipt = await world.node.call('eth_getTransactionReceipt', [hash]);
  if (receipt === null) return undefined;
  return world.driver.getTransactionReceipt({ hash });
}

/** I3: nothing waits behind a hole. */
async function judgeGaps(world: AnvilWorld): Promise<readonly string[]> {
  const status = (await world.node.call('txpool_status')) as { pending: string; queued: string };
  return Number(status.queued) === 0 ? [] : [`I3: ${Number(status.queued)} wait behind a hole`];
}

/** I7: neither the key nor what stands in the addresses of endpoints is written or said. */
async function judgeSecrets(world: AnvilWorld, testimony: Testimony): Promise<readonly string[]> {
  const { store, alerts, errors = [] } = testimony;
  const entries = await store.list('', { limit: 100_000 });
  const said = [
    JSON.stringify(entries),
    JSON.stringify(alerts),
    ...errors.map((error) => describe(error)),
  ].join('\n');
  return [SECRET, world.key.slice(2)].filter((secret) => said.includes(secret)).map(() => 'I7');
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const fields = JSON.stringify((error as { fields?: unknown }).fields);
  return [error.message, error.stack, fields, describe(error.cause)].join('\n');
}

/** What most scenarios end with: requests by key that all reached the end that was asked for. */
export function statesOf(lives: readonly IntentLife[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { state } of lives) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** Keys for a number of intents. */
export function keysOf(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}:${index}`);
}
