/** Lawful epochs with real keys, ready to be cut into lists. */
import { assetId } from '../../packages/exchange/src/ledger/asset.ts';
import { reportHash } from '../../packages/exchange/src/markets/batch/report.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import { signDigest } from '../../packages/exchange/src/orders/signature.ts';
import type { SignedWithdrawal } from '../../packages/exchange/src/orders/signedTypes.ts';
import { Signing } from '../../packages/exchange/src/orders/signedTypes.ts';
import type { BatchTransition } from '../../packages/exchange/src/transition.ts';
import type { EpochShape } from '../../packages/proofs/src/circuits/epochCircuit.ts';
import type { SettledEpoch } from '../../packages/proofs/src/statements/epoch/cutDiffList.ts';
import type { BatchSpec, OrderSpec } from '../world/lawfulBatch.ts';
import { CLOSED_AT_MS, lawfulBatch, TEST_DOMAIN, trader } from '../world/lawfulBatch.ts';
import type { VaultHolding } from './baseLayerWorld.ts';
import { WORLD_SHARD } from './baseLayerWorld.ts';

/** A small size that no circuit has: tests of statements need none. */
export const SMALL_SHAPE: EpochShape = {
  name: 'batchEpoch16',
  batches: 3,
  orders: 24,
  vaults: 12,
  assetWords: 2,
  baskets: 4,
  blocked: 4,
};

/**
 * The batches of specs one after another: numbers, reports and the pool are chained. Undefined
 * where the naive method finds no clearing.
 */
export function lawfulEpoch(
  specs: readonly BatchSpec[],
  withdrawals: readonly SignedWithdrawal[] = [],
): SettledEpoch | undefined {
  const batches: BatchTransition[] = [];
  for (const spec of specs) {
    const last = batches.at(-1);
    const batch = lawfulBatch({
      ...spec,
      orders: spec.orders.map((order, row) => renumbered(order, batches.length, row)),
      ...(last === undefined
        ? {}
        : {
            batchNumber: last.batchNumber + 1,
            parentReportHash: reportHash(last.report),
            inventory: last.report.poolAfter,
          }),
    });
    if (batch === undefined) return undefined;
    batches.push(batch);
  }
  return { epochNumber: 1, batches, withdrawals };
}

/** Nonces of a batch lie above those of the batch before. */
function renumbered(order: OrderSpec, batch: number, row: number): OrderSpec {
  return { ...order, orderNonce: BigInt(batch * 50 + row + 1) };
}

/** The orders of one spec dealt to several batches, some of which may stay empty. */
export function dealt(spec: BatchSpec, batches: number): BatchSpec[] {
  const share = Math.ceil(spec.orders.length / batches);
  return Array.from({ length: batches }, (_, k) => {
    return { ...spec, orders: spec.orders.slice(k * share, (k + 1) * share) };
  });
}

/** A withdrawal of a trader, signed by it. */
export function signedWithdrawal(n: number, units: bigint, orderNonce = 1n): SignedWithdrawal {
  const { account, secretKey } = trader(n);
  const withdrawal = {
    owner: account,
    to: trader(n + 100).account,
    shard: WORLD_SHARD,
    assetId: assetId(0),
    units: amount(units),
    orderNonce,
    expiresAtMs: CLOSED_AT_MS + 1,
  };
  const digest = new Signing(TEST_DOMAIN).withdrawalDigest(withdrawal);
  return { withdrawal, signature: signDigest(digest, secretKey) };
}

/** What every vault held before its first batch, and `wealth` more of each asset. */
export function holdingsBefore(
  batches: readonly BatchTransition[],
  wealth: bigint,
): readonly VaultHolding[] {
  const holdings = new Map<string, VaultHolding>();
  for (const { before, parameters } of batches) {
    const width = parameters.assets.length;
    before.accounts.forEach((owner, row) => {
      parameters.assets.forEach(({ assetId: asset }, column) => {
        const units = (before.balances[row * width + column] as bigint) + wealth;
        const known = holdings.has(`${owner} ${asset}`);
        if (!known) holdings.set(`${owner} ${asset}`, { owner, assetId: asset, units });
      });
    });
  }
  return [...holdings.values()];
}

/** The spec with owners signing where a session secret did: what can be settled. */
export function withoutSessions(spec: BatchSpec): BatchSpec {
  const orders = spec.orders.map((order): OrderSpec => {
    return order.authorisedBy === 'session' ? { ...order, authorisedBy: 'owner' } : order;
  });
  return { ...spec, orders };
}
