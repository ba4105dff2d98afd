import { formatDecimal, parseDecimal } from '@lawbook/exchange/numbers/amount';
import type { BookOrder } from '@lawbook/exchange/orders/bookOrder';
import type { ReactElement } from 'react';
import type { Desk } from '../../../live/desk.ts';
import { useLive } from '../../../live/live.ts';
import { Fact } from '../../../parts/marks.tsx';
import { TERMS } from '../../../words/meanings.ts';
import { bpsText, grouped, plainSize } from '../../../words/numbers.ts';
import type { BookProps } from './bookProps.ts';
import type { Estimate } from './estimate.ts';
import { estimateOrder } from './estimate.ts';

const PROBLEMS = {
  postOnlyCrosses: 'it would trade at once, and post only forbids that: it will be refused',
  fillOrKillTooLarge: 'less than all of it shows at that price: it will end without a trade',
} as const;

/** Cost, fee and hold of an order, before it is signed. */
export function EstimateLines({
  order,
  book,
  own,
  digits,
}: BookProps & { readonly order: BookOrder }): ReactElement {
  const { rules, scale } = book;
  const estimate = estimateOrder(order, book.ladder, rules);
  const { tradesLots, restsLots, notional, feeUnits, bestTicks, problem } = estimate;
  const average = tradesLots === 0 ? undefined : Number(scale.price(notional, BigInt(tradesLots)));
  const best = bestTicks === undefined ? undefined : Number(scale.price(BigInt(bestTicks)));
  const off =
    average === undefined || best === undefined ? undefined : Math.abs(average / best - 1);
  const worth = scale.quote(notional * BigInt(rules.tickUnits));
  const waits = order.trigger !== 'none';
  return (
    <dl className="facts preview" data-testid="book-preview">
      <Fact name="Trades at once" meaning={TERMS.estimate}>
        {waits ? (
          'nothing: it waits for its trigger'
        ) : problem !== undefined ? (
          <span className="warn">{PROBLEMS[problem]}</span>
        ) : average === undefined ? (
          'nothing'
        ) : (
          <>
            <b className="num">{plainSize(scale.size(tradesLots))}</b> at{' '}
            <span className="num">{average.toFixed(digits.price + 1)}</span>
          </>
        )}
      </Fact>
      {off !== undefined && problem === undefined && (
        <Fact name="Past the best price">
          <span className="num">{bpsText(off)}</span> bps
        </Fact>
      )}
      {restsLots > 0 && !waits && (
        <Fact name="Rests in the book">
          <span className="num">{plainSize(scale.size(restsLots))}</span> {rules.base}
        </Fact>
      )}
      {tradesLots > 0 && (
        <Fact name={order.side === 'buy' ? 'Costs' : 'Brings'}>
          <span className="num">{grouped(worth, 2)}</span> {rules.quote}
        </Fact>
      )}
      <Fact name="Fee" meaning={feeMeaning(rules)}>
        {tradesLots > 0 ? (
          <>
            <span className="num">{grouped(scale.quote(feeUnits))}</span> {rules.quote}
          </>
        ) : (
          `${bpsText(rules.makerFeePpm / 1e6)} bps as it trades`
        )}
      </Fact>
      {own === undefined ? (
        <Fact name="Holds">{heldText(estimate, order, book)}</Fact>
      ) : (
        <Held own={own.desk} order={order} estimate={estimate} book={book} />
      )}
    </dl>
  );
}

function feeMeaning({ takerFeePpm, makerFeePpm }: BookProps['book']['rules']): string {
  const [taker, maker] = [takerFeePpm, makerFeePpm].map((ppm) => bpsText(ppm / 1e6));
  return `${taker} bps of what trades at once, ${maker} bps of what others trade with it later.`;
}

function Held({
  own,
  order,
  estimate,
  book,
}: {
  readonly own: Desk;
  readonly order: BookOrder;
  readonly estimate: Estimate;
  readonly book: BookProps['book'];
}): ReactElement {
  const account = useLive(own.account);
  const { rules } = book;
  const isBuy = order.side === 'buy';
  const symbol = isBuy ? rules.quote : rules.base;
  const decimals = isBuy ? rules.quoteDecimals : rules.baseDecimals;
  const [executed] = account?.levels ?? [];
  const balance = executed?.balances?.find((known) => known.symbol === symbol);
  const available = parseDecimal(balance?.available ?? '0', decimals) ?? 0n;
  const isMissing = account !== undefined && estimate.heldUnits > available;
  return (
    <Fact name="Holds" meaning={TERMS.bookHeld}>
      <span className={isMissing ? 'bad' : undefined} data-testid="book-holds">
        {heldText(estimate, order, book)}
        {isMissing && ` of ${grouped(formatDecimal(available, decimals), 2)} available`}
      </span>
    </Fact>
  );
}

function heldText(
  { heldUnits }: Estimate,
  { side }: BookOrder,
  { rules }: BookProps['book'],
): ReactElement {
  const isBuy = side === 'buy';
  const decimals = isBuy ? rules.quoteDecimals : rules.baseDecimals;
  const text = plainSize(formatDecimal(heldUnits, decimals));
  return (
    <>
      <span className="num">{text}</span> {isBuy ? rules.quote : rules.base}
    </>
  );
}
