// Goal: laws index only what is there: every inconsistency of a decoded batch is found before any
// law reads it, and named. Method: a lawful batch with one list, number or row out of its bounds,
// and the values that stand exactly at them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { editTable } from '../../../../testing/world/corruptions.ts';
import { clearedBatch } from '../../../../testing/world/lawfulBatch.ts';
import { ZERO_HASH } from '../codec/hash.ts';
import { at } from '../failures/invariant.ts';
import { SystemRole, systemAccount } from '../ledger/account.ts';
import { assetId } from '../ledger/asset.ts';
import type { BatchParameters } from '../markets/batch/parameters.ts';
import { AMOUNT_MAX } from '../numbers/amount.ts';
import type { BatchTransition } from '../transition.ts';
import { shapeFlaw, sheetAccounts } from './shape.ts';

const DAY = clearedBatch({ ...ordinaryDay(), signed: false });
const WIDTH = DAY.parameters.assets.length;
const U32_MAX = 0xffffffff;

function fieldAt(transition: BatchTransition): string | undefined {
  const flaw = shapeFlaw(transition);
  if (flaw === undefined) return undefined;
  return flaw.locus.kind === 'batch' ? flaw.locus.field : flaw.locus.kind;
}

function withParameters(change: Partial<BatchParameters>): BatchTransition {
  return { ...DAY, parameters: { ...DAY.parameters, ...change } };
}

/** A change of one asset whose type may not admit it, as bytes do not know types. */
function withAsset(change: object): BatchTransition {
  const assets = DAY.parameters.assets.map((asset, i) =>
    i === 1 ? { ...asset, ...change } : asset,
  );
  return withParameters({ assets });
}

/** The day with a commitment in the name of its pool, and with the sheets that follow from it. */
function committedByPool(): BatchTransition {
  const owner = systemAccount(SystemRole.pool, DAY.parameters.marketId);
  const commitment = { owner, commitment: ZERO_HASH, authorisation: new Uint8Array(65) };
  const committed = { ...DAY, commitments: [commitment] };
  const accounts = sheetAccounts(committed);
  const sheet = { accounts, balances: new BigInt64Array(accounts.length * WIDTH) };
  return { ...committed, before: sheet, after: sheet };
}

test('a batch that was cleared has the shape of one', () => {
  assert.equal(shapeFlaw(DAY), undefined);
});

const ENTRY = at(DAY.parameters.scaledCovariance, 0);
const covariance = (first: bigint): Partial<BatchParameters> => ({
  scaledCovariance: [first, ...DAY.parameters.scaledCovariance.slice(1)],
});

const SOUND: readonly (readonly [string, BatchTransition])[] = [
  ['a covariance at its bound', withParameters(covariance((1n << 127n) - 1n))],
  ['a covariance at its lower bound', withParameters(covariance(1n - (1n << 127n)))],
  ['the most decimals', withAsset({ decimals: 9 })],
  ['the last asset', withAsset({ assetId: 63 })],
  ['the widest band', withAsset({ bandPpm: U32_MAX })],
  ['no target', withAsset({ target: 0n })],
  ['the largest target', withAsset({ target: AMOUNT_MAX })],
  [
    'a target at its floor and its ceiling',
    withAsset({ inventoryMin: 0n, inventoryMax: AMOUNT_MAX }),
  ],
  ['no decimals', withAsset({ decimals: 0 })],
  ['a band of nothing', withAsset({ bandPpm: 0 })],
  ['an empty batch interval', withParameters({ batchIntervalMs: 0 })],
  [
    'a bond and a budget at their ends',
    withParameters({ bond: 0n as never, budgetMax: AMOUNT_MAX as never }),
  ],
  [
    'the widest pair',
    withParameters({ pairBands: [{ pay: 0xffff, receive: 0xffff, bandPpm: U32_MAX }] }),
  ],
  [
    'as many products as a byte counts',
    withParameters({ baskets: Array(256 - WIDTH).fill(DAY.parameters.baskets[0]) }),
  ],
  ['the first batch at the beginning of time', { ...DAY, batchNumber: 0, closedAtMs: 0 }],
  ['no iterations', { ...DAY, solution: { ...DAY.solution, iterations: 0 } }],
  ['the most iterations', { ...DAY, solution: { ...DAY.solution, iterations: U32_MAX } }],
  [
    'the largest factors',
    {
      ...DAY,
      solution: { ...DAY.solution, payFactors: DAY.solution.payFactors.map(() => 2n ** 64n - 1n) },
    },
  ],
  [
    'factors of nothing',
    { ...DAY, solution: { ...DAY.solution, payFactors: DAY.solution.payFactors.map(() => 0n) } },
  ],
  [
    'the largest budget',
    { ...DAY, orders: editTable(DAY.orders, (copy) => copy.budget.fill(AMOUNT_MAX)) },
  ],
  [
    'the latest expiry',
    {
      ...DAY,
      orders: editTable(DAY.orders, (copy) => copy.expiresAtMs.fill(Number.MAX_SAFE_INTEGER)),
    },
  ],
  [
    'the last product',
    { ...DAY, orders: editTable(DAY.orders, (copy) => copy.receive.fill(WIDTH)) },
  ],
  [
    'the last asset paid',
    { ...DAY, orders: editTable(DAY.orders, (copy) => copy.pay.fill(WIDTH - 1)) },
  ],
  [
    'the last owner',
    {
      ...DAY,
      orders: editTable(DAY.orders, (copy) => copy.ownerIndex.fill(copy.owners.length - 1)),
    },
  ],
  ['the largest interval', withParameters({ batchIntervalMs: U32_MAX })],
  ['a batch at the end of time', { ...DAY, closedAtMs: Number.MAX_SAFE_INTEGER }],
  ['the last batch number', { ...DAY, batchNumber: Number.MAX_SAFE_INTEGER }],
];

