import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Hex } from 'viem';
import { keccak256 } from 'viem';
import { WebSocketServer } from 'ws';
import { CallMeter } from './callMeter.ts';
import type { FaultRule, ProxyCall, ProxyFault } from './faultPlan.ts';
import { FaultPlan } from './faultPlan.ts';
import type { GethMempool } from './gethMempool.ts';
import type { HeadView } from './staleView.ts';
import { answerStale } from './staleView.ts';
import type { NodeAnswer } from './upstream.ts';
import { readAll, Upstream } from './upstream.ts';
import type { FrameFaults } from './webSocketFaults.ts';
import { bridge } from './webSocketFaults.ts';

/** How a proxy is made. */
export interface FaultProxyOptions {
  /** Stands for the host of an endpoint in logs and failures of tests. */
  readonly name: string;
  /** HTTP address of the node behind. */
  readonly upstream: string;
  /** Shared by the proxies of one chain; without it raw transactions go straight through. */
  readonly mempool?: GethMempool;
  readonly rules?: readonly FaultRule[];
}

/** Starts a proxy on a free loopback port. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new FaultProxy(options);
  await proxy.accept();
  return proxy;
}

/**
 * A node with faults: JSON-RPC over HTTP and WebSocket in front of a real one. What goes wrong is
 * said by rules (`plan`) and by switches that tests turn while calls run.
 */
export class FaultProxy {
  readonly name: string;
  readonly plan: FaultPlan = new FaultPlan();
  readonly meter: CallMeter = new CallMeter();
  readonly upstream: Upstream;
  /** How much of the chain it shows. */
  view: HeadView = { kind: 'live' };
  /** Chain that it claims to be on, where that is a lie. */
  chainIdShown: number | undefined;
  frames: FrameFaults = {};
  readonly #mempool: GethMempool | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #webSockets = new WebSocketServer({ noServer: true });
  #server: Server | undefined;
  #port = 0;
  #frameCount = 0;

  constructor(options: FaultProxyOptions) {
    this.name = options.name;
    this.upstream = new Upstream(options.upstream);
    this.#mempool = options.mempool;
    for (const rule of options.rules ?? []) this.plan.add(rule);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get webSocketUrl(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** WebSocket clients that are connected now. */
  get webSocketClients(): number {
    return this.#webSockets.clients.size;
  }

  /** Listens, on the port that it had before if there was one. */
  async accept(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((request, response) => {
      this.#answerHttp(request, response).catch(() => request.socket.destroy());
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('upgrade', (request, socket, head) => {
      this.#webSockets.handleUpgrade(request, socket, head, (client) => {
        bridge(client, {
          upstreamUrl: this.upstream.url.replace(/^http/, 'ws'),
          frameFaults: () => this.frames,
          nextFrame: () => {
            this.#frameCount += 1;
            return this.#frameCount;
          },
          answer: (call) => this.#answerWebSocket(call),
        });
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Refuses connections from now on and resets those that are open. */
  async refuse(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    this.dropConnections();
    await closed;
  }

  /** Resets every open connection, WebSockets included; new ones are welcome. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    await this.refuse();
    this.upstream.close();
  }

  async #answerHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = JSON.parse(await readAll(request)) as {
      id: number;
      method: string;
      params?: unknown[];
    };
    const call: ProxyCall = { method: asked.method, params: asked.params ?? [], over: 'http' };
    const retryAfter = this.meter.admit(call.method);
    const fault: ProxyFault | undefined =
      retryAfter === undefined
        ? this.plan.faultFor(call)
        : { kind: 'rateLimited', retryAfterSeconds: retryAfter };
    this.meter.record(call.method, retryAfter === undefined ? fault?.kind : 'overLimit');
    if (fault?.kind === 'rateLimited' || fault?.kind === 'httpStatus') {
      return refuseHttp(response, fault);
    }
    const answer = await this.#answer(call, fault);
    if (answer === 'hang') return;
    if (answer === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    response.setHeader('content-type', 'application/json');
    if (answer === 'garbage') {
      response.end('<html><body>502</body></html>');
      return;
    }
    const id = fault?.kind === 'wrongId' ? asked.id + 1_000_003 : asked.id;
    const body = JSON.stringify({ jsonrpc: '2.0', id, ...answer });
    if (fault?.kind !== 'truncated') {
      response.end(body);
      return;
    }
    response.setHeader('content-length', Buffer.byteLength(body));
    response.write(body.slice(0, Math.max(1, body.length >> 1)), () => request.socket.destroy());
  }

  #answerWebSocket(call: ProxyCall): Promise<NodeAnswer | 'hang' | 'reset' | 'garbage'> {
    const fault = this.plan.faultFor(call);
    this.meter.record(call.method, fault?.kind);
    if (fault?.kind === 'rateLimited') return Promise.resolve(OVER_LIMIT);
    if (fault?.kind === 'httpStatus' || fault?.kind === 'truncated') {
      return Promise.resolve('garbage');
    }
    return this.#answer(call, fault);
  }

  async #answer(
    call: ProxyCall,
    fault: ProxyFault | undefined,
  ): Promise<NodeAnswer | 'hang' | 'reset' | 'garbage'> {
    switch (fault?.kind) {
      case 'resetBefore':
        return 'reset';
      case 'garbage':
        return 'garbage';
      case 'result':
        return { result: fault.result };
      case 'dropBroadcast':
        return { result: keccak256(call.params[0] as Hex) };
      case 'delay':
        await pause(fault.ms);
        return this.#askNode(call);
      case 'hang':
        if (fault.forward) await this.#askNode(call);
        return 'hang';
      case 'resetAfter':
        await this.#askNode(call);
        return 'reset';
      case 'rpcError': {
        if (fault.forward === true) await this.#askNode(call);
        const { code, message, detail } = fault;
        return { error: { code, message, ...(detail === undefined ? {} : { data: detail }) } };
      }
      default:
        return this.#askNode(call);
    }
  }

  /** What the node says, seen through the switches of this proxy. */
  async #askNode(call: ProxyCall): Promise<NodeAnswer> {
    const { method, params } = call;
    if (this.chainIdShown !== undefined) {
      const own = answerOfOtherChain(method, this.chainIdShown);
      if (own !== undefined) return own;
    }
    if (this.#mempool !== undefined && method === 'eth_sendRawTransaction') {
      return this.#mempool.offer(params[0] as Hex);
    }
    if (this.view.kind !== 'live') return answerStale(call, this.view, this.upstream);
    return (await this.#mempool?.overlay(call)) ?? this.upstream.ask(method, params);
  }
}

const OVER_LIMIT: NodeAnswer = { error: { code: -32005, message: 'rate limit exceeded' } };

function refuseHttp(
  response: ServerResponse,
  fault: Extract<ProxyFault, { kind: 'rateLimited' | 'httpStatus' }>,
): void {
  if (fault.kind === 'rateLimited' && fault.retryAfterSeconds !== undefined) {
    response.setHeader('retry-after', String(fault.retryAfterSeconds));
  }
  response.statusCode = fault.kind === 'rateLimited' ? 429 : fault.status;
  response.end(`${response.statusCode}`);
}

function answerOfOtherChain(method: string, chainId: number): NodeAnswer | undefined {
  if (method === 'eth_chainId') return { result: `0x${chainId.toString(16)}` };
  if (method === 'net_version') return { result: String(chainId) };
  if (method !== 'eth_sendRawTransaction') return undefined;
  return { error: { code: -32000, message: `invalid chain id for signer: want ${chainId}` } };
}
