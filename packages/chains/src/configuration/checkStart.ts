import { Fault } from '@lawbook/exchange/failures/fault';
import { ChainFault } from '../chainFault.ts';
import type { Transport } from '../endpoints/transport.ts';
import type { Environment } from '../environment.ts';
import { plainText } from '../gates/revertReason.ts';
import { withoutKeys } from '../signers/secretText.ts';
import type { TransactionSigner } from '../signers/transactionSigner.ts';
import type { ChainStore } from '../stores/chainStore.ts';
import { within } from '../within.ts';

/** What a start stands on. */
export interface StartQuestion {
  readonly chainId: number;
  readonly endpoints: readonly { readonly name?: string; readonly url: string }[];
  readonly signers: readonly StartSigner[];
  readonly openStore: () => Promise<ChainStore>;
  readonly limits?: Partial<StartLimits>;
}

/** A signer as it is configured; `open` reads its key. */
export interface StartSigner {
  readonly name: string;
  readonly open: () => TransactionSigner | Promise<TransactionSigner>;
  /** Wei without which it counts as unfunded; 1 unless named. */
  readonly leastBalance?: bigint | undefined;
}

/** What still counts as healthy. Milliseconds. */
export interface StartLimits {
  /** Our clock against a server's Date header, and how far a head may lie in our future. */
  readonly clockSkewMsMax: number;
  /** How long ago a head may have been made; undefined for chains that make blocks on demand. */
  readonly headAgeMsMax: number | undefined;
  /** One question to an endpoint or to the store. */
  readonly timeoutMs: number;
}

/** Blocks come within minutes everywhere; Date headers are rounded to whole seconds. */
export const DEFAULT_START_LIMITS: StartLimits = {
  clockSkewMsMax: 15_000,
  headAgeMsMax: 600_000,
  timeoutMs: 5_000,
};

/** What the check works with. */
export interface StartDependencies {
  readonly environment: Environment;
  /** One transport per URL; the check closes it. */
  readonly connect: (url: URL) => Transport;
  /** The server's own time from its Date header, milliseconds since 1970, where it tells one. */
  readonly serverTime?: (url: URL, signal: AbortSignal) => Promise<number | undefined>;
}

/** What the check found. */
export interface StartReport {
  /** Every problem, each with what to do; empty when the engine can start. */
  readonly problems: readonly ChainFault[];
  readonly endpoints: readonly {
    readonly endpoint: string;
    readonly chainId: number | undefined;
    readonly headNumber: bigint | undefined;
    /** Server minus ours; undefined where the server does not tell. */
    readonly clockSkewMs: number | undefined;
  }[];
  readonly signers: readonly {
    readonly name: string;
    readonly address: string | undefined;
    /** Wei; undefined where no endpoint told. */
    readonly balance: bigint | undefined;
  }[];
}

/**
 * Looks at everything that a start needs, and reports all problems together instead of the first.
 *
 * Only bugs are thrown. Each problem is a ChainFault CHAIN_CONFIG_INVALID whose sentence says what
 * to do; endpoints are named by host, keys not at all.
 */
export async function checkStart(
  question: StartQuestion,
  dependencies: StartDependencies,
): Promise<StartReport> {
  const check = new StartCheck(question, dependencies);
  return await check.run();
}

/** One fault for a start that cannot be made, naming every problem; undefined when it can. */
export function startFault({ problems }: StartReport): ChainFault | undefined {
  const [first] = problems;
  if (first === undefined) return undefined;
  const message = problems.map((problem) => problem.message).join('\n');
  const fields = { ...first.fields, problems: problems.length };
  return new ChainFault('CHAIN_CONFIG_INVALID', message, { fields });
}

type EndpointFinding = StartReport['endpoints'][number] & { readonly transport: Transport };

class StartCheck {
  readonly #question: StartQuestion;
  readonly #stands: StartDependencies;
  readonly #limits: StartLimits;
  readonly #problems: ChainFault[] = [];

  constructor(question: StartQuestion, stands: StartDependencies) {
    this.#question = question;
    this.#stands = stands;
    this.#limits = { ...DEFAULT_START_LIMITS, ...question.limits };
  }

