import type { Hash } from '@lawbook/exchange/codec/hash';
import { Fault } from '@lawbook/exchange/failures/fault';
import { InvariantViolation, invariant } from '@lawbook/exchange/failures/invariant';
import { listHash } from '@lawbook/proofs/statements/epoch/dataVector';
import type { SettleOutcome, Submission } from '../baseLayer/submission.ts';
import { Bell } from '../bell.ts';
import { SettlementFault } from '../settlementFault.ts';
import { Backoff } from './backoff.ts';
import { followChain, settledRecord } from './chainFollower.ts';
import { ListBook, NO_LIST } from './listBook.ts';
import { recordOf } from './sealedLists.ts';
import type { ListRecord } from './settlementStore.ts';
import type {
  ProvedList,
  SettlementLag,
  Settler,
  SettlerDependencies,
  SettlerOptions,
} from './settler.ts';

/**
 * Starts to take sealed epochs through prove and settle, where the store and the chain say that
 * they stand. The base layer may be away.
 * @throws whatever the store throws when it cannot be read.
 */
export async function openSettler(
  options: SettlerOptions,
  dependencies: SettlerDependencies,
): Promise<Settler> {
  const { store, onEvent } = dependencies;
  const book = await ListBook.open(options.base ?? NO_LIST, {
    store,
    onRecord: (record) => onEvent({ kind: 'record', record }),
  });
  return new RunningSettler(options, { ...dependencies, book });
}

/** Refusals that say that the proof is at fault and not the list: it is proved again. */
const PROOF_RULES: readonly string[] = [
  'LawsAreProven',
  'CircuitUnknown',
  'CircuitIsTooSmall',
  'CommitmentOutOfField',
];

type Parts = SettlerDependencies & { readonly book: ListBook };

/** What a step came to: whether another may follow at once, or how long to wait for one. */
type Step = { readonly waitMs: number };

const AT_ONCE: Step = { waitMs: 0 };

class RunningSettler implements Settler {
  readonly #options: SettlerOptions;
  readonly #parts: Parts;
  readonly #bell = new Bell();
  readonly #closing = new AbortController();
  readonly #proving: Backoff;
  readonly #settling: Backoff;
  readonly #loops: readonly Promise<void>[];
  /** When lists were sealed that are not final. */
  readonly #sealedAtMs = new Map<bigint, number>();
  #sealed: bigint;
  #isBroken = false;

  constructor(options: SettlerOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#proving = new Backoff(options.limits, parts.environment);
    this.#settling = new Backoff(options.limits, parts.environment);
    this.#sealed = parts.book.settled();
    const { book } = parts;
    this.#loops = [
      this.#watchSource(),
      this.#repeat({ step: () => this.#proveNext(), next: () => book.proven() + 1n }),
      this.#repeat({ step: () => this.#settleNext(), next: () => book.settled() + 1n }),
    ];
    // Only bugs end a loop, and they end all of them; whoever closes the settler hears of it.
    for (const loop of this.#loops) loop.catch(() => this.#closing.abort(closed()));
  }

  lag(): SettlementLag {
    const { book, environment } = this.#parts;
    const settled = book.settled();
    const proven = book.proven();
    const sealed = this.#highestSealed();
    const ageOf = (listNumber: bigint): number => {
      const known = book.get(listNumber)?.sealedAtMs ?? this.#sealedAtMs.get(listNumber);
      if (listNumber > sealed || known === undefined) return 0;
      return Math.max(0, environment.clock.nowMs() - known);
    };
    return {
      sealed,
      proven,
      settled,
      finalized: book.finalized(),
      unsettled: Number(sealed - settled),
      oldestUnsettledMs: ageOf(settled + 1n),
      oldestUnprovenMs: ageOf(proven + 1n),
    };
  }

  async record(listNumber: bigint): Promise<ListRecord | undefined> {
    return this.#parts.book.read(listNumber);
  }

