// Goal: a log that passes the judge is the one that a book writes: of all answers to a command it
// takes one, and where a command was another than the log says, it objects at the first report that
// tells the difference.
// Method: lawful logs of the naive book. First one report of them is changed, moved, doubled, left
// out or made up at random. Then one command is another, one term changed at random; the naive book
// plays both, and where their answers part, the judge must object to either log with the other's
// answer. Refusals are not its business: a log is followed only as long as both are accepted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NaiveBook } from '../../../../../../testing/reference/naiveBook.ts';
import type { FlowShape } from '../../../../../../testing/world/bookFlows.ts';
import { BookFlow, FLOW_SHAPES, TIGHT_BOOK } from '../../../../../../testing/world/bookFlows.ts';
import { SeededRandom } from '../../../../../../testing/world/seededRandom.ts';
import { at } from '../../../failures/invariant.ts';
import type { BookCommand, PlaceOrder } from '../bookCommand.ts';
import type { BookReport, OrderReport } from '../bookReport.ts';
import { REASON } from '../bookReport.ts';
import type { BookParameters } from '../bookTerms.ts';
import { BookJudge } from './bookJudge.ts';
import type { BookStep, LoggedOrder } from './bookLog.ts';

interface World {
  readonly parameters: BookParameters;
  readonly shape: FlowShape;
}

const LENGTH = 140;
const WORLDS: Readonly<Record<string, World>> = {
  special: { parameters: TIGHT_BOOK, shape: FLOW_SHAPES.special },
  'self-trading': { parameters: TIGHT_BOOK, shape: { ...FLOW_SHAPES.selfTrading, accounts: 3 } },
  'narrowly banded': {
    parameters: { ...TIGHT_BOOK, breakerBandPpm: 60 },
    shape: { ...FLOW_SHAPES.special, accounts: 20, special: 0.3 },
  },
  'widely banded': {
    parameters: { ...TIGHT_BOOK, notionalMin: 1, breakerBandPpm: 400_000 },
    shape: { ...FLOW_SHAPES.calm, spread: 30, mid: 40, special: 0.3 },
  },
};

function commandsOf({ parameters, shape }: World, seed: number): BookCommand[] {
  const flow = new BookFlow(new SeededRandom(seed), shape);
  const naive = new NaiveBook(parameters);
  return Array.from({ length: LENGTH }, () => {
    const command = flow.next();
    flow.observe(naive.apply(command));
    return command;
  });
}

/** A command in which one thing is another, mostly one of which its own report says nothing. */
function varied(command: BookCommand, random: SeededRandom): BookCommand {
  const by = (most: number): number => (random.next() < 0.5 ? -1 : 1) * random.integer(1, most);
  switch (command.kind) {
    case 'place':
      return { ...command, ...variedTerms(command, random) };
    case 'cancel':
      return { ...command, kind: 'reduce', sizeLots: random.integer(1, 9) };
    case 'cancelAll':
      return { ...command, account: Math.max(0, command.account + by(1)) };
    case 'reduce':
      return { ...command, sizeLots: Math.max(1, command.sizeLots + by(9)) };
    case 'replace': {
      const sizeLots = Math.max(1, command.sizeLots + by(9));
      return random.next() < 0.5
        ? { ...command, sizeLots }
        : { ...command, priceTicks: Math.max(1, command.priceTicks + by(9)) };
    }
    case 'advanceTime':
      return { ...command, now: Math.max(0, command.now + by(12)) };
    case 'oraclePrice':
      return { ...command, priceTicks: Math.max(1, command.priceTicks + by(9)) };
    case 'marketState':
      return { ...command, state: command.state === 'open' ? 'halted' : 'open' };
    case 'heartbeat':
      return { ...command, deadline: Math.max(0, command.deadline + by(12)) };
  }
}

