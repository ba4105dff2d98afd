import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPage } from '../packages/web/src/build/buildPage.ts';
import { PAGE_BUDGET, weighPage } from '../packages/web/src/build/pageBudget.ts';
import { CHROMIUM, NO_CHROMIUM } from '../testing/web/chromium.ts';
import { measureFrames } from './page/measureFrames.ts';

/**
 * `npm run bench:page`: builds the page and prints what a visitor downloads, compressed, beside its
 * budget; then, in Chromium, what a frame of an order book takes at several depths. One line of
 * JSON a figure. Exits 1 when the page is heavier than its budget, or the median frame at a
 * thousand levels slower than promised.
 */
const FRAME_BUDGET_MS = 4;
const PROMISED_LEVELS = 1_000;
const cache = mkdtempSync(join(tmpdir(), 'lawbook-page-weight-'));
try {
  const startedAt = performance.now();
  const { folder } = await buildPage([cache]);
  const buildMs = Math.round(performance.now() - startedAt);
  for (const [part, bytes] of Object.entries(weighPage(folder))) {
    const budgetBytes = PAGE_BUDGET[part as keyof typeof PAGE_BUDGET];
    console.log(JSON.stringify({ part, bytes, budgetBytes }));
    if (bytes > budgetBytes) process.exitCode = 1;
  }
  console.log(JSON.stringify({ part: 'build', buildMs }));
  if (CHROMIUM === undefined) {
    console.log(JSON.stringify({ part: 'bookFrame', skipped: NO_CHROMIUM }));
  } else {
    const frames = mkdtempSync(join(cache, 'frames-'));
    for (const figures of await measureFrames(frames, [20, PROMISED_LEVELS, 5_000])) {
      console.log(JSON.stringify({ part: 'bookFrame', ...figures, budgetMs: FRAME_BUDGET_MS }));
      const isPromised = figures.levels === PROMISED_LEVELS;
      if (isPromised && figures.medianMs > FRAME_BUDGET_MS) process.exitCode = 1;
    }
  }
} finally {
  rmSync(cache, { recursive: true, force: true });
}
