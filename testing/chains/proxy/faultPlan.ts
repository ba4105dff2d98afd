/** A call as it reached the proxy. */
export interface ProxyCall {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly over: 'http' | 'webSocket';
}

/** What goes wrong with a call. */
export type ProxyFault =
  /** Forwarded and answered, but late. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Never answered; `forward` says whether the node sees the call. */
  | { readonly kind: 'hang'; readonly forward: boolean }
  /** The connection is reset and the node never sees the call. */
  | { readonly kind: 'resetBefore' }
  /** The node acts on the call, then the connection is reset: the answer is lost. */
  | { readonly kind: 'resetAfter' }
  | { readonly kind: 'rateLimited'; readonly retryAfterSeconds: number | undefined }
  | { readonly kind: 'httpStatus'; readonly status: number }
  /** `forward` lets the node act on the call before the error is answered. */
  | {
      readonly kind: 'rpcError';
      readonly code: number;
      readonly message: string;
      readonly detail?: unknown;
      readonly forward?: boolean;
    }
  /** Answered with this result instead of the node's. */
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'truncated' }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'wrongId' }
  /** Raw transactions only: answers with the hash and forwards nothing. */
  | { readonly kind: 'dropBroadcast' };

/** When something goes wrong. Every condition that is given has to hold. */
export interface FaultRule {
  readonly method?: string | RegExp;
  /** Which of the calls that fit the rest, counted from 1 since the rule was added. */
  readonly nth?: (count: number) => boolean;
  /** Asked at each call. */
  readonly when?: (call: ProxyCall) => boolean;
  readonly fault: ProxyFault;
}

/** Each k-th call. */
export function every(k: number): (count: number) => boolean {
  return (count) => count % k === 0;
}

/** The first k calls. */
export function first(k: number): (count: number) => boolean {
  return (count) => count <= k;
}

/** Faults by rule; rules may come and go while calls run. The first rule that applies decides. */
export class FaultPlan {
  readonly #rules = new Set<{ readonly rule: FaultRule; count: number }>();

  /** @returns what takes the rule back. */
  add(rule: FaultRule): () => void {
    const entry = { rule, count: 0 };
    this.#rules.add(entry);
    return () => void this.#rules.delete(entry);
  }

  clear(): void {
    this.#rules.clear();
  }

  /** What shall go wrong with this call. */
  faultFor(call: ProxyCall): ProxyFault | undefined {
    for (const entry of this.#rules) {
      const { method, nth, when, fault } = entry.rule;
      if (typeof method === 'string' && method !== call.method) continue;
      if (method instanceof RegExp && !method.test(call.method)) continue;
      if (when !== undefined && !when(call)) continue;
      entry.count += 1;
      if (nth === undefined || nth(entry.count)) return fault;
    }
    return undefined;
  }
}
