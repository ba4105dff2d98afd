import type { Address, Hash } from 'viem';
import { isHex, numberToHex } from 'viem';
import type { EndpointPool } from '../endpoints/endpointPool.ts';
import { RpcError } from '../endpoints/transport.ts';
import type { BlockReference } from '../tracker/chainTracker.ts';
import { readCount } from './chainView.ts';

/** A transaction that took a chain nonce, and the block that it stands in. */
export interface Taker {
  /** In lower case. */
  readonly hash: Hash;
  readonly block: BlockReference;
}

/** Which chain nonce of which account, seen from which block. */
export interface TakerQuestion {
  readonly account: Address;
  readonly chainNonce: number;
  readonly head: bigint;
}

/**
 * Finds the transaction that took a chain nonce. Receipts that are missing prove nothing, because
 * endpoints forget old ones; only a transaction with the same chain nonce in a block does.
 *
 * Walks back from `head` in ever longer steps until the account's count was still too low, halves
 * the way to the block in between, and reads that block.
 *
 * @returns undefined where endpoints have no counts or blocks that are so old: nothing is proved.
 * @throws ChainFault when no endpoint answers.
 */
export async function findTaker(
  pool: EndpointPool,
  question: TakerQuestion,
): Promise<Taker | undefined> {
  const { account, chainNonce, head } = question;
  const isTakenBy = async (block: bigint): Promise<boolean> => {
    try {
      return (await readCount(pool, account, block)) > chainNonce;
    } catch (fault) {
      // Too old for the endpoints. A wrong turn here ends in a block that does not have it.
      if (fault instanceof RpcError) return false;
      throw fault;
    }
  };
  if (!(await isTakenBy(head))) return undefined;
  let taken = head;
  let free = head - 1n;
  for (let step = 2n; free >= 0n && (await isTakenBy(free)); step *= 2n) {
    taken = free;
    free -= step;
  }
  if (free < 0n) free = -1n;
  while (taken - free > 1n) {
    const middle = free + ((taken - free) >> 1n);
    if (await isTakenBy(middle)) taken = middle;
    else free = middle;
  }
  return await takerIn(pool, taken, question);
}

async function takerIn(
  pool: EndpointPool,
  number: bigint,
  { account, chainNonce, head }: TakerQuestion,
): Promise<Taker | undefined> {
  const call = { method: 'eth_getBlockByNumber', params: [numberToHex(number), true] };
  const block = await pool.read(call, { atLeastBlock: head });
  if (!isRecord(block) || !isHex(block['hash'])) return undefined;
  const listed: unknown = block['transactions'];
  for (const transaction of Array.isArray(listed) ? listed : []) {
    if (!isRecord(transaction)) continue;
    const { from, nonce: shown, hash } = transaction;
    if (!isHex(from) || !isHex(shown) || !isHex(hash)) continue;
    if (from.toLowerCase() !== account.toLowerCase() || Number(shown) !== chainNonce) continue;
    return {
      hash: hash.toLowerCase() as Hash,
      block: { number, hash: block['hash'] },
    };
  }
  return undefined;
}

function isRecord(answer: unknown): answer is Readonly<Record<string, unknown>> {
  return typeof answer === 'object' && answer !== null;
}
