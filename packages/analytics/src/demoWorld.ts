import { taggedDigest } from '@lawbook/exchange/codec/hash';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { OracleSnapshot } from '@lawbook/exchange/markets/batch/oracleSnapshot';
import type { Basket, BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import {
  AdmissionMode,
  COVARIANCE_BITS,
  Scarcity,
} from '@lawbook/exchange/markets/batch/parameters';
import type { Amount } from '@lawbook/exchange/numbers/amount';
import { amount } from '@lawbook/exchange/numbers/amount';
import { mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import type { Price } from '@lawbook/exchange/numbers/price';
import { PPM, PRICE_SCALE, price } from '@lawbook/exchange/numbers/price';
import { addressOfSecret } from '@lawbook/exchange/orders/signature';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import { exactDecimal, product, scaledInteger } from './exactDecimal.ts';

/** One asset of the demo world, as a person would state it. Decimal strings are exact. */
export interface DemoAsset {
  readonly symbol: string;
  readonly decimals: number;
  /** US dollars per whole unit. */
  readonly mid: string;
  /** Pool inventory and target, millions of whole units: about $100m each. */
  readonly targetMillions: string;
  /** Standard deviation of one day's return, percent. */
  readonly dailyVolatilityPercent: string;
}

/** The six assets of the demo market; the place in this list is the market's asset index. */
export const DEMO_ASSETS: readonly DemoAsset[] = [
  asset('USD', '1', '100', '0'),
  asset('EUR', '1.10', '90.91', '0.60'),
  { ...asset('JPY', '0.006667', '15000', '0.70'), decimals: 4 },
  asset('GBP', '1.25', '80', '0.80'),
  asset('CHF', '1.075', '93.02', '0.50'),
  asset('AUD', '0.75', '133.33', '0.75'),
];

/** Correlations of daily returns by pair of symbols. */
export type Correlations = Readonly<Record<string, string>>;

/**
 * Correlations of the demo world, US dollars per unit on both sides: all positive.
 *
 * The published list has EUR-JPY, EUR-CHF, JPY-GBP, GBP-CHF and CHF-AUD negative, as if the yen and
 * the franc were quoted the other way round. Their magnitudes stand, their signs follow 27 years of
 * monthly rates. JPY-CHF and JPY-AUD are positive in the list and in the rates, so they stay.
 */
export const DEMO_CORRELATIONS: Correlations = {
  'EUR-JPY': '0.20',
  'EUR-GBP': '0.80',
  'EUR-CHF': '0.70',
  'EUR-AUD': '0.40',
  'JPY-GBP': '0.15',
  'JPY-CHF': '0.10',
  'JPY-AUD': '0.30',
  'GBP-CHF': '0.60',
  'GBP-AUD': '0.50',
  'CHF-AUD': '0.40',
};

/** The published list, signs as printed: what the golden vectors of the solver were made with. */
export const PRINTED_CORRELATIONS: Correlations = {
  ...DEMO_CORRELATIONS,
  'EUR-JPY': '-0.20',
  'EUR-CHF': '-0.70',
  'JPY-GBP': '-0.15',
  'GBP-CHF': '-0.60',
  'CHF-AUD': '-0.40',
};

/** Risk aversion of the demo pool per US dollar. */
export const DEMO_GAMMA = '0.000000125';

/** The EIP-712 domain of a demo venue: a local chain and an address behind which nothing stands. */
export const DEMO_DOMAIN: VenueDomain = {
  chainId: 31_337n,
  address: accountId('0x4c6177626f6f6b00000000000000000000000001'),
};

/** Number of the demo market. */
export const DEMO_MARKET_ID = 1;

/**
 * The demo basket: one unit is about half a cent, a tenth of a cent of each of the five currencies.
 * So small that the dust of a basket order, less than one unit, is below a cent.
 */
export const DEMO_BASKET: Basket = { symbol: 'FX5', units: [0n, 909n, 1500n, 800n, 930n, 1333n] };

/** What a caller may vary in the demo market; what is left out is the demo world's own. */
export interface DemoChoice {
  readonly gamma?: string;
  readonly correlations?: Correlations;
  /** Half-width of the protective band of every asset, ppm. */
  readonly bandPpm?: number;
  /** Fee in units of 10^-7. */
  readonly feeE7?: number;
  readonly scarcity?: Scarcity;
  /** The same ledger decimals for every asset, as the golden vectors want. */
  readonly decimals?: number;
  readonly baskets?: readonly Basket[];
}

/**
 * Parameters of the demo market.
 *
 * The pool holds its target of each currency and may go 20 % either way. Its dollar reserve may not
 * fall below $20m, a fifth of the target; its upper bound of $500m is there to bind never, because
 * the five other bounds let at most about $100m of currency out for dollars.
 */
export function demoParameters(choice: DemoChoice = {}): BatchParameters {
  const bandPpm = choice.bandPpm ?? 2000;
  return {
    marketId: DEMO_MARKET_ID,
    assets: demoTargets(choice).map((target, i) => ({
      assetId: assetId(i),
      decimals: decimalsOf(i, choice),
      target,
      inventoryMin: share(target, i === 0 ? 200_000n : 800_000n),
      inventoryMax: share(target, i === 0 ? 5_000_000n : 1_200_000n),
      bandPpm,
    })),
    baskets: choice.baskets ?? [DEMO_BASKET],
    pairBands: [],
    scaledCovariance: demoCovariance(choice),
    feeE7: choice.feeE7 ?? 3000,
    haltBandPpm: 20_000,
    scarcity: choice.scarcity ?? Scarcity.proRata,
    admission: AdmissionMode.open,
    batchIntervalMs: 1000,
    revealWindowMs: 500,
    bond: amount(0n),
    oracleAgeMsMax: 5000,
    orderCountMax: 1_000_000,
    budgetMax: amount(10n ** 14n),
  };
}

/** The pool's inventory to start with, which is also its target; ledger units. */
export function demoTargets(choice: Pick<DemoChoice, 'decimals'> = {}): Amount[] {
  return DEMO_ASSETS.map(({ targetMillions }, i) => {
    const units = 10n ** BigInt(decimalsOf(i, choice) + 6);
    return amount(scaledInteger(exactDecimal(targetMillions), units));
  });
}

/** Mids of the demo world, exact. */
export function demoMids(): Price[] {
  return DEMO_ASSETS.map(({ mid }) => price(scaledInteger(exactDecimal(mid), PRICE_SCALE)));
}

/** The mids as a snapshot observed at a given time. */
export function demoOracle(observedAtMs: number): OracleSnapshot {
  return { mids: demoMids(), observedAtMs, source: 'demo world' };
}

/**
 * round(gamma * vol_i * vol_j * corr_ij * 2^80) over the non-numeraire assets, row-major; exact
 * products of the stated decimals, one rounding each, halves away from zero.
 */
export function demoCovariance(
  choice: Pick<DemoChoice, 'gamma' | 'correlations'> = {},
): readonly bigint[] {
  const gamma = exactDecimal(choice.gamma ?? DEMO_GAMMA);
  const correlations = choice.correlations ?? DEMO_CORRELATIONS;
  const risky = DEMO_ASSETS.slice(1);
  return risky.flatMap((row) =>
    risky.map((column) => {
      const factors = [
        gamma,
        percent(row.dailyVolatilityPercent),
        percent(column.dailyVolatilityPercent),
        exactDecimal(correlationOf(correlations, row.symbol, column.symbol)),
      ];
      return scaledInteger(product(factors), 1n << COVARIANCE_BITS);
    }),
  );
}

/** An account of the demo world. Its key is public knowledge: NEVER for real money. */
export interface DemoAccount {
  readonly name: string;
  readonly account: AccountId;
  readonly secretKey: Uint8Array;
}

/** Names of the demo accounts. */
export const DEMO_NAMES = ['alice', 'bob', 'charlie'] as const;
export type DemoName = (typeof DEMO_NAMES)[number];

/**
 * The key that anybody can derive from a name: SHA-256 of a tag and the name. For development and
 * simulation only; money sent to such an address is anyone's.
 */
export function developmentKey(name: string): Uint8Array {
  return taggedDigest(
    'lawbook.developmentKey.v1: public, never for real money',
    new TextEncoder().encode(name),
  );
}

/** An account with a development key. */
export function developmentAccount(name: string): DemoAccount {
  const secretKey = developmentKey(name);
  return { name, account: addressOfSecret(secretKey), secretKey };
}

/** alice, bob and charlie. */
export function demoAccounts(): DemoAccount[] {
  return DEMO_NAMES.map(developmentAccount);
}

/** What each demo account holds: $100,000 worth of each asset at the demo mids, rounded down. */
export function demoBalances(): Amount[] {
  return demoMids().map((mid, i) => amount(unitsWorth(100_000n, mid, decimalsOf(i, {}))));
}

/** Ledger units worth a whole number of dollars at a mid, rounded down. */
export function unitsWorth(usd: bigint, mid: Price, decimals: number): bigint {
  return mulDivFloor(usd * PRICE_SCALE, 10n ** BigInt(decimals), mid);
}

function asset(
  symbol: string,
  mid: string,
  targetMillions: string,
  dailyVolatilityPercent: string,
): DemoAsset {
  return { symbol, decimals: 6, mid, targetMillions, dailyVolatilityPercent };
}

function decimalsOf(index: number, choice: Pick<DemoChoice, 'decimals'>): number {
  return choice.decimals ?? at(DEMO_ASSETS, index).decimals;
}

function share(target: Amount, ppm: bigint): Amount {
  return amount(mulDivFloor(target, ppm, PPM));
}

function percent(text: string): { readonly digits: bigint; readonly places: number } {
  const { digits, places } = exactDecimal(text);
  return { digits, places: places + 2 };
}

function correlationOf(correlations: Correlations, a: string, b: string): string {
  if (a === b) return '1';
  const stated = correlations[`${a}-${b}`] ?? correlations[`${b}-${a}`];
  invariant(stated !== undefined, 'every pair of assets has a correlation');
  return stated;
}
