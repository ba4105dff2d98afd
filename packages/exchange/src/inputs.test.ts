// Goal: a journal record is one input, written in one way, whatever the input; and refusals of what
// names nothing change nothing. Method: one input of each kind that needs no signature through its
// bytes and back; records that say the same otherwise; a bench for the refusals.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, fundedBench } from '../../../testing/exchange/exchangeBench.ts';
import { DecodeError } from './codec/byteReader.ts';
import { ZERO_HASH } from './codec/hash.ts';
import { at } from './failures/invariant.ts';
import type { Input } from './inputs.ts';
import { decodeInput, encodeInput, inputKind } from './inputs.ts';
import { accountId } from './ledger/account.ts';
import { assetId } from './ledger/asset.ts';
import { AMOUNT_MAX, amount } from './numbers/amount.ts';

const ALICE = accountId(`0x${'a1'.repeat(20)}`);
const MARKET = fundedBench().bench.market();
const RESUME = {
  epochNumber: 3,
  batchNumber: 9,
  parentEpochHash: ZERO_HASH,
  parentReportHash: ZERO_HASH,
};

const INPUTS: readonly Input[] = [
  { kind: 'registerAsset', symbol: 'USD', decimals: 6 },
  { kind: 'registerAsset', symbol: 'USD', decimals: 6, settles: false },
  {
    kind: 'createMarket',
    parameters: MARKET.parameters,
    oracle: MARKET.reference,
    inventory: MARKET.parameters.assets.map(() => amount(AMOUNT_MAX)),
    resumeFrom: RESUME,
  },
  { kind: 'setParameters', parameters: MARKET.parameters },
  { kind: 'credit', account: ALICE, assetId: assetId(1), amount: amount(5n) },
  { kind: 'deposit', depositNumber: 4, account: ALICE, assetId: assetId(1), amount: amount(5n) },
  { kind: 'noticeExit', owner: ALICE, dueBlock: 2n ** 64n - 1n },
  { kind: 'withdrawExit', owner: ALICE },
  { kind: 'payExit', exitNumber: 1, owner: ALICE, assetId: assetId(0), units: amount(7n) },
  {
    kind: 'restoreVault',
    account: ALICE,
    balances: [{ assetId: assetId(2), amount: amount(1n) }],
    orderNonceHighest: 5n,
    withdrawalNonceHighest: 6n,
  },
  { kind: 'restoreCounts', depositNumber: 7, exitNumber: 8 },
  { kind: 'skipCrossing', crossing: 'deposit', number: 1 },
  { kind: 'skipCrossing', crossing: 'exit', number: 2 },
  { kind: 'revokeSession', grantId: ZERO_HASH },
  { kind: 'haltMarket', marketId: 1, reason: 'Prüfung' },
  { kind: 'voidBatch', marketId: 1, reason: '' },
  { kind: 'closeCollection', marketId: 1 },
  { kind: 'closeBatch', marketId: 1 },
  { kind: 'resumeMarket', marketId: 1 },
  { kind: 'sealEpoch', marketId: 1 },
];

for (const input of INPUTS) {
  test(`${input.kind} comes back from its bytes as it was`, () => {
    const entry = { sequence: 2 ** 53 - 1, timeMs: 1, input };
    const bytes = encodeInput(entry);
    assert.deepEqual(decodeInput(bytes), entry);
    assert.equal(inputKind(bytes), input.kind);
    assert.throws(() => decodeInput(Buffer.concat([bytes, Uint8Array.of(0, 0)])), DecodeError);
    assert.throws(() => decodeInput(bytes.subarray(0, 18)), DecodeError);
  });
}

test('an asset that settles is written in one form only', () => {
  const input: Input = { kind: 'registerAsset', symbol: 'USD', decimals: 6 };
  const bytes = encodeInput({ sequence: 1, timeMs: 1, input });
  const told = Buffer.concat([bytes, Uint8Array.of(1)]);
  assert.throws(() => decodeInput(told), /a second form of an asset that settles/);
});

test('a record of no known kind is refused', () => {
  const bytes = encodeInput({ sequence: 1, timeMs: 1, input: at(INPUTS, 0) });
  bytes[16] = 200;
  assert.throws(() => decodeInput(bytes), /an unknown kind of input/);
});

test('what names no market is refused, and the state stays as it was', () => {
  const { bench } = fundedBench();
  const before = bench.machine.root();
  const parameters = { ...MARKET.parameters, marketId: 77 };
  const named: Input[] = [
    ...(['closeCollection', 'closeBatch', 'resumeMarket', 'sealEpoch'] as const).map((kind) => {
      return { kind, marketId: 77 };
    }),
    { kind: 'haltMarket', marketId: 77, reason: 'x' },
    { kind: 'voidBatch', marketId: 77, reason: 'x' },
    { kind: 'setParameters', parameters },
  ];
  for (const input of named) {
    assert.equal(codeOf(bench.apply(input)), 'marketUnknown', input.kind);
  }
  const session = bench.apply({ kind: 'revokeSession', grantId: ZERO_HASH });
  assert.equal(codeOf(session), 'notFound');
  assert.equal(bench.machine.root(), before);
});

test('a market is created under a number of its own, with all that it needs', () => {
  const { bench } = fundedBench();
  const { parameters, reference: oracle } = bench.market();
  const none = parameters.assets.map(() => amount(0n));
  const create = (changes: object, rest: object = {}): string => {
    const input = { kind: 'createMarket' as const, oracle, inventory: none };
    const rules = { ...parameters, marketId: 5, ...changes };
    const result = bench.apply({ ...input, parameters: rules, ...rest });
    return result.ok ? 'accepted' : `${result.rejection.code} ${result.rejection.field}`;
  };
  assert.equal(create({ marketId: 1 }), 'parametersInvalid marketId');
  assert.equal(create({ marketId: 0 }), 'parametersInvalid marketId');
  assert.equal(create({}, { inventory: none.slice(1) }), 'parametersInvalid inventory');
  const most = none.map(() => amount(AMOUNT_MAX));
  assert.equal(create({}, { inventory: most }), 'amountOutOfRange inventory');
  assert.equal(create({}, { oracle: { ...oracle, mids: [] } }), 'parametersInvalid oracle.mids');
  const unknown = parameters.assets.map((asset, i) => {
    return i === 1 ? { ...asset, assetId: assetId(63) } : asset;
  });
  assert.equal(create({ assets: unknown }), 'assetUnknown assets[1].assetId');
  const finer = parameters.assets.map((asset, i) => (i === 1 ? { ...asset, decimals: 1 } : asset));
  assert.equal(create({ assets: finer }), 'parametersInvalid assets[1].decimals');
  const past = { ...RESUME, epochNumber: 0 };
  assert.equal(create({}, { resumeFrom: past }), 'parametersInvalid resumeFrom');
  assert.equal(create({}), 'accepted');
});

test('a batch is closed once, from the phase that it is in, and not while it is halted', () => {
  const { bench } = fundedBench();
  const codes = (kind: 'closeBatch' | 'closeCollection'): string =>
    codeOf(bench.apply({ kind, marketId: 1 }));
  assert.equal(codes('closeCollection'), 'phaseMismatch');
  bench.must({ kind: 'haltMarket', marketId: 1, reason: 'x' });
  assert.equal(codes('closeBatch'), 'marketHalted');
  bench.must({ kind: 'resumeMarket', marketId: 1 });
  assert.equal(codes('closeBatch'), 'accepted');
  assert.equal(codes('closeBatch'), 'phaseMismatch');
});
