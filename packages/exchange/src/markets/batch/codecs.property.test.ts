// Goal: reports, parameters, proposals, snapshots of mids and what a batch collected have one
// encoding each: what is written is read back, and bytes that were cut or changed are refused or
// are the one encoding of something else.
// Method: random objects with every optional part and empty lists; every cut and random changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { tableOf } from '../../../../../testing/world/batchMarkets.ts';
import { ByteReader, DecodeError } from '../../codec/byteReader.ts';
import { ByteWriter } from '../../codec/byteWriter.ts';
import { hashFromBytes } from '../../codec/hash.ts';
import { bytesToHex } from '../../codec/hex.ts';
import { accountId } from '../../ledger/account.ts';
import { assetId } from '../../ledger/asset.ts';
import { amount } from '../../numbers/amount.ts';
import { price } from '../../numbers/price.ts';
import { decodeCollected, encodeCollected } from './batchCodec.ts';
import { decodeOracle, encodeOracle, oracleHash } from './oracleSnapshot.ts';
import { encodeOrderTable } from './orderTable.ts';
import { decodeParameters, encodeParameters, parameterHash } from './parameters.ts';
import { decodeReport, encodeReport, fillRoot, reportHash } from './report.ts';
import { decodeProposal, decodeSolution, encodeProposal, encodeSolution } from './solutionCodec.ts';

/** Objects with the prototype of those that decoders make. */
function record<T extends object>(
  parts: {
    [K in keyof T]: fc.Arbitrary<T[K]>;
  },
): fc.Arbitrary<T> {
  return fc.record<T>(parts, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const i64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const i128 = fc.bigInt({ min: -(1n << 127n), max: (1n << 127n) - 1n });
const units = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map(amount);
const scaled = fc.bigInt({ min: 1n, max: (1n << 63n) - 1n }).map(price);
const natural = fc.maxSafeNat();
const bytesOf = (width: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: width, maxLength: width });
const hash = bytesOf(32).map(hashFromBytes);
const owner = bytesOf(20).map((bytes) => accountId(bytesToHex(bytes)));
const listOf = <T>(one: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> =>
  fc.array(one, { minLength: length, maxLength: length });
const few = { maxLength: 4 };
const asset = record({
  assetId: fc.nat(1000).map(assetId),
  decimals: fc.nat(255),
  target: units,
  inventoryMin: units,
  inventoryMax: units,
  bandPpm: u32,
});

const parameters = fc.nat(3).chain((count) =>
  record({
    marketId: u32,
    assets: listOf(asset, count),
    baskets: fc.array(record({ symbol: fc.string(), units: listOf(u64, count) }), few),
    pairBands: fc.array(
      record({ pay: fc.nat(0xffff), receive: fc.nat(0xffff), bandPpm: u32 }),
      few,
    ),
    scaledCovariance: listOf(i128, Math.max(0, count - 1) ** 2),
    feeE7: u32,
    haltBandPpm: u32,
    scarcity: fc.constantFrom('proRata' as const, 'scarcityPricing' as const),
    admission: fc.constantFrom('open' as const, 'commitReveal' as const),
    batchIntervalMs: u32,
    revealWindowMs: u32,
    bond: units,
    oracleAgeMsMax: u32,
    orderCountMax: u32,
    budgetMax: units,
  }),
);

const solution = fc.nat(3).chain((count) =>
  record({
    prices: listOf(scaled, count),
    payFactors: listOf(u64, count),
    receiveFactors: listOf(u64, count),
    blocked: fc.array(u32, few),
    iterations: u32,
    stepNormE12: i128,
  }),
);

const proposal = fc.oneof(
  solution.map((found) => ({ kind: 'cleared' as const, solution: found })),
  record({
    kind: fc.constant('halted' as const),
    reason: fc.string(),
    prices: fc.array(scaled, few),
  }),
);

const measures = record({
  ordersFilled: u32,
  ordersPartial: u32,
  submittedUsdE6: i128,
  filledUsdE6: i128,
  thetaE12: i128,
  residualE12: i128,
  inventoryRiskUsdE6: i128,
  priceTrackingE12: i128,
  poolGainUsdE6: i128,
});

const report = fc.nat(3).chain((count) =>
  record({
    marketId: u32,
    batchNumber: natural,
    parentReportHash: hash,
    closedAtMs: natural,
    oracleHash: hash,
    parameterHash: hash,
    orderSetRoot: hash,
    orderCount: u32,
    commitSetRoot: hash,
    fillRoot: hash,
    diffRoot: hash,
    outcome: fc.oneof(
      fc.constant({ kind: 'cleared' as const }),
      record({ kind: fc.constant('halted' as const), reason: fc.string() }),
    ),
    prices: listOf(scaled, count),
    payFactors: listOf(u64, count),
    receiveFactors: listOf(u64, count),
    blocked: fc.array(u32, few),
    poolBefore: listOf(i64, count),
    poolAfter: listOf(i64, count),
    poolTrade: listOf(i64, count),
    fees: listOf(i64, count),
    measures,
    iterations: u32,
    stepNormE12: i128,
  }),
);

const oracle = record({
  mids: fc.array(scaled, few),
  observedAtMs: natural,
  source: fc.string(),
});

const authorisation = bytesOf(65);
const hidden = record({ owner, commitment: hash, authorisation });
const shown = record({
  owner,
  commitment: hash,
  authorisation,
  reveal: record({ row: u32, salt: bytesOf(32) }),
});
const collected = record({
  orders: fc.array(record({ pay: fc.nat(5), receive: fc.nat(9), budget: units }), few),
  marks: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  nonceWindows: fc.array(
    record({ highest: u64, used: fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }) }),
    few,
  ),
  cancellations: fc.array(record({ row: u32, authorisation }), few),
  commitments: fc.array(fc.oneof(hidden, shown), few),
  grants: fc.array(
    record({
      grant: record({
        owner,
        delegate: owner,
        scopes: fc.nat(255),
        expiresAtMs: natural,
        orderNonce: u64,
      }),
      grantId: hash,
      signature: authorisation,
    }),
    few,
  ),
});

