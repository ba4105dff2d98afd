import type { RpcCall, Transport } from '@lawbook/chains/endpoints/transport';
import type { Environment } from '@lawbook/chains/environment';
import type { TransactionSigner } from '@lawbook/chains/signers/transactionSigner';
import type { ChainStore } from '@lawbook/chains/stores/chainStore';
import type { SeededRandom } from '../../world/seededRandom.ts';
import type { SimulatedClock } from './simulatedClock.ts';

/** The ways in which a process touches the world. */
export type Touch = 'store' | 'transport' | 'signer' | 'sleep';

/** When a process is killed. */
export interface KillPlan {
  /** Counts from 1, among the touches of `touch`, or among all. */
  readonly at: number;
  readonly touch?: Touch;
  /** Only touches of this name: a method of the store, or of JSON-RPC. */
  readonly name?: string;
  /** Before the touch has any effect, or after it took effect and before its answer is seen. */
  readonly moment: 'before' | 'after';
}

/**
 * One operating-system process as the engine inside sees it: everything that it can touch goes
 * through here. After `kill` no touch ever comes back, so that nothing of it runs again; what was
 * already on its way to a node or a store still arrives there. `pause` holds everything back, as
 * SIGSTOP and long collections do, while the world goes on.
 */
export class ProcessDouble {
  readonly name: string;
  readonly environment: Environment;
  readonly #held: (() => void)[] = [];
  readonly #counts = new Map<string, number>();
  #state: 'running' | 'paused' | 'dead' = 'running';
  #plan: KillPlan | undefined;
  /** Called once, when the process dies. */
  onDeath: () => void = () => undefined;
  /** Called with every request that leaves the process. */
  onRequest: (call: RpcCall) => void = () => undefined;

  constructor(name: string, dependencies: { clock: SimulatedClock; random: SeededRandom }) {
    const { clock, random } = dependencies;
    this.name = name;
    this.environment = {
      random: { next: () => random.next() },
      clock: {
        nowMs: () => clock.nowMs(),
        elapsedMs: () => clock.elapsedMs(),
        sleep: (durationMs, signal) => {
          return this.#touch('sleep', 'sleep', () => clock.sleep(durationMs, signal));
        },
      },
    };
  }

  get state(): 'running' | 'paused' | 'dead' {
    return this.#state;
  }

  /** Touches so far: of one kind, of one kind and name (`store/commit`), or of all (`all`). */
  touches(kind: string = 'all'): number {
    return this.#counts.get(kind) ?? 0;
  }

  planKill(plan: KillPlan): void {
    this.#plan = plan;
  }

  /** Ends the process at once. */
  kill(): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#held.length = 0;
    this.onDeath();
  }

  pause(): void {
    if (this.#state === 'running') this.#state = 'paused';
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    for (const go of this.#held.splice(0)) go();
  }

  /** The world's store, as this process reaches it. */
  store(store: ChainStore): ChainStore {
    const touch = <T>(name: string, act: () => Promise<T>): Promise<T> => {
      return this.#touch('store', name, act);
    };
    return {
      get: (key) => touch('get', () => store.get(key)),
      list: (prefix, options) => touch('list', () => store.list(prefix, options)),
      insert: (entries) => touch('insert', () => store.insert(entries)),
      commit: (lease, changes) => touch('commit', () => store.commit(lease, changes)),
      acquireLease: (name, owner, durationMs) =>
        touch('acquireLease', () => store.acquireLease(name, owner, durationMs)),
      renewLease: (lease, durationMs) =>
        touch('renewLease', () => store.renewLease(lease, durationMs)),
      releaseLease: (lease) => touch('releaseLease', () => store.releaseLease(lease)),
      close: () => touch('close', () => store.close()),
    };
  }

  /** A way to a node, as this process reaches it. */
  transport(transport: Transport): Transport {
    return {
      name: transport.name,
      request: (call, options) =>
        this.#touch('transport', call.method, () => {
          this.onRequest(call);
          return transport.request(call, options);
        }),
    };
  }

  signer(signer: TransactionSigner): TransactionSigner {
    return {
      address: signer.address,
      sign: (transaction, signal) =>
        this.#touch('signer', 'sign', () => signer.sign(transaction, signal)),
    };
  }

  /** A callback that the engine calls, such as for alerts: silent once the process is dead. */
  callback<T>(act: (argument: T) => void): (argument: T) => void {
    return (argument) => {
      if (this.#state !== 'dead') act(argument);
    };
  }

  #touch<T>(kind: Touch, name: string, act: () => Promise<T>): Promise<T> {
    if (this.#state === 'dead') return never();
    const moment = this.#dies(kind, name);
    if (moment === 'before') {
      this.kill();
      return never();
    }
    return new Promise((resolve, reject) => {
      const start = (): void => {
        act().then(
          (answer) => {
            if (moment === 'after') this.kill();
            this.#deliver(() => resolve(answer));
          },
          (failure: unknown) => {
            if (moment === 'after') this.kill();
            this.#deliver(() => reject(failure));
          },
        );
      };
      this.#deliver(start);
    });
  }

  #dies(kind: Touch, name: string): KillPlan['moment'] | undefined {
    const counted = ['all', kind, `${kind}/${name}`];
    for (const label of counted) this.#counts.set(label, this.touches(label) + 1);
    const plan = this.#plan;
    if (plan === undefined) return undefined;
    const label = plan.touch === undefined ? 'all' : touchLabel(plan.touch, plan.name);
    if (!counted.includes(label) || this.touches(label) !== plan.at) return undefined;
    return plan.moment;
  }

  #deliver(act: () => void): void {
    if (this.#state === 'dead') return;
    if (this.#state === 'paused') this.#held.push(act);
    else act();
  }
}

function touchLabel(touch: Touch, name: string | undefined): string {
  return name === undefined ? touch : `${touch}/${name}`;
}

/** What a dead process waits for: a promise of its own each time, which nothing keeps alive. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
