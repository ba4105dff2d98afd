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
import { approvals, emptyPurse, overBudget } from './purses.ts';
import { deepReorgs, reorgs, revertingReorgs } from './reorgs.ts';
import type { Scenario } from './scenario.ts';

/** Every scenario of the fault lab that plays on simulated chains, by its row. */
export const SCENARIOS: readonly Scenario[] = [
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
  unitLimits,
  emptyPurse,
  overBudget,
  approvals,
  mixture,
];
