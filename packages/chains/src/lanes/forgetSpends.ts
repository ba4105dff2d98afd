import { timeOf } from './laneLog.ts';
import type { Tenure } from './tenure.ts';

/** Spends forgotten in one beat at most. */
const FORGOTTEN_MAX = 256;

/** Forgets what no budget counts any more, so that neither memory nor store grow for ever. */
export async function forgetSpends(tenure: Tenure): Promise<void> {
  const { spends, intents } = tenure.memory;
  const windows = tenure.options.spendPolicy.budgets.map(({ windowMs }) => windowMs);
  const before = tenure.nowMs() - Math.max(0, ...windows);
  const old: string[] = [];
  // Oldest first.
  for (const [key, spend] of spends) {
    if (timeOf(spend) > before || old.length >= FORGOTTEN_MAX) break;
    if (!intents.has(key)) old.push(key);
  }
  if (old.length > 0) await tenure.commit({ forgetSpends: old });
}
