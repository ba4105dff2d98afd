import type { MarketView } from '@lawbook/api/schema/marketViews';
import type { OrderView } from '@lawbook/api/schema/orderViews';
import type { ReactElement } from 'react';
import { useState } from 'react';
import type { Desk, RefusedOrder } from '../../live/desk.ts';
import { useLive } from '../../live/live.ts';
import { Chip, Empty, Loading } from '../../parts/marks.tsx';
import { STATUSES } from '../../words/meanings.ts';
import { amountDigits, counted, grouped, rateText } from '../../words/numbers.ts';
import { clockText } from '../../words/times.ts';
import { OrderLife } from './orderLife.tsx';
import { RefusalLife } from './refusalLife.tsx';

const TONES = {
  new: 'accent',
  filled: 'good',
  partiallyFilled: 'warn',
  canceled: 'plain',
  expired: 'plain',
} as const;

/** The reader's orders, refused ones among them, each with its life one click away. */
export function OrderRows({
  own,
  market,
}: {
  readonly own: Desk;
  readonly market: MarketView;
}): ReactElement {
  const orders = useLive(own.orders);
  const refused = useLive(own.refused);
  const [open, setOpen] = useState<string>();
  const toggle = (key: string): void => setOpen(open === key ? undefined : key);
  if (orders === undefined) return <Loading what="your orders" />;
  if (orders.length === 0 && refused.length === 0) {
    return (
      <Empty title="No orders yet">Place one with the ticket; its whole life shows here.</Empty>
    );
  }
  const rows = [
    ...refused.map((order) => ({ atMs: order.atMs, kind: 'refused' as const, order })),
    ...orders.map((order) => ({
      atMs: Date.parse(order.admittedAt),
      kind: 'admitted' as const,
      order,
    })),
  ].sort((a, b) => b.atMs - a.atMs);
  return (
    <table className="table table-wide orders">
      <thead>
        <tr>
          <th>Time</th>
          <th>Order</th>
          <th className="right">Paid</th>
          <th className="right">Received</th>
          <th className="right">Rate</th>
          <th>State</th>
          <th className="right">Batch</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) =>
          row.kind === 'refused' ? (
            <RefusedRow
              key={`refused-${row.order.key}`}
              refused={row.order}
              isOpen={open === `refused-${row.order.key}`}
              toggle={() => toggle(`refused-${row.order.key}`)}
            />
          ) : (
            <OrderRow
              key={row.order.orderId}
              order={row.order}
              own={own}
              market={market}
              isOpen={open === row.order.orderId}
              toggle={() => toggle(row.order.orderId)}
            />
          ),
        )}
      </tbody>
    </table>
  );
}

function OrderRow({
  order,
  own,
  market,
  isOpen,
  toggle,
}: {
  readonly order: OrderView;
  readonly own: Desk;
  readonly market: MarketView;
  readonly isOpen: boolean;
  readonly toggle: () => void;
}): ReactElement {
  const { pay, receive, budget, paid, received, status } = order;
  const traded = Number(received) > 0;
  return (
    <>
      <tr className={isOpen ? 'row-open' : undefined}>
        <td className="num">{clockText(order.admittedAt)}</td>
        <td>
          <button type="button" className="row-button" aria-expanded={isOpen} onClick={toggle}>
            <span className="num">{grouped(budget, amountDigits(pay, 2))}</span> {pay} → {receive}
          </button>
        </td>
        <td className="num right" title={paid}>
          {traded ? `${grouped(paid, amountDigits(pay, 2))} ${pay}` : '–'}
        </td>
        <td className="num right" title={received}>
          {traded ? `${grouped(received, amountDigits(receive, 2))} ${receive}` : '–'}
        </td>
        <td className="num right">{traded ? rateText(Number(paid) / Number(received)) : '–'}</td>
        <td>
          <Chip tone={TONES[status]}>{STATUSES[status]}</Chip>
        </td>
        <td className="num right">{counted(order.batchNumber)}</td>
      </tr>
      {isOpen && (
        <tr className="row-life">
          <td colSpan={7}>
            <OrderLife order={order} own={own} market={market} />
          </td>
        </tr>
      )}
    </>
  );
}

function RefusedRow({
  refused,
  isOpen,
  toggle,
}: {
  readonly refused: RefusedOrder;
  readonly isOpen: boolean;
  readonly toggle: () => void;
}): ReactElement {
  const { pay, receive, amount } = refused.request;
  return (
    <>
      <tr className={isOpen ? 'row-open' : undefined}>
        <td className="num">{clockText(new Date(refused.atMs).toISOString())}</td>
        <td>
          <button type="button" className="row-button" aria-expanded={isOpen} onClick={toggle}>
            <span className="num">{amount}</span> {pay} → {receive}
          </button>
        </td>
        <td className="right">–</td>
        <td className="right">–</td>
        <td className="right">–</td>
        <td>
          <Chip tone="bad">not accepted</Chip>
        </td>
        <td className="right">–</td>
      </tr>
      {isOpen && (
        <tr className="row-life">
          <td colSpan={7}>
            <RefusalLife rejection={refused.rejection} />
          </td>
        </tr>
      )}
    </>
  );
}
