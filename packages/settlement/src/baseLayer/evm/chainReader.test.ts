// Goal: what is read together is of one block, again at a newer one when the chain moved; waits for
// blocks end by their signal; and every failure of the engine is told in the words of settlement.
// Method: a simulated chain, a node that answers otherwise, blocks that the test makes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChainFault } from '@lawbook/chains/chainFault';
import { RpcError } from '@lawbook/chains/endpoints/transport';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Address, Hex } from 'viem';
import { numberToHex } from 'viem';
import { BASE_LAYER_ABI } from '../../../../../contracts/generated/baseLayerAbi.ts';
import { SHARD } from '../../../../../testing/settlement/evm/evmVenue.ts';
import {
  BENEFACTOR,
  MachineVenue,
  OPERATOR,
} from '../../../../../testing/settlement/machineVenue.ts';
import { SettlementFault } from '../../settlementFault.ts';
import { submitAgreement } from './agreements.ts';
import { ChainReader, settlementFaultOf } from './chainReader.ts';

const NEVER = new AbortController().signal;

function codeOf(fault: unknown): unknown {
  return fault instanceof SettlementFault ? fault.code : undefined;
}

test('a wait for the next block ends with it, with its signal and with the engine', async () => {
  const { world, reader } = await MachineVenue.open();
  const head = await world.during(reader.head());
  const next = reader.nextHead(head, NEVER);
  await world.mine();
  await next;
  await world.during(reader.nextHead(head, NEVER));
  const ending = new AbortController();
  const present = await world.during(reader.head());
  const waiting = reader.nextHead(present, ending.signal);
  waiting.catch(() => undefined);
  await world.clock.runFor(5000);
  ending.abort();
  await assert.rejects(world.during(waiting), { code: 'SETTLEMENT_UNCERTAIN' });
  const left = reader.nextHead(present, NEVER);
  left.catch(() => undefined);
  await world.close();
  await assert.rejects(left, { code: 'SETTLEMENT_CLOSED' });
});

test('whoever was told of a block reads no older one', async () => {
  const { world, reader } = await MachineVenue.open();
  const { number } = await world.during(reader.head());
  await world.during(reader.reach(number, NEVER));
  assert.equal(await world.during(reader.lookAgain()), false);
  await world.block();
  assert.equal(world.tracker.head()?.number, number);
  await world.during(reader.reach(number + 1n, NEVER));
  assert.equal(world.tracker.head()?.number, number + 1n);
  await world.block();
  assert.equal(await world.during(reader.lookAgain()), true);
  const far = reader.reach(number + 5n, NEVER);
  await world.mine(3);
  await far;
  assert.equal(world.tracker.head()?.number, number + 5n);
  const ending = new AbortController();
  const beyond = reader.reach(number + 50n, ending.signal);
  beyond.catch(() => undefined);
  await world.clock.runFor(3000);
  ending.abort();
  await assert.rejects(world.during(beyond), { code: 'SETTLEMENT_UNCERTAIN' });
  await world.close();
});

test('reads are made again at a newer head when their block is gone', async () => {
  const { world, reader } = await MachineVenue.open();
  const gone = { error: { code: -32_000, message: 'header not found' } };
  const blocks: bigint[] = [];
  world.node.answerInstead = (method) => {
    if (method !== 'eth_getCode' || blocks.length > 1) return undefined;
    void world.block();
    return gone;
  };
  const read = reader.atHead(async (block) => {
    blocks.push(block.number);
    return await reader.codeAt(OPERATOR, block);
  });
  assert.equal(await world.during(read), '0x');
  assert.equal(blocks.length, 2);
  assert.ok(at(blocks, 1) > at(blocks, 0));
  let tries = 0;
  world.node.answerInstead = (method) => (method === 'eth_getCode' ? gone : undefined);
  const never = reader.atHead(async (block) => {
    tries += 1;
    return await reader.codeAt(OPERATOR, block);
  });
  await assert.rejects(world.during(never), { code: 'SETTLEMENT_UNAVAILABLE' });
  assert.equal(tries, 3);
  await world.close();
});

test('answers that cannot be read are no answers', async () => {
  const { world, reader, deployment } = await MachineVenue.open();
  const block = await world.during(reader.head());
  world.node.answerInstead = (method) => (method === 'eth_getCode' ? { result: 5 } : undefined);
  await assert.rejects(world.during(reader.codeAt(deployment.registry, block)), {
    code: 'SETTLEMENT_UNAVAILABLE',
  });
  world.node.answerInstead = () => undefined;
  const view = (address: Address): Promise<unknown> =>
    world.during(
      reader.view(
        { address, abi: BASE_LAYER_ABI, functionName: 'listChains', args: [SHARD] },
        block,
      ),
    );
  assert.deepEqual(await view(deployment.baseLayer), [0n, `0x${'00'.repeat(32)}`]);
  for (const address of [OPERATOR, deployment.registry]) {
    await assert.rejects(view(address), { code: 'SETTLEMENT_CONFIG_INVALID' });
  }
  await world.close();
});

