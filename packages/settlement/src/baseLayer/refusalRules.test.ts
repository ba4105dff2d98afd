import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { mayPass, REFUSAL_RULES, refusalOf } from './refusalRules.ts';

// Goal: the rules of refusal are those of the contract. Method: the names are read out of
// contracts/src/Errors.sol.

const ERRORS = resolve(import.meta.dirname, '../../../../contracts/src/Errors.sol');

test('names every error of the contract and no other', () => {
  const source = readFileSync(ERRORS, 'utf8');
  const names = [...source.matchAll(/^error (\w+)\(/gm)].map(([, name]) => name ?? '');
  assert.deepEqual(Object.keys(REFUSAL_RULES).sort(), names.sort());
});

test('says what a refusal means, and gives a foreign error a plain sentence', () => {
  assert.match(refusalOf('VaultsAreSolvent', []).sentence, /less than nothing/);
  assert.match(refusalOf('ERC20InsufficientBalance', ['0x00']).sentence, /refuses/);
  assert.match(refusalOf('toString', []).sentence, /refuses/);
});

test('waits for what is not there yet and for nothing else', () => {
  assert.equal(mayPass('ParametersAreNotActive'), true);
  assert.equal(mayPass('SpendsAreAuthorised'), false);
  assert.equal(mayPass('ERC20InsufficientBalance'), false);
});
