import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { Input } from '@lawbook/exchange/inputs';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import type { AssetId } from '@lawbook/exchange/ledger/asset';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import type { SettledVault } from '@lawbook/settlement/baseLayer/evm/readVaults';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { prepareDataDirectory } from '../config/dataDirectory.ts';
import { openJournal } from '../journal/openJournal.ts';
import { Sequencer } from '../sequencer/sequencer.ts';
import { planSettlement } from '../settlement/planSettlement.ts';
import type { SettlementPlan } from '../settlement/settlementPlan.ts';
import { readLastEpoch, resumePointOf } from './lastEpoch.ts';
import type { LostHistory } from './lostHistory.ts';
import { putIndexesAside, readLostHistory } from './lostHistory.ts';
import { marketInputs } from './marketInputs.ts';
import { RecoveryFault } from './recoveryFault.ts';
import { writeSettledBase } from './settledBase.ts';
import type { SettledState } from './settledState.ts';

/** What a venue is rebuilt with. */
export interface RestoreOptions {
  readonly config: Config;
  readonly log: Logger;
  /** The last settled epoch with its proof, where somebody has kept it. */
  readonly bundle?: Uint8Array;
  /** Ends the wait until the base layer is quiet. */
  readonly signal: AbortSignal;
}

/** What a venue was rebuilt from, and what nobody can bring back. */
export interface RestoreReport {
  readonly listNumber: bigint;
  readonly epochNumber: number;
  readonly batchNumber: number;
  readonly closedAtMs: number;
  readonly blockNumber: bigint;
  readonly vaults: number;
  readonly depositCount: bigint;
  readonly exitCount: bigint;
  /** Owners who asked for an exit: they place no orders. */
  readonly leaving: number;
  /** Ledger units over all vaults, by symbol. */
  readonly totals: Readonly<Record<string, bigint>>;
  readonly stateRoot: string;
  /** What old indexes told; undefined where there were none. */
  readonly lost: Omit<LostHistory, 'lastBundle'> | undefined;
  /** Where the old indexes are now. */
  readonly indexesAside: string | undefined;
  /** What is gone, a sentence each. */
  readonly missing: readonly string[];
}

/**
 * Rebuilds a venue that lost its journal from what its base layer holds: the settled prefix is
 * right. Writes a journal whose inputs register the assets, open the market after the last settled
 * epoch and give every vault its balance and its used nonces. A start finds it complete or not at
 * all.
 *
 * @throws RecoveryFault, SettlementFault, JournalFault; nothing was changed then.
 */
export async function restoreFromChain(options: RestoreOptions): Promise<RestoreReport> {
  const { config, log, signal } = options;
  const plan = await planSettlement(config);
  if (plan === undefined) throw impossible('settlement.mode is off: no base layer is configured.');
  await prepareDataDirectory(config.dataDir);
  await refuseWithJournal(config, plan);
  const settled = await plan.readSettled(log, signal);
  const { progress } = settled.snapshot;
  const history = await readLostHistory(config, progress);
  const bytes = options.bundle ?? history?.lastBundle;
  const last = bytes === undefined ? undefined : await readLastEpoch(bytes, progress);
  const inputs = restoringInputs({ plan, settled, last, marketId: config.settlement.marketId });
  const machine = await writeJournal(config, plan, { inputs, closedAtMs: progress.closedAtMs });
  const { listNumber, listHash } = progress;
  if (listNumber > 0n) writeSettledBase(freshJournal(config), { listNumber, listHash });
  const indexesAside = await putIndexesAside(config);
  await installJournal(config);
  return reportOf({ settled, machine, history, last, indexesAside });
}

