/**
 * Writes the reads that `chains/cache-hit-rate` replays: `node benchmarks/chains/makeWorkload.ts`.
 *
 * It is made up, not recorded: what a venue, its settlement and two agents of this project would
 * ask of a chain in twelve minutes, each at the pace of its own timer with jitter from a seed. No
 * reader knows of the others, so they ask for the same things; that is what a cache is for. Rows
 * are `atMs,what,which`: `which` numbers an account, a token or a transaction.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeededRandom } from '../../testing/world/seededRandom.ts';

const SEED = 3;
const LENGTH_MS = 12 * 60_000;
const FILE = join(import.meta.dirname, 'workload.csv');

interface Reader {
  readonly what: string;
  readonly everyMs: number;
  /** Numbers that it asks for each time, of this many. */
  readonly asks: number;
  readonly of: number;
}

/** Timers as such programs have them: 4 s is viem's default, 2 s a dashboard, 15 s a risk check. */
const READERS: readonly (readonly [who: string, readers: readonly Reader[]])[] = [
  [
    'venue',
    [
      { what: 'blockNumber', everyMs: 4_000, asks: 1, of: 1 },
      { what: 'tokenBalance', everyMs: 10_000, asks: 6, of: 24 },
      { what: 'metadata', everyMs: 10_000, asks: 4, of: 8 },
      { what: 'logs', everyMs: 4_000, asks: 1, of: 1 },
      { what: 'contractCall', everyMs: 4_000, asks: 2, of: 3 },
    ],
  ],
  [
    'settlement',
    [
      { what: 'blockNumber', everyMs: 4_000, asks: 1, of: 1 },
      { what: 'balance', everyMs: 15_000, asks: 2, of: 2 },
      { what: 'gasPrice', everyMs: 12_000, asks: 1, of: 1 },
      { what: 'feeHistory', everyMs: 12_000, asks: 1, of: 1 },
      { what: 'contractCall', everyMs: 6_000, asks: 2, of: 3 },
      { what: 'chainNonce', everyMs: 12_000, asks: 1, of: 1 },
      { what: 'logs', everyMs: 12_000, asks: 1, of: 1 },
    ],
  ],
  ...(['agent one', 'agent two'] as const).map(
    (who) =>
      [
        who,
        [
          { what: 'blockNumber', everyMs: 4_000, asks: 1, of: 1 },
          { what: 'balance', everyMs: 8_000, asks: 1, of: 2 },
          { what: 'tokenBalance', everyMs: 8_000, asks: 4, of: 24 },
          { what: 'metadata', everyMs: 8_000, asks: 3, of: 8 },
          { what: 'contractCall', everyMs: 4_000, asks: 1, of: 3 },
          { what: 'gasPrice', everyMs: 8_000, asks: 1, of: 1 },
          { what: 'estimate', everyMs: 30_000, asks: 1, of: 1 },
        ],
      ] as const,
  ),
  [
    'dashboard',
    [
      { what: 'blockNumber', everyMs: 2_000, asks: 1, of: 1 },
      { what: 'tokenBalance', everyMs: 6_000, asks: 8, of: 24 },
      { what: 'balance', everyMs: 6_000, asks: 2, of: 2 },
      { what: 'block', everyMs: 6_000, asks: 1, of: 1 },
    ],
  ],
];

/** A transaction every half minute; its sender and two others poll for its receipt. */
const TRANSACTION_EVERY_MS = 30_000;
const RECEIPT_EVERY_MS = 4_000;
const RECEIPT_FOR_MS = [40_000, 24_000, 24_000] as const;

function main(): void {
  const random = new SeededRandom(SEED);
  const rows: (readonly [number, string, number])[] = [];
  for (const reader of READERS.flatMap(([, readers]) => readers)) {
    let atMs = random.integer(0, reader.everyMs);
    for (; atMs < LENGTH_MS; atMs += jittered(random, reader.everyMs)) {
      const first = random.integer(0, reader.of - 1);
      for (let ask = 0; ask < reader.asks; ask += 1) {
        rows.push([atMs, reader.what, (first + ask) % reader.of]);
      }
    }
  }
  for (let sent = 0; (sent + 1) * TRANSACTION_EVERY_MS < LENGTH_MS; sent += 1) {
    const sentMs = sent * TRANSACTION_EVERY_MS + random.integer(0, 9_000);
    rows.push([sentMs, 'send', sent]);
    for (const lengthMs of RECEIPT_FOR_MS) {
      let atMs = sentMs + random.integer(1, RECEIPT_EVERY_MS);
      for (; atMs < sentMs + lengthMs; atMs += jittered(random, RECEIPT_EVERY_MS)) {
        rows.push([atMs, 'receipt', sent]);
      }
    }
  }
  rows.sort(([a], [b]) => a - b);
  const lines = rows.filter(([atMs]) => atMs < LENGTH_MS).map((row) => row.join(','));
  writeFileSync(FILE, `${['atMs,what,which', ...lines].join('\n')}\n`);
}

function jittered(random: SeededRandom, everyMs: number): number {
  return Math.round(everyMs * random.between(0.9, 1.1));
}

if (import.meta.main) main();
