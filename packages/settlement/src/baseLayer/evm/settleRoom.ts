import { CALL_BYTES_MAX } from '@lawbook/chains/intents/intentRules';
import { EPOCH_WITHDRAWALS_MAX } from '@lawbook/exchange/application/withdrawals';
import { encodeOracle } from '@lawbook/exchange/markets/batch/oracleSnapshot';
import { NO_DELEGATE } from '@lawbook/exchange/orders/signedTypes';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { VENUE_ROWS } from '@lawbook/proofs/statements/epoch/diffList';
import { ROW_HEAD_BYTES } from './settleCall.ts';

/**
 * Most bytes of the calldata of a settlement. Nodes take no transaction above 128 KiB, its envelope
 * included, so an epoch that needs more could never settle.
 */
export const SETTLE_BYTES_MAX: number = CALL_BYTES_MAX - 1_024;

const WORD = 32;
/** A signature behind its offset and its length. */
const SIGNATURE_WORDS = 5;
/** A packed row with the signature of a key. */
const ROW_BYTES = ROW_HEAD_BYTES + 65;
const GRANT_WORDS = 6 + SIGNATURE_WORDS;
const WITHDRAWAL_WORDS = 8 + SIGNATURE_WORDS;
/** A batch without what its oracle and its prices hold. */
const BATCH_WORDS = 9;
/** Heads, offsets and lengths of `settle(list, book, proof)`, and its selector. */
const FRAME_WORDS = 32;
/** The proofs of the circuits have less than ten thousand. */
const PROOF_BYTES = 12 * 1_024;
/** A row with a vault and a grant of its own: owner, and changes of as many words. */
const widestRow = (assetWords: number): number => {
  return ROW_BYTES + WORD * (GRANT_WORDS + 1 + assetWords);
};

/**
 * At most as many bytes as the calldata takes that settles an epoch of these batches: as if every
 * row were signed, every grant at hand were needed, and withdrawals filled the list. `assetWords`
 * is the circuit's.
 */
export function settleBytes(batches: readonly BatchTransition[], assetWords: number): number {
  let rows = 0;
  let bytes = FRAME_WORDS * WORD + PROOF_BYTES + EPOCH_WITHDRAWALS_MAX * WITHDRAWAL_WORDS * WORD;
  const owners = new Set<string>();
  const grants = new Set<string>();
  for (const { orders, oracle, grants: kept } of batches) {
    rows += orders.count;
    for (const owner of orders.owners) owners.add(owner);
    for (const { grant } of kept) {
      if (grant.delegate !== NO_DELEGATE) grants.add(`${grant.owner}:${grant.delegate}`);
    }
    const oracleWords = Math.ceil(encodeOracle(oracle).length / WORD);
    bytes += (BATCH_WORDS + oracleWords + assetWords) * WORD;
  }
  bytes += (owners.size + (owners.size + VENUE_ROWS + 1) * assetWords) * WORD;
  return bytes + rows * ROW_BYTES + Math.min(rows, grants.size) * GRANT_WORDS * WORD;
}

/**
 * As many orders as one batch may hold so that it settles whoever signed them, with an oracle
 * snapshot of at most `ORACLE_BYTES`.
 */
export function settleOrdersMax(assetWords: number): number {
  const fixed =
    FRAME_WORDS +
    BATCH_WORDS +
    assetWords * (VENUE_ROWS + 2) +
    EPOCH_WITHDRAWALS_MAX * WITHDRAWAL_WORDS;
  const room = SETTLE_BYTES_MAX - fixed * WORD - PROOF_BYTES - ORACLE_BYTES;
  return Math.floor(room / widestRow(assetWords));
}

const ORACLE_BYTES = 1_024;
