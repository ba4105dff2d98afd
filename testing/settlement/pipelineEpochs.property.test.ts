// Goal: whatever a venue takes in its normal operation, each epoch that it seals settles: nothing
// stops the lists behind it. Method: random inputs that gateways let through, under the bounds of
// new inputs, go through the real pipeline with the smallest circuit's room; every sealed epoch is
// cut and settled by the committed bytecode and by the contracts in memory, which say the same step
// by step, and in the end the ledger and both of them hold the same balances. Each list is altered
// first, and both refuse it by the same name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoOracle } from '@lawbook/analytics/demoWorld';
import fc from 'fast-check';
import type { Hash } from '../../packages/exchange/src/codec/hash.ts';
import { ZERO_HASH } from '../../packages/exchange/src/codec/hash.ts';
import { at, invariant } from '../../packages/exchange/src/failures/invariant.ts';
import { SystemRole, systemAccount } from '../../packages/exchange/src/ledger/account.ts';
import { assetId } from '../../packages/exchange/src/ledger/asset.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import { signDigest } from '../../packages/exchange/src/orders/signature.ts';
import { Scope } from '../../packages/exchange/src/orders/signedTypes.ts';
import type { BatchTransition } from '../../packages/exchange/src/transition.ts';
import { Pipeline } from '../../packages/executor/src/pipeline.ts';
import { MemoryJournal } from '../../packages/executor/src/sequencer/fixtures/memoryJournal.ts';
import type { Sequenced } from '../../packages/executor/src/sequencer/sequencer.ts';
import { Sequencer } from '../../packages/executor/src/sequencer/sequencer.ts';
import { openPoseidon2 } from '../../packages/proofs/src/barretenberg/poseidon2.ts';
import { EPOCH_SHAPES, unprovable } from '../../packages/proofs/src/circuits/epochCircuit.ts';
import type {
  ListCut,
  SettledEpoch,
} from '../../packages/proofs/src/statements/epoch/cutDiffList.ts';
import { epochClaim } from '../../packages/proofs/src/statements/epoch/epochStatement.ts';
import type { Person } from '../exchange/exchangeBench.ts';
import { person } from '../exchange/exchangeBench.ts';
import type { BaseLayerWorld, VaultHolding } from './baseLayerWorld.ts';
import { openBaseLayerWorld, WORLD_SHARD } from './baseLayerWorld.ts';
import { SettlingBench } from './exchangeEpochs.ts';
import { MemoryTwin } from './memoryTwin.ts';

const SHAPE = at(EPOCH_SHAPES, 0);
const NAMES = ['alice', 'bob', 'carol'];
const MINUTE_MS = 60_000;

