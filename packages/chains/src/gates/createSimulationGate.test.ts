// Goal: a simulation passes only what succeeds and moves balances as expected; doubt fails closed.
// Method: a real anvil with a small token for both methods and the estimate; scripted endpoints for
// what anvil cannot show; corrupted answers by fast-check.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Address, Hash, Hex } from 'viem';
import {
  encodeErrorResult,
  encodeFunctionData,
  numberToHex,
  pad,
  parseAbi,
  parseEther,
} from 'viem';
import { ChainFault } from '../chainFault.ts';
import type { EmbeddedAnvil } from '../embedded/anvil.ts';
import { startAnvil } from '../embedded/anvil.ts';
import type { Capability } from '../endpoints/endpointPool.ts';
import type { RpcCall } from '../endpoints/transport.ts';
import { RpcError } from '../endpoints/transport.ts';
import type { ExpectedDelta, IntentRequest } from '../intents/intent.ts';
import type { BlockReference } from '../tracker/chainTracker.ts';
import type { SimulationMode } from './createSimulationGate.ts';
import { createSimulationGate } from './createSimulationGate.ts';
import type { Answerer } from './fixtures/directPool.ts';
import { directPool, httpAnswerer } from './fixtures/directPool.ts';
import { requestOf, SOMEBODY } from './fixtures/requests.ts';
import { TOKEN, TOKEN_CODE, TOKEN_SIGNATURES } from './fixtures/tokenContract.ts';
import type { SimulationVerdict } from './simulationGate.ts';

const seed = Date.now() & 0x7fffffff;
console.log(`createSimulationGate seed ${seed}`);

const ABI = parseAbi(TOKEN_SIGNATURES);
const CHAIN_ID = 31_337;
const SIGNER: Address = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const MINT = 1_000n;

let anvil: EmbeddedAnvil;
let rpc: Answerer;
let block: BlockReference;

before(async () => {
  anvil = await startAnvil({ mining: { kind: 'manual' } });
  rpc = httpAnswerer(anvil.url);
  const run = async (method: string, ...params: unknown[]): Promise<unknown> =>
    await rpc({ method, params });
  await run('anvil_setCode', TOKEN, TOKEN_CODE);
  await run('anvil_setStorageAt', TOKEN, pad(SIGNER), pad(numberToHex(MINT)));
  await run('anvil_mine', '0x2');
  const head = (await run('eth_getBlockByNumber', 'latest', false)) as { number: Hex; hash: Hash };
  block = { number: BigInt(head.number), hash: head.hash };
});

after(async () => await anvil.close());

interface Setting {
  readonly offers?: readonly Capability[];
  readonly mode?: SimulationMode;
  readonly answer?: Answerer;
  readonly chainId?: number;
  readonly at?: BlockReference;
  readonly signal?: AbortSignal;
}

async function simulate(
  changes: Partial<IntentRequest>,
  setting: Setting = {},
): Promise<SimulationVerdict> {
  const pool = directPool(setting.answer ?? rpc, setting.offers ?? ['simulateV1']);
  const { mode = 'strict', chainId = CHAIN_ID, signal } = setting;
  const gate = createSimulationGate({ pool, chainId, mode, errors: ABI });
  const place = { signer: SIGNER, block: setting.at ?? block };
  return await gate.simulate(requestOf(changes), {
    ...place,
    ...(signal === undefined ? {} : { signal }),
  });
}

function transferOf(amount: bigint): Partial<IntentRequest> {
  const callData = encodeFunctionData({
    abi: ABI,
    functionName: 'transfer',
    args: [SOMEBODY, amount],
  });
  return { to: TOKEN, amount: 0n, callData };
}

function payOf(amount: bigint): Partial<IntentRequest> {
  const callData = encodeFunctionData({ abi: ABI, functionName: 'pay', args: [SOMEBODY] });
  return { to: TOKEN, amount, callData };
}

function failOf(returned: Hex): Partial<IntentRequest> {
  const selector = encodeFunctionData({ abi: ABI, functionName: 'fail' });
  return { to: TOKEN, amount: 0n, callData: `${selector}${returned.slice(2)}` };
}

function expecting(asset: 'native' | Address, account: Address, change: bigint): ExpectedDelta {
  return { asset, account, least: change, most: change };
}

const revertOf = (verdict: SimulationVerdict): string | undefined =>
  verdict.kind === 'failed' ? verdict.reason.fields['revert'] : verdict.kind;
const ruleOf = (verdict: SimulationVerdict): string | undefined =>
  verdict.kind === 'passed' ? 'passed' : `${verdict.kind} ${verdict.reason.fields['rule']}`;

