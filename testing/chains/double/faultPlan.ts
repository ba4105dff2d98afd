import type { SeededRandom } from '../../world/seededRandom.ts';

/** What goes wrong with one request. */
export type NetworkFault =
  /** The node never sees it; the caller waits until its timeout. */
  | { readonly kind: 'lostBefore' }
  /** The node acts on it; the caller waits until its timeout, or finds the connection cut. */
  | { readonly kind: 'lostAfter'; readonly reset: boolean }
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'refused' }
  | { readonly kind: 'rateLimited'; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'httpStatus'; readonly status: number }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'wrongId' }
  | { readonly kind: 'rpcError'; readonly code: number; readonly message: string }
  /** The node says yes to a broadcast and forgets the transaction. */
  | { readonly kind: 'swallowed' };

/** Which requests a fault meets; what is undefined does not restrict. */
export interface FaultRule {
  readonly nodes?: readonly string[];
  readonly methods?: readonly string[];
  /** Every n-th of the requests that match everything else. */
  readonly every?: number;
  /** At most so many faults. */
  readonly times?: number;
  /** Milliseconds of simulated time since the start, the end exclusive. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** Share of the requests that match everything else. */
  readonly share?: number;
  readonly fault: NetworkFault;
}

/** The faults of a network, scripted or drawn; the first rule that applies decides. */
export class FaultPlan {
  readonly #rules: { readonly rule: FaultRule; met: number; struck: number }[] = [];
  readonly #random: SeededRandom;
  #struck = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  add(...rules: readonly FaultRule[]): void {
    for (const rule of rules) this.#rules.push({ rule, met: 0, struck: 0 });
  }

  clear(): void {
    this.#rules.length = 0;
  }

  /** Faults that struck so far. */
  struck(): number {
    return this.#struck;
  }

  /** Whether a rule may still strike at or after `atMs`. */
  isActiveAt(atMs: number): boolean {
    return this.#rules.some(({ rule, struck }) => {
      const isOver = atMs >= (rule.untilMs ?? Number.MAX_SAFE_INTEGER);
      return !isOver && struck < (rule.times ?? Number.MAX_SAFE_INTEGER);
    });
  }

  /** What happens to a request that leaves now. */
  strike(node: string, method: string, atMs: number): NetworkFault | undefined {
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (!matches(rule, node, method, atMs)) continue;
      entry.met += 1;
      if (rule.every !== undefined && entry.met % rule.every !== 0) continue;
      if (rule.times !== undefined && entry.struck >= rule.times) continue;
      if (rule.share !== undefined && this.#random.next() >= rule.share) continue;
      entry.struck += 1;
      this.#struck += 1;
      return rule.fault;
    }
    return undefined;
  }
}

function matches(rule: FaultRule, node: string, method: string, atMs: number): boolean {
  if (rule.nodes !== undefined && !rule.nodes.includes(node)) return false;
  if (rule.methods !== undefined && !rule.methods.includes(method)) return false;
  return atMs >= (rule.fromMs ?? 0) && atMs < (rule.untilMs ?? Number.MAX_SAFE_INTEGER);
}
