// Goal: double entry holds whatever happens: every asset sums to zero, nobody but custody is
// negative, and the bytes of a ledger are one to one. Method: random movements beside a naive model
// of two maps; states are compared after every step.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, DecodeError } from '../codec/byteReader.ts';
import { ByteWriter } from '../codec/byteWriter.ts';
import { at, InvariantViolation } from '../failures/invariant.ts';
import { AMOUNT_MAX, amount } from '../numbers/amount.ts';
import { accountId } from './account.ts';
import { assetId } from './asset.ts';
import { CUSTODY, Ledger } from './ledger.ts';

const ACCOUNTS = [CUSTODY, ...['1', '2', '3'].map((digit) => accountId(`0x${digit.repeat(40)}`))];
const ASSETS = [assetId(0), assetId(5)];

const step = fc.record({
  kind: fc.constantFrom('transfer' as const, 'hold' as const, 'release' as const),
  from: fc.nat(3),
  to: fc.nat(3),
  asset: fc.nat(1),
  units: fc.bigInt(0n, 1000n),
});

/** The obvious ledger: one map for what is available, one for what is held. */
class NaiveLedger {
  readonly available = new Map<string, bigint>();
  readonly held = new Map<string, bigint>();

  add(map: Map<string, bigint>, account: string, asset: number, change: bigint): void {
    const key = `${account}/${asset}`;
    map.set(key, (map.get(key) ?? 0n) + change);
  }

  get(map: Map<string, bigint>, account: string, asset: number): bigint {
    return map.get(`${account}/${asset}`) ?? 0n;
  }
}

test('random movements agree with a naive ledger and sum to zero', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (script) => {
      const ledger = new Ledger();
      const naive = new NaiveLedger();
      for (const { kind, from, to, asset, units } of script) {
        const [source, sink] = [at(ACCOUNTS, from), at(ACCOUNTS, to)];
        const id = at(ASSETS, asset);
        const free = naive.get(naive.available, source, id);
        if (kind === 'transfer' && (source === CUSTODY || free >= units)) {
          ledger.transfer({ from: source, to: sink, assetId: id, amount: amount(units) });
          naive.add(naive.available, source, id, -units);
          naive.add(naive.available, sink, id, units);
        }
        if (kind === 'hold' && source !== CUSTODY) {
          const placed = ledger.placeHold(source, id, amount(units), 'budget');
          assert.equal(placed.ok, free >= units);
          if (placed.ok) {
            naive.add(naive.available, source, id, -units);
            naive.add(naive.held, source, id, units);
          }
        }
        const held = naive.get(naive.held, source, id);
        if (kind === 'release' && held >= units) {
          ledger.releaseHold(source, id, amount(units));
          naive.add(naive.available, source, id, units);
          naive.add(naive.held, source, id, -units);
        }
        for (const account of ACCOUNTS) {
          for (const one of ASSETS) {
            const balance = ledger.balance(account, one);
            assert.equal(balance.available, naive.get(naive.available, account, one));
            assert.equal(balance.held, naive.get(naive.held, account, one));
          }
        }
        for (const sum of ledger.totals().values()) assert.equal(sum, 0n);
      }
      const out = new ByteWriter();
      ledger.encode(out);
      const copy = Ledger.decode(new ByteReader(out.finish()));
      const again = new ByteWriter();
      copy.encode(again);
      assert.deepEqual(again.finish(), out.finish());
    }),
  );
});

test('a debit beyond what is available stops the program', () => {
  const ledger = new Ledger();
  const [custody, alice] = [at(ACCOUNTS, 0), at(ACCOUNTS, 1)];
  ledger.transfer({ from: custody, to: alice, assetId: at(ASSETS, 0), amount: amount(5n) });
  const back = { from: alice, to: custody, assetId: at(ASSETS, 0), amount: amount(6n) };
  assert.throws(() => ledger.transfer(back), InvariantViolation);
  assert.throws(() => ledger.releaseHold(alice, at(ASSETS, 0), amount(1n)), InvariantViolation);
  const unbalanced = [{ account: alice, change: 1n }];
  assert.throws(() => ledger.applyChanges(at(ASSETS, 0), unbalanced), InvariantViolation);
});

test('a hold beyond what is available is refused with both numbers and changes nothing', () => {
  const ledger = new Ledger();
  const [custody, alice] = [at(ACCOUNTS, 0), at(ACCOUNTS, 1)];
  ledger.transfer({ from: custody, to: alice, assetId: at(ASSETS, 0), amount: amount(5n) });
  const placed = ledger.placeHold(alice, at(ASSETS, 0), amount(6n), 'budget');
  assert.ok(!placed.ok);
  assert.equal(placed.rejection.code, 'insufficientAvailable');
  assert.equal(placed.rejection.limit, '5');
  assert.equal(placed.rejection.actual, '6');
  assert.deepEqual(ledger.balance(alice, at(ASSETS, 0)), { available: 5n, held: 0n });
});

test('balances reach 63 bits and not one unit further', () => {
  const ledger = new Ledger();
  const [custody, alice] = [at(ACCOUNTS, 0), at(ACCOUNTS, 1)];
  const all = { from: custody, to: alice, assetId: at(ASSETS, 0), amount: amount(AMOUNT_MAX) };
  ledger.transfer(all);
  assert.throws(() => ledger.transfer({ ...all, amount: amount(1n) }), InvariantViolation);
});

test('bytes of a ledger that does not sum to zero, or names an account twice, are refused', () => {
  const account = new Uint8Array(20).fill(0x11);
  const balances = new ByteWriter().u8(1).u16(0).i64(5n).i64(0n).finish();
  const lone = new ByteWriter().u32(1).fixed(account, 20).bytes(balances).finish();
  assert.throws(() => Ledger.decode(new ByteReader(lone)), DecodeError);
  const empty = new ByteWriter().u8(0).finish();
  const twice = new ByteWriter().u32(2).fixed(account, 20).bytes(empty);
  twice.fixed(account, 20).bytes(empty);
  assert.throws(() => Ledger.decode(new ByteReader(twice.finish())), DecodeError);
});
