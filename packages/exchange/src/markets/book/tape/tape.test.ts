// Goal: bytes are a tape exactly where docs/reference/tape-format.md says so, and a reader names
// the byte and the rule where they are not. Method: the page's own example read from the page, each
// rule broken once with the checksums made good again, and every single byte of a tape changed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { taggedHash } from '../../../codec/hash.ts';
import type { BookCommand, PlaceOrder } from '../bookCommand.ts';
import { COMMAND_STRIDE, encodeCommand } from '../bookCommand.ts';
import { BOOK_DEFAULTS } from '../bookTerms.ts';
import { decodeTape, encodeTape, TapeReader, TapeWriter } from './tape.ts';
import type { TapeHeader } from './tapeHeader.ts';
import type { TapeRule } from './tapeRules.ts';
import { TAPE_RULES, TapeError } from './tapeRules.ts';
import { TapeRun } from './tapeRun.ts';

const PAGE: string = readFileSync(
  resolve(import.meta.dirname, '../../../../../../docs/reference/tape-format.md'),
  'utf8',
);

const HEADER: TapeHeader = {
  parameters: {
    ...BOOK_DEFAULTS,
    ordersMax: 1_000,
    accountsMax: 2,
    windowLevels: 64,
    lotSize: 1_000,
    tickSize: 10,
    makerFeePpm: -100,
    takerFeePpm: 400,
  },
  baseEach: 1_000_000,
  quoteEach: 1_000_000_000,
  setupCount: 0,
  label: 'two orders',
};

const PLAIN: Omit<PlaceOrder, 'orderId' | 'account' | 'side' | 'priceTicks' | 'sizeLots'> = {
  kind: 'place',
  type: 'limit',
  timeInForce: 'gtc',
  postOnly: false,
  selfTradePolicy: 'cancelResting',
  trigger: 'none',
  triggerSource: 'lastTrade',
  displayLots: 0,
  expiresAt: 0,
  triggerTicks: 0,
  ocoWith: 0,
};

const COMMANDS: readonly BookCommand[] = [
  { ...PLAIN, orderId: 1, account: 0, side: 'sell', priceTicks: 100, sizeLots: 5 },
  {
    ...PLAIN,
    orderId: 2,
    account: 1,
    side: 'buy',
    priceTicks: 101,
    sizeLots: 3,
    timeInForce: 'ioc',
  },
  { kind: 'cancel', orderId: 1, account: 1 },
];

const TAPE: Uint8Array = encodeTape(HEADER, COMMANDS);
const [HEADER_BYTES, RECORD_BYTES] = [128, 52];

/** The bytes of a block of the page: hexadecimal words at the start of each line. */
function pageBytes(name: string): Uint8Array {
  const block = new RegExp(`\`\`\`${name}\\n([^\`]*)\`\`\``).exec(PAGE)?.[1] ?? '';
  const lines = block.split('\n').map((line) => /^((?:[0-9a-f]{2})+ ?)*/.exec(line)?.[0] ?? '');
  return Buffer.from(lines.join('').replaceAll(' ', ''), 'hex');
}

/** A tape with some bytes changed and, from `from` on, its checksums as they then must be. */
function changed(changes: Readonly<Record<number, number>>): Uint8Array {
  const bytes = Uint8Array.from(TAPE);
  for (const [offset, byte] of Object.entries(changes)) bytes[Number(offset)] = byte;
  const view = new DataView(bytes.buffer);
  let previous = crc32(bytes.subarray(0, HEADER_BYTES - 4));
  view.setUint32(HEADER_BYTES - 4, previous);
  for (let o = HEADER_BYTES; o + RECORD_BYTES <= bytes.length; o += RECORD_BYTES) {
    previous = crc32(bytes.subarray(o, o + RECORD_BYTES - 4), previous);
    view.setUint32(o + RECORD_BYTES - 4, previous);
  }
  return bytes;
}

function refusal(bytes: Uint8Array): { readonly rule: TapeRule; readonly offset: number } {
  try {
    decodeTape(bytes);
  } catch (cause) {
    assert.ok(cause instanceof TapeError, String(cause));
    return { rule: cause.rule, offset: cause.offset };
  }
  assert.fail('these bytes are taken for a tape');
}

test('reads the tape that the page spells out, and writes the same bytes', () => {
  const bytes = pageBytes('tape');
  assert.deepEqual(Buffer.from(TAPE).toString('hex'), Buffer.from(bytes).toString('hex'));
  const { header, commands, count } = decodeTape(bytes);
  assert.deepEqual(header, HEADER);
  assert.equal(count, COMMANDS.length);
  const row = new Float64Array(COMMAND_STRIDE);
  for (const [k, command] of COMMANDS.entries()) {
    encodeCommand(command, row, 0);
    assert.deepEqual(commands.slice(k * COMMAND_STRIDE, (k + 1) * COMMAND_STRIDE), row);
  }
});

