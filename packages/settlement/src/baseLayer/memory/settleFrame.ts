import type { DiffList, OrderBook } from '@lawbook/proofs/statements/epoch/diffList';
import type { AgreedCircuit } from '../domainAgreement.ts';
import type { ActContext } from './act.ts';
import type { AgreementBook } from './agreementBook.ts';
import type { Authority } from './authority.ts';
import type { NonceRings } from './nonceRings.ts';
import type { VaultBook } from './vaultBook.ts';

/** The books that a settlement reads and writes. */
export interface SettleBooks {
  readonly registry: AgreementBook;
  readonly vaults: VaultBook;
  readonly authority: Authority;
  readonly rings: NonceRings;
}

/** What a settlement carries from step to step. */
export interface SettleFrame {
  readonly context: ActContext;
  readonly list: DiffList;
  readonly book: OrderBook;
  readonly circuit: AgreedCircuit;
  /** Asset ids by column. */
  readonly columns: readonly number[];
  readonly firstBatch: bigint;
  /** Closing time of the last batch that was taken, of this list or of those before. */
  closedAtMs: bigint;
  /** What the rows of each vault and column pay, row-major. */
  readonly paid: bigint[];
  readonly sums: bigint[];
}
