// Goal: what broke in the world of seed 5015 stays mended.
// Method: the shrunken history of the failure is played again, with every checker. It broke
// indexFollowsTheJournal:
// the row of a bundle was written from diffs that a snapshot had lost zeros of, and a replay
// gives another
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playHistory } from '../simulation/playHistory.ts';
import type { History } from '../workload/acts.ts';

const HISTORY: History = {
  seed: 5015,
  steps: [
    {
      id: 288,
      waitMs: 1287,
      act: {
        kind: 'order',
        who: 1,
        pay: 5,
        step: 1,
        bits: 27,
        limitPpm: 10,
        minFillPpm: 0,
        lifeMs: 100,
        nonceStep: -255,
        consent: 'owner',
        byFeed: false,
      },
    },
    {
      id: 289,
      waitMs: 4,
      act: { kind: 'planDeath', touch: null, touches: 38, after: true, power: false },
    },
  ],
};

test('seed 5015: indexFollowsTheJournal holds', async () => {
  assert.equal((await playHistory(HISTORY)).failure, undefined);
});
