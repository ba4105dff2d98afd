// Goal: a list settles on a Delta domain exactly once, whatever answers are lost, and what refuses
// it is named. Method: the adapter over HTTP against testing/delta/ledger.ts, which judges by the
// global laws on its own; faults are asked for request by request.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import {
  ALICE,
  BOB,
  DeltaWorld,
  FEES,
  ownerOf,
  POOL,
  plainEpoch,
  TOKENS,
} from '../../../../../testing/delta/deltaWorld.ts';
import type { LedgerFault, LedgerRoute } from '../../../../../testing/delta/ledger.ts';
import { SettlementFault } from '../../settlementFault.ts';
import type { SettleOutcome } from '../submission.ts';

const never = new AbortController().signal;
const [GOLD, SILVER] = [at(TOKENS, 0), at(TOKENS, 1)];

async function inWorld(
  play: (world: DeltaWorld) => Promise<void>,
  options: Parameters<typeof DeltaWorld.start>[0] = {},
): Promise<void> {
  const world = await DeltaWorld.start(options);
  try {
    await play(world);
  } finally {
    await world.close();
  }
}

function isCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof SettlementFault && error.code === code;
}

function ruleOf(outcome: SettleOutcome): string {
  assert.equal(outcome.kind, 'refused');
  return outcome.refusal.rule;
}

/** What the validators hold after `plainEpoch` was applied so many times. */
function assertSettled(world: DeltaWorld, epochs: bigint): void {
  const held = (account: Parameters<typeof ownerOf>[0], token: string): bigint =>
    world.ledger.balance(ownerOf(account).ownerId, token);
  assert.equal(held(ALICE, GOLD), 1_000_000n - 400n * epochs);
  assert.equal(held(ALICE, SILVER), 1_000_000n + 300n * epochs);
  assert.equal(held(BOB, GOLD), 1_000_000n + 320n * epochs);
  assert.equal(held(BOB, SILVER), 1_000_000n - 250n * epochs);
  assert.equal(held(POOL, GOLD), 1_000_000n + 75n * epochs);
  assert.equal(held(POOL, SILVER), 1_000_000n - 50n * epochs);
  assert.equal(held(FEES, GOLD), 5n * epochs);
  for (const token of TOKENS) assert.equal(world.ledger.supply(token), 3_000_000n);
}

test('two lists settle one after the other and every balance is the list’s', async () => {
  await inWorld(async (world) => {
    const layer = await world.open();
    assert.equal(layer.health().state, 'unready');
    assert.equal((await layer.progress('final')).listHash, ZERO_HASH);
    const first = world.submission(plainEpoch(1n));
    assert.deepEqual(await layer.check(first), { kind: 'passes', gas: undefined });
    const outcome = await layer.settle(first, never);
    assert.equal(outcome.kind, 'settled');
    const second = world.submission(plainEpoch(2n, first.listHash));
    assert.equal((await layer.settle(second, never)).kind, 'settled');
    assertSettled(world, 2n);

    const { closedAtMs, ...progress } = await layer.progress('final');
    const expected = { listNumber: 2n, listHash: second.listHash, epochNumber: 2, batchNumber: 2 };
    assert.deepEqual(progress, expected);
    assert.equal(closedAtMs, 2000);
    const settled = await layer.settled(1n);
    assert.equal(settled?.listHash, first.listHash);
    assert.equal(settled?.transaction, outcome.transaction);
    assert.equal(await layer.settled(3n), undefined);
    const vault = await layer.vault(ALICE);
    assert.deepEqual(
      [...vault.balances],
      [
        [3, 999_200n],
        [7, 1_000_600n],
      ],
    );
    assert.equal(layer.health().state, 'ready');
    assert.match(layer.health().detail, /no forced exit/);
  });
});

test('an epoch in which nothing moves takes its place in the chain of lists', async () => {
  await inWorld(async (world) => {
    const layer = await world.open();
    const submission = world.submission({ number: 1n, rows: [] });
    assert.equal((await layer.settle(submission, never)).kind, 'settled');
    assertSettled(world, 0n);
    assert.equal((await layer.progress('included')).listNumber, 1n);
  });
});

test('the pool pays with what it receives in the same list', async () => {
  const plenty = new Map(TOKENS.map((token) => [token, 1_000_000n]));
  const vaults = new Map([ALICE, BOB].map((id) => [ownerOf(id).ownerId, plenty]));
  vaults.set(ownerOf(POOL).ownerId, new Map([[SILVER, 50n]]));
  await inWorld(
    async (world) => {
      const layer = await world.open();
      const outcome = await layer.settle(world.submission(plainEpoch(1n)), never);
      assert.equal(outcome.kind, 'settled');
      assert.equal(world.ledger.balance(ownerOf(POOL).ownerId, SILVER), 0n);
      assert.equal(world.ledger.balance(ownerOf(POOL).ownerId, GOLD), 75n);
    },
    { vaults },
  );
});

