import type { MethodClass, ReadPriority } from './endpointPool.ts';
import type { EndpointLimits } from './presets.ts';

/** Who asks for leave to send. */
export interface Admission {
  readonly method: string;
  readonly methodClass: MethodClass;
  readonly priority?: ReadPriority | undefined;
}

/** The order in which calls are served. */
export type Rank = 'broadcast' | 'high' | 'ordinary';

/** The rank of a call: broadcasts first, then what money waits on. */
export function rankOf({ methodClass, priority }: Admission): Rank {
  if (methodClass === 'broadcast') return 'broadcast';
  return priority === 'high' ? 'high' : 'ordinary';
}

/** The share of the reserve that reads of high priority leave. */
const KEPT = 0.5;
/** The share of the refill by which the reserve grows again after a broadcast, at least. */
const REGROWTH = 0.5;

/**
 * The units that reads leave in an endpoint's bucket for broadcasts.
 *
 * Ordinary reads leave all of the reserve, those of high priority half of it. A broadcast uses it
 * up; from then on half of what is refilled is laid by for the next one, and high priority has the
 * other half: neither has to wait until the reserve is whole again.
 */
export class BroadcastReserve {
  readonly #reserve: number;
  /** What reads of high priority leave while no broadcast has used the reserve. */
  readonly #kept: number;
  readonly #regrowthPerMs: number;
  /** Units of `kept` that a broadcast used and that were not laid by again at that time. */
  #spent = 0;
  #spentAtMs = 0;

  constructor({ reserve, unitsPerSecond }: EndpointLimits) {
    this.#reserve = reserve;
    this.#kept = reserve * KEPT;
    this.#regrowthPerMs = (unitsPerSecond * REGROWTH) / 1_000;
  }

  /** Units that a call of this rank leaves behind. */
  floorFor(rank: Rank, nowMs: number): number {
    if (rank === 'broadcast') return 0;
    return rank === 'high' ? this.#kept - this.#spentAt(nowMs) : this.#reserve;
  }

  /** A broadcast took this many units. */
  onBroadcast(units: number, nowMs: number): void {
    this.#spent = Math.min(this.#kept, this.#spentAt(nowMs) + units);
    this.#spentAtMs = nowMs;
  }

  #spentAt(nowMs: number): number {
    return Math.max(0, this.#spent - (nowMs - this.#spentAtMs) * this.#regrowthPerMs);
  }
}
