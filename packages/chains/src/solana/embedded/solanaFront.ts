import type { Address, EncodedAccount } from '@solana/kit';
import { isAddress } from '@solana/kit';
import { z } from 'zod';
import type { RpcCall } from '../../endpoints/transport.ts';
import { RpcError } from '../../endpoints/transport.ts';
import type { SolanaCommitment } from '../finality.ts';
import { commitmentSchema } from '../finality.ts';
import { solanaFee } from '../solanaFee.ts';
import type { LandedTransaction, LedgerBlock, SolanaLedger } from './solanaLedger.ts';
import { isSigned, readMessageTerms, readWire } from './wireTransaction.ts';

/** How one endpoint departs from an honest, prompt one. Slots are counts under 2^53. */
export interface FrontSwitches {
  /** It sees the chain as it was so many slots ago. */
  slotLag: number;
  /** It tells of landings so many slots late, while the slot it names is fresh. */
  statusDelay: number;
  /** getBlockHeight answers the slot, as some providers' caches do. */
  heightIsSlot: boolean;
  /** Sends that it acknowledges and forwards to nobody. */
  dropsSend: (signature: string) => boolean;
  /** Slots that it keeps a transaction before forwarding it. */
  holdSlots: (signature: string) => number;
  /** It keeps statuses of so many slots, and no history beyond them. */
  historySlots: number;
}

/** An honest endpoint. */
export function honestSwitches(): FrontSwitches {
  return {
    slotLag: 0,
    statusDelay: 0,
    heightIsSlot: false,
    dropsSend: () => false,
    holdSlots: () => 0,
    historySlots: Number.MAX_SAFE_INTEGER,
  };
}

/** The version that getVersion tells: the runtime's, not a validator's. */
const VERSION = { 'solana-core': '4.0.0-litesvm', 'feature-set': 0 };

/**
 * One JSON-RPC endpoint over a ledger, with switches for what endpoints do wrong.
 *
 * Every method answers at once and in the words of Agave's JSON-RPC. Numbers are JSON numbers:
 * a balance beyond 2^53 lamports loses its last digits, as it does with every JavaScript client.
 */
export class SolanaFront {
  readonly ledger: SolanaLedger;
  readonly switches: FrontSwitches;

  constructor(ledger: SolanaLedger, switches: FrontSwitches = honestSwitches()) {
    this.ledger = ledger;
    this.switches = switches;
  }

  /** @throws RpcError as the endpoint would answer it. */
  answer({ method, params }: RpcCall): unknown {
    const answerer = this.#methods[method];
    if (answerer === undefined) throw new RpcError(method, NO_METHOD);
    try {
      return answerer(params);
    } catch (cause) {
      if (!(cause instanceof z.ZodError)) throw cause;
      throw new RpcError(method, { code: -32602, message: 'Invalid params' });
    }
  }

  /** The status of a transaction as this endpoint tells it now. */
  status(signature: string): SignatureStatus | null {
    const { ledger, switches } = this;
    const landed = ledger.landed(signature);
    const lag = switches.slotLag + switches.statusDelay;
    if (landed === undefined || landed.slot > ledger.blockAt('processed', lag).slot) return null;
    const settled = (['finalized', 'confirmed', 'processed'] as const).find((commitment) => {
      return landed.slot <= ledger.blockAt(commitment, lag).slot;
    });
    const { error: err } = landed;
    const confirmations = settled === 'finalized' ? null : settled === 'confirmed' ? 1 : 0;
    return {
      slot: landed.slot,
      confirmations,
      err,
      status: err === null ? { Ok: null } : { Err: err },
      confirmationStatus: settled ?? 'processed',
    };
  }

