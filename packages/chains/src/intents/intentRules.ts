import { isAddress, isHex, size } from 'viem';
import { ChainFault } from '../chainFault.ts';
import type { ExpectedDelta, IntentRequest } from './intent.ts';

/** Call data of one transaction at most, in bytes: what geth's pool takes. */
export const CALL_BYTES_MAX: number = 128 * 1024;
const KEY = /^[A-Za-z0-9._:-]{1,128}$/;
/** Balances that one intent may name: its record has to stay a record of a store. */
const EXPECTS_MAX = 64;
/** Far beyond any supply; keeps sums within what chains can state. */
const WEI_LIMIT = 1n << 128n;

/**
 * Refuses a request that could never be carried out, before anything is stored.
 *
 * @throws ChainFault CHAIN_INTENT_INVALID naming field, rule, what was found and the fix.
 */
export function checkRequest(request: IntentRequest, nowMs: number): void {
  checkTypes(request);
  checkCall(request);
  checkTimes(request, nowMs);
  checkKinds(request);
  expectRule(isWei(request.feeCap) && request.feeCap > 0n, {
    field: 'feeCap',
    rule: 'is a positive number of wei',
    actual: String(request.feeCap),
    fix: 'state the most that the fee of this transaction may cost',
  });
  expectRule(request.principal.length > 0 && request.principal.length <= 128, {
    field: 'principal',
    rule: 'has 1 to 128 characters',
    actual: `${request.principal.length} characters`,
    fix: 'name who asks; budgets count by it',
  });
  const before = request.after?.key;
  expectRule(before === undefined || (KEY.test(before) && before !== request.key), {
    field: 'after.key',
    rule: 'is the key of another intent',
    actual: before?.slice(0, 140) ?? '',
    fix: 'leave `after` undefined',
  });
  expectRule(request.expects.length <= EXPECTS_MAX, {
    field: 'expects',
    rule: `has at most ${EXPECTS_MAX} entries`,
    actual: `${request.expects.length} entries`,
    fix: 'state those that matter',
  });
  for (const [index, { least, most }] of request.expects.entries()) {
    expectRule(least <= most, {
      field: `expects[${index}]`,
      rule: 'has least <= most',
      actual: `${least} > ${most}`,
      fix: 'swap the bounds; a loss is negative',
    });
  }
}

function checkCall(request: IntentRequest): void {
  expectRule(KEY.test(request.key), {
    field: 'key',
    rule: 'has 1 to 128 characters of A-Z a-z 0-9 . _ : -',
    actual: request.key.slice(0, 140),
    fix: 'derive it from what the intent is for, such as settle:epoch:17',
  });
  expectRule(request.to === undefined || isAddress(request.to, { strict: false }), {
    field: 'to',
    rule: 'is an address of 20 bytes, or undefined to create a contract',
    actual: String(request.to),
    fix: 'write 0x and 40 hex digits',
  });
  expectRule(isWei(request.amount), {
    field: 'amount',
    rule: 'is between 0 and 2^128 - 1 wei',
    actual: String(request.amount),
    fix: 'state wei, not ether',
  });
  const readable = isHex(request.callData) && request.callData.length % 2 === 0;
  expectRule(readable && size(request.callData) <= CALL_BYTES_MAX, {
    field: 'callData',
    rule: `is hex of whole bytes, at most ${CALL_BYTES_MAX}`,
    actual: `${request.callData.length} characters`,
    fix: 'write 0x for none; split what is longer',
  });
  expectRule(request.to !== undefined || request.callData !== '0x', {
    field: 'callData',
    rule: 'holds the code of the contract that is created',
    actual: '0x',
    fix: 'give the deployment bytes, or name a target in `to`',
  });
  expectRule(request.gasLimit === undefined || isGas(request.gasLimit), {
    field: 'gasLimit',
    rule: 'is between 21000 and 2^40',
    actual: String(request.gasLimit),
    fix: 'leave it undefined to have it estimated',
  });
}

