import type { OrderRequest } from '@lawbook/api/client/createOrder';
import type { MarketView } from '@lawbook/api/schema/marketViews';
import type { FormEvent, ReactElement } from 'react';
import { useId, useRef, useState } from 'react';
import { desk } from '../../live/desk.ts';
import { useLive } from '../../live/live.ts';
import { useShortcuts } from '../../live/shortcuts.ts';
import { say } from '../../live/toasts.ts';
import { troubleOf } from '../../live/trouble.ts';
import { Panel, Term } from '../../parts/marks.tsx';
import { TERMS } from '../../words/meanings.ts';
import { counted, grouped, plainDecimal } from '../../words/numbers.ts';
import type { Pair } from './pair.ts';
import { PreviewLines } from './previewLines.tsx';
import { RefusalLife } from './refusalLife.tsx';

/** What a person typed. */
interface Wish {
  readonly amount: string;
  readonly limit: string;
  readonly minFill: string;
}

const NO_WISH: Wish = { amount: '1000', limit: '', minFill: '' };

/** The order ticket: what to pay, what to receive, and what the venue would give for it now. */
export function Ticket({
  market,
  pair,
  setPair,
}: {
  readonly market: MarketView;
  readonly pair: Pair;
  readonly setPair: (pair: Pair) => void;
}): ReactElement {
  const now = useLive(desk);
  const [wish, setWish] = useState<Wish>(NO_WISH);
  const [isBusy, setBusy] = useState(false);
  const request = requestOf(pair, wish);
  const form = useRef<HTMLFormElement>(null);
  useTicketKeys(form, { market, pair, setPair });
  const place = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (now === undefined || request === undefined || isBusy) return;
    setBusy(true);
    try {
      const answer = await now.place(request);
      if (answer?.kind === 'accepted') {
        const { sequence, batchNumber } = answer;
        const words = `As sequence ${counted(sequence)}, for batch ${counted(batchNumber)}.`;
        say({ tone: 'plain', title: 'Order accepted', words });
      }
    } catch (cause) {
      say({ tone: 'bad', title: 'The order was not sent', words: troubleOf(cause) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel title="Order" className="ticket">
      <form ref={form} onSubmit={(event) => void place(event)}>
        <PaySide market={market} pair={pair} setPair={setPair} wish={wish} setWish={setWish} />
        <Conditions pair={pair} wish={wish} setWish={setWish} />
        <PreviewLines request={request} />
        <button
          type="submit"
          className="button button-main"
          disabled={now === undefined || request === undefined || isBusy}
        >
          {now === undefined
            ? 'Choose an account first'
            : isBusy
              ? 'Signing and sending'
              : `Sign and place as ${now.who.name}`}
        </button>
      </form>
      {now !== undefined && <LastRefusal />}
    </Panel>
  );
}

function useTicketKeys(
  form: { readonly current: HTMLFormElement | null },
  { market, pair, setPair }: Pick<SideProps, 'market' | 'pair' | 'setPair'>,
): void {
  const focus = (testId: string): void => {
    const field = form.current?.querySelector<HTMLInputElement>(`[data-testid="${testId}"]`);
    const conditions = field?.closest('details');
    if (conditions) conditions.open = true;
    field?.focus();
    field?.select();
  };
  const flip = (): void => {
    const mayPay = market.products.some(({ symbol, kind }) => {
      return symbol === pair.receive && kind === 'asset';
    });
    if (mayPay) setPair({ pay: pair.receive, receive: pair.pay });
  };
  useShortcuts([
    { key: 'q', words: 'To the amount', run: () => focus('amount') },
    { key: 'p', words: 'To the limit', run: () => focus('limit') },
    { key: 'x', words: 'Exchange the two sides', run: flip },
  ]);
}

interface SideProps {
  readonly market: MarketView;
  readonly pair: Pair;
  readonly setPair: (pair: Pair) => void;
  readonly wish: Wish;
  readonly setWish: (wish: Wish) => void;
}

function PaySide({ market, pair, setPair, wish, setWish }: SideProps): ReactElement {
  const id = useId();
  const assets = market.products.filter(({ kind }) => kind === 'asset');
  const canFlip = assets.some(({ symbol }) => symbol === pair.receive);
  const pay = (symbol: string): void =>
    setPair({ pay: symbol, receive: symbol === pair.receive ? pair.pay : pair.receive });
  const receive = (symbol: string): void =>
    setPair({ pay: symbol === pair.pay ? pair.receive : pair.pay, receive: symbol });
  const mayReceive = market.products.filter(({ symbol, kind }) => {
    // What is paid must be an asset, so a basket cannot change places with it.
    return symbol !== pair.pay && (kind === 'asset' || symbol !== pair.pay);
  });
  return (
    <>
      <label htmlFor={`${id}-amount`}>Pay at most</label>
      <div className="amount-field">
        <input
          id={`${id}-amount`}
          data-testid="amount"
          inputMode="decimal"
          autoComplete="off"
          value={wish.amount}
          onChange={(event) => setWish({ ...wish, amount: event.target.value })}
        />
        <select aria-label="Asset paid" value={pair.pay} onChange={(e) => pay(e.target.value)}>
          {assets.map(({ symbol }) => (
            <option key={symbol}>{symbol}</option>
          ))}
        </select>
      </div>
      <AvailableLine symbol={pair.pay} use={(amount) => setWish({ ...wish, amount })} />
      <div className="receive-row">
        <label htmlFor={`${id}-receive`}>Receive</label>
        <button
          type="button"
          className="icon-button"
          aria-label="Exchange the two sides"
          title="Exchange the two sides"
          disabled={!canFlip}
          onClick={() => setPair({ pay: pair.receive, receive: pair.pay })}
        >
          ⇅
        </button>
        <select
          id={`${id}-receive`}
          value={pair.receive}
          onChange={(event) => receive(event.target.value)}
        >
          {mayReceive.map(({ symbol, kind }) => (
            <option key={symbol} value={symbol}>
              {kind === 'basket' ? `${symbol} (basket)` : symbol}
            </option>
          ))}
        </select>
      </div>
    </>
  );
}

function AvailableLine({
  symbol,
  use,
}: {
  readonly symbol: string;
  readonly use: (amount: string) => void;
}): ReactElement | null {
  const now = useLive(desk);
  return now === undefined ? null : <AvailableOf desk={now} symbol={symbol} use={use} />;
}

function AvailableOf({
  desk: own,
  symbol,
  use,
}: {
  readonly desk: NonNullable<ReturnType<typeof desk.get>>;
  readonly symbol: string;
  readonly use: (amount: string) => void;
}): ReactElement {
  const account = useLive(own.account);
  const [executed] = account?.levels ?? [];
  const balance = executed?.balances?.find((known) => known.symbol === symbol);
  const amount = balance?.available ?? '0';
  return (
    <p className="hint">
      <Term meaning={TERMS.available}>Available</Term>{' '}
      <button type="button" className="link num" onClick={() => use(amount)} title={amount}>
        {account === undefined ? '–' : grouped(amount)} {symbol}
      </button>
    </p>
  );
}

function Conditions({
  pair,
  wish,
  setWish,
}: Pick<SideProps, 'pair' | 'wish' | 'setWish'>): ReactElement {
  const id = useId();
  return (
    <details className="conditions" open={wish.limit !== '' || wish.minFill !== ''}>
      <summary>Limit and minimum fill</summary>
      <div className="condition">
        <Term meaning={TERMS.limit}>Limit</Term>
        <span className="amount-field">
          <input
            id={`${id}-limit`}
            aria-label={`Limit, ${pair.pay} per ${pair.receive}`}
            data-testid="limit"
            inputMode="decimal"
            autoComplete="off"
            placeholder="none: market order"
            value={wish.limit}
            onChange={(event) => setWish({ ...wish, limit: event.target.value })}
          />
          <span className="unit">
            {pair.pay}/{pair.receive}
          </span>
        </span>
      </div>
      <div className="condition">
        <Term meaning={TERMS.minFill}>Minimum fill</Term>
        <span className="amount-field">
          <input
            aria-label="Minimum fill, percent"
            inputMode="decimal"
            autoComplete="off"
            placeholder="none"
            value={wish.minFill}
            onChange={(event) => setWish({ ...wish, minFill: event.target.value })}
          />
          <span className="unit">%</span>
        </span>
      </div>
    </details>
  );
}

/** The newest refusal, where the order was written; the list of orders keeps them all. */
function LastRefusal(): ReactElement | null {
  const now = useLive(desk);
  return now === undefined ? null : <RefusalOf desk={now} />;
}

function RefusalOf({
  desk: own,
}: {
  readonly desk: NonNullable<ReturnType<typeof desk.get>>;
}): ReactElement | null {
  const [refused] = useLive(own.refused);
  const orders = useLive(own.orders);
  if (refused === undefined) return null;
  const later = orders?.some(({ admittedAt }) => Date.parse(admittedAt) > refused.atMs);
  if (later === true) return null;
  return (
    <div role="alert" data-testid="refusal">
      <RefusalLife rejection={refused.rejection} />
    </div>
  );
}

/** The order as the client builds it; undefined while there is no amount. */
function requestOf({ pay, receive }: Pair, wish: Wish): OrderRequest | undefined {
  const amount = plainDecimal(wish.amount);
  if (amount === '') return undefined;
  const limit = plainDecimal(wish.limit);
  const percent = plainDecimal(wish.minFill);
  return {
    pay,
    receive,
    amount,
    ...(limit === '' ? {} : { limit }),
    ...(percent === '' ? {} : { minFill: partOf(percent) }),
  };
}

/** Percent as a part of one, moved by two places without rounding; what is none stays as it is. */
function partOf(percent: string): string {
  const match = /^(\d{1,3})(?:\.(\d{1,4}))?$/.exec(percent);
  if (match === null) return percent;
  const digits = (match[1] ?? '').padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}${match[2] ?? ''}`;
}
