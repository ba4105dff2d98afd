import { ChainFault } from '../chainFault.ts';
import { isEnd } from '../intents/intent.ts';
import type { Alert, AlertKind } from '../lanes/alert.ts';
import type { Lease } from '../stores/chainStore.ts';
import type { SolanaAttempt, SolanaLife } from './solanaIntent.ts';
import type { SolanaLaneDependencies, SolanaLaneOptions } from './solanaLane.ts';
import { liveAttempt } from './solanaLife.ts';
import type { SolanaLog, SolanaStep, StoredSolanaIntent } from './solanaLog.ts';
import { SolanaRpc } from './solanaRpc.ts';

/** Counts of one lane in this process since it was opened; under 2^53. */
export interface SolanaTally {
  attempts: number;
  resends: number;
  expiries: number;
  unincluded: number;
  expiriesUnproven: number;
  readonly ended: Record<string, number>;
}

/** What a tenure is made of. */
export interface SolanaTenureParts {
  readonly lane: string;
  readonly lease: Lease;
  /** Elapsed milliseconds at which the lease runs out, counted from before it was asked for. */
  readonly leaseUntil: number;
  readonly signings: number;
  readonly log: SolanaLog;
  readonly options: SolanaLaneOptions;
  readonly stands: SolanaLaneDependencies;
  readonly tally: SolanaTally;
  readonly onLife: () => void;
}

/**
 * One process owning one lane: from the lease until the lease or the store is lost.
 *
 * Everything the owner does goes through here: a commit first, then the memory, then the world.
 * When a commit fails nobody knows what the store holds, so the tenure ends and a new one loads it.
 */
export class SolanaTenure {
  readonly lane: string;
  readonly lease: Lease;
  readonly log: SolanaLog;
  readonly options: SolanaLaneOptions;
  readonly stands: SolanaLaneDependencies;
  readonly rpc: SolanaRpc;
  readonly tally: SolanaTally;
  /** Open intents by key, oldest first, as the store has them. */
  readonly intents: Map<string, StoredSolanaIntent> = new Map();
  /** Elapsed milliseconds at the latest broadcast, by key. */
  readonly sentAt: Map<string, number> = new Map();
  /** Lamports of intents that were found covered and are being signed, by key. */
  readonly reserving: Map<string, bigint> = new Map();
  /** Balances must be at least as new as this slot: what landed before is in them. */
  settledSlot = 0n;
  /** Elapsed milliseconds of the latest round of evidence. */
  evidenceAt: number = Number.NEGATIVE_INFINITY;
  leaseUntil: number;
  readonly #raised: Set<string> = new Set();
  readonly #onLife: () => void;
  #signings: number;

  constructor(parts: SolanaTenureParts) {
    this.lane = parts.lane;
    this.lease = parts.lease;
    this.leaseUntil = parts.leaseUntil;
    this.log = parts.log;
    this.options = parts.options;
    this.stands = parts.stands;
    this.rpc = new SolanaRpc(parts.stands.endpoints);
    this.tally = parts.tally;
    this.#onLife = parts.onLife;
    this.#signings = parts.signings;
  }

  nowMs(): number {
    return this.stands.environment.clock.nowMs();
  }

  elapsedMs(): number {
    return this.stands.environment.clock.elapsedMs();
  }

  /** A number that no attempt of this lane had before; durable once the attempt is committed. */
  nextSigning(): number {
    this.#signings += 1;
    return this.#signings;
  }

  /** Takes an intent into memory, unless it is known. */
  async takeIn(key: string): Promise<void> {
    if (this.intents.has(key)) return;
    const stored = await this.log.request(key);
    if (stored === undefined) return;
    const life = await this.log.life(stored);
    if (!isEnd(life.state)) this.intents.set(key, { ...stored, life });
  }

  /** Writes lives, and only then believes them. @throws what `SolanaLog.commit` throws. */
  async commit(step: Omit<SolanaStep, 'signings'>): Promise<void> {
    await this.log.commit(this.lease, { ...step, signings: this.#signings });
    for (const stored of step.lives ?? []) this.#believe(stored);
    this.#onLife();
  }

  /** Commits the next life of one intent; nothing when it is the same. */
  async advance(stored: StoredSolanaIntent, life: SolanaLife): Promise<StoredSolanaIntent> {
    if (life === stored.life) return stored;
    const next = { ...stored, life };
    await this.commit({ lives: [next] });
    return next;
  }

  /**
   * Makes sure that the lease is ours for a while. Asked before every broadcast: the store fences
   * our writes, but no endpoint would.
   *
   * @throws ChainFault CHAIN_LANE_FENCED when somebody else has it.
   */
  async keepLease(): Promise<void> {
    const { leaseMs } = this.options.settings;
    const asked = this.elapsedMs();
    if (asked < this.leaseUntil - leaseMs / 2) return;
    if (!(await this.stands.store.renewLease(this.lease, leaseMs))) throw fenced(this.lane);
    this.leaseUntil = asked + leaseMs;
  }

  /** Every attempt that may still land, with its intent. */
  live(): readonly { readonly stored: StoredSolanaIntent; readonly attempt: SolanaAttempt }[] {
    return [...this.intents.values()].flatMap((stored) => {
      const attempt = liveAttempt(stored.life);
      return attempt === undefined ? [] : [{ stored, attempt }];
    });
  }

  /** Tells people once per tenure, kind and intent. */
  alert(
    kind: AlertKind,
    told: {
      readonly severity: Alert['severity'];
      readonly sentence: string;
      readonly key?: string;
      readonly fields?: Readonly<Record<string, string>>;
    },
  ): void {
    const { severity, sentence, key, fields = {} } = told;
    const once = `${kind} ${key ?? ''}`;
    if (this.#raised.has(once)) return;
    this.#raised.add(once);
    this.options.onAlert({ kind, severity, lane: this.lane, key, sentence, fields });
  }

  #believe(stored: StoredSolanaIntent): void {
    const { life } = stored;
    const { slot } = life.inclusion ?? {};
    if (!isEnd(life.state)) {
      this.intents.set(life.key, stored);
      return;
    }
    if (slot !== undefined && slot > this.settledSlot) this.settledSlot = slot;
    this.intents.delete(life.key);
    this.sentAt.delete(life.key);
    this.tally.ended[life.state] = (this.tally.ended[life.state] ?? 0) + 1;
  }
}

function fenced(lane: string): ChainFault {
  return new ChainFault(
    'CHAIN_LANE_FENCED',
    `Another process took over the lane ${lane}; this one stores intents and waits.`,
    { fields: { lane } },
  );
}
