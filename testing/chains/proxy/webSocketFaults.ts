import type { RawData, WebSocket } from 'ws';
import { WebSocket as Socket } from 'ws';
import type { ProxyCall } from './faultPlan.ts';
import type { NodeAnswer } from './upstream.ts';

/** What goes wrong with notifications, counted from 1 over all connections of a proxy. */
export interface FrameFaults {
  readonly miss?: (count: number) => boolean;
  readonly duplicate?: (count: number) => boolean;
  /** This notification comes after the next one. */
  readonly swap?: (count: number) => boolean;
}

/** What a bridge asks of its proxy. */
export interface BridgeHost {
  readonly upstreamUrl: string;
  frameFaults(): FrameFaults;
  nextFrame(): number;
  answer(call: ProxyCall): Promise<NodeAnswer | 'hang' | 'reset' | 'garbage'>;
}

/**
 * One WebSocket client of a proxy, with a connection of its own to the node for subscriptions.
 * Ordinary calls take the same way as calls over HTTP, so the same faults befall them.
 */
export function bridge(client: WebSocket, host: BridgeHost): void {
  const node = new Socket(host.upstreamUrl);
  const waiting: string[] = [];
  let late: string | undefined;
  const send = (text: string): void => {
    if (client.readyState === client.OPEN) client.send(text);
  };
  node.on('open', () => {
    for (const text of waiting.splice(0)) node.send(text);
  });
  node.on('message', (bytes) => {
    const text = textOf(bytes);
    if (!text.includes('"eth_subscription"')) return send(text);
    const count = host.nextFrame();
    const faults = host.frameFaults();
    if (faults.miss?.(count) === true) return;
    if (faults.swap?.(count) === true && late === undefined) {
      late = text;
      return;
    }
    send(text);
    if (faults.duplicate?.(count) === true) send(text);
    if (late !== undefined) send(late);
    late = undefined;
  });
  node.on('close', () => client.terminate());
  node.on('error', () => client.terminate());
  client.on('close', () => node.terminate());
  client.on('error', () => node.terminate());
  client.on('message', (bytes) => {
    const text = textOf(bytes);
    const call = JSON.parse(text) as { id: unknown; method: string; params?: unknown[] };
    if (/^eth_(un)?subscribe$/.test(call.method)) {
      if (node.readyState === node.OPEN) node.send(text);
      else waiting.push(text);
      return;
    }
    const asked = { method: call.method, params: call.params ?? [], over: 'webSocket' as const };
    host.answer(asked).then(
      (answer) => {
        if (answer === 'hang') return;
        if (answer === 'reset') client.terminate();
        else if (answer === 'garbage') send('<html>');
        else send(JSON.stringify({ jsonrpc: '2.0', id: call.id, ...answer }));
      },
      () => client.terminate(),
    );
  });
}

function textOf(bytes: RawData): string {
  return Array.isArray(bytes)
    ? Buffer.concat(bytes).toString('utf8')
    : Buffer.from(bytes as ArrayBuffer).toString('utf8');
}
