import { setTimeout as pause } from 'node:timers/promises';
import { createEndpointPool } from '@lawbook/chains/endpoints/createEndpointPool';
import type { EndpointPool } from '@lawbook/chains/endpoints/endpointPool';
import { httpTransport } from '@lawbook/chains/endpoints/httpTransport';
import type { RpcCall } from '@lawbook/chains/endpoints/transport';
import { systemEnvironment } from '@lawbook/chains/environment';
import { at } from '@lawbook/exchange/failures/invariant';
import { createPublicClient, fallback, http } from 'viem';
import { foundry } from 'viem/chains';
import { AnvilWorld } from '../../testing/chains/anvil/anvilWorld.ts';
import type { FaultProxy } from '../../testing/chains/proxy/faultProxy.ts';
import type { Bench, Job } from './figures.ts';
import { isWanted, quantile, ratioOf } from './figures.ts';
import { showOtherChain } from './otherChain.ts';

/** What is wrong with the first of two endpoints. */
interface ReadFault {
  readonly name: string;
  /** What one read of the peer may take, in milliseconds; its reads are fewer where it is long. */
  readonly peerReadMs: number;
  /** Pause between reads: longer where it takes polls of the head to notice. */
  readonly paceMs: number;
  strike(proxy: FaultProxy, head: bigint): Promise<void> | void;
}

const ACCOUNT = '0x00000000000000000000000000000000000a11ce';
const BALANCE = 7_777n;
const CODE_ANSWER = `0x${'2a'.padStart(64, '0')}`;
const CONTRACT = '0x00000000000000000000000000000000000c0de0';
/** Answers every call with 42: PUSH1 42, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN. */
const CODE = '0x602a5f5260205ff3';

const FAULTS: readonly ReadFault[] = [
  { name: 'healthy', peerReadMs: 5, paceMs: 10, strike: () => undefined },
  { name: 'refused', peerReadMs: 20, paceMs: 10, strike: (proxy) => proxy.refuse() },
  {
    name: '429',
    peerReadMs: 20,
    paceMs: 10,
    strike: ({ plan }) => void plan.add({ fault: { kind: 'rateLimited', retryAfterSeconds: 1 } }),
  },
  {
    name: '5xx',
    peerReadMs: 20,
    paceMs: 10,
    strike: ({ plan }) => void plan.add({ fault: { kind: 'httpStatus', status: 503 } }),
  },
  {
    name: 'slow',
    peerReadMs: 3_000,
    paceMs: 10,
    strike: ({ plan }) => void plan.add({ fault: { kind: 'delay', ms: 3_000 } }),
  },
  {
    name: 'silent',
    peerReadMs: 10_000,
    paceMs: 10,
    strike: ({ plan }) => void plan.add({ fault: { kind: 'hang', forward: false } }),
  },
  {
    name: 'garbage',
    peerReadMs: 20,
    paceMs: 10,
    strike: ({ plan }) => void plan.add({ fault: { kind: 'garbage' } }),
  },
  { name: 'wrongChain', peerReadMs: 5, paceMs: 40, strike: showOtherChain },
  {
    name: 'frozenHead',
    peerReadMs: 5,
    paceMs: 40,
    strike: (proxy, head) => {
      proxy.view = { kind: 'stuck', at: head };
    },
  },
];

/** Milliseconds of reads in their order, and how many answers were not of this chain's head. */
interface Samples {
  readonly first5: number[];
  readonly rest: number[];
  wrong: number;
  failed: number;
}

type Read = (call: RpcCall) => Promise<unknown>;

/** `chains/{fault}/...`: how long reads take while the first of two endpoints is bad. */
export const READ_JOBS: readonly Job[] = FAULTS.map((fault) => ({
  name: `chains/${fault.name}`,
  run: (bench) => measureFault(bench, fault),
}));

async function measureFault(bench: Bench, fault: ReadFault): Promise<void> {
  if (!isWanted(`chains/${fault.name}`, bench.only)) return;
  const count = bench.quick ? 40 : 200;
  const struck = await inWorld(bench, fault, (world) => readStruck(world, fault, count));
  const fromStart = await inWorld(bench, fault, async (world) => {
    await strike(world, fault, 0);
    return withPool(world, (pool) => readSome(world, (call) => pool.read(call), fault, count));
  });
  const peer = await inWorld(bench, fault, async (world) => {
    await strike(world, fault, 0);
    return readPeer(world, fault, bench.quick ? 20 : count);
  });
  printFault(bench, fault, { struck, fromStart, peer });
}

async function inWorld<T>(
  bench: Bench,
  fault: ReadFault,
  measure: (world: AnvilWorld) => Promise<T>,
): Promise<T> {
  const world = await AnvilWorld.start();
  const close = bench.closers.add(() => world.close());
  await world.driver.setBalance({ address: ACCOUNT, value: BALANCE });
  await world.driver.setCode({ address: CONTRACT, bytecode: CODE });
  await world.mine(2);
  // Only a chain that moves shows that a head does not.
  world.startMining(fault.name === 'frozenHead' ? 250 : 1_000);
  try {
    return await measure(world);
  } finally {
    await close();
  }
}

async function strike(world: AnvilWorld, fault: ReadFault, endpoint: number): Promise<void> {
  const head = await world.driver.getBlockNumber({ cacheTime: 0 });
  await fault.strike(at(world.proxies, endpoint), head);
}

/** The endpoint that was asked most. */
function favourite({ proxies }: AnvilWorld): number {
  const counts = proxies.map(({ meter }) => meter.count());
  return counts.indexOf(Math.max(...counts));
}

