import { withDeadline } from '@lawbook/chains/endpoints/withDeadline';
import type { Environment } from '@lawbook/chains/environment';
import { SettlementFault } from '../../settlementFault.ts';
import { parseDeltaKey } from './deltaKey.ts';
import { DeltaRefusal, refusalSaid } from './deltaRefusal.ts';
import type { DeltaVault, ExecutedAllowance, Malformed, SdlState } from './deltaWire.ts';
import { printIntents, readSdlState, readU64, readVault } from './deltaWire.ts';
import type { ExactJson } from './exactJson.ts';
import { isList, parseExactJson, printExactJson } from './exactJson.ts';

/** Where a domain is and how patiently it is asked. */
export interface DeltaClientOptions {
  /** Base of the domain API, such as `http://localhost:3000`. May hold keys: never shown. */
  readonly url: string;
  readonly timeoutMs?: number;
  /** Tries of a read before it is given up. Acts are tried once: their caller reads what became. */
  readonly readTries?: number;
  /** Wait before the second try; doubled for each further one, and spread by half. */
  readonly retryMs?: number;
  readonly answerBytesMax?: number;
}

/** What the client stands on. */
export interface DeltaClientDependencies {
  readonly environment: Environment;
  /** The global one where nothing is said. */
  readonly fetch?: typeof fetch;
}

/** A list that the domain knows. */
export interface KnownSdl {
  readonly hash: string;
  readonly state: SdlState;
}

interface Request {
  readonly method: 'GET' | 'POST';
  /** Path below the base, and the same with placeholders for messages. */
  readonly path: string;
  readonly route: string;
  readonly body?: { readonly type: string; readonly content: string | Uint8Array<ArrayBuffer> };
  readonly signal?: AbortSignal | undefined;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * The domain API of Delta 0.6 over HTTP.
 *
 * Faults of every method: SETTLEMENT_UNAVAILABLE when there is no answer, a server error, or an
 * answer that is none (its field `field` names the part); SETTLEMENT_CONFIG_INVALID when the domain
 * asks for other credentials; `DeltaRefusal` when it refuses. After SETTLEMENT_UNAVAILABLE from an
 * act nobody knows whether it took place.
 */
export class DeltaClient {
  /** Host and port: what names the domain in messages. */
  readonly host: string;
  readonly #base: URL;
  readonly #options: Required<Omit<DeltaClientOptions, 'url'>>;
  readonly #environment: Environment;
  readonly #fetch: typeof fetch;

  /** @throws SettlementFault SETTLEMENT_CONFIG_INVALID for a URL that is none. */
  constructor(options: DeltaClientOptions, dependencies: DeltaClientDependencies) {
    const { url, ...rest } = options;
    const base = URL.canParse(url) ? new URL(url) : undefined;
    if (base === undefined || !/^https?:$/.test(base.protocol) || base.username !== '') {
      const sentence = 'The URL of the Delta domain is http or https, without a user: correct it.';
      throw new SettlementFault('SETTLEMENT_CONFIG_INVALID', sentence, {
        fields: { setting: 'url' },
      });
    }
    this.#base = base;
    this.host = base.host;
    this.#options = { ...DEFAULTS, ...rest };
    this.#environment = dependencies.environment;
    this.#fetch = dependencies.fetch ?? fetch;
  }

  /** A vault of the domain's shard, undefined while it has none. */
  async vault(ownerId: string, signal?: AbortSignal): Promise<DeltaVault | undefined> {
    const request = { ...read(`vaults/${ownerId}`, 'vaults/{owner}'), signal };
    return this.#read(request, (json) => readVault(json, this.#malformed(request)));
  }

  /** The nonce that the next allowance of an owner has to name. */
  async nextNonce(ownerId: string, signal?: AbortSignal): Promise<bigint> {
    const request = { ...read(`vaults/${ownerId}/nonce`, 'vaults/{owner}/nonce'), signal };
    const malformed = this.#malformed(request);
    const next = await this.#read(request, (json) => readU64(json, 'answer', malformed));
    if (next === undefined) throw malformed('answer', 'a nonce');
    return next;
  }

  /** Applies allowances with their changes to the domain's state: all of them, in this order. */
  async submitIntents(intents: readonly ExecutedAllowance[], signal?: AbortSignal): Promise<void> {
    const content = printExactJson(printIntents(intents));
    const body = { type: 'application/json', content };
    await this.#act({ ...act('intents/submit', 'intents/submit'), body, signal });
  }

