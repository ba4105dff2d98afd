// Goal: deposits and exits are told each once, in order and only when final, across
// reorganisations and restarts. Method: a whole engine before an anvil; what was told is compared
// with the logs that the chain has at the end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import type { BaseLayer } from '@lawbook/settlement/baseLayer/baseLayer';
import type { BaseLayerEvent, EventCursor } from '@lawbook/settlement/baseLayer/baseLayerEvent';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import type { Hex } from 'viem';
import { encodeFunctionData, getAbiItem } from 'viem';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import { until } from '../../chains/anvil/until.ts';
import type { ProxyCall } from '../../chains/proxy/faultPlan.ts';
import { EvmVenue, SHARD, tradersOf } from './evmVenue.ts';
import { mine } from './play.ts';

const DEPOSITED = getAbiItem({ abi: BASE_LAYER_ABI, name: 'Deposited' });

/** Reads events in the background until it is stopped. */
class Listener {
  readonly events: BaseLayerEvent[] = [];
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  fault: unknown;

  constructor(layer: BaseLayer, after?: EventCursor) {
    this.#ended = this.#listen(layer, after);
  }

  /** Units by deposit number, as they were told. */
  deposits(): readonly string[] {
    return this.events.flatMap((event) => {
      return event.kind === 'deposited' ? [`${event.depositNumber}: ${event.units}`] : [];
    });
  }

  async stop(): Promise<EventCursor | undefined> {
    this.#stop.abort();
    await this.#ended;
    return this.events.at(-1)?.cursor;
  }

