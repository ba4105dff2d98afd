// Goal: the laws of books read no opening that no book can have, and no order whose nonce or size
// no admission lets pass, whatever else of the log agrees. Method: a second epoch that opens on
// resting, waiting and paired orders; one fact is changed at a time, with all that follows from it.
// Mutants of the reading and of the admission survived without these.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertBookEvidence } from '../../../../../testing/checkers/lawEvidence.ts';
import { fundedBook } from '../../../../../testing/exchange/bookBench.ts';
import { ZERO_HASH } from '../../codec/hash.ts';
import { at } from '../../failures/invariant.ts';
import { chainBookEpoch } from '../../markets/book/bookEpoch.ts';
import type { BookEvent } from '../../markets/book/bookEvent.ts';
import { chainBookEvent } from '../../markets/book/bookEvent.ts';
import type { BookImage, ImageOrder } from '../../markets/book/bookImage.ts';
import { bookImageRoot } from '../../markets/book/bookImage.ts';
import { bookParameterHash } from '../../markets/book/bookMarketParameters.ts';
import { LOTS_MAX } from '../../markets/book/bookTerms.ts';
import type { BookOrder } from '../../orders/bookOrder.ts';
import type { BookTransition } from '../../transition.ts';
import { readBookLog } from './bookReading.ts';
import { judgeBookEpoch } from './judgeBookEpoch.ts';

/** Opens on a bid, a pair of a resting and a waiting bid, and an ask; then one more bid. */
function secondEpoch(): BookTransition {
  const { bench, people } = fundedBook();
  const [alice, bob] = [at(people, 0), at(people, 1)];
  bench.place(alice, { priceTicks: 90, sizeLots: 4 });
  bench.place(alice, { priceTicks: 80, sizeLots: 2 });
  const stop = { trigger: 'stop' as const, triggerTicks: 200, ocoWith: 2 };
  bench.place(alice, { priceTicks: 81, ...stop });
  bench.place(bob, { side: 'sell', priceTicks: 120, sizeLots: 3 });
  bench.sealBook();
  bench.place(bob, { priceTicks: 70, sizeLots: 5 });
  const { epoch, events } = bench.sealBook();
  return { ...epoch, kind: 'book', domain: bench.signing.domain, events };
}

const EPOCH = secondEpoch();

function readOn(opening: BookImage): string | undefined {
  const broken = readBookLog({ ...EPOCH, opening }).broken?.violated;
  if (broken !== undefined) assertBookEvidence(EPOCH, broken);
  return broken?.rule;
}

function readWith(change: Partial<ImageOrder>, k = 0): string | undefined {
  const { opening } = EPOCH;
  const orders = opening.orders.map((order, place) => {
    return place === k ? { ...order, ...change } : order;
  });
  return readOn({ ...opening, orders });
}

test('an opening with pairs and orders that wait is read', () => {
  assert.equal(readOn(EPOCH.opening), undefined);
  assert.equal(EPOCH.opening.orders.length, 4);
});

const FLAWS: readonly (readonly [string, Partial<ImageOrder>])[] = [
  ['no id', { orderId: 0 }],
  ['an id that was not given out yet', { orderId: 99 }],
  ['the id of another order', { orderId: 2 }],
  ['an owner that is none', { account: 2 }],
  ['no price', { priceTicks: 0 }],
  ['nothing left of it', { leavesLots: 0, shownLots: 0 }],
  [
    'nothing left of it while it waits',
    { leavesLots: 0, shownLots: 0, isWaiting: true, trigger: 'stop' },
  ],
  ['a larger sum of trades than lots and ticks give', { filledNotional: 2n ** 63n + 1n }],
  ['more lots than an order can have', { filledLots: LOTS_MAX }],
  ['a negative sum of trades', { filledNotional: -1n }],
  ['more shown than is left', { shownLots: 5 }],
  ['nothing shown while it rests', { shownLots: 0 }],
  ['a wait for nothing', { isWaiting: true, shownLots: 0, trigger: 'none' }],
  ['a partner that knows nothing of it', { partner: 2 }],
  ['a partner that is not there', { partner: 77 }],
];