for (const [what, transition] of SOUND) {
  test(`${what} is within the shape`, () => {
    assert.equal(fieldAt(transition), undefined);
  });
}

const asset = at(DAY.parameters.assets, 1);
const basket = at(DAY.parameters.baskets, 0);
const { solution, oracle, diffs, before, after, fills } = DAY;

const FLAWED: readonly (readonly [string, BatchTransition])[] = [
  ['parameters.assets', withParameters({ assets: [] })],
  [
    'parameters.assets',
    withParameters({
      assets: Array.from({ length: 65 }, (_, k) => ({ ...asset, assetId: assetId(k) })),
    }),
  ],
  ['parameters.assets', withAsset({ assetId: 0 })],
  ['parameters.scaledCovariance', withParameters({ scaledCovariance: [ENTRY] })],
  ['parameters.scaledCovariance', withParameters(covariance(1n << 127n))],
  ['parameters.scaledCovariance', withParameters(covariance(-(1n << 127n)))],
  ['parameters.assets[1]', withAsset({ decimals: 10 })],
  ['parameters.assets[1]', withAsset({ decimals: 0.5 })],
  ['parameters.assets[1]', withAsset({ assetId: 64 })],
  ['parameters.assets[1]', withAsset({ assetId: -1 })],
  ['parameters.assets[1]', withAsset({ bandPpm: U32_MAX + 1 })],
  ['parameters.assets[1]', withAsset({ target: -1n })],
  ['parameters.assets[1]', withAsset({ inventoryMin: AMOUNT_MAX + 1n })],
  ['parameters.assets[1]', withAsset({ inventoryMax: -1n })],
  ['parameters.baskets[0].units', withParameters({ baskets: [{ ...basket, units: [1n] }] })],
  [
    'parameters.baskets[0].units',
    withParameters({ baskets: [{ ...basket, units: basket.units.map(() => -1n) }] }),
  ],
  [
    'parameters.baskets[0].units',
    withParameters({ baskets: [{ ...basket, units: basket.units.map(() => 1n << 64n) }] }),
  ],
  ...(['pay', 'receive', 'bandPpm'] as const).map((field) => {
    const band = { pay: 0, receive: 1, bandPpm: 5, [field]: -1 };
    return ['parameters.pairBands', withParameters({ pairBands: [band] })] as const;
  }),
  ...(
    [
      'marketId',
      'feeE7',
      'haltBandPpm',
      'batchIntervalMs',
      'revealWindowMs',
      'oracleAgeMsMax',
      'orderCountMax',
    ] as const
  ).map((field) => [`parameters.${field}`, withParameters({ [field]: U32_MAX + 1 })] as const),
  ...(['bond', 'budgetMax'] as const).flatMap((field) => {
    return [-1n, AMOUNT_MAX + 1n].map((units) => {
      return ['parameters.bond, budgetMax', withParameters({ [field]: units })] as const;
    });
  }),
  ['parameters.baskets', withParameters({ baskets: Array(257 - WIDTH).fill(basket) })],
  ['parameters.assets[1]', withAsset({ decimals: -1 })],
  ['parameters.assets[1]', withAsset({ target: AMOUNT_MAX + 1n })],
  [
    'parameters.pairBands',
    withParameters({ pairBands: [{ pay: 0x10000, receive: 1, bandPpm: 5 }] }),
  ],
  [
    'parameters.pairBands',
    withParameters({ pairBands: [{ pay: 0, receive: 0x10000, bandPpm: 5 }] }),
  ],
  [
    'orders.marketId',
    {
      ...DAY,
      orders: Object.assign(
        editTable(DAY.orders, () => {}),
        { marketId: 9 },
      ),
    },
  ],
  ['batchNumber', { ...DAY, batchNumber: -1 }],
  ['closedAtMs', { ...DAY, closedAtMs: 2 ** 53 }],
  ['oracle.observedAtMs', { ...DAY, oracle: { ...oracle, observedAtMs: 0.5 } }],
  ['solution.iterations', { ...DAY, solution: { ...solution, iterations: U32_MAX + 1 } }],
  ['oracle.mids', { ...DAY, oracle: { ...oracle, mids: oracle.mids.slice(1) } }],
  ...(['prices', 'payFactors', 'receiveFactors'] as const).flatMap((field) => {
    const list: readonly bigint[] = solution[field];
    return [list.slice(1), list.map(() => -1n), list.map(() => 1n << 64n)].map((entries) => {
      const spoiled = { ...solution, [field]: entries };
      return [`solution.${field}`, { ...DAY, solution: spoiled }] as const;
    });
  }),
  ...(
    [
      'ownerIndex',
      'pay',
      'receive',
      'budget',
      'limitNumerator',
      'limitDenominator',
      'minFillPpm',
      'orderNonce',
      'expiresAtMs',
      'orderIds',
      'authorisations',
      'canceled',
    ] as const
  ).map((column) => {
    const orders = editTable(DAY.orders, (copy) => {
      const width = column === 'orderIds' ? 32 : column === 'authorisations' ? 65 : 1;
      const short = copy[column].slice(0, copy.count * width - 1);
      Object.assign(copy, { [column]: short });
    });
    return [`orders.${column}`, { ...DAY, orders }] as const;
  }),
  ['fills.paid', { ...DAY, fills: { ...fills, paid: fills.paid.slice(1) } }],
  ['fills.received', { ...DAY, fills: { ...fills, received: fills.received.slice(1) } }],
  ['nonceWindows', { ...DAY, nonceWindows: DAY.nonceWindows.slice(1) }],
  ['orders.marketId', withParameters({ marketId: 2 })],
  ...(
    [
      ['ownerIndex', 99],
      ['pay', WIDTH],
      ['receive', WIDTH + 1],
      ['budget', AMOUNT_MAX + 1n],
      ['expiresAtMs', 0.5],
    ] as const
  ).map(([column, entry]) => {
    const orders = editTable(DAY.orders, (copy) => copy[column].fill(entry as never));
    return ['order', { ...DAY, orders }] as const;
  }),
  ['before.accounts', { ...DAY, before: { ...before, accounts: before.accounts.slice(1) } }],
  ['before.accounts', committedByPool()],
  ['after.balances', { ...DAY, after: { ...after, balances: new BigInt64Array(0) } }],
  ['after.accounts[0]', { ...DAY, after: { ...after, accounts: [...after.accounts].reverse() } }],
  ['before.balances', { ...DAY, before: { ...before, balances: before.balances.slice(1) } }],
  ['diffs.assets', { ...DAY, diffs: { ...diffs, assets: diffs.assets.map(() => assetId(64)) } }],
  ['diffs.assets', { ...DAY, diffs: { ...diffs, assets: Array(65).fill(assetId(1)) } }],
  ['diffs.changes', { ...DAY, diffs: { ...diffs, changes: diffs.changes.slice(1) } }],
  ['diffs.orderNonces', { ...DAY, diffs: { ...diffs, orderNonces: diffs.orderNonces.slice(1) } }],
];

for (const [k, [field, transition]] of FLAWED.entries()) {
  test(`case ${k}: a batch that is out of shape at ${field} is named so`, () => {
    assert.equal(fieldAt(transition), field);
  });
}
