// Goal: whatever people do, in any order, the exchange keeps its books. Method: random scripts of
// inputs by three people, lawful and unlawful alike, on the real solver and laws. After every step:
// assets sum to zero, holds equal open orders and bonds, and a refused input leaves the root alone.
// At the end: all batches kept the laws, a replay and a snapshot give the same root.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ExchangeBench,
  fundedBench,
  person,
} from '../../../testing/exchange/exchangeBench.ts';
import { decodeState, encodeState } from './application/stateCodec.ts';
import type { Hash } from './codec/hash.ts';
import { at } from './failures/invariant.ts';
import { allHold } from './laws/judge.ts';
import { assetId } from './ledger/asset.ts';
import { amount } from './numbers/amount.ts';
import { StateMachine } from './stateMachine.ts';

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      who: fc.nat(2),
      pay: fc.nat(6),
      receive: fc.nat(7),
      budget: fc.bigInt(0n, 3_000_000_000_000n),
      limitPpm: fc.option(fc.integer({ min: 990_000, max: 1_010_000 }), { nil: undefined }),
      minFillPpm: fc.constantFrom(0, 0, 0, 500_000, 1_000_000, 1_000_001),
      lifeMs: fc.constantFrom(-1, 0, 500, 60_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('seal' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('credit' as const),
      who: fc.nat(2),
      asset: fc.nat(7),
      units: fc.bigInt(0n, 1n << 63n),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const PEOPLE = ['alice', 'bob', 'mallory'].map(person);

/** Holds as they must be: the budgets of live orders, per owner and asset. */
function expectedHold(bench: ExchangeBench, who: number, asset: number): bigint {
  const { table } = bench.market().batch;
  let sum = 0n;
  for (let row = 0; row < table.count; row += 1) {
    const order = table.order(row);
    const mine = order.owner === at(PEOPLE, who).account && order.pay === asset;
    if (mine && table.canceled[row] === 0) sum += order.budget;
  }
  return sum;
}

function play(bench: ExchangeBench, one: Step, seen: Parameters<typeof bench.order>[]): boolean {
  switch (one.kind) {
    case 'submit': {
      const limit =
        one.limitPpm === undefined || one.pay > 5 || one.receive > 5
          ? {}
          : { limitNumerator: BigInt(one.limitPpm), limitDenominator: 1_000_000n };
      const terms = {
        pay: one.pay,
        receive: one.receive,
        budget: amount(one.budget),
        minFillPpm: one.minFillPpm,
        expiresAtMs: bench.timeMs + one.lifeMs,
        ...limit,
      };
      seen.push([at(PEOPLE, one.who), terms]);
      return bench.submit(at(PEOPLE, one.who), terms).ok;
    }
    case 'repeat': {
      if (seen.length === 0) return false;
      const [who, terms] = at(seen, one.pick % seen.length);
      const entry = bench.order(who, terms);
      bench.apply({ kind: 'submitOrder', entry });
      return bench.apply({ kind: 'submitOrder', entry }).ok;
    }
    case 'cancel': {
      const { table } = bench.market().batch;
      const row = one.pick % Math.max(1, table.count);
      const orderId = table.count === 0 ? (`0x${'11'.repeat(32)}` as Hash) : table.orderId(row);
      const owner = table.count === 0 ? undefined : table.order(row).owner;
      return bench.cancel(PEOPLE.find((p) => p.account === owner) ?? at(PEOPLE, 0), orderId).ok;
    }
    case 'clear': {
      if (bench.market().batch.table.count === 0) return false;
      const { verdicts } = bench.clear();
      const broken = verdicts.filter(({ verdict }) => verdict.kind === 'violated');
      assert.ok(allHold(verdicts), JSON.stringify(broken));
      return true;
    }
    case 'seal':
      return bench.apply({ kind: 'sealEpoch', marketId: 1 }).ok;
    case 'wait':
      bench.timeMs += one.ms;
      return false;
    case 'credit': {
      const units = one.units > (1n << 63n) - 1n ? amount(0n) : amount(one.units);
      const { account } = at(PEOPLE, one.who);
      return bench.apply({
        kind: 'credit',
        account,
        assetId: assetId(one.asset),
        amount: units,
      }).ok;
    }
  }
}

test('random scripts keep the books, the laws and the root', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (script) => {
      const { bench } = fundedBench();
      const seen: Parameters<typeof bench.order>[] = [];
      for (const one of script) {
        const before = bench.machine.root();
        const changed = play(bench, one, seen);
        if (!changed && one.kind !== 'repeat') assert.equal(bench.machine.root(), before);
        assert.ok(bench.isZeroSum());
        for (let who = 0; who < PEOPLE.length; who += 1) {
          for (let asset = 0; asset < 6; asset += 1) {
            assert.equal(bench.held(at(PEOPLE, who), asset), expectedHold(bench, who, asset));
          }
        }
      }
      assert.equal(bench.replay().root(), bench.machine.root());
      const bytes = encodeState(bench.machine.state);
      const copy = decodeState(bytes);
      assert.equal(new StateMachine(copy.domain, copy).root(), bench.machine.root());
      assert.deepEqual(encodeState(copy), bytes);
    }),
    { numRuns: 40 },
  );
});
