// Goal: every input does what its documentation says, refuses with the stated code, and a refusal
// changes nothing. Method: scenarios on a bench with real keys, the real solver and the real laws;
// every scenario ends with the zero-sum check and a replay of its journal to the same root.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  codeOf,
  ExchangeBench,
  fundedBench,
  person,
} from '../../../testing/exchange/exchangeBench.ts';
import { decodeState, encodeState } from './application/stateCodec.ts';
import type { LawVerdict } from './laws/judge.ts';
import { allHold } from './laws/judge.ts';
import { AdmissionMode } from './markets/batch/parameters.ts';
import { amount } from './numbers/amount.ts';
import { signDigest } from './orders/signature.ts';
import { NO_DELEGATE, Scope } from './orders/signedTypes.ts';
import { StateMachine } from './stateMachine.ts';

function print(verdicts: readonly LawVerdict[]): string {
  return JSON.stringify(verdicts.filter(({ verdict }) => verdict.kind === 'violated'));
}

function closes(bench: ExchangeBench): void {
  assert.ok(bench.isZeroSum(), 'every asset sums to zero over all accounts');
  assert.equal(bench.replay().root(), bench.machine.root(), 'a replay ends in the same root');
  const copy = decodeState(encodeState(bench.machine.state));
  const restored = new StateMachine(copy.domain, copy);
  assert.equal(restored.root(), bench.machine.root(), 'a snapshot keeps the root');
}

test('an order holds its whole budget until its batch clears', () => {
  const { bench, alice } = fundedBench();
  const before = bench.available(alice, 0);
  assert.equal(codeOf(bench.submit(alice)), 'accepted');
  assert.equal(bench.held(alice, 0), 1_000_000_000n);
  assert.equal(bench.available(alice, 0), before - 1_000_000_000n);
  const { transition, verdicts } = bench.clear();
  assert.ok(allHold(verdicts));
  assert.equal(bench.held(alice, 0), 0n);
  assert.equal(bench.available(alice, 0), before - (transition.fills.paid[0] as bigint));
  assert.equal(
    bench.available(alice, 1),
    1_000_000_000_000n + (transition.fills.received[0] as bigint),
  );
  closes(bench);
});

test('the refusal with the lowest number is answered, field by field', () => {
  const { bench, alice } = fundedBench();
  const late = bench.timeMs;
  const wrongEverywhere = {
    budget: amount(0n),
    limitDenominator: 0n,
    minFillPpm: 1_000_001,
    expiresAtMs: late,
    orderNonce: 0n,
  };
  const steps: [object, string][] = [
    [{ ...wrongEverywhere, marketId: 9 }, 'marketUnknown'],
    [{ ...wrongEverywhere, pay: 6 }, 'assetUnknown'],
    [{ ...wrongEverywhere, receive: 99 }, 'assetUnknown'],
    [{ ...wrongEverywhere, receive: 0 }, 'sameAsset'],
    [wrongEverywhere, 'amountOutOfRange'],
    [{ ...wrongEverywhere, budget: amount(10n ** 14n + 1n) }, 'amountOutOfRange'],
    [{ ...wrongEverywhere, budget: amount(10n ** 13n) }, 'limitOutOfRange'],
    [{ ...wrongEverywhere, budget: amount(10n ** 13n), limitDenominator: 1n }, 'minFillOutOfRange'],
    [{ budget: amount(10n ** 13n), expiresAtMs: late, orderNonce: 0n }, 'orderExpired'],
    [{ budget: amount(10n ** 13n), orderNonce: 0n }, 'orderNonceReplayed'],
    [{ budget: amount(10n ** 13n), orderNonce: 1n << 63n }, 'orderNonceTooOld'],
    [{ budget: amount(10n ** 13n) }, 'insufficientAvailable'],
  ];
  const root = bench.machine.root();
  for (const [terms, code] of steps) {
    assert.equal(codeOf(bench.submit(alice, terms)), code, JSON.stringify(Object.keys(terms)));
  }
  assert.equal(bench.machine.root(), root, 'a refused input changes nothing');
  closes(bench);
});

test('a limit a thousand times off the mid is refused and one at it is taken', () => {
  const { bench, alice } = fundedBench();
  const off = { limitNumerator: 1_000_000n, limitDenominator: 1n };
  assert.equal(codeOf(bench.submit(alice, off)), 'limitOutOfRange');
  const tiny = { limitNumerator: 1n, limitDenominator: 1_000_000n };
  assert.equal(codeOf(bench.submit(alice, tiny)), 'limitOutOfRange');
  const fair = { limitNumerator: 909n, limitDenominator: 1000n };
  assert.equal(codeOf(bench.submit(alice, fair)), 'accepted');
  closes(bench);
});

