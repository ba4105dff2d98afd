import { requestHash } from '@lawbook/chains/gates/approvals';
import { complainUnlessEnded } from './cancels.ts';
import { complainOfChainNonces } from './lostBroadcasts.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const GWEI = 1_000_000_000n;

/** Row 25: the balance does not carry everything, and shrinks on the way. */
export const emptyPurse: Scenario = {
  number: 25,
  name: 'a balance that does not suffice',
  criterion: 'refused with the exact shortfall before anything is signed; no stuck tail',
  world: (random) => ({ balance: BigInt(random.integer(4, 30)) * 60_000n * 22n * GWEI }),
  play: async (stage) => {
    const { world, random } = stage;
    await stage.openEngine('a');
    const drains = random.next() < 0.3;
    const submitting = stage.submitMany(stage.intents, {
      paceMs: random.integer(0, 600),
      change: { gasLimit: 60_000n },
    });
    if (drains) {
      await stage.sleep(random.between(0, 4000));
      const { balance } = world.chain.accountAt(world.chain.head(), world.signer);
      world.isDisturbed = true;
      world.chain.adjustBalance(world.signer, balance / 2n);
      await stage.sleep(5000);
      world.chain.adjustBalance(world.signer, balance);
      world.calm();
      stage.drained = true;
    }
    await submitting;
  },
  judge: (stage, intents) => {
    const complaints = [
      ...complainOfChainNonces(intents),
      ...complainUnlessEnded(intents, ['final', 'refused']),
    ];
    for (const { request, life } of intents) {
      if (life?.state !== 'refused') continue;
      const { reason } = life;
      if (reason?.code !== 'insufficientFunds') {
        complaints.push(`${request.key} was refused for ${reason?.code}`);
      } else if (BigInt(reason.fields['shortfall'] ?? '0') <= 0n) {
        complaints.push(`${request.key} was refused without a shortfall`);
      }
    }
    const refused = stage.refusals('insufficientFunds');
    if (refused > 0 && !stage.drained) complaints.push(`nodes refused ${refused} for funds`);
    return complaints;
  },
};

/** Waits until the lane has looked at the intent, and asks for its approval where it needs one. */
async function asked(stage: Stage, key: string): Promise<void> {
  for (;;) {
    const handed = await stage.running()?.lane.intent(key);
    if ((await handed?.life())?.state !== 'created') return;
    await stage.sleep(200);
  }
}

/** Row 28: approvals that expire, name another request, or come in time. */
export const approvals: Scenario = {
  number: 28,
  name: 'approvals in time, too late, and for something else',
  criterion: 'only an approval of this very request, in time, lets it start',
  engine: () => ({ spendPolicy: { approvalFrom: 500n }, settings: { approvalMs: 20_000 } }),
  play: async (stage) => {
    const { random } = stage;
    const engine = await stage.openEngine('a');
    if (engine === undefined) return;
    const giving: Promise<void>[] = [];
    for (let k = 0; k < stage.intents; k += 1) {
      const request = stage.request(`intent-${k}`);
      await stage.submit(request);
      const afterMs = random.next() < 0.5 ? random.between(0, 15_000) : 30_000;
      const isRight = random.next() < 0.7;
      const give = async (): Promise<void> => {
        await asked(stage, request.key);
        await stage.sleep(afterMs);
        const hash = isRight ? requestHash(request) : `${'0'.repeat(64)}`;
        const approval = { requestHash: hash, by: 'a person' };
        try {
          await engine.lane.approve(request.key, approval);
          if (afterMs < 15_000 && isRight) stage.approved.add(request.key);
        } catch (failure) {
          stage.errors.push(failure);
        }
      };
      giving.push(give());
    }
    await Promise.all(giving);
  },
  judge: (stage, intents) =>
    intents.flatMap(({ request, life }) => {
      const isFree = request.amount < 500n || stage.approved.has(request.key);
      if (life?.state === (isFree ? 'final' : 'refused')) return [];
      return [`${request.key} of ${request.amount} wei is ${life?.state}`];
    }),
};
