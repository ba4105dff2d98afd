import type { ChainLog } from '@lawbook/chains/tracker/logReader';
import { LogReader } from '@lawbook/chains/tracker/logReader';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId, SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import { toEventSelector } from 'viem';
import { SettlementFault } from '../../settlementFault.ts';
import type { EventCursor } from '../baseLayerEvent.ts';
import type { EvmStands } from './chainReader.ts';
import { decodeLog } from './decodeLog.ts';
import type { Deployment } from './deployment.ts';

/** Who ever had a vault of a shard, and what was counted, up to a block: all from the logs. */
export interface KnownOwners {
  /** The last block whose logs are in here. */
  readonly upTo: bigint;
  /** Everybody who was ever credited or debited. */
  readonly owners: ReadonlySet<AccountId>;
  /** Deposits into the shard, and payments of exits from it. */
  readonly depositCount: bigint;
  readonly exitCount: bigint;
  /** Number of the last deposit: they are counted without gaps over the whole contract. */
  readonly lastDeposit: bigint;
  /** The last event of the shard that others caused; undefined before the first. */
  readonly lastEvent: EventCursor | undefined;
}

/** Whose owners, and what is known already. */
export interface OwnersQuestion {
  readonly deployment: Deployment;
  readonly shard: number;
  readonly marketId: number;
  readonly known?: KnownOwners | undefined;
  readonly signal?: AbortSignal;
}

const DEPOSITED = toEventSelector('Deposited(uint64,uint32,address,uint256,uint64)');
const VAULT_SETTLED = toEventSelector('VaultSettled(address,uint256[])');
const EXIT_REQUESTED = toEventSelector('ExitRequested(uint32,address,uint64)');
const EXIT_CANCELED = toEventSelector('ExitCanceled(uint32,address)');
const EXIT_COMPLETED = toEventSelector('ExitCompleted(uint32,address,uint256,uint64)');

/**
 * Reads the logs from where they are known on, up to a block that can no longer leave the chain.
 * @throws SettlementFault SETTLEMENT_UNAVAILABLE when logs are missing; the reason of the signal.
 */
export async function readOwners(
  { deployment, shard, marketId, known, signal }: OwnersQuestion,
  { engine }: EvmStands,
  upTo: bigint,
): Promise<KnownOwners> {
  if (known !== undefined && known.upTo >= upTo) return known;
  const system = [SystemRole.pool, SystemRole.fees].map((role) => systemAccount(role, marketId));
  const found: Found = {
    owners: new Set([...system, ...(known?.owners ?? [])]),
    depositCount: known?.depositCount ?? 0n,
    exitCount: known?.exitCount ?? 0n,
    lastDeposit: known?.lastDeposit ?? 0n,
    lastEvent: known?.lastEvent,
  };
  const topics = [[DEPOSITED, VAULT_SETTLED, EXIT_REQUESTED, EXIT_CANCELED, EXIT_COMPLETED]];
  const logs = new LogReader({ address: deployment.baseLayer, topics }, engine.pool);
  const first = known === undefined ? deployment.deployedAtBlock : known.upTo + 1n;
  for (let from = first; from <= upTo; ) {
    const range = await logs.ofRange({ from, to: upTo }, signal);
    for (const log of range.logs) noteLog(log, { deployment, shard }, found);
    from = range.to + 1n;
  }
  return { ...found, upTo };
}

interface Found {
  readonly owners: Set<AccountId>;
  depositCount: bigint;
  exitCount: bigint;
  lastDeposit: bigint;
  lastEvent: EventCursor | undefined;
}

function noteLog(
  log: ChainLog,
  { deployment, shard }: Pick<OwnersQuestion, 'deployment' | 'shard'>,
  found: Found,
): void {
  const decoded = decodeLog(log, deployment.baseLayer);
  if (decoded.eventName === 'VaultSettled') {
    // Of any market: an owner of another shard has nothing in this one and is left out later.
    found.owners.add(accountId(decoded.args.owner));
    return;
  }
  if (decoded.eventName === 'Deposited') {
    const { depositNumber } = decoded.args;
    if (depositNumber !== found.lastDeposit + 1n) throw missingLogs(found.lastDeposit + 1n);
    found.lastDeposit = depositNumber;
  }
  const shown = 'shard' in decoded.args && 'owner' in decoded.args ? decoded.args : undefined;
  if (shown?.shard !== shard) return;
  found.owners.add(accountId(shown.owner));
  found.lastEvent = { blockNumber: log.blockNumber, logIndex: log.logIndex };
  if (decoded.eventName === 'Deposited') found.depositCount += 1n;
  if (decoded.eventName === 'ExitCompleted') found.exitCount += 1n;
}

function missingLogs(depositNumber: bigint): SettlementFault {
  return new SettlementFault(
    'SETTLEMENT_UNAVAILABLE',
    `The endpoints do not show deposit ${depositNumber}: logs are missing; they are asked again.`,
    { fields: { depositNumber: String(depositNumber) } },
  );
}
