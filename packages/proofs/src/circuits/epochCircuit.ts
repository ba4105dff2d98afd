import { totalFills } from '@lawbook/exchange/laws/fillTotals';
import { covarianceAt, exposures } from '@lawbook/exchange/laws/quotes';
import type { RuleTable } from '@lawbook/exchange/laws/ruleTable';
import {
  rampedSpend,
  rationedSpend,
  receiptOf,
  restateRules,
} from '@lawbook/exchange/laws/ruleTable';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import {
  AdmissionMode,
  FEE_SCALE,
  parameterHash,
  Scarcity,
} from '@lawbook/exchange/markets/batch/parameters';
import { unitPrices } from '@lawbook/exchange/markets/batch/unitPrices';
import { divFloor } from '@lawbook/exchange/numbers/mulDiv';
import { PPM } from '@lawbook/exchange/numbers/price';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { isCertifiedRounded } from './roundedCertificate.ts';

/** A size of the epoch circuit: what one proof has room for. */
export interface EpochShape {
  readonly name: EpochCircuitName;
  readonly batches: number;
  /** Order rows of all batches together. */
  readonly orders: number;
  /** Vault rows: the pool, the fees, then owners. */
  readonly vaults: number;
  /** Words of three assets. */
  readonly assetWords: number;
  readonly baskets: number;
  /** Rows of the epoch that a certificate may block. */
  readonly blocked: number;
}

/** Names of the epoch circuits. */
export type EpochCircuitName = 'batchEpoch16' | 'batchEpoch64' | 'batchEpoch256';

/** The sizes, ascending. */
export const EPOCH_SHAPES: readonly EpochShape[] = [
  shapeOf('batchEpoch16', 16, 2),
  shapeOf('batchEpoch64', 64, 4),
  shapeOf('batchEpoch256', 256, 4),
];

function shapeOf(name: EpochCircuitName, orders: number, blocked: number): EpochShape {
  return { name, batches: 8, orders, vaults: orders + 2, assetWords: 2, baskets: 4, blocked };
}

/** What an epoch needs room for. */
export interface EpochSize {
  readonly batches: number;
  readonly orders: number;
  readonly vaults: number;
  /** None unless named. */
  readonly blocked?: number;
}

/** The smallest circuit with room for an epoch; undefined where there is none. */
export function smallestCircuit(size: EpochSize): EpochShape | undefined {
  return EPOCH_SHAPES.find(
    (shape) =>
      size.batches <= shape.batches &&
      size.orders <= shape.orders &&
      size.vaults <= shape.vaults &&
      (size.blocked ?? 0) <= shape.blocked,
  );
}

/**
 * Why no proof of these batches exists in a circuit of this shape, in a sentence; undefined where
 * one does if they are lawful. They are the batches of one epoch, or the first of it: asked before
 * a batch is sequenced, so that one that cannot be proved never holds up those after it.
 *
 * The laws allow more than the circuit: numbers of any width, prices of scarcity, forfeited bonds,
 * any number of blocked orders. Says nothing about what the contract refuses, and judges no law.
 */
export function unprovable(
  batches: readonly BatchTransition[],
  shape: EpochShape,
): string | undefined {
  const [first] = batches;
  if (first === undefined) return 'An epoch has a batch.';
  return (
    roomFlaw(batches, shape) ??
    parameterFlaw(first.parameters, shape) ??
    firstOf(batches, (batch) => batchFlaw(batch))
  );
}

function roomFlaw(batches: readonly BatchTransition[], shape: EpochShape): string | undefined {
  const hashes = new Set(batches.map(({ parameters }) => parameterHash(parameters)));
  if (hashes.size > 1) return 'All batches of an epoch clear under one set of parameters.';
  const owners = new Set(batches.flatMap(({ orders }) => orders.owners));
  const sum = (count: (batch: BatchTransition) => number): number =>
    batches.reduce((total, batch) => total + count(batch), 0);
  const needs: readonly [string, number, number][] = [
    ['batches', batches.length, shape.batches],
    ['orders', sum(({ orders }) => orders.count), shape.orders],
    ['vaults', owners.size + 2, shape.vaults],
    ['blocked orders', sum(({ solution }) => solution.blocked.length), shape.blocked],
  ];
  const tooMany = needs.find(([, actual, most]) => actual > most);
  if (tooMany === undefined) return undefined;
  const [what, actual, most] = tooMany;
  return `The circuit has room for ${most} ${what}, and there are ${actual}.`;
}

/**
 * Why no batch of a market can be proved in a circuit of this shape, traded or not, while prices
 * are about these mids; undefined when they can be. Asked before parameters are taken.
 */
