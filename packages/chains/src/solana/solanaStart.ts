import { Fault } from '@lawbook/exchange/failures/fault';
import pLimit from 'p-limit';
import { ChainFault } from '../chainFault.ts';
import type { Reason, ReasonCode } from '../intents/intent.ts';
import { isAsFinal } from './finality.ts';
import {
  priceWithin,
  SIGNATURE_FEE,
  solanaFee,
  UNIT_LIMIT_ASKABLE,
  UNIT_MARKS,
} from './solanaFee.ts';
import type { SolanaAttempt, SolanaIntentRequest } from './solanaIntent.ts';
import { ended, liveAttempt, offered, waiting } from './solanaLife.ts';
import type { StoredSolanaIntent } from './solanaLog.ts';
import type { CompiledMessage } from './solanaMessage.ts';
import { compileMessage, compileProbe } from './solanaMessage.ts';
import { sendBytes } from './solanaOffer.ts';
import type { BlockhashAnswer, InContext, SimulationAnswer, Told } from './solanaRpc.ts';
import type { SolanaTenure } from './solanaTenure.ts';

/**
 * Signs and sends what has no live attempt: new intents, and those whose attempt expired.
 *
 * The order is the point: simulate, reserve, take a fresh blockhash, sign, commit, and only then
 * send. A crash before the commit leaves nothing behind; after it the same bytes are sent again.
 *
 * @throws Fault of the store; faults of endpoints and signers make an intent wait.
 */
