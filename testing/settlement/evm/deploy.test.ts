// Goal: a deployment ends in the addresses that were predicted, whatever crashes on the way; an
// agreement is registered once, and each way in which the chain is not as the venue expects is told
// by name. Method: a whole engine before an anvil; engines are closed between the steps.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transport } from '@lawbook/chains/endpoints/transport';
import { at } from '@lawbook/exchange/failures/invariant';
import { submitAgreement, upgradeAgreement } from '@lawbook/settlement/baseLayer/evm/agreements';
import { checkAgreement } from '@lawbook/settlement/baseLayer/evm/checkAgreement';
import { deploy, nextChainNonce, predictAddresses } from '@lawbook/settlement/baseLayer/evm/deploy';
import { decodeDeployment, encodeDeployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import type { Address, Hex } from 'viem';
import { numberToHex } from 'viem';
import { pendingCount, worldOf } from '../../chains/anvil/play.ts';
import { until } from '../../chains/anvil/until.ts';
import {
  BASE_EPOCH_BLOCKS,
  deploymentPlan,
  EvmVenue,
  EXIT_BLOCKS,
  KEYS,
  MARKET,
  PARAMETERS,
  REFUSING_VERIFIER,
  SHARD,
  standsOf,
} from './evmVenue.ts';

const PATIENCE_MS = 20_000;

function patience(): AbortSignal {
  return AbortSignal.timeout(PATIENCE_MS);
}

test('deploys where it was predicted, although it ends after every step', async (context) => {
  const world = await worldOf(context, { nodes: 1 });
  const plan = deploymentPlan(world);
  const predicted = predictAddresses(world.signer, 0, { verifiers: 1, tokens: 2 });
  const places = [
    predicted.registry,
    predicted.baseLayer,
    ...predicted.verifiers,
    ...predicted.tokens,
  ];
  let engine = await world.open();
  assert.equal(await nextChainNonce(standsOf(engine), world.signer), 0);
  const hasCode = async (address: Address): Promise<boolean> => {
    return (await world.driver.getCode({ address })) !== undefined;
  };
  for (const address of places.slice(0, 3)) {
    const stop = new AbortController();
    const deploying = deploy(plan, standsOf(engine), stop.signal);
    await until(`code at ${address}`, async () => {
      await world.mine();
      return await hasCode(address);
    });
    stop.abort();
    await deploying.catch(() => undefined);
    await engine.close();
    engine = await world.open();
  }
  world.startMining(60);
  const deployment = await deploy(plan, standsOf(engine), patience());
  assert.deepEqual(await deploy(plan, standsOf(engine), patience()), deployment);
  await world.stopMining();
  assert.deepEqual(
    [deployment.registry, deployment.baseLayer, ...deployment.tokens.map((t) => t.address)],
    [predicted.registry, predicted.baseLayer, ...predicted.tokens],
  );
  assert.equal(await world.minedCount(), places.length, 'nothing is deployed twice');
  assert.deepEqual(decodeDeployment(encodeDeployment(deployment)), deployment);
  const code = await world.driver.getCode({
    address: deployment.registry,
    blockNumber: deployment.deployedAtBlock - 1n,
  });
  assert.equal(code, undefined, 'nothing is there before the first block');

  // A memory that knows nothing finds everything by the code that lies there.
  await engine.close();
  engine = await world.open({ store: { kind: 'memory' }, owner: 'forgetful' });
  assert.deepEqual(await deploy(plan, standsOf(engine), patience()), deployment);
  const other = { ...plan, exitBlocks: EXIT_BLOCKS + 1n };
  await assert.rejects(deploy(other, standsOf(engine), patience()), (fault: Error) => {
    return /exitBlocks 12 and the plan says 13/.test(fault.message);
  });
  const swapped = [{ circuit: 'accepting', creationCode: REFUSING_VERIFIER }];
  const changed = deploy({ ...plan, verifiers: swapped }, standsOf(engine), patience());
  await assert.rejects(changed, { code: 'SETTLEMENT_CONFIG_INVALID' });
});

test('finds what it deployed although its endpoint tells of heads late', async (context) => {
  const world = await worldOf(context, { nodes: 1 });
  // Receipts and counts are those of the newest block; the head is told one block late.
  const transport = (real: Transport): Transport => ({
    name: real.name,
    request: async (call, options) => {
      if (call.method !== 'eth_getBlockByNumber' || call.params[0] !== 'latest') {
        return await real.request(call, options);
      }
      const newest = await real.request({ method: 'eth_blockNumber', params: [] }, options);
      const number = Math.max(0, Number(newest) - 1);
      const params = [numberToHex(number), call.params[1]];
      return await real.request({ ...call, params }, options);
    },
  });
  const engine = await world.open({ wrap: { transport } });
  world.startMining(60);
  const deployment = await deploy(deploymentPlan(world), standsOf(engine), patience());
  await world.stopMining();
  assert.equal(deployment.tokens.length, 2);
});

test('waits for a contract that its endpoint showed a block too early', async (context) => {
  const world = await worldOf(context, { nodes: 1 });
  const plan = deploymentPlan(world);
  // While anvil makes a block, it answers for the parent's hash with what the block does. Here all
  // but the registry are shown that early, once; no block is made until that is acted upon.
  const early = new Set<unknown>();
  let missed = 0;
  const transport = (real: Transport): Transport => ({
    name: real.name,
    request: async (call, options) => {
      const answer = await real.request(call, options);
      if (call.method !== 'eth_getCode' || answer !== '0x') return answer;
      const [address] = call.params;
      if (early.has(address)) missed += 1;
      if (early.has(address)) return answer;
      early.add(address);
      return '0x00';
    },
  });
  const stop = new AbortController();
  const first = await world.open();
  const begun = deploy(plan, standsOf(first), stop.signal);
  begun.catch(() => undefined);
  await until('the registry is sent', async () => (await pendingCount(world)) === 1);
  await world.mine();
  await until('the others are sent', async () => (await pendingCount(world)) === 5);
  stop.abort();
  await begun.catch(() => undefined);
  await first.close();

  // One that remembers nothing takes the code for the contract.
  const forgetful = { store: { kind: 'memory' }, owner: 'forgetful' } as const;
  const engine = await world.open({ ...forgetful, wrap: { transport } });
  const deploying = deploy(plan, standsOf(engine), patience());
  await until('contracts were shown early and missed later', () => early.size === 4 && missed > 0);
  world.startMining(60);
  assert.equal((await deploying).tokens.length, 2);
  await world.stopMining();
  assert.equal(await world.minedCount(), 5, 'nothing is deployed twice');
});

test('refuses faucets beyond the embedded chain, and a busy signer', async (context) => {
  const world = await worldOf(context, { nodes: 1 });
  const engine = await world.open();
  const plan = deploymentPlan(world);
  const elsewhere = deploy({ ...plan, chainId: 1 }, standsOf(engine), patience());
  await assert.rejects(elsewhere, { code: 'SETTLEMENT_CONFIG_INVALID' });
  world.startMining(60);
  await (await engine.lane.submit(world.request('other'))).wait('included');
  await assert.rejects(deploy(plan, standsOf(engine), patience()), (fault: Error) => {
    return /used for something else/.test(fault.message);
  });
  await world.stopMining();
});

test('registers an agreement once and names every difference', async (context) => {
  const venue = await EvmVenue.open(context);
  const sent = await venue.world.minedCount();
  const plan = venue.plan();
  const again = await submitAgreement(plan, venue.actor(), patience());
  assert.deepEqual(again.done, []);
  assert.equal(await venue.world.minedCount(), sent);
  const { reader } = venue.actor();
  const expectation = { plan, keys: KEYS, stringId: 'development' };
  assert.deepEqual(await checkAgreement(expectation, reader), []);

  const namesOf = async (over: Partial<typeof expectation>): Promise<readonly string[]> => {
    const found = await checkAgreement({ ...expectation, ...over }, reader);
    return found.map(({ field }) => field);
  };
  const stranger: Address = `0x${'77'.repeat(20)}`;
  const [asset, ...assets] = plan.assets;
  assert.ok(asset !== undefined);
  const market = { marketId: MARKET, assetIds: [1, 0], epochNumber: 0, batchNumber: 0 };
  assert.deepEqual(await namesOf({ plan: { ...plan, shard: SHARD + 1 } }), ['shard']);
  assert.deepEqual(await namesOf({ plan: { ...plan, operator: stranger } }), ['operator']);
  assert.deepEqual(await namesOf({ stringId: 'ceremony' }), ['keys[0].stringId']);
  assert.deepEqual(await namesOf({ plan: { ...plan, markets: [market] } }), [
    `markets[${MARKET}].columns`,
  ]);
  assert.deepEqual(
    await namesOf({ plan: { ...plan, assets: [{ ...asset, token: stranger }, ...assets] } }),
    ['assets[0].token'],
  );
  assert.deepEqual(
    await namesOf({ plan: { ...plan, assets: [{ ...asset, ledgerDecimals: 5 }, ...assets] } }),
    ['assets[0].unit'],
  );
  assert.deepEqual(await namesOf({ plan: { ...plan, assets: [...plan.assets, asset] } }), [
    'assets[2]',
  ]);
  const parameters = [{ ...at(plan.parameters, 0), commitment: PARAMETERS + 1n }];
  assert.deepEqual(await namesOf({ plan: { ...plan, parameters } }), [
    `parameters[${MARKET}].areActive`,
  ]);
  const code: Hex = REFUSING_VERIFIER;
  const keys = [{ ...at(KEYS, 0), verifierCreationCode: code }];
  assert.deepEqual(await namesOf({ keys }), ['circuits[0].code']);
  const otherKeys = [{ ...at(KEYS, 0), keyHash: 'cd'.repeat(32) }];
  assert.deepEqual(await namesOf({ keys: otherKeys }), ['keys.hash']);
});

test('an upgrade waits for its notice and is submitted once', async (context) => {
  const venue = await EvmVenue.open(context);
  const before = await venue.layer.agreement();
  assert.ok(before?.next === undefined);
  const circuits = venue.plan().circuits.map((circuit) => ({ ...circuit, orders: 32 }));
  const plan = venue.plan({ circuits });
  const refused = submitAgreement(plan, venue.actor(), patience());
  await assert.rejects(refused, (fault: Error) => /circuits\[0\]\.orders/.test(fault.message));
  venue.startMining();
  const report = await upgradeAgreement(plan, venue.actor(), patience());
  assert.deepEqual(report.done, ['agreement']);
  assert.deepEqual((await upgradeAgreement(plan, venue.actor(), patience())).done, []);
  assert.deepEqual((await submitAgreement(plan, venue.actor(), patience())).done, []);
  await venue.stopMining();
  const waiting = await venue.layer.agreement();
  assert.equal(waiting?.agreementId, before?.agreementId);
  assert.equal(waiting?.next?.activeFrom, report.activeFrom);
  await venue.world.mine(Number(2n * EXIT_BLOCKS + 2n * BASE_EPOCH_BLOCKS));
  await venue.catchUp();
  const after = await venue.layer.agreement();
  assert.equal(after?.agreementId, waiting?.next?.agreementId);
  assert.equal(after?.circuits[0]?.orders, 32);
  // The first terms may come back: that is another act than the first time.
  venue.startMining();
  const back = await upgradeAgreement(venue.plan(), venue.actor(), patience());
  await venue.stopMining();
  assert.deepEqual(back.done, ['agreement']);
});
