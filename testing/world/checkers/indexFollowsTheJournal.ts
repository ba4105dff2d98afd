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
      for (const [key, record] of await view.store.rows()) {
        if (OTHERS.includes(Number(`0x${key.slice(2, 4)}`))) continue;
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

/** The rows that a replay gives, in hexadecimal. */
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
      if (change.kind === 'put') rows.set(key, bytesToHex(change.record));
      else rows.delete(key);
    }
  }
  return rows;
}
