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
import { beat } from './scheduler/beat.ts';
import { openSessionKey } from './sessionKey.ts';
import { followSettlement } from './settlement/followSettlement.ts';
import { planSettlement } from './settlement/planSettlement.ts';
import type { SettlementPlan } from './settlement/settlementPlan.ts';
import type { Venue } from './venue.ts';
import { machineEnvironment } from './venueEnvironment.ts';
import type { WiredVenue } from './wiring.ts';
import { wireVenue } from './wiring.ts';

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
  const environment = machineEnvironment();
  const startedMs = environment.clock.elapsedMs();
  const plan = await planSettlement(config);
  const wired = await wireVenue(config, {
    log,
    environment,
    plan,
    recover: recoverNative,
    onCleared: (batch) => meter.cleared(batch),
    onBroken: (batch) => meter.broken(batch),
    onGroup: (group) => meter.synced(group),
    onFault: (fault) => meter.fault(fault),
    onProved: (cost) => settlementMeter.proved(cost),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  metrics.replay.set((environment.clock.elapsedMs() - startedMs) / 1000);
  const { venue, recovered } = wired;
  const stateRoot = recovered.machine.root();
  log.info({ stateRoot, replayed: recovered.replayed }, 'state rebuilt');
  const running = new AbortController();
  const listen = async (): Promise<Gateways> => {
    await wired.oracle.start(running.signal);
    if (config.demo.enabled && venue.state.sequence === 0) await bringUpDemo(wired, config, plan);
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
  followSettlement(wired, { dataDir: config.dataDir, log, watch: settlementMeter });
  const beating = beat(wired.scheduler, environment.clock, running.signal);
  const stopFlow = startFlow(wired, config, running.signal, log);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    log.info('stopping: no more orders are admitted');
    venue.stopAdmitting();
    running.abort();
    await stopFlow();
    await beating;
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

async function openGateways(parts: GatewayParts): Promise<Gateways> {
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
    clock: () => wired.environment.clock.nowMs(),
    sessionKey: await openSessionKey(config.dataDir, wired.environment),
    operatorToken: token,
  });
}

/**
 * Sequences the inputs of the demo world. They are the first ones, so none may be refused. All in
 * one turn of the event loop, so that they share one group of the journal: a crash finds the whole
 * demo world or none of it.
 */
async function bringUpDemo(
  { venue, environment }: WiredVenue,
  { market }: Config,
  plan: SettlementPlan | undefined,
): Promise<void> {
  // With a base layer the demo's money is deposited there and credited once that is final.
  const nowMs = environment.clock.nowMs();
  const inputs = plan?.demoInputs(nowMs) ?? demoInputs(nowMs, market.batchIntervalMs);
  const assets = inputs.filter(({ kind }) => kind === 'registerAsset');
  const all = [...inputs, ...demoBookInputs(assets.length)];
  const results = await Promise.all(all.map((input) => venue.execute(input)));
  invariant(
    results.every((result) => result.ok),
    'the demo world fits an empty venue',
  );
}

/** Lets the simulated traders of the demo world trade. @returns what stops them. */
function startFlow(
  { venue, environment }: WiredVenue,
  { demo }: Config,
  signal: AbortSignal,
  log: Logger,
): () => Promise<void> {
  if (!demo.enabled || !demo.flow) return () => Promise.resolve();
  const { seed, ordersPerSecond } = demo;
  const parts = { venue, clock: () => environment.clock.nowMs() };
  const flow = new DemoFlow({ marketId: DEMO_MARKET_ID, seed, ordersPerSecond }, parts);
  const bookFlow = new BookFlow({ seed, ordersPerSecond }, parts);
  let flowing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    if (signal.aborted) return;
    flowing = Promise.all([flow.tick(), bookFlow.tick()])
      .then(() => undefined)
      .catch((fault: unknown) => log.warn({ err: fault }, 'the demo flow paused'));
  }, FLOW_MS);
  return async () => {
    clearInterval(timer);
    await flowing;
  };
}

const FLOW_MS = 50;
