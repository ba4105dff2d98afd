import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:http';

/** What a node says to a call. */
export type NodeAnswer = { readonly result: unknown } | { readonly error: NodeError };

/** A JSON-RPC error as a node sends it. */
export interface NodeError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** A real node behind a proxy, asked plainly: what it answers is the truth of the scenario. */
export class Upstream {
  readonly url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  #calls = 0;

  constructor(url: string) {
    this.url = url;
  }

  /** The answer as it came. @throws Error when the node cannot be reached. */
  async ask(method: string, params: readonly unknown[] = []): Promise<NodeAnswer> {
    this.#calls += 1;
    const body = JSON.stringify({ jsonrpc: '2.0', id: this.#calls, method, params });
    const text = await post(this.url, this.#agent, body);
    const answer = JSON.parse(text) as { result?: unknown; error?: NodeError };
    return answer.error === undefined ? { result: answer.result } : { error: answer.error };
  }

  /** The result. @throws Error when the node answers with an error. */
  async call(method: string, params: readonly unknown[] = []): Promise<unknown> {
    const answer = await this.ask(method, params);
    if ('error' in answer) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  }

  close(): void {
    this.#agent.destroy();
  }
}

function post(url: string, agent: Agent, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const outgoing = request(url, { method: 'POST', agent, headers }, (response) => {
      readAll(response).then(resolve, reject);
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** The whole body as text. */
export async function readAll(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
