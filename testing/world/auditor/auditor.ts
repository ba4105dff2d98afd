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
  /** Every refusal, in order. */
  readonly refusals: { readonly wishId: string; readonly code: string }[] = [];
  /** How often each kind of answer was given. */
  readonly codes: Map<string, number> = new Map();
  /** Arrivals of each wish that were not answered with a refusal: it may have been taken. */
  readonly #open = new Map<string, number>();

  arrived(wish: Wish, place: { readonly life: number; readonly atMs: number }): Arrival {
    const { wishId } = wish;
    const arrival: Arrival = { wishId, ...place, repliedAtMs: undefined, reply: undefined };
    this.arrivals.push(arrival);
    for (const part of partsOf(wish)) this.#count(part, 1);
    return arrival;
  }

  /** A wish goes out over a feed, where nobody sees whether and how often it arrives. */
  sentByFeed(wishId: string): void {
    this.#count(wishId, 1);
  }

  /** An answer leaves the venue. */
  replied(
    arrival: Arrival,
    {
      wish,
      reply,
      atMs,
    }: { readonly wish: Wish; readonly reply: WorldReply; readonly atMs: number },
  ): void {
    arrival.reply = reply;
    arrival.repliedAtMs = atMs;
    for (const part of this.answered(wish, reply, atMs)) this.#count(part, -1);
  }

  /**
   * Takes an answer down, from a request or from a feed.
   * @returns the parts of it that were refused for good.
   */
  answered(
    wish: Pick<Wish, 'wishId' | 'parts'>,
    { body }: WorldReply,
    atMs: number,
  ): readonly string[] {
    return partsOf(wish).filter((wishId, place) => {
      const { code, sequence, repeated, isRefused } = readVerdict(body, place);
      this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
      if (sequence !== undefined) {
        this.acknowledged.push({ wishId, sequence, repeated, atMs });
        return false;
      }
      if (!isRefused) return false;
      this.refusals.push({ wishId, code });
      // Not received: the disk was away, and whether the input is on it shows after a restart.
      return !NOT_RECEIVED.includes(code);
    });
  }

  /** Whether every arrival of a wish was answered with a refusal, and none is left open. */
  wasOnlyRefused(wishId: string): boolean {
    return this.#open.get(wishId) === 0;
  }

  #count(wishId: string, by: number): void {
    this.#open.set(wishId, (this.#open.get(wishId) ?? 0) + by);
  }
}

/** Codes of a disk that was away, and of a fault: what was written may be there all the same. */
const NOT_RECEIVED: readonly string[] = ['notAdmitting', 'internalFault'];

/** What a request asks for, thing by thing. */
function partsOf({ wishId, parts }: Pick<Wish, 'wishId' | 'parts'>): readonly string[] {
  return parts ?? [wishId];
}

interface Verdict {
  /** The code of a refusal, `accepted`, `twap` with its state, or `answered` for reads. */
  readonly code: string;
  readonly sequence?: number;
  readonly repeated: boolean;
  readonly isRefused: boolean;
}

/** What an answer says of one of the wishes that it answers. */
function readVerdict(body: unknown, place: number): Verdict {
  const whole = (body ?? {}) as {
    readonly rejection?: { readonly code: string };
    readonly answers?: readonly Answer[];
    readonly sequence?: number;
    readonly repeated?: boolean;
    readonly twap?: { readonly state: string };
  };
  const answer: Answer = whole.answers?.[place] ?? whole;
  const { rejection, sequence, repeated = false } = answer;
  if (rejection !== undefined) return { code: rejection.code, repeated, isRefused: true };
  if (sequence !== undefined) return { code: 'accepted', sequence, repeated, isRefused: false };
  const code = whole.twap === undefined ? 'answered' : `twap.${whole.twap.state}`;
  return { code, repeated, isRefused: false };
}

interface Answer {
  readonly rejection?: { readonly code: string };
  readonly sequence?: number;
  readonly repeated?: boolean;
}
