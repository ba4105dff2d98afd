import type { BookOrderRequest } from '@lawbook/api/client/buildBookOrder';
import { plainDecimal } from '../../../words/numbers.ts';

/** What a person wrote into the ticket of a book. */
export interface BookWish {
  readonly side: 'buy' | 'sell';
  readonly type: 'limit' | 'market' | 'stop';
  readonly price: string;
  readonly size: string;
  /** Of limit and stop orders; a market order is over at once. */
  readonly life: 'gtc' | 'ioc' | 'fok' | 'gtd';
  readonly lifeMinutes: string;
  readonly postOnly: boolean;
  /** What shows at once of an iceberg; empty shows all. */
  readonly showSize: string;
  readonly triggerKind: 'stop' | 'takeProfit';
  readonly triggerPrice: string;
  /** How far past the best price a market order may trade, percent. */
  readonly slippage: string;
}

/** An empty ticket. */
export const NO_BOOK_WISH: BookWish = {
  side: 'buy',
  type: 'limit',
  price: '',
  size: '100',
  life: 'gtc',
  lifeMinutes: '60',
  postOnly: false,
  showSize: '',
  triggerKind: 'stop',
  triggerPrice: '',
  slippage: '0.5',
};

const PPM_PER_PERCENT = 10_000;

/** Whether an order may rest in the book, so that it can post and hide. */
export function mayRest({ type, life }: BookWish): boolean {
  return type !== 'market' && (life === 'gtc' || life === 'gtd');
}

/** The order as the client builds it; undefined while price or size are missing. */
export function bookRequestOf(
  marketId: string,
  wish: BookWish,
  nowMs: number,
): BookOrderRequest | undefined {
  const [price, size] = [plainDecimal(wish.price), plainDecimal(wish.size)];
  const { side, type, life } = wish;
  if (size === '') return undefined;
  if (type === 'market') {
    const slippagePpm = Math.round(Number(wish.slippage) * PPM_PER_PERCENT);
    const timeInForce = life === 'fok' ? 'fok' : 'ioc';
    return { marketId, side, size, type, timeInForce, slippagePpm };
  }
  if (price === '') return undefined;
  const showSize = plainDecimal(wish.showSize);
  const triggerPrice = plainDecimal(wish.triggerPrice);
  if (type === 'stop' && triggerPrice === '') return undefined;
  const rests = mayRest(wish);
  return {
    ...{ marketId, side, size, price, type: 'limit', timeInForce: life },
    ...(rests && wish.postOnly && { postOnly: true }),
    ...(rests && showSize !== '' && { displaySize: showSize }),
    ...(life === 'gtd' && { goodUntilMs: nowMs + Math.round(Number(wish.lifeMinutes) * 60_000) }),
    ...(type === 'stop' && { trigger: { kind: wish.triggerKind, price: triggerPrice } }),
  };
}
