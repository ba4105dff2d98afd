import type { EpochView } from '@lawbook/api/schema/recordViews';
import type { ReactElement } from 'react';
import { Panel } from '../../parts/marks.tsx';
import type { Tampering } from '../../verify/verifySteps.ts';
import type { VerificationStarts } from './useVerification.ts';

const TAMPERINGS: readonly (readonly [Tampering, string])[] = [
  ['fill', 'Give one order one unit more'],
  ['signature', 'Change one bit of a signature'],
  ['price', 'Move one clearing price by 0.1 %'],
  ['proof', 'Change one bit of the proof'],
];

/** What to verify: an epoch of this venue or a file; and what to try to get past the laws. */
export function SourcePanel({
  epochs,
  epochNumber,
  choose,
  start,
  isBusy,
}: {
  readonly epochs: readonly EpochView[] | undefined;
  readonly epochNumber: number | undefined;
  readonly choose: (epochNumber: number) => void;
  readonly start: VerificationStarts;
  readonly isBusy: boolean;
}): ReactElement {
  const verify = (tampering?: Tampering): void => {
    if (epochNumber !== undefined) start.epoch(epochNumber, tampering);
  };
  const isMissing = epochNumber === undefined;
  return (
    <div className="sources">
      <Panel title="An epoch of this venue">
        <div className="sources-form">
          <label htmlFor="verify-epoch">Epoch</label>
          <select
            id="verify-epoch"
            value={epochNumber ?? ''}
            onChange={(event) => choose(Number(event.target.value))}
          >
            {isMissing && <option value="">none is sealed yet</option>}
            {epochOptions(epochs, epochNumber).map(([number, level]) => (
              <option key={number} value={number}>
                {number} {level === undefined ? '' : `(${level})`}
              </option>
            ))}
          </select>
          <button
            type="button"
            className="button button-main"
            disabled={isMissing || isBusy}
            onClick={() => verify()}
          >
            Verify in this browser
          </button>
        </div>
      </Panel>
      <FilePanel start={start} />
      <Panel title="Try to fool it">
        <div className="sources-form">
          <p className="hint">
            Changes the downloaded bundle as a dishonest venue might, then verifies it.
          </p>
          {TAMPERINGS.map(([tampering, words]) => (
            <button
              key={tampering}
              type="button"
              className="button"
              disabled={isMissing || isBusy}
              onClick={() => verify(tampering)}
            >
              {words}
            </button>
          ))}
        </div>
      </Panel>
    </div>
  );
}

function FilePanel({ start }: { readonly start: VerificationStarts }): ReactElement {
  return (
    <Panel title="A file">
      <div className="sources-form">
        <label htmlFor="verify-file">
          A bundle that you or somebody else exported, also from another venue
        </label>
        <input
          id="verify-file"
          type="file"
          onChange={({ target }) => {
            const [file] = target.files ?? [];
            if (file !== undefined) start.file(file);
            target.value = '';
          }}
        />
      </div>
    </Panel>
  );
}

/** The known epochs, and the chosen one where it is older than those. */
function epochOptions(
  epochs: readonly EpochView[] | undefined,
  chosen: number | undefined,
): readonly (readonly [number, string | undefined])[] {
  const known = (epochs ?? []).map((epoch) => [epoch.epochNumber, epoch.level] as const);
  const isKnown = known.some(([number]) => number === chosen);
  return chosen === undefined || isKnown ? known : [...known, [chosen, undefined]];
}
