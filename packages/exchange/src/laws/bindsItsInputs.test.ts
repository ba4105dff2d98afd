// Goal: L0 refuses a report about anything but its own transition.
// Method: one field of a lawful transition's report, or the input it binds, is changed alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { refusals } from '../../../../testing/world/corruptions.ts';
import { clearedBatch, refilled } from '../../../../testing/world/lawfulBatch.ts';
import { ZERO_HASH } from '../codec/hash.ts';
import { oracleHash } from '../markets/batch/oracleSnapshot.ts';
import type { BatchReport } from '../markets/batch/report.ts';
import { bindsItsInputs } from './bindsItsInputs.ts';
import { lawContext } from './law.ts';

const ADMITTED = { authority: 'admitted' } as const;
const DAY = clearedBatch({ ...ordinaryDay(), signed: false });

function reporting(changes: Partial<BatchReport>): typeof DAY {
  return { ...DAY, report: { ...DAY.report, ...changes } };
}

test('holds for the report of a lawful batch', () => {
  assert.equal(bindsItsInputs.check(DAY, lawContext(DAY, ADMITTED)).kind, 'holds');
});

test('refuses a batch that continues another parent than its report says', () => {
  const replayed = { ...DAY, parentReportHash: DAY.report.orderSetRoot, batchNumber: 2 };
  assert.deepEqual(refusals(replayed, ADMITTED), ['L0']);
});

test('refuses a report with the diff root of other diffs', () => {
  assert.deepEqual(refusals(reporting({ diffRoot: ZERO_HASH }), ADMITTED), ['L0']);
});

test('refuses a report with the fill root of other fills', () => {
  assert.deepEqual(refusals(reporting({ fillRoot: ZERO_HASH }), ADMITTED), ['L0']);
});

test('refuses a report of another oracle or other parameters', () => {
  assert.deepEqual(refusals(reporting({ oracleHash: ZERO_HASH }), ADMITTED), ['L0']);
  assert.deepEqual(refusals(reporting({ parameterHash: ZERO_HASH }), ADMITTED), ['L0']);
});

test('refuses every measure that is not the recomputed one, and names it', () => {
  for (const [name, measure] of Object.entries(DAY.report.measures)) {
    const wrong = typeof measure === 'bigint' ? measure - 1n : measure + 1;
    const measures = { ...DAY.report.measures, [name]: wrong };
    const altered = reporting({ measures });
    const verdict = bindsItsInputs.check(altered, lawContext(altered, ADMITTED));
    assert.equal(verdict.kind, 'violated');
    assert.deepEqual(verdict.locus, { kind: 'batch', field: `report.measures.${name}` });
  }
});

test('refuses prices in the report that are not those of the solution', () => {
  const other = refilled(DAY, { prices: DAY.oracle.mids });
  assert.deepEqual(refusals(reporting({ prices: other.solution.prices }), ADMITTED), ['L0']);
});

test('refuses a report whose numbers its encoding cannot hold, and names them', () => {
  const wide = 1n << 127n;
  const { measures } = DAY.report;
  const reports: Readonly<Record<string, Partial<BatchReport>>> = {
    poolTrade: { poolTrade: DAY.report.poolTrade.map(() => 1n << 63n) },
    fees: { fees: DAY.report.fees.map(() => -(1n << 63n)) },
    measures: { measures: { ...measures, residualE12: -wide } },
    stepNormE12: { stepNormE12: wide },
  };
  for (const [field, report] of Object.entries(reports)) {
    const solution = { ...DAY.solution, stepNormE12: report.stepNormE12 ?? 0n };
    const altered = { ...reporting({ stepNormE12: 0n, ...report }), solution };
    const verdict = bindsItsInputs.check(altered, lawContext(altered, ADMITTED));
    assert.equal(verdict.kind, 'violated');
    assert.deepEqual(verdict.locus, { kind: 'batch', field: `report.${field}` });
  }
});

test('accepts a solution whose step is as wide as a report can say', () => {
  for (const stepNormE12 of [(1n << 127n) - 1n, 1n - (1n << 127n)]) {
    const solution = { ...DAY.solution, stepNormE12 };
    const wide = { ...reporting({ stepNormE12 }), solution };
    assert.deepEqual(refusals(wide, ADMITTED), []);
  }
});

test('takes no measures at mids that are not positive', () => {
  const mids = DAY.oracle.mids.map((mid, i) => (i === 1 ? (0n as typeof mid) : mid));
  const worthless = { ...DAY, oracle: { ...DAY.oracle, mids } };
  const report = { ...DAY.report, oracleHash: oracleHash(worthless.oracle) };
  const bound = { ...worthless, report };
  const verdict = bindsItsInputs.check(bound, lawContext(bound, ADMITTED));
  assert.equal(verdict.kind, 'violated');
  assert.deepEqual(verdict.locus, { kind: 'batch', field: 'oracle.mids' });
});
