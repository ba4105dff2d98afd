// Goal: a market is opened by the rules of its last settled batch, whatever its tokens call
// themselves. Method: a lawful batch, applied to an empty exchange.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import {
  CLOSED_AT_MS,
  lawfulBatch,
  TEST_DOMAIN,
  worldMids,
  worldParameters,
} from '../../../../testing/world/lawfulBatch.ts';
import { marketInputs } from './marketInputs.ts';

test('opens the market of a bundle, with names that the ledger takes', () => {
  const [parameters, mids] = [worldParameters(3), worldMids(3)];
  const order = { trader: 1, pay: 0, receive: 1, budget: 1_000_000n };
  const batch = lawfulBatch({ parameters, mids, orders: [order] }) ?? assert.fail('it clears');
  const last = { batches: [batch] } as unknown as EpochBundle;
  const decimals = batch.parameters.assets.map((asset) => asset.decimals);
  const symbols = ['USD', 'USD', 'not a symbol'];
  const assets = decimals.map((each, k) => ({ symbol: symbols[k] ?? '', decimals: each }));
  const machine = new StateMachine(TEST_DOMAIN);
  for (const input of marketInputs(assets, last)) {
    const result = machine.apply({ sequence: machine.nextSequence, timeMs: CLOSED_AT_MS, input });
    assert.ok(result.ok, JSON.stringify(result));
  }
  assert.deepEqual(
    machine.state.assets.map(({ symbol }) => symbol),
    ['USD', 'ASSET1', 'ASSET2'],
  );
  assert.equal(machine.state.markets.size, 1);
});

test('asks for the bundle that holds the rules', () => {
  assert.throws(() => marketInputs([], undefined), { code: 'RECOVERY_NOT_POSSIBLE' });
});
