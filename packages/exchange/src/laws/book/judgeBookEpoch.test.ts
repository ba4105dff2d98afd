// Goal: every law of a book epoch refuses the corruption it is there for, by its own name.
// Method: one small lawful epoch with known orders; one thing is changed and every hash that binds
// it recomputed, as a forger would, so that only the law itself can object.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertBookEvidence } from '../../../../../testing/checkers/lawEvidence.ts';
import { BOOK_PARAMETERS, fundedBook } from '../../../../../testing/exchange/bookBench.ts';
import { ZERO_HASH } from '../../codec/hash.ts';
import type { StateDiffList } from '../../diffs/stateDiff.ts';
import { diffRoot } from '../../diffs/stateDiff.ts';
import { at } from '../../failures/invariant.ts';
import { chainBookEpoch } from '../../markets/book/bookEpoch.ts';
import type { BookEvent } from '../../markets/book/bookEvent.ts';
import { chainBookEvent } from '../../markets/book/bookEvent.ts';
import { bookImageRoot } from '../../markets/book/bookImage.ts';
import { bookParameterHash } from '../../markets/book/bookMarketParameters.ts';
import type { BookReport, OrderReport } from '../../markets/book/bookReport.ts';
import type { BookOrder } from '../../orders/bookOrder.ts';
import { recoverSigner } from '../../orders/signature.ts';
import type { BookTransition } from '../../transition.ts';
import { BOOK_LAW_IDS } from './bookVerdict.ts';
import { BOOK_LAWS, judgeBookEpoch } from './judgeBookEpoch.ts';

const AUTHORITY = { authority: 'recover' as const, recover: recoverSigner };

/**
 * Events: 0 and 1, bob and carol sell at 100; 2, bob sells at 101; 3, alice buys all of 100 and
 * half of 101; 4, carol sells to nobody and does not rest; 5, alice bids below; 6, a tick.
 */
function lawfulEpoch(): BookTransition {
  const { bench, people } = fundedBook({ breakerBandPpm: 500_000, breakerWindowMs: 1_000 }, [
    'alice',
    'bob',
    'carol',
  ]);
  const [alice, bob, carol] = [at(people, 0), at(people, 1), at(people, 2)];
  bench.place(bob, { side: 'sell', sizeLots: 10 });
  bench.place(carol, { side: 'sell', sizeLots: 10 });
  bench.place(bob, { side: 'sell', sizeLots: 10, priceTicks: 101 });
  bench.place(alice, { sizeLots: 25, priceTicks: 102 });
  bench.place(carol, { side: 'sell', sizeLots: 5, timeInForce: 'ioc', priceTicks: 99 });
  bench.place(alice, { sizeLots: 7, priceTicks: 90 });
  bench.tick();
  const { epoch, events } = bench.sealBook();
  assert.equal(events.length, 7);
  return { ...epoch, kind: 'book', domain: bench.signing.domain, events };
}

/** Recomputes everything that hashes bind. */
function rebound(transition: BookTransition): BookTransition {
  const { events, parameters, opening, diffs } = transition;
  const logRoot = events.reduce(chainBookEvent, ZERO_HASH);
  const roots = {
    eventCount: events.length,
    openingRoot: bookImageRoot(opening),
    logRoot,
    diffRoot: diffRoot(diffs),
  };
  const claim = { ...transition, ...roots, parameterHash: bookParameterHash(parameters) };
  return { ...transition, ...roots, epochHash: chainBookEpoch(claim) };
}

function withEvent(
  transition: BookTransition,
  index: number,
  edit: (event: BookEvent) => BookEvent,
): BookTransition {
  const events = transition.events.map((event, k) => (k === index ? edit(event) : event));
  return rebound({ ...transition, events });
}

function withReports(
  transition: BookTransition,
  index: number,
  edit: (reports: readonly BookReport[]) => readonly BookReport[],
): BookTransition {
  return withEvent(transition, index, (event) => ({ ...event, reports: edit(event.reports) }));
}

function editTrade(edit: (trade: OrderReport) => Partial<OrderReport>) {
  return (reports: readonly BookReport[]): readonly BookReport[] => {
    const first = reports.findIndex(({ kind }) => kind === 'trade');
    return reports.map((report, k) => {
      return k === first ? { ...report, ...edit(report as OrderReport) } : report;
    }) as BookReport[];
  };
}

function withTerms(
  transition: BookTransition,
  index: number,
  edit: (order: BookOrder) => Partial<BookOrder>,
): BookTransition {
  return withEvent(transition, index, (event) => {
    assert.ok(event.input.kind === 'submitBookOrder');
    const { terms, authorisation } = event.input.entry;
    const entry = { terms: { ...terms, ...edit(terms) }, authorisation };
    return { ...event, input: { kind: 'submitBookOrder', entry } };
  });
}

