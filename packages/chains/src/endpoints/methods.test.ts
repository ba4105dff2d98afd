// Goal: every call is known for what it is: repeatable or not, and bound to the head or not.
// Method: examples of each class.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockTagOf, dependsOnHead, methodClass } from './methods.ts';
import { ALCHEMY_COMPUTE_UNITS, ENDPOINT_PRESETS, unitsOf } from './presets.ts';

test('what writes is broadcast, also where the method is unknown', () => {
  for (const method of [
    'eth_sendRawTransaction',
    'eth_sendBundle',
    'eth_sendUserOperation',
    'eth_signTransaction',
    'anvil_mine',
    'evm_increaseTime',
    'hardhat_setBalance',
    'personal_sendTransaction',
    'sendTransaction',
  ]) {
    assert.equal(methodClass(method), 'broadcast', method);
  }
  for (const method of ['eth_subscribe', 'accountSubscribe', 'slotUnsubscribe']) {
    assert.equal(methodClass(method), 'subscription', method);
  }
  for (const method of ['eth_call', 'getSlot', 'trace_block', 'erigon_forks']) {
    assert.equal(methodClass(method), 'read', method);
  }
});

test('a read follows the head unless it names a block or a constant', () => {
  const follows = (method: string, ...params: unknown[]): boolean =>
    dependsOnHead({ method, params });
  assert.ok(follows('eth_blockNumber'));
  assert.ok(follows('eth_getBalance', '0x1', 'latest'));
  assert.ok(follows('eth_getBalance', '0x1'));
  assert.ok(follows('eth_getBlockByNumber', 'finalized', false));
  assert.ok(follows('eth_getTransactionReceipt', '0x1'));
  assert.ok(!follows('eth_getBalance', '0x1', '0x10'));
  assert.ok(!follows('eth_getBlockByNumber', 'earliest', false));
  assert.ok(!follows('eth_getBlockByHash', '0x1', false));
  assert.ok(!follows('eth_chainId'));
});

test('the block tag of a call is found, with the default of nodes', () => {
  const tag = (method: string, ...params: unknown[]): unknown => blockTagOf({ method, params });
  assert.equal(tag('eth_call', {}), 'latest');
  assert.equal(tag('eth_estimateGas', {}), 'pending');
  assert.equal(tag('eth_getStorageAt', '0x1', '0x0', '0x5'), '0x5');
  assert.equal(tag('eth_call', {}, { blockNumber: '0x7' }), '0x7');
  assert.equal(tag('eth_call', {}, { blockHash: '0xab' }), undefined);
  assert.equal(tag('eth_blockNumber'), undefined);
});

test('presets carry the limits of their plans', () => {
  const shape = ({
    unitsPerSecond,
    concurrency,
    burst,
  }: (typeof ENDPOINT_PRESETS)['public']): number[] => [unitsPerSecond, concurrency, burst];
  assert.deepEqual(shape(ENDPOINT_PRESETS.alchemy), [25, 10, 100]);
  assert.deepEqual(shape(ENDPOINT_PRESETS.infura), [10, 5, 50]);
  assert.deepEqual(shape(ENDPOINT_PRESETS.quicknode), [15, 8, 60]);
  assert.deepEqual(shape(ENDPOINT_PRESETS.public), [5, 3, 10]);
  assert.deepEqual(shape(ENDPOINT_PRESETS.alchemyComputeUnits), [500, 10, 500]);
  const units = ENDPOINT_PRESETS.alchemyComputeUnits;
  assert.equal(unitsOf(units, 'eth_call'), 26);
  assert.equal(unitsOf(units, 'eth_getBalance'), 20);
  for (const limits of Object.values(ENDPOINT_PRESETS)) {
    assert.ok(limits.reserve >= unitsOf(limits, 'eth_sendRawTransaction'));
    assert.ok(limits.reserve < limits.burst);
  }
  assert.ok(Object.values(ALCHEMY_COMPUTE_UNITS).every((cost) => cost >= 0 && cost <= 500));
});
