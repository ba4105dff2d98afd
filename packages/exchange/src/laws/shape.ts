/**
 * Whether a transition has the shape that laws may index.
 *
 * A decoded bundle is typed but not yet consistent: lists may differ in length and rows may point
 * outside them. Every law asks here first and answers with the same flaw, so that none of them can
 * throw or read past an end. Nothing here is about trading; it is about being able to ask.
 */
import type { AccountId } from '../ledger/account.ts';
import { SystemRole, systemAccount } from '../ledger/account.ts';
import { ASSET_COUNT_MAX, DECIMALS_MAX } from '../ledger/asset.ts';
import type { BatchParameters } from '../markets/batch/parameters.ts';
import { productCount } from '../markets/batch/parameters.ts';
import { AMOUNT_MAX } from '../numbers/amount.ts';
import { AUTHORISATION_BYTES } from '../orders/batchOrder.ts';
import type { BatchTransition } from '../transition.ts';
import type { Violated } from './verdict.ts';
import { violated, violatedField } from './verdict.ts';

/** The first inconsistency of shape; undefined when every list fits. */
export function shapeFlaw(transition: BatchTransition): Violated | undefined {
  const checks = [parameterFlaw, scalarFlaw, priceListFlaw, columnFlaw, rowFlaw, sheetFlaw];
  for (const check of checks) {
    const flaw = check(transition);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

/**
 * Vaults that a batch can touch, in the one order that a sheet may have: owners, then owners of
 * commitments without an order, then the pool, then the fee vault.
 */
export function sheetAccounts(transition: BatchTransition): readonly AccountId[] {
  const { orders, commitments, parameters } = transition;
  const users = new Set(orders.owners);
  for (const { owner } of commitments) users.add(owner);
  return [
    ...users,
    systemAccount(SystemRole.pool, parameters.marketId),
    systemAccount(SystemRole.fees, parameters.marketId),
  ];
}

const U32_MAX = 0xffffffff;
const U64_MAX = (1n << 64n) - 1n;
const I128_MAX = (1n << 127n) - 1n;
/** Products are numbered in one byte of the order table. */
const PRODUCT_COUNT_MAX = 256;

function isUint(x: number, most: number): boolean {
  return Number.isInteger(x) && x >= 0 && x <= most;
}

function fits64(x: bigint): boolean {
  return x >= 0n && x <= U64_MAX;
}

function fault(field: string, expected: string | number | bigint, actual: unknown): Violated {
  return violatedField(field, 'the transition is well formed', {
    expected,
    actual: String(actual),
  });
}

function parameterFlaw({ parameters }: BatchTransition): Violated | undefined {
  const width = parameters.assets.length;
  if (width < 1 || width > ASSET_COUNT_MAX) {
    return fault('parameters.assets', `1..${ASSET_COUNT_MAX}`, width);
  }
  if (productCount(parameters) > PRODUCT_COUNT_MAX) {
    return fault('parameters.baskets', `at most ${PRODUCT_COUNT_MAX} products`, 'more');
  }
  const entries = (width - 1) ** 2;
  const { scaledCovariance } = parameters;
  if (scaledCovariance.length !== entries) {
    return fault('parameters.scaledCovariance', entries, scaledCovariance.length);
  }
  if (scaledCovariance.some((entry) => entry > I128_MAX || entry < -I128_MAX)) {
    return fault('parameters.scaledCovariance', 'entries of 128 bits', 'a wider entry');
  }
  return assetFlaw(parameters) ?? productFlaw(parameters) ?? rangeFlaw(parameters);
}

function assetFlaw({ assets }: BatchParameters): Violated | undefined {
  for (const [i, asset] of assets.entries()) {
    const amounts = [asset.target, asset.inventoryMin, asset.inventoryMax];
    const sound =
      isUint(asset.decimals, DECIMALS_MAX) &&
      isUint(asset.assetId, ASSET_COUNT_MAX - 1) &&
      isUint(asset.bandPpm, U32_MAX) &&
      amounts.every((units) => units >= 0n && units <= AMOUNT_MAX);
    if (!sound) return fault(`parameters.assets[${i}]`, 'fields within their widths', 'outside');
  }
  const distinct = new Set(assets.map(({ assetId }) => assetId)).size;
  return distinct === assets.length
    ? undefined
    : fault('parameters.assets', 'distinct assets', 'a repeated asset');
}

function productFlaw({ assets, baskets, pairBands }: BatchParameters): Violated | undefined {
  for (const [k, { units }] of baskets.entries()) {
    if (units.length !== assets.length || !units.every(fits64)) {
      return fault(`parameters.baskets[${k}].units`, `${assets.length} amounts`, 'otherwise');
    }
  }
  const sound = pairBands.every(
    (band) =>
      isUint(band.pay, 0xffff) && isUint(band.receive, 0xffff) && isUint(band.bandPpm, U32_MAX),
  );
  return sound ? undefined : fault('parameters.pairBands', 'fields within their widths', 'outside');
}

function rangeFlaw(parameters: BatchParameters): Violated | undefined {
  const counts: readonly [string, number][] = [
    ['marketId', parameters.marketId],
    ['feeE7', parameters.feeE7],
    ['haltBandPpm', parameters.haltBandPpm],
    ['batchIntervalMs', parameters.batchIntervalMs],
    ['revealWindowMs', parameters.revealWindowMs],
    ['oracleAgeMsMax', parameters.oracleAgeMsMax],
    ['orderCountMax', parameters.orderCountMax],
  ];
  const wide = counts.find(([, count]) => !isUint(count, U32_MAX));
  if (wide !== undefined) return fault(`parameters.${wide[0]}`, `0..${U32_MAX}`, wide[1]);
  const { bond, budgetMax } = parameters;
  const sound = [bond, budgetMax].every((units) => units >= 0n && units <= AMOUNT_MAX);
  return sound ? undefined : fault('parameters.bond, budgetMax', 'amounts', 'outside 63 bits');
}

function scalarFlaw(transition: BatchTransition): Violated | undefined {
  const { batchNumber, closedAtMs, oracle, solution } = transition;
  for (const [field, x] of [
    ['batchNumber', batchNumber],
    ['closedAtMs', closedAtMs],
    ['oracle.observedAtMs', oracle.observedAtMs],
  ] as const) {
    if (!isUint(x, Number.MAX_SAFE_INTEGER)) return fault(field, 'a safe natural number', x);
  }
  return isUint(solution.iterations, U32_MAX)
    ? undefined
    : fault('solution.iterations', `0..${U32_MAX}`, solution.iterations);
}

function priceListFlaw({ parameters, oracle, solution }: BatchTransition): Violated | undefined {
  const width = parameters.assets.length;
  for (const [field, list] of [
    ['oracle.mids', oracle.mids],
    ['solution.prices', solution.prices],
    ['solution.payFactors', solution.payFactors],
    ['solution.receiveFactors', solution.receiveFactors],
  ] as const) {
    if (list.length !== width) return fault(field, width, list.length);
    if (!list.every(fits64)) return fault(field, 'integers of 64 bits', 'a wider one');
  }
  return undefined;
}

function columnFlaw({ orders, fills, nonceWindows }: BatchTransition): Violated | undefined {
  const { count } = orders;
  const columns: readonly [string, number, number][] = [
    ['ownerIndex', orders.ownerIndex.length, 1],
    ['pay', orders.pay.length, 1],
    ['receive', orders.receive.length, 1],
    ['budget', orders.budget.length, 1],
    ['limitNumerator', orders.limitNumerator.length, 1],
    ['limitDenominator', orders.limitDenominator.length, 1],
    ['minFillPpm', orders.minFillPpm.length, 1],
    ['orderNonce', orders.orderNonce.length, 1],
    ['expiresAtMs', orders.expiresAtMs.length, 1],
    ['orderIds', orders.orderIds.length, 32],
    ['authorisations', orders.authorisations.length, AUTHORISATION_BYTES],
    ['canceled', orders.canceled.length, 1],
  ];
  for (const [field, length, width] of columns) {
    if (length < count * width) return fault(`orders.${field}`, count * width, length);
  }
  if (fills.paid.length !== count) return fault('fills.paid', count, fills.paid.length);
  if (fills.received.length !== count) return fault('fills.received', count, fills.received.length);
  return nonceWindows.length === orders.owners.length
    ? undefined
    : fault('nonceWindows', orders.owners.length, nonceWindows.length);
}

function rowFlaw({ parameters, orders }: BatchTransition): Violated | undefined {
  const width = parameters.assets.length;
  const products = productCount(parameters);
  const owners = orders.owners.length;
  const { count, ownerIndex, pay, receive, budget, expiresAtMs } = orders;
  if (orders.marketId !== parameters.marketId) {
    return fault('orders.marketId', parameters.marketId, orders.marketId);
  }
  for (let row = 0; row < count; row += 1) {
    const sound =
      (ownerIndex[row] as number) < owners &&
      (pay[row] as number) < width &&
      (receive[row] as number) < products &&
      (budget[row] as bigint) <= AMOUNT_MAX &&
      isUint(expiresAtMs[row] as number, Number.MAX_SAFE_INTEGER);
    if (!sound) {
      return violated({
        locus: { kind: 'order', row, orderId: orders.orderId(row) },
        rule: 'an order names an owner, an asset and a product of the market, and a finite budget',
        expected: `owner < ${owners}, pay < ${width}, receive < ${products}`,
        actual: `owner ${ownerIndex[row]}, pay ${pay[row]}, receive ${receive[row]}`,
      });
    }
  }
  return undefined;
}

function sheetFlaw(transition: BatchTransition): Violated | undefined {
  const width = transition.parameters.assets.length;
  const accounts = sheetAccounts(transition);
  if (new Set(accounts).size !== accounts.length) {
    return fault('before.accounts', 'distinct accounts', 'a system account that owns an order');
  }
  for (const [field, sheet] of [
    ['before', transition.before],
    ['after', transition.after],
  ] as const) {
    if (sheet.accounts.length !== accounts.length) {
      return fault(`${field}.accounts`, accounts.length, sheet.accounts.length);
    }
    const row = accounts.findIndex((account, k) => account !== sheet.accounts[k]);
    if (row >= 0)
      return fault(`${field}.accounts[${row}]`, String(accounts[row]), sheet.accounts[row]);
    if (sheet.balances.length !== accounts.length * width) {
      return fault(`${field}.balances`, accounts.length * width, sheet.balances.length);
    }
  }
  return diffShapeFlaw(transition);
}

function diffShapeFlaw({ diffs }: BatchTransition): Violated | undefined {
  const numbered = diffs.assets.every((asset) => isUint(asset, ASSET_COUNT_MAX - 1));
  if (!numbered || diffs.assets.length > ASSET_COUNT_MAX) {
    return fault('diffs.assets', `assets 0..${ASSET_COUNT_MAX - 1}`, diffs.assets.join(' '));
  }
  if (diffs.changes.length !== diffs.accounts.length * diffs.assets.length) {
    return fault(
      'diffs.changes',
      diffs.accounts.length * diffs.assets.length,
      diffs.changes.length,
    );
  }
  return diffs.orderNonces.length === diffs.accounts.length
    ? undefined
    : fault('diffs.orderNonces', diffs.accounts.length, diffs.orderNonces.length);
}
