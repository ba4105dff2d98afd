// Goal: however value crosses to and from the base layer between trades, the books agree with it.
// Method: random scripts of all inputs by three people, lawful and unlawful alike, beside a plain
// model of the base layer (what was deposited, withdrawn in epochs and paid to leavers). After
// each step: assets sum to zero, what waits is set aside, custody owes what the model holds, and
// what is refused leaves the root alone. At the end every epoch is lawful as its bundle tells it,
// and both a replay and a snapshot give the same root.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ExchangeBench } from '../../../../testing/exchange/exchangeBench.ts';
import { fundedBench, person } from '../../../../testing/exchange/exchangeBench.ts';
import { decodeBundle, encodeBundle } from '../bundle.ts';
import { at } from '../failures/invariant.ts';
import type { Input } from '../inputs.ts';
import { judgeEpoch } from '../laws/judge.ts';
import { SystemRole, systemAccount } from '../ledger/account.ts';
import { assetId } from '../ledger/asset.ts';
import { CUSTODY } from '../ledger/ledger.ts';
import { amount } from '../numbers/amount.ts';
import { recoverSigner } from '../orders/signature.ts';
import { StateMachine } from '../stateMachine.ts';
import type { BatchTransition } from '../transition.ts';
import type { Applied } from './applied.ts';
import { decodeState, encodeState } from './stateCodec.ts';
import { WITHDRAWALS } from './withdrawals.ts';

const PEOPLE = ['alice', 'bob', 'mallory'].map(person);
const VAULTS = [
  ...PEOPLE.map(({ account }) => account),
  systemAccount(SystemRole.pool, 1),
  systemAccount(SystemRole.fees, 1),
  systemAccount(SystemRole.pool, 9),
  CUSTODY,
];
const MINUTE_MS = 60_000;

const who = fc.nat(2);
const vault = fc.nat(VAULTS.length - 1);
const asset = fc.nat(6);
const units = fc.oneof(fc.bigInt(0n, 2_000_000_000_000n), fc.bigInt(0n, (1n << 63n) - 1n));
/** Distance from the number that is due. */
const skip = fc.constantFrom(0, 0, 0, 0, 1, -1);
const lifeMs = fc.constantFrom(-1, 1, MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('submit' as const), who, asset }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('withdraw' as const),
      who,
      asset,
      units,
      lifeMs,
      repeat: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('deposit' as const), vault, asset, units, skip }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('notice' as const), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('takeBack' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('payExit' as const), vault, asset, units, skip }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('restore' as const), vault, asset, units }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('seal' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), lifeMs }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What the base layer holds for the venue in all, by asset: a running sum of what crossed. */
class BaseLayerModel {
  readonly held = new Map<number, bigint>();

  follow(applied: Applied): void {
    if (applied.kind === 'deposited') this.#add(applied.transfer.assetId, applied.transfer.amount);
    if (applied.kind === 'exitPaid') this.#add(applied.transfer.assetId, -applied.transfer.amount);
    if (applied.kind !== 'epochSealed') return;
    for (const { withdrawal } of applied.epoch.withdrawals) {
      this.#add(withdrawal.assetId, -withdrawal.units);
    }
  }

  add(id: number, change: bigint): void {
    this.#add(id, change);
  }

  #add(id: number, change: bigint): void {
    this.held.set(id, (this.held.get(id) ?? 0n) + change);
  }
}

class Play {
  readonly bench: ExchangeBench;
  readonly model = new BaseLayerModel();
  #open: BatchTransition[] = [];
  #last: Extract<Input, { kind: 'requestWithdrawal' }> | undefined;

  constructor() {
    this.bench = fundedBench().bench;
    for (const { id } of this.bench.machine.state.assets) {
      this.model.add(id, -this.bench.machine.state.ledger.total(CUSTODY, id));
    }
  }

  /** Whether anything was accepted. */
  play(one: Step): boolean {
    const { bench } = this;
    switch (one.kind) {
      case 'wait':
        bench.timeMs += Math.max(0, one.lifeMs);
        return false;
      case 'clear': {
        if (bench.market().batch.table.count === 0) return false;
        this.#open.push(bench.clear().transition);
        return true;
      }
      case 'submit': {
        const terms = { pay: one.asset, receive: (one.asset + 1) % 7 };
        return bench.submit(at(PEOPLE, one.who), terms).ok;
      }
      default:
        return this.#apply(this.#input(one));
    }
  }

