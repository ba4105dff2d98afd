import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { taggedDigest, ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { Fault } from '@lawbook/exchange/failures/fault';
import { printBase58 } from '@lawbook/settlement/baseLayer/delta/deltaKey';
import type { ExactJson } from '@lawbook/settlement/baseLayer/delta/exactJson';
import { parseExactJson, printExactJson } from '@lawbook/settlement/baseLayer/delta/exactJson';
import type { ListHead } from '@lawbook/settlement/baseLayer/delta/lawInput';
import { decodeHead, decodeLawInput } from '@lawbook/settlement/baseLayer/delta/lawInput';
import type { LawProof } from '@lawbook/settlement/baseLayer/submission';
import type { Intent, LedgerVault } from './globalLaws.ts';
import { applyIntents, LawBroken, readIntents } from './globalLaws.ts';

/** What a fault can be asked for: one name for each way into the ledger. */
export type LedgerRoute =
  | 'GET vault'
  | 'GET nonce'
  | 'GET sdls'
  | 'GET sdl'
  | 'POST intents'
  | 'POST sdl'
  | 'POST prove'
  | 'POST proof';

/** A fault of one request: whether the act takes place, and what its sender hears. */
export interface LedgerFault {
  readonly route: LedgerRoute;
  readonly kind:
    | 'lostRequest'
    | 'lostResponse'
    | 'silent'
    /** The connection ends, and the act takes place when the next one of its kind arrives. */
    | 'late'
    | 'serverError'
    | 'forbidden'
    | 'garbage'
    | { readonly body: string };
}

/** A list on the ledger. */
interface LedgerList {
  readonly hash: string;
  readonly intents: readonly Intent[];
  state: string;
  reason: string;
  head: ListHead | undefined;
  /** Looks after which the state moves on: proving and applying take time. */
  looksLeft: number;
}

/** What a ledger is started with. */
export interface LedgerOptions {
  readonly shard: bigint;
  /** Balances by owner id and token, on the domain and with the validators. */
  readonly vaults: ReadonlyMap<string, ReadonlyMap<string, bigint>>;
  /** The laws' verifier; says yes where nothing is given. */
  readonly provesLaws?: (proof: LawProof, head: ListHead) => boolean;
  readonly looksPerStep?: number;
}

/**
 * A Delta domain and its validators in one HTTP server on the loopback: the global laws, the life
 * of lists, and faults by request. Names of refusals stand before a colon in the body of a 400.
 */
export class DeltaLedger {
  readonly faults: LedgerFault[] = [];
  /** Every request that arrived, in order. */
  readonly heard: LedgerRoute[] = [];
  /** Whether the validators refuse the next proof. */
  refusesProofs = false;
  url = '';
  readonly #options: LedgerOptions;
  readonly #server: Server;
  readonly #lists = new Map<string, LedgerList>();
  readonly #silent = new Set<ServerResponse>();
  readonly #late = new Map<LedgerRoute, () => unknown>();
  #domain: ReadonlyMap<string, LedgerVault>;
  #validators: ReadonlyMap<string, LedgerVault>;
  #pending: readonly Intent[] = [];
  #chain: { readonly listNumber: bigint; readonly listHash: Hash };
  #cuts = 0;
  #submissions = 0;

  private constructor(options: LedgerOptions) {
    this.#options = options;
    const vaults = new Map<string, LedgerVault>();
    for (const [ownerId, balances] of options.vaults) vaults.set(ownerId, { last: 0n, balances });
    this.#domain = vaults;
    this.#validators = vaults;
    this.#chain = { listNumber: 0n, listHash: ZERO_HASH };
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
  }

  static async start(options: LedgerOptions): Promise<DeltaLedger> {
    const ledger = new DeltaLedger(options);
    await new Promise<void>((resolve) => {
      ledger.#server.listen(0, '127.0.0.1', resolve);
    });
    ledger.url = `http://127.0.0.1:${(ledger.#server.address() as AddressInfo).port}`;
    return ledger;
  }

  /** Times that intents were applied, and lists that were cut of them. */
  get applied(): { readonly submissions: number; readonly cuts: number } {
    return { submissions: this.#submissions, cuts: this.#cuts };
  }

  /** What the validators hold for an owner. */
  balance(ownerId: string, token: string): bigint {
    return this.#validators.get(ownerId)?.balances.get(token) ?? 0n;
  }

  /** All units of a token: no list may change it. */
  supply(token: string): bigint {
    let sum = 0n;
    for (const { balances } of this.#validators.values()) sum += balances.get(token) ?? 0n;
    return sum;
  }

  /** Requests to a route so far. */
  count(route: LedgerRoute): number {
    return this.heard.filter((heard) => heard === route).length;
  }

  /** Cuts a list that nobody of the venue asked for. */
  cutForeignList(): string {
    return this.#cut();
  }

  async close(): Promise<void> {
    for (const response of this.#silent) response.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const body = new Uint8Array(Buffer.concat(chunks));
    const { route, parts } = routeOf(request);
    this.heard.push(route);
    const index = this.faults.findIndex((fault) => fault.route === route);
    const kind = index < 0 ? undefined : this.faults.splice(index, 1)[0]?.kind;
    if (kind === 'lostRequest') return void response.destroy();
    if (kind === 'serverError') return void response.writeHead(500).end('Internal error');
    if (kind === 'forbidden') return void response.writeHead(403).end('no key');
    const perform = (): { readonly status: number; readonly text: string } =>
      this.#answer(route, parts, body, request.headers['content-type']);
    if (kind === 'late') {
      this.#late.set(route, perform);
      return void response.destroy();
    }
    this.#late.get(route)?.();
    this.#late.delete(route);
    const answer = perform();
    if (kind === 'lostResponse') return void response.destroy();
    if (kind === 'silent') return void this.#silent.add(response);
    if (kind === 'garbage') return void response.writeHead(200).end('<html>busy</html>');
    const text = typeof kind === 'object' ? kind.body : answer.text;
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
  }

  #answer(
    route: LedgerRoute,
    parts: readonly string[],
    body: Uint8Array,
    type: string | undefined,
  ): { readonly status: number; readonly text: string } {
    try {
      const json = this.#act(route, parts, body, type);
      if (json === undefined) return { status: 404, text: 'not found' };
      return { status: 200, text: printExactJson(json) };
    } catch (error) {
      if (error instanceof LawBroken)
        return { status: 400, text: `${error.law}: ${error.message}` };
      throw error;
    }
  }

  #act(
    route: LedgerRoute,
    [, name = '']: readonly string[],
    body: Uint8Array,
    type: string | undefined,
  ): ExactJson | undefined {
    switch (route) {
      case 'GET vault':
        return this.#printVault(name);
      case 'GET nonce':
        return (this.#domain.get(name)?.last ?? 0n) + 1n;
      case 'GET sdls':
        return [...this.#lists.values()].map((list) => [list.hash, printState(list)]);
      case 'GET sdl':
        return this.#look(name);
      case 'POST intents':
        return this.#take(body, type);
      case 'POST sdl':
        return this.#pending.length === 0 ? null : this.#cut();
      case 'POST prove':
        return this.#prove(name, body, type);
      case 'POST proof':
        return this.#submitProof(name);
    }
  }

  #printVault(ownerId: string): ExactJson | undefined {
    const vault = this.#domain.get(ownerId);
    if (vault === undefined) return undefined;
    const { native = 0n, ...fungibles } = Object.fromEntries(vault.balances);
    const holdings = { TokenHoldings: { fungibles, nfts: {} } };
    return { balance: native, shard: this.#options.shard, data: holdings };
  }

  #take(body: Uint8Array, type: string | undefined): ExactJson {
    if (type !== 'application/json') throw new LawBroken('MediaType', 'intents are JSON');
    const intents = readIntents(parseExactJson(new TextDecoder().decode(body)));
    this.#domain = applyIntents(this.#domain, intents, this.#options.shard);
    this.#pending = [...this.#pending, ...intents];
    this.#submissions += 1;
    return 'applied';
  }

  #cut(): string {
    this.#cuts += 1;
    const digest = taggedDigest('testing.delta.sdl', Uint8Array.of(this.#cuts));
    const hash = printBase58(digest);
    const state = { state: 'Submitted', reason: '', head: undefined, looksLeft: 0 };
    this.#lists.set(hash, { hash, intents: this.#pending, ...state });
    this.#pending = [];
    return hash;
  }

  /** Answers a state and lets time pass: a step is done after so many looks. */
  #look(hash: string): ExactJson | undefined {
    const list = this.#lists.get(hash);
    if (list === undefined) return undefined;
    const shown = printState(list);
    if (list.looksLeft > 0) list.looksLeft -= 1;
    else if (list.state === 'Proving') this.#finishProof(list);
    else if (list.state === 'ProofSubmitted') this.#applyList(list);
    return shown;
  }

  #prove(hash: string, body: Uint8Array, type: string | undefined): ExactJson {
    const list = this.#lists.get(hash);
    if (type !== 'application/octet-stream') throw new LawBroken('MediaType', 'input is bytes');
    if (list === undefined || !['Submitted', 'ProvingFailed'].includes(list.state)) {
      throw new LawBroken('StateIsAnother', 'only a submitted list is proved');
    }
    list.state = 'Proving';
    list.looksLeft = this.#options.looksPerStep ?? 1;
    list.reason = this.#judge(list, body);
    return 'started';
  }

  /** The venue's laws as the domain runs them; empty for a list that keeps them. */
  #judge(list: LedgerList, body: Uint8Array): string {
    try {
      const { head, proof } = decodeLawInput(body);
      list.head = head;
      const { listNumber, listHash } = this.#chain;
      if (head.listNumber !== listNumber + 1n) return 'ListNumberIsNotNext: another comes next';
      if (head.previousListHash !== listHash) return 'ListIsNotChained: the list before differs';
      const signed = list.intents.flatMap(({ auxiliary }) => {
        return auxiliary.length === ORDER_AUXILIARY ? [] : [decodeHead(auxiliary)];
      });
      const isSigned = signed.some((other) => other.listHash === head.listHash);
      if (!isSigned) return 'ListIsNotChained: the pool signed for another list';
      if (this.#options.provesLaws?.(proof, head) === false) return 'LawsAreProven: not shown';
      return '';
    } catch (error) {
      if (error instanceof Fault) return 'LawInputIsMalformed: these are no bytes of a list';
      throw error;
    }
  }

  #finishProof(list: LedgerList): void {
    list.state = list.reason === '' ? 'Proven' : 'ProvingFailed';
  }

  #submitProof(hash: string): ExactJson {
    const list = this.#lists.get(hash);
    if (list?.state !== 'Proven') throw new LawBroken('StateIsAnother', 'there is no proof');
    list.state = 'ProofSubmitted';
    list.looksLeft = this.#options.looksPerStep ?? 1;
    return 'submitted';
  }

  /** The validators' part: the same global laws over what they hold. */
  #applyList(list: LedgerList): void {
    if (this.refusesProofs || list.head === undefined) {
      list.state = 'BaseLayerFailed';
      return;
    }
    this.#validators = applyIntents(this.#validators, list.intents, this.#options.shard);
    this.#chain = list.head;
    list.state = 'BaseLayerApplied';
  }
}

