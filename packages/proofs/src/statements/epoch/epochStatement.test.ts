// Goal: the witness holds what the circuit's parameters ask for, and a verifier reaches the same
// public inputs without it. Method: named days of the test world. That the contract asks about the
// same inputs is tested in testing/settlement.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { netDiffs } from '@lawbook/exchange/diffs/stateDiff';
import { at } from '@lawbook/exchange/failures/invariant';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { RATION_SCALE } from '@lawbook/exchange/markets/batch/parameters';
import {
  lawfulEpoch,
  SMALL_SHAPE,
  withoutSessions,
} from '../../../../../testing/settlement/epochWorld.ts';
import { blockedDay, ordinaryDay, scarceDay } from '../../../../../testing/world/batchSpecs.ts';
import type { BatchSpec } from '../../../../../testing/world/lawfulBatch.ts';
import { openPoseidon2 } from '../../barretenberg/poseidon2.ts';
import { ProofFault } from '../../proofFault.ts';
import type { SettledEpoch } from './cutDiffList.ts';
import { challenge, dataVector, dataVectorLength, evaluate, listHash } from './dataVector.ts';
import type { EpochPlace } from './epochStatement.ts';
import { epochClaim, epochPublicInputs, epochShapeFor } from './epochStatement.ts';
import type { FieldHash } from './fieldHash.ts';

const PLACE: EpochPlace = {
  shard: 7,
  listNumber: 1n,
  previousListHash: ZERO_HASH,
  shape: SMALL_SHAPE,
};

let hash: FieldHash;
before(async () => {
  hash = await openPoseidon2();
});

function epochOf(specs: readonly BatchSpec[]): SettledEpoch {
  const epoch = lawfulEpoch(specs.map(withoutSessions));
  assert.ok(epoch !== undefined);
  return epoch;
}

function refuses(because: RegExp, run: () => unknown): void {
  assert.throws(run, (failure: unknown) => {
    assert.ok(failure instanceof ProofFault && failure.code === 'PROOF_STATEMENT_UNFIT');
    assert.match(failure.message, because);
    return true;
  });
}

test('the witness holds D, the parameters, and the public inputs', () => {
  const epoch = epochOf([ordinaryDay()]);
  const { claim, cut, dataCommitment, listHash: named } = epochClaim(epoch, PLACE, hash);
  const { inputs, netted } = claim.witness;
  const { elements } = dataVector(cut, SMALL_SHAPE);
  assert.deepEqual(Object.keys(inputs), [
    'vector',
    'parameters',
    'pay_factors',
    'receive_factors',
    'blocked',
    'commitment',
    'point',
    'evaluation',
  ]);
  assert.deepEqual(inputs['vector'], elements);
  assert.equal(elements.length, dataVectorLength(SMALL_SHAPE));
  assert.equal(hash(inputs['parameters'] as bigint[]), at(cut.list.batches, 0).parameters);
  assert.equal(dataCommitment, hash(elements));
  const point = challenge(named, dataCommitment);
  const publicInputs = [dataCommitment, point, evaluate(elements, point)];
  assert.deepEqual(claim.statement.publicInputs, publicInputs);
  assert.deepEqual([inputs['commitment'], inputs['point'], inputs['evaluation']], publicInputs);
  assert.deepEqual(netted, netDiffs(epoch.batches.map(({ diffs }) => diffs)));
  assert.equal(named, listHash(cut));
  assert.deepEqual(epochPublicInputs(cut, SMALL_SHAPE, dataCommitment), publicInputs);
});

test('the list hash depends on no capacity, D does', () => {
  const { cut } = epochClaim(epochOf([ordinaryDay()]), PLACE, hash);
  const wide = { ...SMALL_SHAPE, batches: 8, orders: 64, vaults: 66 };
  assert.equal(dataVector(cut, wide).listHash, dataVector(cut, SMALL_SHAPE).listHash);
  assert.equal(dataVector(cut, wide).elements.length, 347);
});

