// Goal: nothing that goes into an epoch circuit is free. Every figure is held by a law or by the
// public inputs, and those that no law reads are exactly the ones that the contract reads.
// Method: each field of the data vector in turn is one higher or lower, with the commitment and the
// value recomputed, so that only the laws can object. The other inputs are changed without that.
// Places are drawn from a printed seed: a share of them, and all when LAWBOOK_SHARE is 1 (minutes).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import {
  accepts,
  claimOf,
  provable,
  SMALLEST,
  withVector,
} from '../../../../testing/proofs/epochClaims.ts';
import { lawfulEpoch } from '../../../../testing/settlement/epochWorld.ts';
import { ordinaryDay, scarceDay } from '../../../../testing/world/batchSpecs.ts';
import { SeededRandom } from '../../../../testing/world/seededRandom.ts';
import type { CircuitInputs } from '../statements/statement.ts';

const SEED = Number(process.env['LAWBOOK_SEED'] ?? 20_261_121);
const random = new SeededRandom(SEED);
const draw = (): number => random.next();
const SHARE = Number(process.env['LAWBOOK_SHARE'] ?? 0.05);
console.log(`seed ${SEED}`);

const EPOCH = lawfulEpoch(
  [ordinaryDay(), { ...ordinaryDay(), haltReason: 'a test' }].map(provable),
);
const INPUTS: CircuitInputs = (await claimOf(EPOCH?.batches ?? [])).witness.inputs;
const VECTOR = INPUTS['vector'] as readonly bigint[];

/** Fields of an element from the most significant on: name and bits. */
type Fields = readonly (readonly [string, number])[];

const HEAD: Fields = [
  ['shard', 32],
  ['market', 32],
  ['list number', 64],
  ['epoch number', 64],
  ['batches', 8],
  ['assets', 8],
  ['order rows', 16],
  ['vault rows', 16],
];
const BATCH: Fields = [
  ['batch number', 64],
  ['closed at', 64],
  ['observed at', 64],
  ['rows of the batch', 16],
  ['halted', 8],
];
const SIGNED: Fields = [
  ['budget', 64],
  ['numerator', 64],
  ['denominator', 64],
  ['minimum', 32],
  ['pay', 8],
  ['product', 16],
];
const CAME: Fields = [
  ['paid', 64],
  ['received', 64],
  ['vault', 16],
  ['batch', 8],
  ['void', 8],
];
const HALF: Fields = [['half', 128]];
const COMMITMENT: Fields = [['commitment', 253]];
const WORD: Fields = [
  ['third', 64],
  ['second', 64],
  ['first', 64],
];

/** Elements of D in order: a name and its fields. */
function layout(): (readonly [string, Fields])[] {
  const { batches, orders, vaults, assetWords } = SMALLEST;
  const words = (name: string): (readonly [string, Fields])[] =>
    Array.from({ length: assetWords }, () => [name, WORD] as const);
  const repeated = (
    count: number,
    rows: (k: number) => (readonly [string, Fields])[],
  ): (readonly [string, Fields])[] => Array.from({ length: count }, (_, k) => rows(k)).flat();
  return [
    ['head', HEAD],
    ...repeated(2, () => [['previous list', HALF]]),
    ...repeated(2, () => [['this list', HALF]]),
    ...words('pool'),
    ...repeated(batches, (k) => [
      [`batch ${k}`, BATCH],
      ...repeated(2, () => [[`batch ${k} orders`, HALF]]),
      ...repeated(2, () => [[`batch ${k} oracle`, HALF]]),
      [`batch ${k}`, COMMITMENT],
      ...words(`batch ${k} price`),
      ...words(`batch ${k} mid`),
    ]),
    ...repeated(orders, (k) => [
      [`order ${k}`, SIGNED],
      [`order ${k}`, CAME],
    ]),
    ...repeated(vaults, (k) => words(`vault ${k}`)),
  ];
}

/** Facts that the contract alone shows: the circuit carries them. */
const FOR_THE_CONTRACT: readonly RegExp[] = [
  /^head (shard|market|list number|epoch number)$/,
  /^(previous list|this list) half$/,
  /^batch [01] (orders|oracle) half$/,
  /^batch [01] (batch number|rows of the batch)$/,
  // A close or a quote a millisecond later breaks no law here, nor do times of a halted batch.
  /^batch [01] (closed at|observed at)$/,
  // More rows than there are: empty ones, which pay nothing.
  /^head (order rows|vault rows)$/,
];

