// Goal: the freshness that L2 restates with a ring is that of the published window.
// Method: random sequences of nonces, near and far, are judged by both from random windows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { refusals } from '../../../../testing/world/corruptions.ts';
import { clearedBatch } from '../../../../testing/world/lawfulBatch.ts';
import type { OrderNonceWindow } from '../orders/orderNonces.ts';
import { nonceFreshness, ORDER_NONCE_MAX, useNonce } from '../orders/orderNonces.ts';
import { lawContext } from './law.ts';
import { spendsAreAuthorised } from './spendsAreAuthorised.ts';

const SPEC = ordinaryDay();
const ADMITTED = { authority: 'admitted' } as const;

const steps = fc.array(
  fc.oneof(
    fc.bigInt({ min: 1n, max: 40n }),
    fc.bigInt({ min: 1n, max: 900n }),
    fc.bigInt({ min: ORDER_NONCE_MAX - 300n, max: ORDER_NONCE_MAX }),
  ),
  { minLength: 1, maxLength: 12 },
);

const windows = fc
  .array(fc.bigInt({ min: 1n, max: 700n }), { maxLength: 20 })
  .map((nonces) =>
    nonces.reduce<OrderNonceWindow>(
      (window, orderNonce) =>
        nonceFreshness(window, orderNonce) === 'fresh' ? useNonce(window, orderNonce) : window,
      { highest: 0n, used: 1n },
    ),
  );

test('judges nonces as the published window does', () => {
  fc.assert(
    fc.property(steps, windows, (nonces, window) => {
      const orders = nonces.map((orderNonce, k) => ({
        trader: 1,
        pay: 0,
        receive: 1,
        budget: 1_000_000n + BigInt(k),
        orderNonce,
      }));
      const halted = clearedBatch({ ...SPEC, orders, haltReason: 'no trade', signed: false });
      let seen = window;
      const fresh = nonces.every((orderNonce) => {
        if (nonceFreshness(seen, orderNonce) !== 'fresh') return false;
        seen = useNonce(seen, orderNonce);
        return true;
      });
      const refused = refusals({ ...halted, nonceWindows: [window] }, { authority: 'admitted' });
      assert.deepEqual(refused, fresh ? [] : ['L2']);
    }),
    { numRuns: 300 },
  );
});

test('refuses a window to which no nonces lead, and names its owner', () => {
  const day = clearedBatch({ ...SPEC, signed: false });
  const beyond = [
    { highest: ORDER_NONCE_MAX + 1n, used: 1n },
    { highest: 9n, used: -1n },
    { highest: -1n, used: 1n },
  ];
  for (const window of beyond) {
    const nonceWindows = day.nonceWindows.map((one, k) => (k === 1 ? window : one));
    const judged = { ...day, nonceWindows };
    const verdict = spendsAreAuthorised.check(judged, lawContext(judged, ADMITTED));
    assert.equal(verdict.kind, 'violated');
    assert.deepEqual(verdict.locus, { kind: 'account', account: day.orders.owners[1] });
  }
});