function withDiffs(
  transition: BookTransition,
  edit: (changes: BigInt64Array) => void,
): BookTransition {
  const changes = transition.diffs.changes.slice();
  edit(changes);
  return rebound({ ...transition, diffs: { ...transition.diffs, changes } as StateDiffList });
}

function broken(transition: BookTransition): string[] {
  const { verdicts, holds } = judgeBookEpoch(transition, AUTHORITY);
  const names = verdicts.flatMap(({ id, verdict }) => {
    if (verdict.kind === 'holds') return [];
    assertBookEvidence(transition, verdict);
    return [id];
  });
  assert.equal(holds, names.length === 0);
  return names;
}

const EPOCH = lawfulEpoch();

/** Corruptions by the law that must object; B10 objects to logs that cannot be followed as well. */
const CORRUPTIONS: readonly (readonly [string, string, BookTransition])[] = [
  ['B0', 'an event left out', { ...EPOCH, events: EPOCH.events.slice(1) }],
  [
    'B0',
    'an event dropped and the rest bound anew',
    rebound({
      ...EPOCH,
      events: EPOCH.events.slice(0, 6),
    }),
  ],
  ['B0', 'another epoch hash', { ...EPOCH, epochHash: ZERO_HASH }],
  ['B0', 'other rules', { ...EPOCH, parameters: { ...EPOCH.parameters, takerFeePpm: 501 } }],
  ['B0', 'a time that runs back', withEvent(EPOCH, 3, (event) => ({ ...event, timeMs: 1 }))],
  [
    'B0',
    'another book before',
    rebound({
      ...EPOCH,
      opening: { ...EPOCH.opening, oraclePrice: 100 },
    }),
  ],
  [
    'B1',
    'the younger order served first',
    withReports(EPOCH, 3, (reports) => {
      const [placed, first, second, ...rest] = reports;
      return [placed, second, first, ...rest] as BookReport[];
    }),
  ],
  [
    'B2',
    'a trade one tick below the resting price',
    withReports(
      EPOCH,
      3,
      editTrade(({ priceTicks }) => ({ priceTicks: priceTicks - 1 })),
    ),
  ],
  [
    'B3',
    'an order that rests while it could trade',
    withReports(EPOCH, 3, (reports) => {
      return reports.slice(0, 2);
    }),
  ],
  [
    'B4',
    'an opening that is crossed',
    rebound({
      ...EPOCH,
      opening: crossedOpening(),
      events: [{ ...at(EPOCH.events, 6), eventNumber: 1 }],
    }),
  ],
  [
    'B5',
    'a trade beyond the limit',
    withReports(
      EPOCH,
      3,
      editTrade(() => ({ priceTicks: 103 })),
    ),
  ],
  [
    'B6',
    'one lot more from one order',
    withReports(
      EPOCH,
      3,
      editTrade(({ lots }) => ({ lots: lots + 1 })),
    ),
  ],
  [
    'B6',
    'a unit made',
    withDiffs(EPOCH, (changes) => {
      changes[0] = (changes[0] as bigint) + 1n;
    }),
  ],
  ['B7', 'an ioc order that rests', withReports(EPOCH, 4, (reports) => reports.slice(0, 1))],
  ['B7', 'a size beyond the market', withTerms(EPOCH, 0, () => ({ sizeLots: 1_000_001 }))],
  ['B7', 'an execution report that is not answered to its order', withReports(EPOCH, 5, () => [])],
  [
    'B8',
    'an order that its owner did not sign',
    withTerms(EPOCH, 5, () => ({
      expiresAtMs: BOOK_PARAMETERS.breakerWindowMs + 2_000_000,
    })),
  ],
  [
    'B8',
    'a nonce that was used',
    withTerms(EPOCH, 2, () => ({
      orderNonce: submitted(0).orderNonce,
    })),
  ],
  [
    'B8',
    'an order sequenced after it expired',
    rebound({
      ...EPOCH,
      events: EPOCH.events.map((event) => ({ ...event, timeMs: event.timeMs + 60_000 })),
    }),
  ],
  [
    'B9',
    'an order that was not covered',
    withEvent(EPOCH, 5, (event) => ({
      ...event,
      available: 6_303n,
    })),
  ],
  [
    'B10',
    'a diff on a stranger',
    rebound({
      ...EPOCH,
      diffs: { ...EPOCH.diffs, accounts: ['0x1', ...EPOCH.diffs.accounts.slice(1)].map(padded) },
    }),
  ],
  [
    'B10',
    'units moved from one vault to another',
    withDiffs(EPOCH, (changes) => {
      changes[0] = (changes[0] as bigint) + 1n;
      changes[2] = (changes[2] as bigint) - 1n;
    }),
  ],
];

