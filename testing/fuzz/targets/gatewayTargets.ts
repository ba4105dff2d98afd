import { CLOSE_CODES, clientMessage, WEBSOCKET_PATH } from '@lawbook/api/schema/messages';
import { fillPath } from '@lawbook/api/schema/route';
import { ROUTES } from '@lawbook/api/schema/routeTable';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { REJECTIONS } from '@lawbook/exchange/failures/rejectionCodes';
import { WebSocket } from 'ws';
import type { z } from 'zod';
import { ExchangeBench, person } from '../../exchange/exchangeBench.ts';
import { OPERATOR_TOKEN } from '../../gateways/gatewayWorld.ts';
import { samplesOf } from '../examples/schemaSamples.ts';
import type { Answered } from '../examples/servedVenue.ts';
import { callVenue, closeServedVenue, servedVenue } from '../examples/servedVenue.ts';
import type { Examined, FuzzTarget } from '../fuzzTarget.ts';
import { refused } from '../fuzzTarget.ts';

/** An input of the HTTP target. */
interface Descriptor {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** Text that is sent as it is, in place of a body. */
  readonly raw?: string;
}

const ALICE = person('alice');
const NAMES = {
  owner: ALICE.account,
  marketId: '1',
  epochNumber: 1,
  batchNumber: 1,
  orderId: `0x${'12'.repeat(32)}`,
  sessionId: `0x${'12'.repeat(32)}`,
};

async function close(): Promise<void> {
  socket?.terminate();
  socket = undefined;
  await closeServedVenue();
}

/** What strangers send to a running venue: any request, any frame. Nothing may end in a fault. */
export const GATEWAY_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'http-request',
    form: 'json',
    examples: () => descriptors().map((entry) => new TextEncoder().encode(JSON.stringify(entry))),
    mayRefuse: true,
    examine: examineRequest,
    open: servedVenue,
    close,
  },
  {
    name: 'web-socket-frame',
    form: 'json',
    examples: () => frames().map((frame) => new TextEncoder().encode(JSON.stringify(frame))),
    mayRefuse: true,
    examine: examineFrame,
    open: servedVenue,
    close,
  },
];

/** Every route with every way of its body, and an order that its owner signed. */
function descriptors(): Descriptor[] {
  const all = ROUTES.flatMap(({ method, path, body, query }): Descriptor[] => {
    const filled = fillPath(path, NAMES);
    if (body !== undefined) {
      return samplesOf(body as z.ZodType).map((sample) => ({ method, path: filled, body: sample }));
    }
    const queries = samplesOf(query as z.ZodType) as Record<string, string>[];
    const asked = queries.map((fields) => `${filled}?${new URLSearchParams(fields)}`);
    return [filled, ...asked].map((place) => ({ method, path: place }));
  });
  return [{ method: 'POST', path: '/v1/orders', body: { orders: [signedOrder()] } }, ...all];
}

function frames(): unknown[] {
  const submit = { op: 'submit', id: 's', orders: [signedOrder()] };
  return [submit, ...samplesOf(clientMessage as z.ZodType)];
}

/** An order as the wire has it, signed for the test venue. */
function signedOrder(): object {
  const bench = new ExchangeBench();
  bench.timeMs = Date.now() + 3_600_000;
  const { order, authorisation } = bench.order(ALICE);
  const wire = { ...order, marketId: String(order.marketId) };
  const texts = ['budget', 'limitNumerator', 'limitDenominator', 'orderNonce'] as const;
  const signed = Object.fromEntries(texts.map((name) => [name, String(order[name])]));
  return { ...wire, ...signed, signature: `0x${Buffer.from(authorisation).toString('hex')}` };
}

/** What the venue was not given, and the answer of a probe while a market is halted. */
const AWAY: ReadonlySet<number> = new Set([501, 503]);

/** The page is left out: asking for it would build it. */
const PLACE = /^\/(v1|verifiables|vaults|api|metrics|health)([/?][\x21-\x7e]{0,4000})?$/;

