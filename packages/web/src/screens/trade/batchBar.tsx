import type { ReactElement } from 'react';
import { useEffect, useRef } from 'react';
import { useLive } from '../../live/live.ts';
import type { PhaseMoment } from '../../live/venueLink.ts';
import { Term } from '../../parts/marks.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { TERMS } from '../../words/meanings.ts';
import { counted, shortText } from '../../words/numbers.ts';

const PHASES = {
  collecting: 'collects orders',
  revealing: 'reveals orders',
  closed: 'is being cleared',
  halted: 'is halted',
} as const;

/** Where the open batch stands, and what the last one did. */
export function BatchBar(): ReactElement {
  const venue = useVenue();
  const moment = useLive(venue.phase);
  const [last] = useLive(venue.batches);
  const { phase } = moment ?? {};
  return (
    <div className="batch-bar">
      <div className="batch-open">
        <Term meaning={TERMS.batch}>Batch</Term>{' '}
        <b className="num">{phase === undefined ? '–' : counted(phase.batchNumber)}</b>{' '}
        {phase === undefined ? 'not told yet' : PHASES[phase.name]}
        <Countdown moment={moment} />
      </div>
      {last !== undefined && (
        <div className="batch-last dim">
          Batch <span className="num">{counted(last.batchNumber)}</span>:{' '}
          {last.outcome.kind === 'halted' ? (
            <span className="bad">cleared without trading</span>
          ) : (
            <>
              <b className="num">{counted(last.orderCount)}</b>{' '}
              {last.orderCount === 1 ? 'order' : 'orders'},{' '}
              <b className="num">{shortText(Number(last.measures.filledUsd))}</b> USD traded
            </>
          )}
        </div>
      )}
    </div>
  );
}

/**
 * The part of the batch that is over, from the start and the end that the venue announced, drawn
 * from the moment at which it was told. When nothing is told any more, the bar stands at its end.
 */
function Countdown({ moment }: { readonly moment: PhaseMoment | undefined }): ReactElement {
  const bar = useRef<HTMLSpanElement>(null);
  const { phase, toldAtMs = 0 } = moment ?? {};
  const { since, due } = phase ?? {};
  const lengthMs =
    since === undefined || due === undefined ? 0 : Date.parse(due) - Date.parse(since);
  useEffect(() => {
    let frame = 0;
    const draw = (): void => {
      const part = lengthMs === 0 ? 1 : Math.min(1, (performance.now() - toldAtMs) / lengthMs);
      if (bar.current !== null) bar.current.style.transform = `scaleX(${part})`;
      if (part < 1) frame = requestAnimationFrame(draw);
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, [toldAtMs, lengthMs]);
  return (
    <span className="countdown" aria-hidden="true">
      <span ref={bar} />
    </span>
  );
}
