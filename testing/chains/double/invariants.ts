import { inspect } from 'node:util';
import type { Budget } from '@lawbook/chains/gates/policyGate';
import type { IntentLife, IntentRequest } from '@lawbook/chains/intents/intent';
import { isEnd } from '@lawbook/chains/intents/intent';
import type { Alert } from '@lawbook/chains/lanes/alert';
import { keyIn } from './keyedCalls.ts';
import type { TruthBlock, TruthReceipt } from './truth.ts';
import type { WorldDouble } from './worldDouble.ts';

/** The invariants of the chain engine, as the specification numbers them. */
export const INVARIANTS = {
  I1: 'each key executes at most once on the final canonical chain',
  I2: 'every accepted intent ended, or is unknown with an alert',
  I3: 'no gap outlives three blocks once everything is healthy',
  I4: 'log and chain agree at finality on hash, success and fee',
  I5: 'budgets are never exceeded, counting reservations',
  I6: 'no fee is above its cap',
  I7: 'no secret stands in records, alerts, metrics or errors with all their causes',
  I8: 'a death at any touch loses nothing: what is sent is durable first',
} as const;

/** Name of an invariant. */
export type InvariantName = keyof typeof INVARIANTS;

/** One broken promise. */
export interface Violation {
  readonly invariant: InvariantName;
  readonly sentence: string;
}

/** How often each invariant was looked at, and what was found. */
export interface InvariantReport {
  readonly checks: Record<InvariantName, number>;
  readonly violations: Violation[];
}

/** An intent that the engine accepted, and what its log says of it at the end. */
export interface AcceptedIntent {
  readonly request: IntentRequest;
  /** Undefined when the store has no life of it. */
  readonly life: IntentLife | undefined;
}

/** What is known at the end of a story. */
export interface Ending {
  readonly intents: readonly AcceptedIntent[];
  readonly alerts: readonly Alert[];
  /** Errors that callers saw, in full. */
  readonly errors: readonly unknown[];
  /** What else people and programs get to see: metrics, statistics. */
  readonly texts: readonly string[];
  readonly budgets: readonly Budget[];
  /** Processes that died on the way. */
  readonly deaths: number;
  /**
   * Intents that ended in blocks which a reorganisation beyond all finality dropped: nothing can
   * be promised about them but that they do not execute twice.
   */
  readonly isForgiven: (key: string) => boolean;
}

/** Blocks that a gap may live. */
const GAP_BLOCKS_MAX = 3;

