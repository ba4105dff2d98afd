import { at } from '../../packages/exchange/src/failures/invariant.ts';
import { accountId } from '../../packages/exchange/src/ledger/account.ts';
import { assetId } from '../../packages/exchange/src/ledger/asset.ts';
import type { OracleSnapshot } from '../../packages/exchange/src/markets/batch/oracleSnapshot.ts';
import { OrderTable } from '../../packages/exchange/src/markets/batch/orderTable.ts';
import type { BatchParameters } from '../../packages/exchange/src/markets/batch/parameters.ts';
import type { BatchProblem } from '../../packages/exchange/src/markets/batch/solver.ts';
import { unitPrices } from '../../packages/exchange/src/markets/batch/unitPrices.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import { price } from '../../packages/exchange/src/numbers/price.ts';
import type { BatchOrder } from '../../packages/exchange/src/orders/batchOrder.ts';
import { SeededRandom } from './seededRandom.ts';

/** The terms of a generated order; what is left out is a plain market order. */
export type OrderSketch = Partial<
  Pick<BatchOrder, 'limitNumerator' | 'limitDenominator' | 'minFillPpm'>
> & {
  readonly pay: number;
  readonly receive: number;
  readonly budget: bigint;
};

/** A market with its submitted orders. */
export interface GeneratedMarket {
  readonly name: string;
  readonly problem: BatchProblem;
  readonly orders: readonly OrderSketch[];
}

const OWNER = accountId(`0x${'11'.repeat(20)}`);
const AUTHORISATION = new Uint8Array(65);
const EXPIRES_AT_MS = 4_102_444_800_000;

/** A table of the sketched orders with ids that depend on nothing but their position. */
export function tableOf(orders: readonly OrderSketch[], marketId = 1): OrderTable {
  const table = new OrderTable(marketId);
  orders.forEach((sketch, k) => {
    const order: BatchOrder = {
      owner: OWNER,
      marketId,
      limitNumerator: 0n,
      limitDenominator: 1n,
      minFillPpm: 0,
      orderNonce: BigInt(k + 1),
      expiresAtMs: EXPIRES_AT_MS,
      ...sketch,
      budget: amount(sketch.budget),
    };
    const orderId = `0x${(k + 1).toString(16).padStart(64, '0')}` as never;
    table.append({ order, orderId, authorisation: AUTHORISATION });
  });
  return table;
}

/** Mids and inventory of the demo world, in 10^-12 USD and millions of units. */
const DEMO_MIDS = [
  1_000_000_000_000n,
  1_100_000_000_000n,
  6_667_000_000n,
  1_250_000_000_000n,
  1_075_000_000_000n,
  750_000_000_000n,
];
const DEMO_INVENTORY = [
  100_000_000n,
  90_910_000n,
  15_000_000_000n,
  80_000_000n,
  93_020_000n,
  133_330_000n,
];
const DEMO_VOLATILITY = [0.006, 0.007, 0.008, 0.005, 0.0075];
const PRINTED_CORRELATION = [
  [1, -0.2, 0.8, -0.7, 0.4],
  [-0.2, 1, -0.15, 0.1, 0.3],
  [0.8, -0.15, 1, -0.6, 0.5],
  [-0.7, 0.1, -0.6, 1, -0.4],
  [0.4, 0.3, 0.5, -0.4, 1],
];
const BINARY = Number(1n << 80n);

/** round(gamma vol_i vol_j corr_ij 2^80), row-major. */
export function scaleCovariance(
  gamma: number,
  volatility: readonly number[],
  correlation: readonly (readonly number[])[],
): bigint[] {
  return volatility.flatMap((vi, i) =>
    volatility.map((vj, j) =>
      BigInt(Math.round(gamma * vi * vj * at(at(correlation, i), j) * BINARY)),
    ),
  );
}

/**
 * The demo world with correlations as printed in the golden vectors: six decimals everywhere,
 * band 50 bps, gamma 5e-7 per USD unless told otherwise; bounds +/-20 % besides the numeraire.
 */
export function demoProblem(overrides: Partial<BatchParameters> = {}, gamma = 5e-7): BatchProblem {
  const inventory = DEMO_INVENTORY.map((units) => units * 1_000_000n);
  const parameters: BatchParameters = {
    marketId: 1,
    assets: inventory.map((units, i) => ({
      assetId: assetId(i),
      decimals: 6,
      target: amount(units),
      inventoryMin: amount(i === 0 ? 0n : (units * 4n) / 5n),
      inventoryMax: amount(i === 0 ? units * 1000n : (units * 6n) / 5n),
      bandPpm: 5000,
    })),
    baskets: [],
    pairBands: [],
    scaledCovariance: scaleCovariance(gamma, DEMO_VOLATILITY, PRINTED_CORRELATION),
    feeE7: 3000,
    haltBandPpm: 50_000,
    scarcity: 'proRata',
    admission: 'open',
    batchIntervalMs: 1000,
    revealWindowMs: 0,
    bond: amount(0n),
    oracleAgeMsMax: 10_000,
    orderCountMax: 2_000_000,
    budgetMax: amount(1_000_000_000_000_000n),
    ...overrides,
  };
  return { parameters, oracle: oracleOf(DEMO_MIDS), inventory };
}

