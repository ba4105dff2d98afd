import { join } from 'node:path';
import type { Clock } from '@lawbook/chains/environment';
import { InvariantViolation } from '@lawbook/exchange/failures/invariant';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { RecoverSigner } from '@lawbook/exchange/orders/signature';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { StateMachine } from '@lawbook/exchange/stateMachine';
import type { ProofCost } from '@lawbook/proofs/provers/honk/honkProver';
import type { Logger } from 'pino';
import { bookHealth } from './books/bookHealth.ts';
import type { Config } from './config/config.ts';
import type { Journal, SyncedGroup } from './journal/journal.ts';
import type { OpenedJournal } from './journal/openJournal.ts';
import { openJournal } from './journal/openJournal.ts';
import { SnapshotStore } from './journal/snapshots.ts';
import { createOracle } from './oracles/createOracle.ts';
import type { OracleAdapter } from './oracles/oracleAdapter.ts';
import { oracleClock } from './oracles/oracleClock.ts';
import type { BrokenBatch, ClearedBatch } from './pipeline.ts';
import { Pipeline } from './pipeline.ts';
import type { Projection } from './readModel/projection.ts';
import { Snapshotter } from './readModel/snapshotter.ts';
import { VenueIndex } from './readModel/venueIndex.ts';
import type { RecoveredVenue } from './recovery.ts';
import { recover } from './recovery.ts';
import { BatchScheduler } from './scheduler/batchScheduler.ts';
import { BookScheduler, EVENTS_PER_EPOCH_MAX } from './scheduler/bookScheduler.ts';
import { OracleBoard } from './scheduler/oracleBoard.ts';
import type { Sequenced } from './sequencer/sequencer.ts';
import { Sequencer } from './sequencer/sequencer.ts';
import { BridgePlaces } from './settlement/bridgePlaces.ts';
import { ListRecords } from './settlement/listRecords.ts';
import type { SettlementPlan } from './settlement/settlementPlan.ts';
import { SettlementService } from './settlement/settlementService.ts';
import { VenueEpochSource } from './settlement/venueEpochSource.ts';
import type { KeyValueStore } from './storage/keyValueStore.ts';
import { Venue } from './venue.ts';
import type { VenueEnvironment } from './venueEnvironment.ts';
import { machineEnvironment } from './venueEnvironment.ts';
import type { ComponentHealth } from './venueTypes.ts';

/** What the process around the venue provides. */
export interface WiringDependencies {
  readonly log: Logger;
  /** The machine's own unless given. */
  readonly environment?: VenueEnvironment;
  /** Where epochs settle; without it they are only checked. */
  readonly plan?: SettlementPlan | undefined;
  readonly recover: RecoverSigner;
  readonly onCleared?: (batch: ClearedBatch) => void;
  readonly onBroken?: (batch: BrokenBatch) => void;
  /** Called for every group of inputs that became durable. */
  readonly onGroup?: (group: SyncedGroup) => void;
  readonly onFault?: (fault: unknown) => void;
  /** Told what each proof cost. */
  readonly onProved?: (cost: ProofCost) => void;
  readonly onProgress?: (progress: { readonly sequence: number; readonly last: number }) => void;
}

/** A venue with all its parts connected, not yet listening. */
export interface WiredVenue {
  readonly venue: Venue;
  readonly scheduler: BatchScheduler;
  readonly oracle: OracleAdapter;
  readonly recovered: RecoveredVenue;
  readonly journal: Journal;
  /** Proves and settles, once it is started; undefined without a plan. */
  readonly settlement: SettlementService | undefined;
  /** The machine on which it runs. */
  readonly environment: VenueEnvironment;
  /** Drains and closes journal and index; the venue must have stopped admitting. */
  readonly close: () => Promise<void>;
}

