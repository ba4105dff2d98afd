import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { CHROMIUM, launchChromium, NO_CHROMIUM } from '../testing/web/chromium.ts';
import { PageVenue } from '../testing/web/pageVenue.ts';

/*
 * `npm run screenshots -- [folder] [--all]`: starts a demo venue, trades a little, and photographs
 * its page. Without arguments it writes the few pictures that the documents show; `--all` takes
 * every screen at three widths in both colours, for whoever works on the page.
 */
const [named] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const FOLDER = resolve(import.meta.dirname, '..', named ?? 'docs/screenshots');
const WAIT_MS = 120_000;
/** The charts of the status screen draw themselves from then on. */
const STATUS_MS = 20_000;
/** Charts that have something to draw on any venue. */
const SETTLED_CHARTS = 6;

interface Picture {
  readonly name: string;
  readonly place: string;
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

/** What the documents show: one screen of each kind, small. */
const SHOWN: readonly Picture[] = [
  { name: 'trade', place: 'trade', width: 1440, scheme: 'light' },
  { name: 'book', place: 'trade/101', width: 1440, scheme: 'dark' },
  { name: 'verify', place: 'verify/1', width: 1440, scheme: 'light' },
  { name: 'status', place: 'status', width: 1440, scheme: 'light' },
  { name: 'trade-phone', place: 'trade', width: 390, scheme: 'dark' },
  { name: 'book-phone', place: 'trade/101', width: 390, scheme: 'light' },
];

const SCREENS = [
  'trade',
  'trade/101',
  'pool',
  'epochs',
  'epochs/1',
  'verify/1',
  'laws',
  'account',
  'compare',
  'status',
];

/** Every screen at every width, in both colours. */
function everyPicture(): Picture[] {
  return [1440, 1024, 390].flatMap((width) =>
    (['light', 'dark'] as const).flatMap((scheme) =>
      SCREENS.map((place) => ({
        name: `${place.replace('/', '-')}-${width}-${scheme}`,
        place,
        width,
        scheme,
      })),
    ),
  );
}

async function trade(page: Page): Promise<void> {
  await page.getByTestId('preview').waitFor();
  await page.locator('.balances tbody tr').first().waitFor();
  await page.getByRole('button', { name: /Sign and place/ }).click();
  await page.locator('.orders .chip', { hasText: /^filled$/ }).waitFor();
  await page.locator('.orders .row-button').first().click();
  await page.locator('.life .track b', { hasText: /settled|finalized/ }).waitFor();
}

/** Takes something from the book, and leaves an order in it. */
async function tradeOnBook(page: Page): Promise<void> {
  await show(page, 'trade/101');
  await page
    .locator('.ladder-asks .rung:enabled')
    .nth(2)
    .click({ modifiers: ['Shift'] });
  await page.getByRole('button', { name: /Sign and buy/ }).click();
  await page.locator('.toast', { hasText: 'Bought' }).waitFor();
  await page.locator('.ladder-bids .rung:enabled').nth(4).click();
  await page.getByTestId('book-size').fill('250');
  await page.getByRole('button', { name: /Sign and buy/ }).click();
  await page.getByTestId('open-order').first().waitFor();
}

/** Goes to a place of the page and waits until it stands. */
async function show(page: Page, place: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${place}`);
  await page.locator('main h1').first().waitFor({ state: 'attached' });
  await page.waitForFunction(() => {
    return document.querySelector('main .loading, main .conclusion .loading-mark') === null;
  });
  if (place.startsWith('trade/')) {
    await page.locator('.ladder-asks .rung:enabled').nth(4).waitFor();
  }
  if (place === 'status') {
    await page.locator('.line-chart polyline').nth(SETTLED_CHARTS).waitFor();
  }
}

async function photograph(page: Page, { name, place, width, scheme }: Picture): Promise<void> {
  await page.setViewportSize({ width, height: width < 500 ? 844 : 900 });
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await show(page, place);
  if (place === 'trade' && width > 500) await page.locator('.orders .row-button').first().click();
  // What was told goes away by itself.
  await page.waitForFunction(() => document.querySelector('.toast') === null);
  // What moves once, such as an inventory on its bar, has come to rest.
  await page.waitForTimeout(place === 'status' ? STATUS_MS : 400);
  const path = join(FOLDER, `${name}.png`);
  await page.screenshot({ path });
  console.log(path);
}

async function main(browser: Browser, venue: PageVenue): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(WAIT_MS);
  await page.goto(venue.url);
  await trade(page);
  await tradeOnBook(page);
  const pictures = process.argv.includes('--all') ? everyPicture() : SHOWN;
  for (const picture of pictures) await photograph(page, picture);
}

if (CHROMIUM === undefined) {
  console.error(NO_CHROMIUM);
  process.exitCode = 1;
} else {
  mkdirSync(FOLDER, { recursive: true });
  const venue = await PageVenue.start();
  const browser = await launchChromium();
  try {
    await main(browser, venue);
  } finally {
    await browser.close();
    await venue.close();
  }
}
