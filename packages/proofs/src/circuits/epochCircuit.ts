/** A size of the epoch circuit: what one proof has room for. */
export interface EpochShape {
  readonly name: EpochCircuitName;
  readonly batches: number;
  /** Order rows of all batches together. */
  readonly orders: number;
  /** Vault rows: the pool, the fees, then owners. */
  readonly vaults: number;
  /** Words of three assets. */
  readonly assetWords: number;
  readonly baskets: number;
  /** Rows of the epoch that a certificate may block. */
  readonly blocked: number;
}

/** Names of the epoch circuits. */
export type EpochCircuitName = 'batchEpoch16' | 'batchEpoch64' | 'batchEpoch256';

/** The sizes, ascending. */
export const EPOCH_SHAPES: readonly EpochShape[] = [
  shapeOf('batchEpoch16', 16, 2),
  shapeOf('batchEpoch64', 64, 4),
  shapeOf('batchEpoch256', 256, 4),
];

function shapeOf(name: EpochCircuitName, orders: number, blocked: number): EpochShape {
  return { name, batches: 8, orders, vaults: orders + 2, assetWords: 2, baskets: 4, blocked };
}

/** What an epoch needs room for. */
export interface EpochSize {
  readonly batches: number;
  readonly orders: number;
  readonly vaults: number;
}

/** The smallest circuit with room for an epoch; undefined where there is none. */
export function smallestCircuit(size: EpochSize): EpochShape | undefined {
  return EPOCH_SHAPES.find(
    (shape) =>
      size.batches <= shape.batches && size.orders <= shape.orders && size.vaults <= shape.vaults,
  );
}
