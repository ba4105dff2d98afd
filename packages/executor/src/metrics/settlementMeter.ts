import type { ProofCost } from '@lawbook/proofs/provers/honk/honkProver';
import type { ListRecord } from '@lawbook/settlement/settler/settlementStore';
import type { SettlementLag } from '@lawbook/settlement/settler/settler';
import type { ProverFacts } from '../settlement/settlementService.ts';
import type { Metrics } from './metrics.ts';

/** What is read of settling at a scrape. */
export interface MeteredSettlement {
  status(): { readonly lag: SettlementLag | undefined };
  /** Since when orders are refused for exposure, milliseconds since 1970. */
  pausedSinceMs(): number | undefined;
  provers(): readonly ProverFacts[];
}

/** Turns proving and settling into metrics. It only watches: nothing depends on it. */
export class SettlementMeter {
  readonly #metrics: Metrics;
  /** What was counted of each backend, because backends tell sums and counters take steps. */
  readonly #counted = new Map<string, { proved: number; failed: number }>();
  #settlement: MeteredSettlement | undefined;
  /** Highest list whose gas was told: a list that settles again costs again, but is told once. */
  #gasTold = 0n;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** Starts reading a settlement at every scrape. */
  watch(settlement: MeteredSettlement): void {
    this.#settlement = settlement;
  }

  /** A proof that was made. */
  proved({ circuit, elapsedMs }: ProofCost): void {
    this.#metrics.prove.observe({ circuit }, elapsedMs / 1000);
  }

  /** A list that came further, or fell back. */
  record({ listNumber, stage, gasUsed }: ListRecord): void {
    if (stage !== 'settled' || gasUsed === undefined || listNumber <= this.#gasTold) return;
    this.#gasTold = listNumber;
    this.#metrics.settleGas.observe(Number(gasUsed));
  }

  /** Settled lists left the chain. */
  unwound(): void {
    this.#metrics.listsUnwound.inc();
  }

  /** Reads the gauges; called right before a scrape is answered. */
  refresh(): void {
    const settlement = this.#settlement;
    if (settlement === undefined) return;
    const { lag } = settlement.status();
    if (lag !== undefined) this.#refreshLag(lag);
    const since = settlement.pausedSinceMs();
    this.#metrics.exposurePause.set(since === undefined ? 0 : (Date.now() - since) / 1000);
    for (const backend of settlement.provers()) this.#refreshBackend(backend);
  }

  #refreshLag(lag: SettlementLag): void {
    const { levelLists, unsettledLists, oldestList } = this.#metrics;
    for (const level of ['sealed', 'proven', 'settled', 'finalized'] as const) {
      levelLists.set({ level }, Number(lag[level]));
    }
    unsettledLists.set(lag.unsettled);
    oldestList.set({ waits: 'proof' }, lag.oldestUnprovenMs / 1000);
    oldestList.set({ waits: 'settlement' }, lag.oldestUnsettledMs / 1000);
  }

  #refreshBackend({ id: backend, proved, failed, running, queued }: ProverFacts): void {
    const { proofs, provingNow } = this.#metrics;
    provingNow.set({ backend, state: 'running' }, running);
    provingNow.set({ backend, state: 'queued' }, queued);
    const before = this.#counted.get(backend) ?? { proved: 0, failed: 0 };
    // Backends count from nothing when the base layer is opened anew.
    const since = proved < before.proved || failed < before.failed ? NOTHING : before;
    proofs.inc({ backend, outcome: 'proved' }, proved - since.proved);
    proofs.inc({ backend, outcome: 'failed' }, failed - since.failed);
    this.#counted.set(backend, { proved, failed });
  }
}

const NOTHING = { proved: 0, failed: 0 };
