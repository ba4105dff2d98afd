import type { AcceptedIntent } from '../double/invariants.ts';
import { keyIn } from '../double/keyedCalls.ts';
import type { PaperTransaction } from '../double/paperSigner.ts';
import { complainUnlessFinal } from './lostBroadcasts.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

/** Row 9: somebody else signs with the same key. */
export const foreigners: Scenario = {
  number: 9,
  name: 'a foreign transaction takes a chain nonce',
  criterion: 'noticed within a block, told, and the own intent lands once with another one',
  play: async (stage) => {
    const { world, random } = stage;
    await stage.openEngine('a');
    const strangers = random.integer(1, 3);
    const submitting = stage.submitMany(stage.intents, { paceMs: random.integer(0, 1200) });
    for (let k = 0; k < strangers; k += 1) {
      await stage.sleep(random.between(500, 6000));
      const { count } = world.chain.accountAt(world.chain.head(), world.signer);
      const stranger = stage.foreign(count + random.integer(0, 4));
      if (random.next() < 0.5) world.privately.push(stranger);
      else for (const node of world.nodes) node.receive(stranger);
    }
    await submitting;
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfStrangers(stage, intents),
    ...complainOfLateAlerts(stage, intents),
  ],
};

/** Row 18: a reorganisation puts a foreign transaction in the place of a mined one. */
export const foreignReorgs: Scenario = {
  number: 18,
  name: 'a reorganisation puts a foreign transaction in place of ours',
  criterion: 'no double payment; the own intent lands once with another chain nonce',
  play: async (stage) => {
    const { world, random } = stage;
    await stage.openEngine('a');
    const submitting = stage.submitMany(stage.intents, {
      paceMs: random.integer(0, 1200),
      change: { finality: { kind: 'finalized' } },
    });
    for (let k = random.integer(1, 2); k > 0; k -= 1) {
      await stage.until(() => stage.executions().length > random.integer(0, 4), 20_000);
      const depth = random.integer(1, 5);
      const base = world.chain.head().number - depth;
      const place = stage.executions().find(({ block }) => block.number > base);
      const fate = random.next() < 0.5 ? 'lost' : 'returned';
      const instead = place && [stage.foreign(place.receipt.transaction.chainNonce)];
      world.chain.reorganise({ depth, fate, ...(instead && { instead }) });
      await stage.sleep(random.between(500, 8000));
    }
    await submitting;
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfStrangers(stage, intents),
  ],
};

/** Strangers that took a chain nonce which the engine had signed for have to be told of. */
function complainOfStrangers(stage: Stage, intents: readonly AcceptedIntent[]): readonly string[] {
  const complaints: string[] = [];
  const signed = new Set(
    intents.flatMap(({ life }) => (life?.attempts ?? []).map(({ chainNonce }) => chainNonce)),
  );
  const strangers = strangersOf(stage);
  const displaced = strangers.filter(({ chainNonce }) => signed.has(chainNonce));
  if (displaced.length > 0 && stage.alertsOf('foreignTransaction').length === 0) {
    complaints.push('a stranger took a chain nonce of ours and nobody was told');
  }
  for (const { request, life } of intents) {
    const counts = new Set((life?.attempts ?? []).map(({ chainNonce }) => chainNonce));
    if (counts.size > 1 + displaced.length) {
      complaints.push(`${request.key} used ${counts.size} chain nonces`);
    }
  }
  return complaints;
}

/**
 * The alert has to come before nodes show a second block on top of the stranger's. Only what was
 * signed before the stranger was seen can have been displaced by it.
 */
function complainOfLateAlerts(stage: Stage, intents: readonly AcceptedIntent[]): readonly string[] {
  const { chain, clock } = stage.world;
  const startMs = clock.nowMs() - clock.elapsedMs();
  const alerts = stage.alertsOf('foreignTransaction');
  return strangersOf(stage).flatMap(({ chainNonce, hash }) => {
    const place = chain.receiptAt(chain.head(), hash);
    const index = chain.heads.findIndex(({ block }) => block === place?.block);
    const seenMs = chain.heads[index]?.atMs ?? 0;
    const isOurs = intents.some(({ life }) => {
      const attempts = life?.attempts ?? [];
      return attempts.some((one) => one.chainNonce === chainNonce && one.offeredAtMs < seenMs);
    });
    if (!isOurs) return [];
    const told = alerts.find(({ fields }) => fields['chainNonce'] === String(chainNonce));
    const second = chain.heads[index + 2]?.atMs ?? Number.MAX_SAFE_INTEGER;
    if (told !== undefined && startMs + told.atMs <= second) return [];
    const lateMs = told === undefined ? 'never' : `${startMs + told.atMs - seenMs} ms after it`;
    return [`a stranger took chain nonce ${chainNonce}, and people were told ${lateMs}`];
  });
}

function strangersOf(stage: Stage): readonly PaperTransaction[] {
  const found: PaperTransaction[] = [];
  const { chain, signer } = stage.world;
  for (let b: ReturnType<typeof chain.head> | undefined = chain.head(); b; b = b.parent) {
    for (const { transaction } of b.receipts) {
      const isOwn = keyIn(transaction.callData) !== undefined || transaction.to === signer;
      if (!isOwn) found.push(transaction);
    }
  }
  return found;
}
