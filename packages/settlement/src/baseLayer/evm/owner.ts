import { signDigest } from '@lawbook/exchange/orders/signature';
import type { SignedWithdrawal, Withdrawal } from '@lawbook/exchange/orders/signedTypes';
import { Signing, WITHDRAWAL_TYPE } from '@lawbook/exchange/orders/signedTypes';
import type { TypedField, VenueDomain } from '@lawbook/exchange/orders/typedData';
import { DOMAIN_FIELDS, DOMAIN_NAME, DOMAIN_VERSION } from '@lawbook/exchange/orders/typedData';
import type { Address, Hex } from 'viem';
import { encodeFunctionData, erc20Abi } from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../../../../contracts/generated/agreementRegistryAbi.ts';
import { BASE_LAYER_ABI } from '../../../../../contracts/generated/baseLayerAbi.ts';
import { SettlementFault } from '../../settlementFault.ts';
import type { Deployment } from './deployment.ts';
import type { ActOutcome, Actor } from './performAct.ts';

/** What somebody does at a base layer with a signer of its own. */
export interface OwnerStands {
  readonly deployment: Pick<Deployment, 'registry' | 'baseLayer'>;
  readonly shard: number;
  /** By the lane of the owner's signer. */
  readonly actor: Actor;
  /** Ends waits; what was sent goes on. */
  readonly signal: AbortSignal;
}

/** A deposit of the signer's tokens into a vault, its own or another's. */
export interface DepositWish {
  /** Names the deposit for ever: asking again under it never pays twice. */
  readonly key: string;
  readonly owner: Address;
  readonly assetId: number;
  /** Ledger units. */
  readonly units: bigint;
}

/**
 * Allows the base layer to take exactly the tokens of a deposit, then deposits them. Each step is
 * one act under the wish's key, so a crash in between costs nothing.
 * @returns the outcome of the deposit, or of the allowance when that is refused.
 * @throws SettlementFault SETTLEMENT_UNCERTAIN, SETTLEMENT_UNAVAILABLE; SETTLEMENT_REFUSED for a
 *   key of another wish.
 */
export async function depositTokens(wish: DepositWish, stands: OwnerStands): Promise<ActOutcome> {
  const { deployment, shard, actor, signal } = stands;
  const { key, owner, assetId, units } = wish;
  const asset = await actor.reader.atHead((block) => {
    return actor.reader.view(
      {
        address: deployment.registry,
        abi: AGREEMENT_REGISTRY_ABI,
        functionName: 'assetOf',
        args: [shard, BigInt(assetId)],
      },
      block,
    );
  });
  const allowed = await actor.perform(
    {
      key: `${key}:allow`,
      to: asset.token,
      amount: 0n,
      callData: encodeFunctionData({
        abi: erc20Abi,
        functionName: 'approve',
        args: [deployment.baseLayer, units * asset.unit],
      }),
      mayDiffer: false,
    },
    signal,
  );
  if (allowed.kind === 'refused') return allowed;
  const callData = encodeFunctionData({
    abi: BASE_LAYER_ABI,
    functionName: 'deposit',
    args: [shard, owner, BigInt(assetId), units],
  });
  return await callBaseLayer(`${key}:deposit`, callData, stands);
}

/** An act of an owner about its own vault; asking again under the key does it once. */
export interface OwnerWish {
  readonly key: string;
  readonly owner: Address;
}

/** Announces that the owner leaves. Refused: CallerIsNotOwner, ExitIsRequested. */
export async function requestExit(wish: OwnerWish, stands: OwnerStands): Promise<ActOutcome> {
  const args = [stands.shard, wish.owner] as const;
  const callData = encodeFunctionData({ abi: BASE_LAYER_ABI, functionName: 'requestExit', args });
  return await callBaseLayer(wish.key, callData, stands);
}

/** Takes the announcement back. Refused: CallerIsNotOwner, ExitIsNotRequested. */
export async function cancelExit(wish: OwnerWish, stands: OwnerStands): Promise<ActOutcome> {
  const args = [stands.shard, wish.owner] as const;
  const callData = encodeFunctionData({ abi: BASE_LAYER_ABI, functionName: 'cancelExit', args });
  return await callBaseLayer(wish.key, callData, stands);
}