/** The one place where the parts of a venue meet. */
export async function wireVenue(config: Config, deps: WiringDependencies): Promise<WiredVenue> {
  const { log, environment = machineEnvironment() } = deps;
  const { clock } = environment;
  const disks = await openDisks(config, deps, environment);
  const { domain, opened, index, snapshots, store } = disks;
  const { journal } = opened;
  const recovered = await recover({
    domain,
    journal,
    snapshots,
    index,
    ...(deps.onProgress === undefined ? {} : { onProgress: deps.onProgress }),
  }).catch(async (cause: unknown) => {
    await journal.close();
    await index.close();
    throw cause;
  });
  for (const note of recovered.notes) log.warn(note);
  const { machine, projection } = recovered;
  const oracle = createOracle(config.oracle, {
    clock: oracleClock(clock),
    fetch: environment.fetch,
    readText: environment.readText,
  });
  const oracles = new OracleBoard(oracle, machine.state.assets);
  const onFault = (fault: unknown): void => {
    if (fault instanceof InvariantViolation) throw fault;
    log.error({ err: fault }, 'a part of the venue failed');
    deps.onFault?.(fault);
  };
  const sequencer = new Sequencer({
    ...{ machine, journal, onFailure: onFault },
    clock: () => clock.nowMs(),
  });
  const settlement = createSettlement(config, deps, {
    store,
    index,
    machine,
    clock,
    execute: (input) => venue.execute(input),
  });
  const health = (): readonly ComponentHealth[] => {
    const beyond = settlement?.health() ?? beyondHealth();
    const markets = [...marketHealth(venue, oracles), ...bookHealth(venue)];
    return [...diskHealth(opened, index), ...markets, ...beyond];
  };
  const parts = { machine, sequencer, projection, index, oracles, recover: deps.recover };
  const venue: Venue = new Venue({ ...parts, settlement, health, onFault, clock });
  const snapshotter = new Snapshotter(recovered.fromSnapshot, {
    venue,
    journal,
    index,
    snapshots,
    everyInputs: config.journal.snapshotEveryInputs,
  });
  const scheduler = createScheduler(config, deps, { ...parts, venue, snapshotter, onFault, clock });
  const close = async (): Promise<void> => {
    await settlement?.close();
    await venue.books.twaps.close();
    await snapshotter.save().catch(onFault);
    await journal.close();
    await index.close();
  };
  return { venue, scheduler, oracle, recovered, journal, settlement, environment, close };
}

interface SchedulerParts {
  readonly machine: StateMachine;
  readonly sequencer: Sequencer;
  readonly oracles: OracleBoard;
  readonly projection: Projection;
  readonly venue: Venue;
  readonly snapshotter: Snapshotter;
  readonly clock: Clock;
  readonly onFault: (fault: unknown) => void;
}

function createScheduler(
  config: Config,
  deps: WiringDependencies,
  parts: SchedulerParts,
): BatchScheduler {
  const { machine, sequencer, oracles, projection, venue, snapshotter, clock, onFault } = parts;
  const { log, plan } = deps;
  const stopwatch = (): number => clock.elapsedMs();
  const pipeline = new Pipeline({
    machine,
    sequencer,
    batchesPerEpoch: config.market.batchesPerEpoch,
    stopwatch,
    ...(plan !== undefined && {
      proving: {
        unprovable: plan.unprovable,
        openTransitions: (marketId) => projection.openTransitions(marketId),
        onSealed: (sealed) => venue.record(sealed),
      },
    }),
  });
  const onSequenced = (sequenced: Sequenced): void => venue.record(sequenced);
  const { epochSealAfterMs } = config.market;
  const books = new BookScheduler({
    ...{ machine, sequencer, oracles, stopwatch, epochSealAfterMs, onSequenced },
    eventsPerEpochMax: EVENTS_PER_EPOCH_MAX,
    judged: venue.books,
    twaps: venue.books.twaps,
    onBroken: ({ marketId, epochNumber, violations, reason }) => {
      log.fatal({ marketId, epochNumber, violations }, `book halted: ${reason}`);
    },
  });
  return new BatchScheduler({
    machine,
    sequencer,
    pipeline,
    oracles,
    stopwatch,
    epochSealAfterMs,
    books,
    withdrawalsWait: () => plan !== undefined && machine.state.baseLayer.pending.length > 0,
    onSequenced,
    onCleared: (batch) => {
      venue.record(batch.cleared, batch.verdicts);
      if (batch.sealed !== undefined) venue.record(batch.sealed);
      deps.onCleared?.(batch);
      snapshotter.saveWhenDue().catch(onFault);
    },
    onBroken: (broken) => {
      const { halted, transition, reason, violations } = broken;
      if (halted !== undefined) venue.record(halted);
      deps.onBroken?.(broken);
      const { marketId } = transition.parameters;
      const batch = transition.batchNumber;
      log.fatal({ marketId, batch, violations }, `market halted: ${reason}`);
    },
    onWaiting: (marketId, reason) => log.warn({ marketId, reason }, 'a batch has to wait'),
  });
}

interface SettlementParts {
  readonly store: KeyValueStore;
  readonly index: VenueIndex;
  readonly machine: StateMachine;
  readonly clock: Clock;
  readonly execute: Venue['execute'];
}

