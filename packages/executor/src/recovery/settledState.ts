import type { ChainEngine } from '@lawbook/chains/chainEngine';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { FinalityTarget } from '@lawbook/chains/tracker/chainTracker';
import type { EvmStands } from '@lawbook/settlement/baseLayer/evm/chainReader';
import { ChainReader } from '@lawbook/settlement/baseLayer/evm/chainReader';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { openEvmBaseLayer } from '@lawbook/settlement/baseLayer/evm/openEvmBaseLayer';
import type { KnownOwners } from '@lawbook/settlement/baseLayer/evm/readOwners';
import type { VaultsSnapshot } from '@lawbook/settlement/baseLayer/evm/readVaults';
import { readVaults } from '@lawbook/settlement/baseLayer/evm/readVaults';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import type { Address } from 'viem';
import { erc20Abi } from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../../../contracts/generated/agreementRegistryAbi.ts';
import { RecoveryFault } from './recoveryFault.ts';

/** Where to look. */
export interface SettledQuestion {
  readonly deployment: Deployment;
  readonly shard: number;
  readonly marketId: number;
  readonly operator: Address;
  readonly finality: FinalityTarget;
  /** What logs told that the chain no longer has. */
  readonly known?: KnownOwners | undefined;
  /** Ends the wait for a quiet chain. */
  readonly signal: AbortSignal;
}

/** An asset of the shard, as its token describes itself. */
export interface SettledAsset {
  readonly symbol: string;
  /** Of the ledger: those of the token, less the digits that a ledger unit leaves out. */
  readonly decimals: number;
}

/** What a base layer holds of a venue that has nothing else. */
export interface SettledState {
  /** As of a final block; no list is settled after it. */
  readonly snapshot: VaultsSnapshot;
  /** By asset id. */
  readonly assets: readonly SettledAsset[];
  /** Deposits and payments that are in a block, but not final yet: they follow by themselves. */
  readonly coming: { readonly deposits: bigint; readonly exits: bigint };
}

/** Between two looks at a chain that still moves. */
const LOOK_MS = 500;
const NEWEST: FinalityTarget = { kind: 'confirmations', blocks: 1 };

/**
 * Reads everything of a shard, once nothing that the lost venue sent can change it any more: its
 * operator's transactions have ended, and the last list is final. A list that became settled after
 * the reading would not be the rebuilt venue's own.
 *
 * @throws RecoveryFault RECOVERY_NOT_YET when the signal ends the wait; SettlementFault.
 */
export async function readSettledState(
  question: SettledQuestion,
  engine: ChainEngine,
): Promise<SettledState> {
  const { signal, finality } = question;
  const environment = systemEnvironment();
  const stands = { engine, environment };
  const layer = openEvmBaseLayer(question, stands);
  const look = async (): Promise<SettledState | undefined> => {
    const { depth } = engine.lane(question.operator).stats();
    const included = await layer.progress('included');
    const final = await layer.progress('final');
    if (depth > 0 || final.listNumber !== included.listNumber) return undefined;
    const snapshot = await readVaults({ ...question, finality }, stands);
    const newest = await readVaults({ ...question, finality: NEWEST }, stands);
    if (newest.progress.listNumber !== snapshot.progress.listNumber) return undefined;
    const deposits = newest.depositCount - snapshot.depositCount;
    const coming = { deposits, exits: newest.exitCount - snapshot.exitCount };
    return { snapshot, assets: await readAssets(question, stands), coming };
  };
  try {
    for (;;) {
      let cause: unknown;
      try {
        const state = await look();
        if (state !== undefined) return state;
      } catch (fault) {
        // A chain that has just been opened does not show all of its blocks at once.
        if (!(fault instanceof SettlementFault && fault.retryable)) throw fault;
        cause = fault;
      }
      if (signal.aborted) throw stillMoving(cause);
      await environment.clock.sleep(LOOK_MS);
    }
  } finally {
    await layer.close();
  }
}

/** Assets are only ever appended, so the newest block knows all of them. */
async function readAssets(
  { deployment, shard, finality }: SettledQuestion,
  stands: EvmStands,
): Promise<SettledAsset[]> {
  const reader = new ChainReader(stands, finality);
  const registry = { address: deployment.registry, abi: AGREEMENT_REGISTRY_ABI } as const;
  return await reader.atHead(async (block) => {
    const counted = { ...registry, functionName: 'assetCount', args: [shard] } as const;
    const count = Number(await reader.view(counted, block));
    const assets: SettledAsset[] = [];
    for (let asset = 0; asset < count; asset += 1) {
      const wanted = {
        ...registry,
        functionName: 'assetOf',
        args: [shard, BigInt(asset)],
      } as const;
      const { token, unit } = await reader.view(wanted, block);
      const contract = { address: token, abi: erc20Abi, args: [] } as const;
      const symbol = await reader.view({ ...contract, functionName: 'symbol' }, block);
      const decimals = await reader.view({ ...contract, functionName: 'decimals' }, block);
      // Units are powers of ten.
      assets.push({ symbol, decimals: decimals - (String(unit).length - 1) });
    }
    return assets;
  });
}

function stillMoving(cause: unknown): RecoveryFault {
  const sentence =
    cause instanceof SettlementFault
      ? cause.message
      : "The last list is not final yet, or the operator's transactions are still on their way.";
  return new RecoveryFault(
    'RECOVERY_NOT_YET',
    `${sentence} Run the command again: nothing was changed.`,
    { cause },
  );
}
