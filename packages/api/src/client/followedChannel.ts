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

/** One channel as a client follows it: where it stands, and that it adds up. */
export class FollowedChannel {
  readonly name: string;
  readonly #followers = new Set<ChannelFollower>();
  /** Id of the last request to subscribe: only its answer counts. */
  requestId = '';
  #feed: string | undefined;
  #sequence = 0;
  #checksum = 0;
  /** False from a break until the answer to the new subscription. */
  #following = false;

  constructor(name: string) {
    this.name = name;
  }

  add(follower: ChannelFollower): void {
    this.#followers.add(follower);
  }

  /** @returns how many followers are left. */
  remove(follower: ChannelFollower): number {
    this.#followers.delete(follower);
    return this.#followers.size;
  }

  /** Asks for a snapshot at the next subscription instead of going on. */
  forget(): void {
    this.#feed = undefined;
  }

  /** What a new subscription asks for: to go on after the last event, if there was one. */
  resumption(requestId: string): { readonly from?: number; readonly feed?: string } {
    this.requestId = requestId;
    this.#following = false;
    if (this.#feed === undefined) return {};
    return { from: this.#sequence + 1, feed: this.#feed };
  }

  /** Takes the answer to a subscription. */
  subscribed(message: Subscribed): void {
    if (message.id !== this.requestId) return;
    const { feed, sequence, checksum, resumed, snapshot = [] } = message;
    this.#following = true;
    if (resumed && feed === this.#feed && sequence === this.#sequence) return;
    this.#feed = feed;
    this.#sequence = sequence;
    this.#checksum = Number.parseInt(checksum, 16);
    for (const follower of this.#followers) follower.onSnapshot?.(snapshot, sequence);
  }

  /** Takes an event. @returns false when the stream broke and must be subscribed to anew. */
  event({ event, sequence, checksum }: EventMessage, frame: string): boolean {
    if (!this.#following || sequence <= this.#sequence) return true;
    const next = crc32(eventText(frame), this.#checksum);
    const reason =
      sequence !== this.#sequence + 1
        ? 'sequence'
        : next !== Number.parseInt(checksum, 16)
          ? 'checksum'
          : undefined;
    if (reason !== undefined) {
      this.forget();
      for (const follower of this.#followers) follower.onBreak?.(reason);
      return false;
    }
    this.#sequence = sequence;
    this.#checksum = next;
    for (const follower of this.#followers) follower.onEvent(event, sequence);
    return true;
  }

  /** The venue refused the subscription. */
  refused(rejection: RejectionView): void {
    for (const follower of this.#followers) follower.onRefused?.(rejection);
  }
}

/** The text that the checksum covers: all behind `"event":`, without the frame's last brace. */
function eventText(frame: string): string {
  return frame.slice(frame.indexOf('"event":') + '"event":'.length, -1);
}