for (const [what, change] of FLAWS) {
  test(`an order with ${what} is no part of an opening`, () => {
    assert.equal(readWith(change), 'an epoch opens on a book');
  });
}

test('owners stand in an opening once, and deadlines are of owners', () => {
  const { opening } = EPOCH;
  const owners = opening.owners.map(() => at(opening.owners, 0));
  assert.equal(readOn({ ...opening, owners }), 'an epoch opens on a book');
  const stray = { account: opening.owners.length, deadline: 1 };
  assert.equal(readOn({ ...opening, deadlines: [stray] }), 'an epoch opens on a book');
});

/** The epoch with other terms in its last order, everything that hashes bind computed anew. */
function withLast(
  edit: Partial<BookOrder>,
  lots: number,
  parameters: BookTransition['parameters'] = EPOCH.parameters,
): BookTransition {
  const event = at(EPOCH.events, 0);
  assert.ok(event.input.kind === 'submitBookOrder');
  const { terms, authorisation } = event.input.entry;
  const entry = { terms: { ...terms, ...edit }, authorisation };
  const reports = event.reports.map((report) => {
    return report.kind === 'marketState' ? report : { ...report, lots, leavesLots: lots };
  });
  const input: BookEvent['input'] = { kind: 'submitBookOrder', entry };
  const events: BookEvent[] = [{ ...event, input, reports, available: 2n ** 50n }];
  const logRoot = events.reduce(chainBookEvent, ZERO_HASH);
  const epoch = { ...EPOCH, events, logRoot, parameters };
  const claim = { ...epoch, parameterHash: bookParameterHash(parameters) };
  return { ...epoch, epochHash: chainBookEpoch(claim) };
}

/** Laws that object, the binding of the closing book aside: it was not drawn anew. */
function objecting(transition: BookTransition): string[] {
  const { verdicts } = judgeBookEpoch(transition, { authority: 'admitted' });
  const names = verdicts.filter(({ verdict }) => verdict.kind === 'violated').map(({ id }) => id);
  return names.filter((id) => id !== 'B0');
}

test('a size is within the market, to the lot', () => {
  const { sizeLotsMax } = EPOCH.parameters;
  assert.deepEqual(objecting(withLast({}, 5)), []);
  assert.deepEqual(objecting(withLast({ sizeLots: sizeLotsMax }, sizeLotsMax)), []);
  const beyond = sizeLotsMax + 1;
  const large = withLast({ sizeLots: beyond }, beyond);
  assert.ok(objecting(large).includes('B7'));
  // The command as a whole is meant, none of its reports.
  const { eventNumber } = at(large.events, 0);
  const place = { kind: 'event', eventNumber, report: -1, orderId: 0 };
  assert.deepEqual(readBookLog(large).broken?.violated.locus, place);
});

test('a price is within the market, to the tick', () => {
  const rules = (priceTicksMax: number): BookTransition['parameters'] => {
    return { ...EPOCH.parameters, priceTicksMax };
  };
  assert.deepEqual(objecting(withLast({}, 5, rules(70))), []);
  assert.ok(objecting(withLast({}, 5, rules(69))).includes('B7'));
});

test('a nonce is less than a window below the highest that its owner used', () => {
  const owner = at(EPOCH.opening.owners, 1);
  const nonces = { highest: 1_000n, used: 1n };
  const owners = [at(EPOCH.opening.owners, 0), { ...owner, nonces }];
  const opening = { ...EPOCH.opening, owners };
  const placed = (orderNonce: bigint): string[] => {
    return objecting({ ...withLast({ orderNonce }, 5), opening });
  };
  assert.ok(placed(744n).includes('B8'));
  assert.ok(!placed(745n).includes('B8'));
  assert.ok(placed(1_000n).includes('B8'));
});

test('a nonce is a natural number of 63 bits that was not used', () => {
  for (const orderNonce of [0n, 2n ** 63n]) {
    assert.ok(objecting(withLast({ orderNonce }, 5)).includes('B8'), String(orderNonce));
  }
  assert.ok(!objecting(withLast({ orderNonce: 2n ** 63n - 1n }, 5)).includes('B8'));
  assert.equal(EPOCH.openingRoot, bookImageRoot(EPOCH.opening));
});
