import type { ReactElement } from 'react';
import { Empty, Hash } from '../../parts/marks.tsx';
import { TERMS } from '../../words/meanings.ts';
import { bytesText, counted } from '../../words/numbers.ts';
import type { Verification } from './useVerification.ts';

/** What the verification comes to, in words that claim no more than it shows. */
export function Conclusion({
  verification,
}: {
  readonly verification: Verification | undefined;
}): ReactElement {
  if (verification === undefined) {
    return (
      <Empty title="Nothing is verified yet">
        Choose an epoch, or open a bundle from a file. Each step shows here as it is done.
      </Empty>
    );
  }
  const { state, stage, subject, tampering } = verification;
  if (state === 'running') {
    return (
      <div className="conclusion" role="status">
        <span className="loading-mark" aria-hidden="true" />
        <b>{subject}</b> {stage}
      </div>
    );
  }
  if (state === 'failed') {
    return (
      <div className="conclusion conclusion-bad" role="alert">
        <b>Could not be verified.</b> {stage}
      </div>
    );
  }
  return (
    <>
      {tampering !== undefined && (
        <p className="foot warn">You changed this bundle on purpose; the venue’s is as it was.</p>
      )}
      <Level verification={verification} />
      <Contents verification={verification} />
    </>
  );
}

function Level({ verification }: { readonly verification: Verification }): ReactElement {
  const { conclusion, steps } = verification;
  const broken = steps.find(({ outcome }) => outcome.kind === 'fails');
  if (conclusion?.level === 'refused') {
    return (
      <div className="conclusion conclusion-bad" role="alert" data-testid="conclusion">
        <b>Refused{broken === undefined ? '' : `: ${nameOf(broken)}`}</b> This epoch breaks its
        laws, or its proof is not for it.
      </div>
    );
  }
  if (conclusion?.level === 'proven') {
    const isInsecure = conclusion.setup?.startsWith('insecure') === true;
    return (
      <div className="conclusion conclusion-good" role="status" data-testid="conclusion">
        <b>Proven.</b> Every law holds, and a proof shows it.{' '}
        {isInsecure && (
          <span className="warn">
            It rests on an {conclusion.setup}. {TERMS.setup}
          </span>
        )}
      </div>
    );
  }
  return (
    <div className="conclusion conclusion-good" role="status" data-testid="conclusion">
      <b>Checked.</b> Every law holds. Checked is not proven: you re-ran the rules yourself, and
      nobody else is convinced by that.
    </div>
  );
}

function nameOf({ id, name, group }: Verification['steps'][number]): string {
  return group === 'laws' ? `${id} ${name}.` : `${name} – no.`;
}

function Contents({ verification }: { readonly verification: Verification }): ReactElement | null {
  const contents = verification.conclusion?.contents;
  if (contents === undefined) return null;
  const { epochNumber, batches, orders, vaults, withdrawals, bytes, epochHash } = contents;
  const figures = [
    `${counted(batches)} batches`,
    `${counted(orders)} orders`,
    `${counted(vaults)} vaults`,
    `${counted(withdrawals)} withdrawals`,
    bytesText(bytes),
  ];
  return (
    <p className="foot num contents">
      Epoch {counted(epochNumber)}: {figures.join(', ')}. Epoch hash <Hash hash={epochHash} />
    </p>
  );
}
