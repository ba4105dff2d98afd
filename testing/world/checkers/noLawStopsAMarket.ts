import type { Checker } from '../simulation/worldView.ts';

/**
 * The laws never have to stop a market: what clears is lawful before it is judged. Oracles that lie
 * within their contract, full disks and hostile clients are no excuse.
 */
export function noLawStopsAMarket(): Checker {
  return {
    name: 'noLawStopsAMarket',
    check: ({ news }) => {
      for (const { input, sequence } of news) {
        if (input.kind !== 'haltMarket' || !STOPPED.test(input.reason)) continue;
        return `input ${sequence} stops market ${input.marketId}: ${input.reason}`;
      }
      return undefined;
    },
  };
}

/** As the pipeline writes it. */
const STOPPED = /^batch \d+ (breaks L|cannot be proved)/;
