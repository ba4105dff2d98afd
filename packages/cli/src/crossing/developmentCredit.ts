import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { call } from '@lawbook/api/client/transport';
import { creditDeposit } from '@lawbook/api/schema/operatorRoutes';
import type { DepositReply } from '@lawbook/api/schema/operatorViews';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { TokenFlags } from '../files/tokenFlags.ts';
import { operatorHeaders } from '../files/tokenFlags.ts';
import { granted } from '../trading/granted.ts';
import { readAmount } from '../trading/tradeWords.ts';

/**
 * Credits units without a deposit on any base layer, in the operator's name.
 * @throws UsageFault without the operator's token, RefusedFault.
 */
export async function developmentCredit(
  { owner, words }: { readonly owner: AccountId; readonly words: readonly string[] },
  { transport }: LawbookClient,
  flags: TokenFlags,
): Promise<DepositReply> {
  const { amountText, symbol } = readAmount(words);
  const body = { owner, symbol, amount: amountText };
  const headers = operatorHeaders(flags, 'credits accounts');
  return await granted(call(transport, creditDeposit, { body, headers }));
}
