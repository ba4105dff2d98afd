import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  COMMAND,
  COMMAND_STRIDE,
  FIELD,
} from '../../packages/exchange/src/markets/book/bookCommand.ts';
import type { LedgerBook } from '../../packages/exchange/src/markets/book/ledgerBook.ts';
import { openJournal } from '../../packages/executor/src/journal/openJournal.ts';
import type { Answer, Task } from './answers.ts';
import { cpuSeconds, endingOf, fundedLedger, NOTHING, quantilesOf, tradedLots } from './answers.ts';

/** Commands of one record of the journal; a group commit carries what has gathered meanwhile. */
const RECORD_COMMANDS = 2_048;
/** Records that wait for the disk at most, before the next is taken. */
const OUTSTANDING = 4;

/**
 * The book with balances behind the venue's journal: commands are packed, hashed, written and
 * synced, and reports are taken only once the commands that caused them are durable. The book works
 * on while the disk does.
 *
 * Seconds are of the clock on the wall, from the first command until all reports are taken. With
 * `timesEach` it answers instead how long single commands were in the book.
 */
export async function measureJournal(
  { flow, journalFolder }: Task,
  timesEach: boolean,
): Promise<Answer> {
  const { commands, untimed, timed } = flow;
  const directory = await mkdtemp(join(journalFolder, 'lawbook-book-'));
  const { journal } = await openJournal({ directory, venueId: 'bench' });
  const ledger = fundedLedger();
  try {
    const samples = new Float64Array(timesEach ? timed : 0);
    let filled = 0;
    const packed = new Uint8Array(RECORD_COMMANDS * PACKED_BYTES_MAX);
    const run = async (from: number, to: number): Promise<void> => {
      const waiting: Promise<void>[] = [];
      for (let k = from; k < to; k += RECORD_COMMANDS) {
        const end = Math.min(to, k + RECORD_COMMANDS);
        const { durable } = journal.append(packed.subarray(0, pack(commands, k, end, packed)));
        // The group before is with the disk by now, and the book works meanwhile.
        await nextTurn();
        if (timesEach && from > 0) applyTimed(ledger, commands, k, end, samples.subarray(k - from));
        else for (let c = k; c < end; c += 1) ledger.apply(commands, c * COMMAND_STRIDE);
        const { written } = ledger.reports;
        waiting.push(
          durable.then(() => {
            filled += tradedLots(ledger, written);
          }),
        );
        if (waiting.length === OUTSTANDING) await waiting.shift();
      }
      await Promise.all(waiting);
    };
    await run(0, untimed);
    const [start, cpuStart] = [performance.now(), cpuSeconds()];
    await run(untimed, untimed + timed);
    const seconds = (performance.now() - start) / 1e3;
    const cpu = cpuSeconds() - cpuStart;
    const quantiles = timesEach ? quantilesOf(samples) : NOTHING;
    return {
      ...NOTHING,
      ...quantiles,
      seconds,
      cpuSeconds: cpu,
      ending: endingOf(ledger.book, filled),
    };
  } finally {
    await journal.close();
    await rm(directory, { recursive: true });
  }
}

function applyTimed(
  ledger: LedgerBook,
  commands: Float64Array,
  from: number,
  to: number,
  samples: Float64Array,
): void {
  for (let k = from; k < to; k += 1) {
    const start = performance.now();
    ledger.apply(commands, k * COMMAND_STRIDE);
    samples[k - from] = performance.now() - start;
  }
}

/** Bytes of the longest packed command: kind and terms, account, id, price and size. */
const PACKED_BYTES_MAX = 22;

/** Packs commands, whose further fields are all zero in these flows. @returns bytes. */
function pack(commands: Float64Array, from: number, to: number, into: Uint8Array): number {
  const view = new DataView(into.buffer);
  let at = 0;
  for (let k = from; k < to; k += 1) {
    const o = k * COMMAND_STRIDE;
    const kind = commands[o + FIELD.kind] as number;
    view.setUint16(at, (kind << 12) | (commands[o + FIELD.terms] as number), true);
    view.setUint32(at + 2, commands[o + FIELD.account] as number, true);
    view.setFloat64(at + 6, commands[o + FIELD.orderId] as number, true);
    at += 14;
    if (kind === COMMAND.cancel) continue;
    view.setUint32(at, commands[o + FIELD.price] as number, true);
    view.setUint32(at + 4, commands[o + FIELD.size] as number, true);
    at += 8;
  }
  return at;
}