test('a nonce is used once, in any order, inside a window of 256', () => {
  const { bench, alice } = fundedBench();
  const nonces: [bigint, string][] = [
    [1000n, 'accepted'],
    [1000n, 'orderNonceReplayed'],
    [745n, 'accepted'],
    [744n, 'orderNonceTooOld'],
    [999n, 'accepted'],
    [999n, 'orderNonceReplayed'],
    [1001n, 'accepted'],
    [745n, 'orderNonceTooOld'],
    [746n, 'accepted'],
  ];
  for (const [orderNonce, code] of nonces) {
    assert.equal(codeOf(bench.submit(alice, { orderNonce })), code, String(orderNonce));
  }
  closes(bench);
});

test('a system account can neither trade nor be credited', () => {
  const { bench } = fundedBench();
  const pool = { ...person('alice'), account: bench.machine.state.ledger.accounts[1] };
  const account = pool.account;
  assert.ok(account !== undefined);
  assert.equal(codeOf(bench.submit({ ...person('alice'), account })), 'signatureInvalid');
  const [usd] = bench.machine.state.assets;
  assert.ok(usd !== undefined);
  const credit = { kind: 'credit' as const, account, assetId: usd.id, amount: amount(1n) };
  assert.equal(codeOf(bench.apply(credit)), 'notOperator');
  closes(bench);
});

test('a cancel frees the hold at once and the laws accept its evidence', () => {
  const { bench, alice, bob } = fundedBench();
  const entry = bench.order(alice);
  bench.must({ kind: 'submitOrder', entry });
  bench.submit(bob, { pay: 1, receive: 0 });
  assert.equal(codeOf(bench.cancel(bob, entry.orderId)), 'orderUnknown');
  assert.equal(codeOf(bench.cancel(alice, entry.orderId)), 'accepted');
  assert.equal(codeOf(bench.cancel(alice, entry.orderId)), 'orderUnknown');
  assert.equal(bench.held(alice, 0), 0n);
  const { transition, verdicts } = bench.clear();
  assert.ok(allHold(verdicts), print(verdicts));
  assert.equal(transition.fills.paid[0], 0n);
  closes(bench);
});

test('an order that expires before its batch closes is void and released', () => {
  const { bench, alice } = fundedBench();
  bench.submit(alice, { expiresAtMs: bench.timeMs + 10 });
  bench.submit(alice);
  bench.timeMs += 10;
  const { transition, verdicts } = bench.clear();
  assert.ok(allHold(verdicts), print(verdicts));
  assert.equal(transition.fills.paid[0], 0n);
  assert.notEqual(transition.fills.paid[1], 0n);
  assert.equal(bench.held(alice, 0), 0n);
  closes(bench);
});

test('a batch takes no more orders than its market allows', () => {
  const { bench, alice } = fundedBench({ orderCountMax: 2 });
  assert.deepEqual([bench.submit(alice), bench.submit(alice), bench.submit(alice)].map(codeOf), [
    'accepted',
    'accepted',
    'batchFull',
  ]);
  closes(bench);
});

test('a halted market refuses orders and closing, and goes on when resumed', () => {
  const { bench, alice } = fundedBench();
  bench.submit(alice);
  bench.must({ kind: 'haltMarket', marketId: 1, reason: 'maintenance' });
  assert.equal(codeOf(bench.submit(alice)), 'marketHalted');
  assert.equal(codeOf(bench.apply({ kind: 'closeBatch', marketId: 1 })), 'marketHalted');
  bench.must({ kind: 'resumeMarket', marketId: 1 });
  assert.equal(codeOf(bench.submit(alice)), 'accepted');
  assert.ok(allHold(bench.clear().verdicts));
  closes(bench);
});

test('a closed batch takes neither orders nor cancels', () => {
  const { bench, alice } = fundedBench();
  const entry = bench.order(alice);
  bench.must({ kind: 'submitOrder', entry });
  bench.must({ kind: 'closeBatch', marketId: 1 });
  assert.equal(codeOf(bench.submit(alice)), 'phaseMismatch');
  assert.equal(codeOf(bench.cancel(alice, entry.orderId)), 'orderClosed');
  closes(bench);
});

