import { z } from 'zod';
import { ChainFault } from '../chainFault.ts';
import type { EndpointAnswer, EndpointPool, ReadOptions } from '../endpoints/endpointPool.ts';
import type { RpcCall } from '../endpoints/transport.ts';
import { TransportError } from '../endpoints/transport.ts';
import type { Finality } from './finality.ts';
import { commitmentSchema, fromCommitment, toCommitment } from './finality.ts';

/**
 * The calls of Solana's JSON-RPC that the lane makes, each read by a schema. Slots and heights are
 * JSON numbers on the wire and bigint here; an answer beyond 2^53 is refused as unreadable, because
 * its last digits are already lost.
 */
export type SolanaEndpoints = Pick<EndpointPool, 'read' | 'ask' | 'broadcast' | 'stats' | 'close'>;

/** An answer with the slot that it was true at. */
export interface InContext<Answer> {
  readonly slot: bigint;
  readonly answer: Answer;
}

/** A readable answer of one endpoint among several. */
export interface Told<Answer> {
  readonly endpoint: string;
  readonly answer: Answer;
}

/** What an endpoint says of one signature. */
export interface StatusAnswer {
  readonly slot: bigint;
  readonly finality: Finality;
  /** Undefined when it succeeded; else the cluster's words as JSON. */
  readonly error: string | undefined;
}

/** A blockhash to sign with. */
export interface BlockhashAnswer {
  readonly blockhash: string;
  readonly lastValidBlockHeight: bigint;
}

/** What a simulation says. */
export interface SimulationAnswer {
  /** Undefined when it would succeed. */
  readonly error: string | undefined;
  readonly units: number;
  /** The last lines of the log. */
  readonly logs: readonly string[];
}

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const big = count.transform((digits) => BigInt(digits));

const contextSchema = z.object({ context: z.object({ slot: big }), value: z.unknown() });

function inContext<Answer>(shape: z.ZodType<Answer>): z.ZodType<InContext<Answer>> {
  return contextSchema.transform((told, issues): InContext<Answer> => {
    const read = shape.safeParse(told.value);
    if (read.success) return { slot: told.context.slot, answer: read.data };
    issues.addIssue('the value has another shape');
    return z.NEVER;
  });
}

const latestSchema = inContext(z.object({ blockhash: z.string(), lastValidBlockHeight: big }));
const statusSchema = z
  .object({
    slot: big,
    err: z.unknown(),
    confirmations: z.number().nullish(),
    confirmationStatus: commitmentSchema.nullish(),
  })
  .transform(({ slot, err, confirmations, confirmationStatus }): StatusAnswer => {
    // Old nodes leave the status out; without confirmations left to count it is finalized.
    const told = confirmationStatus ?? (confirmations === null ? 'finalized' : 'processed');
    return { slot, finality: fromCommitment(told), error: writeError(err) };
  });
const statusesSchema = inContext(z.array(statusSchema.nullable()));
const simulationSchema = inContext(
  z.object({
    err: z.unknown(),
    logs: z.array(z.string()).nullish(),
    unitsConsumed: count.nullish(),
  }),
);
const feesSchema = z.array(z.object({ slot: count, prioritizationFee: big }));
const transactionSchema = z.object({ slot: big, meta: z.object({ fee: big }) }).nullable();

function writeError(err: unknown): string | undefined {
  return err === null || err === undefined ? undefined : JSON.stringify(err);
}

/** Every call that the lane makes, over whatever endpoints it was given. */
export class SolanaRpc {
  readonly endpoints: SolanaEndpoints;

  constructor(endpoints: SolanaEndpoints) {
    this.endpoints = endpoints;
  }

  /** Lamports at a slot not before `fromSlot`. */
  balance(
    address: string,
    at: { finality: Finality; fromSlot: bigint },
  ): Promise<InContext<bigint>> {
    const options = { commitment: toCommitment(at.finality), minContextSlot: Number(at.fromSlot) };
    return this.#read('getBalance', [address, options], inContext(big));
  }

  /** Lamports that an account without contents has to hold. */
  rentExemptMinimum(): Promise<bigint> {
    return this.#read('getMinimumBalanceForRentExemption', [0], big);
  }

  /** `wire`: base64, its signature may be missing. */
  async simulate(wire: string, fromSlot: bigint): Promise<SimulationAnswer> {
    const options = {
      encoding: 'base64',
      commitment: toCommitment('safe'),
      sigVerify: false,
      replaceRecentBlockhash: true,
      minContextSlot: Number(fromSlot),
    };
    const { answer } = await this.#read('simulateTransaction', [wire, options], simulationSchema);
    const logs = (answer.logs ?? []).slice(-4);
    return { error: writeError(answer.err), units: answer.unitsConsumed ?? 0, logs };
  }