function checkTimes(request: IntentRequest, nowMs: number): void {
  const { deadlineMs, finality, privateForMs } = request;
  expectRule(Number.isSafeInteger(deadlineMs) && deadlineMs > nowMs, {
    field: 'deadlineMs',
    rule: 'is a time in milliseconds since 1970 that has not passed',
    actual: String(deadlineMs),
    fix: `state a time after ${nowMs}`,
  });
  const blocks = finality.kind === 'confirmations' ? finality.blocks : 1;
  expectRule(Number.isSafeInteger(blocks) && blocks >= 1 && blocks <= 256, {
    field: 'finality.blocks',
    rule: 'is between 1 and 256',
    actual: String(blocks),
    fix: 'use finalized for what must be buried deeper',
  });
  expectRule(
    privateForMs === undefined || (Number.isSafeInteger(privateForMs) && privateForMs >= 0),
    {
      field: 'privateForMs',
      rule: 'is a number of milliseconds',
      actual: String(privateForMs),
      fix: 'leave it undefined to keep the intent private until its deadline',
    },
  );
}

/** The types that the other rules count on: what comes from parsed JSON need not have them. */
function checkTypes(request: IntentRequest): void {
  const expectType = (holds: boolean, field: string, rule: string): void => {
    expectRule(holds, { field, rule, actual: 'something else', fix: 'look at IntentRequest' });
  };
  expectType(isObject(request), 'request', 'is an object');
  const { key, callData, gasLimit, finality, expects, after, principal } = request;
  expectType(typeof key === 'string', 'key', 'is a text');
  expectType(typeof callData === 'string', 'callData', 'is a text of hex digits');
  const isGasType = gasLimit === undefined || typeof gasLimit === 'bigint';
  expectType(isGasType, 'gasLimit', 'is a bigint, or undefined');
  expectType(isObject(finality), 'finality', 'is an object with a kind');
  const isAfter = after === undefined || (isObject(after) && typeof after.key === 'string');
  expectType(isAfter, 'after', 'is an object with key and level, or undefined');
  expectType(typeof principal === 'string', 'principal', 'is a text');
  expectType(Array.isArray(expects), 'expects', 'is a list');
  for (const [index, delta] of expects.entries()) {
    const rule = 'has an asset, an account, and the bigints least and most';
    expectType(isDelta(delta), `expects[${index}]`, rule);
  }
}

function isDelta(delta: ExpectedDelta): boolean {
  if (!isObject(delta)) return false;
  const { asset, account, least, most } = delta;
  const isAsset = asset === 'native' || isAddress(asset, { strict: false });
  const isBounded = typeof least === 'bigint' && typeof most === 'bigint';
  return isAsset && isAddress(account, { strict: false }) && isBounded;
}

function isObject(given: unknown): boolean {
  return typeof given === 'object' && given !== null;
}

/** Requests come from other programs as well: a word that is none of ours must not be stored. */
function checkKinds({ urgency, finality, route, after }: IntentRequest): void {
  const expectWord = (field: string, actual: string, words: readonly string[]): void => {
    const rule = `is one of ${words.join(', ')}`;
    expectRule(words.includes(actual), { field, rule, actual: String(actual), fix: 'use one' });
  };
  expectWord('urgency', urgency, ['patient', 'urgent']);
  expectWord('finality.kind', finality.kind, ['confirmations', 'safe', 'finalized']);
  expectWord('route', route, ['public', 'private']);
  if (after !== undefined) expectWord('after.level', after.level, ['included', 'final']);
}

/** Whether a text can be the key of an intent, the lane's own (`~...`) included. */
export function isKey(text: string): boolean {
  return KEY.test(text.replace(/^~/, ''));
}

function isWei(amount: bigint): boolean {
  return typeof amount === 'bigint' && amount >= 0n && amount < WEI_LIMIT;
}

function isGas(gasLimit: bigint): boolean {
  return gasLimit >= 21_000n && gasLimit <= 1n << 40n;
}

/** A rule as it is told to the caller. */
interface Rule {
  readonly field: string;
  readonly rule: string;
  readonly actual: string;
  readonly fix: string;
}

function expectRule(holds: boolean, { field, rule, actual, fix }: Rule): void {
  if (holds) return;
  throw new ChainFault('CHAIN_INTENT_INVALID', `${field} ${rule}; it is ${actual}: ${fix}.`, {
    fields: { field, rule, actual, fix },
  });
}
