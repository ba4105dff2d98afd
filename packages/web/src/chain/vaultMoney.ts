import type { BaseLayerView } from '@lawbook/api/schema/settlementViews';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import type { Address, Hex, PublicClient, WalletClient } from 'viem';
import {
  createPublicClient,
  createWalletClient,
  custom,
  defineChain,
  erc20Abi,
  http,
  numberToHex,
  parseEther,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { AGREEMENT_REGISTRY_ABI } from '../../../../contracts/generated/agreementRegistryAbi.ts';
import { BASE_LAYER_ABI } from '../../../../contracts/generated/baseLayerAbi.ts';
import { FAUCET_TOKEN_ABI } from '../../../../contracts/generated/faucetTokenAbi.ts';
import type { TraderAccount } from '../live/traderAccount.ts';
import { bringToChain } from '../live/walletChain.ts';
import { WebFault } from '../live/webFault.ts';

/** A step on the chain that was done. */
export type ChainStep = (sentence: string, transaction?: string) => void;

/** The embedded chain, whose tokens give themselves away. */
const EMBEDDED_CHAIN = 31_337;
const FEE_MONEY = parseEther('10');
const FEE_MONEY_MIN = parseEther('0.1');
const RECEIPT_MS = 60_000;

interface Place {
  readonly who: TraderAccount;
  readonly layer: BaseLayerView;
  readonly reader: PublicClient;
  readonly writer: WalletClient;
  readonly account: Address;
  readonly onStep: ChainStep;
}

/**
 * Deposits tokens of an account into its own vault: allows exactly the amount, then deposits. On
 * the embedded chain the faucet gives what the wallet lacks; nothing there is worth anything.
 *
 * @throws WebFault WEB_CHAIN_UNREACHABLE, WEB_CHAIN_REVERTED; whatever the wallet says.
 */
export async function depositTokens(
  { assetId, units }: { readonly assetId: number; readonly units: bigint },
  parts: ChainParts,
): Promise<void> {
  const place = await open(parts);
  const { layer, account } = place;
  const [registry, contract] = [layer.registry as Address, layer.contract as Address];
  await ensureFees(place);
  const { token, unit } = await place.reader.readContract({
    address: registry,
    abi: AGREEMENT_REGISTRY_ABI,
    functionName: 'assetOf',
    args: [layer.shard, BigInt(assetId)],
  });
  const wanted = units * unit;
  await ensureTokens({ token, wanted }, place);
  const allowed = await place.writer.writeContract({
    ...stands(place),
    address: token,
    abi: erc20Abi,
    functionName: 'approve',
    args: [contract, wanted],
  });
  await included(allowed, 'allowed', place);
  const deposited = await place.writer.writeContract({
    ...stands(place),
    address: contract,
    abi: BASE_LAYER_ABI,
    functionName: 'deposit',
    args: [layer.shard, account, BigInt(assetId), units],
  });
  await included(deposited, 'deposited', place);
}

/** Pays out what waits for an account at the contract. @returns token units; 0 for nothing. */
export async function claimTokens(assetId: number, parts: ChainParts): Promise<bigint> {
  const place = await open(parts);
  const { layer, account, reader } = place;
  const [contract, token] = [layer.contract as Address, layer.tokens[assetId] as Address];
  const waiting = await reader.readContract({
    address: contract,
    abi: BASE_LAYER_ABI,
    functionName: 'pending',
    args: [token, account],
  });
  if (waiting === 0n) return 0n;
  await ensureFees(place);
  const claimed = await place.writer.writeContract({
    ...stands(place),
    address: contract,
    abi: BASE_LAYER_ABI,
    functionName: 'claim',
    args: [token, account],
  });
  await included(claimed, 'claimed', place);
  return waiting;
}

/** Who acts, where, and who is told. */
export interface ChainParts {
  readonly who: TraderAccount;
  readonly layer: BaseLayerView;
  readonly onStep: ChainStep;
}

async function open({ who, layer, onStep }: ChainParts): Promise<Place> {
  const rpcUrl = layer.rpcUrl;
  const id = Number(layer.chainId);
  if (who.provider === undefined && (rpcUrl === undefined || id !== EMBEDDED_CHAIN)) {
    const sentence = 'A demo account acts on a development chain only. Connect a wallet.';
    throw new WebFault('WEB_CHAIN_UNREACHABLE', { sentence });
  }
  if (who.provider !== undefined) await bringToChain(who.provider, { chainId: id, rpcUrl });
  const chain = defineChain({
    id,
    name: id === EMBEDDED_CHAIN ? 'Lawbook development chain' : `Chain ${id}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: rpcUrl === undefined ? [] : [rpcUrl] } },
  });
  const transport = rpcUrl === undefined && who.provider ? custom(who.provider) : http(rpcUrl);
  const reader = createPublicClient({ chain, transport, pollingInterval: 500 });
  const account = who.account as Address;
  const writer =
    who.provider === undefined
      ? createWalletClient({
          chain,
          transport,
          account: privateKeyToAccount(
            bytesToHex((await who.secretKey?.()) ?? new Uint8Array()) as Hex,
          ),
        })
      : createWalletClient({ chain, transport: custom(who.provider), account });
  return { who, layer, reader, writer, account, onStep };
}

/** What every transaction names: its chain and its sender. */
function stands({ writer, account }: Place): {
  readonly chain: NonNullable<WalletClient['chain']>;
  readonly account: NonNullable<WalletClient['account']> | Address;
} {
  const { chain } = writer;
  if (chain === undefined) {
    throw new WebFault('WEB_CHAIN_UNREACHABLE');
  }
  return { chain, account: writer.account ?? account };
}

/** Gives an account of the embedded chain what its fees cost. */
async function ensureFees({ layer, reader, account, onStep }: Place): Promise<void> {
  if (Number(layer.chainId) !== EMBEDDED_CHAIN) return;
  const balance = await reader.getBalance({ address: account });
  if (balance >= FEE_MONEY_MIN) return;
  const amount = numberToHex(balance + FEE_MONEY);
  // A method of development chains only, so viem does not know it.
  await reader.transport.request({ method: 'anvil_setBalance', params: [account, amount] });
  onStep('The development chain gave what the fees cost.');
}

async function ensureTokens(
  { token, wanted }: { readonly token: Address; readonly wanted: bigint },
  place: Place,
): Promise<void> {
  const { layer, reader, account } = place;
  const owned = await reader.readContract({
    address: token,
    abi: erc20Abi,
    functionName: 'balanceOf',
    args: [account],
  });
  if (owned >= wanted || Number(layer.chainId) !== EMBEDDED_CHAIN) return;
  const given = await place.writer.writeContract({
    ...stands(place),
    address: token,
    abi: FAUCET_TOKEN_ABI,
    functionName: 'drip',
    args: [account, wanted - owned],
  });
  await included(given, 'gave tokens that are worth nothing', place);
}

async function included(hash: Address, what: string, { reader, onStep }: Place): Promise<void> {
  const { status, blockNumber } = await reader.waitForTransactionReceipt({
    hash,
    timeout: RECEIPT_MS,
  });
  if (status === 'reverted') {
    throw new WebFault('WEB_CHAIN_REVERTED', { fields: { transaction: hash } });
  }
  onStep(`Block ${blockNumber} ${what}.`, hash);
}
