// Goal: whoever opens the page while the venue has traded as far ahead of its base layer as it may
// sees that orders are paused, why, and how far settlement is; and an order says the same. Method:
// a settling venue that may be one epoch ahead, whose prover is slower than its batches.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { CHROMIUM, launchChromium, NO_CHROMIUM } from './chromium.ts';
import { PageVenue } from './pageVenue.ts';
import { seriousViolations } from './seriousViolations.ts';

const PATIENCE_MS = 120_000;
const skip = CHROMIUM === undefined ? NO_CHROMIUM : false;

describe('a venue that is too far ahead, on the page', { skip }, () => {
  let venue: PageVenue;
  let browser: Browser;
  let page: Page;

  before(async () => {
    venue = await PageVenue.start({
      'settlement.exposure.unsettledEpochsMax': 1,
      'market.batchIntervalMs': 250,
    });
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(venue.url);
  });

  after(async () => {
    await browser?.close();
    await venue?.close();
  });

  test('says that orders are paused, why, and where to look', async () => {
    const banner = page.getByRole('alert').filter({ hasText: 'New orders are paused.' });
    await banner.waitFor();
    assert.match((await banner.textContent()) ?? '', /settle|epoch|list/i);
    assert.deepEqual(await seriousViolations(page), []);
    await banner.getByRole('link', { name: 'How far settlement is' }).click();
    await page.getByText('Exposure').first().waitFor();
    await page.getByText(/of 1 lists/).waitFor();
  });
});
