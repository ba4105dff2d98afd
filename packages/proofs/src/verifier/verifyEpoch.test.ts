// Goal: a proof counts for its own epoch in its own place, and every way of passing it off for
// another ends in the step that it breaks. Method: a verifier contract that accepts one call data
// and no other stands for the law verifier, in the same EVM; epochs, places and proofs are then
// exchanged. What real proofs do is tested beside the provers.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { keccakHash } from '@lawbook/exchange/codec/keccak';
import { at } from '@lawbook/exchange/failures/invariant';
import { accountId } from '@lawbook/exchange/ledger/account';
import { WORLD_SHARD } from '../../../../testing/settlement/baseLayerWorld.ts';
import {
  lawfulEpoch,
  signedWithdrawal,
  withoutSessions,
} from '../../../../testing/settlement/epochWorld.ts';
import { ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { openPoseidon2 } from '../barretenberg/poseidon2.ts';
import { EPOCH_SHAPES } from '../circuits/epochCircuit.ts';
import type { VerifyingKey } from '../keys/verifyingKey.ts';
import type { SettledEpoch } from '../statements/epoch/cutDiffList.ts';
import type { EpochClaim, EpochPlace } from '../statements/epoch/epochStatement.ts';
import { epochClaim } from '../statements/epoch/epochStatement.ts';
import type { FieldHash } from '../statements/epoch/fieldHash.ts';
import type {
  ProvedPlace,
  SettlementAttachment,
} from '../statements/epoch/settlementAttachment.ts';
import { elementsToBytes, FIELD_MODULUS } from '../statements/fieldElement.ts';
import type { ValidityProof } from '../statements/proof.ts';
import { INSECURE_SETUP } from '../statements/proof.ts';
import { evmVerifier } from './evmVerifier.ts';
import type { EpochProofBasis, EpochProofStep, StepOutcome } from './verifyEpoch.ts';
import { verifyEpochProof } from './verifyEpoch.ts';

const PROOF = new Uint8Array(64).fill(9);
const SHAPE = at(EPOCH_SHAPES, 0);
const PLACE: EpochPlace = {
  shard: WORLD_SHARD,
  listNumber: 1n,
  previousListHash: ZERO_HASH,
  shape: SHAPE,
};

let hash: FieldHash;
let epoch: SettledEpoch;
let claim: EpochClaim;
let attachment: SettlementAttachment;
let basis: EpochProofBasis;

before(async () => {
  hash = await openPoseidon2();
  const day = withoutSessions(ordinaryDay());
  const made = lawfulEpoch([day, { ...day, haltReason: 'a test' }]);
  assert.ok(made !== undefined);
  epoch = made;
  claim = epochClaim(epoch, PLACE, hash);
  attachment = attach(claim, PLACE);
  basis = { verifyingKey: keyFor(claim), verifier: evmVerifier, hash };
});

function attach({ claim: made, ...rest }: EpochClaim, place: EpochPlace): SettlementAttachment {
  const { shape: _, ...where } = place;
  const { listHash, dataCommitment } = rest;
  return {
    place: { ...where, listHash, dataCommitment },
    proof: {
      kind: 'validity',
      system: 'ultraHonk',
      circuit: made.statement.circuit,
      circuitVersion: 3,
      setup: INSECURE_SETUP,
      stringId: '11'.repeat(32),
      publicInputs: made.statement.publicInputs,
      bytes: PROOF,
    },
  };
}

/** A key whose contract answers whether the hash of the call data is the one of this proof. */
function keyFor({ claim: made }: EpochClaim): VerifyingKey {
  const callData = [
    Uint8Array.of(0xea, 0x50, 0xd0, 0xe4),
    elementsToBytes([64n, 160n, BigInt(PROOF.length)]),
    PROOF,
    elementsToBytes([3n, ...made.statement.publicInputs]),
  ];
  // CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY CALLDATASIZE PUSH0 KECCAK256 PUSH32 .. EQ PUSH0 MSTORE
  // PUSH1 32 PUSH0 RETURN
  const code = `365f5f37365f207f${keccakHash(...callData).slice(2)}145f5260205ff3`;
  return {
    circuit: made.statement.circuit,
    circuitVersion: 3,
    setup: INSECURE_SETUP,
    stringId: '11'.repeat(32),
    publicInputCount: 3,
    gates: 1,
    keyBytes: '',
    keyHash: '',
    verifierCode: code,
    verifierCreationCode: '',
  };
}

type Outcomes = Readonly<Record<EpochProofStep, StepOutcome['kind']>>;
interface Change {
  readonly epoch?: SettledEpoch;
  readonly place?: Partial<ProvedPlace>;
  readonly proof?: Partial<ValidityProof>;
  readonly basis?: Partial<EpochProofBasis>;
}

/** Verifies with something changed. */
async function verify(change: Change): Promise<Outcomes & { readonly isProven: boolean }> {
  const changed = {
    ...attachment,
    place: { ...attachment.place, ...change.place },
    proof: { ...attachment.proof, ...change.proof },
  };
  const report = await verifyEpochProof(change.epoch ?? epoch, changed, {
    ...basis,
    ...change.basis,
  });
  const outcomes = Object.fromEntries(
    report.steps.map(({ step, outcome }) => [step, outcome.kind]),
  );
  return { ...(outcomes as Outcomes), isProven: report.isProven };
}

const ALL: Outcomes & { readonly isProven: boolean } = {
  shape: 'holds',
  listHash: 'holds',
  chain: 'holds',
  publicInputs: 'holds',
  proof: 'holds',
  transaction: 'unasked',
  isProven: true,
};

test('a proof counts for its own epoch', async () => {
  assert.deepEqual(await verify({}), ALL);
});

test('a proof counts for no other epoch', async () => {
  const other = { ...epoch, epochNumber: 2 };
  const failed = { listHash: 'fails', publicInputs: 'fails', proof: 'unasked', isProven: false };
  assert.deepEqual(await verify({ epoch: other }), { ...ALL, ...failed });
  const swapped = { ...epoch, batches: epoch.batches.slice(0, 1) };
  assert.deepEqual(await verify({ epoch: swapped }), { ...ALL, ...failed });
});

test('a proof counts for no other shard or list number', async () => {
  const failed = { listHash: 'fails', publicInputs: 'fails', proof: 'unasked', isProven: false };
  assert.deepEqual(await verify({ place: { shard: 8 } }), { ...ALL, ...failed });
  const chain = 'unasked';
  assert.deepEqual(await verify({ place: { listNumber: 2n } }), { ...ALL, ...failed, chain });
});

test('a proof counts for no withdrawal from another shard', async () => {
  const paying = { ...epoch, withdrawals: [signedWithdrawal(1, 5n)] };
  const own = epochClaim(paying, PLACE, hash);
  const ownBasis = { ...basis, verifyingKey: keyFor(own) };
  assert.ok((await verifyEpochProof(paying, attach(own, PLACE), ownBasis)).isProven);
  const place = { ...PLACE, shard: WORLD_SHARD + 1 };
  const other = epochClaim(paying, place, hash);
  const known = { ...basis, verifyingKey: keyFor(other) };
  const { steps, isProven } = await verifyEpochProof(paying, attach(other, place), known);
  const { step, outcome } = at(steps, 0);
  assert.deepEqual([isProven, step, outcome.kind], [false, 'shape', 'fails']);
});

test('a list that names another list before it is refused', async () => {
  const previousListHash = `0x${'22'.repeat(32)}` as Hash;
  const { chain, isProven } = await verify({ place: { previousListHash } });
  assert.deepEqual({ chain, isProven }, { chain: 'fails', isProven: false });
  const place = { ...PLACE, listNumber: 2n, previousListHash };
  const second = epochClaim(epoch, place, hash);
  const known = { ...basis, verifyingKey: keyFor(second), previousListHash };
  const report = await verifyEpochProof(epoch, attach(second, place), known);
  assert.ok(report.isProven);
  const wrong = { ...known, previousListHash: ZERO_HASH };
  assert.ok(!(await verifyEpochProof(epoch, attach(second, place), wrong)).isProven);
});

test('another list hash in the attachment is refused, whatever the proof says', async () => {
  const listHash = `0x${'22'.repeat(32)}` as Hash;
  const expected = { ...ALL, listHash: 'fails', isProven: false };
  assert.deepEqual(await verify({ place: { listHash } }), expected);
});

test('another commitment or other public inputs are refused', async () => {
  const failed = { ...ALL, publicInputs: 'fails', proof: 'unasked', isProven: false };
  assert.deepEqual(await verify({ place: { dataCommitment: 1n } }), failed);
  assert.deepEqual(await verify({ place: { dataCommitment: FIELD_MODULUS } }), failed);
  const { publicInputs } = attachment.proof;
  const others = publicInputs.map((input, k) => (k === 2 ? input ^ 1n : input));
  assert.deepEqual(await verify({ proof: { publicInputs: others } }), failed);
});

test('a damaged proof, or one for another key, fails without an exception', async () => {
  const failed = { ...ALL, proof: 'fails', isProven: false };
  assert.deepEqual(await verify({ proof: { bytes: new Uint8Array(64) } }), failed);
  assert.deepEqual(await verify({ proof: { circuitVersion: 4 } }), failed);
  assert.deepEqual(await verify({ proof: { stringId: '12'.repeat(32) } }), failed);
});

test('a proof of a circuit without room for the epoch has no list', async () => {
  const none = { shape: 'fails', listHash: 'unasked', publicInputs: 'unasked', proof: 'unasked' };
  const foreign = { proof: { circuit: 'assetsAreConserved8' as const } };
  assert.deepEqual(await verify(foreign), { ...ALL, ...none, isProven: false });
  const long = { ...epoch, batches: new Array(5).fill(epoch.batches).flat() };
  assert.deepEqual(await verify({ epoch: long }), { ...ALL, ...none, isProven: false });
});

test('a transaction on another chain is refused', async () => {
  const { chainId, address: contract } = at(epoch.batches, 0).domain;
  const transaction = { chainId, contract, transactionHash: ZERO_HASH, blockNumber: 1n };
  const verifyWith = async (change: Partial<typeof transaction>): Promise<boolean> => {
    const sent = { ...attachment, transaction: { ...transaction, ...change } };
    return (await verifyEpochProof(epoch, sent, basis)).isProven;
  };
  assert.ok(await verifyWith({}));
  assert.ok(!(await verifyWith({ chainId: 1n })));
  assert.ok(!(await verifyWith({ contract: accountId(`0x${'01'.repeat(20)}`) })));
});
