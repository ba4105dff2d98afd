import type { ByteReader } from '../codec/byteReader.ts';
import { DecodeError } from '../codec/byteReader.ts';
import type { ByteWriter } from '../codec/byteWriter.ts';
import { hashFromBytes } from '../codec/hash.ts';
import { bytesToHex, hexToBytes } from '../codec/hex.ts';
import { at } from '../failures/invariant.ts';
import { accountId } from '../ledger/account.ts';
import { bookImageRoot, decodeBookImage, encodeBookImage } from '../markets/book/bookImage.ts';
import { BookMarket, openBookEpoch } from '../markets/book/bookMarket.ts';
import {
  BOOK_PARAMETERS_BYTES,
  bookParameterHash,
  decodeBookParameters,
  encodeBookParameters,
  refuseBookParameters,
} from '../markets/book/bookMarketParameters.ts';
import { imageFlaw } from '../markets/book/imageFlaw.ts';
import { appendBookOrder, BOOK_ORDER_BYTES, decodeBookOrder } from '../orders/bookOrderCodec.ts';
import { decodeAuthorisedGrant, encodeAuthorisedGrant } from '../orders/orderCodec.ts';

/** Appends the canonical bytes of a book market: its part of a snapshot. */
export function encodeBookMarket(out: ByteWriter, market: BookMarket): void {
  out.fixed(encodeBookParameters(market.parameters), BOOK_PARAMETERS_BYTES);
  encodeBookImage(out, market.image());
  out.u64(BigInt(market.eventCount)).u64(BigInt(market.tradeCount));
  out.fixed(hexToBytes(market.lastEventHash), 32);
  market.clients.encode(out);
  const open = [...market.open.values()].sort((a, b) => a.orderId - b.orderId);
  out.u32(open.length);
  for (const { order, sequence, admittedAtMs } of open) {
    appendBookOrder(out, order);
    out.u64(BigInt(sequence)).timeMs(admittedAtMs);
  }
  encodeEpoch(out, market);
}

/** @throws DecodeError on bytes that are not canonical. */
export function decodeBookMarket(reader: ByteReader): BookMarket {
  const parameters = decodeBookParameters(reader);
  const image = decodeBookImage(reader);
  const counts = { eventCount: reader.natural(), tradeCount: reader.natural() };
  const lastEventHash = hashFromBytes(reader.fixed(32));
  const { offset } = reader;
  const flaw = imageFlaw(image, parameters);
  if (refuseBookParameters(parameters) !== undefined || flaw !== undefined) {
    throw new DecodeError(flaw ?? 'rules that no book has', offset);
  }
  const market = new BookMarket(parameters);
  market.clients.decode(reader);
  const byId = [...image.orders].sort((a, b) => a.orderId - b.orderId);
  if (reader.count(BOOK_ORDER_BYTES + 16) !== byId.length) {
    throw new DecodeError('open orders that the book does not have', offset);
  }
  for (const { orderId, account, priceTicks, leavesLots, ...rest } of byId) {
    const order = decodeBookOrder(reader);
    const { filledLots, filledNotional } = rest;
    const owner = at(image.owners, account).owner;
    const admission = { sequence: reader.natural(), admittedAtMs: reader.timeMs() };
    const filled = { priceTicks, leavesLots, filledLots, filledNotional };
    market.open.set(orderId, { orderId, account, owner, order, ...admission, ...filled });
  }
  market.restore(image);
  // The order of the queues is part of an image: only the book itself knows what it draws.
  if (bookImageRoot(market.image()) !== bookImageRoot(image)) {
    throw new DecodeError('an image that no book draws', offset);
  }
  Object.assign(market, counts, { lastEventHash });
  decodeEpoch(reader, market);
  return market;
}

/** Appends what the state root says of a book market. */
export function encodeBookRoot(out: ByteWriter, market: BookMarket): void {
  const { epoch } = market;
  out.u32(market.marketId).fixed(hexToBytes(bookParameterHash(market.parameters)), 32);
  out.fixed(hexToBytes(bookImageRoot(market.image())), 32);
  out.u64(BigInt(market.eventCount)).u64(BigInt(market.tradeCount));
  out.fixed(hexToBytes(market.lastEventHash), 32);
  out.u64(BigInt(epoch.number)).fixed(hexToBytes(epoch.parentEpochHash), 32);
  out.u64(BigInt(epoch.firstEvent)).fixed(hexToBytes(epoch.openingRoot), 32);
  out.fixed(hexToBytes(epoch.logRoot), 32);
}

function encodeEpoch(out: ByteWriter, { epoch }: BookMarket): void {
  out.u64(BigInt(epoch.number)).fixed(hexToBytes(epoch.parentEpochHash), 32);
  out.u64(BigInt(epoch.firstEvent)).fixed(hexToBytes(epoch.logRoot), 32);
  encodeBookImage(out, epoch.opening);
  out.u32(epoch.grants.size);
  for (const grant of epoch.grants.values()) encodeAuthorisedGrant(out, grant);
  out.u32(epoch.changes.size);
  for (const [owner, { base, quote, orderNonce }] of epoch.changes) {
    out.fixed(hexToBytes(owner), 20).i64(base).i64(quote).u64(orderNonce);
  }
}

function decodeEpoch(reader: ByteReader, market: BookMarket): void {
  const number = reader.natural();
  const parentEpochHash = hashFromBytes(reader.fixed(32));
  const firstEvent = reader.natural();
  const logRoot = hashFromBytes(reader.fixed(32));
  const opening = decodeBookImage(reader);
  const epoch = openBookEpoch({ number, parentEpochHash, firstEvent, opening });
  epoch.logRoot = logRoot;
  for (let left = reader.count(154); left > 0; left -= 1) {
    const grant = decodeAuthorisedGrant(reader);
    if (epoch.grants.has(grant.grantId)) throw new DecodeError('a grant twice', reader.offset);
    epoch.grants.set(grant.grantId, grant);
  }
  for (let left = reader.count(44); left > 0; left -= 1) {
    const owner = accountId(bytesToHex(reader.fixed(20)));
    if (epoch.changes.has(owner)) throw new DecodeError('an owner twice', reader.offset);
    const change = { base: reader.i64(), quote: reader.i64(), orderNonce: reader.u64() };
    epoch.changes.set(owner, change);
  }
  market.epoch = epoch;
}
