import type { ChainEngine } from '../chainEngine.ts';
import { openChainEngine } from '../chainEngine.ts';
import type { EndpointOptions } from '../endpoints/createEndpointPool.ts';
import { httpTransport } from '../endpoints/httpTransport.ts';
import type { Transport } from '../endpoints/transport.ts';
import type { WebSocketTransport } from '../endpoints/webSocketTransport.ts';
import { webSocketTransport } from '../endpoints/webSocketTransport.ts';
import type { Environment } from '../environment.ts';
import { systemEnvironment } from '../environment.ts';
import type { Alert } from '../lanes/alert.ts';
import { openEnvironmentKey } from '../signers/environmentKey.ts';
import { guardedSigner } from '../signers/guardedSigner.ts';
import { openKeyFile } from '../signers/keyFile.ts';
import type { TransactionSigner } from '../signers/transactionSigner.ts';
import type { ChainStore } from '../stores/chainStore.ts';
import { openStore } from '../stores/openStore.ts';
import type { ChainTrackerOptions } from '../tracker/createChainTracker.ts';
import { wakeOnHeads } from '../tracker/heads.ts';
import type { StartLimits, StartReport } from './checkStart.ts';
import { checkStart, startFault } from './checkStart.ts';
import type { EngineSettings, SignerSettings } from './engineSettings.ts';
import { readServerTime } from './serverTime.ts';

/** What a start may be told besides its configuration. */
export interface StartOptions {
  /** Names this process in leases. Unique per process: who takes a name takes its leases. */
  readonly owner: string;
  readonly environment?: Environment;
  /** Where signers of the kind `environment` find their keys; those of this process otherwise. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  readonly limits?: Partial<StartLimits>;
  readonly onAlert?: (alert: Alert) => void;
  /** Of an embedded chain: the newest block that a crash of its process cannot take. */
  readonly durable?: NonNullable<ChainTrackerOptions['durable']>;
}

/** A running engine with what its start found. */
export interface StartedEngine {
  readonly engine: ChainEngine;
  readonly report: StartReport;
  /** Ends the engine, then closes its store. */
  close(): Promise<void>;
}

/**
 * Starts an engine from its configuration, after looking at everything that it needs.
 *
 * @throws ChainFault CHAIN_CONFIG_INVALID that names every problem, each with what to do: a URL
 *   that is none, an endpoint of another chain, an unfunded signer, a key that cannot be read, a
 *   clock that is off, a store that cannot be written.
 */
export async function startChainEngine(
  settings: EngineSettings,
  options: StartOptions,
): Promise<StartedEngine> {
  const environment = options.environment ?? systemEnvironment();
  const open = (signer: SignerSettings): (() => Promise<TransactionSigner>) => {
    return () => openSigner(signer, options.variables ?? process.env);
  };
  const report = await checkStart(
    {
      chainId: settings.chain.id,
      endpoints: settings.endpoints.map(namedUrl),
      signers: settings.signers.map((signer) => ({ ...signer, open: open(signer) })),
      openStore: () => openStore(settings.store, environment),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    },
    {
      environment,
      connect: (url) => httpTransport({ url: url.href }, { environment }),
      serverTime: readServerTime,
    },
  );
  const problem = startFault(report);
  if (problem !== undefined) throw problem;
  const signers = await Promise.all(settings.signers.map((signer) => open(signer)()));
  const store = await openStore(settings.store, environment);
  return await run({ settings, options, environment, report, signers, store });
}

function namedUrl(endpoint: EngineSettings['endpoints'][number]): {
  readonly name?: string;
  readonly url: string;
} {
  const { name, url } = endpoint;
  return name === undefined ? { url } : { name, url };
}

async function openSigner(
  { keyFile, environment }: SignerSettings,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<TransactionSigner> {
  if (keyFile !== undefined) return await openKeyFile(keyFile);
  return openEnvironmentKey(environment ?? '', variables);
}

async function run(parts: {
  readonly settings: EngineSettings;
  readonly options: StartOptions;
  readonly environment: Environment;
  readonly report: StartReport;
  readonly signers: readonly TransactionSigner[];
  readonly store: ChainStore;
}): Promise<StartedEngine> {
  const { settings, options, environment, report, store } = parts;
  const { chain, fees, lane, policy, simulation } = settings;
  const guard = { ...policy, chainId: chain.id, feeMax: undefined };
  try {
    const places = settings.endpoints.map((endpoint) => reach(endpoint, environment));
    const sockets = places.flatMap(({ socket }) => (socket === undefined ? [] : [socket]));
    const relay = settings.privateRelay && relayTo(settings.privateRelay, environment);
    const engine = await openChainEngine(
      {
        pool: {
          chainId: chain.id,
          endpoints: places.map(({ endpoint }) => endpoint),
          ...(relay === undefined ? {} : { privateRelay: relay }),
        },
        signers: parts.signers.map((signer) => guardedSigner(signer, guard)),
        owner: options.owner,
        lane,
        fees,
        policy,
        simulation,
        ...(options.onAlert === undefined ? {} : { onAlert: options.onAlert }),
        ...(options.durable === undefined ? {} : { tracker: { durable: options.durable } }),
      },
      { store, environment, wake: wakeOnHeads(sockets) },
    );
    const close = async (): Promise<void> => {
      try {
        await engine.close();
      } finally {
        await store.close();
      }
    };
    return { engine, report, close };
  } catch (failure) {
    await store.close();
    throw failure;
  }
}

function reach(
  settings: EngineSettings['endpoints'][number],
  environment: Environment,
): { readonly endpoint: EndpointOptions; readonly socket: WebSocketTransport | undefined } {
  const { webSocketUrl, limits, weight } = settings;
  const transport = httpTransport(namedUrl(settings), { environment });
  const endpoint = { transport, limits, weight };
  if (webSocketUrl === undefined) return { endpoint, socket: undefined };
  const named = { url: webSocketUrl, name: transport.name };
  const socket = webSocketTransport(named, { environment });
  return { endpoint: { ...endpoint, webSocket: socket }, socket };
}

function relayTo(
  { name, url }: NonNullable<EngineSettings['privateRelay']>,
  environment: Environment,
): Transport {
  return httpTransport(name === undefined ? { url } : { name, url }, { environment });
}
