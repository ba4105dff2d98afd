import type { Hash } from '@lawbook/exchange/codec/hash';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { openPoseidon2 } from '@lawbook/proofs/barretenberg/poseidon2';
import type { EpochShape } from '@lawbook/proofs/circuits/epochCircuit';
import { EPOCH_SHAPES, unprovable, unprovableMarket } from '@lawbook/proofs/circuits/epochCircuit';
import type { ReferenceString } from '@lawbook/proofs/keys/referenceString';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import type { ProofCost } from '@lawbook/proofs/provers/honk/honkProver';
import { HonkProver } from '@lawbook/proofs/provers/honk/honkProver';
import { Urgency } from '@lawbook/proofs/provers/prover';
import type { DecisionInputs } from '@lawbook/proofs/provers/router/decision';
import { Router } from '@lawbook/proofs/provers/router/router';
import type { EpochPlace } from '@lawbook/proofs/statements/epoch/epochStatement';
import {
  epochClaim,
  epochCut,
  epochShapeFor,
} from '@lawbook/proofs/statements/epoch/epochStatement';
import type { FieldHash } from '@lawbook/proofs/statements/epoch/fieldHash';
import {
  decodeSettlementAttachment,
  encodeSettlementAttachment,
} from '@lawbook/proofs/statements/epoch/settlementAttachment';
import { INSECURE_SETUP } from '@lawbook/proofs/statements/proof';
import {
  SETTLE_BYTES_MAX,
  settleBytes,
  settleOrdersMax,
} from '@lawbook/settlement/baseLayer/evm/settleRoom';
import type { LawProof } from '@lawbook/settlement/baseLayer/submission';
import type { SealedList } from '@lawbook/settlement/settler/epochSource';
import type { CutSealedList, ProvedList, ProveList } from '@lawbook/settlement/settler/settler';
import type { Logger } from 'pino';
import type { ProofsConfig } from '../config/config.ts';
import type { ProverFacts } from './settlementService.ts';

/** What proves the epochs of a venue. */
export interface EpochProver {
  readonly prove: ProveList;
  readonly cut: CutSealedList;
  readonly readProof: (attachment: Uint8Array) => LawProof;
  readonly hash: FieldHash;
  readonly provers: () => readonly ProverFacts[];
  readonly close: () => Promise<void>;
}

/** What an epoch prover is opened with. */
export interface EpochProverOptions {
  readonly proofs: ProofsConfig;
  readonly string: ReferenceString;
  /** Keys by circuit, in the order of the agreement. */
  readonly keys: readonly VerifyingKey[];
  readonly shard: number;
  readonly log: Logger;
  /** Told what each proof cost. */
  readonly onProved: (cost: ProofCost) => void;
}

/** Failures after which a backend is left alone for a while. */
const BREAKER = { failuresMax: 3, openMs: 15_000, openMsMax: 120_000 } as const;
const FAILURES_MAX = 2;
/** Statements that may wait; the settler asks for a few at a time. */
const QUEUE_MAX = 8;
/** How soon an epoch is wanted proven; the router prefers backends that keep it. */
const DEADLINE_MS = 30_000;

/** Opens the provers of the venue: children of this process, one for each proof. */
export async function openEpochProver(options: EpochProverOptions): Promise<EpochProver> {
  const { proofs, string, keys, shard, log, onProved } = options;
  const hash = await openPoseidon2();
  const honk = new HonkProver({
    string,
    keys,
    threads: 2,
    workers: proofs.workers,
    queueMax: QUEUE_MAX,
    memoryBytesMax: proofs.memoryBytes,
    timeoutMs: proofs.timeoutMs,
    onMeasured: (cost) => {
      log.debug({ cost }, 'an epoch was proved');
      onProved(cost);
    },
  });
  const router = new Router({
    backends: [{ prover: honk, costPerSecond: 1 }],
    demands: {
      checkedAllowed: false,
      insecureSetupAllowed: string.setup === INSECURE_SETUP,
      evmVerifiable: true,
    },
    breaker: BREAKER,
    attemptMsMax: proofs.timeoutMs,
    failuresMax: FAILURES_MAX,
    onDecision: (inputs: DecisionInputs, decision) => log.debug({ inputs, decision }, 'routed'),
  });
  return routedProver({ router, hash, keys, shard });
}

/** What proves over a router that is there. */
export interface RoutedProverParts {
  readonly router: Router;
  readonly hash: FieldHash;
  /** Keys by circuit, in the order of the agreement. */
  readonly keys: readonly Pick<VerifyingKey, 'circuit'>[];
  readonly shard: number;
}