  /** Unit prices (micro-lamports) that recently got into blocks which write these accounts. */
  async recentPrices(writable: readonly string[]): Promise<readonly bigint[]> {
    const asked = [writable.slice(0, ACCOUNTS_MAX)];
    const fees = await this.#read('getRecentPrioritizationFees', asked, feesSchema);
    return fees.map(({ prioritizationFee }) => prioritizationFee);
  }

  /** Lamports; undefined when the endpoint does not know the message's blockhash. */
  async feeForMessage(message: string): Promise<bigint | undefined> {
    const params = [message, { commitment: toCommitment('safe') }];
    const { answer } = await this.#read('getFeeForMessage', params, inContext(big.nullable()));
    return answer ?? undefined;
  }

  /** Lamports that a landed transaction was charged; undefined while it is not to be seen. */
  async feePaid(signature: string, finality: 'safe' | 'finalized'): Promise<bigint | undefined> {
    const commitment = toCommitment(finality);
    const options = { commitment, encoding: 'base64', maxSupportedTransactionVersion: 0 };
    const told = await this.#read('getTransaction', [signature, options], transactionSchema);
    return told?.meta.fee;
  }

  latestBlockhashes(finality: Finality): Promise<readonly Told<InContext<BlockhashAnswer>>[]> {
    return this.#ask('getLatestBlockhash', [{ commitment: toCommitment(finality) }], latestSchema);
  }

  blockHeights(finality: Finality): Promise<readonly Told<bigint>[]> {
    return this.#ask('getBlockHeight', [{ commitment: toCommitment(finality) }], big);
  }

  blockhashValidity(blockhash: string): Promise<readonly Told<InContext<boolean>>[]> {
    const params = [blockhash, { commitment: toCommitment('finalized') }];
    return this.#ask('isBlockhashValid', params, inContext(z.boolean()));
  }

  /** At most 256 signatures; the answers stand in their order. */
  statuses(
    signatures: readonly string[],
    searchHistory: boolean,
  ): Promise<readonly Told<InContext<readonly (StatusAnswer | null)[]>>[]> {
    const options = { searchTransactionHistory: searchHistory };
    const fitting = statusesSchema.refine(({ answer }) => answer.length === signatures.length);
    return this.#ask('getSignatureStatuses', [signatures, options], fitting);
  }

  /** Slots of the oldest blocks that the endpoints can look back to. */
  firstAvailableBlocks(): Promise<readonly Told<bigint>[]> {
    return this.#ask('getFirstAvailableBlock', [], big);
  }

  genesisHashes(): Promise<readonly Told<string>[]> {
    return this.#ask('getGenesisHash', [], z.string());
  }

  /** @returns the endpoints that took the transaction, and the words of those that refused. */
  async send(
    wire: string,
    { skipPreflight, endpoints }: { skipPreflight: boolean; endpoints: number },
  ): Promise<{ readonly taken: readonly string[]; readonly refused: readonly string[] }> {
    const options = {
      encoding: 'base64',
      skipPreflight,
      preflightCommitment: toCommitment('safe'),
      // Re-sending is the lane's work: a node that retries by itself hides what was sent when.
      maxRetries: 0,
    };
    const call = { method: 'sendTransaction', params: [wire, options] };
    const answers = await this.endpoints.broadcast(call, { route: 'public', endpoints });
    return {
      taken: answers.filter(({ ok }) => ok).map(({ endpoint }) => endpoint),
      refused: answers.flatMap((answer) => (answer.ok ? [] : [describe(answer)])),
    };
  }

  async #read<Answer>(
    method: string,
    params: readonly unknown[],
    schema: z.ZodType<Answer>,
    options?: ReadOptions,
  ): Promise<Answer> {
    const result = await this.endpoints.read({ method, params }, options);
    const read = schema.safeParse(result);
    if (read.success) return read.data;
    const message = `The answer to ${method} has another shape than Solana's JSON-RPC gives it.`;
    throw new TransportError('malformed', message, { fields: { method } });
  }

  async #ask<Answer>(
    method: string,
    params: readonly unknown[],
    schema: z.ZodType<Answer>,
  ): Promise<readonly Told<Answer>[]> {
    const call: RpcCall = { method, params };
    const answers = await this.endpoints.ask(call);
    return answers.flatMap((told) => {
      const read = told.ok ? schema.safeParse(told.result) : undefined;
      return read?.success ? [{ endpoint: told.endpoint, answer: read.data }] : [];
    });
  }
}

/** Accounts that getRecentPrioritizationFees takes at most. */
const ACCOUNTS_MAX = 128;

function describe({ endpoint, fault }: EndpointAnswer & { ok: false }): string {
  return `${endpoint}: ${fault instanceof ChainFault ? fault.message : 'no readable answer'}`;
}
