import type { AccountId } from '../../ledger/account.ts';
import type { AssetId } from '../../ledger/asset.ts';
import type { BookTransition } from '../../transition.ts';
import type { BookLaw, BookLawContext } from './bookLaw.ts';
import type { BookVerdict, BookViolated } from './bookVerdict.ts';
import { BOOK_HOLDS, violatedBook, violatedEpoch } from './bookVerdict.ts';

/**
 * B6. Lots leave both orders of a match alike; per asset the changes of all vaults sum to zero, so
 * what fees take is what the fee vault gains.
 *
 * @see docs/protocol/bookAssetsAreConserved.md
 */
export const bookAssetsAreConserved: BookLaw = {
  id: 'B6',
  name: 'bookAssetsAreConserved',
  statement: 'Lots leave both orders of a match alike, and per asset all changes sum to zero.',
  check: ({ diffs }, { reading: { broken } }) => {
    if (broken?.rule === 'lotsAreConserved') return broken.violated;
    const width = diffs.assets.length;
    for (const [column, asset] of diffs.assets.entries()) {
      let sum = 0n;
      for (let slot = column; slot < diffs.changes.length; slot += width) {
        sum += diffs.changes[slot] as bigint;
      }
      if (sum === 0n) continue;
      const rule = 'the changes of all vaults sum to zero';
      return violatedEpoch(`diffs of asset ${asset}`, rule, { expected: 0n, actual: sum });
    }
    return BOOK_HOLDS;
  },
};

/**
 * B9. What an order can cost at most was available to its owner when it was placed or changed. A
 * trade takes no more than its order holds, because it is within the limit (B5) and its fee is at
 * most that of its lots one by one: so no vault can come to be negative.
 *
 * @see docs/protocol/bookVaultsAreSolvent.md
 */
export const bookVaultsAreSolvent: BookLaw = {
  id: 'B9',
  name: 'bookVaultsAreSolvent',
  statement: 'What an order can cost at most was available to its owner.',
  check: (_, { reading }) => reading.uncovered ?? BOOK_HOLDS,
};

/**
 * B10. One diff per vault, equal to what its trades and fees moved, with the highest nonce that its
 * owner used.
 *
 * @see docs/protocol/bookDiffsMatchFills.md
 */
export const bookDiffsMatchFills: BookLaw = {
  id: 'B10',
  name: 'bookDiffsMatchFills',
  statement: 'One diff per vault, equal to its trades and fees at the resting prices.',
  check: matchDiffs,
};

function matchDiffs(transition: BookTransition, { reading }: BookLawContext): BookVerdict {
  if (reading.broken !== undefined) {
    const facts = { expected: 'a lawful log', actual: reading.broken.violated.rule };
    return violatedEpoch('events', 'diffs are sums over a log that can be followed', facts);
  }
  const { diffs, parameters } = transition;
  const { base, quote } = parameters;
  const stray = diffs.assets.find((asset) => asset !== base && asset !== quote);
  if (stray !== undefined || new Set(diffs.assets).size !== diffs.assets.length) {
    const facts = { expected: `assets ${base} and ${quote}`, actual: diffs.assets.join() };
    return violatedEpoch('diffs.assets', 'diffs are of the two assets of the market', facts);
  }
  if (new Set(diffs.accounts).size !== diffs.accounts.length) {
    const facts = { expected: 'each vault once', actual: 'a vault twice' };
    return violatedEpoch('diffs.accounts', 'there is one diff per vault', facts);
  }
  const rows = new Map(diffs.accounts.map((account, row) => [account, row]));
  const named = [...rows.keys(), ...reading.moved.keys(), ...reading.highest.keys()];
  for (const account of new Set(named)) {
    const flaw = vaultFlaw(transition, reading, { account, row: rows.get(account) });
    if (flaw !== undefined) return flaw;
  }
  return BOOK_HOLDS;
}

function vaultFlaw(
  { diffs, parameters }: BookTransition,
  { moved, highest }: BookLawContext['reading'],
  { account, row }: { readonly account: AccountId; readonly row: number | undefined },
): BookViolated | undefined {
  const claimed = (asset: AssetId): bigint => {
    const column = diffs.assets.indexOf(asset);
    if (row === undefined || column < 0) return 0n;
    return diffs.changes[row * diffs.assets.length + column] as bigint;
  };
  const { base, quote } = moved.get(account) ?? { base: 0n, quote: 0n };
  const expected = `${base} base, ${quote} quote, nonce ${highest.get(account) ?? 0n}`;
  const nonces = row === undefined ? 0n : (diffs.orderNonces[row] as bigint);
  const units = `${claimed(parameters.base)} base, ${claimed(parameters.quote)} quote`;
  const actual = `${units}, nonce ${nonces}`;
  if (expected === actual) return undefined;
  const rule = 'a diff is what trades and fees moved';
  return violatedBook({ kind: 'account', account }, rule, { expected, actual });
}
