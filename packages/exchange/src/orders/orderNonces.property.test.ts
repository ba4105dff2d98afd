// Goal: an order nonce is used at most once, and honest senders out of order are let through.
// Method: the sliding window beside a naive twin that remembers every nonce.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  EMPTY_WINDOW,
  NONCE_WINDOW,
  nonceFreshness,
  ORDER_NONCE_MAX,
  useNonce,
} from './orderNonces.ts';

/** The twin: a set of all nonces ever used. */
class RememberedNonces {
  readonly #used = new Set<bigint>([0n]);
  #highest = 0n;

  judge(orderNonce: bigint): string {
    if (orderNonce > this.#highest) return 'fresh';
    if (this.#highest - orderNonce >= NONCE_WINDOW) return 'tooOld';
    return this.#used.has(orderNonce) ? 'replayed' : 'fresh';
  }

  use(orderNonce: bigint): void {
    this.#used.add(orderNonce);
    if (orderNonce > this.#highest) this.#highest = orderNonce;
  }
}

const near = fc.bigInt({ min: 0n, max: 700n });
const far = fc.bigInt({ min: 0n, max: ORDER_NONCE_MAX });

test('judges every sequence of nonces as a memory of all of them would', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 9, arbitrary: near }, far), { maxLength: 300 }),
      (all) => {
        const twin = new RememberedNonces();
        let window = EMPTY_WINDOW;
        for (const orderNonce of all) {
          const freshness = nonceFreshness(window, orderNonce);
          assert.equal(freshness, twin.judge(orderNonce), `nonce ${orderNonce}`);
          if (freshness !== 'fresh') continue;
          window = useNonce(window, orderNonce);
          twin.use(orderNonce);
          assert.notEqual(nonceFreshness(window, orderNonce), 'fresh', 'a used nonce is not fresh');
        }
      },
    ),
  );
});

test('a nonce 255 below the highest may still come, and one 256 below may not', () => {
  const window = useNonce(EMPTY_WINDOW, 1_000n);
  assert.equal(nonceFreshness(window, 745n), 'fresh');
  assert.equal(nonceFreshness(window, 744n), 'tooOld');
});

test('zero is never fresh', () => {
  assert.equal(nonceFreshness(EMPTY_WINDOW, 0n), 'replayed');
});

test('the window keeps its width however far the highest nonce jumps', () => {
  const window = useNonce(useNonce(EMPTY_WINDOW, 5n), ORDER_NONCE_MAX);
  assert.equal(window.highest, ORDER_NONCE_MAX);
  assert.equal(window.used, 1n);
});
