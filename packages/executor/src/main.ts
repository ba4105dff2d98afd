import { DEMO_MARKET_ID } from '@lawbook/analytics/demoWorld';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { BookFlow } from './demo/bookFlow.ts';
import { demoBookInputs } from './demo/demoBookInputs.ts';
import { DemoFlow } from './demo/demoFlow.ts';
import { demoInputs } from './demo/demoWorld.ts';
import { recoverNative } from './gateways/recoverNative.ts';
import type { Gateways } from './gateways/startGateways.ts';
import { startGateways } from './gateways/startGateways.ts';
import { createLogger } from './metrics/logger.ts';
import type { Metrics } from './metrics/metrics.ts';
import { createMetrics } from './metrics/metrics.ts';
import { SettlementMeter } from './metrics/settlementMeter.ts';
import { VenueMeter } from './metrics/venueMeter.ts';
import { recordIncident } from './settlement/incidents.ts';
import { planSettlement } from './settlement/planSettlement.ts';
import type { SettlementPlan } from './settlement/settlementPlan.ts';
import type { Venue } from './venue.ts';
import type { WiredVenue } from './wiring.ts';
import { sessionKey, wireVenue } from './wiring.ts';

/** How to start a venue. */
export interface StartOptions {
  readonly config: Config;
  /** Standard error unless given. */
  readonly log?: Logger;
  readonly onProgress?: (progress: { readonly sequence: number; readonly last: number }) => void;
}

