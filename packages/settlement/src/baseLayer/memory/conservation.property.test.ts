import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import fc from 'fast-check';
import type { MemoryVenue } from '../../../../../testing/settlement/memoryVenue.ts';
import {
  account,
  addOrder,
  emptyScene,
  FEES,
  FINALITY_BLOCKS,
  finish,
  fund,
  nextPlace,
  OPERATOR,
  openMemoryVenue,
  POOL,
  SHARD,
  TRADERS,
  WIDTH,
  withdrawal,
} from '../../../../../testing/settlement/memoryVenue.ts';
import { RefusedAct } from './refusedAct.ts';

// Goal: the contract holds what it owes of every token, to the unit, whatever is done, refused or
// taken back; and taking blocks back restores exactly what was there. Method: random deposits,
// lists, withdrawals, exits and reorganisations; a fingerprint of the state is kept for each block.

const trader = fc.nat({ max: TRADERS.length - 1 });
const step = fc.oneof(
  fc.record({
    kind: fc.constant('deposit' as const),
    trader,
    asset: fc.nat({ max: WIDTH - 1 }),
    units: fc.bigInt({ min: 0n, max: 1_000_000n }),
  }),
  fc.record({
    kind: fc.constant('settle' as const),
    traders: fc.subarray(TRADERS.map((_, k) => k)),
    paidOut: fc.option(trader, { nil: undefined }),
    units: fc.bigInt({ min: 1n, max: 2_000_000n }),
  }),
  fc.record({ kind: fc.constant('claim' as const), trader }),
  fc.record({ kind: fc.constant('requestExit' as const), trader }),
  fc.record({ kind: fc.constant('cancelExit' as const), trader }),
  fc.record({ kind: fc.constant('completeExit' as const), trader }),
  fc.record({ kind: fc.constant('mine' as const), count: fc.integer({ min: 1, max: 25 }) }),
  fc.record({ kind: fc.constant('reorganise' as const), depth: fc.integer({ min: 1, max: 6 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const payee = (k: number): ReturnType<typeof account> => account(`70${k}0`);

function take(venue: MemoryVenue, one: Step, orderNonce: bigint): void {
  const { chain, tokens } = venue;
  const { vaults } = chain.contracts;
  switch (one.kind) {
    case 'deposit': {
      const { owner } = at(TRADERS, one.trader);
      chain.perform(owner, (context) => {
        fund(venue, context, { owner, k: one.asset, units: one.units });
      });
      return;
    }
    case 'settle': {
      const scene = emptyScene(nextPlace(venue));
      for (const k of one.traders) addOrder(scene, k, { orderNonce });
      const { paidOut, units } = one;
      if (paidOut !== undefined) {
        scene.list.withdrawals = [withdrawal(paidOut, { orderNonce, units })];
      }
      const submission = finish(scene);
      chain.perform(OPERATOR, (context) => chain.contracts.settle(context, submission));
      return;
    }
    case 'claim':
      chain.perform(OPERATOR, () => vaults.claim(at(tokens, 0), payee(one.trader)));
      return;
    case 'requestExit':
    case 'cancelExit': {
      const { owner } = at(TRADERS, one.trader);
      chain.perform(owner, (context) => vaults[one.kind](context, { shard: SHARD, owner }));
      return;
    }
    case 'completeExit': {
      const { owner } = at(TRADERS, one.trader);
      const exit = { shard: SHARD, owner, assetIds: [0, 1, 2, 3, 4, 5] };
      chain.perform(owner, (context) => vaults.completeExit(context, exit));
      return;
    }
    case 'mine':
      chain.mine(one.count);
      return;
    case 'reorganise':
      chain.reorganise(one.depth);
  }
}

function fingerprint({ chain, tokens }: MemoryVenue): string {
  const { vaults, tokens: book } = chain.contracts;
  const owners = [POOL, FEES, ...TRADERS.map(({ owner }) => owner)];
  const vaultsNow = owners.map((owner) => {
    const vault = { shard: SHARD, owner };
    const balances = tokens.map((_, k) => vaults.balanceOf(vault, k));
    return [
      ...balances,
      vaults.exitDueBlock(vault),
      ...tokens.map((t) => book.balanceOf(t, owner)),
    ];
  });
  const { number, listHash } = chain.contracts.listChain(SHARD);
  const waiting = TRADERS.map((_, k) => vaults.pending(at(tokens, 0), payee(k)));
  return [vaultsNow, number, listHash, waiting, vaults.depositCount(), chain.news().length].join();
}

test('what is held is owed, and what is taken back was there', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 40 }), (steps) => {
      const venue = openMemoryVenue();
      const { chain } = venue;
      const { vaults, tokens } = chain.contracts;
      const known = new Map<bigint, string>();
      steps.forEach((one, k) => {
        try {
          take(venue, one, BigInt(k + 1));
        } catch (error) {
          assert.ok(error instanceof RefusedAct, String(error));
        }
        const present = fingerprint(venue);
        // Acts that came back wait for the next block, so the branch from here on is another one.
        if (one.kind === 'reorganise') assert.equal(present, known.get(chain.head()) ?? present);
        for (const height of known.keys()) if (height > chain.head()) known.delete(height);
        // Of several blocks at once only the last is looked at.
        if (one.kind === 'mine') known.clear();
        known.set(chain.head(), present);
        for (const token of venue.tokens) {
          assert.equal(vaults.owed(token), tokens.balanceOf(token, venue.layer.domain.address));
        }
      });
      chain.mine(FINALITY_BLOCKS + 1);
      assert.equal(chain.finalBlock(), chain.head() - BigInt(FINALITY_BLOCKS));
    }),
    { numRuns: 25 },
  );
});
