import type { MarketView } from '@lawbook/api/schema/marketViews';
import type { ReactElement } from 'react';
import { useLive } from '../../live/live.ts';
import { addressOf } from '../../live/route.ts';
import { Empty, Panel } from '../../parts/marks.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { amountDigits, shortText } from '../../words/numbers.ts';
import type { OwnBalance } from './ownBalances.tsx';
import { BalanceTable, OwnBalances } from './ownBalances.tsx';
import { dollarPrices } from './pair.ts';

/** What the account can spend. */
export function BalancesPanel({ market }: { readonly market: MarketView }): ReactElement {
  return (
    <Panel
      className="balances"
      title="Balances"
      aside={<a href={addressOf('account')}>Every level, deposit, withdraw</a>}
    >
      <OwnBalances show={(balances) => <MarketBalances balances={balances} market={market} />} />
    </Panel>
  );
}

function MarketBalances({
  balances,
  market,
}: {
  readonly balances: readonly OwnBalance[];
  readonly market: MarketView;
}): ReactElement {
  const { mids: live } = useVenue();
  const mids = useLive(live);
  // Books trade assets of their own; those stand beside their books.
  const traded = new Set(market.products.map(({ symbol }) => symbol));
  const rows = balances.filter(({ symbol }) => traded.has(symbol));
  const worth = dollarPrices(market, mids);
  const total = rows.reduce((sum, { symbol, total: all }) => {
    return sum + Number(all) * (worth.get(symbol) ?? 0);
  }, 0);
  if (rows.length === 0) {
    return (
      <Empty title="This account owns nothing here">
        <a href={addressOf('account')}>Deposit</a> to begin.
      </Empty>
    );
  }
  return (
    <BalanceTable rows={rows} digitsOf={(symbol) => amountDigits(symbol, 2)}>
      <tfoot>
        <tr>
          <td>Worth at mid</td>
          <td className="num right" colSpan={2}>
            {shortText(total)} USD
          </td>
        </tr>
      </tfoot>
    </BalanceTable>
  );
}
