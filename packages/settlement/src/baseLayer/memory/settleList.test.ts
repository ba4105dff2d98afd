import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { Scope } from '@lawbook/exchange/orders/signedTypes';
import type { ListOrder, SignedGrant } from '@lawbook/proofs/statements/epoch/diffList';
import type { MemoryVenue, Scene } from '../../../../../testing/settlement/memoryVenue.ts';
import {
  account,
  addOrder,
  EPOCH_BLOCKS,
  EXIT_BLOCKS,
  emptyScene,
  FEES,
  FUNDS,
  finish,
  GUARDIAN,
  MARKET,
  move,
  nextPlace,
  OPERATOR,
  openMemoryVenue,
  PARAMETERS,
  POOL,
  packWords,
  SHARD,
  SIGNING,
  START_MS,
  sceneBatch,
  signed,
  TRADERS,
  WALLET,
  WIDTH,
  withdrawal,
} from '../../../../../testing/settlement/memoryVenue.ts';
import type { ActContext } from './act.ts';

// Goal: a lawful list settles, and one altered in any place is refused by the name of what it
// breaks, with the contract's arguments and with nothing changed. Method: lists of a small market,
// one mutation each, as in contracts/test/Settle.t.sol.

/** Two traders who trade, unless the case wants others. */
function lawful(venue: MemoryVenue, traders: readonly number[] = [0, 1]): Scene {
  const place = nextPlace(venue);
  const scene = emptyScene(place);
  for (const k of traders) addOrder(scene, k, { orderNonce: 1000n + 10n * place.number });
  return scene;
}

function settle(venue: MemoryVenue, scene: Scene): void {
  const submission = finish(scene);
  venue.chain.perform(OPERATOR, (context) => {
    venue.chain.contracts.settle(context, submission);
  });
}

async function refusal(venue: MemoryVenue, scene: Scene): Promise<string> {
  const before = fingerprint(venue);
  const check = await venue.layer.check(finish(scene));
  assert.equal(fingerprint(venue), before, 'a dry run changes nothing');
  assert.throws(() => settle(venue, scene));
  assert.equal(fingerprint(venue), before, 'a refused list changes nothing');
  return check.kind === 'passes' ? 'passes' : told(check.refusal);
}

function told({ rule, details }: { rule: string; details: readonly string[] }): string {
  return `${rule}(${details.join(', ')})`;
}

function fingerprint({ chain }: MemoryVenue): string {
  const { vaults } = chain.contracts;
  const balances = [POOL, FEES, ...TRADERS.map(({ owner }) => owner)].map((owner) => {
    return Array.from({ length: WIDTH }, (_, k) => vaults.balanceOf({ shard: SHARD, owner }, k));
  });
  const { number, listHash } = chain.contracts.listChain(SHARD);
  return [...balances, number, listHash].join(' ');
}

function balance({ chain }: MemoryVenue, owner: Parameters<typeof account>[0], k: number): bigint {
  return chain.contracts.vaults.balanceOf({ shard: SHARD, owner: account(owner.slice(2)) }, k);
}

const owner = (k: number): string => at(TRADERS, k).owner;

test('a lawful list moves balances, fees and the chain of lists', async () => {
  const venue = openMemoryVenue();
  const scene = lawful(venue);
  const submission = finish(scene);
  settle(venue, scene);
  assert.equal(balance(venue, owner(0), 0), FUNDS - 100n);
  assert.equal(balance(venue, owner(0), 1), FUNDS + 99n);
  assert.equal(balance(venue, FEES, 1), 1n);
  const progress = await venue.layer.progress('included');
  assert.equal(progress.listNumber, 1n);
  assert.equal(progress.listHash, submission.listHash);
  settle(venue, lawful(venue));
  assert.equal((await venue.layer.progress('included')).epochNumber, 2);
});

