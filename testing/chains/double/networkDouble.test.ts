// Goal: faults of the wire meet the requests that a plan names, before or after the node acted.
// Method: one node, one request for each fault; the caller's failure and the node's pool are read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RpcError, TransportError } from '@lawbook/chains/endpoints/transport';
import { MemoryStore } from '@lawbook/chains/stores/memoryStore';
import { at } from '@lawbook/exchange/failures/invariant';
import type { NetworkFault } from './faultPlan.ts';
import { paperAddress, writePaper } from './paperSigner.ts';
import { WorldDouble } from './worldDouble.ts';

async function sendUnder(
  fault: NetworkFault | undefined,
): Promise<{ heard: string; taken: number }> {
  const world = new WorldDouble(1, { nodes: 1 }, (clock) => new MemoryStore(clock));
  const node = at(world.nodes, 0);
  if (fault !== undefined) world.network.plan.add({ fault });
  const { raw } = writePaper(world.signer, {
    chainId: 31_337,
    chainNonce: 7,
    to: paperAddress('target'),
    amount: 1n,
    callData: '0x',
    gasLimit: 21_000n,
    maxFeePerGas: 60_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
  });
  const call = { method: 'eth_sendRawTransaction', params: [raw] };
  let heard = '';
  world.network
    .transportTo(node)
    .request(call, { timeoutMs: 1000 })
    .then(
      () => {
        heard = 'ok';
      },
      (failure: unknown) => {
        heard = failure instanceof TransportError ? failure.failure : String(failure);
        if (failure instanceof RpcError) heard = failure.rpcMessage;
      },
    );
  await world.clock.runUntil(() => heard !== '');
  return { heard, taken: node.pool.size() };
}

test('each fault is heard as what it is, and the node has acted or not', async () => {
  const table: [NetworkFault | undefined, string, number][] = [
    [undefined, 'ok', 1],
    [{ kind: 'lostBefore' }, 'timeout', 0],
    [{ kind: 'lostAfter', reset: false }, 'timeout', 1],
    [{ kind: 'lostAfter', reset: true }, 'reset', 1],
    [{ kind: 'slow', delayMs: 5000 }, 'timeout', 0],
    [{ kind: 'refused' }, 'refused', 0],
    [{ kind: 'rateLimited', retryAfterMs: 9 }, 'rateLimited', 0],
    [{ kind: 'httpStatus', status: 503 }, 'httpStatus', 0],
    [{ kind: 'malformed' }, 'malformed', 1],
    [{ kind: 'wrongId' }, 'wrongId', 1],
    [{ kind: 'swallowed' }, 'ok', 0],
    [{ kind: 'rpcError', code: -32603, message: 'no' }, 'no', 0],
  ];
  for (const [fault, heard, taken] of table) {
    assert.deepEqual(await sendUnder(fault), { heard, taken }, fault?.kind);
  }
});

test('a rule strikes every n-th request of its window, and as often as it says', () => {
  const world = new WorldDouble(1, { nodes: 1 }, (clock) => new MemoryStore(clock));
  const { plan } = world.network;
  plan.add({ every: 2, times: 2, fromMs: 10, untilMs: 20, fault: { kind: 'refused' } });
  const struck = [0, 10, 11, 12, 13, 14, 15, 20].map((ms) => plan.strike('n', 'm', ms)?.kind);
  assert.deepEqual(
    struck.map((kind) => kind === 'refused'),
    [false, false, true, false, true, false, false, false],
  );
  assert.equal(plan.isActiveAt(12), false);
});
