// Goal: a signer signs what viem would, and its key shows nowhere, whatever goes wrong.
// Method: signatures compared and recovered; a planted key looked for in everything that is shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import type { Hex } from 'viem';
import { keccak256, parseTransaction, recoverTransactionAddress } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { ChainFault } from '../chainFault.ts';
import { openEnvironmentKey } from './environmentKey.ts';
import { everythingShown, leaks, PLANTED } from './fixtures/planted.ts';
import { keySigner } from './keySigner.ts';
import type { UnsignedTransaction } from './transactionSigner.ts';

const seed = Date.now() & 0x7fffffff;
console.log(`keySigner seed ${seed}`);

const TRANSACTION: UnsignedTransaction = {
  chainId: 1,
  chainNonce: 0,
  to: '0x00000000000000000000000000000000000000aa',
  amount: 7n,
  callData: '0x1234',
  gasLimit: 30_000n,
  maxFeePerGas: 11n,
  maxPriorityFeePerGas: 2n,
};

test('the search for leaks finds a planted key', () => {
  assert.ok(leaks(everythingShown({ key: PLANTED })));
  assert.ok(leaks(everythingShown(new ChainFault('CHAIN_SIGNER_FAILED', `no: ${PLANTED}`))));
  assert.ok(!leaks(everythingShown({ key: '(hidden)' })));
});

test('signs bytes that carry every field and recover to its address', async () => {
  const signer = keySigner(PLANTED);
  const { raw, hash } = await signer.sign(TRANSACTION);
  const serializedTransaction = raw as `0x02${string}`;
  assert.equal(await recoverTransactionAddress({ serializedTransaction }), signer.address);
  assert.equal(hash, keccak256(raw));
  const parsed = parseTransaction(serializedTransaction);
  assert.equal(parsed.chainId, 1);
  assert.equal(parsed.nonce ?? 0, 0);
  assert.equal(parsed.to, TRANSACTION.to);
  assert.equal(parsed.value, 7n);
  assert.equal(parsed.data, '0x1234');
  assert.equal(parsed.gas, 30_000n);
  assert.equal(parsed.maxFeePerGas, 11n);
  assert.equal(parsed.maxPriorityFeePerGas, 2n);
});

test('signs the creation of a contract', async () => {
  const { raw } = await keySigner(PLANTED).sign({ ...TRANSACTION, to: undefined });
  assert.equal(parseTransaction(raw as `0x02${string}`).to, undefined);
});

test('signs the same bytes for the same transaction', async () => {
  const signer = keySigner(PLANTED);
  assert.deepEqual(await signer.sign(TRANSACTION), await signer.sign(TRANSACTION));
});

test('takes a key with and without 0x, in any case', () => {
  const { address } = privateKeyToAccount(PLANTED);
  for (const key of [PLANTED, PLANTED.slice(2), PLANTED.slice(2).toUpperCase()]) {
    assert.equal(keySigner(key).address, address);
  }
});

test('shows its address and nothing else', () => {
  const signer = keySigner(PLANTED);
  assert.ok(!leaks(everythingShown(signer)));
  assert.equal(inspect({ signer }), `{ signer: KeySigner(${signer.address}) }`);
  assert.equal(JSON.stringify({ signer }), `{"signer":{"address":"${signer.address}"}}`);
  assert.deepEqual(Object.keys(signer), ['address']);
  assert.ok(!leaks(everythingShown(structuredClone({ ...signer }))));
});

test('refuses what is no key without showing it', () => {
  const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
  const wrong = [
    '',
    '0x',
    PLANTED.slice(0, -1),
    `${PLANTED}0`,
    `${PLANTED}\n`,
    order,
    '0'.repeat(64),
  ];
  for (const key of [...wrong, `${PLANTED.slice(0, -1)}g`]) {
    assert.throws(
      () => keySigner(key),
      (fault) => {
        assert.ok(fault instanceof ChainFault && fault.code === 'CHAIN_CONFIG_INVALID');
        assert.equal(fault.cause, undefined);
        return !leaks(everythingShown(fault));
      },
    );
  }
});

test('fails to sign without showing the key, whatever it is given', async () => {
  const signer = keySigner(PLANTED);
  const odd = fc.record({
    chainId: fc.oneof(fc.constant(PLANTED), fc.double(), fc.integer()),
    chainNonce: fc.oneof(fc.integer(), fc.constant(PLANTED)),
    to: fc.oneof(fc.constant('0x12'), fc.string(), fc.constant(undefined)),
    amount: fc.bigInt({ min: -(2n ** 260n), max: 2n ** 260n }),
    callData: fc.oneof(fc.constant('0x1'), fc.constant(7), fc.string()),
    gasLimit: fc.bigInt(),
    maxFeePerGas: fc.bigInt({ min: -1n, max: 2n ** 260n }),
    maxPriorityFeePerGas: fc.bigInt(),
  });
  await fc.assert(
    fc.asyncProperty(odd, async (fields) => {
      const transaction = { ...fields } as unknown as UnsignedTransaction;
      try {
        await signer.sign(transaction);
      } catch (fault) {
        assert.ok(fault instanceof ChainFault && fault.code === 'CHAIN_SIGNER_FAILED');
        assert.ok(!leaks(everythingShown(fault)));
      }
    }),
    { seed },
  );
});

test('does not sign for a caller who went away', async () => {
  const signed = keySigner(PLANTED).sign(TRANSACTION, AbortSignal.abort());
  await assert.rejects(signed, { code: 'CHAIN_SIGNER_FAILED' });
});

test('opens the key of an environment variable', () => {
  const { address } = privateKeyToAccount(PLANTED);
  const variables = { LAWBOOK_KEY: ` ${PLANTED}\n` };
  assert.equal(openEnvironmentKey('LAWBOOK_KEY', variables).address, address);
});

test('names the variable and never what stands in it', () => {
  const cases: readonly (readonly [string, Record<string, string>])[] = [
    ['LAWBOOK_KEY', {}],
    ['LAWBOOK_KEY', { LAWBOOK_KEY: '' }],
    ['LAWBOOK_KEY', { LAWBOOK_KEY: `${PLANTED}0` }],
    ['LAWBOOK_KEY', { LAWBOOK_KEY: `key=${PLANTED}` }],
    [PLANTED, {}],
    [`KEY_${PLANTED.slice(2)}`, {}],
    ['a name', {}],
  ];
  for (const [name, variables] of cases) {
    assert.throws(
      () => openEnvironmentKey(name, variables),
      (fault) => {
        assert.ok(fault instanceof ChainFault && fault.code === 'CHAIN_CONFIG_INVALID');
        return !leaks(everythingShown(fault));
      },
    );
  }
  assert.throws(() => openEnvironmentKey('LAWBOOK_KEY', {}), /LAWBOOK_KEY is not set: set it/);
});

test('does not take inherited names for variables', () => {
  const variables: Record<string, Hex> = Object.create({ LAWBOOK_KEY: PLANTED });
  assert.throws(() => openEnvironmentKey('toString', {}), /is not set/);
  assert.throws(() => openEnvironmentKey('LAWBOOK_KEY', variables), /is not set/);
});