  async close(): Promise<void> {
    this.#closing.abort(closed());
    await Promise.allSettled(this.#loops);
    await Promise.all(this.#loops);
  }

  /** What is proven or settled was sealed, whether it was noticed or not. */
  #highestSealed(): bigint {
    const proven = this.#parts.book.proven();
    if (proven > this.#sealed) return proven;
    return this.#sealed;
  }

  /** Takes note of every epoch that is sealed. */
  async #watchSource(): Promise<void> {
    const { source, environment } = this.#parts;
    const { signal } = this.#closing;
    const backoff = new Backoff(this.#options.limits, environment);
    while (!signal.aborted) {
      try {
        for (;;) {
          const next = await source.list(this.#sealed + 1n);
          if (next === undefined) break;
          this.#sealed = next.listNumber;
          this.#sealedAtMs.set(next.listNumber, next.sealedAtMs);
          this.#bell.ring();
        }
        backoff.succeed();
        await source.changed(signal);
      } catch (error) {
        this.#endOnBug(this.#sealed + 1n, error);
        if (signal.aborted) return;
        this.#alarm(this.#sealed + 1n, { failures: backoff.fail(), error });
        await this.#rest(backoff.waitMs());
      }
    }
  }

  /** Runs steps until the settler is closed; a step that fails is put off and made again. */
  async #repeat({
    step,
    next,
  }: {
    readonly step: () => Promise<Step>;
    /** The list that the step is about, for whoever is told of its failures. */
    readonly next: () => bigint;
  }): Promise<void> {
    const { signal } = this.#closing;
    const { environment } = this.#parts;
    const { clock } = environment;
    const backoff = new Backoff(this.#options.limits, environment);
    while (!signal.aborted) {
      const since = this.#bell.rings();
      try {
        const { waitMs } = await step();
        backoff.succeed();
        if (waitMs > 0) await this.#bell.nextWithin(since, { clock, durationMs: waitMs, signal });
      } catch (error) {
        this.#endOnBug(next(), error);
        if (signal.aborted) return;
        this.#alarm(next(), { failures: backoff.fail(), error });
        await this.#rest(backoff.waitMs());
      }
    }
  }

  /** Proves the first list that has no proof, as far ahead of settling as the limit allows. */
  async #proveNext(): Promise<Step> {
    const { book, source } = this.#parts;
    const { provenAheadMax, beatMs } = this.#options.limits;
    const listNumber = book.proven() + 1n;
    const isAhead = listNumber > book.settled() + BigInt(provenAheadMax);
    const waitMs = Math.min(beatMs, this.#proving.waitMs());
    if (isAhead || listNumber > this.#sealed) return { waitMs: beatMs };
    if (waitMs > 0) return { waitMs };
    const list = await source.list(listNumber);
    const record = await recordOf(listNumber, this.#parts);
    if (list === undefined || record === undefined) return { waitMs: beatMs };
    let proved: ProvedList;
    try {
      proved = await this.#parts.prove(list, record.previousListHash, this.#closing.signal);
    } catch (error) {
      rethrowBugs(error);
      if (this.#closing.signal.aborted) throw error;
      await this.#fail(listNumber, { backoff: this.#proving, sentence: sentenceOf(error) });
      return AT_ONCE;
    }
    const { attachment, circuit, backend } = proved;
    const provenAtMs = this.#parts.environment.clock.nowMs();
    await book.change(listNumber, (before = record) => {
      const facts = { attachment, provedBy: { circuit, backend }, provenAtMs };
      // The chain may hold the list already, from before the records were lost.
      if (before.stage !== 'sealed') return { ...before, ...facts };
      return { ...before, ...facts, stage: 'proven', failures: 0, lastFailure: undefined };
    });
    this.#proving.succeed();
    this.#bell.ring();
    return AT_ONCE;
  }

  /** Looks where the chain stands, then settles the list that comes next. */
  async #settleNext(): Promise<Step> {
    const { book } = this.#parts;
    const { beatMs } = this.#options.limits;
    const before = book.settled();
    if (!(await followChain(this.#parts))) {
      this.#closing.abort(diverged());
      return AT_ONCE;
    }
    for (const k of this.#sealedAtMs.keys()) if (k <= book.finalized()) this.#sealedAtMs.delete(k);
    if (book.settled() > this.#sealed) this.#sealed = book.settled();
    if (book.settled() !== before) this.#bell.ring();
    const record = book.get(book.settled() + 1n);
    if (record?.stage !== 'proven') return { waitMs: beatMs };
    const waitMs = Math.min(beatMs, this.#settling.waitMs());
    if (waitMs > 0) return { waitMs };
    const submission = await this.#submissionOf(record);
    if (submission === undefined) return AT_ONCE;
    await this.#settle(submission);
    return AT_ONCE;
  }

  /** What settles a proven list. Undefined where its proof is of no use: it is proved again. */
  async #submissionOf(record: ListRecord): Promise<Submission | undefined> {
    const { source, cut, readProof } = this.#parts;
    const { listNumber, attachment } = record;
    const list = await source.list(listNumber);
    if (list === undefined) throw missing(listNumber);
    const { list: diffs, book, ...place } = await cut(list, record.previousListHash);
    const hash = listHash({ list: diffs, book, ...place });
    try {
      invariant(attachment !== undefined, 'a proven list has its proof');
      if (hash === record.listHash) {
        return { list: diffs, book, proof: readProof(attachment), listHash: hash };
      }
      await this.#forgetProof(listNumber, {
        hash,
        sentence: 'The list is cut in another way now.',
      });
    } catch (error) {
      rethrowBugs(error);
      await this.#forgetProof(listNumber, { hash, sentence: sentenceOf(error) });
    }
    return undefined;
  }

  /** Sends a list and waits a beat for what becomes of it; sent again, it is the same act. */
  async #settle(submission: Submission): Promise<void> {
    const { layer, environment } = this.#parts;
    const { number: listNumber } = submission.list;
    const beat = new AbortController();
    const stop = (): void => beat.abort(this.#closing.signal.reason);
    this.#closing.signal.addEventListener('abort', stop, { once: true });
    if (this.#closing.signal.aborted) stop();
    const over = new AbortController();
    const timer = environment.clock.sleep(this.#options.limits.beatMs, over.signal);
    timer.then(
      () => beat.abort(beatOver()),
      () => undefined,
    );
    try {
      await this.#record(submission, await layer.settle(submission, beat.signal));
    } catch (error) {
      rethrowBugs(error);
      if (this.#closing.signal.aborted) throw error;
      // Our own patience ended, not the act: look at the chain and ask again.
      if (beat.signal.aborted) return;
      await this.#fail(listNumber, { backoff: this.#settling, sentence: sentenceOf(error) });
    } finally {
      over.abort('over');
      this.#closing.signal.removeEventListener('abort', stop);
    }
  }

  async #record({ list, listHash: hash }: Submission, outcome: SettleOutcome): Promise<void> {
    const { book, environment, onEvent } = this.#parts;
    const listNumber = list.number;
    if (outcome.kind === 'settled') {
      const { transaction, blockNumber, gasUsed } = outcome;
      const settledAtMs = environment.clock.nowMs();
      await book.change(listNumber, (before) => {
        invariant(before !== undefined, 'a list that was sent has a record');
        return settledRecord(before, { settledAtMs, transaction, blockNumber, gasUsed });
      });
      book.noteSettled(listNumber);
      this.#settling.succeed();
      this.#bell.ring();
      return;
    }
    const { rule, sentence } = outcome.refusal;
    const told = `${sentence} (${rule})`;
    if (PROOF_RULES.includes(rule)) await this.#forgetProof(listNumber, { hash, sentence: told });
    else if (outcome.mayPass) {
      await this.#fail(listNumber, { backoff: this.#settling, sentence: told });
    } else {
      await book.change(listNumber, (before) => {
        invariant(before !== undefined, 'a list that was sent has a record');
        return { ...before, stage: 'refused', lastFailure: told, failures: before.failures + 1 };
      });
      onEvent({ kind: 'alert', listNumber, sentence: `The base layer refuses a list: ${told}` });
    }
  }

  /** Puts a list back to be proved, under the hash that it has now. */
  async #forgetProof(
    listNumber: bigint,
    { hash, sentence }: { readonly hash: Hash; readonly sentence: string },
  ): Promise<void> {
    await this.#parts.book.change(listNumber, (before) => {
      invariant(before !== undefined, 'a list that was proved has a record');
      return { ...before, listHash: hash, stage: 'sealed', attachment: undefined };
    });
    await this.#fail(listNumber, { backoff: this.#proving, sentence });
    this.#bell.ring();
  }

  /** Counts a failure of a list and puts the next try off. */
  async #fail(
    listNumber: bigint,
    { backoff, sentence }: { readonly backoff: Backoff; readonly sentence: string },
  ): Promise<void> {
    backoff.fail();
    const { failures } = await this.#parts.book.change(listNumber, (before) => {
      invariant(before !== undefined, 'a list that fails has a record');
      return { ...before, failures: before.failures + 1, lastFailure: sentence };
    });
    this.#tell(listNumber, { failures, sentence });
  }

  /** Tells of failures that belong to no record, such as a base layer that is away. */
  #alarm(
    listNumber: bigint,
    { failures, error }: { readonly failures: number; readonly error: unknown },
  ): void {
    this.#tell(listNumber, { failures, sentence: sentenceOf(error) });
  }

  /** A bug is tried once: all loops end, and it is told by its name. */
  #endOnBug(listNumber: bigint, error: unknown): void {
    if (!(error instanceof InvariantViolation)) return;
    if (!this.#isBroken) {
      this.#isBroken = true;
      this.#parts.onEvent({ kind: 'broken', listNumber, cause: error });
    }
    throw error;
  }

