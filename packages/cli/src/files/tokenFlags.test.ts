// Goal: what a token file holds becomes a header, or is refused as no token without being quoted.
// Method: files of all kinds in a folder of their own.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { operatorHeaders } from './tokenFlags.ts';

const folder = mkdtempSync(join(tmpdir(), 'lawbook-token-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function headersFrom(text: string): ReturnType<typeof operatorHeaders> {
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, text);
  return operatorHeaders({ tokenFile, dataDir: folder }, 'does this');
}

test('a token is sent without the white space around it', () => {
  assert.deepEqual(headersFrom(' abc-123\n'), { authorization: 'Bearer abc-123' });
});

test('a file of anything but one word is refused as no token, and not quoted', () => {
  for (const text of ['planted one', 'planted\none', 'planted\u00e9', 'planted\u0000', '\ufffd']) {
    assert.throws(
      () => headersFrom(text),
      ({ code, message }) => code === 'CLI_USAGE' && !message.includes('planted'),
    );
  }
});

test('an empty file is no token', () => {
  assert.throws(() => headersFrom(' \n'), { code: 'CLI_USAGE' });
});
