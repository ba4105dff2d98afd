// Goal: whoever asks what became of a deposit or a withdrawal is told the same before and after a
// restart. Method: inputs on a bench with the real state machine are projected into an index; the
// projection is rebuilt from a snapshot in between.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { Input } from '@lawbook/exchange/inputs';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { ExchangeBench } from '../../../../testing/exchange/exchangeBench.ts';
import { fundedBench } from '../../../../testing/exchange/exchangeBench.ts';
import { MemoryStore } from '../storage/memoryStore.ts';
import { Projection } from './projection.ts';
import { decodeSealedEpoch, encodeSealedEpoch } from './records.ts';
import { decodeSnapshotBody, encodeSnapshotBody } from './snapshotBody.ts';
import { VenueIndex } from './venueIndex.ts';

const PAGE = { limit: 10 };

class Stage {
  readonly bench: ExchangeBench;
  readonly alice: ReturnType<typeof fundedBench>['alice'];
  readonly index: VenueIndex = new VenueIndex(new MemoryStore());
  projection: Projection;

  constructor() {
    const { bench, alice } = fundedBench();
    this.bench = bench;
    this.alice = alice;
    this.projection = new Projection(bench.machine.state.markets, () => []);
  }

  async apply(input: Input): Promise<void> {
    const applied = this.bench.must(input);
    const { sequence, timeMs } = this.bench.machine.state;
    const { changes } = this.projection.project({ sequence, timeMs, applied });
    await this.index.write(sequence, changes);
  }

  /** Clears a batch of one order, by way of the projection. */
  async clear(): Promise<void> {
    await this.apply({ kind: 'submitOrder', entry: this.bench.order(this.alice) });
    await this.apply({ kind: 'closeBatch', marketId: 1 });
    const oracle = this.bench.market().reference;
    const halted = { kind: 'halted' as const, reason: 'a test', prices: oracle.mids };
    await this.apply({ kind: 'clearBatch', marketId: 1, oracle, proposal: halted });
  }

  /** Forgets the projection and takes it from a snapshot. */
  restart(): void {
    const { state } = this.bench.machine;
    const body = decodeSnapshotBody(encodeSnapshotBody(state, this.projection));
    this.projection = new Projection(state.markets, () => []);
    body.restore(this.projection);
  }
}

test('a withdrawal waits, leaves with an epoch, and survives a restart in between', async () => {
  const stage = new Stage();
  const { bench, alice, index } = stage;
  const signed = bench.withdrawal(alice);
  const withdrawalId = bench.signing.withdrawalId(signed.withdrawal);
  await stage.apply({ kind: 'requestWithdrawal', ...signed });
  const requested = await index.withdrawal(withdrawalId);
  invariant(requested !== undefined, 'a request is stored');
  assert.deepEqual(requested.status, { kind: 'pending' });
  await stage.clear();
  stage.restart();
  await stage.apply({ kind: 'sealEpoch', marketId: 1 });
  const status = { kind: 'inEpoch', marketId: 1, epochNumber: 1 };
  assert.deepEqual(await index.withdrawals(alice.account, PAGE), [{ ...requested, status }]);
  const sealed = await index.epoch(1, 1);
  assert.deepEqual(sealed?.epoch.withdrawals, [{ withdrawalId, ...signed }]);
});

test('withdrawals that come back say why, each under its own request', async () => {
  const stage = new Stage();
  const { bench, alice, index } = stage;
  const late = bench.timeMs + 1000;
  const early = bench.withdrawal(alice, { expiresAtMs: late });
  await stage.apply({ kind: 'requestWithdrawal', ...early });
  bench.timeMs = late;
  await stage.clear();
  await stage.apply({ kind: 'sealEpoch', marketId: 1 });
  await stage.apply({ kind: 'requestWithdrawal', ...bench.withdrawal(alice) });
  stage.restart();
  await stage.apply({ kind: 'noticeExit', owner: alice.account, dueBlock: 4n });
  const records = await index.withdrawals(alice.account, PAGE);
  assert.deepEqual(
    records.map(({ status }) => status),
    [
      { kind: 'returned', reason: 'ownerIsExiting' },
      { kind: 'returned', reason: 'expired' },
    ],
  );
  const first = await index.withdrawals(alice.account, { limit: 1 });
  const before = at(first, 0).sequence;
  assert.deepEqual(await index.withdrawals(alice.account, { limit: 5, before }), records.slice(1));
});

test('deposits are kept under the account that the base layer credited', async () => {
  const stage = new Stage();
  const { account } = stage.alice;
  const input = { kind: 'deposit' as const, account, assetId: assetId(2) };
  await stage.apply({ ...input, depositNumber: 1, amount: amount(8n) });
  await stage.apply({ ...input, depositNumber: 2, amount: amount(9n) });
  const records = await stage.index.deposits(account, PAGE);
  assert.deepEqual(
    records.map(({ depositNumber, units, assetId: asset }) => [depositNumber, units, asset]),
    [
      [2, 9n, 2],
      [1, 8n, 2],
    ],
  );
});

test('rows and snapshots of older versions read as those without crossings', async () => {
  const stage = new Stage();
  await stage.clear();
  await stage.apply({ kind: 'sealEpoch', marketId: 1 });
  const sealed = await stage.index.epoch(1, 1);
  invariant(sealed !== undefined, 'the epoch is stored');
  assert.deepEqual(decodeSealedEpoch(encodeSealedEpoch(sealed)), sealed);
  const { state } = stage.bench.machine;
  const body = encodeSnapshotBody(state, stage.projection);
  // The count of requests is what older bodies lack.
  const older = decodeSnapshotBody(body.subarray(0, body.length - 4));
  older.restore(stage.projection);
  assert.equal(stage.projection.withdrawals.requests.size, 0);
});
