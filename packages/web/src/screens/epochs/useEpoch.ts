import { unwrap } from '@lawbook/api/client/transport';
import type { EpochVerdicts, EpochView } from '@lawbook/api/schema/recordViews';
import type { EpochSettlementReply, ProofReply } from '@lawbook/api/schema/settlementViews';
import { useEffect, useState } from 'react';
import { useLive } from '../../live/live.ts';
import { troubleOf } from '../../live/trouble.ts';
import { useVenue } from '../../parts/venueContext.tsx';

/** What the venue has of one epoch. */
export interface EpochRecords {
  readonly epoch: EpochView;
  readonly proof: ProofReply;
  readonly settlement: EpochSettlementReply;
  readonly verdicts: EpochVerdicts;
}

/** Reads an epoch, again whenever the feed tells that it came further. */
export function useEpoch(epochNumber: number): {
  readonly records: EpochRecords | undefined;
  readonly trouble: string | undefined;
} {
  const venue = useVenue();
  const told = useLive(venue.epochs)?.find((epoch) => epoch.epochNumber === epochNumber);
  const [records, setRecords] = useState<EpochRecords>();
  const [trouble, setTrouble] = useState<string>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was told sets off the read.
  useEffect(() => {
    let isGone = false;
    const { client, marketId } = venue;
    const read = async (): Promise<EpochRecords> => {
      const [epoch, proof, settlement, verdicts] = await Promise.all([
        client.readEpoch(marketId, epochNumber),
        client.readProof(marketId, epochNumber),
        client.readBaseLayerTransaction(marketId, epochNumber),
        client.readVerdicts(marketId, epochNumber),
      ]);
      return {
        epoch: unwrap(epoch).epoch,
        proof: unwrap(proof),
        settlement: unwrap(settlement),
        verdicts: unwrap(verdicts),
      };
    };
    read().then(
      (next) => {
        if (isGone) return;
        setRecords(next);
        setTrouble(undefined);
      },
      (cause: unknown) => {
        if (!isGone) setTrouble(troubleOf(cause));
      },
    );
    return () => {
      isGone = true;
    };
  }, [venue, epochNumber, told]);
  return { records, trouble };
}
