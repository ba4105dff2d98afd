/** Batches for tests: named days with every kind of order, and random ones for properties. */
import fc from 'fast-check';
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import type { BatchParameters } from '../../packages/exchange/src/markets/batch/parameters.ts';
import { productUnits, unitWeights } from '../../packages/exchange/src/markets/batch/parameters.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import type { BatchSpec, OrderSpec } from './lawfulBatch.ts';
import { worldMids, worldParameters } from './lawfulBatch.ts';

const WHOLE = 1_000_000n;

/** A limit at the mid rate moved by `shiftPpm`: negative is willing to trade. */
export function limitNearMid(
  parameters: BatchParameters,
  pair: { readonly pay: number; readonly receive: number },
  shiftPpm: number,
): readonly [bigint, bigint] {
  const mids = worldMids(parameters.assets.length);
  const weights = unitWeights(parameters);
  const worth = (product: number): bigint =>
    productUnits(parameters, product).reduce(
      (sum, units, i) => sum + units * at(mids, i) * at(weights, i),
      0n,
    );
  const scale = 1_000_000_000n;
  const numerator = (worth(pair.pay) * BigInt(1_000_000 + shiftPpm)) / scale;
  return [numerator, (worth(pair.receive) * 1_000_000n) / scale];
}

/** One basket over the first three assets, for markets that have them. */
export const TEST_BASKET: BatchParameters['baskets'][number] = {
  symbol: 'BASKET',
  units: [0n, 400n, 300n],
};

/** A batch with every kind of order: limits, a basket, a minimum, delegate, session, void rows. */
export function ordinaryDay(overrides: Partial<BatchParameters> = {}): BatchSpec {
  const parameters = worldParameters(3, { baskets: [TEST_BASKET], ...overrides });
  const near = (pay: number, receive: number, shift: number): readonly [bigint, bigint] =>
    limitNearMid(parameters, { pay, receive }, shift);
  const euros = 400_000n * WHOLE;
  return {
    parameters,
    mids: worldMids(3),
    orders: [
      { trader: 1, pay: 0, receive: 1, budget: 500_000n * WHOLE },
      { trader: 2, pay: 1, receive: 0, budget: euros, limit: near(1, 0, -900) },
      { trader: 3, pay: 2, receive: 1, budget: 900_000_000_000n, authorisedBy: 'session' },
      { trader: 1, pay: 1, receive: 3, budget: euros, minFillPpm: 900_000 },
      { trader: 4, pay: 0, receive: 2, budget: euros, authorisedBy: 'delegate' },
      { trader: 5, pay: 0, receive: 1, budget: euros, limit: near(0, 1, 5_000) },
      { trader: 2, pay: 0, receive: 1, budget: euros, ending: 'canceled' },
      { trader: 6, pay: 0, receive: 1, budget: euros, ending: 'expired' },
    ],
  };
}

/** The ordinary day with hidden orders: two of them are never revealed. */
export function hiddenDay(): BatchSpec {
  const day = ordinaryDay({ admission: 'commitReveal', bond: amount(1_000_000n) });
  return { ...day, silent: [7, 1] };
}

/** More is asked of asset 1 than the pool may give. */
export function scarceDay(scarcity: BatchParameters['scarcity']): BatchSpec {
  const { assets } = worldParameters(3);
  const parameters = worldParameters(3, {
    scarcity,
    assets: assets.map((asset, i) =>
      i === 1 ? { ...asset, inventoryMin: amount(asset.target - 500_000n * WHOLE) } : asset,
    ),
  });
  return {
    parameters,
    mids: worldMids(3),
    orders: [
      { trader: 1, pay: 0, receive: 1, budget: 1_000_000n * WHOLE },
      { trader: 2, pay: 0, receive: 1, budget: 400_000n * WHOLE },
      { trader: 3, pay: 2, receive: 0, budget: 100_000_000_000n },
    ],
  };
}

/** An all-or-nothing order too large for its own limit: lawfully blocked. */
export function blockedDay(): BatchSpec {
  const parameters = worldParameters(2);
  const limit = limitNearMid(parameters, { pay: 0, receive: 1 }, -500);
  const large = 8_000_000n * WHOLE;
  return {
    parameters,
    mids: worldMids(2),
    orders: [
      { trader: 1, pay: 0, receive: 1, budget: large, limit, minFillPpm: 1_000_000 },
      { trader: 2, pay: 1, receive: 0, budget: 200_000n * WHOLE },
    ],
  };
}

/** Random specs: 2 to 4 assets, up to eight orders, both kinds of scarcity. */
export const batchSpecs: fc.Arbitrary<BatchSpec> = fc
  .record({
    assets: fc.integer({ min: 2, max: 4 }),
    feeE7: fc.constantFrom(0, 3000),
    scarcity: fc.constantFrom('proRata' as const, 'scarcityPricing' as const),
    tight: fc.boolean(),
    withBasket: fc.boolean(),
  })
  .chain(({ assets, feeE7, scarcity, tight, withBasket }) => {
    const { assets: listed } = worldParameters(assets);
    const parameters = worldParameters(assets, {
      feeE7,
      scarcity,
      baskets:
        withBasket && assets > 2
          ? [{ symbol: 'BASKET', units: listed.map((_, i) => (i === 0 ? 0n : 300n)) }]
          : [],
      assets: listed.map((asset, i) =>
        tight && i === 1
          ? { ...asset, inventoryMin: amount(asset.target - 700_000n * WHOLE) }
          : asset,
      ),
    });
    return fc
      .array(orderSpecs(parameters), { maxLength: 8 })
      .map((orders) => ({ parameters, mids: worldMids(assets), orders }));
  });

function orderSpecs(parameters: BatchParameters): fc.Arbitrary<OrderSpec> {
  const assets = parameters.assets.length;
  const products = assets + parameters.baskets.length;
  return fc
    .record({
      trader: fc.integer({ min: 1, max: 4 }),
      pay: fc.integer({ min: 0, max: assets - 1 }),
      step: fc.integer({ min: 1, max: products - 1 }),
      usd: fc.integer({ min: 1, max: 1_000_000 }),
      shift: fc.option(fc.integer({ min: -2500, max: 400 }), { nil: undefined }),
      minFillPpm: fc.constantFrom(0, 0, 0, 100_000, 1_000_000),
      authorisedBy: fc.constantFrom('owner' as const, 'delegate' as const, 'session' as const),
      ending: fc.constantFrom(undefined, undefined, undefined, 'canceled', 'expired'),
    })
    .map(({ trader, pay, step, usd, shift, minFillPpm, authorisedBy, ending }) => {
      const receive = (pay + step) % products;
      const unit = 10n ** BigInt(at(parameters.assets, pay).decimals) * 10n ** 12n;
      const budget = (BigInt(usd) * unit) / at(worldMids(assets), pay) + 1n;
      return {
        trader,
        pay,
        receive,
        budget,
        minFillPpm,
        authorisedBy,
        ...(shift === undefined
          ? {}
          : { limit: limitNearMid(parameters, { pay, receive }, shift) }),
        ...(ending === undefined ? {} : { ending: ending as 'canceled' | 'expired' }),
      };
    });
}
