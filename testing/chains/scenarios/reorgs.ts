import type { AcceptedIntent } from '../double/invariants.ts';
import { paperAddress } from '../double/paperSigner.ts';
import { complainOfChainNonces, complainUnlessFinal } from './lostBroadcasts.ts';
import type { Scenario } from './scenario.ts';

/** Row 16: what was mined is in no block any more. */
export const reorgs: Scenario = {
  number: 16,
  name: 'reorganisations of depth 1 to 6',
  criterion: 'included again by the same bytes; one final each',
  world: (random) => ({ nodes: random.integer(2, 4) }),
  play: async (stage) => {
    const { world, random } = stage;
    await stage.openEngine('a');
    const finality =
      random.next() < 0.5
        ? ({ kind: 'finalized' } as const)
        : ({ kind: 'confirmations', blocks: 8 } as const);
    const submitting = stage.submitMany(stage.intents, {
      paceMs: random.integer(0, 1500),
      change: { finality },
    });
    for (let k = random.integer(1, 4); k > 0; k -= 1) {
      await stage.until(() => stage.executions().length > 0, 20_000);
      await stage.sleep(random.between(0, 8000));
      const fate = random.next() < 0.5 ? 'lost' : 'returned';
      const depth = random.integer(1, 6);
      const length = depth + random.integer(0, 1);
      world.chain.reorganise({ depth, length, fate, reinclude: random.next() < 0.2 });
    }
    await submitting;
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
    ...intents.flatMap(({ request }) => {
      const heard = stage.outcomes.filter(({ key }) => key === request.key).length;
      return heard === 1 ? [] : [`callers heard ${heard} ends of ${request.key}`];
    }),
  ],
};

/** Row 17: the same transaction reverts on the new branch. */
export const revertingReorgs: Scenario = {
  number: 17,
  name: 'reverts on the new branch',
  criterion: 'the status follows the chain; what depended on it is stopped',
  play: async (stage) => {
    const { world, random } = stage;
    const fickle = paperAddress('fickle');
    world.chain.contracts.set(fickle, ({ branch }) => ({
      success: branch === 0,
      gasUsed: 5_000n,
    }));
    await stage.openEngine('a');
    const pairs = Math.max(1, Math.floor(stage.intents / 2));
    const finality = { kind: 'finalized' } as const;
    for (let k = 0; k < pairs; k += 1) {
      const to = random.next() < 0.5 ? { to: fickle, gasLimit: 80_000n } : {};
      await stage.submit(stage.request(`first-${k}`, { finality, ...to }));
      const after = { key: `first-${k}`, level: 'final' } as const;
      await stage.submit(stage.request(`second-${k}`, { finality, after }));
      if (random.next() < 0.3) await stage.sleep(random.between(0, 1000));
    }
    await stage.until(() => stage.executions().length > 0, 20_000);
    await stage.sleep(random.between(0, 6000));
    const reinclude = random.next() < 0.7;
    world.chain.reorganise({ depth: random.integer(1, 6), fate: 'returned', reinclude });
  },
  judge: (_stage, intents) => complainOfDependents(intents),
};

function complainOfDependents(intents: readonly AcceptedIntent[]): readonly string[] {
  const states = new Map(intents.map(({ request, life }) => [request.key, life?.state]));
  return intents.flatMap(({ request, life }) => {
    if (request.after === undefined) return [];
    const base = states.get(request.after.key);
    const expected = base === 'final' ? 'final' : 'refused';
    if (life?.state === expected) return [];
    return [`${request.key} is ${life?.state} after ${request.after.key} became ${base}`];
  });
}

/** Row 19: the chain goes back behind what counted as final. */
export const deepReorgs: Scenario = {
  number: 19,
  name: 'a rollback beyond finality',
  criterion: 'the lane halts, tells people, and sends nothing again by itself',
  play: async (stage) => {
    const { world, random } = stage;
    await stage.openEngine('a');
    const finality = { kind: 'confirmations', blocks: random.integer(1, 3) } as const;
    await stage.submitMany(stage.intents, { paceMs: 600, change: { finality } });
    const enough = Math.ceil(stage.intents / 2);
    await stage.until(() => stage.outcomes.length >= enough, 120_000);
    for (const key of stage.accepted.keys()) stage.forgiven.add(key);
    const depth = Math.min(64, world.chain.heads.length + 40);
    const isBare = random.next() < 0.5;
    world.isDisturbed = true;
    world.chain.reorganise({ depth, length: isBare ? 0 : depth + 1, fate: 'lost' });
    stage.endsWhen = () => stage.alertsOf('laneHalted').length > 0;
    await stage.until(stage.endsWhen, 300_000);
    world.network.tally.methods.set('eth_sendRawTransaction', 0);
    await stage.sleep(60_000);
  },
  judge: (stage) => {
    const [told] = stage.alertsOf('laneHalted');
    const complaints: string[] = [];
    if (told === undefined) complaints.push('the lane did not halt');
    else if (told.severity !== 'critical') complaints.push('a halt is critical');
    const sent = stage.world.network.tally.methods.get('eth_sendRawTransaction') ?? 0;
    if (sent > 0) complaints.push(`${sent} transactions were sent after the halt`);
    return complaints;
  },
};