async function examineRequest(bytes: Uint8Array): Promise<Examined> {
  const descriptor = descriptorOf(bytes);
  if (descriptor === undefined) return refused('no request');
  const { venue } = await servedVenue();
  const before = venue.state.sequence;
  const { status, text, type } = await send(descriptor);
  invariant(status < 500 || AWAY.has(status), `${status} for a request: ${text.slice(0, 300)}`);
  if (status < 400) return { kind: 'decoded' };
  invariant(venue.state.sequence === before, 'a refused request leaves the journal alone');
  // Node's parser answers what is no HTTP by itself; the rest has one shape.
  if (!type.startsWith('application/json')) return refused(`status ${status} without a body`);
  if (status === 503) return refused('not ready');
  return refused(codeIn(JSON.parse(text)));
}

function descriptorOf(bytes: Uint8Array): Descriptor | undefined {
  const text = new TextDecoder().decode(bytes);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    // What is not even a descriptor is a body.
    return { method: 'POST', path: '/v1/orders', raw: text };
  }
  const { method, path, ...rest } = (parsed ?? {}) as Partial<Descriptor>;
  const isSendable = typeof path === 'string' && PLACE.test(path) && isMethod(method);
  return isSendable ? { method, path, ...rest } : undefined;
}

function isMethod(method: unknown): method is string {
  const known: readonly unknown[] = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];
  return known.includes(method);
}

function send({ method, path, body, raw }: Descriptor): Promise<Answered> {
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const headers = {
    authorization: `Bearer ${OPERATOR_TOKEN}`,
    ...(text !== undefined && { 'content-type': 'application/json' }),
  };
  return callVenue({ method, path, headers, body: text });
}

interface Refusing {
  readonly rejection?: { readonly code?: unknown };
}

/** The code of a refusal, or of the first among answers: one of the table, no fault of ours. */
function codeIn(answer: unknown): string {
  const { rejection, answers = [] } = (answer ?? {}) as Refusing & { answers?: Refusing[] };
  const told = rejection ?? answers.find((entry) => entry.rejection !== undefined)?.rejection;
  const code = String(told?.code);
  invariant(
    Object.hasOwn(REJECTIONS, code),
    `a refusal has a known code: ${JSON.stringify(answer)}`,
  );
  invariant(code !== 'internalFault', 'what strangers send is no fault of ours');
  return code;
}

let socket: WebSocket | undefined;

/** Sends a frame, then a ping; all that is told until the pong answers the frame. */
async function examineFrame(bytes: Uint8Array): Promise<Examined> {
  const { url } = await servedVenue();
  socket ??= await connect(url);
  const peer = socket;
  return new Promise((resolve, reject) => {
    const told: string[] = [];
    const finish = (answer: () => Examined): void => {
      peer.off('message', listen).off('close', ended);
      try {
        resolve(answer());
      } catch (cause) {
        reject(cause);
      }
    };
    const listen = (frame: Buffer): void => {
      const message = JSON.parse(frame.toString()) as { op: string; id?: string };
      if (message.op === 'pong' && message.id === SYNC) finish(() => conclude(told));
      else if (message.op === 'rejected') told.push(codeIn(message));
    };
    const ended = (code: number): void => {
      socket = undefined;
      finish(() => {
        invariant(CLOSINGS.has(code), `closed with ${code}, which is no documented code`);
        return refused(`closed ${String.fromCharCode((code % 26) + 97)}`);
      });
    };
    peer.on('message', listen).once('close', ended);
    peer.send(bytes, { binary: false });
    peer.send(JSON.stringify({ op: 'ping', id: SYNC }));
  });
}

const SYNC = 'the ping of the fuzzer';
/** Too large, no UTF-8, and the private ones. */
const CLOSINGS: ReadonlySet<number> = new Set([1007, 1009, ...Object.values(CLOSE_CODES)]);

function conclude(told: readonly string[]): Examined {
  return told[0] === undefined ? { kind: 'decoded' } : refused(told[0]);
}

function connect(url: string): Promise<WebSocket> {
  const fresh = new WebSocket(url.replace('http', 'ws') + WEBSOCKET_PATH);
  return new Promise((resolve, reject) => {
    fresh.once('open', () => resolve(fresh));
    // Between two inputs nobody else listens, and a venue may end it for silence.
    fresh.once('close', () => {
      if (socket === fresh) socket = undefined;
    });
    fresh.once('error', reject);
  });
}
