import { isEnd } from '@lawbook/chains/intents/intent';
import type { AcceptedIntent } from '../double/invariants.ts';
import { complainOfChainNonces } from './lostBroadcasts.ts';
import type { Scenario } from './scenario.ts';

/** Row 15: callers change their minds while their transactions are being mined. */
export const cancels: Scenario = {
  number: 15,
  name: 'cancelled while it is mined',
  criterion: 'mined or cancelled, told as it is',
  play: async (stage) => {
    const { world, random } = stage;
    await stage.openEngine('a');
    const regrets: Promise<void>[] = [];
    if (random.next() < 0.5) world.withhold = (tx) => tx.hash.charCodeAt(5) % 3 === 0;
    for (let k = 0; k < stage.intents; k += 1) {
      const key = `intent-${k}`;
      await stage.submit(stage.request(key));
      if (random.next() < 0.6) {
        const afterMs = random.between(0, 5000);
        const regret = async (): Promise<void> => {
          await stage.sleep(afterMs);
          await stage.running()?.lane.cancel(key);
        };
        regrets.push(regret());
      }
      await stage.sleep(random.between(0, 1000));
    }
    await Promise.all(regrets);
    world.calm();
  },
  judge: (_stage, intents) => [
    ...complainOfChainNonces(intents),
    ...complainUnlessEnded(intents, ['final', 'cancelled']),
  ],
};

/** Every intent has to have ended in one of these ways. */
export function complainUnlessEnded(
  intents: readonly AcceptedIntent[],
  ends: readonly string[],
): readonly string[] {
  return intents.flatMap(({ request, life }) => {
    if (life !== undefined && isEnd(life.state) && ends.includes(life.state)) return [];
    return [`${request.key} ended as ${life?.state}`];
  });
}
