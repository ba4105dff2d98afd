import { commitmentHash } from '@lawbook/exchange/orders/commitment';
import type { FollowedInput } from '../auditor/journalFollower.ts';
import type { Checker } from '../simulation/worldView.ts';

type Phase = 'collecting' | 'revealing' | 'closed';

/** What the journal shows of the batch that a market has open. */
interface Window {
  phase: Phase;
  /** Commitments that were not revealed, by owner and hash. */
  readonly hidden: Set<string>;
}

/**
 * Commitments come while a batch collects and reveals in its window, each of one commitment that
 * was made in the same batch: counted from the inputs alone, not by the phase that a market says.
 */
export function phasesAreKept(): Checker {
  const windows = new Map<number, Window>();
  return {
    name: 'phasesAreKept',
    check: ({ news }) => {
      for (const followed of news) {
        const flaw = follow(followed, windows);
        if (flaw !== undefined) return `input ${followed.sequence}: ${flaw}`;
      }
      return undefined;
    },
  };
}

function follow(
  { input, applied }: FollowedInput,
  windows: Map<number, Window>,
): string | undefined {
  switch (input.kind) {
    case 'createMarket':
      windows.set(input.parameters.marketId, { phase: 'collecting', hidden: new Set() });
      return undefined;
    case 'closeCollection':
      windowOf(windows, input.marketId).phase = 'revealing';
      return undefined;
    case 'closeBatch':
      windowOf(windows, input.marketId).phase = 'closed';
      return undefined;
    case 'clearBatch':
    case 'voidBatch':
      windows.set(input.marketId, { phase: 'collecting', hidden: new Set() });
      return undefined;
    case 'commitOrder': {
      const { phase, hidden } = windowOf(windows, input.marketId);
      hidden.add(`${input.owner} ${input.commitment}`);
      return phase === 'collecting' ? undefined : `a commitment while the batch is ${phase}`;
    }
    case 'revealOrder': {
      const { order } = input.entry;
      const { phase, hidden } = windowOf(windows, order.marketId);
      if (phase !== 'revealing') return `a reveal while the batch is ${phase}`;
      if (applied.kind !== 'orderAdmitted') return undefined;
      const { batchNumber } = applied;
      const name = `${order.owner} ${commitmentHash({ batchNumber, order, salt: input.salt })}`;
      return hidden.delete(name) ? undefined : 'a reveal of what nobody committed to';
    }
    default:
      return undefined;
  }
}

function windowOf(windows: Map<number, Window>, marketId: number): Window {
  const known = windows.get(marketId);
  if (known !== undefined) return known;
  const fresh: Window = { phase: 'collecting', hidden: new Set() };
  windows.set(marketId, fresh);
  return fresh;
}
