// Goal: L10 refuses a diff list that is not exactly the netted batch.
// Method: rows, columns, changes and nonces of lawful diff lists are changed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hiddenDay, ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { editAt, refusals } from '../../../../testing/world/corruptions.ts';
import { clearedBatch, trader } from '../../../../testing/world/lawfulBatch.ts';
import { ByteReader } from '../codec/byteReader.ts';
import type { StateDiffList } from '../diffs/stateDiff.ts';
import { decodeDiffs, diffRoot, encodeDiffs } from '../diffs/stateDiff.ts';
import { at } from '../failures/invariant.ts';
import { assetId } from '../ledger/asset.ts';
import type { BatchTransition } from '../transition.ts';
import { diffsMatchFills } from './diffsMatchFills.ts';
import { lawContext } from './law.ts';

const ADMITTED = { authority: 'admitted' } as const;
const DAY = clearedBatch({ ...ordinaryDay(), signed: false });

function listing(changes: Partial<StateDiffList>): BatchTransition {
  const diffs = { ...DAY.diffs, ...changes };
  return { ...DAY, diffs, report: { ...DAY.report, diffRoot: diffRoot(diffs) } };
}

test('accepts the canonical list, which leaves empty rows and columns out', () => {
  const diffs = decodeDiffs(new ByteReader(encodeDiffs(DAY.diffs)));
  assert.ok(diffs.accounts.length <= DAY.diffs.accounts.length);
  assert.deepEqual(refusals({ ...DAY, diffs }, ADMITTED), []);
});

test('accepts the canonical list of a day on which only nonces moved', () => {
  const halted = clearedBatch({ ...ordinaryDay(), signed: false, haltReason: 'operator' });
  const diffs = decodeDiffs(new ByteReader(encodeDiffs(halted.diffs)));
  assert.ok(
    !diffs.accounts.includes(at(halted.before.accounts, halted.before.accounts.length - 2)),
  );
  assert.deepEqual(refusals({ ...halted, diffs }, ADMITTED), []);
});

test('refuses a diff of an asset that the market has not, or has twice', () => {
  const assets = DAY.diffs.assets;
  for (const other of [assetId(40), at(assets, 0)]) {
    const listed = listing({ assets: [...assets.slice(0, -1), other] });
    const verdict = diffsMatchFills.check(listed, lawContext(listed, ADMITTED));
    assert.equal(verdict.kind, 'violated');
    const field = `diffs.assets[${assets.length - 1}]`;
    assert.deepEqual(verdict.locus, { kind: 'batch', field });
  }
});

test('refuses a vault that has two diffs', () => {
  const [first, , ...rest] = DAY.diffs.accounts;
  const doubled = listing({ accounts: [first as never, first as never, ...rest] });
  const verdict = diffsMatchFills.check(doubled, lawContext(doubled, ADMITTED));
  assert.equal(verdict.kind, 'violated');
  assert.deepEqual(verdict.locus, { kind: 'account', account: first });
});

test('refuses a diff of a stranger', () => {
  const width = DAY.diffs.assets.length;
  const stranger = listing({
    accounts: [...DAY.diffs.accounts, trader(99).account],
    changes: BigInt64Array.from([...DAY.diffs.changes, ...DAY.diffs.assets.map(() => 0n)]),
    orderNonces: BigUint64Array.from([...DAY.diffs.orderNonces, 1n]),
  });
  assert.equal(stranger.diffs.changes.length, stranger.diffs.accounts.length * width);
  assert.deepEqual(refusals(stranger, ADMITTED), ['L10']);
});

test('refuses diffs of two vaults that are exchanged', () => {
  const [first, second, ...rest] = DAY.diffs.accounts;
  const exchanged = listing({ accounts: [second as never, first as never, ...rest] });
  assert.deepEqual(refusals(exchanged, ADMITTED), ['L10']);
});

test('refuses a unit moved from one owner to another', () => {
  const width = DAY.diffs.assets.length;
  const once = editAt(DAY.diffs.changes, 0, (change) => change - 1n);
  const changes = editAt(once, width, (change) => change + 1n);
  assert.deepEqual(refusals(listing({ changes }), ADMITTED), ['L10']);
});

test('refuses balances after that the diffs do not lead to', () => {
  const balances = editAt(DAY.after.balances, 0, (balance) => balance + 1n);
  assert.deepEqual(refusals({ ...DAY, after: { ...DAY.after, balances } }, ADMITTED), ['L10']);
});

test('refuses any nonce but the highest of the owner', () => {
  for (const change of [1n, -1n]) {
    const orderNonces = editAt(DAY.diffs.orderNonces, 0, (highest) => highest + change);
    assert.deepEqual(refusals(listing({ orderNonces }), ADMITTED), ['L10']);
  }
});

test('refuses a nonce for the pool', () => {
  const pool = DAY.diffs.accounts.length - 2;
  const orderNonces = editAt(DAY.diffs.orderNonces, pool, () => 1n);
  assert.deepEqual(refusals(listing({ orderNonces }), ADMITTED), ['L10']);
});

test('takes a bond from each silent commitment and refuses to forget one', () => {
  const day = clearedBatch({ ...hiddenDay(), signed: false });
  const { bond } = day.parameters;
  const fees = day.before.accounts.length - 1;
  const silent = day.before.accounts.indexOf(trader(7).account);
  const width = day.parameters.assets.length;
  assert.equal(day.diffs.changes[silent * width], -bond);
  const forgiven = editAt(day.diffs.changes, silent * width, () => 0n);
  const changes = editAt(forgiven, fees * width, (change) => change - bond);
  const diffs = { ...day.diffs, changes };
  const report = { ...day.report, diffRoot: diffRoot(diffs) };
  const balances = day.before.balances.map((b, k) => b + at([...changes], k));
  const spared = { ...day, diffs, report, after: { ...day.after, balances } };
  assert.deepEqual(refusals(spared, ADMITTED), ['L7', 'L10']);
});
