import type { ReactElement } from 'react';
import { Chip, Empty, Fact, Panel, Term } from '../../parts/marks.tsx';
import { TERMS } from '../../words/meanings.ts';
import { bytesText } from '../../words/numbers.ts';
import { clockText, spanBetween, spanText } from '../../words/times.ts';
import type { EpochRecords } from './useEpoch.ts';

/** The proof of an epoch: what made it, how large and how old it is, and on what it rests. */
export function ProofPanel({ records }: { readonly records: EpochRecords }): ReactElement {
  const { proof, epoch } = records;
  const { state, detail, provenAt, circuit, backend, setup, attachment } = proof;
  return (
    <Panel title={<Term meaning={TERMS.proof}>Proof</Term>}>
      {state !== 'done' || provenAt === undefined ? (
        <Empty title={state === 'waiting' ? 'Not proven yet' : 'This venue proves nothing'}>
          {detail}
        </Empty>
      ) : (
        <dl className="facts padded">
          <Fact name="Proven">
            {clockText(provenAt)}, {spanBetween(epoch.sealedAt, provenAt)} after sealing
          </Fact>
          <Fact name="Age">{spanText(Date.now() - Date.parse(provenAt))}</Fact>
          <Fact name="Circuit">
            <code>{circuit}</code>
          </Fact>
          <Fact name="Made by">
            <code>{backend}</code>
          </Fact>
          <Fact name="Proof and its place">
            <span className="num">
              {attachment === undefined ? '–' : bytesText((attachment.length - 2) / 2)}
            </span>
          </Fact>
          <Fact name="Rests on">
            {setup?.startsWith('insecure') === true ? (
              <Chip tone="warn">
                <Term meaning={TERMS.setup}>{setup}</Term>
              </Chip>
            ) : (
              setup
            )}
          </Fact>
        </dl>
      )}
    </Panel>
  );
}
