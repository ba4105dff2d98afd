import type { AcceptedIntent } from '../double/invariants.ts';
import { complainOfChainNonces, complainUnlessFinal } from './lostBroadcasts.ts';
import type { Scenario } from './scenario.ts';

const GWEI = 1_000_000_000n;

/** Row 12: the base fee is fifty times as high for thirty blocks, and then decays. */
export const feeStorm: Scenario = {
  number: 12,
  name: 'a storm of fees',
  criterion: 'what can pay passes; what cannot waits, and lands or expires by its deadline',
  world: () => ({ busy: 0.25 }),
  play: async (stage) => {
    const { world, random } = stage;
    await stage.openEngine('a');
    const from = world.chain.head().number + random.integer(1, 6);
    world.chain.scriptBaseFee((number, byRule) =>
      number >= from && number < from + 30 ? 500n * GWEI : byRule,
    );
    const cancelled: string[] = [];
    for (let k = 0; k < stage.intents; k += 1) {
      const key = `intent-${k}`;
      const isRich = random.next() < 0.4;
      const feeCap = isRich ? 10n ** 18n : 60_000n * 40n * GWEI;
      const patienceMs = random.next() < 0.3 ? random.integer(20, 60) * 1000 : 1_800_000;
      const deadlineMs = world.clock.nowMs() + patienceMs;
      await stage.submit(stage.request(key, { feeCap, deadlineMs, gasLimit: 60_000n }));
      if (!isRich && random.next() < 0.2) cancelled.push(key);
      await stage.sleep(random.between(0, 1500));
    }
    await stage.blocks(5);
    for (const key of cancelled) await stage.running()?.lane.cancel(key);
    await stage.blocks(30);
  },
  judge: (stage, intents) => {
    const complaints: string[] = [];
    for (const { request, life } of intents) {
      if (request.feeCap === 10n ** 18n && request.deadlineMs > stage.world.clock.nowMs()) {
        if (life?.state !== 'final') {
          complaints.push(`${request.key} could pay, and is ${life?.state}`);
        }
      }
    }
    return complaints;
  },
};

/** Row 13: the first of a queue does not get mined at its price. */
export const stuckHead: Scenario = {
  number: 13,
  name: 'a stuck head of line',
  criterion: 'bumps of a tenth on both fees; all mined; three attempts at most',
  play: async (stage) => {
    const { world, random } = stage;
    await stage.openEngine('a');
    const first = world.terms.firstChainNonce;
    const rounds = random.integer(1, 2);
    const seen = new Set<string>();
    world.withhold = (transaction) => {
      if (transaction.chainNonce !== first) return false;
      seen.add(transaction.hash);
      return seen.size <= rounds;
    };
    await stage.submitMany(stage.intents);
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
    ...complainOfBumps(intents),
  ],
};

/** Row 14: the first attempt is mined although a raised one is out. */
export const replacementRace: Scenario = {
  number: 14,
  name: 'the original wins over its replacement',
  criterion: 'one counts, the other is replaced, fees are right',
  play: async (stage) => {
    const { world } = stage;
    await stage.openEngine('a');
    const first = world.terms.firstChainNonce;
    const originals = new Map<number, (typeof world.privately)[number]>();
    world.withhold = (transaction) => {
      const { chainNonce } = transaction;
      if (chainNonce > first + 1) return false;
      const original = originals.get(chainNonce);
      if (original === undefined) originals.set(chainNonce, transaction);
      else if (original.hash !== transaction.hash) world.privately.push(original);
      return true;
    };
    await stage.submitMany(stage.intents);
  },
  judge: (stage, intents) => {
    const complaints = [
      ...complainUnlessFinal(intents, stage.intents),
      ...complainOfChainNonces(intents),
    ];
    for (const { request, life } of intents) {
      const statuses = (life?.attempts ?? []).map(({ status }) => status);
      if (statuses.filter((status) => status === 'included').length !== 1) {
        complaints.push(`${request.key} has attempts that are ${statuses.join()}`);
      }
      if (statuses.includes('open')) complaints.push(`${request.key} has an open attempt`);
    }
    return complaints;
  },
};

function complainOfBumps(intents: readonly AcceptedIntent[]): readonly string[] {
  return intents.flatMap(({ request, life }) => {
    const attempts = life?.attempts ?? [];
    const complaints =
      attempts.length > 3 ? [`${request.key} took ${attempts.length} attempts`] : [];
    for (const [index, attempt] of attempts.entries()) {
      const before = attempts[index - 1];
      if (before === undefined) continue;
      const isRaised =
        attempt.maxFeePerGas * 100n >= before.maxFeePerGas * 110n &&
        attempt.maxPriorityFeePerGas * 100n >= before.maxPriorityFeePerGas * 110n;
      if (!isRaised) complaints.push(`${request.key} was raised by less than a tenth`);
    }
    return complaints;
  });
}
