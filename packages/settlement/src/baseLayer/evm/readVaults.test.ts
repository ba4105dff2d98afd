// Goal: a venue without its journal finds every vault, nonce and count on the chain alone, as of a
// final block, whichever way its endpoints serve storage; and owners that are known are read on
// from. Method: the committed contracts on a simulated chain, compared with their own views.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { Hex } from 'viem';
import {
  EXIT_BLOCKS,
  MARKET,
  SHARD,
  tradersOf,
} from '../../../../../testing/settlement/evm/evmVenue.ts';
import { buildList } from '../../../../../testing/settlement/evm/listBuilder.ts';
import { MachineVenue } from '../../../../../testing/settlement/machineVenue.ts';
import { signWithdrawal } from './owner.ts';
import { readOwners } from './readOwners.ts';
import type { SettledVault, VaultsQuestion, VaultsSnapshot } from './readVaults.ts';
import { readVaults } from './readVaults.ts';

const TRADERS = tradersOf(4);
const [ALICE, BOB, CAROL] = TRADERS.map(({ owner }) => owner as AccountId & Hex) as [
  AccountId & Hex,
  AccountId & Hex,
  AccountId & Hex,
];

function questionOf(venue: MachineVenue): VaultsQuestion {
  const { deployment, finality } = venue;
  return { deployment, shard: SHARD, marketId: MARKET, finality };
}

function read(venue: MachineVenue, over: Partial<VaultsQuestion> = {}): Promise<VaultsSnapshot> {
  const question = { ...questionOf(venue), ...over };
  return venue.world.during(readVaults(question, venue.world.stands));
}

async function settle(venue: MachineVenue, terms: Parameters<typeof buildList>[1]): Promise<void> {
  const list = await venue.world.during(buildList(venue, terms));
  venue.settleDirectly(list);
  await venue.world.mine();
  const progress = await venue.world.during(venue.layer.progress('included'));
  assert.equal(progress.listHash, list.listHash);
}

function vaultOf({ vaults }: VaultsSnapshot, owner: AccountId): SettledVault | undefined {
  return vaults.find((vault) => vault.owner === owner);
}

/** A venue in which three traders were paid in, two have traded and one leaves. */
async function lived(): Promise<MachineVenue> {
  const venue = await MachineVenue.open();
  for (const { owner } of TRADERS.slice(0, 3)) venue.fund(owner, 0, 1_000_000n);
  await venue.world.mine();
  for (const { owner } of TRADERS.slice(0, 2)) venue.fund(owner, 1, 1_000_000n);
  venue.fund(systemAccount(SystemRole.pool, MARKET), 1, 1_000_000n);
  await venue.world.mine();
  await settle(venue, { traders: TRADERS.slice(0, 2), orderNonce: 400n });
  const wish = {
    owner: ALICE,
    to: BOB,
    shard: SHARD,
    assetId: assetId(1),
    units: amount(500n),
    orderNonce: 191n,
    expiresAtMs: venue.world.clock.nowMs() + 86_400_000,
  };
  const withdrawals = [signWithdrawal(wish, venue.domain, at(TRADERS, 0).secret)];
  await settle(venue, { traders: TRADERS.slice(0, 1), orderNonce: 575n, withdrawals });
  venue.call(CAROL, 'requestExit', [SHARD, CAROL]);
  await venue.world.mine(4);
  return venue;
}

test('rebuilds from the chain alone what the contract says of every vault', async () => {
  const venue = await lived();
  const { world, layer } = venue;
  const found = await read(venue);
  assert.equal(found.block.number, BigInt(world.chain.head().number) - 2n);
  assert.deepEqual(found.progress, await world.during(layer.progress('final')));
  assert.deepEqual([found.depositCount, found.exitCount], [6n, 0n]);
  const venueOwners = [SystemRole.pool, SystemRole.fees].map((role) => systemAccount(role, MARKET));
  assert.deepEqual(
    found.vaults.map(({ owner }) => owner),
    [...venueOwners, ALICE, BOB, CAROL].sort(),
  );
  for (const { owner, balances, exitDueBlock } of found.vaults) {
    const vault = await world.during(layer.vault(owner));
    assert.deepEqual({ owner, balances, exitDueBlock }, vault);
  }
  const nonces = (owner: AccountId): readonly (bigint | undefined)[] => {
    const vault = vaultOf(found, owner);
    return [vault?.orderNonceHighest, vault?.withdrawalNonceHighest];
  };
  assert.deepEqual(nonces(ALICE), [575n, 191n]);
  assert.deepEqual(nonces(BOB), [400n, 0n]);
  assert.deepEqual(nonces(CAROL), [0n, 0n]);
  assert.notEqual(vaultOf(found, CAROL)?.exitDueBlock, undefined);
  assert.deepEqual([...(vaultOf(found, CAROL)?.balances ?? [])], [[0, 1_000_000n]]);
  await world.close();
});

