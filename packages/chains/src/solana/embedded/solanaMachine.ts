import type { Address, EncodedAccount, Transaction } from '@solana/kit';
import type { FailedTransactionMetadata, LiteSVM, TransactionMetadata } from 'litesvm';
import { ChainFault } from '../../chainFault.ts';

/** What running a transaction did. */
export interface Execution {
  /** The error as an endpoint would write it in JSON; null when it succeeded. */
  readonly error: unknown;
  /** Compute units used; under 2^21. */
  readonly units: number;
  readonly logs: readonly string[];
}

/**
 * The Solana runtime without a chain around it: accounts, programs and the execution of single
 * transactions. Blockhashes, signatures and duplicates are the ledger's business, so the runtime's
 * own checks of them are switched off: it knows one blockhash at a time, and no forks.
 */
export class SolanaMachine {
  readonly #svm: LiteSVM;

  constructor(svm: LiteSVM) {
    this.#svm = svm;
  }

  execute(transaction: Transaction): Execution {
    return readOutcome(this.#svm.sendTransaction(transaction));
  }

  /** Like `execute`, and leaves no trace. `accounts` are the writable ones as they would be. */
  simulate(transaction: Transaction): Execution & { readonly accounts: readonly EncodedAccount[] } {
    const outcome = this.#svm.simulateTransaction(transaction);
    if ('err' in outcome) return { ...readOutcome(outcome), accounts: [] };
    return { ...readOutcome(outcome.meta()), accounts: outcome.postAccounts() };
  }

  account(address: Address): EncodedAccount | undefined {
    const account = this.#svm.getAccount(address);
    return account.exists ? account : undefined;
  }

  /** Lamports; 0 for an account that does not exist. */
  balance(address: Address): bigint {
    return this.#svm.getBalance(address) ?? 0n;
  }

  setAccount(account: EncodedAccount): void {
    this.#svm.setAccount(account);
  }

  /** Tells programs that read the clock which slot it is; seconds since 1970. */
  setSlot(slot: number, unixSeconds: number): void {
    const clock = this.#svm.getClock();
    clock.slot = BigInt(slot);
    clock.unixTimestamp = BigInt(unixSeconds);
    this.#svm.setClock(clock);
  }

  /** Lamports that an account of so many bytes must hold to stay. */
  rentExemptMinimum(bytes: number): bigint {
    return this.#svm.minimumBalanceForRentExemption(BigInt(bytes));
  }
}

/** How the library of the runtime is fetched; tests replace it. */
export type SvmLoader = () => Promise<Pick<typeof import('litesvm'), 'LiteSVM'>>;

/**
 * Loads the runtime and starts an empty one. The native library is loaded here and nowhere else, so
 * that a process which talks to a real cluster never needs it.
 *
 * @throws ChainFault CHAIN_PROCESS_FAILED when there is no such library for this platform.
 */
export async function loadSolanaMachine(
  load: SvmLoader = () => import('litesvm'),
): Promise<SolanaMachine> {
  const { LiteSVM } = await fetchLibrary(load);
  const svm = new LiteSVM()
    .withSigverify(false)
    .withBlockhashCheck(false)
    .withTransactionHistory(0n);
  return new SolanaMachine(svm);
}

async function fetchLibrary(load: SvmLoader): ReturnType<SvmLoader> {
  try {
    return await load();
  } catch (cause) {
    const place = `${process.platform}-${process.arch}`;
    throw new ChainFault(
      'CHAIN_PROCESS_FAILED',
      `The embedded Solana chain needs the package litesvm and its part for ${place}, which is ` +
        'not installed. Run `npm install` on this machine, or name the endpoints of a cluster.',
      { fields: { place }, cause },
    );
  }
}

function readOutcome(outcome: TransactionMetadata | FailedTransactionMetadata): Execution {
  const failed = 'err' in outcome;
  const meta = failed ? outcome.meta() : outcome;
  return {
    error: failed ? readError(outcome.toString()) : null,
    units: Number(meta.computeUnitsConsumed()),
    logs: meta.logs(),
  };
}

/**
 * Turns the runtime's way of writing an error into that of an endpoint. The library's error classes
 * name their cases by numbers only; its text names them in words.
 */
function readError(text: string): unknown {
  const words = /err: (.*?), meta: TransactionMetadata/s.exec(text)?.[1] ?? text;
  const instruction = /^InstructionError\((\d+), (.+)\)$/s.exec(words);
  if (instruction !== null) {
    const custom = /^Custom\((\d+)\)$/.exec(instruction[2] ?? '');
    const cause = custom === null ? instruction[2] : { Custom: Number(custom[1]) };
    return { InstructionError: [Number(instruction[1]), cause] };
  }
  const account = /^(\w+) \{ account_index: (\d+) \}$/.exec(words);
  if (account !== null) return { [account[1] ?? '']: { account_index: Number(account[2]) } };
  return words;
}
