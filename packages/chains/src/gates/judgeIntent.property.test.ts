// Goal: whatever is asked in whatever order, budgets hold in every window, races and splits too.
// Method: fast-check runs of requests; a naive twin adds up every window after the fact.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Address } from 'viem';
import { encodeFunctionData, parseAbi } from 'viem';
import { policyOf, requestOf, SOMEBODY } from './fixtures/requests.ts';
import { judgeIntent } from './judgeIntent.ts';
import type { Budget, Spend } from './policyGate.ts';

const seed = Date.now() & 0x7fffffff;
console.log(`judgeIntent.property seed ${seed}`);

const TOKEN: Address = '0x70c0000000000000000000000000000000000001';
const ABI = parseAbi(['function transfer(address to, uint256 amount)']);

const asset = fc.constantFrom<'native' | Address>('native', TOKEN);
const principal = fc.constantFrom('alice', 'bob');
const budgets: fc.Arbitrary<Budget[]> = fc.array(
  fc.record({
    principal: fc.constantFrom('alice', 'bob', '*'),
    asset,
    amount: fc.bigInt({ min: 0n, max: 200n }),
    windowMs: fc.integer({ min: 1, max: 500 }),
  }),
  { maxLength: 4 },
);
const asks = fc.array(
  fc.record({
    principal,
    asset,
    amount: fc.bigInt({ min: 0n, max: 100n }),
    waitMs: fc.integer({ min: 0, max: 200 }),
  }),
  { maxLength: 60 },
);

/** Adds up each window that ends at a spend, from the definition. */
function assertKept(spent: readonly Spend[], rules: readonly Budget[]): void {
  for (const rule of rules) {
    const own = spent.filter((spend) => {
      const isTheirs = rule.principal === '*' || spend.principal === rule.principal;
      return isTheirs && spend.asset === rule.asset;
    });
    for (const last of own) {
      let sum = 0n;
      for (const { atMs, amount } of own) {
        if (atMs <= last.atMs && atMs > last.atMs - rule.windowMs) sum += amount;
      }
      assert.ok(sum <= rule.amount, `${sum} of ${rule.amount} within ${rule.windowMs} ms`);
    }
  }
}

test('no sequence of intents spends more than a budget within any window', () => {
  fc.assert(
    fc.property(budgets, asks, (rules, list) => {
      const spent: Spend[] = [];
      let nowMs = 10_000;
      for (const ask of list) {
        nowMs += ask.waitMs;
        const isNative = ask.asset === 'native';
        const args = [SOMEBODY, ask.amount] as const;
        const request = requestOf({
          principal: ask.principal,
          to: isNative ? SOMEBODY : TOKEN,
          amount: isNative ? ask.amount : 0n,
          callData: isNative
            ? '0x'
            : encodeFunctionData({ abi: ABI, functionName: 'transfer', args }),
        });
        const decision = judgeIntent({ request, spent, nowMs }, policyOf({ budgets: rules }));
        if (decision.kind === 'allow') spent.push(...decision.spends);
        else assert.equal(decision.kind === 'deny' ? decision.rule : '', 'budget');
      }
      assertKept(spent, rules);
    }),
    { seed },
  );
});

test('a race of fifty for one budget spends it and no more', () => {
  const amounts = fc.array(fc.bigInt({ min: 1n, max: 30n }), { minLength: 50, maxLength: 50 });
  fc.assert(
    fc.property(amounts, (list) => {
      const cap = 100n;
      const rules = [
        { principal: 'alice', asset: 'native' as const, amount: cap, windowMs: 1_000 },
      ];
      const spent: Spend[] = [];
      let least = 31n;
      for (const amount of list) {
        const question = { request: requestOf({ amount }), spent, nowMs: 5_000 };
        const decision = judgeIntent(question, policyOf({ budgets: rules }));
        if (decision.kind === 'allow') spent.push(...decision.spends);
        else if (amount < least) least = amount;
      }
      const total = spent.reduce((sum, spend) => sum + spend.amount, 0n);
      assert.ok(total <= cap);
      // Not by denying everything: the smallest that was denied does not fit any more.
      assert.ok(least === 31n || total + least > cap);
    }),
    { seed },
  );
});

test('splitting a payment gains nothing', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.bigInt({ min: 41n, max: 400n }),
      (parts, whole) => {
        const cap = 100n;
        const rules = [
          { principal: 'alice', asset: 'native' as const, amount: cap, windowMs: 1_000 },
        ];
        const spent: Spend[] = [];
        for (let part = 0; part < parts; part += 1) {
          const amount = whole / BigInt(parts);
          const question = { request: requestOf({ amount }), spent, nowMs: 5_000 + part };
          const decision = judgeIntent(question, policyOf({ budgets: rules }));
          if (decision.kind === 'allow') spent.push(...decision.spends);
        }
        assert.ok(spent.reduce((sum, spend) => sum + spend.amount, 0n) <= cap);
      },
    ),
    { seed },
  );
});

test('names and other text of the request change no decision', () => {
  const rules = { amountMax: 4n };
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const request = requestOf({ key: text, principal: text });
      const decision = judgeIntent({ request, spent: [], nowMs: 1 }, policyOf(rules));
      assert.ok(decision.kind === 'deny' && decision.rule === 'amountMax');
      assert.deepEqual(decision.reason.fields, { rule: 'amountMax', limit: '4', actual: '5' });
    }),
    { seed },
  );
});

test('answers the same to the same question', () => {
  fc.assert(
    fc.property(budgets, fc.bigInt({ min: 0n, max: 300n }), (rules, amount) => {
      const question = { request: requestOf({ amount }), spent: [], nowMs: 1 };
      const policy = policyOf({ budgets: rules });
      assert.deepEqual(judgeIntent(question, policy), judgeIntent(question, policy));
    }),
    { seed },
  );
});
