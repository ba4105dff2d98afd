import { requestHash } from '@lawbook/chains/gates/approvals';
import type { IntentRequest } from '@lawbook/chains/intents/intent';
import { isEnd } from '@lawbook/chains/intents/intent';
import { paperAddress } from '../double/paperSigner.ts';
import { TROUBLES } from '../scenarios/mixture.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Stage } from '../scenarios/stage.ts';

const AGENT = 'agent';
/** Reverts on every other branch of the chain. */
const FICKLE = paperAddress('fickle');
const APPROVAL_FROM = 800n;

/**
 * Every fault at any time, and callers who do everything that callers may: cancel, approve late or
 * never, depend on each other, give little time or money, hide, and ask two processes at once.
 */
export const capriciousCallers: Scenario = {
  number: 201,
  name: 'capricious callers in a mixture of every fault',
  criterion: 'everything ends, and every rule that a request states is kept',
  world: (random) => ({
    nodes: random.integer(3, 4),
    blockTime: random.integer(1, 4),
    gossip: random.next() < 0.8,
  }),
  engine: (random) => ({
    relay: 2,
    settings: {
      broadcastTo: random.integer(1, 2),
      inFlightMax: random.integer(1, 16),
      approvalMs: 60_000,
    },
    spendPolicy: {
      approvalFrom: APPROVAL_FROM,
      budgets: [{ principal: AGENT, asset: 'native', amount: 2_500n, windowMs: 120_000 }],
    },
  }),
  play: async (stage) => {
    const { world, random } = stage;
    world.chain.contracts.set(FICKLE, ({ branch }) => {
      return { success: branch % 2 === 0, gasUsed: 9_000n };
    });
    if (isSecretive(stage)) stage.watch.isServed = () => false;
    await stage.openEngine('life-0');
    if (random.next() < 0.4) await stage.openEngine('standby');
    let isOver = false;
    const asking = askMuch(stage).then(() => {
      isOver = true;
    });
    for (let k = 1; !isOver || k < 4; k += 1) {
      await stage.sleep(random.between(0, 20_000));
      await TROUBLES[random.integer(0, TROUBLES.length - 1)]?.(stage, k);
      if (stage.running() === undefined) await stage.openEngine(`life-${k}`);
    }
    await asking;
    for (const host of world.processes) host.resume();
    world.calm();
  },
  judge: (stage, intents) => {
    // A chain that stays dearer than every cap leaves nothing to do but to tell people.
    const isTooDear = stage.alertsOf('feeAboveCap').length > 0;
    const lives = new Map(intents.map(({ request, life }) => [request.key, life]));
    return intents.flatMap(({ request, life }) => {
      const { key, after, amount } = request;
      if (life === undefined || !isEnd(life.state)) {
        return isTooDear ? [] : [`${key} is ${life?.state} in the end`];
      }
      if (life.state !== 'final') return [];
      const found: string[] = [];
      if (amount >= APPROVAL_FROM && !stage.approved.has(key)) found.push(`${key} is unapproved`);
      if (after?.level === 'final' && lives.get(after.key)?.state !== 'final') {
        found.push(`${key} came without ${after.key}`);
      }
      return found;
    });
  },
};

async function askMuch(stage: Stage): Promise<void> {
  const { random } = stage;
  const doings: Promise<unknown>[] = [];
  for (let k = 0; k < stage.intents; k += 1) {
    const request = whim(stage, k);
    doings.push(stage.submit(request).then(() => pester(stage, request)));
    await stage.sleep(random.between(0, 2_500));
  }
  await Promise.all(doings);
}

/** A request within the rules, and otherwise unreasonable. */
function whim(stage: Stage, k: number): IntentRequest {
  const { random, world } = stage;
  const often = (share: number): boolean => random.next() < share;
  const finality = often(0.7)
    ? ({ kind: 'finalized' } as const)
    : ({ kind: 'confirmations', blocks: random.integer(8, 16) } as const);
  const level = often(0.5) ? 'included' : 'final';
  const { baseFee } = world.chain.head();
  return stage.request(`intent-${k}`, {
    finality,
    ...(often(0.3) ? { deadlineMs: world.clock.nowMs() + random.integer(2_000, 60_000) } : {}),
    ...(often(0.2) ? { feeCap: (baseFee * BigInt(random.integer(12, 40)) * 60_000n) / 10n } : {}),
    ...(often(0.4) ? { principal: AGENT } : {}),
    // What reverts spends nothing, which an onlooker who counts signatures does not see.
    ...(often(0.2) ? { to: FICKLE, gasLimit: 60_000n, principal: 'treasury' } : {}),
    ...(isSecretive(stage) && often(0.3)
      ? { route: 'private', privateForMs: random.integer(0, 20_000) }
      : {}),
    ...(k > 0 && often(0.3)
      ? { after: { key: `intent-${random.integer(0, stage.intents)}`, level } }
      : {}),
  });
}

/** Worlds in which something is hidden: from outside that cannot be told from a gap. */
function isSecretive({ world }: Stage): boolean {
  return world.seed % 3 === 0;
}

async function pester(stage: Stage, request: IntentRequest): Promise<void> {
  const { random } = stage;
  const { key } = request;
  const doings: Promise<void>[] = [];
  if (request.amount >= APPROVAL_FROM && random.next() < 0.8)
    doings.push(approveOnce(stage, request));
  if (random.next() < 0.3) {
    await stage.sleep(random.between(0, 12_000));
    doings.push(whileAnybodyRuns(stage, (lane) => lane.cancel(key)));
  }
  await Promise.all(doings);
}

async function approveOnce(stage: Stage, request: IntentRequest): Promise<void> {
  const { key } = request;
  const approval = { requestHash: requestHash(request), by: 'a person' };
  for (let looks = 0; looks < 600; looks += 1) {
    const stored = await stage.log().request(key);
    const life = stored && (await stage.log().life(stored));
    if (life !== undefined && isEnd(life.state)) return;
    if (life?.approval !== undefined) {
      // It may be acted on before the call comes back.
      stage.approved.add(key);
      await whileAnybodyRuns(stage, (lane) => lane.approve(key, approval));
      return;
    }
    await stage.sleep(500);
  }
}

type Lane = NonNullable<ReturnType<Stage['running']>>['lane'];

/** Tries until some process takes it; the death of one is no answer. */
async function whileAnybodyRuns(stage: Stage, act: (lane: Lane) => Promise<void>): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    const engine = stage.running();
    let isDone = false;
    const doing = engine === undefined ? undefined : act(engine.lane);
    doing?.then(
      () => {
        isDone = true;
      },
      (failure: unknown) => stage.errors.push(failure),
    );
    await stage.sleep(1_000);
    if (isDone) return;
  }
}
