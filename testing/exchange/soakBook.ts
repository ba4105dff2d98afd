// `node testing/exchange/soakBook.ts --commands 10000000 --minutes 10 --seed 7`: random and hostile
// flows through the fast book, the naive book and the judge of logs, compared at every command, and
// now and then with balances against a twin that remembers no hold; within a time budget. Prints
// one line of JSON; exits 1 at the first difference, with its seed.
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import {
  COMMAND_STRIDE,
  encodeCommand,
} from '../../packages/exchange/src/markets/book/bookCommand.ts';
import type { BookReport } from '../../packages/exchange/src/markets/book/bookReport.ts';
import type { BookParameters } from '../../packages/exchange/src/markets/book/bookTerms.ts';
import { BookJudge } from '../../packages/exchange/src/markets/book/judge/bookJudge.ts';
import { LedgerBook } from '../../packages/exchange/src/markets/book/ledgerBook.ts';
import { openOrders } from '../../packages/exchange/src/markets/book/openOrders.ts';
import { OrderBook } from '../../packages/exchange/src/markets/book/orderBook.ts';
import { PURSE } from '../../packages/exchange/src/markets/book/purses.ts';
import { NaiveBook } from '../reference/naiveBook.ts';
import { NaiveLedgerBook } from '../reference/naiveLedgerBook.ts';
import type { FlowShape } from '../world/bookFlows.ts';
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
/** With balances, whose twin adds all orders up at every question. */
const LEDGER_LENGTH = 1_000;
const LEDGER_EVERY = 5;
const MARKETS: readonly BookParameters[] = [
  TIGHT_BOOK,
  { ...TIGHT_BOOK, breakerBandPpm: 0, ordersMax: 400 },
  { ...TIGHT_BOOK, breakerBandPpm: 0, ordersMax: 12 },
  { ...TIGHT_BOOK, breakerBandPpm: 50_000, windowLevels: 4_096 },
];

interface Flow {
  readonly seed: number;
  readonly shape: FlowShape;
  readonly parameters: BookParameters;
}

interface Totals {
  commands: number;
  trades: number;
  refused: number;
  recentred: number;
  ledgerCommands: number;
}

const totals: Totals = { commands: 0, trades: 0, refused: 0, recentred: 0, ledgerCommands: 0 };

function playFlow({ seed, shape, parameters }: Flow): void {
  const flow = new BookFlow(new SeededRandom(seed), shape);
  const [fast, naive] = [new OrderBook(parameters), new NaiveBook(parameters)];
  const judge = new BookJudge(parameters);
  const encoded = new Float64Array(COMMAND_STRIDE);
  for (let step = 0; step < FLOW_LENGTH; step += 1) {
    const command = flow.next();
    encodeCommand(command, encoded, 0);
    fast.apply(encoded, 0);
    const reports = fast.reports.drain();
    const expected = naive.apply(command);
    const objection = judge.judge({ command, reports });
    if (!same(reports, expected) || objection !== undefined || step % 500 === 0) {
      const where = `seed ${seed}, step ${step}: ${JSON.stringify(command)}`;
      assert.deepEqual(reports, expected, where);
      assert.equal(objection, undefined, where);
      assert.deepEqual(openOrders(fast), naive.openOrders(), where);
    }
    flow.observe(reports);
    count(reports);
  }
  totals.commands += FLOW_LENGTH;
  totals.recentred += fast.core.bids.recentred + fast.core.asks.recentred;
}

function count(reports: readonly BookReport[]): void {
  for (const { kind } of reports) {
    if (kind === 'trade') totals.trades += 1;
    if (kind === 'rejected') totals.refused += 1;
  }
}

/** Whether reports are alike, field by field: what `deepEqual` says, without its time. */
function same(left: readonly BookReport[], right: readonly BookReport[]): boolean {
  return left.length === right.length && left.every((report, k) => alike(report, right[k]));
}

function alike(left: BookReport, right: BookReport | undefined): boolean {
  const fields = Object.entries(left);
  const others = right as unknown as Record<string, unknown>;
  return (
    right !== undefined &&
    Object.keys(right).length === fields.length &&
    fields.every(([name, content]) => Object.is(content, others[name]))
  );
}

function playLedger({ seed, shape, parameters }: Flow): void {
  const terms = { ...parameters, lotSize: 1_000, tickSize: 7, makerFeePpm: -150, takerFeePpm: 455 };
  const flow = new BookFlow(new SeededRandom(seed), shape);
  const [fast, naive] = [new LedgerBook(terms), new NaiveLedgerBook(terms)];
  for (let account = 0; account < shape.accounts; account += 1) {
    // Enough for some orders of an account and not for all.
    fast.deposit(account, PURSE.base, 120_000);
    fast.deposit(account, PURSE.quote, 105_000_000);
    naive.deposit(account, 'base', 120_000n);
    naive.deposit(account, 'quote', 105_000_000n);
  }
  const encoded = new Float64Array(COMMAND_STRIDE);
  for (let step = 0; step < LEDGER_LENGTH; step += 1) {
    const command = flow.next();
    encodeCommand(command, encoded, 0);
    fast.apply(encoded, 0);
    const reports = fast.reports.drain();
    const where = `with balances, seed ${seed}, step ${step}: ${JSON.stringify(command)}`;
    assert.deepEqual(reports, naive.apply(command), where);
    flow.observe(reports);
    if (step % 10 === 0) assertBalances(fast, naive, shape.accounts, where);
  }
  totals.ledgerCommands += LEDGER_LENGTH;
}

function assertBalances(
  fast: LedgerBook,
  naive: NaiveLedgerBook,
  accounts: number,
  where: string,
): void {
  assert.equal(BigInt(fast.fees), naive.fees, where);
  for (let account = 0; account < accounts; account += 1) {
    for (const asset of ['base', 'quote'] as const) {
      const slot = account * 2 + PURSE[asset];
      const held = naive.held(account, asset);
      assert.equal(BigInt(fast.purses.held[slot] as number), held, where);
      const available = naive.owned(account, asset) - held;
      assert.equal(BigInt(fast.purses.available[slot] as number), available, where);
    }
  }
}

const first = Number(values.seed);
const startedAt = performance.now();
const deadline = startedAt + Number(values.minutes) * 60_000;
const shapes = Object.values(FLOW_SHAPES);
for (let seed = first; totals.commands < Number(values.commands); seed += 1) {
  if (performance.now() > deadline) break;
  const shape = shapes[seed % shapes.length] as FlowShape;
  const parameters = MARKETS[seed % MARKETS.length] as BookParameters;
  playFlow({ seed, shape, parameters });
  if (seed % LEDGER_EVERY === 0) playLedger({ seed, shape, parameters });
}
const seconds = Math.round((performance.now() - startedAt) / 1_000);
process.stdout.write(`${JSON.stringify({ seed: first, ...totals, seconds, differences: 0 })}\n`);
