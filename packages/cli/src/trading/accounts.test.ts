// Goal: words name accounts, and public keys stay on demo venues. Method: each form of a word.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DEMO_DOMAIN, developmentAccount } from '@lawbook/analytics/demoWorld';
import { writeKeyFile } from '../files/keyFile.ts';
import { UsageFault } from '../terminal/cliFault.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { ownerOf, signerOf } from './accounts.ts';

const folder = mkdtempSync(join(tmpdir(), 'lawbook-accounts-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const SILENT: Terminal = {
  print: () => undefined,
  note: () => undefined,
  resultsOnScreen: false,
  notesOnScreen: false,
};

test('reads an account as a demo name, an address or a key file', () => {
  const alice = developmentAccount('alice').account;
  assert.equal(ownerOf('alice'), alice);
  assert.equal(ownerOf(alice.toUpperCase().replace('0X', '0x')), alice);
  const file = join(folder, 'a.key');
  const made = writeKeyFile(file, `0x${'11'.repeat(32)}`);
  assert.equal(ownerOf(file), made);
  assert.throws(() => ownerOf('nobody'), UsageFault);
});

test('signs with a public key on a demo venue only', () => {
  assert.equal(signerOf('bob', DEMO_DOMAIN, SILENT).account, developmentAccount('bob').account);
  const elsewhere = { chainId: 1n, address: DEMO_DOMAIN.address };
  assert.throws(() => signerOf('bob', elsewhere, SILENT), UsageFault);
});
