// Goal: the laws would admit into a book exactly what its market admits. Method: seeded scripts
// with terms bent out of their ranges; before each input the laws' reading of the book is asked
// whether it may be accepted, then the market is, which shares no code with them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fundedBook } from '../../../../../testing/exchange/bookBench.ts';
import { BookScript } from '../../../../../testing/world/bookScript.ts';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { at } from '../../failures/invariant.ts';
import type { BookInput } from '../../markets/book/bookInputs.ts';
import type { BookMarketParameters } from '../../markets/book/bookMarketParameters.ts';
import { BookJudge } from '../../markets/book/judge/bookJudge.ts';
import type { BookOrder } from '../../orders/bookOrder.ts';
import { admissionFault } from './bookAdmissions.ts';
import { BookNames } from './bookCommands.ts';
import { restatedNeed } from './bookMoney.ts';

type Bench = ReturnType<typeof fundedBook>['bench'];

const PRICE_MAX = 2_000;
const SIZE_MAX = 150_000;
const MARKET: Partial<BookMarketParameters> = {
  priceTicksMax: PRICE_MAX,
  sizeLotsMax: SIZE_MAX,
  notionalMin: 100_000n as BookMarketParameters['notionalMin'],
  ordersMax: 30,
  accountsMax: 3,
  makerFeePpm: 200,
};

/** Terms at and beyond the edges of what a market takes. */
const BENT: readonly ((order: BookOrder, random: SeededRandom) => Partial<BookOrder>)[] = [
  () => ({ priceTicks: 0 }),
  () => ({ priceTicks: PRICE_MAX }),
  () => ({ priceTicks: PRICE_MAX + 1 }),
  () => ({ sizeLots: SIZE_MAX }),
  () => ({ sizeLots: SIZE_MAX + 1 }),
  () => ({ sizeLots: 1, priceTicks: 1 }),
  ({ priceTicks }) => ({ sizeLots: Math.ceil(10_000 / priceTicks) }),
  ({ priceTicks }) => ({ sizeLots: Math.ceil(10_000 / priceTicks) - 1 }),
  () => ({ sizeLots: 10, priceTicks: 1_000 }),
  () => ({ sizeLots: 10, priceTicks: 999 }),
  () => ({ sizeLots: 10, priceTicks: 999, type: 'market', timeInForce: 'ioc', postOnly: false }),
  () => ({ sizeLots: 512, displayLots: 2 }),
  () => ({ sizeLots: 513, displayLots: 2 }),
  () => ({ timeInForce: 'ioc', postOnly: true }),
  () => ({ timeInForce: 'fok', displayLots: 1 }),
  () => ({ timeInForce: 'ioc', displayLots: 0, postOnly: false }),
  () => ({ type: 'market', timeInForce: 'gtc' }),
  () => ({ type: 'market', timeInForce: 'gtd' }),
  () => ({ timeInForce: 'gtc', goodUntilMs: 5_000_000 }),
  () => ({ timeInForce: 'gtd', goodUntilMs: 0 }),
  () => ({ timeInForce: 'gtd', goodUntilMs: 5_000_000 }),
  () => ({ trigger: 'none', triggerTicks: 5 }),
  () => ({ trigger: 'stop', triggerTicks: 0 }),
  () => ({ trigger: 'stop', triggerTicks: PRICE_MAX }),
  () => ({ trigger: 'takeProfit', triggerTicks: PRICE_MAX + 1 }),
  (_, random) => ({ ocoWith: random.integer(1, 40) }),
  (_, random) => ({ ocoWith: random.integer(1, 40), trigger: 'stop', triggerTicks: 900 }),
  () => ({ orderNonce: 1n }),
  () => ({ orderNonce: 0n }),
  () => ({ expiresAtMs: 1_000 }),
];

/** The script's next input, its terms often bent; a market that closed opens again before long. */
function nextInput(bench: Bench, script: BookScript, random: SeededRandom): BookInput {
  if (bench.book().state !== 'open' && random.next() < 0.15) {
    return { kind: 'setBookMarketState', marketId: bench.book().marketId, state: 'open' };
  }
  const input = script.next() as BookInput;
  const draw = random.next();
  if (input.kind !== 'submitBookOrder' || draw < 0.45) return input;
  const { terms, authorisation } = input.entry;
  const bend = at(BENT, random.integer(0, BENT.length - 1));
  const changes = draw < 0.55 ? dearest(bench, terms, random.integer(0, 1)) : bend(terms, random);
  return { kind: 'submitBookOrder', entry: { terms: { ...terms, ...changes }, authorisation } };
}

