/**
 * Corrupted copies of transitions. `leaves` finds every number, text and array element of a
 * transition by reflection, so that a field added later is corrupted without anybody listing it.
 */
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import { judgeBatch } from '../../packages/exchange/src/laws/judge.ts';
import type { Authority } from '../../packages/exchange/src/laws/law.ts';
import type { LawId } from '../../packages/exchange/src/laws/verdict.ts';
import { OrderTable } from '../../packages/exchange/src/markets/batch/orderTable.ts';
import type { BatchTransition } from '../../packages/exchange/src/transition.ts';
import { assertEvidence } from '../checkers/lawEvidence.ts';

/** Ids of the laws that refuse a transition, ascending; each says where and what to look up. */
export function refusals(transition: BatchTransition, authority: Authority): readonly LawId[] {
  return judgeBatch(transition, authority).flatMap(({ id, verdict }) => {
    if (verdict.kind === 'holds') return [];
    assertEvidence(transition, verdict);
    return [id];
  });
}

/** A copy of a table, changed by `edit`. */
export function editTable(table: OrderTable, edit: (copy: OrderTable) => void): OrderTable {
  const copy = new OrderTable(table.marketId, Math.max(1, table.count));
  for (let row = 0; row < table.count; row += 1) copy.append(table.entry(row));
  copy.canceled.set(table.canceled.subarray(0, table.count));
  edit(copy);
  return copy;
}

/** A copy of a column, changed at one place. */
export function editAt<T extends BigUint64Array | BigInt64Array>(
  column: T,
  place: number,
  change: (old: bigint) => bigint,
): T {
  const copy = column.slice() as T;
  copy[place] = change(copy[place] as bigint);
  return copy;
}

/** A place in a transition: names and indices from the root. */
export type LeafPath = readonly (string | number)[];

const COLUMNS = [
  'ownerIndex',
  'pay',
  'receive',
  'budget',
  'limitNumerator',
  'limitDenominator',
  'minFillPpm',
  'orderNonce',
  'expiresAtMs',
  'orderIds',
  'authorisations',
  'canceled',
] as const;

/** Every leaf of a transition. Columns of the order table are cut to its rows. */
export function leaves(transition: BatchTransition): LeafPath[] {
  return leavesOf(transition, []);
}

function leavesOf(node: unknown, path: LeafPath): LeafPath[] {
  if (typeof node === 'bigint' || typeof node === 'number') return [path];
  if (typeof node === 'string') return path.at(-1) === 'kind' && path.length === 1 ? [] : [path];
  if (node instanceof OrderTable) {
    return COLUMNS.flatMap((name) => {
      const width = name === 'orderIds' ? 32 : name === 'authorisations' ? 65 : 1;
      return Array.from({ length: node.count * width }, (_, k) => [...path, name, k]);
    });
  }
  if (Array.isArray(node) || ArrayBuffer.isView(node)) {
    return Array.from(node as ArrayLike<unknown>).flatMap((child, k) =>
      leavesOf(child, [...path, k]),
    );
  }
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, child]) => leavesOf(child, [...path, name]));
}

/** A copy in which the leaf at `path` is another one: a number one higher, a text changed. */
export function corruptLeaf(transition: BatchTransition, path: LeafPath): BatchTransition {
  return replaced(transition, path) as BatchTransition;
}

function replaced(node: unknown, path: LeafPath): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return otherLeaf(node);
  if (node instanceof OrderTable) {
    return editTable(node, (copy) => {
      const column = copy[name as (typeof COLUMNS)[number]];
      const place = rest[0] as number;
      (column as unknown as unknown[])[place] = otherLeaf(column[place]);
    });
  }
  if (Array.isArray(node)) {
    return node.map((child, k) => (k === name ? replaced(child, rest) : child));
  }
  if (ArrayBuffer.isView(node)) {
    const copy = (node as Uint8Array).slice();
    copy[name as number] = replaced(copy[name as number], rest) as number;
    return copy;
  }
  const fields = node as Record<string, unknown>;
  if (name === 'kind') {
    return fields[name] === 'cleared' ? { kind: 'halted', reason: 'none' } : { kind: 'cleared' };
  }
  return { ...fields, [name]: replaced(fields[name], rest) };
}

const SWAPS: Readonly<Record<string, string>> = {
  proRata: 'scarcityPricing',
  scarcityPricing: 'proRata',
  open: 'commitReveal',
  commitReveal: 'open',
};

function otherLeaf(leaf: unknown): unknown {
  if (typeof leaf === 'bigint') return leaf + 1n;
  if (typeof leaf === 'number') return leaf + 1;
  const text = leaf as string;
  if (text in SWAPS) return at([SWAPS[text] as string], 0);
  if (!text.startsWith('0x')) return `${text}?`;
  return text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
}

/** Names of the lists of a transition that can lose or repeat an element. */
export function listPaths(transition: BatchTransition): LeafPath[] {
  return listsOf(transition, []);
}

function listsOf(node: unknown, path: LeafPath): LeafPath[] {
  if (node instanceof OrderTable || ArrayBuffer.isView(node)) return [];
  if (Array.isArray(node)) {
    const inner = node.flatMap((child, k) => listsOf(child, [...path, k]));
    return node.length > 0 ? [path, ...inner] : inner;
  }
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, child]) => listsOf(child, [...path, name]));
}

/** A copy in which the list at `path` lost its last element, or has its first one twice. */
export function corruptList(
  transition: BatchTransition,
  path: LeafPath,
  how: 'drop' | 'repeat',
): BatchTransition {
  return relisted(transition, path, how) as BatchTransition;
}

function relisted(node: unknown, path: LeafPath, how: 'drop' | 'repeat'): unknown {
  const [name, ...rest] = path;
  if (name === undefined) {
    const list = node as readonly unknown[];
    return how === 'drop' ? list.slice(0, -1) : [list[0], ...list];
  }
  if (Array.isArray(node)) {
    return node.map((child, k) => (k === name ? relisted(child, rest, how) : child));
  }
  const fields = node as Record<string, unknown>;
  return { ...fields, [name]: relisted(fields[name], rest, how) };
}
