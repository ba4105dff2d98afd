import type { WalletProvider } from './walletProvider.ts';
import { WebFault } from './webFault.ts';

/** The chain of a venue, as a wallet has to know it. */
export interface WalletChain {
  readonly chainId: number;
  /** Where a wallet that does not know the chain reaches it; only of a development chain. */
  readonly rpcUrl: string | undefined;
}

/** Code by which a wallet says that it does not know a chain. @see EIP-3326 */
const UNKNOWN_CHAIN = 4902;

/**
 * Brings a wallet to the chain of the venue: wallets refuse to sign for another. One that does not
 * know the chain is offered it where the venue names an endpoint. @see EIP-3326, EIP-3085
 *
 * @throws WebFault WEB_WALLET_REFUSED
 */
export async function bringToChain(
  provider: WalletProvider,
  { chainId, rpcUrl }: WalletChain,
): Promise<void> {
  const wanted = `0x${chainId.toString(16)}`;
  if (Number(await ask(provider, 'eth_chainId', [])) === chainId) return;
  const change = async (): Promise<unknown> =>
    provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId: wanted }] });
  try {
    await change();
  } catch (cause) {
    if (!isUnknownChain(cause) || rpcUrl === undefined) throw walletRefused(cause);
    const chainName = 'Lawbook development chain';
    const nativeCurrency = { name: 'Ether', symbol: 'ETH', decimals: 18 };
    const chain = { chainId: wanted, chainName, nativeCurrency, rpcUrls: [rpcUrl] };
    await ask(provider, 'wallet_addEthereumChain', [chain]);
    await ask(provider, 'wallet_switchEthereumChain', [{ chainId: wanted }]);
  }
}

/** Asks a wallet. @throws WebFault WEB_WALLET_REFUSED with the wallet's own reason. */
export async function ask(
  provider: WalletProvider,
  method: string,
  params: readonly unknown[],
): Promise<unknown> {
  try {
    return await provider.request({ method, params });
  } catch (cause) {
    throw walletRefused(cause);
  }
}

/** What a wallet that did not do something is told of as. */
export function walletRefused(cause: unknown, sentence?: string): WebFault {
  const { message = 'It gave no reason.' } = (cause ?? {}) as { readonly message?: string };
  return new WebFault('WEB_WALLET_REFUSED', {
    sentence: sentence ?? `The wallet did not do it. ${message}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

function isUnknownChain(cause: unknown): boolean {
  return (cause as { readonly code?: number } | undefined)?.code === UNKNOWN_CHAIN;
}
