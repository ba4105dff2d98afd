import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import {
  account,
  FINALITY_BLOCKS,
  OPERATOR,
  openMemoryVenue,
  TRADERS,
} from '../../../../../testing/settlement/memoryVenue.ts';
import type { MemoryChain } from './memoryChain.ts';
import { RefusedAct, revert } from './refusedAct.ts';

// Goal: an act lies in the chain once, what a refused one wrote is taken back, a bug is no refusal,
// and what is final stays. Method: acts that mint a token on a chain that the test mines.

const ALICE = at(TRADERS, 0).owner;
const TOKEN = account('e001');

function chainOf(): MemoryChain {
  return openMemoryVenue().chain;
}

function minted({ contracts }: MemoryChain): bigint {
  return contracts.tokens.balanceOf(TOKEN, ALICE);
}

/** An act that mints one unit. */
function mint(chain: MemoryChain, actId: string): Parameters<MemoryChain['send']>[0] {
  return { actId, sender: ALICE, run: () => chain.contracts.tokens.mint(TOKEN, ALICE, 1n) };
}

test('an act that is sent twice lies in the chain once, others beside it', () => {
  const chain = chainOf();
  for (const actId of ['one', 'one', 'two']) chain.send(mint(chain, actId));
  assert.deepEqual([chain.isWaiting('one'), chain.isWaiting('three')], [true, false]);
  chain.mine();
  assert.equal(minted(chain), 2n);
  assert.equal(chain.isWaiting('one'), false);
  const blockNumber = chain.head();
  assert.deepEqual(chain.outcome('one'), { blockNumber, refusal: undefined });
  assert.equal(chain.outcome('three'), undefined);
});

test('a bug in an act is a bug, and a refusal takes back what was written before it', () => {
  const chain = chainOf();
  const bug = (): never => {
    throw new TypeError('a bug');
  };
  assert.throws(() => chain.perform(ALICE, bug), TypeError);
  const refuse = (): void => {
    chain.contracts.tokens.mint(TOKEN, ALICE, 1n);
    revert('AmountOutOfRange', 0n);
  };
  assert.throws(() => chain.perform(ALICE, refuse), RefusedAct);
  assert.equal(minted(chain), 0n);
  assert.equal(chain.attempt(ALICE, refuse)?.rule, 'AmountOutOfRange');
});

test('an attempt changes nothing, and tells nobody', () => {
  const chain = chainOf();
  const { length } = chain.news();
  const refusal = chain.attempt(ALICE, (context) => {
    chain.contracts.tokens.mint(TOKEN, ALICE, 1n);
    chain.contracts.vaults.requestExit(context, { shard: 7, owner: ALICE });
  });
  assert.equal(refusal, undefined);
  chain.mine();
  assert.deepEqual([minted(chain), chain.news().length], [0n, length]);
});

test('blocks that leave the chain give their acts back, once, before those that wait', () => {
  const chain = chainOf();
  const head = chain.head();
  chain.send(mint(chain, 'one'));
  chain.mine(2);
  chain.send(mint(chain, 'two'));
  chain.reorganise(2);
  assert.deepEqual([chain.head(), minted(chain)], [head, 0n]);
  assert.equal(chain.outcome('one'), undefined);
  assert.ok(chain.isWaiting('one') && chain.isWaiting('two'));
  chain.mine(1, ({ actId }) => actId === 'two');
  assert.deepEqual([minted(chain), chain.isWaiting('two')], [1n, true]);
  chain.mine();
  assert.equal(minted(chain), 2n);
});

test('what is final does not leave the chain, and its acts are forgotten', () => {
  const chain = chainOf();
  chain.send(mint(chain, 'one'));
  chain.mine();
  const blockNumber = chain.head();
  chain.mine(FINALITY_BLOCKS - 1);
  assert.notEqual(chain.outcome('one'), undefined);
  assert.ok(chain.finalBlock() < blockNumber);
  chain.mine();
  assert.equal(chain.finalBlock(), blockNumber);
  assert.equal(chain.outcome('one'), undefined);
  assert.throws(() => chain.reorganise(FINALITY_BLOCKS + 1), { name: 'InvariantViolation' });
  chain.reorganise(FINALITY_BLOCKS);
  assert.deepEqual([chain.head(), minted(chain)], [blockNumber, 1n]);
});

test('a chain that is young has its first block for its final one', () => {
  const chain = chainOf();
  const { genesisBlock } = chain.contracts.registry;
  assert.ok(chain.finalBlock() >= genesisBlock);
  chain.perform(OPERATOR, () => undefined);
  assert.ok(chain.finalBlock() >= genesisBlock);
});
