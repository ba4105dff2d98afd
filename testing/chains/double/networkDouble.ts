import type { RpcCall, Transport, TryOptions } from '@lawbook/chains/endpoints/transport';
import { RpcError, TransportError } from '@lawbook/chains/endpoints/transport';
import type { SeededRandom } from '../../world/seededRandom.ts';
import type { NetworkFault } from './faultPlan.ts';
import { FaultPlan } from './faultPlan.ts';
import type { NodeDouble } from './nodeDouble.ts';
import type { NodeAnswer, NodeReply } from './nodeSight.ts';
import type { SimulatedClock } from './simulatedClock.ts';

/** How the wire between engine and nodes behaves when nothing is wrong. */
export interface NetworkTerms {
  /** Milliseconds one way, the least and the most. */
  readonly delayMs: readonly [number, number];
}

/** What was sent over the network so far. */
export interface NetworkTally {
  requests: number;
  /** By method. */
  readonly methods: Map<string, number>;
}

/** Carries calls to nodes, late, twice as late, or never. */
export class NetworkDouble {
  readonly plan: FaultPlan;
  readonly tally: NetworkTally = { requests: 0, methods: new Map() };
  /** Called with every transaction that leaves for a node, before any fault meets it. */
  readonly onSend: ((raw: unknown, node: NodeDouble) => void)[] = [];
  /** What a provider lets through; undefined lets everything through. */
  admit: (method: string, node: NodeDouble) => NetworkFault | undefined = () => undefined;
  /** Called with whatever a node breaks on. */
  onBug: (cause: unknown) => void = (cause) => {
    throw cause;
  };
  readonly #terms: NetworkTerms;
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;

  constructor(
    terms: NetworkTerms,
    dependencies: { clock: SimulatedClock; random: SeededRandom; faults: SeededRandom },
  ) {
    this.#terms = terms;
    this.#clock = dependencies.clock;
    this.#random = dependencies.random;
    this.plan = new FaultPlan(dependencies.faults);
  }

  /** The way to one node. */
  transportTo(node: NodeDouble): Transport {
    return {
      name: node.terms.name,
      request: (call, options) => this.#request(node, call, options),
    };
  }

  #request(node: NodeDouble, call: RpcCall, options: TryOptions): Promise<unknown> {
    const { methods } = this.tally;
    this.tally.requests += 1;
    methods.set(call.method, (methods.get(call.method) ?? 0) + 1);
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs } = options;
      if (signal?.aborted === true) {
        reject(this.#failure(node, 'aborted'));
        return;
      }
      const end = (settle: () => void): void => {
        stopTimeout();
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const abort = (): void => end(() => reject(this.#failure(node, 'aborted')));
      const stopTimeout = this.#clock.schedule(timeoutMs, () => {
        end(() => reject(this.#failure(node, 'timeout')));
      });
      signal?.addEventListener('abort', abort, { once: true });
      this.#travel(node, call, (settle) => {
        end(() => {
          const outcome = settle();
          if (outcome.ok) resolve(outcome.result);
          else reject(outcome.failure);
        });
      });
    });
  }

  #travel(node: NodeDouble, call: RpcCall, arrive: (settle: () => Outcome) => void): void {
    if (call.method === 'eth_sendRawTransaction') {
      for (const listen of this.onSend) listen(call.params[0], node);
    }
    const struck = this.plan.strike(node.terms.name, call.method, this.#clock.elapsedMs());
    const fault = struck ?? this.admit(call.method, node);
    if (fault?.kind === 'lostBefore') return;
    const early = fault === undefined ? undefined : this.#refusal(node, fault);
    if (early !== undefined) {
      this.#clock.schedule(this.#delayMs(), () => arrive(() => ({ ok: false, failure: early })));
      return;
    }
    const extraMs = fault?.kind === 'slow' ? fault.delayMs : 0;
    this.#clock.schedule(this.#delayMs() + extraMs, () => {
      const reply = answerUnder(fault, node, call);
      if (fault?.kind === 'lostAfter' && !fault.reset) return;
      const back = (answer: NodeAnswer): void => {
        this.#clock.schedule(this.#delayMs(), () => {
          arrive(() => this.#readAnswer(node, call, fault, answer));
        });
      };
      // A machine runs in microtasks: no time passes until it is done.
      if (reply instanceof Promise) reply.then(back, (cause: unknown) => this.onBug(cause));
      else back(reply);
    });
  }

  #readAnswer(
    node: NodeDouble,
    call: RpcCall,
    fault: NetworkFault | undefined,
    answer: NodeAnswer,
  ): Outcome {
    if (fault?.kind === 'lostAfter') return { ok: false, failure: this.#failure(node, 'reset') };
    if (fault?.kind === 'malformed') {
      return { ok: false, failure: this.#failure(node, 'malformed') };
    }
    if (fault?.kind === 'wrongId') return { ok: false, failure: this.#failure(node, 'wrongId') };
    if ('error' in answer) return { ok: false, failure: new RpcError(call.method, answer.error) };
    return { ok: true, result: answer.result };
  }

  /** Failures for which the node never acts on the call. */
  #refusal(node: NodeDouble, fault: NetworkFault): TransportError | undefined {
    const { name } = node.terms;
    if (fault.kind === 'refused') return this.#failure(node, 'refused');
    if (fault.kind === 'rateLimited') {
      const { retryAfterMs } = fault;
      return new TransportError('rateLimited', `${name} answered HTTP 429`, {
        httpStatus: 429,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
    }
    if (fault.kind === 'httpStatus') {
      const { status } = fault;
      return new TransportError('httpStatus', `${name} answered HTTP ${status}`, {
        httpStatus: status,
      });
    }
    return undefined;
  }

  #failure(node: NodeDouble, failure: TransportError['failure']): TransportError {
    const { name } = node.terms;
    return new TransportError(failure, `${name} failed: ${failure}`);
  }

  #delayMs(): number {
    const [least, most] = this.#terms.delayMs;
    return this.#random.between(least, most);
  }
}

type Outcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly failure: Error };

function answerUnder(fault: NetworkFault | undefined, node: NodeDouble, call: RpcCall): NodeReply {
  if (fault?.kind === 'rpcError') {
    return { error: { code: fault.code, message: fault.message } };
  }
  const reply = node.reply(call.method, call.params);
  if (reply instanceof Promise) return reply;
  if (fault?.kind === 'swallowed' && 'result' in reply) node.forget(reply.result);
  return reply;
}
