// Goal: orders that miss their minimum fill are dropped worst first, ties by order id, and come
// back as they left. Method: buyers of euros at prices where each fill can be read off the ramp.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderSketch } from '../../../../../testing/world/batchMarkets.ts';
import { demoProblem, tableOf } from '../../../../../testing/world/batchMarkets.ts';
import { MarketModel } from './marketModel.ts';
import { MinimumFillDrops } from './minimumFillDrops.ts';
import type { OrderTable } from './orderTable.ts';
import { PairBooks } from './pairBooks.ts';

interface World {
  readonly model: MarketModel;
  readonly table: OrderTable;
  readonly drops: MinimumFillDrops;
}

const AT_MIDS = new Float64Array(6);

function worldOf(orders: readonly OrderSketch[], canceled: readonly number[] = []): World {
  const table = tableOf(orders);
  for (const row of canceled) table.cancel(row);
  const model = new MarketModel(demoProblem({ feeE7: 0 }), PairBooks.of(table, 6), table);
  return { model, table, drops: new MinimumFillDrops(model, table) };
}

/** A buyer of euros who at the mids is filled to so many hundredths, with a minimum in per cent. */
function buyer(filledPercent: bigint, minimumPercent: number): OrderSketch {
  return {
    pay: 0,
    receive: 1,
    budget: 1_000_000_000n,
    limitNumerator: 10n ** 7n - filledPercent,
    limitDenominator: 11n * 10n ** 6n,
    minFillPpm: minimumPercent * 10_000,
  };
}

function outOf({ drops }: World): number[] {
  return drops.indices(true).map((index) => drops.row(index));
}

function sorted(rows: readonly number[]): number[] {
  return [...rows].sort((a, b) => a - b);
}

test('only live orders with a minimum are watched', () => {
  const { drops } = worldOf([buyer(50n, 0), buyer(50n, 60), buyer(50n, 60)], [2]);
  assert.equal(drops.count, 1);
  assert.equal(drops.row(0), 1);
});

test('a fill is read off the ramp, within the protective band and after rationing', () => {
  const { model, drops } = worldOf([buyer(50n, 60)]);
  assert.ok(Math.abs(drops.fraction(0, AT_MIDS) - 0.5) < 1e-6);
  model.receiveFactors[1] = 0.5;
  assert.ok(Math.abs(drops.fraction(0, AT_MIDS) - 0.25) < 1e-6);
  const cheaper = AT_MIDS.slice();
  cheaper[1] = -0.001;
  assert.equal(drops.fraction(0, cheaper), 0.5, 'filled, and rationed');
  const dearer = AT_MIDS.slice();
  dearer[1] = 0.001;
  assert.equal(drops.fraction(0, dearer), 0);
  // A market order ends at the band of 0.5 %: 1 / 0.995 less half the ramp leaves a half.
  const market = worldOf([{ pay: 0, receive: 1, budget: 1_000_000n, minFillPpm: 1 }]);
  const edge = AT_MIDS.slice();
  edge[1] = (1 / 0.995) * (1 - 5e-6) - 1;
  assert.ok(Math.abs(market.drops.fraction(0, edge) - 0.5) < 1e-6);
});

test('the order furthest below its minimum is dropped, and then the next', () => {
  // Missing 20, 40, 30 hundredths; the fourth has what it asks for, the fifth gets nothing.
  const world = worldOf([
    buyer(40n, 60),
    buyer(40n, 80),
    buyer(40n, 70),
    buyer(61n, 60),
    buyer(-10n, 90),
  ]);
  const { drops } = world;
  assert.equal(drops.count, 5);
  assert.equal(drops.dropWorst(AT_MIDS), true);
  assert.deepEqual(outOf(world), [1]);
  assert.equal(drops.dropWorst(AT_MIDS), true);
  assert.deepEqual(sorted(outOf(world)), [1, 2]);
  assert.equal(drops.dropWorst(AT_MIDS), true);
  assert.deepEqual(sorted(outOf(world)), [0, 1, 2]);
  assert.equal(drops.dropWorst(AT_MIDS), false);
  const rest = drops.indices(false).map((index) => drops.row(index));
  assert.deepEqual(sorted(rest), [3, 4]);
});

test('a fill at its minimum to nine digits is none to drop', () => {
  const { drops } = worldOf([buyer(50n, 50)]);
  const wanted = drops.fraction(0, AT_MIDS);
  // The ramp of doubles may miss 0.5 by less than 1e-9 of it on either side.
  assert.ok(Math.abs(wanted / 0.5 - 1) < 1e-9);
  assert.equal(drops.dropWorst(AT_MIDS), false);
});

test('what is dropped no longer trades, and trades again when it is taken back', () => {
  const { model, drops } = worldOf([buyer(40n, 60), buyer(40n, 0)]);
  const paid = (): number => {
    model.evaluate(AT_MIDS);
    return model.paid[0] as number;
  };
  const both = paid();
  drops.dropWorst(AT_MIDS);
  assert.ok(Math.abs(paid() - both / 2) < 1e-6 * both);
  drops.setExcluded(drops.indices(true), false);
  assert.equal(paid(), both);
  assert.deepEqual(drops.indices(true), []);
});

test('between equals the lesser order id goes first, whenever it arrived', () => {
  const twins = [buyer(40n, 60), buyer(40n, 60), buyer(40n, 60)];
  // Ids differ in their first byte, in their last, or in one between.
  for (const place of [0, 13, 31]) {
    const { model, table } = worldOf(twins);
    table.orderIds.fill(7);
    [9, 2, 5].forEach((byte, row) => {
      table.orderIds[row * 32 + place] = byte;
    });
    const drops = new MinimumFillDrops(model, table);
    const gone: number[] = [];
    while (drops.dropWorst(AT_MIDS)) {
      const now = drops.indices(true).map((index) => drops.row(index));
      gone.push(...now.filter((row) => !gone.includes(row)));
    }
    assert.deepEqual(gone, [1, 2, 0], `byte ${place}`);
  }
});

test('beyond sixty-four drops a quarter of those below goes at once', () => {
  const many = Array.from({ length: 84 }, (_, k) => buyer(40n, k < 64 ? 90 : 60));
  const world = worldOf(many);
  for (let k = 1; k <= 64; k += 1) {
    world.drops.dropWorst(AT_MIDS);
    assert.equal(outOf(world).length, k);
  }
  const left: number[] = [];
  while (world.drops.dropWorst(AT_MIDS)) left.push(84 - outOf(world).length);
  // Of 20 below go 5, of 15 go 4, of 11 go 3, of 8 go 2, of 6 go 2, and then one by one.
  assert.deepEqual(left, [15, 11, 8, 6, 4, 3, 2, 1, 0]);
});
