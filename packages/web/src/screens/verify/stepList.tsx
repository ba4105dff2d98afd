import type { ReactElement } from 'react';
import type { VerifyOutcome, VerifyStep } from '../../verify/verifySteps.ts';
import type { Verification } from './useVerification.ts';

const GROUPS = {
  bundle: 'The bundle',
  laws: 'The laws, re-run on every batch',
  epoch: 'The epoch as a whole',
  proof: 'The proof',
} as const;

/** Every question with its answer, as they come. */
export function StepList({ verification }: { readonly verification: Verification }): ReactElement {
  const groups = (Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((group) => ({
    group,
    steps: verification.steps.filter((step) => step.group === group),
  }));
  return (
    <>
      {groups
        .filter(({ steps }) => steps.length > 0)
        .map(({ group, steps }) => (
          <section key={group} className="steps">
            <h3>{GROUPS[group]}</h3>
            <ul>
              {steps.map((step) => (
                <Step key={step.id} step={step} />
              ))}
            </ul>
          </section>
        ))}
    </>
  );
}

const MARKS: Readonly<Record<VerifyOutcome['kind'], readonly [string, string]>> = {
  holds: ['✓', 'holds'],
  fails: ['✕', 'violated'],
  open: ['–', 'open'],
};

function Step({ step }: { readonly step: VerifyStep }): ReactElement {
  const { outcome, group, id, name, statement, notShown } = step;
  const [mark, word] = MARKS[outcome.kind];
  return (
    <li className={`step step-${outcome.kind}`}>
      <span className="step-mark" aria-hidden="true">
        {mark}
      </span>
      <div>
        <p>
          {group === 'laws' && <code className="step-id">{id}</code>} <b>{name}</b>{' '}
          <span className="step-word">
            {word}
            {outcome.kind === 'holds' && outcome.note !== undefined ? ` ${outcome.note}` : ''}
          </span>
        </p>
        {statement !== undefined && <p>{statement}</p>}
        {outcome.kind === 'fails' && (
          <p className="bad step-flaw">
            At {outcome.where}
            {outcome.rule === undefined ? '' : `: ${outcome.rule}`}. Expected{' '}
            <code>{outcome.expected}</code>, found <code>{outcome.actual}</code>.
          </p>
        )}
        {outcome.kind === 'open' && <p className="dim">Not asked: {outcome.reason}.</p>}
        {notShown !== undefined && <p className="dim">Does not show {notShown}.</p>}
      </div>
    </li>
  );
}
