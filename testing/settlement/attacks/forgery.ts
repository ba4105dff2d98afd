/** What a cheating operator publishes and sends, made as consistent as a cheat can make it. */
import { chainEpoch } from '@lawbook/exchange/application/batchInputs';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { diffRoot, netDiffs } from '@lawbook/exchange/diffs/stateDiff';
import { at } from '@lawbook/exchange/failures/invariant';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import type { BatchTransition } from '@lawbook/exchange/transition';
import type { ListCut } from '@lawbook/proofs/statements/epoch/cutDiffList';
import { dataVector, listHash } from '@lawbook/proofs/statements/epoch/dataVector';
import type {
  DiffList,
  ListBatch,
  OrderBook,
  OrderRow,
} from '@lawbook/proofs/statements/epoch/diffList';
import { epochClaim, epochPublicInputs } from '@lawbook/proofs/statements/epoch/epochStatement';
import type { SettlementAttachment } from '@lawbook/proofs/statements/epoch/settlementAttachment';
import type { SettleCall } from './attackedChain.ts';
import type { Honest, ProvedEpoch } from './attackWorld.ts';
import { SHAPE } from './attackWorld.ts';

/** A cheat in both of its forms: what anybody can read, and what the contract is sent. */
export interface Forgery {
  readonly bundle: EpochBundle;
  readonly attachment: SettlementAttachment;
  /** The last word on the attachment's bytes: what no encoder would write. */
  readonly spoil?: (attachment: Uint8Array) => Uint8Array;
  readonly call: SettleCall;
  /** What is done to the chain first; undone afterwards. */
  readonly prepare?: () => Promise<void>;
}

/** Everything as it was proved: no cheat yet. */
export function unforged({ chain }: Pick<Honest, 'chain'>, proved: ProvedEpoch): Forgery {
  const { bundle, claim, proof, shard, listNumber, previousListHash } = proved;
  const { list, book } = claim.cut;
  const { listHash: hash, dataCommitment } = claim;
  return {
    bundle,
    attachment: {
      place: { shard, listNumber, previousListHash, listHash: hash, dataCommitment },
      proof,
    },
    call: {
      list,
      book,
      proof: { circuit: 0, dataCommitment, bytes: proof.bytes },
      from: chain.operator,
      to: chain.baseLayer,
    },
  };
}

/**
 * Another epoch in the place of the honest one: netted, hashed, cut into a list and committed to
 * anew. All of it is as it would be, but that the proof is the honest one: nobody has another.
 */
export function forgeEpoch(honest: Honest, changes: Partial<EpochBundle>): Forgery {
  const { epoch, hash } = honest;
  const base = unforged(honest, epoch);
  const bundle = resealed({ ...epoch.bundle, ...changes });
  const place = { ...base.attachment.place, shape: SHAPE };
  const claim = epochClaim(bundle, place, hash);
  return forgedBy(base, { bundle, ...claim, publicInputs: claim.claim.statement.publicInputs });
}

/** Another batch in the place of one of the honest ones. */
export function forgeBatch(
  honest: Honest,
  place: number,
  edit: (batch: BatchTransition, signing: Signing) => BatchTransition,
): Forgery {
  return forgeEpoch(honest, { batches: editedBatches(honest, place, edit) });
}

/** The honest batches with one of them altered. */
export function editedBatches(
  { epoch, signing }: Honest,
  place: number,
  edit: (batch: BatchTransition, signing: Signing) => BatchTransition,
): readonly BatchTransition[] {
  return epoch.bundle.batches.map((batch, k) => (k === place ? edit(batch, signing) : batch));
}

/** The bundle with everything that follows from its batches and withdrawals worked out again. */
export function resealed(bundle: EpochBundle): EpochBundle {
  const { marketId, epochNumber, parentEpochHash, batches, withdrawals } = bundle;
  const diffs = netDiffs(batches.map((batch) => batch.diffs));
  const signing = new Signing(at(batches, 0).domain);
  const withdrawalIds = withdrawals.map(({ withdrawal }) => signing.withdrawalId(withdrawal));
  const claim = { marketId, epochNumber, parentEpochHash, diffRoot: diffRoot(diffs) };
  return { ...bundle, diffs, epochHash: chainEpoch({ ...claim, withdrawalIds }) };
}

/** What of a list is altered. */
export interface ListEdit {
  readonly list?: Partial<DiffList>;
  readonly rows?: readonly OrderRow[];
  readonly grants?: OrderBook['grants'];
}

/**
 * Another list for the honest epoch. What is published names the list that the chain would hold,
 * and public inputs that fit it.
 */
