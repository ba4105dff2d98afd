import { mkdirSync } from 'node:fs';
import type { IntentRequest } from '@lawbook/chains/intents/intent';
import type { Outcome } from '@lawbook/chains/lanes/lane';
import type { TransactionSigner } from '@lawbook/chains/signers/transactionSigner';
import type { Hash } from 'viem';
import { payeeOf } from '../../testing/chains/anvil/anvilWorld.ts';
import { lmdbIn, RealEngine } from '../../testing/chains/anvil/realEngine.ts';
import type { PaymentApp, PaymentTerms, PaymentVerdict } from './paymentApp.ts';

/** A payment as an intent. */
export function requestFor(
  key: string,
  terms: {
    readonly deadlineMs: number;
    readonly feeCap?: bigint;
    readonly confirmations?: number;
  },
): IntentRequest {
  return {
    key,
    to: payeeOf(key),
    amount: 1_000n,
    callData: '0x',
    gasLimit: undefined,
    urgency: 'urgent',
    deadlineMs: terms.deadlineMs,
    finality: { kind: 'confirmations', blocks: terms.confirmations ?? 3 },
    feeCap: terms.feeCap ?? 10n ** 16n,
    route: 'public',
    privateForMs: undefined,
    expects: [],
    after: undefined,
    principal: 'benchmark',
  };
}

/** Payments with the engine: sockets, LMDB, clock, all real. */
export class EngineApp implements PaymentApp {
  readonly verdicts: Map<string, PaymentVerdict> = new Map();
  readonly hashes: Map<string, Hash> = new Map();
  readonly complaints: string[] = [];
  readonly #terms: PaymentTerms;
  readonly #engine: RealEngine;
  #closed = false;

  private constructor(engine: RealEngine, terms: PaymentTerms) {
    this.#engine = engine;
    this.#terms = terms;
  }

  static async open(terms: PaymentTerms): Promise<EngineApp> {
    mkdirSync(terms.storeFolder, { recursive: true });
    const { onSigned } = terms;
    const signer = (plain: TransactionSigner): TransactionSigner => ({
      address: plain.address,
      sign: async (transaction, signal) => {
        const signed = await plain.sign(transaction, signal);
        await onSigned?.(transaction);
        return signed;
      },
    });
    const engine = await RealEngine.open({
      chainId: terms.chainId,
      endpoints: terms.endpoints,
      key: terms.key,
      openStore: lmdbIn(terms.storeFolder),
      owner: terms.owner,
      settings: { inFlightMax: terms.inFlightMax },
      ...(onSigned === undefined ? {} : { wrap: { signer } }),
    });
    return new EngineApp(engine, terms);
  }

  pay(key: string): void {
    this.#play(key).catch((error: unknown) => {
      if (!this.#closed) this.complaints.push(`${key}: ${String(error)}`);
    });
  }

  /** The store remembers: asking again for the same key finds the same intent. */
  resume(key: string): void {
    this.pay(key);
  }

  async cancel(key: string): Promise<void> {
    await this.#engine.lane.cancel(key);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#engine.close();
  }

  async #play(key: string): Promise<void> {
    const intent = await this.#engine.lane.submit(requestFor(key, this.#terms));
    const verdict = verdictOf(await intent.wait('final'));
    if (verdict !== undefined && !this.#closed) this.verdicts.set(key, verdict);
  }
}

function verdictOf({ verdict, life }: Outcome): PaymentVerdict | undefined {
  if (verdict === 'done') return 'done';
  if (verdict === 'unknown') return undefined;
  return life.state === 'cancelled' ? 'cancelled' : 'failed';
}