function variedTerms(order: PlaceOrder, random: SeededRandom): Partial<PlaceOrder> {
  const by = (most: number): number => (random.next() < 0.5 ? -1 : 1) * random.integer(1, most);
  const { priceTicks, sizeLots, trigger, timeInForce } = order;
  const isGtd = timeInForce === 'gtd';
  const changes: readonly Partial<PlaceOrder>[] = [
    { selfTradePolicy: order.selfTradePolicy === 'decrement' ? 'cancelResting' : 'decrement' },
    { selfTradePolicy: 'cancelArriving' },
    { displayLots: order.displayLots === 0 ? random.integer(1, sizeLots) : 0 },
    { postOnly: !order.postOnly },
    { timeInForce: timeInForce === 'ioc' ? 'fok' : 'ioc', expiresAt: 0 },
    { timeInForce: isGtd ? 'gtc' : timeInForce, expiresAt: isGtd ? 0 : order.expiresAt },
    isGtd ? { expiresAt: Math.max(1, order.expiresAt + by(20)) } : { ocoWith: 0 },
    trigger === 'none'
      ? { trigger: 'stop', triggerTicks: Math.max(1, priceTicks + by(5)) }
      : { triggerTicks: Math.max(1, order.triggerTicks + by(6)) },
    trigger === 'none'
      ? { trigger: 'takeProfit', triggerTicks: Math.max(1, priceTicks + by(5)) }
      : { trigger: trigger === 'stop' ? 'takeProfit' : 'stop' },
    trigger === 'none' ? { ocoWith: 0 } : { triggerSource: 'oracle' },
  ];
  return at(changes, random.integer(0, changes.length - 1));
}

function play({ parameters }: World, commands: readonly BookCommand[]): BookReport[][] {
  const naive = new NaiveBook(parameters);
  return commands.map((command) => naive.apply(command));
}

/** Where the judge objects to commands with these answers, -1 if it does not. */
function objection(
  { parameters }: World,
  commands: readonly BookCommand[],
  answers: readonly (readonly BookReport[])[],
): number {
  const judge = new BookJudge(parameters);
  const steps = answers.map((reports, k): BookStep => ({ command: at(commands, k), reports }));
  return steps.findIndex((step) => judge.judge(step) !== undefined);
}

function isRefused(reports: readonly BookReport[]): boolean {
  return reports[0]?.kind === 'rejected';
}

const REASONS = Object.keys(REASON) as (keyof typeof REASON)[];
const NUMBERS = ['orderId', 'contra', 'priceTicks', 'lots', 'leavesLots'] as const;

/** The reports of a step with one thing wrong, undefined where the draw changes nothing. */
function corrupted(
  reports: readonly BookReport[],
  open: readonly LoggedOrder[],
  random: SeededRandom,
): readonly BookReport[] | undefined {
  const pick = <T>(from: readonly T[]): T => at(from, random.integer(0, from.length - 1));
  const wrong = [...reports];
  const k = random.integer(0, Math.max(0, reports.length - 1));
  const report = reports[k];
  const reason = pick(REASONS);
  const how = random.integer(0, 6);
  if (how === 0) {
    const state = pick(['halted', 'open'] as const);
    const cause = pick(['breaker', 'operator'] as const);
    wrong.splice(random.integer(0, reports.length), 0, {
      kind: 'marketState',
      reason: cause,
      state,
    });
    return wrong;
  }
  if (how === 1) {
    if (open.length === 0) return undefined;
    const kind = pick(['canceled', 'expired', 'triggered', 'refreshed'] as const);
    wrong.splice(random.integer(0, reports.length), 0, madeUp(kind, pick(open), reason));
    return wrong;
  }
  if (report === undefined) return undefined;
  if (how === 2) wrong.splice(k, 1);
  else if (how === 3) wrong.splice(k, 0, report);
  else if (how === 4) {
    const other = random.integer(0, reports.length - 1);
    [wrong[k], wrong[other]] = [at(reports, other), report];
  } else if (report.kind === 'marketState' || report.kind === 'rejected') return undefined;
  else if (how === 5) wrong[k] = { ...report, reason };
  else {
    const field = pick([...NUMBERS, 'side'] as const);
    const side = report.side === 'buy' ? 'sell' : 'buy';
    const by = random.next() < 0.5 ? 1 : -1;
    wrong[k] = field === 'side' ? { ...report, side } : { ...report, [field]: report[field] + by };
  }
  return textOf(wrong) === textOf(reports) ? undefined : wrong;
}

