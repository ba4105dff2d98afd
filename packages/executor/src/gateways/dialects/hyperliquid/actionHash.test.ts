// Goal: the gateway hashes an action as the clients of the dialect do, byte for byte.
// Method: vectors are made here with the two clients' own code, the SDK's signing functions and
// ccxt's packer, over actions of every kind and over random values; both sources are recovered.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex, hexToBytes } from '@lawbook/exchange/codec/hex';
import { addressOfSecret } from '@lawbook/exchange/orders/signature';
import { createL1ActionHash, signL1Action } from '@nktkas/hyperliquid/signing';
import { hyperliquid } from 'ccxt';
import fc from 'fast-check';
import { privateKeyToAccount } from 'viem/accounts';
import { recoverNative } from '../../recoverNative.ts';
import type { ActionFrame } from './actionHash.ts';
import { agentDigest, connectionIdOf } from './actionHash.ts';

const SECRET = `0x${'11'.repeat(32)}` as const;
const NOW = 1_790_000_000_123;
const VAULT = `0x${'Ab'.repeat(20)}` as const;

const order = { a: 10_000, b: true, p: '1.1', s: '10', r: false, t: { limit: { tif: 'Gtc' } } };
const ACTIONS: readonly Record<string, unknown>[] = [
  { type: 'order', orders: [order], grouping: 'na' },
  {
    type: 'order',
    orders: Array.from({ length: 20 }, (_, k) => ({ ...order, c: `0x${'0'.repeat(30)}${10 + k}` })),
    grouping: 'na',
    builder: { b: VAULT.toLowerCase(), f: 10 },
  },
  { type: 'cancel', cancels: [{ a: 10_000, o: 101_000 }] },
  {
    type: 'cancel',
    cancels: [
      { a: 0, o: 4_294_967_296 },
      { a: 255, o: 9_007_199_254_740_991 },
    ],
  },
  { type: 'cancelByCloid', cancels: [{ asset: 10_001, cloid: `0x${'0f'.repeat(16)}` }] },
  { type: 'batchModify', modifies: [{ oid: 65_536, order }], a: true },
  { type: 'scheduleCancel', time: NOW + 10_000 },
  { type: 'scheduleCancel' },
  { type: 'noop' },
  { type: 'setReferrer', code: 'CCXT1' },
];

const FRAMES: readonly ActionFrame[] = [
  { chainNonce: NOW, vaultAddress: undefined, expiresAfter: undefined },
  { chainNonce: NOW, vaultAddress: VAULT, expiresAfter: undefined },
  { chainNonce: 0, vaultAddress: undefined, expiresAfter: NOW + 5 },
  { chainNonce: Number.MAX_SAFE_INTEGER, vaultAddress: VAULT, expiresAfter: NOW },
];

/** The SDK's hash of the same action. */
function hashBySdk(action: Record<string, unknown>, frame: ActionFrame): string {
  const { chainNonce, vaultAddress, expiresAfter } = frame;
  return createL1ActionHash({
    action,
    nonce: chainNonce,
    ...(vaultAddress !== undefined && { vaultAddress: vaultAddress as `0x${string}` }),
    ...(expiresAfter !== undefined && { expiresAfter }),
  });
}

test('an action is hashed as the TypeScript SDK hashes it', () => {
  for (const action of ACTIONS) {
    for (const frame of FRAMES) {
      const received = JSON.parse(JSON.stringify(action)) as object;
      assert.equal(bytesToHex(connectionIdOf(received, frame)), hashBySdk(action, frame));
    }
  }
});

test('an action is hashed as ccxt hashes it', () => {
  const client = new hyperliquid();
  for (const action of ACTIONS) {
    const frame = { chainNonce: NOW, vaultAddress: undefined, expiresAfter: undefined };
    const theirs = client.actionHash(action, undefined, NOW) as Uint8Array;
    assert.equal(bytesToHex(connectionIdOf(action, frame)), bytesToHex(theirs));
    const withVault = client.actionHash(action, VAULT.slice(2), NOW) as Uint8Array;
    const ours = connectionIdOf(action, { ...frame, vaultAddress: VAULT });
    assert.equal(bytesToHex(ours), bytesToHex(withVault));
  }
});

test('any action of text, flags, whole numbers, lists and maps is hashed alike', () => {
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.string({ maxLength: 300 }),
      fc.boolean(),
      fc.constant(null),
      fc.maxSafeNat(),
      fc.integer(),
      fc.array(tie('tree'), { maxLength: 20 }),
      fc.dictionary(fc.stringMatching(/^[a-zA-Z]{1,40}$/), tie('tree'), { maxKeys: 20 }),
    ),
  }));
  const action = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tree);
  const frame = { chainNonce: NOW, vaultAddress: undefined, expiresAfter: undefined };
  fc.assert(
    fc.property(action, (plain) => {
      const received = JSON.parse(JSON.stringify(plain)) as Record<string, unknown>;
      assert.equal(bytesToHex(connectionIdOf(received, frame)), hashBySdk(received, frame));
    }),
  );
});

test('the signature of a wallet recovers to its address under its own source only', async () => {
  const wallet = privateKeyToAccount(SECRET);
  const frame = { chainNonce: NOW, vaultAddress: undefined, expiresAfter: undefined };
  const owner = addressOfSecret(hexToBytes(SECRET));
  for (const isTestnet of [false, true]) {
    for (const action of ACTIONS) {
      const { r, s, v } = await signL1Action({ wallet, action, nonce: NOW, isTestnet });
      const signature = hexToBytes(`${r}${s.slice(2)}${v.toString(16)}`);
      const id = connectionIdOf(action, frame);
      const byMain = recoverNative(agentDigest('a', id), signature);
      const byTest = recoverNative(agentDigest('b', id), signature);
      assert.equal(isTestnet ? byTest : byMain, owner);
      assert.notEqual(isTestnet ? byMain : byTest, owner);
    }
  }
});
