// Goal: whoever is handed an epoch by a running venue can judge it alone, and no forger gets past:
// `lawbook verify` accepts the real bundle and refuses ten tampered ones, naming the law. Method: a
// venue in a process of its own, an order by the command line, its epoch exported and verified
// after the venue is gone; then ten forgeries, each the work of a different cheat. The report of
// each forgery is left as it was signed off, because that is what a cheat has to live with.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { decodeBundle, encodeBundle } from '@lawbook/exchange/bundle';
import { at } from '@lawbook/exchange/failures/invariant';
import type { LawId } from '@lawbook/exchange/laws/verdict';
import { OrderTable } from '@lawbook/exchange/markets/batch/orderTable';
import { mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import { price } from '@lawbook/exchange/numbers/price';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { runCli } from '../../packages/cli/src/fixtures/runCli.ts';
import { editAt, editTable } from '../world/corruptions.ts';
import { VenueProcess } from './venueProcess.ts';

const folder = mkdtempSync(join(tmpdir(), 'lawbook-tampered-'));
const realFile = join(folder, 'epoch.bin');
let real: EpochBundle;
let epochHash = '';

before(async () => {
  const flags = {
    dataDir: join(folder, 'venue'),
    'market.batchIntervalMs': 500,
    'market.batchesPerEpoch': 1,
  };
  const venue = await VenueProcess.start(flags);
  try {
    const variables = { LAWBOOK_URL: venue.url };
    const words = ['order', '--from', 'alice', '--pay', '1000', 'USD', '--receive', 'EUR'];
    const placed = await runCli([...words, '--json'], { variables });
    assert.equal(placed.code, 0, placed.stderr);
    const { answer } = JSON.parse(placed.stdout) as { answer: { batchNumber: number } };
    // Without other settings every batch is sealed as an epoch of its own number.
    const epoch = String(answer.batchNumber);
    const exporting = ['epoch', 'export', epoch, '--out', realFile, '--json'];
    const exported = await runCli(exporting, { variables });
    assert.equal(exported.code, 0, exported.stderr + exported.stdout);
    epochHash = (JSON.parse(exported.stdout) as { epochHash: string }).epochHash;
  } finally {
    await venue.stop();
  }
  real = decodeBundle(readFileSync(realFile));
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('the bundle of a running venue verifies against the hash that the venue told', async () => {
  assert.ok(at(real.batches, 0).orders.count > 0, 'the epoch holds orders');
  const { code, stdout } = await runCli(['verify', realFile, '--epoch-hash', epochHash]);
  assert.equal(code, 0, stdout);
  assert.doesNotMatch(stdout, /VIOLATED/);
});

/** One cheat: what is forged, and the law that must be named. */
interface Forgery {
  readonly cheat: string;
  readonly law: LawId;
  readonly forge: (batch: BatchTransition) => BatchTransition;
}

const FORGERIES: readonly Forgery[] = [
  {
    cheat: 'a report about another parent',
    law: 'L0',
    forge: (batch) => ({
      ...batch,
      report: { ...batch.report, parentReportHash: batch.report.fillRoot },
    }),
  },
  {
    cheat: 'an order that is left out',
    law: 'L1',
    forge: (batch) => withoutLastOrder(batch),
  },
  {
    cheat: 'an order that its owner never signed',
    law: 'L2',
    forge: (batch) => ({
      ...batch,
      orders: editTable(batch.orders, (copy) => {
        copy.authorisations[7] = (copy.authorisations[7] as number) ^ 1;
      }),
    }),
  },
  {
    cheat: 'a budget that is raised after signing',
    law: 'L2',
    forge: (batch) => ({
      ...batch,
      orders: editTable(batch.orders, (copy) => {
        copy.budget[0] = (copy.budget[0] as bigint) * 2n;
      }),
    }),
  },
  {
    cheat: 'an oracle that fell silent long ago',
    law: 'L3',
    forge: (batch) => {
      const { oracle, parameters } = batch;
      const observedAtMs = oracle.observedAtMs - parameters.oracleAgeMsMax - 1;
      return { ...batch, oracle: { ...oracle, observedAtMs } };
    },
  },
  {
    cheat: 'an order that pays one unit less than the rules say',
    law: 'L4',
    forge: (batch) => withFill(batch, 'paid', -1n),
  },
  {
    cheat: 'an order that receives one unit more than the price gives',
    law: 'L5',
    forge: (batch) => withFill(batch, 'received', 1n),
  },
  {
    cheat: 'a fill beyond the limit of its order',
    law: 'L6',
    forge: (batch) => ({
      ...batch,
      orders: editTable(batch.orders, (copy) => {
        const row = filledRow(batch);
        // A million units for each one paid: no market gives that.
        copy.limitNumerator[row] = 1_000_000n;
        copy.limitDenominator[row] = 1n;
      }),
    }),
  },
  {
    cheat: 'a unit that appears from nowhere in a vault',
    law: 'L7',
    forge: (batch) => ({
      ...batch,
      after: { ...batch.after, balances: editAt(batch.after.balances, 0, (old) => old + 1n) },
      diffs: { ...batch.diffs, changes: editAt(batch.diffs.changes, 0, (old) => old + 1n) },
    }),
  },
  {
    cheat: 'prices that favour the pool',
    law: 'L8',
    forge: (batch) => {
      const prices = batch.solution.prices.map((old, k) => {
        return k === 1 ? price(old + mulDivFloor(old, 1n, 1000n)) : old;
      });
      return { ...batch, solution: { ...batch.solution, prices } };
    },
  },
  {
    cheat: 'a vault that spends more than it has',
    law: 'L9',
    forge: (batch) => ({
      ...batch,
      after: { ...batch.after, balances: editAt(batch.after.balances, 0, () => -1n) },
    }),
  },
  {
    cheat: 'a diff list that pays somebody one unit less',
    law: 'L10',
    forge: (batch) => ({
      ...batch,
      diffs: { ...batch.diffs, changes: editAt(batch.diffs.changes, 0, (old) => old - 1n) },
    }),
  },
];

for (const [k, { cheat, law, forge }] of FORGERIES.entries()) {
  test(`${law} is named for ${cheat}`, async () => {
    const file = join(folder, `forged-${k}.bin`);
    writeFileSync(file, encodeBundle({ ...real, batches: [forge(at(real.batches, 0))] }));
    const { code, stdout } = await runCli(['verify', file]);
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`VIOLATED ${law} `));
    assert.match(stdout, /refused: this epoch breaks its laws/);
  });
}

test('the netted diffs and the epoch hash are bound, too', async () => {
  const { diffs } = real;
  const changes = editAt(diffs.changes, 0, (old) => old + 1n);
  const forgeries = [
    { ...real, diffs: { ...diffs, changes } },
    { ...real, parentEpochHash: real.epochHash },
    { ...real, epochNumber: real.epochNumber + 1 },
  ];
  const files = forgeries.map((forged, k) => {
    const file = join(folder, `unbound-${k}.bin`);
    writeFileSync(file, encodeBundle(forged));
    return file;
  });
  const { code, stdout } = await runCli(['verify', ...files]);
  assert.equal(code, 1);
  assert.equal(stdout.match(/VIOLATED epoch hash binds the diffs/g)?.length, forgeries.length);
});

/** The first row that paid something. */
function filledRow({ fills }: BatchTransition): number {
  const row = fills.paid.findIndex((paid) => paid > 0n);
  assert.ok(row >= 0, 'the epoch fills an order');
  return row;
}

function withFill(
  batch: BatchTransition,
  side: 'paid' | 'received',
  units: bigint,
): BatchTransition {
  const row = filledRow(batch);
  const column = editAt(batch.fills[side], row, (old) => old + units);
  return { ...batch, fills: { ...batch.fills, [side]: column } };
}

/** The batch as if its last order had never come. */
function withoutLastOrder(batch: BatchTransition): BatchTransition {
  const { orders, fills } = batch;
  const count = orders.count - 1;
  const table = new OrderTable(orders.marketId, Math.max(1, count));
  for (let row = 0; row < count; row += 1) table.append(orders.entry(row));
  const paid = fills.paid.slice(0, count);
  const received = fills.received.slice(0, count);
  return { ...batch, orders: table, fills: { paid, received } };
}
