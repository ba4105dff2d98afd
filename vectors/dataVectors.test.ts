// Goal: what binds a proof to its calldata does not change unnoticed, and contract and statements
// agree on it. Method: the vectors are rebuilt and compared with the frozen file; the frozen call
// data is sent to the committed contracts, and the verifier there is asked about the frozen inputs.
// A wanted change is stored with `node vectors/dataVectors.ts --write`.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { openPoseidon2 } from '@lawbook/proofs/barretenberg/poseidon2';
import { evaluate } from '@lawbook/proofs/statements/epoch/dataVector';
import { FIELD_MODULUS } from '@lawbook/proofs/statements/fieldElement';
import { openBaseLayerWorld } from '../testing/settlement/baseLayerWorld.ts';
import type { DataVectorCase } from './dataVectors.ts';
import { dataVectorCases, vectorEpochs } from './dataVectors.ts';

const { vectors } = JSON.parse(
  readFileSync(new URL('./dataVectors.json', import.meta.url), 'utf8'),
) as { readonly vectors: readonly DataVectorCase[] };

test('data vectors, commitments and public inputs are those of the frozen file', async () => {
  assert.deepEqual(dataVectorCases(await openPoseidon2()), vectors);
});

test('the value of a data vector is its sum of powers', () => {
  for (const { elements, point, evaluation } of vectors) {
    let power = 1n;
    let sum = 0n;
    for (const element of elements) {
      sum = (sum + BigInt(element) * power) % FIELD_MODULUS;
      power = (power * BigInt(point)) % FIELD_MODULUS;
    }
    assert.equal(sum, BigInt(evaluation));
    assert.equal(evaluate(elements.map(BigInt), BigInt(point)), sum);
  }
});

test('the contract asks its verifier about the frozen public inputs', async () => {
  const { stage, epochs } = vectorEpochs();
  for (const orders of new Set(vectors.map(({ shape }) => shape.orders))) {
    // A world has one circuit, and its lists are settled from the first on.
    const asked = vectors.filter(({ shape }) => shape.orders === orders);
    const world = await openBaseLayerWorld({
      batches: epochs.flatMap(({ batches }) => batches),
      shape: at(asked, 0).shape,
      parameterCommitments: [BigInt(at(vectors, 0).parameterCommitment)],
      epochNumber: 1,
      holdings: stage.holdings.filter(({ units }) => units > 0n),
    });
    for (const vector of vectors) {
      const run = await world.send(vector.callData);
      assert.equal(run.refusal, undefined, vector.name);
      assert.equal(run.listHash, vector.listHash, vector.name);
      if (!asked.includes(vector)) continue;
      const { commitment, point, evaluation } = vector;
      assert.deepEqual(run.asked, [commitment, point, evaluation].map(BigInt), vector.name);
    }
  }
});
