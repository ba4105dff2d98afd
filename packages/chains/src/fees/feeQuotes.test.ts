// Goal: a fee quote is what the history says, and an answer that is no history is a fault.
// Method: written histories, corrupted histories by fast-check, and one real history of anvil.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChainFault } from '../chainFault.ts';
import { startAnvil } from '../embedded/anvil.ts';
import { directPool, httpAnswerer } from '../gates/fixtures/directPool.ts';
import { DEFAULT_FEE_POLICY } from './feePolicy.ts';
import { readFeeQuote } from './feeQuotes.ts';

const seed = Date.now() & 0x7fffffff;
console.log(`feeQuotes seed ${seed}`);

const HISTORY = {
  oldestBlock: '0x64',
  baseFeePerGas: ['0x5', '0x6', '0x7', '0x8'],
  gasUsedRatio: [0.5, 0, 1],
  reward: [
    ['0x2', '0x4'],
    ['0x0', '0x0'],
    ['0xa', '0x14'],
  ],
};

test('quotes the next base fee and the median tips of blocks that are not empty', async () => {
  const pool = directPool(() => HISTORY);
  assert.deepEqual(await readFeeQuote(pool, DEFAULT_FEE_POLICY), {
    baseFeePerGas: 8n,
    tip: { patient: 10n, urgent: 20n },
    blockNumber: 0x66n,
  });
  assert.deepEqual(pool.calls, [
    { method: 'eth_feeHistory', params: ['0x14', 'latest', [50, 90]] },
  ]);
});

test('quotes the least tip where every block is empty or tells no tips', async () => {
  const policy = { ...DEFAULT_FEE_POLICY, leastTip: 9n };
  const empty = { ...HISTORY, gasUsedRatio: [0, 0, 0] };
  const { reward: _, ...without } = HISTORY;
  for (const history of [
    empty,
    without,
    { ...HISTORY, reward: null },
    { ...HISTORY, reward: [] },
  ]) {
    const quote = await readFeeQuote(
      directPool(() => history),
      policy,
    );
    assert.deepEqual(quote.tip, { patient: 9n, urgent: 9n });
  }
});

test('counts a tip of zero in a block that is not empty', async () => {
  const reward = [
    ['0x0', '0x0'],
    ['0x0', '0x0'],
    ['0x0', '0x1'],
  ];
  const history = { ...HISTORY, gasUsedRatio: [0.1, 0.1, 0.1], reward };
  const quote = await readFeeQuote(
    directPool(() => history),
    DEFAULT_FEE_POLICY,
  );
  assert.deepEqual(quote.tip, { patient: 0n, urgent: 0n });
});

test('asks for percentiles in ascending order and keeps whose is whose', async () => {
  const tipPercentile = { patient: 80, urgent: 20 };
  const pool = directPool(() => HISTORY);
  const quote = await readFeeQuote(pool, { ...DEFAULT_FEE_POLICY, tipPercentile });
  assert.deepEqual(pool.calls[0]?.params[2], [20, 80]);
  assert.deepEqual(quote.tip, { patient: 20n, urgent: 10n });
});

test('calls an answer that is no history a fault of the transport', async () => {
  const wrong = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(
      { ...HISTORY, baseFeePerGas: [] },
      { ...HISTORY, baseFeePerGas: ['0x1'] },
      { ...HISTORY, baseFeePerGas: Array(22).fill('0x1') },
      { ...HISTORY, baseFeePerGas: ['0x1', '-0x1'] },
      { ...HISTORY, baseFeePerGas: ['0x1', `0x${'f'.repeat(25)}`] },
      { ...HISTORY, baseFeePerGas: ['0x1', 2] },
      { ...HISTORY, oldestBlock: 'latest' },
      { ...HISTORY, reward: [['a']] },
      { ...HISTORY, gasUsedRatio: ['much'] },
    ),
  );
  await fc.assert(
    fc.asyncProperty(wrong, async (answer) => {
      const quote = readFeeQuote(
        directPool(() => answer),
        DEFAULT_FEE_POLICY,
      );
      await assert.rejects(quote, (fault) => {
        return fault instanceof ChainFault && fault.code === 'CHAIN_TRANSPORT_FAILED';
      });
    }),
    { seed },
  );
});

test('reads the history of anvil', async (context) => {
  const anvil = await startAnvil({ mining: { kind: 'manual' } });
  context.after(() => anvil.close());
  const answer = httpAnswerer(anvil.url);
  await answer({ method: 'anvil_mine', params: ['0x3'] });
  const quote = await readFeeQuote(directPool(answer), DEFAULT_FEE_POLICY);
  assert.equal(quote.blockNumber, 3n);
  assert.ok(quote.baseFeePerGas > 0n);
  assert.deepEqual(quote.tip, { patient: 1n, urgent: 1n });
});
