// Goal: lists settle one after another on a real chain, and every refusal is told by its name.
// Method: a whole engine before an anvil, the committed contracts with a verifier that accepts, and
// lists that are built by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Submission } from '@lawbook/settlement/baseLayer/submission';
import { EvmVenue, MARKET, tradersOf } from './evmVenue.ts';
import type { ListTerms } from './listBuilder.ts';
import { buildList } from './listBuilder.ts';
import { mine, PATIENCE_MS, settle } from './play.ts';

test('settles lists one after another and tells how far it is', async (context) => {
  const venue = await EvmVenue.open(context);
  await venue.fundAll(2);
  const trader = at(tradersOf(2), 0);
  const before = await venue.layer.progress('included');
  assert.equal(before.listNumber, 0n);
  assert.equal((await venue.layer.progress('final')).epochNumber, 0);
  const first = await buildList(venue);
  const check = await venue.layer.check(first);
  assert.equal(check.kind, 'passes', inspect(check));
  assert.ok(check.kind === 'passes' && (check.gas ?? 0n) > 100_000n);
  const outcome = await settle(venue, first);
  assert.equal(outcome.kind, 'settled', inspect(outcome));
  const progress = await venue.layer.progress('included');
  assert.equal(progress.listNumber, 1n);
  assert.equal(progress.listHash, first.listHash);
  const vault = await venue.layer.vault(trader.owner);
  assert.deepEqual(
    [...vault.balances],
    [
      [0, 999_900n],
      [1, 1_000_099n],
    ],
  );
  assert.deepEqual(await venue.layer.settle(first, AbortSignal.timeout(PATIENCE_MS)), outcome);
  const second = await buildList(venue, { traders: tradersOf(1) });
  assert.equal((await settle(venue, second)).kind, 'settled');
  await mine(venue, 3);
  const final = await venue.layer.progress('final');
  assert.deepEqual(final, await venue.layer.progress('included'));
  assert.deepEqual([final.listNumber, final.epochNumber, final.batchNumber], [2n, 2, 2]);
  const settled = await venue.layer.settled(1n);
  assert.equal(settled?.listHash, first.listHash);
  assert.equal(settled?.certainty, 'final');
  assert.equal(outcome.kind === 'settled' && settled?.transaction, outcome.transaction);
  assert.equal(await venue.layer.settled(3n), undefined);
  assert.equal(venue.layer.health().state, 'ready');
});

test('tells every refusal by its name, and whether time mends it', async (context) => {
  const venue = await EvmVenue.open(context);
  await venue.fundAll(2);
  const lawful = await buildList(venue);
  const refusalOf = async (submission: Submission): Promise<string> => {
    const check = await venue.layer.check(submission);
    if (check.kind === 'passes') return 'passes';
    return `${check.refusal.rule}(${check.refusal.details.join(', ')})`;
  };
  const built = async (terms: ListTerms): Promise<string> => {
    return await refusalOf(await buildList(venue, terms));
  };
  const { owner } = at(tradersOf(2), 0);
  assert.equal(await refusalOf(lawful), 'passes');
  assert.equal(await built({ parameters: 5n }), `ParametersAreNotActive(${MARKET}, 5)`);
  const poor = tradersOf(3).find((each) => !tradersOf(2).some((rich) => rich.owner === each.owner));
  assert.ok(poor !== undefined);
  assert.equal(await built({ traders: [poor] }), `VaultsAreSolvent(${poor.owner}, 0)`);
  const { list, book } = lawful;
  const [first, ...others] = book.rows;
  assert.ok(first !== undefined);
  const unsigned = { ...first, signature: at(others, 0).signature };
  const forged = { ...lawful, book: { ...book, rows: [unsigned, ...others] } };
  assert.equal(await refusalOf(forged), `SpendsAreAuthorised(0, ${owner})`);
  const late = { ...lawful, list: { ...list, number: 0n } };
  assert.equal(await refusalOf(late), 'ListNumberIsNotNext(1, 0)');
  const [head = 0n, ...rest] = list.changes;
  const minted = { ...lawful, list: { ...list, changes: [head + 1n, ...rest] } };
  assert.equal(await refusalOf(minted), 'AssetsAreConserved(0, 1)');
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const waits = await venue.layer.settle(await buildList(venue, { parameters: 5n }), signal);
  assert.ok(waits.kind === 'refused' && waits.mayPass);
  const never = await venue.layer.settle(late, signal);
  assert.ok(never.kind === 'refused' && !never.mayPass);
  assert.match(never.refusal.sentence, /Another list comes next/);
  assert.equal((await venue.layer.progress('included')).listNumber, 0n);
});