test('asking again with the same list changes nothing, after a restart as well', async () => {
  await inWorld(async (world) => {
    const submission = world.submission(plainEpoch(1n));
    const first = await (await world.open()).settle(submission, never);
    const again = await (await world.open()).settle(submission, never);
    assert.deepEqual(again, first);
    assert.deepEqual(world.ledger.applied, { submissions: 1, cuts: 1 });
    assertSettled(world, 1n);
  });
});

const ACTS: readonly LedgerRoute[] = ['POST intents', 'POST sdl', 'POST prove', 'POST proof'];
const KINDS = ['lostRequest', 'lostResponse', 'silent', 'late', 'serverError', 'garbage'] as const;

for (const route of ACTS) {
  test(`${route}: no fault of an act settles a list twice or loses it`, async () => {
    for (const kind of KINDS) {
      await inWorld(async (world) => {
        world.ledger.faults.push({ route, kind });
        const layer = await world.open(kind === 'silent' ? { timeoutMs: 150 } : {});
        const outcome = await layer.settle(world.submission(plainEpoch(1n)), never);
        assert.equal(outcome.kind, 'settled', kind);
        assert.deepEqual(world.ledger.applied, { submissions: 1, cuts: 1 }, kind);
        assertSettled(world, 1n);
      });
    }
  });
}

test('a venue that stops after any act goes on where it was', async () => {
  for (const route of ACTS) {
    await inWorld(async (world) => {
      const submission = world.submission(plainEpoch(1n));
      // The act takes place, its answer never comes, and the adapter is closed meanwhile.
      world.ledger.faults.push({ route, kind: 'silent' });
      const layer = await world.open();
      const left = new AbortController();
      const settling = layer.settle(submission, left.signal);
      while (world.ledger.count(route) === 0) await new Promise(setImmediate);
      left.abort();
      await assert.rejects(settling, isCode('SETTLEMENT_UNCERTAIN'));
      await layer.close();
      const outcome = await (await world.open()).settle(submission, never);
      assert.equal(outcome.kind, 'settled', route);
      assert.deepEqual(world.ledger.applied, { submissions: 1, cuts: 1 }, route);
      assertSettled(world, 1n);
    });
  }
});

test('amounts above 2^53 arrive unit by unit', async () => {
  const units = 2n ** 62n + 12_345_678_901_234_567n;
  const rich = new Map(TOKENS.map((token) => [token, units]));
  const vaults = new Map([POOL, ALICE, BOB].map((id) => [ownerOf(id).ownerId, rich]));
  await inWorld(
    async (world) => {
      const layer = await world.open();
      const paid = 2n ** 53n + 1n;
      const row = { owner: ALICE, pay: 0, paid, received: paid + 2n, orderNonce: 1n };
      const rows = [{ ...row, budget: paid + 1n, deltaNonce: 1n }];
      const outcome = await layer.settle(world.submission({ number: 1n, rows }), never);
      assert.equal(outcome.kind, 'settled');
      assert.equal((await layer.vault(ALICE)).balances.get(3), units - paid);
      assert.equal(world.ledger.balance(ownerOf(ALICE).ownerId, SILVER), units + paid + 2n);
    },
    { vaults },
  );
});

test('an order without its allowance stops the epoch before anything is sent', async () => {
  await inWorld(async (world) => {
    const layer = await world.open();
    const epoch = plainEpoch(1n);
    const rows = epoch.rows.map((row) =>
      row.owner === BOB ? { ...row, deltaNonce: undefined } : row,
    );
    const submission = world.submission({ ...epoch, rows });
    const outcome = await layer.settle(submission, never);
    assert.equal(ruleOf(outcome), 'OrderHasNoAllowance');
    assert.equal(outcome.kind === 'refused' && outcome.mayPass, false);
    const check = await layer.check(submission);
    assert.equal(check.kind === 'refused' && check.refusal.rule, 'OrderHasNoAllowance');
    assert.ok(world.ledger.heard.every((route) => route.startsWith('GET')));
  });
});

test('a list that breaks laws is refused by name, and proved again with another', async () => {
  const provesLaws = ({ bytes }: { readonly bytes: Uint8Array }): boolean => bytes[0] === 9;
  await inWorld(
    async (world) => {
      const layer = await world.open();
      const submission = world.submission(plainEpoch(1n));
      assert.equal(ruleOf(await layer.settle(submission, never)), 'LawsAreProven');
      assert.equal(ruleOf(await layer.settle(submission, never)), 'LawsAreProven');
      assert.equal(world.ledger.count('POST prove'), 1);
      const proof = { ...submission.proof, bytes: Uint8Array.of(9) };
      assert.equal((await layer.settle({ ...submission, proof }, never)).kind, 'settled');
      assert.deepEqual(world.ledger.applied, { submissions: 1, cuts: 1 });
    },
    { provesLaws },
  );
});

