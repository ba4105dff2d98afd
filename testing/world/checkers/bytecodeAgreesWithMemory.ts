import { DEMO_MARKET_ID } from '@lawbook/analytics/demoWorld';
import { replayInMemory } from '../simulation/memoryTwin.ts';
import { SHARD } from '../simulation/simulatedBase.ts';
import type { Checker } from '../simulation/worldView.ts';

/**
 * The contracts' bytecode and the contracts in memory take the same transactions and refuse the
 * same: at rest, all that is on the chain is done again in memory, and lists, progress and vaults
 * are compared.
 */
export function bytecodeAgreesWithMemory(): Checker {
  return {
    name: 'bytecodeAgreesWithMemory',
    check: async ({ base, follower, isAtRest }) => {
      if (!isAtRest || base.kind !== 'evm') return undefined;
      const { contracts, difference } = replayInMemory(base);
      if (difference !== undefined) return difference;
      const there = await base.lastList();
      const here = contracts.listChain(SHARD);
      if (here.number !== there.number || here.listHash !== there.listHash) {
        return `the bytecode stands at list ${there.number}, memory at ${here.number}`;
      }
      const { state } = follower.machine;
      for (const owner of state.ledger.accounts) {
        for (const { id, settles } of state.assets) {
          if (!settles) continue;
          const units = contracts.vaults.balanceOf({ shard: SHARD, owner }, id);
          const found = await base.balanceOf(owner, id);
          if (units === found) continue;
          return `${owner} has ${found} of asset ${id} in the bytecode and ${units} in memory`;
        }
      }
      const batch = contracts.marketProgress(DEMO_MARKET_ID)?.batchNumber ?? 0n;
      const settled = await base.settledBatch();
      return batch === settled ? undefined : `batch ${settled} is settled, in memory ${batch}`;
    },
  };
}
