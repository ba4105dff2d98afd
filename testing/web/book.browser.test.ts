// Goal: a stranger with a browser can trade on an order book: click a price, see cost, fee and
// hold, place, change and cancel an order, see fills, and see why an order was refused; the ladder
// is the venue's after anything that may happen to its feed. Method: a venue without simulated
// traders, so that every level is this test's, its page in a real Chromium, and bob beside it
// through the typed client. One venue and one page for all steps, in this order.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DEMO_BOOK_ID } from '@lawbook/analytics/demoBooks';
import { developmentAccount } from '@lawbook/analytics/demoWorld';
import type { BookOrderRequest } from '@lawbook/api/client/buildBookOrder';
import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { keySigner } from '@lawbook/api/client/signers';
import { unwrap } from '@lawbook/api/client/transport';
import type { Browser, Locator, Page } from 'playwright-core';
import { CHROMIUM, launchChromium, NO_CHROMIUM } from './chromium.ts';
import { PageVenue } from './pageVenue.ts';
import { seriousViolations } from './seriousViolations.ts';
import { tooWide } from './tooWide.ts';

const PATIENCE_MS = 60_000;
const FIRST_LOAD_BYTES_MAX = 200_000;
const marketId = String(DEMO_BOOK_ID);
const skip = CHROMIUM === undefined ? NO_CHROMIUM : false;

