import { Fault } from '@lawbook/exchange/failures/fault';
import pLimit from 'p-limit';
import type { Address } from 'viem';
import { ChainFault } from '../chainFault.ts';
import { RpcError } from '../endpoints/transport.ts';
import type { FeeQuote } from '../fees/feePolicy.ts';
import { affordableFees, firstFees } from '../fees/fees.ts';
import { approvalVerdict, requestHash } from '../gates/approvals.ts';
import { judgeIntent } from '../gates/judgeIntent.ts';
import type { PolicyDecision } from '../gates/policyGate.ts';
import { plainText } from '../gates/revertReason.ts';
import type { SimulationVerdict } from '../gates/simulationGate.ts';
import type { IntentLife, ObservedDelta, Reason } from '../intents/intent.ts';
import { isEnd } from '../intents/intent.ts';
import { approvalAsked, ended, offered, waiting } from '../intents/lifeSteps.ts';
import { estimateGas } from './chainView.ts';
import { findFloor, OWN_KEY } from './fillHoles.ts';
import type { StoredIntent, StoredSpend } from './laneLog.ts';
import { broadcast, signAttempt } from './offerBytes.ts';
import type { PricedTransaction } from './reserve.ts';
import { priceWithin, reserve, shortage } from './reserve.ts';
import type { Tenure } from './tenure.ts';

/** Simulations at once. */
const SIMULATIONS_AT_ONCE = 10;
/** Characters of a signer's own words that are kept. */
const SENTENCE_MAX = 500;
/** Balances that a person can be asked to look at, and that fit into a record. */
const DELTAS_MAX = 256;

/** What one beat has decided, to be committed together and then sent. */
interface Batch {
  readonly lives: Map<string, StoredIntent>;
  readonly spends: StoredSpend[];
  readonly outgoing: StoredIntent[];
  /** The next chain nonce of this beat is looked for from here. */
  nextChainNonce: number;
}

/** An intent that policy and simulation let through. */
interface Candidate {
  readonly stored: StoredIntent;
  readonly gasLimit: bigint;
}

/**
 * Starts what waits, oldest first, as far as the lane carries: policy, simulation, fees, funds,
 * signature; then one commit for all of them; then the broadcasts.
 *
 * What has to wait lets the others pass, because nothing was reserved for it.
 */
export async function startIntents(tenure: Tenure): Promise<void> {
  const spare = tenure.options.settings.inFlightMax - tenure.memory.inFlight().length;
  // What closes a hole frees all that waits behind it, so it starts although the lane is full.
  const room = Math.max(spare, hasOpenHole(tenure) ? 1 : 0);
  if (room <= 0) return;
  const ready = await readyIntents(tenure, room);
  if (ready.length === 0) return;
  const floor = tenure.floor ?? (await findFloor(tenure));
  if (floor === undefined) return;
  const batch: Batch = {
    lives: new Map(),
    spends: [],
    outgoing: [],
    nextChainNonce: Math.max(tenure.minedCount, floor),
  };
  const candidates = await judgeAll(tenure, ready, batch);
  const failure = await prepareAll(tenure, candidates, batch);
  // What was decided before a failure holds; what was not is decided at the next beat.
  await commitBatch(tenure, batch);
  await broadcast(tenure, batch.outgoing);
  if (failure !== undefined) throw failure;
}

async function prepareAll(
  tenure: Tenure,
  candidates: readonly Candidate[],
  batch: Batch,
): Promise<Fault | undefined> {
  for (const candidate of candidates) {
    try {
      await prepare(tenure, candidate, batch);
    } catch (failure) {
      if (!(failure instanceof Fault)) throw failure;
      if (failure.code !== 'CHAIN_SIGNER_FAILED') {
        // It may be this one's own doing: the next beat begins with the others.
        postpone(tenure, candidate.stored);
        return failure;
      }
      if (!endUnsigned(tenure, candidate.stored, failure, batch)) return undefined;
    }
  }
  return undefined;
}

/**
 * A signer that names a rule will never sign this one: it is refused, and the others go on. One
 * that just fails may be away: the intent waits, and nobody asks again in this beat.
 *
 * @returns whether to go on with the others.
 */
function endUnsigned(tenure: Tenure, stored: StoredIntent, fault: Fault, batch: Batch): boolean {
  const { key } = stored.life;
  tenure.memory.reservations.delete(key);
  const sentence = plainText(fault.message, SENTENCE_MAX);
  tenure.alert('signerFailed', { severity: 'warning', key, sentence });
  const rule = fault.fields['rule'];
  if (rule === undefined) {
    letWait(tenure, stored, { code: 'signerFailed', sentence, fields: {} }, batch);
    return false;
  }
  tenure.tally.denial(String(rule));
  refuseIt(
    tenure,
    stored,
    { code: 'policyDenied', sentence, fields: { rule: String(rule) } },
    batch,
  );
  return true;
}

