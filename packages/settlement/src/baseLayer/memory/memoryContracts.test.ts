import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import type { MemoryVenue } from '../../../../../testing/settlement/memoryVenue.ts';
import {
  account,
  CIRCUITS,
  EPOCH_BLOCKS,
  EXIT_BLOCKS,
  FEES,
  FUNDS,
  fund,
  GUARDIAN,
  MARKET,
  OPERATOR,
  openMemoryVenue,
  PARAMETERS,
  POOL,
  SHARD,
  TRADERS,
} from '../../../../../testing/settlement/memoryVenue.ts';
import type { ActContext } from './act.ts';
import { RefusedAct } from './refusedAct.ts';
import { VAULT_UNITS_MAX } from './vaultBook.ts';

// Goal: registry and vault book refuse what the contracts refuse, by the same names, and do what
// they do. Method: one act each on a venue in memory, as in contracts/test/Vaults.t.sol and
// AgreementRegistry.t.sol.

const ALICE: AccountId = at(TRADERS, 0).owner;
const BOB: AccountId = at(TRADERS, 1).owner;
const NOBODY = account('00');
const VAULT = { shard: SHARD, owner: ALICE };

/** What an act meets: the refusal as the contract tells it, or `done`. */
function meets(
  venue: MemoryVenue,
  sender: AccountId,
  run: (context: ActContext) => unknown,
): string {
  try {
    venue.chain.perform(sender, run);
    return 'done';
  } catch (error) {
    assert.ok(error instanceof RefusedAct);
    return `${error.refusal.rule}(${error.refusal.details.join(', ')})`;
  }
}

test('a deposit credits any vault with exactly its tokens, and is counted', () => {
  const venue = openMemoryVenue();
  const { vaults, tokens } = venue.chain.contracts;
  const count = vaults.depositCount();
  venue.chain.perform(BOB, (context) => fund(venue, context, { owner: ALICE, k: 2, units: 3n }));
  assert.equal(vaults.balanceOf(VAULT, 2), 3n);
  assert.equal(vaults.depositCount(), count + 1n);
  const token = at(venue.tokens, 2);
  assert.equal(tokens.balanceOf(token, BOB), 0n);
  assert.equal(vaults.owed(token), tokens.balanceOf(token, venue.layer.domain.address));
});

test('refuses deposits without tokens, of nothing, of too much and to reserved accounts', () => {
  const venue = openMemoryVenue();
  const { vaults } = venue.chain.contracts;
  const custody = systemAccount(SystemRole.custody);
  const deposit = (owner: AccountId, k: number, units: bigint): string =>
    meets(venue, BOB, (context) => {
      vaults.deposit(context, { shard: SHARD, owner, assetId: k, units });
    });
  assert.equal(deposit(ALICE, 0, 1n), `ERC20InsufficientBalance(${BOB}, 0, 1)`);
  assert.equal(deposit(ALICE, 0, 0n), 'AmountOutOfRange(0)');
  assert.equal(deposit(ALICE, 9, 1n), 'AssetUnknown(9)');
  assert.equal(deposit(NOBODY, 0, 1n), `OwnerIsReserved(${NOBODY})`);
  assert.equal(deposit(custody, 0, 1n), `OwnerIsReserved(${custody})`);
  const much = VAULT_UNITS_MAX;
  assert.equal(deposit(ALICE, 0, much), `AmountOutOfRange(${much + FUNDS})`);
  assert.equal(deposit(POOL, 0, 1n), `ERC20InsufficientBalance(${BOB}, 0, 1)`);
});

