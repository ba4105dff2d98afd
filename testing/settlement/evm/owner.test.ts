// Goal: an owner's ways in and out on a real chain: deposit, withdrawal, claim, forced exit; and a
// venue rebuilds its vaults from the chain alone. Method: a whole engine before an anvil, another
// one with the owner's own key, the committed contracts with a verifier that accepts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { at } from '@lawbook/exchange/failures/invariant';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import { domainSeparator } from '@lawbook/exchange/orders/typedData';
import {
  claimTokens,
  completeExit,
  depositTokens,
  expectDone,
  type OwnerStands,
  pendingTokens,
  requestExit,
  signWithdrawal,
  withdrawalTypedData,
} from '@lawbook/settlement/baseLayer/evm/owner';
import { Actor, DEFAULT_ACT_TERMS } from '@lawbook/settlement/baseLayer/evm/performAct';
import { readVaults } from '@lawbook/settlement/baseLayer/evm/readVaults';
import type { Hex } from 'viem';
import { bytesToHex, erc20Abi, hashTypedData, parseEther } from 'viem';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import type { ProxyCall } from '../../chains/proxy/faultPlan.ts';
import type { EvmTrader } from './evmVenue.ts';
import { EvmVenue, EXIT_BLOCKS, MARKET, SHARD, standsOf, tradersOf } from './evmVenue.ts';
import { buildList } from './listBuilder.ts';
import { mine, PATIENCE_MS, settle } from './play.ts';

/** What an owner acts with: an engine of its own, with its own key. */
async function ownerStands(venue: EvmVenue, { secret, owner }: EvmTrader): Promise<OwnerStands> {
  const address = owner as typeof owner & Hex;
  await venue.world.driver.setBalance({ address, value: parseEther('1') });
  const engine = await venue.world.open({
    key: bytesToHex(secret),
    store: { kind: 'memory' },
    owner: 'owner',
  });
  const terms = { ...DEFAULT_ACT_TERMS, finality: venue.finality };
  const actor = new Actor(standsOf(engine), address, terms);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return { deployment: venue.deployment, shard: SHARD, actor, signal };
}

test('pays deposits in, withdrawals out, and lets an owner leave by force', async (context) => {
  const venue = await EvmVenue.open(context);
  await venue.fundAll(2);
  const [leaver, stayer] = [at(tradersOf(2), 0), at(tradersOf(2), 1)];
  const stands = await ownerStands(venue, leaver);
  const address = leaver.owner as typeof leaver.owner & Hex;
  const token = at(venue.deployment.tokens, 1).address;
  venue.startMining();
  await venue.drip(address, 1, 7n * 10n ** 12n);
  const wish = { key: 'wish:1', owner: address, assetId: 1, units: 7n };
  expectDone(await depositTokens(wish, stands));
  expectDone(await depositTokens(wish, stands));
  await venue.stopMining();
  await mine(venue, 1);
  assert.equal((await venue.layer.vault(leaver.owner)).balances.get(1), 1_000_007n);

  const withdrawal = {
    owner: leaver.owner,
    to: stayer.owner,
    shard: SHARD,
    assetId: assetId(1),
    units: amount(500n),
    orderNonce: 200n,
    expiresAtMs: Date.now() + 86_400_000,
  };
  const signed = signWithdrawal(withdrawal, venue.domain, leaver.secret);
  const list = await buildList(venue, { withdrawals: [signed], orderNonce: 400n });
  assert.equal((await settle(venue, list)).kind, 'settled');
  await mine(venue, 1, at(venue.world.engines(), 1));
  assert.equal((await venue.layer.progress('included')).listHash, list.listHash);
  const claim = { token, account: stayer.owner as typeof stayer.owner & Hex };
  assert.equal(await pendingTokens(claim, stands), 500n * 10n ** 12n);
  venue.startMining();
  expectDone(await claimTokens({ key: 'claim:1', ...claim }, stands));
  const nothing = await claimTokens({ key: 'claim:2', ...claim }, stands);
  assert.ok(nothing.kind === 'refused' && nothing.refusal.rule === 'NothingIsPending');
  await venue.stopMining();
  const paid = { address: token, abi: erc20Abi, functionName: 'balanceOf' } as const;
  const reads = venue.world.driver;
  assert.equal(await reads.readContract({ ...paid, args: [claim.account] }), 500n * 10n ** 12n);

  venue.startMining();
  expectDone(await requestExit({ key: 'exit:1', owner: address }, stands));
  const soon = await completeExit({ key: 'leave:0', owner: address, assetIds: [0, 1] }, stands);
  assert.ok(soon.kind === 'refused' && soon.refusal.rule === 'ExitIsNotDue' && soon.mayPass);
  await venue.stopMining();
  await mine(venue, Number(EXIT_BLOCKS), at(venue.world.engines(), 1));
  assert.notEqual((await venue.layer.vault(leaver.owner)).exitDueBlock, undefined);
  const check = await venue.layer.check(await buildList(venue));
  assert.ok(check.kind === 'refused' && check.refusal.rule === 'VaultIsUnlocked', inspect(check));
  venue.startMining();
  expectDone(await completeExit({ key: 'leave:1', owner: address, assetIds: [0, 1] }, stands));
  await venue.stopMining();
  await mine(venue, 3);
  assert.equal((await venue.layer.vault(leaver.owner)).balances.size, 0);

  await expectRebuilt(venue, leaver, stayer);
});

