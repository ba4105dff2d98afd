// Goal: anybody can make, look at and run an order tape from the command line, and a file that is
// none is refused with its byte and rule. Method: the commands as programs, on tapes in a folder.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runHere } from './fixtures/runCli.ts';

const folder = mkdtempSync(join(tmpdir(), 'lawbook-tape-'));
const tape = join(folder, 'mixed.tape');
after(() => rmSync(folder, { recursive: true, force: true }));

before(async () => {
  const made = await runHere(['tape', 'make', tape, '--ops', '3000', '--seed', '5', '--json']);
  assert.equal(made.code, 0, made.stderr);
  const { commands, bytes } = JSON.parse(made.stdout) as { commands: number; bytes: number };
  assert.deepEqual([commands, bytes], [13_000, 128 + 52 * 13_001]);
  assert.equal(readFileSync(tape).length, bytes);
});

/** Of the mixed flow of seed 5 with 3,000 commands; it changes only if flow or engine do. */
const KNOWN_DIGEST = '0xbc6eac0cdda0c20cd194a2b5bae380a9a56e02dcfdb8d4375f7af07cce59b5b1';

interface Run {
  readonly ok: boolean;
  readonly engine: string;
  readonly commands: number;
  readonly timed: number;
  readonly reportDigest: string;
  readonly openOrdersRoot: string;
  readonly fees?: number;
  readonly commandsPerSecond: number;
}

async function run(words: readonly string[]): Promise<Run> {
  const { code, stdout, stderr } = await runHere(['tape', 'run', tape, ...words, '--json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Run;
}

test('both engines print the same digest of a tape that everybody can pay for', async () => {
  const bare = await run([]);
  const ledger = await run(['--engine', 'ledger']);
  assert.deepEqual([bare.engine, ledger.engine], ['bare', 'ledger']);
  assert.equal(bare.reportDigest, ledger.reportDigest);
  assert.equal(bare.openOrdersRoot, ledger.openOrdersRoot);
  assert.deepEqual([bare.commands, bare.timed, bare.fees], [13_000, 3_000, undefined]);
  assert.equal(bare.reportDigest, KNOWN_DIGEST, 'the same tape gives the same reports as ever');
  assert.ok((ledger.fees ?? 0) > 0);
  assert.ok(bare.commandsPerSecond > 0);
  assert.equal(
    (await run(['--digest', bare.reportDigest.toUpperCase().replace('X', 'x')])).ok,
    true,
  );
});

test('exits 1 where the digest is another, and 2 where it is none', async () => {
  const other = await runHere(['tape', 'run', tape, '--digest', `0x${'0'.repeat(64)}`]);
  assert.equal(other.code, 1);
  assert.match(other.stdout, /the digest is not 0x0{64}/);
  assert.equal((await runHere(['tape', 'run', tape, '--digest', 'abc'])).code, 2);
  assert.equal((await runHere(['tape', 'run', tape, '--engine', 'naive'])).code, 2);
});

test('shows header, counts and first commands', async () => {
  const shown = await runHere(['tape', 'show', tape, '--rows', '2']);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /mixed seed 5, version 1/);
  assert.match(shown.stdout, /commands +13,000: place [\d,]+, cancel [\d,]+/);
  assert.match(shown.stdout, /^ +0 {2}place +1 .* limit gtc$/m);
  const json = await runHere(['tape', 'show', tape, '--rows', '2', '--json']);
  const { rows, commands } = JSON.parse(json.stdout) as {
    rows: readonly { kind: string; offset: number }[];
    commands: number;
  };
  assert.equal(commands, 13_000);
  assert.deepEqual(
    rows.map(({ kind, offset }) => [kind, offset]),
    [
      ['place', 128],
      ['place', 180],
    ],
  );
});

test('refuses a file that is no tape by its byte and the rule, in one line', async () => {
  const bytes = readFileSync(tape);
  const bent = Uint8Array.from(bytes);
  bent[128 + 52 * 12_000 + 16] = 9;
  const cases = [
    ['bent', bent, 'checksum', 128 + 52 * 12_000 + 48],
    ['short', bytes.subarray(0, 5_000), 'cutShort', 128 + 52 * 93],
    ['noise', Buffer.from('noise'.repeat(100)), 'magic', 0],
    ['empty', new Uint8Array(0), 'cutShort', 0],
  ] as const;
  for (const [name, content, rule, offset] of cases) {
    const file = join(folder, `${name}.tape`);
    writeFileSync(file, content);
    const verb = name === 'short' ? 'show' : 'run';
    const { code, stderr } = await runHere(['tape', verb, file]);
    assert.equal(code, 1, name);
    assert.match(stderr, new RegExp(`^failed: .* rule=${rule} offset=${offset}\\]\\n$`), name);
  }
  const missing = await runHere(['tape', 'run', join(folder, 'missing.tape'), '--json']);
  const { fault } = JSON.parse(missing.stdout) as { fault: { code: string } };
  assert.deepEqual([missing.code, fault.code], [1, 'CLI_FILE']);
});

test('overwrites nothing unless told to, and takes only flows that there are', async () => {
  const again = await runHere(['tape', 'make', tape, '--ops', '10']);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /--force/);
  assert.equal(readFileSync(tape).length, 128 + 52 * 13_001);
  const other = join(folder, 'other.tape');
  assert.equal((await runHere(['tape', 'make', other, '--scenario', 'lively'])).code, 2);
  assert.equal((await runHere(['tape', 'make', other, '--ops', '0'])).code, 2);
});
