import {
  agentDigest,
  connectionIdOf,
} from '../../../packages/executor/src/gateways/dialects/hyperliquid/actionHash.ts';
import { tradeAction } from '../../../packages/executor/src/gateways/dialects/hyperliquid/actionSchemas.ts';
import { readEnvelope } from '../../../packages/executor/src/gateways/dialects/hyperliquid/envelope.ts';
import { readRequest } from '../../../packages/executor/src/gateways/dialects/hyperliquid/readRequests.ts';
import { readSocketRequest } from '../../../packages/executor/src/gateways/dialects/hyperliquid/subscriptions.ts';
import { parseBody } from '../../../packages/executor/src/gateways/http/parseBody.ts';
import { samplesOf } from '../examples/schemaSamples.ts';
import type { Examined, FuzzTarget } from '../fuzzTarget.ts';
import { refused } from '../fuzzTarget.ts';

const DEPTH_MAX = 16;
const HALF = `0x${'ab'.repeat(32)}`;
const ADDRESS = `0x${'ab'.repeat(20)}`;
const ORDER = {
  type: 'order',
  orders: [
    {
      a: 10_000,
      b: true,
      p: '1.5',
      s: '2',
      r: false,
      t: { limit: { tif: 'Gtc' } },
      c: `0x${'1'.repeat(32)}`,
    },
  ],
  grouping: 'na',
};
const FRAME = { nonce: 1_700_000_000_000, signature: { r: HALF, s: HALF, v: 27 } };

/** What bots of another exchange send: signed actions, reads, and requests of the socket. */
export const DIALECT_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'dialect-action',
    form: 'json',
    examples: () => [
      encoded({ ...FRAME, action: ORDER }),
      encoded({ ...FRAME, action: { type: 'cancel', cancels: [{ a: 10_000, o: 7 }] } }),
      encoded({ ...FRAME, action: ORDER, vaultAddress: ADDRESS, expiresAfter: 1_800_000_000_000 }),
    ],
    examine: (bytes) => {
      const json = parseBody(bytes, DEPTH_MAX);
      if (!json.ok) return refused(json.rejection.code);
      const envelope = readEnvelope(json.value);
      if (typeof envelope === 'string') return refused(envelope);
      // Both hashes are taken of what came before its action is judged.
      agentDigest('a', connectionIdOf(envelope.action, envelope));
      const parsed = tradeAction.safeParse(envelope.action);
      return parsed.success ? { kind: 'decoded' } : refused('another action');
    },
  },
  {
    name: 'dialect-read',
    form: 'json',
    examples: () => samplesOf(readRequest).map(encoded),
    mayRefuse: true,
    examine: (bytes) => {
      const json = parseBody(bytes, DEPTH_MAX);
      if (!json.ok) return refused(json.rejection.code);
      const parsed = readRequest.safeParse(json.value);
      return parsed.success ? { kind: 'decoded' } : refused(parsed.error.issues[0]?.code ?? '');
    },
  },
  {
    name: 'dialect-socket',
    form: 'json',
    examples: () => [
      encoded({ method: 'ping' }),
      encoded({ method: 'subscribe', subscription: { type: 'l2Book', coin: 'EUR/USD' } }),
      encoded({ method: 'subscribe', subscription: { type: 'orderUpdates', user: ADDRESS } }),
    ],
    examine: examineSocket,
  },
];

function examineSocket(bytes: Uint8Array): Examined {
  const json = parseBody(bytes, DEPTH_MAX);
  if (!json.ok) return refused(json.rejection.code);
  const request = readSocketRequest(json.value, new TextDecoder().decode(bytes));
  return typeof request === 'string' ? refused('no request') : { kind: 'decoded' };
}

function encoded(tree: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(tree));
}