  #tell(
    listNumber: bigint,
    { failures, sentence }: { readonly failures: number; readonly sentence: string },
  ): void {
    if (failures !== this.#options.limits.failuresBeforeAlert) return;
    const text = `${failures} attempts in a row failed, the last one because: ${sentence}`;
    this.#parts.onEvent({ kind: 'alert', listNumber, sentence: text });
  }

  async #rest(durationMs: number): Promise<void> {
    const { signal } = this.#closing;
    await this.#parts.environment.clock.sleep(durationMs, signal).catch(() => undefined);
  }
}

/** Bugs end the settler (`#endOnBug`); everything else is the world's and is tried again. */
function rethrowBugs(error: unknown): void {
  if (error instanceof InvariantViolation) throw error;
}

/** What a failure says to people; a foreign error's text may hold secrets, so only its name. */
function sentenceOf(error: unknown): string {
  if (error instanceof Fault) return error.message;
  return error instanceof Error ? `${error.name}.` : 'Unknown failure.';
}

function closed(): SettlementFault {
  return new SettlementFault('SETTLEMENT_CLOSED', 'The settler was closed; open it again.');
}

function diverged(): SettlementFault {
  const sentence = 'The settled prefix is not what this venue sealed; nothing more is settled.';
  return new SettlementFault('SETTLEMENT_DIVERGED', sentence);
}

function beatOver(): SettlementFault {
  return new SettlementFault('SETTLEMENT_UNCERTAIN', 'The chain is looked at before waiting on.');
}

function missing(listNumber: bigint): SettlementFault {
  return new SettlementFault(
    'SETTLEMENT_UNAVAILABLE',
    'A proven epoch is missing from the index; it is looked up again.',
    { fields: { listNumber: String(listNumber) } },
  );
}
