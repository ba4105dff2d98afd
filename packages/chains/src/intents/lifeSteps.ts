import { at } from '@lawbook/exchange/failures/invariant';
import type { Hash } from 'viem';
import type {
  ApprovalRecord,
  Attempt,
  EndState,
  Inclusion,
  IntentLife,
  Milestone,
  Reason,
} from './intent.ts';

/** Milestones kept of one life: the first ones matter less than the latest. */
const HISTORY_MAX = 64;

/** The life of an intent that was just stored. */
export function newLife(key: string, atMs: number): IntentLife {
  return {
    key,
    state: 'created',
    attempts: [],
    inclusion: undefined,
    withdrawing: undefined,
    reason: undefined,
    unknown: false,
    feeSpent: 0n,
    approval: undefined,
    history: [{ atMs, step: 'created', note: undefined }],
  };
}

/** Attempts that can still land. They share one chain nonce. */
export function liveAttempts(life: IntentLife): readonly Attempt[] {
  return life.attempts.filter(({ status }) => status === 'open' || status === 'included');
}

/** The newest attempt that can still land; the one that is offered again and outbid. */
export function newestAttempt(life: IntentLife): Attempt | undefined {
  return liveAttempts(life).at(-1);
}

/** A new attempt, about to be broadcast for the first time. */
export function offered(life: IntentLife, attempt: Attempt, steps: readonly string[]): IntentLife {
  const { offeredAtMs } = attempt;
  const milestones = [...steps, `offered ${attempt.purpose} ${attempt.chainNonce}`];
  return note(
    {
      ...life,
      state: 'offered',
      attempts: [...life.attempts.map(withoutBytes), attempt],
      reason: life.withdrawing,
    },
    milestones.map((step) => ({ atMs: offeredAtMs, step, note: undefined })),
  );
}

/** Only the newest attempt is ever offered: the bytes of all would not fit into one record. */
function withoutBytes(attempt: Attempt): Attempt {
  return { ...attempt, raw: '0x' };
}

/** Some endpoint took an attempt. */
export function accepted(
  life: IntentLife,
  hash: Hash,
  taken: { readonly by: readonly string[]; readonly atMs: number },
): IntentLife {
  const attempts = life.attempts.map((attempt) => {
    if (attempt.hash !== hash) return attempt;
    const acceptedBy = [...new Set([...attempt.acceptedBy, ...taken.by])];
    return { ...attempt, acceptedBy, acceptedAtMs: attempt.acceptedAtMs ?? taken.atMs };
  });
  const state = life.state === 'offered' ? 'accepted' : life.state;
  const reason = life.withdrawing;
  const step: Milestone = { atMs: taken.atMs, step: 'accepted', note: taken.by.join(' ') };
  return note({ ...life, state, attempts, reason }, [step]);
}

/** One of the attempts stands in a canonical block. */
export function included(life: IntentLife, inclusion: Inclusion, atMs: number): IntentLife {
  const attempts = life.attempts.map((attempt): Attempt => {
    if (attempt.hash === inclusion.hash) return { ...attempt, status: 'included' };
    return attempt.status === 'included' ? { ...attempt, status: 'open' } : attempt;
  });
  const where = `block ${inclusion.block.number}${inclusion.success ? '' : ', reverted'}`;
  return note(
    { ...life, state: 'included', attempts, inclusion, reason: undefined, unknown: false },
    [{ atMs, step: 'included', note: where }],
  );
}

/** The block of the inclusion is no longer canonical: the attempts are out again. */
export function unincluded(life: IntentLife, atMs: number): IntentLife {
  const attempts = life.attempts.map((attempt): Attempt => {
    return attempt.status === 'included' ? { ...attempt, status: 'open' } : attempt;
  });
  const wasTaken = attempts.some((attempt) => attempt.acceptedAtMs !== undefined);
  const state = wasTaken ? 'accepted' : 'offered';
  return note({ ...life, state, attempts, inclusion: undefined, reason: life.withdrawing }, [
    { atMs, step: 'unincluded', note: undefined },
  ]);
}

/** A foreign transaction took the chain nonce for good: no attempt so far can ever land. */
export function outrun(life: IntentLife, reason: Reason, atMs: number): IntentLife {
  const attempts = life.attempts.map((attempt): Attempt => {
    return attempt.status === 'open' ? { ...attempt, status: 'dead' } : attempt;
  });
  return note({ ...life, state: 'created', attempts, reason }, [
    { atMs, step: 'outrun', note: reason.sentence },
  ]);
}

/** The end is decided, and still has to be fought out on the chain. */
export function withdrawing(life: IntentLife, reason: Reason, atMs: number): IntentLife {
  return note({ ...life, withdrawing: reason, reason }, [
    { atMs, step: 'withdrawing', note: reason.code },
  ]);
}

/** Nothing about it can change any more. */
export function ended(
  life: IntentLife,
  end: { readonly state: EndState; readonly reason: Reason | undefined; readonly atMs: number },
): IntentLife {
  const attempts = life.attempts.map((attempt): Attempt => {
    return attempt.status === 'open' ? { ...attempt, status: 'replaced' } : attempt;
  });
  const feeSpent = life.inclusion?.feePaid ?? 0n;
  return note(
    { ...life, state: end.state, attempts, reason: end.reason, feeSpent, unknown: false },
    [{ atMs: end.atMs, step: end.state, note: end.reason?.code }],
  );
}

/** It waits, for a reason that people may want to see. The same life when nothing changed. */
export function waiting(life: IntentLife, reason: Reason, atMs: number): IntentLife {
  if (life.reason?.code === reason.code) return life;
  return note({ ...life, reason }, [{ atMs, step: 'waiting', note: reason.code }]);
}

/** A person has to agree first. */
export function approvalAsked(
  life: IntentLife,
  approval: ApprovalRecord,
  reason: Reason,
): IntentLife {
  return note({ ...life, state: 'awaitingApproval', approval, reason }, [
    { atMs: approval.askedAtMs, step: 'approval asked', note: reason.sentence },
  ]);
}

/** A person agreed. */
export function approved(life: IntentLife, by: string, atMs: number): IntentLife {
  if (life.approval === undefined || life.approval.approvedBy !== undefined) return life;
  const approval = { ...life.approval, approvedBy: by };
  return note({ ...life, approval }, [{ atMs, step: 'approved', note: by }]);
}

/** The deadline passed while the chain has not spoken. */
export function becameUnknown(life: IntentLife, atMs: number): IntentLife {
  return note({ ...life, unknown: true }, [{ atMs, step: 'unknown', note: undefined }]);
}

/** The attempt with this hash; it exists because inclusions are only made of own hashes. */
export function attemptOf(life: IntentLife, hash: Hash): Attempt {
  return at(
    life.attempts.filter((attempt) => attempt.hash === hash),
    0,
  );
}

function note(life: IntentLife, steps: readonly Milestone[]): IntentLife {
  return { ...life, history: [...life.history, ...steps].slice(-HISTORY_MAX) };
}
