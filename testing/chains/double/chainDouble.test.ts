// Goal: blocks, fees and reorganisations of the simulated chain follow the rules of real ones.
// Method: a chain moved by hand; balances, counts and hashes are compared before and after.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hex } from 'viem';
import { ChainDouble, isAncestor } from './chainDouble.ts';
import type { PaperTransaction } from './paperSigner.ts';
import { paperAddress, writePaper } from './paperSigner.ts';

const SENDER = paperAddress('sender');
const TARGET = paperAddress('target');
const GWEI = 1_000_000_000n;
const START = 10n ** 18n;

function smallChain(backgroundGas: bigint = 15_000_000n): ChainDouble {
  let nowMs = 1_700_000_000_000;
  return new ChainDouble({
    chainId: 31_337,
    blockTime: 2,
    gasLimit: 30_000_000n,
    baseFee: 10n * GWEI,
    backgroundGas: () => backgroundGas,
    safeDepth: 4,
    finalizedDepth: 8,
    genesis: new Map([[SENDER, { balance: START, count: 0 }]]),
    nowMs: () => {
      nowMs += 2000;
      return nowMs;
    },
  });
}

function pay(chainNonce: number, amount: bigint, callData: Hex = '0x'): PaperTransaction {
  return writePaper(SENDER, {
    chainId: 31_337,
    chainNonce,
    to: TARGET,
    amount,
    callData,
    gasLimit: 60_000n,
    maxFeePerGas: 30n * GWEI,
    maxPriorityFeePerGas: 2n * GWEI,
  });
}

test('a transaction moves its amount and its fee, and counts', () => {
  const chain = smallChain();
  const block = chain.produce([pay(1, 7n), pay(0, 5n)]);
  assert.equal(block.receipts.length, 2);
  const fees = block.receipts.reduce((sum, { feePaid }) => sum + feePaid, 0n);
  assert.equal(block.receipts[0]?.effectiveGasPrice, block.baseFee + 2n * GWEI);
  assert.deepEqual(chain.accountAt(block, SENDER), { balance: START - 12n - fees, count: 2 });
  assert.equal(chain.accountAt(block, TARGET).balance, 12n);
});

test('a gap, a fee below the base fee and an empty purse stay out of the block', () => {
  const chain = smallChain();
  assert.equal(chain.produce([pay(1, 1n)]).receipts.length, 0);
  assert.equal(chain.produce([pay(0, START)]).receipts.length, 0);
  chain.scriptBaseFee(() => 31n * GWEI);
  assert.equal(chain.produce([pay(0, 1n)]).receipts.length, 0);
});

test('the base fee moves by an eighth after full and after empty blocks', () => {
  const full = smallChain(30_000_000n);
  const before = full.head().baseFee;
  assert.equal(full.produce([]).baseFee, before + before / 8n);
  const empty = smallChain(0n);
  assert.equal(empty.head().baseFee, 100_000_000n);
});

test('a contract that reverts takes the fee and nothing else', () => {
  const chain = smallChain();
  chain.contracts.set(TARGET, ({ branch }) => ({ success: branch > 0, gasUsed: 1000n }));
  const block = chain.produce([pay(0, 9n)]);
  assert.equal(block.receipts[0]?.success, false);
  assert.equal(chain.accountAt(block, TARGET).balance, 0n);
  assert.equal(chain.accountAt(block, SENDER).count, 1);
  chain.reorganise({ depth: 1, fate: 'lost', reinclude: true });
  const again = chain.receiptAt(chain.head(), pay(0, 9n).hash);
  assert.equal(again?.receipt.success, true);
});

test('a reorganisation drops what it drops and takes balances back', () => {
  const chain = smallChain();
  const kept = chain.produce([pay(0, 1n)]);
  const lost = chain.produce([pay(1, 2n)]);
  chain.produce([]);
  const dropped = chain.reorganise({ depth: 2, fate: 'lost' });
  assert.deepEqual(
    dropped.map(({ number }) => number),
    [lost.number + 1, lost.number],
  );
  assert.equal(chain.head().number, lost.number + 2);
  assert.equal(isAncestor(kept, chain.head()), true);
  assert.equal(isAncestor(lost, chain.head()), false);
  assert.equal(chain.receiptAt(chain.head(), pay(1, 2n).hash), undefined);
  assert.equal(chain.accountAt(chain.head(), SENDER).count, 1);
});

test('a foreign transaction can take the place of one that was mined', () => {
  const chain = smallChain();
  chain.produce([pay(0, 1n)]);
  const foreign = pay(0, 1n, '0xffff');
  chain.reorganise({ depth: 1, fate: 'lost', reinclude: true, instead: [foreign] });
  assert.equal(chain.receiptAt(chain.head(), pay(0, 1n).hash), undefined);
  assert.notEqual(chain.receiptAt(chain.head(), foreign.hash), undefined);
});

test('a rollback leaves the chain shorter', () => {
  const chain = smallChain();
  const before = chain.head().number;
  chain.reorganise({ depth: 64, length: 0, fate: 'lost' });
  assert.equal(chain.head().number, before - 64);
});