test('several batches settle as one list', async () => {
  const venue = openMemoryVenue();
  const scene = lawful(venue, [0, 1, 2]);
  const closedAtMs = START_MS + 1;
  scene.list.batches = [1, 0, 2].map((count, k) => sceneBatch(closedAtMs + k, count));
  settle(venue, scene);
  const { batchNumber, closedAtMs: last } = await venue.layer.progress('included');
  assert.deepEqual([batchNumber, last], [3, closedAtMs + 2]);
});

/** A case: what is altered, and what the contract says. */
type Case = readonly [string, (scene: Scene) => void, string];

const order = (scene: Scene, k: number, terms: Partial<ListOrder>): void => {
  const row = at(scene.rows, k);
  scene.rows[k] = { ...row, order: { ...row.order, ...terms } };
};
const row = (scene: Scene, k: number, change: Partial<Scene['rows'][number]>): void => {
  scene.rows[k] = { ...at(scene.rows, k), ...change };
};
const batch = (scene: Scene, change: Partial<Scene['list']['batches'][number]>): void => {
  scene.list.batches = [{ ...at(scene.list.batches, 0), ...change }];
};
const hash = `0x${'ab'.repeat(32)}` as Scene['list']['previousListHash'];
const zero = `0x${'00'.repeat(32)}`;
const future = BigInt(START_MS + 900_001);

