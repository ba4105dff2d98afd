/*
 * Stands in for `fast-check` while mutants are tried. Values are drawn from one seed, so that a
 * score can be had again; a failing property is not shrunk, since nobody reads the example; and a
 * share of the runs can be asked for, because few of them notice most mutants.
 */
import fc from 'fast-check';

/** What share of its runs a property makes, and how many runs were asked for since it was reset. */
export const drawing: { share: number; runs: number } = { share: 1, runs: 0 };

const SEED = 1;

/** What `import fc from 'fast-check'` gives instead. */
export const standIn: object = { ...fc, assert };

function assert<Ts>(
  property: Parameters<typeof fc.assert<Ts>>[0],
  parameters: fc.Parameters<Ts> = {},
): unknown {
  const numRuns = parameters.numRuns ?? fc.readConfigureGlobal().numRuns ?? RUNS_USUAL;
  drawing.runs += numRuns;
  return fc.assert(property, {
    seed: SEED,
    ...parameters,
    numRuns: Math.max(1, Math.ceil(numRuns * drawing.share)),
    endOnFailure: true,
  });
}

/** What fast-check does where nobody says otherwise. */
const RUNS_USUAL = 100;
