import assetsAreConserved8 from '../generated/assetsAreConserved8.json' with { type: 'json' };
import batchEpoch16 from '../generated/batchEpoch16.json' with { type: 'json' };
import batchEpoch64 from '../generated/batchEpoch64.json' with { type: 'json' };
import batchEpoch256 from '../generated/batchEpoch256.json' with { type: 'json' };
import type { EpochCircuitName } from './epochCircuit.ts';

/** A type of a circuit's parameter, in the words of Noir's ABI. */
export interface AbiType {
  /** field, integer, boolean, array, struct. */
  readonly kind: string;
  readonly length?: number;
  readonly type?: AbiType;
  readonly fields?: readonly { readonly name: string; readonly type: AbiType }[];
}

/** What goes into a circuit. Circuits of this package return nothing: results are parameters. */
export interface Abi {
  readonly parameters: readonly {
    readonly name: string;
    readonly type: AbiType;
    readonly visibility: string;
  }[];
}

/** A compiled circuit, as `npm run circuits` writes it. */
export interface Circuit {
  readonly circuit: string;
  /** Name and build of the compiler. */
  readonly compiler: string;
  /** Gates of the proving system, before its size is rounded up to a power of two. */
  readonly gates: number;
  readonly gatesDyadic: number;
  readonly abi: Abi;
  /** Compressed bytecode, base64. */
  readonly bytecode: string;
}

/** A circuit of this package. */
export type CircuitName = EpochCircuitName | 'assetsAreConserved8';

const CIRCUITS: Readonly<Record<CircuitName, Circuit>> = {
  assetsAreConserved8,
  batchEpoch16,
  batchEpoch64,
  batchEpoch256,
};

/** The compiled circuit of a name. */
export function circuitOf(name: CircuitName): Circuit {
  return CIRCUITS[name];
}
