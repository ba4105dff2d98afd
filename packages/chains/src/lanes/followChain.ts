import pLimit from 'p-limit';
import type { Hash } from 'viem';
import type { EndState, Inclusion, IntentLife, Reason } from '../intents/intent.ts';
import {
  attemptOf,
  ended,
  included,
  liveAttempts,
  outrun,
  unincluded,
} from '../intents/lifeSteps.ts';
import type { BlockReference, ChainBlock } from '../tracker/chainTracker.ts';
import type { Receipt } from './chainView.ts';
import {
  askAbsence,
  askCount,
  askOtherBlock,
  quorumOf,
  readBlockHash,
  readCount,
  readReceipt,
  replayRevert,
} from './chainView.ts';
import { findTaker } from './findTaker.ts';
import type { StoredIntent } from './laneLog.ts';
import type { SoughtTaker, Tenure } from './tenure.ts';

/** Receipts read at once. */
const READS_AT_ONCE = 10;
/**
 * Blocks that a foreign transaction has to be buried under, whatever finality was asked for: who
 * takes one block as final takes the risk of not being paid, not that of paying twice.
 */
const FOREIGN_BLOCKS = 12n;
/** Heads after which a search that found nobody is made again. */
const SEEK_AGAIN = 32n;
/** Blocks after which a finality that no endpoint tells of is told to people. */
const FINALITY_PATIENCE = 256n;

/**
 * Brings the lane up to the tracker's head: what was dropped, what landed, what is final, and which
 * chain nonces somebody else consumed.
 *
 * @returns false while nothing may be sent: no head yet, a chain behind our own finality, halted.
 */
export async function followChain(tenure: Tenure): Promise<boolean> {
  const head = tenure.stands.tracker.head();
  if (head === undefined) return false;
  tenure.head = head;
  if (tenure.cursor?.hash !== head.hash) await advance(tenure, head);
  if (tenure.isAdrift && !(await findWay(tenure, head))) return false;
  if (!(await standsOnFinality(tenure, head))) return false;
  await readAwaited(tenure, head);
  await explainConsumed(tenure, head);
  await finalise(tenure);
  return tenure.memory.record.halted === undefined;
}

async function advance(tenure: Tenure, head: ChainBlock): Promise<void> {
  const { tracker } = tenure.stands;
  const isFirst = tenure.cursor === undefined;
  const passage = tracker.passageFrom(tenure.cursor);
  if (isFirst || passage.kind === 'unknown') {
    if (!isFirst) tenure.isAdrift = true;
    tenure.awaited.clear();
    await recheckInclusions(tenure, head);
    await lookUp(tenure, [...tenure.memory.intents.values()], head);
  } else {
    await undo(tenure, passage.dropped);
    await undoUnseen(tenure);
    for (const block of passage.adopted) noteOwn(tenure, block);
  }
  const count = await readCountSurely(tenure, head);
  // Last, so that a beat that failed on the way starts again from the old cursor.
  tenure.minedCount = count;
  tenure.cursor = { number: head.number, hash: head.hash };
}

/**
 * The account's count at the head. A lower one than before is a reorganisation, or an endpoint that
 * is out of its mind: others are asked, and the highest answer holds.
 */
async function readCountSurely(tenure: Tenure, head: ChainBlock): Promise<number> {
  const { pool } = tenure.stands;
  const count = await readCount(pool, tenure.address, head.number);
  if (count >= Math.max(tenure.minedCount, tenure.memory.record.finalCount)) return count;
  const answers = await askCount(pool, tenure.address, head.number);
  return Math.max(count, answers?.highest ?? 0);
}

/** Inclusions whose block was never adopted here, because the branch changed before it was. */
async function undoUnseen(tenure: Tenure): Promise<void> {
  const { tracker } = tenure.stands;
  const out = [...tenure.memory.intents.values()].filter(({ life }) => {
    return life.inclusion !== undefined && tracker.isCanonical(life.inclusion.block) === false;
  });
  await commitUnincluded(tenure, out);
}

function noteOwn(tenure: Tenure, block: ChainBlock): void {
  for (const hash of block.transactions) {
    if (tenure.memory.byHash(hash) !== undefined) tenure.awaited.set(hash, block);
  }
}

/** Takes back inclusions in dropped blocks; stops the lane when one of them was final. */
async function undo(tenure: Tenure, dropped: readonly ChainBlock[]): Promise<void> {
  if (dropped.length === 0) return;
  const hashes = new Set(dropped.map(({ hash }) => hash));
  for (const [hash, block] of tenure.awaited) {
    if (hashes.has(block.hash)) tenure.awaited.delete(hash);
  }
  const out = [...tenure.memory.intents.values()].filter(({ life }) => {
    return life.inclusion !== undefined && hashes.has(life.inclusion.block.hash);
  });
  await commitUnincluded(tenure, out);
  const broken = dropped.find(({ hash }) => tenure.endedIn.has(hash));
  if (broken !== undefined) await haltFor(tenure, broken);
}

