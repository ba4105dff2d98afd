import { at } from '@lawbook/exchange/failures/invariant';
import type { RuleTable } from '@lawbook/exchange/laws/ruleTable';
import { restateRules } from '@lawbook/exchange/laws/ruleTable';
import { FEE_SCALE, productUnits } from '@lawbook/exchange/markets/batch/parameters';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { circuitOf } from '../circuits/circuit.ts';
import { ProofFault } from '../proofFault.ts';
import { signedElement } from './fieldElement.ts';
import { flattenPublic } from './publicInputs.ts';
import type { CircuitInput, CircuitInputs, Claim } from './statement.ts';

/** Vaults, fills and assets that the circuit has room for; the rest of it is filled with zeros. */
const VAULTS = 8;
const FILLS = 8;
const ASSETS = 4;

/**
 * The claim that L7 holds for a batch, with every figure of it public. The figures are taken as
 * they are: whether they are lawful is for the circuit to say.
 *
 * @throws ProofFault PROOF_STATEMENT_UNFIT for a batch that is malformed or too large.
 */
export function conservationClaim(transition: BatchTransition): Claim {
  const rules = restateRules(transition);
  if (rules.flaw !== undefined) throw unfit(rules.flaw.rule);
  refuseUnfit(transition);
  const inputs: CircuitInputs = {
    batch: publicFigures(transition, rules),
    charges: padded(FILLS, chargesOf(transition, rules), { units: 0n, remainder: 0n }),
  };
  const circuit = 'assetsAreConserved8';
  const publicInputs = flattenPublic(circuitOf(circuit).abi, inputs);
  return {
    statement: { circuit, publicInputs },
    witness: { inputs, batches: [transition], netted: transition.diffs },
  };
}

function refuseUnfit({ parameters, orders, diffs, report }: BatchTransition): void {
  const width = parameters.assets.length;
  if (width > ASSETS) throw unfit(`at most ${ASSETS} assets, not ${width}`);
  if (orders.count > FILLS) throw unfit(`at most ${FILLS} orders, not ${orders.count}`);
  const vaults = diffs.accounts.length;
  if (vaults > VAULTS) throw unfit(`at most ${VAULTS} vaults, not ${vaults}`);
  const known = parameters.assets.map(({ assetId }) => assetId);
  const columns = new Set(diffs.assets);
  if (columns.size !== diffs.assets.length || diffs.assets.some((id) => !known.includes(id))) {
    throw unfit('a diff list has each asset of the market at most once');
  }
  if (report.poolTrade.length !== width || report.fees.length !== width) {
    throw unfit('a report has one sum per asset');
  }
}

function unfit(reason: string): ProofFault {
  return new ProofFault('PROOF_STATEMENT_UNFIT', `The batch does not fit the circuit: ${reason}.`);
}

function publicFigures(transition: BatchTransition, rules: RuleTable): CircuitInputs {
  const { before, after, parameters, report, solution } = transition;
  const width = parameters.assets.length;
  const pool = (before.accounts.length - 2) * width;
  const row = (column: BigInt64Array, from: number): CircuitInput =>
    signedRow([...column.subarray(from, from + width)]);
  return {
    prices: padded<bigint>(ASSETS, solution.prices, 0n),
    weights: padded(ASSETS, rules.weights, 0n),
    fee_e7: BigInt(parameters.feeE7),
    forfeited: forfeitedUnits(transition, rules),
    fills: padded(FILLS, fillsOf(transition), NO_FILL),
    changes: padded(VAULTS, changesOf(transition), signedRow([])),
    pool_before: row(before.balances, pool),
    pool_after: row(after.balances, pool),
    pool_trade: signedRow(report.poolTrade),
    fee_vault_before: row(before.balances, pool + width),
    fee_vault_after: row(after.balances, pool + width),
    fees: signedRow(report.fees),
  };
}

const NO_FILL: CircuitInput = {
  pay: 0n,
  units: new Array<bigint>(ASSETS).fill(0n),
  paid: 0n,
  received: 0n,
};

function fillsOf({ orders, fills, parameters }: BatchTransition): CircuitInput[] {
  return Array.from({ length: orders.count }, (_, k) => ({
    pay: BigInt(orders.pay[k] as number),
    units: padded(ASSETS, productUnits(parameters, orders.receive[k] as number), 0n),
    paid: fills.paid[k] as bigint,
    received: fills.received[k] as bigint,
  }));
}

/** By row of the diff list, columns in the market's order of assets. */
function changesOf({ diffs, parameters }: BatchTransition): CircuitInput[] {
  const columns = parameters.assets.map(({ assetId }) => diffs.assets.indexOf(assetId));
  return diffs.accounts.map((_, row) => {
    const from = row * diffs.assets.length;
    return signedRow(
      columns.map((column) => (column < 0 ? 0n : (diffs.changes[from + column] as bigint))),
    );
  });
}

/** paid K_pay phi = charged K_product F + remainder, with 0 <= remainder < K_product F. */
function chargesOf(
  { orders, fills, parameters }: BatchTransition,
  rules: RuleTable,
): CircuitInput[] {
  return Array.from({ length: orders.count }, (_, k) => {
    const price = at(rules.unitPrices, orders.pay[k] as number);
    const divisor = at(rules.unitPrices, orders.receive[k] as number) * FEE_SCALE;
    const product = (fills.paid[k] as bigint) * price * BigInt(parameters.feeE7);
    if (divisor === 0n) return { units: 0n, remainder: 0n };
    const remainder = product % divisor;
    // Bare division: exact once the remainder is taken off.
    return { units: (product - remainder) / divisor, remainder };
  });
}

/** Bonds of commitments that stayed silent; none in a halted batch. */
function forfeitedUnits({ commitments, parameters }: BatchTransition, rules: RuleTable): bigint {
  if (rules.halted) return 0n;
  const silent = commitments.filter(({ reveal }) => reveal === undefined).length;
  return BigInt(silent) * parameters.bond;
}

function signedRow(amounts: readonly bigint[]): CircuitInput {
  return padded(ASSETS, amounts.map(signedElement), 0n);
}

function padded<T extends CircuitInput>(length: number, entries: readonly T[], zero: T): T[] {
  return Array.from({ length }, (_, k) => entries[k] ?? zero);
}
