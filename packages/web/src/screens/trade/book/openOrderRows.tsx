import type { BookOrderView } from '@lawbook/api/schema/bookActions';
import type { FormEvent, KeyboardEvent, ReactElement } from 'react';
import { useState } from 'react';
import type { BookDesk } from '../../../live/bookDesk.ts';
import { say } from '../../../live/toasts.ts';
import { troubleOf } from '../../../live/trouble.ts';
import { Chip, Empty } from '../../../parts/marks.tsx';
import { grouped, plainDecimal } from '../../../words/numbers.ts';
import { clockText } from '../../../words/times.ts';
import type { BookDigits } from './bookProps.ts';
import { orderWords } from './orderWords.ts';

interface RowProps {
  readonly own: BookDesk;
  readonly order: BookOrderView;
  readonly digits: BookDigits;
}

/** Open orders, each of which can be changed in its row or cancelled. */
export function OpenOrderRows({
  own,
  orders,
  digits,
}: {
  readonly own: BookDesk;
  readonly orders: readonly BookOrderView[];
  readonly digits: BookDigits;
}): ReactElement {
  const [edited, edit] = useState<string>();
  if (orders.length === 0) {
    return <Empty title="No open orders">What does not trade at once rests here.</Empty>;
  }
  return (
    <table className="table table-wide open-orders">
      <thead>
        <tr>
          <th>Time</th>
          <th>Side</th>
          <th className="right">Price</th>
          <th className="right">Size</th>
          <th className="right">Filled</th>
          <th>Terms</th>
          <th>
            <span className="visually-hidden">Change or cancel</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {orders.map((order) =>
          edited === order.orderId ? (
            <EditedRow
              key={order.orderId}
              own={own}
              order={order}
              digits={digits}
              close={() => edit(undefined)}
            />
          ) : (
            <PlainRow
              key={order.orderId}
              own={own}
              order={order}
              digits={digits}
              edit={() => edit(order.orderId)}
            />
          ),
        )}
      </tbody>
    </table>
  );
}

function PlainRow({
  own,
  order,
  digits,
  edit,
}: RowProps & { readonly edit: () => void }): ReactElement {
  const [isBusy, setBusy] = useState(false);
  const cancel = async (): Promise<void> => {
    setBusy(true);
    try {
      await own.cancel(order.orderId);
    } catch (cause) {
      say({ tone: 'bad', title: 'The cancel was not confirmed', words: troubleOf(cause) });
      own.reread();
    } finally {
      setBusy(false);
    }
  };
  const name = `order ${order.orderId}`;
  return (
    <tr data-testid="open-order">
      <FirstCells order={order} />
      <td className="num right">{Number(order.price).toFixed(digits.price)}</td>
      <td className="num right">{grouped(order.size, digits.size)}</td>
      <td className="num right">{grouped(order.filledSize, digits.size)}</td>
      <td className="dim">{orderWords(order)}</td>
      <td className="right row-acts">
        <button type="button" className="link" aria-label={`Change ${name}`} onClick={edit}>
          Change
        </button>
        <button
          type="button"
          className="link"
          aria-label={`Cancel ${name}`}
          disabled={isBusy}
          onClick={() => void cancel()}
        >
          Cancel
        </button>
      </td>
    </tr>
  );
}

function FirstCells({ order }: { readonly order: BookOrderView }): ReactElement {
  const { side } = order.terms;
  return (
    <>
      <td className="num">{clockText(order.admittedAt)}</td>
      <td>
        <Chip tone={side === 'buy' ? 'good' : 'bad'}>{side}</Chip>
      </td>
    </>
  );
}

/** The fields of an order in its place; Enter saves, Escape leaves it as it was. */
function EditedRow({
  own,
  order,
  digits,
  close,
}: RowProps & { readonly close: () => void }): ReactElement {
  const before = {
    price: Number(order.price).toFixed(digits.price),
    size: Number(order.size).toFixed(digits.size),
  };
  const [typed, setTyped] = useState(before);
  const [isBusy, setBusy] = useState(false);
  const keepsPrice = plainDecimal(typed.price) === before.price;
  const shrinks = Number(plainDecimal(typed.size)) <= Number(before.size);
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const [price, size] = [plainDecimal(typed.price), plainDecimal(typed.size)];
    setBusy(true);
    try {
      const { orderId } = order;
      // Only an order that stays at its price and shrinks keeps its place in the queue.
      const answer = await own.amend({
        orderId,
        size,
        ...(keepsPrice && shrinks ? {} : { price }),
      });
      if (answer !== undefined) close();
    } catch (cause) {
      say({ tone: 'bad', title: 'The change was not confirmed', words: troubleOf(cause) });
      own.reread();
    } finally {
      setBusy(false);
    }
  };
  const form = `amend-${order.orderId}`;
  const field = (name: 'price' | 'size'): ReactElement => (
    <RowField
      form={form}
      name={name}
      orderId={order.orderId}
      typed={typed[name]}
      change={(text) => setTyped({ ...typed, [name]: text })}
      leave={close}
    />
  );
  return (
    <tr className="row-open">
      <FirstCells order={order} />
      <td className="num right">{field('price')}</td>
      <td className="num right">{field('size')}</td>
      <td className="num right">{grouped(order.filledSize, digits.size)}</td>
      <td className={keepsPrice && shrinks ? 'dim' : 'warn'}>
        {keepsPrice && shrinks ? 'keeps its place' : 'goes behind others'}
      </td>
      <td className="right row-acts">
        <form id={form} onSubmit={(event) => void save(event)}>
          <button type="submit" className="link" disabled={isBusy}>
            Save
          </button>
          <button type="button" className="link" onClick={close}>
            Leave
          </button>
        </form>
      </td>
    </tr>
  );
}

function RowField({
  form,
  name,
  orderId,
  typed,
  change,
  leave,
}: {
  readonly form: string;
  readonly name: 'price' | 'size';
  readonly orderId: string;
  readonly typed: string;
  readonly change: (typed: string) => void;
  readonly leave: () => void;
}): ReactElement {
  const keys = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') leave();
  };
  return (
    <input
      form={form}
      className="row-field"
      aria-label={`New ${name} of order ${orderId}`}
      data-testid={`amend-${name}`}
      inputMode="decimal"
      autoComplete="off"
      value={typed}
      onChange={({ target }) => change(target.value)}
      onKeyDown={keys}
    />
  );
}