/** A report that nothing has caused, sound in itself. */
function madeUp(
  kind: 'canceled' | 'expired' | 'triggered' | 'refreshed',
  { placed, price, leaves }: LoggedOrder,
  reason: keyof typeof REASON,
): OrderReport {
  const { orderId, side } = placed;
  const leavesLots = kind === 'canceled' || kind === 'expired' ? 0 : leaves;
  return { kind, reason, side, orderId, contra: 0, priceTicks: price, lots: leaves, leavesLots };
}

function objectsToWrongReports(world: World, seed: number): void {
  const random = new SeededRandom(2_000 + seed);
  const commands = commandsOf(world, seed);
  const answers = play(world, commands);
  const judge = new BookJudge(world.parameters);
  let tried = 0;
  for (const [k, reports] of answers.entries()) {
    const command = at(commands, k);
    const open = judge.openOrders;
    assert.equal(judge.judge({ command, reports }), undefined, 'the log is lawful');
    if (isRefused(reports)) continue;
    for (let trial = 0; trial < 2; trial += 1) {
      const wrong = corrupted(reports, open, random);
      if (wrong === undefined) continue;
      tried += 1;
      const told = [...answers.slice(0, k), wrong];
      assert.equal(objection(world, commands, told), k, textOf(wrong));
    }
  }
  assert.ok(tried > 70, `${tried} tried`);
}

function objectsToOtherCommands(world: World, seed: number): void {
  const random = new SeededRandom(1_000 + seed);
  const commands = commandsOf(world, seed);
  const answers = play(world, commands);
  const telling = placesThatTell(commands, answers);
  let parted = 0;
  for (let trial = 0; trial < 30; trial += 1) {
    const place = at(telling, random.integer(0, telling.length - 1));
    const others = [...commands];
    others[place] = varied(at(commands, place), random);
    const theirs = play(world, others);
    const last = firstDifference(answers, theirs);
    if (last < 0 || isRefused(at(answers, last)) || isRefused(at(theirs, last))) continue;
    const where = `${JSON.stringify(others[place])} at ${place}`;
    // What was accepted or refused alike before is told alike, so the logs agree up to here.
    const [told, wrong] = [answers.slice(0, last + 1), theirs.slice(0, last + 1)];
    assert.equal(objection(world, commands, wrong), last, `theirs: ${where}`);
    assert.equal(objection(world, others, told), last, `ours: ${where}`);
    parted += 1;
  }
  assert.ok(parted >= 5, `${parted} parted`);
}

for (const [name, world] of Object.entries(WORLDS)) {
  for (let seed = 1; seed <= 3; seed += 1) {
    test(`objects to any one report that is wrong in ${name} log ${seed}`, () => {
      objectsToWrongReports(world, seed);
    });
    test(`objects to the answer of another command in ${name} log ${seed}`, () => {
      objectsToOtherCommands(world, seed);
    });
  }
}

/** Steps by which it matters what their command was: several orders, or one that is met later. */
function placesThatTell(
  commands: readonly BookCommand[],
  answers: readonly (readonly BookReport[])[],
): number[] {
  const met = answers.flat().filter((report) => 'orderId' in report && report.kind !== 'new');
  const ids = new Set(met.map((report) => ('orderId' in report ? report.orderId : 0)));
  return [...commands.keys()].filter((k) => {
    const command = at(commands, k);
    if (isRefused(at(answers, k))) return false;
    return command.kind !== 'place' || at(answers, k).length > 1 || ids.has(command.orderId);
  });
}

function firstDifference(
  answers: readonly (readonly BookReport[])[],
  theirs: readonly (readonly BookReport[])[],
): number {
  return answers.findIndex((reports, k) => textOf(reports) !== textOf(at(theirs, k)));
}

function textOf(reports: readonly BookReport[]): string {
  return JSON.stringify(reports.map((report) => Object.entries(report).sort()));
}