/**
 * Whether the blocks in which intents ended are on the chain to which nobody knows the way: one by
 * one, by their hashes, because the same transactions may stand in other blocks of it.
 * @returns false while the chain is not as high as they were.
 */
async function findWay(tenure: Tenure, head: ChainBlock): Promise<boolean> {
  const { tracker, pool } = tenure.stands;
  const quorum = quorumOf(pool, tenure.options.settings.quorum);
  for (const [hash, { number }] of tenure.endedIn) {
    if (number > head.number) return false;
    const block = { number, hash };
    const known = tracker.isCanonical(block);
    const isDropped =
      known === false ||
      (known === undefined && (await askOtherBlock(pool, block, head.number)) >= quorum);
    if (!isDropped) continue;
    await haltFor(tenure, block);
    break;
  }
  tenure.isAdrift = false;
  return true;
}

async function commitUnincluded(tenure: Tenure, out: readonly StoredIntent[]): Promise<void> {
  if (out.length === 0) return;
  const atMs = tenure.nowMs();
  const lives = out.map((stored) => ({ ...stored, life: unincluded(stored.life, atMs) }));
  await tenure.commit({ lives });
  // Their bytes may be in no pool now: offer them in this very beat.
  for (const { life } of lives) {
    const pace = tenure.memory.pace(life.key);
    pace.offeredAt = Number.NEGATIVE_INFINITY;
    pace.headOfLineSince = undefined;
  }
}

async function haltFor(tenure: Tenure, block: BlockReference): Promise<void> {
  if (tenure.memory.record.halted !== undefined) return;
  const key = tenure.endedIn.get(block.hash)?.key ?? '';
  await tenure.halt(
    `The chain dropped block ${block.number}, in which intent ${key} was final. ` +
      'Nothing is sent again by itself: compare the chain with the log, then resume the lane.',
  );
}

/** After a restart or a long gap: are the blocks of the inclusions still canonical? */
async function recheckInclusions(tenure: Tenure, head: ChainBlock): Promise<void> {
  const out: StoredIntent[] = [];
  for (const stored of tenure.memory.intents.values()) {
    const { inclusion } = stored.life;
    if (inclusion === undefined) continue;
    if (!(await isCanonical(tenure, inclusion.block, head))) out.push(stored);
  }
  await commitUnincluded(tenure, out);
}

async function isCanonical(
  tenure: Tenure,
  block: BlockReference,
  head: ChainBlock,
): Promise<boolean> {
  const { tracker, pool } = tenure.stands;
  const known = tracker.isCanonical(block);
  if (known !== undefined) return known;
  return (await readBlockHash(pool, block.number, head.number)) === block.hash;
}

/** Every chain nonce below the final count is consumed for good: a chain that says less is not. */
async function standsOnFinality(tenure: Tenure, head: ChainBlock): Promise<boolean> {
  const { finalCount, finalBlock, halted } = tenure.memory.record;
  if (tenure.minedCount >= finalCount || halted !== undefined) return true;
  // Endpoints may still be catching up after a restart; only a chain that is as high contradicts.
  if (head.number < finalBlock) return false;
  // One endpoint that forgot its state must not stop the lane for an operator.
  const { pool } = tenure.stands;
  const answers = await askCount(pool, tenure.address, head.number);
  const quorum = quorumOf(pool, tenure.options.settings.quorum);
  if (answers === undefined || answers.witnesses < quorum) return false;
  tenure.minedCount = answers.highest;
  if (answers.highest >= finalCount) return true;
  await tenure.halt(
    `The account has ${answers.highest} transactions at block ${head.number}, but ` +
      `${finalCount} of them were final by block ${finalBlock}. Nothing is sent again by itself: ` +
      'compare the chain with the log, then resume the lane.',
  );
  return false;
}

