import { DEMO_BOOK_ID } from '@lawbook/analytics/demoBooks';
import type { Config } from '../../../packages/executor/src/config/config.ts';
import { loadConfig } from '../../../packages/executor/src/config/loadConfig.ts';
import { oneOf, stream } from './streams.ts';

/** The books of the demo world. */
export const BOOKS: readonly number[] = [DEMO_BOOK_ID, DEMO_BOOK_ID + 1];
export const OPERATOR_TOKEN = 'operator-token-of-the-simulated-world-0123456789';
/** Where the simulated venue keeps its files. */
export const DATA_DIR = '/venue';

/** A configuration of the world; `change` is drawn anew when the operator restarts with another. */
export function drawConfig(
  seed: number,
  change: number,
  oracle: Readonly<Record<string, unknown>>,
): Config {
  const once = stream(seed, 'config');
  const random = stream(seed ^ change, 'change of config');
  const flags = {
    dataDir: DATA_DIR,
    ...oracle,
    'log.level': 'silent',
    'demo.flow': false,
    'demo.enabled': false,
    'market.batchIntervalMs': oneOf(once, [250, 1_000, 1_000, 5_000]),
    'market.batchesPerEpoch': oneOf(random, [1, 2, 4, 8]),
    'market.epochSealAfterMs': oneOf(random, [1_000, 5_000, 20_000]),
    'journal.segmentBytes': oneOf(random, [4_096, 16_384, 1_048_576]),
    'journal.snapshotEveryInputs': oneOf(random, [5, 40, 300, 100_000]),
    // The inputs that bring the venue up have to fit.
    'journal.queueRecordsMax': change === 0 ? 65_536 : oneOf(random, [8, 65_536]),
    'limits.account.ratePerSecond': oneOf(random, [5, 200]),
    'limits.account.burst': oneOf(random, [10, 1000]),
    'settlement.exposure.unsettledEpochsMax': oneOf(random, [5, 60, 60]),
    'settlement.exposure.unsettledAgeMsMax': oneOf(random, [60_000, 240_000]),
  };
  return loadConfig({ environment: {}, flags } as never).config;
}