test('gas that no endpoint tells is not known', async () => {
  const { world, reader, deployment } = await MachineVenue.open();
  const block = await world.during(reader.head());
  const plain = { from: OPERATOR, to: BENEFACTOR, amount: 1n, callData: '0x' as Hex };
  assert.ok(((await world.during(reader.gasOf(plain, block))) ?? 0n) >= 21_000n);
  const reverting = { ...plain, to: deployment.registry };
  assert.equal(await world.during(reader.gasOf(reverting, block)), undefined);
  const error = { code: -32_601, message: 'the method does not exist/is not available' };
  world.node.answerInstead = (method) => (method === 'eth_estimateGas' ? { error } : undefined);
  assert.equal(await world.during(reader.gasOf(plain, block)), undefined);
  await world.close();
});

test('more words than a call reads come in the order of their slots', async () => {
  const { world, reader, deployment } = await MachineVenue.open();
  const block = await world.during(reader.head());
  const slotsFrom = (first: number, count: number): Hex[] =>
    Array.from({ length: count }, (_, k) => numberToHex(first + k, { size: 32 }));
  const low = await world.during(reader.wordsAt(deployment.registry, slotsFrom(0, 16), block));
  const used = low.findIndex((word) => word !== 0n);
  assert.ok(used >= 0, 'the contract keeps something');
  // Slots that hold nothing, and that one in each of two calls.
  const slots = slotsFrom(10_000, 1500);
  for (const place of [3, 1400]) slots[place] = numberToHex(used, { size: 32 });
  const words = await world.during(reader.wordsAt(deployment.registry, slots, block));
  assert.equal(words.length, 1500);
  const found = words.flatMap((word, k) => (word === low[used] ? [k] : []));
  assert.deepEqual(found, [3, 1400]);
  await world.close();
});

test('a final block is the one that the rule of finality says, or none yet', async () => {
  const { world } = await MachineVenue.open();
  await world.mine(3);
  const head = BigInt(world.chain.head().number);
  const finalBy = (finality: ConstructorParameters<typeof ChainReader>[1]): Promise<unknown> => {
    const reader = new ChainReader(world.stands, finality);
    return world.during(reader.atFinal(async ({ number }) => number));
  };
  assert.equal(await finalBy({ kind: 'confirmations', blocks: 1 }), head);
  assert.equal(await finalBy({ kind: 'confirmations', blocks: 3 }), head - 2n);
  assert.equal(await finalBy({ kind: 'safe' }), head - 2n);
  assert.equal(await finalBy({ kind: 'finalized' }), head - 6n);
  assert.equal(await finalBy({ kind: 'confirmations', blocks: Number(head) + 2 }), undefined);
  await world.close();
});

test('faults of the engine are told in the words of settlement', () => {
  const away = new ChainFault('CHAIN_ENDPOINTS_UNAVAILABLE', 'No endpoint answers.');
  const closed = new ChainFault('CHAIN_CLOSED', 'Closed.');
  const wrong = new ChainFault('CHAIN_CONFIG_INVALID', 'No such signer.');
  const words = new RpcError('eth_call', { code: -32_000, message: 'no' });
  assert.deepEqual([away, words, closed, wrong].map(settlementFaultOf).map(codeOf), [
    'SETTLEMENT_UNAVAILABLE',
    'SETTLEMENT_UNAVAILABLE',
    'SETTLEMENT_CLOSED',
    'SETTLEMENT_CONFIG_INVALID',
  ]);
  const told = settlementFaultOf(away);
  assert.ok(told instanceof SettlementFault);
  assert.deepEqual([told.fields['chain'], told.cause], [away.code, away]);
  const own = new SettlementFault('SETTLEMENT_UNCERTAIN', 'Nobody knows.');
  const bug = new TypeError('a bug');
  for (const other of [own, bug, 'text']) assert.equal(settlementFaultOf(other), other);
});

test('a registration that the registry refuses is told by its step and its rule', async () => {
  const venue = await MachineVenue.open();
  const { world, finality } = venue;
  await world.openLane(BENEFACTOR, 'stranger');
  const actor = world.actor(BENEFACTOR, finality);
  const plan = venue.plan();
  const more = { ...at(plan.parameters, 0), commitment: 5n };
  const asset = { ...at(plan.assets, 0), ledgerDecimals: 3 };
  const others = [{ parameters: [more] }, { assets: [...plan.assets, asset] }];
  for (const change of others) {
    const submitting = world.mining(() => submitAgreement({ ...plan, ...change }, actor, NEVER));
    await assert.rejects(submitting, (fault) => {
      assert.equal(codeOf(fault), 'SETTLEMENT_REFUSED');
      assert.equal((fault as SettlementFault).fields['rule'], 'CallerIsNotOperator');
      return true;
    });
  }
  await world.close();
});
