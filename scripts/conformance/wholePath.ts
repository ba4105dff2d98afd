import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedEngine } from '@lawbook/chains/configuration/startChainEngine';
import type { Transport } from '@lawbook/chains/endpoints/transport';
import { Fault } from '@lawbook/exchange/failures/fault';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { evmVerifier } from '@lawbook/proofs/verifier/evmVerifier';
import type { OwnerStands } from '@lawbook/settlement/baseLayer/evm/owner';
import {
  cancelExit,
  claimTokens,
  depositTokens,
  expectDone,
  pendingTokens,
  requestExit,
} from '@lawbook/settlement/baseLayer/evm/owner';
import type { Address, Hex } from 'viem';
import { hexToBigInt } from 'viem';
import { WORLD_SHARD } from '../../testing/settlement/baseLayerWorld.ts';
import type { ProvedSubmission } from '../../testing/settlement/evm/provedVenue.ts';
import { ProvedVenue } from '../../testing/settlement/evm/provedVenue.ts';
import { SettlingBench } from '../../testing/settlement/exchangeEpochs.ts';
import {
  budgetOf,
  fullEpoch,
  paidAsset,
  peopleNames,
} from '../../testing/settlement/fullEpochs.ts';

/** What became of one step of the path. */
export interface StepOutcome {
  readonly step: string;
  readonly verdict: 'done' | 'failed' | 'skipped';
  readonly detail: string;
  readonly elapsedMs: number;
}

/** Where the path is taken. */
export interface PathTerms {
  readonly started: StartedEngine;
  readonly transport: Transport;
  readonly operator: Address;
  readonly chainId: number;
  /** Orders of the epoch, each of a trader of its own. */
  readonly orders: number;
  /** How long the chain's own `finalized` tag is waited for. */
  readonly finalityMs: number;
  readonly signal: AbortSignal;
  readonly onStep: (outcome: StepOutcome) => void;
}

/** Ledger units that the first trader withdraws, and that the operator deposits for its exit. */
const WITHDRAWN = 1_000_000n;
const OWN_DEPOSIT = 5_000_000n;
const BEAT_MS = 500;

/**
 * Deploys, agrees, deposits, proves, settles, withdraws, claims, announces an exit and takes it
 * back, and waits for finality: each step stands on those before it, so one that fails ends the
 * path, and the rest is skipped.
 */
export async function takeWholePath(terms: PathTerms): Promise<readonly StepOutcome[]> {
  const venue = new ProvedVenue({ ...terms, finality: { kind: 'confirmations', blocks: 1 } });
  const path = new Path(terms, venue);
  const outcomes: StepOutcome[] = [];
  let isBroken = false;
  try {
    for (const [step, take] of path.steps()) {
      const outcome: StepOutcome = isBroken ? skipped(step) : await attempt(step, take);
      isBroken ||= outcome.verdict === 'failed';
      outcomes.push(outcome);
      terms.onStep(outcome);
    }
  } finally {
    await venue.close();
  }
  return outcomes;
}

/** The steps and what they hand on to one another. */
class Path {
  readonly #terms: PathTerms;
  readonly #venue: ProvedVenue;
  #bench: SettlingBench | undefined;
  #proved: ProvedSubmission | undefined;
  #settledIn = 0n;

  constructor(terms: PathTerms, venue: ProvedVenue) {
    this.#terms = terms;
    this.#venue = venue;
  }

