import { z } from 'zod';
import type { Config } from './config.ts';

/** Shortest operator token that is accepted: 128 bits in hexadecimal. */
export const OPERATOR_TOKEN_LENGTH_MIN = 32;

const DAY_MS = 86_400_000;
const MIB = 1_048_576;

const count = (meaning: string, least: number, most: number, preset: number) =>
  z.int().min(least).max(most).default(preset).describe(meaning);

const toggle = (meaning: string, preset: boolean) => z.boolean().default(preset).describe(meaning);

const text = (meaning: string) => z.string().min(1).describe(meaning);

const symbol = z.string().regex(/^[A-Z0-9]{2,12}$/, 'Write 2 to 12 capital letters or digits');

/** At most twelve digits after the point: the resolution of a price. */
const decimal = z
  .string('Write the price as a quoted decimal, such as "1.10"')
  .regex(/^\d{1,7}(\.\d{1,12})?$/, 'Write a decimal with at most twelve digits after the point');

const pointer = z.string().regex(/^(\/[^/]+)*$/, 'Write a path such as /rates/EUR');

/** USD per unit in the demo world. */
const DEMO_MIDS = { EUR: '1.10', JPY: '0.006667', GBP: '1.25', CHF: '1.075', AUD: '0.75' };

const bucket = (whose: string, ratePerSecond: number, burst: number) =>
  z
    .strictObject({
      ratePerSecond: count(`Requests per second ${whose} in the long run`, 1, 1e6, ratePerSecond),
      burst: count(`Requests at once ${whose}`, 1, 1e6, burst),
    })
    .prefault({});

const venue = z
  .strictObject({
    chainId: count('Chain in the EIP-712 domain; 31337 is a local chain', 1, 2 ** 48, 31_337),
    address: z
      .string()
      .regex(/^0x[0-9a-fA-F]{40}$/, 'Write 0x and forty hexadecimal digits')
      .default('0x4c6177626f6f6b00000000000000000000000001')
      .describe('Verifying contract in the EIP-712 domain; nothing stands behind the default'),
  })
  .prefault({});

const origin = z
  .string()
  .regex(/^https?:\/\/[^/\s*]+$/, 'Write an origin such as https://trade.example');

const http = z
  .strictObject({
    host: text('Address to listen on').default('127.0.0.1'),
    port: count('Port to listen on; 0 lets the system choose', 0, 65_535, 8547),
    tls: z
      .strictObject({
        certFile: text('PEM certificate chain; set together with the key').optional(),
        keyFile: text('PEM private key; set together with the certificate').optional(),
      })
      .prefault({}),
    trustProxy: toggle('A proxy in front ends TLS and sets X-Forwarded-For', false),
    insecure: toggle('Allow a host that others can reach without TLS or proxy', false),
    corsOrigins: z
      .array(origin)
      .readonly()
      .default([])
      .describe('Origins whose pages may call the API; none by default'),
    bodyBytesMax: count('Largest request body in bytes', 1024, 64 * MIB, MIB),
  })
  .prefault({});

const limits = z
  .strictObject({
    account: bucket('of one account', 200, 1000),
    address: bucket('of one network address', 500, 2000),
    batchSubmitMax: count('Orders in one submission', 1, 10_000, 500),
    bodyDepthMax: count('Nesting of a JSON body', 2, 64, 16),
  })
  .prefault({});

const journal = z
  .strictObject({
    segmentBytes: count('Size at which a segment is closed', 4096, 4096 * MIB, 64 * MIB),
    queueRecordsMax: count('Records waiting for the disk before refusal', 1, 1e7, 65_536),
    queueBytesMax: count('Bytes waiting for the disk before refusal', 4096, 4096 * MIB, 64 * MIB),
    snapshotEveryInputs: count('Inputs between two snapshots', 1, 1e9, 100_000),
  })
  .prefault({});

const httpSource = z
  .strictObject({
    name: z.string().min(1).max(64).describe('Name in health reports'),
    url: z
      .string()
      .refine(isSafeUrl, 'Write an https URL, or http on a loopback address, without credentials')
      .describe('https anywhere, or http on a loopback address'),
    quotes: z.enum(['usdPerUnit', 'unitsPerUsd']).default('usdPerUnit').describe('Direction'),
    mapPath: pointer.optional().describe('Path of an object that maps symbols to prices'),
    paths: z.record(symbol, pointer).readonly().optional().describe('Path of each symbol'),
    timePath: pointer.optional().describe('Path of the time of the quote, ISO 8601 or Unix ms'),
  })
  .refine(({ mapPath, paths }) => (mapPath === undefined) !== (paths === undefined), {
    error: 'Set either mapPath or paths',
  });

