import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import type { MemoryVenue, Scene } from '../../../../../testing/settlement/memoryVenue.ts';
import {
  addOrder,
  EXIT_BLOCKS,
  emptyScene,
  FINALITY_BLOCKS,
  FUNDS,
  finish,
  fund,
  MARKET,
  nextPlace,
  OPERATOR,
  openMemoryVenue,
  POOL,
  SHARD,
  TRADERS,
} from '../../../../../testing/settlement/memoryVenue.ts';
import type { BaseLayerEvent } from '../baseLayerEvent.ts';
import { MemoryBaseLayer } from './memoryBaseLayer.ts';

// Goal: the memory adapter keeps the promises of `BaseLayer`: a list settles once however often it
// is asked, a reorganisation takes it back and it comes again by itself, and events are final.
// Method: a chain that the test mines.

const never = new AbortController().signal;

function lawful(venue: MemoryVenue): Scene {
  const place = nextPlace(venue);
  const scene = emptyScene(place);
  addOrder(scene, 0, { orderNonce: place.number });
  return scene;
}

test('a list that is asked for many times settles once', async () => {
  const venue = openMemoryVenue();
  const submission = finish(lawful(venue));
  const asked = [1, 2, 3].map(() => venue.layer.settle(submission, never));
  await Promise.resolve();
  venue.chain.mine();
  for (const outcome of await Promise.all(asked)) assert.equal(outcome.kind, 'settled');
  assert.equal((await venue.layer.settle(submission, never)).kind, 'settled');
  const settled = venue.chain.news().filter(({ news }) => news.kind === 'settled');
  assert.equal(settled.length, 1);
});

test('a wait that ends early leaves the act where it is', async () => {
  const venue = openMemoryVenue();
  const submission = finish(lawful(venue));
  const ending = new AbortController();
  const asked = venue.layer.settle(submission, ending.signal);
  await Promise.resolve();
  ending.abort();
  await assert.rejects(asked, { code: 'SETTLEMENT_UNCERTAIN' });
  venue.chain.mine();
  assert.equal((await venue.layer.progress('included')).listNumber, 1n);
});

test('a reorganisation takes a list back, and the next block holds it again', async () => {
  const venue = openMemoryVenue();
  const submission = finish(lawful(venue));
  const asked = venue.layer.settle(submission, never);
  await Promise.resolve();
  venue.chain.mine(3);
  await asked;
  assert.equal((await venue.layer.settled(1n))?.certainty, 'included');
  venue.chain.reorganise(3);
  assert.equal((await venue.layer.progress('included')).listNumber, 0n);
  assert.equal(await venue.layer.settled(1n), undefined);
  assert.equal((await venue.layer.vault(at(TRADERS, 0).owner)).balances.get(0), FUNDS);
  venue.chain.mine(1 + FINALITY_BLOCKS);
  assert.equal((await venue.layer.settled(1n))?.certainty, 'final');
  assert.equal((await venue.layer.progress('final')).listHash, submission.listHash);
});

test('a list that the next block would refuse is refused at once and not sent', async () => {
  const venue = openMemoryVenue();
  const scene = lawful(venue);
  scene.list.number = 5n;
  const outcome = await venue.layer.settle(finish(scene), never);
  assert.equal(outcome.kind, 'refused');
  assert.equal(outcome.kind === 'refused' && outcome.mayPass, true);
  venue.chain.mine();
  assert.equal((await venue.layer.progress('included')).listNumber, 0n);
});

test('a real verifier is asked before a list is sent', async () => {
  const venue = openMemoryVenue();
  for (const holds of [false, true]) {
    const layer = new MemoryBaseLayer(venue.chain, {
      shard: SHARD,
      marketId: MARKET,
      operator: OPERATOR,
      verifyLaws: async () => holds,
    });
    const asked = layer.settle(finish(lawful(venue)), never);
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    venue.chain.mine();
    const outcome = await asked;
    assert.equal(outcome.kind, holds ? 'settled' : 'refused');
    assert.equal(
      outcome.kind === 'refused' && outcome.refusal.rule,
      holds ? false : 'LawsAreProven',
    );
  }
});

test('events are final, in order and each once, from any cursor on', async () => {
  const venue = openMemoryVenue();
  const { vaults } = venue.chain.contracts;
  const { owner } = at(TRADERS, 0);
  const vault = { shard: SHARD, owner };
  venue.chain.perform(owner, (context) => fund(venue, context, { owner, k: 3, units: 7n }));
  venue.chain.perform(owner, (context) => vaults.requestExit(context, vault));
  venue.chain.mine(Number(EXIT_BLOCKS));
  venue.chain.perform(owner, (context) =>
    vaults.completeExit(context, { ...vault, assetIds: [3] }),
  );
  venue.chain.perform(owner, (context) => vaults.cancelExit(context, vault));
  const kinds: string[] = [];
  let last: BaseLayerEvent | undefined;
  const read = async (count: number, after?: BaseLayerEvent): Promise<void> => {
    for await (const event of venue.layer.events(after?.cursor, never)) {
      kinds.push(event.kind === 'deposited' ? `deposit ${event.depositNumber}` : event.kind);
      last = event;
      if (kinds.length === count) return;
    }
  };
  await read(16);
  assert.deepEqual(kinds.slice(-2), ['deposit 15', 'exitRequested']);
  const resumed = read(18, last);
  venue.chain.reorganise(1);
  venue.chain.mine(FINALITY_BLOCKS + 1);
  await resumed;
  assert.deepEqual(kinds.slice(-2), ['exitCompleted', 'exitCanceled']);
});

test('a closed layer refuses every call and ends every wait', async () => {
  const venue = openMemoryVenue();
  const asked = venue.layer.settle(finish(lawful(venue)), never);
  const events = venue.layer.events({ blockNumber: 10n ** 9n, logIndex: 0 }, never).next();
  await Promise.resolve();
  await venue.layer.close();
  await assert.rejects(asked, { code: 'SETTLEMENT_UNCERTAIN' });
  await assert.rejects(events, { code: 'SETTLEMENT_CLOSED' });
  await assert.rejects(venue.layer.vault(POOL), { code: 'SETTLEMENT_CLOSED' });
  assert.equal(venue.layer.health().state, 'unready');
});
