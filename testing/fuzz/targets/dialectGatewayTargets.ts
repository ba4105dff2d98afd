import { invariant } from '@lawbook/exchange/failures/invariant';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { WebSocket } from 'ws';
import {
  agentDigest,
  connectionIdOf,
} from '../../../packages/executor/src/gateways/dialects/hyperliquid/actionHash.ts';
import { readRequest } from '../../../packages/executor/src/gateways/dialects/hyperliquid/readRequests.ts';
import {
  approveAgent,
  approveAgentDigest,
} from '../../../packages/executor/src/gateways/dialects/hyperliquid/userSigned.ts';
import { parseBody } from '../../../packages/executor/src/gateways/http/parseBody.ts';
import { samplesOf } from '../examples/schemaSamples.ts';
import { callVenue, closeServedVenue, servedVenue } from '../examples/servedVenue.ts';
import type { Examined, FuzzTarget } from '../fuzzTarget.ts';
import { refused } from '../fuzzTarget.ts';

const ASSET = 10_000;
const BUILDER = `0x${'ab'.repeat(20)}`;
const CLOID = `0x${'12'.repeat(16)}`;
const DEPTH_MAX = 16;
/** Where an action stands in a request, which is signed anew once it is changed. */
const SIGNED = { nonce: 0, signature: { r: '0x0', s: '0x0', v: 27 } };

const LIMIT = { a: ASSET, b: true, p: '1.05', s: '2', r: false, t: { limit: { tif: 'Gtc' } } };
const STOP = { isMarket: true, triggerPx: '1.1', tpsl: 'sl' };

const ACTIONS: readonly object[] = [
  { type: 'order', orders: [LIMIT], grouping: 'na' },
  { type: 'order', orders: [{ ...LIMIT, b: false, c: CLOID }], builder: { b: BUILDER, f: 0 } },
  { type: 'order', orders: [{ ...LIMIT, t: { trigger: STOP } }], grouping: 'normalTpsl' },
  { type: 'modify', oid: 1, order: LIMIT },
  { type: 'batchModify', modifies: [{ oid: CLOID, order: { ...LIMIT, p: '1.06' } }] },
  { type: 'cancel', cancels: [{ a: ASSET, o: 1 }] },
  { type: 'cancelByCloid', cancels: [{ asset: ASSET, cloid: CLOID }] },
  { type: 'scheduleCancel', time: 1_900_000_000_000 },
  { type: 'noop' },
  { type: 'twapOrder', twap: { a: ASSET, b: true, s: '5', r: false, m: 5, t: false } },
  {
    type: 'approveAgent',
    signatureChainId: '0x1',
    hyperliquidChain: 'Mainnet',
    agentAddress: BUILDER,
    agentName: 'bot valid_until 1900000000000',
    nonce: 0,
  },
];

/** Clients of another exchange against a running venue, over HTTP and over its WebSocket. */
export const DIALECT_GATEWAY_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'dialect-http',
    form: 'json',
    examples: () => {
      const acts = ACTIONS.map((action) => ({ ...SIGNED, action }));
      return [...acts, ...samplesOf(readRequest)].map(encoded);
    },
    mayRefuse: true,
    examine: examineRequest,
    open: servedVenue,
    close,
  },
  {
    name: 'dialect-frame',
    form: 'json',
    examples: () => frames().map(encoded),
    mayRefuse: true,
    examine: examineFrame,
    open: servedVenue,
    close,
  },
];

function frames(): unknown[] {
  const user = BUILDER;
  const follow = [
    { type: 'l2Book', coin: '@0', nSigFigs: null },
    { type: 'trades', coin: '@0' },
    { type: 'bbo', coin: '@1' },
    { type: 'candle', coin: '@0', interval: '1m' },
    { type: 'allMids' },
    { type: 'userFills', user },
    { type: 'openOrders', user },
  ].flatMap((subscription) => [
    { method: 'subscribe', subscription },
    { method: 'unsubscribe', subscription },
  ]);
  const reads = samplesOf(readRequest).slice(0, 12);
  const asks = reads.map((payload, id) => ({
    method: 'post',
    id,
    request: { type: 'info', payload },
  }));
  const acts = ACTIONS.map((action, id) => {
    const payload = { ...SIGNED, action };
    return { method: 'post', id, request: { type: 'action', payload } };
  });
  return [{ method: 'ping' }, ...follow, ...asks, ...acts];
}

let lastMs = 0;

