import type { Scenario } from './scenario.ts';

/** Row 1: everything at once, while no block comes; then blocks come. */
export const burst: Scenario = {
  number: 1,
  name: 'burst',
  criterion: 'all mined, chain nonces contiguous, no refusal by a node',
  world: (random) => ({ firstChainNonce: random.integer(0, 1) * random.integer(0, 50) }),
  play: async (stage) => {
    stage.world.stop();
    await stage.openEngine('a');
    await stage.submitMany(stage.intents);
    await stage.sleep(stage.random.integer(1, 12) * 1000);
    stage.world.start();
  },
  judge: (stage, intents) => {
    const complaints: string[] = [];
    const mined = intents.filter(({ life }) => life?.state === 'final').length;
    if (mined !== stage.intents) complaints.push(`${mined} of ${stage.intents} ended as final`);
    const counts = stage.executions().map(({ receipt }) => receipt.transaction.chainNonce);
    const first = stage.world.terms.firstChainNonce;
    if (counts.some((count, index) => count !== first + index)) {
      complaints.push(`chain nonces are not contiguous: ${counts.join()}`);
    }
    const refused = stage.refusals('chainNonceTooLow', 'replacementUnderpriced');
    if (refused > 0) complaints.push(`nodes refused ${refused} transactions`);
    return complaints;
  },
};
