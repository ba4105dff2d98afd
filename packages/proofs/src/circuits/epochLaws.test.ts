// Goal: the epoch circuit refuses an epoch that breaks any of the laws L3 to L10.
// Method: lawful batches, and copies in which everything follows from a few unlawful figures, so
// that few other laws are broken, are put to the laws and to the circuit, which is solved but not
// proved. Every corrupted copy is a sound list with its own commitment and its own point.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { receiptOf, restateRules } from '@lawbook/exchange/laws/ruleTable';
import type { LawId } from '@lawbook/exchange/laws/verdict';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { BatchTransition } from '@lawbook/exchange/transition';
import {
  acceptsBatches,
  provable,
  provableBatch,
  SMALLEST,
} from '../../../../testing/proofs/epochClaims.ts';
import { lawfulEpoch } from '../../../../testing/settlement/epochWorld.ts';
import { reassemble } from '../../../../testing/world/assembleBatch.ts';
import { blockedDay, ordinaryDay, scarceDay } from '../../../../testing/world/batchSpecs.ts';
import { editAt, refusals } from '../../../../testing/world/corruptions.ts';
import { clearedBatch, refilled } from '../../../../testing/world/lawfulBatch.ts';
import { unprovable } from './epochCircuit.ts';

const DAY = provableBatch();

/** Laws that the circuit shows. */
const SHOWN: readonly LawId[] = ['L3', 'L4', 'L5', 'L6', 'L7', 'L8', 'L9', 'L10'];

function broken(transition: BatchTransition): LawId[] {
  return refusals(transition, { authority: 'admitted' }).filter((law) => SHOWN.includes(law));
}

async function assertRefused(
  law: LawId,
  corrupted: Readonly<Record<string, BatchTransition>>,
): Promise<void> {
  for (const [what, transition] of Object.entries(corrupted)) {
    assert.ok(broken(transition).includes(law), `${law} refuses: ${what}`);
    assert.equal(await acceptsBatches([transition]), false, `the circuit refuses: ${what}`);
  }
}

/** The day with other payments, and receipts that the prices give for them. */
function paying(payments: Readonly<Record<number, bigint>>, day = DAY): BatchTransition {
  const rules = restateRules(day);
  const paid = day.fills.paid.slice();
  const received = day.fills.received.slice();
  for (const [place, units] of Object.entries(payments)) {
    const row = Number(place);
    const rule = rules.pair(day.orders.pay[row] as number, day.orders.receive[row] as number);
    paid[row] = units;
    received[row] = receiptOf(rule, units);
  }
  return reassemble(day, { fills: { paid, received } });
}

function receiving(row: number, more: bigint): BatchTransition {
  const received = editAt(DAY.fills.received, row, (units) => units + more);
  return reassemble(DAY, { fills: { ...DAY.fills, received } });
}

function under(change: Partial<BatchParameters>): BatchTransition {
  return { ...DAY, parameters: { ...DAY.parameters, ...change } };
}

/** The day under another bound of one asset, measured from where the pool ends. */
function bounded(asset: number, bound: 'inventoryMin' | 'inventoryMax'): BatchTransition {
  const step = bound === 'inventoryMin' ? 1n : -1n;
  const units = amount(at(DAY.report.poolAfter, asset) + step);
  const assets = DAY.parameters.assets.map((a, i) => (i === asset ? { ...a, [bound]: units } : a));
  return under({ assets });
}

function changed(edits: Readonly<Record<number, bigint>>): BatchTransition {
  let { changes } = DAY.diffs;
  for (const [place, more] of Object.entries(edits)) {
    changes = editAt(changes, Number(place), (units) => units + more);
  }
  return { ...DAY, diffs: { ...DAY.diffs, changes } };
}

const paidIn = (row: number): bigint => DAY.fills.paid[row] as bigint;
const budgetOf = (row: number): bigint => DAY.orders.budget[row] as bigint;

test('accepts lawful epochs: ordinary, rationed, blocked, halted, of several batches', async () => {
  const halted = { ...ordinaryDay(), haltReason: 'a test' };
  for (const spec of [ordinaryDay(), scarceDay('proRata'), blockedDay(), halted]) {
    const day = provableBatch(spec);
    assert.deepEqual(broken(day), []);
    assert.equal(unprovable([day], SMALLEST), undefined);
    assert.equal(await acceptsBatches([day]), true);
  }
  const empty = { ...ordinaryDay(), orders: [] };
  const epoch = lawfulEpoch([ordinaryDay(), halted].map(provable));
  const pause = lawfulEpoch([empty, ordinaryDay(), empty].map(provable));
  assert.equal(await acceptsBatches(epoch?.batches ?? []), true);
  assert.equal(await acceptsBatches(pause?.batches ?? []), true);
});

test('L3: refuses prices from a stale or future oracle, or outside the halt band', async () => {
  const observed = (observedAtMs: number): BatchTransition => ({
    ...DAY,
    oracle: { ...DAY.oracle, observedAtMs },
  });
  const { oracleAgeMsMax } = DAY.parameters;
  const numeraire = DAY.solution.prices.map((price, i) => (i === 0 ? price + 1n : price));
  await assertRefused('L3', {
    'a quote a millisecond too old': observed(DAY.closedAtMs - oracleAgeMsMax - 1),
    'a quote from after the close': observed(DAY.closedAtMs + 1),
    'a price outside the halt band': under({ haltBandPpm: 1 }),
    'a numeraire that costs more than one': refilled(DAY, { prices: numeraire as never }),
  });
});

