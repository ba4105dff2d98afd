import { submitVerifiables } from '@lawbook/api/schema/accountRoutes';
import type { Swap } from '@lawbook/api/schema/compatibility';
import {
  cancelOrder,
  commitOrder,
  listOrders,
  previewOrder,
  readOrder,
  revealOrder,
  submitOrders,
} from '@lawbook/api/schema/orderRoutes';
import type { OrderAnswer, SignedOrder } from '@lawbook/api/schema/orderViews';
import { PAGE_LIMIT } from '@lawbook/api/schema/route';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { REJECTIONS } from '@lawbook/exchange/failures/rejectionCodes';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import { accountId } from '@lawbook/exchange/ledger/account';
import { NO_DELEGATE } from '@lawbook/exchange/orders/signedTypes';
import { acceptSwap } from '../acceptSwap.ts';
import type { Asker, GatewayCore } from '../gatewayCore.ts';
import type { OrderIntake } from '../orderIntake.ts';
import { acceptOrder, onlyAnswer } from '../orderIntake.ts';
import { asOfState } from '../present/moments.ts';
import { presentOrder, presentPreview } from '../present/presentOrder.ts';
import type { Answer, Endpoint } from './endpoint.ts';
import { answer, endpoint } from './endpoint.ts';

/** Submitting, reading, cancelling, hiding and previewing orders. */
export function orderEndpoints(core: GatewayCore, intake: OrderIntake): Endpoint[] {
  const { venue } = core;
  const submit = async (
    orders: readonly SignedOrder[],
    asker: Asker,
  ): Promise<Result<Answer<{ answers: readonly OrderAnswer[] }>>> => {
    const refused = refuseMany(core, orders.length, asker);
    if (refused !== undefined) return refused;
    return answerOrders(await intake.submit(orders, asker));
  };
  return [
    endpoint(submitOrders, ({ body, asker }) => submit(body.orders, asker)),
    endpoint(submitVerifiables, ({ body, asker }) => {
      const orders: SignedOrder[] = [];
      for (const [i, { Swap: swap }] of body.entries()) {
        const order = acceptSwap(venue.state, swap as Swap, `[${i}].Swap`);
        if (!order.ok) return order;
        orders.push(order.value);
      }
      return submit(orders, asker);
    }),
    endpoint(revealOrder, async ({ body, asker }) => {
      return answerOrders([await intake.reveal(body, asker)]);
    }),
    endpoint(commitOrder, async ({ body, asker }) => {
      const committed = await intake.commit(body, asker);
      return committed.ok ? answer(committed.value) : committed;
    }),
    endpoint(cancelOrder, async ({ params, body, asker, header }) => {
      const signature = signatureOf(body?.signature, header('lawbook-signature'));
      if (!signature.ok) return signature;
      const canceled = await intake.cancel(params.orderId, signature.value, asker);
      return canceled.ok ? answer(canceled.value) : canceled;
    }),
    endpoint(readOrder, async ({ params }) => {
      const orderId = params.orderId.toLowerCase() as Hash;
      const record = await venue.order(orderId);
      if (record === undefined) return refuse('notFound', { field: 'orderId', actual: orderId });
      return answer({ order: presentOrder(venue.state, record), asOf: asOfState(venue.state) });
    }),
    endpoint(listOrders, async ({ query }) => {
      const { open = false, before, limit = PAGE_LIMIT.preset } = query;
      const page = { open, limit, ...(before !== undefined && { before }) };
      const records = await venue.orders(accountId(query.owner), page);
      const last = records.length === limit ? records.at(-1)?.sequence : undefined;
      return answer({
        orders: records.map((record) => presentOrder(venue.state, record)),
        ...(last !== undefined && { nextBefore: last }),
        asOf: asOfState(venue.state),
      });
    }),
    endpoint(previewOrder, ({ body }) => {
      const order = acceptOrder({ ...body, owner: NO_DELEGATE, orderNonce: '1', expiresAtMs: 1 });
      const preview = venue.preview(order);
      return preview.ok ? answer(presentPreview(venue.state, order, preview.value)) : preview;
    }),
  ];
}

/** A request with many orders costs as many tokens of its address. */
function refuseMany(
  { options, addressBuckets, dependencies }: GatewayCore,
  count: number,
  asker: Asker,
): Result<never> | undefined {
  if (count > options.ordersPerRequestMax) {
    const limit = options.ordersPerRequestMax;
    return refuse('bodyTooLarge', { field: 'orders', limit, actual: count });
  }
  if (count === 1) return undefined;
  const quota = addressBuckets.take(asker.addressKey, count - 1, dependencies.clock());
  asker.quotas.push(quota);
  if (quota.allowed) return undefined;
  return refuse('rateLimited', { field: 'orders', limit: quota.limit, actual: count });
}

/** One refused order answers with the status of its code; of many, each says its own. */
function answerOrders(
  answers: readonly OrderAnswer[],
): Result<Answer<{ answers: readonly OrderAnswer[] }>> {
  const only = onlyAnswer(answers);
  const refused = only !== undefined && only.kind !== 'accepted';
  const status = refused ? REJECTIONS[only.rejection.code].httpStatus : 200;
  return accepted({ status, body: { answers } });
}

function signatureOf(
  inBody: string | undefined,
  inHeader: string | undefined,
): Result<string | undefined> {
  if (inHeader === undefined || inBody !== undefined) return accepted(inBody);
  if (/^0x[0-9a-fA-F]{130}$/.test(inHeader)) return accepted(inHeader);
  return refuse('malformedRequest', {
    field: 'lawbook-signature',
    limit: '0x and one hundred and thirty hexadecimal digits',
    actual: inHeader.slice(0, 16),
  });
}