/** Bytes of a canonical order: users' allowances carry them, the pool's carry a list's place. */
const ORDER_AUXILIARY = 72;

function printState({ state, reason }: LedgerList): ExactJson {
  return state === 'ProvingFailed' ? { ProvingFailed: reason } : state;
}

function routeOf(request: IncomingMessage): { route: LedgerRoute; parts: readonly string[] } {
  const { pathname } = new URL(request.url ?? '/', 'http://ledger');
  const parts = pathname.split('/').filter((part) => part !== '');
  const shape = [parts[0], parts.length > 1 ? '*' : '', parts[2]].filter(Boolean).join('/');
  const known = ROUTES.get(`${request.method} ${parts[1] === 'submit' ? pathname : `/${shape}`}`);
  if (known === undefined) throw new LawBroken('RouteIsUnknown', pathname);
  return { route: known, parts };
}

const ROUTES: ReadonlyMap<string, LedgerRoute> = new Map([
  ['GET /vaults/*', 'GET vault'],
  ['GET /vaults/*/nonce', 'GET nonce'],
  ['GET /sdls', 'GET sdls'],
  ['GET /sdls/*', 'GET sdl'],
  ['POST /intents/submit', 'POST intents'],
  ['POST /sdls/submit', 'POST sdl'],
  ['POST /sdls/*/prove', 'POST prove'],
  ['POST /sdls/*/submit_proof', 'POST proof'],
]);