for (const offers of [['simulateV1'], ['traceCall']] as const) {
  const [name] = offers;

  test(`${name} passes a token transfer and shows what moves`, async () => {
    const expects = [expecting(TOKEN, SIGNER, -5n), expecting(TOKEN, SOMEBODY, 5n)];
    const verdict = await simulate({ ...transferOf(5n), expects }, { offers });
    assert.ok(verdict.kind === 'passed', ruleOf(verdict));
    assert.deepEqual(verdict.deltas, [
      { asset: TOKEN, account: SIGNER, change: -5n },
      { asset: TOKEN, account: SOMEBODY, change: 5n },
    ]);
    const call = transferOf(5n);
    const params = [{ from: SIGNER, to: TOKEN, input: call.callData }, 'latest'];
    const estimated = BigInt((await rpc({ method: 'eth_estimateGas', params })) as Hex);
    assert.equal(verdict.gasUsed, estimated);
  });

  test(`${name} follows native amounts through contracts`, async () => {
    const expects = [
      expecting('native', SIGNER, -7n),
      expecting('native', SOMEBODY, 7n),
      expecting('native', TOKEN, 0n),
    ];
    const verdict = await simulate({ ...payOf(7n), expects }, { offers });
    assert.ok(verdict.kind === 'passed', ruleOf(verdict));
    assert.equal(verdict.deltas.length, 2);
  });

  test(`${name} refuses balance changes that are not expected, bounds included`, async () => {
    const within = (least: bigint, most: bigint): Promise<SimulationVerdict> => {
      const expects = [{ asset: TOKEN, account: SOMEBODY, least, most }];
      return simulate({ ...transferOf(5n), expects }, { offers });
    };
    assert.equal((await within(5n, 5n)).kind, 'passed');
    assert.equal((await within(5n, 9n)).kind, 'passed');
    assert.equal((await within(0n, 5n)).kind, 'passed');
    const broken = await within(6n, 9n);
    assert.ok(broken.kind === 'failed');
    assert.deepEqual(broken.reason.fields, {
      rule: 'expectedDelta',
      asset: TOKEN,
      account: SOMEBODY,
      least: '6',
      most: '9',
      actual: '5',
    });
    assert.equal(ruleOf(await within(0n, 4n)), 'failed expectedDelta');
    const native = [expecting('native', SOMEBODY, 1n)];
    const other = await simulate({ ...transferOf(5n), expects: native }, { offers });
    assert.equal(ruleOf(other), 'failed expectedDelta');
  });

  test(`${name} decodes why a call reverts`, async () => {
    assert.equal(
      revertOf(await simulate(transferOf(MINT + 1n), { offers })),
      'reverted: "insufficient balance"',
    );
    const custom = encodeErrorResult({ abi: ABI, errorName: 'NotEnough', args: [9n, 4n] });
    const verdict = await simulate(failOf(custom), { offers });
    assert.equal(revertOf(verdict), 'reverted: NotEnough(9, 4)');
    const panic = `0x4e487b71${pad('0x11').slice(2)}` as const;
    assert.match(revertOf(await simulate(failOf(panic), { offers })) ?? '', /overflow/);
    assert.match(
      revertOf(await simulate(failOf('0x'), { offers })) ?? '',
      /without a reason|execution failed/,
    );
  });

  test(`${name} fails what the signer cannot pay or the gas limit does not carry`, async () => {
    const dear = await simulate({ amount: parseEther('20000') }, { offers });
    assert.match(ruleOf(dear) ?? '', /^failed/);
    const tight = await simulate({ ...transferOf(5n), gasLimit: 25_000n }, { offers });
    assert.match(ruleOf(tight) ?? '', /^failed/);
  });

  test(`${name} leaves a block that the endpoint does not have unjudged`, async () => {
    const at = { number: block.number + 50n, hash: pad('0x99') };
    assert.equal((await simulate(transferOf(5n), { offers, at })).kind, 'unavailable');
  });
}

test('traces a creation where the endpoint cannot simulate one', async () => {
  const creation = { to: undefined, amount: 0n, callData: '0x600160005360016000f3' as Hex };
  const both: readonly Capability[] = ['simulateV1', 'traceCall'];
  assert.equal(ruleOf(await simulate(creation, { offers: both })), 'passed');
  assert.equal(ruleOf(await simulate(creation)), 'unavailable invalidParameters');
});

test('debug_traceCall leaves a block of another branch unjudged', async () => {
  const at = { number: block.number, hash: pad('0x99') };
  const verdict = await simulate(transferOf(5n), { offers: ['traceCall'], at });
  assert.equal(verdict.kind, 'unavailable');
});

