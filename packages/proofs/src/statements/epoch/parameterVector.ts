import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import {
  decimalsMax,
  orderBandPpm,
  parameterHash,
  productCount,
  Scarcity,
  unitWeights,
} from '@lawbook/exchange/markets/batch/parameters';
import type { EpochShape } from '../../circuits/epochCircuit.ts';
import { ProofFault } from '../../proofFault.ts';
import { bytesToNumber, signedElement } from '../fieldElement.ts';
import type { FieldHash } from './fieldHash.ts';

/** What the vector depends on besides the parameters. */
export type ParameterRoom = Pick<EpochShape, 'assetWords' | 'baskets'>;

/**
 * The parameters of a batch market as field elements: what the circuit opens, in this order. C is
 * the capacity 3 * assetWords, A the number of assets, K the capacity for baskets; what lies beyond
 * A and beyond the baskets is zero. Numbers stand unpacked, one to an element.
 *
 * | Elements | Meaning |
 * |---|---|
 * | 0, 1 | high and low 128 bits of the SHA-256 parameter hash: binds what no law reads |
 * | 2 .. 4 | A, baskets, feeE7 |
 * | 5 .. 7 | haltBandPpm, scarcity (0 proRata, 1 scarcityPricing), oracleAgeMsMax |
 * | 8 | 10^D, D the most decimals of an asset |
 * | C | weights 10^(D - decimals) by column |
 * | C, C, C | target, inventoryMin, inventoryMax by column |
 * | K C | units of basket k and column i at k C + i |
 * | C (C + K) | protective band in ppm of the pair (pay, product) at pay (C + K) + product |
 * | (C - 1)^2 | scaled covariance of the columns i, j >= 1 at (i - 1)(C - 1) + j - 1, signed |
 *
 * Products are numbered as in an order: a column, or A + basket. Bands are resolved: an override,
 * or the widest of the assets involved.
 *
 * @throws ProofFault PROOF_STATEMENT_UNFIT for more assets or baskets than fit.
 */
export function parameterVector(parameters: BatchParameters, room: ParameterRoom): bigint[] {
  const capacity = 3 * room.assetWords;
  const { assets, baskets } = parameters;
  if (assets.length > capacity || baskets.length > room.baskets) {
    throw new ProofFault(
      'PROOF_STATEMENT_UNFIT',
      `The market is too large: at most ${capacity} assets and ${room.baskets} baskets.`,
    );
  }
  const hash = bytesToNumber(hexToBytes(parameterHash(parameters)));
  const columns = (figures: readonly bigint[]): bigint[] => padded(figures, capacity);
  const vector = [
    hash >> 128n,
    BigInt.asUintN(128, hash),
    BigInt(assets.length),
    BigInt(baskets.length),
    BigInt(parameters.feeE7),
    BigInt(parameters.haltBandPpm),
    parameters.scarcity === Scarcity.proRata ? 0n : 1n,
    BigInt(parameters.oracleAgeMsMax),
    10n ** BigInt(decimalsMax(parameters)),
    ...columns(unitWeights(parameters)),
    ...columns(assets.map(({ target }) => target)),
    ...columns(assets.map(({ inventoryMin }) => inventoryMin)),
    ...columns(assets.map(({ inventoryMax }) => inventoryMax)),
    ...padded(
      baskets.flatMap(({ units }) => columns(units)),
      room.baskets * capacity,
    ),
    ...bandTable(parameters, room),
    ...covarianceTable(parameters, capacity),
  ];
  invariant(vector.length === parameterVectorLength(room), 'the vector has its full length');
  return vector;
}

/** How many elements the vector has. */
export function parameterVectorLength({ assetWords, baskets }: ParameterRoom): number {
  const capacity = 3 * assetWords;
  return (
    9 + (4 + baskets) * capacity + capacity * (capacity + baskets) + (capacity - 1) * (capacity - 1)
  );
}

/** What an agreement registers for a parameter set: the circuit's hash of its vector. */
export function parameterCommitment(
  parameters: BatchParameters,
  room: ParameterRoom,
  hash: FieldHash,
): bigint {
  return hash(parameterVector(parameters, room));
}

function bandTable(parameters: BatchParameters, { assetWords, baskets }: ParameterRoom): bigint[] {
  const capacity = 3 * assetWords;
  const products = productCount(parameters);
  const width = capacity + baskets;
  const rows = parameters.assets.map((_, pay) => {
    const bands = Array.from({ length: products }, (__, product) =>
      BigInt(orderBandPpm(parameters, pay, product)),
    );
    return padded(bands, width);
  });
  return padded(rows.flat(), capacity * width);
}

function covarianceTable(
  { assets, scaledCovariance }: BatchParameters,
  capacity: number,
): bigint[] {
  const n = assets.length - 1;
  const rows = Array.from({ length: n }, (_, i) => {
    const row = scaledCovariance.slice(i * n, (i + 1) * n);
    return padded(row.map(signedElement), capacity - 1);
  });
  return padded(rows.flat(), (capacity - 1) * (capacity - 1));
}

function padded(figures: readonly bigint[], length: number): bigint[] {
  return [...figures, ...new Array<bigint>(length - figures.length).fill(0n)];
}
