import type { BookView, FillView } from '@lawbook/api/schema/bookViews';
import type { ReactElement } from 'react';
import { Chip, Empty } from '../../../parts/marks.tsx';
import { counted, grouped } from '../../../words/numbers.ts';
import { clockText } from '../../../words/times.ts';
import type { BookDigits } from './bookProps.ts';

/** The reader's part of each trade, new to old. */
export function FillRows({
  fills,
  rules,
  digits,
}: {
  readonly fills: readonly FillView[];
  readonly rules: BookView;
  readonly digits: BookDigits;
}): ReactElement {
  if (fills.length === 0) return <Empty title="Nothing has traded yet" />;
  return (
    <table className="table table-wide fills">
      <thead>
        <tr>
          <th>Time</th>
          <th>Side</th>
          <th className="right">Price</th>
          <th className="right">Size</th>
          <th className="right">Worth, {rules.quote}</th>
          <th className="right">Fee, {rules.quote}</th>
          <th>Role</th>
          <th className="right">Trade</th>
        </tr>
      </thead>
      <tbody>
        {fills.map(({ tradeNumber, orderId, side, role, price, size, fee, time }) => (
          // Both sides of a trade are one's own where self-trade prevention did not apply.
          <tr key={`${tradeNumber}-${orderId}`} data-testid="fill">
            <td className="num">{clockText(time)}</td>
            <td>
              <Chip tone={side === 'buy' ? 'good' : 'bad'}>{side}</Chip>
            </td>
            <td className="num right">{Number(price).toFixed(digits.price)}</td>
            <td className="num right">{grouped(size, digits.size)}</td>
            <td className="num right">{grouped((Number(price) * Number(size)).toFixed(2))}</td>
            <td className="num right">{grouped(fee)}</td>
            <td className="dim">{role}</td>
            <td className="num right">{counted(tradeNumber)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
