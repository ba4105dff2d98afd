import type { ChannelEvent, ServerMessage } from '../schema/messages.ts';
import type { RejectionView } from '../schema/rejectionView.ts';
import { crc32 } from './crc32.ts';

/** What a follower of a channel is told, in order and without gaps. */
export interface ChannelFollower {
  /** The state so far; comes first, and again whenever the past could not be resumed. */
  readonly onSnapshot?: (events: readonly ChannelEvent[], sequence: number) => void;
  readonly onEvent: (event: ChannelEvent, sequence: number) => void;
  /** The stream did not add up; a snapshot follows. */
  readonly onBreak?: (reason: 'sequence' | 'checksum') => void;
  /** The venue does not have the channel. */
  readonly onRefused?: (rejection: RejectionView) => void;
}

type Subscribed = Extract<ServerMessage, { op: 'subscribed' }>;
type EventMessage = Extract<ServerMessage, { op: 'event' }>;

/**
 * One channel as a client follows it: where it stands, and that it adds up. Who joins later gets a
 * snapshot of its own, while the others go on without a gap.
 */
export class FollowedChannel {
  readonly name: string;
  /** Followers with the sequence that each was told last; undefined before its snapshot. */
  readonly #followers = new Map<ChannelFollower, number | undefined>();
  /** Id of the last request to subscribe: only its answer counts. */
  requestId = '';
  #feed: string | undefined;
  #sequence = 0;
  #checksum = 0;
  /** False from a break until the answer to the new subscription. */
  #following = false;
  /** Whether the next subscription asks for a snapshot instead of going on. */
  #needsSnapshot = true;

  constructor(name: string) {
    this.name = name;
  }

  /** Adds a follower, for whom the next subscription asks for a snapshot. */
  add(follower: ChannelFollower): void {
    this.#followers.set(follower, undefined);
    this.#needsSnapshot = true;
  }

  /** @returns how many followers are left. */
  remove(follower: ChannelFollower): number {
    this.#followers.delete(follower);
    return this.#followers.size;
  }

  /** Gives up what is known: everybody gets the snapshot of the next subscription. */
  restart(): void {
    this.#following = false;
    this.#needsSnapshot = true;
  }

  /** What a new subscription asks for: to go on after the last event, if there was one. */
  resumption(requestId: string): { readonly from?: number; readonly feed?: string } {
    this.requestId = requestId;
    if (this.#needsSnapshot || this.#feed === undefined) return {};
    return { from: this.#sequence + 1, feed: this.#feed };
  }

  /** Takes the answer to a subscription. */
  subscribed(message: Subscribed): void {
    if (message.id !== this.requestId) return;
    const { feed, sequence, checksum, snapshot = [] } = message;
    // Events that the venue sent while it took the snapshot are ahead of it, and come again.
    const goesOn = this.#following && feed === this.#feed && sequence <= this.#sequence;
    this.#following = true;
    this.#needsSnapshot = false;
    if (!goesOn) {
      this.#forgetFollowers();
      this.#feed = feed;
      this.#sequence = sequence;
      this.#checksum = Number.parseInt(checksum, 16);
    }
    for (const [follower, told] of this.#followers) {
      if (told !== undefined) continue;
      this.#followers.set(follower, sequence);
      follower.onSnapshot?.(snapshot, sequence);
    }
  }

  /** Takes an event. @returns false when the stream broke and must be subscribed to anew. */
  event({ event, sequence, checksum }: EventMessage, frame: string): boolean {
    if (!this.#following) return true;
    if (sequence > this.#sequence) {
      const next = crc32(eventText(frame), this.#checksum);
      const isNext = sequence === this.#sequence + 1;
      if (!isNext || next !== Number.parseInt(checksum, 16)) {
        this.restart();
        const reason = isNext ? 'checksum' : 'sequence';
        for (const follower of this.#followers.keys()) follower.onBreak?.(reason);
        return false;
      }
      this.#sequence = sequence;
      this.#checksum = next;
    }
    for (const [follower, told] of this.#followers) {
      if (told !== sequence - 1) continue;
      this.#followers.set(follower, sequence);
      follower.onEvent(event, sequence);
    }
    return true;
  }

  /** The venue refused the subscription. */
  refused(rejection: RejectionView): void {
    for (const follower of this.#followers.keys()) follower.onRefused?.(rejection);
  }

  #forgetFollowers(): void {
    for (const follower of this.#followers.keys()) this.#followers.set(follower, undefined);
  }
}

/** The text that the checksum covers: all behind `"event":`, without the frame's last brace. */
function eventText(frame: string): string {
  return frame.slice(frame.indexOf('"event":') + '"event":'.length, -1);
}