test('reports what the page spells out, with the digest that it states, by both engines', () => {
  const digest = taggedHash('lawbook.tapeReports.v1', pageBytes('reports'));
  assert.ok(PAGE.includes(digest), digest);
  const { header, commands, count } = decodeTape(TAPE);
  for (const engine of ['bare', 'ledger'] as const) {
    const run = new TapeRun(header, engine);
    run.apply(commands, 0, count);
    const outcome = run.outcome();
    assert.equal(outcome.reportDigest, digest, engine);
    assert.deepEqual([outcome.commands, outcome.refused, outcome.tradedLots], [3, 1, 3]);
    // Three lots at 100 ticks of 10 units are worth 3,000: 1.2 to pay and 0.3 to be paid, both
    // rounded against whoever trades.
    assert.equal(outcome.fees, engine === 'ledger' ? 2 : undefined);
  }
});

test('names every rule of a tape on the page', () => {
  for (const rule of Object.keys(TAPE_RULES)) assert.ok(PAGE.includes(`\`${rule}\``), rule);
});

const SECOND = HEADER_BYTES + RECORD_BYTES;
const END = HEADER_BYTES + 3 * RECORD_BYTES;

const BROKEN: readonly (readonly [string, Uint8Array, TapeRule, number])[] = [
  ['other letters', changed({ 3: 0x42 }), 'magic', 3],
  ['another version', changed({ 7: 2 }), 'version', 7],
  ['no orders at all', changed({ 10: 0, 11: 0 }), 'header', 8],
  ['a window of 65 levels', changed({ 39: 65 }), 'header', 36],
  ['a rebate above the fee', changed({ 70: 0, 71: 0 }), 'header', 64],
  ['more money than 2^53', changed({ 73: 0x10 }), 'header', 72],
  ['a notional beyond 2^53', changed({ 24: 1 }), 'number', 24],
  ['letters after the label', changed({ 120: 0x41 }), 'label', 120],
  ['a label that does not print', changed({ 96: 7 }), 'label', 96],
  ['a kind that there is not', changed({ [SECOND]: 10 }), 'kind', SECOND],
  [
    'a cancel with a size',
    changed({ [HEADER_BYTES + 2 * RECORD_BYTES + 23]: 1 }),
    'unusedField',
    255,
  ],
  ['an id beyond 2^53', changed({ [SECOND + 8]: 0x20 }), 'number', SECOND + 8],
  ['an end that miscounts', changed({ [END + 15]: 4 }), 'endCount', END + 8],
  [
    'a second end',
    changed({ [SECOND]: 255, ...zeros(SECOND + 1, 47), [SECOND + 15]: 1 }),
    'trailing',
    232,
  ],
  ['no end', TAPE.subarray(0, END), 'cutShort', END],
  ['half a record', TAPE.subarray(0, END - 10), 'cutShort', END - RECORD_BYTES],
  ['half a header', TAPE.subarray(0, 100), 'cutShort', 100],
  ['a byte after the end', Buffer.concat([TAPE, Uint8Array.of(0)]), 'trailing', TAPE.length],
  ['nothing', new Uint8Array(0), 'cutShort', 0],
];

function zeros(from: number, count: number): Readonly<Record<number, number>> {
  return Object.fromEntries(Array.from({ length: count }, (_, k) => [from + k, 0]));
}

for (const [what, bytes, rule, offset] of BROKEN) {
  test(`refuses ${what}`, () => assert.deepEqual(refusal(bytes), { rule, offset }));
}

test('refuses a tape in which any one byte is another', () => {
  for (let offset = 0; offset < TAPE.length; offset += 1) {
    const bytes = Uint8Array.from(TAPE);
    bytes[offset] = (bytes[offset] as number) ^ 0x11;
    refusal(bytes);
  }
});

test('refuses records that are swapped, repeated or left out, at the first that is not due', () => {
  const record = (k: number): Uint8Array =>
    TAPE.subarray(HEADER_BYTES + k * RECORD_BYTES, HEADER_BYTES + (k + 1) * RECORD_BYTES);
  const head = TAPE.subarray(0, HEADER_BYTES);
  for (const [order, first] of [
    [[1, 0, 2, 3], 0],
    [[0, 0, 1, 2, 3], 1],
    [[0, 2, 3], 1],
    [[0, 1, 3], 2],
  ] as const) {
    const refused = refusal(Buffer.concat([head, ...order.map(record)]));
    const offset = HEADER_BYTES + first * RECORD_BYTES + RECORD_BYTES - 4;
    assert.deepEqual(refused, { rule: 'checksum', offset });
  }
});

test('reads a tape in pieces as it reads it whole', () => {
  const reader = new TapeReader(TAPE);
  const room = new Float64Array(COMMAND_STRIDE);
  const counts = [0, 1, 2, 3].map((k) => {
    const from = HEADER_BYTES + k * RECORD_BYTES;
    return reader.read(TAPE.subarray(from, from + RECORD_BYTES), room);
  });
  reader.finish();
  assert.deepEqual(counts, [1, 1, 1, 0]);
  assert.throws(() => reader.read(TAPE.subarray(0, 1), room), TapeError);
});

