// Goal: a snapshot is the one encoding of a state that the exchange can be in, or no snapshot; and
// nothing of it ends in a broken invariant. Method: states of played venues, one thing of them
// changed behind the back of the machine, written and read again. Fuzzing found each of these.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fundedBook } from '../../../../testing/exchange/bookBench.ts';
import type { ExchangeBench } from '../../../../testing/exchange/exchangeBench.ts';
import { codeOf, fundedBench, person } from '../../../../testing/exchange/exchangeBench.ts';
import { DecodeError } from '../codec/byteReader.ts';
import { ByteWriter } from '../codec/byteWriter.ts';
import { hexToBytes } from '../codec/hex.ts';
import { at } from '../failures/invariant.ts';
import { systemAccount } from '../ledger/account.ts';
import { AdmissionMode } from '../markets/batch/parameters.ts';
import { amount } from '../numbers/amount.ts';
import { EMPTY_WINDOW } from '../orders/orderNonces.ts';
import { signDigest } from '../orders/signature.ts';
import type { ExchangeState } from './exchangeState.ts';
import { decodeState, encodeState } from './stateCodec.ts';

/** The same address in other letters: another key of a map, and the same bytes. */
function shouted<T extends string>(id: T): T {
  return `0x${id.slice(2).toUpperCase()}` as T;
}

function refusesAs(state: ExchangeState, words: RegExp): void {
  assert.throws(
    () => decodeState(encodeState(state)),
    (thrown) => thrown instanceof DecodeError && words.test(thrown.message),
  );
}

/** A batch market with an order, a grant and an epoch that is open. */
function batchState(): ExchangeBench {
  const { bench, alice } = fundedBench();
  bench.submit(alice);
  bench.clear();
  bench.submit(alice);
  grant(bench);
  return bench;
}

function grant(bench: ExchangeBench): void {
  const owner = person('alice');
  const terms = {
    owner: owner.account,
    delegate: person('bob').account,
    scopes: 3,
    expiresAtMs: bench.timeMs + 1000,
    orderNonce: 99n,
  };
  const signature = signDigest(bench.signing.grantDigest(terms), owner.secretKey);
  const entry = { grant: terms, grantId: bench.signing.grantId(terms), signature };
  assert.equal(codeOf(bench.apply({ kind: 'openSession', grant: entry })), 'accepted');
}

test('owners, grants and markets stand in a state once', () => {
  for (const spoil of [
    ({ nonceWindows }: ExchangeState) => {
      for (const owner of [...nonceWindows.keys()]) nonceWindows.set(shouted(owner), EMPTY_WINDOW);
    },
    ({ grants }: ExchangeState) => {
      for (const [id, entry] of [...grants]) grants.set(shouted(id), entry);
    },
    ({ markets }: ExchangeState) => {
      for (const market of [...markets.values()]) markets.set(2, market);
    },
  ]) {
    const { state } = batchState().machine;
    spoil(state);
    refusesAs(state, /an entry twice/);
  }
});

test('a book market stands in a state once, and one of no rules does not', () => {
  const twice = fundedBook().bench.machine.state;
  for (const market of [...twice.books.values()]) twice.books.set(8, market);
  refusesAs(twice, /an entry twice/);
  const { bench } = fundedBook();
  Object.assign(bench.book(), { parameters: { ...bench.book().parameters, ordersMax: 0 } });
  refusesAs(bench.machine.state, /rules that no book has/);
});

test('orders of a batch are of its market and its products, at limits that are ratios', () => {
  const spoiled = (spoil: (state: ExchangeState) => void): ExchangeState => {
    const { state } = batchState().machine;
    spoil(state);
    return state;
  };
  const tableOf = (state: ExchangeState) => at([...state.markets.values()], 0).batch.table;
  refusesAs(
    spoiled((state) => tableOf(state).receive.fill(200)),
    /an unknown product/,
  );
  refusesAs(
    spoiled((state) => tableOf(state).limitDenominator.fill(0n)),
    /no ratio/,
  );
  refusesAs(
    spoiled((state) => Object.assign(tableOf(state), { marketId: 9 })),
    /orders of another market/,
  );
});

test('every owner in a batch has one nonce window, and no one else has', () => {
  const { state } = batchState().machine;
  at([...state.markets.values()], 0).batch.nonceWindows.push(EMPTY_WINDOW);
  refusesAs(state, /without a nonce window/);
});

test('a hidden commitment stands in a batch once, and reveals a row that is there', () => {
  const hidden = (): ExchangeBench => {
    const { bench, alice } = fundedBench({
      admission: AdmissionMode.commitReveal,
      bond: amount(1n),
      revealWindowMs: 1000,
    });
    bench.commit(alice, bench.order(alice).order, new Uint8Array(32));
    return bench;
  };
  const twice = hidden();
  const { batch } = twice.market();
  const only = at([...batch.commitments], 0);
  batch.commit({ ...only, owner: shouted(only.owner) });
  refusesAs(twice.machine.state, /a hidden commitment twice/);
  const early = hidden();
  early.market().batch.reveal(0, 0, new Uint8Array(32));
  refusesAs(early.machine.state, /a reveal of no row/);
});

test('a grant that a batch used stands in it once', () => {
  const bench = batchState();
  const { grants } = bench.market().batch;
  for (const [id, entry] of bench.machine.state.grants) {
    grants.set(id, entry);
    grants.set(shouted(id), entry);
  }
  refusesAs(bench.machine.state, /a grant twice/);
});