async function commitBatch(tenure: Tenure, batch: Batch): Promise<void> {
  if (batch.lives.size === 0) return;
  const ended = [...batch.lives.values()].filter(({ life }) => isEnd(life.state));
  await tenure.commit({
    lives: [...batch.lives.values()],
    spends: batch.spends,
    forgetSpends: ended.flatMap(({ life }) =>
      tenure.memory.spends.has(life.key) ? [life.key] : [],
    ),
  });
  for (const key of tenure.memory.reservations.keys()) {
    if (tenure.memory.slotOf(key) === undefined) tenure.memory.reservations.delete(key);
  }
}

async function readyIntents(tenure: Tenure, room: number): Promise<readonly StoredIntent[]> {
  const ready: StoredIntent[] = [];
  const waiting = [...tenure.memory.intents.values()];
  // The lane's own come first: they free others.
  const queue = [...waiting.filter(isOwn), ...waiting.filter((stored) => !isOwn(stored))];
  for (const stored of queue) {
    if (ready.length >= room) break;
    const { state, approval } = stored.life;
    const isApproved = state === 'awaitingApproval' && approval?.approvedBy !== undefined;
    const isLapsed = state === 'awaitingApproval' && tenure.nowMs() >= (approval?.expiresAtMs ?? 0);
    if (state !== 'created' && !isApproved && !isLapsed) continue;
    // What could not start at this head cannot at the next beat either; let others pass.
    if (tenure.deferredAt.get(stored.life.key) === tenure.head?.hash) continue;
    if (await standsAfter(tenure, stored)) ready.push(stored);
  }
  return ready;
}

/** Whether what it depends on is there; what failed is withdrawn elsewhere. */
async function standsAfter(tenure: Tenure, { request }: StoredIntent): Promise<boolean> {
  const { after } = request;
  if (after === undefined) return true;
  const open = tenure.memory.intents.get(after.key)?.life;
  if (open !== undefined) {
    return after.level === 'included' && open.inclusion?.success === true && isExecuted(open);
  }
  const life = tenure.endedLives.get(after.key) ?? (await readEnded(tenure, after.key));
  return life?.state === 'final';
}

function isExecuted(life: IntentLife): boolean {
  return life.attempts.some(({ hash, purpose }) => {
    return hash === life.inclusion?.hash && purpose === 'execute';
  });
}

async function readEnded(tenure: Tenure, key: string): Promise<IntentLife | undefined> {
  const stored = await tenure.log.request(key);
  if (stored === undefined) return undefined;
  const life = await tenure.log.life(stored);
  if (!isEnd(life.state)) return undefined;
  tenure.endedLives.set(key, life);
  return life;
}

/** Policy and simulation of each by itself; what they spend together is judged at signing. */
async function judgeAll(
  tenure: Tenure,
  ready: readonly StoredIntent[],
  batch: Batch,
): Promise<readonly Candidate[]> {
  const limit = pLimit(SIMULATIONS_AT_ONCE);
  const judged = await Promise.all(
    ready.map((stored) => {
      return limit(() => weigh(tenure, stored, judge(tenure, stored, batch), batch));
    }),
  );
  return judged.flatMap((candidate) => (candidate === undefined ? [] : [candidate]));
}

/** Policy over everything that is spent or reserved besides by the intent itself. */
function judge(tenure: Tenure, stored: StoredIntent, batch: Batch): PolicyDecision {
  if (isOwn(stored)) return { kind: 'allow', spends: [] };
  const reserved = [...tenure.memory.spends.values(), ...batch.spends];
  const spent = reserved.flatMap(({ key, spends }) => (key === stored.life.key ? [] : spends));
  const question = { request: stored.request, spent, nowMs: tenure.nowMs() };
  return judgeIntent(question, tenure.options.spendPolicy);
}

/** The lane's own fillers pay nothing to nobody and are no matter for policies. */
function isOwn({ request }: StoredIntent): boolean {
  return request.key.startsWith(OWN_KEY);
}

