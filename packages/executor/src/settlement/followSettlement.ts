import type { ListRecord } from '@lawbook/settlement/settler/settlementStore';
import type { Logger } from 'pino';
import type { WiredVenue } from '../wiring.ts';

/** Starts proving and settling, and lets the venue tell how far each epoch has come. */
export function followSettlement(
  { venue, settlement, environment }: WiredVenue,
  parts: { readonly dataDir: string; readonly log: Logger; readonly watch: SettlementWatch },
): void {
  const { dataDir, log, watch } = parts;
  if (settlement === undefined) return;
  venue.subscribe((event) => {
    if (event.kind === 'epoch') settlement.announceEpoch();
  });
  settlement.start({
    onUnwound: () => watch.unwound(),
    onRecord: (record) => {
      watch.record(record);
      const { marketId, epochNumber } = record;
      venue.epoch(marketId, epochNumber).then(
        (sealed) => sealed !== undefined && venue.tell({ kind: 'epoch', record: sealed }),
        (cause: unknown) => log.error({ err: cause }, 'an epoch could not be told'),
      );
    },
    onStopped: (sentence) => {
      const { sequence, timeMs, markets } = venue.state;
      const path = environment.recordIncident(dataDir, { atMs: timeMs, sequence, sentence });
      log.fatal({ path }, 'an incident was recorded; trading halts');
      for (const marketId of markets.keys()) {
        venue
          .execute({ kind: 'haltMarket', marketId, reason: sentence })
          .catch((cause: unknown) => {
            log.error({ err: cause }, 'a market could not be halted');
          });
      }
    },
  });
}

/** Told of what metrics count. */
export interface SettlementWatch {
  unwound(): void;
  record(record: ListRecord): void;
}