/** The bytes of a state with a stretch replaced. */
function patched(state: ExchangeState, from: Uint8Array, to: Uint8Array): Uint8Array {
  const bytes = Buffer.from(encodeState(state));
  const place = bytes.indexOf(from);
  assert.ok(place >= 0, 'the stretch is there');
  assert.equal(bytes.indexOf(from, place + 1), -1, 'and there once');
  return Buffer.concat([bytes.subarray(0, place), to, bytes.subarray(place + from.length)]);
}

test('the length of an account’s balances is the one that they have', () => {
  const { bench, alice } = fundedBench();
  const own = bench.machine.state.ledger.encodeBalances(alice.account);
  const id = hexToBytes(alice.account);
  const right = new ByteWriter().fixed(id, 20).bytes(own).finish();
  const wrong = new ByteWriter()
    .fixed(id, 20)
    .u32(own.length + 1)
    .finish();
  const bytes = patched(bench.machine.state, right, Buffer.concat([wrong, own]));
  assert.throws(() => decodeState(bytes), /balances of another length/);
});

test('balances come by rising asset, and none of them is impossible', () => {
  const { bench, alice } = fundedBench();
  bench.fund(alice, 0, 1n);
  const { state } = bench.machine;
  const own = state.ledger.encodeBalances(alice.account);
  const first = own.slice(1, 19);
  const second = own.slice(19, 37);
  const swapped = Buffer.concat([own.slice(0, 1), second, first, own.slice(37)]);
  assert.throws(() => decodeState(patched(state, own, swapped)), /assets out of order/);
  const held = own.slice();
  // The first hold becomes negative.
  new DataView(held.buffer).setBigInt64(1 + 2 + 8, -1n);
  assert.throws(() => decodeState(patched(state, own, held)), /an impossible balance/);
  const none = own.slice();
  new DataView(none.buffer).setBigInt64(1 + 2, 0n);
  assert.throws(() => decodeState(patched(state, own, none)), /an impossible balance/);
  const strange = own.slice();
  new DataView(strange.buffer).setUint16(1, 64);
  assert.throws(() => decodeState(patched(state, own, strange)), /an unknown asset/);
});

test('an account stands in a ledger once, and all of it sums to zero', () => {
  const { bench, alice, bob } = fundedBench();
  const { state } = bench.machine;
  const entry = (id: string): Uint8Array =>
    Buffer.concat([hexToBytes(id), Uint8Array.of(0, 0, 0, 0x6d)]);
  const twice = patched(state, entry(bob.account), entry(alice.account));
  assert.throws(() => decodeState(twice), /an account twice/);
  const own = state.ledger.encodeBalances(systemAccount(2, 1));
  const more = own.slice();
  const view = new DataView(more.buffer);
  view.setBigInt64(3, view.getBigInt64(3) + 1n);
  assert.throws(() => decodeState(patched(state, own, more)), /does not sum to zero/);
});

test('the diffs of an open epoch end where they say', () => {
  const bench = batchState();
  const { epoch } = bench.market();
  const first = new ByteWriter().u64(BigInt(epoch.number)).finish();
  const head = Buffer.concat([first, hexToBytes(epoch.parentEpochHash)]);
  const bytes = Buffer.from(encodeState(bench.machine.state));
  const at0 = bytes.indexOf(head) + head.length + 8 + 4;
  const length = bytes.readUInt32BE(at0);
  const longer = Buffer.concat([
    bytes.subarray(0, at0),
    new ByteWriter().u32(length + 1).finish(),
    bytes.subarray(at0 + 4, at0 + 4 + length),
    Uint8Array.of(0),
    bytes.subarray(at0 + 4 + length),
  ]);
  assert.throws(() => decodeState(longer), /bytes too many/);
});

test('a book is read back with the very queues that it was written with', () => {
  const { bench, people } = fundedBook();
  const alice = at(people, 0);
  bench.place(alice, { priceTicks: 90, sizeLots: 1 });
  bench.place(alice, { priceTicks: 91, sizeLots: 2 });
  const market = bench.book();
  const { image } = market;
  market.image = () => {
    const drawn = image.call(market);
    return { ...drawn, orders: [...drawn.orders].reverse() };
  };
  refusesAs(bench.machine.state, /an image that no book draws/);
});

test('a book’s grants, owners and client order ids stand in it once', () => {
  const grants = fundedBook().bench;
  grant(grants);
  const [only] = [...grants.machine.state.grants.values()];
  const { epoch } = grants.book();
  if (only !== undefined) epoch.grants.set(only.grantId, only).set(shouted(only.grantId), only);
  refusesAs(grants.machine.state, /a grant twice/);
  const { bench, people } = fundedBook();
  const change = { base: 1n, quote: -1n, orderNonce: 1n };
  const { account } = at(people, 0);
  bench.book().epoch.changes.set(account, change).set(shouted(account), change);
  refusesAs(bench.machine.state, /an owner twice/);
});

test('a state of version 3 has a book or an asset that settles nowhere', () => {
  const { state } = batchState().machine;
  const bytes = encodeState(state);
  new DataView(bytes.buffer).setUint32(0, 3);
  const tail = new ByteWriter();
  for (const _ of state.assets) tail.u8(1);
  const third = Buffer.concat([bytes, tail.u32(0).finish()]);
  assert.throws(() => decodeState(third), /version 3 with nothing of it/);
});
