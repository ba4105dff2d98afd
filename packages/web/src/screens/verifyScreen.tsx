import { NEVER_SHOWN } from '@lawbook/exchange/laws/notShown';
import type { ReactElement } from 'react';
import { useEffect, useState } from 'react';
import { useLive } from '../live/live.ts';
import { place } from '../live/route.ts';
import { Panel } from '../parts/marks.tsx';
import { useVenue } from '../parts/venueContext.tsx';
import { Conclusion } from './verify/conclusion.tsx';
import { SourcePanel } from './verify/sourcePanel.tsx';
import { StepList } from './verify/stepList.tsx';
import type { Verification } from './verify/useVerification.ts';
import { useVerification } from './verify/useVerification.ts';

/** Re-runs every law and verifies the proof of an epoch, here; the venue is not asked to judge. */
export function VerifyScreen(): ReactElement {
  const venue = useVenue();
  const { rest } = useLive(place);
  const epochs = useLive(venue.epochs);
  const [verification, start] = useVerification();
  const [wanted] = rest;
  const named = wanted === undefined ? undefined : Number(wanted);
  const first = epochs?.find(({ level }) => level === 'settled' || level === 'finalized');
  const [chosen, choose] = useState<number>();
  const epochNumber = chosen ?? named ?? first?.epochNumber;
  useEffect(() => {
    if (named !== undefined && Number.isSafeInteger(named)) start.epoch(named, undefined);
  }, [named, start]);
  return (
    <div className="verify">
      <div className="screen-head">
        <h1>Verify it yourself</h1>
        <p className="dim">
          The bundle of an epoch is downloaded, and your browser judges it: every signature is
          recovered, every law re-run, the proof checked by the verifier contract’s own code. The
          venue is not asked whether it is right. The command <code>lawbook verify</code> runs the
          same code.
        </p>
      </div>
      <div className="verify-body">
        <SourcePanel
          epochs={epochs}
          epochNumber={epochNumber}
          choose={choose}
          start={start}
          isBusy={verification?.state === 'running'}
        />
        <Panel title="What was asked, and what came of it" aside={<Elapsed of={verification} />}>
          <Conclusion verification={verification} />
          {verification !== undefined && <StepList verification={verification} />}
          <p className="foot">{NEVER_SHOWN}</p>
        </Panel>
      </div>
    </div>
  );
}

function Elapsed({ of }: { readonly of: Verification | undefined }): ReactElement | null {
  if (of?.elapsedMs === undefined) return null;
  return <span className="num">{(of.elapsedMs / 1000).toFixed(2)} s in this browser</span>;
}
