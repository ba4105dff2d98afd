// Goal: a hidden order can cost its owner a bond only by the owner's own silence. Method: scenarios
// on a bench with real keys, solver and laws: commitments sent again, halts across the reveal
// window, cancels after a reveal, and a restored snapshot.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, fundedBench } from '../../../../testing/exchange/exchangeBench.ts';
import { at } from '../failures/invariant.ts';
import { allHold, judgeBatch } from '../laws/judge.ts';
import { AdmissionMode } from '../markets/batch/parameters.ts';
import { amount } from '../numbers/amount.ts';
import { recoverSigner } from '../orders/signature.ts';
import { decodeState, encodeState } from './stateCodec.ts';

const BOND = amount(5_000_000n);
const SALT = new Uint8Array(32).fill(7);

function hiddenBench(): ReturnType<typeof fundedBench> {
  return fundedBench({ admission: AdmissionMode.commitReveal, bond: BOND, revealWindowMs: 1000 });
}

test('a commitment is good for its own batch only, so nobody can send it again', () => {
  const { bench, alice, bob } = hiddenBench();
  const entry = bench.order(alice);
  assert.equal(codeOf(bench.commit(alice, entry.order, SALT)), 'accepted');
  bench.must({ kind: 'closeCollection', marketId: 1 });
  bench.must({ kind: 'revealOrder', entry, salt: SALT });
  const { transition, verdicts } = bench.clear();
  assert.ok(allHold(verdicts));
  const published = at(transition.commitments, 0);
  const { owner, commitment, authorisation } = published;
  const replay = { kind: 'commitOrder' as const, owner, marketId: 1, commitment, authorisation };
  assert.equal(codeOf(bench.apply({ ...replay, batchNumber: 1 })), 'commitMismatch');
  assert.equal(bench.held(alice, 0), 0n);
  // Renumbered it gets past a careless gateway, and then the laws see that nobody signed it.
  bench.must({ ...replay, batchNumber: 2 });
  const other = bench.order(bob);
  assert.equal(codeOf(bench.commit(bob, other.order, SALT)), 'accepted');
  bench.must({ kind: 'closeCollection', marketId: 1 });
  bench.must({ kind: 'revealOrder', entry: other, salt: SALT });
  const forged = bench.clear();
  const broken = forged.verdicts.filter(({ verdict }) => verdict.kind === 'violated');
  assert.deepEqual(
    broken.map(({ id }) => id),
    ['L2'],
  );
});

test('a commitment to another batch than the open one is refused and holds nothing', () => {
  const { bench, alice } = hiddenBench();
  const { order } = bench.order(alice);
  for (const batch of [0, 2]) {
    assert.equal(codeOf(bench.commit(alice, order, SALT, batch)), 'commitMismatch');
  }
  assert.equal(bench.held(alice, 0), 0n);
});

test('a halt during the reveal window does not shorten it', () => {
  const { bench, alice } = hiddenBench();
  const entry = bench.order(alice);
  bench.commit(alice, entry.order, SALT);
  bench.must({ kind: 'closeCollection', marketId: 1 });
  const began = bench.timeMs;
  bench.must({ kind: 'haltMarket', marketId: 1, reason: 'maintenance' });
  const barred = bench.apply({ kind: 'revealOrder', entry, salt: SALT });
  assert.equal(codeOf(barred), 'marketHalted');
  bench.timeMs += 10_000;
  bench.must({ kind: 'resumeMarket', marketId: 1 });
  assert.equal(bench.market().batch.phaseSinceMs, began + 10_000);
  bench.timeMs += 500;
  bench.must({ kind: 'resumeMarket', marketId: 1 });
  assert.equal(bench.market().batch.phaseSinceMs, began + 10_000, 'only a halt restarts a window');
  bench.must({ kind: 'revealOrder', entry, salt: SALT });
  assert.ok(allHold(bench.clear().verdicts));
});

test('a revealed order stays in its batch', () => {
  const { bench, alice } = hiddenBench();
  const entry = bench.order(alice);
  bench.commit(alice, entry.order, SALT);
  bench.must({ kind: 'closeCollection', marketId: 1 });
  bench.must({ kind: 'revealOrder', entry, salt: SALT });
  assert.equal(codeOf(bench.cancel(alice, entry.orderId)), 'orderClosed');
  assert.ok(allHold(bench.clear().verdicts));
});

test('a halted batch returns every bond', () => {
  const { bench, alice } = hiddenBench();
  const before = bench.available(alice, 0);
  bench.commit(alice, bench.order(alice).order, SALT);
  bench.must({ kind: 'closeCollection', marketId: 1 });
  bench.must({ kind: 'closeBatch', marketId: 1 });
  const { reference } = bench.market();
  const proposal = { kind: 'halted' as const, reason: 'no mids', prices: reference.mids };
  const input = { kind: 'clearBatch' as const, marketId: 1, oracle: reference, proposal };
  const proposed = bench.machine.propose(input);
  assert.ok(proposed.ok);
  const authority = { authority: 'recover' as const, recover: recoverSigner };
  assert.ok(allHold(judgeBatch(proposed.value, authority)));
  bench.must(input);
  assert.equal(bench.available(alice, 0), before);
  assert.equal(bench.held(alice, 0), 0n);
});

test('a batch of very many cancels and commitments survives a snapshot', () => {
  const { bench } = hiddenBench();
  const { batch } = bench.market();
  const owner = at(bench.machine.state.ledger.accounts, 3);
  const authorisation = new Uint8Array(65);
  for (let k = 0; k < 200_000; k += 1) {
    const commitment = `0x${k.toString(16).padStart(64, '0')}` as (typeof entry)['commitment'];
    const entry = { owner, commitment: bench.market().parentReportHash, authorisation };
    batch.commit({ ...entry, commitment });
    batch.cancellations.push({ row: k, authorisation });
  }
  const copy = decodeState(encodeState(bench.machine.state)).markets.get(1)?.batch;
  assert.equal(copy?.commitments.length, 200_000);
  assert.equal(copy?.cancellations.length, 200_000);
});
