import {
  DEMO_ASSETS,
  DEMO_DOMAIN,
  demoOracle,
  demoParameters,
  demoTargets,
  developmentAccount,
} from '@lawbook/analytics/demoWorld';
import type { Applied, EpochRecord } from '@lawbook/exchange/application/applied';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { Result } from '@lawbook/exchange/failures/result';
import type { Input, SequencedInput } from '@lawbook/exchange/inputs';
import { decodeInput, encodeInput } from '@lawbook/exchange/inputs';
import type { LawVerdict } from '@lawbook/exchange/laws/judge';
import { judgeBatch } from '@lawbook/exchange/laws/judge';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { BatchMarket } from '@lawbook/exchange/markets/batch/batchMarket';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { proposalOf } from '@lawbook/exchange/markets/batch/proposal';
import { solveBatch } from '@lawbook/exchange/markets/batch/solver';
import { amount } from '@lawbook/exchange/numbers/amount';
import { ADMISSION_BOUNDS } from '@lawbook/exchange/orders/admissionBounds';
import type { AuthorisedOrder, BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import { commitmentHash } from '@lawbook/exchange/orders/commitment';
import { recoverSigner, signDigest } from '@lawbook/exchange/orders/signature';
import type { SignedWithdrawal, Withdrawal } from '@lawbook/exchange/orders/signedTypes';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import type { BatchTransition } from '@lawbook/exchange/transition';

/** An account with a public development key. */
export type Person = ReturnType<typeof developmentAccount>;

/** The first person's name and so on; keys are derived from names. */
export function person(name: string): Person {
  return developmentAccount(name);
}

/** Order terms that a test states; the rest is a market order for a thousand dollars of euros. */
export type Terms = Partial<Omit<BatchOrder, 'owner'>>;

/**
 * A state machine on a workbench: it numbers and times the inputs, keeps their encodings, and knows
 * how to clear a batch with the real solver and the real laws.
 */
export class ExchangeBench {
  readonly machine: StateMachine;
  readonly signing: Signing;
  /** Encoded accepted inputs: what a journal would hold. */
  readonly journal: Uint8Array[] = [];
  timeMs = 1_000_000;
  #orderNonce = 0n;

  /** People sign for the demo domain unless told otherwise. */
  constructor(domain: VenueDomain = DEMO_DOMAIN) {
    this.machine = new StateMachine(domain);
    this.signing = new Signing(domain);
  }

  /** Applies an input at the bench's time. */
  apply(input: Input): Result<Applied> {
    const entry = this.#next(input);
    const result = this.machine.apply(entry);
    if (result.ok) this.journal.push(encodeInput(entry));
    return result;
  }

  /** Applies an input as a venue takes a new one. */
  admit(input: Input): Result<Applied> {
    const entry = this.#next(input);
    const result = this.machine.apply(entry, ADMISSION_BOUNDS);
    if (result.ok) this.journal.push(encodeInput(entry));
    return result;
  }

  /** Applies an input that the test relies on. */
  must(input: Input): Applied {
    const result = this.apply(input);
    invariant(result.ok, `a bench input is accepted, not ${codeOf(result)}`);
    return result.value;
  }

  /** Registers the demo assets and market. */
  openMarket(changes: Partial<BatchParameters> = {}): BatchMarket {
    for (const { symbol, decimals } of DEMO_ASSETS) {
      this.must({ kind: 'registerAsset', symbol, decimals });
    }
    const parameters = { ...demoParameters(), ...changes };
    const oracle = demoOracle(this.timeMs);
    this.must({ kind: 'createMarket', parameters, oracle, inventory: demoTargets() });
    return this.market();
  }

  /** Credits an account, in ledger units. */
  fund(to: Person, asset: number, units: bigint): void {
    const input = { kind: 'credit' as const, account: to.account, assetId: assetId(asset) };
    this.must({ ...input, amount: amount(units) });
  }

  /** A signed order with a fresh nonce. */
  order(owner: Person, terms: Terms = {}): AuthorisedOrder {
    this.#orderNonce += 1n;
    const order: BatchOrder = {
      owner: owner.account,
      marketId: 1,
      pay: 0,
      receive: 1,
      budget: amount(1_000_000_000n),
      limitNumerator: 0n,
      limitDenominator: 1n,
      minFillPpm: 0,
      orderNonce: this.#orderNonce,
      expiresAtMs: this.timeMs + 60_000,
      ...terms,
    };
    const authorisation = signDigest(this.signing.orderDigest(order), owner.secretKey);
    return { order, orderId: this.signing.orderId(order), authorisation };
  }

  submit(owner: Person, terms: Terms = {}): Result<Applied> {
    return this.apply({ kind: 'submitOrder', entry: this.order(owner, terms) });
  }

  /** Signs and applies a cancel. */
  cancel(owner: Person, orderId: Hash): Result<Applied> {
    const digest = this.signing.cancelDigest(owner.account, orderId);
    const authorisation = signDigest(digest, owner.secretKey);
    return this.apply({
      kind: 'cancelOrder',
      owner: owner.account,
      marketId: 1,
      orderId,
      authorisation,
    });
  }

  /** Signs and applies a commitment to an order, for the open batch unless told otherwise. */
  commit(owner: Person, order: BatchOrder, salt: Uint8Array, batch?: number): Result<Applied> {
    const batchNumber = batch ?? this.market().batch.number;
    const commitment = commitmentHash({ batchNumber, order, salt });
    const terms = { owner: owner.account, marketId: order.marketId, batchNumber, commitment };
    const authorisation = signDigest(this.signing.commitDigest(terms), owner.secretKey);
    return this.apply({ kind: 'commitOrder', ...terms, authorisation });
  }

  /** A signed withdrawal with a fresh nonce: a thousand dollars to the owner itself. */
  withdrawal(owner: Person, terms: Partial<Withdrawal> = {}): SignedWithdrawal {
    this.#orderNonce += 1n;
    const withdrawal: Withdrawal = {
      owner: owner.account,
      to: owner.account,
      shard: 1,
      assetId: assetId(0),
      units: amount(1_000_000_000n),
      orderNonce: this.#orderNonce,
      expiresAtMs: this.timeMs + 3_600_000,
      ...terms,
    };
    const signature = signDigest(this.signing.withdrawalDigest(withdrawal), owner.secretKey);
    return { withdrawal, signature };
  }

  /** Signs and applies a withdrawal. */
  withdraw(owner: Person, terms: Partial<Withdrawal> = {}): Result<Applied> {
    return this.apply({ kind: 'requestWithdrawal', ...this.withdrawal(owner, terms) });
  }

  /** Seals the open epoch. */
  seal(): EpochRecord {
    const sealed = this.must({ kind: 'sealEpoch', marketId: 1 });
    invariant(sealed.kind === 'epochSealed', 'an epoch with a batch is sealed');
    return sealed.epoch;
  }

  /** Closes the batch, solves, judges with full signature recovery, and settles. */
  clear(): { readonly transition: BatchTransition; readonly verdicts: readonly LawVerdict[] } {
    this.must({ kind: 'closeBatch', marketId: 1 });
    const { parameters, batch } = this.market();
    const oracle = demoOracle(this.timeMs);
    const inventory = this.poolInventory();
    const outcome = solveBatch({ parameters, oracle, inventory }, batch.books, batch.table);
    const proposal = proposalOf(outcome);
    const input = { kind: 'clearBatch' as const, marketId: 1, oracle, proposal };
    const proposed = this.machine.propose(input);
    invariant(proposed.ok, 'a closed batch can be cleared');
    const verdicts = judgeBatch(proposed.value, { authority: 'recover', recover: recoverSigner });
    this.must(input);
    return { transition: proposed.value, verdicts };
  }

  market(): BatchMarket {
    const market = this.machine.state.markets.get(1);
    invariant(market !== undefined, 'the bench has opened its market');
    return market;
  }

  poolInventory(): bigint[] {
    const pool = systemAccount(SystemRole.pool, 1);
    const { ledger } = this.machine.state;
    return this.market().parameters.assets.map((asset) => ledger.total(pool, asset.assetId));
  }

  available(owner: Person, asset: number): bigint {
    return this.machine.state.ledger.balance(owner.account, assetId(asset)).available;
  }

  held(owner: Person, asset: number): bigint {
    return this.machine.state.ledger.balance(owner.account, assetId(asset)).held;
  }

  /** Whether every asset sums to zero over all accounts. */
  isZeroSum(): boolean {
    return [...this.machine.state.ledger.totals().values()].every((sum) => sum === 0n);
  }

  /** A fresh machine that replayed the bench's journal. */
  replay(): StateMachine {
    const machine = new StateMachine(this.signing.domain);
    for (const bytes of this.journal) {
      const result = machine.apply(decodeInput(bytes));
      invariant(result.ok, 'a journal holds accepted inputs only');
    }
    return machine;
  }

  #next(input: Input): SequencedInput {
    return { sequence: this.machine.nextSequence, timeMs: this.timeMs, input };
  }
}

/** A bench with the demo market open and two people who hold a million dollars' worth each. */
export function fundedBench(changes: Partial<BatchParameters> = {}): {
  readonly bench: ExchangeBench;
  readonly alice: Person;
  readonly bob: Person;
} {
  const bench = new ExchangeBench();
  bench.openMarket(changes);
  const [alice, bob] = [person('alice'), person('bob')];
  for (const one of [alice, bob]) {
    DEMO_ASSETS.forEach(({ decimals }, asset) => {
      bench.fund(one, asset, 1_000_000n * 10n ** BigInt(decimals));
    });
  }
  return { bench, alice, bob };
}

/** The code of a refusal, or 'accepted'. */
export function codeOf(result: Result<unknown>): string {
  return result.ok ? 'accepted' : result.rejection.code;
}

/** The only element of a list. */
export function only<T>(list: readonly T[]): T {
  invariant(list.length === 1, 'exactly one element');
  return at(list, 0);
}
