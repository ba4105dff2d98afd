import { Fault } from '@lawbook/exchange/failures/fault';
import { InvariantViolation } from '@lawbook/exchange/failures/invariant';
import pLimit from 'p-limit';
import type { Hash } from 'viem';
import { ChainFault } from '../chainFault.ts';
import type { EndpointAnswer, ErrorMeaning } from '../endpoints/endpointPool.ts';
import { affordableFees, bumpedFees, replacementFloor } from '../fees/fees.ts';
import type { Attempt, AttemptFees, Reason } from '../intents/intent.ts';
import {
  accepted,
  liveAttempts,
  newestAttempt,
  offered,
  waiting,
  withdrawing,
} from '../intents/lifeSteps.ts';
import type { SignedTransaction, UnsignedTransaction } from '../signers/transactionSigner.ts';
import { within } from '../within.ts';
import { askPendingCount } from './chainView.ts';
import type { StoredIntent } from './laneLog.ts';
import type { PricedTransaction } from './reserve.ts';
import { priceWithin, reserve } from './reserve.ts';
import { selfTransferGas } from './selfTransferGas.ts';
import type { Tenure } from './tenure.ts';

/** Broadcasts at once; endpoints see them in the order of their chain nonces, more or less. */
const BROADCASTS_AT_ONCE = 10;
/** Repeats in one beat at most. */
const REPEATS_MAX = 32;
/** Beats between two broadcasts of the first in line, while no endpoint takes it. */
const FIRST_BEATS_MAX = 2;
/** A signing service that takes longer is tried again. */
const SIGN_TIMEOUT_MS = 15_000;

