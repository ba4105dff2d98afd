/**
 * How long the laws take to judge one large batch, signatures left to admission.
 *
 * Prints one JSON line per law and one for all. The batch is lawful: prices are the mids and the
 * targets are set to the inventory after the trade, so that the quote is the mid. The peer hashes,
 * in the same round, the 48 bytes an order that the roots of ids and fills must hash anyway.
 * Arguments: orders, assets, owners, rounds.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { hashFromBytes, ZERO_HASH } from '../packages/exchange/src/codec/hash.ts';
import { diffRoot } from '../packages/exchange/src/diffs/stateDiff.ts';
import { at } from '../packages/exchange/src/failures/invariant.ts';
import { LAWS } from '../packages/exchange/src/laws/judge.ts';
import { lawContext } from '../packages/exchange/src/laws/law.ts';
import { accountId, SystemRole, systemAccount } from '../packages/exchange/src/ledger/account.ts';
import { assetId } from '../packages/exchange/src/ledger/asset.ts';
import type { PoolChange } from '../packages/exchange/src/markets/batch/allocation.ts';
import { allocate, poolChange } from '../packages/exchange/src/markets/batch/allocation.ts';
import { measureBatch } from '../packages/exchange/src/markets/batch/measures.ts';
import { oracleHash } from '../packages/exchange/src/markets/batch/oracleSnapshot.ts';
import { commitSetRoot, orderSetRoot } from '../packages/exchange/src/markets/batch/orderSet.ts';
import { OrderTable } from '../packages/exchange/src/markets/batch/orderTable.ts';
import type { BatchParameters } from '../packages/exchange/src/markets/batch/parameters.ts';
import { parameterHash, RATION_SCALE } from '../packages/exchange/src/markets/batch/parameters.ts';
import { fillRoot } from '../packages/exchange/src/markets/batch/report.ts';
import { amount } from '../packages/exchange/src/numbers/amount.ts';
import { EMPTY_WINDOW } from '../packages/exchange/src/orders/orderNonces.ts';
import type { BatchTransition } from '../packages/exchange/src/transition.ts';
import { demoProblem, oracleOf } from '../testing/world/batchMarkets.ts';
import { SeededRandom } from '../testing/world/seededRandom.ts';

const [orders = 1_000_000, assets = 50, owners = 10_000, rounds = 5] = process.argv
  .slice(2)
  .map(Number);

const CLOSED_AT_MS = 1_750_000_000_000;
const INVENTORY = 10n ** 16n;

function median(samples: readonly number[]): number {
  return [...samples].sort((a, b) => a - b)[samples.length >> 1] as number;
}

function admittedTable(mids: readonly bigint[]): OrderTable {
  const random = new SeededRandom(42);
  const table = new OrderTable(1, orders);
  const accounts = Array.from({ length: owners }, (_, k) =>
    accountId(`0x${(k + 1).toString(16).padStart(40, '0')}`),
  );
  const authorisation = new Uint8Array(65);
  authorisation[64] = 27;
  for (let row = 0; row < orders; row += 1) {
    const pay = random.integer(0, assets - 1);
    const receive = (pay + random.integer(1, assets - 1)) % assets;
    const shift = BigInt(random.integer(-3000, 600));
    const limited = random.next() < 0.7;
    table.append({
      order: {
        owner: accounts[row % owners] as (typeof accounts)[number],
        marketId: 1,
        pay,
        receive,
        budget: amount(BigInt(random.integer(1_000_000, 1_000_000_000))),
        limitNumerator: limited ? ((mids[pay] as bigint) * (1_000_000n + shift)) / 1_000_000n : 0n,
        limitDenominator: limited ? (mids[receive] as bigint) : 1n,
        minFillPpm: random.next() < 0.2 ? 500_000 : 0,
        orderNonce: BigInt(Math.floor(row / owners) + 1),
        expiresAtMs: CLOSED_AT_MS + 1000,
      },
      orderId: hashFromBytes(sha256(Uint8Array.of(row, row >> 8, row >> 16, row >> 24))),
      authorisation,
    });
  }
  return table;
}

function wideParameters(): BatchParameters {
  const n = assets - 1;
  return {
    ...demoProblem().parameters,
    assets: Array.from({ length: assets }, (_, i) => ({
      assetId: assetId(i),
      decimals: 6,
      target: amount(INVENTORY),
      inventoryMin: amount(0n),
      inventoryMax: amount(INVENTORY * 100n),
      bandPpm: 2000,
    })),
    scaledCovariance: Array.from({ length: n * n }, (_, k) =>
      k % n === (k - (k % n)) / n ? 10n ** 13n : 10n ** 11n,
    ),
  };
}

/** Cleared at the mids by the allocation of the engine: assembling a million rows is slow. */
function lawfulTransition(): BatchTransition {
  const random = new SeededRandom(7);
  const mids = Array.from({ length: assets }, (_, i) =>
    i === 0 ? 10n ** 12n : BigInt(random.integer(5_000_000_000, 2_000_000_000_000)),
  );
  const oracle = { ...oracleOf(mids), observedAtMs: CLOSED_AT_MS - 100 };
  const table = admittedTable(mids);
  const wide = wideParameters();
  const ones = mids.map(() => RATION_SCALE);
  const solution = {
    prices: oracle.mids,
    payFactors: ones,
    receiveFactors: ones,
    blocked: [],
    iterations: 0,
    stepNormE12: 0n,
  };
  const fills = allocate({ parameters: wide, oracle, table, solution });
  const change = poolChange({ parameters: wide, oracle, table, solution }, fills);
  const parameters = {
    ...wide,
    assets: wide.assets.map((asset, i) => ({
      ...asset,
      target: amount(INVENTORY + (change.trade[i] as bigint)),
    })),
  };
  const accounts = [
    ...table.owners,
    systemAccount(SystemRole.pool, 1),
    systemAccount(SystemRole.fees, 1),
  ];
  const diffs = {
    accounts,
    assets: parameters.assets.map((asset) => asset.assetId),
    ...netted(table, fills, change),
  };
  const balances = new BigInt64Array(accounts.length * assets).fill(INVENTORY);
  const moved = balances.map((units, k) => units + (diffs.changes[k] as bigint));
  const known = {
    kind: 'batch',
    domain: { chainId: 1n, address: at(accounts, 0) },
    parameters,
    batchNumber: 1,
    parentReportHash: ZERO_HASH,
    closedAtMs: CLOSED_AT_MS,
    oracle,
    orders: table,
    admittedRoot: orderSetRoot(table),
    cancellations: [],
    grants: [],
    commitments: [],
    nonceWindows: table.owners.map(() => EMPTY_WINDOW),
    solution,
    fills,
    before: { accounts, balances },
    after: { accounts, balances: moved },
    diffs,
  } as const;
  return { ...known, report: reportOn(known, change) };
}