const who = fc.nat({ max: NAMES.length - 1 });
const acts = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('order' as const),
      who,
      pay: fc.nat({ max: 5 }),
      step: fc.integer({ min: 1, max: 7 }),
      // From a single unit to more than anybody has.
      budget: fc
        .oneof(fc.nat({ max: 42 }), fc.integer({ min: 24, max: 38 }))
        .map((bits) => (1n << BigInt(bits)) + 1n),
      /** Parts per million that the limit is better than the mid; undefined for none. */
      limitPpm: fc.option(fc.constantFrom(-20_000, -10, -1, 0, 1, 10, 3000), { nil: undefined }),
      minFillPpm: fc.constantFrom(0, 0, 1, 500_000, 1_000_000),
      lifeMs: fc.constantFrom(1, 1000, 1001, MINUTE_MS, MINUTE_MS, MINUTE_MS, MINUTE_MS),
      nonceStep: fc.constantFrom(1n, 1n, 1n, 2n, 200n, 1n << 32n, -1n, -255n),
      signedBy: fc.constantFrom('owner' as const, 'delegate' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('cancel' as const),
      signedBy: fc.constantFrom('owner' as const, 'delegate' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('withdraw' as const),
      who,
      asset: fc.nat({ max: 5 }),
      units: fc.integer({ min: 0, max: 40 }).map((bits) => 1n << BigInt(bits)),
      lifeMs: fc.constantFrom(10 * MINUTE_MS, 11 * MINUTE_MS, 60 * MINUTE_MS),
      nonceStep: fc.constantFrom(1n, 3n, 192n, 600n, -1n, -254n),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('session' as const),
      who,
      lifeMs: fc.constantFrom(1, 1000, MINUTE_MS, 60 * MINUTE_MS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('deposit' as const),
      to: fc.constantFrom('alice', 'bob', 'carol', 'pool' as const, 'fees' as const),
      asset: fc.nat({ max: 5 }),
      units: fc.bigInt({ min: 1n, max: 1_000_000_000n }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('leave' as const, 'stay' as const, 'stay' as const, 'stay' as const),
      who,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('fee' as const), feeE7: fc.nat({ max: 5000 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('clear' as const),
      isStale: fc.nat({ max: 9 }).map((n) => n === 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('seal' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 1000, 11 * MINUTE_MS),
    }),
  },
);
type Act = typeof acts extends fc.Arbitrary<infer T> ? T : never;
type OrderAct = Extract<Act, { kind: 'order' }>;

/** A venue that takes inputs as gateways do, and clears and seals as its scheduler does. */
class PlayedVenue {
  readonly stage: SettlingBench = new SettlingBench(NAMES);
  readonly epochs: SettledEpoch[] = [];
  /** What the base layer holds besides what it held at first. */
  readonly deposits: VaultHolding[] = [];
  #open: BatchTransition[] = [];
  readonly #pipeline: Pipeline;
  #last: { readonly owner: Person; readonly orderId: Hash } | undefined;

  constructor() {
    const { machine } = this.stage.bench;
    const sequencer = new Sequencer({
      machine,
      journal: new MemoryJournal(),
      clock: () => this.stage.bench.timeMs,
      onFailure: (fault) => assert.fail(String(fault)),
    });
    this.#pipeline = new Pipeline({
      machine,
      sequencer,
      batchesPerEpoch: 3,
      stopwatch: () => 0,
      proving: {
        unprovable: (batches) => unprovable(batches, SHAPE),
        openTransitions: () => this.#open,
        onSealed: (sealed) => this.#keep(sealed),
      },
    });
  }

  play(act: Act): void {
    const { bench } = this.stage;
    switch (act.kind) {
      case 'order':
        this.#order(act);
        return;
      case 'cancel':
        this.#cancel(act.signedBy);
        return;
      case 'withdraw':
        this.#withdraw(act);
        return;
      case 'session':
        this.#session(act);
        return;
      case 'revoke': {
        const { account } = at(this.stage.people, act.who);
        const [first] = bench.machine.state.grantsOf(account);
        if (first !== undefined) bench.must({ kind: 'revokeSession', grantId: first.grantId });
        return;
      }
      case 'deposit':
        this.#deposit(act);
        return;
      case 'leave':
      case 'stay': {
        const { account: owner } = at(this.stage.people, act.who);
        if (act.kind === 'leave') bench.must({ kind: 'noticeExit', owner, dueBlock: 9_999_999n });
        else bench.apply({ kind: 'withdrawExit', owner });
        return;
      }
      case 'fee': {
        const { parameters } = bench.market();
        bench.must({ kind: 'setParameters', parameters: { ...parameters, feeE7: act.feeE7 } });
        return;
      }
      case 'clear':
        this.clear(act.isStale);
        return;
      case 'seal':
        this.seal();
        return;
      case 'pass':
        bench.timeMs += act.ms;
    }
  }

  clear(isStale: boolean): void {
    const { bench } = this.stage;
    bench.timeMs += 1000;
    const closed = this.#pipeline.close(1);
    invariant(closed.ok, 'a batch that collects closes');
    const age = isStale ? bench.market().parameters.oracleAgeMsMax + 1 : 1;
    const result = this.#pipeline.run(1, demoOracle(bench.timeMs - age));
    assert.ok('ok' in result, 'reason' in result ? result.reason : '');
    assert.ok(result.ok, result.ok ? '' : result.rejection.rule);
    const { transition, sealed } = result.value;
    this.#open.push(transition);
    if (sealed !== undefined) this.#keep(sealed);
  }

  seal(): void {
    const sealed = this.#pipeline.seal(1);
    if (sealed !== undefined) this.#keep(sealed);
  }

  #keep({ executed: { applied } }: Sequenced): void {
    invariant(applied.kind === 'epochSealed', 'a seal seals an epoch');
    const { epochNumber, withdrawals } = applied.epoch;
    this.epochs.push({ epochNumber, batches: this.#open, withdrawals });
    this.#open = [];
  }

  #orderNonce(highest: bigint, step: bigint): bigint {
    const next = highest + step;
    return next < 1n ? 1n : next;
  }

  /** Whether a gateway would see a delegate of the owner in this signer. */
  #isDelegated(owner: Person, untilMs: number): boolean {
    const { state } = this.stage.bench.machine;
    return state.grantsOf(owner.account).some(({ grant }) => {
      return grant.delegate === delegateOf(owner).account && grant.expiresAtMs >= untilMs;
    });
  }

  #order(act: OrderAct): void {
    const { bench, people } = this.stage;
    const owner = at(people, act.who);
    const receive = (act.pay + act.step) % 8;
    const { mids } = bench.market().reference;
    const midOf = (asset: number): bigint => at(mids, asset);
    const isPriced = act.limitPpm !== undefined && receive < 6;
    const limits = isPriced
      ? {
          limitNumerator: midOf(act.pay) * BigInt(1_000_000 + (act.limitPpm ?? 0)),
          limitDenominator: midOf(receive) * 1_000_000n,
        }
      : { limitNumerator: 0n, limitDenominator: 1n };
    const shrink = 1_000_000_000n;
    const expiresAtMs = bench.timeMs + act.lifeMs;
    const { highest } = bench.machine.state.nonceWindow(owner.account);
    const { order, orderId } = bench.order(owner, {
      pay: act.pay,
      receive,
      budget: amount(act.budget),
      limitNumerator: limits.limitNumerator / (isPriced ? shrink : 1n),
      limitDenominator: limits.limitDenominator / (isPriced ? shrink : 1n),
      minFillPpm: act.minFillPpm,
      expiresAtMs,
      orderNonce: this.#orderNonce(highest, act.nonceStep),
    });
    const byDelegate = act.signedBy === 'delegate' && this.#isDelegated(owner, expiresAtMs);
    const { secretKey } = byDelegate ? delegateOf(owner) : owner;
    const authorisation = signDigest(bench.signing.orderDigest(order), secretKey);
    const result = bench.admit({ kind: 'submitOrder', entry: { order, orderId, authorisation } });
    if (result.ok) this.#last = { owner, orderId };
  }

  #cancel(signedBy: 'owner' | 'delegate'): void {
    if (this.#last === undefined) return;
    const { bench } = this.stage;
    const { owner, orderId } = this.#last;
    const byDelegate = signedBy === 'delegate' && this.#isDelegated(owner, bench.timeMs + 1);
    const { secretKey } = byDelegate ? delegateOf(owner) : owner;
    const digest = bench.signing.cancelDigest(owner.account, orderId);
    const authorisation = signDigest(digest, secretKey);
    bench.admit({ kind: 'cancelOrder', owner: owner.account, marketId: 1, orderId, authorisation });
  }

  #withdraw(act: Extract<Act, { kind: 'withdraw' }>): void {
    const { bench, people } = this.stage;
    const owner = at(people, act.who);
    const { highest } = bench.machine.state.baseLayer.withdrawalWindow(owner.account);
    const signed = bench.withdrawal(owner, {
      shard: WORLD_SHARD,
      assetId: assetId(act.asset),
      units: amount(act.units),
      orderNonce: this.#orderNonce(highest, act.nonceStep),
      expiresAtMs: bench.timeMs + act.lifeMs,
    });
    bench.admit({ kind: 'requestWithdrawal', ...signed });
  }

  #session(act: Extract<Act, { kind: 'session' }>): void {
    const { bench, people } = this.stage;
    const owner = at(people, act.who);
    const grant = {
      owner: owner.account,
      delegate: delegateOf(owner).account,
      scopes: Scope.read | Scope.trade,
      expiresAtMs: bench.timeMs + act.lifeMs,
      orderNonce: bench.machine.state.nonceWindow(owner.account).highest + 1n,
    };
    const signature = signDigest(bench.signing.grantDigest(grant), owner.secretKey);
    bench.admit({
      kind: 'openSession',
      grant: { grant, grantId: bench.signing.grantId(grant), signature },
    });
  }

  #deposit({ to, asset, units }: Extract<Act, { kind: 'deposit' }>): void {
    const { bench } = this.stage;
    const account =
      to === 'pool' || to === 'fees' ? systemAccount(SystemRole[to], 1) : person(to).account;
    const depositNumber = bench.machine.state.baseLayer.depositCount + 1;
    const terms = { depositNumber, account, assetId: assetId(asset), amount: amount(units) };
    bench.must({ kind: 'deposit', ...terms });
    this.deposits.push({ owner: account, assetId: asset, units });
  }
}

