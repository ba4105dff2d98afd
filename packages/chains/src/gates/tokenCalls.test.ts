// Goal: what calls do to tokens is read from their bytes, strictly, and nested calls are seen.
// Method: encodings by viem; every selector of the table is derived again from its signature.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Address, Hex } from 'viem';
import { encodeFunctionData, parseAbi, toFunctionSelector, toHex } from 'viem';
import { SOMEBODY } from './fixtures/requests.ts';
import { readTokenCalls, TOKEN_SELECTORS } from './tokenCalls.ts';

const seed = Date.now() & 0x7fffffff;
console.log(`tokenCalls seed ${seed}`);

const TOKEN: Address = '0x70c0000000000000000000000000000000000001';
const ABI = parseAbi([
  'function transfer(address to, uint256 amount)',
  'function approve(address spender, uint256 amount)',
  'function approve(address token, address spender, uint160 amount, uint48 expiration)',
  'function multicall(bytes[] calls)',
  'function multicall(uint256 deadline, bytes[] calls)',
]);

function transfer(amount: bigint): Hex {
  return encodeFunctionData({ abi: ABI, functionName: 'transfer', args: [SOMEBODY, amount] });
}

function multicall(calls: readonly Hex[]): Hex {
  return encodeFunctionData({ abi: ABI, functionName: 'multicall', args: [calls] });
}

test('every selector of the table is that of its signature', () => {
  for (const [selector, { name }] of Object.entries(TOKEN_SELECTORS)) {
    assert.equal(toFunctionSelector(`function ${name}`), selector, name);
  }
});

test('reads a transfer and says which token moves', () => {
  const [call] = readTokenCalls(TOKEN, transfer(7n));
  assert.deepEqual(call, {
    kind: 'transfer',
    selector: '0xa9059cbb',
    name: 'transfer(address,uint256)',
    token: TOKEN,
    amount: 7n,
  });
});

test('reads whose token an allowance of Permit2 is about', () => {
  const args = [SOMEBODY, SOMEBODY, 9n, 1] as const;
  const [call] = readTokenCalls(
    TOKEN,
    encodeFunctionData({ abi: ABI, functionName: 'approve', args }),
  );
  assert.ok(call?.kind === 'allowance');
  assert.deepEqual([call.token, call.amount], [SOMEBODY, 9n]);
});

test('takes hex in any case and bytes behind the arguments', () => {
  const written = `${transfer(7n).toUpperCase().replace('0X', '0x')}ff` as Hex;
  assert.deepEqual(readTokenCalls(TOKEN, written), readTokenCalls(TOKEN, transfer(7n)));
});

test('calls short arguments and addresses with high bits malformed', () => {
  const whole = transfer(7n);
  const high = `${whole.slice(0, 10)}1${whole.slice(11)}` as Hex;
  for (const bytes of [whole.slice(0, -2) as Hex, whole.slice(0, 10) as Hex, high]) {
    assert.equal(readTokenCalls(TOKEN, bytes)[0]?.kind, 'malformed');
  }
});

test('sees the calls inside a multicall, at any of its depths', () => {
  const nested = multicall([transfer(1n), multicall([transfer(2n)])]);
  const amounts = readTokenCalls(TOKEN, nested).flatMap((call) =>
    call.kind === 'transfer' ? [call.amount] : [],
  );
  assert.deepEqual(amounts, [1n, 2n]);
  const args = [5n, [transfer(3n)]] as const;
  const timed = encodeFunctionData({ abi: ABI, functionName: 'multicall', args });
  assert.equal(readTokenCalls(TOKEN, timed)[1]?.kind, 'transfer');
});

test('gives up on calls that are nested too deep, too many, or not encoded', () => {
  let deep = transfer(1n);
  for (let depth = 0; depth < 8; depth += 1) deep = multicall([deep]);
  const many = multicall(Array.from({ length: 200 }, () => transfer(1n)));
  const bomb = multicall(Array.from({ length: 60 }, () => multicall([transfer(1n), transfer(1n)])));
  const broken = `0xac9650d8${'ff'.repeat(64)}` as Hex;
  for (const bytes of [deep, many, bomb, broken]) {
    const calls = readTokenCalls(TOKEN, bytes);
    assert.ok(calls.some(({ kind }) => kind === 'malformed'));
    assert.ok(calls.length <= 66);
  }
});

test('says nothing about other bytes, and never fails on them', () => {
  assert.deepEqual(readTokenCalls(TOKEN, '0x'), [{ kind: 'other', selector: undefined }]);
  assert.deepEqual(readTokenCalls(TOKEN, '0x12'), [{ kind: 'other', selector: '0x12' }]);
  const selectors = fc.constantFrom('', ...Object.keys(TOKEN_SELECTORS).map((hex) => hex.slice(2)));
  fc.assert(
    fc.property(selectors, fc.uint8Array({ maxLength: 400 }), (selector, array) => {
      const calls = readTokenCalls(TOKEN, `0x${selector}${toHex(array).slice(2)}`);
      assert.ok(calls.length >= 1);
    }),
    { seed, numRuns: 500 },
  );
});
