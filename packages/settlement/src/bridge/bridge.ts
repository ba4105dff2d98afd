import type { Environment } from '@lawbook/chains/environment';
import type { BaseLayerBook } from '@lawbook/exchange/application/baseLayerBook';
import { InvariantViolation } from '@lawbook/exchange/failures/invariant';
import type { RejectionCode } from '@lawbook/exchange/failures/rejectionCodes';
import type { Result } from '@lawbook/exchange/failures/result';
import type { Input } from '@lawbook/exchange/inputs';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { BaseLayer } from '../baseLayer/baseLayer.ts';
import type { BaseLayerEvent, EventCursor } from '../baseLayer/baseLayerEvent.ts';
import { SettlementFault } from '../settlementFault.ts';
import { Backoff } from '../settler/backoff.ts';

/** How far a bridge has read, with what it had counted by then. */
export interface BridgePlace {
  readonly cursor: EventCursor;
  /** Deposits into the shard, and payments of exits from it. */
  readonly deposits: number;
  readonly exits: number;
}

/**
 * Remembers where to read on, so that a restart need not read the whole chain. Only a shortcut: a
 * place that is lost, old, or ahead of the exchange does no harm.
 */
export interface BridgePlaceStore {
  get(): Promise<BridgePlace | undefined>;
  put(place: BridgePlace): Promise<void>;
}

/** What a bridge stands on. */
export interface BridgeDependencies {
  readonly layer: Pick<BaseLayer, 'shard' | 'events'>;
  readonly environment: Environment;
  /** What the exchange knows of its base layer now: how much it has counted, and who leaves. */
  readonly book: () => Pick<BaseLayerBook, 'depositCount' | 'exitCount' | 'exits'>;
  /** Sequences an input; resolves once it is durable, or with the exchange's refusal. */
  readonly submit: (input: Input) => Promise<Result<undefined>>;
  /** The ledger cannot follow what happened on the base layer: the venue must stop. */
  readonly onIncident: (sentence: string) => void;
  /** A bug has ended the bridge: trading must halt, and the process end. Told once. */
  readonly onBroken: (cause: InvariantViolation) => void;
  readonly places?: BridgePlaceStore;
}

/** Carries what happens on the base layer into the exchange. */
export interface Bridge {
  /** Where it stands; undefined before the first event. */
  place(): BridgePlace | undefined;
  /** Stops after the event in hand. */
  close(): Promise<void>;
}

/**
 * Turns what happens on the base layer into inputs of the exchange, each exactly once and in order.
 *
 * The exchange's own counts are the cursor: deposits into the shard and payments out of it are
 * numbered in the order in which they arrive, and those that it has counted are passed over. What
 * the ledger has no place for is counted and skipped. Where a counted event is behind an exit's
 * notice, the notice was sequenced too, because inputs follow events in order.
 *
 * A venue that was restored from its base layer has to be told by its restorer who was leaving.
 */
export function openBridge(dependencies: BridgeDependencies): Bridge {
  return new RunningBridge(dependencies);
}

/** Refusals of what the ledger has no place for, whatever is done. */
const NO_PLACE: readonly RejectionCode[] = ['assetUnknown', 'amountOutOfRange', 'notOperator'];

/** Refusals that say that ledger and base layer disagree; all others pass by themselves. */
const DISAGREEMENTS: readonly RejectionCode[] = [
  'insufficientAvailable',
  'depositOutOfOrder',
  'exitOutOfOrder',
];

const RETRY = { retryMsMin: 100, retryMsMax: 10_000 };
/** Tries after which a payment that the ledger cannot cover is an incident: holds end by then. */
const TRIES_BEFORE_INCIDENT = 8;

const START: BridgePlace = {
  cursor: { blockNumber: -1n, logIndex: 0 },
  deposits: 0,
  exits: 0,
};

class RunningBridge implements Bridge {
  readonly #dependencies: BridgeDependencies;
  readonly #closing = new AbortController();
  readonly #loop: Promise<void>;
  #place: BridgePlace = START;
  /**
   * Set by a submission that failed: the exchange may have it in memory and not on its disk. What
   * is found done from then on may be lost with the process, so no place is remembered beyond it;
   * the next start reads on from the last one. Notices of exits are not counted: nothing else
   * would show that one is missing.
   */
  #isUnsure = false;

  constructor(dependencies: BridgeDependencies) {
    this.#dependencies = dependencies;
    this.#loop = this.#run();
    // Only a broken invariant ends the loop; whoever closes the bridge hears of it too.
    this.#loop.catch((cause: InvariantViolation) => dependencies.onBroken(cause));
  }

  place(): BridgePlace | undefined {
    return this.#place === START ? undefined : this.#place;
  }

  async close(): Promise<void> {
    this.#closing.abort(closed());
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { layer, environment } = this.#dependencies;
    const { signal } = this.#closing;
    const backoff = new Backoff(RETRY, environment);
    let isPlaced = false;
    while (!signal.aborted) {
      try {
        if (!isPlaced) this.#place = await this.#storedPlace();
        isPlaced = true;
        const after = this.#place === START ? undefined : this.#place.cursor;
        for await (const event of layer.events(after, signal)) {
          await this.#take(event);
          backoff.succeed();
        }
      } catch (error) {
        if (error instanceof InvariantViolation) throw error;
      }
      // The layer is away, the exchange is closing, or the events ended: read on from the place.
      backoff.fail();
      await this.#rest(backoff.waitMs());
    }
  }

