// Goal: a person trades on an order book from the command line, end to end: orders of every kind,
// what became of them, the ladder live, and the epoch of it all exported, verified, and refused
// once it is tampered with. Method: a real venue in a child process, whose books nobody else trades
// on, then each command; the venue and the first and last commands are programs of their own.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { decodeBookBundle, encodeBookBundle } from '@lawbook/exchange/bookBundle';
import { withDearerTrade } from './fixtures/bookEpochs.ts';
import type { CliRun } from './fixtures/runCli.ts';
import { runCli, runHere } from './fixtures/runCli.ts';

const MAIN = resolve(import.meta.dirname, 'main.ts');
const folder = mkdtempSync(join(tmpdir(), 'lawbook-book-'));
let venue: ChildProcess;
let url = '';
let exportedHash = '';

before(async () => {
  const words = ['start', '--json', '--settlement', 'off', '--port', '0'];
  const settings = ['demo.flow=false', 'market.epochSealAfterMs=2000', 'log.level=silent'];
  venue = spawn(
    process.execPath,
    [MAIN, ...words, '--data-dir', join(folder, 'venue'), '--set', ...settings],
    { env: { PATH: process.env['PATH'] }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  url = await addressOf(venue);
});

after(async () => {
  if (venue.exitCode === null && venue.signalCode === null) {
    const ended = new Promise((settle) => venue.once('exit', settle));
    venue.kill('SIGKILL');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

test('lists the books, and shows an empty ladder by symbol', async () => {
  const listed = await runCli(['books'], { variables: { LAWBOOK_URL: url } });
  assert.equal(listed.code, 0, listed.stderr);
  assert.match(listed.stdout, /^ 101 {2}PLAYEUR-PLAYUSD {2}open .* 0\.0001 +1 {2}0, 200 +no$/m);
  const empty = await onVenue('book playeur/playusd');
  assert.match(empty.stdout, /^PLAYEUR-PLAYUSD, book 101: open, sequence \d+$/m);
  assert.match(empty.stdout, /nobody offers or bids/);
});

test('rests an offer, trades with it, and tells both sides', async () => {
  const offer = 'book order 101 sell 100 --price 1.1 --post-only --client-id offer-1';
  const placed = await onVenue(`${offer} --from alice`);
  assert.equal(placed.code, 0, placed.stderr);
  assert.match(placed.stdout, /^accepted as sequence \d+, order 1\n {2}new .* 100 open of 100\n$/);
  const again = await onVenue(`${offer} --from alice`);
  assert.match(again.stdout, /order 1 \(accepted before; nothing happened again\)/);

  const bought = await onVenue('book order 101 buy 40 --market --from bob');
  assert.match(bought.stdout, /trade +buy 40 PLAYEUR at 1\.1000 as taker, fee 0\.008800 PLAYUSD;/);
  assert.match(bought.stdout, /order 2 filled, 40 of 40 at 1\.1000$/m);
  const orders = await onVenue('book orders 101 alice');
  assert.match(orders.stdout, /^ +1 {2}sell {2}1\.1000 +100 +40 {2}partiallyFilled .* offer-1$/m);
  const fills = await onVenue('book fills 101 alice --json');
  const [fill] = (JSON.parse(fills.stdout) as { fills: { role: string; size: string }[] }).fills;
  assert.deepEqual([fill?.role, Number(fill?.size)], ['maker', 40]);
  const ladder = await onVenue('book 101');
  assert.match(ladder.stdout, /^ask +1\.1000 +60 +60 /m);
});

test('changes and cancels orders by number, by own id, and all at once', async () => {
  const reduced = await onVenue('book reduce 101 offer-1 80 --from alice');
  assert.match(reduced.stdout, /order 1 partiallyFilled \(owner\): sell at 1\.1000, 40 open of 80/);
  const replaced = await onVenue('book replace 101 1 --price 1.12 --size 90 --from alice');
  assert.match(replaced.stdout, /lostPriority\): sell at 1\.1200, 50 open of 90/);
  const hidden = 'book order 101 sell 500 --price 1.15 --display 50 --good-for 8h --from alice';
  assert.match((await onVenue(hidden)).stdout, /order 3/);
  const stop = 'book order 101 sell 60 --stop 1.05 --market --price 1 --oco 3 --from alice';
  assert.match((await onVenue(stop)).stdout, /order 4 new \(waiting\)/);
  const orders = (await onVenue('book orders 101 alice')).stdout;
  assert.match(orders, /market ioc, stop at 1\.0500, pair of 3/);
  assert.match(orders, /limit gtd, until \S+Z, shows 50/);
  const canceled = await onVenue('book cancel 101 3 offer-1 --from alice');
  assert.match(canceled.stdout, /order 3 canceled \(owner\).*order 4 canceled \(oco\).*order 1/s);
  const all = await onVenue('book cancel 101 --all --from alice --json');
  assert.equal((JSON.parse(all.stdout) as { ok: boolean }).ok, true);
});

test('says why an order is refused, and what a wrong word should have been', async () => {
  const poor = await onVenue('book order 101 buy 999999 --price 100 --from bob --json');
  assert.equal(poor.code, 1);
  const { ok, rejection } = JSON.parse(poor.stdout) as { ok: boolean; rejection: { code: string } };
  assert.deepEqual([ok, rejection.code], [false, 'insufficientAvailable']);
  const between = await onVenue('book order 101 buy 1 --price 1.00005 --from bob');
  assert.equal(between.code, 1);
  assert.match(between.stderr, /^refused: priceOutOfRange .*a multiple of 0\.0001/);
  assert.equal((await onVenue('book order 101 buy 1 --from bob')).code, 2);
  const missing = await onVenue('book 999');
  assert.deepEqual([missing.code, /notFound/.test(missing.stderr)], [1, true]);
});

test('opens a book and closes it as the operator, and tells everybody why', async () => {
  const token = `--data-dir ${join(folder, 'venue')}`;
  const rules = 'book create 103 PLAYGBP PLAYEUR --lot 1 --tick 0.0001 --maker-ppm -50';
  assert.equal((await onVenue(`${rules} --data-dir ${folder}`)).code, 2);
  const created = await onVenue(`${rules} ${token}`);
  assert.match(created.stdout, /^PLAYGBP-PLAYEUR, book 103: open/, created.stderr);
  const closed = await onVenue(`book state 103 cancelOnly --reason maintenance ${token} --json`);
  assert.equal((JSON.parse(closed.stdout) as { state: string }).state, 'cancelOnly');
  const refused = await onVenue('book order 103 buy 10 --price 1.1 --from alice');
  assert.match(refused.stderr, /^refused: bookStateForbids/);
  const shown = await onVenue('book 103');
  assert.match(shown.stdout, /cancelOnly, .*by the operator since \S+: maintenance/s);
});

test('follows the ladder live, and ends after as many as it was asked for', async () => {
  const watching = onVenue('book 101 --watch --count 2 --json');
  // Until both are there something has to happen in the book, again and again.
  let isOver = false;
  const done = watching.finally(() => {
    isOver = true;
  });
  for (let ticks = 9_000; !isOver && ticks < 9_020; ticks += 1) {
    await onVenue(`book order 101 buy 10 --price 0.${ticks} --from bob`);
  }
  const { code, stdout, stderr } = await done;
  assert.equal(code, 0, stderr);
  const ladders = stdout.trim().split('\n');
  assert.equal(ladders.length, 2);
  const last = JSON.parse(ladders[1] ?? '') as { marketId: string; bids: { price: string }[] };
  assert.equal(last.marketId, '101');
});

test('exports an epoch that verifies, and names the law once a trade is forged', async () => {
  const epochNumber = await tradedEpoch();
  const file = join(folder, 'book.bin');
  const exported = await onVenue(`epoch export ${epochNumber} --market 101 --out ${file} --json`);
  assert.equal(exported.code, 0, exported.stderr);
  const { epochHash } = JSON.parse(exported.stdout) as { epochHash: string };
  exportedHash = epochHash;
  const verified = await runHere(['verify', file, '--epoch-hash', epochHash]);
  assert.equal(verified.code, 0, verified.stdout);
  assert.match(verified.stdout, /^checked: every law holds/m);
  const shown = await onVenue(`epoch show ${epochNumber} --market 101`);
  assert.match(shown.stdout, new RegExp(epochHash));

  const forged = join(folder, 'forged.bin');
  const epoch = decodeBookBundle(readFileSync(file));
  writeFileSync(forged, encodeBookBundle(withDearerTrade(epoch)));
  const refused = await runHere(['verify', forged]);
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /VIOLATED B2 +bookTradesAtRestingPrice/);
});

test('records what the book was given, and both engines do it again', async () => {
  const tape = join(folder, 'live.tape');
  const recorded = await onVenue(`tape record ${tape} --market playeur-playusd --json`);
  assert.equal(recorded.code, 0, recorded.stderr);
  const { commands, reportDigest } = JSON.parse(recorded.stdout) as Record<string, string>;
  assert.ok(Number(commands) > 8);
  for (const engine of ['bare', 'ledger']) {
    const words = ['tape', 'run', tape, '--engine', engine, '--digest', reportDigest ?? ''];
    const run = await runHere(words);
    assert.equal(run.code, 0, run.stdout);
    assert.match(run.stdout, /the digest is the one given/);
  }
});

test('judges every epoch of the books again from the journal of the stopped venue', async () => {
  const ended = new Promise((settle) => venue.once('exit', settle));
  venue.kill('SIGINT');
  await ended;
  const replayed = await runCli(['replay', '--data-dir', join(folder, 'venue'), '--json']);
  assert.equal(replayed.code, 0, replayed.stderr);
  const report = JSON.parse(replayed.stdout) as {
    bookEpochsJudged: number;
    bookEpochs: { epochHash: string }[];
    bookViolations: unknown[];
  };
  assert.ok(report.bookEpochsJudged > 0);
  assert.equal(report.bookEpochsJudged, report.bookEpochs.length);
  assert.ok(report.bookEpochs.some(({ epochHash }) => epochHash === exportedHash));
  assert.deepEqual(report.bookViolations, []);
});

/** The number of the epoch in which somebody traded, once it is sealed. */
async function tradedEpoch(): Promise<number> {
  const client = new LawbookClient({ baseUrl: url });
  const deadline = performance.now() + 30_000;
  for (;;) {
    const reply = await client.books.epochs('101');
    assert.ok(reply.ok);
    for (const { epochNumber } of reply.value.epochs) {
      const bundle = await client.readBundle('101', epochNumber);
      assert.ok(bundle.ok);
      const { events } = decodeBookBundle(bundle.value);
      const reports = events.flatMap((event) => event.reports);
      if (reports.some(({ kind }) => kind === 'trade')) return epochNumber;
    }
    assert.ok(performance.now() < deadline, 'no epoch with a trade was sealed');
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

function onVenue(words: string): Promise<CliRun> {
  return runHere([...words.split(' '), '--url', url]);
}

/** The address that a starting venue announces. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((settle, fail) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += String(chunk);
      const found = /"url":"([^"]+)"/.exec(text)?.[1];
      if (found !== undefined) settle(found);
    });
    child.once('exit', (code) => fail(new Error(`the venue ended with ${code}: ${text}`)));
  });
}