/** Proves the epochs of a shard by whatever backends a router has. */
export function routedProver({ router, hash, keys, shard }: RoutedProverParts): EpochProver {
  const prove: ProveList = (list, previousListHash, signal) => {
    return proveList(list, { router, hash, keys, shard, previousListHash, signal });
  };
  const cut: CutSealedList = (list, previousListHash) => {
    return Promise.resolve(epochCut(list.bundle, placeOf(list, shard, previousListHash), hash));
  };
  const readProof = (attachment: Uint8Array): LawProof => {
    const { place, proof } = decodeSettlementAttachment(attachment);
    const circuit = circuitPlace(keys, proof.circuit);
    return { circuit, dataCommitment: place.dataCommitment, bytes: proof.bytes };
  };
  const close = (): Promise<void> => router.close();
  return { prove, cut, readProof, hash, provers: () => router.report(), close };
}

interface Proving extends RoutedProverParts {
  readonly previousListHash: Hash;
  readonly signal: AbortSignal;
}

async function proveList(list: SealedList, proving: Proving): Promise<ProvedList> {
  const { router, hash, keys, shard, previousListHash, signal } = proving;
  const { bundle, listNumber, sealedAtMs } = list;
  const place = placeOf(list, shard, previousListHash);
  const { claim, listHash, dataCommitment } = epochClaim(bundle, place, hash);
  const { proof, backend } = await router.prove(claim.statement, claim.witness, {
    signal,
    urgency: bundle.withdrawals.length > 0 ? Urgency.withdrawal : Urgency.epoch,
    deadlineAtMs: sealedAtMs + DEADLINE_MS,
  });
  invariant(proof.kind === 'validity', 'the demands leave no room for a mere check');
  const { circuit } = proof;
  return {
    proof: { circuit: circuitPlace(keys, circuit), dataCommitment, bytes: proof.bytes },
    attachment: encodeSettlementAttachment({
      place: { shard, listNumber, previousListHash, listHash, dataCommitment },
      proof,
    }),
    circuit,
    backend,
  };
}

/** Where a list stands, with the smallest circuit that has room for it. */
function placeOf(list: SealedList, shard: number, previousListHash: Hash): EpochPlace {
  const shape = epochShapeFor(list.bundle);
  return { shard, listNumber: list.listNumber, previousListHash, shape };
}

/** The agreement lists circuits in the order of the keys. */
export function circuitPlace(
  keys: readonly Pick<VerifyingKey, 'circuit'>[],
  circuit: string,
): number {
  const place = keys.findIndex((key) => key.circuit === circuit);
  invariant(place >= 0, 'every epoch circuit has a key');
  return place;
}

/** Points of a reference string that is long enough for the circuits of some keys. */
export function pointsFor(keys: readonly VerifyingKey[]): number {
  const gates = Math.max(...keys.map((key) => key.gates));
  return 2 ** Math.ceil(Math.log2(gates)) + 1;
}

/** The circuit with the most room: what does not fit it has no proof. */
const LARGEST: EpochShape = at(EPOCH_SHAPES, EPOCH_SHAPES.length - 1);

/** Orders that a batch may hold where epochs are proved and settled. */
export const PROVABLE_ORDERS: number = Math.min(
  LARGEST.orders,
  settleOrdersMax(LARGEST.assetWords),
);

/**
 * Orders with a minimum fill that a batch may hold. Any of them may end blocked, and the circuit
 * has room for so many: a batch of more would halt, at no cost to whoever sent them.
 */
export const PROVABLE_MINIMUM_FILLS: number = LARGEST.blocked;

/**
 * Why no circuit can prove an epoch of these batches, or no transaction settle it; undefined when
 * one can.
 */
export function unprovableEpoch(batches: readonly BatchTransition[]): string | undefined {
  const bytes = settleBytes(batches, LARGEST.assetWords);
  if (bytes > SETTLE_BYTES_MAX) {
    return `A transaction has room for ${SETTLE_BYTES_MAX} bytes, and the epoch may need ${bytes}.`;
  }
  return unprovable(batches, LARGEST);
}

/**
 * Why no epoch of a market with these parameters could be proved or settled, whatever is traded in
 * it; undefined when some could. `mids` are those that its prices are about.
 */
export function unprovableParameters(
  parameters: BatchParameters,
  mids: readonly bigint[],
): string | undefined {
  if (parameters.orderCountMax > PROVABLE_ORDERS) {
    return `A batch that settles has ${PROVABLE_ORDERS} orders at most (orderCountMax).`;
  }
  return unprovableMarket(parameters, mids, LARGEST);
}
