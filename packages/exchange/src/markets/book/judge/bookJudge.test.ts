// Goal: the judge objects to every corrupted log, so that its silence counts.
// Method: lawful logs of the naive book, judged as they are; then one report at a time is changed,
// dropped, doubled or moved, and the judge must object in the same step. Books with planted faults
// of order handling are stood for by the logs they would write.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NaiveBook } from '../../../../../../testing/reference/naiveBook.ts';
import type { FlowName } from '../../../../../../testing/world/bookFlows.ts';
import { BookFlow, FLOW_SHAPES, TIGHT_BOOK } from '../../../../../../testing/world/bookFlows.ts';
import { SeededRandom } from '../../../../../../testing/world/seededRandom.ts';
import { at } from '../../../failures/invariant.ts';
import type { BookCommand, PlaceOrder } from '../bookCommand.ts';
import { limitOrder } from '../bookCommand.ts';
import type { BookReport, OrderReport } from '../bookReport.ts';
import { BookJudge } from './bookJudge.ts';
import type { BookStep } from './bookLog.ts';

function lawfulLog(seed: number, shape: FlowName, length: number): BookStep[] {
  const flow = new BookFlow(new SeededRandom(seed), FLOW_SHAPES[shape]);
  const naive = new NaiveBook(TIGHT_BOOK);
  const steps: BookStep[] = [];
  for (let k = 0; k < length; k += 1) {
    const command = flow.next();
    const reports = naive.apply(command);
    flow.observe(reports);
    steps.push({ command, reports });
  }
  return steps;
}

/** Index of the step to which the judge objects, -1 if it does not. */
function objection(steps: readonly BookStep[]): number {
  const judge = new BookJudge(TIGHT_BOOK);
  return steps.findIndex((step) => judge.judge(step) !== undefined);
}

type Corruption = (reports: readonly BookReport[], index: number) => BookReport[];

function change(edit: (report: OrderReport) => Partial<OrderReport>): Corruption {
  return (reports, index) =>
    reports.map((report, k) =>
      k === index ? { ...report, ...edit(report as OrderReport) } : report,
    ) as BookReport[];
}

const CORRUPTIONS: Readonly<Record<string, Corruption>> = {
  'a price one tick up': change(({ priceTicks }) => ({ priceTicks: priceTicks + 1 })),
  'a price one tick down': change(({ priceTicks }) => ({ priceTicks: priceTicks - 1 })),
  'one lot more': change(({ lots }) => ({ lots: lots + 1 })),
  'one lot less': change(({ lots }) => ({ lots: lots - 1 })),
  'one lot more left': change(({ leavesLots }) => ({ leavesLots: leavesLots + 1 })),
  'another order': change(({ orderId }) => ({ orderId: orderId - 1 })),
  'a dropped report': (reports, index) => reports.filter((_, k) => k !== index),
  'a doubled report': (reports, index) => reports.flatMap((r, k) => (k === index ? [r, r] : [r])),
};

for (const [name, corrupt] of Object.entries(CORRUPTIONS)) {
  test(`objects to ${name} in any kind of report`, () => {
    const steps = lawfulLog(3, 'special', 500);
    assert.equal(objection(steps), -1);
    const tried = new Map<string, number>();
    for (const [step, { command, reports }] of steps.entries()) {
      for (const [index, { kind }] of reports.entries()) {
        // Refusals carry no order; a state's fields are not those changed here.
        if (kind === 'rejected' || kind === 'marketState') continue;
        if (name.includes('price') && (kind === 'triggered' || kind === 'refreshed')) continue;
        if ((tried.get(kind) ?? 0) >= 6) continue;
        tried.set(kind, (tried.get(kind) ?? 0) + 1);
        const corrupted = [...steps];
        corrupted[step] = { command, reports: corrupt(reports, index) };
        const found = objection(corrupted);
        assert.equal(found, step, `step ${step}, report ${index}: ${JSON.stringify(reports)}`);
      }
    }
    assert.ok(tried.size >= 7, `reports of ${tried.size} kinds were corrupted`);
  });
}

test('objects to trades in another order than price and time give', () => {
  const steps = lawfulLog(4, 'calm', 1_000);
  let tried = 0;
  for (const [step, { command, reports }] of steps.entries()) {
    const first = reports.findIndex(
      ({ kind }, k) => kind === 'trade' && reports[k + 1]?.kind === 'trade',
    );
    if (first < 0 || tried >= 20) continue;
    tried += 1;
    const moved = [...reports];
    [moved[first], moved[first + 1]] = [at(reports, first + 1), at(reports, first)];
    const corrupted = [...steps];
    corrupted[step] = { command, reports: moved };
    assert.equal(objection(corrupted), step);
  }
  assert.ok(tried > 5);
});

test('objects to an order that rests while it could trade', () => {
  const steps = lawfulLog(5, 'calm', 1_000);
  const step = steps.findIndex(
    ({ command, reports }) =>
      command.kind === 'place' && command.timeInForce === 'gtc' && reports.at(-1)?.kind === 'trade',
  );
  const { command, reports } = at(steps, step);
  const corrupted = [...steps];
  corrupted[step] = { command, reports: reports.slice(0, 1) };
  assert.equal(objection(corrupted), step);
});

