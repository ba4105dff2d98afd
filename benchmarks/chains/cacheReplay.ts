import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadCache } from '@lawbook/chains/cache/readCache';
import { createReadCache } from '@lawbook/chains/cache/readCache';
import { createEndpointPool } from '@lawbook/chains/endpoints/createEndpointPool';
import { httpTransport } from '@lawbook/chains/endpoints/httpTransport';
import type { RpcCall } from '@lawbook/chains/endpoints/transport';
import type { Environment } from '@lawbook/chains/environment';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { ChainTracker } from '@lawbook/chains/tracker/chainTracker';
import { createChainTracker } from '@lawbook/chains/tracker/createChainTracker';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Address, Hash } from 'viem';
import { AnvilWorld } from '../../testing/chains/anvil/anvilWorld.ts';
import { until } from '../../testing/chains/anvil/until.ts';
import type { Bench, Job } from './figures.ts';
import { isWanted } from './figures.ts';

/** One row of the workload. */
interface Row {
  readonly atMs: number;
  readonly what: string;
  readonly which: number;
}

/** Blocks of Ethereum, and of a chain that is in more of a hurry than the readers. */
const BLOCKS_MS = [12_000, 2_000] as const;
/** Answers every call with 42: PUSH1 42, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN. */
const CODE = '0x602a5f5260205ff3';
/** The first account of anvil, unlocked. */
const SENDER: Address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';

/** `chains/cache-hit-rate/...`: the share of reads that never reach an endpoint. */
export const CACHE_JOBS: readonly Job[] = [
  { name: 'chains/cache-hit-rate', run: (bench) => replayAll(bench) },
];

async function replayAll(bench: Bench): Promise<void> {
  const rows = workload();
  for (const blockMs of bench.quick ? [12_000] : BLOCKS_MS) {
    const name = `chains/cache-hit-rate/blocks-of-${blockMs / 1_000}s`;
    if (!isWanted(name, bench.only)) continue;
    const { hits, shared, misses, bypassed } = await replay(bench, rows, blockMs);
    const print = (what: string, share: number, n: number): void =>
      bench.print({
        name: `${name}${what}`,
        value: Number((share * 100).toPrecision(4)),
        unit: '%',
        ratio: 0,
        peer: 'none',
        n,
      });
    const cacheable = hits + shared + misses;
    const all = cacheable + bypassed;
    print('', (hits + shared) / cacheable, cacheable);
    print('/of-all-reads', (hits + shared) / all, all);
  }
}

function workload(): readonly Row[] {
  const text = readFileSync(join(import.meta.dirname, 'workload.csv'), 'utf8');
  const [, ...lines] = text.trim().split('\n');
  return lines.map((line) => {
    const [atMs, what = '', which] = line.split(',');
    return { atMs: Number(atMs), what, which: Number(which) };
  });
}

async function replay(
  bench: Bench,
  rows: readonly Row[],
  blockMs: number,
): Promise<ReturnType<ReadCache['stats']>> {
  const world = await AnvilWorld.start({ nodes: 2 });
  const close = bench.closers.add(() => world.close());
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
  const tracker = createChainTracker({ pollIntervalMs: 200 }, { pool, environment });
  // Twelve minutes of the workload take seconds: only what ages in the cache lives in its time.
  const clock = new WorkloadClock();
  const cache = createReadCache(
    { chainId },
    { pool, tracker, environment: { ...environment, clock } },
  );
  try {
    for (const number of [...Array(8).keys()]) {
      await world.driver.setCode({ address: contractOf(number), bytecode: CODE });
    }
    await new Replay(world, tracker, cache, clock).play(rows, blockMs);
    return cache.stats();
  } finally {
    await tracker.close();
    await pool.close();
    await close();
  }
}

/** Time as the rows of the workload have it. */
class WorkloadClock {
  nowAtMs = 0;

  nowMs(): number {
    return this.nowAtMs;
  }

