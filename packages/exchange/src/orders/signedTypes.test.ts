// Goal: what users sign is exactly EIP-712 as wallets compute it, and never changes unnoticed.
// Method: golden digests, and agreement with viem's hashTypedData as an independent twin.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hashTypedData } from 'viem';
import type { Hash } from '../codec/hash.ts';
import { bytesToHex } from '../codec/hex.ts';
import { accountId } from '../ledger/account.ts';
import { amount } from '../numbers/amount.ts';
import type { BatchOrder } from './batchOrder.ts';
import type { SessionGrant } from './signedTypes.ts';
import {
  BATCH_ORDER_TYPE,
  CANCEL_TYPE,
  COMMIT_TYPE,
  NO_DELEGATE,
  SESSION_GRANT_TYPE,
  Signing,
} from './signedTypes.ts';
import type { TypedStruct } from './typedData.ts';
import { DOMAIN_NAME, DOMAIN_VERSION } from './typedData.ts';

const VENUE = accountId('0x4c6177626f6f6b00000000000000000000000001');
const OWNER = accountId('0xAbCdEf0123456789aBcDeF0123456789abcdef01');
const SIGNING = new Signing({ chainId: 31_337n, address: VENUE });

const ORDER: BatchOrder = {
  owner: OWNER,
  marketId: 1,
  pay: 0,
  receive: 1,
  budget: amount(1_000_000_000n),
  limitNumerator: 10_000n,
  limitDenominator: 11_005n,
  minFillPpm: 500_000,
  orderNonce: 42n,
  expiresAtMs: 1_800_000_000_000,
};

/** The twin: viem's own encoding and hashing of the same struct. */
function viemDigest(
  struct: TypedStruct,
  message: Record<string, unknown>,
  domain = { chainId: 31_337n, address: VENUE },
): string {
  return hashTypedData({
    domain: {
      name: DOMAIN_NAME,
      version: DOMAIN_VERSION,
      chainId: domain.chainId,
      verifyingContract: domain.address as `0x${string}`,
    },
    types: { [struct.name]: [...struct.fields] },
    primaryType: struct.name,
    message,
  });
}

const address = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => accountId(bytesToHex(bytes)));
const hash = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => bytesToHex(bytes) as Hash);
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const timeMs = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

const order: fc.Arbitrary<BatchOrder> = fc.record({
  owner: address,
  marketId: fc.integer({ min: 0, max: 0xffff_ffff }),
  pay: fc.integer({ min: 0, max: 0xffff }),
  receive: fc.integer({ min: 0, max: 0xffff }),
  budget: fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map(amount),
  limitNumerator: u64,
  limitDenominator: u64,
  minFillPpm: fc.integer({ min: 0, max: 0xffff_ffff }),
  orderNonce: u64,
  expiresAtMs: timeMs,
});

const grant: fc.Arbitrary<SessionGrant> = fc.record({
  owner: address,
  delegate: fc.oneof(address, fc.constant(NO_DELEGATE)),
  scopes: fc.integer({ min: 0, max: 255 }),
  expiresAtMs: timeMs,
  orderNonce: u64,
});

const wide = (x: number): bigint => BigInt(x);

describe('golden digests', () => {
  test('an order, a cancel, a commitment and a grant keep their digests', () => {
    const orderId = SIGNING.orderId(ORDER);
    const digests = {
      order: orderId,
      cancel: bytesToHex(SIGNING.cancelDigest(OWNER, orderId)),
      commit: bytesToHex(
        SIGNING.commitDigest({ owner: OWNER, marketId: 7, batchNumber: 9, commitment: orderId }),
      ),
      grant: bytesToHex(
        SIGNING.grantDigest({
          owner: OWNER,
          delegate: NO_DELEGATE,
          scopes: 3,
          expiresAtMs: 1_800_000_000_000,
          orderNonce: 9n,
        }),
      ),
    };
    assert.deepEqual(digests, GOLDEN);
  });

  test('another chain or another venue gives another digest', () => {
    const elsewhere = new Signing({ chainId: 1n, address: VENUE }).orderId(ORDER);
    const other = new Signing({ chainId: 31_337n, address: OWNER }).orderId(ORDER);
    assert.notEqual(elsewhere, SIGNING.orderId(ORDER));
    assert.notEqual(other, SIGNING.orderId(ORDER));
  });
});

describe('agreement with viem', () => {
  test('on every order', () => {
    fc.assert(
      fc.property(order, (sample) => {
        const message = {
          ...sample,
          expiresAtMs: wide(sample.expiresAtMs),
        };
        assert.equal(SIGNING.orderId(sample), viemDigest(BATCH_ORDER_TYPE, message));
      }),
      { numRuns: 60 },
    );
  });

  test('on cancels, commitments and grants', () => {
    fc.assert(
      fc.property(address, hash, grant, (owner, id, sample) => {
        assert.equal(
          bytesToHex(SIGNING.cancelDigest(owner, id)),
          viemDigest(CANCEL_TYPE, { owner, orderId: id }),
        );
        assert.equal(
          bytesToHex(SIGNING.commitDigest({ owner, marketId: 3, batchNumber: 4, commitment: id })),
          viemDigest(COMMIT_TYPE, { owner, marketId: 3, batchNumber: 4n, commitment: id }),
        );
        const message = { ...sample, expiresAtMs: wide(sample.expiresAtMs) };
        assert.equal(
          bytesToHex(SIGNING.grantDigest(sample)),
          viemDigest(SESSION_GRANT_TYPE, message),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('on a chain id of 256 bits', () => {
    const domain = { chainId: (1n << 255n) + 5n, address: VENUE };
    const message = { ...ORDER, expiresAtMs: wide(ORDER.expiresAtMs) };
    assert.equal(new Signing(domain).orderId(ORDER), viemDigest(BATCH_ORDER_TYPE, message, domain));
  });
});

describe('reused buffers', () => {
  test('a digest does not depend on the order hashed before it', () => {
    fc.assert(
      fc.property(order, order, (first, second) => {
        const alone = new Signing({ chainId: 31_337n, address: VENUE }).orderId(second);
        const kept = SIGNING.orderDigest(first);
        const before = bytesToHex(kept);
        assert.equal(SIGNING.orderId(second), alone);
        assert.equal(bytesToHex(kept), before, 'an earlier digest is not overwritten');
      }),
      { numRuns: 30 },
    );
  });

  test('an integer that does not fit its field stops the program', () => {
    const tooWide = { ...ORDER, limitNumerator: 1n << 64n };
    assert.throws(() => SIGNING.orderDigest(tooWide), { name: 'InvariantViolation' });
    const fraction = { ...ORDER, expiresAtMs: 1.5 };
    assert.throws(() => SIGNING.orderDigest(fraction), { name: 'InvariantViolation' });
  });
});

const GOLDEN = {
  order: '0x29abf099bb54432a0f969e33f98fa8bf39d783b5ac39e64a2413a21bdf211748',
  cancel: '0xf1f13ebb428bac8212103bf4ba3e1347b53e16f24a26aa44869266de2c162ee2',
  commit: '0xe6b88079c7de0deaeea3f84acba4521375177261bf147c37b89158b119cbda3a',
  grant: '0x8c283a4479ec0d656e8619679f1593ffa14f140e0dcb2e00bf42da378ee0c544',
};
