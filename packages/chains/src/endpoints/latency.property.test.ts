// Goal: the window tells the median and the ninth decile of the last answers.
// Method: random answers, compared with sorting them anew each time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Latency } from './latency.ts';

test('median and p90 are those of the last 32 answers', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5_000), { maxLength: 100 }), (answers) => {
      const latency = new Latency();
      for (const answer of answers) latency.add(answer);
      const sorted = answers.slice(-32).sort((a, b) => a - b);
      assert.equal(latency.median(), sorted[Math.floor((sorted.length - 1) / 2)]);
      assert.equal(latency.p90(), sorted[Math.ceil(sorted.length * 0.9) - 1]);
    }),
  );
});

test('what is expected follows the newest answers within some ten of them', () => {
  const latency = new Latency();
  assert.equal(latency.expected(), undefined);
  for (let i = 0; i < 50; i += 1) latency.add(10);
  for (let i = 0; i < 10; i += 1) latency.add(1_000);
  assert.ok((latency.expected() ?? 0) > 950);
});