describe('an order book on the page', { skip }, () => {
  let venue: PageVenue;
  let browser: Browser;
  let page: Page;
  let bob: LawbookClient;
  const noise: string[] = [];
  /** Changes the next message of the ladder on its way to the page. */
  let isTampering = false;

  before(async () => {
    venue = await PageVenue.start({ 'settlement.mode': 'off', 'demo.flow': false });
    const signer = keySigner(developmentAccount('bob').secretKey);
    bob = new LawbookClient({ baseUrl: venue.url, signer });
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('console', (message) => {
      if (message.type() === 'error') noise.push(message.text());
    });
    page.on('pageerror', (error) => noise.push(error.message));
    await page.routeWebSocket(/\/v1\/ws$/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => {
        const isChange = String(message).includes(`"channel":"book:${marketId}","sequence"`);
        const changed = isTampering && isChange ? grown(String(message)) : message;
        if (changed !== message) isTampering = false;
        socket.send(changed);
      });
    });
    await openPage(page, venue.url);
    noise.splice(0);
  });

  after(async () => {
    await browser?.close();
    await venue?.close();
  });

  const bobPlaces = async (request: Omit<BookOrderRequest, 'marketId'>): Promise<void> => {
    const answer = unwrap(await bob.books.placeOrder({ marketId, ...request }));
    assert.equal(answer.kind, 'accepted', JSON.stringify(answer));
  };
  const rung = (half: 'asks' | 'bids', price: string): Locator =>
    page.locator(`.ladder-${half} .rung`, { has: page.locator(`text="${price}"`) });
  const sizeAt = (half: 'asks' | 'bids', price: string): Locator =>
    rung(half, price).locator('.rung-size');
  const openOrder = (): Locator => page.getByTestId('open-order');

  test('what the first screen fetches is within its budget, as the browser counts it', async () => {
    await page.locator('.chart canvas').first().waitFor();
    const bytes = await page.evaluate(() => {
      const entries = [
        ...performance.getEntriesByType('navigation'),
        ...performance.getEntriesByType('resource'),
      ] as PerformanceResourceTiming[];
      return entries
        .filter(({ name }) => name === `${location.origin}/` || name.includes('/page/'))
        .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
    });
    assert.ok(bytes > 100_000 && bytes <= FIRST_LOAD_BYTES_MAX, `${bytes} bytes`);
  });

  test('shows what others offer, and takes a price to the ticket with a click', async () => {
    await bobPlaces({ side: 'sell', size: '50', price: '1.1000', postOnly: true });
    await bobPlaces({ side: 'sell', size: '70', price: '1.1002', postOnly: true });
    await bobPlaces({ side: 'buy', size: '40', price: '1.0990', postOnly: true });
    await page.getByRole('button', { name: /PLAYEUR\/PLAYUSD/ }).click();
    await sizeAt('asks', '1.1002').getByText('70').waitFor();
    await page.getByTestId('spread').getByText('10 ticks').waitFor();
    await page.getByTestId('ladder-sync').getByText('Checksum fits').waitFor();
    await rung('asks', '1.1002').click({ modifiers: ['Shift'] });
    assert.equal(await page.getByTestId('book-price').inputValue(), '1.1002');
    assert.equal(await page.getByTestId('book-size').inputValue(), '120');
  });

  test('says what an order trades, costs and holds before it is signed', async () => {
    await page.getByTestId('book-size').fill('60');
    const words = await page.getByTestId('book-preview').textContent();
    // 50 at 1.1000 and 10 at 1.1002; two basis points of 66.002; sixty lots at the limit with fee.
    assert.match(words ?? '', /60 at 1\.10003/);
    assert.match(words ?? '', /Costs66\.00 PLAYUSD/);
    assert.match(words ?? '', /0\.013201 PLAYUSD/);
    assert.match(words ?? '', /Holds.*66\.02526 PLAYUSD$/);
  });

  test('fills an order that is placed, and tells so', async () => {
    await page.getByRole('button', { name: 'Sign and buy as alice' }).click();
    await page.locator('.toast', { hasText: 'Bought 60 PLAYEUR' }).waitFor();
    await sizeAt('asks', '1.1002').getByText('60').waitFor();
    await page.getByRole('tab', { name: 'My fills' }).click();
    await page.getByTestId('fill').nth(1).waitFor();
    assert.equal(await page.getByTestId('fill').count(), 2);
    await page.getByTestId('balance-PLAYEUR').getByText('1\u202f000\u202f060.00').waitFor();
    await page.getByTestId('last-price').getByText('1.1002').waitFor();
  });

  test('an order that rests is marked in the ladder, and fills when somebody comes', async () => {
    await page.getByTestId('book-price').fill('1.0995');
    await page.getByTestId('book-size').fill('30');
    await page.getByRole('button', { name: 'Sign and buy as alice' }).click();
    await page.getByRole('tab', { name: /Open orders/ }).click();
    await openOrder().waitFor();
    await page.locator('.ladder-bids .rung.is-own', { hasText: '1.0995' }).waitFor();
    await bobPlaces({ side: 'sell', size: '12', price: '1.0995', timeInForce: 'ioc' });
    await page.locator('.toast', { hasText: 'Bought 12 PLAYEUR' }).waitFor();
    await openOrder().locator('td', { hasText: /^12$/ }).waitFor();
    await sizeAt('bids', '1.0995').getByText('18').waitFor();
  });

  test('changes an open order in its row, and says whether it keeps its place', async () => {
    await openOrder()
      .getByRole('button', { name: /^Change/ })
      .click();
    await page.getByTestId('amend-size').fill('20');
    await page.getByRole('cell', { name: 'keeps its place' }).waitFor();
    await page.getByTestId('amend-size').press('Enter');
    await sizeAt('bids', '1.0995').getByText(/^8$/).waitFor();
    await openOrder()
      .getByRole('button', { name: /^Change/ })
      .click();
    await page.getByTestId('amend-price').fill('1.0993');
    await page.getByRole('cell', { name: 'goes behind others' }).waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await sizeAt('bids', '1.0993').getByText(/^8$/).waitFor();
    await rung('bids', '1.0995').waitFor({ state: 'detached' });
  });

  test('cancels an open order, which stays among the past ones with its reason', async () => {
    await openOrder()
      .getByRole('button', { name: /^Cancel/ })
      .click();
    await openOrder().waitFor({ state: 'detached' });
    await rung('bids', '1.0993').waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: 'Past orders' }).click();
    const row = page.locator('.past-orders tr', { hasText: 'cancelled' });
    await row.getByText('by you').waitFor();
    await page.getByTestId('balance-PLAYUSD').locator('td').nth(2).getByText('–').waitFor();
  });

  test('explains an order that is refused: field, rule, what was found, what to do', async () => {
    await page.getByTestId('book-price').fill('1.1002');
    await page.getByText('Post only, iceberg').click();
    await page.getByRole('checkbox').check();
    await page.getByText(/it will be refused/).waitFor();
    await page.getByRole('button', { name: 'Sign and buy as alice' }).click();
    const refusal = page.getByTestId('refusal');
    await refusal.getByText('postOnlyWouldCross').waitFor();
    const words = (await refusal.textContent()) ?? '';
    for (const word of ['Field', 'Rule', 'Found', 'What to do']) assert.match(words, RegExp(word));
    assert.match(words, /11002/);
    await page.locator('.past-orders .chip', { hasText: 'not accepted' }).waitFor();
    await page.getByRole('checkbox').uncheck();
  });

  test('refuses by itself what is no whole tick, and shows a hold that is missing', async () => {
    await page.getByTestId('book-price').fill('1.10005');
    const words = await page.getByTestId('draft-refusal').textContent();
    assert.match(words ?? '', /price/);
    assert.match(words ?? '', /0\.0001/);
    await page.getByTestId('book-price').fill('1.1002');
    await page.getByTestId('book-size').fill('999999');
    await page
      .getByTestId('book-holds')
      .getByText(/available/)
      .waitFor();
  });

  test('is worked with keys, which it lists', async () => {
    await page.getByTestId('book-size').fill('5');
    await page.keyboard.press('Escape');
    await page.keyboard.press('s');
    await page.getByRole('button', { name: 'Sign and sell as alice' }).waitFor();
    await page.keyboard.press('b');
    await page.keyboard.press('p');
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.getByTestId('book-price').inputValue(), '1.1001');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).getByText('Market order').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'hidden' });
  });

  test('notices a message that was changed on its way, and reads the ladder anew', async () => {
    isTampering = true;
    await bobPlaces({ side: 'buy', size: '11', price: '1.0980', postOnly: true });
    await page
      .getByTestId('resyncs')
      .getByText(/a message was changed/)
      .waitFor();
    await sizeAt('bids', '1.0980').getByText(/^11$/).waitFor();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`has no serious violation of accessibility, ${colorScheme}`, async () => {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await seriousViolations(page), []);
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
      assert.deepEqual(await seriousViolations(page), [], 'keys');
      await page.keyboard.press('?');
    });
  }

  test('fits a phone and a small window', async () => {
    for (const width of [390, 1024]) {
      await page.setViewportSize({ width, height: 844 });
      assert.deepEqual(await tooWide(page), [], `a window of ${width}`);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('makes no noise', () => {
    assert.deepEqual(noise, []);
  });

  test('is the venue’s ladder again after the venue was killed and started', async () => {
    await venue.kill();
    await page.locator('[data-sync="resyncing"]').waitFor();
    await venue.startAgain();
    await page.locator('[data-sync="live"]').waitFor();
    await page
      .getByTestId('resyncs')
      .getByText(/the connection was lost/)
      .waitFor();
    const depth = unwrap(await bob.books.depth(marketId));
    const told = depth.bids.map(({ price, size }) => [Number(price).toFixed(4), Number(size)]);
    const shown = await page.locator('.ladder-bids .rung:enabled').evaluateAll((rungs) => {
      return rungs.map((row) => {
        const [price, size] = row.querySelectorAll('span');
        return [price?.textContent, Number(size?.textContent?.replace(/\D/g, ''))];
      });
    });
    assert.deepEqual(shown, told);
    await bobPlaces({ side: 'buy', size: '9', price: '1.0981', postOnly: true });
    await sizeAt('bids', '1.0981').getByText(/^9$/).waitFor();
  });
});

/** Opens the page; while a venue builds it, a plain one waits in its place. */
async function openPage(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.locator('.picker-button', { hasText: 'alice' }).waitFor();
}

/** A message with its first size a thousand times as large, as a careless proxy might make it. */
function grown(message: string): string {
  return message.replace(/"size":"(\d+)\./, '"size":"$1000.');
}