const CASES: readonly Case[] = [
  ['another shard', ({ list }) => (list.shard = 8), 'AgreementIsNotActive(8)'],
  ['an unknown circuit', (s) => (s.proof = { ...s.proof, circuit: 2 }), 'CircuitUnknown(2)'],
  ['an unknown market', ({ list }) => (list.marketId = 2), `MarketOfAnotherShard(2, ${SHARD})`],
  ['a list too many', ({ list }) => (list.number = 2n), 'ListNumberIsNotNext(1, 2)'],
  ['a list again', ({ list }) => (list.number = 0n), 'ListNumberIsNotNext(1, 0)'],
  [
    'another chain of lists',
    ({ list }) => (list.previousListHash = hash),
    `ListIsNotChained(${zero}, ${hash})`,
  ],
  ['another epoch', ({ list }) => (list.epochNumber = 2n), 'EpochIsNotNext(1, 2)'],
  ['too many vaults', (s) => (s.proof = { ...s.proof, circuit: 1 }), 'CircuitIsTooSmall(4, 6)'],
  ['no batch', ({ list }) => (list.batches = []), 'CircuitIsTooSmall(8, 0)'],
  ['a word missing', (s) => s.changes.pop(), 'WordsAreMalformed(10)'],
  [
    'a batch in the future',
    (s) => batch(s, { closedAtMs: future }),
    `BatchClosesInTheFuture(0, ${future})`,
  ],
  [
    'foreign parameters',
    (s) => batch(s, { parameters: 9n }),
    `ParametersAreNotActive(${MARKET}, 9)`,
  ],
  ['a row too many', (s) => batch(s, { orderCount: 1 }), 'OrdersAreComplete(1)'],
  ['a row too few', (s) => batch(s, { orderCount: 3 }), 'OrdersAreComplete(2)'],
  ['no snapshot', (s) => batch(s, { oracle: '0x00' }), 'OracleIsMalformed(0)'],
  ['missing prices', (s) => batch(s, { prices: [1n] }), 'WordsAreMalformed(1)'],
  ['a fourth limb', (s) => batch(s, { prices: [1n << 192n, 0n] }), 'WordsAreMalformed(0)'],
  [
    'a halted batch that pays',
    (s) => batch(s, { isHalted: true }),
    'LimitsAreRespected(0, 100, 0)',
  ],
  ['an order elsewhere', (s) => order(s, 1, { marketId: 2 }), 'OrderOfAnotherMarket(1, 2)'],
  ['an unknown column', (s) => order(s, 0, { pay: WIDTH }), `AssetUnknown(${WIDTH})`],
  ['a vault elsewhere', (s) => row(s, 1, { vault: 2 }), `VaultOfAnotherOwner(1, ${owner(1)})`],
  ['the pool as a vault', (s) => row(s, 1, { vault: 0 }), `VaultOfAnotherOwner(1, ${owner(1)})`],
  ['a bigger budget', (s) => order(s, 0, { budget: 101n }), `SpendsAreAuthorised(0, ${owner(0)})`],
  ['a forged signature', (s) => row(s, 0, { signature: at(s.rows, 1).signature }), 'forged'],
  ['no signature', (s) => row(s, 0, { signature: '0x' }), 'forged'],
  ['too much paid', (s) => row(s, 0, { paid: 101n }), 'LimitsAreRespected(0, 101, 100)'],
  ['a receipt for nothing', (s) => row(s, 0, { paid: 0n }), 'LimitsAreRespected(0, 0, 100)'],
  ['a grant that is not there', (s) => row(s, 0, { grant: 2 }), 'GrantDoesNotCover(0, 1)'],
  ['a void row that pays', (s) => row(s, 0, { isVoid: true }), 'LimitsAreRespected(0, 100, 0)'],
  [
    'a void row without a cancel',
    (s) => row(s, 0, { isVoid: true, paid: 0n, received: 0n, signature: '0x' }),
    'OrdersAreComplete(0)',
  ],
  [
    'a void row with another signature',
    (s) => row(s, 0, { isVoid: true, paid: 0n, received: 0n }),
    'forged',
  ],
  ['a pool too large', ({ list }) => (list.poolBefore = [FUNDS * 2000n, 0n]), 'pool'],
  ['a short pool', ({ list }) => (list.poolBefore = [0n]), 'WordsAreMalformed(1)'],
  [
    'owners out of order',
    ({ list }) => (list.owners = [...list.owners].reverse()),
    `VaultOfAnotherOwner(0, ${owner(0)})`,
  ],
  ['value from nothing', (s) => move(s, 3, { column: 2, change: 1n }), 'AssetsAreConserved(2, 1)'],
  [
    'an overdrawn vault',
    (s) => move(s, 2, { column: 2, change: -1n }),
    `VaultsAreSolvent(${owner(0)}, 2)`,
  ],
  [
    'a debit beyond the orders',
    (s) => move(s, 2, { column: 0, change: -1n }),
    `DiffsMatchFills(${owner(0)}, 0, -101, 100)`,
  ],
  [
    'a debit of a stranger',
    (s) => move(s, 5, { column: 0, change: -1n }),
    `DiffsMatchFills(${owner(3)}, 0, -1, 0)`,
  ],
  [
    'fees that shrink',
    (s) => move(s, 1, { column: 1, change: -2n }),
    `VaultsAreSolvent(${FEES}, 1)`,
  ],
  [
    'a commitment out of the field',
    (s) => (s.proof = { ...s.proof, dataCommitment: (1n << 255n) - 1n }),
    `CommitmentOutOfField(${(1n << 255n) - 1n})`,
  ],
];

const ALIASES: Readonly<Record<string, string>> = {
  forged: `SpendsAreAuthorised(0, ${owner(0)})`,
  pool: `PoolIsOverstated(0, ${FUNDS * 2000n}, ${FUNDS * 1000n})`,
};

for (const [what, alter, expected] of CASES) {
  test(`refuses ${what}`, async () => {
    const venue = openMemoryVenue();
    const scene = lawful(venue);
    alter(scene);
    assert.equal(await refusal(venue, scene), ALIASES[expected] ?? expected);
  });
}

test('refuses a caller who is not the operator', () => {
  const venue = openMemoryVenue();
  const submission = finish(lawful(venue));
  const refused = venue.chain.attempt(GUARDIAN, (context) => {
    venue.chain.contracts.settle(context, submission);
  });
  assert.equal(refused && told(refused), `CallerIsNotOperator(${SHARD}, ${GUARDIAN})`);
});

