import type { Address, Hex, TransactionSerializableEIP1559 } from 'viem';
import { hexToBytes, keccak256, parseTransaction, serializeTransaction } from 'viem';
import { recoverNative } from '../../../packages/executor/src/gateways/recoverNative.ts';
import type { PaperTransaction } from './paperSigner.ts';

/**
 * Reads a real signed transaction of EIP-1559, at once; undefined for anything else. The sender is
 * recovered from the signature, as nodes do.
 */
export function readSigned(raw: unknown): PaperTransaction | undefined {
  if (typeof raw !== 'string' || !/^0x02([0-9a-f]{2})+$/.test(raw)) return undefined;
  const parsed = parse(raw as Hex);
  if (parsed === undefined) return undefined;
  const { r, s, yParity, v, ...unsigned } = parsed;
  const from = signerOf(unsigned, { r, s, yParity });
  if (from === undefined) return undefined;
  const {
    chainId,
    nonce: chainNonce = 0,
    to,
    value: amount = 0n,
    data: callData = '0x',
  } = unsigned;
  return {
    ...{ from, chainId, chainNonce, to: to ?? undefined, amount, callData },
    gasLimit: unsigned.gas ?? 0n,
    maxFeePerGas: unsigned.maxFeePerGas ?? 0n,
    maxPriorityFeePerGas: unsigned.maxPriorityFeePerGas ?? 0n,
    raw: raw as Hex,
    hash: keccak256(raw as Hex),
  };
}

type Parsed = TransactionSerializableEIP1559 & {
  readonly r?: Hex | undefined;
  readonly s?: Hex | undefined;
  readonly yParity?: number | undefined;
  readonly v?: bigint;
};

function parse(raw: Hex): Parsed | undefined {
  try {
    return parseTransaction(raw) as Parsed;
  } catch {
    // Bytes that are no transaction: a node says so in its own words.
    return undefined;
  }
}

function signerOf(
  unsigned: TransactionSerializableEIP1559,
  { r, s, yParity }: Pick<Parsed, 'r' | 's' | 'yParity'>,
): Address | undefined {
  if (r === undefined || s === undefined || yParity === undefined) return undefined;
  const signature = new Uint8Array(65);
  signature.set(hexToBytes(r, { size: 32 }), 0);
  signature.set(hexToBytes(s, { size: 32 }), 32);
  signature[64] = 27 + yParity;
  const digest = keccak256(serializeTransaction({ ...unsigned, type: 'eip1559' }), 'bytes');
  return recoverNative(digest, signature) as Address | undefined;
}