/** A journal with records knows all that the base layer knows, and more. */
async function refuseWithJournal(config: Config, plan: SettlementPlan): Promise<void> {
  const directory = join(config.dataDir, 'journal');
  const { journal } = await openJournal({ directory, venueId: venueIdOf(plan) });
  const records = journal.health().sequence;
  await journal.close();
  if (records === 0) return;
  throw new RecoveryFault(
    'RECOVERY_NOT_NEEDED',
    `The journal in ${directory} has ${records} records, and a start replays them. To rebuild ` +
      'the venue from its base layer all the same, move that folder away.',
    { fields: { directory, records } },
  );
}

interface Restoring {
  readonly plan: SettlementPlan;
  readonly settled: SettledState;
  readonly last: EpochBundle | undefined;
  readonly marketId: number;
}

/** The first inputs of the new journal, all before anything that a user signs. */
function restoringInputs({ plan, settled, last, marketId }: Restoring): Input[] {
  const { progress, vaults, depositCount, exitCount } = settled.snapshot;
  const pool = systemAccount(SystemRole.pool, marketId);
  const market = plan.demoInputs(progress.closedAtMs) ?? marketInputs(settled.assets, last);
  const poolVault = vaults.find(({ owner }) => owner === pool);
  const resumeFrom = resumePointOf(progress, last);
  const opened = market.map((input): Input => {
    if (input.kind !== 'createMarket') return input;
    const inventory = input.parameters.assets.map(({ assetId: asset }) => {
      return amount(poolVault?.balances.get(asset) ?? 0n);
    });
    return { ...input, inventory, ...(resumeFrom === undefined ? {} : { resumeFrom }) };
  });
  const owned = vaults.filter(({ owner }) => owner !== pool);
  const leaving = vaults.flatMap(({ owner, exitDueBlock }): Input[] => {
    return exitDueBlock === undefined
      ? []
      : [{ kind: 'noticeExit', owner, dueBlock: exitDueBlock }];
  });
  const counts = { depositNumber: Number(depositCount), exitNumber: Number(exitCount) };
  return [...opened, ...owned.map(restoreInput), { kind: 'restoreCounts', ...counts }, ...leaving];
}

function restoreInput(vault: SettledVault): Input {
  const { owner, balances, orderNonceHighest, withdrawalNonceHighest } = vault;
  return {
    kind: 'restoreVault',
    account: owner,
    balances: [...balances]
      .sort(([a], [b]) => a - b)
      .map(([asset, units]) => ({ assetId: assetId(asset), amount: amount(units) })),
    orderNonceHighest,
    withdrawalNonceHighest,
  };
}

/** Beside the place of the journal, so that a start never finds half of it. */
async function writeJournal(
  config: Config,
  plan: SettlementPlan,
  { inputs, closedAtMs }: { readonly inputs: readonly Input[]; readonly closedAtMs: number },
): Promise<StateMachine> {
  const directory = freshJournal(config);
  await rm(directory, { recursive: true, force: true });
  const machine = new StateMachine(plan.domain);
  const { journal } = await openJournal({ directory, venueId: venueIdOf(plan) });
  try {
    const sequencer = new Sequencer({
      machine,
      journal,
      // Batches have to close after the last settled one, whatever this machine's clock says.
      clock: () => Math.max(Date.now(), closedAtMs + 1),
      onFailure: () => undefined,
    });
    for (const input of inputs) {
      const result = sequencer.execute(input);
      if (!result.ok) {
        const { code, rule } = result.rejection;
        throw impossible(`The exchange refuses what is settled (${input.kind}): ${rule} (${code})`);
      }
      await result.value.durable;
    }
  } finally {
    await journal.close();
  }
  return machine;
}

async function installJournal(config: Config): Promise<void> {
  const place = join(config.dataDir, 'journal');
  await rm(place, { recursive: true, force: true });
  await rename(freshJournal(config), place);
}

function freshJournal({ dataDir }: Config): string {
  return join(dataDir, 'journal.restored');
}

function venueIdOf({ domain }: SettlementPlan): string {
  return `${domain.chainId}:${domain.address}`;
}

