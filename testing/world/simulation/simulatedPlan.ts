import { DEMO_DOMAIN, demoParameters, demoTargets } from '@lawbook/analytics/demoWorld';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import { Router } from '@lawbook/proofs/provers/router/router';
import { demoMarketInputs } from '../../../packages/executor/src/demo/demoWorld.ts';
import type { EpochProver } from '../../../packages/executor/src/settlement/epochProver.ts';
import {
  PROVABLE_MINIMUM_FILLS,
  PROVABLE_ORDERS,
  routedProver,
  unprovableEpoch,
  unprovableParameters,
} from '../../../packages/executor/src/settlement/epochProver.ts';
import type {
  SettlementPlan,
  VenueSide,
} from '../../../packages/executor/src/settlement/settlementPlan.ts';
import type { OpenedSettlement } from '../../../packages/executor/src/settlement/settlementService.ts';
import type { VenueEnvironment } from '../../../packages/executor/src/venueEnvironment.ts';
import { openBridge } from '../../../packages/settlement/src/bridge/bridge.ts';
import { SettlementFault } from '../../../packages/settlement/src/settlementFault.ts';
import { openSettler } from '../../../packages/settlement/src/settler/openSettler.ts';
import type { SeededRandom } from '../seededRandom.ts';
import type { StoreTerms } from './crashingStore.ts';
import type { EvmBase } from './evmBase.ts';
import { SIMULATED_KEYS } from './evmContracts.ts';
import { openEvmSettlement } from './evmSettlement.ts';
import type { Life } from './life.ts';
import type { MemoryBase } from './memoryBase.ts';
import { SHARD } from './simulatedBase.ts';
import type { ProverTerms } from './simulatedProver.ts';
import { SimulatedProver } from './simulatedProver.ts';

const LIMITS = {
  provenAheadMax: 4,
  failuresBeforeAlert: 5,
  retryMsMin: 500,
  retryMsMax: 8_000,
  beatMs: 1_000,
} as const;

/** What a plan of one life stands on. */
export interface SimulatedPlanParts {
  readonly life: Life;
  readonly environment: VenueEnvironment;
  readonly base: MemoryBase | EvmBase;
  /** How the disk behaves that also holds the chain engine's store. */
  readonly storeTerms: StoreTerms;
  readonly provers: ProverTerms;
  readonly random: SeededRandom;
  readonly batchIntervalMs: number;
}

/** How a venue of the world settles: the product's settler and bridge over the simulated chain. */
export function simulatedPlan(parts: SimulatedPlanParts): SettlementPlan {
  const parameters = settlingParameters(parts.batchIntervalMs);
  return {
    domain: DEMO_DOMAIN,
    unprovable: unprovableEpoch,
    unprovableParameters,
    minimumFillsMax: PROVABLE_MINIMUM_FILLS,
    demoInputs: (timeMs) => {
      return demoMarketInputs(
        parameters,
        timeMs,
        demoTargets().map(() => amount(0n)),
      );
    },
    open: (venue) => {
      const { base } = parts;
      if (base.kind === 'memory') return open({ ...parts, base }, venue);
      return openEvmSettlement({ ...parts, base }, openProver(parts), venue);
    },
    readSettled: () => Promise.reject(new SettlementFault('SETTLEMENT_UNAVAILABLE', 'Not here.')),
  };
}

/** The demo market with as many orders in a batch as a circuit can prove. */
export function settlingParameters(batchIntervalMs: number): BatchParameters {
  return { ...demoParameters(), batchIntervalMs, orderCountMax: PROVABLE_ORDERS };
}

/** A plan whose base layer is in memory. */
type MemoryPlanParts = SimulatedPlanParts & { readonly base: MemoryBase };

async function open(parts: MemoryPlanParts, venue: VenueSide): Promise<OpenedSettlement> {
  const { base, life, environment } = parts;
  const layer = base.seenBy(life);
  await layer.agreement();
  const { source, store, onEvent, execute, onIncident, onBroken, machine } = venue;
  const prover = openProver(parts);
  const { prove, cut, readProof } = prover;
  const settler = await openSettler(
    { limits: LIMITS },
    { layer, source, store, prove, cut, readProof, environment, onEvent },
  );
  const bridge = openBridge({
    ...{ layer, environment, onIncident, onBroken, places: venue.places },
    book: () => machine.state.baseLayer,
    submit: async (input) => {
      const result = await execute(input);
      return result.ok ? { ok: true, value: undefined } : result;
    },
  });
  return {
    layer,
    settler,
    facts: {
      kind: 'memory',
      chainId: layer.domain.chainId,
      contract: layer.domain.address,
      registry: layer.domain.address,
      shard: SHARD,
      rpcUrl: undefined,
      tokens: base.tokens,
      setup: 'none',
    },
    provers: prover.provers,
    registerParameters: (parameters) => registerParameters(parts, parameters),
    close: async () => {
      await bridge.close();
      await settler.close();
      await prover.close();
    },
  };
}

/** Resolves once the parameters hold, or says that they will later. */
async function registerParameters(
  { base, environment, life }: MemoryPlanParts,
  parameters: BatchParameters,
): Promise<void> {
  const { registry } = base.chain.contracts;
  await life.touch('base', async () => base.register(parameters));
  const commitment = base.commitmentOf(parameters);
  for (let tries = 0; tries < 30; tries += 1) {
    await environment.clock.sleep(1_000);
    if (registry.areActive(parameters.marketId, commitment, base.chain.head())) return;
  }
  throw new SettlementFault('SETTLEMENT_UNAVAILABLE', 'The parameters do not hold yet.');
}

/** The product's prover over two simulated backends, which take over from one another. */
function openProver({
  environment,
  base,
  provers: terms,
  random,
}: SimulatedPlanParts): EpochProver {
  const { clock } = environment;
  const parts = { environment, terms, random };
  const router = new Router({
    backends: ['near', 'far'].map((id, k) => {
      return { prover: new SimulatedProver(id, parts), costPerSecond: 1 + k };
    }),
    demands: { checkedAllowed: false, insecureSetupAllowed: true, evmVerifiable: true },
    breaker: { failuresMax: 3, openMs: 5_000, openMsMax: 20_000 },
    attemptMsMax: ATTEMPT_MS_MAX,
    failuresMax: 2,
    now: () => clock.nowMs(),
    after: (delayMs, callback) => {
      const over = new AbortController();
      clock.sleep(delayMs, over.signal).then(callback, () => undefined);
      return () => over.abort();
    },
  });
  return routedProver({ router, hash: base.hash, keys: SIMULATED_KEYS, shard: SHARD });
}

const ATTEMPT_MS_MAX = 60_000;
