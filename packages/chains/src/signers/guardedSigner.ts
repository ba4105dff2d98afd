import { ChainFault } from '../chainFault.ts';
import type { CallRules } from '../gates/judgeIntent.ts';
import { judgeCalls } from '../gates/judgeIntent.ts';
import type {
  SignedTransaction,
  TransactionSigner,
  UnsignedTransaction,
} from './transactionSigner.ts';

/** What a guard lets through. */
export interface GuardRules extends CallRules {
  readonly chainId: number;
  /** Wei that gasLimit x maxFeePerGas may come to; undefined has no limit. */
  readonly feeMax: bigint | undefined;
}

/**
 * Puts the policy's rules right before the key, so that a mistake or an intruder upstream cannot
 * have something else signed: chain id, target, selector, grants, allowances, amount, fee.
 *
 * It looks at the bytes to be signed and at nothing else. Budgets need the history of the lane and
 * stay with it. Paying nothing to oneself is always allowed: that is how intents are taken back.
 *
 * `sign` throws ChainFault CHAIN_SIGNER_FAILED whose fields name rule, limit and actual.
 */
export function guardedSigner(signer: TransactionSigner, rules: GuardRules): TransactionSigner {
  const { address } = signer;
  return {
    address,
    async sign(transaction, signal): Promise<SignedTransaction> {
      const denial = judgeTransaction(transaction, address, rules);
      if (denial === undefined) return await signer.sign(transaction, signal);
      const sentence = `The guard of ${address} refused to sign. ${denial['sentence'] ?? ''}`;
      throw new ChainFault('CHAIN_SIGNER_FAILED', sentence, { fields: denial });
    },
  };
}

function judgeTransaction(
  transaction: UnsignedTransaction,
  own: string,
  rules: GuardRules,
): Readonly<Record<string, string>> | undefined {
  const { chainId, to, amount, callData, gasLimit, maxFeePerGas } = transaction;
  if (chainId !== rules.chainId) {
    const limit = String(rules.chainId);
    const sentence = `It signs for chain ${limit} only.`;
    return { rule: 'chainId', limit, actual: String(chainId), sentence };
  }
  const fee = gasLimit * maxFeePerGas;
  if (rules.feeMax !== undefined && fee > rules.feeMax) {
    const limit = String(rules.feeMax);
    const sentence = `The fee may come to ${fee} wei; at most ${limit} wei is allowed.`;
    return { rule: 'feeMax', limit, actual: String(fee), sentence };
  }
  const isCancel = to?.toLowerCase() === own.toLowerCase() && amount === 0n && callData === '0x';
  if (isCancel) return undefined;
  const denial = judgeCalls({ to, amount, callData }, rules);
  return denial === undefined
    ? undefined
    : { ...denial.reason.fields, sentence: denial.reason.sentence };
}
