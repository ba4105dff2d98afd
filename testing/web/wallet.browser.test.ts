// Goal: a wallet trades and withdraws without giving its key away, and what was withdrawn reaches
// the chain. Method: a provider by EIP-1193 in the page, whose answers a key outside of it signs;
// the venue's own checks decide whether what it signed is right.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { developmentAccount } from '@lawbook/analytics/demoWorld';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import type { Browser, Page } from 'playwright-core';
import type { Hex, TypedDataDefinition } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { CHROMIUM, launchChromium, NO_CHROMIUM } from './chromium.ts';
import { PageVenue } from './pageVenue.ts';

const PATIENCE_MS = 120_000;
const skip = CHROMIUM === undefined ? NO_CHROMIUM : false;

describe('a wallet on the page', { skip }, () => {
  let venue: PageVenue;
  let browser: Browser;
  let page: Page;
  const asked: string[] = [];

  before(async () => {
    venue = await PageVenue.start();
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(PATIENCE_MS);
    await offerWallet(page, asked);
    await page.goto(venue.url);
    await page.getByText('Live', { exact: true }).waitFor();
  });

  after(async () => {
    await browser?.close();
    await venue?.close();
  });

  test('signs an order that the venue fills', async () => {
    await page.locator('.picker-button').click();
    await page.getByRole('button', { name: 'Browser wallet' }).click();
    // Play money of the books is there at once; this order pays dollars, which cross a bridge.
    await page.locator('.balances tbody tr', { hasText: /^\s*USD/ }).waitFor();
    await page.getByRole('button', { name: 'Sign and place as Browser wallet' }).click();
    await page.locator('.orders .chip', { hasText: /^filled$/ }).waitFor();
    assert.deepEqual(asked, ['eth_requestAccounts', 'eth_signTypedData_v4']);
  });

  test('signs a withdrawal that the venue takes', async () => {
    await page.evaluate(() => {
      location.hash = '#/account';
    });
    await page.getByRole('button', { name: 'Sign and withdraw' }).click();
    await page.getByText('Accepted and debited').waitFor();
  });

  test('a withdrawal of a demo account is settled, and claimed on the chain', async () => {
    await page.locator('.picker-button').click();
    await page.getByRole('button', { name: /^charlie/ }).click();
    await page.getByRole('button', { name: 'Sign and withdraw' }).click();
    await page.getByRole('button', { name: 'Claim on the chain' }).click();
    await page.getByText(/Block \d+ claimed/).waitFor();
  });
});

/** Puts a provider into the page that signs as bob; notes what it was asked. */
async function offerWallet(page: Page, asked: string[]): Promise<void> {
  const bob = privateKeyToAccount(bytesToHex(developmentAccount('bob').secretKey) as Hex);
  const answer = async (method: string, params: readonly string[]): Promise<unknown> => {
    asked.push(method);
    if (method === 'eth_requestAccounts') return [bob.address];
    return await bob.signTypedData(JSON.parse(params[1] ?? '{}') as TypedDataDefinition);
  };
  await page.exposeFunction('askWallet', answer);
  await page.addInitScript(() => {
    const here = globalThis as unknown as {
      ethereum: unknown;
      askWallet: (method: string, params: readonly unknown[]) => Promise<unknown>;
    };
    here.ethereum = {
      request: (call: { method: string; params?: readonly unknown[] }) => {
        return here.askWallet(call.method, call.params ?? []);
      },
    };
  });
}
