import type { ReactElement } from 'react';
import { useLive } from '../live/live.ts';
import { addressOf } from '../live/route.ts';
import { TERMS } from '../words/meanings.ts';
import { spanText } from '../words/times.ts';
import { Chip, Term } from './marks.tsx';
import { useVenue } from './venueContext.tsx';

const CONNECTIONS = {
  open: ['good', 'Live'],
  connecting: ['warn', 'Connecting'],
  waiting: ['bad', 'Reconnecting'],
  closed: ['bad', 'Closed'],
} as const;

/** Connection, lag and setup, on every screen. */
export function VenueState(): ReactElement {
  const venue = useVenue();
  const connection = useLive(venue.connection);
  const settlement = useLive(venue.settlement);
  const [tone, word] = CONNECTIONS[connection];
  const { lag, layer } = settlement ?? {};
  return (
    <div className="venue-state">
      <span className={`live live-${tone}`} role="status">
        <span className="live-dot" aria-hidden="true" />
        {word}
      </span>
      {lag !== undefined && (
        <a className="lag" href={addressOf('status')} title={TERMS.lag}>
          Lag <b>{lag.unsettled}</b> {lag.unsettled === 1 ? 'epoch' : 'epochs'}
          {lag.oldestUnsettledMs > 0 && <span>, {spanText(lag.oldestUnsettledMs)}</span>}
        </a>
      )}
      {layer?.setup.startsWith('insecure') === true && (
        <Chip tone="warn">
          <Term meaning={TERMS.setup}>{layer.setup}</Term>
        </Chip>
      )}
    </div>
  );
}
