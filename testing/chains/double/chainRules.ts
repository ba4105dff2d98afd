import type { Address, Hex } from 'viem';
import type { PaperTransaction } from './paperSigner.ts';
import type { Account, ContractScript, TruthBlock, TruthReceipt } from './truth.ts';

/** Base fee never falls below this, so that prices stay in a range that fees can be tested in. */
export const LEAST_BASE_FEE = 100_000_000n;

/**
 * Base fee of the block after `parent`, in wei per gas.
 * @see EIP-1559: target is half the gas limit, at most an eighth of change per block.
 */
export function baseFeeAfter(parent: TruthBlock): bigint {
  const target = parent.gasLimit / 2n;
  const { baseFee, gasUsed } = parent;
  if (gasUsed === target) return baseFee;
  if (gasUsed > target) {
    const rise = (baseFee * (gasUsed - target)) / target / 8n;
    return baseFee + (rise > 0n ? rise : 1n);
  }
  const fallen = baseFee - (baseFee * (target - gasUsed)) / target / 8n;
  return larger(fallen, LEAST_BASE_FEE);
}

/** The greater amount. */
export function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** The lesser amount. */
export function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

/** Gas that a transaction pays before anything runs. @see EIP-2028. */
export function intrinsicGas(callData: Hex): bigint {
  const { zeros, others } = countBytes(callData);
  return BigInt(21_000 + 4 * zeros + 16 * others);
}

/** Least gas by the size of the call data. @see EIP-7623. */
export function floorGas(callData: Hex): bigint {
  const { zeros, others } = countBytes(callData);
  return BigInt(21_000 + 10 * (zeros + 4 * others));
}

function countBytes(callData: Hex): { zeros: number; others: number } {
  let zeros = 0;
  for (let k = 2; k < callData.length; k += 2) {
    if (callData.charCodeAt(k) === 48 && callData.charCodeAt(k + 1) === 48) zeros += 1;
  }
  return { zeros, others: (callData.length - 2) / 2 - zeros };
}

/** Most that a transaction may take from its sender, in wei. */
export function worstCost(transaction: PaperTransaction): bigint {
  return transaction.amount + transaction.gasLimit * transaction.maxFeePerGas;
}

/** Wei per gas that a transaction pays in a block of this base fee. */
export function priceOf(transaction: PaperTransaction, baseFee: bigint): bigint {
  return smaller(baseFee + transaction.maxPriorityFeePerGas, transaction.maxFeePerGas);
}

/** Whether a block may contain a transaction of a sender that has this. */
export function mayExecute(
  transaction: PaperTransaction,
  sender: Account,
  { baseFee, chainId }: { readonly baseFee: bigint; readonly chainId: number },
): boolean {
  if (transaction.chainId !== chainId || transaction.maxFeePerGas < baseFee) return false;
  return sender.count === transaction.chainNonce && sender.balance >= worstCost(transaction);
}

/** Where a transaction runs. */
export interface ExecutionContext {
  /** Changed in place. */
  readonly accounts: Map<Address, Account>;
  readonly contracts: ReadonlyMap<Address, ContractScript>;
  readonly baseFee: bigint;
  readonly branch: number;
  readonly blockNumber: number;
  readonly chainId: number;
}

/** What a call does, by the script of its target. */
export function runCall(
  call: { from: Address; to: Address | undefined; amount: bigint; callData: Hex },
  context: Pick<ExecutionContext, 'contracts' | 'branch' | 'blockNumber'>,
): ReturnType<ContractScript> {
  const to = call.to?.toLowerCase() as Address | undefined;
  const script = to === undefined ? undefined : context.contracts.get(to);
  const { branch, blockNumber } = context;
  const { from, amount, callData } = call;
  return script?.({ from, amount, callData, branch, blockNumber }) ?? PLAIN_TRANSFER;
}

const PLAIN_TRANSFER = { success: true, gasUsed: 0n };

/** Executes a transaction; undefined when the block may not contain it. */
export function executeTransaction(
  transaction: PaperTransaction,
  context: ExecutionContext,
): TruthReceipt | undefined {
  const { accounts, baseFee } = context;
  const from = transaction.from.toLowerCase() as Address;
  const sender = accounts.get(from);
  if (sender === undefined || !mayExecute(transaction, sender, context)) return undefined;
  const result = runCall({ ...transaction, from }, context);
  const floor = floorGas(transaction.callData);
  const wanted = intrinsicGas(transaction.callData) + result.gasUsed;
  const needed = larger(wanted, floor);
  const success = result.success && needed <= transaction.gasLimit;
  const gasUsed = smaller(needed, transaction.gasLimit);
  const effectiveGasPrice = priceOf(transaction, baseFee);
  const feePaid = gasUsed * effectiveGasPrice;
  const moved = success ? transaction.amount : 0n;
  accounts.set(from, {
    balance: sender.balance - feePaid - moved,
    count: sender.count + 1,
  });
  if (transaction.to !== undefined && moved > 0n) {
    const to = transaction.to.toLowerCase() as Address;
    const receiver = accounts.get(to) ?? { balance: 0n, count: 0 };
    accounts.set(to, { ...receiver, balance: receiver.balance + moved });
  }
  const logs = success ? (result.logs ?? []) : [];
  return { transaction, success, gasUsed, effectiveGasPrice, feePaid, logs };
}
