import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { AnvilOptions, EmbeddedAnvil } from '@lawbook/chains/embedded/anvil';
import { startAnvil } from '@lawbook/chains/embedded/anvil';
import type { IntentRequest } from '@lawbook/chains/intents/intent';
import type { Address, Chain, Hash, Hex, HttpTransport, PublicActions, TestClient } from 'viem';
import { createTestClient, getAddress, http, keccak256, publicActions, stringToHex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import type { FaultProxy } from '../proxy/faultProxy.ts';
import { startFaultProxy } from '../proxy/faultProxy.ts';
import { GethMempool } from '../proxy/gethMempool.ts';
import { Upstream } from '../proxy/upstream.ts';
import type { EngineTerms } from './realEngine.ts';
import { RealEngine } from './realEngine.ts';

/** How a world is made. */
export interface AnvilWorldTerms {
  /** Nodes that the engine sees; all of them show one chain. */
  readonly nodes?: number;
  readonly anvil?: Partial<AnvilOptions>;
  /** Wei that the signer begins with. */
  readonly funds?: bigint;
}

/** Stands in every endpoint's address; must never be seen anywhere else. */
export const SECRET = 'sk-live-0ddba11c0ffee';
const CHAIN_ID = 31_337;
const ETHER = 10n ** 18n;

/** What drives the chain beside the engine. */
export type Driver = TestClient<'anvil', HttpTransport, Chain> &
  PublicActions<HttpTransport, Chain>;

/**
 * A real chain behind nodes with faults, and engines with everything real in front of them.
 *
 * Blocks are made by the world: by hand, or at an interval that can be started and stopped. Before
 * each block the mempool is settled, so that what anvil threw out and geth would not is back.
 */
export class AnvilWorld {
  readonly anvil: EmbeddedAnvil;
  /** The chain itself: the truth. */
  readonly node: Upstream;
  readonly driver: Driver;
  readonly mempool: GethMempool;
  readonly proxies: readonly FaultProxy[];
  readonly folder: string;
  readonly key: Hex;
  readonly signer: Address;
  readonly #engines: RealEngine[] = [];
  #mining: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(parts: {
    readonly anvil: EmbeddedAnvil;
    readonly node: Upstream;
    readonly mempool: GethMempool;
    readonly proxies: readonly FaultProxy[];
  }) {
    this.anvil = parts.anvil;
    this.node = parts.node;
    this.mempool = parts.mempool;
    this.proxies = parts.proxies;
    this.driver = driverOf(parts.anvil.url);
    this.folder = mkdtempSync(join(tmpdir(), 'lawbook-world-'));
    this.key = generatePrivateKey();
    this.signer = privateKeyToAccount(this.key).address;
  }

  static async start(terms: AnvilWorldTerms = {}): Promise<AnvilWorld> {
    const anvil = await startAnvil({
      mining: { kind: 'manual' },
      chainId: CHAIN_ID,
      slotsInAnEpoch: 2,
      // Its own pause between blocks would make their time run ahead of ours.
      flags: ['--block-base-fee-per-gas', '1000000000'],
      ...terms.anvil,
    });
    const node = new Upstream(anvil.url);
    const mempool = new GethMempool(node);
    const proxies: FaultProxy[] = [];
    for (let count = 0; count < (terms.nodes ?? 2); count += 1) {
      const name = `node-${'abcdefgh'[count]}`;
      proxies.push(await startFaultProxy({ name, upstream: anvil.url, mempool }));
    }
    const world = new AnvilWorld({ anvil, node, mempool, proxies });
    await world.driver.setBalance({ address: world.signer, value: terms.funds ?? 100n * ETHER });
    await world.mine(3);
    return world;
  }

  /** Where a process of this name keeps its store. */
  storeFolder(name = 'store'): string {
    const directory = join(this.folder, name);
    mkdirSync(directory, { recursive: true });
    return directory;
  }

  /** What an engine of this world is opened with; also for another process. */
  terms(): Required<Pick<EngineTerms, 'chainId' | 'endpoints' | 'key' | 'store'>> {
    const endpoints = this.proxies.map(({ name, url }) => ({ name, url: `${url}/v2/${SECRET}` }));
    const store = { kind: 'lmdb', directory: this.storeFolder() } as const;
    return { chainId: CHAIN_ID, endpoints, key: this.key, store };
  }

  /** Opens an engine, as a process that starts would. */
  async open(over: Partial<EngineTerms> = {}): Promise<RealEngine> {
    const engine = await RealEngine.open({ ...this.terms(), ...over });
    this.#engines.push(engine);
    return engine;
  }

  /** A payment to an address that only this key pays: its balance counts the executions. */
  request(key: string, over: Partial<IntentRequest> = {}): IntentRequest {
    return {
      key,
      to: payeeOf(key),
      amount: 1_000n,
      callData: '0x',
      gasLimit: undefined,
      urgency: 'urgent',
      deadlineMs: Date.now() + 120_000,
      finality: { kind: 'confirmations', blocks: 3 },
      feeCap: ETHER / 100n,
      route: 'public',
      privateForMs: undefined,
      expects: [],
      after: undefined,
      principal: 'world',
      ...over,
    };
  }

  /** Mines blocks, one after the other, with the mempool settled before each. */
  mine(blocks = 1): Promise<void> {
    return this.inTurn(async () => {
      for (let count = 0; count < blocks; count += 1) {
        await this.mempool.settle();
        await this.node.call('evm_mine');
      }
    });
  }

  /** Makes a block every so often until `stopMining`. */
  startMining(everyMs = 100): void {
    const stop = new AbortController();
    const loop = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        await this.mine();
        await pause(everyMs, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    };
    this.#mining = { stop, ended: loop() };
  }

  async stopMining(): Promise<void> {
    const mining = this.#mining;
    this.#mining = undefined;
    mining?.stop.abort();
    await mining?.ended;
  }

  /** Runs alone: no block is made meanwhile. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /**
   * Replaces the last blocks by as many empty ones, and one more so that the new branch is longer.
   * @returns hashes of the transactions that were orphaned.
   */
  reorganise(
    depth: number,
    { reinject }: { readonly reinject: boolean },
  ): Promise<readonly Hash[]> {
    return this.inTurn(async () => {
      const head = await this.driver.getBlockNumber({ cacheTime: 0 });
      const orphans: Hash[] = [];
      for (let back = 0; back < depth; back += 1) {
        const block = await this.driver.getBlock({ blockNumber: head - BigInt(back) });
        orphans.push(...block.transactions);
      }
      await this.node.call('anvil_reorg', [depth, []]);
      await this.mempool.orphan(orphans, reinject);
      if (reinject) await this.mempool.settle();
      await this.node.call('evm_mine');
      return orphans;
    });
  }

  /** Wei that a key's payee has received. */
  async received(key: string): Promise<bigint> {
    return this.driver.getBalance({ address: payeeOf(key) });
  }

  /** How many transactions of the signer are in blocks. */
  async minedCount(): Promise<number> {
    return this.driver.getTransactionCount({ address: this.signer });
  }

  /** Ends what was opened; a world is used once. */
  async close(): Promise<void> {
    await this.stopMining();
    for (const engine of this.#engines) await engine.close();
    for (const proxy of this.proxies) await proxy.close();
    this.node.close();
    await this.anvil.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Engines that were opened, those that were closed included. */
  engines(): readonly RealEngine[] {
    return this.#engines;
  }
}

/** The address that stands for a key. */
export function payeeOf(key: string): Address {
  return getAddress(`0x${keccak256(stringToHex(key)).slice(-40)}`);
}

function driverOf(url: string): Driver {
  const transport = http(url, { retryCount: 0 });
  return createTestClient({ mode: 'anvil', chain: foundry, transport, cacheTime: 0 }).extend(
    publicActions,
  );
}
