import { RpcError, type Transport } from '@lawbook/chains/endpoints/transport';
import type { Address, Hex } from 'viem';
import { hexToNumber, keccak256, numberToHex, stringToHex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

/** One thing that an endpoint can or cannot do. */
export interface Capability {
  readonly name: string;
  /** `no` where settling does not work without it; `limited` where something is lost. */
  readonly verdict: 'yes' | 'limited' | 'no' | 'told';
  readonly detail: string;
}

/** What is asked of an endpoint. */
export interface CapabilityQuestion {
  readonly transport: Transport;
  readonly account: Address;
  /** Measurements of a delay. */
  readonly samples: number;
  /** Widths of log queries that are tried, ascending. */
  readonly logRanges: readonly number[];
}

const TIMEOUT_MS = 15_000;
/** Most bytes of code that a chain takes. @see EIP-170 */
const CODE_BYTES = 24_576;
/** Most gas of one transaction from the Osaka hard fork on. @see EIP-7825 */
const TRANSACTION_GAS = 16_777_216;
/** A transaction of about 140 kB: an epoch of 160 orders by as many owners. */
const LARGE_BYTES = 140_000;
/** TSTORE 1 at 0, TLOAD it, return the word: needs PUSH0 (Shanghai) and EIP-1153 (Cancun). */
const TRANSIENT: Hex = '0x60015f5d5f5c5f5260205ff3';
/** Gas of an epoch of traders who settle for the first time: a fixed part, and for each order. */
const FIRST_EPOCH_GAS = { fixed: 1_000_000, order: 60_000 };
const SIZES: readonly number[] = [16, 64, 256];

/** Asks an endpoint what it can do. What it refuses is a row of the table, never a fault. */
export async function readCapabilities(
  question: CapabilityQuestion,
): Promise<readonly Capability[]> {
  const asked = [
    clientVersion,
    latency,
    simulation,
    callTrace,
    (one: CapabilityQuestion) => finalityTag(one, 'safe'),
    (one: CapabilityQuestion) => finalityTag(one, 'finalized'),
    logRange,
    blockGas,
    transientStorage,
    codeSize,
    transactionSize,
  ];
  const capabilities: Capability[] = [];
  for (const ask of asked) capabilities.push(await ask(question));
  return capabilities;
}

async function clientVersion(question: CapabilityQuestion): Promise<Capability> {
  const version = await answer(question, 'web3_clientVersion');
  const detail = version.ok ? String(version.result) : version.sentence;
  return { name: 'client', verdict: 'told', detail };
}

async function latency(question: CapabilityQuestion): Promise<Capability> {
  const samples: number[] = [];
  for (let k = 0; k < question.samples; k += 1) {
    const startedMs = performance.now();
    await answer(question, 'eth_blockNumber');
    samples.push(performance.now() - startedMs);
  }
  samples.sort((a, b) => a - b);
  const shown = (ms = 0): string => `${ms.toFixed(1)} ms`;
  const median = shown(samples[samples.length >> 1]);
  const detail = `${median} median, ${shown(samples.at(-1))} at most of ${samples.length}`;
  return { name: 'latency', verdict: 'told', detail };
}

/** Calls and creations apart: some nodes simulate the one and not the other. */
async function simulation(question: CapabilityQuestion): Promise<Capability> {
  const from = question.account;
  const simulate = (call: object): Promise<Answer> => {
    const payload = { blockStateCalls: [{ calls: [{ from, ...call }] }], validation: false };
    return answer(question, 'eth_simulateV1', [payload, 'latest']);
  };
  const calls = await simulate({ to: from, input: '0x' });
  const creations = await simulate({ input: TRANSIENT });
  const name = 'eth_simulateV1';
  if (!calls.ok) return { name, verdict: 'limited', detail: calls.sentence };
  if (creations.ok) return { name, verdict: 'yes', detail: 'calls and creations' };
  return { name, verdict: 'limited', detail: `calls; no creations: ${creations.sentence}` };
}

async function callTrace(question: CapabilityQuestion): Promise<Capability> {
  const call = { from: question.account, to: question.account, input: '0x' };
  const parameters = [call, 'latest', { tracer: 'callTracer' }];
  const trace = await answer(question, 'debug_traceCall', parameters);
  const detail = trace.ok ? 'callTracer' : trace.sentence;
  return { name: 'debug_traceCall', verdict: trace.ok ? 'yes' : 'limited', detail };
}

async function finalityTag(
  question: CapabilityQuestion,
  tag: 'safe' | 'finalized',
): Promise<Capability> {
  const head = await answer(question, 'eth_blockNumber');
  const block = await answer(question, 'eth_getBlockByNumber', [tag, false]);
  const number = block.ok ? (block.result as { number?: Hex } | null)?.number : undefined;
  if (number === undefined || !head.ok) {
    const detail = block.ok ? 'no such block yet' : block.sentence;
    return { name: `tag ${tag}`, verdict: 'limited', detail };
  }
  const behind = hexToNumber(head.result as Hex) - hexToNumber(number);
  return { name: `tag ${tag}`, verdict: 'yes', detail: `${behind} blocks behind the head` };
}

async function logRange(question: CapabilityQuestion): Promise<Capability> {
  const head = await answer(question, 'eth_blockNumber');
  const headNumber = head.ok ? hexToNumber(head.result as Hex) : 0;
  const topics = [keccak256(stringToHex('an event that nobody emits'))];
  let widest = 0;
  let refusal = '';
  for (const width of question.logRanges) {
    const fromBlock = numberToHex(Math.max(0, headNumber - width + 1));
    const filter = { fromBlock, toBlock: numberToHex(headNumber), topics };
    const logs = await answer(question, 'eth_getLogs', [filter]);
    if (!logs.ok) {
      refusal = `; ${width} blocks: ${logs.sentence}`;
      break;
    }
    widest = width;
  }
  const chain = headNumber + 1 < widest ? ` (the chain has ${headNumber + 1})` : '';
  const verdict = widest === 0 ? 'no' : 'yes';
  return { name: 'eth_getLogs', verdict, detail: `${widest} blocks${chain}${refusal}` };
}

async function blockGas(question: CapabilityQuestion): Promise<Capability> {
  const block = await answer(question, 'eth_getBlockByNumber', ['latest', false]);
  const limit = block.ok ? (block.result as { gasLimit?: Hex } | null)?.gasLimit : undefined;
  const name = 'block gas limit';
  if (limit === undefined) return { name, verdict: 'no', detail: 'no block was told' };
  const gasLimit = hexToNumber(limit);
  const room = Math.min(gasLimit, TRANSACTION_GAS);
  const fits = SIZES.filter((n) => FIRST_EPOCH_GAS.fixed + n * FIRST_EPOCH_GAS.order <= room);
  const most = fits.at(-1);
  const orders = Math.floor((room - FIRST_EPOCH_GAS.fixed) / FIRST_EPOCH_GAS.order);
  const verdict = most === undefined ? 'no' : most === SIZES.at(-1) ? 'yes' : 'limited';
  const capped =
    gasLimit > TRANSACTION_GAS ? ', one transaction 16,777,216 at most (EIP-7825)' : '';
  const detail =
    `${gasLimit}${capped}: about ${orders} orders of traders who settle for the first time, ` +
    `whole circuits up to ${most ?? 0}`;
  return { name, verdict, detail };
}

async function transientStorage(question: CapabilityQuestion): Promise<Capability> {
  const call = { from: question.account, input: TRANSIENT };
  const word = await answer(question, 'eth_call', [call, 'latest']);
  const holds = word.ok && word.result === `0x${'1'.padStart(64, '0')}`;
  const detail = holds ? 'Cancun or later' : word.ok ? 'another answer' : word.sentence;
  return { name: 'EIP-1153 transient storage', verdict: holds ? 'yes' : 'no', detail };
}

/** A creation that returns as many zero bytes as a contract may have. */
async function codeSize(question: CapabilityQuestion): Promise<Capability> {
  const returning = (bytes: number): Promise<Answer> => {
    const input = `0x62${bytes.toString(16).padStart(6, '0')}5ff3`;
    return answer(question, 'eth_call', [{ from: question.account, input }, 'latest']);
  };
  const [usual, more] = [await returning(CODE_BYTES), await returning(CODE_BYTES + 1)];
  const name = 'code size';
  if (!usual.ok) return { name, verdict: 'no', detail: usual.sentence };
  const detail = `${CODE_BYTES} bytes${more.ok ? ', and more' : ', no more'}`;
  return { name, verdict: 'yes', detail };
}

/**
 * Whether a large transaction is turned down for its size. It is signed by a key without funds that
 * is thrown away, so it cannot land: what refuses it for its funds has not minded its size.
 */
async function transactionSize(question: CapabilityQuestion): Promise<Capability> {
  const chainId = await answer(question, 'eth_chainId');
  const secret = keccak256(stringToHex(`${question.account} ${performance.now()}`));
  const signed = await privateKeyToAccount(secret).signTransaction({
    type: 'eip1559',
    chainId: chainId.ok ? hexToNumber(chainId.result as Hex) : 1,
    to: question.account,
    nonce: 0,
    gas: 6_000_000n,
    maxFeePerGas: 10n ** 10n,
    maxPriorityFeePerGas: 1n,
    data: `0x${'5a'.repeat(LARGE_BYTES)}`,
  });
  const sent = await answer(question, 'eth_sendRawTransaction', [signed]);
  const minds = !sent.ok && /size|large|oversized|too big|exceeds limit/i.test(sent.sentence);
  const name = 'transaction size';
  if (!minds) return { name, verdict: 'yes', detail: `${LARGE_BYTES} bytes are not too many` };
  const detail = `${LARGE_BYTES} bytes (160 orders) are too many: ${sent.sentence}`;
  return { name, verdict: 'limited', detail };
}

type Answer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly sentence: string };

async function answer(
  { transport }: CapabilityQuestion,
  method: string,
  params: readonly unknown[] = [],
): Promise<Answer> {
  try {
    const result = await transport.request({ method, params }, { timeoutMs: TIMEOUT_MS });
    return { ok: true, result };
  } catch (fault) {
    const sentence = fault instanceof RpcError ? `${fault.message}` : String(fault);
    return { ok: false, sentence: sentence.replaceAll(/\s+/g, ' ').slice(0, 120) };
  }
}
