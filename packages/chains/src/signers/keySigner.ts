import type { PrivateKeyAccount } from 'viem';
import { keccak256 } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { ChainFault } from '../chainFault.ts';
import type {
  SignedTransaction,
  TransactionSigner,
  UnsignedTransaction,
} from './transactionSigner.ts';

/**
 * Signs with a key of this process. The key lives in a closure only: the signer has no property,
 * text, JSON or inspection that shows more than the address.
 *
 * @param key 32 bytes in hex, with or without 0x.
 * @param place where the key came from, for the fault: never the key.
 * @throws ChainFault CHAIN_CONFIG_INVALID when it is no key of secp256k1; without a cause, because
 *   libraries quote what they could not read.
 */
export function keySigner(key: string, place = 'The signing key'): TransactionSigner {
  return new KeySigner(openAccount(key, place));
}

class KeySigner implements TransactionSigner {
  readonly address: TransactionSigner['address'];
  readonly #account: PrivateKeyAccount;

  constructor(account: PrivateKeyAccount) {
    this.address = account.address;
    this.#account = account;
  }

  async sign(transaction: UnsignedTransaction, signal?: AbortSignal): Promise<SignedTransaction> {
    if (signal?.aborted === true) throw refusal(this.address, 'its caller went away');
    return await signWith(this.#account, transaction);
  }

  toString(): string {
    return `KeySigner(${this.address})`;
  }

  toJSON(): { readonly address: string } {
    return { address: this.address };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

async function signWith(
  account: PrivateKeyAccount,
  transaction: UnsignedTransaction,
): Promise<SignedTransaction> {
  try {
    const raw = await account.signTransaction({
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
    return { raw, hash: keccak256(raw) };
  } catch (cause) {
    // Only the kind of the failure is passed on: whatever else it says was near a key.
    throw refusal(account.address, cause instanceof Error ? cause.name : 'an unknown failure');
  }
}

function refusal(address: string, why: string): ChainFault {
  const sentence = `The signer ${address} did not sign: ${why}. Check the transaction's fields.`;
  return new ChainFault('CHAIN_SIGNER_FAILED', sentence, { fields: { address, why } });
}

function openAccount(key: string, place: string): PrivateKeyAccount {
  const hex = /^(?:0x)?([0-9a-f]{64})$/i.exec(key)?.[1];
  if (hex !== undefined) {
    try {
      return privateKeyToAccount(`0x${hex.toLowerCase()}`);
    } catch {
      throw noKey(place);
    }
  }
  throw noKey(place);
}

function noKey(place: string): ChainFault {
  const sentence = `${place} is no key of secp256k1: give 32 bytes as 64 hex digits.`;
  return new ChainFault('CHAIN_CONFIG_INVALID', sentence, { fields: { place } });
}
