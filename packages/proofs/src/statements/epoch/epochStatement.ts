import type { Hash } from '@lawbook/exchange/codec/hash';
import { netDiffs } from '@lawbook/exchange/diffs/stateDiff';
import { at } from '@lawbook/exchange/failures/invariant';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { parameterHash, RATION_SCALE, Scarcity } from '@lawbook/exchange/markets/batch/parameters';
import { PPM } from '@lawbook/exchange/numbers/price';
import type { BatchTransition } from '@lawbook/exchange/transition';
import type { EpochShape } from '../../circuits/epochCircuit.ts';
import { EPOCH_SHAPES, smallestCircuit } from '../../circuits/epochCircuit.ts';
import { ProofFault } from '../../proofFault.ts';
import type { CircuitInputs, Claim } from '../statement.ts';
import type { ListCut, SettledEpoch } from './cutDiffList.ts';
import { cutDiffList } from './cutDiffList.ts';
import type { DataVector } from './dataVector.ts';
import { challenge, dataVector, evaluate } from './dataVector.ts';
import { VENUE_ROWS } from './diffList.ts';
import type { FieldHash } from './fieldHash.ts';
import { parameterCommitment, parameterVector } from './parameterVector.ts';

/** Where an epoch is settled, and the circuit that proves it. */
export interface EpochPlace {
  readonly shard: number;
  /** 1, 2, 3, ... within the shard. */
  readonly listNumber: bigint;
  /** Thirty-two zero bytes before the first list. */
  readonly previousListHash: Hash;
  readonly shape: EpochShape;
}

/** An epoch with all that is sent to settle it but the proof. */
export interface EpochClaim {
  readonly claim: Claim;
  readonly cut: ListCut;
  readonly listHash: Hash;
  /** C: the circuit's hash of the data vector. */
  readonly dataCommitment: bigint;
}

/**
 * The claim that the laws hold for an epoch, with every figure taken as it is: whether the figures
 * are lawful is for the circuit to say. The witness follows circuits/README.md.
 *
 * @throws ProofFault PROOF_STATEMENT_UNFIT for an epoch that is malformed, too large for the
 * circuit, under more than one parameter set, or that no contract can settle, and for markets that
 * no circuit proves.
 */
export function epochClaim(epoch: SettledEpoch, place: EpochPlace, hash: FieldHash): EpochClaim {
  refuseUnprovable(parametersOf(epoch));
  const cut = epochCut(epoch, place, hash);
  const { shape } = place;
  const vector = dataVector(cut, shape);
  const commitment = hash(vector.elements);
  const publicInputs = publicInputsOf(vector, commitment);
  const [, point, evaluation] = publicInputs;
  const inputs: CircuitInputs = {
    vector: vector.elements,
    parameters: parameterVector(parametersOf(epoch), shape),
    pay_factors: factorRows(epoch, shape, ({ solution }) => solution.payFactors),
    receive_factors: factorRows(epoch, shape, ({ solution }) => solution.receiveFactors),
    blocked: blockedRows(epoch, shape),
    commitment,
    point,
    evaluation,
  };
  const netted = netDiffs(epoch.batches.map(({ diffs }) => diffs));
  return {
    claim: {
      statement: { circuit: shape.name, publicInputs },
      witness: { inputs, batches: epoch.batches, netted },
    },
    cut,
    listHash: vector.listHash,
    dataCommitment: commitment,
  };
}

/**
 * The smallest circuit with room for an epoch.
 *
 * @throws ProofFault PROOF_STATEMENT_UNFIT where there is none.
 */
export function epochShapeFor({ batches }: SettledEpoch): EpochShape {
  const orders = batches.reduce((sum, batch) => sum + batch.orders.count, 0);
  const blocked = batches.reduce((sum, { solution }) => sum + solution.blocked.length, 0);
  const owners = new Set(batches.flatMap((batch) => batch.orders.owners)).size;
  const vaults = owners + VENUE_ROWS;
  const shape = smallestCircuit({ batches: batches.length, orders, vaults, blocked });
  if (shape !== undefined) return shape;
  const size = `${batches.length} batches, ${orders} orders, ${owners} owners, ${blocked} blocked`;
  throw unfit(`no circuit has room for ${size}`);
}

