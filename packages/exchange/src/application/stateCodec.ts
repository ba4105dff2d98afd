import { ByteReader, DecodeError } from '../codec/byteReader.ts';
import { ByteWriter } from '../codec/byteWriter.ts';
import { hashFromBytes } from '../codec/hash.ts';
import { bytesToHex, hexToBytes } from '../codec/hex.ts';
import { decodeDiffs, encodeDiffs } from '../diffs/stateDiff.ts';
import { at } from '../failures/invariant.ts';
import { accountId } from '../ledger/account.ts';
import { assetId } from '../ledger/asset.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { CollectedBatch } from '../markets/batch/batchCodec.ts';
import {
  collectedOf,
  decodeCollected,
  encodeCollected,
  list,
} from '../markets/batch/batchCodec.ts';
import type { BatchMarket, BatchPhase, OpenEpoch } from '../markets/batch/batchMarket.ts';
import { OpenBatch, openMarket } from '../markets/batch/batchMarket.ts';
import { decodeOracle, encodeOracle } from '../markets/batch/oracleSnapshot.ts';
import type { BatchParameters } from '../markets/batch/parameters.ts';
import { decodeParameters, encodeParameters, productCount } from '../markets/batch/parameters.ts';
import { decodeAuthorisedGrant, encodeAuthorisedGrant } from '../orders/orderCodec.ts';
import { decodeWindow, encodeWindow } from '../orders/orderNonces.ts';
import { BaseLayerBook } from './baseLayerBook.ts';
import { decodeBookMarket, encodeBookMarket } from './bookCodec.ts';
import { ExchangeState } from './exchangeState.ts';
import { hasBooks } from './stateRoot.ts';

/**
 * Version 2 added the base layer; a state of version 1 reads as one that knows of none. Version 3
 * adds books and assets that settle nowhere; a state without any is one of version 2.
 */
const PLAIN_VERSION = 2;
const BOOK_VERSION = 3;
const PHASES: readonly BatchPhase[] = ['collecting', 'revealing', 'closed'];

/** Canonical bytes of the whole state: the body of a snapshot. */
export function encodeState(state: ExchangeState): Uint8Array {
  const version = hasBooks(state) ? BOOK_VERSION : PLAIN_VERSION;
  const out = new ByteWriter(1 << 16).u32(version).u64(state.domain.chainId);
  out.fixed(hexToBytes(state.domain.address), 20);
  out.u64(BigInt(state.sequence)).timeMs(state.timeMs);
  out.u32(state.assets.length);
  for (const asset of state.assets) out.text(asset.symbol).u8(asset.decimals);
  state.ledger.encode(out);
  out.u32(state.nonceWindows.size);
  for (const [owner, window] of state.nonceWindows) {
    encodeWindow(out.fixed(hexToBytes(owner), 20), window);
  }
  out.u32(state.grants.size);
  for (const grant of state.grants.values()) encodeAuthorisedGrant(out, grant);
  out.u32(state.markets.size);
  for (const market of state.markets.values()) encodeMarket(out, market);
  state.baseLayer.encode(out);
  if (version === BOOK_VERSION) {
    for (const asset of state.assets) out.u8(asset.settles ? 1 : 0);
    out.u32(state.books.size);
    for (const market of state.books.values()) encodeBookMarket(out, market);
  }
  return out.finish();
}

/** Rebuilds a state from its bytes. @throws DecodeError on anything but a canonical state. */
export function decodeState(bytes: Uint8Array): ExchangeState {
  const reader = new ByteReader(bytes);
  const version = reader.u32();
  if (version < 1 || version > BOOK_VERSION)
    throw new DecodeError(`a state of version ${version}`, 0);
  const chainId = reader.u64();
  const state = new ExchangeState({ chainId, address: accountId(bytesToHex(reader.fixed(20))) });
  state.sequence = reader.natural();
  state.timeMs = reader.timeMs();
  list(reader, 5, () => {
    const symbol = reader.text();
    const id = assetId(state.assets.length);
    state.assets.push({ id, symbol, decimals: reader.u8(), settles: true });
  });
  state.ledger = Ledger.decode(reader);
  list(reader, 60, () => {
    const owner = accountId(bytesToHex(reader.fixed(20)));
    refuseTwice(reader, state.nonceWindows.has(owner));
    state.nonceWindows.set(owner, decodeWindow(reader));
  });
  list(reader, 154, () => {
    const grant = decodeAuthorisedGrant(reader);
    refuseTwice(reader, state.grants.has(grant.grantId));
    state.addGrant(grant);
  });
  list(reader, 100, () => {
    const market = decodeMarket(reader, version);
    refuseTwice(reader, state.markets.has(market.marketId));
    state.markets.set(market.marketId, market);
  });
  if (version === 1) state.baseLayer.hasTraded = hasTraded(state);
  else state.baseLayer = BaseLayerBook.decode(reader);
  if (version === BOOK_VERSION) decodeBooks(reader, state);
  reader.end();
  return state;
}

function decodeBooks(reader: ByteReader, state: ExchangeState): void {
  for (const [k, asset] of state.assets.entries()) {
    state.assets[k] = { ...asset, settles: reader.flag() };
  }
  list(reader, 100, () => {
    const market = decodeBookMarket(reader);
    refuseTwice(reader, state.books.has(market.marketId));
    state.books.set(market.marketId, market);
  });
  if (!hasBooks(state)) throw new DecodeError('a state of version 3 with nothing of it', 0);
}

