import type { Hash, Hex } from 'viem';
import { ChainFault } from '../chainFault.ts';
import type { ChainBlock } from './chainTracker.ts';

/**
 * Reads a block as `eth_getBlockBy*` answers it with hashes of transactions only.
 * @returns undefined where the endpoint does not have the block, or only a pending one.
 * @throws ChainFault CHAIN_TRANSPORT_FAILED when the answer is no block.
 */
export function parseBlock(answer: unknown): ChainBlock | undefined {
  if (answer === null || answer === undefined) return undefined;
  if (!isRecord(answer)) throw unreadable('an object');
  const { hash, parentHash, baseFeePerGas, logsBloom } = answer;
  if (hash === null || answer['number'] === null) return undefined;
  if (!isHash(hash)) throw unreadable('a block hash');
  if (!isHash(parentHash)) throw unreadable('a parent hash');
  const block: ChainBlock = {
    number: parseHeight(answer['number']),
    hash,
    parentHash,
    timestamp: parseQuantity(answer['timestamp'], 'a timestamp'),
    baseFeePerGas: baseFeePerGas == null ? undefined : parseQuantity(baseFeePerGas, 'a base fee'),
    transactions: parseHashes(answer['transactions']),
  };
  if (typeof logsBloom !== 'string' || !BLOOM.test(logsBloom)) return block;
  return { ...block, logsBloom: logsBloom as Hex };
}

/** The hash of an answered block without reading the rest of it. */
export function peekHash(answer: unknown): unknown {
  return isRecord(answer) ? answer['hash'] : undefined;
}

/**
 * A hex quantity as bigint.
 * @throws ChainFault CHAIN_TRANSPORT_FAILED, naming what was expected.
 */
export function parseQuantity(quantity: unknown, expected: string): bigint {
  if (typeof quantity !== 'string' || !QUANTITY.test(quantity)) throw unreadable(expected);
  return BigInt(quantity);
}

/** Whether this is 32 bytes in hex. */
export function isHash(hash: unknown): hash is Hash {
  return typeof hash === 'string' && hash.length === 66 && HASH.test(hash);
}

/** Whether this is a JSON object, to look members up in. */
export function isRecord(answer: unknown): answer is Readonly<Record<string, unknown>> {
  return typeof answer === 'object' && answer !== null;
}

/** An answer that is not what the method answers; asking again, or elsewhere, may do. */
export function unreadable(expected: string): ChainFault {
  return new ChainFault(
    'CHAIN_TRANSPORT_FAILED',
    `An endpoint answered with something that is not ${expected}; it is asked again.`,
    { fields: { expected } },
  );
}

const HASH = /^0x[\da-fA-F]{64}$/;
const QUANTITY = /^0x[\da-fA-F]{1,64}$/;
const BLOOM = /^0x[\da-fA-F]{512}$/;

/** No chain gets so far; Number keeps heights exact below it. */
function parseHeight(number: unknown): bigint {
  const height = parseQuantity(number, 'a block number');
  if (height > BigInt(Number.MAX_SAFE_INTEGER)) throw unreadable('a plausible block number');
  return height;
}

function parseHashes(transactions: unknown): readonly Hash[] {
  if (!Array.isArray(transactions)) throw unreadable('a list of transaction hashes');
  for (const hash of transactions) if (!isHash(hash)) throw unreadable('a transaction hash');
  return transactions as Hash[];
}
