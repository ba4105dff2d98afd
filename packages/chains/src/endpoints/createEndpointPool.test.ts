// Goal: a pool of endpoints answers like one good endpoint, whatever is wrong with one of them.
// Method: simulated endpoints on a simulated clock; faults are switched on by hand.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { ChainFault } from '../chainFault.ts';
import type { EndpointPoolOptions } from './createEndpointPool.ts';
import { createEndpointPool } from './createEndpointPool.ts';
import type { EndpointPool } from './endpointPool.ts';
import type { EndpointFault } from './fixtures/endpointWorld.ts';
import { EndpointWorld } from './fixtures/endpointWorld.ts';
import { RpcError } from './transport.ts';

const CALL = { method: 'eth_getBalance', params: ['0x1', 'latest'] };
const RAW = { method: 'eth_sendRawTransaction', params: ['0x02'] };
const FAULTS: readonly EndpointFault[] = [
  'refused',
  'reset',
  'rateLimited',
  'serverError',
  'slow',
  'silent',
  'garbage',
  'wrongChain',
  'headStuck',
  'unauthorized',
  'internalError',
];

function poolOf(world: EndpointWorld, options: Partial<EndpointPoolOptions> = {}): EndpointPool {
  const endpoints = world.endpoints.map((transport) => ({ transport, limits: 'local' as const }));
  return createEndpointPool({ chainId: 31_337, endpoints, ...options }, world);
}

function isFault(code: string): (reason: unknown) => boolean {
  return (reason) => reason instanceof ChainFault && reason.code === code;
}

async function closing(world: EndpointWorld, pool: EndpointPool): Promise<void> {
  await world.resultOf(pool.close());
  await world.clock.runUntilIdle({ withinMs: 60_000 });
}

