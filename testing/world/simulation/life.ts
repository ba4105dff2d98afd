import type { Clock } from '@lawbook/chains/environment';
import type { ProcessIdentity } from '../../../packages/executor/src/journal/lock.ts';
import type { SimulatedClock } from '../../chains/double/simulatedClock.ts';

/** How a process ends: killed, the machine going on, or with the power of the machine. */
export type DeathKind = 'kill' | 'power';

/** The ways in which a process touches the world. */
export type Touch = 'read' | 'write' | 'sync' | 'store' | 'base' | 'clock' | 'network';

/** When a process dies by itself: at a touch of the world, before or after it took effect. */
export interface DeathPlan {
  /** Only touches of this kind count; any do unless given. */
  readonly touch?: Touch | undefined;
  /** Touches from now on, from 1. */
  readonly touches: number;
  readonly moment: 'before' | 'after';
  readonly kind: DeathKind;
}

/**
 * One process from its start to its death. Everything that it does outside itself passes `touch`;
 * once it is dead, nothing that it waits for ever comes, so that no line of it runs again, and
 * nothing that it begins takes effect. A touch is where an await can end, so a death at any touch
 * is a crash at any await that the world could tell from another.
 */
export class Life {
  readonly identity: ProcessIdentity;
  readonly #clock: SimulatedClock;
  readonly #onDeath: (kind: DeathKind) => void;
  #isDead = false;
  /** On the world's steady clock. */
  #pausedUntilMs = 0;
  #touches = 0;
  /** What is planned, with the touches that are left until then. */
  #plan: { readonly death: DeathPlan; left: number } | undefined;

  constructor(
    identity: ProcessIdentity,
    { clock, onDeath }: { clock: SimulatedClock; onDeath: (kind: DeathKind) => void },
  ) {
    this.identity = identity;
    this.#clock = clock;
    this.#onDeath = onDeath;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Touches of the world so far. */
  get touches(): number {
    return this.#touches;
  }

  planDeath(plan: DeathPlan): void {
    this.#plan = { death: plan, left: plan.touches };
  }

  /** Holds the process back, as SIGSTOP and long collections do, while the world goes on. */
  pause(durationMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#clock.elapsedMs() + durationMs);
  }

  /** How long the process is still held back, milliseconds. */
  get pausedMs(): number {
    return Math.max(0, this.#pausedUntilMs - this.#clock.elapsedMs());
  }

  die(kind: DeathKind): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#onDeath(kind);
  }

  /** Ends without a death: a process that has closed everything touches nothing any more. */
  end(): void {
    this.#isDead = true;
  }

  /** Does something outside the process, after which the process may go on. */
  async touch<T>(kind: Touch, act: () => Promise<T>): Promise<T> {
    if (this.#isDead) return never();
    this.#touches += 1;
    const plan = this.#dueDeath(kind);
    if (plan?.moment === 'before') {
      this.die(plan.kind);
      return never();
    }
    try {
      return await act();
    } finally {
      while (this.pausedMs > 0) await this.#clock.sleep(this.pausedMs);
      if (plan !== undefined) this.die(plan.kind);
      // A value that is returned after death would be seen: wait for ever instead.
      if (this.#isDead) await never();
    }
  }

  #dueDeath(kind: Touch): DeathPlan | undefined {
    const plan = this.#plan;
    if (plan === undefined || (plan.death.touch ?? kind) !== kind) return undefined;
    plan.left -= 1;
    return plan.left === 0 ? plan.death : undefined;
  }

  /** The world's clock as the process sees it; `skewMs` is how wrong its time of day is. */
  clock(skewMs: () => number): Clock {
    const clock = this.#clock;
    return {
      nowMs: () => clock.nowMs() + skewMs(),
      elapsedMs: () => clock.elapsedMs(),
      sleep: (durationMs, signal) => this.touch('clock', () => clock.sleep(durationMs, signal)),
    };
  }
}

/** What a dead process waits for: a promise of its own each time, which nothing keeps alive. */
export function never(): Promise<never> {
  return new Promise(() => undefined);
}
