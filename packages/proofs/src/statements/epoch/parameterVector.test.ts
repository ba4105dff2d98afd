// Goal: the parameter vector is the one that circuits open, and every parameter is bound by its
// commitment. Method: a market written out by hand, and each field changed in turn.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { at } from '@lawbook/exchange/failures/invariant';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { parameterHash } from '@lawbook/exchange/markets/batch/parameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import { TEST_BASKET } from '../../../../../testing/world/batchSpecs.ts';
import { worldParameters } from '../../../../../testing/world/lawfulBatch.ts';
import { openPoseidon2 } from '../../barretenberg/poseidon2.ts';
import { ProofFault } from '../../proofFault.ts';
import { bytesToNumber, FIELD_MODULUS } from '../fieldElement.ts';
import type { FieldHash } from './fieldHash.ts';
import type { ParameterRoom } from './parameterVector.ts';
import { parameterCommitment, parameterVector, parameterVectorLength } from './parameterVector.ts';

const ROOM: ParameterRoom = { assetWords: 2, baskets: 4 };
const PARAMETERS: BatchParameters = worldParameters(3, {
  baskets: [TEST_BASKET],
  pairBands: [{ pay: 1, receive: 3, bandPpm: 77 }],
});

let hash: FieldHash;
before(async () => {
  hash = await openPoseidon2();
});

test('a vector has its fields where the circuit looks for them', () => {
  const vector = parameterVector(PARAMETERS, ROOM);
  const { assets, scaledCovariance } = PARAMETERS;
  assert.equal(vector.length, 142);
  assert.equal(vector.length, parameterVectorLength(ROOM));
  const digest = bytesToNumber(hexToBytes(parameterHash(PARAMETERS)));
  assert.equal((at(vector, 0) << 128n) | at(vector, 1), digest);
  assert.deepEqual(vector.slice(2, 9), [3n, 1n, 3000n, 50_000n, 0n, 10_000n, 1_000_000n]);
  const zeros = [0n, 0n, 0n];
  assert.deepEqual(vector.slice(9, 15), [1n, 1n, 100n, ...zeros]);
  const row = (from: number, figures: readonly bigint[]): void =>
    assert.deepEqual(vector.slice(from, from + 6), [...figures, ...zeros]);
  row(
    15,
    assets.map(({ target }) => target),
  );
  row(
    21,
    assets.map(({ inventoryMin }) => inventoryMin),
  );
  row(
    27,
    assets.map(({ inventoryMax }) => inventoryMax),
  );
  row(33, TEST_BASKET.units);
  assert.deepEqual(vector.slice(39, 57), new Array(18).fill(0n));
  // Bands of the pairs (0, product), then of (1, product) with the override for the basket.
  assert.deepEqual(vector.slice(57, 62), [5000n, 5000n, 5000n, 5000n, 0n]);
  assert.deepEqual(vector.slice(67, 72), [5000n, 5000n, 5000n, 77n, 0n]);
  const [a, b, c, d] = scaledCovariance.map((s) => (s < 0n ? s + FIELD_MODULUS : s));
  assert.deepEqual(vector.slice(117, 124), [a, b, 0n, 0n, 0n, c, d]);
});

test('every parameter moves the commitment', () => {
  const commitment = parameterCommitment(PARAMETERS, ROOM, hash);
  const [first, ...others] = PARAMETERS.assets;
  assert.ok(first !== undefined);
  const changes: readonly Partial<BatchParameters>[] = [
    { marketId: 2 },
    { assets: [{ ...first, target: amount(first.target + 1n) }, ...others] },
    { assets: [{ ...first, inventoryMax: amount(first.inventoryMax + 1n) }, ...others] },
    { baskets: [] },
    { baskets: [{ ...TEST_BASKET, symbol: 'OTHER' }] },
    { pairBands: [] },
    { scaledCovariance: PARAMETERS.scaledCovariance.map((s) => s + 1n) },
    { feeE7: 2999 },
    { haltBandPpm: 1 },
    { scarcity: 'scarcityPricing' },
    { admission: 'commitReveal' },
    { batchIntervalMs: 1 },
    { revealWindowMs: 1 },
    { bond: amount(1n) },
    { oracleAgeMsMax: 1 },
    { orderCountMax: 1 },
    { budgetMax: amount(1n) },
  ];
  const moved = changes.map((change) => {
    return parameterCommitment({ ...PARAMETERS, ...change }, ROOM, hash);
  });
  assert.equal(new Set([commitment, ...moved]).size, changes.length + 1);
});

test('a market beyond the circuit is refused', () => {
  const basket = PARAMETERS.baskets[0];
  assert.ok(basket !== undefined);
  const many = { ...PARAMETERS, baskets: new Array(5).fill(basket) };
  for (const [parameters, room] of [
    [many, ROOM],
    [PARAMETERS, { ...ROOM, assetWords: 0 }],
  ] as const) {
    assert.throws(
      () => parameterVector(parameters, room),
      (failure) => failure instanceof ProofFault && failure.code === 'PROOF_STATEMENT_UNFIT',
    );
  }
});
