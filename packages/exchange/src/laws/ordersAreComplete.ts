import type { Hash } from '../codec/hash.ts';
import { hexToBytes } from '../codec/hex.ts';
import { at } from '../failures/invariant.ts';
import { commitSetRoot, orderSetRoot } from '../markets/batch/orderSet.ts';
import type { OrderTable } from '../markets/batch/orderTable.ts';
import { AdmissionMode } from '../markets/batch/parameters.ts';
import type { Commitment } from '../orders/commitment.ts';
import { commitmentHash, SALT_BYTES } from '../orders/commitment.ts';
import type { BatchTransition } from '../transition.ts';
import type { Law, LawContext } from './law.ts';
import type { Verdict, Violated } from './verdict.ts';
import { HOLDS, violated, violatedField } from './verdict.ts';

/**
 * L1. The batch holds exactly the admitted orders: the root over the table's ids is the root kept
 * at admission and the reported one, and ids are distinct. A row is marked cancelled only with its
 * owner's evidence or because it expired, and all evidence is about a cancelled row. With
 * commit-reveal admission each row opens exactly one commitment of its owner.
 *
 * @see docs/protocol/ordersAreComplete.md
 */
export const ordersAreComplete: Law = {
  id: 'L1',
  name: 'ordersAreComplete',
  statement:
    'Every admitted order appears exactly once, none is added, and none is left out without ' +
    'evidence.',
  check,
};

function check(transition: BatchTransition, { rules }: LawContext): Verdict {
  if (rules.flaw !== undefined) return rules.flaw;
  return (
    orderSetFlaw(transition) ?? cancellationFlaw(transition) ?? commitmentFlaw(transition) ?? HOLDS
  );
}

function orderSetFlaw({ orders, admittedRoot, report }: BatchTransition): Violated | undefined {
  const root = orderSetRoot(orders);
  for (const [field, claimed] of [
    ['admittedRoot', admittedRoot],
    ['report.orderSetRoot', report.orderSetRoot],
  ] as const) {
    if (claimed !== root) {
      return violatedField(field, 'the order set is the admitted one', {
        expected: root,
        actual: claimed,
      });
    }
  }
  if (report.orderCount !== orders.count) {
    return violatedField('report.orderCount', 'the report counts every admitted order', {
      expected: orders.count,
      actual: report.orderCount,
    });
  }
  const row = repeatedId(orders, root);
  if (row === undefined) return undefined;
  return violated({
    locus: { kind: 'order', row, orderId: orders.orderId(row) },
    rule: 'an order appears once',
    expected: 'a new id',
    actual: 'an id that an earlier row has',
  });
}

/**
 * The first row whose id an earlier row has. Open addressing over pairs (mixed id, row + 1); mixing
 * is a multilinear hash seeded by the root of the very ids, so that nobody can choose ids that
 * collide and make this slow.
 */
function repeatedId(orders: OrderTable, root: Hash): number | undefined {
  const words = idWords(orders);
  const seeds = new Uint32Array(hexToBytes(root).buffer);
  let bits = 4;
  while (2 ** bits < orders.count * 2) bits += 1;
  const mask = 2 ** bits - 1;
  const slots = new Int32Array(2 * 2 ** bits);
  for (let row = 0; row < orders.count; row += 1) {
    let mixed = 0;
    for (let k = 0; k < 8; k += 1) {
      mixed = (mixed + Math.imul(words[row * 8 + k] as number, seeds[k] as number)) | 0;
    }
    let slot = mixed >>> (32 - bits);
    while (slots[2 * slot + 1] !== 0) {
      const other = (slots[2 * slot + 1] as number) - 1;
      if (slots[2 * slot] === mixed && sameWords(words, row * 8, other * 8)) return row;
      slot = (slot + 1) & mask;
    }
    slots[2 * slot] = mixed;
    slots[2 * slot + 1] = row + 1;
  }
  return undefined;
}

/** Ids as words; a copy only where the column does not start on one. */
function idWords({ orderIds, count }: OrderTable): Uint32Array {
  const bytes = orderIds.byteOffset % 4 === 0 ? orderIds : orderIds.slice();
  return new Uint32Array(bytes.buffer, bytes.byteOffset, count * 8);
}