test('an exit is requested, waits, and pays the settled balance to its owner', () => {
  const venue = openMemoryVenue();
  const { vaults, tokens } = venue.chain.contracts;
  const complete = (context: ActContext): void =>
    vaults.completeExit(context, { ...VAULT, assetIds: [0, 5] });
  assert.equal(meets(venue, ALICE, complete), `ExitIsNotRequested(${SHARD}, ${ALICE})`);
  const request = (context: ActContext): unknown => vaults.requestExit(context, VAULT);
  assert.equal(meets(venue, BOB, request), `CallerIsNotOwner(${ALICE}, ${BOB})`);
  assert.equal(meets(venue, ALICE, request), 'done');
  const due = venue.chain.head() + EXIT_BLOCKS;
  assert.equal(vaults.exitDueBlock(VAULT), due);
  assert.equal(meets(venue, ALICE, request), `ExitIsRequested(${SHARD}, ${ALICE})`);
  assert.equal(meets(venue, ALICE, complete), `ExitIsNotDue(${due})`);
  venue.chain.mine(Number(EXIT_BLOCKS));
  assert.equal(meets(venue, ALICE, complete), 'done');
  assert.equal(tokens.balanceOf(at(venue.tokens, 0), ALICE), FUNDS);
  assert.equal(vaults.balanceOf(VAULT, 0), 0n);
  assert.equal(vaults.balanceOf(VAULT, 1), FUNDS);
  const unknown = (context: ActContext): void =>
    vaults.completeExit(context, { ...VAULT, assetIds: [9] });
  assert.equal(meets(venue, ALICE, unknown), 'AssetUnknown(9)');
});

test('an exit can be taken back, and the operator exits for the vaults of the venue', () => {
  const venue = openMemoryVenue();
  const { vaults } = venue.chain.contracts;
  const cancel = (context: ActContext): void => vaults.cancelExit(context, VAULT);
  assert.equal(meets(venue, ALICE, cancel), `ExitIsNotRequested(${SHARD}, ${ALICE})`);
  venue.chain.perform(ALICE, (context) => vaults.requestExit(context, VAULT));
  assert.equal(meets(venue, ALICE, cancel), 'done');
  assert.equal(vaults.exitDueBlock(VAULT), undefined);
  const fees = { shard: SHARD, owner: FEES };
  const request = (context: ActContext): unknown => vaults.requestExit(context, fees);
  assert.equal(meets(venue, ALICE, request), `CallerIsNotOwner(${FEES}, ${ALICE})`);
  assert.equal(meets(venue, OPERATOR, request), 'done');
});

test('a claim without anything that waits is refused', () => {
  const venue = openMemoryVenue();
  const token = at(venue.tokens, 0);
  const run = (): unknown => venue.chain.contracts.vaults.claim(token, BOB);
  assert.equal(meets(venue, BOB, run), `NothingIsPending(${token}, ${BOB})`);
});

test('an agreement needs a shard, an operator, its fee and circuits of some size', () => {
  const venue = openMemoryVenue();
  const { registry } = venue.chain.contracts;
  const wish = {
    shard: 9,
    operator: BOB,
    verifyingKeyHash: ZERO_HASH,
    circuits: CIRCUITS,
    paid: 5n,
  };
  const register = (change: Partial<typeof wish>): string =>
    meets(venue, BOB, (context) => registry.registerAgreement(context, { ...wish, ...change }));
  const circuit = at(CIRCUITS, 0);
  assert.equal(register({ shard: 0 }), 'ShardIsZero()');
  assert.equal(register({ operator: NOBODY }), 'OperatorIsZero()');
  assert.equal(register({ paid: 4n }), 'FeeIsNotExact(5, 4)');
  assert.equal(register({ circuits: [] }), 'CircuitIsMalformed(0)');
  assert.equal(
    register({ circuits: [circuit, { ...circuit, vaults: 2 }] }),
    'CircuitIsMalformed(1)',
  );
  assert.equal(register({ circuits: [{ ...circuit, verifier: '' }] }), 'VerifierHasNoCode()');
  assert.equal(register({ shard: SHARD }), `CallerIsNotOperator(${SHARD}, ${BOB})`);
  assert.equal(register({}), 'done');
  assert.throws(() => registry.activeAgreement(9, venue.chain.head()), /agreement/);
  venue.chain.mine(Number(EPOCH_BLOCKS));
  assert.equal(registry.activeAgreement(9, venue.chain.head()), 2n);
});

test('an agreement that replaces another waits for twice the time of an exit', async () => {
  const venue = openMemoryVenue();
  const { registry } = venue.chain.contracts;
  const wish = { shard: SHARD, verifyingKeyHash: ZERO_HASH, circuits: CIRCUITS, paid: 5n };
  venue.chain.perform(OPERATOR, (context) => {
    registry.registerAgreement(context, { ...wish, operator: BOB });
  });
  const asked = venue.chain.head();
  const agreement = await venue.layer.agreement();
  assert.equal(agreement?.agreementId, 1n);
  const from = (asked + 2n * EXIT_BLOCKS - registry.genesisBlock) / EPOCH_BLOCKS + 1n;
  assert.deepEqual(agreement?.next, { agreementId: 2n, activeFrom: from });
  assert.equal(registry.operatorOf(SHARD, asked), OPERATOR);
  venue.chain.mine(Number(from * EPOCH_BLOCKS + registry.genesisBlock - asked));
  assert.equal(registry.operatorOf(SHARD, venue.chain.head()), BOB);
  assert.equal((await venue.layer.agreement())?.agreementId, 2n);
});