function submitted(index: number): BookOrder {
  const { input } = at(EPOCH.events, index);
  assert.ok(input.kind === 'submitBookOrder');
  return input.entry.terms;
}

function padded(account: string): StateDiffList['accounts'][number] {
  return `0x${account.slice(2).padStart(40, '0')}` as StateDiffList['accounts'][number];
}

/** A book in which a bid stands above an ask. */
function crossedOpening(): BookTransition['opening'] {
  const { bench, people } = fundedBook({}, ['alice', 'bob']);
  bench.place(at(people, 0), { priceTicks: 99 });
  bench.place(at(people, 1), { side: 'sell', priceTicks: 101 });
  const image = bench.book().image();
  const orders = image.orders.map((order) => {
    return order.side === 'buy' ? { ...order, priceTicks: 102 } : order;
  });
  return { ...image, now: 0, orders };
}

test('a lawful epoch keeps every law', () => {
  assert.deepEqual(broken(EPOCH), []);
  assert.deepEqual(broken(rebound(EPOCH)), [], 'binding anew changes nothing');
  assert.deepEqual(
    BOOK_LAWS.map(({ id }) => id),
    BOOK_LAW_IDS,
  );
});

for (const [law, what, corrupted] of CORRUPTIONS) {
  test(`${law} refuses ${what}`, () => {
    const names = broken(corrupted);
    assert.ok(names.includes(law), `it is ${names.join(', ')} that object`);
  });
}

test('a market without fees owes the fee vault no diff', () => {
  const { bench, people } = fundedBook({ makerFeePpm: 0, takerFeePpm: 0 });
  bench.place(at(people, 0), { sizeLots: 3 });
  bench.place(at(people, 1), { side: 'sell', sizeLots: 2 });
  const { epoch, events } = bench.sealBook();
  assert.equal(epoch.diffs.accounts.length, 2);
  assert.deepEqual(broken({ ...epoch, kind: 'book', domain: bench.signing.domain, events }), []);
});

test('whoever cannot follow the log vouches for no diff, not even for none', () => {
  const { diffs } = EPOCH;
  const none = {
    ...diffs,
    accounts: [],
    changes: new BigInt64Array(0),
    orderNonces: new BigUint64Array(0),
  };
  const events = [{ ...at(EPOCH.events, 6), eventNumber: 1 }];
  const crossed = { ...EPOCH, opening: crossedOpening(), events, diffs: none as StateDiffList };
  assert.deepEqual(broken(rebound(crossed)), ['B4', 'B10']);
});

test('every law has a corruption that it refuses', () => {
  const refusing = new Set(CORRUPTIONS.map(([law]) => law));
  assert.deepEqual([...refusing].sort(), [...BOOK_LAW_IDS].sort());
});

test('the epoch binds each of its parts by name', () => {
  const parts = {
    marketId: 8,
    eventCount: 6,
    openingRoot: ZERO_HASH,
    logRoot: ZERO_HASH,
    diffRoot: ZERO_HASH,
    closingRoot: ZERO_HASH,
  };
  for (const [field, forged] of Object.entries(parts)) {
    const claim = { ...EPOCH, [field]: forged };
    const parameterHash = bookParameterHash(EPOCH.parameters);
    const epochHash = chainBookEpoch({ ...claim, parameterHash });
    const { verdicts } = judgeBookEpoch({ ...claim, epochHash }, AUTHORITY);
    const { verdict } = at(verdicts, 0);
    assert.equal(verdict.kind, 'violated', field);
    const where = verdict.locus.kind === 'epoch' ? verdict.locus.field : verdict.locus.kind;
    // Events of another market are told one by one.
    assert.equal(where, field === 'marketId' ? 'event' : field);
  }
});

test('whoever trusts admission needs no signature and still finds a missing session', () => {
  const admitted = { authority: 'admitted' as const };
  const unsigned = withEvent(EPOCH, 5, (event) => {
    assert.ok(event.input.kind === 'submitBookOrder');
    const { terms } = event.input.entry;
    const entry = { terms, authorisation: new Uint8Array(65) };
    return { ...event, input: { kind: 'submitBookOrder', entry } };
  });
  assert.ok(judgeBookEpoch(EPOCH, admitted).holds);
  const { verdicts } = judgeBookEpoch(unsigned, admitted);
  const found = verdicts.filter(({ verdict }) => verdict.kind === 'violated');
  assert.deepEqual(
    found.map(({ name }) => name),
    ['bookSpendsAreAuthorised'],
  );
});
