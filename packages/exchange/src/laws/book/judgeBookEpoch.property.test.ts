// Goal: every epoch that a book really ran is lawful, straight from the market and read back from
// its bundle; a bundle has one encoding; and no report of it can be forged.
// Method: seeded scripts over all inputs, sealed every so often; every epoch judged by all laws,
// the openings chained to the closings before; one script with real signatures, recovered; then
// single reports changed at random, with all hashes bound anew.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fundedBook } from '../../../../../testing/exchange/bookBench.ts';
import { BookScript } from '../../../../../testing/world/bookScript.ts';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { decodeBookBundle, encodeBookBundle, isBookBundle } from '../../bookBundle.ts';
import { ZERO_HASH } from '../../codec/hash.ts';
import { at } from '../../failures/invariant.ts';
import { chainBookEpoch } from '../../markets/book/bookEpoch.ts';
import { chainBookEvent } from '../../markets/book/bookEvent.ts';
import { bookParameterHash } from '../../markets/book/bookMarketParameters.ts';
import type { BookReport, OrderReport } from '../../markets/book/bookReport.ts';
import { recoverSigner } from '../../orders/signature.ts';
import type { BookTransition } from '../../transition.ts';
import type { Authority } from '../law.ts';
import { judgeBookEpoch } from './judgeBookEpoch.ts';

interface Script {
  readonly seed: number;
  readonly steps: number;
  readonly changes: object;
  readonly authority: Authority;
}

function judgeScript({ seed, steps, changes, authority }: Script): void {
  const { bench, people } = fundedBook(changes, ['alice', 'bob', 'carol', 'dave']);
  bench.signs = authority.authority === 'recover';
  const script = new BookScript(bench, people, new SeededRandom(seed));
  let parent: Pick<BookTransition, 'epochHash' | 'closingRoot'> | undefined;
  for (let step = 1; step <= steps; step += 1) {
    bench.run(script.next());
    if (step % Math.ceil(steps / 4) !== 0) continue;
    const { epoch, events } = bench.sealBook();
    const { domain } = bench.signing;
    const transition: BookTransition = { ...epoch, kind: 'book', domain, events };
    assert.equal(transition.parentEpochHash, parent?.epochHash ?? ZERO_HASH);
    if (parent !== undefined) assert.equal(transition.openingRoot, parent.closingRoot);
    assertLawful(transition, authority, `seed ${seed}, step ${step}`);
    const bytes = encodeBookBundle(transition);
    assert.ok(isBookBundle(bytes));
    const read = decodeBookBundle(bytes);
    assert.deepEqual(encodeBookBundle(read), bytes);
    assertLawful(read, authority, `seed ${seed}, step ${step}, read back`);
    parent = epoch;
  }
}

function assertLawful(transition: BookTransition, authority: Authority, where: string): void {
  const { verdicts, holds } = judgeBookEpoch(transition, authority);
  const broken = verdicts.filter(({ verdict }) => verdict.kind === 'violated');
  assert.deepEqual(broken, [], where);
  assert.ok(holds);
}

const CORRUPTIONS: readonly ((report: OrderReport) => readonly OrderReport[])[] = [
  (report) => [{ ...report, lots: report.lots + 1 }],
  (report) => [{ ...report, lots: report.lots - 1 }],
  (report) => [{ ...report, leavesLots: report.leavesLots + 1 }],
  (report) => [{ ...report, orderId: report.orderId - 1 }],
  (report) => [report, report],
  () => [],
];

/** Changes, doubles or drops one report and binds the log anew, as a forger would. */
function corrupted(transition: BookTransition, random: SeededRandom): BookTransition | undefined {
  const index = random.integer(0, transition.events.length - 1);
  const event = at(transition.events, index);
  const place = random.integer(0, event.reports.length - 1);
  const report = event.reports[place];
  if (report === undefined || !('orderId' in report) || report.kind === 'rejected')
    return undefined;
  const corrupt = at(CORRUPTIONS, random.integer(0, CORRUPTIONS.length - 1));
  const reports = event.reports.flatMap((one): readonly BookReport[] => {
    return one === report ? corrupt(report) : [one];
  });
  const events = transition.events.map((one, k) => (k === index ? { ...one, reports } : one));
  const logRoot = events.reduce(chainBookEvent, ZERO_HASH);
  const parameterHash = bookParameterHash(transition.parameters);
  const epochHash = chainBookEpoch({ ...transition, logRoot, parameterHash });
  return { ...transition, events, logRoot, epochHash };
}

test('no report of an epoch can be changed, doubled or dropped', () => {
  const { bench, people } = fundedBook({}, ['alice', 'bob', 'carol', 'dave']);
  bench.signs = false;
  const random = new SeededRandom(31);
  const script = new BookScript(bench, people, random);
  for (let step = 0; step < 300; step += 1) bench.run(script.next());
  const { epoch, events } = bench.sealBook();
  const transition = { ...epoch, kind: 'book' as const, domain: bench.signing.domain, events };
  let tried = 0;
  while (tried < 150) {
    const forged = corrupted(transition, random);
    if (forged === undefined) continue;
    tried += 1;
    assert.ok(!judgeBookEpoch(forged, { authority: 'admitted' }).holds);
  }
});

const MARKETS = {
  plain: {},
  banded: { breakerBandPpm: 8_000, breakerWindowMs: 200, ordersMax: 40 },
  dear: { makerFeePpm: 3_333, takerFeePpm: 99_999 },
} as const;

for (const [name, changes] of Object.entries(MARKETS)) {
  test(`every epoch of a ${name} book is lawful`, () => {
    const authority = { authority: 'admitted' as const };
    for (let seed = 11; seed <= 15; seed += 1) {
      judgeScript({ seed, steps: 480, changes, authority });
    }
  });
}

test('an epoch with real signatures is lawful for whoever recovers the signers', () => {
  const authority = { authority: 'recover' as const, recover: recoverSigner };
  judgeScript({ seed: 21, steps: 80, changes: {}, authority });
});
