import type { Address, Hash, Hex } from 'viem';
import { numberToHex } from 'viem';
import { ChainFault } from '../chainFault.ts';
import type { EndpointAnswer, EndpointPool, ReadOptions } from '../endpoints/endpointPool.ts';
import { RpcError } from '../endpoints/transport.ts';
import { revertReason } from '../gates/revertReason.ts';
import { isHash } from '../tracker/chainBlock.ts';
import type { BlockReference } from '../tracker/chainTracker.ts';

/** A receipt as far as a lane reads it. Fees in wei. */
export interface Receipt {
  readonly hash: Hash;
  readonly block: BlockReference;
  readonly success: boolean;
  readonly gasUsed: bigint;
  readonly effectiveGasPrice: bigint;
  /** What the transaction paid in all: gas, and the data fee where the chain names one. */
  readonly feePaid: bigint;
}

/** The account's transaction count after a block: every chain nonce below it is consumed. */
export async function readCount(
  pool: EndpointPool,
  account: Address,
  block: bigint,
): Promise<number> {
  const call = { method: 'eth_getTransactionCount', params: [account, numberToHex(block)] };
  return parseCount(call.method, await pool.read(call, urgently(block)));
}

/** The highest count after a block that several endpoints tell; undefined when none answered. */
export async function askCount(
  pool: EndpointPool,
  account: Address,
  block: bigint,
): Promise<{ readonly highest: number; readonly witnesses: number } | undefined> {
  const call = { method: 'eth_getTransactionCount', params: [account, numberToHex(block)] };
  return countsIn(call.method, await pool.ask(call, urgently(block)));
}

/**
 * The highest count, waiting transactions included, that one of several endpoints tells: the first
 * chain nonce that none of them could execute. Undefined when none answered.
 */
export async function askPendingCount(
  pool: EndpointPool,
  account: Address,
  options: { readonly atLeastBlock: bigint; readonly endpoints: number },
): Promise<number | undefined> {
  const call = { method: 'eth_getTransactionCount', params: [account, 'pending'] };
  return countsIn(call.method, await pool.ask(call, { priority: 'high', ...options }))?.highest;
}

/** Money waits on all that a lane reads. */
function urgently(atLeastBlock: bigint): ReadOptions {
  return { atLeastBlock, priority: 'high' };
}

function countsIn(
  method: string,
  answers: readonly EndpointAnswer[],
): { readonly highest: number; readonly witnesses: number } | undefined {
  let highest = -1;
  let witnesses = 0;
  for (const answer of answers) {
    if (!answer.ok) continue;
    highest = Math.max(highest, parseCount(method, answer.result));
    witnesses += 1;
  }
  return witnesses === 0 ? undefined : { highest, witnesses };
}

/** How many endpoints have to agree: the quorum, or all that ever told a head of this chain. */
export function quorumOf(pool: EndpointPool, quorum: number): number {
  const endpoints = pool.stats().filter(({ headNumber, ejected }) => {
    return headNumber !== undefined && ejected !== 'unauthorized';
  });
  return Math.max(1, Math.min(quorum, endpoints.length));
}

/**
 * The receipt that one endpoint tells of; undefined says nothing about other endpoints. Where the
 * answer cannot be read, the others are asked: one that babbles is asked first again and again.
 */
export async function readReceipt(
  pool: EndpointPool,
  hash: Hash,
  atLeastBlock: bigint,
): Promise<Receipt | undefined> {
  const call = { method: 'eth_getTransactionReceipt', params: [hash] };
  const answer = await pool.read(call, urgently(atLeastBlock));
  try {
    return parseReceipt(hash, answer);
  } catch (fault) {
    const { found, witnesses } = await askAbsence(pool, hash, atLeastBlock);
    if (found === undefined && witnesses === 0) throw fault;
    return found;
  }
}

/** What several endpoints say of a transaction that should be nowhere. */
export interface Absence {
  /** A receipt that one of them has after all. */
  readonly found: Receipt | undefined;
  /** How many endpoints at that block or beyond have none. */
  readonly witnesses: number;
}

/**
 * Asks every endpoint at `atLeastBlock` or beyond: one that lags proves nothing by silence, and one
 * whose answer cannot be read is no witness.
 */
export async function askAbsence(
  pool: EndpointPool,
  hash: Hash,
  atLeastBlock: bigint,
): Promise<Absence> {
  const call = { method: 'eth_getTransactionReceipt', params: [hash] };
  const answers = await pool.ask(call, urgently(atLeastBlock));
  let witnesses = 0;
  for (const answer of answers) {
    if (!answer.ok) continue;
    if (answer.result === null || answer.result === undefined) witnesses += 1;
    else {
      const found = receiptIn(hash, answer.result);
      if (found !== undefined) return { found, witnesses: 0 };
    }
  }
  return { found: undefined, witnesses };
}

function receiptIn(hash: Hash, answer: unknown): Receipt | undefined {
  try {
    return parseReceipt(hash, answer);
  } catch (fault) {
    if (fault instanceof ChainFault) return undefined;
    throw fault;
  }
}