/** The defaults of the product, but for the limits: nobody limits loopback. */
async function withPool<T>(
  world: AnvilWorld,
  measure: (pool: EndpointPool) => Promise<T>,
): Promise<T> {
  const environment = systemEnvironment();
  const { chainId, endpoints } = world.terms();
  const pool = createEndpointPool(
    {
      chainId,
      endpoints: endpoints.map(({ name, url }) => ({
        transport: httpTransport({ name, url }, { environment }),
        limits: 'local',
      })),
    },
    { environment },
  );
  try {
    return await measure(pool);
  } finally {
    await pool.close();
  }
}

/** The endpoint is in good standing and in use when it goes bad: the harder case for a pool. */
function readStruck(world: AnvilWorld, fault: ReadFault, count: number): Promise<Samples> {
  return withPool(world, async (pool) => {
    const read: Read = (call) => pool.read(call);
    await readSome(world, read, { ...fault, paceMs: 5 }, 20);
    for (const { meter } of world.proxies) meter.reset();
    await readSome(world, read, { ...fault, paceMs: 5 }, 15);
    await strike(world, fault, favourite(world));
    return readSome(world, read, fault, count);
  });
}

/**
 * Slow reads of the peer overlap, as it remembers nothing from one read to the next: each of them
 * takes as long as it would alone.
 */
async function readPeer(world: AnvilWorld, fault: ReadFault, count: number): Promise<Samples> {
  const urls = world.terms().endpoints.map(({ url }) => url);
  const client = createPublicClient({
    chain: foundry,
    transport: fallback(urls.map((url) => http(url))),
  });
  const read = ((call) => client.request(call as never)) as Read;
  if (fault.peerReadMs < 1_000) return readSome(world, read, fault, count);
  const samples = emptySamples();
  await Promise.all(
    Array.from({ length: 15 }, async (_, index) => {
      await pause(index * 20);
      await readOne(world, read, samples, index);
    }),
  );
  return samples;
}

async function readSome(
  world: AnvilWorld,
  read: Read,
  { paceMs }: Pick<ReadFault, 'paceMs'>,
  count: number,
): Promise<Samples> {
  const samples = emptySamples();
  for (let index = 0; index < count + 5; index += 1) {
    await readOne(world, read, samples, index);
    await pause(paceMs);
  }
  return samples;
}

const emptySamples = (): Samples => ({ first5: [], rest: [], wrong: 0, failed: 0 });

async function readOne(
  world: AnvilWorld,
  read: Read,
  samples: Samples,
  index: number,
): Promise<void> {
  const call = at(CALLS, index % CALLS.length);
  const head = BigInt((await world.node.call('eth_blockNumber')) as string);
  const startMs = performance.now();
  const answer = await read(call).catch((error: unknown) => error);
  const tookMs = performance.now() - startMs;
  (index < 5 ? samples.first5 : samples.rest).push(tookMs);
  if (answer instanceof Error) samples.failed += 1;
  else if (!isRight(call, answer, head)) samples.wrong += 1;
}

const CALLS: readonly RpcCall[] = [
  { method: 'eth_blockNumber', params: [] },
  { method: 'eth_getBalance', params: [ACCOUNT, 'latest'] },
  { method: 'eth_call', params: [{ to: CONTRACT, data: '0x' }, 'latest'] },
  { method: 'eth_getBlockByNumber', params: ['latest', false] },
];

/** Blocks by which an answer may be behind the head at the moment of the question. */
const STALE_BLOCKS = 2n;

function isRight({ method }: RpcCall, answer: unknown, head: bigint): boolean {
  switch (method) {
    case 'eth_blockNumber':
      return BigInt(answer as string) + STALE_BLOCKS >= head;
    case 'eth_getBalance':
      return BigInt(answer as string) === BALANCE;
    case 'eth_call':
      return answer === CODE_ANSWER;
    default: {
      const block = answer as { number: string } | null;
      return block !== null && BigInt(block.number) + STALE_BLOCKS >= head;
    }
  }
}

const PEER = 'viem fallback([http, http]), defaults';

function printFault(
  bench: Bench,
  { name }: ReadFault,
  runs: { readonly struck: Samples; readonly fromStart: Samples; readonly peer: Samples },
): void {
  const { struck, fromStart, peer } = runs;
  const rows = [
    ['', struck],
    ['from-start/', fromStart],
  ] as const;
  for (const [where, own] of rows) {
    const print = (what: string, ms: number, peerMs: number, n: number): void =>
      bench.print({
        name: `chains/${name}/${where}${what}`,
        value: Number(ms.toPrecision(4)),
        unit: 'ms',
        ratio: ratioOf(ms, peerMs),
        peer: PEER,
        n,
        peerValue: Number(peerMs.toPrecision(4)),
        peerN: peer.rest.length,
      });
    for (const share of [0.5, 0.95, 0.99]) {
      const what = `read-p${share * 100}`;
      print(what, quantile(own.rest, share), quantile(peer.rest, share), own.rest.length);
    }
    print('read-first5-max', Math.max(...own.first5), Math.max(...peer.first5), 5);
    const asked = own.rest.length + 5;
    const wrongShare = ((own.wrong + own.failed) / asked) * 100;
    const peerAsked = peer.rest.length + peer.first5.length;
    const peerShare = ((peer.wrong + peer.failed) / peerAsked) * 100;
    bench.print({
      name: `chains/${name}/${where}wrong-answers`,
      value: Number(wrongShare.toPrecision(3)),
      unit: '% of reads',
      ratio: ratioOf(wrongShare, peerShare),
      peer: PEER,
      n: asked,
      peerValue: Number(peerShare.toPrecision(3)),
      peerN: peerAsked,
      failed: own.failed,
    });
  }
}
