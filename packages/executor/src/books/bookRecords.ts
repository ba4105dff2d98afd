import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import type { Hash } from '@lawbook/exchange/codec/hash';
import type { BookLawVerdict } from '@lawbook/exchange/laws/book/judgeBookEpoch';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { ReportReason } from '@lawbook/exchange/markets/book/bookReport';
import type { MarketState, Side } from '@lawbook/exchange/markets/book/bookTerms';
import type {
  BookOrderStatus,
  ExecutionReport,
} from '@lawbook/exchange/markets/book/executionReport';
import type { BookOrder, ClientOrderId } from '@lawbook/exchange/orders/bookOrder';

/** What the venue knows of one order of a book; rebuilt from the journal. */
export interface BookOrderRecord {
  readonly marketId: number;
  readonly orderId: number;
  /** As it was signed. */
  readonly order: BookOrder;
  /** Sequence and time of its admission. */
  readonly sequence: number;
  readonly admittedAtMs: number;
  readonly status: BookOrderStatus;
  /** Present limit, whole size and what is open: ticks and lots, below 2^32. */
  readonly priceTicks: number;
  readonly sizeLots: number;
  readonly filledLots: number;
  readonly leavesLots: number;
  /** Sum of ticks times lots over its trades. */
  readonly filledNotional: bigint;
  /** Why it stands as it does, `none` for a trade. */
  readonly reason: ReportReason;
  /** Sequence of the input that ended it; undefined while open. */
  readonly endedBy: number | undefined;
}

/** One trade of a book. Ticks and lots, below 2^32. */
export interface BookTrade {
  readonly marketId: number;
  /** 1, 2, 3, ... over the life of the market. */
  readonly tradeNumber: number;
  readonly takerSide: Side;
  readonly priceTicks: number;
  readonly lots: number;
  readonly sequence: number;
  readonly timeMs: number;
}

/** The part of a trade that one owner had. */
export interface BookFill extends Omit<BookTrade, 'takerSide'> {
  readonly owner: AccountId;
  readonly orderId: number;
  readonly side: Side;
  readonly role: 'maker' | 'taker';
  /** Quote ledger units paid; negative where the owner was paid. */
  readonly fee: bigint;
}

/** A sealed epoch of a book, in numbers and roots. */
export interface SealedBookEpoch {
  readonly marketId: number;
  readonly epochNumber: number;
  readonly firstEvent: number;
  readonly eventCount: number;
  readonly sealedAtMs: number;
  readonly vaultCount: number;
  readonly logRoot: Hash;
  readonly closingRoot: Hash;
  readonly diffRoot: Hash;
  readonly parentEpochHash: Hash;
  readonly epochHash: Hash;
  readonly stateRoot: Hash;
  /** Of the input that sealed it. */
  readonly sequence: number;
  /** What every law said when it was sealed. */
  readonly verdicts: readonly BookLawVerdict[];
  /** `executed` where a law objects to it or to an epoch before it. */
  readonly level: 'executed' | 'checked';
}

/** A change of what a book allows, and why. */
export interface BookStateChange {
  readonly marketId: number;
  readonly sequence: number;
  readonly timeMs: number;
  readonly state: MarketState;
  readonly cause: 'operator' | 'breaker' | 'law';
  /**
   * A sentence for people. Words of the operator are not in the journal: where the index is built
   * anew from it, they are lost.
   */
  readonly reason: string;
}

/** One price of one half of a book; zero lots take it away. */
export type LadderLevel = readonly [priceTicks: number, lots: number];

/** Levels of both halves, best first. */
export interface Ladder {
  readonly bids: readonly LadderLevel[];
  readonly asks: readonly LadderLevel[];
}

/** A parent order that is taken to a book in slices. Ticks and lots are below 2^32. */
export interface TwapRecord {
  /** Sixteen bytes; follows from owner, market and client order id. */
  readonly twapId: Hash;
  readonly owner: AccountId;
  readonly marketId: number;
  readonly clientOrderId: ClientOrderId;
  readonly side: Side;
  readonly sizeLots: number;
  /** No slice trades at a worse price. */
  readonly worstTicks: number;
  readonly slices: number;
  readonly intervalMs: number;
  /** The session in whose name slices are placed. */
  readonly grantId: Hash;
  readonly startMs: number;
  /** Number of the slice that is next or on its way, from 0. */
  readonly next: number;
  /** The slice on its way; undefined between slices. */
  readonly placing: BookOrder | undefined;
  readonly filledLots: number;
  /** Sum of ticks times lots over its trades. */
  readonly filledNotional: bigint;
  /** Orders of its slices, old to new. */
  readonly orderIds: readonly number[];
  readonly state: 'active' | 'done' | 'canceled' | 'failed';
  /** Why it failed, or the code for which the last slice was refused; else empty. */
  readonly reason: string;
}

/** One resting order as everybody may see it; zero lots: it rests no more. */
export interface QueueEntry {
  readonly orderId: number;
  readonly side: Side;
  readonly priceTicks: number;
  /** Lots that show. */
  readonly lots: number;
  /** Whether it stands at the end of the queue of its price now. */
  readonly requeued: boolean;
}

/** What one input did to a book, for feeds. */
export interface BookNews {
  readonly marketId: number;
  readonly sequence: number;
  readonly timeMs: number;
  readonly state: MarketState;
  readonly trades: readonly BookTrade[];
  readonly executions: readonly ExecutionReport[];
  /** Levels that changed, with what shows there now. */
  readonly changes: Ladder;
  /** Resting orders that came, changed or went. */
  readonly queue: readonly QueueEntry[];
  /** Orders that the input changed, as they stand now. */
  readonly orders: readonly BookOrderRecord[];
  /** What the market allows from now on, where the input changed that. */
  readonly stateChange?: BookStateChange;
}

/**
 * Bytes of a row in the index: JSON, whole numbers beyond 2^53 as digits and an `n`; a text that
 * reads so has an `n` more. Fields ascend by name: a row has the same bytes whether its input was
 * live or replayed.
 */
export function encodeRow(row: object): Uint8Array {
  const text = JSON.stringify(row, (_, entry: unknown) => {
    if (typeof entry === 'bigint') return `${entry}n`;
    if (typeof entry === 'string') return LIKE_A_BIGINT.test(entry) ? `${entry}n` : entry;
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return entry;
    return Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return new TextEncoder().encode(text);
}

/** Reads a row that this program wrote. @throws DecodeError for bytes that are no JSON. */
export function decodeRow<T>(bytes: Uint8Array): T {
  try {
    return JSON.parse(new TextDecoder().decode(bytes), readEntry) as T;
  } catch (cause) {
    // The reader recurses, so that rows of nothing but brackets end in a RangeError.
    if (!(cause instanceof SyntaxError) && !(cause instanceof RangeError)) throw cause;
    throw new DecodeError('a row is JSON as this program writes it', 0);
  }
}

/** A whole number of any size as it is written, or a text that looks like one. */
const LIKE_A_BIGINT = /^-?\d+n+$/;

function readEntry(_: string, entry: unknown): unknown {
  if (typeof entry !== 'string' || !LIKE_A_BIGINT.test(entry)) return entry;
  return entry.endsWith('nn') ? entry.slice(0, -1) : BigInt(entry.slice(0, -1));
}
