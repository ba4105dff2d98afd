import type { IntentLife, Reason } from '../intents/intent.ts';
import { isEnd } from '../intents/intent.ts';
import { approved, becameUnknown, ended, liveAttempts, withdrawing } from '../intents/lifeSteps.ts';
import { endOf } from './followChain.ts';
import type { StoredIntent, StoredWish } from './laneLog.ts';
import type { Tenure } from './tenure.ts';

/** Acts on what other processes, and this one's callers, asked of the lane. */
export async function grantWishes(tenure: Tenure): Promise<void> {
  const wishes = await tenure.log.wishes();
  if (wishes.length === 0) return;
  const lives = new Map<string, StoredIntent>();
  const forgetSpends: string[] = [];
  const done: string[] = [];
  let { record } = tenure.memory;
  for (const { storedUnder, wish } of wishes) {
    done.push(storedUnder);
    if (wish.kind === 'resume') {
      // What was final is what a halted lane no longer knows; any other one still does.
      if (record.halted === undefined) continue;
      record = { ...record, halted: undefined, finalCount: 0, finalBlock: 0n };
      continue;
    }
    const stored = lives.get(wish.key) ?? tenure.memory.intents.get(wish.key);
    if (stored === undefined) {
      // Not taken in yet: it waits for its intent. Ended: nothing can be asked of it any more.
      if (!(await hasEnded(tenure, wish.key))) done.pop();
      continue;
    }
    if (wish.kind === 'approve' && stored.life.approval === undefined) {
      // Given before it was asked for: it waits until the simulation shows what is approved.
      done.pop();
      continue;
    }
    const next = grant(tenure, stored, wish);
    if (next !== stored.life) lives.set(wish.key, { ...stored, life: next });
    if (isEnd(next.state)) forgetSpends.push(wish.key);
  }
  const step = { lives: [...lives.values()], forgetSpends, wishesDone: done };
  await tenure.commit(record === tenure.memory.record ? step : { ...step, record });
}

async function hasEnded(tenure: Tenure, key: string): Promise<boolean> {
  const stored = await tenure.log.request(key);
  return stored === undefined || isEnd((await tenure.log.life(stored)).state);
}

function grant(
  tenure: Tenure,
  { life }: StoredIntent,
  wish: Exclude<StoredWish['wish'], { kind: 'resume' }>,
): IntentLife {
  const atMs = tenure.nowMs();
  if (wish.kind === 'approve') {
    return life.approval?.requestHash === wish.requestHash ? approved(life, wish.by, atMs) : life;
  }
  return life.withdrawing === undefined ? withdraw(life, CANCEL_REQUESTED, atMs) : life;
}

const CANCEL_REQUESTED: Reason = {
  code: 'cancelRequested',
  sentence: 'It was asked to be taken back.',
  fields: {},
};

/** Ends an intent of which nothing is out; decides to take back what is. */
function withdraw(life: IntentLife, reason: Reason, atMs: number): IntentLife {
  const isOut = liveAttempts(life).length > 0;
  if (!isOut) return ended(life, { state: endOf(reason), reason, atMs });
  // In a block it can only be watched; should a reorganisation drop it, the wish still stands.
  return withdrawing(life, reason, atMs);
}

/** Takes back what ran out of time or lost what it depends on, and names what nobody can know. */
export async function withdrawIntents(tenure: Tenure): Promise<void> {
  const atMs = tenure.nowMs();
  const lives: StoredIntent[] = [];
  const forgetSpends: string[] = [];
  for (const stored of tenure.memory.intents.values()) {
    const { life } = stored;
    if (life.state === 'included') continue;
    const reason = life.withdrawing ?? dueReason(tenure, stored, atMs);
    if (reason === undefined) continue;
    let next = life.withdrawing === undefined ? withdraw(life, reason, atMs) : life;
    if (isUnknown(tenure, stored, atMs)) next = tellUnknown(tenure, next, atMs);
    if (next === life) continue;
    lives.push({ ...stored, life: next });
    if (isEnd(next.state)) forgetSpends.push(life.key);
  }
  if (lives.length > 0) await tenure.commit({ lives, forgetSpends });
}

function dueReason(tenure: Tenure, stored: StoredIntent, atMs: number): Reason | undefined {
  const { request } = stored;
  if (atMs > request.deadlineMs) {
    return {
      code: 'deadlinePassed',
      sentence: `Its deadline passed before it was in a block.`,
      fields: { deadlineMs: String(request.deadlineMs) },
    };
  }
  const { after } = request;
  if (after === undefined) return undefined;
  const before = tenure.memory.intents.get(after.key)?.life ?? tenure.endedLives.get(after.key);
  const failed = before !== undefined && isEnd(before.state) && before.state !== 'final';
  const flipped = before?.inclusion?.success === false;
  if (!failed && !flipped) return undefined;
  return {
    code: 'dependencyFailed',
    sentence: `Intent ${after.key}, which it depends on, did not succeed.`,
    fields: { after: after.key },
  };
}

function isUnknown(tenure: Tenure, { life, request }: StoredIntent, atMs: number): boolean {
  const grace = tenure.options.settings.stallMs[request.urgency];
  return !life.unknown && liveAttempts(life).length > 0 && atMs > request.deadlineMs + grace;
}

function tellUnknown(tenure: Tenure, life: IntentLife, atMs: number): IntentLife {
  tenure.alert('outcomeUnknown', {
    severity: 'critical',
    key: life.key,
    sentence:
      `The deadline of intent ${life.key} passed while its transaction is out and in no block. ` +
      'It may still land; it is watched until the chain has spoken.',
  });
  return becameUnknown(life, atMs);
}