/** Changes and nonces by vault: owners, then the pool, then the fee vault. */
function netted(
  table: OrderTable,
  fills: BatchTransition['fills'],
  { trade, fees }: PoolChange,
): { readonly changes: BigInt64Array; readonly orderNonces: BigUint64Array } {
  const vaults = table.owners.length + 2;
  const changes = new BigInt64Array(vaults * assets);
  const orderNonces = new BigUint64Array(vaults);
  const add = (vault: number, asset: number, units: bigint): void => {
    const slot = vault * assets + asset;
    changes[slot] = (changes[slot] as bigint) + units;
  };
  for (let row = 0; row < table.count; row += 1) {
    const owner = table.ownerIndex[row] as number;
    orderNonces[owner] = table.orderNonce[row] as bigint;
    add(owner, table.pay[row] as number, -(fills.paid[row] as bigint));
    add(owner, table.receive[row] as number, fills.received[row] as bigint);
  }
  trade.forEach((units, i) => {
    add(vaults - 2, i, units - (fees[i] as bigint));
    add(vaults - 1, i, fees[i] as bigint);
  });
  return { changes, orderNonces };
}

function reportOn(
  known: Omit<BatchTransition, 'report'>,
  { trade, fees }: PoolChange,
): BatchTransition['report'] {
  const { parameters, oracle, orders: table, solution, fills } = known;
  const poolBefore = trade.map(() => INVENTORY);
  return {
    marketId: parameters.marketId,
    batchNumber: known.batchNumber,
    parentReportHash: known.parentReportHash,
    closedAtMs: known.closedAtMs,
    oracleHash: oracleHash(oracle),
    parameterHash: parameterHash(parameters),
    orderSetRoot: known.admittedRoot,
    orderCount: table.count,
    commitSetRoot: commitSetRoot([]),
    fillRoot: fillRoot(fills, table.count),
    diffRoot: diffRoot(known.diffs),
    outcome: { kind: 'cleared' },
    ...solution,
    poolBefore,
    poolAfter: poolBefore.map((units, i) => units + (trade[i] as bigint) - (fees[i] as bigint)),
    poolTrade: trade,
    fees,
    measures: measureBatch({ parameters, oracle, table, solution, fills, poolBefore }),
  };
}

const transition = lawfulTransition();
const bytes = new Uint8Array(orders * 48);
const samples = new Map<string, number[]>();
for (let round = 0; round < rounds; round += 1) {
  const record = (name: string, from: number): void => {
    samples.set(name, [...(samples.get(name) ?? []), performance.now() - from]);
  };
  const hashing = performance.now();
  sha256(bytes);
  record('peer', hashing);
  const begin = performance.now();
  const context = lawContext(transition, { authority: 'admitted' });
  record('shapeAndRules', begin);
  const summing = performance.now();
  context.totals();
  record('fillTotals', summing);
  for (const law of LAWS) {
    const from = performance.now();
    const verdict = law.check(transition, context);
    record(`${law.id} ${law.name}`, from);
    if (verdict.kind !== 'holds') console.error(law.id, verdict);
  }
  record('allLaws', begin);
}
const peerMs = median(samples.get('peer') ?? []);
for (const [name, times] of samples) {
  const ms = median(times);
  const figure = {
    name: `judge/${name}`,
    value: Math.round(ms * 10) / 10,
    unit: 'ms',
    ratio: Math.round((ms / peerMs) * 100) / 100,
    peer: 'sha256 of 48 bytes an order',
    n: orders,
  };
  console.log(JSON.stringify(figure));
}
