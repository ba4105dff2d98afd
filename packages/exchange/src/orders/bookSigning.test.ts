// Goal: what users of books sign is exactly EIP-712 as wallets compute it, and never changes
// unnoticed; and its canonical bytes read back. Method: golden digests, viem's hashTypedData as an
// independent twin over random terms, and a round trip of every kind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashTypedData } from 'viem';
import { ByteReader } from '../codec/byteReader.ts';
import { ByteWriter } from '../codec/byteWriter.ts';
import { bytesToHex } from '../codec/hex.ts';
import { accountId } from '../ledger/account.ts';
import {
  ORDER_TYPE,
  SELF_TRADE_POLICY,
  SIDE,
  TIME_IN_FORCE,
  TRIGGER,
  TRIGGER_SOURCE,
} from '../markets/book/bookTerms.ts';
import type { BookOrder } from './bookOrder.ts';
import { BOOK_ORDER_WORDS, clientOrderId } from './bookOrder.ts';
import {
  appendBookAmend,
  appendBookCancel,
  appendBookCancelAll,
  appendBookHeartbeat,
  appendBookOrder,
  BOOK_ORDER_BYTES,
  decodeBookAmend,
  decodeBookCancel,
  decodeBookCancelAll,
  decodeBookHeartbeat,
  decodeBookOrder,
} from './bookOrderCodec.ts';
import {
  BOOK_AMEND_TYPE,
  BOOK_CANCEL_ALL_TYPE,
  BOOK_CANCEL_TYPE,
  BOOK_HEARTBEAT_TYPE,
  BOOK_ORDER_TYPE,
  BookSigning,
  wordNumber,
} from './bookSigning.ts';
import type { TypedStruct } from './typedData.ts';
import { DOMAIN_NAME, DOMAIN_VERSION } from './typedData.ts';

const VENUE = accountId('0x4c6177626f6f6b00000000000000000000000001');
const SIGNING = new BookSigning({ chainId: 31_337n, address: VENUE });

function viemDigest(struct: TypedStruct, message: Record<string, unknown>): string {
  return hashTypedData({
    domain: {
      name: DOMAIN_NAME,
      version: DOMAIN_VERSION,
      chainId: 31_337,
      verifyingContract: VENUE as `0x${string}`,
    },
    types: { [struct.name]: [...struct.fields] },
    primaryType: struct.name,
    message,
  });
}

const hex = (width: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: width, maxLength: width }).map(bytesToHex);
const u32 = fc.nat(0xffff_ffff);
const safe = fc.nat(Number.MAX_SAFE_INTEGER);
const u64 = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n });

const named = { owner: hex(20).map(accountId), marketId: u32 };
const order: fc.Arbitrary<BookOrder> = fc.record({
  ...named,
  clientOrderId: hex(16).map(clientOrderId),
  side: fc.constantFrom(...BOOK_ORDER_WORDS.side),
  type: fc.constantFrom(...BOOK_ORDER_WORDS.type),
  timeInForce: fc.constantFrom(...BOOK_ORDER_WORDS.timeInForce),
  postOnly: fc.boolean(),
  selfTradePolicy: fc.constantFrom(...BOOK_ORDER_WORDS.selfTradePolicy),
  priceTicks: u32,
  sizeLots: u32,
  displayLots: u32,
  trigger: fc.constantFrom(...BOOK_ORDER_WORDS.trigger),
  triggerSource: fc.constantFrom(...BOOK_ORDER_WORDS.triggerSource),
  triggerTicks: u32,
  ocoWith: safe,
  goodUntilMs: safe,
  orderNonce: u64,
  expiresAtMs: safe,
});
const name = { orderId: safe, clientOrderId: hex(16).map(clientOrderId) };
const once = { orderNonce: u64, expiresAtMs: safe };
const amend = fc.record({ ...named, ...name, priceTicks: u32, sizeLots: u32, ...once });
const cancel = fc.record({ ...named, ...name });
const cancelAll = fc.record({ ...named, ...once });
const heartbeat = fc.record({ ...named, deadlineMs: safe, ...once });