async function readAwaited(tenure: Tenure, head: ChainBlock): Promise<void> {
  const found: [StoredIntent, Receipt][] = [];
  const read = async (hash: Hash, block: BlockReference): Promise<void> => {
    const stored = tenure.memory.byHash(hash);
    if (stored === undefined || stored.life.inclusion?.hash === hash) {
      tenure.awaited.delete(hash);
      return;
    }
    const receipt = await readReceipt(tenure.stands.pool, hash, head.number);
    // Absent, or of another branch: this endpoint is behind, and the block stays awaited.
    if (receipt?.block.hash === block.hash) found.push([stored, receipt]);
  };
  const limit = pLimit(READS_AT_ONCE);
  const awaited = [...tenure.awaited];
  const reads = await Promise.allSettled(awaited.map((own) => limit(() => read(...own))));
  await commitIncluded(tenure, found);
  for (const [, receipt] of found) tenure.awaited.delete(receipt.hash);
  const failed = reads.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Looks for receipts of intents whose bytes are out, block lists not being at hand. */
async function lookUp(
  tenure: Tenure,
  candidates: readonly StoredIntent[],
  head: ChainBlock,
): Promise<void> {
  const found: [StoredIntent, Receipt][] = [];
  for (const stored of candidates) {
    if (stored.life.inclusion !== undefined) continue;
    for (const { hash } of liveAttempts(stored.life)) {
      const receipt = await readReceipt(tenure.stands.pool, hash, head.number);
      // Beyond the head: the tracker has yet to judge that branch, and will name the block then.
      if (receipt === undefined || receipt.block.number > head.number) continue;
      if (await isCanonical(tenure, receipt.block, head)) found.push([stored, receipt]);
    }
  }
  await commitIncluded(tenure, found);
}

async function commitIncluded(
  tenure: Tenure,
  found: readonly (readonly [StoredIntent, Receipt])[],
): Promise<void> {
  if (found.length === 0) return;
  const lives: StoredIntent[] = [];
  for (const [stored, receipt] of found) {
    const reason = receipt.success ? undefined : await readRevertReason(tenure, stored, receipt);
    const inclusion: Inclusion = { ...receipt, revertReason: reason };
    lives.push({ ...stored, life: included(stored.life, inclusion, tenure.nowMs()) });
  }
  await tenure.commit({ lives });
}

/** By the state before the block, so what came earlier in the block may have differed. */
async function readRevertReason(
  tenure: Tenure,
  { request }: StoredIntent,
  receipt: Receipt,
): Promise<string | undefined> {
  const { to, amount, callData } = request;
  const call = { from: tenure.address, to, amount, callData };
  return await replayRevert(tenure.stands.pool, call, receipt.block.number - 1n);
}

/** A consumed chain nonce without an inclusion: ours after all, or a foreign transaction's. */
async function explainConsumed(tenure: Tenure, head: ChainBlock): Promise<void> {
  for (const chainNonce of tenure.takers.keys()) {
    if (tenure.memory.at(chainNonce) === undefined) tenure.takers.delete(chainNonce);
  }
  const open = tenure.memory.slots().flatMap((chainNonce) => {
    const stored = tenure.memory.at(chainNonce);
    if (stored === undefined || stored.life.inclusion !== undefined) return [];
    // A block of the chain names one of our hashes: only its receipt is still to come.
    const isAwaited = liveAttempts(stored.life).some(({ hash }) => tenure.awaited.has(hash));
    return chainNonce < tenure.minedCount && !isAwaited ? [stored] : [];
  });
  if (open.length === 0) return;
  await lookUp(tenure, open, head);
  for (const { life } of open) {
    const stored = tenure.memory.intents.get(life.key);
    if (stored === undefined || stored.life.inclusion !== undefined) continue;
    await suspectForeign(tenure, stored, head);
  }
}

async function suspectForeign(
  tenure: Tenure,
  stored: StoredIntent,
  head: ChainBlock,
): Promise<void> {
  const { pool } = tenure.stands;
  const chainNonce = tenure.memory.slotOf(stored.life.key) ?? 0;
  const quorum = quorumOf(pool, tenure.options.settings.quorum);
  for (const { hash } of liveAttempts(stored.life)) {
    const { found, witnesses } = await askAbsence(pool, hash, head.number);
    if (found !== undefined || witnesses < quorum) return;
  }
  const { taker } = await seekTaker(tenure, chainNonce, head);
  if (taker === undefined || stored.life.attempts.some(({ hash }) => hash === taker.hash)) {
    tenure.alert('outcomeUnknown', {
      severity: 'critical',
      key: stored.life.key,
      sentence:
        `Chain nonce ${chainNonce} of intent ${stored.life.key} is used, and no endpoint shows ` +
        'the receipt of ours or another transaction that took it: ask one with a longer memory.',
    });
    return;
  }
  const reason: Reason = {
    code: 'foreignTransaction',
    sentence: `A transaction that this lane did not sign took chain nonce ${chainNonce}.`,
    fields: { chainNonce: String(chainNonce) },
  };
  tenure.alert('foreignTransaction', {
    severity: 'critical',
    key: stored.life.key,
    sentence: `${reason.sentence} Somebody else uses the key: give this signer to one program.`,
    fields: reason.fields,
  });
  const { tracker } = tenure.stands;
  const depth = head.number - taker.block.number + 1n;
  // Only once the foreign transaction is final is it proved that ours can never land.
  if (depth < FOREIGN_BLOCKS || !tracker.isFinal(taker.block, stored.request.finality)) return;
  await commitOutrun(tenure, stored, reason);
  tenure.takers.delete(chainNonce);
}

/** Who took a chain nonce, as long as that block is canonical; sought anew otherwise. */
async function seekTaker(
  tenure: Tenure,
  chainNonce: number,
  head: ChainBlock,
): Promise<SoughtTaker> {
  const { tracker, pool } = tenure.stands;
  const known = tenure.takers.get(chainNonce);
  if (known !== undefined) {
    const { taker, soughtAt } = known;
    const isRecent = head.number < soughtAt + SEEK_AGAIN && head.number >= soughtAt;
    if (taker === undefined ? isRecent : tracker.isCanonical(taker.block) === true) return known;
    // Older than the ring: nothing that is still decided by a hash.
    if (taker !== undefined && tracker.isCanonical(taker.block) === undefined) return known;
  }
  const question = { account: tenure.address, chainNonce, head: head.number };
  const sought = { taker: await findTaker(pool, question), soughtAt: head.number };
  tenure.takers.set(chainNonce, sought);
  return sought;
}

async function commitOutrun(tenure: Tenure, stored: StoredIntent, reason: Reason): Promise<void> {
  const atMs = tenure.nowMs();
  const life = outrun(stored.life, reason, atMs);
  tenure.memory.paces.delete(life.key);
  const { withdrawing } = life;
  if (withdrawing === undefined) {
    await tenure.commit({ lives: [{ ...stored, life }] });
    return;
  }
  const end = { state: endOf(withdrawing), reason: withdrawing, atMs };
  await tenure.commit({
    lives: [{ ...stored, life: ended(life, end) }],
    forgetSpends: [life.key],
  });
}

async function finalise(tenure: Tenure): Promise<void> {
  const { tracker } = tenure.stands;
  const atMs = tenure.nowMs();
  const lives: StoredIntent[] = [];
  const forgetSpends: string[] = [];
  let { finalCount, finalBlock } = tenure.memory.record;
  for (const stored of tenure.memory.intents.values()) {
    const { life, request } = stored;
    if (life.inclusion === undefined) continue;
    if (!tracker.isFinal(life.inclusion.block, request.finality)) {
      tellUnfinal(tenure, stored, life.inclusion.block);
      continue;
    }
    const end = verdictOf(life, life.inclusion);
    lives.push({ ...stored, life: ended(life, { ...end, atMs }) });
    // A window of a budget goes on after the end of what was spent in it.
    const counts = end.state === 'final' && tenure.options.spendPolicy.budgets.length > 0;
    if (!counts) forgetSpends.push(life.key);
    finalCount = Math.max(finalCount, attemptOf(life, life.inclusion.hash).chainNonce + 1);
    if (life.inclusion.block.number > finalBlock) finalBlock = life.inclusion.block.number;
  }
  if (lives.length === 0) return;
  const record = { ...tenure.memory.record, finalCount, finalBlock };
  await tenure.commit({ lives, forgetSpends, record });
  // A receipt may lie beyond the head at which the count was read: its chain nonce is used up.
  tenure.minedCount = Math.max(tenure.minedCount, finalCount);
}

/** An intent that waits for a tag which no endpoint offers would wait for ever. */
function tellUnfinal(tenure: Tenure, { request }: StoredIntent, block: BlockReference): void {
  const { kind } = request.finality;
  const { tracker } = tenure.stands;
  if (kind === 'confirmations' || tracker.finality()[kind] !== undefined) return;
  if ((tenure.head?.number ?? 0n) - block.number < FINALITY_PATIENCE) return;
  tenure.alert('outcomeUnknown', {
    severity: 'critical',
    key: request.key,
    sentence:
      `Intent ${request.key} is in a block and waits to be ${kind}, but no endpoint tells which ` +
      'block that is: add one that does.',
  });
}

function verdictOf(
  life: IntentLife,
  inclusion: Inclusion,
): { readonly state: EndState; readonly reason: Reason | undefined } {
  if (attemptOf(life, inclusion.hash).purpose === 'cancel') {
    return life.withdrawing === undefined
      ? { state: 'cancelled', reason: undefined }
      : { state: endOf(life.withdrawing), reason: life.withdrawing };
  }
  return { state: inclusion.success ? 'final' : 'reverted', reason: undefined };
}

/** Which end a reason for taking an intent back leads to. */
export function endOf(reason: Reason): EndState {
  if (reason.code === 'cancelRequested') return 'cancelled';
  return reason.code === 'deadlinePassed' ? 'expired' : 'refused';
}
