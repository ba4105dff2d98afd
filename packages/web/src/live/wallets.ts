import { Live } from './live.ts';
import type { WalletProvider } from './walletProvider.ts';

/** A wallet that this browser offers. */
export interface FoundWallet {
  readonly id: string;
  readonly name: string;
  readonly provider: WalletProvider;
}

/** The wallets found so far. */
export const wallets: Live<readonly FoundWallet[]> = new Live<readonly FoundWallet[]>([]);

interface Announcement {
  readonly info?: { readonly uuid?: string; readonly name?: string };
  readonly provider?: WalletProvider;
}

/**
 * Lets wallets make themselves known (EIP-6963), and takes the one injected the old way where none
 * does (EIP-1193).
 */
export function findWallets(): void {
  addEventListener('eip6963:announceProvider', (event) => {
    const { info: about, provider } = (event as CustomEvent<Announcement>).detail ?? {};
    if (provider === undefined) return;
    add({ id: about?.uuid ?? 'announced', name: about?.name ?? 'Wallet', provider });
  });
  dispatchEvent(new Event('eip6963:requestProvider'));
  const { ethereum } = globalThis as { readonly ethereum?: WalletProvider };
  if (ethereum !== undefined && wallets.get().length === 0) {
    add({ id: 'injected', name: 'Browser wallet', provider: ethereum });
  }
}

function add(wallet: FoundWallet): void {
  const others = wallets.get().filter(({ id }) => id !== wallet.id && id !== 'injected');
  wallets.set([...others, wallet]);
}
