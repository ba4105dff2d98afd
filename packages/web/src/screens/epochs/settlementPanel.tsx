import type { ReactElement } from 'react';
import { useEffect, useState } from 'react';
import type { ChainReceipt } from '../../chain/readReceipt.ts';
import { readReceipt } from '../../chain/readReceipt.ts';
import { useLive } from '../../live/live.ts';
import { Empty, Fact, Hash, Panel } from '../../parts/marks.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { counted } from '../../words/numbers.ts';
import { clockText, spanBetween } from '../../words/times.ts';
import type { EpochRecords } from './useEpoch.ts';

const TITLES = {
  waiting: 'Not settled yet',
  refused: 'The base layer refused this epoch',
  notConfigured: 'This venue has no base layer',
} as const;

/** The transaction that settled an epoch, and what the chain itself says of it. */
export function SettlementPanel({ records }: { readonly records: EpochRecords }): ReactElement {
  const { settlement, epoch } = records;
  const { state, transaction, blockNumber, gasUsed, settledAt, finalizedAt } = settlement;
  return (
    <Panel title="Base layer">
      {state !== 'settled' && state !== 'finalized' ? (
        <Empty title={TITLES[state]}>{settlement.detail}</Empty>
      ) : (
        <dl className="facts padded">
          <Fact name="Transaction">
            {transaction === undefined ? '–' : <Hash hash={transaction} ends={10} />}
          </Fact>
          <Fact name="Block">
            <span className="num">{blockNumber === undefined ? '–' : counted(blockNumber)}</span>
          </Fact>
          <Fact name="Gas used">
            <span className="num">{gasUsed === undefined ? '–' : counted(gasUsed)}</span>
          </Fact>
          <Fact name="Settled">
            {settledAt === undefined
              ? '–'
              : `${clockText(settledAt)}, ${spanBetween(epoch.sealedAt, settledAt)} after sealing`}
          </Fact>
          <Fact name="Final">{finalizedAt === undefined ? 'not yet' : clockText(finalizedAt)}</Fact>
          <Fact name="List">
            <span className="num">{settlement.listNumber}</span>{' '}
            {settlement.listHash !== undefined && <Hash hash={settlement.listHash} />}
          </Fact>
          {transaction !== undefined && <ChainWord transaction={transaction} />}
        </dl>
      )}
    </Panel>
  );
}

type Word = ChainReceipt | 'absent' | 'unreachable' | undefined;

/** What the chain says, asked by this browser where the venue names an endpoint that it reaches. */
function ChainWord({ transaction }: { readonly transaction: string }): ReactElement | null {
  const { settlement: live } = useVenue();
  const layer = useLive(live)?.layer;
  const rpcUrl = layer?.rpcUrl;
  const [word, setWord] = useState<Word>();
  useEffect(() => {
    if (rpcUrl === undefined) return;
    const stop = new AbortController();
    readReceipt(rpcUrl, transaction, stop.signal).then(
      (receipt) => setWord(receipt ?? 'absent'),
      () => !stop.signal.aborted && setWord('unreachable'),
    );
    return () => stop.abort();
  }, [rpcUrl, transaction]);
  if (rpcUrl === undefined || word === undefined) return null;
  const host = new URL(rpcUrl).host;
  const meaning =
    `Read by this browser from ${host}, not from the venue. ` +
    'Whoever answers there is taken at its word.';
  return (
    <Fact name="The chain says" meaning={meaning}>
      <span data-testid="chain-word">
        {word === 'unreachable' && `${host} does not answer this browser`}
        {word === 'absent' && <span className="bad">it has no such transaction</span>}
        {typeof word === 'object' && (
          <>
            {word.succeeded ? 'succeeded' : <span className="bad">reverted</span>} in block{' '}
            <span className="num">{counted(word.blockNumber)}</span>,{' '}
            {word.to === layer?.contract.toLowerCase() ? (
              'sent to the venue’s contract'
            ) : (
              <span className="bad">sent to another contract</span>
            )}
          </>
        )}
      </span>
    </Fact>
  );
}
