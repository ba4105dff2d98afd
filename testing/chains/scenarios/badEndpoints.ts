import { DEFAULT_POOL_SETTINGS } from '@lawbook/chains/endpoints/createEndpointPool';
import { ENDPOINT_PRESETS, unitsOf } from '@lawbook/chains/endpoints/presets';
import { RpcError } from '@lawbook/chains/endpoints/transport';
import type { EngineDouble } from '../double/engineDouble.ts';
import type { FaultRule, NetworkFault } from '../double/faultPlan.ts';
import { paperAddress } from '../double/paperSigner.ts';
import { complainOfChainNonces, complainUnlessFinal } from './lostBroadcasts.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

/** `none`: only the errors of applications, which every world has. */
const FAULTS: readonly (NetworkFault | 'wrongChain' | 'frozen' | 'none')[] = [
  { kind: 'refused' },
  { kind: 'rateLimited', retryAfterMs: 2000 },
  { kind: 'rateLimited', retryAfterMs: undefined },
  { kind: 'httpStatus', status: 503 },
  { kind: 'slow', delayMs: 3000 },
  { kind: 'lostBefore' },
  { kind: 'malformed' },
  { kind: 'wrongId' },
  'wrongChain',
  'frozen',
  'none',
];

/** What nodes say of calls that are wrong by themselves, some under codes of internal errors. */
const APPLICATION_ERRORS = [
  { code: 3, message: 'execution reverted: not today' },
  { code: -32000, message: 'insufficient funds for gas * price + value' },
  { code: -32015, message: 'VM execution error.' },
  { code: -32602, message: 'invalid argument 0: hex string has odd length' },
  { code: -32603, message: 'execution reverted' },
  { code: -32603, message: 'nonce too low: next nonce 12, tx nonce 4' },
];

/** Calls of this address are wrong by themselves. */
const WRONG = paperAddress('wrong by itself');

/** Three polls, and the time of a poll that runs into its timeout. */
const EJECTED_WITHIN_MS = 3 * DEFAULT_POOL_SETTINGS.headPollMs + DEFAULT_POOL_SETTINGS.tryTimeoutMs;

/** Row 20: the first endpoint misbehaves all the time. */
export const badPrimary: Scenario = {
  number: 20,
  name: 'a bad primary endpoint',
  criterion:
    'reads p95 < 500 ms, p99 < 1 s; frozen or foreign nodes are out in 3 polls; application ' +
    'errors open no breaker',
  play: async (stage) => {
    const { world, random } = stage;
    const fault = FAULTS[world.seed % FAULTS.length] ?? 'frozen';
    const [primary] = world.nodes;
    const engine = await stage.openEngine('a');
    if (engine === undefined || primary === undefined) return;
    await stage.sleep(random.between(0, 4000));
    world.isDisturbed = true;
    if (fault === 'wrongChain') primary.chainIdShown = 1;
    else if (fault === 'frozen') primary.freeze();
    else if (fault !== 'none') {
      world.network.plan.add({ nodes: [primary.terms.name], fault } satisfies FaultRule);
    }
    answerWrongCalls(stage);
    const submitting = stage.submitMany(stage.intents, { paceMs: random.integer(0, 800) });
    const ejecting = watchEjection(stage, engine, fault);
    const asking = askWrongly(stage, engine, fault === 'none' ? [] : [primary.terms.name]);
    await measureReads(stage, engine);
    await Promise.all([ejecting, submitting, asking]);
    world.calm();
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
  ],
};

function answerWrongCalls({ world, random }: Stage): void {
  for (const node of world.nodes) {
    node.answerInstead = (_method, [call]) => {
      if ((call as { to?: unknown } | undefined)?.to !== WRONG) return undefined;
      const error = APPLICATION_ERRORS[random.integer(0, APPLICATION_ERRORS.length - 1)];
      return error && { error };
    };
  }
}