test('endpoints that override no code are asked word by word', async () => {
  const venue = await lived();
  const { world } = venue;
  const found = await read(venue);
  let words = 0;
  world.node.answerInstead = (method, params) => {
    if (method === 'eth_getStorageAt') words += 1;
    if (method !== 'eth_call' || params.length <= 2) return undefined;
    return { error: { code: -32_602, message: 'too many arguments, want at most 2' } };
  };
  assert.deepEqual(await read(venue), found);
  assert.ok(words > 0);
  // Others take the override and answer with something else than the words.
  words = 0;
  world.node.answerInstead = (method, params) => {
    if (method === 'eth_getStorageAt') words += 1;
    return method === 'eth_call' && params.length > 2 ? { result: '0x' } : undefined;
  };
  assert.deepEqual(await read(venue), found);
  assert.ok(words > 0);
  await world.close();
});

test('who left with everything leaves the nonces, and the payments count', async () => {
  const venue = await lived();
  const { world } = venue;
  venue.call(ALICE, 'requestExit', [SHARD, ALICE]);
  await world.mine(Number(EXIT_BLOCKS) + 1);
  venue.call(ALICE, 'completeExit', [SHARD, ALICE, [0n, 1n]]);
  venue.call(CAROL, 'completeExit', [SHARD, CAROL, [0n]]);
  venue.call(CAROL, 'cancelExit', [SHARD, CAROL]);
  await world.mine(3);
  const found = await read(venue);
  assert.equal(found.exitCount, 3n);
  const alice = vaultOf(found, ALICE);
  assert.deepEqual([alice?.balances.size, alice?.orderNonceHighest], [0, 575n]);
  assert.equal(vaultOf(found, CAROL), undefined, 'an empty vault without a trace says nothing');
  await world.close();
});

test('what is known of owners is read on from, and comes to the same', async () => {
  const venue = await lived();
  const { world, deployment } = venue;
  const place = { deployment, shard: SHARD, marketId: MARKET };
  const head = BigInt(world.chain.head().number);
  const owners = (upTo: bigint, known?: Awaited<ReturnType<typeof readOwners>>) =>
    world.during(readOwners({ ...place, known }, world.stands, upTo));
  const whole = await owners(head);
  assert.deepEqual([whole.upTo, whole.depositCount, whole.lastDeposit], [head, 6n, 6n]);
  for (let upTo = deployment.deployedAtBlock; upTo < head; upTo += 1n) {
    const known = await owners(upTo);
    assert.equal(known.upTo, upTo);
    assert.deepEqual(await owners(head, known), whole, `from block ${upTo} on`);
    assert.equal(await owners(upTo, known), known, 'nothing is asked twice');
    if (upTo < 1075n) upTo = 1075n;
  }
  assert.deepEqual((await read(venue, { known: whole })).vaults, (await read(venue)).vaults);
  const exit = whole.lastEvent;
  assert.ok(exit !== undefined && exit.blockNumber > 1080n);
  await world.close();
});

test('deposits into other shards are counted apart', async () => {
  const venue = await MachineVenue.open();
  await venue.openNeighbour(SHARD + 1);
  venue.fund(ALICE, 0, 5n, SHARD + 1);
  venue.fund(BOB, 0, 6n);
  await venue.world.mine(3);
  const found = await read(venue);
  assert.equal(found.depositCount, 1n);
  assert.deepEqual(
    found.vaults.map(({ owner }) => owner),
    [BOB],
  );
  await venue.world.close();
});

test('a deposit that no endpoint shows is missed, not passed over', async () => {
  const venue = await MachineVenue.open();
  venue.fund(ALICE, 0, 5n);
  await venue.world.mine();
  venue.fund(BOB, 0, 6n);
  await venue.world.mine(3);
  const { node } = venue.world;
  const hidden = BigInt(venue.world.chain.head().number) - 3n;
  const hides = (log: { readonly blockNumber: Hex }): boolean => BigInt(log.blockNumber) === hidden;
  node.answerInstead = (method, params) => {
    if (method !== 'eth_getLogs') return undefined;
    node.answerInstead = () => undefined;
    const { result } = node.answer(method, params) as { readonly result: { blockNumber: Hex }[] };
    return { result: result.filter((log) => !hides(log)) };
  };
  await assert.rejects(read(venue), { code: 'SETTLEMENT_UNAVAILABLE' });
  await venue.world.close();
});

test('nothing is read before a block is final', async () => {
  const venue = await MachineVenue.open({ kind: 'confirmations', blocks: 2000 });
  await assert.rejects(read(venue), { code: 'SETTLEMENT_UNAVAILABLE' });
  const over = AbortSignal.abort(new DOMException('over', 'AbortError'));
  const finality = { kind: 'confirmations', blocks: 3 } as const;
  venue.fund(ALICE, 0, 5n);
  await venue.world.mine(3);
  await assert.rejects(read(venue, { finality, signal: over }));
  await venue.world.close();
});