test('eth_simulateV1 leaves another chain unjudged', async () => {
  assert.equal((await simulate(transferOf(5n), { chainId: 1 })).kind, 'unavailable');
});

test('is unavailable where no endpoint offers a simulation', async () => {
  assert.equal(ruleOf(await simulate({}, { offers: [] })), 'unavailable capability');
});

test('estimateOnly runs and estimates, and refuses what it cannot check', async () => {
  const mode = 'estimateOnly';
  const passed = await simulate(transferOf(5n), { mode, offers: [] });
  assert.ok(passed.kind === 'passed');
  assert.ok(passed.gasUsed > 21_000n);
  assert.deepEqual(passed.deltas, []);
  const expects = [expecting(TOKEN, SOMEBODY, 5n)];
  const checked = await simulate({ ...transferOf(5n), expects }, { mode, offers: ['simulateV1'] });
  assert.equal(ruleOf(checked), 'failed estimateOnly');
  const short = await simulate(transferOf(MINT + 1n), { mode });
  assert.equal(revertOf(short), 'reverted: "insufficient balance"');
});

/** An answer in the shape of geth, changed by a test. */
function gethAnswer(call: Record<string, unknown> = {}, header: object = {}): unknown {
  const shown = { status: '0x1', gasUsed: '0x5208', returnData: '0x', logs: [], ...call };
  return [{ number: '0x3', parentHash: block.hash, ...header, calls: [shown] }];
}

test('takes the highest gas that an endpoint tells, because refunds come at the end', async () => {
  const answer = (): unknown => gethAnswer({ gasUsed: '0x7530', maxUsedGas: '0x9c40' });
  const verdict = await simulate({ amount: 0n }, { answer });
  assert.ok(verdict.kind === 'passed');
  assert.equal(verdict.gasUsed, 40_000n);
});

test('leaves an answer that stands on another parent unjudged', async () => {
  const answer = (): unknown => gethAnswer({}, { parentHash: pad('0x99') });
  assert.equal(ruleOf(await simulate({ amount: 0n }, { answer })), 'unavailable pinnedBlock');
});

test('leaves an endpoint that does not trace native transfers unjudged', async () => {
  const verdict = await simulate({ amount: 5n }, { answer: () => gethAnswer() });
  assert.equal(ruleOf(verdict), 'unavailable traceTransfers');
});

test('counts neither ERC-721 transfers nor logs with the wrong shape', async () => {
  const topic = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
  const pair = [topic, pad(SIGNER), pad(SOMEBODY)];
  const logs = [
    { address: TOKEN, topics: [...pair, pad('0x5')], data: '0x' },
    { address: TOKEN, topics: pair, data: '0x05' },
    { address: TOKEN, topics: [pad('0x1'), pad(SIGNER), pad(SOMEBODY)], data: pad('0x5') },
  ];
  const verdict = await simulate({ amount: 0n }, { answer: () => gethAnswer({ logs }) });
  assert.ok(verdict.kind === 'passed');
  assert.deepEqual(verdict.deltas, []);
});

test('undoes what reverted frames of a trace moved, and all below them', async () => {
  const frame = (rest: object): object => ({
    type: 'CALL',
    from: SIGNER,
    to: TOKEN,
    value: '0x0',
    gasUsed: '0x5208',
    ...rest,
  });
  const caught = frame({
    value: '0x5',
    error: 'execution reverted',
    calls: [frame({ from: TOKEN, to: SOMEBODY, value: '0x5' })],
  });
  const delegated = frame({ type: 'DELEGATECALL', value: '0x5' });
  const trace = frame({ calls: [caught, delegated, frame({ value: '0x2' })] });
  const verdict = await simulate({ amount: 0n }, { offers: ['traceCall'], answer: () => trace });
  assert.ok(verdict.kind === 'passed');
  assert.deepEqual(verdict.deltas, [
    { asset: 'native', account: SIGNER, change: -2n },
    { asset: 'native', account: TOKEN, change: 2n },
  ]);
});

test('a contract cannot fake native transfers in a trace', async () => {
  const topic = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
  const log = {
    address: `0x${'e'.repeat(40)}`,
    topics: [topic, pad(TOKEN), pad(SIGNER)],
    data: pad('0x5'),
  };
  const trace = { type: 'CALL', from: SIGNER, to: TOKEN, gasUsed: '0x5208', logs: [log] };
  const verdict = await simulate({ amount: 0n }, { offers: ['traceCall'], answer: () => trace });
  assert.ok(verdict.kind === 'passed');
  assert.deepEqual(verdict.deltas, []);
});