test('parameters of a market that trades wait for twice the time of an exit', () => {
  const venue = openMemoryVenue();
  const { registry } = venue.chain.contracts;
  const columns = [0, 1];
  const wish = { shard: SHARD, marketId: 2, columns, epochNumber: 0n, batchNumber: 0n };
  venue.chain.perform(OPERATOR, (context) => registry.registerMarket(context, wish));
  const register = (commitment: bigint): void => {
    venue.chain.perform(OPERATOR, (context) => {
      registry.registerParameters(context, { marketId: 2, commitment });
    });
  };
  const holds = (commitment: bigint): boolean => {
    return registry.areActive(2, commitment, venue.chain.head());
  };
  register(7n);
  register(8n);
  venue.chain.mine(Number(EPOCH_BLOCKS));
  assert.ok(holds(7n) && holds(8n), 'nobody has traded before the first of them held');
  register(9n);
  venue.chain.mine(Number(2n * EXIT_BLOCKS));
  assert.ok(!holds(9n), 'who asks for an exit now is gone before');
  venue.chain.mine(Number(EPOCH_BLOCKS));
  assert.ok(holds(9n));
});

test('only the operator lists assets, markets and parameters, and each once', () => {
  const venue = openMemoryVenue();
  const { registry } = venue.chain.contracts;
  const token = at(venue.tokens, 1);
  const list = (sender: AccountId, address: AccountId, ledgerDecimals: number): string =>
    meets(venue, sender, (context) => {
      registry.listAsset(context, { shard: SHARD, token: address, ledgerDecimals });
    });
  assert.equal(list(BOB, token, 6), `CallerIsNotOperator(${SHARD}, ${BOB})`);
  assert.equal(list(OPERATOR, BOB, 6), `TokenIsUnusable(${BOB})`);
  assert.equal(list(OPERATOR, token, 10), `TokenIsUnusable(${token})`);
  assert.equal(list(OPERATOR, at(venue.tokens, 0), 7), `TokenIsUnusable(${at(venue.tokens, 0)})`);
  const market = (marketId: number, columns: readonly number[]): string =>
    meets(venue, OPERATOR, (context) => {
      const place = { shard: SHARD, epochNumber: 0n, batchNumber: 0n };
      registry.registerMarket(context, { ...place, marketId, columns });
    });
  assert.equal(market(MARKET, [0, 1]), `MarketIsRegistered(${MARKET})`);
  assert.equal(market(2, [0]), 'MarketIsMalformed(2)');
  assert.equal(market(2, [0, 0]), 'MarketIsMalformed(2)');
  assert.equal(market(2, [0, 9]), 'AssetUnknown(9)');
  assert.equal(market(2, [1, 0]), 'done');
  const parameters = (sender: AccountId, marketId: number, commitment: bigint): string =>
    meets(venue, sender, (context) => {
      registry.registerParameters(context, { marketId, commitment });
    });
  assert.equal(parameters(OPERATOR, 9, 1n), 'MarketOfAnotherShard(9, 0)');
  assert.equal(parameters(BOB, MARKET, 1n), `CallerIsNotOperator(${SHARD}, ${BOB})`);
  assert.equal(parameters(OPERATOR, MARKET, 1n << 254n), `CircuitIsMalformed(${1n << 254n})`);
  const again = `ParametersAreRegistered(${MARKET}, ${PARAMETERS})`;
  assert.equal(parameters(OPERATOR, MARKET, PARAMETERS), again);
});

test('nobody but the guardian pauses', () => {
  const venue = openMemoryVenue();
  const { contracts } = venue.chain;
  const resume = (context: ActContext): void => contracts.resumeSettlements(context);
  assert.equal(meets(venue, OPERATOR, resume), `CallerIsNotGuardian(${OPERATOR})`);
  assert.equal(meets(venue, GUARDIAN, resume), 'done');
});
