// Goal: whatever a few endpoints do, a read ends in time with an answer or a fault that says why,
// limits are kept, endpoints that heal are used again, and nothing is left running.
// Method: seeded worlds in which endpoints fail, heal, lag and slow down at random while callers
// read, ask and broadcast, all on a simulated clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import fc from 'fast-check';
import { ChainFault } from '../chainFault.ts';
import { createEndpointPool } from './createEndpointPool.ts';
import type { EndpointFault, SimulatedEndpoint } from './fixtures/endpointWorld.ts';
import { EndpointWorld } from './fixtures/endpointWorld.ts';
import type { PresetName } from './presets.ts';

const READ_TIMEOUT_MS = 6_000;
const TRY_TIMEOUT_MS = 1_000;
const CALL = { method: 'eth_call', params: [{}, 'latest'] };
const RAW = { method: 'eth_sendRawTransaction', params: ['0x02'] };
const PUBLIC = { route: 'public' } as const;
const FAULTS = fc.constantFrom<EndpointFault>(
  'none',
  'none',
  'none',
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
);

const SCENE = fc.record({
  endpoint: fc.nat(3),
  fault: FAULTS,
  latencyMs: fc.integer({ min: 1, max: 400 }),
  lag: fc.bigInt({ min: 0n, max: 3n }),
  retryAfterMs: fc.option(fc.nat(3_000), { nil: undefined }),
  passMs: fc.nat(3_000),
  reads: fc.nat(8),
  consistent: fc.boolean(),
});

const EXPECTED_CODES = new Set([
  'CHAIN_ENDPOINTS_UNAVAILABLE',
  'CHAIN_ENDPOINTS_BEHIND',
  'CHAIN_RPC_ERROR',
]);

test('calls end in time whatever endpoints do', async () => {
  const arbitrary = [
    fc.integer({ min: 1, max: 4 }),
    fc.nat(1_000_000),
    fc.constantFrom<PresetName>('local', 'public', 'alchemyComputeUnits'),
    fc.array(SCENE, { minLength: 1, maxLength: 15 }),
  ] as const;
  await fc.assert(
    fc.asyncProperty(...arbitrary, async (count, seed, limits, scenes) => {
      const world = new EndpointWorld(count, seed);
      const endpoints = world.endpoints.map((transport) => ({ transport, limits }));
      const settings = { readTimeoutMs: READ_TIMEOUT_MS, tryTimeoutMs: TRY_TIMEOUT_MS };
      const pool = createEndpointPool({ chainId: 31_337, endpoints, ...settings }, world);
      const reads: Promise<void>[] = [];
      const problems: unknown[] = [];
      const watch = (work: Promise<void>): void => {
        reads.push(work.catch((problem) => void problems.push(problem)));
      };
      for (const scene of scenes) {
        const endpoint = at(world.endpoints, scene.endpoint % count);
        endpoint.fault = scene.fault;
        endpoint.latencyMs = scene.latencyMs;
        endpoint.lag = scene.lag;
        endpoint.retryAfterMs = scene.retryAfterMs;
        for (let i = 0; i < scene.reads; i += 1) {
          const options = scene.consistent ? { atLeastBlock: world.head() - 5n } : {};
          watch(readOnce(world, pool.read(CALL, options)));
        }
        watch(inTime(world, Promise.all([pool.ask(CALL), pool.broadcast(RAW, PUBLIC)])));
        await world.clock.runFor(scene.passMs);
      }
      await world.resultOf(Promise.all(reads));
      assert.deepEqual(problems, []);
      await heals(world, pool);
      await world.resultOf(pool.close());
      await world.clock.runUntilIdle({ withinMs: 1_000 });
      for (const endpoint of world.endpoints) checkEndpoint(endpoint, limits);
    }),
    { numRuns: 120 },
  );
});

async function readOnce(world: EndpointWorld, read: Promise<unknown>): Promise<void> {
  const startMs = world.clock.elapsedMs();
  try {
    assert.match(String(await read), /^eth_call of endpoint-/);
  } catch (reason) {
    assert.ok(reason instanceof ChainFault, String(reason));
    assert.ok(EXPECTED_CODES.has(reason.code), reason.code);
  }
  assert.ok(world.clock.elapsedMs() - startMs <= READ_TIMEOUT_MS);
}

/** Questions and broadcasts are bounded by the time of one try. */
async function inTime(world: EndpointWorld, work: Promise<unknown>): Promise<void> {
  const startMs = world.clock.elapsedMs();
  await work;
  assert.ok(world.clock.elapsedMs() - startMs <= TRY_TIMEOUT_MS);
}

/** Once endpoints are well again, reads succeed within the longest pause. */
async function heals(
  world: EndpointWorld,
  pool: ReturnType<typeof createEndpointPool>,
): Promise<void> {
  for (const endpoint of world.endpoints) {
    endpoint.fault = 'none';
    endpoint.lag = 0n;
    endpoint.latencyMs = 20;
  }
  await world.clock.runFor(45_000);
  const startMs = world.clock.elapsedMs();
  await world.resultOf(pool.read(CALL, { atLeastBlock: world.head() - 3n }));
  assert.ok(world.clock.elapsedMs() - startMs < 500);
}

function checkEndpoint(endpoint: SimulatedEndpoint, limits: PresetName): void {
  assert.equal(endpoint.inFlight, 0);
  const most = { local: 64, public: 3, alchemyComputeUnits: 10 }[limits as 'local'] ?? 0;
  assert.ok(endpoint.inFlightMax <= most, `${endpoint.inFlightMax} in flight`);
}

test('the same seed gives the same history', async () => {
  const history = async (): Promise<unknown> => {
    const world = new EndpointWorld(3, 42);
    const endpoints = world.endpoints.map((transport) => ({ transport }));
    const pool = createEndpointPool({ chainId: 31_337, endpoints }, world);
    at(world.endpoints, 0).fault = 'slow';
    at(world.endpoints, 1).fault = 'serverError';
    for (let i = 0; i < 30; i += 1) {
      await world.outcome(pool.read(CALL));
      await world.clock.runFor(100);
    }
    await world.resultOf(pool.close());
    return world.endpoints.map(({ arrivals }) => arrivals);
  };
  assert.deepEqual(await history(), await history());
});