/** The hash of the block that is canonical at a number, by one endpoint's word. */
export async function readBlockHash(
  pool: EndpointPool,
  block: bigint,
  atLeastBlock: bigint,
): Promise<Hash | undefined> {
  const call = { method: 'eth_getBlockByNumber', params: [numberToHex(block), false] };
  const header = await pool.read(call, urgently(atLeastBlock));
  const hash = isRecord(header) ? header['hash'] : undefined;
  return isHash(hash) ? hash : undefined;
}

/**
 * How many endpoints at `atLeastBlock` or beyond have another block at its height. One that has the
 * block itself outweighs them, and one that has forgotten the height is no witness.
 */
export async function askOtherBlock(
  pool: EndpointPool,
  { number, hash }: BlockReference,
  atLeastBlock: bigint,
): Promise<number> {
  const call = { method: 'eth_getBlockByNumber', params: [numberToHex(number), false] };
  let witnesses = 0;
  for (const answer of await pool.ask(call, urgently(atLeastBlock))) {
    if (!answer.ok || !isRecord(answer.result)) continue;
    if (answer.result['hash'] === hash) return 0;
    witnesses += 1;
  }
  return witnesses;
}

/** A transaction as far as a node needs it to try it out. */
export interface CallTerms {
  readonly from: Address;
  readonly to: Address | undefined;
  /** Wei. */
  readonly amount: bigint;
  readonly callData: Hex;
}

/** Gas that a call takes from the state of a block, with a tenth on top, rounded up. */
export async function estimateGas(
  pool: EndpointPool,
  call: CallTerms,
  block: bigint,
): Promise<bigint> {
  const method = 'eth_estimateGas';
  const params = [callParameter(call), numberToHex(block)];
  const answer = await pool.read({ method, params }, urgently(block));
  const gas = parseQuantity(method, answer, GAS_DIGITS);
  return (gas * 11n + 9n) / 10n;
}

/**
 * Why a call reverts after a block, in words; undefined when it does not, or nobody tells. For
 * people: no decision hangs on it.
 */
export async function replayRevert(
  pool: EndpointPool,
  call: CallTerms,
  block: bigint,
): Promise<string | undefined> {
  const params = [callParameter(call), numberToHex(block)];
  try {
    await pool.read({ method: 'eth_call', params }, urgently(block));
    return undefined;
  } catch (fault) {
    if (fault instanceof RpcError) return revertReason(fault.detail);
    if (fault instanceof ChainFault) return undefined;
    throw fault;
  }
}

function callParameter({
  from,
  to,
  amount,
  callData,
}: CallTerms): Readonly<Record<string, string>> {
  const target = to === undefined ? {} : { to };
  return { from, ...target, value: numberToHex(amount), data: callData };
}

/** @throws ChainFault CHAIN_TRANSPORT_FAILED, for the receipt of another transaction as well. */
function parseReceipt(hash: Hash, answer: unknown): Receipt | undefined {
  if (answer === null || answer === undefined) return undefined;
  const method = 'eth_getTransactionReceipt';
  if (!isRecord(answer)) throw unreadable(method, 'an object');
  const { transactionHash, blockHash } = answer;
  // A node may show a transaction of its pool with an empty block: that is no receipt.
  if (blockHash === null) return undefined;
  if (!isHash(transactionHash) || !isHash(blockHash)) throw unreadable(method, 'hashes');
  if (transactionHash.toLowerCase() !== hash) throw unreadable(method, 'what was asked for');
  const quantity = (name: string): bigint => parseQuantity(method, answer[name], WEI_DIGITS);
  const gasUsed = parseQuantity(method, answer['gasUsed'], GAS_DIGITS);
  const effectiveGasPrice = quantity('effectiveGasPrice');
  const dataFee = (answer['l1Fee'] ?? undefined) === undefined ? 0n : quantity('l1Fee');
  return {
    hash,
    block: { number: BigInt(parseCount(method, answer['blockNumber'])), hash: blockHash },
    success: quantity('status') === 1n,
    gasUsed,
    effectiveGasPrice,
    feePaid: gasUsed * effectiveGasPrice + dataFee,
  };
}

/** Hex digits of the most gas, and of the most wei: above 2^96 it would be more than there is. */
const GAS_DIGITS = 16;
const WEI_DIGITS = 24;

function parseQuantity(method: string, answer: unknown, digitsMax: number): bigint {
  const isQuantity = typeof answer === 'string' && /^0x[\da-f]+$/i.test(answer);
  if (!isQuantity || answer.length > digitsMax + 2) throw unreadable(method, 'a hex quantity');
  return BigInt(answer);
}

/** A count or a height: one beyond 2^53 would be another one as a number. */
function parseCount(method: string, answer: unknown): number {
  const count = Number(parseQuantity(method, answer, GAS_DIGITS));
  if (!Number.isSafeInteger(count)) throw unreadable(method, 'a plausible count');
  return count;
}

function isRecord(answer: unknown): answer is Readonly<Record<string, unknown>> {
  return typeof answer === 'object' && answer !== null;
}

function unreadable(method: string, expected: string): ChainFault {
  return new ChainFault(
    'CHAIN_TRANSPORT_FAILED',
    `An endpoint answered ${method} with something that is not ${expected}; it is asked again.`,
    { fields: { method, expected } },
  );
}
