import type { Clock } from '@lawbook/chains/environment';
import { Fault } from '@lawbook/exchange/failures/fault';
import { InvariantViolation } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import type { BaseLayer } from '@lawbook/settlement/baseLayer/baseLayer';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import type { ExposureLimits, ExposurePause } from '@lawbook/settlement/settler/exposure';
import { judgeExposure } from '@lawbook/settlement/settler/exposure';
import type { ListRecord } from '@lawbook/settlement/settler/settlementStore';
import type { SettlementLag, Settler, SettlerEvent } from '@lawbook/settlement/settler/settler';
import type { Logger } from 'pino';
import type {
  AgreementState,
  BaseLayerFacts,
  ComponentHealth,
  EpochJourney,
  EpochLevel,
  SettledVault,
  SettlementStatus,
  StepState,
} from '../venueTypes.ts';
import type { VenueEpochSource } from './venueEpochSource.ts';

/** A base layer that is ready, with the settler that works on it. */
export interface OpenedSettlement {
  readonly layer: BaseLayer;
  readonly facts: BaseLayerFacts;
  readonly settler: Settler;
  readonly provers: () => readonly ProverFacts[];
  /** Registers parameters and resolves once they hold on the base layer. */
  readonly registerParameters: (parameters: BatchParameters) => Promise<void>;
  /** Ends settler, bridge, provers and chain, in this order. */
  readonly close: () => Promise<void>;
}

/** One backend as health and metrics see it. */
export interface ProverFacts {
  readonly id: string;
  readonly breaker: string;
  readonly proved: number;
  readonly failed: number;
  readonly running: number;
  readonly queued: number;
}

/** What the service tells the venue. */
export interface SettlementListener {
  /** An epoch came further, or fell back. */
  readonly onRecord: (record: ListRecord) => void;
  /** Settled lists left the chain. */
  readonly onUnwound: () => void;
  /** The base layer and this venue hold different things: trading must halt. */
  readonly onStopped: (sentence: string) => void;
  /** A bug has ended settling. Called once, after `onStopped`: the process must end. */
  readonly onBroken: (cause: InvariantViolation) => void;
}

/** What a service is made of. */
export interface SettlementServiceOptions {
  readonly marketId: number;
  readonly exposure: ExposureLimits;
  /** Orders with a minimum fill that a batch may hold. */
  readonly minimumFillsMax: number;
  /** Why no epoch under these parameters can be proved, while prices are about `mids`. */
  readonly unprovableParameters: (
    parameters: BatchParameters,
    mids: readonly bigint[],
  ) => string | undefined;
  readonly clock: Pick<Clock, 'nowMs' | 'sleep'>;
  readonly log: Logger;
  readonly source: VenueEpochSource;
  /** Opens chain, provers and settler; takes from a second to a minute. */
  readonly open: (events: SettlementEvents) => Promise<OpenedSettlement>;
  /** A list's record, without waiting for the settler. */
  readonly record: (listNumber: bigint) => Promise<ListRecord | undefined>;
}

/** What settler and bridge say to the service. */
export interface SettlementEvents {
  readonly onEvent: (event: SettlerEvent) => void;
  /** The ledger cannot follow what happened on the base layer. */
  readonly onIncident: (sentence: string) => void;
  /** A bug has ended a part of settling. */
  readonly onBroken: (cause: InvariantViolation) => void;
}

/** First pause between two attempts to open the base layer, and the longest. */
const REOPEN_MS_MIN = 1_000;
const REOPEN_MS_MAX = 30_000;
/** How long a read of balances waits for the base layer. */
const VAULT_MS = 1_500;

/**
 * Proving and settling beside a venue that trades. Nothing here is waited for by an order: when
 * the base layer is away, the lag grows in plain sight until the exposure limit pauses admission.
 */
export class SettlementService {
  readonly #options: SettlementServiceOptions;
  readonly #closing = new AbortController();
  #listener: SettlementListener | undefined;
  #opened: OpenedSettlement | undefined;
  #opening: Promise<void> = Promise.resolve();
  #detail = 'the base layer is starting';
  #stopped: string | undefined;
  #isBroken = false;
  #pause: ExposurePause | undefined;
  /** Epochs that were sealed here while nobody could ask the base layer how far it is. */
  #blind = { lists: 0, sinceMs: 0 };

  constructor(options: SettlementServiceOptions) {
    this.#options = options;
  }

