import { httpTransport } from '@lawbook/chains/endpoints/httpTransport';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import { dripTokens, tokenBalance } from '@lawbook/settlement/baseLayer/evm/faucet';
import { expectDone } from '@lawbook/settlement/baseLayer/evm/owner';
import type { Steps } from '../terminal/steps.ts';
import type { ChainPlace } from './chainFlags.ts';
import { EMBEDDED_CHAIN } from './openChain.ts';
import type { OwnerChain } from './ownerChain.ts';
import type { ShardAsset } from './shardAssets.ts';

/** Ten ether of a chain on which they are worth nothing: fees of many transactions. */
const FEE_MONEY = 10n ** 19n;
/** With less an account may not be able to pay its next fee. */
const FEE_MONEY_MIN = 10n ** 17n;
const CALL_MS = 10_000;

/**
 * Gives an account of the embedded chain what its fees cost. Does nothing on any other chain, or
 * where there is enough.
 * @throws TransportError, RpcError of the chain engine where the endpoint is no development chain.
 */
export async function ensureFees(place: ChainPlace, account: AccountId): Promise<void> {
  if (place.deployment.chainId !== EMBEDDED_CHAIN) return;
  const transport = httpTransport({ url: place.rpcUrl }, { environment: systemEnvironment() });
  try {
    const call = (method: string, params: readonly unknown[]): Promise<unknown> => {
      return transport.request({ method, params }, { timeoutMs: CALL_MS });
    };
    const balance = BigInt(String(await call('eth_getBalance', [account, 'latest'])));
    if (balance >= FEE_MONEY_MIN) return;
    await call('anvil_setBalance', [account, `0x${(balance + FEE_MONEY).toString(16)}`]);
  } finally {
    await transport.close?.();
  }
}

/**
 * Lets the faucet of the embedded chain give what a wallet lacks. Does nothing on any other chain,
 * where the deposit is refused by the token itself.
 * @throws SettlementFault SETTLEMENT_REFUSED, SETTLEMENT_UNAVAILABLE.
 */
export async function ensureTokens(
  wanted: { readonly asset: ShardAsset; readonly units: bigint; readonly account: AccountId },
  stands: OwnerChain,
  steps: Steps,
): Promise<void> {
  if (stands.deployment.chainId !== EMBEDDED_CHAIN) return;
  const { asset, units } = wanted;
  const account = wanted.account as AccountId & Hex;
  const { token } = asset;
  const lacking = units * asset.unit - (await tokenBalance({ token, account }, stands));
  if (lacking <= 0n) return;
  const key = `drip:${token.slice(2, 10)}:${Date.now()}`;
  expectDone(await dripTokens({ key, token, account, tokenUnits: lacking }, stands));
  steps.done('faucet', `the embedded chain gives ${lacking} token units, worth nothing`);
}