/** A snapshot of the given mids. */
export function oracleOf(mids: readonly bigint[]): OracleSnapshot {
  return { mids: mids.map(price), observedAtMs: 0, source: 'generated' };
}

/** The kinds of market that a solver must always finish. */
export const SHAPES = [
  'uniform',
  'skewed',
  'thin',
  'oneSided',
  'hub',
  'disconnected',
  'emptyAssets',
  'tightBounds',
  'scarcityPriced',
  'baskets',
  'minimumFills',
  'scarceMinimums',
  'oneLimit',
  'displaced',
  'reserve',
] as const;
export type MarketShape = (typeof SHAPES)[number];

/** Size and kind of a generated market. */
export interface MarketSketch {
  readonly shape: MarketShape;
  readonly assets: number;
  readonly orders: number;
  readonly seed: number;
  /** Mean budget in USD. */
  readonly budgetUsd?: number;
}

/** A market of a given shape, the same for the same sketch. */
export function generateMarket(sketch: MarketSketch): GeneratedMarket {
  const random = new SeededRandom(sketch.seed * 7919 + SHAPES.indexOf(sketch.shape) * 104_729 + 17);
  const problem = generateProblem(sketch, random);
  const worth = unitPrices(problem.parameters, problem.oracle.mids);
  const orders: OrderSketch[] = [];
  for (let k = 0; k < sketch.orders; k += 1) {
    orders.push(generateOrder(sketch, { problem, worth }, random));
  }
  return {
    name: `${sketch.shape}/${sketch.assets}x${sketch.orders}#${sketch.seed}`,
    problem,
    orders,
  };
}

function generateProblem(sketch: MarketSketch, random: SeededRandom): BatchProblem {
  const { assets: count, shape } = sketch;
  const mids = Array.from({ length: count }, (_, i) =>
    i === 0 ? 1_000_000_000_000n : BigInt(Math.round(random.between(0.005, 3) * 1e12)),
  );
  const decimals = mids.map((_, i) => (i === 0 ? 6 : random.integer(4, 6)));
  const inventory = mids.map((mid, i) => {
    const usd = BigInt(Math.round(random.between(5e7, 2e8)));
    return (usd * 10n ** 12n * 10n ** BigInt(at(decimals, i))) / mid;
  });
  const tight = shape === 'tightBounds' || shape === 'scarcityPriced' || shape === 'scarceMinimums';
  const widest = shape === 'scarcityPriced' ? 150 : 30;
  const spread = tight ? BigInt(random.integer(Math.ceil(widest / 30), widest)) : 900n;
  const parameters: BatchParameters = {
    ...demoProblem().parameters,
    assets: inventory.map((units, i) => {
      const shift = shape === 'displaced' ? BigInt(random.integer(-150, 150)) : 0n;
      const reserve = shape === 'reserve' ? (units * 995n) / 1000n : 0n;
      return {
        assetId: assetId(i),
        decimals: at(decimals, i),
        target: amount((units * (1000n + shift)) / 1000n),
        inventoryMin: amount(i === 0 ? reserve : (units * (1000n - spread)) / 1000n),
        inventoryMax: amount(i === 0 ? units * 20n : (units * (1000n + spread)) / 1000n),
        bandPpm: random.integer(1000, 10_000),
      };
    }),
    baskets: shape === 'baskets' ? generateBaskets(mids, decimals, random) : [],
    scaledCovariance: generateCovariance(count - 1, random),
    haltBandPpm: 500_000,
    scarcity:
      shape === 'scarcityPriced' || (shape === 'reserve' && sketch.seed % 2 === 1)
        ? 'scarcityPricing'
        : 'proRata',
  };
  return { parameters, oracle: oracleOf(mids), inventory };
}

/** Two or three fixed compositions, each worth about a hundredth of a cent per unit. */
function generateBaskets(
  mids: readonly bigint[],
  decimals: readonly number[],
  random: SeededRandom,
): BatchParameters['baskets'] {
  return Array.from({ length: random.integer(2, 3) }, (_, k) => ({
    symbol: `BASKET${k}`,
    units: mids.map((mid, i) => {
      if (random.next() < 0.4 && i !== 1 + (k % (mids.length - 1))) return 0n;
      const unitUsd = (Number(mid) * 1e-12) / 10 ** at(decimals, i);
      return BigInt(Math.max(1, Math.round((1e-4 * random.next()) / unitUsd)));
    }),
  }));
}

