import type { SettleOutcome, Submission } from '@lawbook/settlement/baseLayer/submission';
import type { RealEngine } from '../../chains/anvil/realEngine.ts';
import type { EvmVenue } from './evmVenue.ts';

/** Far above what a step takes. */
export const PATIENCE_MS = 20_000;

/** Settles a list while blocks are made. */
export async function settle(venue: EvmVenue, submission: Submission): Promise<SettleOutcome> {
  venue.startMining();
  try {
    return await venue.layer.settle(submission, AbortSignal.timeout(PATIENCE_MS));
  } finally {
    await venue.stopMining();
  }
}

/** Makes blocks and has the venue's tracker, and that of others, see them. */
export async function mine(
  venue: EvmVenue,
  blocks: number,
  ...others: readonly RealEngine[]
): Promise<void> {
  await venue.world.mine(blocks);
  for (const { tracker } of [venue.engine, ...others]) await venue.catchUp(tracker);
}