function sameWords(words: Uint32Array, a: number, b: number): boolean {
  for (let k = 0; k < 8; k += 1) if (words[a + k] !== words[b + k]) return false;
  return true;
}

function cancellationFlaw(transition: BatchTransition): Violated | undefined {
  const { orders, cancellations, closedAtMs } = transition;
  let last = -1;
  const evidenced = new Set<number>();
  for (const { row } of cancellations) {
    const sound = Number.isInteger(row) && row > last && row < orders.count;
    if (!sound || orders.canceled[row] !== 1) {
      return violatedField('cancellations', 'evidence names cancelled rows, ascending', {
        expected: `a cancelled row above ${last}`,
        actual: row,
      });
    }
    last = row;
    evidenced.add(row);
  }
  for (let row = 0; row < orders.count; row += 1) {
    const mark = orders.canceled[row] as number;
    if (mark === 0 || (mark === 1 && evidenced.has(row))) continue;
    if (mark === 1 && (orders.expiresAtMs[row] as number) <= closedAtMs) continue;
    return violated({
      locus: { kind: 'order', row, orderId: orders.orderId(row) },
      rule: 'a row takes no part only by its evidence of its owner or by expiry',
      expected: 'evidence of a cancel, or an expiry by the close',
      actual: `mark ${mark}`,
    });
  }
  return undefined;
}

function commitmentFlaw(transition: BatchTransition): Violated | undefined {
  const { commitments, report, parameters, orders } = transition;
  const root = commitSetRoot(commitments);
  if (report.commitSetRoot !== root) {
    return violatedField('report.commitSetRoot', 'the commitments are the reported ones', {
      expected: root,
      actual: report.commitSetRoot,
    });
  }
  if (parameters.admission === AdmissionMode.open) {
    if (commitments.length === 0) return undefined;
    return violatedField('commitments', 'an open batch has no commitments', {
      expected: 0,
      actual: commitments.length,
    });
  }
  const opened = new Uint8Array(orders.count);
  for (let index = 0; index < commitments.length; index += 1) {
    const flaw = revealFlaw(transition, { index, commitment: at(commitments, index), opened });
    if (flaw !== undefined) return flaw;
  }
  const row = opened.indexOf(0);
  if (row < 0) return undefined;
  return violated({
    locus: { kind: 'order', row, orderId: orders.orderId(row) },
    rule: 'every order of a commit-reveal batch opens a commitment',
    expected: 'a commitment that reveals it',
    actual: 'none',
  });
}

function revealFlaw(
  { orders, batchNumber }: BatchTransition,
  claim: { readonly index: number; readonly commitment: Commitment; readonly opened: Uint8Array },
): Violated | undefined {
  const { owner, commitment, reveal } = claim.commitment;
  if (reveal === undefined) return undefined;
  const { row, salt } = reveal;
  if (!Number.isInteger(row) || row < 0 || row >= orders.count || claim.opened[row] === 1) {
    return atCommitment(
      claim.index,
      'a commitment reveals one row, and a row opens one commitment',
      {
        expected: 'a row that no other commitment reveals',
        actual: `row ${row}`,
      },
    );
  }
  const order = orders.order(row);
  if (order.owner !== owner || salt.length !== SALT_BYTES) {
    return atCommitment(claim.index, 'a commitment is revealed by its owner, with its salt', {
      expected: `${owner}, ${SALT_BYTES} bytes`,
      actual: `${order.owner}, ${salt.length} bytes`,
    });
  }
  const opening = commitmentHash({ batchNumber, order, salt });
  if (opening !== commitment) {
    return atCommitment(claim.index, 'a revealed order hashes to its commitment', {
      expected: commitment,
      actual: opening,
    });
  }
  claim.opened[row] = 1;
  return undefined;
}

function atCommitment(
  index: number,
  rule: string,
  { expected, actual }: { readonly expected: string; readonly actual: string },
): Violated {
  return violated({ locus: { kind: 'commitment', index }, rule, expected, actual });
}
