import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { at } from '@lawbook/exchange/failures/invariant';
import type { ListBatch, OrderRow } from '@lawbook/proofs/statements/epoch/diffList';
import { VENUE_ROWS } from '@lawbook/proofs/statements/epoch/diffList';
import { orderLane } from './nonceRings.ts';
import { revert } from './refusedAct.ts';
import type { SettleBooks, SettleFrame } from './settleFrame.ts';
import { checkWord } from './words.ts';

/** How far ahead of the block's clock a batch may close. */
const CLOCK_SLACK_MS = 15 * 60 * 1000;

/**
 * Takes every batch in turn: contracts/src's Batches, rule by rule and in its order.
 * @throws RefusedAct for the first rule that a batch or a row breaks.
 */
export function takeBatches(frame: SettleFrame, books: SettleBooks): void {
  const { book, list, circuit } = frame;
  const rows = book.rows.length;
  if (rows > circuit.orders) revert('CircuitIsTooSmall', circuit.orders, rows);
  let row = 0;
  list.batches.forEach((batch, k) => {
    checkBatch(frame, books, { batch, k });
    if (row + batch.orderCount > rows) revert('OrdersAreComplete', rows);
    for (const end = row + batch.orderCount; row < end; row += 1) {
      takeRow(frame, books, { row, isHalted: batch.isHalted });
    }
    checkSnapshot(batch, k, frame.columns.length);
    checkPrices(frame, batch);
  });
  if (row !== rows) revert('OrdersAreComplete', row);
}

/** A batch closes in order, not in the future, under parameters that hold. */
function checkBatch(
  frame: SettleFrame,
  { registry }: SettleBooks,
  { batch, k }: { readonly batch: ListBatch; readonly k: number },
): void {
  const { context, list } = frame;
  const { closedAtMs, parameters } = batch;
  if (closedAtMs < frame.closedAtMs) revert('BatchesCloseInOrder', k, closedAtMs);
  if (closedAtMs > BigInt(context.timestampMs + CLOCK_SLACK_MS)) {
    revert('BatchClosesInTheFuture', k, closedAtMs);
  }
  frame.closedAtMs = closedAtMs;
  if (!registry.areActive(list.marketId, parameters, context.blockNumber)) {
    revert('ParametersAreNotActive', list.marketId, parameters);
  }
}

/** The shape of a snapshot: count, mids, time, and a source that fills the rest. */
function checkSnapshot(batch: ListBatch, k: number, width: number): void {
  const bytes = hexToBytes(batch.oracle);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offset = 4 + 8 * width;
  if (bytes.length < offset + 12) revert('OracleIsMalformed', k);
  const source = view.getUint32(offset + 8);
  const shaped = view.getUint32(0) === width && bytes.length === offset + 12 + source;
  if (!shaped) revert('OracleIsMalformed', k);
}

function checkPrices({ circuit, columns }: SettleFrame, { prices }: ListBatch): void {
  if (prices.length !== circuit.assetWords) revert('WordsAreMalformed', prices.length);
  for (const [w, word] of prices.entries()) checkWord(word, w, columns.length);
}

interface RowPlace {
  readonly row: number;
  readonly isHalted: boolean;
}

function takeRow(frame: SettleFrame, books: SettleBooks, place: RowPlace): void {
  const { list, book, columns } = frame;
  const { row, isHalted } = place;
  const entry = at(book.rows, row);
  const { order, vault } = entry;
  if (order.marketId !== list.marketId) revert('OrderOfAnotherMarket', row, order.marketId);
  if (order.pay >= columns.length) revert('AssetUnknown', order.pay);
  if (vault < VENUE_ROWS || list.owners[vault - VENUE_ROWS] !== order.owner) {
    revert('VaultOfAnotherOwner', row, order.owner);
  }
  if (entry.isVoid) takeVoid(frame, books, { entry, row });
  else if (entry.paid !== 0n) {
    if (isHalted) revert('LimitsAreRespected', row, entry.paid, 0);
    takePaying(frame, books, { entry, row });
  } else if (entry.received !== 0n) revert('LimitsAreRespected', row, 0, order.budget);
}

interface RowEntry {
  readonly entry: OrderRow;
  readonly row: number;
}

/** A void row pays nothing; its order had expired, or its owner signed the cancel. */
function takeVoid(
  { book, closedAtMs }: SettleFrame,
  { authority }: SettleBooks,
  { entry, row }: RowEntry,
): void {
  const { order, paid, received, signature } = entry;
  if (paid !== 0n || received !== 0n) revert('LimitsAreRespected', row, paid, 0);
  if (order.expiresAtMs <= closedAtMs) return;
  if (signature === '0x') revert('OrdersAreComplete', row);
  const digest = authority.cancelDigest(order.owner, authority.orderDigest(order));
  authority.checkAuthorised(entry, { book, row, digest, lastsUntilMs: 0n });
}

/** A row that pays: alive at the close, within its budget, signed, and for the first time. */
function takePaying(
  frame: SettleFrame,
  { authority, rings }: SettleBooks,
  { entry, row }: RowEntry,
): void {
  const { book, list, closedAtMs, columns, paid: sums } = frame;
  const { order, paid, vault } = entry;
  if (order.expiresAtMs <= closedAtMs) revert('OrderExpired', row, order.expiresAtMs);
  if (paid > order.budget) revert('LimitsAreRespected', row, paid, order.budget);
  const digest = authority.orderDigest(order);
  authority.checkAuthorised(entry, { book, row, digest, lastsUntilMs: order.expiresAtMs });
  rings.use(order.owner, orderLane(list.marketId), order.orderNonce);
  const slot = vault * columns.length + order.pay;
  sums[slot] = at(sums, slot) + paid;
}
