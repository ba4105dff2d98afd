// Goal: a chain nonce is good once per signer, in any order, while it is fresh; and none that could
// have been used before a restart is good at all.
// Method: the rules by example, then random histories with a restart in the middle, judged by a
// plain list of everything that was ever taken.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import { EMPTY_WINDOW, nonceFreshness, useNonce } from '@lawbook/exchange/orders/orderNonces';
import fc from 'fast-check';
import {
  CHAIN_NONCE_AHEAD_MS,
  CHAIN_NONCE_PAST_MS,
  ChainNonces,
  OrderNonces,
} from './chainNonces.ts';

const OWNERS = [1, 2].map((k) => accountId(`0x${String(k).repeat(40)}`));
const NOW = 1_790_000_000_000;

/** As much of a book as nonces are about. */
function bookWith(): BookMarket & { use: (owner: string, orderNonce: bigint) => void } {
  const windows = new Map<string, typeof EMPTY_WINDOW>();
  const book = {
    marketId: 7,
    get owners() {
      return [...windows.keys()];
    },
    nonceWindow: (owner: string) => windows.get(owner) ?? EMPTY_WINDOW,
    use: (owner: string, orderNonce: bigint) => {
      const window = windows.get(owner) ?? EMPTY_WINDOW;
      if (nonceFreshness(window, orderNonce) !== 'fresh') return;
      windows.set(owner, useNonce(window, orderNonce));
    },
  };
  return book as never;
}

test('a chain nonce is used once per signer, and another signer has its own', () => {
  const [owner, signer] = [at(OWNERS, 0), at(OWNERS, 1)];
  const chainNonces = new ChainNonces(new Map(), NOW - 100_000);
  assert.equal(chainNonces.use({ owner, signer: owner, chainNonce: NOW }, NOW), undefined);
  assert.match(chainNonces.use({ owner, signer: owner, chainNonce: NOW }, NOW) ?? '', /duplicate/);
  assert.equal(chainNonces.use({ owner, signer, chainNonce: NOW }, NOW), undefined);
  assert.equal(chainNonces.use({ owner, signer: owner, chainNonce: NOW - 5 }, NOW), undefined);
});

test('chain nonces that are too old or too far ahead are refused', () => {
  const [owner] = [at(OWNERS, 0)];
  const chainNonces = new ChainNonces(new Map(), NOW - 100_000);
  const judge = (chainNonce: number): boolean => {
    return chainNonces.use({ owner, signer: owner, chainNonce }, NOW) === undefined;
  };
  assert.deepEqual(
    [
      NOW - CHAIN_NONCE_PAST_MS - 1,
      NOW - CHAIN_NONCE_PAST_MS,
      NOW + CHAIN_NONCE_AHEAD_MS,
      NOW + CHAIN_NONCE_AHEAD_MS + 1,
      0,
      Number.MAX_SAFE_INTEGER,
    ].map(judge),
    [false, true, true, false, false, false],
  );
});

test('order nonces go up, whatever was used, and never fall below the chain nonce', () => {
  const [owner] = [at(OWNERS, 0)];
  const book = bookWith();
  const orderNonces = new OrderNonces();
  assert.equal(orderNonces.next(book, owner, NOW), BigInt(NOW));
  // Not sequenced yet: the next one is another all the same.
  assert.equal(orderNonces.next(book, owner, NOW), BigInt(NOW) + 1n);
  book.use(owner, BigInt(NOW) + 50n);
  assert.equal(orderNonces.next(book, owner, NOW), BigInt(NOW) + 51n);
  assert.equal(orderNonces.next(book, owner, NOW + 1000), BigInt(NOW) + 1000n);
});

test('nothing is taken twice, however restarts and other clients come between', () => {
  const step = fc.record({
    owner: fc.integer({ min: 0, max: 1 }),
    signer: fc.integer({ min: 0, max: 1 }),
    passesMs: fc.integer({ min: 0, max: 20_000 }),
    offsetMs: fc.integer({ min: -70_000, max: 15_000 }),
    repeats: fc.boolean(),
    restarts: fc.boolean(),
    other: fc.option(fc.bigInt({ min: 1n, max: 1n << 60n })),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const book = bookWith();
      const books = new Map([[7, book]]) as never;
      let nowMs = NOW;
      let chainNonces = new ChainNonces(books, nowMs);
      let orderNonces = new OrderNonces();
      const taken: string[] = [];
      let last = NOW;
      for (const { restarts, passesMs, repeats, offsetMs, other, ...who } of steps) {
        nowMs += passesMs;
        if (restarts) {
          chainNonces = new ChainNonces(books, nowMs);
          orderNonces = new OrderNonces();
        }
        const owner = at(OWNERS, who.owner);
        const signer = at(OWNERS, who.signer);
        if (other !== null) book.use(owner, other);
        const chainNonce = repeats ? last : nowMs + offsetMs;
        last = chainNonce;
        if (chainNonces.use({ owner, signer, chainNonce }, nowMs) !== undefined) continue;
        taken.push(`${owner}:${signer}:${chainNonce}`);
        book.use(owner, orderNonces.next(book, owner, chainNonce));
      }
      assert.equal(new Set(taken).size, taken.length);
    }),
    { numRuns: 500 },
  );
});
