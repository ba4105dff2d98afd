import type {
  Account,
  Chain,
  FallbackTransport,
  Hash,
  Hex,
  PrivateKeyAccount,
  PublicClient,
  WalletClient,
} from 'viem';
import { createPublicClient, createWalletClient, fallback, http } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { createNonceManager, jsonRpc } from 'viem/nonce';
import { payeeOf } from '../../testing/chains/anvil/anvilWorld.ts';
import type { PaymentApp, PaymentTerms, PaymentVerdict } from './paymentApp.ts';

/** The clients of a normal viem app, as the documentation writes them. */
export interface ViemClients {
  readonly wallet: WalletClient<FallbackTransport, Chain, Account>;
  readonly reader: PublicClient<FallbackTransport, Chain>;
}

/** As often as the engine of the benchmark polls; blocks come faster here than by default. */
const POLLING_MS = 50;

/**
 * `fallback([http, ...])` with its defaults, and an account with a nonce manager of its own: the
 * exported one is one per process, and several apps share this one.
 */
export function viemClients(terms: {
  readonly key: Hex;
  readonly urls: readonly string[];
  readonly onSigned?: PaymentTerms['onSigned'];
}): ViemClients {
  const plain = privateKeyToAccount(terms.key, {
    nonceManager: createNonceManager({ source: jsonRpc() }),
  });
  const signTransaction = (async (transaction, options) => {
    const signed = await plain.signTransaction(transaction, options);
    await terms.onSigned?.(transaction);
    return signed;
  }) as PrivateKeyAccount['signTransaction'];
  const account: PrivateKeyAccount = { ...plain, signTransaction };
  const shared = {
    chain: foundry,
    transport: fallback(terms.urls.map((url) => http(url))),
    pollingInterval: POLLING_MS,
  };
  return {
    wallet: createWalletClient({ ...shared, account }),
    reader: createPublicClient(shared),
  };
}

/**
 * Payments with viem alone, as somebody who knows it writes them: nonceManager, fallback, and
 * waitForTransactionReceipt with confirmations.
 */
export class ViemApp implements PaymentApp {
  readonly verdicts: Map<string, PaymentVerdict> = new Map();
  readonly hashes: Map<string, Hash> = new Map();
  readonly complaints: string[] = [];
  readonly #terms: PaymentTerms;
  readonly #clients: ViemClients;
  #closed = false;

  constructor(terms: PaymentTerms) {
    this.#terms = terms;
    const urls = terms.endpoints.map(({ url }) => url);
    const { onSigned } = terms;
    this.#clients = viemClients({ key: terms.key, urls, ...(onSigned && { onSigned }) });
  }

  pay(key: string): void {
    this.#track(key, async () => {
      const hash = await this.#clients.wallet.sendTransaction({ to: payeeOf(key), value: 1_000n });
      this.hashes.set(key, hash);
      return this.#outcome(hash);
    });
  }

  resume(key: string, hash: Hash): void {
    this.#track(key, () => this.#outcome(hash));
  }

  /** The same chain nonce, nothing paid to oneself, a quarter more on both fees. */
  async cancel(key: string): Promise<void> {
    const hash = this.hashes.get(key);
    if (hash === undefined) return;
    const { reader, wallet } = this.#clients;
    try {
      const sent = await reader.getTransaction({ hash });
      await wallet.sendTransaction({
        to: wallet.account.address,
        value: 0n,
        nonce: sent.nonce,
        maxFeePerGas: more(sent.maxFeePerGas),
        maxPriorityFeePerGas: more(sent.maxPriorityFeePerGas),
      });
    } catch (error) {
      // Too late, most likely: the receipt will tell.
      this.#complain(key, error);
    }
  }

  async close(): Promise<void> {
    // Viem has nothing to close: what still polls ends with its own timeout.
    this.#closed = true;
  }

  async #outcome(hash: Hash): Promise<PaymentVerdict> {
    let isCancelled = false;
    const { confirmations, tellsReplacementBy } = this.#terms;
    const receipt = await this.#clients.reader.waitForTransactionReceipt({
      hash,
      confirmations,
      onReplaced: ({ reason }): void => {
        isCancelled = reason !== 'repriced';
      },
    });
    // Asked for several confirmations, viem 2.57 resolves with the replacement's receipt and does
    // not call onReplaced; only the hash tells then. Nothing but a cancellation replaces here.
    if (tellsReplacementBy === 'receiptHash') isCancelled = receipt.transactionHash !== hash;
    if (isCancelled) return 'cancelled';
    return receipt.status === 'success' ? 'done' : 'failed';
  }

  #track(key: string, outcome: () => Promise<PaymentVerdict>): void {
    outcome().then(
      (verdict) => this.#conclude(key, verdict),
      (error: unknown) => {
        this.#complain(key, error);
        this.#conclude(key, 'failed');
      },
    );
  }

  #conclude(key: string, verdict: PaymentVerdict): void {
    if (!this.#closed) this.verdicts.set(key, verdict);
  }

  #complain(key: string, error: unknown): void {
    const [words] = (error instanceof Error ? error.message : String(error)).split('\n');
    this.complaints.push(`${key}: ${words}`);
  }
}

function more(fee: bigint | undefined): bigint {
  return ((fee ?? 0n) * 125n) / 100n + 1n;
}