/** What stands in a collection by a key stands there once, or it would be written once again. */
function refuseTwice(reader: ByteReader, isThere: boolean): void {
  if (isThere) throw new DecodeError('an entry twice', reader.offset);
}

/** Whether a user has signed anything: what a state of version 1 did not write down. */
function hasTraded(state: ExchangeState): boolean {
  const markets = [...state.markets.values()];
  const isUsed = markets.some(({ batch }) => batch.number > 1 || batch.commitments.length > 0);
  return isUsed || state.nonceWindows.size > 0;
}

function encodeMarket(out: ByteWriter, market: BatchMarket): void {
  out.bytes(encodeParameters(market.parameters));
  if (market.nextParameters === undefined) out.u8(0);
  else out.u8(1).bytes(encodeParameters(market.nextParameters));
  out.bytes(encodeOracle(market.reference)).fixed(hexToBytes(market.parentReportHash), 32);
  if (market.haltReason === undefined) out.u8(0);
  else out.u8(1).text(market.haltReason);
  const { epoch, batch } = market;
  out.u64(BigInt(epoch.number)).fixed(hexToBytes(epoch.parentEpochHash), 32);
  out.u64(BigInt(epoch.firstBatch)).u32(epoch.batchCount).bytes(encodeDiffs(epoch.diffs));
  out.timeMs(epoch.lastClosedAtMs);
  out.u64(BigInt(batch.number)).u8(PHASES.indexOf(batch.phase));
  out.timeMs(batch.phaseSinceMs).timeMs(batch.closedAtMs);
  encodeCollected(out, collectedOf(batch));
}

function decodeMarket(reader: ByteReader, version: number): BatchMarket {
  const parameters = readParameters(reader);
  const nextParameters = reader.flag() ? readParameters(reader) : undefined;
  const market = openMarket(parameters, decodeOracle(reader.bytes()), 0);
  market.nextParameters = nextParameters;
  market.parentReportHash = hashFromBytes(reader.fixed(32));
  market.haltReason = reader.flag() ? reader.text() : undefined;
  market.epoch = decodeEpoch(reader, version);
  const number = reader.natural();
  const phase = PHASES[reader.u8()];
  if (phase === undefined) throw new DecodeError('an unknown phase', reader.offset);
  const phaseSinceMs = reader.timeMs();
  const closedAtMs = reader.timeMs();
  market.batch = rebuildBatch(parameters, number, decodeCollected(reader));
  market.batch.phase = phase;
  market.batch.phaseSinceMs = phaseSinceMs;
  market.batch.closedAtMs = closedAtMs;
  return market;
}

function decodeEpoch(reader: ByteReader, version: number): OpenEpoch {
  const number = reader.natural();
  const parentEpochHash = hashFromBytes(reader.fixed(32));
  const firstBatch = reader.natural();
  const batchCount = reader.u32();
  const inner = new ByteReader(reader.bytes());
  const diffs = decodeDiffs(inner);
  inner.end();
  // Zero is as good as the time itself: no withdrawal was there to expire before it.
  const lastClosedAtMs = version === 1 ? 0 : reader.timeMs();
  return { number, parentEpochHash, firstBatch, batchCount, lastClosedAtMs, diffs };
}

/** Files the rows anew, so that books and running root are those of the live batch. */
function rebuildBatch(
  parameters: BatchParameters,
  number: number,
  collected: CollectedBatch,
): OpenBatch {
  const flaw = collectedFlaw(parameters, collected);
  if (flaw !== undefined) throw new DecodeError(flaw, 0);
  const batch = new OpenBatch(parameters, number, 0);
  const { table, nonceWindows } = collected;
  for (let row = 0; row < table.count; row += 1) {
    batch.append(table.entry(row), at(nonceWindows, table.ownerIndex[row] as number));
    if (table.canceled[row] === 1) batch.table.cancel(row);
  }
  // One by one: spread over as many arguments, a large batch would overflow the stack.
  for (const cancellation of collected.cancellations) batch.cancellations.push(cancellation);
  for (const commitment of collected.commitments) batch.commit(commitment);
  for (const grant of collected.grants) batch.grants.set(grant.grantId, grant);
  return batch;
}

/** Why no market under these rules collected this: what the market states as invariants. */
function collectedFlaw(
  parameters: BatchParameters,
  { table, nonceWindows, commitments, grants }: CollectedBatch,
): string | undefined {
  const products = productCount(parameters);
  if (table.marketId !== parameters.marketId) return 'orders of another market';
  if (nonceWindows.length !== table.owners.length) return 'an owner without a nonce window';
  for (let row = 0; row < table.count; row += 1) {
    const product = Math.max(table.pay[row] as number, table.receive[row] as number);
    if (product >= products) return 'an order of an unknown product';
    if (table.limitDenominator[row] === 0n) return 'a limit that is no ratio';
  }
  const hidden = commitments.filter(({ reveal }) => reveal === undefined);
  const keys = new Set(hidden.map(({ owner, commitment }) => owner + commitment));
  if (keys.size !== hidden.length) return 'a hidden commitment twice';
  if (commitments.some(({ reveal }) => (reveal?.row ?? -1) >= table.count)) {
    return 'a reveal of no row';
  }
  const ids = new Set(grants.map(({ grantId }) => grantId));
  return ids.size === grants.length ? undefined : 'a grant twice';
}

function readParameters(reader: ByteReader): BatchParameters {
  const inner = new ByteReader(reader.bytes());
  const parameters = decodeParameters(inner);
  inner.end();
  return parameters;
}