  async #listen(layer: BaseLayer, after: EventCursor | undefined): Promise<void> {
    try {
      for await (const event of layer.events(after, this.#stop.signal)) this.events.push(event);
    } catch (fault) {
      if (!this.#stop.signal.aborted) this.fault = fault;
    }
  }
}

/** Units by deposit number, as the chain has them. */
async function depositsOnChain(venue: EvmVenue): Promise<readonly string[]> {
  const { baseLayer: address, deployedAtBlock: fromBlock } = venue.deployment;
  const logs = await venue.world.driver.getLogs({ address, event: DEPOSITED, fromBlock });
  return logs.map(({ args }) => `${args.depositNumber}: ${args.units}`);
}

test('tells a deposit when it is final, and none that was taken back', async (context) => {
  const venue = await EvmVenue.open(context, { finality: { kind: 'confirmations', blocks: 4 } });
  const { owner } = at(tradersOf(1), 0);
  const listener = new Listener(venue.layer);
  await venue.fund(owner, 0, 1n);
  await mine(venue, 1);
  await mine(venue, 2);
  assert.deepEqual(listener.deposits(), [], 'three blocks are not four');
  await mine(venue, 1);
  await until('the first deposit', () => listener.events.length === 1);
  for (let depth = 1; depth <= 3; depth += 1) {
    const lost = BigInt(100 + depth);
    await venue.fund(owner, 0, lost);
    await mine(venue, depth);
    await venue.world.reorganise(depth, { reinject: false });
    await venue.catchUp();
    await venue.fund(owner, 1, BigInt(10 + depth));
    await mine(venue, 6);
    await until(`deposit ${depth}`, () => listener.events.length === 1 + depth);
  }
  assert.equal(listener.fault, undefined);
  assert.deepEqual(listener.deposits(), ['1: 1', '2: 11', '3: 12', '4: 13']);
  assert.deepEqual(listener.deposits(), await depositsOnChain(venue));
  await listener.stop();
});

test('goes on after a restart with the very next event', async (context) => {
  const venue = await EvmVenue.open(context, { finality: { kind: 'confirmations', blocks: 2 } });
  const [first, second] = [at(tradersOf(2), 0), at(tradersOf(2), 1)];
  for (const units of [1n, 2n, 3n]) await venue.fund(first.owner, 0, units);
  await mine(venue, 3);
  const all: string[] = [];
  let cursor: EventCursor | undefined;
  // Three deposits share one block: the second listener starts in the middle of it.
  const half = new Listener(venue.layer);
  await until('the block of three', () => half.events.length === 3);
  await half.stop();
  all.push(...half.deposits().slice(0, 1));
  cursor = at(half.events, 0).cursor;
  await venue.reopen();
  await venue.fund(second.owner, 1, 4n);
  await mine(venue, 3);
  const rest = new Listener(venue.layer, cursor);
  await until('the rest', () => rest.events.length === 3);
  cursor = await rest.stop();
  all.push(...rest.deposits());
  assert.deepEqual(all, ['1: 1', '2: 2', '3: 3', '4: 4']);
  assert.deepEqual(all, await depositsOnChain(venue));
  const later = new Listener(venue.layer, cursor);
  await venue.fund(second.owner, 1, 5n);
  await mine(venue, 3);
  await until('the last one', () => later.events.length === 1);
  assert.deepEqual(later.deposits(), ['5: 5']);
  await later.stop();
});

test('tells exits of the shard and nothing of other shards', async (context) => {
  const venue = await EvmVenue.open(context);
  const listener = new Listener(venue.layer);
  const from = await venue.benefactor();
  const { baseLayer } = venue.deployment;
  const call = async (functionName: 'requestExit' | 'cancelExit', shard: number): Promise<void> => {
    const args = [shard, from] as const;
    const callData: Hex = encodeFunctionData({ abi: BASE_LAYER_ABI, functionName, args });
    await venue.send(from, baseLayer, callData);
  };
  await call('requestExit', SHARD + 1);
  await call('requestExit', SHARD);
  await call('cancelExit', SHARD + 1);
  await call('cancelExit', SHARD);
  await mine(venue, 4);
  await until('both', () => listener.events.length === 2);
  const [asked, taken] = listener.events;
  assert.ok(asked?.kind === 'exitRequested' && taken?.kind === 'exitCanceled');
  assert.equal(asked.owner, from.toLowerCase());
  assert.equal(asked.dueBlock, asked.cursor.blockNumber + 12n);
  await listener.stop();
});

test('says so when an event that was final leaves the chain', async (context) => {
  const venue = await EvmVenue.open(context, { finality: { kind: 'confirmations', blocks: 1 } });
  const listener = new Listener(venue.layer);
  await venue.fund(at(tradersOf(1), 0).owner, 0, 1n);
  await mine(venue, 1);
  await until('the deposit', () => listener.events.length === 1);
  await venue.world.reorganise(1, { reinject: false });
  await mine(venue, 1);
  await until('the fault', () => listener.fault !== undefined);
  const { fault } = listener;
  assert.ok(fault instanceof SettlementFault && fault.code === 'SETTLEMENT_DIVERGED');
});

test('notices a deposit that an endpoint left out, and tells it after all', async (context) => {
  const venue = await EvmVenue.open(context);
  const { owner } = at(tradersOf(1), 0);
  const listener = new Listener(venue.layer);
  await venue.fund(owner, 0, 1n);
  const { plan } = at(venue.world.proxies, 0);
  const asked: unknown[] = [];
  const leavesOut = ({ params }: ProxyCall): boolean => {
    asked.push((params[0] as { readonly blockHash?: unknown }).blockHash);
    return true;
  };
  const fault = { kind: 'result', result: [] } as const;
  const remove = plan.add({ method: 'eth_getLogs', when: leavesOut, fault });
  await mine(venue, 1);
  const { hash } = await venue.world.driver.getBlock();
  // Once, and once more because the block's bloom speaks against an empty answer.
  await until('the block is asked for', () => asked.filter((one) => one === hash).length === 2);
  await mine(venue, 1);
  await until('the next one is', () => asked.at(-1) !== hash);
  remove();
  await venue.fund(owner, 0, 2n);
  await mine(venue, 4);
  await until('the fault', () => listener.fault !== undefined);
  const told = listener.fault;
  assert.ok(told instanceof SettlementFault && told.code === 'SETTLEMENT_UNAVAILABLE');
  assert.deepEqual(listener.deposits(), []);
  const again = new Listener(venue.layer);
  await until('both', () => again.events.length === 2);
  assert.deepEqual(again.deposits(), ['1: 1', '2: 2']);
  await again.stop();
});

test('ends with its signal and with the layer', async (context) => {
  const venue = await EvmVenue.open(context);
  const one = new Listener(venue.layer);
  await one.stop();
  const other = new Listener(venue.layer);
  await venue.layer.close();
  await until('the end', () => other.fault !== undefined);
  await assert.rejects(venue.layer.progress('included'), { code: 'SETTLEMENT_CLOSED' });
  assert.equal(venue.layer.health().state, 'unready');
});
