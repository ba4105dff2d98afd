import type { EpochView } from '@lawbook/api/schema/recordViews';
import type { ReactElement } from 'react';
import { LEVELS } from '../words/meanings.ts';

/** The levels that this venue has; publishing is not built, and says so on the page of an epoch. */
const TRACK = ['executed', 'checked', 'proven', 'settled', 'finalized'] as const;
const ORDER = ['executed', 'checked', 'proven', 'available', 'settled', 'finalized'];

/** How far an epoch has come, each level with what it claims. */
export function LevelTrack({
  epoch,
}: {
  readonly epoch: Pick<EpochView, 'level' | 'steps'>;
}): ReactElement {
  const reached = ORDER.indexOf(epoch.level);
  const isRefused = [epoch.steps.prove, epoch.steps.settle].some(
    ({ state }) => state === 'refused',
  );
  return (
    <span className="track" role="img" aria-label={`Level: ${epoch.level}`}>
      {TRACK.map((level) => {
        const isReached = ORDER.indexOf(level) <= reached;
        const isNow = level === epoch.level;
        const names = ['track-step', isReached && 'is-reached', isNow && 'is-now'];
        return (
          <span key={level} className={names.filter(Boolean).join(' ')} title={LEVELS[level]}>
            <i />
            {isNow && <b>{level}</b>}
          </span>
        );
      })}
      {isRefused && <b className="bad">refused</b>}
    </span>
  );
}
