import { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import { Fault } from '@lawbook/exchange/failures/fault';
import { decodeInput } from '@lawbook/exchange/inputs';
import type { LawVerdict } from '@lawbook/exchange/laws/judge';
import { judgeBatch } from '@lawbook/exchange/laws/judge';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { BookProjection } from './books/bookProjection.ts';
import type { Journal } from './journal/journal.ts';
import type { SnapshotStore } from './journal/snapshots.ts';
import { Projection } from './readModel/projection.ts';
import { decodeSnapshotBody } from './readModel/snapshotBody.ts';
import type { VenueIndex } from './readModel/venueIndex.ts';

/** What a start works from. */
export interface RecoverySources {
  readonly domain: VenueDomain;
  readonly journal: Journal;
  readonly snapshots: SnapshotStore;
  readonly index: VenueIndex;
  readonly onProgress?: (progress: { readonly sequence: number; readonly last: number }) => void;
}

/** The venue's memory as the disk has it. */
export interface RecoveredVenue {
  readonly machine: StateMachine;
  readonly projection: Projection;
  /** Sequence of the snapshot that was used; zero for a replay from the start. */
  readonly fromSnapshot: number;
  readonly replayed: number;
  /** Things worth a line in the log. */
  readonly notes: readonly string[];
}

/**
 * Rebuilds the state: newest usable snapshot, then the journal after it.
 *
 * The index must have everything up to the snapshot; where it has not (it was deleted, say), the
 * journal is replayed from its first record and the index is built anew on the way.
 *
 * @throws JournalFault from reading; Fault JOURNAL_DIVERGES when a record is refused or unreadable,
 * because a journal holds accepted inputs only.
 */
export async function recover(sources: RecoverySources): Promise<RecoveredVenue> {
  const { domain, journal, snapshots, index } = sources;
  const notes: string[] = [];
  const cursor = await index.cursor();
  const { snapshot, skipped } = await snapshots.loadLatest({
    sequence: journal.health().sequence,
    chainAt: (sequence) => journal.chainAt(sequence),
  });
  for (const { path, reason } of skipped) notes.push(`snapshot ${path} passed over: ${reason}`);
  const usable = snapshot !== undefined && snapshot.sequence <= cursor ? snapshot : undefined;
  if (snapshot !== undefined && usable === undefined) {
    notes.push(`index ends at ${cursor}, before snapshot ${snapshot.sequence}: rebuilding it`);
  }
  const body = usable === undefined ? undefined : decodeSnapshotBody(usable.state);
  const machine = new StateMachine(domain, body?.state ?? new ExchangeState(domain));
  const projection = new Projection(
    machine.state.markets,
    judgeAgain,
    new BookProjection(machine.state.books, domain),
  );
  body?.restore(projection);
  const fromSnapshot = usable?.sequence ?? 0;
  const last = journal.health().sequence;
  let isRecalled = false;
  for await (const { sequence, payload } of journal.read(fromSequence(fromSnapshot))) {
    if (sequence > cursor && !isRecalled) {
      // By now the state has every book that the index knows.
      await projection.books?.recall(index.books);
      isRecalled = true;
    }
    const executed = { sequence, ...applyRecord(machine, sequence, payload) };
    if (sequence <= cursor) {
      projection.follow(executed);
    } else {
      const { changes } = projection.project(executed);
      if (changes.length > 0) await index.write(sequence, changes);
    }
    sources.onProgress?.({ sequence, last });
  }
  if (!isRecalled) await projection.books?.recall(index.books);
  return { machine, projection, fromSnapshot, replayed: last - fromSnapshot, notes };
}

function fromSequence(snapshot: number): number {
  return snapshot + 1;
}

/** Applies one journal record to a state machine. @throws Fault JOURNAL_DIVERGES. */
export function applyRecord(
  machine: StateMachine,
  sequence: number,
  payload: Uint8Array,
): { readonly timeMs: number; readonly applied: Applied } {
  const entry = readRecord(sequence, payload);
  if (entry.sequence !== machine.nextSequence) {
    throw diverges(sequence, `the record says it is input ${entry.sequence}`);
  }
  const result = machine.apply(entry);
  if (!result.ok) {
    throw diverges(sequence, `${entry.input.kind} is refused: ${result.rejection.code}`);
  }
  return { timeMs: entry.timeMs, applied: result.value };
}

type Applied = Extract<ReturnType<StateMachine['apply']>, { ok: true }>['value'];

function readRecord(sequence: number, payload: Uint8Array): ReturnType<typeof decodeInput> {
  try {
    return decodeInput(payload.slice());
  } catch (cause) {
    if (cause instanceof DecodeError) throw diverges(sequence, cause.message, cause);
    throw cause;
  }
}

function diverges(sequence: number, detail: string, cause?: unknown): Fault {
  return new Fault(
    `Journal record ${sequence} cannot be replayed: ${detail}. The journal was written by ` +
      'another version or for another configuration; run the version that wrote it.',
    { code: 'JOURNAL_DIVERGES', fields: { sequence }, cause },
  );
}

function judgeAgain(transition: BatchTransition): readonly LawVerdict[] {
  return judgeBatch(transition, { authority: 'admitted' });
}
