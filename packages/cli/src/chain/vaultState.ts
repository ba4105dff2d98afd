import type { AccountId } from '@lawbook/exchange/ledger/account';
import { formatDecimal } from '@lawbook/exchange/numbers/amount';
import type { Vault } from '@lawbook/settlement/baseLayer/baseLayer';
import type { EvmStands } from '@lawbook/settlement/baseLayer/evm/chainReader';
import { ChainReader } from '@lawbook/settlement/baseLayer/evm/chainReader';
import { openEvmBaseLayer } from '@lawbook/settlement/baseLayer/evm/openEvmBaseLayer';
import { tableLines } from '../terminal/table.ts';
import { paint } from '../terminal/terminal.ts';
import type { ChainPlace } from './chainFlags.ts';
import { finalityOf } from './openChain.ts';
import type { ShardAsset, TokenFacts } from './shardAssets.ts';
import { readAssets, readToken } from './shardAssets.ts';

/** A vault as the contract holds it at the head of the chain. */
export interface VaultState {
  readonly vault: Vault;
  readonly head: bigint;
  /** Those that it holds. */
  readonly assets: readonly (ShardAsset & TokenFacts)[];
}

/** Whether an owner is leaving: `due` from the block on at which the vault is its own again. */
export type ExitState = 'none' | 'requested' | 'due';

/** Reads a vault from the contract. @throws SettlementFault SETTLEMENT_UNAVAILABLE. */
export async function readVaultState(
  owner: AccountId,
  { deployment, shard }: Pick<ChainPlace, 'deployment' | 'shard'>,
  stands: EvmStands,
): Promise<VaultState> {
  const finality = finalityOf(deployment.chainId);
  const reader = new ChainReader(stands, finality);
  // Vaults belong to a shard alone, and nothing is sent: market and operator do not matter.
  const unused = { marketId: 0, operator: deployment.baseLayer };
  const layer = openEvmBaseLayer({ deployment, shard, finality, ...unused }, stands);
  const reading = { deployment, shard, actor: { reader } };
  const vault = await layer.vault(owner);
  const listed = await readAssets(reading);
  const held = listed.filter(({ assetId }) => vault.balances.has(assetId));
  const assets = await Promise.all(
    held.map(async (asset) => ({ ...asset, ...(await readToken(asset, reading)) })),
  );
  return { vault, head: (await reader.head()).number, assets };
}

/** Whether the owner of a vault is leaving. */
export function exitState({ vault, head }: Pick<VaultState, 'vault' | 'head'>): ExitState {
  if (vault.exitDueBlock === undefined) return 'none';
  return head >= vault.exitDueBlock ? 'due' : 'requested';
}

/** The vault for machines. */
export function vaultJson({ vault, head, assets }: VaultState): Readonly<Record<string, unknown>> {
  const { owner, exitDueBlock, balances } = vault;
  return {
    owner,
    exit: exitState({ vault, head }),
    ...(exitDueBlock !== undefined && { exitDueBlock }),
    headBlock: head,
    balances: assets.map(({ assetId, token, symbol, ledgerDecimals }) => {
      const units = balances.get(assetId) ?? 0n;
      return { assetId, token, symbol, units, amount: formatDecimal(units, ledgerDecimals) };
    }),
  };
}

/** The vault for a person. */
export function vaultLines({ vault, head, assets }: VaultState): string[] {
  const { owner, exitDueBlock = 0n, balances } = vault;
  const heads = [
    { head: 'asset', align: 'right' },
    { head: 'token says' },
    { head: 'settled', align: 'right' },
  ] as const;
  const rows = assets.map(({ assetId, symbol, ledgerDecimals }) => {
    const units = balances.get(assetId) ?? 0n;
    return [String(assetId), symbol, formatDecimal(units, ledgerDecimals)];
  });
  return [
    paint.bold(owner),
    ...(rows.length === 0 ? ['holds nothing at the contract'] : tableLines(heads, rows)),
    exitSentence(exitState({ vault, head }), exitDueBlock, head),
    `as of block ${head}`,
  ];
}

function exitSentence(state: ExitState, due: bigint, head: bigint): string {
  if (state === 'none') return 'no exit is requested';
  if (state === 'due') return `its exit is due since block ${due}: lawbook exit complete pays it`;
  return `its exit is requested and due at block ${due}, in ${due - head} blocks`;
}
