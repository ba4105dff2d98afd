import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import type { OwnerStands } from '@lawbook/settlement/baseLayer/evm/owner';
import { AGREEMENT_REGISTRY_ABI } from '../../../../contracts/generated/agreementRegistryAbi.ts';
import { FAUCET_TOKEN_ABI } from '../../../../contracts/generated/faucetTokenAbi.ts';

/** An asset of a shard, as its registry lists it. */
export interface ShardAsset {
  readonly assetId: number;
  readonly token: Hex;
  /** Token units of one ledger unit. */
  readonly unit: bigint;
}

/** A token as it describes itself: nobody vouches for its symbol. */
export interface TokenFacts {
  readonly symbol: string;
  /** Decimals of one ledger unit: those of the token less the digits of the unit. */
  readonly ledgerDecimals: number;
}

/** Where assets are read. */
export type AssetStands = Pick<OwnerStands, 'deployment' | 'shard'> & {
  readonly actor: Pick<OwnerStands['actor'], 'reader'>;
};

/** One asset by its id. @throws SettlementFault SETTLEMENT_CONFIG_INVALID for one that is none. */
export async function readAsset(assetId: number, stands: AssetStands): Promise<ShardAsset> {
  const { deployment, shard, actor } = stands;
  const { token, unit } = await actor.reader.atHead((block) => {
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
  return { assetId, token, unit };
}

/** Every asset of the shard, ascending by id. */
export async function readAssets(stands: AssetStands): Promise<readonly ShardAsset[]> {
  const { deployment, shard, actor } = stands;
  const count = await actor.reader.atHead((block) => {
    return actor.reader.view(
      {
        address: deployment.registry,
        abi: AGREEMENT_REGISTRY_ABI,
        functionName: 'assetCount',
        args: [shard],
      },
      block,
    );
  });
  const ids = Array.from({ length: Number(count) }, (_, assetId) => assetId);
  return await Promise.all(ids.map((assetId) => readAsset(assetId, stands)));
}

/** What a token says of itself, with the decimals that the ledger keeps of it. */
export async function readToken(
  { token, unit }: ShardAsset,
  { actor }: Pick<AssetStands, 'actor'>,
): Promise<TokenFacts> {
  return await actor.reader.atHead(async (block) => {
    const contract = { address: token, abi: FAUCET_TOKEN_ABI, args: [] } as const;
    const [symbol, decimals] = await Promise.all([
      actor.reader.view({ ...contract, functionName: 'symbol' }, block),
      actor.reader.view({ ...contract, functionName: 'decimals' }, block),
    ]);
    return { symbol: plainSymbol(symbol), ledgerDecimals: decimals - digitsOf(unit) };
  });
}

/** Units are powers of ten. */
function digitsOf(unit: bigint): number {
  return String(unit).length - 1;
}

/** A token may call itself anything, control characters included. */
function plainSymbol(symbol: string): string {
  const plain = symbol.replace(/[^\x20-\x7e]/g, '?').slice(0, SYMBOL_MAX);
  return plain === '' ? '?' : plain;
}

const SYMBOL_MAX = 20;
