import { revert } from './refusedAct.ts';

const LIMB_BITS = 64n;
const LIMB = (1n << LIMB_BITS) - 1n;

/** A word holds the limbs of its columns and nothing else. @throws RefusedAct WordsAreMalformed. */
export function checkWord(word: bigint, place: number, width: number): void {
  const columns = Math.min(3, Math.max(0, width - 3 * place));
  if (word >> (LIMB_BITS * BigInt(columns)) !== 0n) revert('WordsAreMalformed', place);
}

/** One of the three unsigned limbs of a word, the first lowest. */
export function limb(word: bigint, place: number): bigint {
  return (word >> (LIMB_BITS * BigInt(place))) & LIMB;
}

/** A limb as a signed number. */
export function signedLimb(word: bigint, place: number): bigint {
  return BigInt.asIntN(64, limb(word, place));
}
