import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'vite';
import { pageConfig } from '../../packages/web/src/build/buildPage.ts';
import { launchChromium } from '../../testing/web/chromium.ts';
import type { FrameTimes } from './bookFrame.tsx';

const FRAMES = 600;
const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript' };

/** What a frame of a book takes in Chromium, milliseconds. */
export interface FrameFigures {
  readonly levels: number;
  readonly messagesEveryFrame: number;
  readonly frames: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/**
 * Builds the ladder and the ticket as the page has them, and lets them follow books of several
 * depths in a real Chromium. Levels are those of each half.
 *
 * @param folder an empty folder for the build.
 */
export async function measureFrames(
  folder: string,
  depths: readonly number[],
): Promise<readonly FrameFigures[]> {
  await build({ ...pageConfig(folder), root: import.meta.dirname, base: '/' });
  const server = createServer((request, response) => {
    const path = (request.url ?? '/') === '/' ? '/index.html' : (request.url ?? '');
    response.setHeader('content-type', TYPES[path.split('.').at(-1) ?? ''] ?? 'text/css');
    // Isolated pages are given a finer clock.
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    response.end(path === '/favicon.ico' ? '' : readFileSync(join(folder, path)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const browser = await launchChromium();
  try {
    const figures: FrameFigures[] = [];
    for (const levels of depths) {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      await page.goto(`http://127.0.0.1:${port}/`);
      const times = await page.evaluate(
        ([wanted, frames]) => globalThis.measureBookFrames(wanted, frames),
        [levels, FRAMES] as const,
      );
      figures.push(figuresOf(times));
      await page.close();
    }
    return figures;
  } finally {
    await browser.close();
    server.close();
  }
}

function figuresOf({ levels, messagesEveryFrame, frames, isRight }: FrameTimes): FrameFigures {
  if (!isRight)
    throw new RangeError('the ladder on the page is not the book’s: nothing was measured');
  const sorted = [...frames].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN;
  const rounded = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000;
  return {
    levels,
    messagesEveryFrame,
    frames: frames.length,
    medianMs: rounded(at(0.5)),
    p95Ms: rounded(at(0.95)),
    p99Ms: rounded(at(0.99)),
    maxMs: rounded(at(1)),
  };
}
