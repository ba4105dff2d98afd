import type { SolanaInstruction } from './solanaIntent.ts';

/** The program that owns plain accounts and moves lamports. */
export const SYSTEM_PROGRAM = '11111111111111111111111111111111';

/** Number of the transfer among the system program's instructions. */
const TRANSFER = 2;

/** What `solTransfer` moves. */
export interface SolTransfer {
  /** The signer of the lane. */
  readonly from: string;
  readonly to: string;
  /** Lamports; an account that does not exist yet needs its rent-exempt minimum (890,880). */
  readonly amount: bigint;
}

/** The parts of an intent that moves SOL: put them into an `SolanaIntentRequest`. */
export function solTransfer({ from, to, amount }: SolTransfer): {
  readonly instructions: readonly SolanaInstruction[];
  readonly spend: bigint;
} {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(TRANSFER, 0);
  bytes.writeBigUInt64LE(amount, 4);
  const instruction: SolanaInstruction = {
    programAddress: SYSTEM_PROGRAM,
    accounts: [
      { address: from, role: 'writableSigner' },
      { address: to, role: 'writable' },
    ],
    bytes: bytes.toString('base64'),
  };
  return { instructions: [instruction], spend: amount };
}
