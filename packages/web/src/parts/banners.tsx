import type { ReactElement, ReactNode } from 'react';
import { useLive } from '../live/live.ts';
import { addressOf } from '../live/route.ts';
import { useVenue } from './venueContext.tsx';

/** What everybody has to know before anything else, on every screen. */
export function Banners(): ReactElement {
  const venue = useVenue();
  const connection = useLive(venue.connection);
  const market = useLive(venue.market);
  const phase = useLive(venue.phase);
  const settlement = useLive(venue.settlement);
  const status = useLive(venue.status);
  const trouble = useLive(venue.trouble);
  const isHalted = phase?.phase.name === 'halted' || market?.phase.name === 'halted';
  return (
    <div className="banners">
      {connection === 'waiting' && (
        <Banner tone="bad" title="The connection to the venue is lost.">
          What you see is as it was last told. It is tried again by itself.
        </Banner>
      )}
      {connection === 'open' && trouble !== undefined && (
        <Banner tone="warn" title="A read failed.">
          {trouble} It is tried again by itself.
        </Banner>
      )}
      {isHalted && (
        <Banner tone="bad" title="The market is halted.">
          {market?.haltReason ?? 'The venue has not said why yet.'} Nothing moves while it is;
          orders of a batch that still collects can be withdrawn.
        </Banner>
      )}
      {settlement?.pausedBecause !== undefined && (
        <Banner tone="warn" title="New orders are paused.">
          {settlement.pausedBecause} <a href={addressOf('status')}>How far settlement is</a>
        </Banner>
      )}
      {settlement?.phase === 'stopped' && (
        <Banner tone="bad" title="Settlement has stopped.">
          {settlement.detail}
        </Banner>
      )}
      {status?.admitting === false && settlement?.pausedBecause === undefined && !isHalted && (
        <Banner tone="warn" title="The venue takes no orders at present.">
          It is starting, stopping, or a part that it needs is not ready.{' '}
          <a href={addressOf('status')}>Which one</a>
        </Banner>
      )}
    </div>
  );
}

function Banner({
  tone,
  title,
  children,
}: {
  readonly tone: 'warn' | 'bad';
  readonly title: string;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <div className={`banner banner-${tone}`} role="alert">
      <strong>{title}</strong> {children}
    </div>
  );
}
