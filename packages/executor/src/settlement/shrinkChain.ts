import type { EmbeddedAnvil } from '@lawbook/chains/embedded/anvil';
import type { Clock } from '@lawbook/chains/environment';
import { RING_BLOCKS } from '@lawbook/chains/tracker/headerRing';
import type { EvmStands } from '@lawbook/settlement/baseLayer/evm/chainReader';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import type { KnownOwners } from '@lawbook/settlement/baseLayer/evm/readOwners';
import { readOwners } from '@lawbook/settlement/baseLayer/evm/readOwners';
import type { BridgePlace, BridgePlaceStore } from '@lawbook/settlement/bridge/bridge';
import type { Logger } from 'pino';
import { readKnownOwners, writeKnownOwners } from './knownOwners.ts';

/** Whose chain is kept small, and by what. */
export interface ShrinkParts {
  readonly chain: Pick<EmbeddedAnvil, 'stateBytes' | 'saved' | 'shrink'>;
  /** Where the owners are written down whose logs go. */
  readonly directory: string;
  readonly deployment: Deployment;
  readonly shard: number;
  readonly marketId: number;
  readonly places: BridgePlaceStore;
  readonly stands: EvmStands;
  readonly log: Logger;
  readonly limits?: ShrinkLimits;
}

/** When a chain is made smaller, and how much of its past stays. */
export interface ShrinkLimits {
  readonly bytesMax: number;
  readonly keepBlocks: bigint;
  readonly beatMs: number;
}

/**
 * A dump of 12 MB takes a quarter of a second, and blocks count as final once they are dumped. What
 * stays is more than a tracker remembers: it asks for its blocks one by one.
 */
export const SHRINK_LIMITS: ShrinkLimits = {
  bytesMax: 12_000_000,
  keepBlocks: BigInt(RING_BLOCKS + 100),
  beatMs: 15_000,
};

/**
 * Keeps the embedded chain small for as long as the venue runs: once its state has grown, it goes
 * on without its past. What only the logs told is written down first, and nothing goes that the
 * bridge has not read.
 * @returns what ends it.
 */
export function keepChainSmall(parts: ShrinkParts): () => Promise<void> {
  const { clock } = parts.stands.environment;
  const { log, limits = SHRINK_LIMITS } = parts;
  const closing = new AbortController();
  const { signal } = closing;
  const loop = (async () => {
    let bytesMax = limits.bytesMax;
    while (await rest(clock, limits.beatMs, signal)) {
      try {
        if ((await parts.chain.stateBytes()) < bytesMax) continue;
        if (!(await shrinkOnce({ ...parts, limits }, signal))) continue;
        // What accounts hold stays: a chain that holds much is made smaller less often.
        bytesMax = Math.max(limits.bytesMax, 2 * (await parts.chain.stateBytes()));
      } catch (fault) {
        // It is tried again at the next beat; until then the chain goes on as it is.
        if (!signal.aborted) log.warn({ err: fault }, 'the embedded chain was not made smaller');
      }
    }
  })();
  return async () => {
    closing.abort();
    await loop;
  };
}

/**
 * Makes the chain smaller now.
 * @returns false where somebody still needs the past.
 * @throws ChainFault, SettlementFault; the chain goes on as it is.
 */
export async function shrinkOnce(
  parts: ShrinkParts & { readonly limits: ShrinkLimits },
  signal: AbortSignal,
): Promise<boolean> {
  const { chain, directory, limits, places, stands } = parts;
  const before = readKnownOwners(directory);
  const saved = chain.saved();
  const upTo = (saved?.number ?? 0n) - limits.keepBlocks;
  if (upTo <= (before?.upTo ?? parts.deployment.deployedAtBlock)) return false;
  const known = await readOwners({ ...parts, known: before, signal }, stands, upTo);
  if (!hasRead(await withKnownPlace(places, before).get(), known)) return false;
  await writeKnownOwners(directory, known);
  signal.throwIfAborted();
  await chain.shrink(upTo + 1n);
  return true;
}

/**
 * Where a bridge reads on that has lost its place: behind the logs that are gone, all of which were
 * read before they went.
 */
export function withKnownPlace(
  places: BridgePlaceStore,
  known: KnownOwners | undefined,
): BridgePlaceStore {
  if (known === undefined) return places;
  const { upTo, depositCount, exitCount } = known;
  const cursor = { blockNumber: upTo, logIndex: 0xffff_ffff };
  const first = { cursor, deposits: Number(depositCount), exits: Number(exitCount) };
  return {
    get: async () => (await places.get()) ?? first,
    put: (place) => places.put(place),
  };
}

/** Whether the bridge has acted on all events that are known. */
function hasRead(place: BridgePlace | undefined, { lastEvent }: KnownOwners): boolean {
  if (lastEvent === undefined) return true;
  if (place === undefined) return false;
  const { blockNumber, logIndex } = place.cursor;
  if (blockNumber !== lastEvent.blockNumber) return blockNumber > lastEvent.blockNumber;
  return logIndex >= lastEvent.logIndex;
}

async function rest(clock: Clock, durationMs: number, signal: AbortSignal): Promise<boolean> {
  await clock.sleep(durationMs, signal).catch(() => undefined);
  return !signal.aborted;
}