  elapsedMs(): number {
    return this.nowAtMs;
  }

  readonly sleep: Environment['clock']['sleep'] = (durationMs, signal) => {
    return systemEnvironment().clock.sleep(durationMs, signal);
  };
}

class Replay {
  readonly #world: AnvilWorld;
  readonly #tracker: ChainTracker;
  readonly #cache: ReadCache;
  readonly #clock: WorkloadClock;
  readonly #hashes = new Map<number, Hash>();

  constructor(world: AnvilWorld, tracker: ChainTracker, cache: ReadCache, clock: WorkloadClock) {
    this.#world = world;
    this.#tracker = tracker;
    this.#cache = cache;
    this.#clock = clock;
  }

  async play(rows: readonly Row[], blockMs: number): Promise<void> {
    await this.#mine();
    let blockAtMs = blockMs;
    for (const row of rows) {
      for (; blockAtMs <= row.atMs; blockAtMs += blockMs) {
        this.#clock.nowAtMs = blockAtMs;
        await this.#mine();
      }
      this.#clock.nowAtMs = row.atMs;
      if (row.what === 'send') await this.#send(row.which);
      else await this.#cache.read(this.#callOf(row));
    }
  }

  /** The next block, and the tracker's knowledge of it. */
  async #mine(): Promise<void> {
    await this.#world.mine();
    const number = await this.#world.driver.getBlockNumber({ cacheTime: 0 });
    await until('the tracker has the block', async () => {
      await this.#tracker.poll();
      return this.#tracker.head()?.number === number;
    });
  }

  async #send(which: number): Promise<void> {
    const sent = { from: SENDER, to: accountOf(which), value: '0x1' };
    const hash = await this.#world.node.call('eth_sendTransaction', [sent]);
    this.#hashes.set(which, hash as Hash);
  }

  #callOf({ what, which }: Row): RpcCall {
    const head = this.#tracker.head();
    invariant(head !== undefined, 'The replay begins with a block that the tracker knows.');
    const latest = `0x${head.number.toString(16)}`;
    const padded = accountOf(which).slice(2).padStart(64, '0');
    switch (what) {
      case 'blockNumber':
        return { method: 'eth_blockNumber', params: [] };
      case 'balance':
        return { method: 'eth_getBalance', params: [accountOf(which), 'latest'] };
      case 'tokenBalance':
        // Three tokens, eight accounts.
        return callTo(which % 3, `0x70a08231${padded}`);
      case 'metadata':
        return callTo(which % 4, which < 4 ? '0x313ce567' : '0x95d89b41');
      case 'contractCall':
        return callTo(4 + which, '0x4f1ef286');
      case 'logs':
        return {
          method: 'eth_getLogs',
          params: [{ address: contractOf(4), fromBlock: latest, toBlock: latest }],
        };
      case 'block':
        return { method: 'eth_getBlockByNumber', params: ['latest', false] };
      case 'gasPrice':
        return { method: 'eth_gasPrice', params: [] };
      case 'feeHistory':
        return { method: 'eth_feeHistory', params: ['0x5', 'latest', [50]] };
      case 'chainNonce':
        return { method: 'eth_getTransactionCount', params: [SENDER, 'pending'] };
      case 'estimate':
        return {
          method: 'eth_estimateGas',
          params: [{ from: SENDER, to: accountOf(which), value: '0x1' }],
        };
      default:
        invariant(what === 'receipt', 'The workload asks for what the replay knows.');
        return { method: 'eth_getTransactionReceipt', params: [this.#hashes.get(which)] };
    }
  }
}

function callTo(contract: number, bytes: string): RpcCall {
  return { method: 'eth_call', params: [{ to: contractOf(contract), data: bytes }, 'latest'] };
}

function contractOf(number: number): Address {
  return `0xc0de${number.toString(16).padStart(36, '0')}`;
}

function accountOf(number: number): Address {
  return `0xacc0${number.toString(16).padStart(36, '0')}`;
}
