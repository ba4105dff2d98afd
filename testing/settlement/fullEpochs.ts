/** Epochs that use every order row and every vault row of their circuit, by the real exchange. */
import { at, invariant } from '../../packages/exchange/src/failures/invariant.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import type { SettledEpoch } from '../../packages/proofs/src/statements/epoch/cutDiffList.ts';
import type { SettlingBench } from './exchangeEpochs.ts';

/** Assets of the demo market. */
const ASSETS = 6;
/** Ledger units of a budget: some ten to some thousand dollars in each asset's own decimals. */
const BUDGETS: readonly bigint[] = [1_000n, 909n, 15n, 800n, 930n, 1_333n].map(
  (units) => units * 1_000_000n,
);

/** What an epoch is filled with. */
export interface EpochFilling {
  /** One order each by as many people of the bench. */
  readonly orders: number;
  /** Orders are dealt to these evenly. */
  readonly batches: number;
  /** The first of these people; they follow one another. */
  readonly from?: number;
}

/** The asset that person `k` pays; the next one is what it receives, in every epoch. */
export function paidAsset(k: number): number {
  return k % ASSETS;
}

/** The most that a person pays in one epoch, ledger units of its asset. */
export function budgetOf(k: number): bigint {
  return at(BUDGETS, paidAsset(k)) + BigInt(k);
}

/** Market orders of distinct people, cleared by the real solver, judged, and sealed. */
export function fullEpoch(
  bench: SettlingBench,
  { orders, batches, from = 0 }: EpochFilling,
): SettledEpoch {
  let placed = 0;
  for (let batch = 1; batch <= batches; batch += 1) {
    const due = Math.floor((orders * batch) / batches);
    for (; placed < due; placed += 1) {
      const owner = at(bench.people, from + placed);
      const pay = paidAsset(from + placed);
      const terms = {
        pay,
        receive: (pay + 1) % ASSETS,
        budget: amount(budgetOf(from + placed)),
        // Counted by owner: what settles uses one place of the contract's ring again and again.
        orderNonce: bench.bench.machine.state.nonceWindow(owner.account).highest + 1n,
      };
      const result = bench.bench.submit(owner, terms);
      invariant(result.ok, 'an order within its balance is admitted');
    }
    bench.clear();
  }
  return bench.seal();
}

/** Names of people, as many as orders. */
export function peopleNames(count: number): string[] {
  return Array.from({ length: count }, (_, k) => `filler-${k}`);
}
