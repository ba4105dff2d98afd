import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { isSystemAccount, venueVault } from '@lawbook/exchange/ledger/account';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { decodeDeployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import type { VaultsSnapshot } from '@lawbook/settlement/baseLayer/evm/readVaults';
import { readVaults } from '@lawbook/settlement/baseLayer/evm/readVaults';
import type { Hex } from 'viem';
import { decodeEventLog, encodeFunctionData, erc20Abi, toEventSelector } from 'viem';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import { withChain } from '../../../packages/cli/src/chain/openChain.ts';
import { openJournal } from '../../../packages/executor/src/journal/openJournal.ts';
import { applyRecord } from '../../../packages/executor/src/recovery.ts';
import { until } from '../../chains/anvil/until.ts';
import type { SettlingVenue } from './settlingVenue.ts';
import { PATIENCE_MS } from './settlingVenue.ts';

const SHARD = 1;
const MARKET = 1;
const SETTLED = toEventSelector('Settled(uint32,uint64,uint32,uint64,bytes32,uint256)');
/** Token units of the faucet's tokens have as many decimals as the ledger: one to one. */
export type Balances = ReadonlyMap<string, bigint>;

/** What the contract holds and has done, as of one block. */
export interface SettledWorld {
  readonly snapshot: VaultsSnapshot;
  /** Ledger units by `owner/assetId`; none is zero. */
  readonly balances: Balances;
  /** Token units of the contract itself by asset id. */
  readonly custody: readonly bigint[];
  /** Numbers of the lists that were settled, in the order of the chain. */
  readonly lists: readonly bigint[];
}

/** Where the contracts of a venue are. */
export function deploymentIn(dataDir: string): Deployment {
  return decodeDeployment(readFileSync(join(dataDir, 'settlement', 'deployment.json'), 'utf8'));
}

/** Reads everything that the contract knows of the shard; asked again while the chain moves. */
export async function readWorld(venue: SettlingVenue): Promise<SettledWorld> {
  return await venue.until('the contract can be read', () => readOnce(venue));
}

async function readOnce(venue: SettlingVenue): Promise<SettledWorld> {
  const deployment = deploymentIn(venue.dataDir);
  const rpcUrl = (await venue.status()).layer?.rpcUrl ?? '';
  const { chainId, baseLayer } = deployment;
  const snapshot = await withChain({ rpcUrl, chainId }, async (stands) => {
    const finality = { kind: 'confirmations', blocks: 1 } as const;
    return await readVaults({ deployment, shard: SHARD, marketId: MARKET, finality }, stands);
  });
  const block = `0x${snapshot.block.number.toString(16)}`;
  const custody: bigint[] = [];
  for (const { address } of deployment.tokens) {
    const args = [baseLayer] as const;
    const input = encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args });
    custody.push(BigInt(String(await venue.chain('eth_call', { to: address, input }, block))));
  }
  const filter = { address: baseLayer, fromBlock: '0x0', toBlock: block, topics: [SETTLED] };
  const logs = (await venue.chain('eth_getLogs', filter)) as readonly Log[];
  const lists = logs.map((log) => {
    const event = { abi: BASE_LAYER_ABI, eventName: 'Settled', ...log } as const;
    return decodeEventLog(event).args.number;
  });
  const balances = new Map<string, bigint>();
  for (const vault of snapshot.vaults) {
    for (const [asset, units] of vault.balances) balances.set(`${vault.owner}/${asset}`, units);
  }
  return { snapshot, balances, custody, lists };
}

interface Log {
  readonly topics: [Hex, ...Hex[]];
  readonly data: Hex;
}

/** What the ledger says that each vault holds, right after an epoch was sealed. */
export interface LedgerAtSeal {
  readonly balances: Balances;
  readonly depositCount: number;
  readonly exitCount: number;
}

/**
 * Replays the journal of a stopped venue up to the seal of an epoch. With zero, or beyond the last
 * seal, up to its end. Withdrawals that wait for a later epoch are still the owner's on the chain.
 */
