/** How the batches of one epoch join: what no law about a single batch can see. */
import type { StateDiffList } from '../diffs/stateDiff.ts';
import { at } from '../failures/invariant.ts';
import type { AccountId } from '../ledger/account.ts';
import { reportHash } from '../markets/batch/report.ts';
import { nonceFreshness } from '../orders/orderNonces.ts';
import type { BatchTransition } from '../transition.ts';
import type { Violated } from './verdict.ts';
import { violated, violatedField } from './verdict.ts';

/**
 * Each batch names the report before it as its parent, counts one up, starts from the pool that the
 * batch before left (only batches move the pool), and treats as used every nonce used before it.
 * The batches must be lawful.
 */
export function epochFlaw(batches: readonly BatchTransition[]): Violated | undefined {
  for (let k = 1; k < batches.length; k += 1) {
    const flaw = linkFlaw(at(batches, k - 1), at(batches, k), k);
    if (flaw !== undefined) return flaw;
  }
  return replayFlaw(batches);
}

function linkFlaw(
  before: BatchTransition,
  after: BatchTransition,
  k: number,
): Violated | undefined {
  const facts: readonly [string, string | number | bigint, string | number | bigint][] = [
    ['parameters.marketId', before.parameters.marketId, after.parameters.marketId],
    ['domain.chainId', before.domain.chainId, after.domain.chainId],
    ['domain.address', before.domain.address, after.domain.address],
    ['batchNumber', before.batchNumber + 1, after.batchNumber],
    ['parentReportHash', reportHash(before.report), after.parentReportHash],
    ['before (pool)', before.report.poolAfter.join(' '), after.report.poolBefore.join(' ')],
  ];
  const broken = facts.find(([, expected, actual]) => expected !== actual);
  if (broken !== undefined) {
    return violatedField(`batches[${k}].${broken[0]}`, 'a batch continues the one before', {
      expected: broken[1],
      actual: broken[2],
    });
  }
  if (after.closedAtMs >= before.closedAtMs) return undefined;
  return violatedField(`batches[${k}].closedAtMs`, 'batches close in order', {
    expected: `at least ${before.closedAtMs}`,
    actual: after.closedAtMs,
  });
}

function replayFlaw(batches: readonly BatchTransition[]): Violated | undefined {
  const used = new Map<AccountId, bigint[]>();
  for (const { orders, nonceWindows } of batches) {
    for (const [k, owner] of orders.owners.entries()) {
      const window = at(nonceWindows, k);
      const forgotten = (used.get(owner) ?? []).find(
        (orderNonce) => nonceFreshness(window, orderNonce) === 'fresh',
      );
      if (forgotten !== undefined) {
        return violated({
          locus: { kind: 'account', account: owner },
          rule: 'a nonce that an earlier batch used is used',
          expected: `a window in which ${forgotten} is used`,
          actual: `highest ${window.highest}`,
        });
      }
    }
    for (let row = 0; row < orders.count; row += 1) {
      const owner = at(orders.owners, orders.ownerIndex[row] as number);
      const nonces = used.get(owner) ?? [];
      nonces.push(orders.orderNonce[row] as bigint);
      used.set(owner, nonces);
    }
  }
  return undefined;
}

/**
 * The netted list is the sum of the batches' lists: per vault and asset the changes add up, the
 * highest nonce stays, no vault appears twice, and nothing else appears. Row and column order are
 * free, because the canonical encoding sorts them.
 */
export function nettingFlaw(
  batches: readonly BatchTransition[],
  netted: StateDiffList,
): Violated | undefined {
  const width = netted.assets.length;
  const shaped =
    netted.changes.length === netted.accounts.length * width &&
    netted.orderNonces.length === netted.accounts.length &&
    new Set(netted.accounts).size === netted.accounts.length &&
    new Set(netted.assets).size === width;
  if (!shaped) {
    return violatedField('diffs', 'the netted list has each vault and asset once', {
      expected: `${netted.accounts.length} x ${width} changes`,
      actual: netted.changes.length,
    });
  }
  const expected = new Map<AccountId, VaultSum>();
  for (const { diffs } of batches) addDiffs(expected, diffs);
  const actual = new Map<AccountId, VaultSum>();
  addDiffs(actual, netted);
  for (const account of new Set([...expected.keys(), ...actual.keys()])) {
    const wanted = describe(expected.get(account));
    const found = describe(actual.get(account));
    if (wanted !== found) {
      return violated({
        locus: { kind: 'account', account },
        rule: 'the netted diff of a vault is the sum of its diffs',
        expected: wanted,
        actual: found,
      });
    }
  }
  return undefined;
}

interface VaultSum {
  readonly changes: Map<number, bigint>;
  orderNonce: bigint;
}

function addDiffs(sums: Map<AccountId, VaultSum>, diffs: StateDiffList): void {
  diffs.accounts.forEach((account, row) => {
    const sum = sums.get(account) ?? { changes: new Map<number, bigint>(), orderNonce: 0n };
    sums.set(account, sum);
    diffs.assets.forEach((asset, column) => {
      const change = diffs.changes[row * diffs.assets.length + column] as bigint;
      if (change !== 0n) sum.changes.set(asset, (sum.changes.get(asset) ?? 0n) + change);
    });
    const orderNonce = diffs.orderNonces[row] as bigint;
    if (orderNonce > sum.orderNonce) sum.orderNonce = orderNonce;
  });
}

/** One text per net effect: assets ascending, zero changes left out. */
function describe(sum: VaultSum | undefined): string {
  if (sum === undefined) return 'nonce 0';
  const moved = [...sum.changes].filter(([, change]) => change !== 0n).sort(([a], [b]) => a - b);
  const parts = moved.map(([asset, change]) => `asset ${asset}: ${change}`);
  return [...parts, `nonce ${sum.orderNonce}`].join(', ');
}
