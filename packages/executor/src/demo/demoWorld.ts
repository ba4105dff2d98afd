import {
  DEMO_ASSETS,
  demoAccounts,
  demoBalances,
  demoOracle,
  demoParameters,
  demoTargets,
  developmentAccount,
} from '@lawbook/analytics/demoWorld';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Input } from '@lawbook/exchange/inputs';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { AssetId } from '@lawbook/exchange/ledger/asset';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import type { Amount } from '@lawbook/exchange/numbers/amount';
import { amount } from '@lawbook/exchange/numbers/amount';

/** How many simulated traders the background flow has. */
export const FLOW_TRADERS = 12;

/** The simulated trader of a number, with its public development key. */
export function flowTrader(number: number): ReturnType<typeof developmentAccount> {
  return developmentAccount(`flow-${number}`);
}

/** An amount that the demo world gives to an account. */
export interface DemoGrant {
  readonly account: AccountId;
  readonly assetId: AssetId;
  readonly amount: Amount;
}

/** Inputs that bring up the demo market on an empty venue: six assets and the pool. */
export function demoMarketInputs(
  parameters: BatchParameters,
  timeMs: number,
  inventory: readonly Amount[],
): Input[] {
  const assets: Input[] = DEMO_ASSETS.map(({ symbol, decimals }) => {
    return { kind: 'registerAsset', symbol, decimals };
  });
  const oracle = demoOracle(timeMs);
  return [...assets, { kind: 'createMarket', parameters, oracle, inventory }];
}

/**
 * Inputs that bring up the whole demo world on a venue without a base layer: the market, its pool,
 * and what the accounts are given.
 */
export function demoInputs(timeMs: number, batchIntervalMs: number): Input[] {
  const parameters = { ...demoParameters(), batchIntervalMs };
  const credits = demoGrants().map((grant): Input => ({ kind: 'credit', ...grant }));
  return [...demoMarketInputs(parameters, timeMs, demoTargets()), ...credits];
}

/**
 * What accounts start with: alice, bob and charlie about $100,000 of each asset, the simulated
 * traders a hundred times that.
 */
export function demoGrants(): DemoGrant[] {
  const people = demoAccounts().map(({ account }) => ({ account, factor: 1n }));
  const traders = Array.from({ length: FLOW_TRADERS }, (_, number) => {
    return { account: flowTrader(number).account, factor: 100n };
  });
  const balances = demoBalances();
  return [...people, ...traders].flatMap(({ account, factor }) => {
    return balances.map((_, i): DemoGrant => {
      return { account, assetId: assetId(i), amount: amount(at(balances, i) * factor) };
    });
  });
}
