import { demoParameters, demoTargets } from '@lawbook/analytics/demoWorld';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import { ProofFault } from '@lawbook/proofs/proofFault';
import type { EpochPlace } from '@lawbook/proofs/statements/epoch/epochStatement';
import {
  epochCut,
  epochPublicInputs,
  epochShapeFor,
} from '@lawbook/proofs/statements/epoch/epochStatement';
import { demoMarketInputs } from '../../../packages/executor/src/demo/demoWorld.ts';
import {
  PROVABLE_MINIMUM_FILLS,
  PROVABLE_ORDERS,
  unprovableEpoch,
  unprovableParameters,
} from '../../../packages/executor/src/settlement/epochProver.ts';
import type {
  SettlementPlan,
  VenueSide,
} from '../../../packages/executor/src/settlement/settlementPlan.ts';
import type { OpenedSettlement } from '../../../packages/executor/src/settlement/settlementService.ts';
import type { VenueEnvironment } from '../../../packages/executor/src/venueEnvironment.ts';
import type { LawProof } from '../../../packages/settlement/src/baseLayer/submission.ts';
import { openBridge } from '../../../packages/settlement/src/bridge/bridge.ts';
import { SettlementFault } from '../../../packages/settlement/src/settlementFault.ts';
import type { SealedList } from '../../../packages/settlement/src/settler/epochSource.ts';
import { openSettler } from '../../../packages/settlement/src/settler/openSettler.ts';
import type { ProvedList } from '../../../packages/settlement/src/settler/settler.ts';
import type { SeededRandom } from '../seededRandom.ts';
import type { Life } from './life.ts';
import type { SimulatedBase } from './simulatedBase.ts';
import { proofFor, SHARD } from './simulatedBase.ts';

/** How provers behave now; faults change it while they run. */
export interface ProverTerms {
  /** Milliseconds of a proof, the least and the most. */
  proofMs: readonly [number, number];
  /** Share of the proofs that die. */
  dies: number;
  /** Share of the proofs that are garbage. */
  garbage: number;
}

/** Provers with which nothing goes wrong. */
export const GOOD_PROVERS: ProverTerms = { proofMs: [200, 2_000], dies: 0, garbage: 0 };

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
  readonly base: SimulatedBase;
  readonly provers: ProverTerms;
  readonly random: SeededRandom;
  readonly batchIntervalMs: number;
}

/** How a venue of the world settles: real settler and bridge over the simulated base layer. */
export function simulatedPlan(parts: SimulatedPlanParts): SettlementPlan {
  const parameters = settlingParameters(parts.batchIntervalMs);
  return {
    domain: parts.base.chain.contracts.domain,
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
    open: (venue) => open(parts, venue),
    readSettled: () => Promise.reject(new SettlementFault('SETTLEMENT_UNAVAILABLE', 'Not here.')),
  };
}

/** The demo market with as many orders in a batch as a circuit can prove. */
export function settlingParameters(batchIntervalMs: number): BatchParameters {
  return { ...demoParameters(), batchIntervalMs, orderCountMax: PROVABLE_ORDERS };
}

async function open(parts: SimulatedPlanParts, venue: VenueSide): Promise<OpenedSettlement> {
  const { base, life, environment } = parts;
  const layer = base.seenBy(life);
  await layer.agreement();
  const { source, store, onEvent, execute, onIncident, machine } = venue;
  const cut = async (list: SealedList, previous: Hash): Promise<ReturnType<typeof epochCut>> =>
    epochCut(list.bundle, placeOf(list, previous), base.hash);
  const settler = await openSettler(
    { limits: LIMITS },
    {
      ...{ layer, source, store, cut, environment, onEvent, readProof },
      prove: (list, previous, signal) => prove(parts, { list, previous, signal }),
    },
  );
  const bridge = openBridge({
    ...{ layer, environment, onIncident, places: venue.places },
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
    provers: () => [
      { id: 'simulated', breaker: 'closed', proved: 0, failed: 0, running: 0, queued: 0 },
    ],
    registerParameters: (parameters) => registerParameters(parts, parameters),
    close: async () => {
      await bridge.close();
      await settler.close();
    },
  };
}

/** Resolves once the parameters hold, or says that they will later. */
async function registerParameters(
  { base, environment, life }: SimulatedPlanParts,
  parameters: BatchParameters,
): Promise<void> {
  const { registry } = base.chain.contracts;
  await life.touch(async () => base.register(parameters));
  const from = registry.baseEpoch(base.chain.head());
  for (let tries = 0; tries < 30; tries += 1) {
    await environment.clock.sleep(1_000);
    if (registry.baseEpoch(base.chain.head()) > from + 1n) return;
  }
  throw new SettlementFault('SETTLEMENT_UNAVAILABLE', 'The parameters do not hold yet.');
}

interface ProveTask {
  readonly list: SealedList;
  readonly previous: Hash;
  readonly signal: AbortSignal;
}

/** A proof takes its time, dies, or is garbage that only the base layer finds out. */
async function prove(
  { life, environment, base, provers, random }: SimulatedPlanParts,
  { list, previous, signal }: ProveTask,
): Promise<ProvedList> {
  const [least, most] = provers.proofMs;
  await environment.clock.sleep(random.integer(least, most), signal);
  const { cut, place, dataCommitment } = await life.touch(async () => {
    const where = placeOf(list, previous);
    const made = epochCut(list.bundle, where, base.hash);
    return { cut: made, place: where, dataCommitment: 1n + list.listNumber };
  });
  if (random.next() < provers.dies) {
    throw new ProofFault('PROOF_PROVER_FAILED', 'The simulated prover died.');
  }
  const publicInputs = epochPublicInputs(cut, place.shape, dataCommitment);
  const bytes = proofFor(publicInputs);
  if (random.next() < provers.garbage) bytes[0] = (bytes[0] ?? 0) ^ 1;
  const circuit = EPOCH_SHAPES.indexOf(place.shape);
  const proof = { circuit, dataCommitment, bytes };
  return {
    proof,
    attachment: writeProof(proof),
    circuit: place.shape.name,
    backend: 'simulated',
  };
}

function placeOf(list: SealedList, previousListHash: Hash): EpochPlace {
  const shape = epochShapeFor(list.bundle);
  return { shard: SHARD, listNumber: list.listNumber, previousListHash, shape };
}

function writeProof({ circuit, dataCommitment, bytes }: LawProof): Uint8Array {
  const head = Buffer.alloc(9);
  head.writeUInt8(circuit, 0);
  head.writeBigUInt64BE(dataCommitment, 1);
  return Uint8Array.from([...head, ...bytes]);
}

function readProof(attachment: Uint8Array): LawProof {
  const head = Buffer.from(attachment.subarray(0, 9));
  return {
    circuit: at([...head], 0),
    dataCommitment: head.readBigUInt64BE(1),
    bytes: attachment.slice(9),
  };
}
