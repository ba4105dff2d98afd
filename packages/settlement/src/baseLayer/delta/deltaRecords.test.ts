// Goal: records survive a restart in their newest version, and only one adapter writes a version.
// Method: two books of records on one store in memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemEnvironment } from '@lawbook/chains/environment';
import { MemoryStore } from '@lawbook/chains/stores/memoryStore';
import { taggedHash } from '@lawbook/exchange/codec/hash';
import { SettlementFault } from '../../settlementFault.ts';
import type { DeltaRecord } from './deltaRecords.ts';
import { storedDeltaRecords } from './deltaRecords.ts';

function recordOf(listNumber: bigint, version = 1): DeltaRecord {
  return {
    version,
    listNumber,
    listHash: taggedHash('testing', Uint8Array.of(Number(listNumber & 255n))),
    epochNumber: 12,
    batchNumber: 34,
    closedAtMs: 1_700_000_000_000,
    firstPoolNonce: 2n ** 60n + 1n,
    poolNonces: 3,
    strangers: ['a', 'b'],
    sdlHash: undefined,
    provedWith: undefined,
    isApplied: false,
  };
}

test('records come back ascending, each in its newest version', async () => {
  const store = new MemoryStore(systemEnvironment().clock);
  const records = storedDeltaRecords(store, 'delta');
  const done = { ...recordOf(9n, 2), sdlHash: 'x', provedWith: recordOf(1n).listHash };
  await records.put(recordOf(10n));
  await records.put(recordOf(9n));
  await records.put({ ...done, isApplied: true });
  assert.deepEqual(await storedDeltaRecords(store.reopen(), 'delta').all(), [
    { ...done, isApplied: true },
    recordOf(10n),
  ]);
  assert.deepEqual(await storedDeltaRecords(store, 'other').all(), []);
});

test('more records than a page come back', async () => {
  const records = storedDeltaRecords(new MemoryStore(systemEnvironment().clock), 'delta');
  for (let number = 1n; number <= 501n; number += 1n) await records.put(recordOf(number));
  assert.equal((await records.all()).length, 501);
});

test('a version is written once: the same text again is fine, another one is not', async () => {
  const store = new MemoryStore(systemEnvironment().clock);
  const [one, other] = [storedDeltaRecords(store, 'd'), storedDeltaRecords(store.reopen(), 'd')];
  await one.put(recordOf(1n));
  await other.put(recordOf(1n));
  await assert.rejects(other.put({ ...recordOf(1n), poolNonces: 4 }), (error) => {
    return error instanceof SettlementFault && error.code === 'SETTLEMENT_UNCERTAIN';
  });
});

test('a damaged record stops the start and is named', async () => {
  const store = new MemoryStore(systemEnvironment().clock);
  await store.insert([{ key: 'd/1/1', text: '{"version":1}' }]);
  await assert.rejects(storedDeltaRecords(store, 'd').all(), (error) => {
    assert.ok(error instanceof SettlementFault);
    assert.equal(error.code, 'SETTLEMENT_CONFIG_INVALID');
    assert.equal(error.fields['key'], 'd/1/1');
    return true;
  });
});

test('every damaged field of a record is named', async () => {
  const clock = systemEnvironment().clock;
  const sound = new MemoryStore(clock);
  const proved = { ...recordOf(1n), sdlHash: 'x', provedWith: recordOf(2n).listHash };
  await storedDeltaRecords(sound, 'd').put(proved);
  const [kept] = await storedDeltaRecords(sound, 'd').all();
  assert.deepEqual(kept, proved);
  const fieldOf = async (text: string): Promise<unknown> => {
    const store = new MemoryStore(clock);
    await store.insert([{ key: 'd/1/1', text }]);
    let field: unknown;
    await assert.rejects(storedDeltaRecords(store, 'd').all(), (error) => {
      assert.ok(error instanceof SettlementFault && error.code === 'SETTLEMENT_CONFIG_INVALID');
      field = error.fields['field'];
      return true;
    });
    return field;
  };
  for (const text of ['null', '5', '"text"', '[]', 'no JSON']) {
    assert.equal(await fieldOf(text), 'record', text);
  }
  const whole = {
    version: 1,
    listNumber: 1,
    listHash: recordOf(1n).listHash,
    epochNumber: 1,
    batchNumber: 1,
    closedAtMs: 1,
    firstPoolNonce: 1,
    poolNonces: 1,
    strangers: [],
    sdlHash: null,
    provedWith: null,
    isApplied: false,
  };
  const numbers = ['version', 'listNumber', 'epochNumber', 'batchNumber', 'closedAtMs'];
  for (const name of [...numbers, 'firstPoolNonce', 'poolNonces', 'sdlHash', 'strangers']) {
    const wrong = name === 'sdlHash' ? 5 : 'text';
    assert.equal(await fieldOf(JSON.stringify({ ...whole, [name]: wrong })), name);
  }
  for (const name of ['listHash', 'provedWith']) {
    assert.equal(await fieldOf(JSON.stringify({ ...whole, [name]: 'ab' })), name);
  }
  assert.equal(await fieldOf(JSON.stringify({ ...whole, strangers: null })), 'strangers');
});