  steps(): readonly (readonly [string, () => Promise<string>])[] {
    return [
      ['deploy', () => this.#deploy()],
      ['agreement', () => this.#agree()],
      ['deposit', () => this.#deposit()],
      ['prove', () => this.#prove()],
      ['settle', () => this.#settle()],
      ['withdraw', () => this.#withdraw()],
      ['claim', () => this.#claim()],
      ['exit request', () => this.#requestExit()],
      ['exit cancel', () => this.#cancelExit()],
      ['finality', () => this.#finality()],
    ];
  }

  async #deploy(): Promise<string> {
    const { baseLayer, verifiers, tokens } = await this.#venue.deploy();
    return `${2 + verifiers.length + tokens.length} contracts, the base layer at ${baseLayer}`;
  }

  async #agree(): Promise<string> {
    await this.#venue.agree();
    const agreement = await this.#venue.layer.agreement();
    return `active in base epoch ${agreement?.baseEpoch}, ${agreement?.circuits.length} circuits`;
  }

  async #deposit(): Promise<string> {
    const { orders, operator } = this.#terms;
    const head = await this.#block('latest');
    const timeMs = Number(hexToBigInt(head.timestamp)) * 1_000;
    const bench = new SettlingBench(peopleNames(orders), {
      domain: this.#venue.layer.domain,
      timeMs,
    });
    this.#bench = bench;
    await this.#venue.fund(
      bench.people.map(({ account }, k) => {
        return { owner: account, assetId: paidAsset(k), units: budgetOf(k) + WITHDRAWN };
      }),
    );
    const owner = operator;
    const wish = { key: 'path:own', owner, assetId: 0, units: OWN_DEPOSIT };
    expectDone(await depositTokens(wish, this.#stands()));
    const { balances } = await this.#venue.layer.vault(owner as string as AccountId);
    expect(balances.get(0) === OWN_DEPOSIT, 'the vault does not hold what was deposited');
    return `${orders} traders, the pool and the operator`;
  }

  async #prove(): Promise<string> {
    const bench = this.#open();
    bench.withdraw(this.#trader(), WITHDRAWN);
    const epoch = fullEpoch(bench, { orders: this.#terms.orders, batches: 2 });
    this.#proved = await this.#venue.prove(epoch);
    const { proof, key } = this.#proved;
    const isTrue = await evmVerifier.verify(proof, proof.publicInputs, key);
    expect(isTrue, 'the verifier refuses the proof in this process');
    return `${key.circuit}, ${proof.bytes.length} bytes, verified in this process`;
  }

  async #settle(): Promise<string> {
    invariant(this.#proved !== undefined, 'the epoch is proved');
    const { submission } = this.#proved;
    const outcome = await this.#venue.layer.settle(submission, this.#terms.signal);
    if (outcome.kind === 'refused') {
      const { rule, details, sentence } = outcome.refusal;
      throw new StepFailure(`${rule}(${details.join(', ')}): ${sentence}`);
    }
    this.#settledIn = outcome.blockNumber;
    const progress = await this.#venue.layer.progress('included');
    expect(progress.listHash === submission.listHash, 'the chain holds another list');
    return `block ${outcome.blockNumber}, ${outcome.gasUsed} gas for ${this.#terms.orders} orders`;
  }

  async #withdraw(): Promise<string> {
    const pending = await pendingTokens(this.#payment(), this.#stands());
    expect(pending === WITHDRAWN, `${pending} token units wait instead of ${WITHDRAWN}`);
    return `${pending} token units wait for the trader`;
  }

  async #claim(): Promise<string> {
    expectDone(await claimTokens({ key: 'path:claim', ...this.#payment() }, this.#stands()));
    const left = await pendingTokens(this.#payment(), this.#stands());
    expect(left === 0n, `${left} token units still wait`);
    return 'paid to the trader';
  }

  async #requestExit(): Promise<string> {
    const owner = this.#terms.operator;
    expectDone(await requestExit({ key: 'path:exit', owner }, this.#stands()));
    const { exitDueBlock } = await this.#venue.layer.vault(owner as string as AccountId);
    expect(exitDueBlock !== undefined, 'the vault says nothing of an exit');
    return `the vault unlocks at block ${exitDueBlock}`;
  }

  async #cancelExit(): Promise<string> {
    const owner = this.#terms.operator;
    expectDone(await cancelExit({ key: 'path:stay', owner }, this.#stands()));
    const { exitDueBlock } = await this.#venue.layer.vault(owner as string as AccountId);
    expect(exitDueBlock === undefined, 'the exit still stands');
    return 'taken back';
  }

  /** By the chain's own tag, which some chains do not have and others move every few minutes. */
  async #finality(): Promise<string> {
    const { finalityMs, signal } = this.#terms;
    const untilMs = performance.now() + finalityMs;
    for (;;) {
      const block = await this.#block('finalized').catch(() => undefined);
      const number = block === undefined ? undefined : hexToBigInt(block.number);
      if (number !== undefined && number >= this.#settledIn) return `finalized block ${number}`;
      const late = performance.now() >= untilMs;
      expect(!late, `finalized block ${number ?? 'unknown'}, settled in ${this.#settledIn}`);
      await sleep(BEAT_MS, undefined, { signal });
    }
  }

  #open(): SettlingBench {
    invariant(this.#bench !== undefined, 'deposits open the bench');
    return this.#bench;
  }

  #trader(): SettlingBench['people'][number] {
    return at(this.#open().people, 0);
  }

  #payment(): { readonly token: Address; readonly account: Address } {
    const { address: token } = at(this.#venue.deployment.tokens, 0);
    return { token, account: this.#trader().account as string as Address };
  }

  #stands(): OwnerStands {
    const { deployment, actor } = this.#venue;
    return { deployment, shard: WORLD_SHARD, actor, signal: this.#terms.signal };
  }

  async #block(tag: string): Promise<{ readonly number: Hex; readonly timestamp: Hex }> {
    const call = { method: 'eth_getBlockByNumber', params: [tag, false] };
    const block = await this.#terms.transport.request(call, { timeoutMs: 15_000 });
    expect(block !== null, `there is no block ${tag}`);
    return block as { readonly number: Hex; readonly timestamp: Hex };
  }
}

/** A step that did not come to what it promises. */
class StepFailure extends Error {}

function expect(holds: boolean, sentence: string): void {
  if (!holds) throw new StepFailure(sentence);
}

async function attempt(step: string, take: () => Promise<string>): Promise<StepOutcome> {
  const startedMs = performance.now();
  const elapsedMs = (): number => Math.round(performance.now() - startedMs);
  try {
    return { step, verdict: 'done', detail: await take(), elapsedMs: elapsedMs() };
  } catch (cause) {
    return { step, verdict: 'failed', detail: sentenceOf(cause), elapsedMs: elapsedMs() };
  }
}

function skipped(step: string): StepOutcome {
  return { step, verdict: 'skipped', detail: 'an earlier step failed', elapsedMs: 0 };
}

/** Faults carry no secret; other errors may quote an address with a key in it. */
function sentenceOf(cause: unknown): string {
  if (cause instanceof Fault) return `${cause.code}: ${cause.message}`;
  if (cause instanceof StepFailure) return cause.message;
  return cause instanceof Error ? `${cause.name} (its message may hold an address)` : 'unknown';
}
