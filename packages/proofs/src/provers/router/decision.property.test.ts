// Goal: a decision is a function of its inputs, never picks what a filter excludes, and can be
// taken again from its log.
// Method: generated backends, loads, breakers and demands; the rules restated as predicates.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Breaker } from './breaker.ts';
import { CLOSED } from './breaker.ts';
import type { BackendView, DecisionInputs } from './decision.ts';
import { decide } from './decision.ts';

const breakers: fc.Arbitrary<Breaker> = fc.oneof(
  fc.constant(CLOSED),
  fc.record({
    kind: fc.constant('open' as const),
    probeAtMs: fc.integer({ min: 0, max: 2000 }),
    openMs: fc.constant(100),
    isProbing: fc.boolean(),
  }),
);

function views(id: string): fc.Arbitrary<BackendView> {
  return fc
    .record({
      isChecked: fc.boolean(),
      traits: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      gatesMax: fc.constantFrom(1024, 4096, 1 << 20),
      knows: fc.boolean(),
      running: fc.integer({ min: 0, max: 2 }),
      queued: fc.integer({ min: 0, max: 2 }),
      breaker: breakers,
      costPerSecond: fc.integer({ min: 0, max: 3 }),
      measuredMs: fc.option(fc.integer({ min: 1, max: 3000 }), { nil: undefined }),
      failures: fc.integer({ min: 0, max: 2 }),
    })
    .map(({ isChecked, traits, gatesMax, knows, running, queued, measuredMs, ...rest }) => ({
      id,
      capabilities: {
        kind: isChecked ? ('checked' as const) : ('validity' as const),
        insecureSetup: traits[0] === true,
        evmVerifiable: traits[1] === true,
        zeroKnowledge: traits[2] === true,
        transparent: traits[3] === true,
        postQuantum: traits[4] === true,
        recursive: false,
        setup: 'universal' as const,
        circuits: knows ? (['assetsAreConserved8'] as const) : [],
        gatesMax,
        measured: [{ gates: 4000, proveMs: 800, memoryBytes: 1, proofBytes: 1 }],
      },
      load: { running, queued, workers: 2, queueMax: 2 },
      ...rest,
      ...(measuredMs === undefined ? {} : { measuredMs }),
    }));
}

const inputs: fc.Arbitrary<DecisionInputs> = fc
  .record({
    demands: fc.record({
      checkedAllowed: fc.boolean(),
      insecureSetupAllowed: fc.boolean(),
      evmVerifiable: fc.boolean(),
      zeroKnowledge: fc.boolean(),
    }),
    deadlineAtMs: fc.option(fc.integer({ min: 1000, max: 6000 }), { nil: undefined }),
    backends: fc.tuple(views('a'), views('b'), views('c'), views('d')),
  })
  .map(({ deadlineAtMs, ...rest }) => ({
    nowMs: 1000,
    circuit: 'assetsAreConserved8',
    gates: 3948,
    gatesDyadic: 4096,
    failuresMax: 2,
    ...rest,
    ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
  }));

/** The hard rules, said again. */
function mayBeChosen(view: BackendView, { demands, nowMs }: DecisionInputs): boolean {
  const { capabilities: can, load, breaker } = view;
  const rests = breaker.kind === 'open' && (breaker.isProbing || breaker.probeAtMs > nowMs);
  const isFull = load.running >= 2 && load.queued >= 2;
  if (rests || isFull || view.failures >= 2 || can.circuits.length === 0) return false;
  if (can.gatesMax < 4096) return false;
  if (can.insecureSetup && !demands.insecureSetupAllowed) return false;
  if (can.kind === 'checked') return demands.checkedAllowed;
  const lacks =
    (demands.evmVerifiable === true && !can.evmVerifiable) ||
    (demands.zeroKnowledge === true && !can.zeroKnowledge);
  return !lacks;
}

describe('a decision', () => {
  test('chooses among those that meet every demand, and somebody if there is anybody', () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const able = given.backends.filter((view) => mayBeChosen(view, given));
        const { chosen, considered } = decide(given);
        assert.equal(chosen === undefined, able.length === 0);
        if (chosen !== undefined) assert.ok(able.some(({ id }) => id === chosen));
        const left = considered.filter(({ leftOut }) => leftOut === undefined);
        assert.deepEqual(left.map(({ id }) => id).sort(), able.map(({ id }) => id).sort());
      }),
    );
  });

  test('prefers a proof to a check', () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const able = given.backends.filter((view) => mayBeChosen(view, given));
        const kindOf = (id: string | undefined): string | undefined =>
          given.backends.find((view) => view.id === id)?.capabilities.kind;
        if (able.some(({ capabilities }) => capabilities.kind === 'validity')) {
          assert.equal(kindOf(decide(given).chosen), 'validity');
        }
      }),
    );
  });

  test('is never late when a backend of its kind would be in time', () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const { chosen, considered } = decide(given);
        const { deadlineAtMs, nowMs, backends } = given;
        if (chosen === undefined || deadlineAtMs === undefined) return;
        const kindOf = (id: string): string | undefined =>
          backends.find((view) => view.id === id)?.capabilities.kind;
        const inTime = considered.filter(
          ({ id, predictedMs }) =>
            predictedMs !== undefined &&
            nowMs + predictedMs <= deadlineAtMs &&
            kindOf(id) === kindOf(chosen),
        );
        if (inTime.length > 0) assert.ok(inTime.some(({ id }) => id === chosen));
      }),
    );
  });

  test('does not depend on the order of the backends, and is taken again from its log', () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const decision = decide(given);
        const turned = { ...given, backends: [...given.backends].reverse() };
        assert.deepEqual(decide(turned), decision);
        const logged = JSON.parse(JSON.stringify(given)) as DecisionInputs;
        assert.deepEqual(decide(logged), decision);
      }),
    );
  });
});