export async function ledgerAtSeal(dataDir: string, epochNumber: number): Promise<LedgerAtSeal> {
  const { chainId, baseLayer } = deploymentIn(dataDir);
  const domain = { chainId: BigInt(chainId), address: baseLayer as unknown as AccountId };
  const opening = { directory: join(dataDir, 'journal'), venueId: `${chainId}:${baseLayer}` };
  const { journal } = await until('the journal is free', () => openJournal(opening), {
    timeoutMs: PATIENCE_MS,
  });
  try {
    const machine = new StateMachine(domain);
    for await (const { sequence, payload } of journal.read(1)) {
      const { applied } = applyRecord(machine, sequence, payload);
      if (applied.kind === 'epochSealed' && applied.epoch.epochNumber === epochNumber) break;
    }
    return balancesOf(machine);
  } finally {
    await journal.close();
  }
}

function balancesOf({ state }: StateMachine): LedgerAtSeal {
  const balances = new Map<string, bigint>();
  const add = (owner: AccountId, asset: number, units: bigint): void => {
    const key = `${owner}/${asset}`;
    const sum = (balances.get(key) ?? 0n) + units;
    if (sum === 0n) balances.delete(key);
    else balances.set(key, sum);
  };
  for (const account of state.ledger.accounts) {
    if (isSystemAccount(account) && venueVault(account) === undefined) continue;
    for (const { assetId, balance } of state.ledger.balances(account)) {
      // Play assets of the order books are nowhere but here.
      if (state.assets[assetId]?.settles === false) continue;
      add(account, assetId, balance.available + balance.held);
    }
  }
  for (const { withdrawal } of state.baseLayer.pending) {
    add(withdrawal.owner, withdrawal.assetId, withdrawal.units);
  }
  const { depositCount, exitCount } = state.baseLayer;
  return { balances, depositCount, exitCount };
}

/** What is wrong with the order of the settled lists; empty when each came once, in order. */
export function listFaults({ lists, snapshot }: SettledWorld): string[] {
  const faults = lists.flatMap((number, index) => {
    const due = at(lists, 0) + BigInt(index);
    return number === due ? [] : [`place ${index} holds list ${number} instead of ${due}`];
  });
  const last = lists.at(-1) ?? 0n;
  const { listNumber } = snapshot.progress;
  return last === listNumber ? faults : [...faults, `${listNumber} lists, the last is ${last}`];
}

/** Where two sets of balances differ, in words. */
export function differences(chain: Balances, ledger: Balances): string[] {
  const keys = new Set([...chain.keys(), ...ledger.keys()]);
  return [...keys].flatMap((key) => {
    const [there, here] = [chain.get(key) ?? 0n, ledger.get(key) ?? 0n];
    return there === here ? [] : [`${key}: chain ${there}, ledger ${here}`];
  });
}

/**
 * Compares contract and ledger at the settled epoch, vault by vault, and what the contract holds
 * with what its vaults and its claims say. Leaves the venue stopped.
 * @param pending token units that wait to be claimed, by asset id.
 */
export async function assertAgreement(
  venue: SettlingVenue,
  pending: ReadonlyMap<number, bigint> = new Map(),
): Promise<void> {
  const world = await readWorld(venue);
  await venue.stop();
  assert.deepEqual(listFaults(world), []);
  const ledger = await ledgerAtSeal(venue.dataDir, world.snapshot.progress.epochNumber);
  assert.deepEqual(differences(world.balances, ledger.balances), []);
  for (const [asset, held] of world.custody.entries()) {
    assert.equal(sumOf(world.balances, asset) + (pending.get(asset) ?? 0n), held);
  }
}

/** Units of an asset over all vaults. */
export function sumOf(balances: Balances, asset: number): bigint {
  let sum = 0n;
  for (const [key, units] of balances) if (key.endsWith(`/${asset}`)) sum += units;
  return sum;
}
