import { keySigner } from '@lawbook/chains/signers/keySigner';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import type { EvmStands } from '@lawbook/settlement/baseLayer/evm/chainReader';
import { Actor, DEFAULT_ACT_TERMS } from '@lawbook/settlement/baseLayer/evm/performAct';
import type { ChainPlace } from './chainFlags.ts';
import { withChain } from './openChain.ts';
import type { OwnerChain } from './ownerChain.ts';
import { ensureFees } from './playMoney.ts';

/** Whose acts, where, and how long they are waited for. */
export interface OwnerOptions {
  readonly place: ChainPlace;
  readonly account: AccountId;
  /** 32 bytes; its account pays the fees. */
  readonly secretKey: Uint8Array;
  readonly signal: AbortSignal;
}

/** Wei that the fee of one act of an owner may cost at most: a twentieth of an ether. */
const FEE_CAP = 50_000_000_000_000_000n;

/**
 * Lends what an owner acts with on the chain; ends it whatever happens. On the embedded chain the
 * account is given the money for its fees first.
 */
export async function withOwner<T>(
  { place, account, secretKey, signal }: OwnerOptions,
  use: (stands: OwnerChain) => Promise<T>,
): Promise<T> {
  const { rpcUrl, deployment, shard } = place;
  const options = {
    rpcUrl,
    chainId: deployment.chainId,
    signers: [keySigner(bytesToHex(secretKey))],
  };
  await ensureFees(place, account);
  return await withChain(options, async (stands) => {
    return await use({ deployment, shard, signal, stands, actor: ownerActor(stands, account) });
  });
}

/** Acts of an account count once they are in a block. */
export function ownerActor(stands: EvmStands, account: AccountId): Actor {
  return new Actor(stands, account as AccountId & Hex, {
    ...DEFAULT_ACT_TERMS,
    feeCap: FEE_CAP,
    finality: { kind: 'confirmations', blocks: 1 },
    principal: 'lawbook-cli',
  });
}