test('L4: refuses payments that the prices do not give', async () => {
  await assertRefused('L4', {
    'a unit too little': paying({ 0: paidIn(0) - 1n }),
    'half of what another gets': paying({ 4: paidIn(4) / 2n }),
    'nothing for an order that fills': paying({ 1: 0n }),
    'a cancelled order that pays': paying({ 6: budgetOf(6) }),
    'an expired order that pays': paying({ 7: budgetOf(7) }),
    'a payment in a halted batch': paying(
      { 0: 1_000_000n },
      provableBatch({ ...ordinaryDay(), haltReason: 'a test' }),
    ),
  });
});

test('L5: refuses receipts off the one price vector', async () => {
  await assertRefused('L5', {
    'a unit too much': receiving(0, 1n),
    'a unit too little': receiving(2, -1n),
    'a basket too much': receiving(3, 1n),
    'nothing for a payment': receiving(4, -(DAY.fills.received[4] as bigint)),
  });
});

test('L6: refuses fills against an order’s terms, and blocks without a certificate', async () => {
  const loose = provableBatch(blockedDay());
  const halted = provableBatch({ ...ordinaryDay(), haltReason: 'a test' });
  const orders = blockedDay().orders.map((order) => ({ ...order, minFillPpm: 1 }));
  const small = clearedBatch(provable({ ...blockedDay(), orders }));
  await assertRefused('L6', {
    'more than the budget': paying({ 0: budgetOf(0) + 1n }),
    'a fill that misses its limit': paying({ 5: budgetOf(5) / 2n }),
    'a fill below its minimum': paying({ 3: budgetOf(3) / 2n }),
    'a block without need': refilled(DAY, { blocked: [3] }),
    'a block of an order without a minimum': refilled(DAY, { blocked: [0] }),
    'a block of an order that would not fill': refilled(DAY, { blocked: [5] }),
    'a block of a cancelled order': refilled(DAY, { blocked: [6] }),
    'a block of an order whose minimum fits': refilled(small, { blocked: [0] }),
    'a block in a halted batch': { ...halted, solution: { ...halted.solution, blocked: [0] } },
    'a second block beside a lawful one': refilled(loose, { blocked: [0, 1] }),
  });
});

test('L7: refuses lists that make or lose units', async () => {
  await assertRefused('L7', {
    'a unit from nowhere': changed({ 0: 1n }),
    'a unit lost': changed({ 4: -1n }),
    'units turned into those of another asset': changed({ 0: 1n, 1: -1n }),
  });
});

test('L8: refuses prices off the pool’s quote, and rationing without a tight bound', async () => {
  const moved = (day: BatchTransition, asset: number, ppm: bigint): BatchTransition => {
    const prices = day.solution.prices.map((price, i) =>
      i === asset ? (price * (1_000_000n + ppm)) / 1_000_000n : price,
    );
    return refilled(day, { prices: prices as never });
  };
  const factors = (place: number): bigint[] =>
    DAY.solution.payFactors.map((factor, i) => (i === place ? factor - 1n : factor));
  const scarce = provableBatch(scarceDay('proRata'));
  await assertRefused('L8', {
    'a price three millionths higher': moved(DAY, 1, 3n),
    'a price three millionths lower': moved(DAY, 2, -3n),
    'a price at a tight bound': moved(scarce, 1, 3n),
    'payers rationed': refilled(DAY, { payFactors: factors(0) }),
    'receivers rationed': refilled(DAY, { receiveFactors: factors(1) }),
    'the wrong side of a tight bound rationed': refilled(scarce, { payFactors: factors(1) }),
  });
});

test('L9: refuses to lead the pool beyond its bounds', async () => {
  const moved = DAY.report.poolAfter.map((units, i) => units - at(DAY.report.poolBefore, i));
  const fell = moved.flatMap((units, i) => (units < 0n ? [i] : []));
  const rose = moved.flatMap((units, i) => (units > 0n ? [i] : []));
  assert.ok(fell.length > 0 && rose.length > 0 && fell.length + rose.length === 3);
  const corrupted: Record<string, BatchTransition> = {};
  for (const i of fell) corrupted[`asset ${i} below its bound`] = bounded(i, 'inventoryMin');
  for (const i of rose) corrupted[`asset ${i} above its bound`] = bounded(i, 'inventoryMax');
  await assertRefused('L9', corrupted);
});

test('L9: an asset that was outside before may stay there', async () => {
  const moved = at(DAY.report.poolAfter, 1) - at(DAY.report.poolBefore, 1);
  const kept = bounded(1, moved < 0n ? 'inventoryMax' : 'inventoryMin');
  assert.deepEqual(broken(kept), []);
  assert.equal(await acceptsBatches([kept]), true);
});

test('L10: refuses lists that are not the netted fills', async () => {
  const width = DAY.diffs.assets.length;
  const pool = (DAY.diffs.accounts.length - 2) * width;
  await assertRefused('L10', {
    'a unit from one owner to another': changed({ 0: 1n, [width]: -1n }),
    'a unit from the pool to an owner': changed({ 1: 1n, [pool + 1]: -1n }),
    'a unit from the fees to the pool': changed({ [pool]: 1n, [pool + width]: -1n }),
    'a unit from the fees to an owner': changed({ 2: 1n, [pool + width + 2]: -1n }),
  });
});

test('a batch that does not go on from the pool of the one before is refused', async () => {
  const [first, second] = lawfulEpoch([ordinaryDay(), ordinaryDay()].map(provable))?.batches ?? [];
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(await acceptsBatches([first, second]), true);
  const elsewhere = provableBatch({ ...ordinaryDay(), batchNumber: second.batchNumber });
  assert.deepEqual(broken(elsewhere), []);
  assert.equal(await acceptsBatches([first, elsewhere]), false);
});
