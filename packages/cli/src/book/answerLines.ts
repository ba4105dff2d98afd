import type { BookActionAnswer, ExecutionView } from '@lawbook/api/schema/bookActions';
import type { BookView } from '@lawbook/api/schema/bookViews';
import type { Result } from '@lawbook/exchange/failures/result';
import { RefusedFault } from '../terminal/cliFault.ts';
import { paint } from '../terminal/terminal.ts';
import { granted } from '../trading/granted.ts';
import { placesOf, shownDecimal } from './quantities.ts';

/** An action that the venue sequenced. */
export type AcceptedAction = Extract<BookActionAnswer, { readonly kind: 'accepted' }>;

/** The answer to an action that was accepted. @throws RefusedFault for the two others. */
export async function acceptedAction(
  asked: Promise<Result<BookActionAnswer>>,
): Promise<AcceptedAction> {
  const answer = await granted(asked);
  if (answer.kind === 'accepted') return answer;
  throw new RefusedFault(answer.rejection);
}

/** What an action did at once, a line for each change of each of its sender's orders. */
export function answerLines(book: BookView, answer: AcceptedAction): string[] {
  const { orderId, sequence, executions, repeated } = answer;
  const again = repeated ? ' (accepted before; nothing happened again)' : '';
  const named = orderId === '0' ? '' : `, order ${orderId}`;
  const head = `accepted as sequence ${sequence}${named}${again}`;
  return [head, ...executions.map((execution) => executionLine(book, execution))];
}

/** One change of one order on a line. */
export function executionLine(book: BookView, execution: ExecutionView): string {
  const { execType, orderStatus, reason, side, averagePrice, orderId } = execution;
  const places = placesOf(book);
  const price = (text: string): string => shownDecimal(text, places.price);
  const size = (text: string): string => shownDecimal(text, places.size);
  const { lastPrice, lastSize, fee, role } = execution;
  const head = `  ${execType.padEnd(9)} `;
  if (lastPrice !== undefined && lastSize !== undefined) {
    const paid = fee === undefined ? '' : `, fee ${fee} ${book.quote}`;
    const done = `${size(execution.cumulativeSize)} of ${size(execution.size)}`;
    const average =
      averagePrice === undefined ? '' : ` at ${shownDecimal(averagePrice, places.price)}`;
    const traded = `${side} ${size(lastSize)} ${book.base} at ${price(lastPrice)} as ${role ?? ''}`;
    const status = orderStatus === 'filled' ? paint.good(orderStatus) : paint.warn(orderStatus);
    return `${head}${traded}${paid}; order ${orderId} ${status}, ${done}${average}`;
  }
  const why = reason === 'none' ? '' : ` (${reason})`;
  const left = `${size(execution.leavesSize)} open of ${size(execution.size)}`;
  const stands = `order ${orderId} ${orderStatus}${why}`;
  return `${head}${stands}: ${side} at ${price(execution.price)}, ${left}`;
}
