import type { WorldReply } from '../simulation/gatewayDouble.ts';
import type { Wish } from '../workload/trader.ts';

/** One arrival of a request at the venue. */
export interface Arrival {
  readonly wishId: string;
  /** Number of the venue's life. */
  readonly life: number;
  readonly atMs: number;
  /** When the answer left the venue; undefined while it is worked on, and for good if it died. */
  repliedAtMs: number | undefined;
  reply: WorldReply | undefined;
}

/** What the venue promised: an answer that has left it. */
export interface Acknowledgement {
  readonly wishId: string;
  readonly sequence: number;
  readonly repeated: boolean;
  readonly atMs: number;
}

/**
 * Writes down what clients asked and what they were told, and nothing that it knows from inside the
 * venue: whatever the checkers hold against the venue later rests on this.
 */
export class Auditor {
  readonly arrivals: Arrival[] = [];
  readonly acknowledged: Acknowledgement[] = [];
  /** Wishes of which some arrival was refused for good, with the code. */
  readonly refused: Map<string, string> = new Map();
  /** Wishes of which nobody knows: the disk was away, and a restart shows what is on it. */
  readonly unclear: Set<string> = new Set();
  /** How often each kind of answer was given. */
  readonly codes: Map<string, number> = new Map();

  arrived(wish: Wish, place: { readonly life: number; readonly atMs: number }): Arrival {
    const { wishId } = wish;
    const arrival: Arrival = { wishId, ...place, repliedAtMs: undefined, reply: undefined };
    this.arrivals.push(arrival);
    return arrival;
  }

  /** An answer leaves the venue. */
  replied(arrival: Arrival, reply: WorldReply, atMs: number): void {
    arrival.reply = reply;
    arrival.repliedAtMs = atMs;
    this.answered(arrival.wishId, reply, atMs);
  }

  /** Takes an answer down, from a request or from a feed. */
  answered(wishId: string, reply: WorldReply, atMs: number): void {
    const verdict = readVerdict(reply.body);
    this.codes.set(verdict.code, (this.codes.get(verdict.code) ?? 0) + 1);
    if (verdict.sequence !== undefined) {
      const { sequence, repeated } = verdict;
      this.acknowledged.push({ wishId, sequence, repeated, atMs });
    } else if (verdict.code === 'notAdmitting') {
      this.unclear.add(wishId);
    } else if (verdict.code !== 'answered') {
      this.refused.set(wishId, verdict.code);
    }
  }
}

interface Verdict {
  /** The code of a refusal, `accepted`, or `answered` for reads. */
  readonly code: string;
  readonly sequence?: number;
  readonly repeated: boolean;
}

/** What an answer says of the one wish that it answers. */
function readVerdict(body: unknown): Verdict {
  const whole = (body ?? {}) as {
    readonly rejection?: { readonly code: string };
    readonly answers?: readonly Answer[];
    readonly sequence?: number;
    readonly repeated?: boolean;
  };
  const answer: Answer = whole.answers?.[0] ?? whole;
  if (answer.rejection !== undefined) return { code: answer.rejection.code, repeated: false };
  if (answer.sequence === undefined) return { code: 'answered', repeated: false };
  return { code: 'accepted', sequence: answer.sequence, repeated: answer.repeated ?? false };
}

interface Answer {
  readonly rejection?: { readonly code: string };
  readonly sequence?: number;
  readonly repeated?: boolean;
}
