import type { ReactElement } from 'react';
import { Hash } from '../../parts/marks.tsx';
import type { Act } from './useAct.ts';

/** The steps of an act so far, and why it ended where it failed. */
export function ActSteps({ act }: { readonly act: Act }): ReactElement | null {
  const { steps, isBusy, trouble } = act;
  if (steps.length === 0 && !isBusy && trouble === undefined) return null;
  return (
    <ol className="life act-steps" aria-live="polite">
      {steps.map(({ sentence, transaction }) => (
        <li key={sentence}>
          {sentence} {transaction !== undefined && <Hash hash={transaction} />}
        </li>
      ))}
      {isBusy && (
        <li className="life-ahead">
          <span className="dim">Working</span>
        </li>
      )}
      {trouble !== undefined && (
        <li className="life-bad" role="alert">
          <span className="bad">{trouble}</span>
        </li>
      )}
    </ol>
  );
}
