import type { IntentRequest } from '@lawbook/chains/intents/intent';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AcceptedIntent } from '../double/invariants.ts';
import { keyIn } from '../double/keyedCalls.ts';
import { readPaper } from '../double/paperSigner.ts';
import { complainOfChainNonces, complainUnlessFinal } from './lostBroadcasts.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const RELAY = 3;

/** Not a row: intents that go to a private relay first, which loses them, and then to everybody. */
export const privateRelay: Scenario = {
  number: 101,
  name: 'a private relay that loses transactions',
  criterion: 'public nodes see nothing before its time; everything lands, by the same chain nonce',
  world: () => ({ nodes: RELAY + 1, relay: RELAY }),
  engine: () => ({ relay: RELAY }),
  play: async (stage) => {
    const { world, random } = stage;
    watchPublic(stage);
    await stage.openEngine('a');
    const submissions: Promise<boolean>[] = [];
    world.isDisturbed = true;
    const losing = loseInRelay(stage);
    for (let k = 0; k < stage.intents; k += 1) {
      const isPrivate = random.next() < 0.7;
      const privateForMs = isPrivate ? random.integer(0, 40_000) : undefined;
      const change: Partial<IntentRequest> = {
        route: isPrivate ? 'private' : 'public',
        privateForMs,
      };
      submissions.push(stage.submit(stage.request(`intent-${k}`, change)));
      await stage.sleep(random.between(0, 1500));
    }
    await Promise.all([...submissions, losing]);
    // What the relay lost is public at the latest by now, and has had time to be offered.
    await stage.sleep(60_000);
    world.calm();
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
    ...complainOfPublicity(stage, intents),
  ],
};

/** The relay says yes and forgets a part, is away for a while, or drops what it has. */
async function loseInRelay(stage: Stage): Promise<void> {
  const { world, random } = stage;
  const relay = at(world.nodes, RELAY);
  const share = random.between(0.2, 1);
  const methods = ['eth_sendRawTransaction'];
  const kind = random.next() < 0.5 ? 'swallowed' : 'refused';
  world.network.plan.add({ nodes: [relay.terms.name], methods, share, fault: { kind } });
  for (let k = random.integer(1, 4); k > 0; k -= 1) {
    await stage.sleep(random.between(500, 6000));
    for (const { hash } of relay.pool.allOf(world.signer)) relay.pool.drop(hash);
  }
}

/** When the bytes of each key first left for a public node, in milliseconds since 1970. */
function watchPublic({ world, publicSinceMs }: Stage): void {
  world.network.onSend.push((raw, node) => {
    const transaction = readPaper(raw);
    const key = transaction && keyIn(transaction.callData);
    if (key === undefined || node === world.nodes[RELAY] || publicSinceMs.has(key)) return;
    publicSinceMs.set(key, world.clock.nowMs());
  });
}

/** The time of privacy counts from the first signature. */
function complainOfPublicity(stage: Stage, intents: readonly AcceptedIntent[]): readonly string[] {
  return intents.flatMap(({ request, life }) => {
    const seenMs = stage.publicSinceMs.get(request.key);
    if (request.route === 'public' || seenMs === undefined) return [];
    const sinceMs = seenMs - (life?.attempts[0]?.offeredAtMs ?? 0);
    if (sinceMs >= (request.privateForMs ?? Number.MAX_SAFE_INTEGER)) return [];
    return [`${request.key} was public after ${sinceMs} ms, of ${request.privateForMs}`];
  });
}