describe('one endpoint is at fault', () => {
  for (const fault of FAULTS) {
    test(`reads stay fast while an endpoint is ${fault}`, async () => {
      const world = new EndpointWorld(3);
      const pool = poolOf(world);
      const bad = at(world.endpoints, 0);
      bad.latencyMs = 5;
      for (let i = 0; i < 10; i += 1) await world.resultOf(pool.read(CALL));
      bad.fault = fault;
      const times: number[] = [];
      for (let i = 0; i < 105; i += 1) {
        const startMs = world.clock.elapsedMs();
        await world.resultOf(pool.read(CALL));
        times.push(world.clock.elapsedMs() - startMs);
        await world.clock.runFor(300);
      }
      const later = times.slice(5).sort((a, b) => a - b);
      assert.ok(at(later, 94) < 500, `p95 ${at(later, 94)} ms`);
      assert.ok(at(later, 98) < 1_000, `p99 ${at(later, 98)} ms`);
      assert.ok(Math.max(...times) < 1_000, `worst ${Math.max(...times)} ms`);
      await closing(world, pool);
    });

    test(`an endpoint that was ${fault} is used again once it recovered`, async () => {
      const world = new EndpointWorld(2);
      const pool = poolOf(world);
      const bad = at(world.endpoints, 0);
      bad.latencyMs = 5;
      await world.clock.runFor(5_000);
      bad.fault = fault;
      for (let i = 0; i < 40; i += 1) {
        await world.resultOf(pool.read(CALL));
        await world.clock.runFor(250);
      }
      bad.fault = 'none';
      await world.clock.runFor(60_000);
      assert.equal(await world.resultOf(pool.read(CALL)), 'eth_getBalance of endpoint-0');
      await closing(world, pool);
    });
  }

  test('a slow endpoint costs one hedge and is remembered', async () => {
    const world = new EndpointWorld(2);
    const pool = poolOf(world);
    at(world.endpoints, 0).latencyMs = 5;
    await world.clock.runFor(100);
    at(world.endpoints, 0).fault = 'silent';
    const times: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      const startMs = world.clock.elapsedMs();
      await world.resultOf(pool.read(CALL));
      times.push(world.clock.elapsedMs() - startMs);
    }
    assert.deepEqual(times, [170, 20, 20, 20, 20]);
    assert.equal(at(world.endpoints, 0).aborted, 1);
    await closing(world, pool);
  });

  test('a head that stands still and a wrong chain are ejected within three polls', async () => {
    for (const [fault, ejected] of [
      ['headStuck', 'headStuck'],
      ['wrongChain', 'wrongChain'],
    ] as const) {
      const world = new EndpointWorld(3);
      const pool = poolOf(world);
      await world.clock.runFor(9_500);
      at(world.endpoints, 0).fault = fault;
      await world.clock.runFor(6_200);
      assert.equal(at(pool.stats(), 0).ejected, ejected);
      at(world.endpoints, 0).fault = 'none';
      await world.clock.runFor(6_200);
      assert.equal(at(pool.stats(), 0).ejected, undefined);
      await closing(world, pool);
    }
  });

  for (const lie of [3n, 5_000n, 2n ** 60n]) {
    test(`endpoints that tell the truth stay while another adds ${lie} to its head`, async () => {
      const world = new EndpointWorld(3);
      world.blockMs = 12_000;
      const pool = poolOf(world);
      await world.clock.runFor(9_500);
      const liar = at(world.endpoints, 0);
      liar.lag = -lie;
      for (let i = 0; i < 60; i += 1) {
        await world.clock.runFor(1_000);
        const [, ...honest] = pool.stats();
        assert.deepEqual(
          honest.map(({ ejected, headLag = 0 }) => [ejected, headLag > 1]),
          honest.map(() => [undefined, false]),
        );
        const best = pool.bestHead() ?? 0n;
        assert.ok(best <= world.head() && best >= world.head() - 1n, `best head ${best}`);
      }
      liar.lag = 0n;
      await world.clock.runFor(30_000);
      assert.equal(at(pool.stats(), 0).ejected, undefined);
      await closing(world, pool);
    });
  }

  test('of two endpoints none is ejected for a lead that is implausible', async () => {
    const world = new EndpointWorld(2);
    world.blockMs = 12_000;
    const pool = poolOf(world);
    at(world.endpoints, 0).lag = -5_000n;
    await world.clock.runFor(59_000);
    assert.equal(at(pool.stats(), 1).ejected, undefined);
    assert.equal(pool.bestHead(), world.head());
    await closing(world, pool);
  });

  test('application errors never open a breaker', async () => {
    const world = new EndpointWorld(2);
    const pool = poolOf(world);
    for (const endpoint of world.endpoints) {
      endpoint.script = () => {
        throw new RpcError('eth_getBalance', { code: -32603, message: 'nonce too low' });
      };
    }
    for (let i = 0; i < 20; i += 1) await world.reasonOf(pool.read(CALL));
    assert.deepEqual(
      pool.stats().map(({ breaker }) => breaker),
      ['closed', 'closed'],
    );
    await closing(world, pool);
  });
});

