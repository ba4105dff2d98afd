// Goal: a diff list has one encoding, and hostile bytes of one cost no memory. Method: examples of
// every way in which bytes may say a list otherwise, found by fuzzing, beside plain round trips.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader, DecodeError } from '../codec/byteReader.ts';
import { ByteWriter } from '../codec/byteWriter.ts';
import type { AccountId } from '../ledger/account.ts';
import { accountId } from '../ledger/account.ts';
import { assetId } from '../ledger/asset.ts';
import type { StateDiffList } from './stateDiff.ts';
import { decodeDiffs, encodeDiffs, invertDiffs, netDiffs, stateDiff } from './stateDiff.ts';

const [ALICE, BOB, CAROL] = [1, 2, 3].map((n) => {
  return accountId(`0x${String(n).padStart(40, '0')}`);
}) as [AccountId, AccountId, AccountId];

const LIST: StateDiffList = {
  accounts: [BOB, ALICE, CAROL],
  assets: [assetId(3), assetId(1)],
  changes: BigInt64Array.of(5n, 0n, -5n, 7n, 0n, 0n),
  orderNonces: BigUint64Array.of(0n, 9n, 0n),
};

interface Row {
  readonly account: AccountId;
  readonly orderNonce: bigint;
  readonly changes: readonly (readonly [number, bigint])[];
}

function bytesOf(rows: readonly Row[]): Uint8Array {
  const out = new ByteWriter().u32(rows.length);
  for (const { account, orderNonce, changes } of rows) {
    out
      .fixed(Buffer.from(account.slice(2), 'hex'), 20)
      .u64(orderNonce)
      .u8(changes.length);
    for (const [asset, change] of changes) out.u16(asset).i64(change);
  }
  return out.finish();
}

const decode = (bytes: Uint8Array): StateDiffList => decodeDiffs(new ByteReader(bytes));
const moved: Row = { account: ALICE, orderNonce: 0n, changes: [[1, 5n]] };

test('a list is written sorted, without rows and changes of nothing, and read back so', () => {
  const bytes = encodeDiffs(LIST);
  const rows = [
    { account: ALICE, orderNonce: 9n, changes: [[1, 7n] as const, [3, -5n] as const] },
    { account: BOB, orderNonce: 0n, changes: [[3, 5n] as const] },
  ];
  assert.deepEqual(bytes, bytesOf(rows));
  assert.deepEqual(encodeDiffs(decode(bytes)), bytes);
});

const OTHERWISE: readonly (readonly [string, readonly Row[]])[] = [
  ['vaults out of order', [{ ...moved, account: BOB }, moved]],
  ['a vault twice', [moved, moved]],
  [
    'assets out of order',
    [
      {
        ...moved,
        changes: [
          [2, 1n],
          [1, 1n],
        ],
      },
    ],
  ],
  [
    'an asset twice',
    [
      {
        ...moved,
        changes: [
          [1, 1n],
          [1, 1n],
        ],
      },
    ],
  ],
  ['a change of nothing', [{ ...moved, changes: [[1, 0n]] }]],
  ['a row of nothing', [{ ...moved, changes: [] }]],
  ['an asset that no venue has', [{ ...moved, changes: [[64, 1n]] }]],
];

for (const [what, rows] of OTHERWISE) {
  test(`${what} is refused as bytes`, () => {
    assert.throws(() => decode(bytesOf(rows)), DecodeError);
  });
}

test('the last asset of a venue is read, and so is a row of a nonce alone', () => {
  const rows: Row[] = [
    { ...moved, changes: [[63, -1n]] },
    { account: BOB, orderNonce: 1n, changes: [] },
  ];
  assert.deepEqual(encodeDiffs(decode(bytesOf(rows))), bytesOf(rows));
});

test('a list of a hundred kilobytes does not ask for gigabytes', () => {
  // Each row names another asset: before ids were bounded, columns were rows times assets.
  const rows = Array.from({ length: 3_000 }, (_, k) => ({
    account: accountId(`0x${(k + 1).toString(16).padStart(40, '0')}`),
    orderNonce: 0n,
    changes: [[k, 1n] as const],
  }));
  assert.throws(() => decode(bytesOf(rows)), DecodeError);
});

test('a row is told without its zeros', () => {
  assert.deepEqual(stateDiff(LIST, 0), {
    account: BOB,
    changes: [{ assetId: 3, change: 5n }],
    orderNonce: 0n,
  });
  assert.deepEqual(stateDiff(LIST, 2).changes, []);
});

test('a list and its inverse net to nothing but nonces', () => {
  const netted = netDiffs([LIST, invertDiffs(LIST)]);
  assert.ok(netted.changes.every((change) => change === 0n));
  assert.deepEqual(stateDiff(netted, 1), { account: ALICE, changes: [], orderNonce: 9n });
});

test('netting takes the highest nonce, whichever list comes first', () => {
  const later = { ...LIST, orderNonces: BigUint64Array.of(4n, 3n, 0n) };
  for (const lists of [
    [LIST, later],
    [later, LIST],
  ]) {
    assert.deepEqual([...netDiffs(lists).orderNonces], [4n, 9n, 0n]);
  }
});
