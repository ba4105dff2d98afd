// Goal: deposits and exits are told each once, in order and only when final, whatever leaves the
// chain and whatever endpoints leave out; a reader goes on from any event. Method: the committed
// contracts on a simulated chain whose blocks the test makes and takes back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { Hex } from 'viem';
import { EXIT_BLOCKS, SHARD, tradersOf } from '../../../../../testing/settlement/evm/evmVenue.ts';
import { MachineVenue } from '../../../../../testing/settlement/machineVenue.ts';
import { SettlementFault } from '../../settlementFault.ts';
import type { BaseLayer } from '../baseLayer.ts';
import type { BaseLayerEvent, EventCursor } from '../baseLayerEvent.ts';

/** Reads events in the background until it is stopped. */
class Listener {
  readonly events: BaseLayerEvent[] = [];
  readonly #stop = new AbortController();
  fault: unknown;
  isOver = false;

  constructor(layer: BaseLayer, after?: EventCursor) {
    void this.#listen(layer, after);
  }

  /** Units by deposit number, as they were told; other events by their kind. */
  told(): readonly string[] {
    return this.events.map((event) =>
      event.kind === 'deposited' ? `${event.depositNumber}: ${event.units}` : event.kind,
    );
  }

  stop(): void {
    this.#stop.abort();
  }

