/**
 * What settling costs: gas of an epoch by its orders, and how many orders an hour the whole venue
 * proves and settles on this machine while it trades.
 *
 * Gas is that of the embedded chain with the real contracts, verifiers and proofs, and exact.
 * `gas-verify` is what the verifier's code uses inside its call, `gas-proof-calldata` what the
 * bytes of the proof cost as call data; `gas-per-order` has neither. Times are those of a venue in
 * a child process, whose simulated traders trade faster from run to run until the lag grows; a
 * probe a second measures from its acknowledgement to its proof and to its settlement.
 */
import { parseArgs } from 'node:util';
import { Closers } from './chains/figures.ts';
import { FigureList, writeSection } from './figurePage.ts';
import { benchmarkGas } from './settlement/gas.ts';
import { benchmarkLoad } from './settlement/venueLoad.ts';

const HELP = `npm run bench:settlement -- [--quick] [--minutes N] [--only gas|load] [--rates N,N]
         [--markdown]

  --minutes N  for the venue under load, all rates together (15)
  --only PART  gas, or load
  --rates N,N  orders a second of the simulated traders, ascending (2,8,16,24,32)
  --quick      epochs of 1, 8 and 16 orders, and one rate for half a minute
  --markdown   also writes its section of docs/reference/settlement-figures.md
  --help       this

Figures, one JSON line each: name, value, unit, ratio (value by the goal's or peer's), peer, n.
  settlement/{gas-per-epoch,gas-per-order,gas-per-order-in-all}/{orders}   who settled before
  settlement/{gas-verify,gas-proof-calldata,calldata}/{orders}
  settlement/gas-per-order-first/{orders}, settlement/gas-per-batch
  settlement/{rate}-orders-per-second/{settled,lag-p50}            each rate of the sweep
  settlement/{rate}-orders-per-second/{proven,settled}-{p50,p95}   from the acknowledgement
  settlement/{orders-per-hour,epochs-per-hour}   at the highest rate whose lag does not grow
`;
/** The last one is the largest circuit. */
const SIZES = [1, 8, 16, 32, 64, 128, 256] as const;
const RATES = [2, 8, 16, 24, 32] as const;
/** Until a venue has settled its first epoch. */
const START_SECONDS = 30;
const GAS_MS_MAX = 900_000;

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '15' },
      only: { type: 'string' },
      rates: { type: 'string', default: RATES.join() },
      markdown: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (flags.help) {
    process.stdout.write(HELP);
    return;
  }
  const list = new FigureList();
  const closers = new Closers();
  endOnSignals(closers);
  const { quick, only } = flags;
  try {
    if (only !== 'load') {
      const sizes = quick ? SIZES.slice(0, 3) : SIZES;
      await benchmarkGas(list, { sizes, signal: AbortSignal.timeout(GAS_MS_MAX) });
    }
    if (only !== 'gas') {
      const stated = flags.rates.split(',').map(Number);
      const rates = quick ? stated.slice(0, 1) : stated;
      const seconds = quick ? 30 : (60 * Number(flags.minutes)) / rates.length - START_SECONDS;
      await benchmarkLoad(list, { rates, secondsPerRate: Math.max(30, seconds), closers });
    }
  } finally {
    await closers.closeAll();
  }
  process.stderr.write(`${list.loadNote()}\n`);
  if (!flags.markdown) return;
  const lines = [
    `\`npm run bench:settlement\`. ${list.loadNote()} Gas is exact whatever the load.`,
    '',
    'Verification is counted apart: `gas-verify` inside the call, `gas-proof-calldata` for the',
    'bytes of the proof; `gas-per-order` has neither, `gas-per-order-in-all` has both. Epochs have',
    'eight batches (one at one order) unless the name says otherwise; traders settled before',
    'unless it says `first`. Nodes like go-ethereum take no transaction above 131,072 bytes.',
  ];
  writeSection({ mark: 'bench:settlement', lines, figures: list.figures });
}

/** Child processes and folders go with us, however we go. */
function endOnSignals(closers: Closers): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      closers.closeAll().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
    });
  }
}

await main();
// Transports keep their connections open for the next call; there is none.
process.exit();
