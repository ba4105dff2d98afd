import type { PaymentVerdict } from './paymentApp.ts';
import type { Stage } from './stage.ts';

/** How the payments of one contender ended, against the chain itself. Counts of payments. */
export interface PaymentCounts {
  /** Made once, and said so. */
  readonly once: number;
  /** Made more than once: money is gone. */
  readonly twice: number;
  /** Neither made nor given up by the app: stranded behind a gap, or forgotten. */
  readonly lost: number;
  /** Said to be done and not on the chain, or said to have failed and on the chain. */
  readonly misreported: number;
  /** Not made, and the app said so. */
  readonly refused: number;
  /** Made once, and the app has not said anything. */
  readonly untold: number;
  /** Paid for with more than the cap. */
  readonly overCap: number;
  /** From the first payment to the last change. */
  readonly seconds: number;
}

/** Payments that broke a promise: made twice, lost, or misreported. */
export function violationsOf({ twice, lost, misreported }: PaymentCounts): number {
  return twice + lost + misreported;
}

type Ending = Exclude<keyof PaymentCounts, 'overCap' | 'seconds'>;

/** Each payment has a payee of its own, whose balance counts how often it was made. */
export async function judgePayments(stage: Stage): Promise<PaymentCounts> {
  const counts = { once: 0, twice: 0, lost: 0, misreported: 0, refused: 0, untold: 0 };
  for (const key of stage.keys) {
    const received = await stage.world.received(key);
    const verdict = stage.apps.map(({ verdicts }) => verdicts.get(key)).find(Boolean);
    counts[endingOf(Number(received / 1_000n), verdict)] += 1;
  }
  const seconds = Number(((stage.endMs - stage.startMs) / 1_000).toFixed(1));
  return { ...counts, overCap: await countOverCap(stage), seconds };
}

function endingOf(executions: number, verdict: PaymentVerdict | undefined): Ending {
  if (executions > 1) return 'twice';
  if (executions === 1) {
    if (verdict === undefined) return 'untold';
    return verdict === 'done' ? 'once' : 'misreported';
  }
  if (verdict === undefined) return 'lost';
  return verdict === 'done' ? 'misreported' : 'refused';
}

async function countOverCap({ world, scenario }: Stage): Promise<number> {
  const { feeCap } = scenario;
  if (feeCap === undefined) return 0;
  let over = 0;
  for (const { hash } of world.mempool.seen()) {
    const receipt = (await world.node.call('eth_getTransactionReceipt', [hash])) as {
      gasUsed: string;
      effectiveGasPrice: string;
    } | null;
    if (receipt === null) continue;
    if (BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice) > feeCap) over += 1;
  }
  return over;
}