  /** Tells the settler that an epoch was sealed and can be read. */
  announceEpoch(): void {
    if (this.#opened === undefined) {
      const { lists, sinceMs } = this.#blind;
      this.#blind = {
        lists: lists + 1,
        sinceMs: lists === 0 ? this.#options.clock.nowMs() : sinceMs,
      };
    }
    this.#options.source.announce();
  }

  /** Starts opening the base layer and goes on trying until it is open. Returns at once. */
  start(listener: SettlementListener): void {
    this.#listener = listener;
    this.#opening = this.#openWhenPossible();
  }

  status(): SettlementStatus {
    const opened = this.#opened;
    const lag = opened?.settler.lag();
    const phase = this.#phase();
    return {
      phase,
      detail: this.#stopped ?? (opened === undefined ? this.#detail : opened.layer.health().detail),
      pausedBecause: this.pausedBecause(),
      lag,
      exposure: this.#options.exposure,
      layer: opened?.facts,
    };
  }

  /** Why orders are refused now; undefined while they are not. Asked for every order. */
  pausedBecause(): string | undefined {
    if (this.#stopped !== undefined) return this.#stopped;
    const nowMs = this.#options.clock.nowMs();
    const lag = this.#opened?.settler.lag() ?? this.#blindLag(nowMs);
    const reading = { lag, nowMs, before: this.#pause };
    this.#pause = judgeExposure(this.#options.exposure, reading);
    return this.#pause?.reason;
  }

  /** Since when orders are refused for exposure, milliseconds since 1970; undefined while not. */
  pausedSinceMs(): number | undefined {
    this.pausedBecause();
    return this.#pause?.since;
  }

  /** A base layer that was away when the venue started is owed what was sealed since. */
  #blindLag(nowMs: number): Pick<SettlementLag, 'unsettled' | 'oldestUnsettledMs'> {
    const { lists, sinceMs } = this.#blind;
    return { unsettled: lists, oldestUnsettledMs: lists === 0 ? 0 : nowMs - sinceMs };
  }

  health(): ComponentHealth[] {
    const opened = this.#opened;
    const { detail, phase, pausedBecause } = this.status();
    const layerReady = phase === 'running' && opened?.layer.health().state === 'ready';
    const baseLayer: ComponentHealth = {
      name: 'baseLayer',
      state: layerReady && pausedBecause === undefined ? 'ready' : 'unready',
      detail: pausedBecause ?? detail,
    };
    const provers = opened?.provers() ?? [];
    const working = provers.filter(({ breaker }) => breaker !== 'open');
    const prover: ComponentHealth = {
      name: 'prover',
      state: working.length > 0 ? 'ready' : 'unready',
      detail: provers.map(proverSentence).join('; ') || 'no prover yet',
    };
    return [prover, baseLayer];
  }

  /** Backends for metrics; none while they are starting. */
  provers(): readonly ProverFacts[] {
    return this.#opened?.provers() ?? [];
  }

  async journey(marketId: number, epochNumber: number): Promise<EpochJourney | undefined> {
    if (marketId !== this.#options.marketId) return undefined;
    return journeyOf(await this.#options.record(BigInt(epochNumber)));
  }

  /** Orders with a minimum fill that a batch may hold so that it can be proved. */
  get minimumFillsMax(): number {
    return this.#options.minimumFillsMax;
  }

  /** Why no epoch of a market could settle; undefined when one could. */
  unsettleable(parameters: BatchParameters, mids: readonly bigint[]): string | undefined {
    const { marketId, unprovableParameters } = this.#options;
    if (parameters.marketId !== marketId) return `Market ${marketId} alone settles here.`;
    return unprovableParameters(parameters, mids);
  }

  /** @throws Fault SETTLEMENT_UNAVAILABLE while the base layer is starting, and its own. */
  async prepareParameters(parameters: BatchParameters): Promise<void> {
    if (this.#opened === undefined) {
      throw new SettlementFault('SETTLEMENT_UNAVAILABLE', `${this.#detail}: ask again later.`);
    }
    await this.#opened.registerParameters(parameters);
  }

  async agreement(): Promise<AgreementState> {
    return { phase: this.#phase(), agreement: await this.#opened?.layer.agreement() };
  }

  /** Readers are not kept waiting: a layer that is slow to answer is one that is away. */
  async settledVault(owner: AccountId): Promise<SettledVault> {
    const reading = this.#opened?.layer.vault(owner).then(
      ({ balances }): SettledVault => ({ kind: 'reached', balances }),
      (cause: unknown): SettledVault => {
        if (cause instanceof InvariantViolation) throw cause;
        return { kind: 'unavailable' };
      },
    );
    if (reading === undefined) return { kind: 'unavailable' };
    const patience = new AbortController();
    const late = this.#wait(VAULT_MS, patience.signal).then((): SettledVault => {
      return { kind: 'unavailable' };
    });
    try {
      return await Promise.race([reading, late]);
    } finally {
      patience.abort();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#opening;
    await this.#opened?.close();
  }

  #phase(): SettlementStatus['phase'] {
    if (this.#stopped !== undefined) return 'stopped';
    return this.#opened === undefined ? 'starting' : 'running';
  }

  async #openWhenPossible(): Promise<void> {
    const { log, open } = this.#options;
    const { signal } = this.#closing;
    let pauseMs = REOPEN_MS_MIN;
    while (!signal.aborted && this.#opened === undefined && this.#stopped === undefined) {
      try {
        this.#opened = await open({
          onEvent: (event) => this.#hear(event),
          onIncident: (sentence) => this.#stop(sentence),
          onBroken: (cause) => this.#break(cause),
        });
      } catch (cause) {
        if (cause instanceof InvariantViolation) {
          this.#break(cause);
          return;
        }
        this.#detail = `the base layer cannot be opened: ${sentenceOf(cause)}`;
        log.error({ err: cause }, 'the base layer cannot be opened; trying again');
        await this.#wait(pauseMs, signal);
        pauseMs = Math.min(2 * pauseMs, REOPEN_MS_MAX);
      }
    }
  }

  /** Resolves after a time, or as soon as the signal aborts. */
  #wait(durationMs: number, signal: AbortSignal): Promise<void> {
    return this.#options.clock.sleep(durationMs, signal).catch(() => undefined);
  }

  #hear(event: SettlerEvent): void {
    const { log } = this.#options;
    switch (event.kind) {
      case 'record':
        this.#listener?.onRecord(event.record);
        return;
      case 'unwound':
        log.warn({ listNumber: String(event.listNumber) }, 'settled lists left the chain');
        this.#listener?.onUnwound();
        return;
      case 'alert':
        log.error({ listNumber: String(event.listNumber) }, event.sentence);
        return;
      case 'diverged': {
        const { listNumber, ours, theirs } = event;
        const here = ours ?? 'unknown';
        this.#stop(`list ${listNumber} is ${theirs} on the base layer and ${here} at this venue`);
        return;
      }
      case 'broken':
        this.#break(event.cause, event.listNumber);
        return;
    }
  }

  /** A bug is not tried again: admission ends here and now, and the process right after. */
  #break(cause: InvariantViolation, listNumber?: bigint): void {
    const place = listNumber === undefined ? '' : ` at list ${listNumber}`;
    this.#options.log.fatal({ err: cause }, 'an invariant of settling is broken');
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#stop(`settling has a bug${place}: ${cause.name}: ${cause.message}`);
    this.#listener?.onBroken(cause);
  }

  /** What the base layer holds is right; a venue that holds something else must not go on. */
  #stop(sentence: string): void {
    this.#stopped ??= sentence;
    this.#options.log.fatal(sentence);
    this.#listener?.onStopped(sentence);
  }
}