test('parameters change at once on an empty batch and after the batch otherwise', () => {
  const { bench, alice } = fundedBench();
  const parameters = { ...bench.market().parameters, feeE7: 5000 };
  assert.deepEqual(bench.must({ kind: 'setParameters', parameters }), {
    kind: 'parametersSet',
    marketId: 1,
    fromBatch: 1,
  });
  bench.submit(alice);
  const later = { ...parameters, feeE7: 0 };
  const applied = bench.must({ kind: 'setParameters', parameters: later });
  assert.deepEqual(applied, { kind: 'parametersSet', marketId: 1, fromBatch: 2 });
  assert.equal(bench.clear().transition.parameters.feeE7, 5000);
  assert.equal(bench.market().parameters.feeE7, 0);
  closes(bench);
});

test('parameters that make no sense are refused by name', () => {
  const { bench } = fundedBench();
  const good = bench.market().parameters;
  const bad: [object, string][] = [
    [
      { scaledCovariance: good.scaledCovariance.map((s, k) => (k === 0 ? -s : s)) },
      'scaledCovariance',
    ],
    [{ scaledCovariance: good.scaledCovariance.slice(1) }, 'scaledCovariance'],
    [{ feeE7: 10_000_000 }, 'feeE7'],
    [{ haltBandPpm: 0 }, 'haltBandPpm'],
    [{ orderCountMax: 0 }, 'orderCountMax'],
    [{ baskets: [{ symbol: 'X1', units: [0n, 1n, 0n, 0n, 0n, 0n] }] }, 'baskets[0].units'],
    [{ pairBands: [{ pay: 7, receive: 0, bandPpm: 5 }] }, 'pairBands[0]'],
    [{ pairBands: [1, 2].map((bandPpm) => ({ pay: 1, receive: 0, bandPpm })) }, 'pairBands[1]'],
    [{ admission: AdmissionMode.commitReveal, revealWindowMs: 0 }, 'revealWindowMs'],
  ];
  for (const [change, field] of bad) {
    const result = bench.apply({ kind: 'setParameters', parameters: { ...good, ...change } });
    assert.ok(!result.ok);
    assert.equal(result.rejection.field, field);
  }
  closes(bench);
});

test('at most 64 assets are registered, each symbol once', () => {
  const bench = new ExchangeBench();
  const register = (symbol: string, decimals = 6): string =>
    codeOf(bench.apply({ kind: 'registerAsset', symbol, decimals }));
  for (let i = 0; i < 64; i += 1) assert.equal(register(`A${i}`), 'accepted');
  assert.equal(register('ONEMORE'), 'assetLimitReached');
  const other = new ExchangeBench();
  const results = [
    ['USD', 6],
    ['USD', 6],
    ['usd', 6],
    ['EUR', 10],
  ] as const;
  assert.deepEqual(
    results.map(([symbol, decimals]) => {
      return codeOf(other.apply({ kind: 'registerAsset', symbol, decimals }));
    }),
    ['accepted', 'assetExists', 'assetExists', 'assetExists'],
  );
});

test('a session by secret trades within its scope and life, and not after it is revoked', () => {
  const { bench, alice } = fundedBench();
  const open = (scopes: number, orderNonce: bigint): string => {
    const grant = {
      owner: alice.account,
      delegate: NO_DELEGATE,
      scopes,
      expiresAtMs: bench.timeMs + 120_000,
      orderNonce,
    };
    const digest = bench.signing.grantDigest(grant);
    const grantId = bench.signing.grantId(grant);
    const signature = signDigest(digest, alice.secretKey);
    bench.must({ kind: 'openSession', grant: { grant, grantId, signature } });
    return grantId;
  };
  const byGrant = (grantId: string): Uint8Array => {
    const authorisation = new Uint8Array(65);
    authorisation.set(Buffer.from(grantId.slice(2), 'hex'));
    return authorisation;
  };
  const submit = (grantId: string): string => {
    const entry = { ...bench.order(alice), authorisation: byGrant(grantId) };
    return codeOf(bench.apply({ kind: 'submitOrder', entry }));
  };
  const reader = open(Scope.read, 500n);
  const trader = open(Scope.read | Scope.trade, 501n);
  const nonces = bench.order(alice, { orderNonce: 600n });
  bench.must({ kind: 'submitOrder', entry: nonces });
  const fresh = (grantId: string, orderNonce: bigint): string => {
    const entry = { ...bench.order(alice, { orderNonce }), authorisation: byGrant(grantId) };
    return codeOf(bench.apply({ kind: 'submitOrder', entry }));
  };
  assert.equal(fresh(reader, 700n), 'forbidden');
  assert.equal(fresh(trader, 701n), 'accepted');
  const { verdicts } = bench.clear();
  assert.ok(allHold(verdicts), print(verdicts));
  const grantId = bench.signing.grantId({
    owner: alice.account,
    delegate: NO_DELEGATE,
    scopes: Scope.read | Scope.trade,
    expiresAtMs: bench.timeMs + 120_000,
    orderNonce: 501n,
  });
  bench.must({ kind: 'revokeSession', grantId });
  assert.equal(submit(trader), 'sessionExpired');
  const lasting = { ...bench.order(alice), authorisation: byGrant(reader) };
  const order = { ...lasting.order, expiresAtMs: bench.timeMs + 120_001 };
  const outlives = bench.apply({ kind: 'submitOrder', entry: { ...lasting, order } });
  assert.equal(codeOf(outlives), 'sessionExpired', 'an order does not outlive its session');
  bench.timeMs += 120_000;
  assert.equal(submit(reader), 'sessionExpired');
  closes(bench);
});

