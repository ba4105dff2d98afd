import type { RpcCall, Transport } from '@lawbook/chains/endpoints/transport';
import type { Clock } from '@lawbook/chains/environment';
import type { SolanaSigner } from '@lawbook/chains/solana/solanaSigner';
import type { ChainStore } from '@lawbook/chains/stores/chainStore';

/** When a program dies: at its n-th interaction with the world, before or after its effect. */
export interface Death {
  readonly interaction: number;
  readonly side: 'before' | 'after';
}

/**
 * What a program reaches the world through, so that it can be killed at every interaction: from
 * then on nothing that it asks for happens, and nothing that it waits for ever comes. The effect of
 * the last interaction may or may not have taken place, as with kill -9.
 */
export class Lifeline {
  #isAlive = true;
  #count = 0;
  #death: Death | undefined;

  constructor(death: Death | undefined) {
    this.#death = death;
  }

  /** Whether it still runs. */
  isAlive(): boolean {
    return this.#isAlive;
  }

  /** Interactions so far. */
  interactions(): number {
    return this.#count;
  }

  kill(): void {
    this.#isAlive = false;
  }

  /** No more death: what runs now may live. */
  spare(): void {
    this.#death = undefined;
  }

  store(store: ChainStore): ChainStore {
    return {
      get: (key) => this.#through(() => store.get(key)),
      list: (prefix, options) => this.#through(() => store.list(prefix, options)),
      insert: (entries) => this.#through(() => store.insert(entries)),
      commit: (lease, changes) => this.#through(() => store.commit(lease, changes)),
      acquireLease: (name, owner, durationMs) => {
        return this.#through(() => store.acquireLease(name, owner, durationMs));
      },
      renewLease: (lease, durationMs) => this.#through(() => store.renewLease(lease, durationMs)),
      releaseLease: (lease) => this.#through(() => store.releaseLease(lease)),
      close: () => store.close(),
    };
  }

  transport(transport: Transport): Transport {
    return {
      name: transport.name,
      request: (call: RpcCall, options) => {
        return this.#through(() => transport.request(call, options));
      },
    };
  }

  signer(signer: SolanaSigner): SolanaSigner {
    return {
      address: signer.address,
      sign: (messageBytes) => this.#through(() => signer.sign(messageBytes)),
    };
  }

  clock(clock: Clock): Clock {
    return {
      nowMs: () => clock.nowMs(),
      elapsedMs: () => clock.elapsedMs(),
      sleep: (durationMs, signal) => this.#whileAlive(clock.sleep(durationMs, signal)),
    };
  }

  async #through<Result>(act: () => Promise<Result>): Promise<Result> {
    if (!this.#isAlive) return never();
    this.#count += 1;
    const dies = this.#death?.interaction === this.#count ? this.#death.side : undefined;
    if (dies === 'before') {
      this.kill();
      return never();
    }
    if (dies === undefined) return this.#whileAlive(act());
    const acting = act();
    acting.catch(() => 'nobody is there to see it fail');
    // The effect takes place, but the program does not live to see it.
    this.kill();
    return never();
  }

  async #whileAlive<Result>(acting: Promise<Result>): Promise<Result> {
    try {
      const result = await acting;
      return this.#isAlive ? result : await never();
    } catch (failure) {
      if (!this.#isAlive) return never();
      throw failure;
    }
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
