import { Fault } from '@lawbook/exchange/failures/fault';
import { fillHoles } from './fillHoles.ts';
import { followChain } from './followChain.ts';
import { forgetSpends } from './forgetSpends.ts';
import type { StoredRequest } from './laneLog.ts';
import { keepOffering } from './offerBytes.ts';
import { startIntents } from './startIntents.ts';
import type { Tenure } from './tenure.ts';
import { grantWishes, withdrawIntents } from './withdrawIntents.ts';

/** Beats within which other processes' intents are taken in, however many callers are here. */
const LISTING_BEATS = 4;

/**
 * One beat of a lane, the file to read: take in, look at the chain, take back, keep alive, start.
 *
 * Each step commits before it acts, so that it may end anywhere: the next beat, or the next
 * process, finds in the store what was decided and offers the same bytes again.
 *
 * @throws Fault of the world; the caller rests and comes back.
 */
export async function beat(tenure: Tenure, arrivals: readonly StoredRequest[]): Promise<void> {
  await takeIn(tenure, arrivals);
  await grantWishes(tenure);
  const chain = await look(tenure);
  // Needs no chain: what was not sent can be taken back while every endpoint is away.
  await withdrawIntents(tenure);
  if (chain.fault !== undefined) throw chain.fault;
  if (!chain.maySend) return;
  await keepOffering(tenure);
  await startIntents(tenure);
  await fillHoles(tenure);
  await forgetSpends(tenure);
}

async function look(
  tenure: Tenure,
): Promise<{ readonly maySend: boolean; readonly fault: Fault | undefined }> {
  try {
    return { maySend: await followChain(tenure), fault: undefined };
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    if (fault.code.startsWith('CHAIN_STORE') || fault.code === 'CHAIN_LANE_FENCED') throw fault;
    return { maySend: false, fault };
  }
}

/** Intents that were stored since: by callers of this process, and by other processes. */
async function takeIn(tenure: Tenure, arrivals: readonly StoredRequest[]): Promise<void> {
  const { beatMs } = tenure.options.settings;
  for (const stored of arrivals) {
    const { key } = stored.request;
    if (tenure.memory.intents.has(key) || tenure.endedLives.has(key)) continue;
    tenure.memory.install({ ...stored, life: await tenure.log.life(stored) });
  }
  // A caller in a hurry is not kept waiting by a listing; but not all callers are of this process.
  const now = tenure.elapsedMs();
  if (arrivals.length > 0 && now < tenure.listedAt + LISTING_BEATS * beatMs) return;
  tenure.listedAt = now;
  const keys = await tenure.log.openKeys();
  const unknown = keys.filter((key) => !tenure.memory.intents.has(key));
  for (const stored of await tenure.log.intents(unknown)) tenure.memory.install(stored);
}
