import type { KeyboardEvent, ReactElement, ReactNode } from 'react';
import type { BookLink } from '../../../live/bookLink.ts';
import type { Desk } from '../../../live/desk.ts';
import { useLive } from '../../../live/live.ts';
import { Term } from '../../../parts/marks.tsx';
import { TERMS } from '../../../words/meanings.ts';
import { grouped, plainDecimal } from '../../../words/numbers.ts';
import type { TicketProps } from './bookProps.ts';
import type { BookWish } from './bookWish.ts';
import { mayRest } from './bookWish.ts';

const TYPES = { limit: 'Limit', market: 'Market', stop: 'Stop' } as const;
const PARTS = [25, 50, 75, 100] as const;

/** Everything that is written into the ticket of a book. */
export function TicketFields(props: TicketProps): ReactElement {
  const { book, own, wish, setWish, digits } = props;
  const { rules } = book;
  const [tick, lot] = [Number(rules.tickSize), Number(rules.lotSize)];
  const set = (change: Partial<BookWish>): void => setWish({ ...wish, ...change });
  const bestPrice = joiningPrice(book, wish.side, digits.price);
  return (
    <>
      <Choice
        label="Side"
        className="sides"
        options={{ buy: `Buy ${rules.base}`, sell: `Sell ${rules.base}` }}
        chosen={wish.side}
        choose={(side) => set({ side })}
      />
      <Choice
        label="Kind of order"
        className="kinds"
        options={TYPES}
        chosen={wish.type}
        choose={(type) => set({ type, price: wish.price === '' ? bestPrice : wish.price })}
      />
      {wish.type === 'stop' && (
        <StopFields
          wish={wish}
          set={set}
          step={{ by: tick, digits: digits.price }}
          unit={rules.quote}
        />
      )}
      {wish.type === 'market' ? (
        <Field label={<Term meaning={TERMS.worst}>At worst</Term>} unit="% past the best price">
          <input
            name="price"
            aria-label="At worst, percent past the best price"
            inputMode="decimal"
            autoComplete="off"
            value={wish.slippage}
            onChange={({ target }) => set({ slippage: target.value })}
          />
        </Field>
      ) : (
        <StepField
          name="price"
          label="Price"
          unit={rules.quote}
          typed={wish.price}
          placeholder={bestPrice}
          step={{ by: tick, digits: digits.price }}
          change={(price) => set({ price })}
        />
      )}
      <StepField
        name="size"
        label="Size"
        unit={rules.base}
        typed={wish.size}
        placeholder="0"
        step={{ by: lot, digits: digits.size }}
        change={(size) => set({ size })}
      />
      {own !== undefined && <Parts {...props} desk={own.desk} />}
      <Conditions wish={wish} set={set} />
    </>
  );
}

/** The best price of one's own side: an order there joins the queue and does not trade at once. */
export function joiningPrice(book: BookLink, side: BookWish['side'], digits: number): string {
  const [best] = side === 'buy' ? book.ladder.bids : book.ladder.asks;
  return best === undefined ? '' : Number(best.price).toFixed(digits);
}

/** A row of buttons of which one is chosen. */
function Choice<T extends string>({
  label,
  className,
  options,
  chosen,
  choose,
}: {
  readonly label: string;
  readonly className: string;
  readonly options: Readonly<Record<T, string>>;
  readonly chosen: T;
  readonly choose: (option: T) => void;
}): ReactElement {
  return (
    <fieldset className={`choice ${className}`} aria-label={label}>
      {(Object.keys(options) as T[]).map((option) => (
        <button
          key={option}
          type="button"
          className={`choice-${option}`}
          aria-pressed={option === chosen}
          onClick={() => choose(option)}
        >
          {options[option]}
        </button>
      ))}
    </fieldset>
  );
}

function Field({
  label,
  unit,
  children,
}: {
  readonly label: ReactNode;
  readonly unit: string;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <div className="book-field">
      <span className="book-field-name">{label}</span>
      <span className="amount-field">
        {children}
        <span className="unit">{unit}</span>
      </span>
    </div>
  );
}

interface Step {
  readonly by: number;
  readonly digits: number;
}

interface StepProps {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  readonly typed: string;
  readonly placeholder: string;
  readonly step: Step;
  readonly change: (typed: string) => void;
}

const STEPS_WITH_SHIFT = 10;

/** A figure that keys and buttons move by the step of the book. */
function StepField({
  name,
  label,
  unit,
  typed,
  placeholder,
  step,
  change,
}: StepProps): ReactElement {
  const move = (steps: number): void => {
    const now = Number(plainDecimal(typed === '' ? placeholder : typed));
    const next = Math.max(0, (Math.round(now / step.by) + steps) * step.by);
    if (Number.isFinite(next)) change(next.toFixed(step.digits));
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    const by = event.shiftKey ? STEPS_WITH_SHIFT : 1;
    move(event.key === 'ArrowUp' ? by : -by);
  };
  return (
    <Field label={label} unit={unit}>
      <button
        type="button"
        className="stepper"
        tabIndex={-1}
        aria-label={`${label} one step down`}
        onClick={() => move(-1)}
      >
        −
      </button>
      <input
        name={name}
        data-testid={`book-${name}`}
        aria-label={`${label}, ${unit}`}
        inputMode="decimal"
        autoComplete="off"
        placeholder={placeholder}
        value={typed}
        onChange={({ target }) => change(target.value)}
        onKeyDown={keys}
      />
      <button
        type="button"
        className="stepper"
        tabIndex={-1}
        aria-label={`${label} one step up`}
        onClick={() => move(1)}
      >
        +
      </button>
    </Field>
  );
}

