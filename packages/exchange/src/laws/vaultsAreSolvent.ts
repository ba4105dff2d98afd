import { at } from '../failures/invariant.ts';
import type { BatchTransition } from '../transition.ts';
import type { Law, LawContext } from './law.ts';
import type { Verdict, Violated } from './verdict.ts';
import { HOLDS, violated } from './verdict.ts';

/**
 * L9. After the batch every vault holds at least nothing, and the pool lies within its bounds:
 * inventoryMin <= post <= inventoryMax. An asset that was outside before (a bound was changed, or
 * fees were withdrawn) may stay outside but move no further out.
 *
 * @see docs/protocol/vaultsAreSolvent.md
 */
export const vaultsAreSolvent: Law = {
  id: 'L9',
  name: 'vaultsAreSolvent',
  statement: 'No vault is negative, and the pool stays within its inventory bounds.',
  check,
};

function check(transition: BatchTransition, { rules }: LawContext): Verdict {
  if (rules.flaw !== undefined) return rules.flaw;
  return vaultFlaw(transition) ?? boundFlaw(transition) ?? HOLDS;
}

function vaultFlaw({ after, parameters }: BatchTransition): Violated | undefined {
  const width = parameters.assets.length;
  const slot = after.balances.findIndex((balance) => balance < 0n);
  if (slot < 0) return undefined;
  const asset = slot % width;
  return violated({
    locus: { kind: 'account', account: at(after.accounts, (slot - asset) / width), asset },
    rule: 'a vault is not negative',
    expected: 'at least 0',
    actual: after.balances[slot] as bigint,
  });
}

function boundFlaw({ before, after, parameters }: BatchTransition): Violated | undefined {
  const pool = (after.accounts.length - 2) * parameters.assets.length;
  for (const [asset, { inventoryMin, inventoryMax }] of parameters.assets.entries()) {
    const pre = before.balances[pool + asset] as bigint;
    const post = after.balances[pool + asset] as bigint;
    const fellOut = post < inventoryMin && post < pre;
    const roseOut = post > inventoryMax && post > pre;
    if (fellOut || roseOut) {
      return violated({
        locus: { kind: 'asset', asset },
        rule: 'the pool stays within its inventory bounds',
        expected: `${inventoryMin}..${inventoryMax}, or no further out than ${pre}`,
        actual: post,
      });
    }
  }
  return undefined;
}
