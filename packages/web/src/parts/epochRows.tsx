import type { EpochView } from '@lawbook/api/schema/recordViews';
import type { ReactElement } from 'react';
import { addressOf } from '../live/route.ts';
import { counted } from '../words/numbers.ts';
import { clockText, spanBetween } from '../words/times.ts';
import { LevelTrack } from './levelTrack.tsx';
import { Empty, Loading } from './marks.tsx';

/** Epochs from new to old, each with how far it has come. */
export function EpochRows({
  epochs,
}: {
  readonly epochs: readonly EpochView[] | undefined;
}): ReactElement {
  if (epochs === undefined) return <Loading what="epochs" />;
  if (epochs.length === 0) {
    return (
      <Empty title="No epoch is sealed yet">
        Eight batches make one, so the first takes some ten seconds.
      </Empty>
    );
  }
  return (
    <table className="table table-wide epochs">
      <thead>
        <tr>
          <th className="right">Epoch</th>
          <th>Level</th>
          <th>Sealed</th>
          <th className="right">Batches</th>
          <th className="right">Vaults</th>
          <th className="right">Proven after</th>
          <th className="right">Settled after</th>
        </tr>
      </thead>
      <tbody>
        {epochs.map((epoch) => {
          const { prove, settle } = epoch.steps;
          return (
            <tr key={epoch.epochNumber}>
              <td className="num right">
                <a href={addressOf('epochs', epoch.epochNumber)}>{counted(epoch.epochNumber)}</a>
              </td>
              <td>
                <LevelTrack epoch={epoch} />
              </td>
              <td className="num">{clockText(epoch.sealedAt)}</td>
              <td className="num right">
                {counted(epoch.firstBatch)}–{counted(epoch.lastBatch)}
              </td>
              <td className="num right">{counted(epoch.vaultCount)}</td>
              <td className="num right">
                {prove.at === undefined ? '–' : spanBetween(epoch.sealedAt, prove.at)}
              </td>
              <td className="num right">
                {settle.at === undefined ? '–' : spanBetween(epoch.sealedAt, settle.at)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