function createSettlement(
  config: Config,
  { plan, log, onProved = () => undefined }: WiringDependencies,
  { store, index, machine, clock, execute }: SettlementParts,
): SettlementService | undefined {
  if (plan === undefined) return undefined;
  const { exposure, marketId } = config.settlement;
  const records = new ListRecords(store);
  const places = new BridgePlaces(store);
  const source = new VenueEpochSource(marketId, index);
  return new SettlementService({
    marketId,
    exposure: {
      unsettledListsMax: exposure.unsettledEpochsMax,
      unsettledAgeMsMax: exposure.unsettledAgeMsMax,
    },
    minimumFillsMax: plan.minimumFillsMax,
    unprovableParameters: plan.unprovableParameters,
    clock,
    log,
    source,
    record: (listNumber) => records.get(listNumber),
    open: (events) => {
      const parts = { machine, source, store: records, places, execute };
      return plan.open({ ...parts, log, onProved, ...events });
    },
  });
}

interface Disks {
  readonly domain: VenueDomain;
  readonly store: KeyValueStore;
  readonly opened: OpenedJournal;
  readonly index: VenueIndex;
  readonly snapshots: SnapshotStore;
}

async function openDisks(
  config: Config,
  deps: WiringDependencies,
  environment: VenueEnvironment,
): Promise<Disks> {
  const domain = deps.plan?.domain ?? {
    chainId: BigInt(config.venue.chainId),
    address: accountId(config.venue.address),
  };
  const { disk, processes, clock } = environment;
  await environment.prepareDirectory(config.dataDir);
  deps.plan?.prepare?.();
  const directory = join(config.dataDir, 'journal');
  const opened = await openJournal({
    directory,
    venueId: `${domain.chainId}:${domain.address}`,
    segmentBytesMax: config.journal.segmentBytes,
    pendingRecordsMax: config.journal.queueRecordsMax,
    pendingBytesMax: config.journal.queueBytesMax,
    ...{ disk, processes, randomBytes: environment.randomBytes },
    stopwatch: () => clock.elapsedMs(),
    ...(deps.onGroup === undefined ? {} : { onGroup: deps.onGroup }),
  });
  logRecovery(deps.log, opened);
  const store = await environment.openStore(config).catch(async (cause: unknown) => {
    await opened.journal.close();
    throw cause;
  });
  const index = new VenueIndex(store);
  return { domain, store, opened, index, snapshots: new SnapshotStore({ directory, disk }) };
}

function logRecovery(log: Logger, { recovery }: OpenedJournal): void {
  const { torn, staleLocksRemoved, closeMark, records, segments } = recovery;
  log.info({ records, segments, closeMark }, 'journal opened');
  if (torn !== undefined) log.warn({ ...torn }, 'a torn tail, never acknowledged, was cut off');
  for (const lock of staleLocksRemoved)
    log.warn({ lock }, 'the lock of a dead process was removed');
}

function diskHealth(
  { journal }: OpenedJournal,
  { failure: broken }: VenueIndex,
): ComponentHealth[] {
  const { state, sequence, failure, pendingRecords } = journal.health();
  const detail =
    failure === undefined
      ? `durable up to input ${sequence}, ${pendingRecords} waiting`
      : `${failure.message} Admission stopped; nothing acknowledged is lost.`;
  const index =
    broken === undefined ? 'indexes are written' : 'indexes failed; restart rebuilds them';
  return [
    { name: 'journal', state: state === 'open' ? 'ready' : 'unready', detail },
    { name: 'storage', state: broken === undefined ? 'ready' : 'unready', detail: index },
  ];
}

function marketHealth(venue: Venue, oracles: OracleBoard): ComponentHealth[] {
  const { ready, refusals, adapter, ageMs } = oracles.health();
  const why = refusals.map(({ code, field }) => `${code} (${field})`).join(', ');
  const oracle: ComponentHealth = {
    name: 'oracle',
    state: ready ? 'ready' : 'unready',
    detail: ready
      ? `${adapter}, oldest mid ${ageMs} ms old`
      : `${adapter}: ${why || 'no mids yet'}`,
  };
  const markets = [...venue.state.markets.values()].map((market): ComponentHealth => {
    const { haltReason, marketId, batch } = market;
    return {
      name: 'market',
      state: haltReason === undefined ? 'ready' : 'unready',
      detail: `market ${marketId}: ${haltReason ?? `batch ${batch.number} ${batch.phase}`}`,
    };
  });
  return [oracle, ...markets];
}

function beyondHealth(): ComponentHealth[] {
  return [
    { name: 'prover', state: 'notConfigured', detail: 'epochs are checked, not proven' },
    { name: 'baseLayer', state: 'notConfigured', detail: 'epochs are not settled anywhere' },
  ];
}
