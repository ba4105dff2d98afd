// Goal: a deployment ends in the addresses that were predicted, whatever crashes on the way; an
// agreement is registered once, each way in which the chain is not as the venue expects is told by
// name, and upgrades wait. Method: the committed contracts on a simulated chain, a whole engine.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Address } from 'viem';
import {
  ACCEPTING_VERIFIER,
  AGREEMENT_FEE,
  agreementPlan,
  BASE_EPOCH_BLOCKS,
  EXIT_BLOCKS,
  KEYS,
  MARKET,
  PARAMETERS,
  REFUSING_VERIFIER,
  SHARD,
} from '../../../../../testing/settlement/evm/evmVenue.ts';
import {
  BENEFACTOR,
  CHAIN_ID,
  FEE_RECIPIENT,
  GUARDIAN,
  MachineVenue,
  MachineWorld,
  OPERATOR,
} from '../../../../../testing/settlement/machineVenue.ts';
import type { AgreedCircuit } from '../domainAgreement.ts';
import type { AgreementReport } from './agreements.ts';
import { submitAgreement, upgradeAgreement } from './agreements.ts';
import type { AgreementExpectation } from './checkAgreement.ts';
import { checkAgreement, hashVerifyingKeys } from './checkAgreement.ts';
import type { DeploymentPlan } from './deploy.ts';
import { deploy, nextChainNonce, predictAddresses } from './deploy.ts';
import type { Deployment } from './deployment.ts';
import { deployVerifier } from './deployVerifier.ts';
import { dripTokens, tokenBalance } from './faucet.ts';

const NEVER = new AbortController().signal;
const FINALITY = { kind: 'confirmations', blocks: 3 } as const;
const STRANGER: Address = `0x${'77'.repeat(20)}`;

const PLAN: DeploymentPlan = {
  chainId: CHAIN_ID,
  deployer: OPERATOR,
  firstChainNonce: 0,
  baseEpochBlocks: BASE_EPOCH_BLOCKS,
  exitBlocks: EXIT_BLOCKS,
  agreementFee: AGREEMENT_FEE,
  feeRecipient: FEE_RECIPIENT,
  guardian: GUARDIAN,
  verifiers: [{ circuit: 'accepting', creationCode: ACCEPTING_VERIFIER }],
  tokens: [6, 18].map((decimals, k) => ({ name: `Token ${k}`, symbol: `TST${k}`, decimals })),
  finality: FINALITY,
};

async function bareWorld(): Promise<MachineWorld> {
  const world = await MachineWorld.open();
  await world.openLane(OPERATOR);
  return world;
}

function deployIn(world: MachineWorld, plan: Partial<DeploymentPlan> = {}): Promise<Deployment> {
  return world.mining(() => deploy({ ...PLAN, ...plan }, world.stands, NEVER));
}

function countOf(world: MachineWorld): number {
  return world.chain.accountAt(world.chain.head(), OPERATOR).count;
}

test('deploys where it was predicted, once, although it is given up after every step', async () => {
  const world = await bareWorld();
  assert.equal(await world.during(nextChainNonce(world.stands, OPERATOR)), 0);
  const predicted = predictAddresses(OPERATOR, 0, { verifiers: 1, tokens: 2 });
  for (let step = 0; step < 3; step += 1) {
    const stop = new AbortController();
    const given = deploy(PLAN, world.stands, stop.signal).catch((fault: unknown) => fault);
    await world.mine();
    stop.abort();
    await world.during(given);
  }
  const deployment = await deployIn(world);
  assert.deepEqual(
    [deployment.registry, deployment.baseLayer, at(deployment.verifiers, 0).address],
    [predicted.registry, predicted.baseLayer, predicted.verifiers[0]],
  );
  assert.deepEqual(
    deployment.tokens,
    [6, 18].map((decimals, k) => {
      return { symbol: `TST${k}`, decimals, address: predicted.tokens[k] };
    }),
  );
  assert.equal(countOf(world), 5, 'nothing is deployed twice');
  assert.deepEqual(await deployIn(world), deployment);
  assert.equal(countOf(world), 5);
  assert.equal(await world.during(nextChainNonce(world.stands, OPERATOR)), 5);
  assert.ok(deployment.deployedAtBlock > 1080n);
  assert.ok(deployment.deployedAtBlock <= BigInt(world.chain.head().number));
  await world.close();
});

