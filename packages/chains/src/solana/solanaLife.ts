import type { EndState, Milestone, Reason } from '../intents/intent.ts';
import { isEnd } from '../intents/intent.ts';
import type { SolanaAttempt, SolanaInclusion, SolanaLife } from './solanaIntent.ts';

/** Milestones and attempts kept of one life: the latest matter most. */
const HISTORY_MAX = 64;
const ATTEMPTS_MAX = 64;

/** The life of an intent that was just stored. */
export function newSolanaLife(key: string, atMs: number): SolanaLife {
  return {
    key,
    state: 'created',
    attempts: [],
    inclusion: undefined,
    withdrawing: undefined,
    reason: undefined,
    unknown: false,
    feeSpent: 0n,
    history: [{ atMs, step: 'created', note: undefined }],
  };
}

/** The one attempt that may still land, or has. */
export function liveAttempt({ attempts }: SolanaLife): SolanaAttempt | undefined {
  return attempts.findLast(({ status }) => status === 'open' || status === 'included');
}

/** The attempt whose bytes may be anywhere and whose fate is open. */
export function openAttempt(life: SolanaLife): SolanaAttempt | undefined {
  return life.attempts.findLast(({ status }) => status === 'open');
}

/** Signed, and about to be sent for the first time. */
export function offered(life: SolanaLife, attempt: SolanaAttempt): SolanaLife {
  const attempts = [...life.attempts, attempt].slice(-ATTEMPTS_MAX);
  const next = { ...life, state: 'offered', attempts, reason: undefined } as const;
  return note(next, attempt.offeredAtMs, 'offered', attempt.signature);
}

/** Some endpoint took it. */
export function accepted(life: SolanaLife, atMs: number, by: string): SolanaLife {
  const attempts = mapLive(life, (attempt) => {
    return { ...attempt, acceptedAtMs: attempt.acceptedAtMs ?? atMs };
  });
  return note({ ...life, state: 'accepted', attempts }, atMs, 'accepted', by);
}

/** The attempt of the inclusion stands in a block; also one that was thought dead. */
export function included(life: SolanaLife, inclusion: SolanaInclusion, atMs: number): SolanaLife {
  const attempts = life.attempts.map((attempt): SolanaAttempt => {
    if (attempt.signature === inclusion.signature) return { ...attempt, status: 'included' };
    return attempt.status === 'included' ? { ...attempt, status: 'open' } : attempt;
  });
  const { slot, finality, success } = inclusion;
  const where = `slot ${slot} ${finality}${success ? '' : ', failed'}`;
  const next = { ...life, attempts, inclusion, state: 'included', unknown: false } as const;
  return note({ ...next, reason: undefined }, atMs, 'included', where);
}

/** A fork took it out of the chain: the same bytes may land again, or expire. */
export function unincluded(life: SolanaLife, atMs: number): SolanaLife {
  const attempts = mapLive(life, (attempt) => ({ ...attempt, status: 'open' }));
  const state = liveAttempt(life)?.acceptedAtMs === undefined ? 'offered' : 'accepted';
  const next = {
    ...life,
    attempts,
    state,
    inclusion: undefined,
    reason: life.withdrawing,
  } as const;
  return note(next, atMs, 'unincluded');
}

/** The live attempt is dead: it never landed, and is too old ever to land. */
export function buried(life: SolanaLife, atMs: number): SolanaLife {
  const attempts = mapLive(life, (attempt) => ({ ...attempt, status: 'expired', wire: '' }));
  return note({ ...life, attempts, state: 'created' }, atMs, 'blockhash expired');
}

/** The end is wanted, but bytes are out: it lands, or its blockhash expires. */
export function withdrawing(life: SolanaLife, reason: Reason, atMs: number): SolanaLife {
  return note({ ...life, withdrawing: reason, reason }, atMs, 'withdrawing', reason.code);
}

/** The deadline passed while the chain has not spoken. */
export function becameUnknown(life: SolanaLife, atMs: number): SolanaLife {
  return note({ ...life, unknown: true }, atMs, 'unknown');
}

/** It waits, for a reason that people may want to see. The same life when nothing changed. */
export function waiting(life: SolanaLife, reason: Reason, atMs: number): SolanaLife {
  if (life.reason?.code === reason.code) return life;
  return note({ ...life, reason }, atMs, 'waiting', reason.code);
}

/** Nothing about it can change any more. */
export function ended(
  life: SolanaLife,
  end: { readonly state: EndState; readonly reason: Reason | undefined; readonly atMs: number },
): SolanaLife {
  const feeSpent = life.inclusion?.feePaid ?? 0n;
  const next = { ...life, state: end.state, reason: end.reason, feeSpent, unknown: false };
  return note(next, end.atMs, end.state, end.reason?.code);
}

/** What a life says to somebody who waits for a level; undefined while it says nothing yet. */
export function verdictAt(
  life: SolanaLife,
  level: 'accepted' | 'included' | 'final',
): 'done' | 'notDone' | undefined {
  if (life.state === 'final') return 'done';
  if (isEnd(life.state)) return 'notDone';
  // A fork may still turn a failure round, so it is not `notDone` before it is final.
  if (life.inclusion !== undefined) {
    return life.inclusion.success && level !== 'final' ? 'done' : undefined;
  }
  const isTaken = life.state === 'accepted' && life.withdrawing === undefined;
  return isTaken && level === 'accepted' ? 'done' : undefined;
}

function mapLive(
  life: SolanaLife,
  change: (attempt: SolanaAttempt) => SolanaAttempt,
): readonly SolanaAttempt[] {
  const live = liveAttempt(life);
  return life.attempts.map((attempt) => (attempt === live ? change(attempt) : attempt));
}

function note(life: SolanaLife, atMs: number, step: string, words?: string): SolanaLife {
  const milestone: Milestone = { atMs, step, note: words };
  return { ...life, history: [...life.history, milestone].slice(-HISTORY_MAX) };
}