/** Watches a world from outside: the truth of the chain against what the engine writes. */
export class InvariantWatch {
  readonly #world: WorldDouble;
  readonly #report: InvariantReport = {
    checks: { I1: 0, I2: 0, I3: 0, I4: 0, I5: 0, I6: 0, I7: 0, I8: 0 },
    violations: [],
  };
  readonly #sent = new Set<string>();
  readonly #pending: Promise<void>[] = [];
  #gapBlocks = 0;
  #gapTold = false;
  /** Whether an engine is up and owns the lane; gaps are nobody's fault otherwise. */
  isServed: () => boolean = () => true;

  constructor(world: WorldDouble) {
    this.#world = world;
    world.onBlock.push((block) => this.#checkGap(block));
    world.network.onSend.push((raw) => this.#checkDurable(raw));
  }

  /** Looks at everything once the story is over. */
  async finish(ending: Ending): Promise<InvariantReport> {
    await Promise.all(this.#pending);
    this.#checkOnce(ending);
    for (const intent of ending.intents) {
      this.#checkEnd(intent, ending.alerts);
      this.#checkAgreement(intent, ending);
      this.#checkCap(intent);
    }
    this.#checkBudgets(ending);
    await this.#checkSecrets(ending);
    this.#report.checks.I8 += ending.deaths;
    if (ending.deaths > 0 && this.#report.violations.some(({ invariant }) => invariant !== 'I8')) {
      this.#violate('I8', `promises broke in a world with ${ending.deaths} deaths`);
    }
    return this.#report;
  }

  /** A gap: a chain nonce that no pool has, below one that the engine has used. */
  gapAt(block: TruthBlock): { readonly hole: number; readonly highest: number } | undefined {
    const { nodes, signer, chain } = this.#world;
    const waiting = new Set<number>();
    let highest = -1;
    for (const { pool } of nodes) {
      for (const { chainNonce, raw } of pool.allOf(signer)) {
        waiting.add(chainNonce);
        if (this.#sent.has(raw)) highest = Math.max(highest, chainNonce);
      }
    }
    let hole = chain.accountAt(block, signer).count;
    while (hole < highest && waiting.has(hole)) hole += 1;
    return hole < highest ? { hole, highest } : undefined;
  }

  #checkGap(block: TruthBlock): void {
    this.#report.checks.I3 += 1;
    const gap = this.gapAt(block);
    if (gap === undefined || !this.#world.isHealthy() || !this.isServed()) {
      this.#gapBlocks = 0;
      return;
    }
    this.#gapBlocks += 1;
    if (this.#gapBlocks <= GAP_BLOCKS_MAX || this.#gapTold) return;
    this.#gapTold = true;
    this.#violate(
      'I3',
      `chain nonce ${gap.hole} is missing from every pool below ${gap.highest} for more than ` +
        `${GAP_BLOCKS_MAX} healthy blocks, at block ${block.number}`,
    );
  }

  /** The first time that bytes leave for a node, the store has to know them already. */
  #checkDurable(raw: unknown): void {
    if (typeof raw !== 'string' || this.#sent.has(raw)) return;
    this.#sent.add(raw);
    this.#report.checks.I8 += 1;
    const look = async (): Promise<void> => {
      const entries = await this.#world.store.inner().list('life/');
      if (entries.some(({ text }) => text.includes(raw))) return;
      this.#violate('I8', 'bytes left for a node before the store knew them');
    };
    this.#pending.push(look());
  }

  #checkOnce({ intents }: Ending): void {
    const counts = new Map<string, number>();
    for (const { receipt } of this.#canonical()) {
      const key = keyIn(receipt.transaction.callData);
      if (key === undefined || !receipt.success) continue;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const { request } of intents) {
      this.#report.checks.I1 += 1;
      const count = counts.get(request.key) ?? 0;
      if (count > 1) this.#violate('I1', `${request.key} executed ${count} times`);
    }
  }

  #checkEnd({ request, life }: AcceptedIntent, alerts: readonly Alert[]): void {
    this.#report.checks.I2 += 1;
    if (life !== undefined && isEnd(life.state)) return;
    const isTold = alerts.some(({ kind, key }) => {
      return kind === 'laneHalted' || (kind === 'outcomeUnknown' && key === request.key);
    });
    if (isTold) return;
    this.#violate(
      'I2',
      `${request.key} is ${life?.state ?? 'not in the log'}, and nobody was told`,
    );
  }

  #checkAgreement({ request, life }: AcceptedIntent, ending: Ending): void {
    if (life === undefined || !isEnd(life.state) || ending.isForgiven(request.key)) return;
    this.#report.checks.I4 += 1;
    const executed = this.#canonical().filter(
      ({ receipt }) => keyIn(receipt.transaction.callData) === request.key,
    );
    const said = `${request.key} is ${life.state}`;
    if (life.state === 'final' || life.state === 'reverted') {
      const [place] = executed;
      const { inclusion } = life;
      if (place === undefined || inclusion === undefined) {
        this.#violate('I4', `${said}, and the chain has no execution of it`);
        return;
      }
      const { block, receipt } = place;
      if (receipt.success !== (life.state === 'final') || receipt.success !== inclusion.success) {
        this.#violate('I4', `${said}, and on the chain its success is ${receipt.success}`);
      }
      if (inclusion.hash !== receipt.transaction.hash || inclusion.block.hash !== block.hash) {
        this.#violate('I4', `${said} by another transaction or block than the chain has`);
      }
      if (inclusion.feePaid !== receipt.feePaid) {
        this.#violate('I4', `${said} for ${inclusion.feePaid}, the chain took ${receipt.feePaid}`);
      }
    } else if (executed.length > 0) {
      this.#violate('I4', `${said}, and the chain executed it`);
    }
    this.#checkSpent(life, said);
  }

  #checkSpent(life: IntentLife, said: string): void {
    const hashes = new Set<string>(life.attempts.map(({ hash }) => hash));
    const paid = this.#canonical()
      .filter(({ receipt }) => hashes.has(receipt.transaction.hash))
      .reduce((sum, { receipt }) => sum + receipt.feePaid, 0n);
    if (paid === life.feeSpent) return;
    this.#violate('I4', `${said} after ${life.feeSpent} wei of fees, the chain took ${paid}`);
  }

  #checkCap({ request, life }: AcceptedIntent): void {
    const fees = new Map<string, bigint>();
    for (const { receipt } of this.#canonical()) {
      fees.set(receipt.transaction.hash, receipt.feePaid);
    }
    for (const attempt of life?.attempts ?? []) {
      this.#report.checks.I6 += 1;
      const worst = attempt.gasLimit * attempt.maxFeePerGas;
      const paid = fees.get(attempt.hash) ?? 0n;
      if (worst <= request.feeCap && paid <= request.feeCap) continue;
      this.#violate(
        'I6',
        `${request.key} could cost ${worst} and did cost ${paid}, above ${request.feeCap}`,
      );
    }
  }

  /** Everything that was signed counts, from the moment it was signed on, unless it cannot land. */
  #checkBudgets({ intents, budgets }: Ending): void {
    // What tokens did is for the scenario to say that has any.
    for (const budget of budgets.filter(({ asset }) => asset === 'native')) {
      const spends = intents
        .filter(({ request, life }) => {
          const counts = life !== undefined && life.attempts.length > 0;
          const isUndone = life !== undefined && UNDONE.has(life.state);
          const isOf = budget.principal === '*' || request.principal === budget.principal;
          return isOf && counts && !isUndone;
        })
        .map(({ request, life }) => ({
          atMs: life?.attempts[0]?.offeredAtMs ?? 0,
          amount: request.amount,
        }));
      for (const { atMs } of spends) {
        this.#report.checks.I5 += 1;
        const inWindow = spends
          .filter((spend) => spend.atMs <= atMs && spend.atMs > atMs - budget.windowMs)
          .reduce((sum, { amount }) => sum + amount, 0n);
        if (inWindow <= budget.amount) continue;
        const { principal } = budget;
        this.#violate('I5', `${principal} spent ${inWindow} of a budget of ${budget.amount}`);
        break;
      }
    }
  }

  async #checkSecrets({ alerts, errors, texts: shown }: Ending): Promise<void> {
    const records = await this.#world.store.inner().list('');
    const texts = [
      ...shown,
      ...records.map(({ text }) => text),
      ...alerts.map((alert) => JSON.stringify(alert)),
      ...errors.map((error) => errorText(error)),
    ];
    for (const text of texts) {
      this.#report.checks.I7 += 1;
      if (text.includes(this.#world.secret)) {
        this.#violate('I7', `the secret stands in: ${text.slice(0, 200)}`);
      }
    }
  }

  #canonical(): readonly { readonly block: TruthBlock; readonly receipt: TruthReceipt }[] {
    const head = this.#world.chain.head();
    if (this.#canonicalAt !== head) {
      this.#canonicalAt = head;
      this.#canonicalReceipts = [];
      for (let b: TruthBlock | undefined = head; b !== undefined; b = b.parent) {
        for (const receipt of b.receipts) this.#canonicalReceipts.push({ block: b, receipt });
      }
    }
    return this.#canonicalReceipts;
  }
  #canonicalAt: TruthBlock | undefined;
  #canonicalReceipts: { readonly block: TruthBlock; readonly receipt: TruthReceipt }[] = [];

  #violate(invariant: InvariantName, sentence: string): void {
    this.#report.violations.push({ invariant, sentence });
  }
}

const UNDONE: ReadonlySet<string> = new Set(['cancelled', 'expired', 'refused']);

/** Everything that logs and debuggers make of an error, with its stack and all of its causes. */
function errorText(error: unknown): string {
  return inspect(error, { depth: 8, showHidden: true, maxStringLength: null });
}