test('names what the deployed contracts have otherwise than the plan', async () => {
  const venue = await MachineVenue.open();
  const { world } = venue;
  const tokens = [0, 1].map((k) => {
    return { name: `Test token ${k}`, symbol: `TST${k}`, decimals: [6, 18][k] ?? 0 };
  });
  const plan = { ...PLAN, tokens };
  assert.deepEqual(await deployIn(world, plan), venue.deployment);
  const others: readonly (readonly [string, Partial<DeploymentPlan>])[] = [
    ['baseEpochBlocks', { baseEpochBlocks: BASE_EPOCH_BLOCKS + 1n }],
    ['exitBlocks', { exitBlocks: EXIT_BLOCKS + 1n }],
    ['agreementFee', { agreementFee: AGREEMENT_FEE + 1n }],
    ['feeRecipient', { feeRecipient: STRANGER }],
    ['guardian', { guardian: STRANGER }],
  ];
  for (const [part, change] of others) {
    await assert.rejects(deployIn(world, { ...plan, ...change }), (fault: Error) => {
      assert.match(fault.message, new RegExp(part));
      return 'code' in fault && fault.code === 'SETTLEMENT_CONFIG_INVALID';
    });
  }
  const verifiers = [{ circuit: 'accepting', creationCode: REFUSING_VERIFIER }];
  await assert.rejects(deployIn(world, { ...plan, verifiers }), /other|not what the plan makes/);
  await world.close();
});

test('refuses faucets beyond the embedded chain, and a signer with another use', async () => {
  const world = await bareWorld();
  await assert.rejects(deployIn(world, { chainId: 1 }), { code: 'SETTLEMENT_CONFIG_INVALID' });
  world.send(OPERATOR, STRANGER, '0x');
  await world.mine();
  await assert.rejects(deployIn(world), { code: 'SETTLEMENT_CONFIG_INVALID' });
  const again = await deployIn(world, { firstChainNonce: countOf(world), tokens: [] });
  assert.deepEqual(again.tokens, []);
  await world.close();
});

test('a contract that vanishes after it was made is waited for, then told', async () => {
  const world = await bareWorld();
  await deployIn(world);
  const { baseLayer } = predictAddresses(OPERATOR, 0, { verifiers: 1, tokens: 2 });
  let looks = 0;
  world.node.answerInstead = (method, [address]) => {
    if (method !== 'eth_getCode' || address !== baseLayer) return undefined;
    looks += 1;
    return looks < 3 ? { result: '0x' } : undefined;
  };
  assert.equal((await deployIn(world)).baseLayer, baseLayer);
  assert.ok(looks >= 3);
  world.node.answerInstead = (method, [address]) =>
    method === 'eth_getCode' && address === baseLayer ? { result: '0x' } : undefined;
  await assert.rejects(deployIn(world), { code: 'SETTLEMENT_CONFIG_INVALID' });
  await world.close();
});

test('registers an agreement once, step by step, and says from when it holds', async () => {
  const world = await bareWorld();
  const deployment = await deployIn(world);
  const plan = agreementPlan(deployment, OPERATOR);
  const submit = (): Promise<AgreementReport> => {
    return world.mining(() => submitAgreement(plan, world.actor(OPERATOR, FINALITY), NEVER));
  };
  const report = await submit();
  assert.deepEqual(report.done, [
    'agreement',
    'assets[0]',
    'assets[1]',
    `markets[${MARKET}]`,
    `parameters[${MARKET}]`,
  ]);
  assert.equal(report.activeFrom, report.baseEpoch + 1n);
  const count = countOf(world);
  const again = await submit();
  assert.deepEqual([again.done, again.activeFrom], [[], report.activeFrom]);
  assert.equal(countOf(world), count);
  const expectation = { plan, keys: KEYS, stringId: 'development' };
  const reader = world.actor(OPERATOR, FINALITY).reader;
  await world.mine(Number(2n * BASE_EPOCH_BLOCKS));
  assert.deepEqual(await world.during(checkAgreement(expectation, reader)), []);
  // A process that remembers nothing finds it all on the chain.
  const more = { ...at(plan.parameters, 0), commitment: PARAMETERS + 1n };
  const wider = { ...plan, parameters: [...plan.parameters, more] };
  const later = await world.mining(() =>
    submitAgreement(wider, world.actor(OPERATOR, FINALITY), NEVER),
  );
  assert.deepEqual(later.done, [`parameters[${MARKET}]`]);
  assert.ok(later.activeFrom > later.baseEpoch + EXIT_BLOCKS / BASE_EPOCH_BLOCKS, 'after notice');
  await world.close();
});