const httpOracle = z
  .strictObject({
    pollIntervalMs: count('Time between two readings', 100, DAY_MS, 1000),
    timeoutMs: count('Time after which a source is given up for this reading', 10, 60_000, 800),
    deviationPpmMax: count('Largest disagreement between sources, ppm', 1, 1_000_000, 2000),
    responseBytesMax: count('Largest answer that is read', 64, 16 * MIB, MIB),
    sources: z
      .array(httpSource)
      .readonly()
      .default([])
      .describe('At least two; the mid is the lower median of those that agree'),
  })
  .prefault({});

const randomWalk = z
  .strictObject({
    mids: z
      .record(symbol, decimal)
      .readonly()
      .default(DEMO_MIDS)
      .describe('USD per unit that the walk returns to'),
    dailyVolatilityPpm: z
      .record(symbol, z.int().min(0).max(500_000))
      .readonly()
      .default({ EUR: 6000, JPY: 7000, GBP: 8000, CHF: 5000, AUD: 7500 })
      .describe('Standard deviation of one day, ppm'),
    correlationsPpm: z
      .record(
        z.string().regex(/^[A-Z0-9]{2,12}-[A-Z0-9]{2,12}$/, 'Write two symbols such as EUR-JPY'),
        z.int().min(-1_000_000).max(1_000_000),
      )
      .readonly()
      .default({
        'EUR-JPY': 200_000,
        'EUR-GBP': 800_000,
        'EUR-CHF': 700_000,
        'EUR-AUD': 400_000,
        'JPY-GBP': 150_000,
        'JPY-CHF': 100_000,
        'JPY-AUD': 300_000,
        'GBP-CHF': 600_000,
        'GBP-AUD': 500_000,
        'CHF-AUD': 400_000,
      })
      .describe('Correlation of two symbols, ppm; zero where absent'),
    seed: count('The same seed walks the same way', 0, 2 ** 48, 42),
    intervalMs: count('Time between two steps', 10, DAY_MS, 1000),
    reversionPpm: count('Share of the distance walked back in one step, ppm', 0, 1_000_000, 200),
    boundPpm: count('Largest distance from the starting mid, ppm', 1, 500_000, 50_000),
  })
  .prefault({});

const oracle = z
  .strictObject({
    adapter: z
      .enum(['fixed', 'csv', 'http', 'randomWalk'])
      .default('randomWalk')
      .describe('Where mids come from; randomWalk invents them and needs demo.enabled'),
    symbols: z
      .array(symbol)
      .min(1)
      .max(63)
      .readonly()
      .default(Object.keys(DEMO_MIDS))
      .describe('Assets that need a mid, without the numeraire'),
    ageMsMax: count('Age at which a mid is stale', 100, 30 * DAY_MS, 5000),
    jumpPpmMax: count('Larger jumps wait for confirmation, ppm', 1, 1_000_000, 50_000),
    jumpConfirmations: count('Observations in a row that confirm a jump', 1, 1000, 3),
    fixed: z
      .strictObject({
        mids: z.record(symbol, decimal).readonly().default(DEMO_MIDS).describe('USD per unit'),
        intervalMs: count('Time between two observations', 10, DAY_MS, 1000),
      })
      .prefault({}),
    csv: z
      .strictObject({
        file: text('Table with a date column, then one column of USD per unit each').optional(),
        intervalMs: count('Time that one row stands', 10, 30 * DAY_MS, 1000),
        atEnd: z
          .enum(['wrap', 'stop'])
          .default('wrap')
          .describe('Start again, or let the last row grow stale'),
      })
      .prefault({}),
    http: httpOracle,
    randomWalk,
  })
  .prefault({});

const market = z
  .strictObject({
    batchIntervalMs: count('Time that a batch collects orders', 50, 60_000, 1000),
    batchesPerEpoch: count('Batches that are proved and settled together', 1, 8, 8),
    epochSealAfterMs: count('Time after which an epoch is sealed anyway', 100, DAY_MS, 10_000),
  })
  .prefault({});