  async #listen(layer: BaseLayer, after: EventCursor | undefined): Promise<void> {
    try {
      for await (const event of layer.events(after, this.#stop.signal)) this.events.push(event);
    } catch (fault) {
      this.fault = fault;
    }
    this.isOver = true;
  }
}

const OWNER = at(tradersOf(1), 0).owner as AccountId & Hex;

test('tells a deposit when it is final, and none that was taken back', async () => {
  const { world, layer, ...venue } = await opened(4);
  const listener = new Listener(layer);
  venue.fund(1n);
  await world.mine(3);
  assert.deepEqual(listener.told(), [], 'three blocks are not four');
  await world.mine();
  assert.deepEqual(listener.told(), ['1: 1']);
  for (const depth of [1, 3]) {
    venue.fund(100n);
    await world.mine(depth);
    await world.reorganise(depth);
    venue.fund(10n + BigInt(depth));
    await world.mine(4);
  }
  assert.deepEqual(listener.told(), ['1: 1', '2: 11', '3: 13']);
  assert.equal(listener.fault, undefined);
  const [first] = listener.events;
  assert.ok(first?.kind === 'deposited');
  assert.deepEqual([first.owner, first.assetId, first.shard], [OWNER, 0, SHARD]);
  listener.stop();
  await world.close();
});

test('a deposit that comes back in another block is told once, from there', async () => {
  const { world, layer, ...venue } = await opened(3);
  const listener = new Listener(layer);
  venue.fund(7n);
  await world.mine(2);
  await world.reorganise(2, 'returned');
  await world.mine(5);
  assert.deepEqual(listener.told(), ['1: 7']);
  assert.ok(at(listener.events, 0).cursor.blockNumber > 1082n);
  listener.stop();
  await world.close();
});

test('goes on from any event with the very next one', async () => {
  const { world, layer, ...venue } = await opened(2);
  for (const units of [1n, 2n, 3n]) venue.fund(units);
  await world.mine(3);
  venue.fund(4n);
  await world.mine(3);
  const whole = new Listener(layer);
  await world.clock.runFor(2000);
  assert.deepEqual(whole.told(), ['1: 1', '2: 2', '3: 3', '4: 4']);
  // Three of them share one block.
  for (let k = 0; k < 4; k += 1) {
    const rest = new Listener(layer, at(whole.events, k).cursor);
    await world.clock.runFor(2000);
    assert.deepEqual(rest.told(), whole.told().slice(k + 1), `after event ${k + 1}`);
    rest.stop();
  }
  whole.stop();
  await world.close();
});

test('tells deposits by their owners and exits of the shard, and nothing of others', async () => {
  const { world, layer, venue } = await opened(2);
  const neighbour = SHARD + 1;
  await venue.openNeighbour(neighbour);
  const listener = new Listener(layer);
  venue.fund(OWNER, 0, 5n, neighbour);
  venue.fund(OWNER, 1, 6n);
  for (const shard of [neighbour, SHARD]) {
    venue.call(OWNER, 'requestExit', [shard, OWNER]);
    venue.call(OWNER, 'cancelExit', [shard, OWNER]);
    venue.call(OWNER, 'requestExit', [shard, OWNER]);
  }
  await world.mine(Number(EXIT_BLOCKS) + 1);
  for (const shard of [neighbour, SHARD]) {
    venue.call(OWNER, 'completeExit', [shard, OWNER, [0n, 1n]]);
  }
  await world.mine(3);
  const kinds = ['exitRequested', 'exitCanceled', 'exitRequested', 'exitCompleted'];
  assert.deepEqual([...listener.told()].sort(), ['2: 6', ...kinds].sort());
  const deposited = listener.events.find(({ kind }) => kind === 'deposited');
  assert.ok(deposited?.kind === 'deposited' && deposited.assetId === 1);
  const exits = listener.events.filter(({ kind }) => kind !== 'deposited');
  assert.deepEqual(
    exits.map(({ kind }) => kind),
    kinds,
  );
  const [asked, taken, again, paid] = exits;
  assert.ok(asked?.kind === 'exitRequested' && again?.kind === 'exitRequested');
  assert.equal(asked.dueBlock, asked.cursor.blockNumber + EXIT_BLOCKS);
  assert.ok(taken?.kind === 'exitCanceled' && paid?.kind === 'exitCompleted');
  assert.deepEqual([asked.owner, taken.owner, paid.owner], [OWNER, OWNER, OWNER]);
  assert.deepEqual([paid.assetId, paid.units], [1, 6n]);
  listener.stop();
  await world.close();
});

test('says so when an event that was final leaves the chain', async () => {
  const { world, layer, ...venue } = await opened(1);
  const listener = new Listener(layer);
  venue.fund(1n);
  await world.mine();
  assert.equal(listener.events.length, 1);
  await world.reorganise(1);
  await world.mine();
  const { fault } = listener;
  assert.ok(fault instanceof SettlementFault && fault.code === 'SETTLEMENT_DIVERGED');
  await world.close();
});

test('a reorganisation above what was told goes unnoticed', async () => {
  const { world, layer, ...venue } = await opened(1);
  const listener = new Listener(layer);
  venue.fund(1n);
  await world.mine(3);
  await world.reorganise(2);
  venue.fund(2n);
  await world.mine();
  assert.deepEqual(listener.told(), ['1: 1', '2: 2']);
  assert.equal(listener.fault, undefined);
  listener.stop();
  await world.close();
});

test('notices a deposit that endpoints left out, and tells it after all', async () => {
  const { world, layer, ...venue } = await opened(2);
  const listener = new Listener(layer);
  venue.fund(1n);
  world.node.answerInstead = (method) => (method === 'eth_getLogs' ? { result: [] } : undefined);
  await world.mine();
  world.node.answerInstead = () => undefined;
  venue.fund(2n);
  await world.mine(3);
  const { fault } = listener;
  assert.ok(fault instanceof SettlementFault && fault.code === 'SETTLEMENT_UNAVAILABLE');
  assert.deepEqual(listener.told(), []);
  const again = new Listener(layer);
  await world.clock.runFor(2000);
  assert.deepEqual(again.told(), ['1: 1', '2: 2']);
  again.stop();
  await world.close();
});

test('ends with its signal and with the layer', async () => {
  const { world, layer } = await opened(1);
  const [one, other] = [new Listener(layer), new Listener(layer)];
  one.stop();
  await world.clock.runFor(10);
  assert.ok(one.fault instanceof Error && one.fault.name === 'AbortError');
  assert.equal(other.isOver, false);
  await layer.close();
  await world.clock.runFor(10);
  assert.ok(other.fault instanceof SettlementFault);
  assert.equal(other.fault.code, 'SETTLEMENT_CLOSED');
  await world.close();
});

/** A venue with so many confirmations, and deposits of the first asset into one vault. */
async function opened(blocks: number): Promise<{
  readonly venue: MachineVenue;
  readonly world: MachineVenue['world'];
  readonly layer: BaseLayer;
  readonly fund: (units: bigint) => void;
}> {
  const venue = await MachineVenue.open({ kind: 'confirmations', blocks });
  const fund = (units: bigint): void => venue.fund(OWNER, 0, units);
  return { venue, world: venue.world, layer: venue.layer, fund };
}
