// Goal: a wait says done, not done or unknown, and never guesses. Method: a life led step by step
// through its states; after each one, what it says at each level.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt, Inclusion, IntentLife } from '../intents/intent.ts';
import {
  accepted,
  ended,
  included,
  newLife,
  offered,
  unincluded,
  withdrawing,
} from '../intents/lifeSteps.ts';
import { outcomeAt } from './outcomeAt.ts';

const ATTEMPT: Attempt = {
  chainNonce: 4,
  purpose: 'execute',
  gasLimit: 21_000n,
  maxFeePerGas: 10n,
  maxPriorityFeePerGas: 1n,
  raw: '0x02',
  hash: '0xaa',
  offeredAtMs: 2,
  acceptedBy: [],
  acceptedAtMs: undefined,
  status: 'open',
};
const CANCEL: Attempt = { ...ATTEMPT, purpose: 'cancel', hash: '0xcc', raw: '0x03' };
const LANDED: Inclusion = {
  hash: '0xaa',
  block: { number: 9n, hash: '0xb9' },
  success: true,
  gasUsed: 21_000n,
  effectiveGasPrice: 7n,
  feePaid: 147_000n,
  revertReason: undefined,
};
const REASON = { code: 'cancelRequested', sentence: 'asked', fields: {} } as const;

function said(life: IntentLife): string {
  const levels = ['accepted', 'included', 'final'] as const;
  return levels.map((level) => outcomeAt(life, level)?.verdict ?? '-').join(' ');
}

test('each level is done once it is reached, and not before', () => {
  const created = newLife('k', 1);
  const out = offered(created, ATTEMPT, []);
  const taken = accepted(out, '0xaa', { by: ['a'], atMs: 3 });
  const landed = included(taken, LANDED, 4);
  const final = ended(landed, { state: 'final', reason: undefined, atMs: 5 });
  assert.equal(said(created), '- - -');
  assert.equal(said(out), '- - -');
  assert.equal(said(taken), 'done - -');
  assert.equal(said(landed), 'done done -');
  assert.equal(said(unincluded(landed, 5)), 'done - -');
  assert.equal(said(final), 'done done done');
  assert.equal(final.feeSpent, 147_000n);
});

test('an inclusion that reverted is not done, and not given up before it is final', () => {
  const taken = accepted(offered(newLife('k', 1), ATTEMPT, []), '0xaa', { by: ['a'], atMs: 3 });
  const reverted = included(taken, { ...LANDED, success: false }, 4);
  assert.equal(said(reverted), '- - -');
  const end = ended(reverted, { state: 'reverted', reason: undefined, atMs: 5 });
  assert.equal(said(end), 'notDone notDone notDone');
});

test('a cancel that landed is never done', () => {
  const wished = withdrawing(offered(newLife('k', 1), ATTEMPT, []), REASON, 2);
  const raced = offered(wished, CANCEL, []);
  assert.equal(said(accepted(raced, '0xcc', { by: ['a'], atMs: 3 })), '- - -');
  const landed = included(raced, { ...LANDED, hash: '0xcc' }, 4);
  assert.equal(said(landed), '- - -');
  const end = ended(landed, { state: 'cancelled', reason: REASON, atMs: 5 });
  assert.equal(said(end), 'notDone notDone notDone');
  assert.deepEqual(
    end.attempts.map(({ status }) => status),
    ['replaced', 'included'],
  );
});

test('the original that outruns its cancel is done', () => {
  const raced = offered(withdrawing(offered(newLife('k', 1), ATTEMPT, []), REASON, 2), CANCEL, []);
  const landed = included(raced, LANDED, 4);
  assert.equal(said(landed), 'done done -');
});
