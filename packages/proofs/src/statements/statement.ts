import type { StateDiffList } from '@lawbook/exchange/diffs/stateDiff';
import type { BatchTransition } from '@lawbook/exchange/transition';
import type { CircuitName } from '../circuits/circuit.ts';

/** A figure of a circuit's parameter: a field element or integer, or lists and records of them. */
export type CircuitInput =
  | bigint
  | readonly CircuitInput[]
  | { readonly [name: string]: CircuitInput };

/** All inputs of a circuit by the name of its parameter. */
export type CircuitInputs = Readonly<Record<string, CircuitInput>>;

/** The claim that a proof is about: this circuit accepts these public inputs. */
export interface Statement {
  readonly circuit: CircuitName;
  /** Field elements in the order of the circuit's public parameters. */
  readonly publicInputs: readonly bigint[];
}

/** What only the prover sees. */
export interface Witness {
  /** Every input of the circuit, the public ones included. */
  readonly inputs: CircuitInputs;
  /** The batches that the statement is about, for backends that judge instead of proving. */
  readonly batches: readonly BatchTransition[];
  /** The diff list that the batches net to. */
  readonly netted: StateDiffList;
}

/** A statement with the witness that it holds for. */
export interface Claim {
  readonly statement: Statement;
  readonly witness: Witness;
}