async function weigh(
  tenure: Tenure,
  stored: StoredIntent,
  decision: PolicyDecision,
  batch: Batch,
): Promise<Candidate | undefined> {
  if (decision.kind === 'deny') {
    tenure.tally.denial(decision.rule);
    refuseIt(tenure, stored, decision.reason, batch);
    return undefined;
  }
  const verdict = await simulate(tenure, stored);
  if (verdict.kind === 'failed' && verdict.reason.fields['rule'] === 'insufficientFunds') {
    // Nodes say that it is short; the funds gate says by how much.
    const { amount } = stored.request;
    const short = await shortage(tenure, stored.life.key, { amount, gas: 0n, dataFee: 0n });
    refuseShort(tenure, stored, short ?? verdict.reason, batch);
    return undefined;
  }
  if (verdict.kind === 'failed') {
    refuseIt(tenure, stored, verdict.reason, batch);
    return undefined;
  }
  if (verdict.kind === 'unavailable') {
    letWait(tenure, stored, verdict.reason, batch);
    return undefined;
  }
  if (decision.kind === 'needApproval') {
    const isHeld = await holdForApproval(
      tenure,
      stored,
      { decision, deltas: verdict.deltas },
      batch,
    );
    if (isHeld) return undefined;
  }
  const gasLimit = stored.request.gasLimit ?? (await gasLimitOf(tenure, stored, verdict.gasUsed));
  if (gasLimit !== undefined) return { stored, gasLimit };
  letWait(tenure, stored, NO_ESTIMATE, batch);
  return undefined;
}

async function simulate(tenure: Tenure, stored: StoredIntent): Promise<SimulationVerdict> {
  if (isOwn(stored)) return { kind: 'passed', gasUsed: 21_000n, deltas: [] };
  const { head } = tenure;
  if (head === undefined) return { kind: 'unavailable', reason: NO_HEAD };
  return await tenure.stands.simulation.simulate(stored.request, {
    signer: tenure.address,
    block: { number: head.number, hash: head.hash },
  });
}

const NO_HEAD: Reason = {
  code: 'endpointsUnavailable',
  sentence: 'No endpoint has told of a block yet.',
  fields: {},
};

const NO_ESTIMATE: Reason = {
  code: 'simulationUnavailable',
  sentence: 'No endpoint estimates the gas of the call; it is tried again.',
  fields: {},
};

/** @returns whether it still may not start. */
async function holdForApproval(
  tenure: Tenure,
  stored: StoredIntent,
  found: {
    readonly decision: Extract<PolicyDecision, { kind: 'needApproval' }>;
    readonly deltas: readonly ObservedDelta[];
  },
  batch: Batch,
): Promise<boolean> {
  const { life, request } = stored;
  const { approvalMs, approvalDriftPpm: driftPpm } = tenure.options.settings;
  const nowMs = tenure.nowMs();
  if (found.deltas.length > DELTAS_MAX) {
    refuseIt(tenure, stored, tooManyDeltas(found.deltas.length), batch);
    return true;
  }
  if (life.approval === undefined) {
    const approval = {
      requestHash: requestHash(request),
      askedAtMs: nowMs,
      expiresAtMs: Math.min(nowMs + approvalMs, request.deadlineMs),
      approvedBy: undefined,
      simulatedDeltas: found.deltas,
    };
    tenure.tally.denial(found.decision.rule);
    put(batch, stored, approvalAsked(life, approval, found.decision.reason));
    return true;
  }
  const { deltas } = found;
  const verdict = approvalVerdict({ approval: life.approval, request, nowMs, deltas, driftPpm });
  if (verdict.kind === 'valid') return false;
  if (verdict.kind !== 'needed') refuseIt(tenure, stored, verdict.reason, batch);
  return true;
}

function tooManyDeltas(count: number): Reason {
  return {
    code: 'simulationFailed',
    sentence: `It moves ${count} balances, more than a person can be asked to approve.`,
    fields: { limit: String(DELTAS_MAX), actual: String(count) },
  };
}

function refuseIt(tenure: Tenure, stored: StoredIntent, reason: Reason, batch: Batch): void {
  put(batch, stored, ended(stored.life, { state: 'refused', reason, atMs: tenure.nowMs() }));
}

function letWait(tenure: Tenure, stored: StoredIntent, reason: Reason, batch: Batch): void {
  postpone(tenure, stored);
  const life = waiting(stored.life, reason, tenure.nowMs());
  if (life !== stored.life) put(batch, stored, life);
}

/** It had its turn at this head; at the next one those that have not come first. */
function postpone(tenure: Tenure, { life }: StoredIntent): void {
  if (tenure.head !== undefined) tenure.deferredAt.set(life.key, tenure.head.hash);
  tenure.memory.requeue(life.key);
  tenure.memory.reservations.delete(life.key);
}

function put(batch: Batch, stored: StoredIntent, life: IntentLife): void {
  batch.lives.set(life.key, { ...stored, life });
}

