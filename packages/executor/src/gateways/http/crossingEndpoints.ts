import {
  listDeposits,
  listWithdrawals,
  requestWithdrawal,
} from '@lawbook/api/schema/crossingRoutes';
import type { PageQuery } from '@lawbook/api/schema/route';
import { PAGE_LIMIT } from '@lawbook/api/schema/route';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { Page } from '../../venueService.ts';
import type { GatewayCore } from '../gatewayCore.ts';
import type { OrderIntake } from '../orderIntake.ts';
import { asOfState } from '../present/moments.ts';
import { presentDeposit, presentWithdrawal } from '../present/presentCrossings.ts';
import type { Endpoint } from './endpoint.ts';
import { answer, endpoint } from './endpoint.ts';

/** Withdrawals to the base layer, and the history of both ways. */
export function crossingEndpoints({ venue }: GatewayCore, intake: OrderIntake): Endpoint[] {
  const { state } = venue;
  return [
    endpoint(requestWithdrawal, async ({ body, asker }) => {
      const { layer, detail } = venue.settlement();
      if (layer === undefined) {
        return refuse('notConfigured', { field: 'baseLayer', actual: detail });
      }
      // The contract refuses a whole list for one withdrawal of a token that it does not know, or
      // from a foreign shard.
      if (layer.tokens.length > 0 && layer.tokens[body.assetId] === undefined) {
        const limit = layer.tokens.length - 1;
        return refuse('assetUnknown', { field: 'assetId', limit, actual: body.assetId });
      }
      if (body.shard !== layer.shard) {
        return refuse('shardMismatch', { field: 'shard', limit: layer.shard, actual: body.shard });
      }
      // Nobody can claim for these, and a token that is sent to itself is gone.
      const ours = [layer.contract, layer.registry, ...layer.tokens].map(lowerCase);
      if (ours.includes(lowerCase(body.to))) {
        return refuse('recipientInvalid', { field: 'to', actual: body.to });
      }
      const requested = await intake.withdraw(body, asker);
      return requested.ok ? answer(requested.value) : requested;
    }),
    endpoint(listWithdrawals, async ({ params, query }) => {
      const page = pageOf(query);
      const records = await venue.withdrawals(accountId(params.owner), page);
      return answer({
        withdrawals: records.map((record) => presentWithdrawal(state, record)),
        ...nextOf(records, page),
        asOf: asOfState(state),
      });
    }),
    endpoint(listDeposits, async ({ params, query }) => {
      const page = pageOf(query);
      const records = await venue.deposits(accountId(params.owner), page);
      return answer({
        deposits: records.map((record) => presentDeposit(state, record)),
        ...nextOf(records, page),
        asOf: asOfState(state),
      });
    }),
  ];
}

function lowerCase(address: string): string {
  return address.toLowerCase();
}

function pageOf({ before, limit = PAGE_LIMIT.preset }: PageQuery): Page {
  return { limit, ...(before !== undefined && { before }) };
}

function nextOf(
  records: readonly { readonly sequence: number }[],
  { limit }: Page,
): { readonly nextBefore?: number } {
  const last = records.length === limit ? records.at(-1)?.sequence : undefined;
  return last === undefined ? {} : { nextBefore: last };
}
