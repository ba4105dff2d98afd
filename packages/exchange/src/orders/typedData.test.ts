// Goal: type hashes and domain separators are those of EIP-712.
// Method: constants that other implementations publish, and the fields that a hasher refuses.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex } from '../codec/hex.ts';
import { accountId } from '../ledger/account.ts';
import { domainSeparator, StructHasher, typeHash } from './typedData.ts';

test('the hash of a type is the Keccak-256 of its signature', () => {
  // The type hash of ERC-2612's Permit, as printed in the standard's reference implementations.
  const permit = {
    name: 'Permit',
    fields: [
      { name: 'owner', type: 'address' },
      { name: 'spender', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'nonce', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
    ],
  } as const;
  assert.equal(
    bytesToHex(typeHash(permit)),
    '0x6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9',
  );
});

test('a domain separator depends on the chain and on the venue', () => {
  const address = accountId(`0x${'11'.repeat(20)}`);
  const other = accountId(`0x${'12'.repeat(20)}`);
  const separators = [
    domainSeparator({ chainId: 1n, address }),
    domainSeparator({ chainId: 2n, address }),
    domainSeparator({ chainId: 1n, address: other }),
  ].map(bytesToHex);
  assert.equal(new Set(separators).size, 3);
});

test('a hasher refuses fields that its struct does not have and bytes of another width', () => {
  const struct = { name: 'Cancel', fields: [{ name: 'orderId', type: 'bytes32' }] } as const;
  const hasher = new StructHasher(new Uint8Array(32), struct);
  assert.throws(() => hasher.bytes32(1, new Uint8Array(32)), { name: 'InvariantViolation' });
  assert.throws(() => hasher.bytes32(0, new Uint8Array(31)), { name: 'InvariantViolation' });
  assert.throws(() => hasher.uint64(0, -1n), { name: 'InvariantViolation' });
  assert.throws(() => hasher.safe(0, -1), { name: 'InvariantViolation' });
});
