import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { judgeBatch } from '@lawbook/exchange/laws/judge';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import { BookProjection } from '../../../packages/executor/src/books/bookProjection.ts';
import { Projection } from '../../../packages/executor/src/readModel/projection.ts';
import type { Checker, WorldView } from '../simulation/worldView.ts';

/** First bytes of keys that do not follow from the journal: the cursor, and settling's memory. */
const OTHERS: readonly number[] = [0x00, 0x20, 0x21];

/**
 * What readers are answered about the past follows from the journal: at rest, after all crashes,
 * losses and rebuilds, every row of the index is the one that a replay from the first input gives.
 */
export function indexFollowsTheJournal(): Checker {
  return {
    name: 'indexFollowsTheJournal',
    check: async (view) => {
      if (!view.isAtRest) return undefined;
      const expected = rowsOf(view);
      for (const [key, stored] of await view.store.rows()) {
        const kind = Number(`0x${key.slice(2, 4)}`);
        if (OTHERS.includes(kind)) continue;
        const record = readable(kind, stored);
        const there = expected.get(key);
        if (there === undefined) return `the index has a row ${key} that no input gives`;
        if (there !== record) return `row ${key} is ${record}, and a replay gives ${there}`;
        expected.delete(key);
      }
      const [missing] = expected.keys();
      return missing === undefined ? undefined : `the index lacks row ${missing}`;
    },
  };
}

/** Rows of books are JSON, whose fields may stand in any order. */
const BOOKS_FROM = 0x40;

/** A row in a form that is equal where it says the same. */
function readable(kind: number, record: string): string {
  if (kind < BOOKS_FROM || !record.startsWith('0x7b')) return record;
  const row: unknown = JSON.parse(Buffer.from(record.slice(2), 'hex').toString());
  return JSON.stringify(row, (_, field: unknown) => {
    if (typeof field !== 'object' || field === null || Array.isArray(field)) return field;
    return Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** The rows that a replay gives. */
function rowsOf({ follower }: WorldView): Map<string, string> {
  const { domain } = follower.machine.state;
  const machine = new StateMachine(domain);
  const { markets, books } = machine.state;
  const projection = new Projection(
    markets,
    (transition) => judgeBatch(transition, { authority: 'admitted' }),
    new BookProjection(books, domain),
  );
  const rows = new Map<string, string>();
  for (const { sequence, timeMs, input } of follower.inputs) {
    const result = machine.apply({ sequence, timeMs, input });
    if (!result.ok) break;
    const { changes } = projection.project({ sequence, timeMs, applied: result.value });
    for (const change of changes) {
      const key = bytesToHex(change.key);
      const kind = change.key[0] ?? 0;
      if (change.kind === 'put') rows.set(key, readable(kind, bytesToHex(change.record)));
      else rows.delete(key);
    }
  }
  return rows;
}
