import { agentLimits } from './agentLimits.ts';
import { badPrimary, blackout, unitLimits } from './badEndpoints.ts';
import { burst } from './burst.ts';
import { cancels } from './cancels.ts';
import { deaths } from './deaths.ts';
import { feeStorm, replacementRace, stuckHead } from './feeStorms.ts';
import { foreigners, foreignReorgs } from './foreigners.ts';
import { emptyReceipts, laggingReplicas } from './laggingReplicas.ts';
import {
  droppedTransactions,
  lostAnswers,
  lostBroadcasts,
  repeatedBroadcasts,
} from './lostBroadcasts.ts';
import { mixture } from './mixture.ts';
import { pausedOwner, storeAway, twoOwners } from './owners.ts';
import { privateRelay } from './privateRelay.ts';
import { approvals, emptyPurse } from './purses.ts';
import { deepReorgs, reorgs, revertingReorgs } from './reorgs.ts';
import type { ScenarioResult } from './runScenario.ts';
import { runScenario } from './runScenario.ts';
import type { Scenario } from './scenario.ts';
import { playSolanaRow } from './solanaRow.ts';
import { webSockets } from './webSockets.ts';

/** A row of the specification that a seed plays. */
export interface Row {
  readonly number: number;
  readonly name: string;
  /** What is asked beyond the invariants, in words. */
  readonly criterion: string;
  /** The same seed and number of intents play the same. */
  readonly play: (seed: number, intents: number) => Promise<ScenarioResult>;
}

/** The scenarios of the simulated chain. */
const SCENARIOS: readonly Scenario[] = [
  burst,
  lostAnswers,
  lostBroadcasts,
  repeatedBroadcasts,
  deaths,
  twoOwners,
  pausedOwner,
  storeAway,
  foreigners,
  laggingReplicas,
  droppedTransactions,
  feeStorm,
  stuckHead,
  replacementRace,
  cancels,
  reorgs,
  revertingReorgs,
  foreignReorgs,
  deepReorgs,
  badPrimary,
  blackout,
  emptyReceipts,
  webSockets,
  unitLimits,
  emptyPurse,
  agentLimits,
  approvals,
  mixture,
  privateRelay,
];

const solanaRow: Row = {
  number: 26,
  name: 'blockhashes that expire, and landings told late',
  criterion: 'each payment lands once or never, and its record says which',
  play: (seed) => playSolanaRow(seed),
};

/** Every row of the fault lab by number; from 100 on what is no row of the table. */
export const ROWS: readonly Row[] = [...SCENARIOS.map(rowOf), solanaRow].sort((one, other) => {
  return one.number - other.number;
});

function rowOf(scenario: Scenario): Row {
  const { number, name, criterion } = scenario;
  const play: Row['play'] = (seed, intents) => runScenario(scenario, seed, { intents });
  return { number, name, criterion, play };
}
