// Goal: L9 refuses a negative vault and a pool beyond its bounds.
// Method: bounds are moved around the inventory that a lawful day ends with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reassemble } from '../../../../testing/world/assembleBatch.ts';
import { ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { editAt, refusals } from '../../../../testing/world/corruptions.ts';
import { clearedBatch } from '../../../../testing/world/lawfulBatch.ts';
import { at } from '../failures/invariant.ts';
import type { BatchAsset } from '../markets/batch/parameters.ts';
import { amount } from '../numbers/amount.ts';
import type { BatchTransition } from '../transition.ts';
import { lawContext } from './law.ts';
import { vaultsAreSolvent } from './vaultsAreSolvent.ts';

const ADMITTED = { authority: 'admitted' } as const;
const DAY = clearedBatch({ ...ordinaryDay(), signed: false });

function bounded(asset: number, changes: Partial<BatchAsset>): BatchTransition {
  const assets = DAY.parameters.assets.map((a, i) => (i === asset ? { ...a, ...changes } : a));
  return reassemble(DAY, { parameters: { ...DAY.parameters, assets } });
}

test('refuses a vault below zero, and names it', () => {
  const balances = editAt(DAY.before.balances, 0, () => 1n);
  const poor = reassemble(DAY, { before: { ...DAY.before, balances } });
  const verdict = vaultsAreSolvent.check(poor, lawContext(poor, ADMITTED));
  assert.equal(verdict.kind, 'violated');
  assert.deepEqual(verdict.locus, {
    kind: 'account',
    account: at(DAY.before.accounts, 0),
    asset: 0,
  });
});

test('accepts the pool at its lower bound and refuses it one unit below', () => {
  const post = at(DAY.report.poolAfter, 1);
  assert.ok(post < at(DAY.report.poolBefore, 1));
  assert.deepEqual(refusals(bounded(1, { inventoryMin: amount(post) }), ADMITTED), []);
  assert.deepEqual(refusals(bounded(1, { inventoryMin: amount(post + 1n) }), ADMITTED), ['L9']);
});

test('accepts the pool at its upper bound and refuses it one unit above', () => {
  const asset = DAY.report.poolAfter.findIndex((post, i) => post > at(DAY.report.poolBefore, i));
  const post = at(DAY.report.poolAfter, asset);
  assert.deepEqual(refusals(bounded(asset, { inventoryMax: amount(post) }), ADMITTED), []);
  const tight = bounded(asset, { inventoryMax: amount(post - 1n) });
  assert.deepEqual(refusals(tight, ADMITTED), ['L9']);
});

test('lets a pool that was outside move inwards only', () => {
  const pre = at(DAY.report.poolBefore, 1);
  const inwards = bounded(1, { inventoryMin: amount(0n), inventoryMax: amount(pre - 10n ** 12n) });
  assert.deepEqual(refusals(inwards, ADMITTED), []);
  const outwards = bounded(1, { inventoryMin: amount(pre + 10n ** 12n) });
  assert.deepEqual(refusals(outwards, ADMITTED), ['L9']);
});