export async function startSolanaIntents(tenure: SolanaTenure): Promise<void> {
  const { inFlightMax, concurrency } = tenure.options.settings;
  const free = inFlightMax - tenure.live().length;
  const idle = [...tenure.intents.values()].filter(({ life }) => liveAttempt(life) === undefined);
  const limit = pLimit(concurrency);
  const starts = idle
    .slice(0, Math.max(0, free))
    .map((stored) => limit(() => start(tenure, stored)));
  // All of them come to rest before a fault goes up: nothing writes behind the next tenure's back.
  const outcomes = await Promise.allSettled(starts);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function start(tenure: SolanaTenure, stored: StoredSolanaIntent): Promise<void> {
  const { key } = stored.request;
  try {
    const attempt = await prepareOrSettle(tenure, stored);
    if (attempt === undefined) return;
    const next = await tenure.advance(stored, offered(stored.life, attempt));
    tenure.tally.attempts += 1;
    await sendBytes(tenure, next, attempt);
  } finally {
    tenure.reserving.delete(key);
  }
}

/** Undefined when the intent waits or has ended instead; its life says why. */
async function prepareOrSettle(
  tenure: SolanaTenure,
  stored: StoredSolanaIntent,
): Promise<SolanaAttempt | undefined> {
  try {
    return await prepare(tenure, stored);
  } catch (failure) {
    if (!(failure instanceof Fault) || isOurs(failure)) throw failure;
    const verdict =
      failure instanceof Verdict ? failure : waitingFor(tenure, stored.request.key, failure);
    await settle(tenure, stored, verdict);
    return undefined;
  }
}

/** Faults that end the tenure, as opposed to those that make one intent wait. */
function isOurs({ code }: Fault): boolean {
  return code.startsWith('CHAIN_STORE') || code === 'CHAIN_LANE_FENCED' || code === 'CHAIN_CLOSED';
}

/** Why an intent is not signed now: it waits for that to change, or it ends by it. */
class Verdict extends Fault {
  readonly reason: Reason;
  readonly isLasting: boolean;

  constructor(reason: Reason, isLasting: boolean) {
    super(reason.sentence, { code: 'CHAIN_INTENT_INVALID' });
    this.reason = reason;
    this.isLasting = isLasting;
  }
}

function refuse(code: ReasonCode, sentence: string, fields: Record<string, string> = {}): Verdict {
  return new Verdict({ code, sentence, fields }, true);
}

function postpone(code: ReasonCode, sentence: string, fields: Record<string, string>): Verdict {
  return new Verdict({ code, sentence, fields }, false);
}

function waitingFor(tenure: SolanaTenure, key: string, fault: Fault): Verdict {
  const isSigner = fault.code === 'CHAIN_SIGNER_FAILED';
  if (isSigner) {
    tenure.alert('signerFailed', { severity: 'warning', sentence: fault.message, key });
  }
  const code = isSigner ? 'signerFailed' : 'endpointsUnavailable';
  return postpone(code, fault.message, { fault: fault.code });
}

async function settle(
  tenure: SolanaTenure,
  stored: StoredSolanaIntent,
  { reason, isLasting }: Verdict,
): Promise<void> {
  const atMs = tenure.nowMs();
  const life = isLasting
    ? ended(stored.life, { state: 'refused', reason, atMs })
    : waiting(stored.life, reason, atMs);
  await tenure.advance(stored, life);
}

/** Everything up to the signature. @throws Verdict, and faults of endpoints and signer. */
async function prepare(tenure: SolanaTenure, stored: StoredSolanaIntent): Promise<SolanaAttempt> {
  const { request } = stored;
  const { signer, settings } = tenure.options;
  const base = { signatures: 1, unitLimit: 0, unitPrice: 0n };
  if (solanaFee(base) > request.feeCap) {
    const fields = { fee: String(SIGNATURE_FEE), feeCap: String(request.feeCap) };
    throw refuse('feeAboveCap', 'The least fee that there is exceeds the cap.', fields);
  }
  const probe = compileProbe(request, signer.address).seal(new Uint8Array(64));
  const simulation = await tenure.rpc.simulate(probe.wire, tenure.settledSlot);
  if (simulation.error !== undefined) await refuseSimulated(tenure, request, simulation);
  // Every signing gets its own mark: see `markedLimit`.
  const unitLimit = markedLimit(tenure, request.unitLimit ?? withMargin(tenure, simulation.units));
  const unitPrice = await choosePrice(tenure, stored, unitLimit);
  const fee = solanaFee({ signatures: 1, unitLimit, unitPrice });
  await reserve(tenure, request, fee);
  const { slot, answer: latest } = await freshBlockhash(tenure);
  const { blockhash, lastValidBlockHeight } = latest;
  const terms = { payer: signer.address, blockhash, unitLimit, unitPrice };
  const message = compileMessage(request.instructions, terms);
  await confirmFee(tenure, message, { fee, feeCap: request.feeCap });
  const signature = await signer.sign(message.messageBytes);
  if (settings.inFlightMax <= tenure.live().length) {
    throw postpone('laneFull', 'As many intents as the lane allows have bytes out.', {});
  }
  return {
    ...message.seal(signature),
    blockhash,
    lastValidBlockHeight,
    signedAtSlot: slot,
    unitLimit,
    unitPrice,
    fee,
    offeredAtMs: tenure.nowMs(),
    acceptedAtMs: undefined,
    status: 'open',
  };
}

function withMargin(tenure: SolanaTenure, units: number): number {
  const limit = Math.ceil((units * tenure.options.settings.unitMargin) / 100);
  return Math.min(Math.max(limit, 1), UNIT_LIMIT_ASKABLE);
}

/**
 * Two equal payments under one blockhash would be the same bytes, hence one signature, and the
 * cluster would run only one of them. The count of signings, modulo 4,096, is added to the unit
 * limit: transactions of this lane are then equal only 4,096 signings apart, within one blockhash.
 *
 * Why not a memo: it costs thousands of units, needs another program, and tells everybody what
 * belongs together. Why a count and not a hash of the key: hashes of 12 bits collide, counts do
 * not; it is stored in the same commit as the attempt, so it survives a crash. Why the limit and
 * not the price: 4,095 units more cost nothing at price 0 and next to nothing at any other, and the
 * price decides about precedence.
 */
function markedLimit(tenure: SolanaTenure, units: number): number {
  return units + (tenure.nextSigning() % UNIT_MARKS);
}

async function refuseSimulated(
  tenure: SolanaTenure,
  request: SolanaIntentRequest,
  { error = '', logs }: SimulationAnswer,
): Promise<never> {
  // Funds first: their shortfall says more than what the programs make of it.
  await reserve(tenure, request, SIGNATURE_FEE);
  const fields: Record<string, string> = { error, logs: logs.join('\n') };
  let sentence = 'The instructions would fail.';
  if (error.includes('InsufficientFundsForRent')) {
    const minimum = await tenure.rpc.rentExemptMinimum();
    fields['rentExemptMinimum'] = String(minimum);
    sentence =
      'An account would be left with less than its rent-exempt minimum: an account without ' +
      `contents holds ${minimum} lamports at least, or none.`;
  }
  throw refuse('simulationFailed', sentence, fields);
}

/** The percentile of recent prices, raised after an expiry, within the cap. Micro-lamports. */
async function choosePrice(
  tenure: SolanaTenure,
  { request, life }: StoredSolanaIntent,
  unitLimit: number,
): Promise<bigint> {
  const { percentile, raise, leastPrice } = tenure.options.settings.prices;
  const writable = request.instructions.flatMap(({ accounts }) => {
    return accounts.filter(({ role }) => role.startsWith('writable')).map(({ address }) => address);
  });
  const recent = await tenure.rpc.recentPrices([...new Set(writable)]);
  const ordered = [...recent].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const place = Math.floor((ordered.length * percentile[request.urgency]) / 100);
  const paid = life.attempts.at(-1)?.unitPrice ?? 0n;
  const candidates = [
    ordered[Math.min(place, ordered.length - 1)] ?? 0n,
    (paid * BigInt(raise) + 99n) / 100n,
    leastPrice,
  ];
  const wanted = candidates.reduce((most, price) => (price > most ? price : most), 0n);
  const affordable = priceWithin(request.feeCap, { signatures: 1, unitLimit });
  return wanted < affordable ? wanted : affordable;
}

/**
 * Keeps the lamports of one more transaction aside, on top of all that is in flight.
 *
 *   shortfall = inFlight + spend + fee + rent - balance
 *
 * `rent` is the rent-exempt minimum, unless the payer ends at exactly nothing: an account may hold
 * none or enough, never little. What landed in a settled slot is in the balance already.
 */
async function reserve(
  tenure: SolanaTenure,
  request: SolanaIntentRequest,
  fee: bigint,
): Promise<void> {
  const { address } = tenure.options.signer;
  const at = { finality: 'safe', fromSlot: tenure.settledSlot } as const;
  const [{ slot, answer: balance }, minimum] = await Promise.all([
    tenure.rpc.balance(address, at),
    tenure.rpc.rentExemptMinimum(),
  ]);
  const own = request.spend + fee;
  const inFlight = reservedBesides(tenure, request.key, slot);
  const rent = balance === inFlight + own ? 0n : minimum;
  const shortfall = inFlight + own + rent - balance;
  if (shortfall <= 0n) {
    tenure.reserving.set(request.key, own);
    return;
  }
  const fields = {
    balance: String(balance),
    inFlight: String(inFlight),
    spend: String(request.spend),
    fee: String(fee),
    rentExemptMinimum: String(minimum),
    shortfall: String(shortfall),
  };
  const sentence = `The signer's account lacks ${shortfall} lamports for this transaction.`;
  // What is in flight may come to nothing, and then the balance carries this one.
  const mayChange = inFlight > 0n && (balance === own || balance >= own + minimum);
  if (mayChange) throw postpone('insufficientFunds', sentence, fields);
  tenure.alert('insufficientFunds', { severity: 'warning', sentence, key: request.key, fields });
  throw refuse('insufficientFunds', sentence, fields);
}

/** Lamports of all other intents that the balance at `slot` may still have to give. */
function reservedBesides(tenure: SolanaTenure, key: string, slot: bigint): bigint {
  let sum = 0n;
  for (const [other, { request, life }] of tenure.intents) {
    if (other === key) continue;
    const attempt = liveAttempt(life);
    const { inclusion } = life;
    const isBooked =
      inclusion !== undefined && isAsFinal(inclusion.finality, 'safe') && inclusion.slot <= slot;
    if (attempt === undefined) sum += tenure.reserving.get(other) ?? 0n;
    else if (!isBooked) sum += request.spend + attempt.fee;
  }
  return sum;
}

/** How far above the others' a last valid height may be: more is a slot, not a height. */
const HEIGHT_SPREAD = 300n;

/**
 * The newest blockhash that an endpoint gives. A last valid height far above what the others say is
 * a slot in disguise, and would keep the attempt from ever being seen to expire.
 */
async function freshBlockhash(tenure: SolanaTenure): Promise<InContext<BlockhashAnswer>> {
  const told = await tenure.rpc.latestBlockhashes('safe');
  const sound = told.filter(({ answer }) => {
    const limit = answer.answer.lastValidBlockHeight - HEIGHT_SPREAD;
    return told.every((other) => other.answer.answer.lastValidBlockHeight >= limit);
  });
  const newest = sound.reduce<Told<InContext<BlockhashAnswer>> | undefined>((best, next) => {
    return best === undefined || next.answer.slot > best.answer.slot ? next : best;
  }, undefined);
  if (newest !== undefined) return newest.answer;
  const sentence = 'No endpoint gave a blockhash to sign with.';
  throw new ChainFault('CHAIN_ENDPOINTS_UNAVAILABLE', sentence);
}

/** The endpoint's own reckoning of the fee: a fee schedule that changed must not break the cap. */
async function confirmFee(
  tenure: SolanaTenure,
  message: CompiledMessage,
  { fee, feeCap }: { readonly fee: bigint; readonly feeCap: bigint },
): Promise<void> {
  const bytes = Buffer.from(message.messageBytes).toString('base64');
  const told = await tenure.rpc.feeForMessage(bytes);
  // An endpoint that lags does not know the blockhash yet; the formula has to do.
  if (told === undefined || told <= fee || told <= feeCap) return;
  const fields = { fee: String(told), feeCap: String(feeCap) };
  throw refuse('feeAboveCap', 'The cluster charges more than the cap allows.', fields);
}
