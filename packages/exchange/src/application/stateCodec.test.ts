// Goal: a snapshot of a former version still starts a venue, with the very root that it had.
// Method: a state that version 1 wrote (an order cleared, another open) is read, compared and gone
// on with.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ExchangeBench, person } from '../../../../testing/exchange/exchangeBench.ts';
import { hexToBytes } from '../codec/hex.ts';
import { StateMachine } from '../stateMachine.ts';
import { decodeState, encodeState } from './stateCodec.ts';

const former = JSON.parse(
  readFileSync(new URL('./fixtures/state.v1.json', import.meta.url), 'utf8'),
) as { readonly root: string; readonly bytes: string };
const VERSION_BYTES = 4;

test('reads a state of version 1 and writes it in the present one', () => {
  const state = decodeState(hexToBytes(former.bytes));
  assert.equal(new StateMachine(state.domain, state).root(), former.root);
  assert.ok(state.baseLayer.isUntouched && state.baseLayer.hasTraded);
  const bytes = encodeState(state);
  assert.deepEqual([...bytes.subarray(0, VERSION_BYTES)], [0, 0, 0, 2]);
  assert.deepEqual(encodeState(decodeState(bytes)), bytes);
});

test('a withdrawal joins the epoch that a state of version 1 had open', () => {
  const state = decodeState(hexToBytes(former.bytes));
  const machine = new StateMachine(state.domain, state);
  const bench = new ExchangeBench();
  const signed = bench.withdrawal(person('alice'));
  const apply = (input: Parameters<StateMachine['apply']>[0]['input']): boolean => {
    const { nextSequence: sequence } = machine;
    return machine.apply({ sequence, timeMs: state.timeMs, input }).ok;
  };
  assert.ok(apply({ kind: 'requestWithdrawal', ...signed }));
  assert.ok(apply({ kind: 'sealEpoch', marketId: 1 }));
  assert.equal(state.baseLayer.pending.length, 0);
});

test('refuses a state of another version', () => {
  const later = hexToBytes(former.bytes);
  later[VERSION_BYTES - 1] = 4;
  assert.throws(() => decodeState(later), /a state of version 4/);
});