/** Asks what is refused again and again; the endpoints that refuse are in good health. */
async function askWrongly(
  stage: Stage,
  { pool }: EngineDouble,
  bad: readonly string[],
): Promise<void> {
  const opened = new Set<string>();
  let refused = 0;
  for (let k = 0; k < 60; k += 1) {
    const method = k % 2 === 0 ? 'eth_call' : 'eth_estimateGas';
    const call = { method, params: [{ to: WRONG }, 'latest'] };
    try {
      await pool.read(call);
    } catch (failure) {
      stage.errors.push(failure);
      if (failure instanceof RpcError) refused += 1;
    }
    for (const { endpoint, breaker } of pool.stats()) {
      if (breaker !== 'closed' && !bad.includes(endpoint)) opened.add(endpoint);
    }
    await stage.sleep(stage.random.between(0, 100));
  }
  if (opened.size > 0) stage.complaints.push(`application errors opened ${[...opened].join()}`);
  if (refused < 60) stage.complaints.push(`${refused} of 60 refusals reached the caller`);
}

async function measureReads(stage: Stage, engine: EngineDouble): Promise<void> {
  const { clock } = stage.world;
  const tookMs: number[] = [];
  for (let k = 0; k < 105; k += 1) {
    const askedMs = clock.elapsedMs();
    await engine.pool.read({ method: 'eth_blockNumber', params: [] });
    if (k >= 5) tookMs.push(clock.elapsedMs() - askedMs);
    await stage.sleep(stage.random.between(0, 200));
  }
  tookMs.sort((a, b) => a - b);
  const [p95, p99] = [tookMs[94] ?? 0, tookMs[98] ?? 0];
  if (p95 >= 500) stage.complaints.push(`reads took ${Math.round(p95)} ms at p95`);
  if (p99 >= 1000) stage.complaints.push(`reads took ${Math.round(p99)} ms at p99`);
}

async function watchEjection(stage: Stage, engine: EngineDouble, fault: unknown): Promise<void> {
  if (fault !== 'wrongChain' && fault !== 'frozen') return;
  const isOut = (): boolean => {
    const [primary] = engine.pool.stats();
    return primary?.ejected !== undefined || (primary?.headLag ?? 0) > 1;
  };
  // A frozen head shows once the others have moved on by more than the tolerance.
  const blocksMs = fault === 'frozen' ? 3000 * stage.world.terms.blockTime : 0;
  const isEjected = await stage.until(isOut, EJECTED_WITHIN_MS + blocksMs);
  if (!isEjected) stage.complaints.push(`the primary is ${String(fault)} and still in use`);
}

/** Row 21: nobody answers for a minute. */
export const blackout: Scenario = {
  number: 21,
  name: 'every endpoint is down for 60 s',
  criterion: 'no crash, at most two requests a second and node, back within five seconds',
  play: async (stage) => {
    const { world, random } = stage;
    const engine = await stage.openEngine('a');
    const submitting = stage.submitMany(stage.intents, { paceMs: random.integer(0, 4000) });
    await stage.sleep(random.between(0, 8000));
    const kinds = ['refused', 'lostBefore'] as const;
    const kind = kinds[random.integer(0, 1)] ?? 'refused';
    world.network.plan.add({ fault: { kind } });
    // What was under way when it began ends first.
    await stage.sleep(10_000);
    const before = world.network.tally.requests;
    await stage.sleep(50_000);
    const perSecond = (world.network.tally.requests - before) / 50 / world.nodes.length;
    if (perSecond > 2) stage.complaints.push(`${perSecond} requests a second and node while down`);
    world.calm();
    const healedMs = world.clock.nowMs();
    const isBack = await stage.until(() => {
      return (engine?.tracker.stats().lastPollMs ?? 0) >= healedMs;
    }, backWithinMs(kind));
    if (!isBack) stage.complaints.push('the tracker was not back in time');
    await submitting;
  },
  judge: (stage, intents) => [
    ...complainUnlessFinal(intents, stage.intents),
    ...complainOfChainNonces(intents),
  ],
};

