import type { SeededRandom } from '../../world/seededRandom.ts';
import { pauseUntil } from './pauseUntil.ts';
import { differences, ledgerAtSeal, listFaults, readWorld, sumOf } from './settledWorld.ts';
import type { Person, SettlingVenue } from './settlingVenue.ts';

/** What happens to a venue in one round, while it trades and settles. */
export type Disaster = 'venueKilled' | 'proverKilled' | 'chainKilled' | 'reorganised';

/** What the rounds found; every list must stay empty. */
export interface RoundsReport {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly epochs: number;
  /** Disasters that took place, in order. */
  readonly disasters: readonly Disaster[];
  /** Lists that were settled twice, or not, or out of order. */
  readonly lists: readonly string[];
  /** Vaults in which the contract and the ledger at the settled epoch differ. */
  readonly vaults: readonly string[];
  /** Assets of which the contract holds another amount than all vaults together. */
  readonly custody: readonly string[];
}

/** How the rounds are played. */
export interface RoundsOptions {
  readonly disasters: readonly Disaster[];
  readonly random: SeededRandom;
  /** No round begins after this many milliseconds. */
  readonly budgetMs?: number;
  readonly onRound?: (round: number, disaster: Disaster) => void;
}

const PEOPLE: readonly Person[] = ['alice', 'bob', 'charlie'];
/** Blocks that a reorganisation takes back, at most: fewer than finality asks for. */
const REORG_BLOCKS_MAX = 6;

/**
 * Plays disasters with a venue that trades all the time, lets it settle everything, and compares
 * contract and ledger. Leaves the venue stopped.
 */
export async function settleRounds(
  venue: SettlingVenue,
  options: RoundsOptions,
): Promise<RoundsReport> {
  const { random, disasters, onRound, budgetMs = Number.POSITIVE_INFINITY } = options;
  const deadline = performance.now() + budgetMs;
  const happened: Disaster[] = [];
  let acknowledged = 0;
  for (const [round, disaster] of disasters.entries()) {
    if (performance.now() > deadline) break;
    onRound?.(round, disaster);
    const before = Number((await venue.status()).lag?.settled ?? 0);
    const stopAt = performance.now() + random.between(1_000, 5_000);
    const trading = tradeUntil(venue, stopAt, random);
    await pauseUntil(stopAt);
    await strike(venue, disaster, random);
    happened.push(disaster);
    acknowledged += await trading;
    await venue.ready();
    await venue.until('something more is settled', async () => {
      const { lag } = await venue.status();
      return lag !== undefined && (Number(lag.settled) > before || lag.unsettled === 0);
    });
  }
  await venue.tradeAnEpoch();
  await venue.until('everything is settled', async () => {
    const { lag } = await venue.status();
    return lag?.unsettled === 0 && Number(lag.settled) > 0;
  });
  const world = await readWorld(venue);
  await venue.stop();
  const { epochNumber } = world.snapshot.progress;
  const ledger = await ledgerAtSeal(venue.dataDir, epochNumber);
  return {
    rounds: happened.length,
    acknowledged,
    epochs: epochNumber,
    disasters: happened,
    lists: listFaults(world),
    vaults: differences(world.balances, ledger.balances),
    custody: world.custody.flatMap((held, asset) => {
      const owed = sumOf(world.balances, asset);
      return held === owed ? [] : [`asset ${asset}: ${held} held, ${owed} owed`];
    }),
  };
}

/** One client per person, one order after another. @returns how many were acknowledged. */
async function tradeUntil(
  venue: SettlingVenue,
  stopAt: number,
  random: SeededRandom,
): Promise<number> {
  const counts = PEOPLE.map(async (person) => {
    let count = 0;
    while (performance.now() < stopAt) {
      try {
        const placed = await venue.order(person, random.integer(1, 50));
        if (placed.ok && placed.value.kind === 'accepted') count += 1;
      } catch {
        // The venue was killed under the request.
        return count;
      }
      await pauseUntil(Math.min(stopAt, performance.now() + random.between(200, 1_000)));
    }
    return count;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

async function strike(
  venue: SettlingVenue,
  disaster: Disaster,
  random: SeededRandom,
): Promise<void> {
  switch (disaster) {
    case 'venueKilled':
      await venue.kill();
      await venue.restart();
      return;
    case 'proverKilled': {
      const victim = await venue.until('a proof is being made', () => venue.proverPids()[0]);
      process.kill(victim, 'SIGKILL');
      return;
    }
    case 'chainKilled': {
      const victim = await venue.until('the chain runs', () => venue.anvilPid());
      process.kill(victim, 'SIGKILL');
      await venue.until('the chain runs again', () => {
        const next = venue.anvilPid();
        return next !== undefined && next !== victim;
      });
      return;
    }
    case 'reorganised': {
      const depth = random.integer(1, REORG_BLOCKS_MAX);
      // A chain that was restarted has no states of the blocks before: it says so for a while.
      await venue.until('the chain takes blocks back', async () => {
        await venue.chain('anvil_reorg', depth, []);
        return true;
      });
    }
  }
}