test('a market halts only before a trade that its breaker forbids', () => {
  const rules = { ...TIGHT_BOOK, notionalMin: 1, breakerBandPpm: 50_000 };
  const sale = { account: 2, side: 'sell' as const, sizeLots: 2 };
  const before: readonly BookCommand[] = [
    limitOrder({ ...sale, orderId: 1, priceTicks: 100 }),
    limitOrder({ ...sale, orderId: 2, priceTicks: 106 }),
    limitOrder({ account: 1, side: 'buy', orderId: 3, priceTicks: 100, sizeLots: 1 }),
  ];
  /** Whether the judge takes it that so many lots bought by these terms halted the market. */
  const mayHalt = (sizeLots: number, terms: Partial<PlaceOrder>): boolean => {
    const naive = new NaiveBook(rules);
    const steps: BookStep[] = before.map((one) => ({ command: one, reports: naive.apply(one) }));
    const plain = { account: 1, side: 'buy' as const, orderId: 4, priceTicks: 200, sizeLots };
    const command = { ...limitOrder(plain), ...terms };
    // What an order told to cancel what is left would report, whatever its terms are.
    const reports = naive.apply({ ...command, timeInForce: 'ioc', postOnly: false });
    const isHalted = reports.some(({ kind }) => kind === 'marketState');
    const halt: BookReport = { kind: 'marketState', reason: 'breaker', state: 'halted' };
    const judge = new BookJudge(rules);
    steps.push({ command, reports: isHalted ? reports : [...reports, halt] });
    return steps.every((step) => judge.judge(step) === undefined);
  };
  assert.equal(mayHalt(2, {}), true, 'the second lot would trade at 106');
  assert.equal(mayHalt(1, {}), false, 'it is filled before');
  assert.equal(mayHalt(2, { timeInForce: 'fok' }), false, 'all or nothing is nothing');
  assert.equal(mayHalt(2, { priceTicks: 105 }), false, 'it does not reach 106');
  assert.equal(mayHalt(2, { postOnly: true }), false, 'it would not have taken');
});

test('a cancel of all and a missing heartbeat end orders by number and say why', () => {
  const place = (orderId: number, account: number, priceTicks: number): BookCommand =>
    limitOrder({ orderId, account, priceTicks, side: 'buy', sizeLots: 1 });
  const before: readonly BookCommand[] = [
    place(1, 1, 90),
    place(2, 2, 95),
    place(3, 1, 80),
    place(4, 2, 85),
    { kind: 'heartbeat', account: 1, deadline: 20 },
    { kind: 'heartbeat', account: 2, deadline: 10 },
  ];
  const rules = { ...TIGHT_BOOK, notionalMin: 1 };
  const takes = (command: BookCommand, edit: (reports: OrderReport[]) => BookReport[]): boolean => {
    const naive = new NaiveBook(rules);
    const judge = new BookJudge(rules);
    for (const one of before) judge.judge({ command: one, reports: naive.apply(one) });
    const reports = edit(naive.apply(command) as OrderReport[]);
    return judge.judge({ command, reports }) === undefined;
  };
  const commands: readonly BookCommand[] = [
    { kind: 'cancelAll', account: 1 },
    { kind: 'advanceTime', now: 10 },
    { kind: 'advanceTime', now: 20 },
  ];
  for (const command of commands) {
    assert.ok(takes(command, (reports) => reports));
    assert.ok(!takes(command, (reports) => [...reports].reverse()));
    assert.ok(!takes(command, (reports) => reports.slice(1)));
    for (const reason of ['cancelAll', 'deadMan', 'owner', 'none'] as const) {
      const isIt = reason === (command.kind === 'cancelAll' ? 'cancelAll' : 'deadMan');
      const told = takes(command, (reports) => reports.map((one) => ({ ...one, reason })));
      assert.equal(told, isIt, `${command.kind}: ${reason}`);
    }
    assert.ok(!takes(command, (reports) => [...reports, at(reports, 0)]));
  }
});

test('where own orders meet, the arriving order decides which of them gives way', () => {
  const policies = ['cancelResting', 'cancelArriving', 'decrement'] as const;
  const rules = { ...TIGHT_BOOK, notionalMin: 1 };
  const sale = limitOrder({ orderId: 1, account: 1, side: 'sell', priceTicks: 100, sizeLots: 5 });
  const meeting = (selfTradePolicy: PlaceOrder['selfTradePolicy']): PlaceOrder => {
    const plain = { orderId: 2, account: 1, side: 'buy' as const, priceTicks: 100, sizeLots: 7 };
    return { ...limitOrder(plain), selfTradePolicy };
  };
  for (const asked of policies) {
    for (const done of policies) {
      const naive = new NaiveBook(rules);
      const judge = new BookJudge(rules);
      judge.judge({ command: sale, reports: naive.apply(sale) });
      const step = { command: meeting(asked), reports: naive.apply(meeting(done)) };
      assert.equal(judge.judge(step) === undefined, asked === done, `${asked}, told ${done}`);
    }
  }
});
