// Goal: the simulated chain runs bytecode as chains do: a state per block, transactions that pay
// for what they use, reorganisations that roll everything back, and the same again on a second run.
// Method: a contract of a few opcodes that counts its calls, driven through nodes by signed
// transactions; figures are those of the yellow paper.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keySigner } from '@lawbook/chains/signers/keySigner';
import type { Address, Hex } from 'viem';
import { keccak256 } from 'viem';
import { SeededRandom } from '../../world/seededRandom.ts';
import type { MachineSession } from './contractMachine.ts';
import { ContractMachine } from './contractMachine.ts';
import { MachineChain } from './machineChain.ts';
import { NodeDouble } from './nodeDouble.ts';
import type { NodeAnswer } from './nodeSight.ts';
import { readSigned } from './readSigned.ts';
import { SimulatedClock } from './simulatedClock.ts';

const CHAIN_ID = 31_337;
const COUNTER: Address = `0x${'cc'.repeat(20)}`;
/** With call data a revert; else `n = sload(0) + 1; sstore(0, n); log1(0, 0, n); return n`. */
const COUNTER_CODE: Hex = `0x${[
  '36601657', // to the revert if there is call data
  '5f54600101', // n
  '805f55', // stored
  '805f5fa1', // told
  '5f5260205ff3',
  '5b5f5ffd',
].join('')}`;
const signer = keySigner(`0x${'11'.repeat(32)}`);
const OWNER = signer.address.toLowerCase() as Address;

interface Stage {
  readonly chain: MachineChain;
  readonly node: NodeDouble;
  readonly clock: SimulatedClock;
}

async function openStage(): Promise<Stage> {
  const clock = new SimulatedClock();
  const machine = await ContractMachine.open(CHAIN_ID);
  const genesis = await machine.prepare(async (session: MachineSession) => {
    await session.putCode(COUNTER, COUNTER_CODE);
    await session.putBalance(OWNER, 10n ** 18n);
  });
  const chain = new MachineChain(
    {
      chainId: CHAIN_ID,
      blockTime: 1,
      gasLimit: 30_000_000n,
      baseFee: 10n ** 9n,
      backgroundGas: () => 15_000_000n,
      safeDepth: 4,
      finalizedDepth: 8,
      genesis,
      nowMs: () => clock.nowMs(),
    },
    machine,
  );
  const node = new NodeDouble(
    {
      ...{ name: 'node', dialect: 'geth', headDelayMs: 0, gossip: undefined, feedsBuilders: true },
      ...{ lacks: [], read: readSigned },
    },
    { chain, clock, random: new SeededRandom(1) },
  );
  return { chain, node, clock };
}

async function send({ node }: Stage, chainNonce: number, callData: Hex = '0x'): Promise<Hex> {
  const { raw, hash } = await signer.sign({
    ...{ chainId: CHAIN_ID, chainNonce, to: COUNTER, amount: 0n, callData, gasLimit: 100_000n },
    ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n },
  });
  assert.deepEqual(await node.reply('eth_sendRawTransaction', [raw]), { result: hash });
  return hash;
}

async function ask({ node }: Stage, method: string, params: readonly unknown[]): Promise<unknown> {
  const answer: NodeAnswer = await node.reply(method, params);
  return 'result' in answer ? answer.result : answer.error;
}

/** What a call would return now: one more than is stored. */
async function nextCount(stage: Stage, tag: unknown = 'latest'): Promise<number> {
  return Number(await ask(stage, 'eth_call', [{ to: COUNTER }, tag]));
}

test('a transaction changes the state of its block and of no other', async () => {
  const stage = await openStage();
  const before = stage.chain.head();
  await send(stage, 0);
  const { receipts, hash } = await stage.chain.mine(stage.node.pool.executable());
  assert.equal(receipts[0]?.success, true);
  assert.equal(await nextCount(stage), 2);
  assert.equal(await nextCount(stage, { blockHash: before.hash }), 1);
  assert.equal(await nextCount(stage, { blockHash: hash }), 2);
  const word = await ask(stage, 'eth_getStorageAt', [COUNTER, `0x${'00'.repeat(32)}`, 'latest']);
  assert.equal(Number(word), 1);
  assert.equal(await ask(stage, 'eth_getCode', [COUNTER, 'latest']), COUNTER_CODE);
});

