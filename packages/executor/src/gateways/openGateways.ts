import type { AddressInfo } from 'node:net';
import { openApiDocument } from '@lawbook/api/schema/openApi';
import { ROUTES } from '@lawbook/api/schema/routeTable';
import { Fault } from '@lawbook/exchange/failures/fault';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { FastifyInstance } from 'fastify';
import type { VenueService } from '../venueService.ts';
import { BookIntake } from './bookIntake.ts';
import type { HyperliquidDialect } from './dialects/hyperliquid/hyperliquidDialect.ts';
import { mountHyperliquid } from './dialects/hyperliquid/hyperliquidDialect.ts';
import type { GatewayCore } from './gatewayCore.ts';
import { createCore } from './gatewayCore.ts';
import type { GatewayDependencies, GatewayOptions } from './gatewayOptions.ts';
import { accountEndpoints, operationsEndpoints } from './http/accountEndpoints.ts';
import { bookEndpoints } from './http/bookEndpoints.ts';
import { crossingEndpoints } from './http/crossingEndpoints.ts';
import { mountDocs } from './http/docsPage.ts';
import type { Endpoint } from './http/endpoint.ts';
import { createHttpServer, serverOf } from './http/httpServer.ts';
import {
  epochEndpoints,
  marketEndpoints,
  priceEndpoints,
  recordEndpoints,
} from './http/marketEndpoints.ts';
import { operatorEndpoints } from './http/operatorEndpoints.ts';
import { orderEndpoints } from './http/orderEndpoints.ts';
import { settlementEndpoints } from './http/settlementEndpoints.ts';
import { twapEndpoints } from './http/twapEndpoints.ts';
import type { MountedPage } from './http/webPage.ts';
import { mountPage } from './http/webPage.ts';
import { MidsBoard } from './midsBoard.ts';
import { OrderIntake } from './orderIntake.ts';
import { WebSocketGateway } from './webSocket/webSocketGateway.ts';

/** The gateways of a venue while they listen. */
export interface Gateways {
  /** Base address, without a slash at the end. */
  readonly url: string;
  /** Begins to build the page for people, so that the first visitor does not wait. */
  readonly preparePage: () => void;
  /** Stops admitting, answers what is in flight, closes connections with a reason. Safe twice. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the HTTP and WebSocket gateways of a venue.
 *
 * @throws Fault GATEWAY_PORT_TAKEN when nothing can listen there.
 */
export async function openGateways(
  venue: VenueService,
  options: GatewayOptions,
  dependencies: GatewayDependencies,
): Promise<Gateways> {
  const core = createCore(venue, options, dependencies);
  const intake = new OrderIntake(core);
  const bookIntake = new BookIntake(core);
  const mids = new MidsBoard();
  const stopMids = mids.listen(venue, dependencies.clock);
  const endpoints = [
    ...marketEndpoints(core),
    ...priceEndpoints(core, mids),
    ...recordEndpoints(core),
    ...epochEndpoints(core),
    ...orderEndpoints(core, intake),
    ...bookEndpoints(core, bookIntake),
    ...twapEndpoints(core),
    ...accountEndpoints(core, intake),
    ...crossingEndpoints(core, intake),
    ...operatorEndpoints(core, intake),
    ...operationsEndpoints(core),
    ...settlementEndpoints(core),
  ];
  checkComplete(endpoints);
  const app = await createHttpServer(core, endpoints);
  await mountDocs(app, openApiDocument(options.version));
  const hyperliquid = mountHyperliquid(app, core, bookIntake);
  const page = mountPage(app, { dataFolder: options.dataFolder, log: dependencies.log });
  const webSockets = new WebSocketGateway(core, { intake, bookIntake, mids });
  webSockets.attach(serverOf(app), [hyperliquid.path]);
  hyperliquid.attach(serverOf(app));
  const url = await listen(app, options);
  dependencies.log.info({ url }, 'listening');
  let closing: Promise<void> | undefined;
  return {
    url,
    preparePage: page.prepare,
    close: () => {
      closing ??= closeAll({ core, app, webSockets, hyperliquid, page }).finally(stopMids);
      return closing;
    },
  };
}

interface OpenParts {
  readonly core: GatewayCore;
  readonly app: FastifyInstance;
  readonly webSockets: WebSocketGateway;
  readonly hyperliquid: HyperliquidDialect;
  readonly page: MountedPage;
}

/** In this order: no new writes, those in flight answered, then the connections. */
async function closeAll({ core, app, webSockets, hyperliquid, page }: OpenParts): Promise<void> {
  const server = serverOf(app);
  await page.close();
  webSockets.warn();
  const drained = core.gate.close();
  await bounded(drained, core.options.closeTimeoutMs);
  const sockets = Promise.all([webSockets.close(), hyperliquid.close()]);
  const closed = sockets.then(() => app.close());
  await bounded(closed, core.options.closeTimeoutMs, () => server.closeAllConnections());
  await closed;
}

/** Waits for a promise, but not longer than the time allows. */
async function bounded(
  promise: Promise<void>,
  timeoutMs: number,
  late?: () => void,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      late?.();
      resolve();
    }, timeoutMs);
  });
  await Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

async function listen(app: FastifyInstance, options: GatewayOptions): Promise<string> {
  const { host, port, tls } = options;
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw new Fault(`Nothing can listen on ${host}:${port}. Choose another http.port.`, {
      code: 'GATEWAY_PORT_TAKEN',
      fields: { host, port },
      cause,
    });
  }
  const address = serverOf(app).address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `${tls === undefined ? 'http' : 'https'}://${name}:${address.port}`;
}

/** Every documented route is served, and nothing else is. */
function checkComplete(endpoints: readonly Endpoint[]): void {
  const served = endpoints.map(({ route }) => route.id).sort();
  const documented = ROUTES.map(({ id }) => id).sort();
  invariant(served.join() === documented.join(), 'the served routes are the documented routes');
}
