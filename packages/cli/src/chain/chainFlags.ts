import { readFileSync } from 'node:fs';
import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { BaseLayerView } from '@lawbook/api/schema/settlementViews';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { decodeDeployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import type { Command } from 'commander';
import { FileFault, RefusedFault, UsageFault } from '../terminal/cliFault.ts';
import type { VenueFlags } from '../terminal/venueFlags.ts';
import { venueUrl } from '../terminal/venueFlags.ts';
import { granted } from '../trading/granted.ts';
import { RPC_VARIABLE, rpcUrlOf, withRpcFlag } from './rpcFlag.ts';

/** Flags of every command that looks at the base layer itself. */
export interface ChainFlags {
  readonly rpc?: string;
  readonly deployment?: string;
  readonly shard?: string;
}

/** Where the base layer of a venue is: chain, contracts, shard and an endpoint. */
export interface ChainPlace {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  readonly shard: number;
}

/** Adds the flags. */
export function withChainFlags(command: Command): Command {
  return withRpcFlag(command)
    .option('--deployment <file>', 'addresses of the contracts; else what the venue tells')
    .option('--shard <number>', 'shard of the venue; else what the venue tells, or 1');
}

/**
 * Where the base layer is: from a deployment file, so that nothing is asked of the venue, or as the
 * venue tells.
 *
 * @throws FileFault, SettlementFault SETTLEMENT_CONFIG_INVALID for a file that is none; UsageFault
 *   where no endpoint is named; RefusedFault notConfigured for a venue without a base layer.
 */
export async function chainPlace(flags: ChainFlags & VenueFlags): Promise<ChainPlace> {
  const stated = rpcUrlOf(flags);
  if (flags.deployment !== undefined) {
    if (stated === undefined) throw new UsageFault(`name an endpoint: --rpc or ${RPC_VARIABLE}`);
    const shard = flags.shard === undefined ? 1 : readShard(flags.shard);
    return { rpcUrl: stated, deployment: readDeployment(flags.deployment), shard };
  }
  const layer = await baseLayerOf(new LawbookClient({ baseUrl: venueUrl(flags) }));
  return placeOf(layer, flags);
}

/**
 * Where a base layer is, as its venue tells it, with the flags before that.
 * @throws UsageFault where nobody names an endpoint.
 */
export function placeOf(
  layer: BaseLayerView,
  flags: Pick<ChainFlags, 'rpc' | 'shard'>,
): ChainPlace {
  const rpcUrl = rpcUrlOf(flags) ?? layer.rpcUrl;
  if (rpcUrl === undefined) {
    throw new UsageFault(`the venue names no endpoint: use --rpc or ${RPC_VARIABLE}`);
  }
  const shard = flags.shard === undefined ? layer.shard : readShard(flags.shard);
  return { rpcUrl, deployment: deploymentOf(layer), shard };
}

/** The base layer of a venue. @throws RefusedFault notConfigured while there is none. */
export async function baseLayerOf(client: LawbookClient): Promise<BaseLayerView> {
  const { layer, detail } = await granted(client.readSettlement());
  if (layer?.kind === 'evm') return layer;
  const actual = layer === undefined ? detail : `a base layer of kind ${layer.kind}`;
  throw new RefusedFault(refuse('notConfigured', { field: 'baseLayer', actual }).rejection);
}

/** A base layer as its venue tells it; logs are looked for from the first block. */
export function deploymentOf(layer: BaseLayerView): Deployment {
  return {
    chainId: Number(layer.chainId),
    registry: layer.registry.toLowerCase() as Hex,
    baseLayer: layer.contract.toLowerCase() as Hex,
    verifiers: [],
    tokens: [],
    deployedAtBlock: 0n,
  };
}

/** Reads a deployment file. @throws FileFault, SettlementFault SETTLEMENT_CONFIG_INVALID. */
export function readDeployment(path: string): Deployment {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FileFault(`${path} cannot be read`, path, cause);
  }
  return decodeDeployment(text);
}

function readShard(text: string): number {
  const shard = Number(text);
  if (/^[1-9]\d{0,9}$/.test(text) && shard <= SHARD_MAX) return shard;
  throw new UsageFault(`--shard takes a number from 1 to ${SHARD_MAX}, not ${text}`);
}

/** Of 32 bits. */
const SHARD_MAX = 0xffff_ffff;
