// Goal: what an operator may change keeps its promises to those who trade. Method: scenarios on a
// bench: baskets under signed orders, halts at every phase, and roots that tell states apart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  codeOf,
  ExchangeBench,
  fundedBench,
  person,
} from '../../../../testing/exchange/exchangeBench.ts';
import { at } from '../failures/invariant.ts';
import { allHold, judgeBatch } from '../laws/judge.ts';
import { RATION_SCALE } from '../markets/batch/parameters.ts';
import { AMOUNT_MAX, amount } from '../numbers/amount.ts';
import { PRICE_SCALE, price } from '../numbers/price.ts';
import { NO_DELEGATE, Scope } from '../orders/signedTypes.ts';

test('a basket stays what it is, and more baskets follow the present ones', () => {
  const { bench, alice } = fundedBench();
  const good = bench.market().parameters;
  const first = at(good.baskets, 0);
  const set = (baskets: typeof good.baskets): string => {
    return codeOf(bench.apply({ kind: 'setParameters', parameters: { ...good, baskets } }));
  };
  const twice = { ...first, units: first.units.map((units) => units * 2n) };
  assert.equal(set([twice]), 'parametersInvalid');
  assert.equal(set([]), 'parametersInvalid');
  assert.equal(set([{ ...first, symbol: 'OTHER' }]), 'parametersInvalid');
  assert.equal(set([{ ...twice, symbol: 'TWICE' }, first]), 'parametersInvalid');
  assert.equal(set([...good.baskets, { ...twice, symbol: 'TWICE' }]), 'accepted');
  const receive = good.assets.length + good.baskets.length;
  assert.equal(codeOf(bench.submit(alice, { receive })), 'accepted');
  assert.ok(allHold(bench.clear().verdicts));
});

test('a new basket is worth at most one numeraire a unit, and a journal may hold any', () => {
  const { bench } = fundedBench();
  const good = bench.market().parameters;
  // A dollar has 10^6 ledger units and a mid of one; so has the euro, at 1.1.
  const basket = (dollars: bigint): typeof good => {
    const units = good.assets.map((_, i) => (i === 0 ? dollars : i === 1 ? 10n : 0n));
    return { ...good, baskets: [...good.baskets, { symbol: 'COARSE', units }] };
  };
  const admit = (parameters: typeof good): string => {
    return codeOf(bench.admit({ kind: 'setParameters', parameters }));
  };
  const refused = bench.admit({ kind: 'setParameters', parameters: basket(999_990n) });
  assert.equal(!refused.ok && refused.rejection.field, 'baskets[1].units');
  assert.equal(admit(basket(999_989n)), 'accepted');
  const created = { ...basket(1_000_000n), marketId: 2 };
  const { reference: oracle } = bench.market();
  const inventory = created.assets.map(() => amount(0n));
  const market = { kind: 'createMarket' as const, parameters: created, oracle, inventory };
  assert.equal(codeOf(bench.admit(market)), 'parametersInvalid');
  assert.equal(codeOf(bench.apply(market)), 'accepted');
  assert.equal(bench.replay().root(), bench.machine.root());
});

test('a proposal whose receipts no amount can count is refused and changes nothing', () => {
  const { bench, alice } = fundedBench();
  bench.submit(alice, { budget: amount(10n ** 12n), receive: 2 });
  bench.must({ kind: 'closeBatch', marketId: 1 });
  const root = bench.machine.root();
  const { reference: oracle, parameters } = bench.market();
  const ones = parameters.assets.map(() => RATION_SCALE);
  const prices = oracle.mids.map((mid, i) => (i === 2 ? price(1n) : mid));
  const claims = { blocked: [], iterations: 0, stepNormE12: 0n };
  const solution = { prices, payFactors: ones, receiveFactors: ones, ...claims };
  const proposal = { kind: 'cleared' as const, solution };
  const input = { kind: 'clearBatch' as const, marketId: 1, oracle, proposal };
  assert.equal(codeOf(bench.machine.propose(input)), 'amountOutOfRange');
  assert.equal(codeOf(bench.apply(input)), 'amountOutOfRange');
  assert.equal(bench.machine.root(), root);
  const halted = { kind: 'halted' as const, reason: 'void', prices: oracle.mids };
  assert.equal(codeOf(bench.apply({ ...input, proposal: halted })), 'accepted');
  assert.equal(bench.held(alice, 0), 0n);
});

