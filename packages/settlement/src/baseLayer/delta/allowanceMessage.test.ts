// Goal: what an owner signs is one string of bytes for one allowance, in whatever order its tokens
// were named, and what domains say of keys and refusals is read as it is meant. Method: bytes and
// words by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { borshAllowanceMessage } from './allowanceMessage.ts';
import { parseBase58, parseDeltaKey, printBase58 } from './deltaKey.ts';
import { refusalSaid } from './deltaRefusal.ts';
import type { AllowancePayload } from './deltaWire.ts';
import { deltaAddress, NATIVE_TOKEN } from './deltaWire.ts';

const key = (byte: number): string => printBase58(new Uint8Array(32).fill(byte));
const POOL = deltaAddress(key(1), 7n);
const LOW = deltaAddress(key(2), 1n);
const HIGH = deltaAddress(key(2), 2n);

function payloadOf(allowances: ReadonlyMap<string, bigint>): AllowancePayload {
  const content = { allowances, credited: POOL, debitedShard: 9n, newNonce: 5n };
  return { content, auxiliary: Uint8Array.of(0xaa, 0xbb) };
}

test('the bytes of an allowance are those of its parts, integers little-endian', () => {
  const message = borshAllowanceMessage(payloadOf(new Map([[LOW, 258n]])));
  const parts = [
    '01'.repeat(32),
    '0700000000000000',
    '01000000',
    `01${'02'.repeat(32)}0100000000000000`,
    '00',
    '0201000000000000',
    '0500000000000000',
    '0900000000000000',
    '02000000',
    'aabb',
  ];
  assert.equal(bytesToHex(message), `0x${parts.join('')}`);
});

test('tokens ascend by their bytes, the native one first', () => {
  const entries: readonly (readonly [string, bigint])[] = [
    [HIGH, 3n],
    [NATIVE_TOKEN, 1n],
    [LOW, 2n],
  ];
  const message = bytesToHex(borshAllowanceMessage(payloadOf(new Map(entries))));
  const turned = borshAllowanceMessage(payloadOf(new Map(entries.toReversed())));
  assert.equal(bytesToHex(turned), message);
  const native = '00000100000000000000';
  const body = message.slice(2 + 2 * (32 + 8 + 4));
  assert.ok(body.startsWith(native), 'a variant, an amount’s variant, eight bytes of units');
  const units = [body.indexOf('0002000000000000'), body.indexOf('0003000000000000')];
  assert.ok((units[0] ?? 0) > 0 && (units[0] ?? 0) < (units[1] ?? 0));
});

test('a key is 32 bytes in base58 and nothing around it', () => {
  const text = key(7);
  assert.deepEqual(parseDeltaKey(text), new Uint8Array(32).fill(7));
  for (const wrong of [` ${text}`, `${text}\n`, `0${text}`, text.slice(1), `${text}2`, '', 'l']) {
    assert.equal(parseDeltaKey(wrong), undefined, JSON.stringify(wrong));
  }
  assert.equal(parseDeltaKey('1'.repeat(65)), undefined, 'foreign text is bounded');
  assert.deepEqual(parseBase58('1'.repeat(32), 32), new Uint8Array(32));
});

test('a refusal of a domain is named where it begins with a rule', () => {
  const named = refusalSaid('VaultsAreSolvent: the vault holds 3', 'DomainRefuses');
  assert.equal(named.rule, 'VaultsAreSolvent');
  assert.match(named.sentence, / the vault holds 3$/);
  assert.doesNotMatch(named.sentence, /VaultsAreSolvent/, 'the name is not said twice');
  const plain = refusalSaid('not today', 'DomainRefuses');
  assert.equal(plain.rule, 'DomainRefuses');
  assert.match(plain.sentence, / not today$/);
  const silent = refusalSaid('  ', 'ProvingFailed');
  assert.deepEqual([silent.rule, silent.sentence.endsWith(' ')], ['ProvingFailed', false]);
});
