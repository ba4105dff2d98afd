// Goal: a stranger with a browser can trade, see why an order was refused, follow an epoch to its
// transaction, verify it, and see that a tampered one is refused; and the page outlives its venue.
// Method: a settling venue in a process of its own, its page in a real Chromium, waits on what the
// page shows. One venue and one page for all steps, in this order, because settling takes time.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { CHROMIUM, launchChromium, NO_CHROMIUM } from './chromium.ts';
import { PageVenue } from './pageVenue.ts';
import { seriousViolations } from './seriousViolations.ts';
import { tooWide } from './tooWide.ts';

const PATIENCE_MS = 120_000;
const SCREENS = ['trade', 'pool', 'epochs', 'verify', 'laws', 'account', 'compare', 'status'];

const skip = CHROMIUM === undefined ? NO_CHROMIUM : false;

describe('the page in Chromium', { skip }, () => {
  let venue: PageVenue;
  let browser: Browser;
  let page: Page;
  const noise: string[] = [];
  const foreign: string[] = [];

  before(async () => {
    venue = await PageVenue.start();
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('console', (message) => {
      if (message.type() === 'error') noise.push(message.text());
    });
    page.on('pageerror', (error) => noise.push(error.message));
    page.on('request', (request) => {
      const { hostname, protocol } = new URL(request.url());
      if (protocol.startsWith('http') && hostname !== '127.0.0.1') foreign.push(request.url());
    });
  });

  after(async () => {
    await browser?.close();
    await venue?.close();
  });

  const show = async (place: string): Promise<void> => {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `#/${place}`);
    await page
      .locator(`main.screen-${place.split('/')[0]} h1`)
      .first()
      .waitFor();
  };

  test('appears by itself once it is built', async () => {
    await page.goto(venue.url);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('insecure development setup').first().waitFor();
    // The waiting page answers 503 until the build is there.
    noise.splice(0);
  });

  test('fills an order of a demo account, and shows its life', async () => {
    await page.getByTestId('preview').waitFor();
    const balances = page.locator('.trade-side .table tbody tr').first();
    await balances.getByText('100\u202f000.00').waitFor();
    await page.getByRole('button', { name: 'Sign and place as alice' }).click();
    await page.getByText(/filled your order/).waitFor();
    await page.locator('.orders .chip', { hasText: /^filled$/ }).waitFor();
    await balances.getByText('99\u202f000.00').waitFor();
    await page.locator('.orders .row-button').first().click();
    await page
      .locator('.life')
      .getByText(/for everybody/)
      .waitFor();
  });

  test('explains an order that is refused: field, rule, what was found, what to do', async () => {
    await page.getByTestId('amount').fill('100000000');
    await page.getByRole('button', { name: 'Sign and place as alice' }).click();
    const refusal = page.getByTestId('refusal');
    await refusal.waitFor();
    const words = (await refusal.textContent()) ?? '';
    for (const word of ['Field', 'Rule', 'Found', 'What to do']) assert.match(words, RegExp(word));
    assert.match(words, /balance|available/i);
    await page.locator('.orders .chip', { hasText: 'not accepted' }).waitFor();
  });

  test('follows an epoch from its sealing to its transaction on the chain', async () => {
    await show('epochs');
    const settled = page.locator('.epochs tr', { hasText: /settled|finalized/ }).last();
    await settled.locator('a').first().click();
    await page
      .getByTestId('chain-word')
      .getByText(/succeeded/)
      .waitFor();
    await page.getByText(/sent to the venue’s contract/).waitFor();
    const transaction = await page.locator('.hash').first().getAttribute('title');
    assert.match(transaction ?? '', /^0x[0-9a-f]{64}/);
  });

  test('verifies that epoch in the browser: every law, then the proof', async () => {
    await page.getByRole('link', { name: 'Verify in this browser' }).click();
    const conclusion = page.getByTestId('conclusion');
    await conclusion.getByText('Proven.').waitFor();
    assert.match((await conclusion.textContent()) ?? '', /insecure development setup/);
    assert.equal(await page.locator('.step-fails').count(), 0);
    assert.equal(await page.locator('.step-id').count(), 11);
    await page.getByText('Does not show that the oracle told the truth.').waitFor();
  });

  for (const [button, name] of [
    ['Give one order one unit more', /fillsSettleAtPrices/],
    ['Change one bit of a signature', /spendsAreAuthorised/],
    // Whoever traded at the price is not paid by it, and the pool never quoted it.
    ['Move one clearing price by 0.1 %', /fillsSettleAtPrices|poolQuoteIsOptimal/],
    ['Change one bit of the proof', /The verifier accepts the proof/],
  ] as const) {
    test(`refuses a tampered bundle by name: ${button}`, async () => {
      await page.getByRole('button', { name: button }).click();
      const conclusion = page.getByTestId('conclusion').filter({ hasText: 'Refused' });
      await conclusion.waitFor();
      await page.locator('.step-fails', { hasText: name }).first().waitFor();
    });
  }

  test('deposits from the chain into the account', async () => {
    await show('account');
    const form = page.locator('form', { has: page.getByRole('button', { name: 'Deposit' }) });
    await form.getByRole('button', { name: 'Deposit' }).click();
    await page
      .getByTestId('credited')
      .getByText(/1000\.000000 USD/)
      .waitFor();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`has no serious violation of accessibility, ${colorScheme}`, async () => {
      await page.emulateMedia({ colorScheme });
      for (const screen of SCREENS) {
        await show(screen);
        assert.deepEqual(await seriousViolations(page), [], screen);
      }
    });
  }

  test('fits a phone: nothing is wider than the window', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const screen of SCREENS) {
      await show(screen);
      assert.deepEqual(await tooWide(page), [], screen);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('says on every screen that the market is halted, and why', async () => {
    await venue.operate('halt', 'a test of the page');
    for (const screen of ['trade', 'laws']) {
      await show(screen);
      await page
        .getByRole('alert')
        .getByText(/a test of the page/)
        .waitFor();
    }
    await venue.operate('resume');
    await page.getByText('The market is halted.').waitFor({ state: 'detached' });
  });

  test('charts the venue’s own metrics', async () => {
    await show('status');
    const orders = page.getByTestId('metric').filter({ hasText: 'Orders accepted' });
    await orders.locator('b', { hasText: /\d \/s/ }).waitFor();
    await orders.locator('polyline').waitFor();
    await page
      .getByText(/of 20.000 orders/)
      .first()
      .waitFor();
  });

  test('makes no noise and asks nobody but its venue and its chain', () => {
    assert.deepEqual(noise, []);
    assert.deepEqual(foreign, []);
  });

  test('comes back by itself when the venue is killed and started again', async () => {
    await show('trade');
    const bar = page.locator('.batch-open b');
    await venue.kill();
    await page.getByText('The connection to the venue is lost.').waitFor();
    const before = await bar.textContent();
    await venue.startAgain();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.waitForFunction((stood) => {
      const now = document.querySelector('.batch-open b')?.textContent;
      return now !== undefined && now !== null && now !== stood;
    }, before);
  });
});
