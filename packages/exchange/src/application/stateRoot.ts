import { ByteWriter } from '../codec/byteWriter.ts';
import type { Hash } from '../codec/hash.ts';
import { taggedHash } from '../codec/hash.ts';
import { hexToBytes } from '../codec/hex.ts';
import { diffRoot } from '../diffs/stateDiff.ts';
import { at } from '../failures/invariant.ts';
import type { AccountId } from '../ledger/account.ts';
import { collectedOf, encodeCollected } from '../markets/batch/batchCodec.ts';
import type { BatchMarket } from '../markets/batch/batchMarket.ts';
import { oracleHash } from '../markets/batch/oracleSnapshot.ts';
import { parameterHash } from '../markets/batch/parameters.ts';
import { encodeAuthorisedGrant } from '../orders/orderCodec.ts';
import { encodeWindow } from '../orders/orderNonces.ts';
import { encodeBookRoot } from './bookCodec.ts';
import type { ExchangeState } from './exchangeState.ts';

/**
 * The commitment to everything the exchange remembers: the account tree (updated along the paths of
 * accounts that changed since the last call), one hash over assets, sessions and markets, and what
 * is known of the base layer.
 */
export function stateRoot(state: ExchangeState): Hash {
  const leaves = state.ledger.takeTouched().map((number) => {
    return { number, bytes: accountLeaf(state, at(state.ledger.accounts, number)) };
  });
  state.accountTree.update(leaves);
  const rest = new ByteWriter(1024).u64(BigInt(state.sequence)).timeMs(state.timeMs);
  rest.u32(state.assets.length);
  for (const asset of state.assets) rest.text(asset.symbol).u8(asset.decimals);
  rest.u32(state.grants.size);
  for (const grant of state.grants.values()) encodeAuthorisedGrant(rest, grant);
  rest.u32(state.markets.size);
  for (const market of state.markets.values()) encodeMarketRoot(rest, market);
  // Behind all else and only once there is something: a venue without a base layer keeps its roots.
  if (!state.baseLayer.isUntouched) state.baseLayer.encode(rest);
  // The same for books and for assets that settle nowhere, behind a mark of their own.
  if (hasBooks(state)) {
    rest.u32(BOOKS_FOLLOW);
    for (const asset of state.assets) rest.u8(asset.settles ? 1 : 0);
    rest.u32(state.books.size);
    for (const market of state.books.values()) encodeBookRoot(rest, market);
  }
  return taggedHash('lawbook.state.v1', hexToBytes(state.accountTree.root()), rest.finish());
}

/** Whether a state holds what older ones did not know: books, or assets that settle nowhere. */
export function hasBooks(state: ExchangeState): boolean {
  return state.books.size > 0 || state.assets.some(({ settles }) => !settles);
}

const BOOKS_FOLLOW = 0xb00c;

/** Bytes of an account's leaf: address, nonce window, balances. */
export function accountLeaf(state: ExchangeState, account: AccountId): Uint8Array {
  const out = new ByteWriter(128).fixed(hexToBytes(account), 20);
  encodeWindow(out, state.nonceWindow(account));
  return out.bytes(state.ledger.encodeBalances(account)).finish();
}

function encodeMarketRoot(out: ByteWriter, market: BatchMarket): void {
  const { batch, epoch } = market;
  out.u32(market.marketId).fixed(hexToBytes(parameterHash(market.parameters)), 32);
  if (market.nextParameters === undefined) out.u8(0);
  else out.u8(1).fixed(hexToBytes(parameterHash(market.nextParameters)), 32);
  out.fixed(hexToBytes(oracleHash(market.reference)), 32);
  out.fixed(hexToBytes(market.parentReportHash), 32);
  if (market.haltReason === undefined) out.u8(0);
  else out.u8(1).text(market.haltReason);
  out.u64(BigInt(epoch.number)).fixed(hexToBytes(epoch.parentEpochHash), 32);
  out.u64(BigInt(epoch.firstBatch)).u32(epoch.batchCount);
  out.fixed(hexToBytes(diffRoot(epoch.diffs)), 32);
  out.u64(BigInt(batch.number)).text(batch.phase).timeMs(batch.phaseSinceMs);
  const collected = new ByteWriter(1024);
  encodeCollected(collected, collectedOf(batch));
  out.fixed(hexToBytes(taggedHash('lawbook.openBatch.v1', collected.finish())), 32);
}
