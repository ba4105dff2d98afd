/**
 * The data vector D of a list, its hash, and its value at a point, as the contract builds them:
 * docs/protocol/binding.md is the layout and the soundness argument.
 */
import type { Hash } from '@lawbook/exchange/codec/hash';
import { taggedDigest } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { keccakHash, keccakOfText } from '@lawbook/exchange/codec/keccak';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { OracleSnapshot } from '@lawbook/exchange/markets/batch/oracleSnapshot';
import { decodeOracle } from '@lawbook/exchange/markets/batch/oracleSnapshot';
import { amount } from '@lawbook/exchange/numbers/amount';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import { domainSeparator } from '@lawbook/exchange/orders/typedData';
import { bytesToNumber, elementsToBytes, FIELD_MODULUS } from '../fieldElement.ts';
import type { ListCut } from './cutDiffList.ts';
import type {
  CircuitShape,
  HexHash,
  ListBatch,
  ListOrder,
  ListWithdrawal,
  OrderRow,
} from './diffList.ts';
import { VENUE_ROWS } from './diffList.ts';

/** A list as field elements. */
export interface DataVector {
  /** D: as long as the circuit's capacity makes it, zeros where the list ends. */
  readonly elements: readonly bigint[];
  /** The sections without padding, the head with the halves of the list hash. */
  readonly sections: DataSections;
  readonly listHash: HexHash;
}

/** The sections of D without their padding. */
export interface DataSections {
  readonly head: readonly bigint[];
  readonly batches: readonly bigint[];
  readonly orders: readonly bigint[];
  readonly changes: readonly bigint[];
}

/** Elements of the head before the pool, of a batch before its prices, and of an order. */
export const HEAD_ELEMENTS = 5;
export const BATCH_ELEMENTS = 6;
export const ORDER_ELEMENTS = 2;

/** How many elements D has for a circuit. */
export function dataVectorLength({ batches, orders, vaults, assetWords }: CircuitShape): number {
  const batchElements = batches * (BATCH_ELEMENTS + 2 * assetWords);
  return HEAD_ELEMENTS + assetWords + batchElements + ORDER_ELEMENTS * orders + vaults * assetWords;
}

/** D of a list that fits the shape, with the list hash in its place. */
export function dataVector(cut: ListCut, shape: CircuitShape): DataVector {
  const sections = openSections(cut, shape);
  const hash = hashList(cut, sections);
  const head = [...sections.head];
  head.splice(3, 2, ...halves(hash));
  const closed = { ...sections, head };
  const elements = [
    ...head,
    ...padded(closed.batches, shape.batches * (BATCH_ELEMENTS + 2 * shape.assetWords)),
    ...padded(closed.orders, ORDER_ELEMENTS * shape.orders),
    ...padded(closed.changes, shape.vaults * shape.assetWords),
  ];
  invariant(elements.length === dataVectorLength(shape), 'D has the length of its circuit');
  return { elements, sections: closed, listHash: hash };
}

/** The hash that the next list names, bound to chain and contract. It depends on no capacity. */
export function listHash(cut: ListCut): HexHash {
  return hashList(cut, openSections(cut));
}

/** The point r, drawn after D and its commitment are fixed: a field element. */
export function challenge(hash: Hash, commitment: bigint): bigint {
  const drawn = keccakHash(hexToBytes(hash), elementsToBytes([commitment]));
  return bytesToNumber(hexToBytes(drawn)) % FIELD_MODULUS;
}

/** y = sum_k D_k r^k in the field. */
export function evaluate(elements: readonly bigint[], r: bigint): bigint {
  return elements.reduceRight((y, element) => (y * r + element) % FIELD_MODULUS, 0n);
}

/** The sections while the halves of the list hash are zero. */
function openSections(cut: ListCut, shape?: CircuitShape): DataSections {
  const { list, book, firstBatchNumber } = cut;
  const signing = new Signing(cut.domain);
  const oracles = list.batches.map(({ oracle }) => decodeOracle(hexToBytes(oracle)));
  const assetWords = list.poolBefore.length;
  invariant(shape === undefined || shape.assetWords === assetWords, 'a list fits its shape');
  const batches: bigint[] = [];
  const orders: bigint[] = [];
  let row = 0;
  list.batches.forEach((batch, k) => {
    const rows = book.rows.slice(row, row + batch.orderCount);
    row += batch.orderCount;
    const number = firstBatchNumber + BigInt(k);
    const root = orderSetRoot(rows, signing);
    batches.push(...batchElements(batch, { number, root, oracle: at(oracles, k), assetWords }));
    for (const entry of rows) orders.push(...orderElements(entry, k));
  });
  invariant(row === book.rows.length, 'all rows of a list belong to its batches');
  const head = [
    packed([
      [BigInt(list.shard), 32],
      [BigInt(list.marketId), 32],
      [list.number, 64],
      [list.epochNumber, 64],
      [BigInt(list.batches.length), 8],
      [BigInt(at(oracles, 0).mids.length), 8],
      [BigInt(row), 16],
      [BigInt(list.owners.length + VENUE_ROWS), 16],
    ]),
    ...halves(list.previousListHash),
    0n,
    0n,
    ...list.poolBefore,
  ];
  return { head, batches, orders, changes: list.changes };
}

