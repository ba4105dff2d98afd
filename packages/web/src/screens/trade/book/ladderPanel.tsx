import type { ReactElement } from 'react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { BookDesk } from '../../../live/bookDesk.ts';
import { isEnded } from '../../../live/bookDesk.ts';
import type { BookLink } from '../../../live/bookLink.ts';
import { useLive } from '../../../live/live.ts';
import { Panel, Term } from '../../../parts/marks.tsx';
import { TERMS } from '../../../words/meanings.ts';
import { bpsText, grouped } from '../../../words/numbers.ts';
import { clockText } from '../../../words/times.ts';
import type { BookProps } from './bookProps.ts';
import type { LadderLook, PickedLevel } from './ladderRows.ts';
import { LadderRows } from './ladderRows.ts';

const STEPS = [1, 5, 10, 50] as const;
const ROWS = 13;

/** The ladder: prices, sizes and their sums, drawn at most once a frame. */
export function LadderPanel({
  book,
  own,
  digits,
  pick,
}: BookProps & { readonly pick: (level: PickedLevel) => void }): ReactElement {
  const [step, setStep] = useState<number>(1);
  const { tickSize } = book.rules;
  return (
    <Panel
      className="ladder-panel"
      title={<Term meaning={TERMS.ladder}>Order book</Term>}
      aside={
        <label className="ladder-step">
          Step{' '}
          <select value={step} onChange={(event) => setStep(Number(event.target.value))}>
            {STEPS.map((ticks) => (
              <option key={ticks} value={ticks}>
                {(Number(tickSize) * ticks).toFixed(digits.price)}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <div className="ladder-names dim" aria-hidden="true">
        <span>Price</span>
        <span>Size, {book.rules.base}</span>
        <span>Sum</span>
      </div>
      <Halves book={book} own={own} digits={digits} step={step} pick={pick} />
      <SyncLine book={book} />
    </Panel>
  );
}

function Halves({
  book,
  own,
  digits,
  step,
  pick,
}: BookProps & {
  readonly step: number;
  readonly pick: (level: PickedLevel) => void;
}): ReactElement {
  const asks = useRef<HTMLDivElement>(null);
  const bids = useRef<HTMLDivElement>(null);
  const latestPick = useRef(pick);
  latestPick.current = pick;
  const look = useMemo(
    (): LadderLook => ({
      step,
      price: (ticks) => Number(book.scale.price(BigInt(ticks))).toFixed(digits.price),
      size: (lots) => grouped(book.scale.size(lots), digits.size),
    }),
    [book, step, digits.price, digits.size],
  );
  useEffect(() => {
    const [place, other] = [bids.current, asks.current];
    if (place === null || other === null) return;
    const rows = new LadderRows({ bids: place, asks: other }, ROWS, (level) => {
      latestPick.current(level);
    });
    const draw = (): void => rows.draw(book.ladder, look, ownTicks(book, own));
    draw();
    const endings = [book.version.subscribe(draw), own?.orders.subscribe(draw)];
    return () => {
      for (const end of endings) end?.();
    };
  }, [book, own, look]);
  const sync = useLive(book.sync);
  return (
    <div
      className={`ladder ${sync.state === 'live' ? '' : 'is-stale'}`}
      data-testid="ladder"
      data-sync={sync.state}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: rows of prices are no fields of a form. */}
      <div ref={asks} className="ladder-half ladder-asks" role="group" aria-label="Asks" />
      <SpreadLine book={book} digits={digits.price} />
      {/* biome-ignore lint/a11y/useSemanticElements: as above. */}
      <div ref={bids} className="ladder-half ladder-bids" role="group" aria-label="Bids" />
    </div>
  );
}

/** Where the reader has open orders; amended ones stand at their new price. */
function ownTicks(book: BookLink, own: BookDesk | undefined): ReadonlySet<number> {
  const open = (own?.orders.get() ?? []).filter((order) => !isEnded(order));
  return new Set(open.map(({ price }) => book.scale.ticks(price) ?? 0));
}

function SpreadLine({
  book,
  digits,
}: {
  readonly book: BookLink;
  readonly digits: number;
}): ReactElement {
  useLive(book.version);
  const trades = useLive(book.trades);
  const [last] = trades ?? [];
  const [bid] = book.ladder.bids;
  const [ask] = book.ladder.asks;
  const tone = last === undefined ? 'dim' : last.takerSide === 'buy' ? 'good' : 'bad';
  return (
    <div className="ladder-spread">
      <b className={`num ${tone}`} data-testid="last-price">
        {last === undefined ? '–' : Number(last.price).toFixed(digits)}
        {last !== undefined && (
          <span aria-hidden="true">{last.takerSide === 'buy' ? ' ↑' : ' ↓'}</span>
        )}
      </b>
      {bid !== undefined && ask !== undefined ? (
        <span className="dim num" data-testid="spread">
          <Term meaning={TERMS.spread}>Spread</Term> {ask.ticks - bid.ticks}{' '}
          {ask.ticks - bid.ticks === 1 ? 'tick' : 'ticks'},{' '}
          {bpsText((2 * (ask.ticks - bid.ticks)) / (ask.ticks + bid.ticks))} bps
        </span>
      ) : (
        <span className="dim">one side is empty</span>
      )}
    </div>
  );
}

/** Whether the ladder is the venue's: its checksum is compared at every step. */
function SyncLine({ book }: { readonly book: BookLink }): ReactElement {
  const { state, resyncs, reason, atMs } = useLive(book.sync);
  const words = {
    reading: 'Reading the book',
    live: 'Checksum fits',
    resyncing: `Reading it anew: ${reason}`,
    wrong: 'The venue’s ladder does not have the checksum that the venue states',
  }[state];
  const tone = { reading: 'dim', live: 'good', resyncing: 'warn', wrong: 'bad' }[state];
  return (
    <p className="foot ladder-sync" role="status" data-testid="ladder-sync">
      <span className={tone}>{words}</span>
      {state === 'live' && resyncs > 0 && (
        <span data-testid="resyncs">
          {' '}
          · read anew {resyncs === 1 ? 'once' : `${resyncs} times`}
          {atMs === undefined ? '' : `, at ${clockText(new Date(atMs).toISOString())}`}: {reason}
        </span>
      )}
    </p>
  );
}
