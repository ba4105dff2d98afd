import { crc32 } from '../../../codec/crc32.ts';
import { invariant } from '../../../failures/invariant.ts';
import { COMMAND, COMMAND_STRIDE, FIELD } from '../bookCommand.ts';
import { hex } from './tapeHeader.ts';
import { TapeError } from './tapeRules.ts';

/** Bytes of one command, or of the end: twelve fields, then the checksum. */
export const TAPE_RECORD_BYTES = 52;

/** The kind of the record that closes a tape; its id counts the commands. */
export const TAPE_END = 255;

/** Where the fields of a record stand, and how wide they are. */
const PLACE = {
  kind: 0,
  state: 1,
  terms: 2,
  account: 4,
  orderId: 8,
  price: 16,
  size: 20,
  display: 24,
  trigger: 28,
  time: 32,
  ocoWith: 40,
  checksum: 48,
} as const;

type Place = Exclude<keyof typeof PLACE, 'kind' | 'checksum'>;

const U32 = 0xffff_ffff;

/** The fields that each kind uses; all others of its record are zero. */
const USES: Readonly<Record<number, readonly Place[]>> = {
  [COMMAND.place]: [
    'terms',
    'account',
    'orderId',
    'price',
    'size',
    'display',
    'trigger',
    'time',
    'ocoWith',
  ],
  [COMMAND.cancel]: ['account', 'orderId'],
  [COMMAND.cancelAll]: ['account'],
  [COMMAND.reduce]: ['account', 'orderId', 'size'],
  [COMMAND.replace]: ['account', 'orderId', 'price', 'size'],
  [COMMAND.advanceTime]: ['time'],
  [COMMAND.oraclePrice]: ['price'],
  [COMMAND.marketState]: ['state'],
  [COMMAND.heartbeat]: ['account', 'time'],
  [TAPE_END]: ['orderId'],
};

const WIDTHS: readonly (readonly [Place, 1 | 2 | 4 | 8])[] = [
  ['state', 1],
  ['terms', 2],
  ['account', 4],
  ['orderId', 8],
  ['price', 4],
  ['size', 4],
  ['display', 4],
  ['trigger', 4],
  ['time', 8],
  ['ocoWith', 8],
];

/** For each kind, the bytes that must be zero; undefined where there is no such kind. */
const UNUSED: readonly (Uint8Array | undefined)[] = Array.from({ length: 256 }, (_, kind) => {
  const used = USES[kind];
  if (used === undefined) return undefined;
  const unused = WIDTHS.filter(([place]) => !used.includes(place));
  return Uint8Array.from(
    unused.flatMap(([place, width]) => Array.from({ length: width }, (_, k) => PLACE[place] + k)),
  );
});

/**
 * Writes the command at `o` as a record, the checksum of the record or header before it carried on.
 * Fields are whole numbers within their widths: whoever makes a tape sees to that.
 *
 * @returns the checksum of the record.
 */
export function writeTapeRecord(
  command: Float64Array,
  o: number,
  into: { readonly view: DataView; readonly offset: number; readonly previous: number },
): number {
  const { view, offset, previous } = into;
  const kind = command[o + FIELD.kind] as number;
  invariant(kind !== TAPE_END && USES[kind] !== undefined, 'a record is one of the nine commands');
  const isState = kind === COMMAND.marketState;
  const terms = command[o + FIELD.terms] as number;
  view.setUint8(offset + PLACE.kind, kind);
  view.setUint8(offset + PLACE.state, isState ? fit(terms, 0xff) : 0);
  view.setUint16(offset + PLACE.terms, isState ? 0 : fit(terms, 0xffff));
  view.setUint32(offset + PLACE.account, fit(command[o + FIELD.account] as number, U32));
  setNatural(view, offset + PLACE.orderId, command[o + FIELD.orderId] as number);
  view.setUint32(offset + PLACE.price, fit(command[o + FIELD.price] as number, U32));
  view.setUint32(offset + PLACE.size, fit(command[o + FIELD.size] as number, U32));
  view.setUint32(offset + PLACE.display, fit(command[o + FIELD.display] as number, U32));
  view.setUint32(offset + PLACE.trigger, fit(command[o + FIELD.trigger] as number, U32));
  setNatural(view, offset + PLACE.time, command[o + FIELD.time] as number);
  setNatural(view, offset + PLACE.ocoWith, command[o + FIELD.ocoWith] as number);
  return seal(view, offset, previous);
}

