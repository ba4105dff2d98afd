import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';

/** Where Debian and others put a Chromium; `CHROMIUM` names another. */
const PLACES = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** The browser of this machine, if it has one. */
export const CHROMIUM: string | undefined = PLACES.find((path) => path !== '' && existsSync(path));

/** What a test that needs a browser says when it is skipped. */
export const NO_CHROMIUM = 'no Chromium on this machine: install chromium, or name one in CHROMIUM';

/** Starts the browser without a window. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}
