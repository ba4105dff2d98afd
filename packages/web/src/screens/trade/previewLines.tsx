import type { OrderRequest } from '@lawbook/api/client/createOrder';
import { previewOrder } from '@lawbook/api/client/previewOrder';
import type { PreviewView } from '@lawbook/api/schema/orderViews';
import type { Rejection } from '@lawbook/exchange/failures/rejection';
import type { ReactElement } from 'react';
import { useEffect, useRef, useState } from 'react';
import { useLive } from '../../live/live.ts';
import { troubleOf } from '../../live/trouble.ts';
import { Fact } from '../../parts/marks.tsx';
import { useVenue } from '../../parts/venueContext.tsx';
import { BOUNDS, TERMS } from '../../words/meanings.ts';
import { counted, grouped, rateText } from '../../words/numbers.ts';

type Answer =
  | { readonly kind: 'preview'; readonly view: PreviewView }
  | { readonly kind: 'refused'; readonly rejection: Rejection }
  | { readonly kind: 'failed'; readonly sentence: string };

const TYPING_MS = 200;

/** The clearing engine's own answer to the order as it stands, asked again with every batch. */
export function PreviewLines({
  request,
}: {
  readonly request: OrderRequest | undefined;
}): ReactElement {
  const answer = usePreview(request);
  if (request === undefined) return <p className="hint preview-none">Enter an amount.</p>;
  if (answer === undefined) return <p className="hint preview-none">Asking the clearing engine</p>;
  if (answer.kind === 'failed') return <p className="hint bad preview-none">{answer.sentence}</p>;
  if (answer.kind === 'refused') {
    const { field, rule, actual, fix } = answer.rejection;
    return (
      <p className="hint bad preview-none">
        <code>{field}</code>: {rule}
        {actual === undefined ? '' : `; found ${actual}`}. {fix}
      </p>
    );
  }
  return <PreviewFacts view={answer.view} />;
}

function PreviewFacts({ view }: { readonly view: PreviewView }): ReactElement {
  const { paid, pay, received, receive, fee, costBps, bound, ordersBeside } = view;
  const rate = Number(paid) / Number(received);
  return (
    <dl className="facts preview" data-testid="preview">
      <Fact name="You receive">
        <b className="num">{grouped(received)}</b> {receive}
      </Fact>
      <Fact name="Rate, fee included">
        <span className="num">{Number(received) > 0 ? rateText(rate) : '–'}</span> {pay}/{receive}
      </Fact>
      <Fact name="Cost against the mid" meaning={TERMS.cost}>
        <span className="num">{costBps === undefined ? '–' : grouped(costBps)}</span> bps
      </Fact>
      <Fact name="Fee">
        <span className="num">{grouped(fee)}</span> {receive}
      </Fact>
      <Fact name="Bound by">
        {bound === undefined ? 'nothing: fills whole' : (BOUNDS[bound] ?? bound)}
      </Fact>
      <Fact name="Beside">
        <span className="num">{counted(ordersBeside)}</span>{' '}
        {ordersBeside === 1 ? 'order' : 'orders'} of the open batch
      </Fact>
    </dl>
  );
}

function usePreview(request: OrderRequest | undefined): Answer | undefined {
  const venue = useVenue();
  const [batch] = useLive(venue.batches);
  const [answer, setAnswer] = useState<Answer>();
  const text = JSON.stringify(request);
  const lastText = useRef(text);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each batch changes the answer.
  useEffect(() => {
    if (text === undefined) return;
    const stop = new AbortController();
    const typed = lastText.current !== text;
    lastText.current = text;
    const ask = async (): Promise<Answer> => {
      const wish = JSON.parse(text) as OrderRequest;
      const result = await previewOrder(venue.client, wish, { signal: stop.signal });
      return result.ok
        ? { kind: 'preview', view: result.value }
        : { kind: 'refused', rejection: result.rejection };
    };
    const timer = setTimeout(
      () => {
        ask().then(
          (next) => !stop.signal.aborted && setAnswer(next),
          (cause: unknown) => {
            if (!stop.signal.aborted) setAnswer({ kind: 'failed', sentence: troubleOf(cause) });
          },
        );
      },
      typed ? TYPING_MS : 0,
    );
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [venue, text, batch?.batchNumber]);
  return answer;
}
