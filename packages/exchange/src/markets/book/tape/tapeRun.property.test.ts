// Goal: a tape carries commands without changing one, both engines report on it what the naive
// books do, and no tape that reads makes an engine stop. Method: flows of every shape recorded,
// read back and run, against digests that are written here from the page of the format and the
// reports of the naive twins; and tapes of any numbers at all that fit a record.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NaiveBook } from '../../../../../../testing/reference/naiveBook.ts';
import { NaiveLedgerBook } from '../../../../../../testing/reference/naiveLedgerBook.ts';
import { BookFlow, FLOW_SHAPES, TIGHT_BOOK } from '../../../../../../testing/world/bookFlows.ts';
import { SeededRandom } from '../../../../../../testing/world/seededRandom.ts';
import { taggedHash } from '../../../codec/hash.ts';
import type { BookCommand } from '../bookCommand.ts';
import { COMMAND_STRIDE, FIELD } from '../bookCommand.ts';
import { BOOK_REJECTIONS } from '../bookRejections.ts';
import type { BookReport } from '../bookReport.ts';
import { REASON, REPORT } from '../bookReport.ts';
import { MARKET_STATE } from '../bookTerms.ts';
import { openOrdersRoot } from '../openOrders.ts';
import { reportDigest } from './reportBytes.ts';
import { decodeTape, encodeTape, TapeWriter } from './tape.ts';
import type { TapeHeader } from './tapeHeader.ts';
import type { TapeEngine, TapeOutcome } from './tapeRun.ts';
import { TapeRun } from './tapeRun.ts';

const COMMANDS = 1_200;

const HEADER: TapeHeader = {
  parameters: { ...TIGHT_BOOK, lotSize: 1_000, tickSize: 7, makerFeePpm: -150, takerFeePpm: 455 },
  // Enough for some orders of an account and not for all.
  baseEach: 120_000,
  quoteEach: 105_000_000,
  setupCount: 0,
  label: 'property',
};

/** The bytes of a report as the page states them. */
function reportBytes(report: BookReport): Uint8Array {
  const bytes = Buffer.alloc(32);
  bytes[0] = REPORT[report.kind];
  if (report.kind === 'rejected') {
    bytes[1] = BOOK_REJECTIONS[report.code].number;
    bytes.writeDoubleBE(report.limit, 8);
    bytes.writeDoubleBE(report.orderId, 16);
    bytes.writeDoubleBE(report.actual, 24);
    return bytes;
  }
  bytes[1] = REASON[report.reason];
  if (report.kind === 'marketState') {
    bytes.writeUInt32BE(MARKET_STATE[report.state], 4);
    return bytes;
  }
  bytes[2] = report.side === 'buy' ? 0 : 1;
  bytes.writeUInt32BE(report.leavesLots, 4);
  bytes.writeUInt32BE(report.priceTicks, 8);
  bytes.writeUInt32BE(report.lots, 12);
  bytes.writeDoubleBE(report.orderId, 16);
  bytes.writeDoubleBE(report.contra, 24);
  return bytes;
}

const NARROW = new Set(['account', 'priceTicks', 'sizeLots', 'displayLots', 'triggerTicks']);

/** Whether a record has room for every number of a command. */
function fits(command: BookCommand): boolean {
  return Object.entries(command).every(([field, given]) => {
    if (typeof given !== 'number') return true;
    const most = NARROW.has(field) ? 0xffff_ffff : Number.MAX_SAFE_INTEGER;
    return Number.isInteger(given) && given >= 0 && given <= most;
  });
}

interface Played {
  readonly commands: readonly BookCommand[];
  readonly reports: readonly Uint8Array[];
  /** The digest of the same reports as objects. */
  readonly digest: string;
}

function play(
  name: keyof typeof FLOW_SHAPES,
  seed: number,
  book: { readonly apply: (command: BookCommand) => BookReport[] },
): Played {
  const flow = new BookFlow(new SeededRandom(seed), FLOW_SHAPES[name]);
  const commands: BookCommand[] = [];
  const reports: Uint8Array[] = [];
  const told: BookReport[] = [];
  while (commands.length < COMMANDS) {
    const command = flow.next();
    if (!fits(command)) continue;
    const answer = book.apply(command);
    flow.observe(answer);
    commands.push(command);
    for (const report of answer) reports.push(reportBytes(report));
    told.push(...answer);
  }
  return { commands, reports, digest: reportDigest(told) };
}

function runTape(bytes: Uint8Array, engine: TapeEngine): TapeOutcome {
  const { header, commands, count } = decodeTape(bytes);
  const run = new TapeRun(header, engine);
  for (let from = 0; from < count; from += 100) {
    run.apply(commands, from, Math.min(count, from + 100));
    run.takeReports();
  }
  return run.outcome();
}

