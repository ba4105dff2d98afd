// Goal: a chain that goes on without its past loses nobody's money: vaults, progress and events are
// read as before, nothing goes that the bridge has not read, and settling goes on. Method: a whole
// engine before an anvil that is made smaller between two lists.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import type { BaseLayerEvent, EventCursor } from '@lawbook/settlement/baseLayer/baseLayerEvent';
import type { VaultsSnapshot } from '@lawbook/settlement/baseLayer/evm/readVaults';
import { readVaults } from '@lawbook/settlement/baseLayer/evm/readVaults';
import type { BridgePlace, BridgePlaceStore } from '@lawbook/settlement/bridge/bridge';
import { pino } from 'pino';
import { readKnownOwners } from '../../../packages/executor/src/settlement/knownOwners.ts';
import {
  shrinkOnce,
  withKnownPlace,
} from '../../../packages/executor/src/settlement/shrinkChain.ts';
import { EvmVenue, MARKET, SHARD, tradersOf } from './evmVenue.ts';
import { buildList } from './listBuilder.ts';
import { mine, patience, settle } from './play.ts';

/** The place of a bridge, in memory. */
class Places implements BridgePlaceStore {
  place: BridgePlace | undefined;

  async get(): Promise<BridgePlace | undefined> {
    return this.place;
  }

  async put(place: BridgePlace): Promise<void> {
    this.place = place;
  }
}

/** The next events of the shard, from after a cursor. */
async function nextEvents(
  venue: EvmVenue,
  after: EventCursor | undefined,
  count: number,
): Promise<readonly BaseLayerEvent[]> {
  const found: BaseLayerEvent[] = [];
  for await (const event of venue.layer.events(after, patience())) {
    found.push(event);
    if (found.length === count) break;
  }
  return found;
}

test('a chain without its past settles on, and everything is found', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'lawbook-shrink-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const stateFile = join(folder, 'chain.json');
  const engine = { tracker: { ringBlocks: 6 } };
  const venue = await EvmVenue.open(context, { world: { anvil: { stateFile } }, engine });
  const { world, deployment, finality, stands } = venue;
  await venue.fundAll(2);
  const list = await buildList(venue);
  assert.equal((await settle(venue, list)).kind, 'settled');
  await mine(venue, 20);
  const question = { deployment, shard: SHARD, marketId: MARKET, finality };
  const vaultsOf = ({ vaults, depositCount, exitCount, progress }: VaultsSnapshot): unknown => {
    return { vaults, depositCount, exitCount, progress };
  };
  const before = await readVaults(question, stands);

  const places = new Places();
  const limits = { bytesMax: 0, keepBlocks: 8n, beatMs: 1_000 };
  const log = pino({ level: 'silent' });
  const parts = { ...question, chain: world.anvil, directory: folder, places, stands, log, limits };
  await world.anvil.save();
  assert.equal(await shrinkOnce(parts, patience()), false, 'the bridge has read nothing');
  assert.equal(readKnownOwners(folder), undefined);
  const events = await nextEvents(venue, undefined, 6);
  const last = at(events, 5).cursor;
  await places.put({ cursor: { ...last, logIndex: last.logIndex - 1 }, deposits: 5, exits: 0 });
  assert.equal(await shrinkOnce(parts, patience()), false, 'one event is not read');
  await places.put({ cursor: last, deposits: 6, exits: 0 });
  assert.equal(await shrinkOnce(parts, patience()), true);
  assert.equal(await shrinkOnce(parts, patience()), false, 'there is nothing more to leave out');

  const early = readKnownOwners(folder) ?? assert.fail('owners are written down');
  await venue.catchUp();
  assert.deepEqual(
    vaultsOf(await readVaults({ ...question, known: early }, stands)),
    vaultsOf(before),
  );
  assert.equal((await venue.layer.progress('final')).listNumber, 1n);
  assert.equal(await venue.layer.settled(1n), undefined, 'its log is gone');

  // A bridge that has lost its place has read what was written down, and nothing came since.
  places.place = undefined;
  await mine(venue, 3);
  await world.anvil.save();
  assert.equal(await shrinkOnce(parts, patience()), true);
  const known = readKnownOwners(folder) ?? assert.fail('owners are written down');
  assert.ok(known.upTo > early.upTo);
  await venue.catchUp();

  // What comes later is found by all, and by a bridge that has lost its place.
  await venue.fund(at(tradersOf(2), 0).owner, 0, 5n);
  await mine(venue, 1);
  assert.equal((await settle(venue, await buildList(venue))).kind, 'settled');
  await mine(venue, 4);
  const first = await withKnownPlace(new Places(), known).get();
  assert.equal(first?.deposits, 6);
  const [next] = await nextEvents(venue, first?.cursor, 1);
  assert.equal(next?.kind === 'deposited' && next.depositNumber, 7n);
  assert.equal((await venue.layer.settled(2n))?.listNumber, 2n);
  const after = await readVaults({ ...question, known }, stands);
  assert.deepEqual([after.depositCount, after.progress.listNumber], [7n, 2n]);
  // Without what was written down, the missing logs are noticed.
  await assert.rejects(readVaults(question, stands), { code: 'SETTLEMENT_UNAVAILABLE' });
});
