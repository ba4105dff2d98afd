import type { Address, Blockhash, Instruction } from '@solana/kit';
import {
  AccountRole,
  address,
  appendTransactionMessageInstructions,
  blockhash,
  compileTransaction,
  createTransactionMessage,
  getBase58Decoder,
  getBase64EncodedWireTransaction,
  getTransactionSize,
  pipe,
  setTransactionMessageComputeUnitLimit,
  setTransactionMessageComputeUnitPrice,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit';
import { UNIT_LIMIT_MAX } from './solanaFee.ts';
import type { SolanaInstruction, SolanaIntentRequest } from './solanaIntent.ts';

/** The program whose instructions say how much a transaction may compute and pays for it. */
export const COMPUTE_BUDGET_PROGRAM = 'ComputeBudget111111111111111111111111111111';

/** What a message says besides its instructions. */
export interface MessageTerms {
  readonly payer: string;
  readonly blockhash: string;
  readonly unitLimit: number;
  /** Micro-lamports per compute unit. */
  readonly unitPrice: bigint;
}

/** A message that waits for its signature. */
export interface CompiledMessage {
  /** What the signer signs. */
  readonly messageBytes: Uint8Array;
  /** The bytes that are sent, base64, once the 64 bytes of the signature are known. */
  seal(signature: Uint8Array): { readonly wire: string; readonly signature: string };
}

/** Writes a version 0 message with one signer, who also pays. The same input, the same bytes. */
export function compileMessage(
  instructions: readonly SolanaInstruction[],
  terms: MessageTerms,
): CompiledMessage {
  const payer = address(terms.payer);
  const transaction = compileWith(instructions, terms, payer);
  return {
    messageBytes: Uint8Array.from(transaction.messageBytes),
    seal: (signature) => {
      const signed = { ...transaction, signatures: { [payer]: signature } } as typeof transaction;
      return {
        wire: getBase64EncodedWireTransaction(signed),
        signature: getBase58Decoder().decode(signature),
      };
    },
  };
}

/** Bytes that the transaction of a request takes on the wire. */
export function measureMessage(request: SolanaIntentRequest, signer: string): number {
  const terms = { payer: signer, blockhash: NO_BLOCKHASH, unitLimit: 1, unitPrice: 1n };
  return getTransactionSize(compileWith(request.instructions, terms, address(signer)));
}

/** A message for a simulation that puts in its own blockhash; asks for all units there are. */
export function compileProbe(request: SolanaIntentRequest, payer: string): CompiledMessage {
  const unitLimit = request.unitLimit ?? UNIT_LIMIT_MAX;
  const terms = { payer, blockhash: NO_BLOCKHASH, unitLimit, unitPrice: 1n };
  return compileMessage(request.instructions, terms);
}

/** 32 zero bytes: as good as any where nobody looks at it. */
const NO_BLOCKHASH = '11111111111111111111111111111111';

const ROLES = {
  readonly: AccountRole.READONLY,
  writable: AccountRole.WRITABLE,
  readonlySigner: AccountRole.READONLY_SIGNER,
  writableSigner: AccountRole.WRITABLE_SIGNER,
} as const;

function compileWith(
  instructions: readonly SolanaInstruction[],
  terms: MessageTerms,
  payer: Address,
): ReturnType<typeof compileTransaction> {
  const lifetime = {
    blockhash: blockhash(terms.blockhash) as Blockhash,
    // The height stays with the attempt; it is not part of the bytes.
    lastValidBlockHeight: 0n,
  };
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (draft) => setTransactionMessageFeePayer(payer, draft),
    (draft) => setTransactionMessageLifetimeUsingBlockhash(lifetime, draft),
    (draft) => setTransactionMessageComputeUnitLimit(terms.unitLimit, draft),
    (draft) => setTransactionMessageComputeUnitPrice(terms.unitPrice, draft),
    (draft) => appendTransactionMessageInstructions(instructions.map(toInstruction), draft),
  );
  return compileTransaction(message);
}

function toInstruction({ programAddress, accounts, bytes }: SolanaInstruction): Instruction {
  return {
    programAddress: address(programAddress),
    accounts: accounts.map((account) => ({
      address: address(account.address),
      role: ROLES[account.role],
    })),
    data: Uint8Array.from(Buffer.from(bytes, 'base64')),
  };
}
