import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import type { FollowedInput } from '../auditor/journalFollower.ts';
import type { Checker } from '../simulation/worldView.ts';

/**
 * No acknowledged input is lost: an answer that left the venue with a sequence names an input that
 * is durable at that moment, stays, and is the one that was asked for.
 */
export function acknowledgedInputsLast(): Checker {
  let seen = 0;
  return {
    name: 'acknowledgedInputsLast',
    check: ({ auditor, follower, live }) => {
      // While the venue is down its disk cannot be asked how far it reaches.
      if (live === undefined) return undefined;
      for (; seen < auditor.acknowledged.length; seen += 1) {
        const promise = auditor.acknowledged[seen];
        if (promise === undefined) break;
        const { wishId, sequence } = promise;
        const followed = follower.inputs[sequence - 1];
        if (followed === undefined) return `${wishId} was accepted as ${sequence}, and is lost`;
        const there = wishOf(followed, follower.machine.state);
        if (there !== undefined && there !== wishId && !isAnother(wishId)) {
          return `${wishId} was accepted as ${sequence}, where the journal has ${there}`;
        }
      }
      return undefined;
    },
  };
}

/** What auditors call the wish behind an input; undefined for inputs that nobody wished for. */
export function wishOf(
  { input }: FollowedInput,
  { signing, bookSigning }: ExchangeState,
): string | undefined {
  switch (input.kind) {
    case 'submitOrder':
    case 'revealOrder':
      return input.entry.orderId;
    case 'cancelOrder':
      return `cancel ${input.orderId}`;
    case 'commitOrder':
      return `commit ${input.commitment}`;
    case 'openSession':
      return `session ${input.grant.grantId}`;
    case 'revokeSession':
      return `close ${input.grantId}`;
    case 'requestWithdrawal':
      return `withdraw ${signing.withdrawalId(input.withdrawal)}`;
    case 'submitBookOrder':
      return book(bookSigning.orderDigest(input.entry.terms));
    case 'amendBookOrder':
      return book(bookSigning.amendDigest(input.entry.terms));
    case 'cancelBookOrder':
      return book(bookSigning.cancelDigest(input.entry.terms));
    case 'cancelAllBookOrders':
      return book(bookSigning.cancelAllDigest(input.entry.terms));
    case 'bookHeartbeat':
      return book(bookSigning.heartbeatDigest(input.entry.terms));
    default:
      return undefined;
  }
}

/** Wishes that are named for who sent them and not for what is signed. */
function isAnother(wishId: string): boolean {
  return /^(spoiled|operate|garbage) /.test(wishId);
}

function book(digest: Uint8Array): Hash | string {
  return `book ${bytesToHex(digest)}`;
}
