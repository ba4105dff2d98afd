import { readFileSync } from 'node:fs';
import { Fault } from '@lawbook/exchange/failures/fault';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { stopProcess } from '../stopProcess.ts';
import type { VenueService } from '../venueService.ts';
import type { GatewayOptions } from './gatewayOptions.ts';
import { GATEWAY_PRESETS } from './gatewayOptions.ts';
import type { Gateways } from './openGateways.ts';
import { openGateways } from './openGateways.ts';

export type { Gateways } from './openGateways.ts';

/** What the wiring of a venue hands to its gateways. */
export interface GatewayWiring {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** 32 secret bytes behind session secrets. */
  readonly sessionKey: Uint8Array;
  readonly operatorToken: string | undefined;
  /** Milliseconds since 1970; the machine's own clock unless given. */
  readonly clock?: () => number;
  /** Called with a broken invariant; ends the process unless given. */
  readonly stop?: (cause: unknown) => void;
}

/**
 * Opens the gateways of a configured venue.
 *
 * @throws Fault GATEWAY_PORT_TAKEN, GATEWAY_TLS_UNREADABLE.
 */
export function startGateways(venue: VenueService, wiring: GatewayWiring): Promise<Gateways> {
  const { log, metrics, clock = Date.now, stop = stopProcess } = wiring;
  const options = gatewayOptions(wiring);
  return openGateways(venue, options, { log, metrics, clock, stop });
}

/** The options of the gateways that a configuration stands for. */
export function gatewayOptions(
  wiring: Pick<GatewayWiring, 'config' | 'sessionKey' | 'operatorToken'>,
): GatewayOptions {
  const { http, limits, sessions } = wiring.config;
  const { certFile, keyFile } = http.tls;
  const tls =
    certFile === undefined || keyFile === undefined
      ? undefined
      : { cert: readPem(certFile), key: readPem(keyFile) };
  return {
    ...GATEWAY_PRESETS,
    host: http.host,
    port: http.port,
    dataFolder: wiring.config.dataDir,
    tls,
    trustProxy: http.trustProxy,
    corsOrigins: http.corsOrigins,
    bodyBytesMax: http.bodyBytesMax,
    bodyDepthMax: limits.bodyDepthMax,
    ordersPerRequestMax: limits.batchSubmitMax,
    accountBucket: limits.account,
    addressBucket: limits.address,
    sessionTtlMsMax: sessions.ttlMsMax,
    sessionKey: wiring.sessionKey,
    operatorToken: wiring.operatorToken,
  };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Fault(`The TLS file ${path} cannot be read. Check http.tls and its permissions.`, {
      code: 'GATEWAY_TLS_UNREADABLE',
      fields: { path },
      cause,
    });
  }
}
