// Goal: a batch that can neither clear nor halt lets go of what it holds, and nothing else changes.
// Method: a pool that no report can state, so that even a void batch breaks a law; then batches in
// the open and hidden ones with every kind of row, given up and followed by lawful ones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  codeOf,
  ExchangeBench,
  fundedBench,
  person,
} from '../../../../testing/exchange/exchangeBench.ts';
import { at } from '../failures/invariant.ts';
import { decodeInput, encodeInput } from '../inputs.ts';
import { allHold, judgeBatch } from '../laws/judge.ts';
import { AdmissionMode } from '../markets/batch/parameters.ts';
import { AMOUNT_MAX, amount } from '../numbers/amount.ts';
import { PRICE_SCALE, price } from '../numbers/price.ts';

const HALT = { kind: 'haltMarket' as const, marketId: 1, reason: 'batch 1 breaks a law' };
const CLOSE = { kind: 'closeBatch' as const, marketId: 1 };
const VOID = { kind: 'voidBatch' as const, marketId: 1, reason: 'holds are returned' };
const RESUME = { kind: 'resumeMarket' as const, marketId: 1 };

/** A market whose pool is worth more than a report can say, so that no batch of it is lawful. */
function unlawfulBench(): ExchangeBench {
  const bench = new ExchangeBench();
  bench.must({ kind: 'registerAsset', symbol: 'USD', decimals: 6 });
  bench.must({ kind: 'registerAsset', symbol: 'GOLD', decimals: 0 });
  const demo = fundedBench().bench.market().parameters;
  const [usd, eur] = [at(demo.assets, 0), at(demo.assets, 1)];
  const gold = { ...eur, decimals: 0, target: amount(0n), inventoryMax: amount(AMOUNT_MAX) };
  const scaledCovariance = [at(demo.scaledCovariance, 0)];
  const parameters = { ...demo, assets: [usd, gold], baskets: [], pairBands: [], scaledCovariance };
  const mids = [price(PRICE_SCALE), price(PRICE_SCALE * 1_000_000n)];
  const oracle = { mids, observedAtMs: bench.timeMs, source: 'test' };
  const inventory = [amount(0n), amount(9n * 10n ** 18n)];
  bench.must({ kind: 'createMarket', parameters, oracle, inventory });
  return bench;
}

test('a batch that breaks a law even when void lets go of its holds once given up', () => {
  const bench = unlawfulBench();
  const alice = person('alice');
  bench.fund(alice, 0, 1_000_000_000n);
  bench.submit(alice);
  bench.must(CLOSE);
  const { reference: oracle } = bench.market();
  const proposal = { kind: 'halted' as const, reason: 'void', prices: oracle.mids };
  const proposed = bench.machine.propose({ kind: 'clearBatch', marketId: 1, oracle, proposal });
  assert.ok(proposed.ok);
  assert.ok(!allHold(judgeBatch(proposed.value, { authority: 'admitted' })));
  bench.must(HALT);
  assert.equal(bench.held(alice, 0), 1_000_000_000n);
  const applied = bench.must(VOID);
  assert.equal(applied.kind, 'batchVoided');
  assert.equal(bench.held(alice, 0), 0n);
  assert.equal(bench.available(alice, 0), 1_000_000_000n);
  assert.ok(bench.isZeroSum());
  assert.equal(bench.market().haltReason, HALT.reason, 'the market stays halted');
  assert.equal(bench.replay().root(), bench.machine.root());
});

test('only a closed batch of a halted market can be given up', () => {
  const { bench, alice } = fundedBench();
  bench.submit(alice);
  assert.equal(codeOf(bench.apply({ ...VOID, marketId: 9 })), 'marketUnknown');
  assert.equal(codeOf(bench.apply(VOID)), 'phaseMismatch');
  bench.must(HALT);
  assert.equal(codeOf(bench.apply(VOID)), 'phaseMismatch', 'its orders can be cancelled');
  bench.must(RESUME);
  bench.must(CLOSE);
  assert.equal(codeOf(bench.apply(VOID)), 'phaseMismatch', 'it can clear');
  bench.must(HALT);
  assert.equal(codeOf(bench.apply(VOID)), 'accepted');
  assert.equal(codeOf(bench.apply(VOID)), 'phaseMismatch', 'once');
});

test('no balance moves, nonces stay used, and lawful batches follow under the same number', () => {
  const { bench, alice, bob } = fundedBench();
  assert.ok(allHold(bench.clear().verdicts));
  const before = bench.machine.state.ledger.totals();
  const kept = bench.order(alice);
  const withdrawn = bench.order(bob, { pay: 1, receive: 0 });
  const expiring = bench.order(bob, { expiresAtMs: bench.timeMs + 1 });
  for (const entry of [kept, withdrawn, expiring]) bench.must({ kind: 'submitOrder', entry });
  bench.cancel(bob, withdrawn.orderId);
  bench.timeMs += 1;
  bench.must(CLOSE);
  bench.must(HALT);
  // Rules that wait for the next batch take effect with it.
  const parameters = { ...bench.market().parameters, feeE7: 5000 };
  bench.must({ kind: 'setParameters', parameters });
  bench.must(VOID);
  for (const one of [alice, bob]) {
    for (let asset = 0; asset < 6; asset += 1) assert.equal(bench.held(one, asset), 0n);
  }
  assert.deepEqual(bench.machine.state.ledger.totals(), before);
  assert.equal(bench.market().batch.number, 2);
  assert.equal(bench.market().parameters.feeE7, 5000);
  bench.must(RESUME);
  assert.equal(codeOf(bench.apply({ kind: 'submitOrder', entry: kept })), 'orderNonceReplayed');
  bench.submit(alice);
  const { transition, verdicts } = bench.clear();
  assert.ok(allHold(verdicts));
  assert.equal(transition.batchNumber, 2);
  assert.equal(transition.orders.count, 1);
  assert.ok(bench.isZeroSum());
  assert.equal(bench.replay().root(), bench.machine.root());
});

test('hidden orders and their bonds are released, whether revealed or not', () => {
  const bond = amount(5_000_000n);
  const hidden = { admission: AdmissionMode.commitReveal, bond, revealWindowMs: 1000 };
  const { bench, alice, bob } = fundedBench(hidden);
  const salt = new Uint8Array(32).fill(7);
  const entry = bench.order(alice);
  bench.commit(alice, entry.order, salt);
  bench.commit(bob, bench.order(bob).order, salt);
  bench.must({ kind: 'closeCollection', marketId: 1 });
  bench.must({ kind: 'revealOrder', entry, salt });
  assert.deepEqual([bench.held(alice, 0), bench.held(bob, 0)], [entry.order.budget, bond]);
  bench.must(CLOSE);
  bench.must(HALT);
  bench.must(VOID);
  assert.deepEqual([bench.held(alice, 0), bench.held(bob, 0)], [0n, 0n]);
  assert.equal(bench.market().batch.phase, 'collecting');
  assert.equal(bench.replay().root(), bench.machine.root());
});

test('its record in a journal keeps its reason', () => {
  const entry = { sequence: 7, timeMs: 8, input: VOID };
  assert.deepEqual(decodeInput(encodeInput(entry)), entry);
});
