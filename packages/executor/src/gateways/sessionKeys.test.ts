// Goal: a session secret opens exactly one session, for exactly the request that it signed.
// Method: one good claim and every way to change it.

import assert from 'node:assert/strict';
import { createHmac, hash } from 'node:crypto';
import { test } from 'node:test';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { AuthorisedGrant } from '@lawbook/exchange/orders/signedTypes';
import { NO_DELEGATE, Scope } from '@lawbook/exchange/orders/signedTypes';
import type { ClaimedRequest, SessionClaim } from './sessionKeys.ts';
import { equalSecrets, parseClaim, SessionKeys } from './sessionKeys.ts';

const KEYS = new SessionKeys(new Uint8Array(32).fill(3));
const GRANT_ID = `0x${'ab'.repeat(32)}` as Hash;
const NOW = 1_800_000_000_000;
const ENTRY: AuthorisedGrant = {
  grant: {
    owner: accountId(`0x${'11'.repeat(20)}`),
    delegate: NO_DELEGATE,
    scopes: Scope.trade,
    expiresAtMs: NOW + 1000,
    orderNonce: 1n,
  },
  grantId: GRANT_ID,
  signature: new Uint8Array(65),
};
const WORLD = { grants: new Map([[GRANT_ID, ENTRY]]), nowMs: NOW, skewMs: 30_000 };
const REQUEST: ClaimedRequest = {
  method: 'POST',
  path: '/v1/orders?x=1',
  body: new TextEncoder().encode('{"orders":[]}'),
};

function claim(
  request: ClaimedRequest,
  timestampMs = NOW,
  secret = KEYS.secretOf(GRANT_ID),
): SessionClaim {
  const bodyHash = hash('sha256', request.body, 'hex');
  const text = `${request.method}\n${request.path}\n${timestampMs}\n${bodyHash}`;
  const mac = createHmac('sha256', hexToBytes(secret)).update(text).digest('hex');
  return { sessionId: GRANT_ID, timestampMs, mac: `0x${mac}` };
}

function codeOf(sent: SessionClaim, request = REQUEST, world = WORLD): string {
  const verified = KEYS.verify(sent, request, world);
  return verified.ok ? 'verified' : verified.rejection.code;
}

test('the request that was signed is verified', () => {
  assert.equal(codeOf(claim(REQUEST)), 'verified');
});

test('another method, path, query, body or time is not', () => {
  const sent = claim(REQUEST);
  const changes: Partial<ClaimedRequest>[] = [
    { method: 'DELETE' },
    { path: '/v1/orders?x=2' },
    { path: '/v1/orders' },
    { body: new TextEncoder().encode('{"orders":[ ]}') },
  ];
  for (const change of changes) {
    assert.equal(codeOf(sent, { ...REQUEST, ...change }), 'unauthenticated');
  }
  assert.equal(codeOf({ ...sent, timestampMs: NOW + 1 }), 'unauthenticated');
});

test('the secret of another session, or of another server, opens nothing', () => {
  const other = KEYS.secretOf(`0x${'cd'.repeat(32)}` as Hash);
  assert.equal(codeOf(claim(REQUEST, NOW, other)), 'unauthenticated');
  const elsewhere = new SessionKeys(new Uint8Array(32).fill(4)).secretOf(GRANT_ID);
  assert.equal(codeOf(claim(REQUEST, NOW, elsewhere)), 'unauthenticated');
});

test('the clock may be off by the skew and not more', () => {
  for (const offMs of [-30_000, 30_000]) {
    assert.equal(codeOf(claim(REQUEST, NOW + offMs)), 'verified');
  }
  for (const offMs of [-30_001, 30_001]) {
    assert.equal(codeOf(claim(REQUEST, NOW + offMs)), 'timestampSkewed');
  }
});

test('a session that ended, was revoked or belongs to a delegate is not in force', () => {
  const late = { ...WORLD, nowMs: NOW + 1000 };
  assert.equal(codeOf(claim(REQUEST), REQUEST, late), 'sessionExpired');
  const revoked = { ...WORLD, grants: new Map() };
  assert.equal(codeOf(claim(REQUEST), REQUEST, revoked), 'sessionExpired');
  const delegate = accountId(`0x${'22'.repeat(20)}`);
  const delegated = { ...ENTRY, grant: { ...ENTRY.grant, delegate } };
  const world = { ...WORLD, grants: new Map([[GRANT_ID, delegated]]) };
  assert.equal(codeOf(claim(REQUEST), REQUEST, world), 'sessionExpired');
});

test('the header has one form', () => {
  const { sessionId, mac } = claim(REQUEST);
  assert.deepEqual(parseClaim(`Lawbook ${sessionId}:${NOW}:${mac}`), claim(REQUEST));
  for (const header of [
    `lawbook ${sessionId}:${NOW}:${mac}`,
    `Lawbook ${sessionId}:${NOW}`,
    `Lawbook ${sessionId}:${NOW}:${mac}00`,
    `Lawbook ${sessionId}:-1:${mac}`,
    `Lawbook ${sessionId}:${NOW}:${mac} `,
    '',
  ]) {
    assert.equal(parseClaim(header), undefined, header);
  }
});

test('secrets compare by their whole text', () => {
  assert.equal(equalSecrets('secret', 'secret'), true);
  assert.equal(equalSecrets('secret', 'secret1'), false);
  assert.equal(equalSecrets('', 'secret'), false);
});