test('a list that the validators refuse is refused for good', async () => {
  await inWorld(async (world) => {
    world.ledger.refusesProofs = true;
    const layer = await world.open();
    const outcome = await layer.settle(world.submission(plainEpoch(1n)), never);
    assert.equal(ruleOf(outcome), 'BaseLayerFailed');
    assertSettled(world, 0n);
    assert.equal((await layer.progress('included')).listNumber, 0n);
  });
});

test('a list out of turn, off the chain or with another hash is refused', async () => {
  await inWorld(async (world) => {
    const layer = await world.open();
    const first = world.submission(plainEpoch(1n));
    const early = world.submission(plainEpoch(2n, first.listHash));
    const outcome = await layer.settle(early, never);
    assert.equal(ruleOf(outcome), 'ListNumberIsNotNext');
    assert.equal(outcome.kind === 'refused' && outcome.mayPass, true);
    await layer.settle(first, never);
    const off = world.submission(plainEpoch(2n, ZERO_HASH));
    assert.equal(ruleOf(await layer.settle(off, never)), 'ListIsNotChained');
    const list = { ...early.list, epochNumber: 3n };
    assert.equal(ruleOf(await layer.settle({ ...early, list }, never)), 'EpochIsNotNext');
    const other = { ...first, listHash: early.listHash };
    assert.equal(ruleOf(await layer.settle(other, never)), 'ListNumberIsNotNext');
    assertSettled(world, 1n);
  });
});

test('lists of others on the domain are told apart, and nothing is guessed', async () => {
  await inWorld(async (world) => {
    world.ledger.cutForeignList();
    const layer = await world.open();
    const first = world.submission(plainEpoch(1n));
    assert.equal((await layer.settle(first, never)).kind, 'settled');
    const second = world.submission(plainEpoch(2n, first.listHash));
    const faults: LedgerFault[] = Array.from({ length: 6 }, () => {
      return { route: 'POST sdl', kind: 'serverError' };
    });
    world.ledger.faults.push(...faults);
    await assert.rejects(layer.settle(second, never), isCode('SETTLEMENT_UNAVAILABLE'));
    world.ledger.cutForeignList();
    world.ledger.cutForeignList();
    await assert.rejects(layer.settle(second, never), isCode('SETTLEMENT_UNCERTAIN'));
    assert.equal(world.ledger.applied.submissions, 2);
  });
});

test('a domain that is away makes the layer unready, and nothing else', async () => {
  await inWorld(async (world) => {
    const layer = await world.open();
    const faults = Array.from({ length: 40 }, () => ['GET sdls', 'GET vault'] as const).flat();
    world.ledger.faults.push(
      ...faults.map((route): LedgerFault => ({ route, kind: 'serverError' })),
    );
    const submission = world.submission(plainEpoch(1n));
    await assert.rejects(layer.settle(submission, never), isCode('SETTLEMENT_UNAVAILABLE'));
    assert.equal(layer.health().state, 'unready');
    world.ledger.faults.length = 0;
    assert.equal((await layer.settle(submission, never)).kind, 'settled');
    assert.equal(layer.health().state, 'ready');
  });
});

test('a list that is not applied in time is uncertain, and the next call goes on', async () => {
  await inWorld(
    async (world) => {
      const submission = world.submission(plainEpoch(1n));
      const hasty = await world.open({ settleMs: 0 });
      await assert.rejects(hasty.settle(submission, never), isCode('SETTLEMENT_UNCERTAIN'));
      const patient = await world.open();
      assert.equal((await patient.settle(submission, never)).kind, 'settled');
      assertSettled(world, 1n);
    },
    { looksPerStep: 3 },
  );
});

test('two adapters on one store cannot both go on with a list', async () => {
  await inWorld(async (world) => {
    const submission = world.submission(plainEpoch(1n));
    const [one, other] = [await world.open(), await world.open()];
    const outcomes = await Promise.allSettled([
      one.settle(submission, never),
      other.settle(submission, never),
    ]);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') {
        assert.ok(isCode('SETTLEMENT_UNCERTAIN')(outcome.reason), String(outcome.reason));
      }
    }
    assert.equal((await (await world.open()).settle(submission, never)).kind, 'settled');
    assert.deepEqual(world.ledger.applied, { submissions: 1, cuts: 1 });
    assertSettled(world, 1n);
  });
});

test('what Delta does not tell is a fault with a sentence, and so is a closed layer', async () => {
  await inWorld(async (world) => {
    const layer = await world.open();
    const events = layer.events(undefined, never)[Symbol.asyncIterator]();
    await assert.rejects(events.next(), isCode('SETTLEMENT_CONFIG_INVALID'));
    assert.equal(await layer.agreement(), undefined);
    await layer.close();
    await assert.rejects(layer.progress('final'), isCode('SETTLEMENT_CLOSED'));
    await assert.rejects(
      layer.settle(world.submission(plainEpoch(1n)), never),
      isCode('SETTLEMENT_CLOSED'),
    );
    assert.equal(layer.health().state, 'unready');
  });
});