/** Five seconds; a call that went out into silence just before has to time out first. */
function backWithinMs(kind: 'refused' | 'lostBefore'): number {
  return kind === 'refused' ? 5_000 : 5_000 + DEFAULT_POOL_SETTINGS.tryTimeoutMs;
}

/**
 * Row 24: a provider that counts units, and callers that ask for ten times the burst at once, again
 * and again. A broadcast takes half of a second's units, so broadcasts come one by one here.
 */
export const unitLimits: Scenario = {
  number: 24,
  name: 'provider limits under a burst of reads',
  criterion: 'no avoidable 429 after the warm-up; broadcasts wait less than 200 ms',
  engine: () => ({ limits: 'alchemyComputeUnits', settings: { broadcastTo: 1 } }),
  play: async (stage) => {
    const { world, random } = stage;
    const refused = enforceUnits(stage);
    const engine = await stage.openEngine('a');
    if (engine !== undefined) clockBroadcasts(stage, engine);
    await stage.sleep(5000);
    const warm = refused();
    const reads: Promise<unknown>[] = [];
    const pay = async (): Promise<void> => {
      for (let k = 0; k < Math.min(stage.intents, 8); k += 1) {
        await stage.submit(stage.request(`intent-${k}`));
        await stage.sleep(random.between(1800, 2500));
      }
    };
    const flood = async (): Promise<void> => {
      const call = { method: 'eth_call', params: [{ to: world.signer }, 'latest'] };
      for (let round = 0; round < 4; round += 1) {
        for (let k = 0; k < 190; k += 1) {
          const asked = engine?.pool.read(call, { timeoutMs: 5000 });
          // A read that the limits leave no room for may fail; that is what limits are for.
          if (asked !== undefined) reads.push(asked.catch((failure: unknown) => failure));
        }
        await stage.sleep(5000);
      }
    };
    await Promise.all([pay(), flood()]);
    await Promise.all(reads);
    const avoidable = refused() - warm;
    if (avoidable > 0) stage.complaints.push(`${avoidable} requests met a 429`);
  },
  judge: (_stage, intents) => complainUnlessFinal(intents, intents.length),
};

/** Complains of bytes that the pool holds back for 200 ms or longer. */
function clockBroadcasts(stage: Stage, { pool }: EngineDouble): void {
  const { clock, network } = stage.world;
  const handedMs = new Map<unknown, number>();
  const broadcast = pool.broadcast.bind(pool);
  pool.broadcast = (call, options) => {
    handedMs.set(call.params[0], clock.elapsedMs());
    return broadcast(call, options);
  };
  network.onSend.push((raw) => {
    const waitedMs = clock.elapsedMs() - (handedMs.get(raw) ?? 0);
    if (waitedMs >= 200) stage.complaints.push(`a broadcast waited for ${Math.round(waitedMs)} ms`);
  });
}

/** Lets nodes count units as the provider does, with a fifth to spare for bunching on the wire. */
function enforceUnits(stage: Stage): () => number {
  const limits = ENDPOINT_PRESETS.alchemyComputeUnits;
  const { network, clock } = stage.world;
  const buckets = new Map<string, { units: number; atMs: number }>();
  let refused = 0;
  network.admit = (method, node) => {
    const nowMs = clock.elapsedMs();
    const bucket = buckets.get(node.terms.name) ?? { units: limits.burst * 1.2, atMs: nowMs };
    const refilled = bucket.units + ((nowMs - bucket.atMs) / 1000) * limits.unitsPerSecond;
    const units = Math.min(limits.burst * 1.2, refilled) - unitsOf(limits, method);
    buckets.set(node.terms.name, { units: Math.max(0, units), atMs: nowMs });
    if (units >= 0) return undefined;
    refused += 1;
    return { kind: 'rateLimited', retryAfterMs: 1000 };
  };
  return () => refused;
}
