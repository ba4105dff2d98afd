import type { ReactElement } from 'react';
import { useState } from 'react';
import type { BookDesk } from '../../../live/bookDesk.ts';
import { isEnded } from '../../../live/bookDesk.ts';
import { useLive } from '../../../live/live.ts';
import { say } from '../../../live/toasts.ts';
import { troubleOf } from '../../../live/trouble.ts';
import { Empty, Loading } from '../../../parts/marks.tsx';
import { counted } from '../../../words/numbers.ts';
import type { BookDigits } from './bookProps.ts';
import { EndedOrderRows } from './endedOrderRows.tsx';
import { FillRows } from './fillRows.tsx';
import { OpenOrderRows } from './openOrderRows.tsx';

const TABS = { open: 'Open orders', ended: 'Past orders', fills: 'My fills' } as const;
type Tab = keyof typeof TABS;

/** What the account does in this book. */
export function BookActivity({
  own,
  digits,
}: {
  readonly own: BookDesk | undefined;
  readonly digits: BookDigits;
}): ReactElement {
  const [tab, setTab] = useState<Tab>('open');
  return (
    <section className="panel activity">
      <div className="tabs" role="tablist" aria-label="What the account does here">
        {(Object.keys(TABS) as Tab[]).map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`book-tab-${name}`}
            aria-selected={name === tab}
            aria-controls="book-activity"
            onClick={() => setTab(name)}
          >
            {TABS[name]}
            {name === 'open' && own !== undefined && <OpenCount own={own} />}
          </button>
        ))}
        {own !== undefined && <CancelAll own={own} />}
      </div>
      <div
        id="book-activity"
        role="tabpanel"
        aria-labelledby={`book-tab-${tab}`}
        className="activity-list"
      >
        {own === undefined ? (
          <Empty title="No account is chosen">Your orders and fills will be listed here.</Empty>
        ) : (
          <List own={own} tab={tab} digits={digits} />
        )}
      </div>
    </section>
  );
}

function List({
  own,
  tab,
  digits,
}: {
  readonly own: BookDesk;
  readonly tab: Tab;
  readonly digits: BookDigits;
}): ReactElement {
  const orders = useLive(own.orders);
  const fills = useLive(own.fills);
  const trouble = useLive(own.trouble);
  if (orders === undefined || fills === undefined) {
    if (trouble === undefined) return <Loading what="your orders" />;
    return <Empty title="Your orders could not be read">{trouble}</Empty>;
  }
  if (tab === 'fills') return <FillRows fills={fills} rules={own.book.rules} digits={digits} />;
  if (tab === 'ended') return <EndedOrderRows own={own} digits={digits} />;
  const open = orders.filter((order) => !isEnded(order));
  return <OpenOrderRows own={own} orders={open} digits={digits} />;
}

function OpenCount({ own }: { readonly own: BookDesk }): ReactElement | null {
  const orders = useLive(own.orders);
  const count = orders?.filter((order) => !isEnded(order)).length ?? 0;
  return count === 0 ? null : <span className="tab-count num">{counted(count)}</span>;
}

function CancelAll({ own }: { readonly own: BookDesk }): ReactElement | null {
  const orders = useLive(own.orders);
  const [isBusy, setBusy] = useState(false);
  const count = orders?.filter((order) => !isEnded(order)).length ?? 0;
  if (count < 2) return null;
  const cancelAll = async (): Promise<void> => {
    setBusy(true);
    try {
      await own.cancelAll();
    } catch (cause) {
      say({ tone: 'bad', title: 'The cancel was not confirmed', words: troubleOf(cause) });
      own.reread();
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      className="link tabs-act"
      disabled={isBusy}
      onClick={() => void cancelAll()}
    >
      Cancel all {counted(count)}
    </button>
  );
}
