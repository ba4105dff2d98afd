// Goal: an epoch is proved, and its proof is of that epoch alone.
// Method: one real proof of an epoch with every kind of order, under the committed key, shown to
// the verifier contract's own code, and then beside the public inputs of other epochs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import {
  claimOf,
  provable,
  provableBatch,
  SMALLEST,
} from '../../../../testing/proofs/epochClaims.ts';
import { PROVING_CACHE } from '../../../../testing/proofs/provingWorld.ts';
import { lawfulEpoch } from '../../../../testing/settlement/epochWorld.ts';
import { blockedDay, ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { refilled } from '../../../../testing/world/lawfulBatch.ts';
import { openPoseidon2 } from '../barretenberg/poseidon2.ts';
import { hasNativeEngine } from '../barretenberg/session.ts';
import { circuitOf } from '../circuits/circuit.ts';
import { CIRCUIT_VERSION } from '../circuits/circuitVersion.ts';
import { EPOCH_SHAPES } from '../circuits/epochCircuit.ts';
import { committedKey } from '../keys/committedKey.ts';
import { openDevelopmentString } from '../keys/developmentString.ts';
import { freshVerifyingKey, makeVerifyingKey } from '../keys/makeVerifyingKey.ts';
import type { ReferenceString } from '../keys/referenceString.ts';
import type { VerifyingKey } from '../keys/verifyingKey.ts';
import { epochClaim } from '../statements/epoch/epochStatement.ts';
import type { ValidityProof } from '../statements/proof.ts';
import { evmVerifier } from '../verifier/evmVerifier.ts';
import { HonkProver } from './honk/honkProver.ts';

const EPOCH = lawfulEpoch(
  [ordinaryDay(), { ...ordinaryDay(), haltReason: 'a test' }].map(provable),
);
const CLAIM = await claimOf(EPOCH?.batches ?? []);

let string: ReferenceString;
let key: VerifyingKey;
let prover: HonkProver;
let proof: ValidityProof;
before(async () => {
  const points = circuitOf(SMALLEST.name).gatesDyadic + 1;
  string = await openDevelopmentString({ directory: PROVING_CACHE, points });
  key = await makeVerifyingKey({ circuit: SMALLEST.name, string, directory: PROVING_CACHE });
  prover = new HonkProver({
    workers: 1,
    queueMax: 4,
    threads: 2,
    memoryBytesMax: 2 ** 31,
    timeoutMs: 120_000,
    string,
    keys: [key],
  });
  proof = await prover.prove(CLAIM.statement, CLAIM.witness);
});
after(() => prover.close());

test('an epoch is proved, and the verifier contract accepts the proof', async () => {
  const { publicInputs } = CLAIM.statement;
  assert.equal(publicInputs.length, 3);
  const { holds, gasUsed } = await evmVerifier.measure(proof, publicInputs, key);
  assert.equal(holds, true);
  assert.ok(gasUsed < 700_000n, `${gasUsed} gas`);
});

test('a proof verifies for no other epoch, shard, price vector or diff list', async () => {
  const hash = await openPoseidon2();
  const day = provableBatch();
  const place = { shard: 1, listNumber: 1n, previousListHash: ZERO_HASH, shape: SMALLEST };
  const epoch = { epochNumber: 1, batches: EPOCH?.batches ?? [], withdrawals: [] };
  const prices = day.solution.prices.map((price, i) => (i === 1 ? price + 1n : price));
  const changes = day.diffs.changes.map((units, k) => (k === 0 ? units + 1n : units));
  const others = {
    epoch: epochClaim({ ...epoch, epochNumber: 2 }, place, hash),
    shard: epochClaim(epoch, { ...place, shard: 2 }, hash),
    'previous list': epochClaim(
      epoch,
      { ...place, previousListHash: `0x${'11'.repeat(32)}` as never },
      hash,
    ),
    'list number': epochClaim(epoch, { ...place, listNumber: 2n }, hash),
    'price vector': epochClaim(
      { ...epoch, batches: [refilled(day, { prices: prices as never })] },
      place,
      hash,
    ),
    'diff list': epochClaim(
      { ...epoch, batches: [{ ...day, diffs: { ...day.diffs, changes } }] },
      place,
      hash,
    ),
  };
  for (const [what, { claim }] of Object.entries(others)) {
    const { publicInputs } = claim.statement;
    assert.equal(await evmVerifier.verify(proof, publicInputs, key), false, what);
  }
});

test('a proof of one size is no proof of another', async () => {
  for (const shape of EPOCH_SHAPES.slice(1)) {
    const other = committedKey(shape.name);
    assert.ok(other !== undefined);
    const relabelled = { ...proof, circuit: shape.name };
    const { publicInputs } = CLAIM.statement;
    assert.equal(await evmVerifier.verify(relabelled, publicInputs, other), false, shape.name);
  }
});

test('an unlawful epoch finds no prover, and a lawful one proves no other statement', async () => {
  const blocked = await claimOf([provableBatch(blockedDay())]);
  const unlawful = await claimOf([refilled(provableBatch(), { blocked: [3] })]);
  const refused = { code: 'PROOF_STATEMENT_FALSE' };
  await assert.rejects(prover.prove(unlawful.statement, unlawful.witness), refused);
  await assert.rejects(prover.prove(blocked.statement, CLAIM.witness), refused);
});

test('committed keys are of the committed circuits', () => {
  for (const { name } of EPOCH_SHAPES) {
    const committed = committedKey(name);
    assert.equal(committed?.circuit, name);
    assert.equal(committed?.circuitVersion, CIRCUIT_VERSION);
    assert.equal(committed?.gates, circuitOf(name).gates);
    assert.equal(committed?.stringId, string.stringId);
    assert.equal(committed?.publicInputCount, 3);
  }
});

test('a key made again is the committed one', async (context) => {
  // Without native code the contract is another one, which accepts the same proofs.
  if (!hasNativeEngine()) return context.skip('keys are committed as native code makes them');
  assert.deepEqual(await freshVerifyingKey(SMALLEST.name, string), committedKey(SMALLEST.name));
});
