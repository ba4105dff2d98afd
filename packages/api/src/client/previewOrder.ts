import type { Result } from '@lawbook/exchange/failures/result';
import { accountId } from '@lawbook/exchange/ledger/account';
import { previewOrder as previewRoute } from '../schema/orderRoutes.ts';
import type { PreviewView } from '../schema/orderViews.ts';
import { wireTerms } from '../schema/wireTerms.ts';
import type { OrderRequest } from './createOrder.ts';
import { buildOrder } from './createOrder.ts';
import type { CallOptions } from './transport.ts';
import { call } from './transport.ts';
import type { VenueReader } from './venueReader.ts';

/** A preview asks for nobody in particular, and is never signed. */
const NOBODY = { owner: accountId(`0x${'00'.repeat(20)}`), orderNonce: 0n, expiresAtMs: 0 };

/**
 * The clearing engine's answer to an order that is not placed, for a reader that signs nothing.
 * Rejections: those of `buildOrder`, marketUnknown.
 */
export async function previewOrder(
  reader: VenueReader,
  request: OrderRequest,
  options?: CallOptions,
): Promise<Result<PreviewView>> {
  const market = await reader.market(request.marketId ?? '1', options);
  if (!market.ok) return market;
  const order = buildOrder(request, market.value, NOBODY);
  if (!order.ok) return order;
  const { owner, orderNonce, expiresAtMs, ...body } = wireTerms(order.value);
  return await call(reader.transport, previewRoute, { body }, options);
}