function delegateOf({ name }: Person): Person {
  return person(`${name} delegate`);
}

/** An order, a withdrawal and an epoch, so that no run is empty. */
const BUSY: readonly Act[] = [
  {
    kind: 'order',
    who: 0,
    pay: 0,
    step: 1,
    budget: 1n << 30n,
    limitPpm: undefined,
    minFillPpm: 0,
    lifeMs: MINUTE_MS,
    nonceStep: 1n,
    signedBy: 'owner',
  },
  { kind: 'withdraw', who: 1, asset: 0, units: 5n, lifeMs: 11 * MINUTE_MS, nonceStep: 1n },
];

/** What was settled in all runs, so that none of it is empty. */
const totals = { paying: 0, withdrawals: 0 };

async function assertSettles(
  day: readonly Act[],
  hash: Awaited<ReturnType<typeof openPoseidon2>>,
): Promise<void> {
  const venue = new PlayedVenue();
  for (const act of day) venue.play(act);
  venue.clear(false);
  venue.seal();
  const { epochs, stage } = venue;
  let previousListHash: Hash = ZERO_HASH;
  const claims = epochs.map((epoch, k) => {
    const place = { shard: WORLD_SHARD, listNumber: BigInt(k + 1), previousListHash, shape: SHAPE };
    const claim = epochClaim(epoch, place, hash);
    previousListHash = claim.listHash;
    return claim;
  });
  const options = {
    batches: epochs.flatMap(({ batches }) => batches),
    shape: SHAPE,
    parameterCommitments: claims.flatMap(({ cut }) => cut.list.batches.map((b) => b.parameters)),
    epochNumber: 1,
    holdings: [...stage.holdings, ...venue.deposits].filter(({ units }) => units > 0n),
  };
  const world = await openBaseLayerWorld(options);
  const twin = new MemoryTwin(options);
  for (const { cut, claim, dataCommitment } of claims) {
    await assertBothRefuse(world, twin, cut, dataCommitment);
    const run = await world.settle(cut, dataCommitment);
    const { gasUsed: _, ...came } = run;
    assert.equal(run.refusal, undefined);
    assert.deepEqual(run.asked, claim.statement.publicInputs);
    assert.deepEqual(twin.settle(cut, dataCommitment), came);
    totals.paying += cut.book.rows.filter(({ paid }) => paid > 0n).length;
    totals.withdrawals += cut.list.withdrawals.length;
  }
  const waiting = stage.bench.machine.state.baseLayer.pending;
  for (const { owner, assetId: asset, units } of stage.held()) {
    const back = waiting.filter(({ withdrawal: w }) => w.owner === owner && w.assetId === asset);
    const owed = back.reduce((sum, { withdrawal }) => sum + withdrawal.units, units);
    assert.equal(await world.balance(owner, asset), owed, `${owner} ${asset}`);
    assert.equal(twin.balance(owner, asset), owed, `${owner} ${asset} in memory`);
  }
}

/** A list with one word of changes, or its place, moved by one: nothing of it may take effect. */
async function assertBothRefuse(
  world: BaseLayerWorld,
  twin: MemoryTwin,
  cut: ListCut,
  dataCommitment: bigint,
): Promise<void> {
  const { list } = cut;
  const changes = list.changes.map((word, k) => (k === 0 ? word ^ 1n : word));
  for (const altered of [{ changes }, { epochNumber: list.epochNumber + 1n }]) {
    const forged = { ...cut, list: { ...list, ...altered } };
    const { gasUsed: _, ...came } = await world.settle(forged, dataCommitment);
    assert.notEqual(came.refusal, undefined);
    assert.deepEqual(twin.settle(forged, dataCommitment), came);
  }
}

test('whatever a venue takes and seals, the contract settles', async () => {
  const hash = await openPoseidon2();
  await fc.assert(
    fc.asyncProperty(fc.array(acts, { minLength: 10, maxLength: 60 }), (day) =>
      assertSettles(day, hash),
    ),
    { numRuns: Number(process.env['LAWBOOK_RUNS'] ?? 10), examples: [[[...BUSY]]] },
  );
  assert.ok(totals.paying > 0 && totals.withdrawals > 0, 'the days were not empty');
});
