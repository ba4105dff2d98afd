import { at } from '@lawbook/exchange/failures/invariant';
import { z } from 'zod';
import { ChainFault } from '../chainFault.ts';
import type { EndpointPool, ReadOptions } from '../endpoints/endpointPool.ts';
import type { FeePolicy, FeeQuote } from './feePolicy.ts';

/** Enough to smooth over a few odd blocks, few enough to follow a rise within minutes. */
const HISTORY_BLOCKS = 20;

/**
 * What the chain charges now: the next block's base fee, and the median over the latest blocks of
 * the tips at the policy's percentiles.
 *
 * Empty blocks say nothing about tips; where no block does, the least tip is quoted.
 *
 * @throws ChainFault CHAIN_TRANSPORT_FAILED when the answer is no fee history, and what
 *   `EndpointPool.read` throws.
 */
export async function readFeeQuote(
  pool: EndpointPool,
  policy: FeePolicy,
  options?: ReadOptions,
): Promise<FeeQuote> {
  const { patient, urgent } = policy.tipPercentile;
  // Nodes refuse percentiles that do not ascend.
  const percentiles = [...new Set([patient, urgent])].sort((a, b) => a - b);
  const params = [`0x${HISTORY_BLOCKS.toString(16)}`, 'latest', percentiles];
  const call = { method: 'eth_feeHistory', params };
  // A lane prices what it sends by it.
  const history = parseHistory(await pool.read(call, { priority: 'high', ...options }));
  const tipAt = (percentile: number): bigint =>
    medianTip(history, percentiles.indexOf(percentile)) ?? policy.leastTip;
  const tip = { patient: tipAt(patient), urgent: tipAt(urgent) };
  return {
    baseFeePerGas: at(history.baseFeePerGas, history.baseFeePerGas.length - 1),
    tip,
    blockNumber: history.oldestBlock + BigInt(history.baseFeePerGas.length - 2),
  };
}

/** Wei per gas; above 2^96 it would cost more ether than there is. */
const price = z
  .string()
  .regex(/^0x[0-9a-f]{1,24}$/i)
  .transform(BigInt);
const historySchema = z.object({
  oldestBlock: z
    .string()
    .regex(/^0x[0-9a-f]{1,16}$/i)
    .transform(BigInt),
  /** One element per block, then the next block's. */
  baseFeePerGas: z
    .array(price)
    .min(2)
    .max(HISTORY_BLOCKS + 1),
  gasUsedRatio: z.array(z.number().min(0)).max(HISTORY_BLOCKS).nullish(),
  /** One row per block, one column per percentile; some nodes leave it out where all is empty. */
  reward: z.array(z.array(price).max(2)).max(HISTORY_BLOCKS).nullish(),
});

type FeeHistory = z.infer<typeof historySchema>;

function parseHistory(answer: unknown): FeeHistory {
  const parsed = historySchema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new ChainFault(
    'CHAIN_TRANSPORT_FAILED',
    'The answer to eth_feeHistory is no fee history: look at the endpoint.',
    { fields: { method: 'eth_feeHistory', field } },
  );
}

/** Of an even number of tips the higher one in the middle. */
function medianTip({ reward, gasUsedRatio }: FeeHistory, column: number): bigint | undefined {
  const tips = (reward ?? []).flatMap((row, block) => {
    const tip = row[column];
    const ratio = gasUsedRatio?.[block];
    const empty = ratio === undefined ? tip === 0n : ratio === 0;
    return tip === undefined || empty ? [] : [tip];
  });
  return tips.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))[tips.length >> 1];
}
