// Goal: the pool of a simulated node refuses and keeps what geth's pool refuses and keeps.
// Method: one account on a small chain; each rule is met from both sides of its boundary.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnsignedTransaction } from '@lawbook/chains/signers/transactionSigner';
import { ChainDouble } from './chainDouble.ts';
import { GETH_POOL, MempoolDouble } from './mempoolDouble.ts';
import type { NodeDialect } from './nodeDialects.ts';
import { sayRefusal } from './nodeDialects.ts';
import type { PaperTransaction } from './paperSigner.ts';
import { paperAddress, readPaper, writePaper } from './paperSigner.ts';

const SENDER = paperAddress('sender');
const GWEI = 1_000_000_000n;

function smallChain(balance: bigint = 10n ** 18n): ChainDouble {
  return new ChainDouble({
    chainId: 31_337,
    blockTime: 2,
    gasLimit: 30_000_000n,
    baseFee: 10n * GWEI,
    backgroundGas: () => 15_000_000n,
    safeDepth: 4,
    finalizedDepth: 8,
    genesis: new Map([[SENDER, { balance, count: 5 }]]),
    nowMs: () => 1_700_000_000_000,
  });
}

function paper(chainNonce: number, change: Partial<UnsignedTransaction> = {}): PaperTransaction {
  return writePaper(SENDER, {
    chainId: 31_337,
    chainNonce,
    to: paperAddress('receiver'),
    amount: 1n,
    callData: '0x',
    gasLimit: 21_000n,
    maxFeePerGas: 30n * GWEI,
    maxPriorityFeePerGas: 2n * GWEI,
    ...change,
  });
}

function smallPool(chain: ChainDouble = smallChain()): MempoolDouble {
  return new MempoolDouble(chain, chain.head());
}

test('paper bytes read back as what was signed, and other bytes do not read', () => {
  const transaction = paper(5, { to: undefined, callData: '0x6001' });
  assert.deepEqual(readPaper(transaction.raw), transaction);
  assert.equal(readPaper('0x02f8'), undefined);
  assert.equal(readPaper(undefined), undefined);
});

test('a second offer of the same bytes is already known', () => {
  const pool = smallPool();
  assert.equal(pool.add(paper(5)), undefined);
  assert.equal(pool.add(paper(5))?.kind, 'alreadyKnown');
});

test('a chain nonce below the count of the account is too low, also for mined bytes', () => {
  const chain = smallChain();
  const pool = smallPool(chain);
  assert.equal(pool.add(paper(4))?.kind, 'chainNonceTooLow');
  pool.add(paper(5));
  chain.produce([paper(5)]);
  pool.follow(chain.head());
  assert.equal(pool.add(paper(5))?.kind, 'chainNonceTooLow');
  assert.equal(pool.size(), 0);
});

test('a replacement has to raise both fees by a tenth', () => {
  const pool = smallPool();
  pool.add(paper(5));
  const raise = (fee: bigint, tip: bigint): string | undefined =>
    pool.add(paper(5, { maxFeePerGas: fee, maxPriorityFeePerGas: tip }))?.kind;
  assert.equal(raise(33n * GWEI, 2n * GWEI), 'replacementUnderpriced');
  assert.equal(raise(33n * GWEI - 1n, (22n * GWEI) / 10n), 'replacementUnderpriced');
  assert.equal(raise(33n * GWEI, (22n * GWEI) / 10n), undefined);
  assert.equal(pool.size(), 1);
});

test('what stands behind a gap is queued, and moves up once the gap closes', () => {
  const pool = smallPool();
  pool.add(paper(6));
  pool.add(paper(7));
  assert.equal(pool.pendingOf(SENDER).length, 0);
  pool.add(paper(5));
  assert.deepEqual(
    pool.pendingOf(SENDER).map(({ chainNonce }) => chainNonce),
    [5, 6, 7],
  );
});

