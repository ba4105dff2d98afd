// Goal: an epoch that was open when a snapshot was taken seals as it does in a replay, record and
// root alike. Method: two machines with one past, of which one went through the bytes of a state,
// seal the same epoch: after a batch that moved nothing, after one that moved something, and in a
// market of assets that settle nowhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEMO_ASSETS, demoOracle, demoParameters, demoTargets } from '@lawbook/analytics/demoWorld';
import type { EpochRecord } from '@lawbook/exchange/application/applied';
import { decodeState, encodeState } from '@lawbook/exchange/application/stateCodec';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import { ExchangeBench, fundedBench, person } from './exchangeBench.ts';

/** Seals the open epoch of a machine. */
function seal(machine: StateMachine, timeMs: number): EpochRecord {
  const input = { kind: 'sealEpoch' as const, marketId: 1 };
  const result = machine.apply({ sequence: machine.nextSequence, timeMs, input });
  assert.ok(result.ok && result.value.kind === 'epochSealed');
  return result.value.epoch;
}

function sealsAlike(bench: ExchangeBench): EpochRecord {
  const { domain } = bench.machine.state;
  const restored = new StateMachine(domain, decodeState(encodeState(bench.machine.state)));
  const [live, again] = [seal(bench.replay(), bench.timeMs), seal(restored, bench.timeMs)];
  assert.deepEqual(again, live);
  return live;
}

test('a batch that moved nothing leaves no row but that of the nonce it used', () => {
  const { bench, alice } = fundedBench();
  bench.submit(alice, { expiresAtMs: bench.timeMs + 1 });
  bench.timeMs += 10;
  bench.clear();
  const { diffs } = sealsAlike(bench);
  assert.deepEqual(diffs.accounts, [alice.account]);
  assert.deepEqual(diffs.assets, []);
});

test('a batch that traded seals with vaults and assets in order', () => {
  const { bench, alice, bob } = fundedBench();
  bench.submit(bob);
  bench.submit(alice, { pay: 3, receive: 2 });
  bench.clear();
  const { diffs } = sealsAlike(bench);
  assert.deepEqual([...diffs.accounts].sort(), diffs.accounts);
  assert.ok(diffs.assets.length > 0);
});

test('an epoch of assets that settle nowhere takes no withdrawal, also after a snapshot', () => {
  const bench = new ExchangeBench();
  for (const { symbol, decimals } of DEMO_ASSETS) {
    bench.must({ kind: 'registerAsset', symbol, decimals, settles: false });
  }
  bench.must({ kind: 'registerAsset', symbol: 'REAL', decimals: 6 });
  const oracle = demoOracle(bench.timeMs);
  const parameters = demoParameters();
  bench.must({ kind: 'createMarket', parameters, oracle, inventory: demoTargets() });
  const alice = person('alice');
  for (const asset of [0, REAL]) bench.fund(alice, asset, 5_000_000_000n);
  bench.submit(alice, { expiresAtMs: bench.timeMs + 1 });
  assert.ok(bench.withdraw(alice, { assetId: assetId(REAL) }).ok);
  bench.timeMs += 10;
  bench.clear();
  assert.deepEqual(sealsAlike(bench).withdrawals, []);
});

/** Registered behind the assets of the demo world. */
const REAL = DEMO_ASSETS.length;
