import { unreachable } from '@lawbook/exchange/failures/invariant';
import type { BlockReference, FinalityTarget } from './chainTracker.ts';
import type { Finality } from './finalityTags.ts';

/** Whether this height is buried deep enough; the head has one confirmation. */
export function isBuried(
  number: bigint,
  target: FinalityTarget,
  chain: Finality & { readonly head: BlockReference | undefined },
): boolean {
  const { head, finalized } = chain;
  switch (target.kind) {
    case 'confirmations':
      return head !== undefined && head.number - number + 1n >= BigInt(target.blocks);
    case 'safe':
      return isAtLeast(chain.safe, number) || isAtLeast(finalized, number);
    case 'finalized':
      return isAtLeast(finalized, number);
    default:
      return unreachable(target);
  }
}

function isAtLeast(tag: BlockReference | undefined, number: bigint): boolean {
  return tag !== undefined && tag.number >= number;
}