  #apply(input: Input): boolean {
    const result = this.bench.apply(input);
    if (!result.ok) return false;
    this.model.follow(result.value);
    if (result.value.kind === 'epochSealed') this.#judge(result.value.epoch);
    if (input.kind === 'restoreVault') {
      for (const holding of input.balances) this.model.add(holding.assetId, holding.amount);
    }
    return true;
  }

  #input(one: Exclude<Step, { kind: 'wait' | 'clear' | 'submit' }>): Input {
    const { baseLayer } = this.bench.machine.state;
    switch (one.kind) {
      case 'withdraw': {
        if (one.repeat && this.#last !== undefined) return this.#last;
        const expiresAtMs = Math.max(0, this.bench.timeMs + one.lifeMs);
        const terms = { assetId: assetId(one.asset), units: amount(one.units), expiresAtMs };
        const signed = this.bench.withdrawal(at(PEOPLE, one.who), terms);
        this.#last = { kind: 'requestWithdrawal', ...signed };
        return this.#last;
      }
      case 'deposit':
        return {
          kind: 'deposit',
          depositNumber: Math.max(0, baseLayer.depositCount + 1 + one.skip),
          account: at(VAULTS, one.vault),
          assetId: assetId(one.asset),
          amount: amount(one.units),
        };
      case 'payExit':
        return {
          kind: 'payExit',
          exitNumber: Math.max(0, baseLayer.exitCount + 1 + one.skip),
          owner: at(VAULTS, one.vault),
          assetId: assetId(one.asset),
          units: amount(one.units),
        };
      case 'restore':
        return {
          kind: 'restoreVault',
          account: at(VAULTS, one.vault),
          balances: [{ assetId: assetId(one.asset), amount: amount(one.units) }],
          orderNonceHighest: 0n,
          withdrawalNonceHighest: 0n,
        };
      case 'notice':
        return { kind: 'noticeExit', owner: at(PEOPLE, one.who).account, dueBlock: 77n };
      case 'takeBack':
        return { kind: 'withdrawExit', owner: at(PEOPLE, one.who).account };
      case 'seal':
        return { kind: 'sealEpoch', marketId: 1 };
    }
  }

  #judge(epoch: Extract<Applied, { kind: 'epochSealed' }>['epoch']): void {
    const bundle = { ...epoch, batches: this.#open, attachments: [] };
    this.#open = [];
    const told = decodeBundle(encodeBundle(bundle));
    const verdict = judgeEpoch(told, { authority: 'recover', recover: recoverSigner });
    assert.ok(verdict.holds, JSON.stringify(verdict.withdrawals));
  }

  assertBooks(): void {
    const { ledger, baseLayer, assets } = this.bench.machine.state;
    assert.ok(this.bench.isZeroSum());
    for (const { id } of assets) {
      const waiting = baseLayer.pending.filter(({ withdrawal }) => withdrawal.assetId === id);
      const owed = waiting.reduce((sum, { withdrawal }) => sum + withdrawal.units, 0n);
      assert.equal(ledger.total(WITHDRAWALS, id), owed);
      assert.equal(-ledger.total(CUSTODY, id), this.model.held.get(id) ?? 0n);
    }
  }
}

test('random crossings keep the books, the base layer, the laws and the root', () => {
  const accepted = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 50 }), (script) => {
      const play = new Play();
      const { bench } = play;
      for (const one of script) {
        const before = bench.machine.root();
        if (play.play(one)) accepted.set(one.kind, (accepted.get(one.kind) ?? 0) + 1);
        else assert.equal(bench.machine.root(), before);
        play.assertBooks();
      }
      assert.equal(bench.replay().root(), bench.machine.root());
      const bytes = encodeState(bench.machine.state);
      const copy = decodeState(bytes);
      assert.equal(new StateMachine(copy.domain, copy).root(), bench.machine.root());
      assert.deepEqual(encodeState(copy), bytes);
    }),
    { numRuns: 60 },
  );
  for (const kind of ['submit', 'withdraw', 'deposit', 'notice', 'payExit', 'restore', 'seal']) {
    assert.ok((accepted.get(kind) ?? 0) > 0, `${kind} happens`);
  }
});