  /** What a new slot looks like from here. */
  slotNotice(): { readonly slot: number; readonly parent: number; readonly root: number } {
    const { slot } = this.#block('processed');
    return { slot, parent: slot - 1, root: this.#block('finalized').slot };
  }

  readonly #methods: Readonly<Record<string, (params: readonly unknown[]) => unknown>> = {
    getGenesisHash: () => this.ledger.genesisHash,
    getVersion: () => VERSION,
    getHealth: () => 'ok',
    getSlot: ([options]) => this.#blockOf(options).slot,
    getBlockHeight: ([options]) => this.#height(options),
    getEpochInfo: ([options]) => this.#epoch(options),
    getLatestBlockhash: ([options]) => this.#latestBlockhash(options),
    isBlockhashValid: ([hash, options]) => this.#isBlockhashValid(hash, options),
    getFirstAvailableBlock: () => this.#firstAvailable(),
    getBalance: ([account, options]) => this.#balance(account, options),
    getAccountInfo: ([account, options]) => this.#account(account, options),
    getMinimumBalanceForRentExemption: ([bytes]) => {
      return Number(this.ledger.machine.rentExemptMinimum(z.number().parse(bytes)));
    },
    getFeeForMessage: ([message, options]) => this.#feeForMessage(message, options),
    getRecentPrioritizationFees: () => {
      return [{ slot: this.#block('processed').slot, prioritizationFee: 0 }];
    },
    requestAirdrop: ([account, amount]) => this.#airdrop(account, amount),
    sendTransaction: ([wire, options]) => this.#send(wire, options),
    simulateTransaction: ([wire, options]) => this.#simulate(wire, options),
    getSignatureStatuses: ([signatures, options]) => this.#statuses(signatures, options),
    getTransaction: ([signature, options]) => this.#transaction(signature, options),
  };

  #block(commitment: SolanaCommitment): LedgerBlock {
    return this.ledger.blockAt(commitment, this.switches.slotLag);
  }

  #blockOf(options: unknown): LedgerBlock {
    const { commitment, minContextSlot } = optionsSchema.parse(options ?? {});
    const block = this.#block(commitment ?? 'finalized');
    if (minContextSlot !== undefined && block.slot < minContextSlot) {
      const message = 'Minimum context slot has not been reached';
      const error = { code: -32016, message, data: { contextSlot: block.slot } };
      throw new RpcError('minContextSlot', error);
    }
    return block;
  }

  #height(options: unknown): number {
    const block = this.#blockOf(options);
    return this.switches.heightIsSlot ? block.slot : block.height;
  }

  #epoch(options: unknown): unknown {
    const { slot, height } = this.#blockOf(options);
    return { absoluteSlot: slot, blockHeight: height, epoch: 0, slotIndex: slot, slotsInEpoch: 0 };
  }

  #latestBlockhash(options: unknown): unknown {
    const block = this.#blockOf(options);
    const lastValidBlockHeight = this.ledger.lastValidHeight(block);
    return inContext(block, { blockhash: block.blockhash, lastValidBlockHeight });
  }

  #isBlockhashValid(hash: unknown, options: unknown): unknown {
    const block = this.#blockOf(options);
    return inContext(block, this.ledger.isBlockhashValid(z.string().parse(hash), block));
  }

  #firstAvailable(): number {
    const kept = this.#block('processed').slot - this.switches.historySlots;
    return Math.max(this.ledger.firstSlot(), kept);
  }

  #balance(account: unknown, options: unknown): unknown {
    const block = this.#blockOf(options);
    const state = this.ledger.accountAt(addressSchema.parse(account), block);
    return inContext(block, Number(state?.lamports ?? 0n));
  }

  #account(account: unknown, options: unknown): unknown {
    const block = this.#blockOf(options);
    const state = this.ledger.accountAt(addressSchema.parse(account), block);
    return inContext(block, state === undefined ? null : describeAccount(state));
  }

  #feeForMessage(message: unknown, options: unknown): unknown {
    const block = this.#blockOf(options);
    const { blockhash, terms } = readMessageTerms(z.string().parse(message));
    const known = this.ledger.isBlockhashValid(blockhash, block);
    return inContext(block, known ? Number(solanaFee(terms)) : null);
  }

  #airdrop(account: unknown, amount: unknown): string {
    return this.ledger.airdrop(addressSchema.parse(account), BigInt(countSchema.parse(amount)));
  }

  #send(wire: unknown, options: unknown): string {
    const transaction = readWire(z.string().parse(wire));
    const { skipPreflight, preflightCommitment } = sendSchema.parse(options ?? {});
    if (!isSigned(transaction)) {
      const message = 'Transaction signature verification failure';
      throw new RpcError('sendTransaction', { code: -32003, message });
    }
    const { signature, blockhash } = transaction;
    if (skipPreflight !== true) {
      const block = this.#block(preflightCommitment ?? 'finalized');
      const known = this.ledger.isBlockhashValid(blockhash, block);
      const error = known
        ? this.ledger.machine.simulate(transaction.transaction).error
        : 'BlockhashNotFound';
      if (error !== null) throw preflightFailure(error);
    }
    if (!this.switches.dropsSend(signature)) {
      this.ledger.submit(transaction, this.switches.holdSlots(signature));
    }
    return signature;
  }

  /** Runs on the newest state whatever the lag: the runtime keeps no past to run on. */
  #simulate(wire: unknown, options: unknown): unknown {
    const block = this.#blockOf(options);
    const transaction = readWire(z.string().parse(wire));
    const asked = simulateSchema.parse(options ?? {});
    const known = this.ledger.isBlockhashValid(transaction.blockhash, block);
    if (asked.replaceRecentBlockhash !== true && !known) {
      const failed = { err: 'BlockhashNotFound', logs: [], accounts: null, unitsConsumed: 0 };
      return inContext(block, failed);
    }
    const run = this.ledger.machine.simulate(transaction.transaction);
    const accounts = asked.accounts?.addresses.map((account) => {
      const state = run.accounts.find(({ address }) => address === account);
      return state === undefined ? null : describeAccount(state);
    });
    return inContext(block, {
      err: run.error,
      logs: run.logs,
      accounts: accounts ?? null,
      unitsConsumed: run.units,
    });
  }

  #statuses(signatures: unknown, options: unknown): unknown {
    const { searchTransactionHistory } = statusesSchema.parse(options ?? {});
    const names = z.array(z.string()).max(256).parse(signatures);
    const oldest = this.#firstAvailable();
    const statuses = names.map((name) => {
      const status = this.status(name);
      return status !== null && status.slot < oldest ? null : status;
    });
    if (searchTransactionHistory === true && this.switches.historySlots === 0) {
      const message = 'Transaction history is not available from this node';
      throw new RpcError('getSignatureStatuses', { code: -32011, message });
    }
    return inContext(this.#block('processed'), statuses);
  }

  #transaction(signature: unknown, options: unknown): unknown {
    const name = z.string().parse(signature);
    const { commitment } = optionsSchema.parse(options ?? {});
    const landed = this.ledger.landed(name);
    const seen = this.#block(commitment ?? 'finalized');
    if (landed === undefined || landed.slot > seen.slot) return null;
    return describeTransaction(landed);
  }
}

