import { hash as digest } from 'node:crypto';
import type {
  SignedTransaction,
  TransactionSigner,
  UnsignedTransaction,
} from '@lawbook/chains/signers/transactionSigner';
import type { Address, Hash, Hex } from 'viem';

/** A transaction of the paper chain: who sent it stands in its bytes. */
export interface PaperTransaction extends UnsignedTransaction, SignedTransaction {
  readonly from: Address;
}

/**
 * Signs on paper: the bytes are the text of the transaction with the sender's address, and the hash
 * is their SHA-256. No curve is computed, so that a simulation spends its time on the engine.
 */
export class PaperSigner implements TransactionSigner {
  readonly address: Address;

  constructor(address: Address) {
    this.address = address;
  }

  async sign(transaction: UnsignedTransaction): Promise<SignedTransaction> {
    const { raw, hash } = writePaper(this.address, transaction);
    return { raw, hash };
  }
}

/** The signed transaction of `from`, at once. */
export function writePaper(from: Address, unsigned: UnsignedTransaction): PaperTransaction {
  const text = JSON.stringify([
    from,
    unsigned.chainId,
    unsigned.chainNonce,
    unsigned.to ?? null,
    unsigned.amount.toString(),
    unsigned.callData,
    unsigned.gasLimit.toString(),
    unsigned.maxFeePerGas.toString(),
    unsigned.maxPriorityFeePerGas.toString(),
  ]);
  const raw: Hex = `0x${Buffer.from(text, 'latin1').toString('hex')}`;
  return { ...unsigned, from, raw, hash: paperHash(raw) };
}

/** Reads bytes that `writePaper` wrote; undefined for anything else. */
export function readPaper(raw: unknown): PaperTransaction | undefined {
  if (typeof raw !== 'string' || !/^0x([0-9a-f]{2})+$/.test(raw)) return undefined;
  try {
    const fields: unknown = JSON.parse(Buffer.from(raw.slice(2), 'hex').toString('latin1'));
    if (!Array.isArray(fields) || fields.length !== 9) return undefined;
    return {
      from: fields[0] as Address,
      chainId: fields[1] as number,
      chainNonce: fields[2] as number,
      to: (fields[3] as Address | null) ?? undefined,
      amount: BigInt(fields[4] as string),
      callData: fields[5] as Hex,
      gasLimit: BigInt(fields[6] as string),
      maxFeePerGas: BigInt(fields[7] as string),
      maxPriorityFeePerGas: BigInt(fields[8] as string),
      raw: raw as Hex,
      hash: paperHash(raw),
    };
  } catch {
    return undefined;
  }
}

/** A hash of 32 bytes over any text: SHA-256, where a real chain takes Keccak. */
export function paperHash(text: string): Hash {
  return `0x${digest('sha256', text, 'hex')}`;
}

/** The address that a name stands for. */
export function paperAddress(name: string): Address {
  return `0x${digest('sha256', name, 'hex').slice(0, 40)}`;
}
