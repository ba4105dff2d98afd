// Goal: a revert is told by the name and the arguments of the contract's error, in whatever form an
// endpoint hands it on; and only what time can mend may pass. Method: encoded errors, examples.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RpcError } from '@lawbook/chains/endpoints/transport';
import type { Hex } from 'viem';
import { encodeErrorResult, parseAbi } from 'viem';
import { REFUSAL_RULES } from '../refusalRules.ts';
import { decodeRefusal, REFUSALS_ABI, refusalOfCall } from './decodeRefusal.ts';

const OWNER: Hex = '0x00000000000000000000000000000000000000AA';

function encoded(errorName: string, args: readonly unknown[]): Hex {
  return encodeErrorResult({ abi: REFUSALS_ABI, errorName, args });
}

test('knows every rule of the contracts by its error', () => {
  const known = new Set(REFUSALS_ABI.flatMap((entry) => ('name' in entry ? [entry.name] : [])));
  assert.deepEqual(
    Object.keys(REFUSAL_RULES).filter((rule) => !known.has(rule)),
    [],
  );
});

test('names the error with its arguments in their order', () => {
  const { refusal, mayPass } = decodeRefusal(encoded('VaultsAreSolvent', [OWNER, 3n]));
  assert.deepEqual(
    [refusal.rule, refusal.details],
    ['VaultsAreSolvent', [OWNER.toLowerCase(), '3']],
  );
  assert.equal(mayPass, false);
  const token = decodeRefusal(encoded('ERC20InsufficientBalance', [OWNER, 1n, 2n]));
  assert.deepEqual(token.refusal.rule, 'ERC20InsufficientBalance');
});

test('a list that comes too early may pass, one that comes too late never does', () => {
  assert.equal(decodeRefusal(encoded('ListNumberIsNotNext', [4n, 5n])).mayPass, true);
  assert.equal(decodeRefusal(encoded('ListNumberIsNotNext', [5n, 4n])).mayPass, false);
  assert.equal(decodeRefusal(encoded('EpochIsNotNext', [5n, 4n])).mayPass, false);
  assert.equal(decodeRefusal(encoded('SettlementsArePaused', [])).mayPass, true);
});

test('keeps what an endpoint says within bounds', () => {
  const long: Hex = `0x${'ab'.repeat(9_000)}`;
  const { refusal } = decodeRefusal(encoded('LawsAreProven', [long]));
  assert.equal(refusal.rule, 'LawsAreProven');
  assert.equal(refusal.details[0]?.length, 2_000);
});

test('tells words and unknown errors as they are', () => {
  const words = encodeErrorResult({
    abi: parseAbi(['error Error(string)']),
    errorName: 'Error',
    args: ['too late'],
  });
  assert.deepEqual(decodeRefusal(words).refusal.details, ['reverted: "too late"']);
  const unknown = decodeRefusal('0xdeadbeef').refusal;
  assert.deepEqual([unknown.rule, unknown.details.length], ['Reverted', 1]);
  assert.match(unknown.details[0] ?? '', /0xdeadbeef/);
});

test('reads the bytes out of every form that endpoints give them', () => {
  const bytes = encoded('SettlementsArePaused', []);
  const forms: readonly unknown[] = [bytes, { data: bytes }, `Reverted ${bytes}`];
  for (const detail of forms) {
    const error = new RpcError('eth_call', {
      code: 3,
      message: 'execution reverted',
      data: detail,
    });
    assert.equal(refusalOfCall(error)?.refusal.rule, 'SettlementsArePaused');
  }
  const bare = new RpcError('eth_call', { code: -32000, message: 'execution reverted' });
  assert.equal(refusalOfCall(bare)?.refusal.rule, 'Reverted');
});

test('tells a call that cannot be paid from an endpoint that is away', () => {
  const words = 'insufficient funds for gas * price + value';
  const poor = refusalOfCall(new RpcError('eth_call', { code: -32000, message: words }));
  assert.deepEqual([poor?.refusal.rule, poor?.mayPass], ['insufficientFunds', true]);
  const away = new RpcError('eth_call', { code: -32000, message: 'header not found' });
  assert.equal(refusalOfCall(away), undefined);
  assert.equal(refusalOfCall(new Error('reverted')), undefined);
});
