import type { Address, Hex } from 'viem';
import { getContractAddress } from 'viem';
import { SettlementFault } from '../../settlementFault.ts';
import { expectDone } from './owner.ts';
import type { Actor } from './performAct.ts';

/** A verifier that an agreement will name. */
export interface VerifierPlan {
  readonly circuit: string;
  /** Hash of the verifying key, hex without prefix: it names the act for ever. */
  readonly keyHash: string;
  /** Takes no arguments. */
  readonly creationCode: Hex;
}

/**
 * Deploys one verifier; asking again for the same key deploys it once.
 * @returns its address, lower case.
 * @throws SettlementFault SETTLEMENT_REFUSED, SETTLEMENT_UNCERTAIN, SETTLEMENT_UNAVAILABLE.
 */
export async function deployVerifier(
  { circuit, keyHash, creationCode }: VerifierPlan,
  actor: Actor,
  signal: AbortSignal,
): Promise<Address> {
  const key = `verifier:${circuit}:${keyHash.slice(0, 32)}`;
  const act = { key, to: undefined, amount: 0n, callData: creationCode, mayDiffer: false };
  const { life } = expectDone(await actor.perform(act, signal));
  const used = life.attempts.find(({ purpose }) => purpose === 'execute')?.chainNonce;
  if (used === undefined) {
    throw new SettlementFault(
      'SETTLEMENT_UNCERTAIN',
      `Nobody remembers by which transaction the verifier of ${circuit} was made.`,
      { fields: { circuit } },
    );
  }
  const place = { from: actor.sender, nonce: BigInt(used) };
  return getContractAddress(place).toLowerCase() as Address;
}