test('the guardian stops settlements and nobody else does', async () => {
  const venue = openMemoryVenue();
  const { contracts } = venue.chain;
  const pause = (context: ActContext): void => contracts.pauseSettlements(context);
  assert.throws(() => venue.chain.perform(OPERATOR, pause), /guardian/);
  venue.chain.perform(GUARDIAN, pause);
  assert.equal(await refusal(venue, lawful(venue)), 'SettlementsArePaused()');
  venue.chain.perform(GUARDIAN, (context) => contracts.resumeSettlements(context));
  settle(venue, lawful(venue));
});

test('refuses a list twice and a batch that closed before the one it follows', async () => {
  const venue = openMemoryVenue();
  const scene = lawful(venue);
  settle(venue, scene);
  assert.equal(await refusal(venue, scene), 'ListNumberIsNotNext(2, 1)');
  const next = lawful(venue);
  batch(next, { closedAtMs: BigInt(START_MS) });
  assert.equal(await refusal(venue, next), `BatchesCloseInOrder(0, ${START_MS})`);
});

test('parameters that are registered later hold after their notice', async () => {
  const venue = openMemoryVenue();
  const { registry } = venue.chain.contracts;
  const scene = lawful(venue);
  batch(scene, { parameters: PARAMETERS + 1n });
  const wish = { marketId: MARKET, commitment: PARAMETERS + 1n };
  venue.chain.perform(OPERATOR, (context) => registry.registerParameters(context, wish));
  const reason = `ParametersAreNotActive(${MARKET}, ${PARAMETERS + 1n})`;
  assert.equal(await refusal(venue, scene), reason);
  venue.chain.mine(Number(EPOCH_BLOCKS));
  assert.equal(await refusal(venue, scene), reason);
  venue.chain.mine(Number(2n * EXIT_BLOCKS));
  settle(venue, scene);
});

test('an order nonce pays once, and none that the ring has forgotten', async () => {
  const venue = openMemoryVenue();
  const nonces = [5n, 5n, 5n + 3n * 192n, 6n, 1n << 63n];
  const answers: string[] = [];
  for (const orderNonce of nonces) {
    const scene = emptyScene(nextPlace(venue), 1);
    addOrder(scene, 0, { orderNonce });
    const check = await venue.layer.check(finish(scene));
    answers.push(check.kind === 'passes' ? 'passes' : told(check.refusal));
    if (check.kind === 'passes') settle(venue, scene);
  }
  assert.deepEqual(answers, [
    'passes',
    `OrderNonceReplayed(${owner(0)}, 5)`,
    'passes',
    `OrderNonceTooOld(${owner(0)}, 6)`,
    `OrderNonceTooOld(${owner(0)}, ${1n << 63n})`,
  ]);
});

test('an expired order pays nothing; a void row needs its expiry or a signed cancel', async () => {
  const venue = openMemoryVenue();
  const scene = emptyScene(nextPlace(venue), 1);
  const expiresAtMs = BigInt(START_MS + 1);
  addOrder(scene, 0, { orderNonce: 1n, terms: { expiresAtMs } });
  assert.equal(await refusal(venue, scene), `OrderExpired(0, ${expiresAtMs})`);
  scene.changes = scene.changes.map((columns) => columns.map(() => 0n));
  row(scene, 0, { isVoid: true, paid: 0n, received: 0n, signature: '0x' });
  settle(venue, scene);
  const next = emptyScene(nextPlace(venue), 1);
  const { order: terms } = addOrder(next, 0, { orderNonce: 2n });
  next.changes = scene.changes;
  const { owner: signer, secretKey } = at(TRADERS, 0);
  const { product, ...rest } = terms;
  const orderId = SIGNING.orderId({
    ...rest,
    receive: product,
    budget: terms.budget as Parameters<typeof SIGNING.orderId>[0]['budget'],
    expiresAtMs: Number(terms.expiresAtMs),
  });
  const cancel = signed(SIGNING.cancelDigest(signer, orderId), secretKey);
  row(next, 0, { isVoid: true, paid: 0n, received: 0n, signature: cancel });
  settle(venue, next);
});

