import type { BookStateRequest } from '@lawbook/api/schema/bookOperatorRoutes';
import { createBook, setBookState } from '@lawbook/api/schema/bookOperatorRoutes';
import type { MarketPath } from '@lawbook/api/schema/marketRoutes';
import {
  createMarket,
  creditDeposit,
  haltMarket,
  registerAsset,
  resumeMarket,
  setParameters,
  voidBatch,
} from '@lawbook/api/schema/operatorRoutes';
import type { MarketChanged } from '@lawbook/api/schema/operatorViews';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import type { Input } from '@lawbook/exchange/inputs';
import { accountId } from '@lawbook/exchange/ledger/account';
import { acceptBook } from '../acceptBook.ts';
import { AmountReader, acceptMarket, acceptParameters } from '../acceptMarket.ts';
import type { GatewayCore } from '../gatewayCore.ts';
import type { OrderIntake } from '../orderIntake.ts';
import { presentAsset } from '../present/presentMarket.ts';
import { findBook } from './bookReads.ts';
import type { Answer, Endpoint } from './endpoint.ts';
import { answer, endpoint } from './endpoint.ts';

/** What only the operator may do. */
export function operatorEndpoints(core: GatewayCore, intake: OrderIntake): Endpoint[] {
  const { state } = core.venue;
  return [
    endpoint(registerAsset, async ({ body }) => {
      const { settles, ...asset } = body;
      const settling = settles === false ? ({ settles } as const) : {};
      const unknown = settles === false ? undefined : refuseUnknownToken(core);
      if (unknown !== undefined) return unknown;
      const result = await intake.execute({ kind: 'registerAsset', ...asset, ...settling });
      if (!result.ok) return result;
      const { applied, sequence } = result.value;
      invariant(applied.kind === 'assetRegistered', 'registering an asset registers it');
      return answer({ asset: presentAsset(applied.asset), sequence });
    }),
    endpoint(createMarket, async ({ body }) => {
      const input = acceptMarket(state, body, core.dependencies.clock());
      if (!input.ok) return input;
      const unsettleable = refuseUnsettleable(core, input.value);
      if (unsettleable !== undefined) return unsettleable;
      const result = await intake.execute(input.value);
      if (!result.ok) return result;
      return answer({ marketId: body.marketId, sequence: result.value.sequence });
    }),
    endpoint(setParameters, async ({ params, body }) => {
      const parameters = acceptParameters(state, Number(params.marketId), body);
      if (!parameters.ok) return parameters;
      const mids = state.markets.get(parameters.value.marketId)?.reference.mids ?? [];
      const actual = mids.length > 0 ? core.venue.unsettleable(parameters.value, mids) : undefined;
      if (actual !== undefined) return refuse('notSettleable', { field: 'parameters', actual });
      // A base layer settles under parameters that it knows: they are registered there first.
      await core.venue.prepareParameters(parameters.value);
      const result = await intake.execute({ kind: 'setParameters', parameters: parameters.value });
      if (!result.ok) return result;
      const { applied, sequence } = result.value;
      const fromBatch = 'fromBatch' in applied ? applied.fromBatch : undefined;
      return answer({ ...params, sequence, ...(fromBatch !== undefined && { fromBatch }) });
    }),
    endpoint(voidBatch, async ({ params, body }) => {
      const marketId = Number(params.marketId);
      const result = await intake.execute({ kind: 'voidBatch', marketId, reason: body.reason });
      return result.ok ? answer({ ...params, sequence: result.value.sequence }) : result;
    }),
    endpoint(creditDeposit, async ({ body }) => {
      const read = new AmountReader(state);
      const asset = read.asset('symbol', body.symbol);
      // Assets that no base layer holds come from nowhere else.
      if (asset.settles && core.venue.settlement().phase !== 'notConfigured') {
        return refuse('notSettleable', { field: 'amount', actual: 'a development credit' });
      }
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
    ...marketHalts(core, intake),
    ...bookOperations(core, intake),
  ];
}

/** Stopping a market of either kind and letting it go on. */
function marketHalts(core: GatewayCore, intake: OrderIntake): Endpoint[] {
  const { state } = core.venue;
  return [
    endpoint(haltMarket, async ({ params, body }) => {
      const marketId = Number(params.marketId);
      if (state.books.has(marketId)) {
        return await setBook(intake, params, { state: 'halted', ...body });
      }
      const result = await intake.execute({ kind: 'haltMarket', marketId, reason: body.reason });
      return result.ok ? answer({ ...params, sequence: result.value.sequence }) : result;
    }),
    endpoint(resumeMarket, async ({ params }) => {
      const marketId = Number(params.marketId);
      if (state.books.has(marketId)) {
        return await setBook(intake, params, { state: 'open', reason: 'resumed' });
      }
      const result = await intake.execute({ kind: 'resumeMarket', marketId });
      return result.ok ? answer({ ...params, sequence: result.value.sequence }) : result;
    }),
  ];
}

/** Order books as their operator opens and closes them. */
function bookOperations(core: GatewayCore, intake: OrderIntake): Endpoint[] {
  const { state } = core.venue;
  return [
    endpoint(createBook, async ({ body }) => {
      const parameters = acceptBook(state, body);
      if (!parameters.ok) return parameters;
      const input = { kind: 'createBookMarket', parameters: parameters.value } as const;
      const result = await intake.execute(input);
      if (!result.ok) return result;
      return answer({ marketId: body.marketId, sequence: result.value.sequence });
    }),
    endpoint(setBookState, async ({ params, body }) => {
      const market = findBook(core, params.marketId);
      return market.ok ? await setBook(intake, params, body) : market;
    }),
  ];
}

async function setBook(
  intake: OrderIntake,
  params: MarketPath,
  { state, reason }: BookStateRequest,
): Promise<Result<Answer<MarketChanged>>> {
  const result = await intake.setBookState(Number(params.marketId), state, reason);
  return result.ok ? answer({ ...params, sequence: result.value.sequence }) : result;
}

/**
 * With a base layer, the next asset is the next token of its deployment: what trades another one
 * could never settle.
 */
function refuseUnknownToken({ venue }: GatewayCore): Refused | undefined {
  const { phase, layer, detail } = venue.settlement();
  if (phase === 'notConfigured' && layer === undefined) return undefined;
  if (layer === undefined) return refuse('notConfigured', { field: 'baseLayer', actual: detail });
  const assets = venue.state.assets.length;
  if (layer.tokens.length === 0 || layer.tokens[assets] !== undefined) return undefined;
  const limit = `${layer.tokens.length} tokens of the deployment, or settles: false`;
  return refuse('notSettleable', { field: 'settles', limit, actual: `asset ${assets}` });
}

/**
 * With a base layer, a market is one that can settle, and its pool is paid in over there: units
 * from nowhere would be a pool that no epoch may start from.
 */
function refuseUnsettleable(
  { venue }: GatewayCore,
  { parameters, oracle, inventory }: Extract<Input, { kind: 'createMarket' }>,
): Refused | undefined {
  if (venue.settlement().phase === 'notConfigured') return undefined;
  const flaw = venue.unsettleable(parameters, oracle.mids);
  if (flaw !== undefined) return refuse('notSettleable', { field: 'parameters', actual: flaw });
  if (inventory.every((units) => units === 0n)) return undefined;
  return refuse('notSettleable', { field: 'inventory', actual: 'units that nobody deposited' });
}
