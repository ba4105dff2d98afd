import type { Checker } from '../simulation/worldView.ts';
import { acknowledgedInputsLast } from './acknowledgedInputsLast.ts';
import { assetsAreConserved } from './assetsAreConserved.ts';
import { bookLawsHold } from './bookLawsHold.ts';
import { bytecodeAgreesWithMemory } from './bytecodeAgreesWithMemory.ts';
import { feedsRebuildTheBook } from './feedsRebuildTheBook.ts';
import { holdsEqualObligations } from './holdsEqualObligations.ts';
import { indexFollowsTheJournal } from './indexFollowsTheJournal.ts';
import { inputsApplyOnce } from './inputsApplyOnce.ts';
import { lawsHold } from './lawsHold.ts';
import { noLawStopsAMarket } from './noLawStopsAMarket.ts';
import { nothingBreaks } from './nothingBreaks.ts';
import { phasesAreKept } from './phasesAreKept.ts';
import { refusalsChangeNothing } from './refusalsChangeNothing.ts';
import { replayGivesTheSameRoot } from './replayGivesTheSameRoot.ts';
import { settledPrefixAgrees } from './settledPrefixAgrees.ts';
import { slicesKeepTheirTerms } from './slicesKeepTheirTerms.ts';
import { waitsAreBounded } from './waitsAreBounded.ts';

/** Every checker: a world gets a fresh one of each. */
export const CHECKERS: readonly (() => Checker)[] = [
  nothingBreaks,
  replayGivesTheSameRoot,
  assetsAreConserved,
  holdsEqualObligations,
  acknowledgedInputsLast,
  inputsApplyOnce,
  lawsHold,
  noLawStopsAMarket,
  bookLawsHold,
  settledPrefixAgrees,
  bytecodeAgreesWithMemory,
  feedsRebuildTheBook,
  waitsAreBounded,
  refusalsChangeNothing,
  phasesAreKept,
  slicesKeepTheirTerms,
  indexFollowsTheJournal,
];
