// Goal: what alice trades becomes final on the base layer, with a proof that anybody can check, and
// she gets her money out, with the operator and without. Method: a venue as a process of its own
// with a chain of its own; the command line verifies what the venue hands out.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { developmentAccount } from '@lawbook/analytics/demoWorld';
import type { AccountView } from '@lawbook/api/schema/accountViews';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { decodeBundle, encodeBundle } from '@lawbook/exchange/bundle';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import { accountId } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { SettlementTransaction } from '@lawbook/proofs/statements/epoch/settlementAttachment';
import {
  decodeSettlementAttachment,
  encodeSettlementAttachment,
  SETTLEMENT_ATTACHMENT,
} from '@lawbook/proofs/statements/epoch/settlementAttachment';
import {
  claimTokens,
  completeExit,
  expectDone,
  pendingTokens,
  requestExit,
} from '@lawbook/settlement/baseLayer/evm/owner';
import type { Hex } from 'viem';
import type { ChainPlace } from '../../../packages/cli/src/chain/chainFlags.ts';
import { withOwner } from '../../../packages/cli/src/chain/withOwner.ts';
import { runCli } from '../../../packages/cli/src/fixtures/runCli.ts';
import { assertAgreement, deploymentIn, readWorld } from './settledWorld.ts';
import type { SettlingVenue } from './settlingVenue.ts';
import { Nursery, PATIENCE_MS } from './settlingVenue.ts';

const nursery = new Nursery();
before(() => nursery.prepare());
after(() => nursery.close());

test('an order of alice is final on the base layer, with a proof that verifies', async () => {
  const venue = await nursery.venue();
  const epoch = await venue.tradeAnEpoch('alice');
  await venue.reaches('finalized', epoch);
  const told = await venue.client().readBaseLayerTransaction('1', epoch);
  assert.ok(told.ok && told.value.state === 'finalized');
  const bytes = await venue.client().readBundle('1', epoch);
  assert.ok(bytes.ok);
  const bundle = decodeBundle(bytes.value);
  assert.deepEqual(
    bundle.attachments.map(({ name }) => name),
    [SETTLEMENT_ATTACHMENT],
  );
  const file = join(nursery.folder, 'epoch.bin');
  writeFileSync(file, bytes.value);
  const rpcUrl = (await venue.status()).layer?.rpcUrl ?? '';
  const verified = await runCli(['verify', file, '--rpc', rpcUrl, '--json']);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  const { contract: address, chainId } = (await venue.status()).layer ?? assert.fail('a layer');
  for (const later of [0n, 1n]) {
    const transaction = {
      chainId: BigInt(chainId),
      contract: accountId(address),
      transactionHash: told.value.transaction as Hash,
      blockNumber: BigInt(told.value.blockNumber ?? 0) + later,
    };
    writeFileSync(file, encodeBundle(withTransaction(bundle, transaction)));
    const { code, stdout } = await runCli(['verify', file, '--rpc', rpcUrl, '--json']);
    assert.equal(code, Number(later), stdout);
    const { proof } = JSON.parse(stdout) as { proof: { chain: ChainFinding[] } };
    const broken = proof.chain.filter(({ kind }) => kind === 'fails').map(({ name }) => name);
    assert.deepEqual(broken, later === 0n ? [] : ['it was settled in the named block']);
  }
  await assertAgreement(venue);
  const settings = ['--set', 'settlement.mode=embedded', '--json'];
  const replayed = await runCli(['replay', '--data-dir', venue.dataDir, ...settings]);
  assert.equal(replayed.code, 0, replayed.stdout + replayed.stderr);
});

interface ChainFinding {
  readonly name: string;
  readonly kind: string;
}

/** The bundle with the transaction that is said to have settled it. */
function withTransaction(bundle: EpochBundle, transaction: SettlementTransaction): EpochBundle {
  const attachments = bundle.attachments.map(({ name, bytes }) => {
    const attachment = decodeSettlementAttachment(bytes);
    return { name, bytes: encodeSettlementAttachment({ ...attachment, transaction }) };
  });
  return { ...bundle, attachments };
}