/** The largest order that its owner can cover, or one lot more. */
function dearest(bench: Bench, terms: BookOrder, more: number): Partial<BookOrder> {
  const { parameters } = bench.book();
  const { base, quote, tickSize, takerFeePpm, lotSize } = parameters;
  const cost = BigInt(terms.priceTicks) * tickSize;
  const fee = (cost * BigInt(takerFeePpm) + 999_999n) / 1_000_000n;
  const [asset, lot] = terms.side === 'buy' ? [quote, cost + fee] : [base, lotSize];
  const { available } = bench.machine.state.ledger.balance(terms.owner, asset);
  return { sizeLots: Number(available / lot) + more, displayLots: 0, ocoWith: 0 };
}

/** Why the laws would not see the input in a log, if they would not. */
function objection(bench: Bench, input: BookInput): string | undefined {
  const image = bench.book().image();
  const { parameters } = bench.book();
  const { breakerBandPpm, breakerWindowMs: breakerWindow } = parameters;
  const judge = new BookJudge({ breakerBandPpm, breakerWindow }, image);
  const names = new BookNames(image, (orderId) => judge.find(orderId) !== undefined);
  const event = { input, timeMs: bench.timeMs } as Parameters<BookNames['commands']>[0];
  const command = names.commands(event)?.[0];
  if (command === undefined) return 'no such order';
  const fault = admissionFault(parameters, command, judge);
  if (fault !== undefined) return `${fault.rule}: ${fault.expected}`;
  const need = restatedNeed(parameters, command, (orderId) => judge.find(orderId)) ?? 0n;
  if (need > availableTo(bench, input)) return 'not covered';
  const misused = names.use(input);
  if (misused !== undefined) return `a used ${misused}`;
  if (!('entry' in input) || !('expiresAtMs' in input.entry.terms)) return undefined;
  return input.entry.terms.expiresAtMs <= bench.timeMs ? 'expired' : undefined;
}

/** What the owner of an input has left of the asset that its command would hold. */
function availableTo(bench: Bench, input: BookInput): bigint {
  if (!('entry' in input)) return 0n;
  const { open, parameters } = bench.book();
  const { terms } = input.entry;
  const named = 'orderId' in terms ? terms : undefined;
  const order =
    'side' in terms
      ? terms
      : [...open.values()].find(({ orderId, owner, order: { clientOrderId } }) => {
          if (named?.orderId !== 0) return orderId === named?.orderId;
          return owner === terms.owner && clientOrderId === named.clientOrderId;
        })?.order;
  const asset = order?.side === 'sell' ? parameters.base : parameters.quote;
  return bench.machine.state.ledger.balance(terms.owner, asset).available;
}

/**
 * What no law asks of an input: whether it would trade stands in its reports, ending no order is
 * idle, ids of orders that ended are forgotten, and a heartbeat of whoever never had an order ends
 * none.
 */
function isUnasked(bench: Bench, input: BookInput, code: string): boolean {
  const isIdle = input.kind === 'cancelAllBookOrders' || input.kind === 'bookHeartbeat';
  if (code === 'postOnlyWouldCross' || isIdle) return true;
  if (input.kind !== 'submitBookOrder' || code !== 'clientOrderIdUsed') return false;
  const { owner, clientOrderId } = input.entry.terms;
  return ![...bench.book().open.values()].some((one) => {
    return one.owner === owner && one.order.clientOrderId === clientOrderId;
  });
}

test('the laws would admit what the market admits, and nothing else', () => {
  const refused = new Map<string, number>();
  let admitted = 0;
  for (let seed = 1; seed <= 6; seed += 1) {
    const { bench, people } = fundedBook(MARKET, ['alice', 'bob', 'carol', 'dave']);
    bench.signs = false;
    const random = new SeededRandom(seed);
    const script = new BookScript(bench, people, random);
    for (let step = 0; step < 400; step += 1) {
      const input = nextInput(bench, script, random);
      if (bench.book().isDue(bench.timeMs)) bench.tick();
      const objected = objection(bench, input);
      const result = bench.run(input);
      const where = `seed ${seed}, step ${step}, ${input.kind}`;
      if (result.ok) {
        admitted += 1;
        assert.equal(objected, undefined, where);
        continue;
      }
      const { code } = result.rejection;
      if (isUnasked(bench, input, code)) continue;
      refused.set(code, (refused.get(code) ?? 0) + 1);
      assert.notEqual(objected, undefined, `${where}: ${code}`);
    }
  }
  assert.ok(admitted > 500, `${admitted} inputs were admitted`);
  assert.ok(refused.size >= 16, `met ${[...refused.keys()].join()}`);
});