/** Prices, funds and signature of one candidate, and its place in the batch. */
async function prepare(tenure: Tenure, candidate: Candidate, batch: Batch): Promise<void> {
  const { stored } = candidate;
  // Once more, because those before it in this batch have spent since.
  const decision = judge(tenure, stored, batch);
  if (decision.kind === 'deny') {
    tenure.tally.denial(decision.rule);
    refuseIt(tenure, stored, decision.reason, batch);
    return;
  }
  const quote = await tenure.quote();
  const chainNonce = nextFree(tenure, batch.nextChainNonce);
  const priced = await price(tenure, candidate, { quote, chainNonce });
  if (priced === undefined) {
    letWait(tenure, stored, feeAboveCap(stored, quote), batch);
    return;
  }
  const { transaction, reservation } = priced;
  const shortage = await reserve(tenure, stored.life.key, reservation);
  if (shortage !== undefined) {
    // What was mined and is not yet accounted for has been paid from this balance already.
    if (isUnsettled(tenure)) letWait(tenure, stored, shortage, batch);
    else refuseShort(tenure, stored, shortage, batch);
    return;
  }
  const attempt = await signAttempt(tenure, transaction, 'execute');
  const steps = ['policy', 'simulated', 'reserved', 'signed'];
  const next = { ...stored, life: offered(stored.life, attempt, steps) };
  batch.lives.set(next.life.key, next);
  batch.outgoing.push(next);
  batch.nextChainNonce = attempt.chainNonce + 1;
  if (decision.spends.length > 0) {
    batch.spends.push({ key: next.life.key, spends: decision.spends });
  }
  tenure.tally.started += 1;
  tenure.tally.attempts += 1;
}

function isUnsettled(tenure: Tenure): boolean {
  const [lowest] = tenure.memory.inFlight();
  const slot = lowest === undefined ? undefined : tenure.memory.slotOf(lowest.life.key);
  return tenure.awaited.size > 0 || (slot !== undefined && slot < tenure.minedCount);
}

function refuseShort(tenure: Tenure, stored: StoredIntent, reason: Reason, batch: Batch): void {
  tenure.alert('insufficientFunds', {
    severity: 'critical',
    sentence: `${tenure.address} does not cover an intent: ${reason.sentence}`,
    fields: reason.fields,
  });
  refuseIt(tenure, stored, reason, batch);
}

/** Whether a chain nonce below ours is free to be used. */
function hasOpenHole(tenure: Tenure): boolean {
  if (tenure.floor === undefined) return false;
  const highest = tenure.memory.slots().at(-1) ?? -1;
  return nextFree(tenure, Math.max(tenure.minedCount, tenure.floor)) < highest;
}

function nextFree(tenure: Tenure, from: number): number {
  let chainNonce = from;
  while (tenure.memory.at(chainNonce) !== undefined) chainNonce += 1;
  return chainNonce;
}

async function price(
  tenure: Tenure,
  { stored, gasLimit }: Candidate,
  { quote, chainNonce }: { readonly quote: FeeQuote; readonly chainNonce: number },
): Promise<PricedTransaction | undefined> {
  const { to, amount, callData, urgency, feeCap } = stored.request;
  const { feePolicy: policy, chainId } = tenure.options;
  const wished = firstFees({ quote, policy, urgency });
  const { leastTip } = policy;
  return await priceWithin(tenure, feeCap, (gasCap) => {
    const fees = affordableFees({ fees: wished, quote, gasLimit, feeCap: gasCap, leastTip });
    return fees && { chainId, chainNonce, to, amount, callData, gasLimit, ...fees };
  });
}

function feeAboveCap({ request }: StoredIntent, quote: FeeQuote): Reason {
  const { feeCap } = request;
  return {
    code: 'feeAboveCap',
    sentence: `The chain asks more than the cap of ${feeCap} wei allows; it starts when it can.`,
    fields: { feeCap: String(feeCap), baseFeePerGas: String(quote.baseFeePerGas) },
  };
}

/** What the endpoint estimates and what the simulation used, a tenth on top of the larger. */
async function gasLimitOf(
  tenure: Tenure,
  stored: StoredIntent,
  gasUsed: bigint,
): Promise<bigint | undefined> {
  const { request } = stored;
  const simulated = (gasUsed * 11n + 9n) / 10n;
  if (isPlainTransfer(stored, gasUsed)) return 21_000n;
  const from: Address = tenure.address;
  const { to, amount, callData } = request;
  try {
    const call = { from, to, amount, callData };
    const estimated = await estimateGas(tenure.stands.pool, call, tenure.head?.number ?? 0n);
    return estimated > simulated ? estimated : simulated;
  } catch (fault) {
    // The simulation passed, so an endpoint that refuses to estimate is of another mind or state.
    if (fault instanceof RpcError) return simulated;
    // A call that no endpoint finishes in time must not keep the others from starting.
    if (fault instanceof ChainFault) return undefined;
    throw fault;
  }
}

function isPlainTransfer({ request }: StoredIntent, gasUsed: bigint): boolean {
  return request.callData === '0x' && request.to !== undefined && gasUsed === 21_000n;
}