/** Where the contracts are, for people who act there themselves. */
async function placeOf(venue: SettlingVenue): Promise<ChainPlace> {
  const rpcUrl = (await venue.status()).layer?.rpcUrl ?? '';
  return { rpcUrl, deployment: deploymentIn(venue.dataDir), shard: 1 };
}

test('a withdrawal leaves with its epoch and waits for its owner at the contract', async () => {
  const venue = await nursery.venue();
  const owner = developmentAccount('bob').account;
  const requested = await venue.client('bob').requestWithdrawal({
    owner,
    to: owner,
    shard: 1,
    assetId: assetId(0),
    units: amount(5_000_000n),
    orderNonce: BigInt(Date.now()),
    expiresAtMs: Date.now() + 3_600_000,
  });
  assert.ok(requested.ok, JSON.stringify(requested));
  await venue.reaches('settled', await venue.tradeAnEpoch('bob'));
  const place = await placeOf(venue);
  const token = at(place.deployment.tokens, 0).address;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const { secretKey } = developmentAccount('bob');
  const pending = await withOwner({ place, account: owner, secretKey, signal }, async (stands) => {
    const wish = { token, account: owner as Hex };
    const before = await pendingTokens(wish, stands);
    expectDone(await claimTokens({ ...wish, key: 'claim' }, stands));
    return { before, after: await pendingTokens(wish, stands) };
  });
  assert.deepEqual(pending, { before: 5_000_000n, after: 0n });
  await assertAgreement(venue);
});

test('an owner leaves without the operator, and the ledger follows', async () => {
  const venue = await nursery.venue();
  const { account, secretKey } = developmentAccount('charlie');
  await venue.reaches('finalized', await venue.tradeAnEpoch('charlie'));
  const place = await placeOf(venue);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const owner = account as Hex;
  await withOwner({ place, account, secretKey, signal }, async (stands) => {
    expectDone(await requestExit({ key: 'request', owner }, stands));
  });
  await venue.until('the venue takes no order of who leaves', async () => {
    const placed = await venue.order('charlie');
    return !placed.ok || placed.value.kind === 'accepted'
      ? false
      : placed.value.rejection.code === 'ownerIsExiting';
  });
  // What was accepted before has ten minutes to settle; the blocks of those come at once here.
  await venue.until('nothing of the owner is unsettled', async () => {
    const [sealed, { lag }] = [await venue.sealed(), await venue.status()];
    const open = await venue.client().listOrders({ owner: account, open: true });
    const batches = await venue.client().listBatches('1', { limit: 1 });
    if (!open.ok || !batches.ok || open.value.orders.length > 0) return false;
    const inEpoch = batches.value.batches.every(({ epochNumber }) => epochNumber <= sealed);
    return inEpoch && lag?.unsettled === 0 && Number(lag.settled) === sealed;
  });
  // In steps that a tracker can follow.
  for (let step = 0; step < 7; step += 1) {
    await venue.chain('anvil_mine', '0x64');
    await venue.until('the venue has seen the blocks', async () => {
      const head = /block (\d+)/.exec((await venue.status()).detail)?.[1];
      return Number(head) >= (await venue.chainHeight()) - 2;
    });
  }
  await withOwner({ place, account, secretKey, signal }, async (stands) => {
    const assetIds = place.deployment.tokens.map((_, asset) => asset);
    expectDone(await completeExit({ key: 'complete', owner, assetIds }, stands));
  });
  await venue.until('the ledger has followed', async () => {
    const { balances } = (await readWorld(venue)).snapshot.vaults.find((vault) => {
      return vault.owner === account;
    }) ?? { balances: new Map() };
    const ledger = await venue.client().readAccount(account);
    return balances.size === 0 && ledger.ok && isEmpty(ledger.value);
  });
  await venue.reaches('finalized', await venue.tradeAnEpoch('alice'));
  await assertAgreement(venue);
});

/** Whether the newest balances of an account are all zero, but for the play money of the books. */
function isEmpty({ levels }: AccountView): boolean {
  const executed = levels.find(({ level }) => level === 'executed');
  const isLeft = ({ symbol, total }: { readonly symbol: string; readonly total: string }) =>
    !symbol.startsWith('PLAY') && Number(total) !== 0;
  return executed?.balances !== undefined && !executed.balances.some(isLeft);
}