/**
 * Terms that may differ by one without another fill: limits that are far from binding, prices of a
 * halted batch, minimums that are kept or missed anyway.
 */
const SLACK: readonly RegExp[] = [
  /^order \d+ (numerator|denominator|minimum)$/,
  /^order (5|6|7|8|9|1\d) (budget|pay|product|vault|batch|void)$/,
  // 10^-12 of a dollar is within the tolerance of the quote and moves few floors.
  /^batch [01] (price|mid) (first|second|third)$/,
  /^pool (first|second|third)$/,
];

function fields(): { readonly name: string; readonly element: number; readonly unit: bigint }[] {
  return layout().flatMap(([name, parts], element) => {
    let shift = 0n;
    return [...parts].reverse().map(([field, bits]) => {
      const unit = 1n << shift;
      shift += BigInt(bits);
      return { name: `${name} ${field}`, element, unit };
    });
  });
}

test('every field of the data vector is held by a law, or the contract reads it', async () => {
  assert.equal(layout().length, VECTOR.length);
  const accepted = new Set<string>();
  // One that is drawn always, so that the test can be seen to find what is free.
  const drawn = fields().filter(({ name }) => draw() < SHARE || name === 'head shard');
  for (const { name, element, unit } of drawn) {
    const sign = at(VECTOR, element) >= unit && draw() < 0.5 ? -1n : 1n;
    const vector = VECTOR.map((x, k) => (k === element ? x + sign * unit : x));
    if (await accepts(await withVector(INPUTS, vector))) accepted.add(name);
  }
  const free = [...accepted].filter(
    (name) => ![...FOR_THE_CONTRACT, ...SLACK].some((known) => known.test(name)),
  );
  assert.deepEqual(free, []);
  assert.ok(accepted.has('head shard'));
});

test('the public inputs are of this vector and no other', async () => {
  for (const name of ['commitment', 'point', 'evaluation']) {
    assert.equal(await accepts({ ...INPUTS, [name]: (INPUTS[name] as bigint) + 1n }), false, name);
  }
  const vector = VECTOR.map((x, k) => (k === 1 ? x + 1n : x));
  const renewed = await withVector(INPUTS, vector);
  assert.equal(await accepts({ ...renewed, commitment: INPUTS['commitment'] as bigint }), false);
  assert.equal(await accepts({ ...renewed, evaluation: INPUTS['evaluation'] as bigint }), false);
});

test('parameters open the commitment of every batch, each figure of them', async () => {
  const parameters = INPUTS['parameters'] as readonly bigint[];
  for (let k = 0; k < parameters.length; k += 1) {
    if (draw() > SHARE) continue;
    const moved = parameters.map((x, place) => (place === k ? x + 1n : x));
    assert.equal(await accepts({ ...INPUTS, parameters: moved }), false, `parameter ${k}`);
  }
});

test('no rationing factor is free, also where nothing is rationed or nothing is', async () => {
  const scarce = (await claimOf(lawfulEpoch([provable(scarceDay('proRata'))])?.batches ?? []))
    .witness.inputs;
  for (const inputs of [INPUTS, scarce]) {
    for (const name of ['pay_factors', 'receive_factors']) {
      const rows = inputs[name] as readonly (readonly bigint[])[];
      for (let j = 0; j < rows.length; j += 1) {
        for (let i = 0; i < at(rows, j).length; i += 1) {
          for (const step of [1n, -1_000_000n]) {
            if (draw() > SHARE) continue;
            const moved = rows.map((row, k) =>
              k === j ? row.map((x, place) => (place === i ? x + step : x)) : row,
            );
            const said = await accepts({ ...inputs, [name]: moved });
            assert.equal(said, false, `${name} ${j} ${i} ${step}`);
          }
        }
      }
    }
  }
});

test('no slot of the blocked list is free', async () => {
  const none = BigInt(SMALLEST.orders);
  for (const blocked of [
    [0n, none],
    [none, 0n],
    [none, none + 1n],
    [none + 1n, none],
    [none - 1n, none],
    [1n, 1n],
    [3n, 4n],
  ]) {
    assert.equal(await accepts({ ...INPUTS, blocked }), false, blocked.join(' '));
  }
});
