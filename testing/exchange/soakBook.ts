// `node testing/exchange/soakBook.ts --commands 10000000 --minutes 10 --seed 7`: random and hostile
// flows through the fast book, the naive book and the judge of logs, compared at every command,
// within a time budget. Prints one line of JSON; exits 1 at the first difference, with its seed.
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import {
  COMMAND_STRIDE,
  encodeCommand,
} from '../../packages/exchange/src/markets/book/bookCommand.ts';
import { BookJudge } from '../../packages/exchange/src/markets/book/judge/bookJudge.ts';
import { openOrders } from '../../packages/exchange/src/markets/book/openOrders.ts';
import { OrderBook } from '../../packages/exchange/src/markets/book/orderBook.ts';
import { NaiveBook } from '../reference/naiveBook.ts';
import { BookFlow, FLOW_SHAPES, TIGHT_BOOK } from '../world/bookFlows.ts';
import { SeededRandom } from '../world/seededRandom.ts';

const { values } = parseArgs({
  options: {
    commands: { type: 'string', default: '10000000' },
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() & 0xffffff) },
  },
});

/** Commands of one flow; then a new seed, shape and market. */
const FLOW_LENGTH = 20_000;
const MARKETS = [
  TIGHT_BOOK,
  { ...TIGHT_BOOK, breakerBandPpm: 0, ordersMax: 400 },
  { ...TIGHT_BOOK, breakerBandPpm: 0, ordersMax: 12 },
  { ...TIGHT_BOOK, breakerBandPpm: 50_000, windowLevels: 4_096 },
];

function playFlow(seed: number): { readonly trades: number; readonly recentred: number } {
  const shapes = Object.values(FLOW_SHAPES);
  const shape = shapes[seed % shapes.length] as (typeof shapes)[number];
  const parameters = MARKETS[seed % MARKETS.length] as (typeof MARKETS)[number];
  const flow = new BookFlow(new SeededRandom(seed), shape);
  const [fast, naive] = [new OrderBook(parameters), new NaiveBook(parameters)];
  const judge = new BookJudge(parameters);
  const encoded = new Float64Array(COMMAND_STRIDE);
  let trades = 0;
  for (let step = 0; step < FLOW_LENGTH; step += 1) {
    const command = flow.next();
    encodeCommand(command, encoded, 0);
    fast.apply(encoded, 0);
    const reports = fast.reports.drain();
    const where = `seed ${seed}, step ${step}: ${JSON.stringify(command)}`;
    assert.deepEqual(reports, naive.apply(command), where);
    assert.equal(judge.judge({ command, reports }), undefined, where);
    if (step % 500 === 0) assert.deepEqual(openOrders(fast), naive.openOrders(), where);
    flow.observe(reports);
    for (const { kind } of reports) if (kind === 'trade') trades += 1;
  }
  return { trades, recentred: fast.core.bids.recentred + fast.core.asks.recentred };
}

const first = Number(values.seed);
const deadline = performance.now() + Number(values.minutes) * 60_000;
const totals = { commands: 0, trades: 0, recentred: 0 };
for (let seed = first; totals.commands < Number(values.commands); seed += 1) {
  if (performance.now() > deadline) break;
  const { trades, recentred } = playFlow(seed);
  totals.commands += FLOW_LENGTH;
  totals.trades += trades;
  totals.recentred += recentred;
}
process.stdout.write(`${JSON.stringify({ seed: first, ...totals, differences: 0 })}\n`);
