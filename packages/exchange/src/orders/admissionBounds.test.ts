// Goal: no order or grant can use up an account's nonces or hide a unit mistake in its expiry, and
// journals from before these bounds replay as they are.
// Method: a bench that admits as a venue does, at the last number that passes and the first that
// does not; the same inputs without bounds; random nonces against the promise that room remains.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf, fundedBench } from '../../../../testing/exchange/exchangeBench.ts';
import { amount } from '../numbers/amount.ts';
import { ADMISSION_BOUNDS, nonceLead } from './admissionBounds.ts';
import type { AuthorisedOrder } from './batchOrder.ts';
import { ORDER_NONCE_MAX } from './orderNonces.ts';
import { NO_DELEGATE, Scope } from './signedTypes.ts';

const NOW_MS = 1_790_000_000_000;
const STEP = ADMISSION_BOUNDS.nonceStepMax;

function venueBench(): ReturnType<typeof fundedBench> {
  const world = fundedBench();
  world.bench.timeMs = NOW_MS;
  return world;
}

const submit = (
  entry: AuthorisedOrder,
): { readonly kind: 'submitOrder'; entry: AuthorisedOrder } => {
  return { kind: 'submitOrder', entry };
};

test('the last nonce of all is refused, and the account goes on', () => {
  const { bench, alice } = venueBench();
  const root = bench.machine.root();
  const last = bench.admit(submit(bench.order(alice, { orderNonce: ORDER_NONCE_MAX })));
  assert.equal(codeOf(last), 'orderNonceTooFar');
  assert.equal(bench.machine.root(), root);
  assert.equal(codeOf(bench.admit(submit(bench.order(alice)))), 'accepted');
});

test('nonces may be counted, or read from a clock of milliseconds, micro- or nanoseconds', () => {
  for (const scale of [0n, 1n, 1_000n, 1_000_000n]) {
    const { bench, alice } = venueBench();
    const first = BigInt(NOW_MS) * scale + 1n;
    for (const orderNonce of [first, first + 1n, first + STEP]) {
      const answer = bench.admit(submit(bench.order(alice, { orderNonce })));
      assert.equal(codeOf(answer), 'accepted', String(orderNonce));
    }
  }
});

test('a nonce is refused from one step beyond the lead on, in orders and in grants', () => {
  const { bench, alice, bob } = venueBench();
  const byClock = nonceLead(0n, NOW_MS) + STEP;
  const at = (orderNonce: bigint): string => {
    return codeOf(bench.admit(submit(bench.order(alice, { orderNonce }))));
  };
  assert.equal(at(byClock + 1n), 'orderNonceTooFar');
  assert.equal(at(byClock), 'accepted');
  assert.equal(at(byClock + STEP + 1n), 'orderNonceTooFar');
  assert.equal(at(byClock + STEP), 'accepted');
  const open = (orderNonce: bigint): string => {
    const terms = { delegate: NO_DELEGATE, scopes: Scope.trade, expiresAtMs: NOW_MS + 60_000 };
    const grant = { owner: bob.account, ...terms, orderNonce };
    const grantId = bench.signing.grantId(grant);
    const signature = new Uint8Array(65);
    return codeOf(bench.admit({ kind: 'openSession', grant: { grant, grantId, signature } }));
  };
  assert.equal(open(byClock + 1n), 'orderNonceTooFar');
  assert.equal(open(byClock), 'accepted');
});

test('an expiry of thirty days passes, a millisecond more and microseconds do not', () => {
  const { bench, alice } = venueBench();
  const limit = NOW_MS + ADMISSION_BOUNDS.orderLifeMsMax;
  const at = (expiresAtMs: number): string => {
    return codeOf(bench.admit(submit(bench.order(alice, { expiresAtMs }))));
  };
  assert.equal(at(limit), 'accepted');
  for (const late of [limit + 1, NOW_MS * 1000, 2 ** 52])
    assert.equal(at(late), 'orderExpiryTooFar');
});

test('the bounds come after every older refusal of an order and before its balance', () => {
  const { bench, alice } = venueBench();
  const far = { expiresAtMs: 2 ** 52, orderNonce: ORDER_NONCE_MAX };
  const at = (terms: object): string => codeOf(bench.admit(submit(bench.order(alice, terms))));
  assert.equal(at({ ...far, minFillPpm: 1_000_001 }), 'minFillOutOfRange');
  assert.equal(at({ ...far, orderNonce: 0n }), 'orderNonceReplayed');
  assert.equal(at(far), 'orderNonceTooFar');
  const dear = { budget: amount(10n ** 13n) };
  assert.equal(at({ expiresAtMs: 2 ** 52, ...dear }), 'orderExpiryTooFar');
  assert.equal(at(dear), 'insufficientAvailable');
});

test('a journal from before the bounds replays, with what it accepted then', () => {
  const { bench, alice } = venueBench();
  const far = bench.order(alice, { expiresAtMs: 2 ** 52, orderNonce: ORDER_NONCE_MAX });
  assert.equal(codeOf(bench.apply(submit(far))), 'accepted');
  bench.clear();
  assert.equal(bench.replay().root(), bench.machine.root());
});

test('whatever passes leaves room for all orders to come', () => {
  const leap = fc.bigInt({ min: 0n, max: ORDER_NONCE_MAX });
  fc.assert(
    fc.property(fc.array(leap, { maxLength: 60 }), fc.nat(4_000_000_000_000), (nonces, timeMs) => {
      const { bench, alice } = fundedBench();
      bench.timeMs = Math.max(timeMs, bench.timeMs);
      let passed = 0n;
      for (const orderNonce of nonces) {
        const entry = bench.order(alice, { orderNonce, budget: amount(1_000n) });
        if (bench.admit(submit(entry)).ok) passed += 1n;
      }
      const { highest } = bench.machine.state.nonceWindow(alice.account);
      assert.ok(highest <= nonceLead(0n, bench.timeMs) + passed * STEP);
      assert.equal(bench.replay().root(), bench.machine.root());
    }),
    { numRuns: 30 },
  );
});
