import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPage } from '../packages/web/src/build/buildPage.ts';
import { PAGE_BUDGET, weighPage } from '../packages/web/src/build/pageBudget.ts';

/**
 * `npm run bench:page`: builds the page and prints what a visitor downloads, compressed, beside its
 * budget; one line of JSON a part.
 */
const cache = mkdtempSync(join(tmpdir(), 'lawbook-page-weight-'));
const startedAt = performance.now();
const { folder } = await buildPage([cache]);
const buildMs = Math.round(performance.now() - startedAt);
for (const [part, bytes] of Object.entries(weighPage(folder))) {
  const budgetBytes = PAGE_BUDGET[part as keyof typeof PAGE_BUDGET];
  console.log(JSON.stringify({ part, bytes, budgetBytes }));
}
console.log(JSON.stringify({ part: 'build', buildMs }));
rmSync(cache, { recursive: true, force: true });