const settlement = z
  .strictObject({
    mode: z
      .enum(['off', 'embedded', 'evm'])
      .default('off')
      .describe('Base layer: none, a development chain of its own, or the endpoints of evm'),
    shard: count('Slice of vaults that this venue may debit', 1, 2 ** 32 - 1, 1),
    marketId: count('Market whose epochs are settled', 1, 2 ** 32 - 1, 1),
    finalityBlocks: count('Blocks on top until a block counts as final', 1, 10_000, 12),
    embedded: z
      .strictObject({
        blockSeconds: count('Seconds between blocks', 1, 60, 1),
        port: count('Port of the chain on loopback; 0 lets the system choose', 0, 65_535, 0),
      })
      .prefault({}),
    evm: z
      .strictObject({
        rpcUrls: z
          .array(z.string().refine(isSafeUrl, 'Write an https URL, or http on a loopback address'))
          .readonly()
          .default([])
          .describe('Endpoints of the chain; two or more outlive the failure of one'),
        deploymentFile: text('What `lawbook agreement submit` wrote').optional(),
        operatorKeyFile: text('Key of the operator, readable by its owner only').optional(),
      })
      .prefault({}),
    exposure: z
      .strictObject({
        unsettledEpochsMax: count('Sealed epochs that may wait to be settled', 1, 1e6, 60),
        unsettledAgeMsMax: count(
          'Age of the oldest of them; well below the time of an exit, so that all can settle',
          1000,
          30 * DAY_MS,
          240_000,
        ),
      })
      .prefault({}),
  })
  .prefault({});

const proofs = z
  .strictObject({
    crsPath: text('Points of a public ceremony; none uses the development string').optional(),
    crsDigest: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'Write the SHA-256 in 64 hexadecimal digits')
      .optional()
      .describe('SHA-256 of bn254_g1.dat followed by bn254_g2.dat'),
    workers: count('Epochs that are proved at once', 1, 64, 1),
    memoryBytes: count('Memory of one prover before it is stopped', 256 * MIB, 2 ** 40, 4096 * MIB),
    timeoutMs: count('Time of one proof before it is stopped', 1000, DAY_MS, 300_000),
  })
  .prefault({});

const demo = z
  .strictObject({
    enabled: toggle('Demo assets, accounts and an invented oracle', true),
    flow: toggle('Simulated traders submit orders', true),
    seed: count('Seed of the simulated traders', 0, 2 ** 48, 42),
    ordersPerSecond: count('Orders of the simulated traders per second', 0, 10_000, 20),
  })
  .prefault({});

const operator = z
  .strictObject({
    token: z
      .string()
      .min(OPERATOR_TOKEN_LENGTH_MIN)
      // As it is sent in a header: a token with anything else could never be presented.
      .regex(/^[\x21-\x7e]{0,512}$/, 'Write printable ASCII without spaces, at most 512')
      .optional()
      .meta({ description: 'Bearer token of the operator; none disables the role', secret: true }),
    tokenFile: text('File that holds the token, instead of the token itself').optional(),
  })
  .prefault({});

/**
 * The one schema of the configuration: it parses, names, documents and bounds every key.
 * Every count stays below 2^53 by its upper bound, so `number` is exact.
 */
export const configSchema: z.ZodType<Config> = z.strictObject({
  venue,
  dataDir: text('Folder of journal, snapshots and indexes').default('.lawbook'),
  http,
  limits,
  journal,
  storage: z
    .strictObject({
      backend: z.enum(['lmdb', 'rocksdb']).default('lmdb').describe('Store of the indexes'),
      reserveBytes: count('Free disk space that indexes leave', 65_536, 4096 * MIB, 64 * MIB),
    })
    .prefault({}),
  oracle,
  market,
  settlement,
  proofs,
  demo,
  operator,
  log: z
    .strictObject({
      level: z
        .enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'])
        .default('info')
        .describe('Least severe line that is logged'),
    })
    .prefault({}),
  sessions: z
    .strictObject({ ttlMsMax: count('Longest life of a session', 1000, 30 * DAY_MS, DAY_MS) })
    .prefault({}),
});

/** Whether an oracle may be fetched from here: nothing in the clear leaves the machine. */
function isSafeUrl(candidate: string): boolean {
  if (!URL.canParse(candidate)) return false;
  const url = new URL(candidate);
  if (url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/** Whether a host name reaches only this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(host);
}