test('factors stand by batch and column, one where nothing is rationed', () => {
  const scarce = scarceDay('proRata');
  const [still, trading] = epochOf([{ ...scarce, haltReason: 'a test' }, scarce]).batches;
  assert.ok(still !== undefined && trading !== undefined);
  const { payFactors: _, ...solution } = still.solution;
  const halted = { ...still, solution: { ...solution, payFactors: [1n, 2n, 3n] } };
  const epoch = { epochNumber: 1, batches: [halted, trading], withdrawals: [] };
  const { inputs } = epochClaim(epoch, PLACE, hash).claim.witness;
  const ones = new Array(6).fill(RATION_SCALE);
  const { payFactors, receiveFactors } = at(epoch.batches, 1).solution;
  assert.ok(receiveFactors.some((factor) => factor < RATION_SCALE));
  const filled = (factors: readonly bigint[]): bigint[] => [...factors, ...ones].slice(0, 6);
  assert.deepEqual(inputs['receive_factors'], [ones, filled(receiveFactors), ones]);
  assert.deepEqual(inputs['pay_factors'], [ones, filled(payFactors), ones]);
});

test('blocked rows count through the epoch', () => {
  const day = blockedDay();
  const epoch = epochOf([{ ...day, haltReason: 'a test' }, day]);
  assert.deepEqual(at(epoch.batches, 1).solution.blocked, [0]);
  const { inputs } = epochClaim(epoch, PLACE, hash).claim.witness;
  const none = BigInt(SMALL_SHAPE.orders);
  assert.deepEqual(inputs['blocked'], [BigInt(day.orders.length), none, none, none]);
  const shape = { ...SMALL_SHAPE, blocked: 0 };
  refuses(/at most 0 blocked orders, not 1/, () => epochClaim(epoch, { ...PLACE, shape }, hash));
});

test('an epoch under two sets of parameters is refused', () => {
  const [first, second] = epochOf([ordinaryDay(), ordinaryDay()]).batches;
  assert.ok(first !== undefined && second !== undefined);
  const changed = { ...second, parameters: { ...second.parameters, bond: 1n as never } };
  const epoch = { epochNumber: 1, batches: [first, changed], withdrawals: [] };
  refuses(/one set of parameters/, () => epochClaim(epoch, PLACE, hash));
});

test('a market that no circuit proves is refused', () => {
  const refuse = (because: RegExp, parameters: Partial<BatchParameters>): void => {
    const day = { ...ordinaryDay(parameters), haltReason: 'a test' };
    refuses(because, () => epochClaim(epochOf([day]), PLACE, hash));
  };
  refuse(/prices scarcity/, { scarcity: 'scarcityPricing' });
  refuse(/63 bits/, { scaledCovariance: [1n << 63n, 0n, 0n, 1n] });
  refuse(/band/, { pairBands: [{ pay: 0, receive: 1, bandPpm: 1_000_001 }] });
});

test('an epoch goes into the smallest circuit with room for it', () => {
  const day = { ...ordinaryDay(), haltReason: 'a test' };
  const sizes = [1, 2, 3, 8].map((batches) => {
    return epochShapeFor(epochOf(new Array(batches).fill(day))).orders;
  });
  assert.deepEqual(sizes, [16, 16, 64, 64]);
  refuses(/no circuit has room for 9 batches/, () =>
    epochShapeFor(epochOf(new Array(9).fill(day))),
  );
});

test('the public inputs move with the place of the list', () => {
  const epoch = epochOf([ordinaryDay()]);
  const places: readonly Partial<EpochPlace>[] = [
    {},
    { shard: 8 },
    { listNumber: 2n },
    { previousListHash: `0x${'01'.repeat(32)}` as Hash },
  ];
  const claims = places.map((place) => epochClaim(epoch, { ...PLACE, ...place }, hash));
  for (let k = 0; k < 3; k += 1) {
    const column = claims.map(({ claim }) => claim.statement.publicInputs[k]);
    assert.equal(new Set(column).size, places.length);
  }
});
