// Goal: both versions of the bundle have one encoding each, and what is no bundle is refused by
// name. Method: a real epoch with withdrawals and attachments, written, read and corrupted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fundedBench } from '../../../testing/exchange/exchangeBench.ts';
import type { Attachment, EpochBundle } from './bundle.ts';
import { ATTACHMENT_COUNT_MAX, decodeBundle, encodeBundle } from './bundle.ts';
import { ByteWriter } from './codec/byteWriter.ts';

const { bench, alice } = fundedBench();
const EPOCH = sealedEpoch();
const VERSION_AT = 7;
const proof: Attachment = { name: 'proof', bytes: Uint8Array.of(1, 2, 3) };
const transaction: Attachment = { name: 'transaction.evm-1', bytes: new Uint8Array() };

function sealedEpoch(): EpochBundle {
  bench.withdraw(alice);
  bench.submit(alice);
  const { transition } = bench.clear();
  const { marketId, epochNumber, parentEpochHash, epochHash, diffs, ...rest } = bench.seal();
  const withdrawals = rest.withdrawals.map(({ withdrawal, signature }) => {
    return { withdrawal, signature };
  });
  const head = { marketId, epochNumber, parentEpochHash, epochHash };
  return { ...head, batches: [transition], diffs, withdrawals, attachments: [] };
}

const plain = { ...EPOCH, withdrawals: [] };
const versionOf = (bundle: EpochBundle): number => encodeBundle(bundle)[VERSION_AT] as number;

/** A bundle of version 2 with other bytes where withdrawals and attachments stand. */
function ending(...tail: readonly Uint8Array[]): Uint8Array {
  const bytes = encodeBundle(plain);
  bytes[VERSION_AT] = 2;
  return Buffer.concat([bytes, ...tail]);
}

const count = (n: number): Uint8Array => new ByteWriter().u32(n).finish();
const section = (name: string): Uint8Array => {
  return new ByteWriter().text(name).bytes(Uint8Array.of(9)).finish();
};

test('withdrawals and attachments survive the way to bytes and back', () => {
  const told = decodeBundle(encodeBundle({ ...EPOCH, attachments: [transaction, proof] }));
  assert.deepEqual(told.withdrawals, EPOCH.withdrawals);
  assert.deepEqual(told.attachments, [proof, transaction]);
  assert.deepEqual(
    encodeBundle(told),
    encodeBundle({ ...EPOCH, attachments: [proof, transaction] }),
  );
});

test('a bundle without either is one of version 1, and reads as before', () => {
  assert.deepEqual([versionOf(plain), versionOf(EPOCH)], [1, 2]);
  assert.equal(versionOf({ ...plain, attachments: [proof] }), 2);
  const { withdrawals, attachments } = decodeBundle(encodeBundle(plain));
  assert.deepEqual({ withdrawals, attachments }, { withdrawals: [], attachments: [] });
});

test('refuses other versions, and a second encoding of the first', () => {
  const later = encodeBundle(plain);
  later[VERSION_AT] = 3;
  assert.throws(() => decodeBundle(later), /a bundle of version 3/);
  assert.throws(() => decodeBundle(ending(count(0), count(0))), /with nothing of it/);
  const early = encodeBundle(EPOCH);
  early[VERSION_AT] = 1;
  assert.throws(() => decodeBundle(early), /bytes too many/);
});

test('refuses attachments without a name, out of order, twice or too many', () => {
  const named = (...names: readonly string[]): Uint8Array => {
    return ending(count(0), count(names.length), ...names.map(section));
  };
  assert.equal(decodeBundle(named('a', 'b')).attachments.length, 2);
  assert.throws(() => decodeBundle(named('')), /without a name/);
  assert.throws(() => decodeBundle(named('a b')), /without a name/);
  assert.throws(() => decodeBundle(named('n'.repeat(33))), /without a name/);
  assert.throws(() => decodeBundle(named('b', 'a')), /out of order/);
  assert.throws(() => decodeBundle(named('a', 'a')), /out of order/);
  const many = Array.from({ length: ATTACHMENT_COUNT_MAX + 1 }, (_, k) => `a${k + 10}`);
  assert.throws(() => decodeBundle(named(...many)), /too many attachments/);
});

test('refuses withdrawals that are cut short or wider than their fields', () => {
  const bytes = encodeBundle(EPOCH);
  assert.throws(() => decodeBundle(bytes.subarray(0, bytes.length - 5)), /at byte/);
  assert.throws(() => decodeBundle(ending(count(1_000_000), count(0))), /a count of 1000000/);
  const wide = ending(count(1), new Uint8Array(46), new Uint8Array(89).fill(0xff), count(0));
  assert.throws(() => decodeBundle(wide), /an amount wider than 63 bits/);
});
