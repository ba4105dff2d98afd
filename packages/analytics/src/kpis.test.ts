// Goal: key figures follow their formulas. Method: one hand-made batch, cleared by the exchange at
// prices that are given to it, whose figures fit on a slip of paper; then planted violations.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { RATION_SCALE } from '@lawbook/exchange/markets/batch/parameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import { price } from '@lawbook/exchange/numbers/price';
import type { BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import type { BatchTransition } from '@lawbook/exchange/transition';
import {
  DEMO_ASSETS,
  DEMO_DOMAIN,
  demoMids,
  demoOracle,
  demoParameters,
  demoTargets,
  developmentAccount,
} from './demoWorld.ts';
import { batchKpis } from './kpis.ts';

const ALICE = developmentAccount('alice');
const MARKET: Omit<BatchOrder, 'pay' | 'receive' | 'budget' | 'orderNonce'> = {
  owner: ALICE.account,
  marketId: 1,
  limitNumerator: 0n,
  limitDenominator: 1n,
  minFillPpm: 0,
  expiresAtMs: 4_102_444_799_000,
};

test('measures one bought euro at one basis point above the mid', () => {
  // At 1.10011 with a mid of 1.10: 1,100,110 USD buy exactly 1,000,000 EUR, worth 1,100,000.
  const batch = clearedAt('1.10011', [
    { ...MARKET, pay: 0, receive: 1, budget: amount(1_100_110_000_000n), orderNonce: 1n },
  ]);
  const kpis = batchKpis([batch]);
  close(kpis.costBps?.p50, 1e4 * Math.log(1.0001));
  assert.deepEqual(kpis.costBps, kpis.impactBps);
  close(kpis.lpGainUsd, 110);
  assert.equal(kpis.feesUsd, 0);
  assert.equal(kpis.fillRate, 1);
  // The protective band of 20 bps would have allowed 1,100,110 * 0.998 dollars' worth.
  close(kpis.surplusUsd, 1_100_000 - 1_100_110 * 0.998);
  close(kpis.utilisation[1]?.lower, 1_000_000 / (90_910_000 * 0.2));
  assert.equal(kpis.utilisation[1]?.upper, 0);
});

test('counts the fee as cost to the trader and not as gain of the pool', () => {
  const order = { ...MARKET, pay: 0, receive: 1, budget: amount(1_100_110_000_000n) };
  const batch = clearedAt('1.10011', [{ ...order, orderNonce: 1n }], 3000);
  const kpis = batchKpis([batch]);
  close(kpis.costBps?.mean, -1e4 * (Math.log(1 / 1.0001) + Math.log(0.9997)));
  close(kpis.impactBps?.mean, 1e4 * Math.log(1.0001));
  close(kpis.feesUsd, 300 * 1.1);
  close(kpis.lpGainUsd, 110);
});

test('pools batches: notional for the fill rate, orders for quantiles', () => {
  // The second order wants the mid and gets nothing while EUR clears above it.
  const limited = { limitNumerator: 10n, limitDenominator: 11n };
  const batch = clearedAt('1.10011', [
    { ...MARKET, pay: 0, receive: 1, budget: amount(1_100_110_000_000n), orderNonce: 1n },
    { ...MARKET, ...limited, pay: 0, receive: 1, budget: amount(500_000_000n), orderNonce: 2n },
  ]);
  const kpis = batchKpis([batch, batch]);
  assert.equal(kpis.orders, 4);
  assert.equal(kpis.filledOrders, 2);
  close(kpis.fillRate, 1_100_110 / (1_100_110 + 500));
  close(kpis.lpGainUsd, 220);
});

test('has neither cost nor fill rate without orders', () => {
  const kpis = batchKpis([clearedAt('1.10', [])]);
  assert.equal(kpis.costBps, undefined);
  assert.equal(kpis.fillRate, undefined);
  assert.equal(kpis.lpGainUsd, 0);
});

test('finds fills beyond their limit, their budget or their minimum', () => {
  const budget = amount(1_100_110_000_000n);
  const terms = { limitNumerator: 10n, limitDenominator: 12n, minFillPpm: 900_000 };
  const batch = clearedAt('1.10011', [
    { ...MARKET, ...terms, pay: 0, receive: 1, budget, orderNonce: 1n },
  ]);
  assert.equal(batchKpis([batch]).limitViolations, 0);
  const [paid, received] = [batch.fills.paid[0] as bigint, batch.fills.received[0] as bigint];
  const planted = [
    [paid + 1n, received * 2n],
    [paid, (paid * 10n) / 12n - 1n],
    [paid / 2n, received],
  ] as const;
  for (const [x, g] of planted) {
    const fills = { paid: BigUint64Array.of(x), received: BigUint64Array.of(g) };
    assert.equal(batchKpis([{ ...batch, fills }]).limitViolations, 1);
  }
});

test('finds an inventory outside its bounds', () => {
  const batch = clearedAt('1.10', []);
  const poolAfter = batch.report.poolAfter.map((units, i) => (i === 1 ? units / 2n : units));
  assert.equal(
    batchKpis([{ ...batch, report: { ...batch.report, poolAfter } }]).boundViolations,
    1,
  );
});

/** Clears a batch of orders at the mids but for the euro, whatever the pool would have quoted. */
function clearedAt(euro: string, orders: readonly BatchOrder[], feeE7 = 0): BatchTransition {
  const machine = new StateMachine(DEMO_DOMAIN);
  const signing = new Signing(DEMO_DOMAIN);
  const execute = (input: Parameters<typeof machine.apply>[0]['input']): void => {
    const result = machine.apply({ sequence: machine.nextSequence, timeMs: 0, input });
    assert.equal(result.ok, true);
  };
  for (const { symbol, decimals } of DEMO_ASSETS) {
    execute({ kind: 'registerAsset', symbol, decimals });
  }
  const oracle = demoOracle(0);
  const parameters = demoParameters({ feeE7 });
  execute({ kind: 'createMarket', parameters, oracle, inventory: demoTargets() });
  const credit = { account: ALICE.account, assetId: assetId(0), amount: amount(10n ** 13n) };
  execute({ kind: 'credit', ...credit });
  for (const order of orders) {
    const authorisation = signDigest(signing.orderDigest(order), ALICE.secretKey);
    const entry = { order, orderId: signing.orderId(order), authorisation };
    execute({ kind: 'submitOrder', entry });
  }
  execute({ kind: 'closeBatch', marketId: 1 });
  const euroPrice = price(BigInt(Math.round(Number(euro) * 1e12)));
  const whole = DEMO_ASSETS.map(() => RATION_SCALE);
  const solution = {
    prices: demoMids().map((mid, i) => (i === 1 ? euroPrice : mid)),
    payFactors: whole,
    receiveFactors: whole,
    blocked: [],
    iterations: 1,
    stepNormE12: 0n,
  };
  const proposal = { kind: 'cleared', solution } as const;
  const proposed = machine.propose({ kind: 'clearBatch', marketId: 1, oracle, proposal });
  assert.ok(proposed.ok);
  return proposed.value;
}

function close(actual: number | undefined, expected: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 1e-6, `${actual} ${expected}`);
}
