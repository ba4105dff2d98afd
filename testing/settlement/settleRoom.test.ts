// Goal: an epoch that is sealed fits a transaction. Method: the widest epochs that are allowed, by
// the real exchange, encoded as they are sent, beside the estimate that is asked before sealing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { openPoseidon2 } from '@lawbook/proofs/barretenberg/poseidon2';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import type { SettledEpoch } from '@lawbook/proofs/statements/epoch/cutDiffList';
import { epochCut } from '@lawbook/proofs/statements/epoch/epochStatement';
import { encodeSettleCall } from '../../packages/settlement/src/baseLayer/evm/settleCall.ts';
import {
  SETTLE_BYTES_MAX,
  settleBytes,
  settleOrdersMax,
} from '../../packages/settlement/src/baseLayer/evm/settleRoom.ts';
import { person } from '../exchange/exchangeBench.ts';
import { SettlingBench } from './exchangeEpochs.ts';
import { fullEpoch, peopleNames } from './fullEpochs.ts';

const LARGEST = at(EPOCH_SHAPES, EPOCH_SHAPES.length - 1);
const { assetWords } = LARGEST;
/** What the largest circuit's proof has, and some more. */
const PROOF_BYTES = 10_000;

/** Bytes of the calldata that settles an epoch. */
async function encodedBytes(epoch: SettledEpoch): Promise<number> {
  const hash = await openPoseidon2();
  const place = { shard: 7, listNumber: 1n, previousListHash: ZERO_HASH, shape: LARGEST };
  const { list, book } = epochCut(epoch, place, hash);
  const bytes = new Uint8Array(PROOF_BYTES).fill(255);
  const proof = { circuit: 2, dataCommitment: 1n, bytes };
  return (encodeSettleCall({ list, book, proof }).length - 2) / 2;
}

/** One batch, each row by a delegate of an owner of its own, and as many withdrawals as fit. */
function widestEpoch(orders: number): SettledEpoch {
  const stage = new SettlingBench(peopleNames(orders));
  const { bench } = stage;
  for (const owner of stage.people) {
    const delegate = person(`${owner.name} delegate`);
    stage.delegate(owner, delegate);
    const entry = bench.order(owner);
    const authorisation = signDigest(bench.signing.orderDigest(entry.order), delegate.secretKey);
    bench.must({ kind: 'submitOrder', entry: { ...entry, authorisation } });
    stage.withdraw(owner, 1n);
  }
  stage.clear();
  return stage.seal();
}

test('the widest batch that is allowed fits a transaction beside most withdrawals', async () => {
  const orders = settleOrdersMax(assetWords);
  assert.ok(orders >= 64 && orders < LARGEST.orders, `${orders} orders`);
  const epoch = widestEpoch(orders);
  const encoded = await encodedBytes(epoch);
  const estimate = settleBytes(epoch.batches, assetWords);
  assert.ok(encoded <= estimate, `${encoded} bytes, ${estimate} expected`);
  assert.ok(estimate <= SETTLE_BYTES_MAX);
  // The estimate is no wild one: what it adds is the room for a wider proof.
  assert.ok(estimate - encoded < 4_000, `${encoded} bytes, ${estimate} expected`);
});

test('an epoch that fills the largest circuit fits where owners sign for themselves', async () => {
  const { orders, batches } = LARGEST;
  const epoch = fullEpoch(new SettlingBench(peopleNames(orders)), { orders, batches });
  const estimate = settleBytes(epoch.batches, assetWords);
  assert.ok((await encodedBytes(epoch)) <= estimate);
  assert.ok(estimate <= SETTLE_BYTES_MAX);
});

test('one that delegates fill does not fit, and the estimate says so', async () => {
  const epoch = widestEpoch(LARGEST.orders);
  assert.ok((await encodedBytes(epoch)) > SETTLE_BYTES_MAX);
  assert.ok(settleBytes(epoch.batches, assetWords) > SETTLE_BYTES_MAX);
});
