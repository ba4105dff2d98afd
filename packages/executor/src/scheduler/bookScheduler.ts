import type { Result } from '@lawbook/exchange/failures/result';
import type { Input } from '@lawbook/exchange/inputs';
import type { BookMarket } from '@lawbook/exchange/markets/book/bookMarket';
import type { StateMachine } from '@lawbook/exchange/stateMachine';
import type { BookProjection, BrokenBookEpoch } from '../books/bookProjection.ts';
import type { TwapDesk } from '../books/twapDesk.ts';
import type { Sequenced, Sequencer } from '../sequencer/sequencer.ts';
import type { OracleBoard } from './oracleBoard.ts';

/** What the beat of books sets in motion, and whom it tells. */
export interface BookSchedulerDependencies {
  readonly machine: StateMachine;
  readonly sequencer: Pick<Sequencer, 'execute' | 'nextTimeMs'>;
  readonly oracles: Pick<OracleBoard, 'bookTicks'>;
  /** Milliseconds on a steady clock. */
  readonly stopwatch: () => number;
  /** Age and size at which an epoch is sealed. */
  readonly epochSealAfterMs: number;
  readonly eventsPerEpochMax: number;
  readonly onSequenced: (sequenced: Sequenced) => void;
  /** Orders that are placed in slices. */
  readonly twaps: Pick<TwapDesk, 'tick'>;
  /** What the laws said about sealed epochs, and why markets are halted. */
  readonly judged: Pick<BookProjection, 'unhalted' | 'explain'>;
  /** Told once of each epoch that breaks a law, when its market is halted for it. */
  readonly onBroken: (broken: BrokenBookEpoch) => void;
}

/**
 * Events of one book epoch. Its bundle is some 230 bytes an event, and the laws judge it in one
 * turn of the event loop, some 20 microseconds an event: orders wait so long for a seal.
 */
export const EVENTS_PER_EPOCH_MAX = 4_000;

/**
 * The beat of books: ends what is due, tells prices of the oracle to those that wait for them, and
 * seals epochs by age or size. A quiet book gets no inputs at all.
 */
export class BookScheduler {
  readonly #deps: BookSchedulerDependencies;
  readonly #epochSince = new Map<number, { readonly epoch: number; readonly sinceMs: number }>();

  constructor(dependencies: BookSchedulerDependencies) {
    this.#deps = dependencies;
  }

  /** Does what is due now in every book. */
  tick(): void {
    for (const market of this.#deps.machine.state.books.values()) {
      this.#advance(market);
      this.#sealWhenDue(market);
      this.#haltWhenBroken(market);
    }
    this.#deps.twaps.tick(this.#deps.sequencer.nextTimeMs);
  }

  /** A law objects to what was sealed, now or right before the last stop: nobody trades on it. */
  #haltWhenBroken({ marketId, state }: BookMarket): void {
    const broken = this.#deps.judged.unhalted(marketId);
    if (broken === undefined || state === 'halted') return;
    this.#deps.judged.explain(marketId, { cause: 'law', reason: broken.reason });
    const isHalted = this.#execute({ kind: 'setBookMarketState', marketId, state: 'halted' });
    this.#deps.judged.explain(marketId, undefined);
    // Without room in the journal for the halt, the next beat tries again.
    if (isHalted) this.#deps.onBroken(broken);
  }

  #advance(market: BookMarket): void {
    const { core } = market.engine.book;
    const waits = core.risesOnOracle.topKey !== Number.POSITIVE_INFINITY;
    const alsoWaits = core.fallsOnOracle.topKey !== Number.POSITIVE_INFINITY;
    const quote = waits || alsoWaits ? this.#deps.oracles.bookTicks(market.parameters) : 0;
    const isNews = quote > 0 && quote !== core.oraclePrice;
    if (!isNews && !market.isDue(this.#deps.sequencer.nextTimeMs)) return;
    const oracleTicks = isNews ? Math.min(quote, market.parameters.priceTicksMax) : 0;
    this.#execute({ kind: 'bookTick', marketId: market.marketId, oracleTicks });
  }

  #sealWhenDue({ marketId, epoch, eventCount }: BookMarket): void {
    const events = eventCount - epoch.firstEvent + 1;
    if (events === 0) return;
    const { stopwatch, epochSealAfterMs, eventsPerEpochMax } = this.#deps;
    const seen = this.#epochSince.get(marketId);
    if (seen?.epoch !== epoch.number) {
      this.#epochSince.set(marketId, { epoch: epoch.number, sinceMs: stopwatch() });
    }
    const sinceMs = seen?.epoch === epoch.number ? seen.sinceMs : stopwatch();
    if (events < eventsPerEpochMax && stopwatch() - sinceMs < epochSealAfterMs) return;
    this.#execute({ kind: 'sealEpoch', marketId });
  }

  /** A refusal means that the disk is away or nothing is due any more: the next beat asks again. */
  #execute(input: Input): boolean {
    const result: Result<Sequenced> = this.#deps.sequencer.execute(input);
    if (result.ok) this.#deps.onSequenced(result.value);
    return result.ok;
  }
}
