import type { EpochVerdicts } from '@lawbook/api/schema/recordViews';
import type { ReactElement } from 'react';
import { addressOf } from '../../live/route.ts';
import { Chip, Panel } from '../../parts/marks.tsx';
import { counted } from '../../words/numbers.ts';

/** What every law said about every batch, re-run by the venue when this page asked. */
export function VerdictTable({ verdicts }: { readonly verdicts: EpochVerdicts }): ReactElement {
  const { batches, predicates, holds } = verdicts;
  const [first] = batches;
  return (
    <Panel
      title="Laws"
      aside={
        <>
          Re-run by the venue on asking: that is <b>checked</b>, not proven.
        </>
      }
    >
      <p className="padded chips">
        <Chip tone={holds ? 'good' : 'bad'}>{holds ? 'every law holds' : 'a law is broken'}</Chip>
        {predicates.map(({ name, holds: predicateHolds, laws }) => (
          <Chip key={name} tone={predicateHolds ? 'plain' : 'bad'} title={laws.join(', ')}>
            {name}
          </Chip>
        ))}
      </p>
      <div className="scroll">
        <table className="table verdicts">
          <thead>
            <tr>
              <th>Law</th>
              {batches.map(({ batchNumber }) => (
                <th key={batchNumber} className="right num">
                  {counted(batchNumber)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {first?.verdicts.map(({ law, name }, k) => (
              <tr key={law}>
                <td>
                  <a href={addressOf('laws', law)}>
                    <code>{law}</code> {name}
                  </a>
                </td>
                {batches.map(({ batchNumber, verdicts: said }) => {
                  const verdict = said[k];
                  const isHeld = verdict?.holds === true;
                  return (
                    <td key={batchNumber} className="right" title={verdict?.violation?.rule}>
                      {isHeld ? 'holds' : <b className="bad">broken</b>}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