for (const name of Object.keys(FLOW_SHAPES) as (keyof typeof FLOW_SHAPES)[]) {
  test(`both engines report on a tape of ${name} flow what the naive books do`, () => {
    for (let seed = 1; seed <= 2; seed += 1) {
      const naive = new NaiveBook(HEADER.parameters);
      const alone = play(name, seed, naive);
      const bare = runTape(encodeTape(HEADER, alone.commands), 'bare');
      assert.equal(bare.reportDigest, taggedHash(TAG, ...alone.reports), `seed ${seed}`);
      assert.equal(bare.reportDigest, alone.digest);
      assert.equal(bare.openOrdersRoot, openOrdersRoot(naive.openOrders()));
      assert.equal(bare.reports, alone.reports.length);

      const ledger = new NaiveLedgerBook(HEADER.parameters);
      for (let account = 0; account < HEADER.parameters.accountsMax; account += 1) {
        ledger.deposit(account, 'base', BigInt(HEADER.baseEach));
        ledger.deposit(account, 'quote', BigInt(HEADER.quoteEach));
      }
      const paid = play(name, seed, ledger);
      const settled = runTape(encodeTape(HEADER, paid.commands), 'ledger');
      assert.equal(settled.reportDigest, taggedHash(TAG, ...paid.reports), `seed ${seed}`);
      assert.equal(BigInt(settled.fees ?? -1), ledger.fees);
      assert.equal(settled.balancesRoot, balancesRoot(ledger));
    }
  });
}

const TAG = 'lawbook.tapeReports.v1';

function balancesRoot(ledger: NaiveLedgerBook): string {
  const bytes = Buffer.alloc(HEADER.parameters.accountsMax * 32);
  let offset = 0;
  for (let account = 0; account < HEADER.parameters.accountsMax; account += 1) {
    for (const asset of ['base', 'quote'] as const) {
      const held = ledger.held(account, asset);
      bytes.writeBigUInt64BE(ledger.owned(account, asset) - held, offset);
      bytes.writeBigUInt64BE(held, offset + 8);
      offset += 16;
    }
  }
  return taggedHash('lawbook.tapeBalances.v1', bytes);
}

/** Small numbers that meet each other, and every other number of a width. */
const narrow = (most: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: most }), fc.constant(most));

const anyRow = fc.record({
  kind: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 9 })),
  orderId: narrow(Number.MAX_SAFE_INTEGER),
  account: narrow(0xffff_ffff),
  terms: fc.oneof(fc.constant(0), narrow(0xffff)),
  price: narrow(0xffff_ffff),
  size: narrow(0xffff_ffff),
  display: fc.oneof(fc.constant(0), narrow(0xffff_ffff)),
  time: fc.oneof(fc.constant(0), narrow(Number.MAX_SAFE_INTEGER)),
  trigger: fc.oneof(fc.constant(0), narrow(0xffff_ffff)),
  ocoWith: fc.oneof(fc.constant(0), narrow(Number.MAX_SAFE_INTEGER)),
});

const USES: Readonly<Record<number, readonly (keyof typeof FIELD)[]>> = {
  1: ['orderId', 'account', 'terms', 'price', 'size', 'display', 'time', 'trigger', 'ocoWith'],
  2: ['orderId', 'account'],
  3: ['account'],
  4: ['orderId', 'account', 'size'],
  5: ['orderId', 'account', 'price', 'size'],
  6: ['time'],
  7: ['price'],
  8: ['terms'],
  9: ['account', 'time'],
};

const anyHeader = fc.record({
  ordersMax: fc.integer({ min: 1, max: 20 }),
  accountsMax: fc.integer({ min: 1, max: 8 }),
  priceTicksMax: fc.integer({ min: 1, max: 2 ** 30 - 1 }),
  notionalMin: fc.oneof(fc.constant(0), fc.maxSafeNat()),
  breakerBandPpm: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1_000_000 })),
  breakerWindow: fc.maxSafeNat(),
  lotSize: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 40 })),
  tickSize: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 40 })),
  takerFeePpm: fc.integer({ min: 0, max: 100_000 }),
});

test('runs a tape of any numbers that fit its records to its end', () => {
  fc.assert(
    fc.property(anyHeader, fc.array(anyRow, { maxLength: 60 }), (rules, rows) => {
      const sizes = { sizeLotsMax: 2 ** 31 - 1, windowLevels: 64 };
      const parameters = { ...rules, ...sizes, makerFeePpm: -rules.takerFeePpm };
      const baseEach = Math.floor(Number.MAX_SAFE_INTEGER / rules.accountsMax);
      const header = { ...HEADER, parameters, baseEach, quoteEach: baseEach };
      const writer = new TapeWriter(header);
      const bytes = new Uint8Array(128 + 52 * (rows.length + 1));
      bytes.set(writer.header);
      const view = new DataView(bytes.buffer);
      const command = new Float64Array(COMMAND_STRIDE);
      for (const [k, row] of rows.entries()) {
        command.fill(0);
        command[FIELD.kind] = row.kind;
        for (const field of USES[row.kind] ?? []) command[FIELD[field]] = row[field];
        if (row.kind === 8) command[FIELD.terms] = row.terms % 256;
        writer.append(command, 0, view, 128 + 52 * k);
      }
      writer.end(view, 128 + 52 * rows.length);
      for (const engine of ['bare', 'ledger'] as const) {
        const { commands, reports, reportDigest } = runTape(bytes, engine);
        assert.equal(commands, rows.length);
        assert.ok(reports >= 0 && /^0x[0-9a-f]{64}$/.test(reportDigest));
      }
    }),
    { numRuns: 400 },
  );
});

test('reads back what was written, or names a rule: no byte leads anywhere else', () => {
  const bytes = encodeTape(HEADER, play('special', 9, new NaiveBook(HEADER.parameters)).commands);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, flip) => {
      const bent = Uint8Array.from(bytes);
      bent[place] = (bent[place] as number) ^ flip;
      assert.throws(() => decodeTape(bent), { code: 'DECODE_FAILED' });
    }),
    { numRuns: 60 },
  );
});
