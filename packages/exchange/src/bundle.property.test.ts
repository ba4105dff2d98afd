// Goal: bytes that nobody vouches for are either the one encoding of a bundle that the laws can
// judge, or a DecodeError; in bounded time and memory, and never anything else. Method: real
// bundles of lawful days, mutated at random (flipped, cut, spliced, overwritten with extreme
// counts), and hostile ones built to be slow.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hiddenDay, ordinaryDay, scarceDay } from '../../../testing/world/batchSpecs.ts';
import { clearedBatch } from '../../../testing/world/lawfulBatch.ts';
import { chainEpoch } from './application/batchInputs.ts';
import type { EpochBundle } from './bundle.ts';
import { decodeBundle, encodeBundle } from './bundle.ts';
import { DecodeError } from './codec/byteReader.ts';
import { ByteWriter } from './codec/byteWriter.ts';
import { ZERO_HASH } from './codec/hash.ts';
import { diffRoot } from './diffs/stateDiff.ts';
import { at } from './failures/invariant.ts';
import { judgeEpoch } from './laws/judge.ts';
import { lawContext } from './laws/law.ts';
import { OrderTable } from './markets/batch/orderTable.ts';
import type { BatchTransition } from './transition.ts';

const ADMITTED = { authority: 'admitted' } as const;

function bundleOf(batch: BatchTransition): EpochBundle {
  const { diffs } = batch;
  const epoch = { marketId: 1, epochNumber: 1, parentEpochHash: ZERO_HASH };
  const epochHash = chainEpoch({ ...epoch, diffRoot: diffRoot(diffs), withdrawalIds: [] });
  return { ...epoch, epochHash, batches: [batch], diffs, withdrawals: [], attachments: [] };
}

const DAYS = [ordinaryDay(), hiddenDay(), scarceDay('proRata')].map((spec) => {
  return clearedBatch({ ...spec, signed: false });
});
const BUNDLES = DAYS.map((day) => encodeBundle(bundleOf(day)));

/** Decodes and judges; anything but a verdict or a DecodeError propagates. */
function examine(bytes: Uint8Array): 'no bundle' | 'holds' | 'broken' {
  let bundle: EpochBundle;
  try {
    bundle = decodeBundle(bytes);
  } catch (cause) {
    assert.ok(cause instanceof DecodeError, `a DecodeError, not ${String(cause)}`);
    return 'no bundle';
  }
  assert.deepEqual(Buffer.from(encodeBundle(bundle)), Buffer.from(bytes), 'one encoding');
  return judgeEpoch(bundle, ADMITTED).holds ? 'holds' : 'broken';
}

test('a bundle survives the way to bytes and back, and is lawful afterwards', () => {
  for (const bytes of BUNDLES) assert.equal(examine(bytes), 'holds');
});

interface Mutation {
  readonly kind: 'flip' | 'word' | 'cut' | 'drop' | 'repeat';
  readonly place: number;
  readonly word: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('flip', 'word', 'word', 'cut', 'drop', 'repeat'),
  place: fc.nat(),
  word: fc.oneof(
    fc.constantFrom(0, 1, 2, 64, 65, 255, 256, 65_535, 0x7fffffff, 0x80000000, 0xffffffff),
    fc.nat(0xffff),
  ),
});

function mutate(bytes: Uint8Array, { kind, place, word }: Mutation): Uint8Array {
  const from = place % bytes.length;
  const width = 1 + (word % 64);
  if (kind === 'cut') return bytes.slice(0, from);
  if (kind === 'drop') return Buffer.concat([bytes.slice(0, from), bytes.slice(from + width)]);
  if (kind === 'repeat') {
    return Buffer.concat([bytes.slice(0, from + width), bytes.slice(from)]);
  }
  const copy = bytes.slice();
  if (kind === 'flip') copy[from] = (copy[from] as number) ^ (1 << (word % 8));
  else if (from + 4 <= copy.length) new DataView(copy.buffer).setUint32(from, word);
  return copy;
}

test('mutated bundles are decoded canonically and judged, or refused as bytes', () => {
  const found = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.constantFrom(...BUNDLES),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      (bundle, mutations) => {
        const answer = examine(mutations.reduce((bytes, one) => mutate(bytes, one), bundle));
        found.set(answer, (found.get(answer) ?? 0) + 1);
      },
    ),
    { numRuns: 3000 },
  );
  assert.ok((found.get('no bundle') ?? 0) > 100 && (found.get('broken') ?? 0) > 100);
});

test('an epoch without a batch is no bundle', () => {
  const bytes = encodeBundle(bundleOf(at(DAYS, 0)));
  // Magic 8, domain 28, market 4, number 8, hashes 64.
  const head = bytes.slice(0, 112);
  const none = new ByteWriter().u32(0).u32(0).u32(0).u32(0).finish();
  assert.equal(examine(Buffer.concat([head, none])), 'no bundle');
});

test('a number beyond 2^53 is refused, because it would read back as another', () => {
  const bytes = encodeBundle(bundleOf(at(DAYS, 0)));
  new DataView(bytes.buffer).setBigUint64(40, (1n << 53n) + 1n);
  assert.equal(examine(bytes), 'no bundle');
});

test('a covariance is not believed to be larger than its bytes', () => {
  const assets = 5_000;
  const parameters = new ByteWriter(assets * 31).u32(1).u32(assets);
  for (let k = 0; k < assets * 31; k += 1) parameters.u8(0);
  const encoded = parameters.u32(0).u32(0).finish();
  const batch = new ByteWriter().bytes(encoded).fixed(new Uint8Array(600), 600).finish();
  const head = encodeBundle(bundleOf(at(DAYS, 0))).slice(0, 112);
  const bytes = Buffer.concat([head, new ByteWriter().u32(1).bytes(batch).finish()]);
  assert.throws(() => decodeBundle(bytes), /a covariance that is cut short/);
});

test('orders under one id are decoded in a time that grows with their number only', () => {
  const day = at(DAYS, 0);
  const count = 60_000;
  const table = new OrderTable(1, count);
  const entry = { ...day.orders.entry(0), orderId: ZERO_HASH };
  for (let row = 0; row < count; row += 1) table.append(entry);
  const fills = { paid: new BigUint64Array(count), received: new BigUint64Array(count) };
  const bytes = encodeBundle(bundleOf({ ...day, orders: table, fills }));
  assert.equal(decodeBundle(bytes).batches[0]?.orders.count, count);
});

test('any number of pair bands is read once, and the first of a pair counts', () => {
  const day = at(DAYS, 0);
  const none = Array.from({ length: 100_000 }, () => ({ pay: 2, receive: 0, bandPpm: 7 }));
  const pairBands = [
    { pay: 0, receive: 1, bandPpm: 5 },
    ...none,
    { pay: 0, receive: 1, bandPpm: 9 },
  ];
  const parameters = { ...day.parameters, pairBands };
  const { rules } = lawContext({ ...day, parameters }, ADMITTED);
  for (let asked = 0; asked < 100_000; asked += 1) assert.equal(rules.bandPpm(0, 1), 5);
});
