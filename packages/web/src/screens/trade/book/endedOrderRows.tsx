import type { BookOrderView } from '@lawbook/api/schema/bookActions';
import type { ReactElement } from 'react';
import { useState } from 'react';
import type { BookDesk, RefusedAct } from '../../../live/bookDesk.ts';
import { isEnded } from '../../../live/bookDesk.ts';
import { useLive } from '../../../live/live.ts';
import { Chip, Empty } from '../../../parts/marks.tsx';
import { grouped } from '../../../words/numbers.ts';
import { clockText } from '../../../words/times.ts';
import { RefusalLife } from '../refusalLife.tsx';
import type { BookDigits } from './bookProps.ts';
import { END_REASONS, END_WORDS, orderWords } from './orderWords.ts';

const SHOWN = 60;

type Entry =
  | { readonly kind: 'order'; readonly atMs: number; readonly order: BookOrderView }
  | { readonly kind: 'refused'; readonly atMs: number; readonly refused: RefusedAct };

/** Orders that trade no more, and what was refused, new to old. */
export function EndedOrderRows({
  own,
  digits,
}: {
  readonly own: BookDesk;
  readonly digits: BookDigits;
}): ReactElement {
  const orders = useLive(own.orders) ?? [];
  const refused = useLive(own.refused);
  const entries: Entry[] = [
    ...orders.filter(isEnded).map((order): Entry => {
      return { kind: 'order', atMs: Date.parse(order.admittedAt), order };
    }),
    ...refused.map((act): Entry => ({ kind: 'refused', atMs: act.atMs, refused: act })),
  ].sort((a, b) => b.atMs - a.atMs);
  if (entries.length === 0) {
    return <Empty title="No past orders">Orders that end, and refused ones, stay here.</Empty>;
  }
  return (
    <table className="table table-wide past-orders">
      <thead>
        <tr>
          <th>Time</th>
          <th>Side</th>
          <th className="right">Price</th>
          <th className="right">Size</th>
          <th className="right">Filled</th>
          <th className="right">On average</th>
          <th>Terms</th>
          <th>State</th>
        </tr>
      </thead>
      <tbody>
        {entries
          .slice(0, SHOWN)
          .map((entry) =>
            entry.kind === 'order' ? (
              <EndedRow key={entry.order.orderId} order={entry.order} digits={digits} />
            ) : (
              <RefusedRow key={`refused-${entry.refused.key}`} refused={entry.refused} />
            ),
          )}
      </tbody>
    </table>
  );
}

function EndedRow({
  order,
  digits,
}: {
  readonly order: BookOrderView;
  readonly digits: BookDigits;
}): ReactElement {
  const { terms, price, size, filledSize, averagePrice, status, reason, admittedAt } = order;
  const isFilled = status === 'filled';
  return (
    <tr>
      <td className="num">{clockText(admittedAt)}</td>
      <td>
        <Chip tone={terms.side === 'buy' ? 'good' : 'bad'}>{terms.side}</Chip>
      </td>
      <td className="num right">{Number(price).toFixed(digits.price)}</td>
      <td className="num right">{grouped(size, digits.size)}</td>
      <td className="num right">{grouped(filledSize, digits.size)}</td>
      <td className="num right">
        {averagePrice === undefined ? '–' : Number(averagePrice).toFixed(digits.price + 1)}
      </td>
      <td className="dim">{orderWords(order)}</td>
      <td>
        <Chip tone={isFilled ? 'good' : 'plain'} title={reason}>
          {END_WORDS[status]}
        </Chip>{' '}
        {!isFilled && <span className="dim">{END_REASONS[reason] ?? ''}</span>}
      </td>
    </tr>
  );
}

function RefusedRow({ refused }: { readonly refused: RefusedAct }): ReactElement {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <tr className={isOpen ? 'row-open' : undefined}>
        <td className="num">{clockText(new Date(refused.atMs).toISOString())}</td>
        <td colSpan={6}>
          <button
            type="button"
            className="row-button"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            {refused.words}
          </button>
        </td>
        <td>
          <Chip tone="bad">not accepted</Chip>
        </td>
      </tr>
      {isOpen && (
        <tr className="row-life">
          <td colSpan={8}>
            <RefusalLife rejection={refused.rejection} />
          </td>
        </tr>
      )}
    </>
  );
}