/** One entry of getSignatureStatuses. */
export interface SignatureStatus {
  readonly slot: number;
  /** Null once finalized. */
  readonly confirmations: number | null;
  readonly err: unknown;
  readonly status: unknown;
  readonly confirmationStatus: SolanaCommitment;
}

const NO_METHOD = { code: -32601, message: 'Method not found' };

const countSchema = z.number().int().nonnegative();
const addressSchema = z
  .string()
  .refine(isAddress)
  .transform((text): Address => text as Address);
const optionsSchema = z.object({
  commitment: commitmentSchema.optional(),
  minContextSlot: countSchema.optional(),
});
const sendSchema = z.object({
  skipPreflight: z.boolean().optional(),
  preflightCommitment: commitmentSchema.optional(),
});
const simulateSchema = z.object({
  replaceRecentBlockhash: z.boolean().optional(),
  accounts: z.object({ addresses: z.array(z.string()) }).optional(),
});
const statusesSchema = z.object({ searchTransactionHistory: z.boolean().optional() });

function inContext(block: LedgerBlock, answer: unknown): unknown {
  return { context: { slot: block.slot, apiVersion: VERSION['solana-core'] }, value: answer };
}

function describeAccount(account: EncodedAccount) {
  return {
    lamports: Number(account.lamports),
    data: [Buffer.from(account.data).toString('base64'), 'base64'],
    owner: account.programAddress,
    executable: account.executable,
    space: Number(account.space),
    // Rent is no longer collected; nodes answer the largest epoch there is.
    rentEpoch: 18446744073709552000,
  };
}

function describeTransaction({ slot, error: err, fee, units, logs, ...rest }: LandedTransaction) {
  const wire = rest.transaction?.wire;
  return {
    slot,
    blockTime: null,
    version: 0,
    transaction: wire === undefined ? null : [wire, 'base64'],
    meta: { err, fee: Number(fee), computeUnitsConsumed: units, logMessages: logs },
  };
}

function preflightFailure(err: unknown): RpcError {
  const message = `Transaction simulation failed: ${JSON.stringify(err)}`;
  return new RpcError('sendTransaction', { code: -32002, message, data: { err } });
}
