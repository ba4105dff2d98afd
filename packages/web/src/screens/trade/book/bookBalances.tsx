import type { BookView } from '@lawbook/api/schema/bookViews';
import type { ReactElement } from 'react';
import { addressOf } from '../../../live/route.ts';
import { Panel } from '../../../parts/marks.tsx';
import { BalanceTable, OwnBalances } from '../ownBalances.tsx';

/** What the account has of the two assets of a book. */
export function BookBalances({ rules }: { readonly rules: BookView }): ReactElement {
  return (
    <Panel
      className="balances"
      title="Balances"
      aside={<a href={addressOf('account')}>All balances</a>}
    >
      <OwnBalances
        show={(balances) => {
          const rows = [rules.base, rules.quote].map((symbol) => {
            const none = { symbol, available: '0', held: '0' };
            return balances.find((known) => known.symbol === symbol) ?? none;
          });
          return <BalanceTable rows={rows} digitsOf={() => 2} />;
        }}
      />
      {!rules.settles && (
        <p className="foot">
          Play assets of the demonstration: they stand on no base layer and cannot be withdrawn.
        </p>
      )}
    </Panel>
  );
}
