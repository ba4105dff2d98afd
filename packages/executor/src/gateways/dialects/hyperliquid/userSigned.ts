import type { TypedDataDomain } from 'viem';
import { hashTypedData, hexToBytes } from 'viem';
import { z } from 'zod';

/** Fields that every action signed as plain EIP-712 has. */
const head = {
  signatureChainId: z.string().regex(/^0x[0-9a-fA-F]{1,12}$/),
  hyperliquidChain: z.enum(['Mainnet', 'Testnet']),
  nonce: z.int().min(0),
};

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);

/** Lets another key act in the signer's name, within this dialect. */
export interface ApproveAgent {
  readonly signatureChainId: string;
  readonly hyperliquidChain: 'Mainnet' | 'Testnet';
  readonly agentAddress: string;
  /** Empty for the unnamed agent; may end in ` valid_until <milliseconds since 1970>`. */
  readonly agentName?: string | null | undefined;
  readonly nonce: number;
}

export const approveAgent: z.ZodType<ApproveAgent> = z.object({
  ...head,
  agentAddress: address,
  agentName: z.string().max(64).nullish(),
});

/** Lets a builder take a part of fees. Nobody takes any here. */
export interface ApproveBuilderFee {
  readonly signatureChainId: string;
  readonly hyperliquidChain: 'Mainnet' | 'Testnet';
  readonly maxFeeRate: string;
  readonly builder: string;
  readonly nonce: number;
}

export const approveBuilderFee: z.ZodType<ApproveBuilderFee> = z.object({
  ...head,
  maxFeeRate: z.string().max(32),
  builder: address,
});

/** Digest that a wallet signs to approve an agent. */
export function approveAgentDigest(action: ApproveAgent): Uint8Array {
  const { hyperliquidChain, agentName, nonce: chainNonce } = action;
  const fields = [
    { name: 'hyperliquidChain', type: 'string' },
    { name: 'agentAddress', type: 'address' },
    { name: 'agentName', type: 'string' },
    { name: 'nonce', type: 'uint64' },
  ];
  const message = {
    hyperliquidChain,
    agentAddress: action.agentAddress.toLowerCase(),
    agentName: agentName ?? '',
    nonce: BigInt(chainNonce),
  };
  return digestOf(action.signatureChainId, 'HyperliquidTransaction:ApproveAgent', fields, message);
}

/** Digest that a wallet signs to approve a builder fee. */
export function approveBuilderFeeDigest(action: ApproveBuilderFee): Uint8Array {
  const { hyperliquidChain, maxFeeRate, nonce: chainNonce } = action;
  const fields = [
    { name: 'hyperliquidChain', type: 'string' },
    { name: 'maxFeeRate', type: 'string' },
    { name: 'builder', type: 'address' },
    { name: 'nonce', type: 'uint64' },
  ];
  const message = {
    hyperliquidChain,
    maxFeeRate,
    builder: action.builder.toLowerCase(),
    nonce: BigInt(chainNonce),
  };
  const name = 'HyperliquidTransaction:ApproveBuilderFee';
  return digestOf(action.signatureChainId, name, fields, message);
}

function digestOf(
  signatureChainId: string,
  primaryType: string,
  fields: readonly { readonly name: string; readonly type: string }[],
  message: Record<string, unknown>,
): Uint8Array {
  const domain: TypedDataDomain = {
    name: 'HyperliquidSignTransaction',
    version: '1',
    chainId: BigInt(signatureChainId),
    verifyingContract: '0x0000000000000000000000000000000000000000',
  };
  return hexToBytes(
    hashTypedData({ domain, types: { [primaryType]: fields }, primaryType, message }),
  );
}
