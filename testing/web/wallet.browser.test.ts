// Goal: a wallet trades and withdraws without giving its key away, on batches and on books, and
// what was withdrawn reaches the chain; it is found by its announcement and brought to the venue's
// chain. Method: a provider in the page that announces itself (EIP-6963) and stands on another
// chain, whose answers a key outside of it signs; the venue's own checks decide whether what it
// signed is right.
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
    await page.getByRole('button', { name: 'Test wallet' }).click();
    // Play money of the books is there at once; this order pays dollars, which cross a bridge.
    await page.locator('.balances tbody tr', { hasText: /^\s*USD/ }).waitFor();
    await page.getByRole('button', { name: 'Sign and place as Test wallet' }).click();
    await page.locator('.orders .chip', { hasText: /^filled$/ }).waitFor();
    assert.deepEqual(asked, [
      'eth_requestAccounts',
      'eth_chainId',
      'wallet_switchEthereumChain',
      'wallet_addEthereumChain',
      'wallet_switchEthereumChain',
      'eth_signTypedData_v4',
    ]);
  });

  test('signs an order of a book, which rests there until the wallet cancels it', async () => {
    await page.evaluate(() => {
      location.hash = '#/trade/101';
    });
    await page.getByTestId('ladder-sync').getByText('Checksum fits').waitFor();
    await page.getByTestId('book-price').fill('1.0000');
    await page.getByRole('button', { name: 'Sign and buy as Test wallet' }).click();
    await page.getByTestId('open-order').waitFor();
    await page.getByRole('button', { name: /^Cancel order/ }).click();
    await page.getByTestId('open-order').waitFor({ state: 'detached' });
    assert.equal(asked.filter((method) => method === 'wallet_switchEthereumChain').length, 2);
  });

  test('follows the account that its owner chooses in the wallet', async () => {
    await page.evaluate(() => {
      (globalThis as unknown as { chooseNone: () => void }).chooseNone();
    });
    await page.locator('.picker-button', { hasText: 'Choose an account' }).waitFor();
    await page.locator('.picker-button').click();
    await page.getByRole('button', { name: 'Test wallet' }).click();
    await page.locator('.picker-button', { hasText: 'Test wallet' }).waitFor();
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

/** Where the wallet stands before the page brings it to the venue's chain. */
const OTHER_CHAIN = 1;

/**
 * Announces a provider in the page that signs as bob, stands on another chain and knows no other
 * at first; notes what it was asked.
 */
async function offerWallet(page: Page, asked: string[]): Promise<void> {
  const bob = privateKeyToAccount(bytesToHex(developmentAccount('bob').secretKey) as Hex);
  const known = new Set([OTHER_CHAIN]);
  let stands = OTHER_CHAIN;
  const answer = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    asked.push(method);
    const [first, second] = params;
    const { chainId } = (typeof first === 'object' ? first : {}) as { readonly chainId?: string };
    switch (method) {
      case 'eth_requestAccounts':
        return [bob.address];
      case 'eth_chainId':
        return `0x${stands.toString(16)}`;
      case 'wallet_addEthereumChain':
        known.add(Number(chainId));
        return null;
      case 'wallet_switchEthereumChain':
        if (!known.has(Number(chainId))) return { refused: 4902 };
        stands = Number(chainId);
        return null;
      default: {
        const typed = JSON.parse(String(second)) as TypedDataDefinition;
        // Wallets sign for the chain that they stand on, and for no other.
        if (Number(typed.domain?.chainId) !== stands) return { refused: -32_603 };
        return await bob.signTypedData(typed);
      }
    }
  };
  await page.exposeFunction('askWallet', answer);
  await page.addInitScript(() => {
    type Request = { method: string; params?: readonly unknown[] };
    const here = globalThis as unknown as {
      askWallet: (method: string, params: readonly unknown[]) => Promise<unknown>;
      chooseNone: () => void;
    };
    const listeners: ((accounts: readonly string[]) => void)[] = [];
    here.chooseNone = () => {
      for (const listener of listeners) listener([]);
    };
    const provider = {
      request: async ({ method, params = [] }: Request) => {
        const answered = await here.askWallet(method, params);
        const { refused } = (answered ?? {}) as { readonly refused?: number };
        if (refused === undefined) return answered;
        throw Object.assign(new Error('The wallet refuses.'), { code: refused });
      },
      on: (event: string, listener: (accounts: readonly string[]) => void) => {
        if (event === 'accountsChanged') listeners.push(listener);
      },
    };
    const about = { uuid: 'f1a2', name: 'Test wallet', icon: 'data:,', rdns: 'example.wallet' };
    const announce = (): void => {
      const detail = Object.freeze({ info: about, provider });
      dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }));
    };
    addEventListener('eip6963:requestProvider', announce);
    announce();
  });
}
