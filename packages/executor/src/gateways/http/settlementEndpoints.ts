import { readAgreement, readSettlement } from '@lawbook/api/schema/accountRoutes';
import { readBaseLayerTransaction, readProof } from '@lawbook/api/schema/marketRoutes';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { GatewayCore } from '../gatewayCore.ts';
import { asOfState } from '../present/moments.ts';
import {
  presentAgreement,
  presentEpochSettlement,
  presentProof,
  presentStatus,
} from '../present/presentSettlement.ts';
import type { Endpoint } from './endpoint.ts';
import { answer, endpoint } from './endpoint.ts';

/** Proofs, settlements and the agreement behind them. */
export function settlementEndpoints({ venue }: GatewayCore): Endpoint[] {
  const refuseUnsealed = async (params: {
    readonly marketId: string;
    readonly epochNumber: number;
  }): Promise<Refused | undefined> => {
    const sealed = await venue.epoch(Number(params.marketId), params.epochNumber);
    if (sealed !== undefined) return undefined;
    return refuse('notFound', { field: 'epochNumber', actual: params.epochNumber });
  };
  return [
    endpoint(readProof, async ({ params }) => {
      const unsealed = await refuseUnsealed(params);
      if (unsealed !== undefined) return unsealed;
      const journey = await venue.journey(Number(params.marketId), params.epochNumber);
      return answer(presentProof(params, journey, venue.settlement().layer?.setup));
    }),
    endpoint(readBaseLayerTransaction, async ({ params }) => {
      const unsealed = await refuseUnsealed(params);
      if (unsealed !== undefined) return unsealed;
      const journey = await venue.journey(Number(params.marketId), params.epochNumber);
      return answer(presentEpochSettlement(params, journey));
    }),
    endpoint(readSettlement, () => {
      return answer({ ...presentStatus(venue.settlement()), asOf: asOfState(venue.state) });
    }),
    endpoint(readAgreement, async () => answer(presentAgreement(await venue.agreement()))),
  ];
}
