import type { AccountView } from '@lawbook/api/schema/accountViews';
import type { ReactElement, ReactNode } from 'react';
import type { Desk } from '../../live/desk.ts';
import { desk } from '../../live/desk.ts';
import { useLive } from '../../live/live.ts';
import { Empty, Loading, Term } from '../../parts/marks.tsx';
import { TERMS } from '../../words/meanings.ts';
import { grouped } from '../../words/numbers.ts';

/** What an account has of one asset, as the venue executed it. */
export type OwnBalance = NonNullable<AccountView['levels'][number]['balances']>[number];

type Show = (balances: readonly OwnBalance[]) => ReactElement;

/** Shows the balances of the account that is chosen, or why there are none to show. */
export function OwnBalances({ show }: { readonly show: Show }): ReactElement {
  const now = useLive(desk);
  if (now === undefined) {
    return <Empty title="No account is chosen">Choose one at the top right.</Empty>;
  }
  return <BalancesOf own={now} show={show} />;
}

function BalancesOf({ own, show }: { readonly own: Desk; readonly show: Show }): ReactElement {
  const account = useLive(own.account);
  const trouble = useLive(own.trouble);
  if (account === undefined) {
    return trouble === undefined ? <Loading what="balances" /> : <Empty title={trouble} />;
  }
  const [executed] = account.levels;
  return show(executed?.balances ?? []);
}

/** Heads of the columns that every table of balances begins with. */
export function SpendableHeads(): ReactElement {
  return (
    <>
      <th>Asset</th>
      <th className="right">
        <Term meaning={TERMS.available}>Available</Term>
      </th>
      <th className="right">
        <Term meaning={TERMS.held}>Held</Term>
      </th>
    </>
  );
}

/** What can be spent and what open orders hold, an asset a row; children stand below. */
export function BalanceTable({
  rows,
  digitsOf,
  children,
}: {
  readonly rows: readonly Pick<OwnBalance, 'symbol' | 'available' | 'held'>[];
  readonly digitsOf: (symbol: string) => number;
  readonly children?: ReactNode;
}): ReactElement {
  return (
    <table className="table">
      <thead>
        <tr>
          <SpendableHeads />
        </tr>
      </thead>
      <tbody>
        {rows.map(({ symbol, available, held }) => (
          <tr key={symbol} data-testid={`balance-${symbol}`}>
            <td>{symbol}</td>
            <td className="num right" title={available}>
              {grouped(available, digitsOf(symbol))}
            </td>
            <td className="num right dim" title={held}>
              {Number(held) === 0 ? '–' : grouped(held, digitsOf(symbol))}
            </td>
          </tr>
        ))}
      </tbody>
      {children}
    </table>
  );
}
