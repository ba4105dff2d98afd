import type { MarketView } from '@lawbook/api/schema/marketViews';
import type { ReactElement } from 'react';
import type { Desk } from '../../live/desk.ts';
import { desk } from '../../live/desk.ts';
import { useLive } from '../../live/live.ts';
import { addressOf } from '../../live/route.ts';
import { Empty, Loading, Panel, Term } from '../../parts/marks.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { TERMS } from '../../words/meanings.ts';
import { amountDigits, grouped, shortText } from '../../words/numbers.ts';
import { dollarPrices } from './pair.ts';

/** What the account can spend. */
export function BalancesPanel({ market }: { readonly market: MarketView }): ReactElement {
  const now = useLive(desk);
  return (
    <Panel
      className="balances"
      title="Balances"
      aside={<a href={addressOf('account')}>Every level, deposit, withdraw</a>}
    >
      {now === undefined ? (
        <Empty title="No account is chosen">Choose one at the top right.</Empty>
      ) : (
        <BalanceRows own={now} market={market} />
      )}
    </Panel>
  );
}

function BalanceRows({
  own,
  market,
}: {
  readonly own: Desk;
  readonly market: MarketView;
}): ReactElement {
  const { mids: live } = useVenue();
  const mids = useLive(live);
  const account = useLive(own.account);
  const trouble = useLive(own.trouble);
  if (account === undefined) {
    return trouble === undefined ? <Loading what="balances" /> : <Empty title={trouble} />;
  }
  const [executed] = account.levels;
  // Books trade assets of their own; those stand beside their books.
  const traded = new Set(market.products.map(({ symbol }) => symbol));
  const balances = (executed?.balances ?? []).filter(({ symbol }) => traded.has(symbol));
  const worth = dollarPrices(market, mids);
  const total = balances.reduce((sum, { symbol, total: all }) => {
    return sum + Number(all) * (worth.get(symbol) ?? 0);
  }, 0);
  if (balances.length === 0) {
    return (
      <Empty title="This account owns nothing here">
        <a href={addressOf('account')}>Deposit</a> to begin.
      </Empty>
    );
  }
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
        {balances.map(({ symbol, available, held }) => {
          const digits = amountDigits(symbol, 2);
          return (
            <tr key={symbol}>
              <td>{symbol}</td>
              <td className="num right" title={available}>
                {grouped(available, digits)}
              </td>
              <td className="num right dim" title={held}>
                {Number(held) === 0 ? '–' : grouped(held, digits)}
              </td>
            </tr>
          );
        })}
      </tbody>
      <tfoot>
        <tr>
          <td>Worth at mid</td>
          <td className="num right" colSpan={2}>
            {shortText(total)} USD
          </td>
        </tr>
      </tfoot>
    </table>
  );
}
