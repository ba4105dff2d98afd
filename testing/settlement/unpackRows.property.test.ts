// Goal: no field of an order row is lost or moved on its way through the calldata. Method: rows of
// any fields and signatures are packed by the adapter and read again by a reader of its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ZERO_HASH } from '../../packages/exchange/src/codec/hash.ts';
import { bytesToHex } from '../../packages/exchange/src/codec/hex.ts';
import type {
  Hex,
  HexAccount,
  HexHash,
  OrderRow,
} from '../../packages/proofs/src/statements/epoch/diffList.ts';
import { settleArguments } from '../../packages/settlement/src/baseLayer/evm/settleCall.ts';
import { unpackRows } from './unpackRows.ts';

const wide = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const short = fc.nat({ max: 0xffff });
const word = fc.nat({ max: 0xffff_ffff });
const hexOf = (minLength: number, maxLength: number): fc.Arbitrary<Hex> => {
  return fc.uint8Array({ minLength, maxLength }).map((bytes) => bytesToHex(bytes) as Hex);
};

/** Records as literals make them. */
const PLAIN = { noNullPrototype: true } as const;

const order = fc.record(
  {
    owner: hexOf(20, 20).map((owner) => owner as HexAccount),
    marketId: word,
    pay: fc.nat({ max: 0xff }),
    product: short,
    budget: wide,
    limitNumerator: wide,
    limitDenominator: wide,
    minFillPpm: word,
    orderNonce: wide,
    expiresAtMs: wide,
  },
  PLAIN,
);

const row: fc.Arbitrary<OrderRow> = fc.record(
  {
    order,
    vault: short,
    grant: short,
    isVoid: fc.boolean(),
    paid: wide,
    received: wide,
    signature: fc.oneof(hexOf(0, 0), hexOf(65, 65), hexOf(1, 300)),
  },
  PLAIN,
);

const LIST = {
  shard: 1,
  number: 1n,
  previousListHash: ZERO_HASH as HexHash,
  marketId: 1,
  epochNumber: 1n,
  batches: [],
  poolBefore: [],
  owners: [],
  changes: [],
  withdrawals: [],
};

test('rows that are packed and read again are the same rows', () => {
  const proof = { circuit: 0, dataCommitment: 1n, bytes: new Uint8Array() };
  fc.assert(
    fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
      const [, packed] = settleArguments({ list: LIST, book: { rows, grants: [] }, proof });
      assert.deepEqual(unpackRows(packed.rows), rows);
      assert.equal(packed.count, BigInt(rows.length));
    }),
  );
});
