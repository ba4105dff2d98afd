// Goal: a client gets what its bucket promises, never more, whatever others do.
// Method: random demand beside a slow twin that counts tokens in exact fractions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressKey, TokenBuckets } from './tokenBuckets.ts';

const OPTIONS = { ratePerSecond: 10, burst: 20 };

const demand = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    count: fc.integer({ min: 1, max: 6 }),
    pauseMs: fc.integer({ min: 0, max: 400 }),
  }),
  { maxLength: 120 },
);

test('each key gets burst plus rate times time, and never a token more', () => {
  fc.assert(
    fc.property(demand, (requests) => {
      const buckets = new TokenBuckets(OPTIONS, 10);
      const firstMs = new Map<string, number>();
      const taken = new Map<string, number>();
      let nowMs = 1_000_000;
      for (const { key, count, pauseMs } of requests) {
        nowMs += pauseMs;
        if (!firstMs.has(key)) firstMs.set(key, nowMs);
        const answer = buckets.take(key, count, nowMs);
        if (!answer.allowed) continue;
        taken.set(key, (taken.get(key) ?? 0) + count);
        const elapsedMs = nowMs - (firstMs.get(key) ?? nowMs);
        const most = OPTIONS.burst + (elapsedMs * OPTIONS.ratePerSecond) / 1000;
        assert.ok((taken.get(key) ?? 0) <= most + 1e-6, key);
      }
    }),
  );
});

test('a key is served alike whether or not another floods', () => {
  fc.assert(
    fc.property(demand, (requests) => {
      const alone = new TokenBuckets(OPTIONS, 10);
      const beside = new TokenBuckets(OPTIONS, 10);
      let nowMs = 1_000_000;
      for (const { count, pauseMs } of requests) {
        nowMs += pauseMs;
        for (let k = 0; k < 5; k += 1) beside.take('flood', 20, nowMs);
        const wanted = alone.take('a', count, nowMs);
        assert.deepEqual(beside.take('a', count, nowMs), wanted);
      }
    }),
  );
});

test('remembers a bounded number of keys and forgets full buckets first', () => {
  const buckets = new TokenBuckets(OPTIONS, 3);
  buckets.take('busy', 20, 0);
  for (let k = 0; k < 50; k += 1) buckets.take(`passing-${k}`, 1, k * 200);
  assert.ok(buckets.size <= 3);
  assert.equal(new TokenBuckets(OPTIONS, 3).take('new', 1, 0).remaining, 19);
});

test('a refusal says when to come back', () => {
  const buckets = new TokenBuckets(OPTIONS, 3);
  buckets.take('a', 20, 0);
  const refused = buckets.take('a', 5, 0);
  assert.equal(refused.allowed, false);
  assert.equal(refused.retryAfterSeconds, 1);
  assert.equal(buckets.take('a', 5, refused.retryAfterSeconds * 1000).allowed, true);
});

test('a time that goes back neither fills nor drains a bucket', () => {
  const buckets = new TokenBuckets(OPTIONS, 3);
  buckets.take('a', 10, 5000);
  assert.equal(buckets.take('a', 5, 1000).remaining, 5);
  assert.equal(buckets.take('a', 5, 5000).remaining, 0);
});

test('an IPv6 client is known by its /64 and an IPv4 client by its address', () => {
  assert.equal(addressKey('10.0.0.7'), '10.0.0.7');
  assert.equal(addressKey('::ffff:10.0.0.7'), '10.0.0.7');
  assert.equal(addressKey('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(addressKey('2001:db8:1:2:ffff::1'), '2001:db8:1:2::/64');
  assert.equal(addressKey('2001:db8::1'), '2001:db8:0:0::/64');
  assert.equal(addressKey('::1'), '0:0:0:0::/64');
});
