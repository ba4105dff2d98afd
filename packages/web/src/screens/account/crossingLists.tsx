import type { WithdrawalView } from '@lawbook/api/schema/crossingViews';
import type { ReactElement } from 'react';
import type { Desk } from '../../live/desk.ts';
import { useLive } from '../../live/live.ts';
import { addressOf } from '../../live/route.ts';
import { LevelTrack } from '../../parts/levelTrack.tsx';
import { Chip, Empty, Panel } from '../../parts/marks.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { counted, grouped } from '../../words/numbers.ts';
import { clockText } from '../../words/times.ts';
import { ActSteps } from './actSteps.tsx';
import { useAct } from './useAct.ts';

/** What came in and what goes out. */
export function CrossingLists({ own }: { readonly own: Desk }): ReactElement {
  const deposits = useLive(own.deposits);
  const withdrawals = useLive(own.withdrawals);
  return (
    <div className="account-body">
      <Panel title="Deposits">
        {deposits.length === 0 ? (
          <Empty title="None yet" />
        ) : (
          <table className="table">
            <thead>
              <tr>
                <th>Credited</th>
                <th className="right">Amount</th>
                <th className="right">Sequence</th>
              </tr>
            </thead>
            <tbody>
              {deposits.map(({ depositNumber, amount, symbol, creditedAt, sequence }) => (
                <tr key={depositNumber}>
                  <td className="num">{clockText(creditedAt)}</td>
                  <td className="num right">
                    {grouped(amount)} {symbol}
                  </td>
                  <td className="num right">{counted(sequence)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Panel>
      <Panel title="Withdrawals">
        {withdrawals.length === 0 ? (
          <Empty title="None yet" />
        ) : (
          <ul className="crossings">
            {withdrawals.map((withdrawal) => (
              <Withdrawal key={withdrawal.withdrawalId} own={own} withdrawal={withdrawal} />
            ))}
          </ul>
        )}
      </Panel>
    </div>
  );
}

const RETURNED = {
  expired: 'it expired before an epoch took it',
  ownerIsExiting: 'its owner asked the base layer for an exit',
} as const;

function Withdrawal({
  own,
  withdrawal,
}: {
  readonly own: Desk;
  readonly withdrawal: WithdrawalView;
}): ReactElement {
  const venue = useVenue();
  const layer = useLive(venue.settlement)?.layer;
  const epochs = useLive(venue.epochs);
  const [act, begin] = useAct();
  const { amount, symbol, requestedAt, status, epochNumber, returnedBecause, terms } = withdrawal;
  const epoch = epochs?.find((known) => known.epochNumber === epochNumber);
  const isPaid = epoch?.level === 'settled' || epoch?.level === 'finalized';
  const claim = (): void => {
    if (layer === undefined) return;
    begin(async (onStep) => {
      const { claimTokens } = await import('../../chain/vaultMoney.ts');
      const paid = await claimTokens(terms.assetId, { who: own.who, layer, onStep });
      if (paid === 0n) onStep('Nothing waits any more: it was claimed before.');
    });
  };
  return (
    <li>
      <div className="crossing">
        <span className="num">{clockText(requestedAt)}</span>
        <b className="num">
          {grouped(amount)} {symbol}
        </b>
        {status === 'pending' && <Chip tone="accent">waits for an epoch</Chip>}
        {status === 'returned' && (
          <Chip tone="warn">
            given back{returnedBecause === undefined ? '' : `: ${RETURNED[returnedBecause]}`}
          </Chip>
        )}
        {epochNumber !== undefined && (
          <span>
            <a href={addressOf('epochs', epochNumber)}>Epoch {counted(epochNumber)}</a>{' '}
            {epoch !== undefined && <LevelTrack epoch={epoch} />}
          </span>
        )}
        {isPaid && (
          <button type="button" className="button" disabled={act.isBusy} onClick={claim}>
            Claim on the chain
          </button>
        )}
      </div>
      <ActSteps act={act} />
    </li>
  );
}
