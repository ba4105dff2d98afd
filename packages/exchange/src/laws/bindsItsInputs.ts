import type { Hash } from '../codec/hash.ts';
import { diffRoot } from '../diffs/stateDiff.ts';
import { oracleHash } from '../markets/batch/oracleSnapshot.ts';
import { commitSetRoot } from '../markets/batch/orderSet.ts';
import { parameterHash } from '../markets/batch/parameters.ts';
import type { BatchMeasures } from '../markets/batch/report.ts';
import { fillRoot } from '../markets/batch/report.ts';
import type { BatchTransition } from '../transition.ts';
import { restateMeasures } from './batchMeasures.ts';
import type { Law, LawContext } from './law.ts';
import type { Verdict, Violated } from './verdict.ts';
import { HOLDS, violatedField } from './verdict.ts';

/**
 * L0. The report encodes and is about this transition: every hash and root in it is that of what
 * the transition holds, every number in it is the transition's, and every measure is recomputed. So
 * the one hash of the report binds all inputs and results. The order-set root is compared here with
 * the one kept at admission, and recomputed from the orders by L1; trade and fees are recomputed by
 * L7.
 *
 * @see docs/protocol/bindsItsInputs.md
 */
export const bindsItsInputs: Law = {
  id: 'L0',
  name: 'bindsItsInputs',
  statement: 'The report binds exactly the inputs, results and measures of this transition.',
  check,
};

function check(transition: BatchTransition, context: LawContext): Verdict {
  if (context.rules.flaw !== undefined) return context.rules.flaw;
  return (
    widthFlaw(transition) ??
    headerFlaw(transition) ??
    rootFlaw(transition) ??
    listFlaw(transition) ??
    measureFlaw(transition, context) ??
    HOLDS
  );
}

const I64_MAX = (1n << 63n) - 1n;
const I128_MAX = (1n << 127n) - 1n;

/** A report that does not encode has no hash: nothing could follow such a batch. */
function widthFlaw({ report }: BatchTransition): Violated | undefined {
  const facts: readonly [string, readonly (bigint | number)[], bigint][] = [
    ['poolTrade', report.poolTrade, I64_MAX],
    ['fees', report.fees, I64_MAX],
    ['measures', Object.values(report.measures) as (bigint | number)[], I128_MAX],
    ['stepNormE12', [report.stepNormE12], I128_MAX],
  ];
  for (const [field, list, most] of facts) {
    const wide = list.find((x) => x > most || x < -most);
    if (wide === undefined) continue;
    return violatedField(`report.${field}`, 'a report fits its encoding', {
      expected: `within +-${most}`,
      actual: wide,
    });
  }
  return undefined;
}

function headerFlaw(transition: BatchTransition): Violated | undefined {
  const { report, parameters, solution } = transition;
  const facts: readonly [string, number | bigint | string, number | bigint | string][] = [
    ['marketId', parameters.marketId, report.marketId],
    ['batchNumber', transition.batchNumber, report.batchNumber],
    ['parentReportHash', transition.parentReportHash, report.parentReportHash],
    ['closedAtMs', transition.closedAtMs, report.closedAtMs],
    ['iterations', solution.iterations, report.iterations],
    ['stepNormE12', solution.stepNormE12, report.stepNormE12],
  ];
  const broken = facts.find(([, expected, actual]) => expected !== actual);
  return broken === undefined ? undefined : unequal(broken[0], broken[1], broken[2]);
}

function rootFlaw(transition: BatchTransition): Violated | undefined {
  const { report, oracle, parameters, fills, orders, diffs } = transition;
  const roots: readonly [string, () => Hash, Hash][] = [
    ['oracleHash', () => oracleHash(oracle), report.oracleHash],
    ['parameterHash', () => parameterHash(parameters), report.parameterHash],
    ['orderSetRoot', () => transition.admittedRoot, report.orderSetRoot],
    ['commitSetRoot', () => commitSetRoot(transition.commitments), report.commitSetRoot],
    ['fillRoot', () => fillRoot(fills, orders.count), report.fillRoot],
    ['diffRoot', () => diffRoot(diffs), report.diffRoot],
  ];
  for (const [field, root, actual] of roots) {
    const expected = root();
    if (expected !== actual) return unequal(field, expected, actual);
  }
  return undefined;
}

function listFlaw(transition: BatchTransition): Violated | undefined {
  const { report, solution, before, after, parameters } = transition;
  const width = parameters.assets.length;
  const pool = (before.accounts.length - 2) * width;
  const lists: readonly [string, Numbers, Numbers][] = [
    ['prices', solution.prices, report.prices],
    ['payFactors', solution.payFactors, report.payFactors],
    ['receiveFactors', solution.receiveFactors, report.receiveFactors],
    ['blocked', solution.blocked, report.blocked],
    ['poolBefore', [...before.balances.subarray(pool, pool + width)], report.poolBefore],
    ['poolAfter', [...after.balances.subarray(pool, pool + width)], report.poolAfter],
  ];
  for (const [field, expected, actual] of lists) {
    const same = expected.length === actual.length && expected.every((x, k) => x === actual[k]);
    if (!same) return unequal(field, expected.join(' '), actual.join(' '));
  }
  return undefined;
}

type Numbers = readonly (bigint | number)[];

function measureFlaw(transition: BatchTransition, context: LawContext): Violated | undefined {
  const { rules, totals } = context;
  if (rules.unitMids.some((mid) => mid <= 0n)) {
    return violatedField('oracle.mids', 'measures are taken at positive mids', {
      expected: 'positive',
      actual: 'not positive',
    });
  }
  const sums = totals();
  if (sums.overflow !== undefined) return sums.overflow;
  const expected = restateMeasures(transition, rules, sums);
  const { measures } = transition.report;
  const fields = Object.keys(expected) as (keyof BatchMeasures)[];
  const field = fields.find((name) => expected[name] !== measures[name]);
  if (field === undefined) return undefined;
  return unequal(`measures.${field}`, expected[field], measures[field]);
}

function unequal(
  field: string,
  expected: bigint | number | string,
  actual: bigint | number | string,
): Violated {
  return violatedField(`report.${field}`, 'the report states what the transition holds', {
    expected,
    actual,
  });
}
