import type { Environment } from '@lawbook/chains/environment';
import { taggedHash } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import type { ListOrder } from '@lawbook/proofs/statements/epoch/diffList';
import { SettlementFault } from '../../settlementFault.ts';
import { mayPass } from '../refusalRules.ts';
import type { SettleOutcome, Submission } from '../submission.ts';
import type { AllowanceMessage } from './allowanceMessage.ts';
import type { DeltaMarket, EpochPlan, OwnerKeys, VaultView } from './allowances.ts';
import { ownersOf, planEpoch } from './allowances.ts';
import type { DeltaClient } from './deltaClient.ts';
import { printBase58 } from './deltaKey.ts';
import type { DeltaRecord } from './deltaRecords.ts';
import { DeltaRefusal, refusalSaid } from './deltaRefusal.ts';
import type { ExecutedAllowance, SdlState, SignedDebitAllowance } from './deltaWire.ts';
import { NATIVE_TOKEN } from './deltaWire.ts';
import { encodeLawInput, headOf } from './lawInput.ts';
import type { RecordBook } from './recordBook.ts';

/** Signs for the pool's vault. */
export interface PoolSigner {
  /** Ed25519 over the message; 64 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** Where the signed allowances of orders are kept; the venue collects them with its orders. */
export interface OrderAllowances {
  allowanceOf(order: ListOrder): Promise<SignedDebitAllowance | undefined>;
}

/** Paces of a settlement, milliseconds. */
export interface SettlementPace {
  /** Wait between two looks at a list, at first and at most. */
  readonly pollMsMin: number;
  readonly pollMsMax: number;
  /** How long one call follows a list. The next call goes on. */
  readonly settleMs: number;
}

/** What a settlement stands on. */
export interface SettlementParts {
  readonly client: DeltaClient;
  readonly keys: OwnerKeys;
  readonly allowances: OrderAllowances;
  readonly signer: PoolSigner;
  readonly messageOf: AllowanceMessage;
  readonly environment: Environment;
}

/** Reads of vaults that are under way at once. */
const READS_AT_ONCE = 8;
/** Lists of others that a domain may have; more of them and it is not ours alone. */
const STRANGERS_MAX = 1000;
/** Tries of an act within one call. */
const ACT_TRIES = 5;
const INPUT_TAG = 'lawbook.delta.lawInput.v1';

/**
 * The way of one list through the domain: plan, apply, cut, prove, hand over. Nothing is sent a
 * second time before the domain was asked what became of the first.
 */
export class ListSettlement {
  readonly #submission: Submission;
  readonly #market: DeltaMarket;
  readonly #pace: SettlementPace;
  readonly #book: RecordBook;
  readonly #parts: SettlementParts;
  readonly #signal: AbortSignal;
  /** The state whose act the domain has taken; it may take a while to show. */
  #asked: SdlState['kind'] | undefined;

  constructor(
    submission: Submission,
    options: { readonly market: DeltaMarket; readonly pace: SettlementPace },
    parts: SettlementParts & { readonly book: RecordBook; readonly signal: AbortSignal },
  ) {
    this.#submission = submission;
    this.#market = options.market;
    this.#pace = options.pace;
    this.#book = parts.book;
    this.#parts = parts;
    this.#signal = parts.signal;
  }

  /** Takes the list from where it is to its end. @throws DeltaRefusal, SettlementFault */
  async run(): Promise<SettleOutcome> {
    let record = this.#book.begun(this.#submission);
    if (record?.sdlHash === undefined) record = await this.#cut(await this.#apply(record));
    return this.#follow(record);
  }

