import type { Hash } from '@lawbook/exchange/codec/hash';
import { listHash } from '@lawbook/proofs/statements/epoch/dataVector';
import type { SealedList } from './epochSource.ts';
import type { ListBook } from './listBook.ts';
import type { ListRecord } from './settlementStore.ts';
import type { SettlerDependencies } from './settler.ts';

/**
 * The record of a sealed list, written down at the first time it is asked for, with all before it
 * that have none. Undefined where the source has not got the list.
 * @throws whatever cutting throws.
 */
export async function recordOf(
  listNumber: bigint,
  { book, source, cut }: { readonly book: ListBook } & Pick<SettlerDependencies, 'source' | 'cut'>,
): Promise<ListRecord | undefined> {
  let first = listNumber;
  while (first > book.base.listNumber && (await book.hashOf(first)) === undefined) first -= 1n;
  for (let k = first + 1n; k <= listNumber; k += 1n) {
    const list = await source.list(k);
    const previous = await book.hashOf(k - 1n);
    if (list === undefined || previous === undefined) return undefined;
    const hash = listHash(await cut(list, previous));
    await book.change(k, (before) => before ?? sealedRecord(list, hash, previous));
  }
  return book.read(listNumber);
}

function sealedRecord(list: SealedList, hash: Hash, previousListHash: Hash): ListRecord {
  return {
    listNumber: list.listNumber,
    marketId: list.bundle.marketId,
    epochNumber: list.bundle.epochNumber,
    listHash: hash,
    previousListHash,
    stage: 'sealed',
    sealedAtMs: list.sealedAtMs,
    provenAtMs: undefined,
    settledAtMs: undefined,
    finalizedAtMs: undefined,
    attachment: undefined,
    provedBy: undefined,
    transaction: undefined,
    blockNumber: undefined,
    gasUsed: undefined,
    failures: 0,
    lastFailure: undefined,
  };
}
