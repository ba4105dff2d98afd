import { bytesToHex } from '@lawbook/exchange/codec/hex';
import type { Checker } from '../simulation/worldView.ts';

/**
 * First bytes of keys that do not follow from the journal: the cursor, settling's memory, and the
 * sliced orders, which `slicesKeepTheirTerms` looks at.
 */
const OTHERS: readonly number[] = [0x00, 0x20, 0x21, 73, 74, 75];

/**
 * What readers are answered about the past follows from the journal: at rest, after all crashes,
 * losses and rebuilds, every row of the index is the one that a replay from the first input gives.
 */
export function indexFollowsTheJournal(): Checker {
  return {
    name: 'indexFollowsTheJournal',
    check: async ({ isAtRest, follower, store }) => {
      if (!isAtRest) return undefined;
      let met = 0;
      for (const [key, record] of await store.rows()) {
        if (OTHERS.includes(key[0] ?? 0)) continue;
        const name = bytesToHex(key);
        const there = follower.rows.get(name);
        if (there === undefined) return `the index has a row ${name} that no input gives`;
        if (Buffer.compare(there, record) !== 0) {
          return `row ${name} is ${bytesToHex(record)}, and a replay gives ${bytesToHex(there)}`;
        }
        met += 1;
      }
      if (met === follower.rows.size) return undefined;
      const names = new Set((await store.rows()).map(([key]) => bytesToHex(key)));
      const missing = [...follower.rows.keys()].find((name) => !names.has(name));
      return `the index lacks row ${missing}`;
    },
  };
}
