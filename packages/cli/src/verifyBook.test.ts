// Goal: `lawbook verify` takes the epoch of a book, offline, and tells a lawful one from one that
// was tampered with, by the law. Method: two real epochs of one book as files; then one thing in
// them is another, with every hash made good again, so that only the law itself can object.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encodeBookBundle } from '@lawbook/exchange/bookBundle';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import { BOOK_LAW_IDS } from '@lawbook/exchange/laws/book/bookVerdict';
import type { BookTransition } from '@lawbook/exchange/transition';
import { fundedBook } from '../../../testing/exchange/bookBench.ts';
import { withDearerTrade, withEvents } from './fixtures/bookEpochs.ts';
import { runHere } from './fixtures/runCli.ts';

const folder = mkdtempSync(join(tmpdir(), 'lawbook-verify-book-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const [first, second] = epochs();

/** In the first epoch bob sells to alice, and in the second some of what rests is bought. */
function epochs(): readonly [BookTransition, BookTransition] {
  const { bench, people } = fundedBook();
  const [alice, bob] = [at(people, 0), at(people, 1)];
  const seal = (): BookTransition => {
    const { epoch, events } = bench.sealBook();
    return { ...epoch, kind: 'book', domain: bench.signing.domain, events };
  };
  bench.place(bob, { side: 'sell', sizeLots: 20 });
  bench.place(bob, { side: 'sell', sizeLots: 10, priceTicks: 103 });
  bench.place(alice, { sizeLots: 8, priceTicks: 101 });
  const one = seal();
  bench.place(alice, { sizeLots: 15, priceTicks: 103 });
  bench.place(alice, { sizeLots: 2, priceTicks: 90 });
  return [one, seal()];
}

function written(name: string, epoch: BookTransition): string {
  const file = join(folder, name);
  writeFileSync(file, encodeBookBundle(epoch));
  return file;
}

test('re-runs B0 to B10 offline, and says what each does not show', async () => {
  const file = written('lawful.bin', first);
  const { code, stdout } = await runHere(['verify', file, '--epoch-hash', first.epochHash]);
  assert.equal(code, 0, stdout);
  for (const id of BOOK_LAW_IDS) assert.match(stdout, new RegExp(`holds +${id} +book`));
  assert.equal(stdout.match(/does not show/g)?.length, BOOK_LAW_IDS.length);
  assert.match(stdout, /book 7, epoch 1/);
  assert.match(stdout, /events 1\.\.\d+, trades 1/);
  assert.match(stdout, /holds +epoch hash is the one given/);
  assert.match(stdout, /^checked: every law holds\. Checked is not proven.*neither proved nor/m);
});

test('says all of it to machines', async () => {
  const { code, stdout } = await runHere(['verify', written('json.bin', first), '--json']);
  const document = JSON.parse(stdout) as {
    ok: boolean;
    level: string;
    kind: string;
    laws: { id: string; kind: string; basis?: string; doesNotShow: string }[];
  };
  assert.deepEqual(
    [code, document.ok, document.level, document.kind],
    [0, true, 'checked', 'book'],
  );
  assert.deepEqual(
    document.laws.map(({ id }) => id),
    [...BOOK_LAW_IDS],
  );
  assert.equal(document.laws.find(({ id }) => id === 'B8')?.basis, 'recovered');
});

const FORGED: readonly (readonly [string, string, BookTransition])[] = [
  ['a trade above the resting price', 'B2', withDearerTrade(first)],
  ['an order by another key', 'B8', withSignature(first, 0, 2)],
  [
    'an event that was dropped without a trace in the hashes',
    'B10',
    withEvents(first, (events) => events.slice(0, -1)),
  ],
];

/** The order of event `to` with the signature of that of event `from`. */
function withSignature(epoch: BookTransition, to: number, from: number): BookTransition {
  return withEvents(epoch, (events) => {
    const [victim, source] = [at(events, to), at(events, from)];
    assert.ok(victim.input.kind === 'submitBookOrder' && source.input.kind === 'submitBookOrder');
    const { authorisation } = source.input.entry;
    const input = { ...victim.input, entry: { ...victim.input.entry, authorisation } };
    return events.map((event, k) => (k === to ? { ...event, input } : event));
  });
}

for (const [what, law, epoch] of FORGED) {
  test(`names ${law} for ${what}`, async () => {
    const { code, stdout } = await runHere(['verify', written(`${law}.bin`, epoch)]);
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`VIOLATED ${law} `));
    assert.match(stdout, /^refused: this epoch of a book breaks its laws/m);
    const elsewhere = ['verify', join(folder, `${law}.bin`), '--epoch-hash', first.epochHash];
    const json = await runHere([...elsewhere, '--json']);
    assert.equal(json.code, 1);
    const { epoch: findings } = JSON.parse(json.stdout) as { epoch: { holds: boolean }[] };
    assert.deepEqual(
      findings.map(({ holds }) => holds),
      [false],
    );
  });
}

test('compares an epoch with the one before it where both are named', async () => {
  const [one, two] = [written('one.bin', first), written('two.bin', second)];
  const joined = await runHere(['verify', one, two]);
  assert.equal(joined.code, 0, joined.stdout);
  assert.match(joined.stdout, /holds +opens as epoch 1 closed/);
  const orphan = written('orphan.bin', { ...second, parentEpochHash: ZERO_HASH });
  const apart = await runHere(['verify', one, orphan]);
  assert.equal(apart.code, 1);
  assert.match(apart.stdout, /VIOLATED opens as epoch 1 closed\n +parentEpochHash/);
});

test('refuses bytes that begin as a book and are none, and to prove a book', async () => {
  const file = written('cut.bin', first);
  const bytes = encodeBookBundle(first);
  writeFileSync(file, bytes.subarray(0, bytes.length - 7));
  const cut = await runHere(['verify', file]);
  assert.equal(cut.code, 1);
  assert.match(cut.stderr, /^failed: .*cut\.bin is no bundle: .* at byte \d+/);
  const proved = await runHere(['prove', written('whole.bin', first)]);
  assert.equal(proved.code, 1);
  assert.match(proved.stderr, /is the epoch of a book: .* neither proved nor settled/);
});
