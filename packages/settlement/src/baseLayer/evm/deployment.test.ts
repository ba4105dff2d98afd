// Goal: a manifest is read back as it was written, and nothing else is read at all. Method: one
// good manifest, and the same with each member missing, of another form, or strange.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettlementFault } from '../../settlementFault.ts';
import type { Deployment } from './deployment.ts';
import { decodeDeployment, encodeDeployment } from './deployment.ts';

const GOOD: Deployment = {
  chainId: 31_337,
  registry: `0x${'1a'.repeat(20)}`,
  baseLayer: `0x${'2b'.repeat(20)}`,
  verifiers: [{ circuit: 'batchEpoch16', address: `0x${'3c'.repeat(20)}` }],
  tokens: [{ symbol: 'EUR', decimals: 6, address: `0x${'4d'.repeat(20)}` }],
  deployedAtBlock: 12n,
};

function refuses(text: string, field: string): void {
  assert.throws(
    () => decodeDeployment(text),
    (fault) => {
      assert.ok(fault instanceof SettlementFault);
      assert.equal(fault.code, 'SETTLEMENT_CONFIG_INVALID');
      assert.equal(fault.fields['field'], field);
      return true;
    },
  );
}

test('reads what it wrote, with addresses in lower case', () => {
  assert.deepEqual(decodeDeployment(encodeDeployment(GOOD)), GOOD);
  const loud = encodeDeployment({ ...GOOD, registry: `0x${'1A'.repeat(20)}` });
  assert.deepEqual(decodeDeployment(loud), GOOD);
});

test('refuses a manifest that lacks a member, or has one more', () => {
  const members = JSON.parse(encodeDeployment(GOOD)) as Record<string, unknown>;
  for (const name of Object.keys(members)) {
    const { [name]: _left, ...rest } = members;
    refuses(JSON.stringify(rest), `the manifest.${name}`);
  }
  refuses(JSON.stringify({ ...members, owner: 'me' }), 'the manifest.owner');
  refuses('{', 'the manifest');
  refuses('[]', 'the manifest');
});

test('refuses members of another form', () => {
  const members = JSON.parse(encodeDeployment(GOOD)) as Record<string, unknown>;
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['chainId', '31337', 'chainId'],
    ['chainId', 0, 'chainId'],
    ['registry', '0x12', 'registry'],
    ['deployedAtBlock', 12, 'deployedAtBlock'],
    ['deployedAtBlock', '012', 'deployedAtBlock'],
    ['verifiers', {}, 'verifiers'],
    ['verifiers', [{ circuit: '', address: GOOD.registry }], 'verifiers[0].circuit'],
    ['tokens', [{ symbol: 'EUR', decimals: 256, address: GOOD.registry }], 'tokens[0].decimals'],
    ['tokens', [{ symbol: 'EUR', address: GOOD.registry }], 'tokens[0].decimals'],
  ];
  for (const [name, given, field] of cases) {
    const text = JSON.stringify({ ...members, [name]: given });
    assert.throws(
      () => decodeDeployment(text),
      (fault) => {
        return fault instanceof SettlementFault && String(fault.fields['field']).endsWith(field);
      },
    );
  }
});
