import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { Abi, AbiType } from '../circuits/circuit.ts';
import { FIELD_MODULUS } from './fieldElement.ts';
import type { CircuitInput, CircuitInputs } from './statement.ts';

/**
 * The public inputs of a circuit as its verifier sees them: parameters in order, records field by
 * field, lists element by element. The inputs must have the shape that the ABI says.
 */
export function flattenPublic(abi: Abi, inputs: CircuitInputs): bigint[] {
  const elements: bigint[] = [];
  for (const { name, type, visibility } of abi.parameters) {
    if (visibility === 'public') flatten(type, inputs[name], elements);
  }
  return elements;
}

/** How many field elements the public parameters take. */
export function publicInputCount(abi: Abi): number {
  return abi.parameters.reduce(
    (sum, { type, visibility }) => sum + (visibility === 'public' ? elementCount(type) : 0),
    0,
  );
}

function flatten(type: AbiType, input: CircuitInput | undefined, elements: bigint[]): void {
  invariant(input !== undefined, 'every parameter of a circuit has an input');
  if (typeof input === 'bigint') {
    invariant(isScalar(type), 'a number stands where the ABI has one');
    invariant(input >= 0n && input < FIELD_MODULUS, 'an input is a reduced field element');
    elements.push(input);
  } else if (type.kind === 'array') {
    invariant(Array.isArray(input), 'a list stands where the ABI has one');
    const list: readonly CircuitInput[] = input;
    invariant(list.length === type.length, 'a list has the length that the ABI says');
    const { type: inner } = type;
    invariant(inner !== undefined, 'an array of the ABI has an element type');
    for (let k = 0; k < list.length; k += 1) flatten(inner, at(list, k), elements);
  } else {
    invariant(type.kind === 'struct', 'a record stands where the ABI has one');
    const fields: Readonly<Record<string, CircuitInput>> = input as CircuitInputs;
    for (const { name, type: inner } of type.fields ?? []) flatten(inner, fields[name], elements);
  }
}

function isScalar({ kind }: AbiType): boolean {
  return kind === 'field' || kind === 'integer' || kind === 'boolean';
}

function elementCount(type: AbiType): number {
  if (type.kind === 'array') {
    return (type.length ?? 0) * (type.type === undefined ? 0 : elementCount(type.type));
  }
  if (type.kind !== 'struct') return 1;
  return (type.fields ?? []).reduce((sum, field) => sum + elementCount(field.type), 0);
}
