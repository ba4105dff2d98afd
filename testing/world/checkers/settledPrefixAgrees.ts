import { DEMO_MARKET_ID } from '@lawbook/analytics/demoWorld';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import {
  accountId,
  isSystemAccount,
  SystemRole,
  systemAccount,
} from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { listHash } from '@lawbook/proofs/statements/epoch/dataVector';
import { epochCut, epochShapeFor } from '@lawbook/proofs/statements/epoch/epochStatement';
import { SHARD } from '../simulation/simulatedBase.ts';
import type { Checker, WorldView } from '../simulation/worldView.ts';

/**
 * Contract and exchange agree on the settled prefix: every list that the chain holds is the one
 * that the durable journal seals in that place, hash for hash, and once all is settled and carried
 * over, the contract itself names the last list that was sealed, knows the nonce of every order
 * that paid, and holds in every vault what the ledger says.
 */
export function settledPrefixAgrees(): Checker {
  const hashes: Hash[] = [];
  const paying: PayingOrder[] = [];
  let open: BatchTransition[] = [];
  const seal = ({ news, base }: WorldView): void => {
    for (const { applied } of news) {
      if (applied.kind === 'batchCleared') open.push(applied.transition);
      if (applied.kind !== 'epochSealed' || applied.epoch.marketId !== DEMO_MARKET_ID) continue;
      const { epochNumber, withdrawals } = applied.epoch;
      const epoch = { epochNumber, batches: open, withdrawals };
      open = [];
      const previousListHash = hashes.at(-1) ?? ZERO_HASH;
      const shape = epochShapeFor(epoch);
      const place = { shard: SHARD, listNumber: BigInt(epochNumber), previousListHash, shape };
      const cut = epochCut(epoch, place, base.hash);
      hashes.push(listHash(cut));
      for (const { order, paid } of cut.book.rows) {
        const owner = accountId(order.owner);
        if (paid > 0n) paying.push({ owner, orderNonce: order.orderNonce });
      }
    }
  };
  return {
    name: 'settledPrefixAgrees',
    check: async (view) => {
      if (!view.settles) return undefined;
      seal(view);
      for (const { number, listHash: settled } of view.base.lists()) {
        const ours = hashes[Number(number) - 1];
        // The follower may be behind while the venue is down.
        if (ours === undefined && view.live === undefined) continue;
        if (ours !== settled)
          return `list ${number} settled as ${settled}; the journal has ${ours}`;
      }
      if (!view.isAtRest) return undefined;
      return (
        (await differentHead(view, hashes)) ??
        (await freshNonce(view, paying)) ??
        (await differentVault(view))
      );
    },
  };
}

/** At rest the contract's own last list is the last that was sealed. */
async function differentHead(
  { base }: WorldView,
  hashes: readonly Hash[],
): Promise<string | undefined> {
  const { number, listHash: settled } = await base.lastList();
  const sealed = hashes.length;
  if (number === BigInt(sealed) && settled === (hashes.at(-1) ?? ZERO_HASH)) return undefined;
  return `the contract has list ${number}, ${settled}, and ${sealed} are sealed`;
}

/** An order that has paid. */
interface PayingOrder {
  readonly owner: AccountId;
  readonly orderNonce: bigint;
}

/** No order that has paid could be settled once more. */
async function freshNonce(
  { base }: WorldView,
  paying: readonly PayingOrder[],
): Promise<string | undefined> {
  for (const { owner, orderNonce } of paying) {
    if (!(await base.isOrderNonceFresh(owner, orderNonce))) continue;
    return `order ${orderNonce} of ${owner} has paid, and the contract would take it again`;
  }
  return undefined;
}

async function differentVault({ follower, base }: WorldView): Promise<string | undefined> {
  const { state } = follower.machine;
  const own = [SystemRole.pool, SystemRole.fees].map((role) => systemAccount(role, DEMO_MARKET_ID));
  for (const owner of state.ledger.accounts) {
    if (isSystemAccount(owner) && !own.includes(owner)) continue;
    for (const { id, settles } of state.assets) {
      if (!settles) continue;
      const here = state.ledger.total(owner, assetId(id));
      const waiting = state.baseLayer.pending
        .filter(({ withdrawal }) => withdrawal.owner === owner && withdrawal.assetId === id)
        .reduce((sum, { withdrawal }) => sum + withdrawal.units, 0n);
      const there = await base.balanceOf(owner, id);
      if (here + waiting !== there) {
        return `${owner} has ${here} of asset ${id} here, ${waiting} on the way, ${there} settled`;
      }
    }
  }
  return undefined;
}
