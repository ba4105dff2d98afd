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
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';

/** How many simulated traders the background flow has. */
export const FLOW_TRADERS = 12;

/** The simulated trader of a number, with its public development key. */
export function flowTrader(number: number): ReturnType<typeof developmentAccount> {
  return developmentAccount(`flow-${number}`);
}

/**
 * Inputs that bring up the demo world on an empty venue: six assets, the pool, alice, bob and
 * charlie with about $100,000 of each asset, and the simulated traders with a hundred times that.
 */
export function demoInputs(timeMs: number, batchIntervalMs: number): Input[] {
  const assets: Input[] = DEMO_ASSETS.map(({ symbol, decimals }) => {
    return { kind: 'registerAsset', symbol, decimals };
  });
  const market: Input = {
    kind: 'createMarket',
    parameters: { ...demoParameters(), batchIntervalMs },
    oracle: demoOracle(timeMs),
    inventory: demoTargets(),
  };
  const people = demoAccounts().map(({ account }) => ({ account, factor: 1n }));
  const traders = Array.from({ length: FLOW_TRADERS }, (_, number) => {
    return { account: flowTrader(number).account, factor: 100n };
  });
  const balances = demoBalances();
  const credits = [...people, ...traders].flatMap(({ account, factor }) => {
    return balances.map((_, i): Input => {
      const units = amount(at(balances, i) * factor);
      return { kind: 'credit', account, assetId: assetId(i), amount: units };
    });
  });
  return [...assets, market, ...credits];
}
