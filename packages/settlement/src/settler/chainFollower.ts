import type { Hash } from '@lawbook/exchange/codec/hash';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { SettledProgress } from '../baseLayer/baseLayer.ts';
import { SettlementFault } from '../settlementFault.ts';
import type { ListBook } from './listBook.ts';
import { recordOf } from './sealedLists.ts';
import type { ListRecord } from './settlementStore.ts';
import type { SettlerDependencies } from './settler.ts';

/** What a follower stands on. */
export type FollowerParts = { readonly book: ListBook } & Pick<
  SettlerDependencies,
  'layer' | 'source' | 'cut' | 'environment' | 'onEvent'
>;

/**
 * Brings the records to what the chain holds: the chain is right. Called again and again; each call
 * may be cut short and repeated.
 *
 * @returns false where the settled prefix is not ours: `diverged` was told.
 * @throws SettlementFault SETTLEMENT_UNAVAILABLE, also where the chain lacks what was final.
 */
export async function followChain(parts: FollowerParts): Promise<boolean> {
  const { layer, book } = parts;
  const { headBlock } = layer.health();
  const included = await layer.progress('included');
  const final = await layer.progress('final');
  if (included.listNumber < book.finalized()) throw forgotten(book, included);
  for (const progress of [included, final]) {
    if (!(await isOurs(progress, parts))) {
      await tellDivergence(progress, parts);
      return false;
    }
  }
  if (included.listNumber < book.settled()) {
    expectSeen(headBlock, book);
    await unwind(included.listNumber, parts);
  }
  await markSettled(included.listNumber, parts);
  await followPlaces(parts);
  await markFinal(minimum(final.listNumber, included.listNumber), parts);
  return true;
}

/** Whether the chain's last list is the one that this venue sealed in its place. */
async function isOurs(progress: SettledProgress, parts: FollowerParts): Promise<boolean> {
  if (progress.listNumber < parts.book.base.listNumber) return true;
  return (await ourHash(progress.listNumber, parts)) === progress.listHash;
}

async function ourHash(listNumber: bigint, parts: FollowerParts): Promise<Hash | undefined> {
  const known = await parts.book.hashOf(listNumber);
  return known ?? (await recordOf(listNumber, parts))?.listHash;
}

/** Finds the first list that differs: hashes are chained, so all before it agree and none after. */
async function tellDivergence(progress: SettledProgress, parts: FollowerParts): Promise<void> {
  const { book, layer, onEvent } = parts;
  let same = book.base.listNumber;
  let other = { listNumber: progress.listNumber, theirs: progress.listHash };
  while (other.listNumber > same + 1n) {
    const middle = (same + other.listNumber) / 2n;
    const theirs = (await layer.settled(middle))?.listHash;
    if (theirs === undefined) break;
    if (theirs === (await ourHash(middle, parts))) same = middle;
    else other = { listNumber: middle, theirs };
  }
  onEvent({ kind: 'diverged', ...other, ours: await ourHash(other.listNumber, parts) });
}

/** Lists left the chain: their records fall back, and the adapter sends them again. */
async function unwind(
  listNumber: bigint,
  { book, onEvent }: Pick<FollowerParts, 'book' | 'onEvent'>,
): Promise<void> {
  for (let k = book.settled(); k > listNumber; k -= 1n) {
    await book.change(k, unwound);
    book.noteSettled(k - 1n);
  }
  onEvent({ kind: 'unwound', listNumber });
}

function unwound(before: ListRecord | undefined): ListRecord {
  invariant(before !== undefined, 'a list that was settled has a record');
  return {
    ...before,
    stage: before.attachment === undefined ? 'sealed' : 'proven',
    settledAtMs: undefined,
    transaction: undefined,
    blockNumber: undefined,
    gasUsed: undefined,
  };
}

async function markSettled(listNumber: bigint, parts: FollowerParts): Promise<void> {
  const { book, layer, environment } = parts;
  for (let k = book.settled() + 1n; k <= listNumber; k += 1n) {
    await recordOf(k, parts);
    const found = await layer.settled(k);
    await book.change(k, (before) => {
      invariant(before !== undefined, 'a list that is ours has a record');
      if (before.stage === 'settled' || before.stage === 'finalized') return before;
      return settledRecord(before, {
        settledAtMs: environment.clock.nowMs(),
        transaction: found?.transaction,
        blockNumber: found?.blockNumber,
        gasUsed: undefined,
      });
    });
    book.noteSettled(k);
  }
}

/** A list may leave the chain and come back in another block before anybody has looked. */
async function followPlaces({ book, layer }: FollowerParts): Promise<void> {
  for (let k = book.finalized() + 1n; k <= book.settled(); k += 1n) {
    const found = await layer.settled(k);
    // It left just now: the next look unwinds it.
    if (found === undefined) return;
    const { transaction, blockNumber } = found;
    await book.change(k, (before) => {
      invariant(before !== undefined, 'a list that was settled has a record');
      if (before.transaction === transaction && before.blockNumber === blockNumber) return before;
      const gasUsed = before.transaction === transaction ? before.gasUsed : undefined;
      return { ...before, transaction, blockNumber, gasUsed };
    });
  }
}

/** A record whose list lies in the chain. */
export function settledRecord(
  before: ListRecord,
  place: Pick<ListRecord, 'settledAtMs' | 'transaction' | 'blockNumber' | 'gasUsed'>,
): ListRecord {
  return { ...before, ...place, stage: 'settled', failures: 0, lastFailure: undefined };
}

async function markFinal(listNumber: bigint, parts: FollowerParts): Promise<void> {
  const { book, environment } = parts;
  for (let k = book.finalized() + 1n; k <= listNumber; k += 1n) {
    await book.change(k, (before) => {
      invariant(before !== undefined, 'a list that is final was settled');
      return { ...before, stage: 'finalized', finalizedAtMs: environment.clock.nowMs() };
    });
    book.noteFinalized(k);
  }
}

function forgotten(book: ListBook, { listNumber }: SettledProgress): SettlementFault {
  return new SettlementFault(
    'SETTLEMENT_UNAVAILABLE',
    'The base layer lacks lists that were final; it may be behind. It is asked again.',
    { fields: { listNumber: String(listNumber), finalized: String(book.finalized()) } },
  );
}

/**
 * That a list is gone is believed only of a chain that has come as far as the list's block: one
 * that lags behind does not hold it yet.
 */
function expectSeen(headBlock: bigint | undefined, book: ListBook): void {
  const settledIn = book.get(book.settled())?.blockNumber;
  if (settledIn === undefined || headBlock === undefined || headBlock >= settledIn) return;
  throw new SettlementFault(
    'SETTLEMENT_UNAVAILABLE',
    `The base layer is at block ${headBlock}, and the last list was settled in block ` +
      `${settledIn}: it is behind. It is asked again.`,
    { fields: { headBlock: String(headBlock), settledIn: String(settledIn) } },
  );
}

function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