/** Signs an attempt. Nothing is committed or sent. @throws ChainFault CHAIN_SIGNER_FAILED. */
export async function signAttempt(
  tenure: Tenure,
  transaction: UnsignedTransaction,
  purpose: Attempt['purpose'],
): Promise<Attempt> {
  const { clock } = tenure.stands.environment;
  const limit = {
    clock,
    timeoutMs: SIGN_TIMEOUT_MS,
    code: 'CHAIN_SIGNER_FAILED',
    what: 'Signing',
  } as const;
  const { raw, hash } = await within(limit, (signal) => signWith(tenure, transaction, signal));
  const { chainNonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = transaction;
  return {
    chainNonce,
    purpose,
    gasLimit,
    maxFeePerGas,
    maxPriorityFeePerGas,
    raw,
    hash: hash.toLowerCase() as Hash,
    offeredAtMs: tenure.nowMs(),
    acceptedBy: [],
    acceptedAtMs: undefined,
    status: 'open',
  };
}

/** Signers come from outside: whatever they throw is theirs, and no reason to stop the lane. */
async function signWith(
  tenure: Tenure,
  transaction: UnsignedTransaction,
  signal: AbortSignal,
): Promise<SignedTransaction> {
  try {
    return await tenure.options.signer.sign(transaction, signal);
  } catch (cause) {
    if (cause instanceof Fault || cause instanceof InvariantViolation) throw cause;
    // Only the kind of the failure is passed on: whatever else it says was near a key.
    const why = cause instanceof Error ? cause.name : 'an unknown failure';
    const sentence = `The signer ${tenure.address} failed: ${why}; it is asked again.`;
    throw new ChainFault('CHAIN_SIGNER_FAILED', sentence, { fields: { why } });
  }
}

/**
 * Sends the newest bytes of each intent, in the order of their chain nonces, and commits what the
 * endpoints said. Identical bytes are safe to send at any time and any number of times.
 */
export async function broadcast(tenure: Tenure, intents: readonly StoredIntent[]): Promise<void> {
  const limit = pLimit(BROADCASTS_AT_ONCE);
  const sent = await Promise.all(
    intents.map((stored) => limit(async () => [stored, await send(tenure, stored)] as const)),
  );
  const lives: StoredIntent[] = [];
  for (const [stored, answers] of sent) {
    const changed = hear(tenure, stored, answers);
    if (changed !== undefined) lives.push(changed);
  }
  if (lives.length > 0) await tenure.commit({ lives });
}

async function send(tenure: Tenure, stored: StoredIntent): Promise<readonly EndpointAnswer[]> {
  const attempt = newestAttempt(stored.life);
  if (attempt === undefined || !tenure.mayBroadcast()) return [];
  const pace = tenure.memory.pace(stored.life.key);
  pace.offeredAt = tenure.elapsedMs();
  pace.offeredAtHead = tenure.head?.number ?? 0n;
  const call = { method: 'eth_sendRawTransaction', params: [attempt.raw] };
  const route = routeOf(tenure, stored);
  const endpoints = tenure.options.settings.broadcastTo;
  try {
    return await tenure.stands.pool.broadcast(call, { route, endpoints });
  } catch (fault) {
    if (!(fault instanceof ChainFault) || fault.code !== 'CHAIN_CONFIG_INVALID') throw fault;
    // No private relay: this one cannot be sent and is taken back, and the others go on.
    return [{ endpoint: 'private relay', ok: false, meaning: 'invalidTransaction', fault }];
  }
}

function routeOf(tenure: Tenure, { request, life }: StoredIntent): 'public' | 'private' {
  if (request.route === 'public') return 'public';
  // Taking back tells nothing, and must not hang on a relay that forgot the transaction.
  if (newestAttempt(life)?.purpose === 'cancel') return 'public';
  const firstOffer = liveAttempts(life)[0]?.offeredAtMs ?? tenure.nowMs();
  const { privateForMs } = request;
  const isOver = privateForMs !== undefined && tenure.nowMs() - firstOffer >= privateForMs;
  return isOver ? 'public' : 'private';
}

/** What the answers change; the life to commit, if any. */
function hear(
  tenure: Tenure,
  stored: StoredIntent,
  answers: readonly EndpointAnswer[],
): StoredIntent | undefined {
  const current = tenure.memory.intents.get(stored.life.key);
  const attempt = newestAttempt(stored.life);
  if (current === undefined || attempt === undefined || answers.length === 0) return undefined;
  const pace = tenure.memory.pace(stored.life.key);
  const by = answers.flatMap((answer) => (isTaken(answer) ? [answer.endpoint] : []));
  if (by.length > 0) {
    pace.vain = 0;
    if (attempt.acceptedAtMs !== undefined) return undefined;
    const taken = { by, atMs: tenure.nowMs() };
    return { ...current, life: accepted(current.life, attempt.hash, taken) };
  }
  pace.vain += 1;
  const meanings = answers.map((answer) => (answer.ok ? 'alreadyKnown' : answer.meaning));
  return refusedBy(tenure, current, meanings);
}

function isTaken(answer: EndpointAnswer): boolean {
  return answer.ok || answer.meaning === 'alreadyKnown';
}

/** Meanings that no repetition of the same bytes can change. */
const DEFINITE: ReadonlySet<ErrorMeaning> = new Set<ErrorMeaning>([
  'gasLimitTooLow',
  'gasLimitTooHigh',
  'invalidTransaction',
]);

function refusedBy(
  tenure: Tenure,
  stored: StoredIntent,
  meanings: readonly ErrorMeaning[],
): StoredIntent | undefined {
  const { life } = stored;
  const pace = tenure.memory.pace(life.key);
  const outbid = meanings.some((m) => m === 'replacementUnderpriced' || m === 'feeTooLow');
  pace.outbid = pace.outbid || outbid;
  if (meanings.includes('insufficientFunds')) {
    tenure.alert('insufficientFunds', {
      severity: 'critical',
      key: life.key,
      sentence: `${tenure.address} cannot pay for what is in flight: fund it; nothing is lost.`,
    });
  }
  if (life.withdrawing !== undefined || !meanings.every((meaning) => DEFINITE.has(meaning))) {
    return undefined;
  }
  const reason: Reason = {
    code: 'nodeRefused',
    sentence: `Every endpoint that was asked refuses the transaction: ${meanings.join(', ')}.`,
    fields: { meanings: meanings.join(',') },
  };
  tenure.alert('nodeRefused', { severity: 'warning', key: life.key, sentence: reason.sentence });
  return { ...stored, life: withdrawing(life, reason, tenure.nowMs()) };
}

/**
 * Keeps everything that is out alive: repeats what no endpoint has, takes back what is withdrawn,
 * and outbids what stands at the head of the line for too long.
 */
export async function keepOffering(tenure: Tenure): Promise<void> {
  // A consumed chain nonce is being explained elsewhere: more bytes for it would land nowhere.
  const inFlight = tenure.memory.inFlight().filter(({ life }) => {
    return (tenure.memory.slotOf(life.key) ?? 0) >= tenure.minedCount;
  });
  if (inFlight.length === 0) return;
  const [first] = inFlight;
  const now = tenure.elapsedMs();
  if (first !== undefined) {
    const pace = tenure.memory.pace(first.life.key);
    pace.headOfLineSince ??= now;
  }
  const pendingCount = await readPending(tenure);
  const repeats: StoredIntent[] = [];
  let failure: Fault | undefined;
  for (const stored of inFlight) {
    const standing = { isFirst: stored === first, pendingCount, now };
    let next: StoredIntent | undefined;
    try {
      // After a failure nothing more is signed in this beat, but everything is kept alive.
      if (failure === undefined) next = await attend(tenure, stored, standing);
      else next = repeatIfDue(tenure, stored, standing);
    } catch (fault) {
      if (!(fault instanceof Fault) || isOfStore(fault)) throw fault;
      failure = fault;
      next = repeatIfDue(tenure, stored, standing);
    }
    if (next !== undefined && repeats.length < REPEATS_MAX) repeats.push(next);
  }
  tenure.tally.reoffers += repeats.length;
  await broadcast(tenure, repeats);
  if (failure !== undefined) throw failure;
}

function isOfStore({ code }: Fault): boolean {
  return code.startsWith('CHAIN_STORE') || code === 'CHAIN_LANE_FENCED';
}

async function readPending(tenure: Tenure): Promise<number | undefined> {
  const { pool } = tenure.stands;
  return await askPendingCount(pool, tenure.address, {
    atLeastBlock: tenure.head?.number ?? 0n,
    endpoints: tenure.options.settings.quorum,
  });
}

/** Where an intent stands in the line. */
interface Standing {
  readonly isFirst: boolean;
  readonly pendingCount: number | undefined;
  readonly now: number;
}

/** @returns the intent when its newest bytes are to be sent again. */
async function attend(
  tenure: Tenure,
  stored: StoredIntent,
  standing: Standing,
): Promise<StoredIntent | undefined> {
  const { life } = stored;
  const attempt = newestAttempt(life);
  if (attempt === undefined) return undefined;
  if (life.withdrawing !== undefined && attempt.purpose !== 'cancel') {
    return (await outbid(tenure, stored, 'cancel')) ?? repeatIfDue(tenure, stored, standing);
  }
  if (shouldOutbid(tenure, stored, standing)) {
    return (await outbid(tenure, stored, attempt.purpose)) ?? repeatIfDue(tenure, stored, standing);
  }
  return repeatIfDue(tenure, stored, standing);
}

function repeatIfDue(
  tenure: Tenure,
  stored: StoredIntent,
  { isFirst, pendingCount, now }: Standing,
): StoredIntent | undefined {
  const attempt = newestAttempt(stored.life);
  if (attempt === undefined) return undefined;
  const { beatMs, stallMs } = tenure.options.settings;
  const stall = stallMs[stored.request.urgency];
  const pace = tenure.memory.pace(stored.life.key);
  const since = now - pace.offeredAt;
  const isUnseen = pendingCount !== undefined && attempt.chainNonce >= pendingCount;
  // Without a taker: at once, then ever slower, unless everything behind it waits for this one.
  const slowest = isFirst ? Math.min(beatMs * FIRST_BEATS_MAX, stall) : stall;
  const patience = Math.min(beatMs * 2 ** Math.min(pace.vain, 10), slowest);
  if (attempt.acceptedAtMs === undefined || pace.vain > 0) {
    return since >= patience ? stored : undefined;
  }
  // Taken and gone again. Public endpoints never see what a private relay has.
  const pause = routeOf(tenure, stored) === 'private' ? stall : Math.min(beatMs * 2, stall / 4);
  return isUnseen && since >= pause ? stored : undefined;
}

function shouldOutbid(tenure: Tenure, stored: StoredIntent, standing: Standing): boolean {
  const { beatMs, stallMs } = tenure.options.settings;
  const pace = tenure.memory.pace(stored.life.key);
  const sinceOffer = standing.now - pace.offeredAt;
  if (pace.outbid && sinceOffer >= beatMs) return true;
  if (!standing.isFirst) return false;
  // A chain that stands still would not take a higher fee either.
  const newest = newestAttempt(stored.life);
  if (newest?.acceptedAtMs === undefined) return false;
  if ((tenure.head?.number ?? 0n) <= pace.offeredAtHead) return false;
  const firstSince = standing.now - (pace.headOfLineSince ?? standing.now);
  return firstSince >= stallMs[stored.request.urgency];
}

/**
 * Signs and commits another attempt at the same chain nonce, with fees that nodes take instead.
 *
 * @returns the intent with the new attempt, undefined when cap, ladder or balance do not allow it.
 */
async function outbid(
  tenure: Tenure,
  stored: StoredIntent,
  purpose: Attempt['purpose'],
): Promise<StoredIntent | undefined> {
  const live = liveAttempts(stored.life);
  const newest = live.at(-1);
  if (newest === undefined) return undefined;
  if (live.length >= tenure.options.feePolicy.attemptsMax && purpose === newest.purpose) {
    tenure.alert('attemptsExhausted', {
      severity: 'critical',
      key: stored.life.key,
      sentence: `${live.length} attempts at chain nonce ${newest.chainNonce} have not landed.`,
    });
    return undefined;
  }
  const priced = await priceToOutbid(tenure, stored, { newest, purpose });
  if (priced === undefined) {
    await waitForFees(tenure, stored);
    return undefined;
  }
  const { transaction, reservation } = priced;
  const shortage = await reserve(tenure, stored.life.key, reservation);
  if (shortage !== undefined) {
    const { sentence } = shortage;
    tenure.alert('insufficientFunds', { severity: 'critical', key: stored.life.key, sentence });
    return undefined;
  }
  const attempt = await signOrTell(tenure, stored, transaction, purpose);
  if (attempt === undefined) return undefined;
  const life = offered(stored.life, attempt, [purpose === 'cancel' ? 'take back' : 'outbid']);
  const next = { ...stored, life };
  await tenure.commit({ lives: [next] });
  const pace = tenure.memory.pace(life.key);
  pace.outbid = false;
  pace.vain = 0;
  pace.headOfLineSince = undefined;
  tenure.tally.bumps += 1;
  tenure.tally.attempts += 1;
  return next;
}

/** What is out stays out and is offered again; only the better offer has to wait. */
async function signOrTell(
  tenure: Tenure,
  stored: StoredIntent,
  transaction: UnsignedTransaction,
  purpose: Attempt['purpose'],
): Promise<Attempt | undefined> {
  try {
    return await signAttempt(tenure, transaction, purpose);
  } catch (fault) {
    if (!(fault instanceof ChainFault) || fault.code !== 'CHAIN_SIGNER_FAILED') throw fault;
    const { key } = stored.life;
    tenure.alert('signerFailed', { severity: 'critical', key, sentence: fault.message });
    return undefined;
  }
}

async function priceToOutbid(
  tenure: Tenure,
  stored: StoredIntent,
  { newest, purpose }: { readonly newest: Attempt; readonly purpose: Attempt['purpose'] },
): Promise<PricedTransaction | undefined> {
  const { feePolicy: policy } = tenure.options;
  const { urgency, feeCap } = stored.request;
  const quote = await tenure.quote();
  const gasLimit = purpose === newest.purpose ? newest.gasLimit : await selfTransferGas(tenure);
  const wished = bumpedFees({ previous: newest, quote, policy, urgency });
  const atLeast = replacementFloor(newest, policy);
  const { leastTip } = policy;
  return await priceWithin(tenure, feeCap, (gasCap) => {
    const bounds = { quote, gasLimit, feeCap: gasCap, leastTip, atLeast };
    const fees = affordableFees({ fees: wished, ...bounds });
    return fees && replacementOf(tenure, stored, { newest, purpose, fees, gasLimit });
  });
}

async function waitForFees(tenure: Tenure, stored: StoredIntent): Promise<void> {
  const { life, request } = stored;
  const reason: Reason = {
    code: 'feeAboveCap',
    sentence: `A replacement would cost more than the cap of ${request.feeCap} wei; it waits.`,
    fields: { feeCap: String(request.feeCap) },
  };
  tenure.alert('feeAboveCap', { severity: 'warning', key: life.key, sentence: reason.sentence });
  if (life.withdrawing !== undefined) return;
  const next = waiting(life, reason, tenure.nowMs());
  if (next !== life) await tenure.commit({ lives: [{ ...stored, life: next }] });
}

function replacementOf(
  tenure: Tenure,
  { request }: StoredIntent,
  bid: {
    readonly newest: Attempt;
    readonly purpose: Attempt['purpose'];
    readonly fees: AttemptFees;
    readonly gasLimit: bigint;
  },
): UnsignedTransaction {
  const isCancel = bid.purpose === 'cancel';
  return {
    chainId: tenure.options.chainId,
    chainNonce: bid.newest.chainNonce,
    to: isCancel ? tenure.address : request.to,
    amount: isCancel ? 0n : request.amount,
    callData: isCancel ? '0x' : request.callData,
    gasLimit: bid.gasLimit,
    maxFeePerGas: bid.fees.maxFeePerGas,
    maxPriorityFeePerGas: bid.fees.maxPriorityFeePerGas,
  };
}