test('calls that are only asked about leave nothing behind', async () => {
  const stage = await openStage();
  assert.deepEqual([await nextCount(stage), await nextCount(stage)], [1, 1]);
  const payload = { blockStateCalls: [{ calls: [{ to: COUNTER }, { to: COUNTER }] }] };
  const [block] = (await ask(stage, 'eth_simulateV1', [payload, 'latest'])) as [
    { readonly calls: readonly { readonly returnData: Hex }[] },
  ];
  assert.deepEqual(
    block.calls.map(({ returnData }) => Number(returnData)),
    [1, 2],
  );
  assert.equal(await nextCount(stage), 1);
});

test('gas is what the yellow paper says, and its estimate suffices', async () => {
  const stage = await openStage();
  const estimate = BigInt((await ask(stage, 'eth_estimateGas', [{ to: COUNTER }])) as Hex);
  await send(stage, 0);
  const { receipts } = await stage.chain.mine(stage.node.pool.executable());
  // A cold slot that is read costs 2,100, set from zero 20,000; a log with one topic 750.
  const used = receipts[0]?.gasUsed ?? 0n;
  assert.ok(used > 21_000n + 2_100n + 20_000n + 750n && used < 44_000n, String(used));
  assert.ok(estimate >= used && estimate < used + used / 8n, String(estimate));
  const { balance } = stage.chain.accountAt(stage.chain.head(), OWNER);
  assert.equal(balance, 10n ** 18n - (receipts[0]?.feePaid ?? 0n));
});

test('a call that reverts pays, and changes nothing else', async () => {
  const stage = await openStage();
  const hash = await send(stage, 0, '0x01');
  await stage.chain.mine(stage.node.pool.executable());
  const receipt = (await ask(stage, 'eth_getTransactionReceipt', [hash])) as {
    readonly status: Hex;
    readonly logs: readonly unknown[];
  };
  assert.deepEqual([receipt.status, receipt.logs.length], ['0x0', 0]);
  assert.equal(await nextCount(stage), 1);
  const { count, balance } = stage.chain.accountAt(stage.chain.head(), OWNER);
  const [mined] = stage.chain.head().receipts;
  assert.ok(mined !== undefined && mined.gasUsed > 21_000n && mined.gasUsed < 22_000n);
  assert.deepEqual([count, balance], [1, 10n ** 18n - mined.feePaid]);
  const refused = await ask(stage, 'eth_call', [{ to: COUNTER, input: '0x01' }, 'latest']);
  assert.equal((refused as { readonly code: number }).code, 3);
});

test('a reorganisation rolls contracts back, and both branches can still be asked', async () => {
  const stage = await openStage();
  const { chain, node } = stage;
  await send(stage, 0);
  await chain.mine(node.pool.executable());
  await send(stage, 1);
  const dropped = await chain.mine(node.pool.executable());
  assert.equal(await nextCount(stage), 3);
  await chain.fork({ depth: 2, fate: 'returned' });
  assert.equal(await nextCount(stage), 1);
  assert.equal(await nextCount(stage, { blockHash: dropped.hash }), 3);
  node.tip();
  const again = await chain.mine(node.pool.executable());
  assert.equal(again.receipts.length, 2);
  assert.equal(await nextCount(stage), 3);
  assert.deepEqual(await chain.fork({ depth: 1, fate: 'lost' }), [again]);
  assert.equal(await nextCount(stage), 1);
});

test('two runs make the same blocks', async () => {
  const run = async (): Promise<string> => {
    const stage = await openStage();
    for (let k = 0; k < 3; k += 1) {
      await send(stage, k);
      await stage.chain.mine(stage.node.pool.executable());
    }
    await stage.chain.fork({ depth: 2, fate: 'returned', reinclude: true });
    return stage.chain.head().hash;
  };
  assert.equal(await run(), await run());
});

test('signed bytes have the sender that signed them, spoiled ones another or none', async () => {
  const { raw } = await signer.sign({
    ...{ chainId: CHAIN_ID, chainNonce: 0, to: COUNTER, amount: 0n, callData: '0x' },
    ...{ gasLimit: 100_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
  });
  assert.deepEqual(
    [readSigned(raw)?.from, readSigned(raw)?.hash, readSigned(raw)?.gasLimit],
    [OWNER, keccak256(raw), 100_000n],
  );
  const other = readSigned(`${raw.slice(0, -2)}${raw.endsWith('00') ? '01' : '00'}`);
  assert.notEqual(other?.from, OWNER);
  assert.equal(readSigned('0x02c0'), undefined);
  assert.equal(readSigned('0x1234'), undefined);
});
