import { judgeBatch } from '@lawbook/exchange/laws/judge';
import { recoverOnce } from '../simulation/signatures.ts';
import type { Checker } from '../simulation/worldView.ts';

/** Every clearing that became durable satisfies every law, signatures included. */
export function lawsHold(): Checker {
  return {
    name: 'lawsHold',
    check: ({ news }) => {
      for (const { applied, sequence } of news) {
        if (applied.kind !== 'batchCleared') continue;
        const authority = { authority: 'recover' as const, recover: recoverOnce };
        for (const { id, name, verdict } of judgeBatch(applied.transition, authority)) {
          if (verdict.kind === 'holds') continue;
          return `input ${sequence} breaks ${id} ${name}: ${JSON.stringify(verdict)}`;
        }
      }
      return undefined;
    },
  };
}