/** Numbers as wallets take them: words by their numbers, the rest as big integers. */
function wide(terms: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(terms).map(([field, given]) => {
      if (field in BOOK_ORDER_WORDS) {
        return [field, wordNumber(field as 'side', given as 'buy')];
      }
      return [field, typeof given === 'number' ? BigInt(given) : given];
    }),
  );
}

test('digests are those that wallets compute', () => {
  fc.assert(
    fc.property(order, amend, cancel, cancelAll, heartbeat, (o, a, c, all, h) => {
      const pairs: readonly (readonly [Uint8Array, TypedStruct, object])[] = [
        [SIGNING.orderDigest(o), BOOK_ORDER_TYPE, o],
        [SIGNING.amendDigest(a), BOOK_AMEND_TYPE, a],
        [SIGNING.cancelDigest(c), BOOK_CANCEL_TYPE, c],
        [SIGNING.cancelAllDigest(all), BOOK_CANCEL_ALL_TYPE, all],
        [SIGNING.heartbeatDigest(h), BOOK_HEARTBEAT_TYPE, h],
      ];
      for (const [digest, struct, terms] of pairs) {
        assert.equal(bytesToHex(digest), viemDigest(struct, wide(terms)), struct.name);
      }
    }),
    { numRuns: 40 },
  );
});

function readBack<T>(
  terms: T,
  append: (out: ByteWriter, terms: T) => void,
  decode: (reader: ByteReader) => T,
): number {
  const out = new ByteWriter();
  append(out, terms);
  const bytes = out.finish();
  const reader = new ByteReader(bytes);
  assert.deepEqual({ ...decode(reader) }, { ...terms });
  reader.end();
  return bytes.length;
}

test('canonical bytes read back to the same terms', () => {
  fc.assert(
    fc.property(order, amend, cancel, cancelAll, heartbeat, (o, a, c, all, h) => {
      assert.equal(readBack(o, appendBookOrder, decodeBookOrder), BOOK_ORDER_BYTES);
      readBack(a, appendBookAmend, decodeBookAmend);
      readBack(c, appendBookCancel, decodeBookCancel);
      readBack(all, appendBookCancelAll, decodeBookCancelAll);
      readBack(h, appendBookHeartbeat, decodeBookHeartbeat);
    }),
    { numRuns: 60 },
  );
});

test('words have the numbers that the engine packs them by', () => {
  const tables = {
    side: SIDE,
    type: ORDER_TYPE,
    timeInForce: TIME_IN_FORCE,
    selfTradePolicy: SELF_TRADE_POLICY,
    trigger: TRIGGER,
    triggerSource: TRIGGER_SOURCE,
  };
  for (const [field, table] of Object.entries(tables)) {
    assert.deepEqual(BOOK_ORDER_WORDS[field as 'side'], Object.keys(table));
    assert.deepEqual(Object.values(table), [...Object.keys(table).keys()]);
  }
});

test('digests are those of the frozen figures', () => {
  const terms: BookOrder = {
    owner: accountId('0xAbCdEf0123456789aBcDeF0123456789abcdef01'),
    marketId: 7,
    clientOrderId: clientOrderId(`0x${'0a'.repeat(16)}`),
    side: 'sell',
    type: 'limit',
    timeInForce: 'gtd',
    postOnly: true,
    selfTradePolicy: 'decrement',
    priceTicks: 65_536,
    sizeLots: 12,
    displayLots: 3,
    trigger: 'takeProfit',
    triggerSource: 'oracle',
    triggerTicks: 65_600,
    ocoWith: 41,
    goodUntilMs: 1_800_000_000_000,
    orderNonce: 42n,
    expiresAtMs: 1_800_000_000_001,
  };
  assert.equal(SIGNING.orderHash(terms), FROZEN_ORDER);
});

const FROZEN_ORDER = '0x3cb8802c391e2a5f59cffff0b4346a541a26b0bd9814f0eed37ca0caf11f680e';
