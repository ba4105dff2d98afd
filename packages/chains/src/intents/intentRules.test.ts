// Goal: what could never be carried out is refused before it is stored, naming field, rule, what
// was found and the fix. Method: a request that is fine, changed in one place at a time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChainFault } from '../chainFault.ts';
import type { IntentRequest } from './intent.ts';
import { checkRequest } from './intentRules.ts';

const NOW = 1_800_000_000_000;
const FINE: IntentRequest = {
  key: 'settle:epoch:17',
  to: '0x1111111111111111111111111111111111111111',
  amount: 1n,
  callData: '0x',
  gasLimit: undefined,
  urgency: 'patient',
  deadlineMs: NOW + 1,
  finality: { kind: 'confirmations', blocks: 3 },
  feeCap: 1n,
  route: 'public',
  privateForMs: undefined,
  expects: [],
  after: undefined,
  principal: 'settlement',
};

const DELTA = { asset: 'native', account: FINE.to, least: 1n, most: 1n };

test('a request within all rules passes', () => {
  checkRequest(FINE, NOW);
  checkRequest({ ...FINE, to: undefined, callData: '0x60006000f3' }, NOW);
  checkRequest({ ...FINE, finality: { kind: 'finalized' }, gasLimit: 21_000n }, NOW);
});

const BROKEN: readonly [string, Partial<Record<keyof IntentRequest, unknown>>][] = [
  ['key', { key: '' }],
  ['key', { key: 'a b' }],
  ['key', { key: '~fill.1' }],
  ['key', { key: 'x'.repeat(129) }],
  ['to', { to: '0x11' }],
  ['to', { to: 'vitalik.eth' }],
  ['amount', { amount: -1n }],
  ['amount', { amount: 1n << 128n }],
  ['amount', { amount: 5 }],
  ['callData', { callData: '0x1' }],
  ['callData', { callData: 'hello' }],
  ['callData', { callData: `0x${'00'.repeat(128 * 1024 + 1)}` }],
  ['callData', { to: undefined }],
  ['gasLimit', { gasLimit: 20_999n }],
  ['gasLimit', { gasLimit: 1n << 41n }],
  ['deadlineMs', { deadlineMs: NOW }],
  ['deadlineMs', { deadlineMs: Number.NaN }],
  ['deadlineMs', { deadlineMs: 1.5 }],
  ['finality.blocks', { finality: { kind: 'confirmations', blocks: 0 } }],
  ['finality.blocks', { finality: { kind: 'confirmations', blocks: 1000 } }],
  ['feeCap', { feeCap: 0n }],
  ['privateForMs', { privateForMs: -1 }],
  ['principal', { principal: '' }],
  ['after.key', { after: { key: FINE.key, level: 'final' } }],
  ['expects[0]', { expects: [{ asset: 'native', account: FINE.to, least: 2n, most: 1n }] }],
  ['key', { key: undefined }],
  ['key', { key: ['settle'] }],
  ['callData', { callData: null }],
  ['gasLimit', { gasLimit: 21_000 }],
  ['gasLimit', { gasLimit: '21000' }],
  ['finality', { finality: undefined }],
  ['after', { after: null }],
  ['after', { after: { key: 5, level: 'final' } }],
  ['principal', { principal: undefined }],
  ['principal', { principal: ['settlement'] }],
  ['expects', { expects: undefined }],
  ['expects', { expects: 'x' }],
  ['expects[0]', { expects: [null] }],
  ['expects[0]', { expects: [{ ...DELTA, least: 1 }] }],
  ['expects[0]', { expects: [{ ...DELTA, asset: 'ether' }] }],
  ['expects[0]', { expects: [{ ...DELTA, account: 'bob' }] }],
];

test('what is no request at all is refused in the same way', () => {
  for (const given of [undefined, null, 5, 'x', []]) {
    const refused = (fault: unknown): boolean => fault instanceof ChainFault;
    assert.throws(() => checkRequest(given as unknown as IntentRequest, NOW), refused);
  }
});

test('each broken rule is refused by the name of its field, with the fix', () => {
  for (const [field, change] of BROKEN) {
    const request = { ...FINE, ...change } as IntentRequest;
    assert.throws(
      () => checkRequest(request, NOW),
      (fault) => {
        assert.ok(fault instanceof ChainFault, field);
        assert.equal(fault.code, 'CHAIN_INTENT_INVALID');
        assert.equal(fault.fields['field'], field);
        assert.ok(String(fault.fields['fix']).length > 5, field);
        return true;
      },
      field,
    );
  }
});
