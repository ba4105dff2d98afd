import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Applied } from '@lawbook/exchange/application/applied';
import { Fault } from '@lawbook/exchange/failures/fault';
import { inputKind } from '@lawbook/exchange/inputs';
import type { BookLawVerdict } from '@lawbook/exchange/laws/book/judgeBookEpoch';
import { judgeBookEpoch } from '@lawbook/exchange/laws/book/judgeBookEpoch';
import type { LawVerdict } from '@lawbook/exchange/laws/judge';
import { judgeBatch } from '@lawbook/exchange/laws/judge';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { BookEvent } from '@lawbook/exchange/markets/book/bookEvent';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import type { Config } from './config/config.ts';
import { recoverNative } from './gateways/recoverNative.ts';
import { openJournal } from './journal/openJournal.ts';
import { applyRecord } from './recovery.ts';
import { planSettlement } from './settlement/planSettlement.ts';

/** How to replay. */
export interface ReplayOptions {
  readonly config: Config;
  /** Judge every batch and every epoch of a book again, signatures included. */
  readonly judge: boolean;
  readonly onProgress?: (progress: { readonly sequence: number; readonly last: number }) => void;
}

/** What a replay found. */
export interface ReplayReport {
  readonly records: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly stateRoot: string;
  readonly epochs: readonly {
    readonly marketId: number;
    readonly epochNumber: number;
    readonly stateRoot: string;
  }[];
  readonly batchesJudged: number;
  readonly violations: readonly { readonly batchNumber: number; readonly verdict: LawVerdict }[];
  /** Sealed epochs of order books. */
  readonly bookEpochs: readonly {
    readonly marketId: number;
    readonly epochNumber: number;
    readonly epochHash: string;
  }[];
  readonly bookEpochsJudged: number;
  readonly bookViolations: readonly {
    readonly marketId: number;
    readonly epochNumber: number;
    readonly verdict: BookLawVerdict;
  }[];
  readonly isZeroSum: boolean;
}

/**
 * Rebuilds the state of a stopped venue from the first record of its journal on, without snapshots
 * or indexes, and reports what it comes to.
 *
 * @throws JournalFault (JOURNAL_LOCKED while the venue runs), Fault JOURNAL_DIVERGES.
 */
export async function replayJournal(options: ReplayOptions): Promise<ReplayReport> {
  const { venue, dataDir } = options.config;
  // Where epochs settle, orders are signed for the base layer's contract.
  const plan = await planSettlement(options.config);
  const domain = plan?.domain ?? {
    chainId: BigInt(venue.chainId),
    address: accountId(venue.address),
  };
  const directory = join(dataDir, 'journal');
  await access(directory).catch((cause: unknown) => {
    throw new Fault(
      `There is no journal in ${directory}. Name the data directory with --data-dir.`,
      {
        code: 'JOURNAL_MISSING',
        fields: { directory },
        cause,
      },
    );
  });
  const { journal } = await openJournal({
    directory,
    venueId: `${domain.chainId}:${domain.address}`,
  });
  try {
    const machine = new StateMachine(domain);
    const byKind: Record<string, number> = {};
    const epochs: ReplayReport['epochs'][number][] = [];
    const violations: ReplayReport['violations'][number][] = [];
    let batchesJudged = 0;
    const books = new BookReplay(domain, options.judge);
    const last = journal.health().sequence;
    for await (const { sequence, payload } of journal.read(1)) {
      const kind = inputKind(payload);
      byKind[kind] = (byKind[kind] ?? 0) + 1;
      const { applied } = applyRecord(machine, sequence, payload);
      if (applied.kind === 'epochSealed') {
        const { marketId, epochNumber, stateRoot } = applied.epoch;
        epochs.push({ marketId, epochNumber, stateRoot });
      }
      if (applied.kind === 'batchCleared' && options.judge) {
        batchesJudged += 1;
        const authority = { authority: 'recover' as const, recover: recoverNative };
        for (const verdict of judgeBatch(applied.transition, authority)) {
          if (verdict.verdict.kind === 'holds') continue;
          violations.push({ batchNumber: applied.transition.batchNumber, verdict });
        }
      }
      books.take(applied);
      options.onProgress?.({ sequence, last });
    }
    const sums = [...machine.state.ledger.totals().values()];
    return {
      records: last,
      byKind,
      stateRoot: machine.root(),
      epochs,
      batchesJudged,
      violations,
      bookEpochs: books.epochs,
      bookEpochsJudged: options.judge ? books.epochs.length : 0,
      bookViolations: books.violations,
      isZeroSum: sums.every((sum) => sum === 0n),
    };
  } finally {
    await journal.close();
  }
}

/** Gathers the events of each book and judges every epoch of them as it is sealed. */
class BookReplay {
  readonly epochs: ReplayReport['bookEpochs'][number][] = [];
  readonly violations: ReplayReport['bookViolations'][number][] = [];
  readonly #domain: VenueDomain;
  readonly #judges: boolean;
  readonly #events = new Map<number, BookEvent[]>();

  constructor(domain: VenueDomain, judges: boolean) {
    this.#domain = domain;
    this.#judges = judges;
  }

  take(applied: Applied): void {
    if (applied.kind === 'bookApplied' && this.#judges) {
      const events = this.#events.get(applied.marketId) ?? [];
      events.push(applied.event);
      this.#events.set(applied.marketId, events);
    }
    if (applied.kind !== 'bookEpochSealed') return;
    const { marketId, epochNumber, epochHash } = applied.epoch;
    this.epochs.push({ marketId, epochNumber, epochHash });
    if (!this.#judges) return;
    const events = this.#events.get(marketId) ?? [];
    this.#events.delete(marketId);
    const epoch = { ...applied.epoch, kind: 'book' as const, domain: this.#domain, events };
    const authority = { authority: 'recover' as const, recover: recoverNative };
    for (const verdict of judgeBookEpoch(epoch, authority).verdicts) {
      if (verdict.verdict.kind === 'holds') continue;
      this.violations.push({ marketId, epochNumber, verdict });
    }
  }
}