/** A table of its own for what was drawn: rows are marked where the drawn flags say so. */
function batchOf(drawn: typeof collected extends fc.Arbitrary<infer T> ? T : never) {
  const { orders, marks, ...rest } = drawn;
  const table = tableOf(orders);
  orders.forEach((_, row) => {
    if (marks[row] === true) table.cancel(row);
  });
  return { table, ...rest };
}

interface Codec<T> {
  readonly name: string;
  readonly objects: fc.Arbitrary<T>;
  readonly encode: (object: T) => Uint8Array;
  readonly decode: (reader: ByteReader) => T;
}

/** What is written is read back; no cut of it is anything; a changed byte is never the same. */
function hasOneEncoding<T>({ name, objects, encode, decode }: Codec<T>): void {
  const read = (bytes: Uint8Array): T => {
    const reader = new ByteReader(bytes);
    const found = decode(reader);
    reader.end();
    return found;
  };
  test(`a ${name} is read back as it was written, to the last byte`, () => {
    fc.assert(
      fc.property(objects, (object) => {
        const bytes = encode(object);
        assert.deepEqual(read(bytes), object);
        assert.throws(() => read(Uint8Array.of(...bytes, 0)), DecodeError);
      }),
    );
  });
  test(`a ${name} that was cut is refused, and a changed one is another or none`, () => {
    fc.assert(
      fc.property(objects, fc.nat(), fc.integer({ min: 1, max: 255 }), (object, at, by) => {
        const bytes = encode(object);
        const step = Math.max(1, Math.floor(bytes.length / 40));
        for (let end = 0; end < bytes.length; end += step) {
          assert.throws(() => read(bytes.subarray(0, end)), DecodeError);
        }
        const changed = bytes.slice();
        const place = at % bytes.length;
        changed[place] = (changed[place] as number) ^ by;
        let found: T;
        try {
          found = read(changed);
        } catch (cause) {
          assert.ok(cause instanceof DecodeError, String(cause));
          return;
        }
        assert.deepEqual(encode(found), changed);
      }),
    );
  });
}

hasOneEncoding({
  name: 'set of parameters',
  objects: parameters,
  encode: encodeParameters,
  decode: decodeParameters,
});
hasOneEncoding({
  name: 'solution',
  objects: solution,
  encode: (one) => {
    const out = new ByteWriter();
    encodeSolution(out, one);
    return out.finish();
  },
  decode: decodeSolution,
});
hasOneEncoding({
  name: 'proposal',
  objects: proposal,
  encode: (one) => {
    const out = new ByteWriter();
    encodeProposal(out, one);
    return out.finish();
  },
  decode: decodeProposal,
});
hasOneEncoding({ name: 'report', objects: report, encode: encodeReport, decode: decodeReport });
hasOneEncoding({
  name: 'snapshot of mids',
  objects: oracle,
  encode: encodeOracle,
  decode: (reader) => decodeOracle(reader.fixed(reader.remaining)),
});