/**
 * Takes the last settled balances of some assets, once the exit is due.
 * Refused: CallerIsNotOwner, ExitIsNotRequested, ExitIsNotDue, AssetUnknown.
 */
export async function completeExit(
  wish: OwnerWish & { readonly assetIds: readonly number[] },
  stands: OwnerStands,
): Promise<ActOutcome> {
  const args = [stands.shard, wish.owner, wish.assetIds.map(BigInt)] as const;
  const callData = encodeFunctionData({ abi: BASE_LAYER_ABI, functionName: 'completeExit', args });
  return await callBaseLayer(wish.key, callData, stands);
}

/** Pays what waits for an account to that account. Refused: NothingIsPending. */
export async function claimTokens(
  wish: { readonly key: string; readonly token: Address; readonly account: Address },
  stands: OwnerStands,
): Promise<ActOutcome> {
  const args = [wish.token, wish.account] as const;
  const callData = encodeFunctionData({ abi: BASE_LAYER_ABI, functionName: 'claim', args });
  return await callBaseLayer(wish.key, callData, stands);
}

/** Token units that wait to be claimed by an account. */
export async function pendingTokens(
  wish: { readonly token: Address; readonly account: Address },
  { deployment, actor }: Pick<OwnerStands, 'deployment' | 'actor'>,
): Promise<bigint> {
  return await actor.reader.atHead((block) => {
    return actor.reader.view(
      {
        address: deployment.baseLayer,
        abi: BASE_LAYER_ABI,
        functionName: 'pending',
        args: [wish.token, wish.account],
      },
      block,
    );
  });
}

/** Signs a withdrawal with a key of this process. `secretKey` is 32 bytes. */
export function signWithdrawal(
  withdrawal: Withdrawal,
  domain: VenueDomain,
  secretKey: Uint8Array,
): SignedWithdrawal {
  const digest = new Signing(domain).withdrawalDigest(withdrawal);
  return { withdrawal, signature: signDigest(digest, secretKey) };
}

/** EIP-712 typed data as wallets take it; numbers as decimal text. */
export interface WalletTypedData {
  readonly domain: Readonly<Record<string, string>>;
  readonly primaryType: string;
  readonly types: Readonly<Record<string, readonly { name: string; type: string }[]>>;
  readonly message: Readonly<Record<string, string>>;
}

/** What a wallet signs for a withdrawal (`eth_signTypedData_v4`). */
export function withdrawalTypedData(withdrawal: Withdrawal, domain: VenueDomain): WalletTypedData {
  const fields: readonly TypedField[] = WITHDRAWAL_TYPE.fields;
  const message = fields.map(({ name }) => {
    return [name, String(withdrawal[name as keyof Withdrawal])] as const;
  });
  return {
    domain: {
      name: DOMAIN_NAME,
      version: DOMAIN_VERSION,
      chainId: String(domain.chainId),
      verifyingContract: domain.address,
    },
    primaryType: WITHDRAWAL_TYPE.name,
    types: { EIP712Domain: [...DOMAIN_FIELDS], [WITHDRAWAL_TYPE.name]: [...fields] },
    message: Object.fromEntries(message),
  };
}

/** @throws SettlementFault SETTLEMENT_REFUSED that names the rule. */
export function expectDone(outcome: ActOutcome): Extract<ActOutcome, { kind: 'done' }> {
  if (outcome.kind === 'done') return outcome;
  const { rule, details, sentence } = outcome.refusal;
  throw new SettlementFault('SETTLEMENT_REFUSED', `${rule}(${details.join(', ')}): ${sentence}`, {
    fields: { rule, details: details.join(', ') },
  });
}

async function callBaseLayer(
  key: string,
  callData: Hex,
  { deployment, actor, signal }: OwnerStands,
): Promise<ActOutcome> {
  const act = { key, to: deployment.baseLayer, amount: 0n, callData, mayDiffer: false };
  return await actor.perform(act, signal);
}
