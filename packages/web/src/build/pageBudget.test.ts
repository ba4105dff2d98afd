// Goal: the page stays light, and is served without an address of anybody else in it. Method:
// builds it as a venue does, into a folder of its own, and weighs the compressed files.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildPage } from './buildPage.ts';
import { PAGE_BUDGET, weighPage } from './pageBudget.ts';

const cache = mkdtempSync(join(tmpdir(), 'lawbook-page-build-'));
let folder = '';
before(async () => {
  ({ folder } = await buildPage([cache]));
});
after(() => rmSync(cache, { recursive: true, force: true }));

test('every part of the page weighs something, and no more than its budget', () => {
  const weight = weighPage(folder);
  for (const [part, bytes] of Object.entries(weight)) {
    const most = PAGE_BUDGET[part as keyof typeof PAGE_BUDGET];
    assert.ok(bytes > 0 && bytes <= most, `${part} weighs ${bytes} bytes of ${most}`);
  }
});

test('the document names files of its own venue only', () => {
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  assert.doesNotMatch(html, /https?:\/\//);
});

test('a build of the same sources is found again', async () => {
  const again = await buildPage([cache]);
  assert.deepEqual({ ...again, wasThere: true }, again);
  assert.equal(again.folder, folder);
});
