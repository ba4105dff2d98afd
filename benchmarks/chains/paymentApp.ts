import type { Hash, Hex } from 'viem';

/** What an app says about a payment, for good. */
export type PaymentVerdict = 'done' | 'failed' | 'cancelled';

/** What an app that makes payments stands on. */
export interface PaymentTerms {
  readonly endpoints: readonly { readonly name: string; readonly url: string }[];
  readonly key: Hex;
  readonly chainId: number;
  /** Blocks after which a payment counts as done, its own included. */
  readonly confirmations: number;
  /** The engine's only: where its store is, and what a payment may cost in fees, in wei. */
  readonly storeFolder: string;
  readonly owner: string;
  readonly deadlineMs: number;
  readonly feeCap: bigint;
  readonly inFlightMax: number;
  /** Viem's only: how the app learns that the receipt is that of another transaction. */
  readonly tellsReplacementBy: 'onReplaced' | 'receiptHash';
  /** Called with each transaction after it was signed, and before the app goes on. */
  readonly onSigned?: (transaction: { readonly to?: unknown }) => Promise<void>;
}

/** An app that pays 1,000 wei per key, to an address that stands for the key. */
export interface PaymentApp {
  /** Begins; the verdict comes later, or never. */
  pay(key: string): void;
  /** Asks to take a payment back. */
  cancel(key: string): Promise<void>;
  /** Goes on waiting for a transaction of an earlier life of this app. */
  resume(key: string, hash: Hash): void;
  readonly verdicts: ReadonlyMap<string, PaymentVerdict>;
  /** Transactions as the app would have written them down, by key. */
  readonly hashes: ReadonlyMap<string, Hash>;
  /** Words of errors that the app met. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** Who makes the payments. */
export type Payer = 'engine' | 'viem';
