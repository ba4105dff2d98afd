import { createPublicKey, verify } from 'node:crypto';
import type { Address, Transaction } from '@solana/kit';
import {
  getAddressEncoder,
  getBase58Decoder,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
} from '@solana/kit';
import { RpcError } from '../../endpoints/transport.ts';
import type { FeeTerms } from '../solanaFee.ts';
import { UNIT_LIMIT_MAX } from '../solanaFee.ts';
import { COMPUTE_BUDGET_PROGRAM } from '../solanaMessage.ts';

/** A transaction as an endpoint reads it from the bytes it was sent. */
export interface WireTransaction {
  readonly transaction: Transaction;
  /** Base58; names the transaction on the chain. */
  readonly signature: string;
  readonly payer: Address;
  /** Accounts whose state it may change; programs can write no others. */
  readonly writable: readonly Address[];
  readonly blockhash: string;
  readonly terms: FeeTerms;
  /** The bytes as sent, base64. */
  readonly wire: string;
}

/** Largest packet of the network, in bytes. */
const PACKET_BYTES = 1232;
/** Units that an instruction gets when the transaction asks for no limit. */
const UNITS_PER_INSTRUCTION = 200_000;

/**
 * Reads a signed or unsigned transaction. Address look-up tables are not resolved: the embedded
 * chain refuses transactions that use them.
 *
 * @throws RpcError -32602 for bytes that are no transaction, as nodes do.
 */
export function readWire(wire: string): WireTransaction {
  const bytes = Buffer.from(wire, 'base64');
  if (bytes.length === 0 || bytes.length > PACKET_BYTES) {
    throw invalid(`base64 encoded transaction of ${bytes.length} bytes (max: ${PACKET_BYTES})`);
  }
  try {
    const transaction = getTransactionDecoder().decode(bytes);
    return readMessage(transaction, wire);
  } catch (cause) {
    if (cause instanceof RpcError) throw cause;
    throw invalid('failed to deserialize the transaction');
  }
}

/** What a message says about fees, apart from a transaction around it. */
export function readMessageTerms(message: string): { blockhash: string; terms: FeeTerms } {
  try {
    const compiled = getCompiledTransactionMessageDecoder().decode(Buffer.from(message, 'base64'));
    return { blockhash: compiled.lifetimeToken, terms: readTerms(compiled) };
  } catch (cause) {
    throw invalid(`failed to deserialize the message (${cause instanceof Error})`);
  }
}

/** Whether every signature is there and right. */
export function isSigned({ transaction }: WireTransaction): boolean {
  return Object.entries(transaction.signatures).every(([signer, signature]) => {
    return signature !== null && verifies(signer as Address, transaction.messageBytes, signature);
  });
}

/** An Ed25519 public key in the DER form that Node reads: this, then the 32 bytes. */
const DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

function verifies(signer: Address, message: Transaction['messageBytes'], signature: unknown) {
  const raw = Buffer.concat([DER_PREFIX, Buffer.from(getAddressEncoder().encode(signer))]);
  const key = createPublicKey({ key: raw, format: 'der', type: 'spki' });
  return verify(null, Uint8Array.from(message), key, Uint8Array.from(signature as Uint8Array));
}

type CompiledMessage = ReturnType<
  ReturnType<typeof getCompiledTransactionMessageDecoder>['decode']
>;

function readMessage(transaction: Transaction, wire: string): WireTransaction {
  const compiled = getCompiledTransactionMessageDecoder().decode(transaction.messageBytes);
  const { header, staticAccounts } = compiled;
  if ('addressTableLookups' in compiled && (compiled.addressTableLookups?.length ?? 0) > 0) {
    throw invalid('the embedded chain resolves no address look-up tables');
  }
  const signers = header.numSignerAccounts;
  const writable = staticAccounts.filter((_address, index) => {
    return index < signers
      ? index < signers - header.numReadonlySignerAccounts
      : index < staticAccounts.length - header.numReadonlyNonSignerAccounts;
  });
  const payer = staticAccounts[0];
  if (payer === undefined) throw invalid('a transaction without a fee payer');
  const signature = transaction.signatures[payer];
  return {
    transaction,
    signature: getBase58Decoder().decode(signature ?? new Uint8Array(64)),
    payer,
    writable,
    blockhash: compiled.lifetimeToken,
    terms: readTerms(compiled),
    wire,
  };
}

function readTerms(compiled: CompiledMessage): FeeTerms {
  let unitLimit: number | undefined;
  let unitPrice = 0n;
  let paying = 0;
  if (!('instructions' in compiled)) throw invalid('a transaction of an unsupported version');
  for (const instruction of compiled.instructions) {
    const program = compiled.staticAccounts[instruction.programAddressIndex];
    if (program !== COMPUTE_BUDGET_PROGRAM) {
      paying += 1;
      continue;
    }
    const bytes = Buffer.from(instruction.data ?? []);
    if (bytes[0] === 2) unitLimit = bytes.readUInt32LE(1);
    if (bytes[0] === 3) unitPrice = bytes.readBigUInt64LE(1);
  }
  const asked = unitLimit ?? paying * UNITS_PER_INSTRUCTION;
  return {
    signatures: compiled.header.numSignerAccounts,
    unitLimit: Math.min(asked, UNIT_LIMIT_MAX),
    unitPrice,
  };
}

function invalid(message: string): RpcError {
  return new RpcError('transaction', { code: -32602, message });
}