test('beyond the slots of an account the highest queued ones fall out silently', () => {
  const pool = smallPool();
  for (let k = 0; k < 70; k += 1) assert.equal(pool.add(paper(10 + k)), undefined);
  assert.equal(pool.allOf(SENDER).length, GETH_POOL.queuedMax);
  assert.equal(pool.allOf(SENDER).at(-1)?.chainNonce, 10 + 63);
});

test('the costs of everything pooled count against the balance', () => {
  const cost = 21_000n * 30n * GWEI + 1n;
  const pool = smallPool(smallChain(2n * cost));
  assert.equal(pool.add(paper(5)), undefined);
  assert.equal(pool.add(paper(6)), undefined);
  const refusal = pool.add(paper(7));
  assert.equal(refusal?.kind, 'insufficientFunds');
  assert.deepEqual(refusal?.figures, [2n * cost, 2n * cost, cost, cost]);
  // A replacement counts in place of what it replaces.
  const raised = paper(6, { maxFeePerGas: 33n * GWEI, maxPriorityFeePerGas: 3n * GWEI });
  assert.equal(pool.add(raised)?.kind, 'insufficientFunds');
});

test('gas below the intrinsic cost or below the floor of call data is refused', () => {
  const pool = smallPool();
  assert.equal(pool.add(paper(5, { gasLimit: 20_999n }))?.kind, 'intrinsicGas');
  const callData = `0x${'ff'.repeat(100)}` as const;
  assert.equal(pool.add(paper(5, { callData, gasLimit: 24_000n }))?.kind, 'floorGas');
  assert.equal(pool.add(paper(5, { callData, gasLimit: 25_000n })), undefined);
  assert.equal(pool.add(paper(6, { gasLimit: 30_000_001n }))?.kind, 'gasLimit');
});

test('a fee below the base fee waits in geth and is refused where nodes do not let it wait', () => {
  const pool = smallPool();
  const cheap = paper(5, { maxFeePerGas: 2n * GWEI, maxPriorityFeePerGas: GWEI });
  pool.rules = { ...GETH_POOL, refusesBelowBaseFee: true };
  assert.equal(pool.add(cheap)?.kind, 'belowBaseFee');
  pool.rules = GETH_POOL;
  assert.equal(pool.add(cheap), undefined);
});

test('other chains, inverted fees, full pools and delegated accounts are refused', () => {
  const pool = smallPool();
  assert.equal(pool.add(paper(5, { chainId: 1 }))?.kind, 'wrongChain');
  assert.equal(pool.add(paper(5, { maxPriorityFeePerGas: 31n * GWEI }))?.kind, 'tipAboveFee');
  pool.rules = { ...GETH_POOL, full: true };
  assert.equal(pool.add(paper(5))?.kind, 'poolFull');
  pool.rules = { ...GETH_POOL, delegated: new Set([SENDER]) };
  assert.equal(pool.add(paper(5)), undefined);
  assert.equal(pool.add(paper(6))?.kind, 'delegated');
});

test('orphans come back to the pool where that is their fate, and not where they are lost', () => {
  for (const [fate, left] of [
    ['returned', 1],
    ['lost', 0],
  ] as const) {
    const chain = smallChain();
    const pool = smallPool(chain);
    pool.add(paper(5));
    chain.produce([paper(5)]);
    pool.follow(chain.head());
    assert.equal(pool.size(), 0);
    chain.reorganise({ depth: 1, fate });
    pool.follow(chain.head());
    assert.equal(pool.size(), left, fate);
  }
});

test('each family of nodes has its own words for a repeat', () => {
  const words = (dialect: NodeDialect): string =>
    sayRefusal(dialect, { kind: 'alreadyKnown', figures: [] }).message;
  assert.equal(words('geth'), 'already known');
  assert.equal(words('nethermind'), 'AlreadyKnown');
  assert.equal(words('anvil'), 'transaction already imported');
  assert.equal(sayRefusal('front', { kind: 'chainNonceTooLow', figures: [5, 4] }).code, -32603);
});
