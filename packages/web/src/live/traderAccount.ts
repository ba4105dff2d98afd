import type { TypedDataView } from '@lawbook/api/schema/accountViews';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import { DEMO_ACCOUNTS, DEMO_CHAIN } from './demoAccounts.ts';
import { ask, bringToChain, walletRefused } from './walletChain.ts';
import type { WalletProvider } from './walletProvider.ts';

/** What an account signs: one EIP-712 message of the venue, and the digest that stands for it. */
export interface SigningWish {
  readonly primaryType: string;
  readonly message: object;
  readonly digest: Uint8Array;
}

/** Who trades on this page. */
export interface TraderAccount {
  readonly kind: 'demo' | 'wallet';
  /** A demo name, or the name of the wallet. */
  readonly name: string;
  readonly account: AccountId;
  readonly sign: (wish: SigningWish) => Promise<string>;
  /** For acts on the chain; demo accounts have none. */
  readonly provider?: WalletProvider;
  /** The public key of a demo account; wallets keep theirs. */
  readonly secretKey?: () => Promise<Uint8Array>;
}

/** A name of a demo account: letters and digits, 3 to 20. */
export const DEMO_NAME: RegExp = /^[a-z][a-z0-9-]{2,19}$/;

/** Development keys are public, so they are offered on a local development chain only. */
export function offersDemoAccounts(typed: TypedDataView): boolean {
  return typed.domain.chainId === DEMO_CHAIN;
}

/** A demo account: its key can be derived by anybody from its name. */
export async function demoTrader(name: string): Promise<TraderAccount> {
  const keys = () => import('./demoKeys.ts');
  return {
    kind: 'demo',
    name,
    account: DEMO_ACCOUNTS.get(name) ?? (await keys()).demoAddress(name),
    secretKey: async () => (await keys()).demoSecret(name),
    sign: async ({ digest }) => (await keys()).signAsDemo(name, digest),
  };
}

/**
 * Asks a wallet for its account and lets it sign the venue's messages, on the venue's chain.
 *
 * @param rpcUrl where a wallet that does not know the chain reaches it, as far as the venue says.
 * @throws WebFault WEB_WALLET_REFUSED when its owner says no, or it names no account.
 */
export async function walletTrader(
  { name, provider }: { readonly name: string; readonly provider: WalletProvider },
  typed: TypedDataView,
  rpcUrl: () => string | undefined,
): Promise<TraderAccount> {
  const [first] = (await ask(provider, 'eth_requestAccounts', [])) as readonly string[];
  if (first === undefined) throw walletRefused(undefined, 'The wallet names no account.');
  const account = accountId(first);
  return {
    kind: 'wallet',
    name,
    account,
    provider,
    sign: async ({ primaryType, message }) => {
      await bringToChain(provider, { chainId: typed.domain.chainId, rpcUrl: rpcUrl() });
      const { EIP712Domain = [], [primaryType]: fields = [] } = typed.types;
      const types = { EIP712Domain, [primaryType]: fields };
      const request = JSON.stringify({ domain: typed.domain, types, primaryType, message });
      return String(await ask(provider, 'eth_signTypedData_v4', [account, request]));
    },
  };
}
