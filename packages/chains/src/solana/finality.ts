import { z } from 'zod';

/**
 * How far the chain has settled a transaction, in the house's words. Solana says:
 *
 * | Solana    | here      | meaning                                                      |
 * |-----------|-----------|--------------------------------------------------------------|
 * | processed | latest    | in the newest block of one node's fork; forks undo it freely |
 * | confirmed | safe      | two thirds of the stake voted for the block                  |
 * | finalized | finalized | 31 confirmed blocks on top; nothing undoes it                |
 *
 * "Commitment" means something cryptographic everywhere else, so the word stays in this folder.
 */
export type Finality = 'latest' | 'safe' | 'finalized';

/** Solana's own words, as they travel in calls and answers. */
export type SolanaCommitment = 'processed' | 'confirmed' | 'finalized';

/** Reads a commitment out of an answer. */
export const commitmentSchema: z.ZodType<SolanaCommitment> = z.enum([
  'processed',
  'confirmed',
  'finalized',
]);

const TO_COMMITMENT: Readonly<Record<Finality, SolanaCommitment>> = {
  latest: 'processed',
  safe: 'confirmed',
  finalized: 'finalized',
};

const FROM_COMMITMENT: Readonly<Record<SolanaCommitment, Finality>> = {
  processed: 'latest',
  confirmed: 'safe',
  finalized: 'finalized',
};

const DEPTH: Readonly<Record<Finality, number>> = { latest: 0, safe: 1, finalized: 2 };

/** The word that the chain uses. */
export function toCommitment(finality: Finality): SolanaCommitment {
  return TO_COMMITMENT[finality];
}

/** The word that the house uses. */
export function fromCommitment(commitment: SolanaCommitment): Finality {
  return FROM_COMMITMENT[commitment];
}

/** Whether `reached` is as settled as `target`, or more. */
export function isAsFinal(reached: Finality, target: Finality): boolean {
  return DEPTH[reached] >= DEPTH[target];
}
