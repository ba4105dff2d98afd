import { ByteReader } from '../../../codec/byteReader.ts';
import { ByteWriter } from '../../../codec/byteWriter.ts';
import { crc32 } from '../../../codec/crc32.ts';
import { invariant } from '../../../failures/invariant.ts';
import { FEE_PPM_MAX } from '../bookMarketParameters.ts';
import { LOTS_MAX, ORDERS_MAX, TICKS_MAX } from '../bookTerms.ts';
import type { LedgerBookParameters } from '../ledgerBook.ts';
import { TapeError } from './tapeRules.ts';

/** Everything about a tape but its commands. */
export interface TapeHeader {
  /** Of the engine, and of the engine with balances. */
  readonly parameters: LedgerBookParameters;
  /** What every account of an engine with balances begins with, ledger units; below 2^53 in all. */
  readonly baseEach: number;
  readonly quoteEach: number;
  /** So many of the first commands lay the book out: they run, and no clock counts them. */
  readonly setupCount: number;
  /** What the tape is, for people: up to 28 printable ASCII letters. */
  readonly label: string;
}

export const TAPE_HEADER_BYTES = 128;

/** The version that this code writes, and the only one that it reads. */
export const TAPE_VERSION = 1;

const MAGIC = 'LAWTAPE';
const LABEL_BYTES = 28;
const CHECKED_BYTES: number = TAPE_HEADER_BYTES - 4;
const FEE_SPAN = 2 ** 32;

/** The bytes of a header, its checksum included. */
export function encodeTapeHeader(header: TapeHeader): Uint8Array {
  const { parameters, label } = header;
  invariant(flawOf(header) === undefined, 'a header to be written is within its ranges');
  invariant(PRINTABLE.test(label), 'a label is short and printable');
  const out = new ByteWriter(TAPE_HEADER_BYTES);
  out.fixed(new TextEncoder().encode(MAGIC), MAGIC.length).u8(TAPE_VERSION);
  out.u32(parameters.ordersMax).u32(parameters.accountsMax);
  out.u32(parameters.priceTicksMax).u32(parameters.sizeLotsMax);
  out.u64(BigInt(parameters.notionalMin));
  out.u32(parameters.breakerBandPpm).u32(parameters.windowLevels);
  out.u64(BigInt(parameters.breakerWindow));
  out.u64(BigInt(parameters.lotSize)).u64(BigInt(parameters.tickSize));
  out.u32((parameters.makerFeePpm + FEE_SPAN) % FEE_SPAN).u32(parameters.takerFeePpm);
  out.u64(BigInt(header.baseEach)).u64(BigInt(header.quoteEach)).u64(BigInt(header.setupCount));
  const letters = new Uint8Array(LABEL_BYTES);
  letters.set(new TextEncoder().encode(label));
  out.fixed(letters, LABEL_BYTES);
  return out.u32(crc32(out.finish(), 0, CHECKED_BYTES, 0)).finish();
}

/** Reads a header. @throws TapeError on bytes that are none. */
export function decodeTapeHeader(bytes: Uint8Array): TapeHeader {
  if (bytes.length < TAPE_HEADER_BYTES) {
    const found = `${bytes.length} bytes, and the header alone has ${TAPE_HEADER_BYTES}`;
    throw new TapeError('cutShort', bytes.length, found);
  }
  const reader = new ByteReader(bytes);
  for (let k = 0; k < MAGIC.length; k += 1) {
    const byte = reader.u8();
    if (byte !== MAGIC.charCodeAt(k)) throw new TapeError('magic', k, `byte ${byte}`);
  }
  const version = reader.u8();
  if (version !== TAPE_VERSION) throw new TapeError('version', MAGIC.length, String(version));
  const wanted = crc32(bytes, 0, CHECKED_BYTES, 0);
  const stated = new DataView(bytes.buffer, bytes.byteOffset).getUint32(CHECKED_BYTES);
  if (stated !== wanted) {
    throw new TapeError('checksum', CHECKED_BYTES, `${hex(stated)} where ${hex(wanted)} is due`);
  }
  const header = readFields(reader);
  const flaw = flawOf(header);
  if (flaw !== undefined) throw new TapeError('header', offsetOf(flaw.field), flaw.found);
  return header;
}

/** A checksum as people compare them. */
export function hex(checksum: number): string {
  return `0x${checksum.toString(16).padStart(8, '0')}`;
}

