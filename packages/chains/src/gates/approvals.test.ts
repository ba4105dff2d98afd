// Goal: an approval carries one request, for a while, in the world that was shown to the approver.
// Method: worked examples; properties that change one field or one balance.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ApprovalRecord, IntentRequest, ObservedDelta } from '../intents/intent.ts';
import { approvalVerdict, requestHash } from './approvals.ts';
import { requestOf, SOMEBODY } from './fixtures/requests.ts';

const seed = Date.now() & 0x7fffffff;
console.log(`approvals seed ${seed}`);

const deltas: readonly ObservedDelta[] = [
  { asset: 'native', account: SOMEBODY, change: 1_000_000n },
];
const request = requestOf();

function approvalOf(changes: Partial<ApprovalRecord> = {}): ApprovalRecord {
  return {
    requestHash: requestHash(request),
    askedAtMs: 1_000,
    expiresAtMs: 2_000,
    approvedBy: 'bob',
    simulatedDeltas: deltas,
    ...changes,
  };
}

function verdictOf(changes: Partial<Parameters<typeof approvalVerdict>[0]> = {}): string {
  const question = { approval: approvalOf(), request, nowMs: 1_500, deltas, driftPpm: 10_000 };
  return approvalVerdict({ ...question, ...changes }).kind;
}

test('is valid for its request, in time, with the same simulation', () => {
  assert.equal(verdictOf(), 'valid');
});

test('is needed until somebody approves', () => {
  assert.equal(verdictOf({ approval: approvalOf({ approvedBy: undefined }) }), 'needed');
});

test('expires at its time, approved or not', () => {
  assert.equal(verdictOf({ nowMs: 1_999 }), 'valid');
  assert.equal(verdictOf({ nowMs: 2_000 }), 'expired');
  const open = approvalOf({ approvedBy: undefined });
  assert.equal(verdictOf({ nowMs: 2_000, approval: open }), 'expired');
  assert.equal(verdictOf({ nowMs: Number.NaN }), 'expired');
});

test('is void for another request, before anything else is looked at', () => {
  assert.equal(verdictOf({ request: requestOf({ amount: 6n }), nowMs: 9_000 }), 'void');
});

test('keeps a drift within tolerance and is void beyond it', () => {
  const moved = (change: bigint): ObservedDelta[] => [
    { asset: 'native', account: SOMEBODY, change },
  ];
  assert.equal(verdictOf({ deltas: moved(1_010_000n) }), 'valid');
  assert.equal(verdictOf({ deltas: moved(990_000n) }), 'valid');
  assert.equal(verdictOf({ deltas: moved(1_010_001n) }), 'void');
  assert.equal(verdictOf({ deltas: moved(989_999n) }), 'void');
  assert.equal(verdictOf({ deltas: moved(-1_000_000n) }), 'void');
  assert.equal(verdictOf({ deltas: [] }), 'void');
});

test('is void when a balance moves that did not move before', () => {
  const other: ObservedDelta = { asset: SOMEBODY, account: SOMEBODY, change: 1n };
  assert.equal(verdictOf({ deltas: [...deltas, other] }), 'void');
});

test('names the balance that drifted', () => {
  const verdict = approvalVerdict({
    approval: approvalOf(),
    request,
    nowMs: 1_500,
    deltas: [],
    driftPpm: 10_000,
  });
  assert.equal(verdict.kind, 'void');
  assert.deepEqual(verdict.reason.fields, {
    rule: 'driftPpm',
    limit: '10000',
    asset: 'native',
    account: SOMEBODY,
    approved: '1000000',
    actual: '0',
  });
});

test('hashes the same request alike, however its hex is written or its members are ordered', () => {
  const token = '0xABCDEF0000000000000000000000000000000001' as const;
  const written = requestOf({ to: token, callData: '0xABCD' });
  const lower = '0xabcdef0000000000000000000000000000000001' as const;
  const reversed = Object.fromEntries(
    Object.entries({ ...written, to: lower, callData: '0xabcd' }).reverse(),
  ) as unknown as IntentRequest;
  assert.equal(requestHash(written), requestHash(reversed));
});

test('hashes a request alike whether absent members are undefined or missing', () => {
  const { gasLimit: _, after: __, privateForMs: ___, ...stored } = requestOf();
  assert.equal(requestHash(stored as IntentRequest), requestHash(requestOf()));
});

test('stays what it was, because hashes are stored', () => {
  const golden = 'fa55ab4d7a8d9369b09f0e034b143fa53533d3efe73ab3d4fb45b25225bff8e8';
  assert.equal(requestHash(requestOf()), golden);
});

test('no change of any field goes unnoticed', () => {
  const change = fc.constantFrom<Partial<IntentRequest>>(
    { key: 'pay:2' },
    { to: undefined },
    { to: '0x00000000000000000000000000000000000000ab' },
    { amount: 6n },
    { callData: '0x00' },
    { gasLimit: 0n },
    { urgency: 'urgent' },
    { deadlineMs: 10_001 },
    { finality: { kind: 'safe' } },
    { finality: { kind: 'confirmations', blocks: 1 } },
    { finality: { kind: 'confirmations', blocks: 2 } },
    { feeCap: 1_000_001n },
    { route: 'private' },
    { privateForMs: 0 },
    { expects: [{ asset: 'native', account: SOMEBODY, least: 0n, most: 0n }] },
    { expects: [{ asset: SOMEBODY, account: SOMEBODY, least: 0n, most: 0n }] },
    { after: { key: 'pay:0', level: 'final' } },
    { after: { key: 'pay:0', level: 'included' } },
    { principal: 'mallory' },
  );
  fc.assert(
    fc.property(change, change, (one, two) => {
      assert.notEqual(requestHash(requestOf(one)), requestHash(request));
      const same =
        JSON.stringify(Object.entries(one), plain) === JSON.stringify(Object.entries(two), plain);
      assert.equal(requestHash(requestOf(one)) === requestHash(requestOf(two)), same);
    }),
    { seed, numRuns: 400 },
  );
});

function plain(_name: string, member: unknown): unknown {
  return typeof member === 'bigint' ? `${member}n` : member === undefined ? 'absent' : member;
}
