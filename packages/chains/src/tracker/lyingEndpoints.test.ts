// Goal: tracker and pool together keep to the chain, and to the endpoints that tell the truth, when
// one endpoint tells heights that are not.
// Method: the real pool over three simulated endpoints of one chain whose head moves with simulated
// time; one of them, the fastest, adds to every height that it tells and invents the hash.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { numberToHex, padHex } from 'viem';
import { createEndpointPool } from '../endpoints/createEndpointPool.ts';
import { EndpointWorld } from '../endpoints/fixtures/endpointWorld.ts';
import type { RpcCall } from '../endpoints/transport.ts';
import { createChainTracker } from './createChainTracker.ts';

const INVENTED = 2n ** 200n;

function hashOf(number: bigint): `0x${string}` {
  return padHex(numberToHex(10_000n + number), { size: 32 });
}

function blockOf(number: bigint, lie: bigint): unknown {
  const invented = padHex(numberToHex(INVENTED + number), { size: 32 });
  return {
    number: numberToHex(number + lie),
    hash: lie === 0n ? hashOf(number) : invented,
    parentHash: hashOf(number - 1n),
    timestamp: numberToHex(number * 2n),
    baseFeePerGas: '0x7',
    transactions: [],
  };
}

/** What an honest node says; only the newest block is told too high. */
function answer(world: EndpointWorld, lie: bigint, { method, params }: RpcCall): unknown {
  const head = world.head();
  const asked = String(params[0]);
  if (method === 'eth_getBlockByNumber' && asked === 'latest') return blockOf(head, lie);
  const isKnown = /^0x/.test(asked) && BigInt(asked) < INVENTED;
  const number = isKnown ? BigInt(asked) - (method === 'eth_getBlockByHash' ? 10_000n : 0n) : -1n;
  return number < 0n || number > head ? null : blockOf(number, 0n);
}

for (const lie of [3n, 5_000n, 2n ** 60n, 2n ** 255n]) {
  for (const lieMs of [10_000, Number.POSITIVE_INFINITY]) {
    test(`${lie} too high for ${lieMs} ms moves neither head nor standing`, async () => {
      const world = new EndpointWorld(3);
      world.blockMs = 2_000;
      let isLying = false;
      for (const [index, endpoint] of world.endpoints.entries()) {
        if (index === 0) endpoint.latencyMs = 2;
        endpoint.script = (call) => answer(world, index === 0 && isLying ? lie : 0n, call);
      }
      const endpoints = world.endpoints.map((transport) => ({
        transport,
        limits: 'local' as const,
      }));
      const pool = createEndpointPool({ chainId: 31_337, endpoints }, world);
      const tracker = createChainTracker({ finalityTags: false }, { pool, ...world });
      await world.clock.runFor(6_000);
      const cursor = tracker.head();
      const startMs = world.clock.elapsedMs();
      for (let second = 0; second < 90; second += 1) {
        isLying = world.clock.elapsedMs() - startMs < lieMs;
        at(world.endpoints, 0).lag = isLying ? -lie : 0n;
        await world.clock.runFor(1_000);
        const head = tracker.head();
        assert.ok(head !== undefined && world.head() - head.number <= 1n, `${head?.number}`);
        assert.equal(head.hash, hashOf(head.number));
        for (const { ejected } of pool.stats().slice(1)) assert.equal(ejected, undefined);
      }
      assert.equal(tracker.passageFrom(cursor).kind, 'known');
      assert.equal(tracker.stats().reorganisations, 0);
      await Promise.all([world.resultOf(tracker.close()), world.resultOf(pool.close())]);
    });
  }
}