function readFields(reader: ByteReader): TapeHeader {
  const [ordersMax, accountsMax] = [reader.u32(), reader.u32()];
  const [priceTicksMax, sizeLotsMax] = [reader.u32(), reader.u32()];
  const notionalMin = naturalOf(reader);
  const [breakerBandPpm, windowLevels] = [reader.u32(), reader.u32()];
  const breakerWindow = naturalOf(reader);
  const [lotSize, tickSize] = [naturalOf(reader), naturalOf(reader)];
  const [makerFeePpm, takerFeePpm] = [reader.u32() | 0, reader.u32() | 0];
  const [baseEach, quoteEach] = [naturalOf(reader), naturalOf(reader)];
  const setupCount = naturalOf(reader);
  const label = labelOf(reader);
  const book = { ordersMax, accountsMax, priceTicksMax, sizeLotsMax, notionalMin };
  const breaker = { breakerBandPpm, breakerWindow, windowLevels };
  const money = { lotSize, tickSize, makerFeePpm, takerFeePpm };
  const parameters = { ...book, ...breaker, ...money };
  return { parameters, baseEach, quoteEach, setupCount, label };
}

function naturalOf(reader: ByteReader): number {
  const { offset } = reader;
  const units = reader.u64();
  if (units > Number.MAX_SAFE_INTEGER) throw new TapeError('number', offset, String(units));
  return Number(units);
}

function labelOf(reader: ByteReader): string {
  const { offset } = reader;
  const letters = reader.fixed(LABEL_BYTES);
  const zero = letters.indexOf(0);
  const label = String.fromCharCode(...letters.subarray(0, zero < 0 ? LABEL_BYTES : zero));
  if (!PRINTABLE.test(label)) throw new TapeError('label', offset, 'other letters');
  const later = zero < 0 ? -1 : letters.findLastIndex((byte) => byte !== 0);
  if (later > zero) throw new TapeError('label', offset + later, `byte ${letters[later]}`);
  return label;
}

const PRINTABLE = /^[\x20-\x7e]{0,28}$/;

interface Flaw {
  readonly field: keyof typeof OFFSETS;
  readonly found: string;
}

/** The first field that lies outside of what an engine takes. */
function flawOf({ parameters, baseEach, quoteEach }: TapeHeader): Flaw | undefined {
  for (const [field, low, high] of RANGES) {
    const number = parameters[field];
    if (number >= low && number <= high) continue;
    return { field, found: `${field} ${number}, not in ${low}..${high}` };
  }
  const { windowLevels, makerFeePpm, takerFeePpm, accountsMax } = parameters;
  if ((windowLevels & (windowLevels - 1)) !== 0) {
    return { field: 'windowLevels', found: `windowLevels ${windowLevels}, no power of two` };
  }
  if (makerFeePpm + takerFeePpm < 0) {
    return { field: 'makerFeePpm', found: `makerFeePpm ${makerFeePpm}, a rebate above the fee` };
  }
  for (const [field, units] of [
    ['baseEach', baseEach] as const,
    ['quoteEach', quoteEach] as const,
  ]) {
    if (units * accountsMax <= Number.MAX_SAFE_INTEGER) continue;
    return { field, found: `${field} ${units}, which over all accounts reaches 2^53` };
  }
  return undefined;
}

function offsetOf(field: keyof typeof OFFSETS): number {
  return OFFSETS[field];
}

const UNIT_MAX = 2 ** 40;

const RANGES = [
  // One less than an engine alone takes: the engine with balances keeps one row more.
  ['ordersMax', 1, ORDERS_MAX - 1],
  ['accountsMax', 1, ORDERS_MAX],
  ['priceTicksMax', 1, TICKS_MAX],
  ['sizeLotsMax', 1, LOTS_MAX],
  ['notionalMin', 0, Number.MAX_SAFE_INTEGER],
  ['breakerBandPpm', 0, 1_000_000],
  ['windowLevels', 64, 32_768],
  ['breakerWindow', 0, Number.MAX_SAFE_INTEGER],
  ['lotSize', 1, UNIT_MAX],
  ['tickSize', 1, UNIT_MAX],
  ['makerFeePpm', -FEE_PPM_MAX, FEE_PPM_MAX],
  ['takerFeePpm', 0, FEE_PPM_MAX],
] as const;

/** Where fields stand, for whoever looks at the bytes. */
const OFFSETS = {
  ordersMax: 8,
  accountsMax: 12,
  priceTicksMax: 16,
  sizeLotsMax: 20,
  notionalMin: 24,
  breakerBandPpm: 32,
  windowLevels: 36,
  breakerWindow: 40,
  lotSize: 48,
  tickSize: 56,
  makerFeePpm: 64,
  takerFeePpm: 68,
  baseEach: 72,
  quoteEach: 80,
} as const;