  /** Every list that the domain knows. */
  async sdls(signal?: AbortSignal): Promise<readonly KnownSdl[]> {
    const request = { ...read('sdls', 'sdls'), signal };
    const malformed = this.#malformed(request);
    const lists = await this.#read(request, (json) => {
      if (!isList(json)) throw malformed('answer', 'a list');
      return json.map((pair, index): KnownSdl => {
        if (!isList(pair)) throw malformed(`${index}`, 'a pair of hash and state');
        const hash = this.#digest(pair[0] ?? null, `${index}.0`, malformed);
        return { hash, state: readSdlState(pair[1], `${index}.1`, malformed) };
      });
    });
    return lists ?? [];
  }

  /** Cuts a list of everything that was applied since the last one; undefined for nothing. */
  async submitSdl(signal?: AbortSignal): Promise<string | undefined> {
    const request = { ...act('sdls/submit', 'sdls/submit'), signal };
    const malformed = this.#malformed(request);
    const json = parseExactJson(await this.#act(request));
    if (json === null) return undefined;
    return this.#digest(json ?? true, 'answer', malformed);
  }

  /** The state of a list, undefined for a hash that the domain does not know. */
  async sdl(hash: string, signal?: AbortSignal): Promise<SdlState | undefined> {
    const request = { ...read(`sdls/${hash}`, 'sdls/{hash}'), signal };
    return this.#read(request, (json) => readSdlState(json, 'answer', this.#malformed(request)));
  }

  /** Starts proving a list. The bytes are for the domain's laws; Delta does not read them. */
  async prove(hash: string, lawInput: Uint8Array, signal?: AbortSignal): Promise<void> {
    const body = { type: 'application/octet-stream', content: lawInput.slice() };
    await this.#act({ ...act(`sdls/${hash}/prove`, 'sdls/{hash}/prove'), body, signal });
  }

  /** Hands the proof of a proven list to the validators. */
  async submitProof(hash: string, signal?: AbortSignal): Promise<void> {
    const route = 'sdls/{hash}/submit_proof';
    await this.#act({ ...act(`sdls/${hash}/submit_proof`, route), signal });
  }

  /** Reads with retries; undefined for 404. */
  async #read<Result>(
    request: Request,
    parse: (json: ExactJson) => Result,
  ): Promise<Result | undefined> {
    const { readTries, retryMs } = this.#options;
    const { clock, random } = this.#environment;
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await this.#once(request);
        if (answer.status === 404) return undefined;
        const json = parseExactJson(this.#accepted(request, answer));
        if (json === undefined) throw this.#malformed(request)('answer', 'JSON');
        return parse(json);
      } catch (error) {
        const mayMend = error instanceof SettlementFault && error.retryable;
        if (!mayMend || tries >= readTries || request.signal?.aborted === true) throw error;
      }
      await clock.sleep(retryMs * 2 ** (tries - 1) * (0.5 + random.next()), request.signal);
    }
  }

  async #act(request: Request): Promise<string> {
    return this.#accepted(request, await this.#once(request));
  }

  /** One try, one answer of whatever status. */
  async #once(request: Request): Promise<Answer> {
    const { timeoutMs } = this.#options;
    const limits = { timeoutMs, signals: [request.signal] };
    return withDeadline(limits, this.#environment.clock, async (signal) => {
      try {
        return await this.#exchange(request, signal);
      } catch (error) {
        if (error instanceof SettlementFault) throw error;
        // The words of fetch are left out: they may quote the URL.
        const said = signal.aborted ? String(signal.reason) : 'the connection ended';
        throw this.#unavailable(request, `did not answer (${said})`);
      }
    });
  }

  async #exchange(request: Request, signal: AbortSignal): Promise<Answer> {
    const { method, path, body } = request;
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = body.type;
    const response = await this.#fetch(this.#urlOf(path), {
      method,
      headers,
      // A redirect would carry the request, and its keys, to somebody else.
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body: body.content }),
    });
    return { status: response.status, text: await this.#readText(request, response) };
  }

  /** Reads the body within its bound. */
  async #readText(request: Request, response: Response): Promise<string> {
    if (response.body === null) return '';
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    let bytes = 0;
    let text = '';
    for (;;) {
      const { done, value: chunk } = await reader.read();
      if (done) return text + decoder.decode();
      bytes += chunk.byteLength;
      if (bytes > this.#options.answerBytesMax) {
        await reader.cancel();
        throw this.#malformed(request)('answer', `at most ${this.#options.answerBytesMax} bytes`);
      }
      text += decoder.decode(chunk, { stream: true });
    }
  }

  #accepted(request: Request, { status, text }: Answer): string {
    if (status >= 200 && status < 300) return text;
    const fields = { host: this.host, route: request.route, httpStatus: status };
    if (status === 401 || status === 403) {
      const sentence = `The Delta domain at ${this.host} asks for other credentials.`;
      throw new SettlementFault('SETTLEMENT_CONFIG_INVALID', sentence, { fields });
    }
    const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429;
    if (isRefusal) throw new DeltaRefusal(refusalSaid(saidIn(text), 'DomainRefuses'), fields);
    throw this.#unavailable(request, `answered with HTTP status ${status}: ${saidIn(text)}`);
  }

  #urlOf(path: string): URL {
    const url = new URL(this.#base);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
    return url;
  }

  #digest(json: ExactJson, field: string, malformed: Malformed): string {
    if (typeof json === 'string' && parseDeltaKey(json) !== undefined) return json;
    throw malformed(field, 'a digest of 32 bytes in base58');
  }

  #malformed({ route }: Request): (field: string, expected: string) => SettlementFault {
    return (field, expected) => {
      const sentence =
        `The Delta domain at ${this.host} answered ${route} with something else: ` +
        `"${field}" is not ${expected}. Check that it is a domain of version 0.6.`;
      const fields = { host: this.host, route, field };
      return new SettlementFault('SETTLEMENT_UNAVAILABLE', sentence, { fields });
    };
  }

  #unavailable({ route }: Request, sentence: string): SettlementFault {
    const message = `The Delta domain at ${this.host} ${sentence}.`;
    const fields = { host: this.host, route };
    return new SettlementFault('SETTLEMENT_UNAVAILABLE', message, { fields });
  }
}

const DEFAULTS = {
  timeoutMs: 10_000,
  readTries: 4,
  retryMs: 200,
  answerBytesMax: 16 * 1024 * 1024,
} as const;

function read(path: string, route: string): Request {
  return { method: 'GET', path, route };
}

function act(path: string, route: string): Request {
  return { method: 'POST', path, route };
}

/** What an error's body says, short and printable. */
function saidIn(text: string): string {
  const json = parseExactJson(text);
  const said = typeof json === 'string' ? json : text;
  return said
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 300);
}