/** A venue that listens. */
export interface RunningVenue {
  readonly url: string;
  readonly venue: Venue;
  /** What the start found on disk. */
  readonly recovered: {
    readonly fromSnapshot: number;
    readonly replayed: number;
    readonly stateRoot: string;
  };
  /** Begins to build the page for people, so that the first visitor does not wait. */
  readonly preparePage: () => void;
  /** Stops admitting, drains, syncs, closes; safe to call twice. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a venue: recover, bring up the demo world on an empty one, listen, beat.
 *
 * @throws Fault of configuration, journal, storage, oracle or port.
 */
export async function startVenue(options: StartOptions): Promise<RunningVenue> {
  const { config } = options;
  const { token } = config.operator;
  const log =
    options.log ??
    createLogger({ level: config.log.level, secrets: token === undefined ? [] : [token] });
  const metrics = createMetrics();
  const meter = new VenueMeter(metrics);
  const settlementMeter = new SettlementMeter(metrics);
  const startedMs = performance.now();
  const plan = await planSettlement(config);
  const wired = await wireVenue(config, {
    log,
    plan,
    recover: recoverNative,
    onCleared: (batch) => meter.cleared(batch),
    onBroken: (batch) => meter.broken(batch),
    onGroup: (group) => meter.synced(group),
    onFault: (fault) => meter.fault(fault),
    onProved: (cost) => settlementMeter.proved(cost),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  metrics.replay.set((performance.now() - startedMs) / 1000);
  const { venue, recovered } = wired;
  const stateRoot = recovered.machine.root();
  log.info({ stateRoot, replayed: recovered.replayed }, 'state rebuilt');
  const running = new AbortController();
  const listen = async (): Promise<Gateways> => {
    await wired.oracle.start(running.signal);
    if (config.demo.enabled && venue.state.sequence === 0) await bringUpDemo(venue, config, plan);
    return await openGateways({ config, wired, log, metrics, meter, settlementMeter, token });
  };
  // What is open keeps the process alive: a start that fails leaves nothing running behind it.
  const gateways = await listen().catch(async (cause: unknown) => {
    venue.stopAdmitting();
    running.abort();
    await wired.oracle.stopped();
    await wired.close();
    metrics.close();
    throw cause;
  });
  startSettlement(wired, { config, log, meter: settlementMeter });
  const stopBeat = beat(wired, config, running.signal, log);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    log.info('stopping: no more orders are admitted');
    venue.stopAdmitting();
    running.abort();
    await stopBeat();
    await gateways.close();
    await wired.oracle.stopped();
    await wired.close();
    metrics.close();
    log.info('stopped');
  };
  return {
    url: gateways.url,
    preparePage: gateways.preparePage,
    venue,
    recovered: { fromSnapshot: recovered.fromSnapshot, replayed: recovered.replayed, stateRoot },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

interface GatewayParts {
  readonly config: Config;
  readonly wired: WiredVenue;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly meter: VenueMeter;
  readonly settlementMeter: SettlementMeter;
  readonly token: string | undefined;
}

function openGateways(parts: GatewayParts): Promise<Gateways> {
  const { config, wired, log, metrics, meter, settlementMeter, token } = parts;
  meter.watch(wired.venue, wired.journal, wired.oracle);
  if (wired.settlement !== undefined) settlementMeter.watch(wired.settlement);
  const render = (): Promise<string> => {
    meter.refresh();
    settlementMeter.refresh();
    return metrics.render();
  };
  return startGateways(wired.venue, {
    config,
    log,
    metrics: { ...metrics, render },
    sessionKey: sessionKey(config.dataDir),
    operatorToken: token,
  });
}

/**
 * Sequences the inputs of the demo world. They are the first ones, so none may be refused. All in
 * one turn of the event loop, so that they share one group of the journal: a crash finds the whole
 * demo world or none of it.
 */
async function bringUpDemo(
  venue: Venue,
  { market }: Config,
  plan: SettlementPlan | undefined,
): Promise<void> {
  // With a base layer the demo's money is deposited there and credited once that is final.
  const inputs = plan?.demoInputs(Date.now()) ?? demoInputs(Date.now(), market.batchIntervalMs);
  const assets = inputs.filter(({ kind }) => kind === 'registerAsset');
  const all = [...inputs, ...demoBookInputs(assets.length)];
  const results = await Promise.all(all.map((input) => venue.execute(input)));
  invariant(
    results.every((result) => result.ok),
    'the demo world fits an empty venue',
  );
}

/** Starts proving and settling, and lets the venue tell how far each epoch has come. */
function startSettlement(
  { venue, settlement }: WiredVenue,
  parts: { readonly config: Config; readonly log: Logger; readonly meter: SettlementMeter },
): void {
  const { config, log, meter } = parts;
  if (settlement === undefined) return;
  venue.subscribe((event) => {
    if (event.kind === 'epoch') settlement.announceEpoch();
  });
  settlement.start({
    onUnwound: () => meter.unwound(),
    onRecord: (record) => {
      meter.record(record);
      const { marketId, epochNumber } = record;
      venue.epoch(marketId, epochNumber).then(
        (sealed) => sealed !== undefined && venue.tell({ kind: 'epoch', record: sealed }),
        (cause: unknown) => log.error({ err: cause }, 'an epoch could not be told'),
      );
    },
    onStopped: (sentence) => {
      const { sequence, timeMs, markets } = venue.state;
      const path = recordIncident(config.dataDir, { atMs: timeMs, sequence, sentence });
      log.fatal({ path }, 'an incident was recorded; trading halts');
      for (const marketId of markets.keys()) {
        venue
          .execute({ kind: 'haltMarket', marketId, reason: sentence })
          .catch((cause: unknown) => {
            log.error({ err: cause }, 'a market could not be halted');
          });
      }
    },
  });
}

/** Lets batches close when they are due, and the simulated traders trade between. */
function beat(
  wired: WiredVenue,
  config: Config,
  signal: AbortSignal,
  log: Logger,
): () => Promise<void> {
  const { venue, scheduler } = wired;
  const { seed, ordersPerSecond } = config.demo;
  const flow =
    config.demo.enabled && config.demo.flow
      ? new DemoFlow(
          { marketId: DEMO_MARKET_ID, seed, ordersPerSecond },
          { venue, clock: Date.now },
        )
      : undefined;
  const bookFlow =
    flow === undefined
      ? undefined
      : new BookFlow({ seed, ordersPerSecond }, { venue, clock: Date.now });
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    if (signal.aborted) return;
    const dueMs = scheduler.tick();
    timer = setTimeout(tick, Math.min(dueMs, BEAT_MS_MAX));
  };
  let flowing: Promise<void> = Promise.resolve();
  const flowTimer = setInterval(() => {
    if (flow === undefined || signal.aborted) return;
    flowing = Promise.all([flow.tick(), bookFlow?.tick()])
      .then(() => undefined)
      .catch((fault: unknown) => log.warn({ err: fault }, 'the demo flow paused'));
  }, FLOW_MS);
  tick();
  return async () => {
    clearTimeout(timer);
    clearInterval(flowTimer);
    await flowing;
  };
}

const BEAT_MS_MAX = 100;
const FLOW_MS = 50;
