// Goal: logs are read as events of the contract and of nobody else, within what the contract can
// say; all else is a fault after which the endpoints are asked again, and never ends the bridge.
// Method: encoded logs, one member changed each.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChainLog } from '@lawbook/chains/tracker/logReader';
import type { Hex } from 'viem';
import { encodeAbiParameters, encodeEventTopics, numberToHex } from 'viem';
import { BASE_LAYER_ABI } from '../../../../../contracts/generated/baseLayerAbi.ts';
import { decodeLog } from './decodeLog.ts';

const CONTRACT: Hex = `0x${'0a'.repeat(20)}`;
const OWNER: Hex = `0x${'ab'.repeat(20)}`;
const HASH: Hex = `0x${'cd'.repeat(32)}`;
const DEPOSIT = [{ type: 'uint256' }, { type: 'uint64' }] as const;
const UNITS_MAX = (1n << 63n) - 1n;

function deposited(assetId: bigint, units: bigint): ChainLog {
  const args = { depositNumber: 1n, shard: 1, owner: OWNER };
  return {
    address: CONTRACT,
    topics: encodeEventTopics({ abi: BASE_LAYER_ABI, eventName: 'Deposited', args }) as Hex[],
    data: encodeAbiParameters(DEPOSIT, [assetId, units]),
    blockNumber: 7n,
    blockHash: HASH,
    transactionHash: HASH,
    transactionIndex: 0,
    logIndex: 3,
  };
}

const GOOD = deposited(2n, UNITS_MAX);

test('a log of the contract is the event that it states, however the address is written', () => {
  const decoded = decodeLog({ ...GOOD, address: `0x${'0A'.repeat(20)}` }, CONTRACT);
  assert.equal(decoded.eventName, 'Deposited');
  const owner = '0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB';
  const args = { depositNumber: 1n, shard: 1, owner, assetId: 2n, units: UNITS_MAX };
  assert.deepEqual({ ...decoded.args }, args);
});

const word = (n: bigint): Hex => numberToHex(n, { size: 32 });
const [selector = HASH, ...others] = GOOD.topics;
const EXIT = encodeEventTopics({
  abi: BASE_LAYER_ABI,
  eventName: 'ExitRequested',
  args: { shard: 1, owner: OWNER },
}) as Hex[];

const IMPOSSIBLE: readonly (readonly [string, ChainLog])[] = [
  ['of another contract', { ...GOOD, address: OWNER }],
  ['of an event that it does not have', { ...GOOD, topics: [HASH, ...others] }],
  ['of no event', { ...GOOD, topics: [] }],
  ['with a topic less', { ...GOOD, topics: [selector, ...others.slice(1)] }],
  ['with a shard beyond 32 bits', { ...GOOD, topics: [selector, word(1n), HASH, word(1n)] }],
  ['that is cut short', { ...GOOD, data: '0x00' }],
  ['of more units than an amount', deposited(2n, UNITS_MAX + 1n)],
  ['of an asset beyond 2^53', deposited(1n << 53n, 5n)],
  ['of an exit due beyond 64 bits', { ...GOOD, topics: EXIT, data: word(1n << 64n) }],
];

for (const [name, log] of IMPOSSIBLE) {
  test(`a log ${name} is asked for again`, () => {
    assert.throws(() => decodeLog(log, CONTRACT), {
      name: 'SettlementFault',
      code: 'SETTLEMENT_UNAVAILABLE',
      retryable: true,
    });
  });
}