test('terms, assets and markets that differ are refused before anything is sent', async () => {
  const venue = await MachineVenue.open();
  const { world } = venue;
  const plan = venue.plan();
  const count = countOf(world);
  const refuses = async (change: Partial<typeof plan>, field: RegExp): Promise<void> => {
    const submitting = world.mining(() =>
      submitAgreement({ ...plan, ...change }, world.actor(OPERATOR, FINALITY), NEVER),
    );
    await assert.rejects(submitting, (fault: Error) => {
      assert.match(fault.message, field);
      return 'code' in fault && fault.code === 'SETTLEMENT_CONFIG_INVALID';
    });
  };
  const circuits = plan.circuits.map((circuit) => ({ ...circuit, orders: 32 }));
  await refuses({ circuits }, /circuits\[0\]\.orders/);
  await refuses({ operator: STRANGER }, /operator/);
  await refuses({ assets: [at(plan.assets, 1)] }, /assets\[0\]\.token/);
  const market = { marketId: MARKET, assetIds: [1, 0], epochNumber: 0, batchNumber: 0 };
  await refuses({ markets: [market] }, /columns/);
  assert.equal(countOf(world), count);
  await world.close();
});

test('names every difference between the chain and what the venue expects', async () => {
  const venue = await MachineVenue.open();
  const { world, reader } = venue;
  const plan = venue.plan();
  const expectation: AgreementExpectation = { plan, keys: KEYS, stringId: 'development' };
  const fields = async (over: Partial<AgreementExpectation>): Promise<readonly string[]> => {
    const found = await world.during(checkAgreement({ ...expectation, ...over }, reader));
    return found.map(({ field }) => field);
  };
  const planned = (over: Partial<typeof plan>): Promise<readonly string[]> =>
    fields({ plan: { ...plan, ...over } });
  const [asset, ...assets] = plan.assets;
  const [circuit] = plan.circuits;
  const [market] = plan.markets;
  assert.ok(asset !== undefined && circuit !== undefined && market !== undefined);
  assert.deepEqual(await fields({}), []);
  assert.deepEqual(await planned({ shard: SHARD + 1 }), ['shard']);
  assert.deepEqual(await planned({ operator: STRANGER }), ['operator']);
  assert.deepEqual(await planned({ operator: OPERATOR.toUpperCase() as Address }), []);
  for (const name of ['batches', 'orders', 'vaults', 'assetWords'] as const) {
    const larger: AgreedCircuit = { ...circuit, [name]: circuit[name] + 1 };
    assert.deepEqual(await planned({ circuits: [larger] }), [`circuits[0].${name}`]);
  }
  const two = await planned({ circuits: [circuit, circuit] });
  assert.deepEqual(two, ['circuits.length']);
  assert.deepEqual(await fields({ stringId: 'ceremony' }), ['keys[0].stringId']);
  assert.deepEqual(await planned({ markets: [{ ...market, assetIds: [1, 0] }] }), [
    `markets[${MARKET}].columns`,
  ]);
  assert.deepEqual(await planned({ markets: [{ ...market, epochNumber: 1 }] }), [
    `markets[${MARKET}].epochNumber`,
  ]);
  assert.deepEqual(await planned({ markets: [{ ...market, batchNumber: 1 }] }), [
    `markets[${MARKET}].batchNumber`,
  ]);
  assert.deepEqual(await planned({ markets: [market, { ...market, marketId: 9 }] }), [
    'markets[9]',
  ]);
  assert.deepEqual(await planned({ assets: [{ ...asset, token: STRANGER }, ...assets] }), [
    'assets[0].token',
  ]);
  assert.deepEqual(await planned({ assets: [{ ...asset, ledgerDecimals: 5 }, ...assets] }), [
    'assets[0].unit',
  ]);
  assert.deepEqual(await planned({ assets: [...plan.assets, asset, asset] }), [
    'assets[2]',
    'assets[3]',
  ]);
  const parameters = [{ ...at(plan.parameters, 0), commitment: PARAMETERS + 1n }];
  assert.deepEqual(await planned({ parameters }), [`parameters[${MARKET}].areActive`]);
  const key = at(KEYS, 0);
  assert.deepEqual(await fields({ keys: [{ ...key, verifierCreationCode: REFUSING_VERIFIER }] }), [
    'circuits[0].code',
  ]);
  assert.deepEqual(await fields({ keys: [{ ...key, verifierCreationCode: undefined }] }), []);
  assert.deepEqual(await fields({ keys: [{ ...key, keyHash: 'cd'.repeat(32) }] }), ['keys.hash']);
  await world.close();
});