export function forgeList(
  honest: Honest,
  edit: (cut: ListCut, signing: Signing) => ListEdit,
): Forgery {
  const { epoch, hash, signing } = honest;
  const base = unforged(honest, epoch);
  const cut = editedCut(epoch.claim.cut, edit(epoch.claim.cut, signing));
  const dataCommitment = hash(dataVector(cut, SHAPE).elements);
  const publicInputs = epochPublicInputs(cut, SHAPE, dataCommitment);
  const forged = { bundle: base.bundle, cut, listHash: listHash(cut), dataCommitment };
  return forgedBy(base, { ...forged, publicInputs });
}

/** Another list that has no hash, because no list can look like it: only the chain sees it. */
export function forgeCalldata(
  honest: Honest,
  edit: (cut: ListCut, signing: Signing) => ListEdit,
): Forgery {
  const base = unforged(honest, honest.epoch);
  const { cut } = honest.epoch.claim;
  const { list, book } = editedCut(cut, edit(cut, honest.signing));
  return { ...base, call: { ...base.call, list, book } };
}

/** Another proof for the honest list, published and sent alike. */
export function forgeProof(
  honest: Honest,
  edit: Partial<Pick<SettleCall['proof'], 'bytes' | 'dataCommitment'>>,
): Forgery {
  const base = unforged(honest, honest.epoch);
  const proof = { ...base.call.proof, ...edit };
  const { bytes, dataCommitment } = proof;
  const [, point, evaluation] = base.attachment.proof.publicInputs;
  const publicInputs = [dataCommitment, point as bigint, evaluation as bigint];
  return {
    ...base,
    attachment: {
      place: { ...base.attachment.place, dataCommitment },
      proof: { ...base.attachment.proof, bytes, publicInputs },
    },
    call: { ...base.call, proof },
  };
}

/** The honest forms with something else in the call. */
export function forgeCall(honest: Honest, edit: Partial<SettleCall>): Forgery {
  const base = unforged(honest, honest.epoch);
  return { ...base, call: { ...base.call, ...edit } };
}

interface ForgedParts {
  readonly bundle: EpochBundle;
  readonly cut: ListCut;
  readonly listHash: Hash;
  readonly dataCommitment: bigint;
  readonly publicInputs: readonly bigint[];
}

function forgedBy(base: Forgery, parts: ForgedParts): Forgery {
  const { bundle, cut, listHash: hash, dataCommitment, publicInputs } = parts;
  const { shard, number, previousListHash } = cut.list;
  const place = { shard, listNumber: number, previousListHash, listHash: hash, dataCommitment };
  const proof = { ...base.call.proof, dataCommitment };
  return {
    bundle,
    attachment: { place, proof: { ...base.attachment.proof, publicInputs } },
    call: { ...base.call, list: cut.list, book: cut.book, proof },
  };
}

function editedCut(cut: ListCut, { list, rows, grants }: ListEdit): ListCut {
  const book = { rows: rows ?? cut.book.rows, grants: grants ?? cut.book.grants };
  return { ...cut, list: { ...cut.list, ...list }, book };
}

/** The rows with one of them altered. */
export function editRow(
  { book }: ListCut,
  place: number,
  edit: (row: OrderRow) => OrderRow,
): readonly OrderRow[] {
  return book.rows.map((row, k) => (k === place ? edit(row) : row));
}

/** The batches of a list with one of them altered. */
export function editListBatch(
  { list }: ListCut,
  place: number,
  edit: (batch: ListBatch) => ListBatch,
): readonly ListBatch[] {
  return list.batches.map((batch, k) => (k === place ? edit(batch) : batch));
}

/** The net changes of a list with units added to the vault rows and columns that are named. */
export function editChanges(
  { list }: ListCut,
  moves: readonly { readonly vault: number; readonly column: number; readonly units: bigint }[],
): readonly bigint[] {
  const words = [...list.changes];
  for (const { vault, column, units } of moves) {
    const place = vault * SHAPE.assetWords + Math.floor(column / 3);
    words[place] = addToLimb(at(words, place), column % 3, units);
  }
  return words;
}

/** A word with units added to one of its limbs of 64 bits; what carries over is lost. */
export function addToLimb(word: bigint, limb: number, units: bigint): bigint {
  const shift = BigInt(64 * limb);
  const old = BigInt.asUintN(64, word >> shift);
  const sum = BigInt.asUintN(64, old + units);
  return word - (old << shift) + (sum << shift);
}

/** A number as 32 bytes in hex without a prefix. */
export function wordOf(number: bigint): string {
  return number.toString(16).padStart(64, '0');
}
