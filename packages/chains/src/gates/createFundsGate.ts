import type { Address, Hex } from 'viem';
import {
  decodeFunctionResult,
  encodeFunctionData,
  numberToHex,
  parseAbi,
  serializeTransaction,
} from 'viem';
import { ChainFault } from '../chainFault.ts';
import type { EndpointPool } from '../endpoints/endpointPool.ts';
import type { UnsignedTransaction } from '../signers/transactionSigner.ts';
import type { FundsGate, FundsVerdict, Reservation } from './fundsGate.ts';

/** The data fee of OP-stack chains, which is taken on top of gas. */
export interface DataFeeSettings {
  /** The GasPriceOracle; its predeploy otherwise. */
  readonly oracle?: Address;
  /**
   * Percent of the quoted fee to set aside. The fee follows the base layer's price and may rise
   * before inclusion: by at most an eighth per block of the base layer; 150 outlives three.
   */
  readonly headroom?: number;
}

/** What the gate reads from. */
export interface FundsGateOptions {
  readonly pool: EndpointPool;
  /** Undefined on chains that take no data fee. */
  readonly dataFee?: DataFeeSettings;
}

const OP_STACK_ORACLE: Address = '0x420000000000000000000000000000000000000F';
const ORACLE_ABI = parseAbi(['function getL1Fee(bytes) view returns (uint256)']);

/** Reads balances, and the worst case that one transaction may take; ahead of other reads. */
export function createFundsGate({ pool, dataFee }: FundsGateOptions): FundsGate {
  return {
    async balance(account, block) {
      const call = { method: 'eth_getBalance', params: [account, numberToHex(block)] };
      return quantity(
        await pool.read(call, { atLeastBlock: block, priority: 'high' }),
        call.method,
      );
    },
    async reservation(transaction) {
      const gas = transaction.gasLimit * transaction.maxFeePerGas;
      const fee = dataFee === undefined ? 0n : await readDataFee(pool, dataFee, transaction);
      return { amount: transaction.amount, gas, dataFee: fee };
    },
  };
}

/** Balance, what is set aside already, and what comes on top. */
export interface FundsQuestion {
  readonly balance: bigint;
  readonly inFlight: readonly Reservation[];
  readonly next: Reservation;
}

/**
 * Whether the balance carries `next` on top of everything in flight, wei.
 *
 * A refusal says by how much it falls short, and for which part, in the order in which the balance
 * is used up: in flight, amount, gas, data fee. The parts add up to the shortfall.
 */
export function coverWith({ balance, inFlight, next }: FundsQuestion): FundsVerdict {
  const earlier = inFlight.reduce((sum, reservation) => sum + total(reservation), 0n);
  const shortfall = earlier + total(next) - balance;
  if (shortfall <= 0n) return { kind: 'covered', reservation: next };
  let left = balance;
  const shortOf = (need: bigint): string => {
    const missing = need > left ? need - left : 0n;
    left = need > left ? 0n : left - need;
    return String(missing);
  };
  const fields = {
    balance: String(balance),
    inFlight: String(earlier),
    amount: String(next.amount),
    gas: String(next.gas),
    dataFee: String(next.dataFee),
    shortfall: String(shortfall),
    shortOfInFlight: shortOf(earlier),
    shortOfAmount: shortOf(next.amount),
    shortOfGas: shortOf(next.gas),
    shortOfDataFee: shortOf(next.dataFee),
  };
  const sentence =
    `The signer has ${fields.balance} wei, ${fields.inFlight} wei of it set aside; the ` +
    `transaction needs ${fields.amount} for its amount, ${fields.gas} for gas and ` +
    `${fields.dataFee} for data: send at least ${fields.shortfall} wei to the signer.`;
  return { kind: 'short', reason: { code: 'insufficientFunds', sentence, fields } };
}

function total({ amount, gas, dataFee }: Reservation): bigint {
  return amount + gas + dataFee;
}

async function readDataFee(
  pool: EndpointPool,
  { oracle = OP_STACK_ORACLE, headroom = 150 }: DataFeeSettings,
  transaction: UnsignedTransaction,
): Promise<bigint> {
  const raw = serializeTransaction({
    type: 'eip1559',
    chainId: transaction.chainId,
    nonce: transaction.chainNonce,
    value: transaction.amount,
    data: transaction.callData,
    gas: transaction.gasLimit,
    maxFeePerGas: transaction.maxFeePerGas,
    maxPriorityFeePerGas: transaction.maxPriorityFeePerGas,
    ...(transaction.to === undefined ? {} : { to: transaction.to }),
  });
  const callData = encodeFunctionData({ abi: ORACLE_ABI, args: [raw] });
  const call = { method: 'eth_call', params: [{ to: oracle, data: callData }, 'latest'] };
  const answer = await pool.read(call, { priority: 'high' });
  const quoted = decodeDataFee(answer, oracle);
  return (quoted * BigInt(headroom) + 99n) / 100n;
}

function decodeDataFee(answer: unknown, oracle: Address): bigint {
  if (typeof answer === 'string' && /^0x[0-9a-f]{64}$/i.test(answer)) {
    return decodeFunctionResult({ abi: ORACLE_ABI, data: answer as Hex });
  }
  throw new ChainFault(
    'CHAIN_CONFIG_INVALID',
    'The data fee oracle gave no amount: leave the data fee out on chains without one.',
    { fields: { oracle } },
  );
}

function quantity(answer: unknown, method: string): bigint {
  if (typeof answer === 'string' && /^0x[0-9a-f]{1,64}$/i.test(answer)) return BigInt(answer);
  throw new ChainFault(
    'CHAIN_TRANSPORT_FAILED',
    `The answer to ${method} is no quantity: look at the endpoint.`,
    { fields: { method } },
  );
}
