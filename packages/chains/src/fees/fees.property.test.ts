// Goal: the laws of fees hold for every quote, policy and cap.
// Method: fast-check; a twin that looks for the least number step by step judges the arithmetic.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AttemptFees } from '../intents/intent.ts';
import type { FeePolicy, FeeQuote } from './feePolicy.ts';
import { affordableFees, bumpedFees, firstFees, replacementFloor, worstFee } from './fees.ts';

const seed = Date.now() & 0x7fffffff;
console.log(`fees.property seed ${seed}`);

const price = fc.bigInt({ min: 0n, max: 2n ** 70n });
const urgency = fc.constantFrom('patient' as const, 'urgent' as const);
const quotes: fc.Arbitrary<FeeQuote> = fc.record({
  baseFeePerGas: price,
  tip: fc.record({ patient: price, urgent: price }),
  blockNumber: fc.constant(1n),
});
const percent = fc.integer({ min: 100, max: 1_000 });
const policies: fc.Arbitrary<FeePolicy> = fc.record({
  tipPercentile: fc.constant({ patient: 50, urgent: 90 }),
  baseFeeHeadroom: fc.record({ patient: percent, urgent: percent }),
  bump: fc.integer({ min: 110, max: 300 }),
  attemptsMax: fc.constant(8),
  leastTip: fc.bigInt({ min: 0n, max: 10n ** 10n }),
});
const attempts: fc.Arbitrary<AttemptFees> = fc
  .tuple(price, price)
  .map(([room, tip]) => ({ maxFeePerGas: room + tip, maxPriorityFeePerGas: tip }));

/** The least whole number that is at least `percent` hundredths of a price, found by trying. */
function slowPercent(base: bigint, hundredths: number): bigint {
  let sum = 0n;
  for (let step = 0; step < hundredths; step += 1) sum += base;
  // From below: the quotient less one, then upwards until it carries.
  let found = sum / 100n - 1n;
  while (found * 100n < sum) found += 1n;
  return found < 0n ? 0n : found;
}

test('a first attempt is what the slow twin says', () => {
  fc.assert(
    fc.property(quotes, policies, urgency, (quote, policy, how) => {
      const fees = firstFees({ quote, policy, urgency: how });
      const tips = [quote.tip[how], policy.leastTip].sort((a, b) => (a < b ? -1 : 1));
      const tip = tips[1];
      const room = slowPercent(quote.baseFeePerGas, policy.baseFeeHeadroom[how]);
      assert.equal(fees.maxPriorityFeePerGas, tip);
      assert.equal(fees.maxFeePerGas, room + (tip ?? 0n));
      assert.ok(fees.maxPriorityFeePerGas <= fees.maxFeePerGas);
    }),
    { seed },
  );
});

test('a replacement reaches the bump in both fields, and a first attempt', () => {
  fc.assert(
    fc.property(quotes, policies, urgency, attempts, (quote, policy, how, previous) => {
      const fees = bumpedFees({ previous, quote, policy, urgency: how });
      const fresh = firstFees({ quote, policy, urgency: how });
      for (const field of ['maxFeePerGas', 'maxPriorityFeePerGas'] as const) {
        const least = slowPercent(previous[field], policy.bump);
        const candidates = [least, previous[field] + 1n, fresh[field]];
        const expected = candidates.reduce((a, b) => (a > b ? a : b));
        assert.equal(fees[field], expected);
        assert.ok(fees[field] * 100n >= previous[field] * 110n);
        assert.ok(fees[field] > previous[field]);
      }
      assert.ok(fees.maxPriorityFeePerGas <= fees.maxFeePerGas);
    }),
    { seed },
  );
});

test('what is affordable stays within the cap and still lands in the next block', () => {
  const gas = fc.bigInt({ min: 21_000n, max: 60_000_000n });
  const cap = fc.bigInt({ min: 0n, max: 2n ** 96n });
  fc.assert(
    fc.property(quotes, policies, urgency, gas, cap, (quote, policy, how, gasLimit, feeCap) => {
      const fees = firstFees({ quote, policy, urgency: how });
      const { leastTip } = policy;
      const affordable = affordableFees({ fees, quote, gasLimit, feeCap, leastTip });
      const bound = quote.baseFeePerGas + leastTip;
      if (affordable === undefined) {
        assert.ok(bound * gasLimit > feeCap);
        return;
      }
      assert.ok(worstFee(affordable, gasLimit) <= feeCap);
      assert.ok(affordable.maxFeePerGas >= bound);
      assert.ok(affordable.maxPriorityFeePerGas <= affordable.maxFeePerGas);
      assert.ok(affordable.maxFeePerGas <= fees.maxFeePerGas);
      const unused = feeCap - worstFee(affordable, gasLimit);
      assert.ok(affordable.maxFeePerGas === fees.maxFeePerGas || unused < gasLimit);
    }),
    { seed },
  );
});

test('an affordable replacement is one that nodes take', () => {
  fc.assert(
    fc.property(quotes, policies, attempts, price, (quote, policy, previous, feeCap) => {
      const fees = bumpedFees({ previous, quote, policy, urgency: 'urgent' });
      const atLeast = replacementFloor(previous, policy);
      const affordable = affordableFees({ fees, quote, gasLimit: 1n, feeCap, atLeast });
      if (affordable === undefined) return;
      assert.ok(affordable.maxFeePerGas >= atLeast.maxFeePerGas);
      assert.ok(affordable.maxPriorityFeePerGas >= atLeast.maxPriorityFeePerGas);
    }),
    { seed },
  );
});
