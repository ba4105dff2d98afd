// Goal: an attempt counts as dead only on complete evidence from a quorum.
// Method: complete evidence first, then each piece of it spoilt by itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointEvidence, ExpiryRules } from './solanaExpiry.ts';
import { judgeExpiry } from './solanaExpiry.ts';
import type { SolanaAttempt } from './solanaIntent.ts';
import type { StatusAnswer } from './solanaRpc.ts';

const rules: ExpiryRules = { genesisHash: 'ours', quorum: 2, marginBlocks: 16n };

const attempt: SolanaAttempt = {
  signature: 'signature',
  wire: 'AA==',
  blockhash: 'blockhash',
  lastValidBlockHeight: 1_150n,
  signedAtSlot: 2_000n,
  unitLimit: 500,
  unitPrice: 0n,
  fee: 5_000n,
  offeredAtMs: 0,
  acceptedAtMs: undefined,
  status: 'open',
};

const landed: StatusAnswer = { slot: 2_100n, finality: 'finalized', error: undefined };

function statuses(slot: bigint, status: StatusAnswer | null): EndpointEvidence['statuses'] {
  return { slot, answer: new Map([['signature', status]]) };
}

function witness(changes: Partial<EndpointEvidence> = {}): EndpointEvidence {
  return {
    endpoint: 'a',
    genesisHash: 'ours',
    finalizedHeight: 1_167n,
    finalizedSlot: 2_200n,
    validity: new Map([['blockhash', { slot: 2_200n, answer: false }]]),
    statuses: statuses(2_232n, null),
    firstAvailableSlot: 10n,
    ...changes,
  };
}

test('buries an attempt when a quorum gives all of the evidence', () => {
  assert.equal(judgeExpiry(attempt, [witness(), witness()], rules), 'expired');
});

test('leaves an attempt open when one witness is missing', () => {
  assert.equal(judgeExpiry(attempt, [witness()], rules), 'open');
  assert.equal(judgeExpiry(attempt, [], rules), 'open');
});

test('believes a single endpoint that saw it land over all that did not', () => {
  const seen = witness({ statuses: statuses(2_232n, landed), finalizedHeight: undefined });
  assert.equal(judgeExpiry(attempt, [witness(), witness(), seen], rules), 'landed');
});

const SPOILT: readonly [string, Partial<EndpointEvidence>][] = [
  ['is on another cluster', { genesisHash: 'another' }],
  ['does not say which cluster it is on', { genesisHash: undefined }],
  ['has finalized no height beyond the margin', { finalizedHeight: 1_166n }],
  ['tells no height', { finalizedHeight: undefined }],
  ['tells no finalized slot', { finalizedSlot: undefined }],
  [
    'says that the blockhash may still be used',
    { validity: new Map([['blockhash', { slot: 2_200n, answer: true }]]) },
  ],
  [
    'refuses the blockhash at a slot before it was given out',
    { validity: new Map([['blockhash', { slot: 1_999n, answer: false }]]) },
  ],
  ['does not say whether the blockhash may be used', { validity: new Map() }],
  ['looked for it at a slot before the finalized one', { statuses: statuses(2_199n, null) }],
  ['did not look for it', { statuses: undefined }],
  ['looked for others', { statuses: { slot: 2_232n, answer: new Map() } }],
  ['keeps no blocks from the time of the signing', { firstAvailableSlot: 2_001n }],
  ['does not say how far back it keeps blocks', { firstAvailableSlot: undefined }],
];

for (const [because, changes] of SPOILT) {
  test(`is not convinced by an endpoint that ${because}`, () => {
    assert.equal(judgeExpiry(attempt, [witness(), witness(changes)], rules), 'open');
  });
}
