import type { BookView } from '@lawbook/api/schema/bookViews';
import type { ReactElement } from 'react';
import type { Desk } from '../../../live/desk.ts';
import { desk } from '../../../live/desk.ts';
import { useLive } from '../../../live/live.ts';
import { addressOf } from '../../../live/route.ts';
import { Empty, Loading, Panel, Term } from '../../../parts/marks.tsx';
import { TERMS } from '../../../words/meanings.ts';
import { grouped } from '../../../words/numbers.ts';

/** What the account has of the two assets of a book. */
export function BookBalances({ rules }: { readonly rules: BookView }): ReactElement {
  const now = useLive(desk);
  return (
    <Panel
      className="balances"
      title="Balances"
      aside={<a href={addressOf('account')}>All balances</a>}
    >
      {now === undefined ? (
        <Empty title="No account is chosen">Choose one at the top right.</Empty>
      ) : (
        <Rows own={now} rules={rules} />
      )}
      {!rules.settles && (
        <p className="foot">
          Play assets of the demonstration: they stand on no base layer and cannot be withdrawn.
        </p>
      )}
    </Panel>
  );
}

function Rows({ own, rules }: { readonly own: Desk; readonly rules: BookView }): ReactElement {
  const account = useLive(own.account);
  const trouble = useLive(own.trouble);
  if (account === undefined) {
    return trouble === undefined ? <Loading what="balances" /> : <Empty title={trouble} />;
  }
  const [executed] = account.levels;
  return (
    <table className="table">
      <thead>
        <tr>
          <th>Asset</th>
          <th className="right">
            <Term meaning={TERMS.available}>Available</Term>
          </th>
          <th className="right">
            <Term meaning={TERMS.held}>Held</Term>
          </th>
        </tr>
      </thead>
      <tbody>
        {[rules.base, rules.quote].map((symbol) => {
          const balance = executed?.balances?.find((known) => known.symbol === symbol);
          const { available = '0', held = '0' } = balance ?? {};
          return (
            <tr key={symbol} data-testid={`balance-${symbol}`}>
              <td>{symbol}</td>
              <td className="num right" title={available}>
                {grouped(available, 2)}
              </td>
              <td className="num right dim" title={held}>
                {Number(held) === 0 ? '–' : grouped(held, 2)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