/** Signs what was changed as alice would have, so that what lies behind signatures is reached. */
async function signAnew(asked: unknown): Promise<unknown> {
  const { action } = (asked ?? {}) as { readonly action?: unknown };
  if (typeof action !== 'object' || action === null) return asked;
  if (!('signature' in (asked as object)) || !('type' in action)) return asked;
  lastMs = Math.max(Date.now(), lastMs + 1);
  const { vaultAddress, expiresAfter } = asked as Readonly<Record<string, unknown>>;
  const frame = {
    chainNonce: lastMs,
    vaultAddress: typeof vaultAddress === 'string' ? ADDRESS.exec(vaultAddress)?.[0] : undefined,
    expiresAfter: Number.isSafeInteger(expiresAfter) ? Math.abs(Number(expiresAfter)) : undefined,
  };
  const approval = approveAgent.safeParse({ ...action, nonce: lastMs });
  const isApproval = action.type === 'approveAgent' && approval.success;
  const signed = isApproval ? { ...action, nonce: lastMs } : action;
  const digest = isApproval
    ? approveAgentDigest(approval.data)
    : agentDigest('a', connectionIdOf(signed, frame));
  const key = (await servedVenue()).account('alice').secretKey;
  const signature = signDigest(digest, key);
  const half = (from: number): string =>
    `0x${Buffer.from(signature.subarray(from, from + 32)).toString('hex')}`;
  const parts = { r: half(0), s: half(32), v: signature[64] };
  return { ...(asked as object), action: signed, nonce: lastMs, signature: parts };
}

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/** The body with its action signed anew; the very bytes where there is none. */
async function bodyOf(bytes: Uint8Array): Promise<Uint8Array> {
  const json = parseBody(bytes, DEPTH_MAX);
  if (!json.ok) return bytes;
  const signed = await signAnew(json.value);
  return signed === json.value ? bytes : encoded(signed);
}

async function examineRequest(bytes: Uint8Array): Promise<Examined> {
  const { venue } = await servedVenue();
  const body = await bodyOf(bytes);
  const isAction = Buffer.from(body).includes('"action"');
  const before = venue.state.sequence;
  const { status, text } = await callVenue({
    method: 'POST',
    path: isAction ? '/exchange' : '/info',
    headers: { 'content-type': 'application/json' },
    body,
  });
  // A body that is too large is refused by the server itself, and one that a busy machine delays.
  if (status === 413 || status === 408) return refused('too large, or too slow');
  invariant(status === 200 || status === 422, `${status} for a request: ${text.slice(0, 300)}`);
  invariant(!text.includes(FAILED), `a request fails: ${text.slice(0, 300)}`);
  if (status === 200 && !text.includes('"status":"err"')) return { kind: 'decoded' };
  invariant(venue.state.sequence === before, `what was refused was done: ${text.slice(0, 300)}`);
  return refused(wordsOf(text));
}

/** What a socket says when a message met a fault of ours. */
const FAILED = 'The venue failed to answer';

/** Without what was sent and is quoted. */
function wordsOf(text: string): string {
  const sentence = text.replace(/ (websocket request|Invalid subscription|Already).*/s, ' $1');
  return sentence.replaceAll(/0x[0-9a-fA-F]+|\\?"[^"]*"?/g, '').slice(0, 90);
}

let socket: WebSocket | undefined;
let asked = 1_000_000;

/** Sends a frame, then a read whose answer stands behind all that the frame led to. */
async function examineFrame(bytes: Uint8Array): Promise<Examined> {
  const { url } = await servedVenue();
  const frame = await frameOf(bytes);
  socket ??= await connect(url);
  const peer = socket;
  asked += 1;
  const id = asked;
  return await new Promise((resolve, reject) => {
    let refusal: string | undefined;
    const finish = (conclude: () => Examined): void => {
      peer.off('message', listen).off('close', ended);
      try {
        resolve(conclude());
      } catch (cause) {
        reject(cause);
      }
    };
    const listen = (told: Buffer): void => {
      const text = told.toString();
      const { channel, data: said } = JSON.parse(text);
      if (text.includes(FAILED)) finish(() => invariant(false, text.slice(0, 300)) as never);
      if (channel === 'error') refusal = String(said);
      if (channel !== 'post' || said.id !== id) return;
      finish(() => (refusal === undefined ? { kind: 'decoded' } : refused(wordsOf(refusal))));
    };
    const ended = (code: number): void => {
      socket = undefined;
      finish(() => {
        invariant(code === 1007 || code === 1009 || code >= 4000, `closed with ${code}`);
        return refused(`closed ${String.fromCharCode((code % 26) + 97)}`);
      });
    };
    peer.on('message', listen).once('close', ended);
    peer.send(frame, { binary: false });
    const payload = { type: 'orderStatus', user: BUILDER, oid: 1 };
    peer.send(JSON.stringify({ method: 'post', id, request: { type: 'info', payload } }));
  });
}

async function frameOf(bytes: Uint8Array): Promise<Uint8Array> {
  const json = parseBody(bytes, DEPTH_MAX);
  const { request: inner } = ((json.ok && json.value) || {}) as { request?: { payload?: unknown } };
  const payload = inner?.payload;
  if (!json.ok || payload === undefined) return bytes;
  const signed = await signAnew(payload);
  if (signed === payload) return bytes;
  return encoded({ ...(json.value as object), request: { ...inner, payload: signed } });
}

async function connect(url: string): Promise<WebSocket> {
  const fresh = new WebSocket(`${url.replace('http', 'ws')}/ws`);
  await new Promise((resolve, reject) => {
    fresh.once('open', resolve);
    fresh.once('error', reject);
    // Between two inputs nobody else listens, and a venue may end it for silence.
    fresh.once('close', () => {
      if (socket === fresh) socket = undefined;
    });
  });
  return fresh;
}

async function close(): Promise<void> {
  socket?.terminate();
  socket = undefined;
  await closeServedVenue();
}

function encoded(tree: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(tree));
}
