import type { Applied, ReturnedWithdrawal } from '@lawbook/exchange/application/applied';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Executed } from '../venueTypes.ts';
import type { WithdrawalRecord, WithdrawalStatus } from './crossings.ts';
import type { Admission } from './orderOutcomes.ts';

/**
 * When each waiting withdrawal was requested, which the state machine has no use for, and the
 * records that follow from what becomes of it.
 */
export class WithdrawalTracker {
  readonly #requests = new Map<Hash, Admission>();

  /** Waiting withdrawals in order of request, for a snapshot. */
  get requests(): ReadonlyMap<Hash, Admission> {
    return this.#requests;
  }

  /** Takes up where a snapshot left off. */
  restore(requests: ReadonlyMap<Hash, Admission>): void {
    for (const [id, admission] of requests) this.#requests.set(id, admission);
  }

  /** The records that change by an input; none for most. */
  follow({ applied, sequence, timeMs }: Executed): WithdrawalRecord[] {
    switch (applied.kind) {
      case 'withdrawalRequested': {
        const { withdrawalId, withdrawal } = applied;
        this.#requests.set(withdrawalId, { sequence, timeMs });
        const status = { kind: 'pending' } as const;
        return [{ withdrawalId, withdrawal, sequence, requestedAtMs: timeMs, status }];
      }
      case 'exitNoticed':
        return applied.returned.map((returned) => this.#giveBack(returned));
      case 'epochSealed':
        return this.#sealed(applied);
      default:
        return [];
    }
  }

  #sealed({ epoch }: Extract<Applied, { kind: 'epochSealed' }>): WithdrawalRecord[] {
    const { marketId, epochNumber } = epoch;
    const status = { kind: 'inEpoch', marketId, epochNumber } as const;
    const paid = epoch.withdrawals.map((withdrawal) => this.#end(withdrawal, status));
    return [...paid, ...epoch.returned.map((returned) => this.#giveBack(returned))];
  }

  #giveBack(returned: ReturnedWithdrawal): WithdrawalRecord {
    return this.#end(returned, { kind: 'returned', reason: returned.reason });
  }

  #end(
    { withdrawalId, withdrawal }: Pick<WithdrawalRecord, 'withdrawalId' | 'withdrawal'>,
    status: WithdrawalStatus,
  ): WithdrawalRecord {
    const request = this.#requests.get(withdrawalId);
    invariant(request !== undefined, 'a withdrawal ends after it was requested');
    this.#requests.delete(withdrawalId);
    const { sequence, timeMs: requestedAtMs } = request;
    return { withdrawalId, withdrawal, sequence, requestedAtMs, status };
  }
}
