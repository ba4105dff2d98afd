import type { EpochView } from '@lawbook/api/schema/recordViews';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { addressOf } from '../../live/route.ts';
import { say } from '../../live/toasts.ts';
import { troubleOf } from '../../live/trouble.ts';
import { Empty, Fact, Hash, Loading, Panel } from '../../parts/marks.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { LEVELS } from '../../words/meanings.ts';
import { counted } from '../../words/numbers.ts';
import { clockText, spanBetween } from '../../words/times.ts';
import { ProofPanel } from './proofPanel.tsx';
import { SettlementPanel } from './settlementPanel.tsx';
import type { EpochRecords } from './useEpoch.ts';
import { useEpoch } from './useEpoch.ts';
import { VerdictTable } from './verdictTable.tsx';

/** One epoch: its levels with their evidence, laws, proof, and the transaction that settled it. */
export function EpochDetail({ epochNumber }: { readonly epochNumber: number }): ReactElement {
  const { records, trouble } = useEpoch(epochNumber);
  if (records === undefined) {
    return trouble === undefined ? (
      <Loading what={`epoch ${epochNumber}`} />
    ) : (
      <Empty title={`Epoch ${epochNumber} could not be read`}>
        {trouble} <a href={addressOf('epochs')}>All epochs</a>
      </Empty>
    );
  }
  const { epoch } = records;
  return (
    <>
      <div className="screen-head epoch-head">
        <div>
          <p className="dim">
            <a href={addressOf('epochs')}>Epochs</a> / market {epoch.marketId}
          </p>
          <h1>Epoch {counted(epochNumber)}</h1>
        </div>
        <div className="epoch-tools">
          <ExportButton epochNumber={epochNumber} />
          <a className="button button-link" href={addressOf('verify', epochNumber)}>
            Verify in this browser
          </a>
        </div>
      </div>
      <Stages records={records} />
      <div className="epoch-body">
        <ProofPanel records={records} />
        <SettlementPanel records={records} />
        <Panel title="What the epoch is">
          <dl className="facts padded">
            <Fact name="Batches">
              <span className="num">
                {counted(epoch.firstBatch)} to {counted(epoch.lastBatch)}
              </span>
            </Fact>
            <Fact name="Vaults changed">
              <span className="num">{counted(epoch.vaultCount)}</span>
            </Fact>
            <Fact name="Sealed">{clockText(epoch.sealedAt)}</Fact>
            <Fact name="Epoch hash">
              <Hash hash={epoch.epochHash} />
            </Fact>
            <Fact name="Parent">
              <Hash hash={epoch.parentEpochHash} />
            </Fact>
            <Fact name="Diff root">
              <Hash hash={epoch.diffRoot} />
            </Fact>
            <Fact name="State root after">
              <Hash hash={epoch.stateRoot} />
            </Fact>
          </dl>
        </Panel>
      </div>
      <VerdictTable verdicts={records.verdicts} />
    </>
  );
}

const STAGES = ['executed', 'checked', 'proven', 'available', 'settled', 'finalized'] as const;

/** The levels as a line, each with the time at which it was reached. */
function Stages({ records }: { readonly records: EpochRecords }): ReactElement {
  const { epoch, settlement } = records;
  const reached = STAGES.indexOf(epoch.level);
  return (
    <ol className="stages">
      {STAGES.map((stage, k) => {
        const isSkipped = stage === 'available' && epoch.steps.publish.state === 'notConfigured';
        const state = isSkipped ? 'is-absent' : k <= reached ? 'is-reached' : 'is-ahead';
        return (
          <li
            key={stage}
            className={state}
            aria-current={stage === epoch.level ? 'step' : undefined}
          >
            <b>{stage}</b>
            <span className="num">
              {isSkipped ? 'not built' : momentOf(stage, epoch, settlement)}
            </span>
            <p>{LEVELS[stage]}</p>
          </li>
        );
      })}
    </ol>
  );
}

function momentOf(
  stage: (typeof STAGES)[number],
  epoch: EpochView,
  settlement: EpochRecords['settlement'],
): string {
  const { sealedAt, steps } = epoch;
  const moments = {
    executed: sealedAt,
    checked: sealedAt,
    proven: steps.prove.at,
    available: steps.publish.at,
    settled: steps.settle.at ?? settlement?.settledAt,
    finalized: settlement?.finalizedAt,
  };
  const moment = moments[stage];
  if (moment === undefined) return 'waits';
  return moment === sealedAt ? clockText(moment) : `+${spanBetween(sealedAt, moment)}`;
}

function ExportButton({ epochNumber }: { readonly epochNumber: number }): ReactElement {
  const { client, marketId } = useVenue();
  const [isBusy, setBusy] = useState(false);
  const download = async (): Promise<void> => {
    setBusy(true);
    try {
      const result = await client.readBundle(marketId, epochNumber);
      if (!result.ok) {
        say({ tone: 'bad', title: 'No bundle', words: result.rejection.rule });
        return;
      }
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([result.value.slice()]));
      link.download = `epoch-${marketId}-${epochNumber}.bin`;
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (cause) {
      say({ tone: 'bad', title: 'No bundle', words: troubleOf(cause) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <button type="button" className="button" disabled={isBusy} onClick={() => void download()}>
      Export the bundle
    </button>
  );
}
