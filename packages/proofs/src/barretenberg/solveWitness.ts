import type { CompiledCircuit, InputMap } from '@noir-lang/noir_js';
import { Noir } from '@noir-lang/noir_js';
import type { CircuitName } from '../circuits/circuit.ts';
import { circuitOf } from '../circuits/circuit.ts';
import { ProofFault } from '../proofFault.ts';
import type { CircuitInput, CircuitInputs } from '../statements/statement.ts';

/**
 * Executes a circuit: every constraint is computed, nothing is proved.
 *
 * @returns the solved witness, compressed, as `Session.prove` takes it.
 * @throws ProofFault PROOF_STATEMENT_FALSE naming the first constraint that does not hold.
 */
export async function solveWitness(
  circuit: CircuitName,
  inputs: CircuitInputs,
): Promise<Uint8Array> {
  const program: unknown = circuitOf(circuit);
  const noir = new Noir(program as CompiledCircuit);
  const foreign = foreignInput(inputs);
  try {
    const { witness } = await noir.execute(foreign as InputMap);
    return witness;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'inputs out of range';
    throw new ProofFault('PROOF_STATEMENT_FALSE', `The circuit refuses its inputs: ${reason}`, {
      fields: { circuit },
      cause,
    });
  }
}

/** noir_js reads numbers as text. */
function foreignInput(input: CircuitInput): unknown {
  if (typeof input === 'bigint') return input.toString();
  if (Array.isArray(input)) return input.map(foreignInput);
  const fields = Object.entries(input).map(([name, field]) => [name, foreignInput(field)] as const);
  return Object.fromEntries(fields);
}