test('shows at most 64 balances, those of the signer first', async () => {
  const topic = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
  const logs = Array.from({ length: 200 }, (_, index) => ({
    address: TOKEN,
    topics: [
      topic,
      pad(index === 199 ? SIGNER : numberToHex(index + 1)),
      pad(numberToHex(5_000 + index)),
    ],
    data: pad('0x1'),
  }));
  const verdict = await simulate({ amount: 0n }, { answer: () => gethAnswer({ logs }) });
  assert.ok(verdict.kind === 'passed');
  assert.equal(verdict.deltas.length, 64);
  assert.equal(verdict.deltas[0]?.account, SIGNER);
});

test('tells the end of a wait, lost endpoints and refusals from failures of the call', async () => {
  const throwing = (fault: unknown) => (): never => {
    throw fault;
  };
  const silence = new ChainFault('CHAIN_ENDPOINTS_UNAVAILABLE', 'nobody answered');
  const rpcError = (code: number, message: string): RpcError =>
    new RpcError('eth_simulateV1', { code, message });
  const cases: readonly (readonly [unknown, string])[] = [
    [silence, 'unavailable CHAIN_ENDPOINTS_UNAVAILABLE'],
    [rpcError(-38014, 'insufficient funds'), 'failed insufficientFunds'],
    [rpcError(-38013, 'intrinsic gas too low'), 'failed gasLimitTooLow'],
    [rpcError(3, 'execution reverted'), 'failed reverted'],
    [rpcError(-32000, 'header not found'), 'unavailable blockNotFound'],
    [rpcError(-32000, 'something nobody has heard of'), 'unavailable unrecognized'],
    [rpcError(-32601, 'method not found'), 'unavailable methodUnsupported'],
  ];
  for (const [fault, expected] of cases) {
    assert.equal(ruleOf(await simulate({}, { answer: throwing(fault) })), expected);
  }
  const signal = AbortSignal.abort();
  assert.equal(ruleOf(await simulate({}, { signal })), 'unavailable aborted');
  await assert.rejects(simulate({}, { answer: throwing(new TypeError('a bug')) }), TypeError);
});

test('words of nodes and contracts are shown as plain text only', async () => {
  const message = 'insufficient funds\n\u001b[2Jpaid\u202e';
  const answer = (): never => {
    throw new RpcError('eth_simulateV1', { code: -32000, message });
  };
  const verdict = await simulate({}, { answer });
  assert.ok(verdict.kind === 'failed');
  const text = [verdict.reason.sentence, ...Object.values(verdict.reason.fields)].join('');
  assert.doesNotMatch(text, /[\p{Cc}\p{Cf}]/u);
});

test('no corrupted answer passes', async () => {
  const good = JSON.stringify(await readAnswer('simulateV1'));
  const traced = JSON.stringify(await readAnswer('traceCall'));
  for (const [offer, text] of [
    ['simulateV1', good],
    ['traceCall', traced],
  ] as const) {
    const expects = [expecting(TOKEN, SIGNER, -5n), expecting(TOKEN, SOMEBODY, 5n)];
    const ask = async (answer: unknown): Promise<SimulationVerdict> =>
      await simulate({ ...transferOf(5n), expects }, { offers: [offer], answer: () => answer });
    assert.equal((await ask(JSON.parse(text))).kind, 'passed');
    const corrupted = fc.oneof(
      fc.jsonValue(),
      fc.nat(text.length - 1).map((place) => flip(text, place)),
    );
    await fc.assert(
      fc.asyncProperty(corrupted, async (answer) => {
        const verdict = await ask(answer);
        // A flipped digit of a hash, a gas figure or an index changes nothing that is asserted.
        if (verdict.kind !== 'passed') return;
        assert.ok(verdict.deltas.some(({ change }) => change === -5n));
      }),
      { seed, numRuns: 300 },
    );
  }
});

async function readAnswer(offer: Capability): Promise<unknown> {
  const answers: unknown[] = [];
  const answer = async (call: RpcCall): Promise<unknown> => {
    answers.push(await rpc(call));
    return answers[0];
  };
  await simulate(transferOf(5n), { offers: [offer], answer });
  return answers[0];
}

/** The text with one character changed, parsed where it still is JSON. */
function flip(text: string, place: number): unknown {
  const other = text[place] === '7' ? '8' : '7';
  const changed = `${text.slice(0, place)}${other}${text.slice(place + 1)}`;
  try {
    return JSON.parse(changed);
  } catch {
    return changed;
  }
}