describe('errors', () => {
  test('an error about the call is thrown at once, an odd one only when others agree', async () => {
    const world = new EndpointWorld(2);
    const pool = poolOf(world);
    await world.clock.runFor(100);
    const [first, second] = [at(world.endpoints, 0), at(world.endpoints, 1)];
    first.latencyMs = 5;
    await world.clock.runFor(10_000);
    first.script = () => {
      throw new RpcError('eth_getBalance', { code: 3, message: 'execution reverted' });
    };
    const before = second.arrivals.length;
    const reverted = await world.reasonOf(pool.read(CALL));
    assert.ok(reverted instanceof RpcError && reverted.rpcCode === 3);
    assert.equal(second.arrivals.length, before);
    first.script = () => {
      throw new RpcError('eth_getBalance', { code: -32000, message: 'header not found' });
    };
    assert.equal(await world.resultOf(pool.read(CALL)), 'eth_getBalance of endpoint-1');
    second.script = first.script;
    const agreed = await world.reasonOf(pool.read(CALL));
    assert.ok(agreed instanceof RpcError && agreed.rpcMessage === 'header not found');
    await closing(world, pool);
  });

  test('a method that nobody has is told from one that somebody has', async () => {
    const world = new EndpointWorld(2);
    const pool = poolOf(world);
    const [first, second] = [at(world.endpoints, 0), at(world.endpoints, 1)];
    first.latencyMs = 5;
    first.script = () => {
      throw new RpcError('x', { code: -32601, message: 'the method x does not exist' });
    };
    await world.clock.runFor(5_000);
    assert.equal(await world.resultOf(pool.read(CALL)), 'eth_getBalance of endpoint-1');
    const asked = first.arrivals.length;
    await world.resultOf(pool.read(CALL));
    assert.equal(first.arrivals.length, asked);
    second.script = first.script;
    const reason = await world.reasonOf(pool.read(CALL));
    assert.ok(isFault('CHAIN_METHOD_UNSUPPORTED')(reason), String(reason));
    await closing(world, pool);
  });

  test('a read waits quietly while the only endpoint that has its method is down', async () => {
    const world = new EndpointWorld(2);
    const pool = poolOf(world);
    const [first, second] = [at(world.endpoints, 0), at(world.endpoints, 1)];
    first.latencyMs = 5;
    first.script = () => {
      throw new RpcError('x', { code: -32601, message: 'the method x does not exist' });
    };
    await world.clock.runFor(5_000);
    await world.resultOf(pool.read(CALL));
    second.fault = 'refused';
    const firedBefore = world.clock.fired();
    const reading = world.resultOf(pool.read(CALL));
    world.clock.schedule(8_000, () => {
      second.fault = 'none';
    });
    assert.equal(await reading, 'eth_getBalance of endpoint-1');
    assert.ok(world.clock.fired() - firedBefore < 200);
    await closing(world, pool);
  });

  test('writing methods are refused as reads', async () => {
    const world = new EndpointWorld(1);
    const pool = poolOf(world);
    assert.ok(isFault('CHAIN_METHOD_UNSUPPORTED')(await world.reasonOf(pool.read(RAW))));
    await closing(world, pool);
  });
});

describe('consistent reads', () => {
  test('only endpoints that have the block are asked', async () => {
    const world = new EndpointWorld(2);
    const pool = poolOf(world);
    at(world.endpoints, 0).latencyMs = 5;
    at(world.endpoints, 0).lag = 5n;
    await world.clock.runFor(100);
    const atLeastBlock = world.head();
    const result = await world.resultOf(pool.read(CALL, { atLeastBlock }));
    assert.equal(result, 'eth_getBalance of endpoint-1');
    await closing(world, pool);
  });

  test('heads are asked for anew before a block counts as not there', async () => {
    const world = new EndpointWorld(2);
    const pool = poolOf(world, { headPollMs: 600_000 });
    await world.clock.runFor(10_000);
    const atLeastBlock = world.head();
    await world.resultOf(pool.read(CALL, { atLeastBlock }));
    const reason = await world.reasonOf(pool.read(CALL, { atLeastBlock: atLeastBlock + 50n }));
    assert.ok(isFault('CHAIN_ENDPOINTS_BEHIND')(reason), String(reason));
    await closing(world, pool);
  });
});

