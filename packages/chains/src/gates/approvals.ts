import { createHash } from 'node:crypto';
import type { ApprovalRecord, IntentRequest, ObservedDelta, Reason } from '../intents/intent.ts';

/**
 * SHA-256 over the canonical text of a request, hex: what a person approves.
 *
 * Canonical: every field of `IntentRequest` in the order written here, absent ones as null, bigints
 * as decimal strings, hex in lower case. The first line keeps it apart from other hashed texts.
 */
export function requestHash(request: IntentRequest): string {
  const { finality, after } = request;
  const fields = [
    ['key', request.key],
    ['to', request.to?.toLowerCase() ?? null],
    ['amount', String(request.amount)],
    ['callData', request.callData.toLowerCase()],
    ['gasLimit', request.gasLimit === undefined ? null : String(request.gasLimit)],
    ['urgency', request.urgency],
    ['deadlineMs', request.deadlineMs],
    ['finality', finality.kind, finality.kind === 'confirmations' ? finality.blocks : null],
    ['feeCap', String(request.feeCap)],
    ['route', request.route],
    ['privateForMs', request.privateForMs ?? null],
    ['expects', request.expects.map(canonicalDelta)],
    ['after', after === undefined ? null : [after.key, after.level]],
    ['principal', request.principal],
  ];
  const text = `lawbook intent request 1\n${JSON.stringify(fields)}`;
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function canonicalDelta(delta: IntentRequest['expects'][number]): readonly string[] {
  const { asset, account, least, most } = delta;
  return [asset.toLowerCase(), account.toLowerCase(), String(least), String(most)];
}

/** What an approval is held against right before signing. */
export interface ApprovalQuestion {
  readonly approval: ApprovalRecord;
  readonly request: IntentRequest;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** What a fresh simulation shows. */
  readonly deltas: readonly ObservedDelta[];
  /** Parts per million by which each balance may drift from what was simulated for the approver. */
  readonly driftPpm: number;
}

/** Whether an approval still carries its request. */
export type ApprovalVerdict =
  | { readonly kind: 'valid'; readonly by: string }
  /** Nobody approved yet. */
  | { readonly kind: 'needed'; readonly reason: Reason }
  | { readonly kind: 'expired'; readonly reason: Reason }
  /** Approved for something else: another request, or a world that has moved on since. */
  | { readonly kind: 'void'; readonly reason: Reason };

/**
 * Judges an approval: void for another request, then expired, then still needed, then void again
 * where the simulation drifted. Single use follows from the record living in one intent's life.
 */
export function approvalVerdict(question: ApprovalQuestion): ApprovalVerdict {
  const { approval, request, nowMs, deltas, driftPpm } = question;
  const actual = requestHash(request);
  if (approval.requestHash !== actual) return voidHash(approval.requestHash, actual);
  // A time that is no number fails closed, because every comparison with it is false.
  if (!(nowMs < approval.expiresAtMs)) return expired(approval, nowMs);
  if (approval.approvedBy === undefined) return needed(approval);
  const drift = firstDrift(approval.simulatedDeltas, deltas, driftPpm);
  if (drift !== undefined) return voidDrift(drift, driftPpm);
  return { kind: 'valid', by: approval.approvedBy };
}

function voidHash(limit: string, actual: string): ApprovalVerdict {
  const sentence = 'The approval is for another request: ask for a new one.';
  const fields = { rule: 'requestHash', limit, actual };
  return { kind: 'void', reason: { code: 'approvalVoid', sentence, fields } };
}

function expired(approval: ApprovalRecord, nowMs: number): ApprovalVerdict {
  const sentence = 'The approval ran out before the intent was signed: submit a new intent.';
  const fields = {
    rule: 'expiresAtMs',
    limit: String(approval.expiresAtMs),
    actual: String(nowMs),
  };
  return { kind: 'expired', reason: { code: 'approvalExpired', sentence, fields } };
}

function needed(approval: ApprovalRecord): ApprovalVerdict {
  const sentence = 'A person has to approve this request, naming its hash.';
  const fields = { rule: 'approvedBy', requestHash: approval.requestHash };
  return { kind: 'needed', reason: { code: 'approvalNeeded', sentence, fields } };
}

interface Drift {
  readonly asset: string;
  readonly account: string;
  readonly approved: bigint;
  readonly observed: bigint;
}

function voidDrift(drift: Drift, driftPpm: number): ApprovalVerdict {
  const { asset, account } = drift;
  const sentence =
    'The simulation moves balances otherwise than it did when the request was approved: ' +
    'look at it and submit a new intent.';
  const fields = {
    rule: 'driftPpm',
    limit: String(driftPpm),
    asset,
    account,
    approved: String(drift.approved),
    actual: String(drift.observed),
  };
  return { kind: 'void', reason: { code: 'approvalVoid', sentence, fields } };
}

/**
 * The first balance with |observed - approved| x 1,000,000 > |approved| x driftPpm. A balance that
 * stands on one side only counts as 0 on the other.
 */
function firstDrift(
  approved: readonly ObservedDelta[],
  observed: readonly ObservedDelta[],
  driftPpm: number,
): Drift | undefined {
  const before = sumByBalance(approved);
  const now = sumByBalance(observed);
  for (const name of new Set([...before.keys(), ...now.keys()])) {
    const was = before.get(name) ?? 0n;
    const is = now.get(name) ?? 0n;
    if (absolute(is - was) * 1_000_000n <= absolute(was) * BigInt(driftPpm)) continue;
    const [asset = '', account = ''] = name.split(' ');
    return { asset, account, approved: was, observed: is };
  }
  return undefined;
}

function sumByBalance(deltas: readonly ObservedDelta[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { asset, account, change } of deltas) {
    const name = `${asset} ${account}`.toLowerCase();
    sums.set(name, (sums.get(name) ?? 0n) + change);
  }
  return sums;
}

function absolute(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}