test('an order without a fill needs no signature', () => {
  const venue = openMemoryVenue();
  const scene = emptyScene(nextPlace(venue), 1);
  addOrder(scene, 0, { orderNonce: 1n });
  scene.changes = scene.changes.map((columns) => columns.map(() => 0n));
  row(scene, 0, { paid: 0n, received: 0n, signature: '0x' });
  settle(venue, scene);
});

test('a delegate trades within its grant only', async () => {
  const venue = openMemoryVenue();
  const delegate = at(TRADERS, 3);
  const until = START_MS + 86_400_000;
  const grantOf = (k: number, change: Partial<SignedGrant['grant']> = {}): SignedGrant => {
    const terms = {
      owner: at(TRADERS, k).owner,
      delegate: delegate.owner,
      scopes: Scope.trade as number,
      expiresAtMs: BigInt(until),
      orderNonce: 1n,
      ...change,
    };
    const digest = SIGNING.grantDigest({ ...terms, expiresAtMs: Number(terms.expiresAtMs) });
    return { grant: terms, signature: signed(digest, at(TRADERS, k).secretKey) };
  };
  const scene = emptyScene(nextPlace(venue), 1);
  const { order: terms } = addOrder(scene, 0, { orderNonce: 1n });
  const { product, ...rest } = terms;
  const digest = SIGNING.orderDigest({
    ...rest,
    receive: product,
    budget: terms.budget as Parameters<typeof SIGNING.orderId>[0]['budget'],
    expiresAtMs: Number(terms.expiresAtMs),
  });
  row(scene, 0, { grant: 1, signature: signed(digest, delegate.secretKey) });
  const unsigned = `GrantIsNotSigned(0, ${owner(0)})`;
  const uncovered = 'GrantDoesNotCover(0, 0)';
  const dirty = grantOf(0);
  const tries: readonly (readonly [SignedGrant, string])[] = [
    [grantOf(0, { scopes: Scope.read }), unsigned],
    [grantOf(0, { delegate: account('00') as SignedGrant['grant']['delegate'] }), unsigned],
    [{ ...dirty, grant: { ...dirty.grant, scopes: 6 } }, unsigned],
    [grantOf(0, { expiresAtMs: BigInt(until - 1) }), uncovered],
    [grantOf(1), uncovered],
    [grantOf(0, { delegate: at(TRADERS, 2).owner }), `SpendsAreAuthorised(0, ${owner(0)})`],
  ];
  for (const [grant, expected] of tries) {
    scene.grants = [grant];
    assert.equal(await refusal(venue, scene), expected);
  }
  scene.grants = [grantOf(0)];
  settle(venue, scene);
});

test('a contract wallet signs by its own code', async () => {
  const venue = openMemoryVenue();
  const scene = emptyScene(nextPlace(venue), 1);
  addOrder(scene, 0, { orderNonce: 1n, terms: { owner: WALLET } });
  scene.list.owners = [WALLET];
  assert.equal(await refusal(venue, scene), `SpendsAreAuthorised(0, ${WALLET})`);
  row(scene, 0, { signature: '0x12' });
  assert.equal(await refusal(venue, scene), `VaultsAreSolvent(${WALLET}, 0)`);
});

test('refuses owners that do not ascend and owners of the venue itself', async () => {
  const venue = openMemoryVenue();
  const scene = emptyScene(nextPlace(venue), 2);
  scene.list.owners = [...scene.list.owners].reverse();
  assert.equal(await refusal(venue, scene), 'OwnersAreNotAscending(1)');
  const reserved = emptyScene(nextPlace(venue), 1);
  reserved.list.owners = [POOL as (typeof TRADERS)[number]['owner']];
  assert.equal(await refusal(venue, reserved), `OwnerIsReserved(${POOL})`);
});

