// Goal: no bytes that a stranger, a damaged disk or a lying endpoint hands in crash a decoder, are
// read as something that encodes otherwise, or cost time and memory out of proportion. Method: a
// small seeded budget of mutated inputs over every decoder, after the corpus of inputs that once
// failed; and planted decoders that the harness must catch, or its silence would mean nothing.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import type { FuzzTarget } from './fuzzTarget.ts';
import { codecTarget, whole } from './fuzzTarget.ts';
import type { FuzzCounts } from './runFuzz.ts';
import { FuzzRun, shrink } from './runFuzz.ts';
import { CORPUS, corpusOf } from './soakFuzz.ts';
import { ALL_TARGETS } from './targets/allTargets.ts';

const SEED = 20_261_121;
/** Mutated inputs of each decoder at most, and how long it may take them. */
const BUDGET = { inputs: 200, ms: 50 };
const CORPUS_BYTES_MAX = 200_000;

after(async () => {
  for (const target of ALL_TARGETS) await target.close?.();
});

for (const target of ALL_TARGETS) {
  test(`${target.name}: every input is read as its one encoding or refused`, async () => {
    const run = new FuzzRun(target, SEED);
    await run.begin(corpusOf(target.name));
    await run.go({ inputs: BUDGET.inputs, untilMs: performance.now() + BUDGET.ms });
    const [first] = run.counts.findings;
    const told = first === undefined ? '' : Buffer.from(first.bytes).toString('hex').slice(0, 400);
    assert.equal(first, undefined, `seed ${SEED}: ${first?.property} ${first?.detail} by ${told}`);
    assert.ok(run.counts.inputs > target.examples().length, 'something was mutated');
  });
}

test('the corpus holds inputs of known decoders only, and stays small', () => {
  const names = new Set(ALL_TARGETS.map(({ name }) => name));
  let bytes = 0;
  for (const folder of readdirSync(CORPUS)) {
    assert.ok(names.has(folder), folder);
    for (const file of readdirSync(join(CORPUS, folder))) {
      bytes += statSync(join(CORPUS, folder, file)).size;
    }
  }
  assert.ok(bytes < CORPUS_BYTES_MAX, `${bytes} bytes`);
});

/** A decoder of two numbers and a list, sound unless told otherwise. */
function planted(decode: (bytes: Uint8Array) => number[]): FuzzTarget {
  return codecTarget({
    name: 'planted',
    examples: () => [Uint8Array.of(0, 0, 0, 3, 1, 2, 3)],
    decode,
    encode: (numbers) => Uint8Array.of(0, 0, 0, numbers.length, ...numbers),
  });
}

async function found(target: FuzzTarget): Promise<FuzzCounts['findings']> {
  const run = new FuzzRun(target, SEED);
  await run.go({ inputs: 2_000, untilMs: performance.now() + 5_000 });
  return run.counts.findings;
}

test('a planted decoder of two encodings is caught, and its input cut down', async () => {
  const target = planted((bytes) => [...bytes.subarray(4, 4 + (bytes[3] ?? 0))]);
  const [finding] = await found(target);
  assert.equal(finding?.property, 'canonical');
  if (finding !== undefined) {
    assert.ok((await shrink(target, finding)).length <= finding.bytes.length);
  }
});

test('a planted decoder that ends in another error than its own is caught', async () => {
  const target = planted((bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return Array.from({ length: view.getUint32(0) % 100 }, (_, k) => view.getUint8(4 + k));
  });
  assert.ok((await found(target)).some(({ property }) => property === 'crash'));
});

test('a planted decoder that believes a hostile length is caught', async () => {
  const target = planted(
    whole((reader) => {
      const length = reader.u32();
      // Touched, because memory that nobody touches is not there yet.
      const room = new Uint8Array(Math.min(length, 0x2000_0000)).fill(1);
      if (room.length !== reader.remaining) throw new DecodeError('another length', 0);
      return Array.from({ length }, () => reader.u8());
    }),
  );
  assert.ok((await found(target)).some(({ property }) => property === 'memory'));
});
