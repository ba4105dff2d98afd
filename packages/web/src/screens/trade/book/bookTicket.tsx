import { buildBookOrder } from '@lawbook/api/client/buildBookOrder';
import type { BookView } from '@lawbook/api/schema/bookViews';
import type { Result } from '@lawbook/exchange/failures/result';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { BookOrder } from '@lawbook/exchange/orders/bookOrder';
import { NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import type { FormEvent, ReactElement } from 'react';
import { useEffect, useRef, useState } from 'react';
import type { BookDesk } from '../../../live/bookDesk.ts';
import type { BookLink } from '../../../live/bookLink.ts';
import { useLive } from '../../../live/live.ts';
import { useShortcuts } from '../../../live/shortcuts.ts';
import { say } from '../../../live/toasts.ts';
import { troubleOf } from '../../../live/trouble.ts';
import { Panel } from '../../../parts/marks.tsx';
import { counted } from '../../../words/numbers.ts';
import { RefusalLife } from '../refusalLife.tsx';
import type { TicketProps } from './bookProps.ts';
import type { BookWish } from './bookWish.ts';
import { bookRequestOf } from './bookWish.ts';
import { EstimateLines } from './estimateLines.tsx';
import { joiningPrice, TicketFields } from './ticketFields.tsx';

/** The ticket of a book: what to trade, and what it costs and holds before it is signed. */
export function BookTicket(props: TicketProps): ReactElement {
  const { book, own, wish, setWish } = props;
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useTicketKeys(form, wish, setWish);
  useFirstPrice(props);
  const request = bookRequestOf(book.rules.marketId, wish, Date.now());
  const place = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (own === undefined || request === undefined || isBusy) return;
    setBusy(true);
    try {
      const answer = await own.place(request);
      if (answer?.kind === 'accepted') {
        const words = `As sequence ${counted(answer.sequence)}, order ${answer.orderId}.`;
        say({ tone: 'plain', title: 'Order accepted', words });
      }
    } catch (cause) {
      say({ tone: 'bad', title: 'The order was not confirmed', words: troubleOf(cause) });
      own.reread();
    } finally {
      setBusy(false);
    }
  };
  const verb = wish.side === 'buy' ? 'buy' : 'sell';
  return (
    <Panel title="Order" className="ticket book-ticket">
      <form ref={form} onSubmit={(event) => void place(event)}>
        <TicketFields {...props} />
        <Preview {...props} />
        <button
          type="submit"
          className={`button button-main ${wish.side === 'sell' ? 'button-sell' : ''}`}
          disabled={own === undefined || request === undefined || isBusy}
        >
          {own === undefined
            ? 'Choose an account first'
            : isBusy
              ? 'Signing and sending'
              : `Sign and ${verb} as ${own.desk.who.name}`}
        </button>
      </form>
      {own !== undefined && <LastRefusal own={own} />}
    </Panel>
  );
}

/** What the order would come to, or why it cannot be sent as it stands. */
function Preview({ book, own, wish, digits }: TicketProps): ReactElement {
  useLive(book.version);
  const order = draftOf(book, wish);
  if (order === undefined) {
    return (
      <p className="hint preview-none">
        Enter a size{wish.type === 'market' ? '' : ' and a price'}.
      </p>
    );
  }
  if (!order.ok) {
    const { field, rule, limit, actual, fix } = order.rejection;
    return (
      <p className="hint bad preview-none" data-testid="draft-refusal">
        <code>{field}</code>: {rule} {limit === undefined ? '' : `Here: ${limit}. `}
        {actual === undefined || actual === '' ? '' : `Found ${actual}. `}
        {fix}
      </p>
    );
  }
  return <EstimateLines order={order.value} book={book} own={own} digits={digits} />;
}

const NOBODY = accountId(`0x${'00'.repeat(20)}`);

/** The order as it would be signed, by the best prices that the ladder shows. */
function draftOf(book: BookLink, wish: BookWish): Result<BookOrder> | undefined {
  const { rules, ladder } = book;
  const request = bookRequestOf(rules.marketId, wish, 0);
  if (request === undefined) return undefined;
  const { bestBid: _, bestAsk: __, ...plain } = rules;
  const [bestBid] = ladder.bids;
  const [bestAsk] = ladder.asks;
  const view: BookView = {
    ...plain,
    ...(bestBid !== undefined && { bestBid }),
    ...(bestAsk !== undefined && { bestAsk }),
  };
  return buildBookOrder(request, view, {
    owner: NOBODY,
    orderNonce: 0n,
    expiresAtMs: 0,
    clientOrderId: NO_CLIENT_ORDER_ID,
  });
}

/** The newest refusal, where the order was written, until something later was taken. */
function LastRefusal({ own }: { readonly own: BookDesk }): ReactElement | null {
  const [refused] = useLive(own.refused);
  const orders = useLive(own.orders);
  if (refused === undefined) return null;
  const later = orders?.some(({ admittedAt }) => Date.parse(admittedAt) > refused.atMs);
  if (later === true) return null;
  return (
    <div role="alert" data-testid="refusal">
      <RefusalLife rejection={refused.rejection} asked={refused.words} />
    </div>
  );
}

/** Writes the price of the first ladder into a ticket that has none. */
function useFirstPrice({ book, setWish, digits }: TicketProps): void {
  const isLive = useLive(book.sync).state === 'live';
  useEffect(() => {
    if (!isLive) return;
    // Whoever clicked a price meanwhile has one.
    setWish((now) => {
      return now.price === '' ? { ...now, price: joiningPrice(book, now.side, digits.price) } : now;
    });
  }, [isLive, book, digits.price, setWish]);
}

function useTicketKeys(
  form: { readonly current: HTMLFormElement | null },
  wish: BookWish,
  setWish: (wish: BookWish) => void,
): void {
  const focus = (name: string): void => {
    const field = form.current?.querySelector<HTMLInputElement>(`[name="${name}"]`);
    field?.focus();
    field?.select();
  };
  useShortcuts([
    { key: 'b', words: 'Buy', run: () => setWish({ ...wish, side: 'buy' }) },
    { key: 's', words: 'Sell', run: () => setWish({ ...wish, side: 'sell' }) },
    { key: 'l', words: 'Limit order', run: () => setWish({ ...wish, type: 'limit' }) },
    { key: 'm', words: 'Market order', run: () => setWish({ ...wish, type: 'market' }) },
    {
      key: 'p',
      words: 'To the price; ↑ ↓ step by a tick, with shift by ten',
      run: () => focus('price'),
    },
    {
      key: 'q',
      words: 'To the size; ↑ ↓ step by a lot, with shift by ten',
      run: () => focus('size'),
    },
  ]);
}
