import { ClientFault } from '@lawbook/api/client/clientFault';
import { Feed } from '@lawbook/api/client/feed';
import type { ChannelEvent } from '@lawbook/api/schema/messages';
import { RefusedFault } from '../terminal/cliFault.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** What to follow, and until when. */
export interface FollowRequest {
  readonly baseUrl: string;
  readonly channels: readonly string[];
  readonly signal: AbortSignal;
}

/** Refuses what is followed: the feed closes and the wait fails. */
export type RefuseFeed = (rejection: RefusedFault['rejection']) => void;

/**
 * Keeps a feed until the signal aborts; `begin` says what to follow on it. The feed resumes breaks
 * by itself.
 *
 * @throws ClientFault VENUE_UNREACHABLE when the first connection fails, RefusedFault where `begin`
 * was handed a refusal.
 */
export function keepFeed(
  { baseUrl, signal }: Pick<FollowRequest, 'baseUrl' | 'signal'>,
  begin: (feed: Feed, refused: RefuseFeed) => void,
  terminal: Terminal,
): Promise<void> {
  return new Promise((settle, fail) => {
    let everOpen = false;
    const end = (failure?: ClientFault | RefusedFault): void => {
      signal.removeEventListener('abort', stop);
      feed.close();
      if (failure === undefined) settle();
      else fail(failure);
    };
    const stop = (): void => end();
    const feed = new Feed({
      baseUrl,
      onState: (state) => {
        if (state === 'open') everOpen = true;
        if (state !== 'waiting') return;
        if (everOpen) terminal.note('the connection broke; trying again');
        else end(new ClientFault('VENUE_UNREACHABLE', { baseUrl }));
      },
      onWarning: ({ reason }) => terminal.note(`the venue warns: ${reason}`),
    });
    signal.addEventListener('abort', stop, { once: true });
    begin(feed, (rejection) => end(new RefusedFault(rejection)));
  });
}

/**
 * Calls back on every event of some channels until the signal aborts. Breaks are resumed by the
 * feed; where the past was lost a note says so.
 *
 * @throws ClientFault VENUE_UNREACHABLE when the first connection fails, RefusedFault for a channel
 * that the venue does not have.
 */
export function followUntil(
  request: FollowRequest,
  onEvent: (event: ChannelEvent) => void,
  terminal: Terminal,
): Promise<void> {
  const begin = (feed: Feed, refused: RefuseFeed): void => {
    for (const channel of request.channels) {
      let snapshots = 0;
      feed.follow(channel, {
        onEvent: (event) => onEvent(event),
        onSnapshot: () => {
          snapshots += 1;
          if (snapshots > 1) terminal.note(`${channel}: events were missed while disconnected`);
        },
        onRefused: (rejection) => refused(rejection),
      });
    }
  };
  return keepFeed(request, begin, terminal);
}
