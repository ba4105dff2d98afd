import type { PreviewRequest, SignedOrder } from '@lawbook/api/schema/orderViews';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { SigningKey } from '../files/keyFile.ts';

/** Everything that goes into a signed order. */
export interface OrderToSign {
  readonly signer: SigningKey;
  readonly domain: VenueDomain;
  readonly terms: PreviewRequest;
  readonly orderNonce: bigint;
  readonly expiresAtMs: number;
}

/** Signs the EIP-712 digest of an order; the wire form carries the same integers. */
export function signOrder(request: OrderToSign): SignedOrder {
  const { signer, domain, terms, orderNonce, expiresAtMs } = request;
  const order: BatchOrder = {
    owner: signer.account,
    marketId: Number(terms.marketId),
    pay: terms.pay,
    receive: terms.receive,
    budget: amount(BigInt(terms.budget)),
    limitNumerator: BigInt(terms.limitNumerator),
    limitDenominator: BigInt(terms.limitDenominator),
    minFillPpm: terms.minFillPpm,
    orderNonce,
    expiresAtMs,
  };
  const digest = new Signing(domain).orderDigest(order);
  return {
    ...terms,
    owner: signer.account,
    orderNonce: String(orderNonce),
    expiresAtMs,
    signature: bytesToHex(signDigest(digest, signer.secretKey)),
  };
}
