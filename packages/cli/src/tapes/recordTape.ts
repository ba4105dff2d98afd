import type { Hash } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import { BookNames } from '@lawbook/exchange/laws/book/bookCommands';
import type { BookCommand } from '@lawbook/exchange/markets/book/bookCommand';
import type { BookImage } from '@lawbook/exchange/markets/book/bookImage';
import type { BookMarketParameters } from '@lawbook/exchange/markets/book/bookMarketParameters';
import type { BookReport } from '@lawbook/exchange/markets/book/bookReport';
import { BOOK_DEFAULTS } from '@lawbook/exchange/markets/book/bookTerms';
import { reportDigest } from '@lawbook/exchange/markets/book/tape/reportBytes';
import { encodeTape } from '@lawbook/exchange/markets/book/tape/tape';
import type { TapeHeader } from '@lawbook/exchange/markets/book/tape/tapeHeader';
import type { BookTransition } from '@lawbook/exchange/transition';
import { CommandFault } from '../terminal/cliFault.ts';

/** Epochs of a venue's book as a tape. */
export interface RecordedTape {
  readonly bytes: Uint8Array;
  readonly commands: number;
  readonly firstEpoch: number;
  readonly lastEpoch: number;
  /** Of what the venue's book reported: an engine that does the same has the same. */
  readonly reportDigest: Hash;
}

/**
 * Turns epochs of one book into the commands that its engine was given. The first must open on the
 * book as it was made, and each of the others as the one before closed: a tape begins with an empty
 * book. Refused inputs left no event, so a tape of a venue holds accepted commands only.
 *
 * @throws CommandFault CLI_FILE where epochs do not join or name orders that there are not.
 */
export function recordTape(epochs: readonly BookTransition[]): RecordedTape {
  const sorted = [...epochs].sort((a, b) => a.epochNumber - b.epochNumber);
  const first = at(sorted, 0);
  if (!isUntouched(first.opening)) {
    throw unfit(first, 'opens on a book that has been used: begin with epoch 1');
  }
  const names = new BookNames(first.opening, () => false);
  const commands: BookCommand[] = [];
  const reports: BookReport[] = [];
  for (const [k, epoch] of sorted.entries()) {
    const before = sorted[k - 1];
    if (before !== undefined && !joins(before, epoch)) {
      throw unfit(epoch, `does not open as epoch ${before.epochNumber} closed`);
    }
    for (const event of epoch.events) {
      const meant = names.commands(event);
      if (meant === undefined) {
        throw unfit(epoch, `names an order that there is not, in event ${event.eventNumber}`);
      }
      commands.push(...meant);
      reports.push(...event.reports);
      names.use(event.input);
    }
  }
  const lastEpoch = at(sorted, sorted.length - 1).epochNumber;
  const label = `book ${first.marketId} epochs ${first.epochNumber}..${lastEpoch}`;
  const bytes = encodeTape(headerOf(first.parameters, label), commands);
  const facts = { commands: commands.length, firstEpoch: first.epochNumber, lastEpoch };
  return { bytes, ...facts, reportDigest: reportDigest(reports) };
}

/** As a market is made: no orders, no trades, no time. */
function isUntouched(opening: BookImage): boolean {
  const { state, now, lastOrderId, lastTrade, oraclePrice, orders, deadlines } = opening;
  const isQuiet = now === 0 && lastTrade === 0 && oraclePrice === 0 && lastOrderId === 0;
  return isQuiet && state === 'open' && orders.length === 0 && deadlines.length === 0;
}

function joins(before: BookTransition, epoch: BookTransition): boolean {
  return (
    epoch.marketId === before.marketId &&
    epoch.epochNumber === before.epochNumber + 1 &&
    epoch.parentEpochHash === before.epochHash &&
    epoch.openingRoot === before.closingRoot
  );
}

/** Accounts begin with as much as sums below 2^53 allow: what they had at the venue is unknown. */
function headerOf(parameters: BookMarketParameters, label: string): TapeHeader {
  const { tickSize, notionalMin, lotSize, breakerWindowMs, ...rest } = parameters;
  const { marketId, base, quote, ...rules } = rest;
  const each = Math.floor(Number.MAX_SAFE_INTEGER / parameters.accountsMax);
  return {
    parameters: {
      ...rules,
      notionalMin: Number((notionalMin + tickSize - 1n) / tickSize),
      breakerWindow: breakerWindowMs,
      windowLevels: BOOK_DEFAULTS.windowLevels,
      lotSize: Number(lotSize),
      tickSize: Number(tickSize),
    },
    baseEach: each,
    quoteEach: each,
    setupCount: 0,
    label: label.slice(0, 28),
  };
}

function unfit({ marketId, epochNumber }: BookTransition, why: string): CommandFault {
  const fields = { marketId, epochNumber };
  return new CommandFault('CLI_FILE', `epoch ${epochNumber} of book ${marketId} ${why}`, fields);
}
