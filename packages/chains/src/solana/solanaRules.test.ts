// Goal: what can never work is refused before anything is stored.
// Method: one sound request, spoilt field by field.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { ChainFault } from '../chainFault.ts';
import type { SolanaIntentRequest } from './solanaIntent.ts';
import { COMPUTE_BUDGET_PROGRAM } from './solanaMessage.ts';
import { checkSolanaRequest } from './solanaRules.ts';
import { solTransfer } from './solTransfer.ts';

const signer = '4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T';
const other = 'GPyPeq9KB8WSdxQmsnyUB9ft9UA5gRQgHEjzCfBLC8Dn';

const sound: SolanaIntentRequest = {
  ...solTransfer({ from: signer, to: other, amount: 1n }),
  key: 'payment-1',
  unitLimit: undefined,
  urgency: 'patient',
  deadlineMs: 1,
  finality: 'finalized',
  feeCap: 5_000n,
};
const transfer = at(sound.instructions, 0);

test('takes a sound request', () => {
  checkSolanaRequest(sound, signer);
});

const SPOILT: readonly [string, Partial<SolanaIntentRequest>][] = [
  ['a key with a space', { key: 'a b' }],
  ['a negative spend', { spend: -1n }],
  ['a cap beyond 64 bits', { feeCap: 2n ** 64n }],
  ['half a millisecond', { deadlineMs: 0.5 }],
  ['no instruction', { instructions: [] }],
  ['more units than there are', { unitLimit: 1_400_000 }],
  ['a program that is no address', { instructions: [{ ...transfer, programAddress: 'x' }] }],
  [
    'an account that is no address',
    { instructions: [{ ...transfer, accounts: [{ address: 'x', role: 'writable' }] }] },
  ],
  [
    'a signature by somebody else',
    { instructions: [{ ...transfer, accounts: [{ address: other, role: 'readonlySigner' }] }] },
  ],
  [
    'a compute budget of its own',
    { instructions: [{ ...transfer, programAddress: COMPUTE_BUDGET_PROGRAM }] },
  ],
  [
    'more bytes than a packet holds',
    { instructions: [{ ...transfer, bytes: Buffer.alloc(1_200).toString('base64') }] },
  ],
];

for (const [what, changes] of SPOILT) {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => checkSolanaRequest({ ...sound, ...changes }, signer),
      (fault) => fault instanceof ChainFault && fault.code === 'CHAIN_INTENT_INVALID',
    );
  });
}
