// Goal: right before the key, what breaks the rules is not signed, whoever asks.
// Method: a real key behind the guard; one attempt per rule; random transactions by fast-check.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Address, Hex } from 'viem';
import { encodeFunctionData, maxUint256, parseAbi } from 'viem';
import { ChainFault } from '../chainFault.ts';
import { everythingShown, leaks, PLANTED } from './fixtures/planted.ts';
import type { GuardRules } from './guardedSigner.ts';
import { guardedSigner } from './guardedSigner.ts';
import { keySigner } from './keySigner.ts';
import type { TransactionSigner, UnsignedTransaction } from './transactionSigner.ts';

const seed = Date.now() & 0x7fffffff;
console.log(`guardedSigner seed ${seed}`);

const TARGET: Address = '0x70c0000000000000000000000000000000000001';
const OTHER: Address = '0x00000000000000000000000000000000000000bb';
const ABI = parseAbi(['function approve(address spender, uint256 amount)']);
const APPROVE: Hex = '0x095ea7b3';

const RULES: GuardRules = {
  chainId: 1,
  targets: [{ to: TARGET, selectors: [APPROVE] }],
  amountMax: 100n,
  allowanceMax: 10n,
  feeMax: 1_000_000n,
};
const TRANSACTION: UnsignedTransaction = {
  chainId: 1,
  chainNonce: 0,
  to: TARGET,
  amount: 7n,
  callData: '0x',
  gasLimit: 30_000n,
  maxFeePerGas: 11n,
  maxPriorityFeePerGas: 2n,
};

const key = keySigner(PLANTED);
const guard = guardedSigner(key, RULES);

async function ruleOf(changes: Partial<UnsignedTransaction>): Promise<unknown> {
  try {
    await guard.sign({ ...TRANSACTION, ...changes });
    return 'signed';
  } catch (fault) {
    assert.ok(fault instanceof ChainFault && fault.code === 'CHAIN_SIGNER_FAILED');
    assert.ok(!leaks(everythingShown(fault)));
    assert.ok('limit' in fault.fields && 'actual' in fault.fields);
    return fault.fields['rule'];
  }
}

test('signs what the rules permit, with the bytes of the key behind it', async () => {
  assert.equal(guard.address, key.address);
  assert.deepEqual(await guard.sign(TRANSACTION), await key.sign(TRANSACTION));
});

test('refuses other chains, targets, selectors, amounts and fees', async () => {
  assert.equal(await ruleOf({ chainId: 2 }), 'chainId');
  assert.equal(await ruleOf({ to: OTHER }), 'target');
  assert.equal(await ruleOf({ to: undefined, callData: '0x00' }), 'target');
  assert.equal(await ruleOf({ callData: '0xdeadbeef' }), 'selector');
  assert.equal(await ruleOf({ amount: 101n }), 'amountMax');
  assert.equal(await ruleOf({ gasLimit: 1_000_000n }), 'feeMax');
});

test('refuses allowances above the maximum, unlimited ones first of all', async () => {
  const approve = (amount: bigint): Promise<unknown> =>
    ruleOf({
      amount: 0n,
      callData: encodeFunctionData({ abi: ABI, functionName: 'approve', args: [OTHER, amount] }),
    });
  assert.equal(await approve(10n), 'signed');
  assert.equal(await approve(11n), 'allowance');
  assert.equal(await approve(maxUint256), 'allowance');
});

test('always lets an intent be taken back by paying nothing to oneself', async () => {
  const cancel = { to: key.address, amount: 0n, callData: '0x' as Hex };
  assert.equal(await ruleOf(cancel), 'signed');
  assert.equal(await ruleOf({ ...cancel, amount: 1n }), 'target');
  assert.equal(await ruleOf({ ...cancel, callData: '0x00' }), 'target');
  assert.equal(await ruleOf({ ...cancel, chainId: 2 }), 'chainId');
  assert.equal(await ruleOf({ ...cancel, gasLimit: 1_000_000n }), 'feeMax');
});

test('passes on what the signer behind it throws, and the signal', async () => {
  const signals: unknown[] = [];
  const inner: TransactionSigner = {
    address: OTHER,
    sign: async (_, signal) => {
      signals.push(signal);
      throw new ChainFault('CHAIN_SIGNER_FAILED', 'the service is away');
    },
  };
  const { signal } = new AbortController();
  const signed = guardedSigner(inner, RULES).sign(TRANSACTION, signal);
  await assert.rejects(signed, /the service is away/);
  assert.deepEqual(signals, [signal]);
});

test('shows no key', () => {
  assert.ok(!leaks(everythingShown(guard)));
});

test('signs nothing that breaks a rule, whatever is asked', async () => {
  const transactions: fc.Arbitrary<UnsignedTransaction> = fc.record({
    chainId: fc.constantFrom(1, 1, 1, 2),
    chainNonce: fc.nat(9),
    to: fc.constantFrom(TARGET, TARGET, OTHER, undefined),
    amount: fc.bigInt({ min: 0n, max: 200n }),
    callData: fc.constantFrom<Hex>('0x', '0x12345678', '0x095ea7b3', '0xa22cb465'),
    gasLimit: fc.bigInt({ min: 21_000n, max: 200_000n }),
    maxFeePerGas: fc.bigInt({ min: 0n, max: 20n }),
    maxPriorityFeePerGas: fc.constant(0n),
  });
  await fc.assert(
    fc.asyncProperty(transactions, async (transaction) => {
      const isFit =
        transaction.chainId === 1 &&
        transaction.to === TARGET &&
        transaction.amount <= 100n &&
        transaction.callData === '0x' &&
        transaction.gasLimit * transaction.maxFeePerGas <= 1_000_000n;
      assert.equal((await ruleOf(transaction)) === 'signed', isFit);
    }),
    { seed },
  );
});
