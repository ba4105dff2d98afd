import type { ChainEngine } from '@lawbook/chains/chainEngine';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { FinalityTarget } from '@lawbook/chains/tracker/chainTracker';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { openEvmBaseLayer } from '@lawbook/settlement/baseLayer/evm/openEvmBaseLayer';
import type { VaultsSnapshot } from '@lawbook/settlement/baseLayer/evm/readVaults';
import { readVaults } from '@lawbook/settlement/baseLayer/evm/readVaults';
import type { Address } from 'viem';
import { RecoveryFault } from './recoveryFault.ts';

/** Where to look. */
export interface SettledQuestion {
  readonly deployment: Deployment;
  readonly shard: number;
  readonly marketId: number;
  readonly operator: Address;
  readonly finality: FinalityTarget;
  /** Ends the wait for a quiet chain. */
  readonly signal: AbortSignal;
}

/** What a base layer holds of a venue that has nothing else. */
export interface SettledState {
  /** As of a final block; no list is settled after it. */
  readonly snapshot: VaultsSnapshot;
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
  try {
    for (;;) {
      if (signal.aborted) throw stillMoving(await layer.progress('included'));
      const { depth } = engine.lane(question.operator).stats();
      const included = await layer.progress('included');
      const final = await layer.progress('final');
      if (depth === 0 && final.listNumber === included.listNumber) {
        const snapshot = await readVaults({ ...question, finality }, stands);
        const newest = await readVaults({ ...question, finality: NEWEST }, stands);
        if (newest.progress.listNumber === snapshot.progress.listNumber) {
          const deposits = newest.depositCount - snapshot.depositCount;
          return { snapshot, coming: { deposits, exits: newest.exitCount - snapshot.exitCount } };
        }
      }
      await environment.clock.sleep(LOOK_MS);
    }
  } finally {
    await layer.close();
  }
}

function stillMoving({ listNumber }: { readonly listNumber: bigint }): RecoveryFault {
  return new RecoveryFault(
    'RECOVERY_NOT_YET',
    `List ${listNumber} is not final yet, or transactions of the operator are still on their way. ` +
      'Run the command again: nothing was changed.',
    { fields: { listNumber: String(listNumber) } },
  );
}