  async run(): Promise<StartReport> {
    const connected = this.#question.endpoints.map((endpoint, index) =>
      this.#connect(endpoint, index),
    );
    const transports = connected.filter((place) => place !== undefined);
    try {
      const endpoints = await Promise.all(transports.map((place) => this.#lookAt(place)));
      const own = BigInt(this.#question.chainId);
      const fit = endpoints.find(({ chainId }) => chainId !== undefined && BigInt(chainId) === own);
      const { signers } = this.#question;
      const [found] = await Promise.all([
        Promise.all(signers.map((signer) => this.#signer(signer, fit))),
        this.#store(),
      ]);
      const shown = endpoints.map(({ transport: _, ...finding }) => finding);
      return { problems: this.#problems, endpoints: shown, signers: found };
    } finally {
      await Promise.all(transports.map(({ transport }) => transport.close?.()));
    }
  }

  #connect(
    { name, url: text }: StartQuestion['endpoints'][number],
    index: number,
  ): { readonly endpoint: string; readonly url: URL; readonly transport: Transport } | undefined {
    const url = URL.parse(text);
    const endpoint = name ?? url?.host ?? `endpoints[${index}]`;
    const schemes = ['http:', 'https:', 'ws:', 'wss:'];
    if (url === null || url.host === '' || !schemes.includes(url.protocol)) {
      const place = `endpoints[${index}]`;
      const sentence = `${place} has no URL of http, https, ws or wss: copy it whole.`;
      this.#report('url', sentence, { endpoint: place });
      return undefined;
    }
    return { endpoint, url, transport: this.#stands.connect(url) };
  }

  async #lookAt(place: {
    readonly endpoint: string;
    readonly url: URL;
    readonly transport: Transport;
  }): Promise<EndpointFinding> {
    const { endpoint, url, transport } = place;
    const silent = { endpoint, chainId: undefined, headNumber: undefined, clockSkewMs: undefined };
    const identity = await this.#ask(transport, 'eth_chainId', []);
    const chainId = identity.ok ? quantity(identity.result) : undefined;
    if (chainId === undefined) {
      const why = identity.ok ? 'its answer is no chain id' : identity.why;
      const sentence = `${endpoint} cannot be used (${why}): check URL, key and network.`;
      this.#report('reachable', sentence, { endpoint });
      return { ...silent, transport };
    }
    const { chainId: wanted } = this.#question;
    if (chainId !== BigInt(wanted)) {
      const sentence = `${endpoint} serves chain ${chainId}, not ${wanted}: change its URL.`;
      const fields = { endpoint, limit: wanted, actual: String(chainId) };
      this.#report('chainId', sentence, fields);
      return { ...silent, chainId: Number(chainId), transport };
    }
    const headNumber = await this.#head(endpoint, transport);
    const clockSkewMs = await this.#clockSkew(endpoint, url);
    return { endpoint, chainId: wanted, headNumber, clockSkewMs, transport };
  }

  async #head(endpoint: string, transport: Transport): Promise<bigint | undefined> {
    const answer = await this.#ask(transport, 'eth_getBlockByNumber', ['latest', false]);
    const block: unknown = answer.ok ? answer.result : undefined;
    const isRecord = typeof block === 'object' && block !== null;
    const number = isRecord && 'number' in block ? quantity(block.number) : undefined;
    const seconds = isRecord && 'timestamp' in block ? quantity(block.timestamp) : undefined;
    if (number === undefined || seconds === undefined) {
      const sentence = `${endpoint} shows no latest block: wait for its sync, or replace it.`;
      this.#report('head', sentence, { endpoint });
      return undefined;
    }
    const ageMs = this.#stands.environment.clock.nowMs() - Number(seconds) * 1_000;
    const { clockSkewMsMax, headAgeMsMax } = this.#limits;
    if (-ageMs > clockSkewMsMax) {
      const sentence = `The head of ${endpoint} is ${-ageMs} ms ahead of us: set our clock.`;
      this.#report('clock', sentence, { endpoint, limit: clockSkewMsMax, actual: -ageMs });
    }
    if (headAgeMsMax !== undefined && ageMs > headAgeMsMax) {
      const sentence =
        `The head of ${endpoint} is ${ageMs} ms old: if other endpoints say the same, set the ` +
        'clock of this machine; if not, replace the endpoint.';
      this.#report('headAge', sentence, { endpoint, limit: headAgeMsMax, actual: ageMs });
    }
    return number;
  }

  async #clockSkew(endpoint: string, url: URL): Promise<number | undefined> {
    const { serverTime, environment } = this.#stands;
    if (serverTime === undefined || !/^https?:$/.test(url.protocol)) return undefined;
    const before = environment.clock.nowMs();
    const told = await this.#attempt(`The Date of ${endpoint}`, (signal) =>
      serverTime(url, signal),
    );
    // The header is an extra: an endpoint without it is not at fault.
    if (!told.ok || told.result === undefined) return undefined;
    // The server spoke at some time between question and answer; the middle errs by half the trip.
    const skewMs = Math.round(told.result - (before + environment.clock.nowMs()) / 2);
    const { clockSkewMsMax } = this.#limits;
    if (Math.abs(skewMs) > clockSkewMsMax) {
      const side = skewMs > 0 ? 'behind' : 'ahead of';
      const sentence = `Our clock is ${Math.abs(skewMs)} ms ${side} ${endpoint}: set the clock.`;
      this.#report('clock', sentence, { endpoint, limit: clockSkewMsMax, actual: skewMs });
    }
    return skewMs;
  }

