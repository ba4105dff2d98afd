import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  COMMAND,
  COMMAND_STRIDE,
  FIELD,
} from '../../packages/exchange/src/markets/book/bookCommand.ts';
import { SIDE, TERM } from '../../packages/exchange/src/markets/book/bookTerms.ts';
import type { Answer, Ending, Task } from './answers.ts';
import { cpuSeconds, NOTHING } from './answers.ts';

/**
 * Gives the peer the commands of a flow as its documentation says: `limit`, `market`, `cancel`. Ids
 * are texts, and how they look matters to it: `String(id)`, as in its own benchmark, makes its maps
 * arrays with holes. All are made before the clock starts.
 */
export function measurePeer({ flow, peerFolder }: Task, idOf: (orderId: number) => string): Answer {
  const load = createRequire(join(peerFolder, 'any.js'));
  const { OrderBook: PeerOrderBook } = load('nodejs-order-book') as {
    OrderBook: new () => PeerBook;
  };
  const { commands, untimed, timed } = flow;
  const book = new PeerOrderBook();
  const ids = Array.from({ length: untimed + timed }, (_, k) =>
    idOf(commands[k * COMMAND_STRIDE + FIELD.orderId] as number),
  );
  let [limits, canceled, market] = [0, 0, 0];
  const run = (from: number, to: number): void => {
    for (let k = from; k < to; k += 1) {
      const o = k * COMMAND_STRIDE;
      const id = ids[k] as string;
      if (commands[o] === COMMAND.cancel) canceled += book.cancel(id)?.order.size ?? 0;
      else {
        const terms = commands[o + FIELD.terms] as number;
        const side = (terms & TERM.sideMask) === SIDE.buy ? 'buy' : 'sell';
        const size = commands[o + FIELD.size] as number;
        if (((terms >> TERM.typeShift) & TERM.typeMask) === 0) {
          limits += size;
          book.limit({ id, side, size, price: commands[o + FIELD.price] as number });
        } else market += size - book.market({ side, size }).quantityLeft;
      }
    }
  };
  run(0, untimed);
  const start = cpuSeconds();
  run(untimed, untimed + timed);
  const seconds = cpuSeconds() - start;
  const [asks, bids] = book.depth();
  const sum = (levels: [number, number][]): number =>
    levels.reduce((lots, [, size]) => lots + size, 0);
  const [bidLots, askLots] = [sum(bids), sum(asks)];
  const ending: Ending = {
    bestBid: Math.max(0, ...bids.map(([price]) => price)),
    bestAsk: Math.min(...asks.map(([price]) => price)),
    bidLots,
    askLots,
    // Every traded lot leaves two orders: limits lose theirs to trades, cancels and the end.
    filledLots: (limits - canceled - bidLots - askLots + market) / 2,
  };
  return { ...NOTHING, seconds, ending };
}

/** The slice of nodejs-order-book that the comparison needs. */
interface PeerBook {
  limit(order: object): unknown;
  market(order: object): { readonly quantityLeft: number };
  cancel(id: string): { readonly order: { readonly size: number } } | undefined;
  depth(): [[number, number][], [number, number][]];
}