/** What a venue without its journal finds on the chain. */
async function expectRebuilt(venue: EvmVenue, leaver: EvmTrader, stayer: EvmTrader): Promise<void> {
  const { deployment, finality } = venue;
  const question = { deployment, shard: SHARD, marketId: MARKET, finality };
  const found = await readVaults(question, venue.stands);
  assert.deepEqual(found.progress, await venue.layer.progress('final'));
  assert.deepEqual([found.depositCount, found.exitCount], [7n, 2n]);
  const kept = found.vaults.find(({ owner }) => owner === stayer.owner);
  assert.deepEqual(
    [...(kept?.balances ?? [])],
    [
      [0, 999_900n],
      [1, 1_000_099n],
    ],
  );
  assert.deepEqual([kept?.orderNonceHighest, kept?.withdrawalNonceHighest], [400n, 0n]);
  const left = found.vaults.find(({ owner }) => owner === leaver.owner);
  assert.deepEqual([left?.orderNonceHighest, left?.withdrawalNonceHighest], [400n, 200n]);
  assert.equal(found.vaults.length, 4, 'the pool and the fees are among them');
  for (const { owner, balances, exitDueBlock } of found.vaults) {
    assert.deepEqual({ owner, balances, exitDueBlock }, await venue.layer.vault(owner));
  }
  // Endpoints that override no code are asked word by word.
  const overrides = ({ params }: ProxyCall): boolean => params.length > 2;
  const refusal = { kind: 'rpcError', code: -32_602, message: 'too many arguments' } as const;
  for (const { plan } of venue.world.proxies) {
    plan.add({ method: 'eth_call', when: overrides, fault: refusal });
  }
  assert.deepEqual(await readVaults(question, venue.stands), found);
}

test('has wallets sign what the contract and the exchange hash', async (context) => {
  const venue = await EvmVenue.open(context);
  const { owner } = at(tradersOf(1), 0);
  const withdrawal = {
    owner,
    to: owner,
    shard: SHARD,
    assetId: assetId(1),
    units: amount(500n),
    orderNonce: 200n,
    expiresAtMs: 1_800_000_000_000,
  };
  const typed = withdrawalTypedData(withdrawal, venue.domain);
  const digest = hashTypedData(typed as unknown as Parameters<typeof hashTypedData>[0]);
  assert.equal(digest, bytesToHex(new Signing(venue.domain).withdrawalDigest(withdrawal)));
  const address = venue.deployment.baseLayer;
  const contract = { address, abi: BASE_LAYER_ABI, functionName: 'domainSeparator' } as const;
  const separator = await venue.world.driver.readContract(contract);
  assert.equal(separator, bytesToHex(domainSeparator(venue.domain)));
});
