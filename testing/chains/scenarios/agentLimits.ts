import { requestHash } from '@lawbook/chains/gates/approvals';
import type { SpendPolicy } from '@lawbook/chains/gates/policyGate';
import { isEnd } from '@lawbook/chains/intents/intent';
import { Fault } from '@lawbook/exchange/failures/fault';
import type { AcceptedIntent } from '../double/invariants.ts';
import { callWith, KEYED_SELECTOR, keyIn } from '../double/keyedCalls.ts';
import { paperAddress } from '../double/paperSigner.ts';
import {
  ALLOWANCE_MAX,
  ATTACK_CALLS,
  HOSTILE,
  INJECTED_REVERT,
  NARROW,
  TOKEN,
  TOKEN_BUDGET,
  tokenTransfer,
  UNLISTED,
} from './attackCalls.ts';
import { complainOfSignatures } from './attackQuestions.ts';
import { complainUnlessEnded } from './cancels.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const AGENTS = ['agent', 'second-agent'] as const;
const WINDOW_MS = 3_600_000;
const AMOUNT_MAX = 3_000n;
const APPROVAL_FROM = 2_500n;
/** Payments that race for the budget, in every fourth seed. */
const RACERS = 50;
/** Of the token, each below every limit; together they are above the budget. */
const SPLIT = 300n;

const POLICY: SpendPolicy = {
  targets: [
    ...[0, 1, 2].map((k) => ({ to: paperAddress(`target ${k}`), selectors: undefined })),
    { to: NARROW, selectors: [KEYED_SELECTOR] },
    { to: TOKEN, selectors: undefined },
    { to: HOSTILE, selectors: undefined },
  ],
  amountMax: AMOUNT_MAX,
  approvalFrom: APPROVAL_FROM,
  allowanceMax: ALLOWANCE_MAX,
  budgets: [
    { principal: AGENTS[0], asset: 'native', amount: 10_000n, windowMs: WINDOW_MS },
    { principal: '*', asset: 'native', amount: 14_000n, windowMs: WINDOW_MS },
    { principal: '*', asset: TOKEN, amount: TOKEN_BUDGET, windowMs: WINDOW_MS },
  ],
};

/** Row 27: an agent tries to get around its limits. */
export const agentLimits: Scenario = {
  number: 27,
  name: 'an agent against its limits',
  criterion: 'what breaks a rule is denied or escalated; a race spends no more than there is',
  engine: () => ({ spendPolicy: POLICY, settings: { approvalMs: 20_000 } }),
  play: async (stage) => {
    const { random, world } = stage;
    world.chain.contracts.set(TOKEN, () => ({ success: true, gasUsed: 3_000n }));
    world.chain.contracts.set(HOSTILE, () => {
      return { success: false, gasUsed: 3_000n, output: INJECTED_REVERT };
    });
    await stage.openEngine('a');
    const racers = world.seed % 4 === 0 ? RACERS : stage.intents;
    const submissions = [...attack(stage), ...split(stage)];
    for (let k = 0; k < racers; k += 1) {
      const amount = BigInt(random.integer(1, 4_000));
      const principal = AGENTS[random.integer(0, 1)] ?? AGENTS[0];
      submissions.push(stage.submit(stage.request(`intent-${k}`, { amount, principal })));
      if (random.next() < 0.2) await stage.sleep(random.between(0, 3000));
    }
    await Promise.all(submissions);
    await forgeApprovals(stage);
    stage.complaints.push(...complainOfSignatures());
  },
  judge: (stage, intents) => [
    ...complainUnlessEnded(intents, ['final', 'refused']),
    ...intents.flatMap((intent) => complainOfBreach(intent)),
    ...complainOfTokens(stage),
  ],
};

/** Every forbidden call once. A limit may also refuse to store it, which is as good. */
function attack(stage: Stage): Promise<boolean>[] {
  return ATTACK_CALLS.map(({ to, callData }, index) => {
    const key = `attack-${index}`;
    const change = { to, callData: callWith(callData, key), amount: 0n, principal: AGENTS[0] };
    return stage.submit(stage.request(key, { ...change, gasLimit: undefined }));
  });
}

/** More than the budget of the token has, in parts that are small enough one by one. */
function split(stage: Stage): Promise<boolean>[] {
  return Array.from({ length: 8 }, (_, index) => {
    const key = `split-${index}`;
    const callData = callWith(tokenTransfer(SPLIT), key);
    const principal = AGENTS[index % 2] ?? AGENTS[0];
    const change = { to: TOKEN, callData, amount: 0n, principal, gasLimit: undefined };
    return stage.submit(stage.request(key, change));
  });
}

/** Approvals that name another request, or come without anybody having asked. */
async function forgeApprovals(stage: Stage): Promise<void> {
  const lane = stage.running()?.lane;
  for (const [key, request] of stage.accepted) {
    const isEscalated = request.amount >= APPROVAL_FROM && request.amount <= AMOUNT_MAX;
    const of = isEscalated ? stage.request(key) : request;
    try {
      await lane?.approve(key, { requestHash: requestHash(of), by: 'a person, believe me' });
    } catch (failure) {
      if (!(failure instanceof Fault)) throw failure;
      stage.errors.push(failure);
    }
  }
}

function complainOfBreach({ request, life }: AcceptedIntent): readonly string[] {
  const isPlain = request.to !== UNLISTED && request.amount < APPROVAL_FROM;
  if (isPlain && !request.key.startsWith('attack-')) return [];
  if (life !== undefined && isEnd(life.state) && life.attempts.length === 0) return [];
  const number = Number(request.key.replace('attack-', ''));
  const name = ATTACK_CALLS[number]?.name ?? `send ${request.amount} wei to ${request.to}`;
  return [`an agent could ${name}: it is ${life?.state}`];
}

/** What the chain did with the token, whatever anybody's books say. */
function complainOfTokens(stage: Stage): readonly string[] {
  const keys = stage.executions().map(({ receipt }) => keyIn(receipt.transaction.callData) ?? '');
  const attacks = keys.filter((key) => key.startsWith('attack-'));
  const moved = SPLIT * BigInt(keys.filter((key) => key.startsWith('split-')).length);
  const complaints = attacks.map((key) => `${key} stands in a block`);
  if (moved > TOKEN_BUDGET) complaints.push(`${moved} tokens left of ${TOKEN_BUDGET}`);
  if (moved + SPLIT <= TOKEN_BUDGET) complaints.push(`only ${moved} tokens left: all is denied`);
  return complaints;
}