interface BatchFacts {
  readonly number: bigint;
  readonly root: Uint8Array;
  readonly oracle: OracleSnapshot;
  readonly assetWords: number;
}

function batchElements(batch: ListBatch, facts: BatchFacts): bigint[] {
  const { number, root, oracle, assetWords } = facts;
  const mids = new Array<bigint>(assetWords).fill(0n);
  oracle.mids.forEach((mid, column) => {
    const word = Math.floor(column / 3);
    mids[word] = at(mids, word) | (mid << BigInt(64 * (column % 3)));
  });
  const oracleHash = taggedDigest('lawbook.oracleSnapshot.v1', hexToBytes(batch.oracle));
  return [
    packed([
      [number, 64],
      [batch.closedAtMs, 64],
      [BigInt(oracle.observedAtMs), 64],
      [BigInt(batch.orderCount), 16],
      [batch.isHalted ? 1n : 0n, 8],
    ]),
    ...halves(root),
    ...halves(oracleHash),
    batch.parameters,
    ...batch.prices,
    ...mids,
  ];
}

function orderElements(
  { order, paid, received, vault, isVoid }: OrderRow,
  batch: number,
): bigint[] {
  const signed = packed([
    [order.budget, 64],
    [order.limitNumerator, 64],
    [order.limitDenominator, 64],
    [BigInt(order.minFillPpm), 32],
    [BigInt(order.pay), 8],
    [BigInt(order.product), 16],
  ]);
  const came = packed([
    [paid, 64],
    [received, 64],
    [BigInt(vault), 16],
    [BigInt(batch), 8],
    [isVoid ? 1n : 0n, 8],
  ]);
  return [signed, came];
}

/** The exchange's root over order ids that are worked out again from the terms. */
function orderSetRoot(rows: readonly OrderRow[], signing: Signing): Uint8Array {
  const ids = rows.map(({ order }) => signing.orderDigest(exchangeOrder(order)));
  const count = elementsToBytes([BigInt(rows.length)]).subarray(-8);
  return taggedDigest('lawbook.orderSet.v1', ...ids, count);
}

function exchangeOrder(order: ListOrder): Parameters<Signing['orderDigest']>[0] {
  const { product, budget, expiresAtMs, ...terms } = order;
  return {
    ...terms,
    receive: product,
    budget: amount(budget),
    expiresAtMs: Number(expiresAtMs),
  };
}

function exchangeWithdrawal(wish: ListWithdrawal): Parameters<Signing['withdrawalDigest']>[0] {
  return {
    ...wish,
    assetId: assetId(wish.assetId),
    units: amount(wish.units),
    expiresAtMs: Number(wish.expiresAtMs),
  };
}

function hashList({ list, domain }: ListCut, sections: DataSections): HexHash {
  const signing = new Signing(domain);
  const digests = list.withdrawals.map(({ withdrawal }) =>
    signing.withdrawalDigest(exchangeWithdrawal(withdrawal)),
  );
  const owners = list.owners.map((owner) => bytesToNumber(hexToBytes(owner)));
  return keccakHash(
    hexToBytes(keccakOfText('lawbook.diffList.v1')),
    domainSeparator(domain),
    elementsDigest(sections.head),
    elementsDigest(sections.batches),
    elementsDigest(sections.orders),
    elementsDigest(owners),
    elementsDigest(sections.changes),
    hexToBytes(keccakHash(...digests)),
  ) as HexHash;
}

function elementsDigest(elements: readonly bigint[]): Uint8Array {
  return hexToBytes(keccakHash(elementsToBytes(elements)));
}

const HALF_BITS = 128n;

/** The high and the low half of 32 bytes. */
function halves(hash: Hash | Uint8Array): [bigint, bigint] {
  const number = bytesToNumber(typeof hash === 'string' ? hexToBytes(hash) : hash);
  return [number >> HALF_BITS, BigInt.asUintN(128, number)];
}

/** Fields from the most significant on, each with its bits. */
function packed(fields: readonly (readonly [bigint, number])[]): bigint {
  return fields.reduce((element, [field, bits]) => {
    invariant(field >= 0n && field >> BigInt(bits) === 0n, 'a field of D fits its bits');
    return (element << BigInt(bits)) | field;
  }, 0n);
}

function padded(elements: readonly bigint[], length: number): bigint[] {
  invariant(elements.length <= length, 'a section fits its room');
  return [...elements, ...new Array<bigint>(length - elements.length).fill(0n)];
}
