import { BarretenbergSync } from '@aztec/bb.js';
import type { FieldHash } from '../statements/epoch/fieldHash.ts';
import { fieldHashOfBytes } from '../statements/epoch/fieldHash.ts';

/**
 * The circuits' hash by Barretenberg's wasm, in Node and in browsers. Starting takes a tenth of a
 * second, once; the hash of a data vector a few milliseconds.
 */
export async function openPoseidon2(): Promise<FieldHash> {
  const barretenberg = await BarretenbergSync.initSingleton();
  return fieldHashOfBytes((inputs) => barretenberg.poseidon2Hash({ inputs: [...inputs] }).hash);
}