export function unprovableMarket(
  parameters: BatchParameters,
  mids: readonly bigint[],
  shape: EpochShape,
): string | undefined {
  const flaw = parameterFlaw(parameters, shape);
  if (flaw !== undefined) return flaw;
  // Anybody could forfeit one, and the batch with it.
  if (parameters.admission === AdmissionMode.commitReveal && parameters.bond > 0n) {
    return 'A commitment carries no bond: nothing that is settled names it.';
  }
  const count = parameters.assets.length;
  const isShaped =
    mids.length === count && parameters.baskets.every((b) => b.units.length === count);
  // What is misshapen the exchange refuses.
  if (!isShaped) return undefined;
  return unitPrices(parameters, mids).every(isUnitPrice) ? undefined : UNIT_PRICE_RULE;
}

function parameterFlaw(parameters: BatchParameters, shape: EpochShape): string | undefined {
  const { assets, baskets, scaledCovariance, scarcity, feeE7 } = parameters;
  const facts: readonly [boolean, string][] = [
    [scarcity === Scarcity.proRata, 'The market rations pro rata.'],
    [assets.length <= 3 * shape.assetWords, 'The market has no more assets than the circuit.'],
    [baskets.length <= shape.baskets, 'The market has no more baskets than the circuit.'],
    [BigInt(feeE7) < FEE_SCALE, 'The fee is below the whole.'],
    [assets.every((asset) => asset.inventoryMin <= asset.inventoryMax), 'Bounds are in order.'],
    [
      [...assets, ...parameters.pairBands].every(({ bandPpm }) => BigInt(bandPpm) <= PPM),
      'A protective band is at most the whole.',
    ],
    [scaledCovariance.every((entry) => fitsSigned(entry, 63n)), 'Covariances have 63 bits.'],
  ];
  return facts.find(([holds]) => !holds)?.[1];
}

function batchFlaw(batch: BatchTransition): string | undefined {
  const { commitments, parameters, solution } = batch;
  const rules = restateRules(batch);
  if (rules.flaw !== undefined) return `A batch is well formed: ${rules.flaw.rule}.`;
  if (![...rules.unitPrices, ...rules.unitMids].every(isUnitPrice)) return UNIT_PRICE_RULE;
  const forfeits = commitments.some(({ reveal }) => reveal === undefined);
  if (!rules.halted && forfeits && parameters.bond > 0n) return 'No bond is forfeited.';
  const row = wideRow(batch, rules);
  if (row !== undefined) return `An order receives 63 bits at most: order ${row} would not.`;
  if (rules.halted) return undefined;
  if (riskIsWide(batch, rules)) return 'The risk of the pool has 160 bits.';
  const uncertified = solution.blocked.find((place) => !isCertifiedRounded(batch, rules, place));
  return uncertified === undefined
    ? undefined
    : `A block is certified with the circuit's rounding: that of order ${uncertified} is not.`;
}

const UNIT_PRICE_RULE = 'The unit price of every product has 64 bits.';

function isUnitPrice(price: bigint): boolean {
  return price >= 1n && price >> 64n === 0n;
}

/** The first row whose wish would buy, or be charged, more than the circuit has bits for. */
function wideRow({ orders, solution }: BatchTransition, rules: RuleTable): number | undefined {
  const blocked = new Set(solution.blocked);
  for (let row = 0; row < orders.count; row += 1) {
    const rule = rules.pair(orders.pay[row] as number, orders.receive[row] as number);
    // The first row and blocked ones are asked before rationing too.
    const isAsked = row === 0 || blocked.has(row);
    const spend = (isAsked ? rampedSpend : rationedSpend)(rule, orders, row);
    if (receiptOf(rule, spend) >> 63n !== 0n) return row;
    if (rule.feeUnder > 0n && divFloor(spend * rule.fee, rule.feeUnder) >> 64n !== 0n) return row;
  }
  return undefined;
}

function riskIsWide(batch: BatchTransition, rules: RuleTable): boolean {
  const exposure = exposures(batch, rules, totalFills(batch, rules).poolTrade);
  return exposure.some((_, i) => {
    if (i === 0) return false;
    const risk = exposure.reduce((sum, e, j) => {
      return j === 0 ? sum : sum + covarianceAt(batch, i, j) * e;
    }, 0n);
    return !fitsSigned(risk, 160n);
  });
}

/** -2^bits <= x < 2^bits. */
function fitsSigned(x: bigint, bits: bigint): boolean {
  return (x + (1n << bits)) >> (bits + 1n) === 0n;
}

function firstOf<T>(
  list: readonly T[],
  flawOf: (entry: T) => string | undefined,
): string | undefined {
  for (const entry of list) {
    const flaw = flawOf(entry);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}