test('what a batch collected is read back, marks and reveals included', () => {
  fc.assert(
    fc.property(collected, fc.nat(), (drawn, cut) => {
      const batch = batchOf(drawn);
      const out = new ByteWriter();
      encodeCollected(out, batch);
      const bytes = out.finish();
      const reader = new ByteReader(bytes);
      const { table, ...rest } = decodeCollected(reader);
      reader.end();
      const { table: own, ...wanted } = batch;
      assert.deepEqual(rest, wanted);
      assert.deepEqual(encodeOrderTable(table), encodeOrderTable(own));
      assert.deepEqual(table.canceled.slice(0, table.count), own.canceled.slice(0, own.count));
      const short = bytes.subarray(0, cut % bytes.length);
      assert.throws(() => decodeCollected(new ByteReader(short)), DecodeError);
    }),
  );
});

test('marks stand on rows, in order, and a table has the length it says', () => {
  const table = tableOf([1n, 2n, 3n].map((budget) => ({ pay: 0, receive: 1, budget })));
  const encoded = encodeOrderTable(table);
  const decode = (marks: readonly number[], length = encoded.length): readonly number[] => {
    const out = new ByteWriter().u32(length).fixed(encoded, encoded.length).u32(marks.length);
    for (const row of marks) out.u32(row);
    for (let k = 0; k < 4; k += 1) out.u32(0);
    const found = decodeCollected(new ByteReader(out.finish()));
    return [...found.table.canceled.slice(0, 3)];
  };
  assert.deepEqual(decode([]), [0, 0, 0]);
  assert.deepEqual(decode([0, 2]), [1, 0, 1]);
  for (const marks of [[3], [1, 0], [1, 1]]) {
    assert.throws(() => decode(marks), /a mark on no row, or out of order/);
  }
  for (const length of [encoded.length + 1, encoded.length - 1]) {
    assert.throws(() => decode([], length), /a table of another length/);
  }
});

test('every part of what is hashed changes the hash', () => {
  const [one, other] = fc.sample(report, { numRuns: 2, seed: 3 });
  assert.ok(one !== undefined && other !== undefined);
  assert.notEqual(reportHash(one), reportHash(other));
  assert.notEqual(reportHash(one), reportHash({ ...one, iterations: (one.iterations + 1) >>> 0 }));
  const [rules] = fc.sample(parameters, { numRuns: 1, seed: 3 });
  assert.ok(rules !== undefined);
  const dearer = { ...rules, feeE7: (rules.feeE7 + 1) % 1000 };
  assert.notEqual(parameterHash(rules), parameterHash(dearer));
  const [mids] = fc.sample(oracle, { numRuns: 1, seed: 3 });
  assert.ok(mids !== undefined);
  assert.notEqual(oracleHash(mids), oracleHash({ ...mids, source: `${mids.source}.` }));
});

test('a root of fills covers the rows that are counted, paid and received apart', () => {
  const fills = {
    paid: BigUint64Array.of(1n, 1n << 40n, 9n),
    received: BigUint64Array.of(3n, 4n, 9n),
  };
  const root = fillRoot(fills, 2);
  const longer = { ...fills, paid: BigUint64Array.of(1n, 1n << 40n, 8n) };
  assert.equal(fillRoot(longer, 2), root, 'room behind the rows is none of them');
  assert.notEqual(fillRoot(longer, 3), fillRoot(fills, 3));
  assert.notEqual(fillRoot({ ...fills, paid: BigUint64Array.of(1n, 2n) }, 2), root);
  assert.notEqual(fillRoot({ ...fills, received: BigUint64Array.of(3n, 5n) }, 2), root);
  const exchanged = { paid: fills.received, received: fills.paid };
  assert.notEqual(fillRoot(exchanged, 2), root);
});

test('a covariance that the bytes cannot hold is refused before it is read', () => {
  const out = new ByteWriter().u32(1).u32(3);
  for (let k = 0; k < 3; k += 1) out.u16(k).u8(6).u64(1n).u64(1n).u64(1n).u32(1);
  out.u32(0).u32(0);
  for (let k = 0; k < 3; k += 1) out.i128(1n);
  assert.throws(() => decodeParameters(new ByteReader(out.finish())), /cut short/);
});
