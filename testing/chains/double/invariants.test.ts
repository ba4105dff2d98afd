// Goal: the watch finds each kind of broken promise; a lab that cannot fail proves nothing.
// Method: naive senders with the known defects of real ones play on the simulated chain, and
// records are forged, one promise at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transport } from '@lawbook/chains/endpoints/transport';
import type { IntentLife, IntentRequest } from '@lawbook/chains/intents/intent';
import { newLife } from '@lawbook/chains/intents/lifeSteps';
import { MemoryStore } from '@lawbook/chains/stores/memoryStore';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Ending, InvariantName } from './invariants.ts';
import { InvariantWatch } from './invariants.ts';
import { callFor } from './keyedCalls.ts';
import type { PaperTransaction } from './paperSigner.ts';
import { paperAddress, writePaper } from './paperSigner.ts';
import { WorldDouble } from './worldDouble.ts';

const GWEI = 1_000_000_000n;

function newWorld(seed: number): WorldDouble {
  return new WorldDouble(seed, { nodes: 1 }, (clock) => new MemoryStore(clock));
}

function request(key: string, change: Partial<IntentRequest> = {}): IntentRequest {
  return {
    key,
    to: paperAddress('target'),
    amount: 10n,
    callData: callFor(key),
    gasLimit: 60_000n,
    urgency: 'patient',
    deadlineMs: 0,
    finality: { kind: 'safe' },
    feeCap: 10n ** 17n,
    route: 'public',
    privateForMs: undefined,
    expects: [],
    after: undefined,
    principal: 'treasury',
    ...change,
  };
}

function paper(world: WorldDouble, key: string, chainNonce: number): PaperTransaction {
  return writePaper(world.signer, {
    chainId: 31_337,
    chainNonce,
    to: paperAddress('target'),
    amount: 10n,
    callData: callFor(key),
    gasLimit: 60_000n,
    maxFeePerGas: 60n * GWEI,
    maxPriorityFeePerGas: 2n * GWEI,
  });
}

function ending(change: Partial<Ending>): Ending {
  const nothing = { intents: [], alerts: [], errors: [], texts: [], budgets: [], deaths: 0 };
  return { ...nothing, isForgiven: () => false, ...change };
}

async function found(watch: InvariantWatch, change: Partial<Ending>): Promise<Set<InvariantName>> {
  const report = await watch.finish(ending(change));
  return new Set(report.violations.map(({ invariant }) => invariant));
}

async function send(transport: Transport, transaction: PaperTransaction): Promise<boolean> {
  try {
    const call = { method: 'eth_sendRawTransaction', params: [transaction.raw] };
    await transport.request(call, { timeoutMs: 2000 });
    return true;
  } catch {
    return false;
  }
}

test('a sender with a counter of its own leaves a gap when a broadcast is lost', async () => {
  const world = newWorld(1);
  const watch = new InvariantWatch(world);
  const transport = world.network.transportTo(at(world.nodes, 0));
  world.network.plan.add({ every: 2, times: 1, fault: { kind: 'lostBefore' } });
  world.start();
  const story = (async (): Promise<void> => {
    for (let k = 0; k < 5; k += 1) await send(transport, paper(world, `k${k}`, 7 + k));
  })();
  await world.clock.runFor(60_000);
  await story;
  const intents = [{ request: request('k1'), life: undefined }];
  const broken = await found(watch, { intents });
  assert.deepEqual([...broken].sort(), ['I2', 'I3', 'I8']);
});

test('a sender that takes a new chain nonce after a lost answer pays twice', async () => {
  const world = newWorld(2);
  const watch = new InvariantWatch(world);
  const transport = world.network.transportTo(at(world.nodes, 0));
  world.network.plan.add({ times: 1, fault: { kind: 'lostAfter', reset: false } });
  world.start();
  const story = (async (): Promise<void> => {
    for (let k = 0; k < 3; k += 1) if (await send(transport, paper(world, 'pay', 7 + k))) break;
  })();
  await world.clock.runFor(60_000);
  await story;
  const broken = await found(watch, { intents: [{ request: request('pay'), life: undefined }] });
  assert.equal(broken.has('I1'), true);
});

test('a log that says something else than the chain is found', async () => {
  const world = newWorld(3);
  const watch = new InvariantWatch(world);
  const transaction = paper(world, 'k', 7);
  const block = world.chain.produce([transaction]);
  const { hash, raw, maxFeePerGas, maxPriorityFeePerGas, gasLimit } = transaction;
  const receipt = at(block.receipts, 0);
  const truthful: IntentLife = {
    ...newLife('k', 0),
    state: 'final',
    attempts: [
      {
        chainNonce: 7,
        purpose: 'execute',
        gasLimit,
        raw,
        hash,
        maxFeePerGas,
        maxPriorityFeePerGas,
        offeredAtMs: 1,
        acceptedBy: [],
        acceptedAtMs: 1,
        status: 'included',
      },
    ],
    inclusion: {
      hash,
      block: { number: BigInt(block.number), hash: block.hash },
      success: true,
      gasUsed: receipt.gasUsed,
      effectiveGasPrice: receipt.effectiveGasPrice,
      feePaid: receipt.feePaid,
      revertReason: undefined,
    },
    feeSpent: receipt.feePaid,
  };
  const look = async (life: IntentLife, change: Partial<IntentRequest> = {}): Promise<string[]> => {
    const one = new InvariantWatch(world);
    return [...(await found(one, { intents: [{ request: request('k', change), life }] }))];
  };
  assert.deepEqual(await look(truthful), []);
  assert.deepEqual(await look({ ...truthful, state: 'reverted' }), ['I4']);
  assert.deepEqual(await look({ ...truthful, state: 'expired' }), ['I4']);
  assert.deepEqual(await look({ ...truthful, feeSpent: 0n }), ['I4']);
  assert.deepEqual(await look({ ...truthful, state: 'included' }), ['I2']);
  assert.deepEqual(await look(truthful, { feeCap: 1n }), ['I6']);
  const budget = { principal: 'treasury', asset: 'native', amount: 9n, windowMs: 1000 } as const;
  const intents = [{ request: request('k'), life: truthful }];
  assert.deepEqual([...(await found(watch, { intents, budgets: [budget] }))], ['I5']);
});

test('a secret in a record, an alert, a text or an error is found', async () => {
  const world = newWorld(4);
  const errors = [new Error(`cannot reach https://node/v2/${world.secret}`)];
  const hidden = [new Error('no answer', { cause: new Error('fetch', { cause: errors[0] }) })];
  const texts = [`endpoint_requests{endpoint="${world.secret}"} 1`];
  for (const shown of [{ errors }, { errors: hidden }, { texts }]) {
    assert.deepEqual([...(await found(new InvariantWatch(world), shown))], ['I7']);
  }
  await world.store.insert([{ key: 'life/x', text: world.secret }]);
  assert.deepEqual([...(await found(new InvariantWatch(world), {}))], ['I7']);
});