/** What a record means for readers of its epoch. An epoch without a record waits for its proof. */
export function journeyOf(record: ListRecord | undefined): EpochJourney {
  const failure = record?.lastFailure;
  const why = failure === undefined ? {} : { detail: failure };
  const waiting: StepState = { kind: 'waiting', ...why };
  if (record === undefined || record.stage === 'sealed') {
    return { level: 'checked', prove: waiting, settle: { kind: 'waiting' }, record };
  }
  const backend = record.provedBy?.backend;
  const prove: StepState = {
    kind: 'done',
    atMs: record.provenAtMs ?? record.sealedAtMs,
    ...(backend === undefined ? {} : { detail: backend }),
  };
  return { level: LEVELS[record.stage], prove, settle: settleStep(record, waiting), record };
}

const LEVELS: Readonly<Record<ListRecord['stage'], EpochLevel>> = {
  sealed: 'checked',
  proven: 'proven',
  settled: 'settled',
  finalized: 'finalized',
  refused: 'proven',
};

function settleStep(record: ListRecord, waiting: StepState): StepState {
  if (record.stage === 'refused') {
    return { kind: 'refused', detail: record.lastFailure ?? 'the base layer refuses it' };
  }
  if (record.stage === 'proven' || record.settledAtMs === undefined) return waiting;
  const { transaction, settledAtMs } = record;
  return {
    kind: 'done',
    atMs: settledAtMs,
    ...(transaction === undefined ? {} : { detail: transaction }),
  };
}

function proverSentence({ id, breaker, proved, running, queued }: ProverFacts): string {
  const state = breaker === 'closed' ? '' : `, breaker ${breaker}`;
  return `${id}: ${proved} proved, ${running} running, ${queued} waiting${state}`;
}

function sentenceOf(cause: unknown): string {
  return cause instanceof Fault ? cause.message : String(cause);
}