function reportOf(parts: {
  readonly settled: SettledState;
  readonly machine: StateMachine;
  readonly history: LostHistory | undefined;
  readonly last: EpochBundle | undefined;
  readonly indexesAside: string | undefined;
}): RestoreReport {
  const { settled, machine, history, last, indexesAside } = parts;
  const { progress, vaults, block, depositCount, exitCount } = settled.snapshot;
  const { state } = machine;
  const totals = state.assets.map(({ symbol }, k): [string, bigint] => {
    return [symbol, sumOf(vaults, assetId(k))];
  });
  for (const [k, [, units]] of totals.entries()) {
    const sum = state.ledger.totals().get(assetId(k)) ?? 0n;
    invariant(sum === 0n, 'a rebuilt ledger sums to zero');
    invariant(at(totals, k)[1] === units, 'every asset is counted once');
  }
  const lost =
    history === undefined
      ? undefined
      : { epochs: history.epochs, openBatches: history.openBatches };
  return {
    listNumber: progress.listNumber,
    epochNumber: progress.epochNumber,
    batchNumber: progress.batchNumber,
    closedAtMs: progress.closedAtMs,
    blockNumber: block.number,
    vaults: vaults.length,
    depositCount,
    exitCount,
    leaving: state.baseLayer.exits.size,
    totals: Object.fromEntries(totals),
    stateRoot: machine.root(),
    lost,
    indexesAside,
    missing: missingSentences(settled, { lost, hasLast: last !== undefined }),
  };
}

function sumOf(vaults: readonly SettledVault[], asset: AssetId): bigint {
  return vaults.reduce((sum, { balances }) => sum + (balances.get(asset) ?? 0n), 0n);
}

function missingSentences(
  { snapshot, coming }: SettledState,
  known: { readonly lost: RestoreReport['lost']; readonly hasLast: boolean },
): string[] {
  const { epochNumber, batchNumber, closedAtMs } = snapshot.progress;
  const after =
    epochNumber === 0
      ? 'no epoch was ever settled'
      : `batch ${batchNumber} of epoch ${epochNumber} closed at ` +
        new Date(closedAtMs).toISOString();
  return [
    `Everything traded after the settled prefix is undone: ${after}.`,
    ...lostSentences(known.lost),
    'Fees and pool changes of unsettled batches are undone with them; others are in the vaults.',
    'Withdrawals that were requested and not settled are void: their owners have the money.',
    'Sessions and session grants are gone: traders open new ones.',
    'Orders and batches of the past are no longer listed; bundles that others keep still verify.',
    ...(known.hasLast || epochNumber === 0
      ? []
      : ['The chains of epoch and report hashes begin anew at the hash of the last settled list.']),
    ...(coming.deposits > 0n
      ? [`${coming.deposits} deposits are not final yet: the venue credits them once they are.`]
      : []),
    ...(coming.exits > 0n
      ? [`${coming.exits} payments of exits are not final yet: they are debited once they are.`]
      : []),
  ];
}

function lostSentences(lost: RestoreReport['lost']): string[] {
  if (lost === undefined) {
    return ['Which epochs, batches and orders those were nobody can tell: there are no indexes.'];
  }
  const { epochs, openBatches } = lost;
  const orders = epochs.reduce((sum, { orderIds }) => sum + orderIds.length, 0);
  const numbers = epochs.map(({ epochNumber }) => epochNumber).join(', ');
  return [
    epochs.length === 0
      ? 'The indexes know of no sealed epoch after it.'
      : `Sealed and not settled: epochs ${numbers} with ${orders} orders.`,
    ...(openBatches.length === 0
      ? []
      : [`Cleared in no sealed epoch: batches ${openBatches.join(', ')}.`]),
    'Orders that were accepted and had not cleared are void, and the indexes do not name them.',
  ];
}

function impossible(sentence: string): RecoveryFault {
  return new RecoveryFault('RECOVERY_NOT_POSSIBLE', sentence);
}