/** The size of an epoch circuit by its name; undefined for a circuit that proves no epoch. */
export function epochShapeOf(name: string): EpochShape | undefined {
  return EPOCH_SHAPES.find((shape) => shape.name === name);
}

/**
 * The list of an epoch under the one parameter set that a circuit opens.
 *
 * @throws ProofFault PROOF_STATEMENT_UNFIT as `epochClaim` does.
 */
export function epochCut(epoch: SettledEpoch, place: EpochPlace, hash: FieldHash): ListCut {
  const commitment = parameterCommitment(parametersOf(epoch), place.shape, hash);
  const parameterCommitments = epoch.batches.map(() => commitment);
  return cutDiffList(epoch, { ...place, parameterCommitments });
}

/**
 * [C, r, y] of a list, from a commitment that somebody claims: all that a verifier asks about.
 * The commitment lies in the field.
 */
export function epochPublicInputs(
  cut: ListCut,
  shape: EpochShape,
  commitment: bigint,
): [commitment: bigint, point: bigint, evaluation: bigint] {
  return publicInputsOf(dataVector(cut, shape), commitment);
}

function publicInputsOf(
  { elements, listHash }: DataVector,
  commitment: bigint,
): [bigint, bigint, bigint] {
  const point = challenge(listHash, commitment);
  return [commitment, point, evaluate(elements, point)];
}

function parametersOf({ batches }: SettledEpoch): BatchParameters {
  const [first] = batches;
  if (first === undefined) throw unfit('it has no batch');
  const hash = parameterHash(first.parameters);
  if (batches.some(({ parameters }) => parameterHash(parameters) !== hash)) {
    throw unfit('all batches clear under one set of parameters');
  }
  return first.parameters;
}

const COVARIANCE_MAX = 1n << 63n;

/** What a market may be and circuits still do not prove: they say no, and not why. */
function refuseUnprovable({
  scarcity,
  scaledCovariance,
  pairBands,
  assets,
}: BatchParameters): void {
  if (scarcity !== Scarcity.proRata) throw unfit('a market that prices scarcity is not proved');
  if (scaledCovariance.some((entry) => entry >= COVARIANCE_MAX || entry < -COVARIANCE_MAX)) {
    throw unfit('entries of the scaled covariance have 63 bits and a sign');
  }
  if ([...assets, ...pairBands].some(({ bandPpm }) => BigInt(bandPpm) > PPM)) {
    throw unfit('a protective band is no wider than the mid');
  }
}

/** By batch and column; one, in its scale, where nothing is rationed or nothing is. */
function factorRows(
  { batches }: SettledEpoch,
  shape: EpochShape,
  factorsOf: (batch: BatchTransition) => readonly bigint[],
): bigint[][] {
  return Array.from({ length: shape.batches }, (_, k) => {
    const batch = batches[k];
    const trades = batch !== undefined && batch.report.outcome.kind === 'cleared';
    const factors = trades ? factorsOf(batch) : [];
    return Array.from({ length: 3 * shape.assetWords }, (__, i) => factors[i] ?? RATION_SCALE);
  });
}

/** Rows of the epoch that are blocked, ascending; N where no more are. */
function blockedRows({ batches }: SettledEpoch, shape: EpochShape): bigint[] {
  const rows: number[] = [];
  let offset = 0;
  for (const { orders, solution } of batches) {
    for (const row of solution.blocked) rows.push(offset + row);
    offset += orders.count;
  }
  if (rows.length > shape.blocked) {
    throw unfit(`at most ${shape.blocked} blocked orders, not ${rows.length}`);
  }
  return Array.from({ length: shape.blocked }, (_, k) => {
    return BigInt(k < rows.length ? at(rows, k) : shape.orders);
  });
}

function unfit(reason: string): ProofFault {
  return new ProofFault('PROOF_STATEMENT_UNFIT', `The epoch does not fit the circuit: ${reason}.`);
}
