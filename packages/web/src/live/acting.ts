import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { wireTerms, wireWithdrawal } from '@lawbook/api/schema/wireTerms';
import type { Hash } from '@lawbook/exchange/codec/hash';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import type { Withdrawal } from '@lawbook/exchange/orders/signedTypes';
import type { SigningWish } from './traderAccount.ts';

/**
 * What an account says to the venue, ready to be signed. Comes when somebody first signs: curve and
 * hashes are a tenth of the page.
 */
export class Acting {
  readonly client: LawbookClient;

  constructor(baseUrl: string) {
    this.client = new LawbookClient({ baseUrl });
  }

  /** A nonce above all that this page used. */
  nextOrderNonce(): bigint {
    return this.client.nextOrderNonce();
  }

  async orderWish(order: BatchOrder): Promise<SigningWish> {
    const signing = await this.client.signing();
    const digest = signing.orderDigest(order);
    return { primaryType: 'BatchOrder', message: wireTerms(order), digest };
  }

  async cancelWish(owner: AccountId, orderId: string): Promise<SigningWish> {
    const signing = await this.client.signing();
    const digest = signing.cancelDigest(owner, orderId as Hash);
    return { primaryType: 'CancelOrder', message: { owner, orderId }, digest };
  }

  async withdrawalWish(withdrawal: Withdrawal): Promise<SigningWish> {
    const signing = await this.client.signing();
    const digest = signing.withdrawalDigest(withdrawal);
    return { primaryType: 'Withdrawal', message: wireWithdrawal(withdrawal), digest };
  }
}
