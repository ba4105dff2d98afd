import type { ReactElement } from 'react';
import { useLive } from '../live/live.ts';
import { addressOf, place } from '../live/route.ts';
import { EpochRows } from '../parts/epochRows.tsx';
import { Fact, Panel, Term } from '../parts/marks.tsx';
import { useVenue } from '../parts/venueContext.tsx';
import { LEVELS, TERMS } from '../words/meanings.ts';
import { counted } from '../words/numbers.ts';
import { spanText } from '../words/times.ts';
import { EpochDetail } from './epochs/epochDetail.tsx';

/** Every epoch on its way from executed to finalized; one of them with all that is known of it. */
export function EpochsScreen(): ReactElement {
  const { rest } = useLive(place);
  const [wanted] = rest;
  const epochNumber = Number(wanted);
  return wanted !== undefined && Number.isSafeInteger(epochNumber) && epochNumber > 0 ? (
    <EpochDetail key={epochNumber} epochNumber={epochNumber} />
  ) : (
    <EpochList />
  );
}

function EpochList(): ReactElement {
  const venue = useVenue();
  const epochs = useLive(venue.epochs);
  const settlement = useLive(venue.settlement);
  const { lag } = settlement ?? {};
  return (
    <>
      <div className="screen-head">
        <h1>Epochs</h1>
        <p className="dim">
          Up to eight batches are proved and settled together. Follow each from the venue’s word to
          the chain’s:{' '}
          {(['executed', 'checked', 'proven', 'settled', 'finalized'] as const).map((level, k) => (
            <span key={level}>
              {k === 0 ? '' : ' → '}
              <Term meaning={LEVELS[level]}>{level}</Term>
            </span>
          ))}
          .
        </p>
      </div>
      {lag !== undefined && (
        <dl className="figures">
          <Fact name="Sealed">
            <b className="num">{counted(lag.sealed)}</b>
          </Fact>
          <Fact name="Proven" meaning={TERMS.proof}>
            <b className="num">{counted(lag.proven)}</b>
          </Fact>
          <Fact name="Settled">
            <b className="num">{counted(lag.settled)}</b>
          </Fact>
          <Fact name="Finalized">
            <b className="num">{counted(lag.finalized)}</b>
          </Fact>
          <Fact name="Oldest unsettled" meaning={TERMS.lag}>
            <b className="num">
              {lag.oldestUnsettledMs === 0 ? 'none' : spanText(lag.oldestUnsettledMs)}
            </b>
          </Fact>
        </dl>
      )}
      <Panel
        title="From new to old"
        aside={<a href={addressOf('verify')}>Verify one in this browser</a>}
      >
        <div className="scroll">
          <EpochRows epochs={epochs} />
        </div>
      </Panel>
    </>
  );
}