test('a signed withdrawal is debited once and its tokens wait to be claimed', async () => {
  const venue = openMemoryVenue();
  const { vaults, tokens } = venue.chain.contracts;
  const scene = emptyScene(nextPlace(venue), 1);
  scene.list.withdrawals = [withdrawal(0)];
  const { to } = at(scene.list.withdrawals, 0).withdrawal;
  settle(venue, scene);
  const token = at(venue.tokens, 0);
  assert.equal(balance(venue, owner(0), 0), FUNDS - 10n);
  assert.equal(vaults.pending(token, to), 10n);
  venue.chain.perform(GUARDIAN, () => vaults.claim(token, to));
  assert.equal(tokens.balanceOf(token, to), 10n);
  assert.throws(() => venue.chain.perform(GUARDIAN, () => vaults.claim(token, to)), /waits/);
  const again = emptyScene(nextPlace(venue), 1);
  again.list.withdrawals = [withdrawal(0)];
  assert.equal(await refusal(venue, again), `OrderNonceReplayed(${owner(0)}, 1)`);
});

test('refuses a withdrawal that is altered, expired, foreign or beyond the vault', async () => {
  const venue = openMemoryVenue();
  const signedBy1 = withdrawal(1).signature;
  const expiresAtMs = BigInt(START_MS + 1);
  const cases: readonly (readonly [ReturnType<typeof withdrawal>, string])[] = [
    [{ ...withdrawal(0), signature: signedBy1 }, `SpendsAreAuthorised(0, ${owner(0)})`],
    [withdrawal(0, { shard: 8 }), 'ShardOfAnotherDomain(0, 8)'],
    [withdrawal(0, { expiresAtMs }), `WithdrawalExpired(0, ${expiresAtMs})`],
    [withdrawal(0, { units: 0n }), 'AmountOutOfRange(0)'],
    [withdrawal(0, { assetId: 60 }), 'AssetUnknown(60)'],
    [withdrawal(0, { units: FUNDS + 1n }), `VaultsAreSolvent(${owner(0)}, 0)`],
    [withdrawal(0, { orderNonce: 0n }), `OrderNonceTooOld(${owner(0)}, 0)`],
  ];
  for (const [wish, expected] of cases) {
    const scene = emptyScene(nextPlace(venue), 1);
    scene.list.withdrawals = [wish];
    assert.equal(await refusal(venue, scene), expected);
  }
});

test('a vault whose exit is due is debited no more, by orders or by withdrawals', async () => {
  const venue = openMemoryVenue();
  const { vaults } = venue.chain.contracts;
  const leaving = { shard: SHARD, owner: at(TRADERS, 0).owner };
  venue.chain.perform(leaving.owner, (context) => vaults.requestExit(context, leaving));
  settle(venue, lawful(venue));
  venue.chain.mine(Number(EXIT_BLOCKS));
  const unlocked = `VaultIsUnlocked(${SHARD}, ${leaving.owner})`;
  assert.equal(await refusal(venue, lawful(venue)), unlocked);
  const scene = emptyScene(nextPlace(venue), 1);
  scene.list.withdrawals = [withdrawal(0)];
  assert.equal(await refusal(venue, scene), unlocked);
});

test('asks the verifier for three field elements and believes its answer', async () => {
  const venue = openMemoryVenue();
  const asked: (readonly bigint[])[] = [];
  venue.laws.hold = ({ publicInputs }) => {
    asked.push(publicInputs);
    return false;
  };
  assert.equal(await refusal(venue, lawful(venue)), 'LawsAreProven(0x)');
  assert.equal(asked[0]?.length, 3);
  assert.equal(asked[0]?.[0], 12345n);
  assert.deepEqual(packWords([1n, -1n])[0], 1n | (((1n << 64n) - 1n) << 64n));
});