test('a halted market clears nothing, and clears its closed batch once resumed', () => {
  const { bench, alice } = fundedBench();
  bench.submit(alice);
  bench.must({ kind: 'closeBatch', marketId: 1 });
  bench.must({ kind: 'haltMarket', marketId: 1, reason: 'maintenance' });
  const { reference } = bench.market();
  const proposal = { kind: 'halted' as const, reason: 'void', prices: reference.mids };
  const input = { kind: 'clearBatch' as const, marketId: 1, oracle: reference, proposal };
  assert.equal(codeOf(bench.apply(input)), 'marketHalted');
  bench.must({ kind: 'resumeMarket', marketId: 1 });
  assert.equal(codeOf(bench.apply(input)), 'accepted');
  assert.equal(bench.held(alice, 0), 0n);
});

test('the state root tells a market halted without a reason from an open one', () => {
  const { bench } = fundedBench();
  const halted = fundedBench().bench;
  bench.must({ kind: 'resumeMarket', marketId: 1 });
  halted.must({ kind: 'haltMarket', marketId: 1, reason: '' });
  assert.notEqual(halted.machine.root(), bench.machine.root());
});

test('a session nonce wider than the laws allow is refused: it would break later batches', () => {
  const { bench, alice } = fundedBench();
  const open = (orderNonce: bigint): string => {
    const grant = {
      owner: alice.account,
      delegate: NO_DELEGATE,
      scopes: Scope.trade,
      expiresAtMs: bench.timeMs + 60_000,
      orderNonce,
    };
    const grantId = bench.signing.grantId(grant);
    const signature = new Uint8Array(65);
    return codeOf(bench.apply({ kind: 'openSession', grant: { grant, grantId, signature } }));
  };
  assert.equal(open(1n << 63n), 'orderNonceTooOld');
  assert.equal(open((1n << 63n) - 2n), 'accepted');
  assert.equal(codeOf(bench.submit(alice, { orderNonce: (1n << 63n) - 1n })), 'accepted');
  assert.ok(allHold(bench.clear().verdicts));
});

test('a pool too large for its report breaks a law and does not stop the program', () => {
  const bench = new ExchangeBench();
  bench.must({ kind: 'registerAsset', symbol: 'USD', decimals: 6 });
  bench.must({ kind: 'registerAsset', symbol: 'GOLD', decimals: 0 });
  const demo = fundedBench().bench.market().parameters;
  const [usd, eur] = [at(demo.assets, 0), at(demo.assets, 1)];
  const gold = { ...eur, decimals: 0, target: amount(0n), inventoryMax: amount(AMOUNT_MAX) };
  const parameters = {
    ...demo,
    assets: [usd, gold],
    baskets: [],
    pairBands: [],
    scaledCovariance: [at(demo.scaledCovariance, 0)],
  };
  const mids = [price(PRICE_SCALE), price(PRICE_SCALE * 1_000_000n)];
  const oracle = { mids, observedAtMs: bench.timeMs, source: 'test' };
  const inventory = [amount(0n), amount(9n * 10n ** 18n)];
  bench.must({ kind: 'createMarket', parameters, oracle, inventory });
  const alice = person('alice');
  bench.fund(alice, 0, 1_000_000_000n);
  bench.submit(alice);
  bench.must({ kind: 'closeBatch', marketId: 1 });
  const proposal = { kind: 'halted' as const, reason: 'out of range', prices: mids };
  const proposed = bench.machine.propose({ kind: 'clearBatch', marketId: 1, oracle, proposal });
  assert.ok(proposed.ok);
  const [binds] = judgeBatch(proposed.value, { authority: 'admitted' });
  assert.equal(
    binds?.verdict.kind === 'violated' && binds.verdict.rule,
    'a report fits its encoding',
  );
});
