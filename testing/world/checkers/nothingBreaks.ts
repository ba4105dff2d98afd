import type { Checker } from '../simulation/worldView.ts';

/** No invariant breaks, no start is refused for what a crash leaves, nothing fails unhandled. */
export function nothingBreaks(): Checker {
  return { name: 'nothingBreaks', check: ({ bugs }) => bugs[0] };
}
