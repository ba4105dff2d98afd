import type { MarketView } from '@lawbook/api/schema/marketViews';
import type { OrderView } from '@lawbook/api/schema/orderViews';
import type { BatchView, EpochView } from '@lawbook/api/schema/recordViews';
import type { ReactElement } from 'react';
import { useEffect, useState } from 'react';
import type { Desk } from '../../live/desk.ts';
import { useLive } from '../../live/live.ts';
import { addressOf } from '../../live/route.ts';
import { say } from '../../live/toasts.ts';
import { troubleOf } from '../../live/trouble.ts';
import { LevelTrack } from '../../parts/levelTrack.tsx';
import { Hash } from '../../parts/marks.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { RESIDUALS } from '../../words/meanings.ts';
import { bpsText, counted, grouped, rateText } from '../../words/numbers.ts';
import { clockText } from '../../words/times.ts';
import { dollarPrices } from './pair.ts';

/** The life of an order: signed, admitted, cleared, and its epoch on the way to the base layer. */
export function OrderLife({
  order,
  own,
  market,
}: {
  readonly order: OrderView;
  readonly own: Desk;
  readonly market: MarketView;
}): ReactElement {
  const venue = useVenue();
  const batch = useBatch(order);
  const epochs = useLive(venue.epochs);
  const epoch = epochs?.find(({ epochNumber }) => epochNumber === batch?.epochNumber);
  const cancel = async (): Promise<void> => {
    try {
      await own.cancel(order.orderId);
    } catch (cause) {
      say({ tone: 'bad', title: 'The order was not withdrawn', words: troubleOf(cause) });
    }
  };
  return (
    <ol className="life">
      <li>
        <b>Signed</b> by <Hash hash={order.terms.owner} />, order <Hash hash={order.orderId} />
      </li>
      <li>
        <b>Admitted</b> as sequence <span className="num">{counted(order.sequence)}</span> at{' '}
        {clockText(order.admittedAt)}; {grouped(order.budget)} {order.pay} held
      </li>
      <li className={batch === undefined ? 'life-ahead' : undefined}>
        <ClearedStep order={order} batch={batch} market={market} />
      </li>
      <li className={epoch === undefined ? 'life-ahead' : undefined}>
        <EpochStep epoch={epoch} epochNumber={batch?.epochNumber} />
      </li>
      {order.status === 'new' && (
        <li>
          <button type="button" className="button" onClick={() => void cancel()}>
            Withdraw the order
          </button>
        </li>
      )}
    </ol>
  );
}

function ClearedStep({
  order,
  batch,
  market,
}: {
  readonly order: OrderView;
  readonly batch: BatchView | undefined;
  readonly market: MarketView;
}): ReactElement {
  const { paid, pay, received, receive, fee, residual, status } = order;
  if (status === 'canceled' && batch === undefined) {
    return <b>Withdrawn before its batch closed</b>;
  }
  if (batch === undefined) {
    return (
      <>
        <b>Batch {counted(order.batchNumber)}</b> has not cleared yet
      </>
    );
  }
  const worth = dollarPrices(market, new Map(batch.assets.map((a) => [a.symbol, a.price])));
  const clearing = (worth.get(receive) ?? Number.NaN) / (worth.get(pay) ?? Number.NaN);
  const own = Number(paid) / Number(received);
  const unit = `${pay}/${receive}`;
  return (
    <>
      <b>Batch {counted(batch.batchNumber)} cleared</b> at {rateText(clearing)} {unit} for
      everybody.{' '}
      {Number(received) > 0 && (
        <>
          Paid <span className="num">{grouped(paid)}</span> {pay}, received{' '}
          <span className="num">{grouped(received)}</span> {receive} after a fee of{' '}
          <span className="num">{grouped(fee)}</span> {receive}: {rateText(own)} {unit},{' '}
          {bpsText((own - clearing) / clearing)} bps from the clearing price.{' '}
        </>
      )}
      {residual !== undefined && (
        <span className="why" data-testid="why-not-filled">
          Why not {Number(received) > 0 ? 'all' : 'filled'}: {RESIDUALS[residual] ?? residual}
        </span>
      )}
    </>
  );
}

function EpochStep({
  epoch,
  epochNumber,
}: {
  readonly epoch: EpochView | undefined;
  readonly epochNumber: number | undefined;
}): ReactElement {
  if (epochNumber === undefined) return <b>Its epoch is not known yet</b>;
  if (epoch === undefined) {
    return (
      <>
        <b>Epoch {counted(epochNumber)}</b> is not sealed yet, or older than this page remembers
      </>
    );
  }
  return (
    <>
      <b>
        <a href={addressOf('epochs', epochNumber)}>Epoch {counted(epochNumber)}</a>
      </b>{' '}
      <LevelTrack epoch={epoch} />
    </>
  );
}

/** The order's batch: from what the page remembers, else read. */
function useBatch({ batchNumber, status }: OrderView): BatchView | undefined {
  const venue = useVenue();
  const known = useLive(venue.batches).find((batch) => batch.batchNumber === batchNumber);
  const [read, setRead] = useState<BatchView>();
  const isMissing = known === undefined && status !== 'new';
  useEffect(() => {
    if (!isMissing) return;
    let isGone = false;
    venue.client.readBatch(venue.marketId, batchNumber).then(
      (result) => {
        if (!isGone && result.ok) setRead(result.value.batch);
      },
      (cause: unknown) => venue.trouble.set(troubleOf(cause)),
    );
    return () => {
      isGone = true;
    };
  }, [venue, batchNumber, isMissing]);
  return known ?? read;
}
