import type { ReactElement } from 'react';
import type { Desk } from '../live/desk.ts';
import { desk } from '../live/desk.ts';
import { useLive } from '../live/live.ts';
import { Empty, Hash, Loading } from '../parts/marks.tsx';
import { useVenue } from '../parts/venueContext.tsx';
import { CrossingLists } from './account/crossingLists.tsx';
import { DepositForm } from './account/depositForm.tsx';
import { LevelTable } from './account/levelTable.tsx';
import { WithdrawForm } from './account/withdrawForm.tsx';

/** What an account owns at each level, and its way to and from the base layer. */
export function AccountScreen(): ReactElement {
  const now = useLive(desk);
  if (now === undefined) {
    return (
      <>
        <div className="screen-head">
          <h1>Account</h1>
        </div>
        <Empty title="No account is chosen">
          Choose a demo account or connect a wallet at the top right.
        </Empty>
      </>
    );
  }
  return <OwnAccount own={now} />;
}

function OwnAccount({ own }: { readonly own: Desk }): ReactElement {
  const venue = useVenue();
  const account = useLive(own.account);
  const trouble = useLive(own.trouble);
  const settlement = useLive(venue.settlement);
  const layer = settlement?.layer;
  return (
    <>
      <div className="screen-head">
        <h1>{own.who.name}</h1>
        <p className="dim">
          <Hash hash={own.who.account} ends={40} />{' '}
          {own.who.kind === 'demo'
            ? 'A demo account: its key is public, so never for real money.'
            : 'Your wallet signs every order and withdrawal; its key never leaves it.'}
        </p>
      </div>
      {account === undefined ? (
        trouble === undefined ? (
          <Loading what="balances" />
        ) : (
          <Empty title="The balances could not be read">{trouble}</Empty>
        )
      ) : (
        <LevelTable account={account} />
      )}
      {layer === undefined ? (
        <Empty title="No deposits or withdrawals at present">
          {settlement?.detail ?? 'This venue has no base layer.'}
        </Empty>
      ) : (
        <div className="account-body">
          <DepositForm own={own} layer={layer} />
          <WithdrawForm own={own} layer={layer} />
        </div>
      )}
      <CrossingLists own={own} />
    </>
  );
}
