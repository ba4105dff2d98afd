// A process that plays histories over a venue with one planted fault until a checker says so:
// `LAWBOOK_PLANTED=NAME node --import plantHook.ts playPlanted.ts FIRST_SEED SEEDS STEPS`. Prints
// one line of JSON; without the hook it plays the venue as it is, which must be caught at nothing.
import { playHistory } from '../simulation/playHistory.ts';
import { drawHistory } from '../workload/drawHistory.ts';
import { PLANTED_FAULTS } from './plantedFaults.ts';

const [first = 1, seeds = 1, steps = 100] = process.argv.slice(2).map(Number);
const planted = PLANTED_FAULTS.find(({ name }) => name === process.env['LAWBOOK_PLANTED']);
let played = 0;
let told = false;

function tell(caught: unknown): void {
  if (told) return;
  told = true;
  process.stdout.write(`${JSON.stringify({ steps: played, caught })}\n`);
}

// A broken invariant may come up where nobody waits for it.
process.on('uncaughtException', (cause) => {
  // Nobody knows at which step of the history in hand: at its last one at most.
  played += steps;
  tell({ checker: 'nothingBreaks', step: 0, sentence: String(cause) });
  process.exit(0);
});

for (let seed = first; seed < first + seeds && !told; seed += 1) {
  const { failure, steps: taken } = await playHistory(
    drawHistory(seed, steps, planted?.base ?? 'memory'),
  );
  played += taken;
  if (failure !== undefined) tell({ seed, ...failure });
}
tell(undefined);
process.exit(0);
