// Goal: a key file is opened when it is private and whole, and refused by name otherwise.
// Method: real files in a temporary folder; a planted key looked for in every fault.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { privateKeyToAccount } from 'viem/accounts';
import { ChainFault } from '../chainFault.ts';
import { everythingShown, leaks, PLANTED } from './fixtures/planted.ts';
import { openKeyFile } from './keyFile.ts';

const seed = Date.now() & 0x7fffffff;
console.log(`keyFile seed ${seed}`);

const folder = mkdtempSync(join(tmpdir(), 'lawbook-keys-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

function keyFile(content: string | Uint8Array, mode = 0o600): string {
  files += 1;
  const path = join(folder, `signer-${files}.txt`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

async function faultOf(path: string): Promise<ChainFault> {
  try {
    await openKeyFile(path);
  } catch (fault) {
    assert.ok(fault instanceof ChainFault, String(fault));
    assert.equal(fault.code, 'CHAIN_CONFIG_INVALID');
    assert.ok(!leaks(everythingShown(fault)), fault.message);
    return fault;
  }
  return assert.fail('the file was accepted');
}

test('opens a private file with one key, however the line ends', async () => {
  const { address } = privateKeyToAccount(PLANTED);
  for (const text of [PLANTED, `${PLANTED}\n`, `${PLANTED.slice(2)}\r\n`, ` ${PLANTED} `]) {
    const signer = await openKeyFile(keyFile(text));
    assert.equal(signer.address, address);
    assert.ok(!leaks(everythingShown(signer)));
  }
  assert.equal((await openKeyFile(keyFile(PLANTED, 0o400))).address, address);
});

test('follows a link to a private file, as secrets are mounted', async () => {
  const path = join(folder, 'link');
  symlinkSync(keyFile(PLANTED), path);
  assert.equal((await openKeyFile(path)).address, privateKeyToAccount(PLANTED).address);
});

test('refuses every mode that lets others in, and says which command closes it', async () => {
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o660, 0o777]) {
    const path = keyFile(PLANTED, mode);
    const { message, fields } = await faultOf(path);
    assert.match(message, new RegExp(`mode ${mode.toString(8)}\\): run chmod 600 '.*'\\.$`));
    assert.equal(fields['rule'], 'mode');
  }
});

test('refuses what is not a file', async () => {
  const directory = join(folder, 'directory');
  mkdirSync(directory, { mode: 0o700 });
  assert.match((await faultOf(directory)).message, /is not a file/);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', ['-m', '600', pipe]);
  assert.match((await faultOf(pipe)).message, /is not a file/);
  assert.match((await faultOf('/dev/null')).message, /is not a file/);
});

test('refuses a path that does not exist', async () => {
  assert.match((await faultOf(join(folder, 'nothing'))).message, /does not exist: check the path/);
  assert.match((await faultOf(join(folder, 'a\0b'))).message, /cannot be read/);
});

test('tells a wrong length from wrong text, and shows neither', async () => {
  const short = await faultOf(keyFile(PLANTED.slice(0, -2)));
  assert.match(short.message, /holds 62 hex digits; a key has 64/);
  const text = await faultOf(keyFile(`key: ${PLANTED}`));
  assert.match(text.message, /holds something else than hex digits/);
  assert.match((await faultOf(keyFile(''))).message, /holds 0 hex digits/);
  assert.match((await faultOf(keyFile(`${PLANTED}\n${PLANTED}`))).message, /something else/);
  assert.match((await faultOf(keyFile(PLANTED.repeat(10)))).message, /too many for a key/);
  assert.match((await faultOf(keyFile('0'.repeat(64)))).message, /no key of secp256k1/);
});

test('hides a key that was given in place of the path', async () => {
  const given = await faultOf(PLANTED);
  assert.match(given.message, /\(hidden\) does not exist/);
  await faultOf(join(folder, PLANTED.slice(2)));
});

test('never shows a file that holds something else', async () => {
  const content = fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => `${text}${PLANTED}`),
    fc.tuple(fc.nat(65), fc.string({ minLength: 1, maxLength: 3 })).map(([place, text]) => {
      return `${PLANTED.slice(0, place)}${text}${PLANTED.slice(place)}`;
    }),
  );
  await fc.assert(
    fc.asyncProperty(content, async (text) => {
      try {
        await openKeyFile(keyFile(text));
      } catch (fault) {
        assert.ok(fault instanceof ChainFault);
        assert.ok(!leaks(everythingShown(fault)));
      }
    }),
    { seed, numRuns: 60 },
  );
});
