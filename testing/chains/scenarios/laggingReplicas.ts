import { complainOfChainNonces, complainUnlessFinal } from './lostBroadcasts.ts';
import type { Scenario } from './scenario.ts';

/** Row 10: counts come from replicas that are behind, each time another one. */
export const laggingReplicas: Scenario = {
  number: 10,
  name: 'replicas behind by 1 to 20 blocks',
  criterion: 'no chain nonce twice, none used again',
  play: async (stage) => {
    const { world, random } = stage;
    world.isDisturbed = true;
    const fresh = random.integer(-1, world.nodes.length - 1);
    for (const [index, node] of world.nodes.entries()) {
      const depth = random.integer(1, 20);
      const isFlapping = random.next() < 0.6;
      if (index === fresh) continue;
      node.lag = () => (isFlapping && random.next() < 0.5 ? 0 : depth);
    }
    await stage.openEngine('a');
    await stage.submitMany(stage.intents, { paceMs: random.integer(0, 1500) });
    await stage.sleep(random.between(5000, 40_000));
    world.calm();
  },
  judge: (stage, intents) => {
    const complaints = [...complainUnlessFinal(intents, stage.intents)];
    const tooLow = stage.refusals('chainNonceTooLow', 'replacementUnderpriced');
    if (tooLow > 0) complaints.push(`${tooLow} used chain nonces were offered with other bytes`);
    return [...complaints, ...complainOfChainNonces(intents)];
  },
};

/** Row 22: one node knows of no receipt for what is mined. */
export const emptyReceipts: Scenario = {
  number: 22,
  name: 'empty receipts from a node that lags',
  criterion: 'nothing mined counts as failed; all is resolved',
  play: async (stage) => {
    const { world, random } = stage;
    const liars = world.nodes.filter((_, index) => index < random.integer(1, 2));
    for (const node of liars) {
      node.answerInstead = (method) => {
        const isLookUp = method === 'eth_getTransactionReceipt';
        return isLookUp && random.next() < 0.9 ? { result: null } : undefined;
      };
    }
    await stage.openEngine('a');
    await stage.submitMany(stage.intents, { paceMs: random.integer(0, 1000) });
    await stage.sleep(random.between(5000, 40_000));
    world.calm();
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
  ],
};
