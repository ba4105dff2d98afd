import { at } from '@lawbook/exchange/failures/invariant';
import type { SettleOutcome, Submission } from '@lawbook/settlement/baseLayer/submission';
import { getAbiItem } from 'viem';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import type { RealEngine } from '../../chains/anvil/realEngine.ts';
import type { EvmVenue } from './evmVenue.ts';
import { tradersOf } from './evmVenue.ts';

/** Far above what a step takes. */
export const PATIENCE_MS = 20_000;

const SETTLED = getAbiItem({ abi: BASE_LAYER_ABI, name: 'Settled' });

/** Ends what takes too long. */
export function patience(): AbortSignal {
  return AbortSignal.timeout(PATIENCE_MS);
}

/** Numbers of the lists that the contract settled, as its logs have them. */
export async function settledNumbers(venue: EvmVenue): Promise<readonly bigint[]> {
  const { baseLayer: address, deployedAtBlock: fromBlock } = venue.deployment;
  const logs = await venue.world.driver.getLogs({ address, event: SETTLED, fromBlock });
  return logs.map(({ args }) => args.number ?? 0n);
}

/** What the first trader has paid so far, hundred units a list. */
export async function paidBy(venue: EvmVenue, trader = 0): Promise<bigint> {
  const vault = await venue.layer.vault(at(tradersOf(2), trader).owner);
  return 1_000_000n - (vault.balances.get(0) ?? 0n);
}

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
