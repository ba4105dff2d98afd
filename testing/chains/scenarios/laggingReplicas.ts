import { complainOfChainNonces, complainUnlessFinal } from './lostBroadcasts.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

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
    // Where all are behind, a stall looks real: a higher bid for the same place may come too late.
    const isOutbid = intents.some(({ life }) => (life?.attempts.length ?? 0) > 1);
    if (tooLow > 0 && !isOutbid)
      complaints.push(`${tooLow} used chain nonces were offered with other bytes`);
    return [...complaints, ...complainOfChainNonces(intents)];
  },
};

/** Row 22: nodes know of no receipt for what is mined, and those who know cannot be asked. */
export const emptyReceipts: Scenario = {
  number: 22,
  name: 'empty receipts for mined transactions',
  criterion: 'nothing mined counts as failed or foreign; all is resolved',
  play: async (stage) => {
    const { world, random } = stage;
    const variant = random.integer(0, 4);
    await stage.openEngine('a');
    const finality = { kind: 'confirmations', blocks: random.integer(1, 3) } as const;
    const submitting = stage.submitMany(stage.intents, {
      paceMs: random.integer(0, 1000),
      change: { finality },
    });
    await stage.until(() => stage.executions().length > random.integer(0, 4), 20_000);
    world.isDisturbed = true;
    if (variant === 0) forgetReceipts(stage, random.integer(1, 2), 0.9);
    if (variant !== 0 && variant !== 2) forgetReceipts(stage, 1, 1);
    if (variant === 2 || variant === 3)
      for (const node of world.nodes.slice(1)) node.lag = () => 12;
    if (variant === 4) for (const node of world.nodes.slice(1, 2)) node.lag = () => BEHIND_BLOCKS;
    // Too few to agree on anything: one has lost its receipts, and others have not got them yet.
    stage.mayDoubt = variant === 0;
    const honest = world.nodes.slice(...(HONEST[variant] ?? [0, 0]));
    if (honest.length > 0) {
      // Whoever has the receipts does not answer for them.
      const nodes = honest.map(({ terms }) => terms.name);
      const methods = ['eth_getTransactionReceipt'];
      world.network.plan.add({ nodes, methods, fault: { kind: 'lostBefore' } });
    }
    if (variant > 0) {
      // A new process has no block lists at hand: all it can do is to ask for receipts.
      stage.running()?.process.kill();
      await stage.openEngine('b');
    }
    await stage.sleep(random.between(20_000, 60_000));
    world.calm();
    await submitting;
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
    ...stage.alertsOf('foreignTransaction').map(({ key }) => `${key} was taken for foreign`),
    ...(stage.mayDoubt ? [] : stage.alertsOf('outcomeUnknown')).map(
      ({ key }) => `${key} was called unknown on the word of nodes that are behind`,
    ),
  ],
};

/** Behind, and following all the same: its silence is easily taken for a witness's word. */
const BEHIND_BLOCKS = 9;

/** The nodes that would tell the truth, by variant. */
const HONEST: Readonly<Record<number, readonly [number, number]>> = {
  1: [1, 3],
  2: [0, 1],
  4: [2, 3],
};

function forgetReceipts({ world, random }: Stage, nodes: number, share: number): void {
  for (const node of world.nodes.slice(0, nodes)) {
    node.answerInstead = (method) => {
      const isLookUp = method === 'eth_getTransactionReceipt';
      return isLookUp && random.next() < share ? { result: null } : undefined;
    };
  }
}
