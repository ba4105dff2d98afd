import type { Address } from 'viem';
import { encodeFunctionData } from 'viem';
import { FAUCET_TOKEN_ABI } from '../../../../../contracts/generated/faucetTokenAbi.ts';
import type { OwnerStands } from './owner.ts';
import type { ActOutcome } from './performAct.ts';

/** Tokens out of the faucet of an embedded chain. */
export interface DripWish {
  /** Names the gift for ever: asking again under it gives nothing more. */
  readonly key: string;
  readonly token: Address;
  readonly account: Address;
  readonly tokenUnits: bigint;
}

/** Lets a faucet token give itself away; refused by every token that is none. */
export async function dripTokens(
  { key, token, account, tokenUnits }: DripWish,
  { actor, signal }: Pick<OwnerStands, 'actor' | 'signal'>,
): Promise<ActOutcome> {
  const callData = encodeFunctionData({
    abi: FAUCET_TOKEN_ABI,
    functionName: 'drip',
    args: [account, tokenUnits],
  });
  return await actor.perform({ key, to: token, amount: 0n, callData, mayDiffer: false }, signal);
}

/** Token units that an account holds in its wallet. */
export async function tokenBalance(
  { token, account }: Pick<DripWish, 'token' | 'account'>,
  { actor }: Pick<OwnerStands, 'actor'>,
): Promise<bigint> {
  return await actor.reader.atHead((block) => {
    const contract = { address: token, abi: FAUCET_TOKEN_ABI } as const;
    return actor.reader.view({ ...contract, functionName: 'balanceOf', args: [account] }, block);
  });
}