test('hidden orders trade once revealed, silence costs the bond, nobody else can reveal', () => {
  const bond = amount(5_000_000n);
  const { bench, alice, bob } = fundedBench({ admission: AdmissionMode.commitReveal, bond });
  assert.equal(codeOf(bench.submit(alice)), 'phaseMismatch');
  const salt = new Uint8Array(32).fill(7);
  const entry = bench.order(alice);
  const commit = (who: typeof alice, order = entry.order): string => {
    return codeOf(bench.commit(who, order, salt));
  };
  assert.equal(commit(alice), 'accepted');
  assert.equal(commit(alice), 'commitMismatch');
  const silent = bench.order(bob);
  assert.equal(commit(bob, silent.order), 'accepted');
  assert.equal(bench.held(bob, 0), 5_000_000n);
  assert.equal(codeOf(bench.apply({ kind: 'revealOrder', entry, salt })), 'phaseMismatch');
  assert.equal(codeOf(bench.apply({ kind: 'closeBatch', marketId: 1 })), 'phaseMismatch');
  bench.must({ kind: 'closeCollection', marketId: 1 });
  assert.equal(commit(bob), 'phaseMismatch');
  const wrong = new Uint8Array(32).fill(8);
  assert.equal(codeOf(bench.apply({ kind: 'revealOrder', entry, salt: wrong })), 'commitMismatch');
  bench.must({ kind: 'revealOrder', entry, salt });
  const again = bench.apply({ kind: 'revealOrder', entry, salt });
  assert.equal(codeOf(again), 'orderNonceReplayed');
  const bobBefore = bench.available(bob, 0) + bench.held(bob, 0);
  const { transition, verdicts } = bench.clear();
  assert.ok(allHold(verdicts), print(verdicts));
  assert.notEqual(transition.fills.paid[0], 0n);
  assert.equal(bench.available(bob, 0), bobBefore - 5_000_000n);
  assert.equal(bench.held(bob, 0), 0n);
  closes(bench);
});

test('epochs chain their diff lists and net their batches', () => {
  const { bench, alice, bob } = fundedBench();
  assert.equal(codeOf(bench.apply({ kind: 'sealEpoch', marketId: 1 })), 'phaseMismatch');
  const hashes: string[] = [];
  for (let epoch = 0; epoch < 2; epoch += 1) {
    for (let batch = 0; batch < 3; batch += 1) {
      bench.submit(alice);
      bench.submit(bob, { pay: 1, receive: 0 });
      bench.clear();
    }
    const applied = bench.must({ kind: 'sealEpoch', marketId: 1 });
    assert.equal(applied.kind, 'epochSealed');
    if (applied.kind !== 'epochSealed') return;
    assert.equal(applied.epoch.epochNumber, epoch + 1);
    assert.equal(applied.epoch.lastBatch, epoch * 3 + 3);
    if (epoch > 0) assert.equal(applied.epoch.parentEpochHash, hashes[epoch - 1]);
    hashes.push(applied.epoch.epochHash);
    const { changes, assets } = applied.epoch.diffs;
    for (let column = 0; column < assets.length; column += 1) {
      const sum = changes.filter((_, k) => k % assets.length === column);
      assert.equal(
        sum.reduce((a, b) => a + b, 0n),
        0n,
      );
    }
  }
  closes(bench);
});