/** Three common factors and a residual: positive definite, correlations of both signs. */
function generateCovariance(n: number, random: SeededRandom): bigint[] {
  const loadings = Array.from({ length: n }, () => [
    random.normal(),
    random.normal(),
    random.normal(),
  ]);
  const lengths = loadings.map((l) => l.reduce((sum, x) => sum + x * x, 0.5));
  const correlation = loadings.map((a, i) =>
    loadings.map((b, j) => {
      if (i === j) return 1;
      const product = a.reduce((sum, x, f) => sum + x * at(b, f), 0);
      return (0.9 * product) / Math.sqrt(at(lengths, i) * at(lengths, j));
    }),
  );
  const volatility = loadings.map(() => random.between(0.003, 0.012));
  return scaleCovariance(1.25e-7, volatility, correlation);
}

function generateOrder(
  sketch: MarketSketch,
  { problem, worth }: { readonly problem: BatchProblem; readonly worth: readonly bigint[] },
  random: SeededRandom,
): OrderSketch {
  const { parameters, oracle } = problem;
  const [pay, receive] = generatePair(sketch, parameters, random);
  const mean = sketch.budgetUsd ?? 300_000;
  const decade =
    sketch.shape === 'skewed' ? ([1, 10, 100, 1000][random.integer(0, 3)] as number) : 1;
  const usd = mean * decade * random.between(0.05, 2);
  const mid = Number(at(oracle.mids, pay)) * 1e-12;
  const scale = 10 ** at(parameters.assets, pay).decimals;
  const budget = BigInt(Math.max(1, Math.round((usd / mid) * scale)));
  const limited = sketch.shape === 'oneLimit' || random.next() < 0.5;
  const shift = limitShiftPpm(sketch.shape, random);
  const minimum = sketch.shape.endsWith('inimums') || sketch.shape === 'minimumFills';
  return {
    pay,
    receive,
    budget,
    ...(limited
      ? {
          // Parts per million of the mid rate, in lowest decimal digits that a trader would send.
          limitNumerator: (at(worth, pay) * BigInt(1_000_000 + shift)) / 1_000_000n,
          limitDenominator: at(worth, receive),
        }
      : {}),
    ...(minimum && random.next() < 0.3 ? { minFillPpm: random.integer(1, 10) * 100_000 } : {}),
  };
}

/** Distance of a limit from the mid, ppm; the fee alone is 300. */
function limitShiftPpm(shape: MarketShape, random: SeededRandom): number {
  if (shape === 'oneLimit') return -400;
  return shape === 'minimumFills' ? random.integer(-600, -250) : random.integer(-3000, 600);
}

function generatePair(
  { shape }: MarketSketch,
  parameters: BatchParameters,
  random: SeededRandom,
): [number, number] {
  const count = parameters.assets.length;
  const products = count + parameters.baskets.length;
  const any = (): [number, number] => {
    const pay = random.integer(0, count - 1);
    const receive = (pay + random.integer(1, count - 1)) % count;
    return [pay, receive];
  };
  switch (shape) {
    case 'thin':
      return [0, 1 + random.integer(0, Math.min(1, count - 2))];
    case 'oneSided':
    case 'tightBounds':
    case 'scarcityPriced':
    case 'scarceMinimums':
      return random.next() < 0.7 ? [0, random.integer(1, count - 1)] : any();
    case 'hub':
      return random.next() < 0.5
        ? [0, random.integer(1, count - 1)]
        : [random.integer(1, count - 1), 0];
    case 'disconnected': {
      const half = Math.max(2, count >> 1);
      const first = random.integer(0, half - 1);
      return random.next() < 0.5
        ? [first, (first + 1) % half]
        : [Math.min(count - 1, half), Math.max(0, count - 1) === half ? 0 : count - 1];
    }
    case 'emptyAssets': {
      const few = Math.min(count, 3);
      const pay = random.integer(0, few - 1);
      return [pay, (pay + random.integer(1, few - 1)) % few];
    }
    case 'baskets':
      return random.next() < 0.5 ? [0, random.integer(count, products - 1)] : any();
    case 'reserve':
      return random.next() < 0.6 ? [random.integer(1, count - 1), 0] : any();
    default:
      return any();
  }
}

/** The orders, and a million dollars of every other asset than the numeraire for every basket. */
export function withBasketBuyers(
  { parameters, oracle }: BatchProblem,
  orders: readonly OrderSketch[],
): OrderSketch[] {
  const count = parameters.assets.length;
  const buyers = parameters.assets.slice(1).flatMap(({ decimals }, i): OrderSketch[] => {
    const budget = 10n ** BigInt(18 + decimals) / at(oracle.mids, i + 1);
    return parameters.baskets.map((_, k) => ({ pay: i + 1, receive: count + k, budget }));
  });
  return [...orders, ...buyers];
}

/** The demo world with one basket of all five currencies, and one order of a million USD for it. */
export function generateBasketWorld(): GeneratedMarket {
  const problem = demoProblem({
    baskets: [{ symbol: 'WORLD', units: [0n, 20n, 3300n, 18n, 21n, 29n] }],
  });
  const orders = [{ pay: 0, receive: 6, budget: 1_000_000_000_000n }];
  return { name: 'basket world', problem, orders };
}
