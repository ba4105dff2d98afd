// Goal: an image's bytes mean one book: words that there are not are refused, and each fact of each
// order, owner and deadline changes the root.
// Method: an image made by hand with every word once; every fact changed alone, every byte cut, and
// terms that no order has put in by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader, DecodeError } from '../../codec/byteReader.ts';
import { ByteWriter } from '../../codec/byteWriter.ts';
import { at } from '../../failures/invariant.ts';
import { accountId } from '../../ledger/account.ts';
import { BOOK_ORDER_WORDS, clientOrderId, NO_CLIENT_ORDER_ID } from '../../orders/bookOrder.ts';
import { EMPTY_WINDOW } from '../../orders/orderNonces.ts';
import type { BookImage, ImageOrder } from './bookImage.ts';
import { bookImageRoot, decodeBookImage, encodeBookImage, unpackTerms } from './bookImage.ts';
import { packTerms } from './bookTerms.ts';

const ORDER: ImageOrder = {
  orderId: 2 ** 40,
  account: 0,
  clientOrderId: NO_CLIENT_ORDER_ID,
  side: 'buy',
  type: 'limit',
  timeInForce: 'gtc',
  postOnly: false,
  selfTradePolicy: 'cancelResting',
  trigger: 'none',
  triggerSource: 'lastTrade',
  priceTicks: 99,
  leavesLots: 7,
  shownLots: 5,
  filledLots: 3,
  filledNotional: 297n,
  displayLots: 5,
  triggerTicks: 0,
  expiresAt: 0,
  partner: 0,
  isWaiting: false,
};

const owner = accountId(`0x${'ab'.repeat(20)}`);
const IMAGE: BookImage = {
  state: 'open',
  now: 1_000_000,
  lastOrderId: 2 ** 41,
  lastTrade: 98,
  oraclePrice: 97,
  breakerReference: 96,
  breakerSince: 999_000,
  owners: [{ owner, nonces: EMPTY_WINDOW }],
  orders: [
    ORDER,
    {
      ...ORDER,
      orderId: 2 ** 40 + 1,
      clientOrderId: clientOrderId(`0x${'cd'.repeat(16)}`),
      side: 'sell',
      type: 'market',
      timeInForce: 'gtd',
      postOnly: true,
      selfTradePolicy: 'decrement',
      trigger: 'takeProfit',
      triggerSource: 'oracle',
      triggerTicks: 120,
      expiresAt: 1_000_500,
      partner: 2 ** 40,
      isWaiting: true,
    },
  ],
  deadlines: [{ account: 0, deadline: 1_000_900 }],
};

function bytesOf(image: BookImage): Uint8Array {
  const out = new ByteWriter(512);
  encodeBookImage(out, image);
  return out.finish();
}

function withOrder(change: Partial<ImageOrder>): BookImage {
  return { ...IMAGE, orders: [{ ...ORDER, ...change }, ...IMAGE.orders.slice(1)] };
}

/** One fact another, and nothing else. */
function variants(): BookImage[] {
  const numbers = Object.entries(IMAGE).filter(([, fact]) => typeof fact === 'number');
  const one = at(IMAGE.owners, 0);
  const other = { owner: accountId(`0x${'cd'.repeat(20)}`), nonces: EMPTY_WINDOW };
  const images: BookImage[] = numbers.map(([field, fact]) => ({ ...IMAGE, [field]: fact + 1 }));
  for (const state of ['postOnly', 'cancelOnly', 'halted'] as const) {
    images.push({ ...IMAGE, state });
  }
  images.push(
    { ...IMAGE, owners: [other] },
    { ...IMAGE, owners: [one, other] },
    { ...IMAGE, owners: [{ ...one, nonces: { highest: 1n, used: 1n } }] },
    { ...IMAGE, orders: [...IMAGE.orders].reverse() },
    { ...IMAGE, orders: IMAGE.orders.slice(1) },
    { ...IMAGE, deadlines: [] },
    { ...IMAGE, deadlines: [{ account: 0, deadline: 1_000_901 }] },
    { ...IMAGE, deadlines: [{ account: 1, deadline: 1_000_900 }] },
    withOrder({ clientOrderId: clientOrderId(`0x${'01'.repeat(16)}`) }),
    withOrder({ filledNotional: 298n }),
    withOrder({ postOnly: true }),
    withOrder({ isWaiting: true }),
  );
  for (const [field, words] of Object.entries(BOOK_ORDER_WORDS)) {
    for (const word of words.slice(1)) images.push(withOrder({ [field]: word }));
  }
  for (const [field, fact] of Object.entries(ORDER)) {
    if (typeof fact === 'number') images.push(withOrder({ [field]: fact + 1 }));
  }
  return images;
}

test('every image comes back from its bytes, and each has a root of its own', () => {
  const images = [IMAGE, ...variants()];
  for (const image of images) {
    const reader = new ByteReader(bytesOf(image));
    assert.deepEqual(decodeBookImage(reader), image);
    assert.equal(reader.remaining, 0);
  }
  assert.equal(new Set(images.map(bookImageRoot)).size, images.length);
});

test('terms come back from the number that they are packed into, and no two share one', () => {
  const numbers = new Set<number>();
  for (const image of variants()) {
    for (const order of image.orders) {
      const { side, type, timeInForce, postOnly } = order;
      const { selfTradePolicy, trigger, triggerSource } = order;
      const terms = { side, type, timeInForce, postOnly, selfTradePolicy, trigger, triggerSource };
      assert.deepEqual(unpackTerms(packTerms(order)), terms);
      numbers.add(packTerms(order));
    }
  }
  const words = Object.values(BOOK_ORDER_WORDS).flatMap((list) => list.slice(1));
  assert.equal(numbers.size, words.length + 3, 'plain, posting, all at once, and each word alone');
});

/** Where the terms of the first order stand. */
const TERMS_AT: number = (() => {
  const [plain, posting] = [bytesOf(IMAGE), bytesOf(withOrder({ postOnly: true }))];
  return plain.findIndex((byte, k) => byte !== posting[k]) - 1;
})();

test('terms and states that there are not are refused at their byte', () => {
  const read = (place: number, bytes: readonly number[]): unknown => {
    const changed = bytesOf(IMAGE);
    changed.set(bytes, place);
    return decodeBookImage(new ByteReader(changed));
  };
  for (const terms of [1_024, 65_535, 3 << 5, 3 << 7, (3 << 5) | 1]) {
    const refusal = new RegExp(`unknown terms of an order at byte ${TERMS_AT}`);
    assert.throws(() => read(TERMS_AT, [terms >> 8, terms & 255]), refusal, String(terms));
  }
  for (const terms of [0, (2 << 5) | (2 << 7) | 512]) read(TERMS_AT, [terms >> 8, terms & 255]);
  assert.throws(() => read(0, [4]), /an unknown market state at byte 0/);
  for (const state of [1, 2, 3]) read(0, [state]);
});

test('bytes that stop short are no image', () => {
  const bytes = bytesOf(IMAGE);
  for (let length = 0; length < bytes.length; length += 1) {
    const cut = (): unknown => decodeBookImage(new ByteReader(bytes.subarray(0, length)));
    assert.throws(cut, DecodeError);
  }
});
