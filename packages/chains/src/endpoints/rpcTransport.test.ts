// Goal: a viem client works over a pool, with revert reasons, without retries of its own.
// Method: viem's own clients and actions over simulated endpoints.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { createPublicClient, keccak256, parseAbi } from 'viem';
import { createEndpointPool } from './createEndpointPool.ts';
import { EndpointWorld } from './fixtures/endpointWorld.ts';
import { rpcTransportOf } from './rpcTransport.ts';
import { RpcError } from './transport.ts';

const A = '0x00000000000000000000000000000000000000aa';

function worldOf(): {
  readonly world: EndpointWorld;
  readonly client: ReturnType<typeof createPublicClient>;
  readonly close: () => Promise<void>;
} {
  const world = new EndpointWorld(2);
  const endpoints = world.endpoints.map((transport) => ({ transport, limits: 'local' as const }));
  const pool = createEndpointPool({ chainId: 31_337, endpoints }, world);
  const client = createPublicClient({ transport: rpcTransportOf(pool) });
  return { world, client, close: () => world.resultOf(pool.close()) };
}

test('reads go through the pool', async () => {
  const { world, client, close } = worldOf();
  at(world.endpoints, 0).fault = 'serverError';
  assert.equal(await world.resultOf(client.getChainId()), 31_337);
  assert.ok((await world.resultOf(client.getBlockNumber())) >= 100n);
  await close();
});

test('a revert keeps its reason, and is asked once', async () => {
  const { world, client, close } = worldOf();
  // Error(string) with "no".
  const word = (hex: string): string => hex.padStart(64, '0');
  const revert = `0x08c379a0${word('20')}${word('2')}${'6e6f'.padEnd(64, '0')}`;
  for (const endpoint of world.endpoints) {
    endpoint.script = ({ method }) => {
      if (method !== 'eth_call') return undefined;
      throw new RpcError(method, { code: 3, message: 'execution reverted: no', data: revert });
    };
  }
  const abi = parseAbi(['function f() view returns (uint256)']);
  const read = client.readContract({ address: A, abi, functionName: 'f' });
  assert.match(String(await world.reasonOf(read)), /reverted with the following reason:\s+no/);
  const calls = world.endpoints.flatMap(({ arrivals }) => arrivals);
  assert.equal(calls.filter(({ method }) => method === 'eth_call').length, 1);
  await close();
});

test('a transaction that is known everywhere counts as sent', async () => {
  const { world, client, close } = worldOf();
  for (const endpoint of world.endpoints) {
    endpoint.script = ({ method }) => {
      if (method !== 'eth_sendRawTransaction') return undefined;
      throw new RpcError(method, { code: -32000, message: 'already known' });
    };
  }
  await world.clock.runFor(100);
  const sending = client.sendRawTransaction({ serializedTransaction: '0x02aa' });
  assert.equal(await world.resultOf(sending), keccak256('0x02aa'));
  await close();
});

test('a refused transaction is told with the words of the node', async () => {
  const { world, client, close } = worldOf();
  for (const endpoint of world.endpoints) {
    endpoint.script = ({ method }) => {
      if (method !== 'eth_sendRawTransaction') return undefined;
      throw new RpcError(method, { code: -32603, message: 'nonce too low' });
    };
  }
  const sending = client.sendRawTransaction({ serializedTransaction: '0x02aa' });
  assert.match(String(await world.reasonOf(sending)), /nonce too low/);
  await close();
});
