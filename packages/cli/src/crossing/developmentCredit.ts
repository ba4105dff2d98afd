import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { call } from '@lawbook/api/client/transport';
import { creditDeposit } from '@lawbook/api/schema/operatorRoutes';
import type { DepositReply } from '@lawbook/api/schema/operatorViews';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { findDemoToken, readTokenFile } from '../files/operatorToken.ts';
import { UsageFault } from '../terminal/cliFault.ts';
import { granted } from '../trading/granted.ts';
import { readAmount } from '../trading/tradeWords.ts';

/** The variable that the venue reads its operator token from: the same on one machine. */
export const TOKEN_VARIABLE = 'LAWBOOK_OPERATOR__TOKEN';

/** Where the operator's token is looked for. */
export interface TokenFlags {
  readonly tokenFile?: string;
  readonly dataDir: string;
}

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
  const headers = { authorization: `Bearer ${readToken(flags)}` };
  return await granted(call(transport, creditDeposit, { body, headers }));
}

function readToken(flags: TokenFlags): string {
  const { tokenFile, dataDir } = flags;
  const token =
    tokenFile === undefined
      ? (process.env[TOKEN_VARIABLE] ?? findDemoToken(dataDir))
      : readTokenFile(tokenFile);
  if (token !== undefined && token !== '') return token;
  throw new UsageFault(
    `only the operator credits accounts: use --token-file or ${TOKEN_VARIABLE} with the token ` +
      'that the venue was started with, or --data-dir of a demo venue on this machine',
  );
}
