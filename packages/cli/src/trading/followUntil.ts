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
  const { baseUrl, channels, signal } = request;
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
    for (const channel of channels) {
      let snapshots = 0;
      feed.follow(channel, {
        onEvent: (event) => onEvent(event),
        onSnapshot: () => {
          snapshots += 1;
          if (snapshots > 1) terminal.note(`${channel}: events were missed while disconnected`);
        },
        onRefused: (rejection) => end(new RefusedFault(rejection)),
      });
    }
  });
}