test('the hash of verifying keys tells their circuits, versions, strings and order', () => {
  const key = at(KEYS, 0);
  const other = { ...key, circuit: 'other' };
  const hashes = [
    [key],
    [other],
    [{ ...key, circuitVersion: 2 }],
    [{ ...key, stringId: 'ceremony' }],
    [{ ...key, keyHash: 'cd'.repeat(32) }],
    [key, other],
    [other, key],
    [],
  ].map(hashVerifyingKeys);
  assert.equal(new Set(hashes).size, hashes.length);
  assert.equal(hashVerifyingKeys([{ ...key, keyHash: key.keyHash.toUpperCase() }]), hashes[0]);
});

test('an upgrade waits for its notice, is submitted once, and may come back', async () => {
  const venue = await MachineVenue.open();
  const { world, layer } = venue;
  const before = await world.during(layer.agreement());
  const circuits = venue.plan().circuits.map((circuit) => ({ ...circuit, orders: 32 }));
  const plan = venue.plan({ circuits });
  const upgrade = (wish: typeof plan): Promise<AgreementReport> =>
    world.mining(() => upgradeAgreement(wish, world.actor(OPERATOR, FINALITY), NEVER));
  await assert.rejects(upgrade({ ...plan, shard: SHARD + 1 }), {
    code: 'SETTLEMENT_CONFIG_INVALID',
  });
  assert.deepEqual((await upgrade(venue.plan())).done, [], 'the present terms need no upgrade');
  const report = await upgrade(plan);
  assert.deepEqual(report.done, ['agreement']);
  assert.deepEqual((await upgrade(plan)).done, []);
  const submitted = await world.mining(() =>
    submitAgreement(plan, world.actor(OPERATOR, FINALITY), NEVER),
  );
  assert.deepEqual([submitted.done, submitted.activeFrom], [[], report.activeFrom]);
  const waiting = await world.during(layer.agreement());
  assert.equal(waiting?.agreementId, before?.agreementId);
  assert.equal(waiting?.next?.activeFrom, report.activeFrom);
  await world.mine(Number(2n * EXIT_BLOCKS + BASE_EPOCH_BLOCKS));
  const after = await world.during(layer.agreement());
  assert.equal(after?.agreementId, waiting?.next?.agreementId);
  assert.deepEqual([after?.circuits[0]?.orders, after?.next], [32, undefined]);
  assert.deepEqual((await upgrade(venue.plan())).done, ['agreement']);
  await world.close();
});

test('a verifier is deployed once for its key, a faucet gives once for its name', async () => {
  const venue = await MachineVenue.open();
  const { world } = venue;
  const actor = world.actor(OPERATOR, FINALITY);
  const plan = { circuit: 'new', keyHash: 'ef'.repeat(32), creationCode: ACCEPTING_VERIFIER };
  const made = await world.mining(() => deployVerifier(plan, actor, NEVER));
  const again = await world.mining(() => deployVerifier(plan, actor, NEVER));
  assert.equal(again, made);
  const code = await world.during(actor.reader.atHead((block) => actor.reader.codeAt(made, block)));
  assert.notEqual(code, '0x');
  const token = at(venue.deployment.tokens, 0).address;
  const wish = { key: 'gift:1', token, account: BENEFACTOR, tokenUnits: 5n };
  for (const key of ['gift:1', 'gift:1', 'gift:2']) {
    const gift = await world.mining(() => dripTokens({ ...wish, key }, { actor, signal: NEVER }));
    assert.equal(gift.kind, 'done');
  }
  assert.equal(await world.during(tokenBalance(wish, { actor })), 10n);
  await world.close();
});