  /** A stored place counts unless the exchange has lost what was counted by then. */
  async #storedPlace(): Promise<BridgePlace> {
    const { places, book } = this.#dependencies;
    const place = await places?.get();
    if (place === undefined) return START;
    const { depositCount, exitCount } = book();
    return place.deposits <= depositCount && place.exits <= exitCount ? place : START;
  }

  async #take(event: BaseLayerEvent): Promise<void> {
    const { places } = this.#dependencies;
    let { deposits, exits } = this.#place;
    switch (event.kind) {
      case 'deposited':
        if (event.shard === this.#dependencies.layer.shard) {
          deposits += 1;
          await this.#deposit(event, deposits);
        }
        break;
      case 'exitCompleted':
        exits += 1;
        await this.#payExit(event, exits);
        break;
      case 'exitRequested':
        if (!this.#isBehind()) await this.#noticeExit(event);
        break;
      case 'exitCanceled':
        if (!this.#isBehind()) await this.#withdrawExit(event);
        break;
    }
    this.#place = { cursor: event.cursor, deposits, exits };
    if (!this.#isUnsure) await places?.put(this.#place);
  }

  /** Whether the exchange has counted an event that is still to be read. */
  #isBehind(): boolean {
    const { depositCount, exitCount } = this.#dependencies.book();
    return this.#place.deposits < depositCount || this.#place.exits < exitCount;
  }

  async #deposit(event: Of<'deposited'>, depositNumber: number): Promise<void> {
    const isDone = (): boolean => this.#dependencies.book().depositCount >= depositNumber;
    const input: Input = {
      kind: 'deposit',
      depositNumber,
      account: event.owner,
      assetId: assetId(event.assetId),
      amount: amount(event.units),
    };
    const skip: Input = { kind: 'skipCrossing', crossing: 'deposit', number: depositNumber };
    await this.#submit(input, { isDone, skip });
  }

  async #payExit(event: Of<'exitCompleted'>, exitNumber: number): Promise<void> {
    const isDone = (): boolean => this.#dependencies.book().exitCount >= exitNumber;
    const { owner } = event;
    const units = amount(event.units);
    const input: Input = {
      kind: 'payExit',
      exitNumber,
      owner,
      assetId: assetId(event.assetId),
      units,
    };
    const skip: Input = { kind: 'skipCrossing', crossing: 'exit', number: exitNumber };
    await this.#submit(input, { isDone, skip });
  }

  async #noticeExit({ owner, dueBlock }: Of<'exitRequested'>): Promise<void> {
    const isDone = (): boolean => this.#dependencies.book().exits.get(owner) === dueBlock;
    await this.#submit({ kind: 'noticeExit', owner, dueBlock }, { isDone, skip: undefined });
  }

  async #withdrawExit({ owner }: Of<'exitCanceled'>): Promise<void> {
    const isDone = (): boolean => !this.#dependencies.book().exits.has(owner);
    await this.#submit({ kind: 'withdrawExit', owner }, { isDone, skip: undefined });
  }

  /**
   * Sequences an input unless its effect is there already, as after an answer that was lost. What
   * is refused for now is tried again; nothing else is read meanwhile.
   */
  async #submit(
    input: Input,
    { isDone, skip }: { readonly isDone: () => boolean; readonly skip: Input | undefined },
  ): Promise<void> {
    const { environment } = this.#dependencies;
    const backoff = new Backoff(RETRY, environment);
    while (!isDone()) {
      this.#closing.signal.throwIfAborted();
      const result = await this.#attempt(input);
      if (result.ok) return;
      const { code, rule } = result.rejection;
      if (skip !== undefined && NO_PLACE.includes(code)) {
        const skipped = await this.#attempt(skip);
        if (skipped.ok) return;
      }
      const tries = backoff.fail();
      if (tries === TRIES_BEFORE_INCIDENT && DISAGREEMENTS.includes(code)) {
        this.#tellIncident(input, `${rule} (${code})`);
      }
      await this.#rest(backoff.waitMs());
    }
  }

  async #attempt(input: Input): Promise<Result<undefined>> {
    try {
      return await this.#dependencies.submit(input);
    } catch (cause) {
      this.#isUnsure = true;
      throw cause;
    }
  }

  #tellIncident(input: Input, because: string): void {
    const { onIncident } = this.#dependencies;
    if (input.kind === 'payExit') {
      const { owner, units, exitNumber } = input;
      onIncident(
        `The base layer paid ${units} units of asset ${input.assetId} to ${owner} (payment ` +
          `${exitNumber}), and the ledger cannot: ${because}`,
      );
    } else onIncident(`The exchange refuses what the base layer did (${input.kind}): ${because}`);
  }

  async #rest(durationMs: number): Promise<void> {
    const { clock } = this.#dependencies.environment;
    await clock.sleep(durationMs, this.#closing.signal).catch(() => undefined);
  }
}

type Of<Kind extends BaseLayerEvent['kind']> = Extract<BaseLayerEvent, { kind: Kind }>;

function closed(): SettlementFault {
  return new SettlementFault('SETTLEMENT_CLOSED', 'The bridge was closed; open it again.');
}