  async #signer(
    { name, open, leastBalance = 1n }: StartSigner,
    endpoint: EndpointFinding | undefined,
  ): Promise<StartReport['signers'][number]> {
    const opened = await this.#attempt(`The signer ${name}`, async () => await open());
    if (!opened.ok) {
      this.#report('signer', `The signer ${name} cannot be used: ${opened.why}`, { signer: name });
      return { name, address: undefined, balance: undefined };
    }
    const { address } = opened.result;
    if (endpoint === undefined) return { name, address, balance: undefined };
    const answer = await this.#ask(endpoint.transport, 'eth_getBalance', [address, 'latest']);
    const balance = answer.ok ? quantity(answer.result) : undefined;
    if (balance === undefined) {
      const sentence = `${endpoint.endpoint} does not tell the balance of ${address}: check it.`;
      this.#report('balance', sentence, { signer: name, endpoint: endpoint.endpoint });
    } else if (balance < leastBalance) {
      const shortfall = leastBalance - balance;
      const sentence = `The signer ${name} has ${balance} wei: send ${address} ${shortfall} more.`;
      const fields = { limit: String(leastBalance), actual: String(balance) };
      this.#report('funded', sentence, { signer: name, address, ...fields });
    }
    return { name, address, balance };
  }

  /** Writes and reads one record under a name that nothing else uses. */
  async #store(): Promise<void> {
    const tried = await this.#attempt('The store', async () => {
      const store = await this.#question.openStore();
      try {
        await tryStore(store, this.#limits.timeoutMs);
      } finally {
        await store.close();
      }
    });
    if (tried.ok) return;
    const sentence = `The store of intents cannot be used: ${tried.why}`;
    this.#report('store', sentence, {});
  }

  async #ask(
    transport: Transport,
    method: string,
    params: readonly unknown[],
  ): Promise<Attempted<unknown>> {
    const { timeoutMs } = this.#limits;
    return await this.#attempt(method, (signal) =>
      transport.request({ method, params }, { timeoutMs, signal }),
    );
  }

  /** Runs something that the world may refuse. Bugs pass through. */
  async #attempt<Result>(
    what: string,
    run: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Attempted<Result>> {
    const { clock } = this.#stands.environment;
    const code = 'CHAIN_CONFIG_INVALID';
    const { timeoutMs } = this.#limits;
    try {
      return { ok: true, result: await within({ clock, timeoutMs, code, what }, run) };
    } catch (failure) {
      if (failure instanceof Fault) return { ok: false, why: reasonOf(failure) };
      throw failure;
    }
  }

  #report(rule: string, sentence: string, fields: Record<string, string | number>): void {
    const fault = new ChainFault('CHAIN_CONFIG_INVALID', sentence, { fields: { rule, ...fields } });
    this.#problems.push(fault);
  }
}

type Attempted<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly why: string };

async function tryStore(store: ChainStore, leaseMs: number): Promise<void> {
  const name = 'start-check';
  const lease = await store.acquireLease(name, name, leaseMs);
  // Somebody else is writing the same record now, so the store can be written.
  if (lease === undefined) return;
  const text = JSON.stringify({ fence: lease.fence });
  await store.commit(lease, [{ key: name, text }]);
  const read = await store.get(name);
  await store.commit(lease, [{ key: name, text: undefined }]);
  await store.releaseLease(lease);
  if (read === text) return;
  throw new ChainFault(
    'CHAIN_CONFIG_INVALID',
    'it does not give back what was written: replace it.',
  );
}

function reasonOf(fault: Fault): string {
  return withoutKeys(plainText(fault.message, 300));
}

function quantity(answer: unknown): bigint | undefined {
  const isQuantity = typeof answer === 'string' && /^0x[0-9a-f]{1,64}$/i.test(answer);
  return isQuantity ? BigInt(answer) : undefined;
}
