import {
  createMarket,
  creditDeposit,
  haltMarket,
  registerAsset,
  resumeMarket,
  setParameters,
  voidBatch,
} from '@lawbook/api/schema/operatorRoutes';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { accountId } from '@lawbook/exchange/ledger/account';
import { AmountReader, acceptMarket, acceptParameters } from '../acceptMarket.ts';
import type { GatewayCore } from '../gatewayCore.ts';
import type { OrderIntake } from '../orderIntake.ts';
import { presentAsset } from '../present/presentMarket.ts';
import type { Endpoint } from './endpoint.ts';
import { answer, endpoint } from './endpoint.ts';

/** What only the operator may do. */
export function operatorEndpoints(core: GatewayCore, intake: OrderIntake): Endpoint[] {
  const { state } = core.venue;
  return [
    endpoint(registerAsset, async ({ body }) => {
      const result = await intake.execute({ kind: 'registerAsset', ...body });
      if (!result.ok) return result;
      const { applied, sequence } = result.value;
      invariant(applied.kind === 'assetRegistered', 'registering an asset registers it');
      return answer({ asset: presentAsset(applied.asset), sequence });
    }),
    endpoint(createMarket, async ({ body }) => {
      const input = acceptMarket(state, body, core.dependencies.clock());
      if (!input.ok) return input;
      const result = await intake.execute(input.value);
      if (!result.ok) return result;
      return answer({ marketId: body.marketId, sequence: result.value.sequence });
    }),
    endpoint(setParameters, async ({ params, body }) => {
      const parameters = acceptParameters(state, Number(params.marketId), body);
      if (!parameters.ok) return parameters;
      // A base layer settles under parameters that it knows: they are registered there first.
      await core.venue.prepareParameters(parameters.value);
      const result = await intake.execute({ kind: 'setParameters', parameters: parameters.value });
      if (!result.ok) return result;
      const { applied, sequence } = result.value;
      const fromBatch = 'fromBatch' in applied ? applied.fromBatch : undefined;
      return answer({ ...params, sequence, ...(fromBatch !== undefined && { fromBatch }) });
    }),
    endpoint(haltMarket, async ({ params, body }) => {
      const marketId = Number(params.marketId);
      const result = await intake.execute({ kind: 'haltMarket', marketId, reason: body.reason });
      return result.ok ? answer({ ...params, sequence: result.value.sequence }) : result;
    }),
    endpoint(resumeMarket, async ({ params }) => {
      const marketId = Number(params.marketId);
      const result = await intake.execute({ kind: 'resumeMarket', marketId });
      return result.ok ? answer({ ...params, sequence: result.value.sequence }) : result;
    }),
    endpoint(voidBatch, async ({ params, body }) => {
      const marketId = Number(params.marketId);
      const result = await intake.execute({ kind: 'voidBatch', marketId, reason: body.reason });
      return result.ok ? answer({ ...params, sequence: result.value.sequence }) : result;
    }),
    endpoint(creditDeposit, async ({ body }) => {
      if (core.venue.settlement().phase !== 'notConfigured') {
        return refuse('notSettleable', { field: 'amount', actual: 'a development credit' });
      }
      const read = new AmountReader(state);
      const asset = read.asset('symbol', body.symbol);
      const units = read.amount('amount', body.symbol, body.amount);
      if (read.refusal !== undefined) return read.refusal;
      const account = accountId(body.owner);
      const result = await intake.execute({
        kind: 'credit',
        account,
        assetId: asset.id,
        amount: units,
      });
      if (!result.ok) return result;
      const { sequence } = result.value;
      return answer({ kind: 'developmentCredit', ...body, owner: account, sequence });
    }),
  ];
}