  /** What has to be applied, from what the domain says now. @throws DeltaRefusal */
  async plan(): Promise<EpochPlan> {
    const { keys, messageOf, allowances: source } = this.#parts;
    const { list, book } = this.#submission;
    const owners = ownersOf(list.owners, this.#market, keys);
    const allowances: (SignedDebitAllowance | undefined)[] = [];
    for (const { order } of book.rows) allowances.push(await source.allowanceOf(order));
    const views = new Map<string, VaultView>();
    for (let start = 0; start < owners.length; start += READS_AT_ONCE) {
      const some = owners.slice(start, start + READS_AT_ONCE);
      const read = await Promise.all(some.map(({ ownerId }) => this.#view(ownerId)));
      for (const [index, { ownerId }] of some.entries()) views.set(ownerId, at(read, index));
    }
    return planEpoch(this.#submission, {
      market: this.#market,
      keys,
      allowances,
      views,
      messageOf,
    });
  }

  async #view(ownerId: string): Promise<VaultView> {
    const { client } = this.#parts;
    const [vault, nextNonce] = await Promise.all([
      client.vault(ownerId, this.#signal),
      client.nextNonce(ownerId, this.#signal),
    ]);
    const balances = new Map(vault?.fungibles);
    balances.set(NATIVE_TOKEN, vault?.native ?? 0n);
    return { nextNonce, balances };
  }

  /** Has the domain apply the list's allowances, exactly once. */
  async #apply(begun: DeltaRecord | undefined): Promise<DeltaRecord> {
    let record = begun;
    for (let tries = 1; tries <= ACT_TRIES; tries += 1) {
      if (record !== undefined && (await this.#isTaken(record))) return record;
      try {
        const plan = await this.plan();
        record ??= await this.#begin(plan);
        if (plan.firstPoolNonce === record.firstPoolNonce) await this.#submit(plan, tries);
      } catch (error) {
        // A request that was given up may arrive late: what is refused then is its repetition.
        if (!(error instanceof DeltaRefusal) || record === undefined) throw error;
        if (!(await this.#isTaken(record))) throw error;
      }
    }
    if (record !== undefined && (await this.#isTaken(record))) return record;
    throw this.#unavailable('does not take the allowances');
  }

  /** Sends a plan; where the answer is lost, the pool's nonce tells before anything is repeated. */
  async #submit(plan: EpochPlan, tries: number): Promise<void> {
    const intents = [...plan.debits, ...(await this.#signed(plan))];
    try {
      await this.#parts.client.submitIntents(intents, this.#signal);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      await this.#pause(tries);
    }
  }

  /** Whether the pool's nonces of the list are used. @throws SettlementFault UNCERTAIN */
  async #isTaken({ firstPoolNonce, poolNonces }: DeltaRecord): Promise<boolean> {
    const pool = at(ownersOf([], this.#market, this.#parts.keys), 0);
    const next = await this.#parts.client.nextNonce(pool.ownerId, this.#signal);
    if (next === firstPoolNonce) return false;
    const after = firstPoolNonce + BigInt(poolNonces);
    if (next === after) return true;
    throw this.#uncertain(
      `found the pool's next nonce at ${next} instead of ${firstPoolNonce} or ${after}: ` +
        'somebody else acts for the pool',
    );
  }

  async #begin(plan: EpochPlan): Promise<DeltaRecord> {
    const { list, listHash } = this.#submission;
    const strangers = await this.#unknownLists(new Set());
    if (strangers.length > STRANGERS_MAX) {
      const sentence = 'The Delta domain has too many lists of others: give the venue its own.';
      throw new SettlementFault('SETTLEMENT_CONFIG_INVALID', sentence);
    }
    return this.#book.put({
      listNumber: list.number,
      listHash,
      epochNumber: Number(list.epochNumber),
      batchNumber: this.#book.progress().batchNumber + list.batches.length,
      closedAtMs: Number(list.batches.at(-1)?.closedAtMs ?? 0n),
      firstPoolNonce: plan.firstPoolNonce,
      poolNonces: plan.payouts.length,
      strangers,
      sdlHash: undefined,
      provedWith: undefined,
      isApplied: false,
    });
  }

  async #signed(plan: EpochPlan): Promise<readonly ExecutedAllowance[]> {
    const { signer, messageOf } = this.#parts;
    const executed: ExecutedAllowance[] = [];
    for (const { payload, diffs } of plan.payouts) {
      const signature = printBase58(await signer.sign(messageOf(payload)));
      executed.push({ allowance: { payload, publicKey: plan.pool.publicKey, signature }, diffs });
    }
    return executed;
  }

  /** Has the domain cut what was applied into its list, and remembers the hash. */
  async #cut(record: DeltaRecord): Promise<DeltaRecord> {
    for (let tries = 1; ; tries += 1) {
      // Read first: an answer that was lost, now or before a crash, has left a list behind.
      const fresh = await this.#unknownLists(new Set(record.strangers));
      if (fresh.length > 1) throw this.#uncertain('appeared on the domain together with others');
      const [sdlHash] = fresh;
      if (sdlHash !== undefined) return this.#book.put({ ...record, sdlHash });
      if (tries > ACT_TRIES) throw this.#unavailable('does not cut the list');
      try {
        await this.#parts.client.submitSdl(this.#signal);
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        await this.#pause(tries);
      }
    }
  }

  /** Lists of the domain that are neither in our records nor among these. */
  async #unknownLists(strangers: ReadonlySet<string>): Promise<readonly string[]> {
    const known = await this.#parts.client.sdls(this.#signal);
    const own = new Set(this.#book.all().map(({ sdlHash }) => sdlHash));
    const hashes = known.map(({ hash }) => hash);
    return hashes.filter((hash) => !own.has(hash) && !strangers.has(hash));
  }

  /** Takes the list from state to state until it is applied or refused. */
  async #follow(begun: DeltaRecord): Promise<SettleOutcome> {
    const { clock } = this.#parts.environment;
    const deadlineMs = clock.elapsedMs() + this.#pace.settleMs;
    for (let looks = 1; ; looks += 1) {
      try {
        const outcome = await this.#step(begun.sdlHash ?? '');
        if (outcome !== undefined) return outcome;
      } catch (error) {
        // The next look tells what became of an act whose answer was lost.
        if (!isUnavailable(error)) throw error;
      }
      if (clock.elapsedMs() >= deadlineMs) throw this.#uncertain('is not applied in time');
      await this.#pause(looks);
    }
  }

  /** One look, and the act that it asks for. */
  async #step(hash: string): Promise<SettleOutcome | undefined> {
    const record = this.#book.recordOf(this.#submission.list.number);
    if (record === undefined || record.isApplied) return settledAs(hash);
    const state = await this.#parts.client.sdl(hash, this.#signal);
    if (state === undefined) throw this.#uncertain(`is unknown to the domain as ${hash}`);
    switch (state.kind) {
      case 'BaseLayerApplied':
        await this.#book.put({ ...record, isApplied: true });
        return settledAs(hash);
      case 'BaseLayerFailed':
        return refused('', 'BaseLayerFailed');
      case 'Submitted':
      case 'ProvingFailed':
        return this.#prove(hash, record, state);
      case 'Proven':
        await this.#ask(hash, state, () => this.#parts.client.submitProof(hash, this.#signal));
        return undefined;
      default:
        return undefined;
    }
  }

  /** Asks for a proof once for each input: a list that failed is proved again with another one. */
  async #prove(
    hash: string,
    record: DeltaRecord,
    state: SdlState,
  ): Promise<SettleOutcome | undefined> {
    const { proof } = this.#submission;
    const input = encodeLawInput({ head: headOf(this.#submission), proof });
    const provedWith = taggedHash(INPUT_TAG, input);
    if (state.kind === 'ProvingFailed' && provedWith === record.provedWith) {
      return refused(state.reason, 'ProvingFailed');
    }
    await this.#ask(hash, state, async () => {
      await this.#parts.client.prove(hash, input, this.#signal);
      await this.#book.put({ ...record, provedWith });
    });
    return undefined;
  }

  /** Acts once by state, and forgives a refusal that only says that the list has moved on. */
  async #ask(hash: string, state: SdlState, act: () => Promise<void>): Promise<void> {
    if (this.#asked === state.kind) return;
    try {
      await act();
      this.#asked = state.kind;
    } catch (error) {
      if (!(error instanceof DeltaRefusal)) throw error;
      const now = await this.#parts.client.sdl(hash, this.#signal);
      if (now === undefined || now.kind === state.kind) throw error;
    }
  }

  #pause(tries: number): Promise<void> {
    const { clock, random } = this.#parts.environment;
    const { pollMsMin, pollMsMax } = this.#pace;
    const waitMs = Math.min(pollMsMax, pollMsMin * 2 ** Math.min(tries - 1, 20));
    return clock.sleep(waitMs * (0.75 + random.next() / 2), this.#signal);
  }

  #uncertain(what: string): SettlementFault {
    return uncertainList(this.#submission.list.number, what);
  }

  #unavailable(what: string): SettlementFault {
    const { host } = this.#parts.client;
    const listNumber = this.#submission.list.number.toString();
    const sentence = `The Delta domain at ${host} ${what} of list ${listNumber}. Ask again later.`;
    return new SettlementFault('SETTLEMENT_UNAVAILABLE', sentence, {
      fields: { listNumber, host },
    });
  }
}

/** The fault of a list whose fate nobody can tell yet. */
export function uncertainList(listNumber: bigint, what: string, cause?: unknown): SettlementFault {
  const sentence = `List ${listNumber} ${what}. Ask again with the same list.`;
  const fields = { listNumber: listNumber.toString() };
  return new SettlementFault('SETTLEMENT_UNCERTAIN', sentence, { fields, cause });
}

/** There are no blocks and no gas on Delta; the list's hash names the act. */
function settledAs(transaction: string): SettleOutcome {
  return { kind: 'settled', transaction, blockNumber: 0n, gasUsed: undefined };
}

function refused(said: string, rule: 'ProvingFailed' | 'BaseLayerFailed'): SettleOutcome {
  const refusal = refusalSaid(said, rule);
  return { kind: 'refused', refusal, mayPass: mayPass(refusal.rule) };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof SettlementFault && error.code === 'SETTLEMENT_UNAVAILABLE';
}
