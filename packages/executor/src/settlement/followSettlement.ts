import type { Clock } from '@lawbook/chains/environment';
import { InvariantViolation } from '@lawbook/exchange/failures/invariant';
import type { ListRecord } from '@lawbook/settlement/settler/settlementStore';
import type { Logger } from 'pino';
import { stopProcess } from '../stopProcess.ts';
import type { WiredVenue } from '../wiring.ts';

/** What following settling needs beside the venue. */
export interface FollowParts {
  readonly dataDir: string;
  readonly log: Logger;
  readonly watch: SettlementWatch;
  /** Ends the process for a broken invariant; thrown where nothing catches it unless given. */
  readonly stop?: (cause: InvariantViolation) => void;
}

/** Starts proving and settling, and lets the venue tell how far each epoch has come. */
export function followSettlement(wired: WiredVenue, parts: FollowParts): void {
  const { venue, settlement, environment } = wired;
  const { dataDir, log, watch, stop = stopProcess } = parts;
  if (settlement === undefined) return;
  const note = (sentence: string) => (cause: unknown) => {
    if (cause instanceof InvariantViolation) stop(cause);
    else log.error({ err: cause }, sentence);
  };
  let halted: Promise<unknown> = Promise.resolve();
  venue.subscribe((event) => {
    if (event.kind === 'epoch') settlement.announceEpoch();
  });
  settlement.start({
    onUnwound: () => watch.unwound(),
    onRecord: (record) => {
      watch.record(record);
      const { marketId, epochNumber } = record;
      venue
        .epoch(marketId, epochNumber)
        .then(
          (sealed) => sealed !== undefined && venue.tell({ kind: 'epoch', record: sealed }),
          note('an epoch could not be told'),
        );
    },
    onStopped: (sentence) => {
      const { sequence, timeMs, markets } = venue.state;
      const path = environment.recordIncident(dataDir, { atMs: timeMs, sequence, sentence });
      log.fatal({ path }, 'an incident was recorded; trading halts');
      const halts = [...markets.keys()].map((marketId) => {
        const input = { kind: 'haltMarket' as const, marketId, reason: sentence };
        return venue.execute(input).catch(note('a market could not be halted'));
      });
      halted = Promise.all(halts);
    },
    onBroken: (cause) => {
      whenHalted(halted, environment.clock).then(() => stop(cause), stop);
    },
  });
}

/**
 * Waits until the halts are durable, so that the next start finds them, but not for ever: until
 * then the service refuses orders by itself.
 */
async function whenHalted(halted: Promise<unknown>, clock: Pick<Clock, 'sleep'>): Promise<void> {
  const over = new AbortController();
  await Promise.race([halted, clock.sleep(HALT_MS_MAX, over.signal).catch(() => undefined)]);
  over.abort('over');
}

const HALT_MS_MAX = 5_000;

/** Told of what metrics count. */
export interface SettlementWatch {
  unwound(): void;
  record(record: ListRecord): void;
}