/** What the account could trade at most, and parts of it. */
function Parts({
  book,
  wish,
  setWish,
  digits,
  desk,
}: TicketProps & { readonly desk: Desk }): ReactElement {
  const account = useLive(desk.account);
  const { rules, ladder } = book;
  const [executed] = account?.levels ?? [];
  const symbol = wish.side === 'buy' ? rules.quote : rules.base;
  const balance = executed?.balances?.find((known) => known.symbol === symbol);
  const available = Number(balance?.available ?? 0);
  const use = (percent: number): void => {
    const [ask] = ladder.asks;
    const typed = Number(plainDecimal(wish.price));
    // A market order sets aside what its worst price would cost.
    const worst = Number(ask?.price ?? 0) * (1 + Number(wish.slippage) / 100);
    const price = wish.type === 'market' ? worst : typed;
    const fee = 1 + Math.max(rules.takerFeePpm, rules.makerFeePpm, 0) / 1e6;
    const most = wish.side === 'sell' ? available : available / (price * fee);
    const lot = Number(rules.lotSize);
    const size = Math.floor((most * percent) / 100 / lot + 1e-9) * lot;
    if (Number.isFinite(size)) setWish({ ...wish, size: size.toFixed(digits.size) });
  };
  return (
    <p className="hint parts-row">
      <span>
        <Term meaning={TERMS.available}>Available</Term>{' '}
        <span className="num" title={balance?.available}>
          {account === undefined ? '–' : grouped(balance?.available ?? '0', 2)} {symbol}
        </span>
      </span>
      <span className="parts-buttons">
        {PARTS.map((percent) => (
          <button key={percent} type="button" className="link num" onClick={() => use(percent)}>
            {percent} %
          </button>
        ))}
      </span>
    </p>
  );
}

function StopFields({
  wish,
  set,
  step,
  unit,
}: {
  readonly wish: BookWish;
  readonly set: (change: Partial<BookWish>) => void;
  readonly step: Step;
  readonly unit: string;
}): ReactElement {
  return (
    <>
      <div className="book-field">
        <span className="book-field-name">
          <Term meaning={TERMS.stop}>Wakes when</Term>
        </span>
        <select
          aria-label="When the order wakes"
          value={wish.triggerKind}
          onChange={({ target }) => {
            set({ triggerKind: target.value === 'stop' ? 'stop' : 'takeProfit' });
          }}
        >
          <option value="stop">{wish.side === 'buy' ? 'price rises to' : 'price falls to'}</option>
          <option value="takeProfit">
            {wish.side === 'buy' ? 'price falls to' : 'price rises to'}
          </option>
        </select>
      </div>
      <StepField
        name="trigger"
        label="Trigger"
        unit={unit}
        typed={wish.triggerPrice}
        placeholder={wish.price}
        step={step}
        change={(triggerPrice) => set({ triggerPrice })}
      />
    </>
  );
}

const LIVES = {
  gtc: 'Until cancelled',
  gtd: 'Until a time',
  ioc: 'At once or not',
  fok: 'All at once or nothing',
} as const;

function Conditions({
  wish,
  set,
}: {
  readonly wish: BookWish;
  readonly set: (change: Partial<BookWish>) => void;
}): ReactElement {
  const isMarket = wish.type === 'market';
  const lives = (Object.keys(LIVES) as (keyof typeof LIVES)[]).filter((life) => {
    return !isMarket || life === 'ioc' || life === 'fok';
  });
  const shown = isMarket && wish.life !== 'fok' ? 'ioc' : wish.life;
  return (
    <>
      <div className="book-field">
        <span className="book-field-name">
          <Term meaning={TERMS.life}>Lasts</Term>
        </span>
        <select
          aria-label="How long the order lasts"
          value={shown}
          onChange={({ target }) => set({ life: target.value as BookWish['life'] })}
        >
          {lives.map((life) => (
            <option key={life} value={life}>
              {LIVES[life]}
            </option>
          ))}
        </select>
      </div>
      {shown === 'gtd' && (
        <Field label="Ends in" unit="minutes">
          <input
            aria-label="Ends in, minutes"
            inputMode="decimal"
            value={wish.lifeMinutes}
            onChange={({ target }) => set({ lifeMinutes: target.value })}
          />
        </Field>
      )}
      {mayRest(wish) && (
        <details className="conditions" open={wish.postOnly || wish.showSize !== ''}>
          <summary>Post only, iceberg</summary>
          <label className="check">
            <input
              type="checkbox"
              checked={wish.postOnly}
              onChange={({ target }) => set({ postOnly: target.checked })}
            />
            <Term meaning={TERMS.postOnly}>Post only</Term>
          </label>
          <Field label={<Term meaning={TERMS.iceberg}>Show at once</Term>} unit="of the size">
            <input
              aria-label="Size that shows at once"
              inputMode="decimal"
              autoComplete="off"
              placeholder="all of it"
              value={wish.showSize}
              onChange={({ target }) => set({ showSize: target.value })}
            />
          </Field>
        </details>
      )}
    </>
  );
}