/** Fields of a record by first byte and width; every kind uses some of them. */
const FIELDS = {
  state: [1, 1],
  terms: [2, 2],
  account: [4, 4],
  orderId: [8, 8],
  price: [16, 4],
  size: [20, 4],
  display: [24, 4],
  trigger: [28, 4],
  time: [32, 8],
  ocoWith: [40, 8],
} as const;
const USED: Readonly<Record<number, readonly (keyof typeof FIELDS)[]>> = {
  2: ['account', 'orderId'],
  3: ['account'],
  4: ['account', 'orderId', 'size'],
  5: ['account', 'orderId', 'price', 'size'],
  6: ['time'],
  7: ['price'],
  8: ['state'],
  9: ['account', 'time'],
};

test('refuses any byte of a field that its command does not use, at that byte', () => {
  for (const [kind, used] of Object.entries(USED)) {
    for (const [field, [first, width]] of Object.entries(FIELDS)) {
      for (let k = first; k < first + width; k += 1) {
        const blank = { ...zeros(HEADER_BYTES, 48), [HEADER_BYTES]: Number(kind) };
        const bytes = changed({ ...blank, [HEADER_BYTES + k]: 1 });
        const where = `${field} of kind ${kind}, byte ${k}`;
        if (used.includes(field as keyof typeof FIELDS)) {
          // The first byte of a wide field would take its number beyond 2^53.
          if (width < 8 || k > first) decodeTape(bytes);
        } else {
          const refused = { rule: 'unusedField', offset: HEADER_BYTES + k };
          assert.deepEqual(refusal(bytes), refused, where);
        }
      }
    }
  }
});

test('a label may fill its room, and what does not fit a header is not written', () => {
  const label = 'a label of 28 letters, full.';
  assert.equal(label.length, 28);
  assert.equal(decodeTape(encodeTape({ ...HEADER, label }, [])).header.label, label);
  for (const wrong of [`${label}.`, 'umlaut \u00e4', 'line\n']) {
    assert.throws(() => encodeTape({ ...HEADER, label: wrong }, []), /short and printable/);
  }
  const { parameters } = HEADER;
  const ordersMax = { ...HEADER, parameters: { ...parameters, ordersMax: 2 ** 22 } };
  assert.throws(() => encodeTape(ordersMax, []), /within its ranges/);
  ordersMax.parameters.ordersMax = 2 ** 22 - 1;
  assert.deepEqual(decodeTape(encodeTape(ordersMax, [])).header, ordersMax);
});

test('money that all accounts together can count is taken, and one unit more is not', () => {
  const each = (baseEach: number, quoteEach: number): TapeHeader => {
    return { ...HEADER, baseEach, quoteEach };
  };
  // Two accounts: twice 2^52 is 2^53, and one unit less each is below it.
  const most = 2 ** 52 - 1;
  assert.deepEqual(decodeTape(encodeTape(each(most, most), [])).header, each(most, most));
  for (const header of [each(most + 1, 0), each(0, most + 1)]) {
    assert.throws(() => encodeTape(header, []), /within its ranges/);
  }
});

test('writes the same bytes over whatever stood in their place', () => {
  const writer = new TapeWriter(HEADER);
  const bytes = new Uint8Array(TAPE.length).fill(0xff);
  bytes.set(writer.header);
  const view = new DataView(bytes.buffer);
  const row = new Float64Array(COMMAND_STRIDE);
  for (const [k, command] of COMMANDS.entries()) {
    encodeCommand(command, row, 0);
    writer.append(row, 0, view, HEADER_BYTES + k * RECORD_BYTES);
  }
  writer.end(view, END);
  assert.deepEqual(bytes, TAPE);
});

test('stops rather than write a number that a record has no room for', () => {
  const plain = COMMANDS[0] as PlaceOrder;
  for (const wrong of [
    { priceTicks: 2 ** 32 },
    { sizeLots: -1 },
    { account: 0.5 },
    { orderId: 2 ** 53 },
    { expiresAt: -1 },
  ]) {
    assert.throws(() => encodeTape(HEADER, [{ ...plain, ...wrong }]), JSON.stringify(wrong));
  }
  const last = { account: 2 ** 32 - 1, orderId: 2 ** 53 - 1, expiresAt: 2 ** 53 - 1 };
  const { commands } = decodeTape(encodeTape(HEADER, [{ ...plain, ...last }]));
  const row = new Float64Array(COMMAND_STRIDE);
  encodeCommand({ ...plain, ...last }, row, 0);
  assert.deepEqual(commands, row);
  for (const kind of [0, 10, 255]) {
    row[0] = kind;
    const view = new DataView(new ArrayBuffer(RECORD_BYTES));
    assert.throws(() => new TapeWriter(HEADER).append(row, 0, view, 0), /nine commands/);
  }
});
