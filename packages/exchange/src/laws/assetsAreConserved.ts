import type { BatchTransition } from '../transition.ts';
import type { FillTotals } from './fillTotals.ts';
import type { Law, LawContext } from './law.ts';
import type { Verdict, Violated } from './verdict.ts';
import { HOLDS, violated, violatedField } from './verdict.ts';

/**
 * L7. Nothing is made or lost. Per asset: the changes of all vaults sum to zero; the pool ends at
 * pre + z - fees, with z the sum of all payments less all receipts; the fee vault gains the fees
 * and, in the numeraire, the forfeited bonds. Exact integers; the dust of rounding stays in z.
 *
 * @see docs/protocol/assetsAreConserved.md
 */
export const assetsAreConserved: Law = {
  id: 'L7',
  name: 'assetsAreConserved',
  statement:
    'Per asset all changes sum to zero, the pool moves by the trade less the fees, and the fee ' +
    'vault by fees and forfeits.',
  check,
};

function check(transition: BatchTransition, { rules, totals }: LawContext): Verdict {
  if (rules.flaw !== undefined) return rules.flaw;
  const sums = totals();
  if (sums.overflow !== undefined) return sums.overflow;
  return (
    diffFlaw(transition) ?? reportFlaw(transition, sums) ?? systemFlaw(transition, sums) ?? HOLDS
  );
}

function diffFlaw({ diffs, parameters }: BatchTransition): Violated | undefined {
  const width = diffs.assets.length;
  for (let column = 0; column < width; column += 1) {
    let sum = 0n;
    for (let slot = column; slot < diffs.changes.length; slot += width) {
      sum += diffs.changes[slot] as bigint;
    }
    if (sum !== 0n) {
      const asset = parameters.assets.findIndex(({ assetId }) => assetId === diffs.assets[column]);
      return atAsset(asset, 'the changes of all vaults sum to zero', { expected: 0n, actual: sum });
    }
  }
  return undefined;
}

function reportFlaw({ report }: BatchTransition, sums: FillTotals): Violated | undefined {
  for (const [field, expected, actual] of [
    ['poolTrade', sums.poolTrade, report.poolTrade],
    ['fees', sums.fees, report.fees],
  ] as const) {
    if (expected.length !== actual.length) {
      return violatedField(`report.${field}`, 'the report has one sum per asset', {
        expected: expected.length,
        actual: actual.length,
      });
    }
    const asset = expected.findIndex((units, i) => units !== actual[i]);
    if (asset >= 0) {
      return atAsset(asset, `the reported ${field} are the sums of the fills`, {
        expected: expected[asset] as bigint,
        actual: actual[asset] as bigint,
      });
    }
  }
  return undefined;
}

function systemFlaw(transition: BatchTransition, sums: FillTotals): Violated | undefined {
  const { before, after, parameters } = transition;
  const width = parameters.assets.length;
  const pool = (before.accounts.length - 2) * width;
  for (let i = 0; i < width; i += 1) {
    const trade = sums.poolTrade[i] as bigint;
    const fee = sums.fees[i] as bigint;
    const facts: readonly [string, bigint, bigint | undefined][] = [
      [
        'the pool ends at pre + z - fees',
        (before.balances[pool + i] as bigint) + trade - fee,
        after.balances[pool + i],
      ],
      [
        'the fee vault receives fees and forfeits',
        (before.balances[pool + width + i] as bigint) + fee + (i === 0 ? sums.forfeited : 0n),
        after.balances[pool + width + i],
      ],
    ];
    for (const [rule, expected, actual] of facts) {
      if (expected !== actual) return atAsset(i, rule, { expected, actual: String(actual) });
    }
  }
  return undefined;
}

function atAsset(
  asset: number,
  rule: string,
  { expected, actual }: { readonly expected: bigint; readonly actual: bigint | string },
): Violated {
  return violated({ locus: { kind: 'asset', asset }, rule, expected, actual });
}