describe('every endpoint is down', () => {
  for (const fault of ['refused', 'silent', 'rateLimited', 'garbage', 'serverError'] as const) {
    test(`reads end in time and endpoints are left in peace while all are ${fault}`, async () => {
      const world = new EndpointWorld(3);
      const pool = poolOf(world);
      await world.clock.runFor(5_000);
      for (const endpoint of world.endpoints) endpoint.fault = fault;
      const reads = Array.from({ length: 20 }, () => pool.read(CALL));
      const reasons = await world.resultOf(Promise.allSettled(reads));
      for (const one of reasons) {
        assert.equal(one.status, 'rejected');
        assert.ok(isFault('CHAIN_ENDPOINTS_UNAVAILABLE')(one.reason), String(one.reason));
      }
      assert.ok(world.clock.elapsedMs() <= 15_100);
      const sinceMs = world.clock.elapsedMs();
      const others = Promise.allSettled(Array.from({ length: 30 }, () => pool.read(CALL)));
      await world.clock.runFor(50_000);
      await others;
      for (const endpoint of world.endpoints) {
        const busiest = world.busiestSecond(endpoint, sinceMs + 2_000);
        assert.ok(busiest <= 2, `${endpoint.name} was asked ${busiest} times in a second`);
      }
      for (const endpoint of world.endpoints) endpoint.fault = 'none';
      const backMs = world.clock.elapsedMs();
      await world.resultOf(pool.read(CALL));
      assert.ok(world.clock.elapsedMs() - backMs <= 5_000 || fault === 'rateLimited');
      await closing(world, pool);
    });
  }

  test('a pool whose endpoints are all on another chain says so at once', async () => {
    const world = new EndpointWorld(2);
    for (const endpoint of world.endpoints) endpoint.fault = 'wrongChain';
    const pool = poolOf(world);
    const reason = await world.reasonOf(pool.read(CALL));
    assert.ok(reason instanceof ChainFault && reason.code === 'CHAIN_ENDPOINTS_UNAVAILABLE');
    assert.match(String(reason.fields['endpoints']), /endpoint-0 wrongChain/);
    assert.ok(world.clock.elapsedMs() < 1_000);
    await closing(world, pool);
  });
});

describe('questions and broadcasts', () => {
  test('a question goes to every fit endpoint, and silence is an answer', async () => {
    const world = new EndpointWorld(3);
    const pool = poolOf(world);
    await world.clock.runFor(100);
    at(world.endpoints, 1).fault = 'silent';
    at(world.endpoints, 2).script = () => null;
    const answers = await world.resultOf(pool.ask(CALL, { timeoutMs: 400 }));
    assert.deepEqual(answers.map((answer) => [answer.endpoint, answer.ok]).sort(), [
      ['endpoint-0', true],
      ['endpoint-1', false],
      ['endpoint-2', true],
    ]);
    await closing(world, pool);
  });

  test('a question at a block goes to endpoints that have it', async () => {
    const world = new EndpointWorld(3);
    const pool = poolOf(world);
    at(world.endpoints, 1).lag = 3n;
    await world.clock.runFor(30_000);
    const answers = await world.resultOf(pool.ask(CALL, { atLeastBlock: world.head() }));
    assert.deepEqual(answers.map(({ endpoint }) => endpoint).sort(), ['endpoint-0', 'endpoint-2']);
    await closing(world, pool);
  });

  test('a broadcast goes to two endpoints, and tells whether they knew it', async () => {
    const world = new EndpointWorld(3);
    const pool = poolOf(world);
    at(world.endpoints, 0).latencyMs = 5;
    at(world.endpoints, 2).latencyMs = 60;
    at(world.endpoints, 0).script = () => {
      throw new RpcError(RAW.method, { code: -32000, message: 'already known' });
    };
    await world.clock.runFor(100);
    const answers = await world.resultOf(pool.broadcast(RAW, { route: 'public' }));
    assert.equal(answers.length, 2);
    const [known, taken] = [at(answers, 0), at(answers, 1)];
    assert.ok(!known.ok && known.meaning === 'alreadyKnown');
    assert.ok(taken.ok && taken.endpoint === 'endpoint-1');
    await closing(world, pool);
  });

  test('a private broadcast goes to the relay only', async () => {
    const world = new EndpointWorld(3);
    const [relay, others] = [at(world.endpoints, 0), world.endpoints.slice(1)];
    const endpoints = others.map((transport) => ({ transport, limits: 'local' as const }));
    const pool = poolOf(world, { endpoints, privateRelay: relay });
    await world.clock.runFor(100);
    const answers = await world.resultOf(pool.broadcast(RAW, { route: 'private' }));
    assert.deepEqual(answers, [
      { endpoint: 'endpoint-0', ok: true, result: 'eth_sendRawTransaction of endpoint-0' },
    ]);
    assert.ok(
      others.every(({ arrivals }) => arrivals.every(({ method }) => method !== RAW.method)),
    );
    await closing(world, pool);
    const plain = poolOf(new EndpointWorld(1));
    await assert.rejects(
      plain.broadcast(RAW, { route: 'private' }),
      isFault('CHAIN_CONFIG_INVALID'),
    );
    await plain.close();
  });

  test('a call right after the start waits until an endpoint told its chain', async () => {
    const world = new EndpointWorld(2);
    const pool = poolOf(world);
    const answers = await world.resultOf(pool.broadcast(RAW, { route: 'public' }));
    assert.ok(answers.length >= 1 && answers.every(({ ok }) => ok));
    await closing(world, pool);
  });
});

