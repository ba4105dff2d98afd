import type { Logger } from 'pino';
import type { Metrics } from '../metrics/metrics.ts';

/** A bucket that refills at `ratePerSecond` and holds at most `burst` tokens. */
export interface TokenBucketOptions {
  readonly ratePerSecond: number;
  readonly burst: number;
}

/** Bounds of the WebSocket. */
export interface WebSocketOptions {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly frameBytesMax: number;
  /** Messages that one connection may send. */
  readonly messages: TokenBucketOptions;
  /** Events that a channel keeps for catching up. */
  readonly ringSize: number;
  readonly channelsPerConnectionMax: number;
  /** Channels kept in all; those without readers make room. */
  readonly channelsMax: number;
  /** Unsent bytes at which a consumer is warned, and at which it is dropped. */
  readonly warnBytes: number;
  readonly dropBytes: number;
  readonly heartbeatMs: number;
  /** How long a closing connection may take to read what was sent. */
  readonly closeGraceMs: number;
}

/** Everything that the gateways need to know; the wiring maps the configuration to it. */
export interface GatewayOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** PEM texts; undefined to serve in the clear. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** One proxy in front is believed about the address of the client. */
  readonly trustProxy: boolean;
  readonly corsOrigins: readonly string[];
  readonly version: string;
  /** Keeps the built page where the installation is read-only. */
  readonly dataFolder: string;

  readonly bodyBytesMax: number;
  readonly bodyDepthMax: number;
  readonly ordersPerRequestMax: number;
  readonly accountBucket: TokenBucketOptions;
  readonly addressBucket: TokenBucketOptions;
  /** Keys that a set of buckets remembers. */
  readonly bucketKeysMax: number;
  /** Writes that were taken and not answered yet; beyond it orders are not received. */
  readonly writesInFlightMax: number;
  readonly connectionsMax: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** How often slow requests are looked for. */
  readonly slowCheckIntervalMs: number;
  /** Longest wait of `?atLeast=`, and how many reads may wait at once. */
  readonly atLeastWaitMsMax: number;
  readonly readsWaitingMax: number;
  /** How long closing may take before connections are cut. */
  readonly closeTimeoutMs: number;

  /** Bearer token of the operator; undefined disables the role. */
  readonly operatorToken: string | undefined;
  /** 32 secret bytes from which session secrets are derived; the same after a restart. */
  readonly sessionKey: Uint8Array;
  readonly sessionTtlMsMax: number;
  readonly sessionsPerOwnerMax: number;
  /** How far a request's time may be from ours, either way. */
  readonly sessionSkewMs: number;
  readonly webSocket: WebSocketOptions;
}

/** What the gateways are given to work with. */
export interface GatewayDependencies {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Called with a broken invariant after the request that met it was answered. */
  readonly stop: (cause: unknown) => void;
}

/** Options without those that only a configuration can know. */
export const GATEWAY_PRESETS: Omit<GatewayOptions, 'host' | 'port' | 'sessionKey' | 'dataFolder'> =
  {
    tls: undefined,
    trustProxy: false,
    corsOrigins: [],
    version: '0.1.0',
    bodyBytesMax: 1_048_576,
    bodyDepthMax: 16,
    ordersPerRequestMax: 500,
    accountBucket: { ratePerSecond: 200, burst: 1000 },
    addressBucket: { ratePerSecond: 500, burst: 2000 },
    bucketKeysMax: 100_000,
    writesInFlightMax: 8192,
    connectionsMax: 10_000,
    headersTimeoutMs: 5000,
    requestTimeoutMs: 15_000,
    keepAliveTimeoutMs: 30_000,
    slowCheckIntervalMs: 1000,
    atLeastWaitMsMax: 5000,
    readsWaitingMax: 4096,
    closeTimeoutMs: 5000,
    operatorToken: undefined,
    sessionTtlMsMax: 86_400_000,
    sessionsPerOwnerMax: 32,
    sessionSkewMs: 30_000,
    webSocket: {
      connectionsMax: 5000,
      connectionsPerAddressMax: 200,
      frameBytesMax: 262_144,
      messages: { ratePerSecond: 500, burst: 2000 },
      ringSize: 1024,
      channelsPerConnectionMax: 64,
      channelsMax: 20_000,
      warnBytes: 1_048_576,
      dropBytes: 8_388_608,
      heartbeatMs: 15_000,
      closeGraceMs: 2000,
    },
  };