/** Writes the end of a tape. @returns its checksum. */
export function writeTapeEnd(
  count: number,
  into: { readonly view: DataView; readonly offset: number; readonly previous: number },
): number {
  const { view, offset, previous } = into;
  for (let k = 0; k < TAPE_RECORD_BYTES; k += 4) view.setUint32(offset + k, 0);
  view.setUint8(offset + PLACE.kind, TAPE_END);
  setNatural(view, offset + PLACE.orderId, count);
  return seal(view, offset, previous);
}

/** A record as read: its kind, its checksum and, of the end, its count. */
export interface ReadRecord {
  kind: number;
  checksum: number;
  count: number;
}

/**
 * Reads the record at `offset` into the command at `o`.
 *
 * @param base where `view` begins in the tape, for the places that errors name.
 * @throws TapeError
 */
export function readTapeRecord(
  source: { readonly bytes: Uint8Array; readonly view: DataView; readonly base: number },
  offset: number,
  into: { readonly commands: Float64Array; readonly o: number; readonly record: ReadRecord },
): void {
  const { bytes, view, base } = source;
  const { commands, o, record } = into;
  const stated = view.getUint32(offset + PLACE.checksum);
  const wanted = crc32(bytes, offset, offset + PLACE.checksum, record.checksum);
  if (stated !== wanted) {
    const found = `${hex(stated)} where ${hex(wanted)} is due`;
    throw new TapeError('checksum', base + offset + PLACE.checksum, found);
  }
  const kind = view.getUint8(offset);
  const unused = UNUSED[kind];
  if (unused === undefined) throw new TapeError('kind', base + offset, String(kind));
  for (const place of unused) {
    if (bytes[offset + place] === 0) continue;
    throw new TapeError('unusedField', base + offset + place, `byte ${bytes[offset + place]}`);
  }
  record.kind = kind;
  record.checksum = wanted;
  const orderId = natural(view, offset + PLACE.orderId, base);
  if (kind === TAPE_END) {
    record.count = orderId;
    return;
  }
  commands[o + FIELD.kind] = kind;
  commands[o + FIELD.orderId] = orderId;
  commands[o + FIELD.account] = view.getUint32(offset + PLACE.account);
  commands[o + FIELD.terms] =
    kind === COMMAND.marketState ? view.getUint8(offset + 1) : view.getUint16(offset + 2);
  commands[o + FIELD.price] = view.getUint32(offset + PLACE.price);
  commands[o + FIELD.size] = view.getUint32(offset + PLACE.size);
  commands[o + FIELD.display] = view.getUint32(offset + PLACE.display);
  commands[o + FIELD.time] = natural(view, offset + PLACE.time, base);
  commands[o + FIELD.trigger] = view.getUint32(offset + PLACE.trigger);
  commands[o + FIELD.ocoWith] = natural(view, offset + PLACE.ocoWith, base);
  invariant(FIELD.ocoWith === COMMAND_STRIDE - 1, 'every field of a command was written');
}

function seal(view: DataView, offset: number, previous: number): number {
  const bytes = new Uint8Array(view.buffer, view.byteOffset);
  const checksum = crc32(bytes, offset, offset + PLACE.checksum, previous);
  view.setUint32(offset + PLACE.checksum, checksum);
  return checksum;
}

function fit(x: number, most: number): number {
  invariant(Number.isInteger(x) && x >= 0 && x <= most, 'a field of a record fits its width');
  return x;
}

const HIGH_MAX = 0x1f_ffff;
const WORD = 2 ** 32;

function setNatural(view: DataView, offset: number, x: number): void {
  invariant(Number.isSafeInteger(x) && x >= 0, 'ids and times are whole numbers below 2^53');
  view.setUint32(offset, Math.floor(x / WORD));
  view.setUint32(offset + 4, x % WORD);
}

function natural(view: DataView, offset: number, base: number): number {
  const high = view.getUint32(offset);
  if (high > HIGH_MAX) {
    throw new TapeError('number', base + offset, String(view.getBigUint64(offset)));
  }
  return high * WORD + view.getUint32(offset + 4);
}