describe('the life of a pool', () => {
  test('running calls end with CHAIN_CLOSED, and transports are closed', async () => {
    const world = new EndpointWorld(2);
    const pool = poolOf(world);
    await world.clock.runFor(100);
    for (const endpoint of world.endpoints) endpoint.fault = 'silent';
    const read = pool.read(CALL);
    const broadcast = pool.broadcast(RAW, { route: 'public' });
    const outcomes = Promise.allSettled([read, broadcast]);
    await world.resultOf(pool.close());
    for (const one of await world.resultOf(outcomes)) {
      assert.ok(one.status === 'rejected' && isFault('CHAIN_CLOSED')(one.reason));
    }
    assert.ok(world.endpoints.every(({ isClosed }) => isClosed));
    await assert.rejects(pool.read(CALL), isFault('CHAIN_CLOSED'));
    await world.clock.runUntilIdle({ withinMs: 1_000 });
    assert.ok(world.endpoints.every(({ inFlight }) => inFlight === 0));
  });

  test('a caller who goes away ends the call with its own reason', async () => {
    const world = new EndpointWorld(1);
    const pool = poolOf(world);
    await world.clock.runFor(100);
    at(world.endpoints, 0).fault = 'silent';
    const leaving = new AbortController();
    const read = pool.read(CALL, { signal: leaving.signal });
    const reason = world.reasonOf(read);
    leaving.abort('enough');
    assert.equal(await reason, 'enough');
    assert.equal(at(world.endpoints, 0).inFlight, 0);
    await closing(world, pool);
  });

  test('what endpoints offer is probed once', async () => {
    const world = new EndpointWorld(2);
    const pool = poolOf(world);
    at(world.endpoints, 1).script = (call) => {
      if (call.method !== 'eth_simulateV1') return undefined;
      throw new RpcError(call.method, { code: -32602, message: 'missing value for calls' });
    };
    at(world.endpoints, 0).script = (call) => {
      throw new RpcError(call.method, { code: -32601, message: 'Method not found' });
    };
    assert.equal(await world.resultOf(pool.offers('simulateV1')), true);
    assert.equal(await world.resultOf(pool.offers('webSocket')), false);
    const asked = at(world.endpoints, 1).arrivals.length;
    assert.equal(await world.resultOf(pool.offers('simulateV1')), true);
    assert.equal(at(world.endpoints, 1).arrivals.length, asked);
    assert.deepEqual(at(pool.stats(), 1).capabilities, ['simulateV1']);
    await closing(world, pool);
  });

  test('settings that cannot work are refused', () => {
    const world = new EndpointWorld(1);
    assert.throws(() => poolOf(world, { endpoints: [] }), isFault('CHAIN_CONFIG_INVALID'));
    assert.throws(() => poolOf(world, { hedgeAfterMs: 0 }), isFault('CHAIN_CONFIG_INVALID'));
    const transport = at(world.endpoints, 0);
    const twice = [{ transport }, { transport }];
    assert.throws(() => poolOf(world, { endpoints: twice }), isFault('CHAIN_CONFIG_INVALID'));
  });
});
