// Goal: holds and balances of the fast ledger book are those that open orders and trades imply,
// whatever happens, and nothing is made or lost.
// Method: seeded flows of every shape against a naive twin that remembers no hold; reports and the
// command's account compared at every command, all accounts and conservation from time to time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NaiveLedgerBook } from '../../../../../testing/reference/naiveLedgerBook.ts';
import type { FlowName } from '../../../../../testing/world/bookFlows.ts';
import { BookFlow, FLOW_SHAPES, TIGHT_BOOK } from '../../../../../testing/world/bookFlows.ts';
import { SeededRandom } from '../../../../../testing/world/seededRandom.ts';
import { COMMAND_STRIDE, encodeCommand } from './bookCommand.ts';
import type { LedgerBookParameters } from './ledgerBook.ts';
import { LedgerBook } from './ledgerBook.ts';
import { PURSE } from './purses.ts';

const MARKETS: Readonly<Record<string, LedgerBookParameters>> = {
  rebated: { ...TIGHT_BOOK, lotSize: 1_000, tickSize: 7, makerFeePpm: -150, takerFeePpm: 455 },
  free: { ...TIGHT_BOOK, lotSize: 1, tickSize: 1, makerFeePpm: 0, takerFeePpm: 0 },
  dear: {
    ...TIGHT_BOOK,
    breakerBandPpm: 0,
    lotSize: 3,
    tickSize: 1,
    makerFeePpm: 1_999,
    takerFeePpm: 99_999,
  },
};

/** Enough for some orders of an account and not for all. */
const BASE_LOTS = 120;
const QUOTE_LOTS = 150;

for (const shape of Object.keys(FLOW_SHAPES) as FlowName[]) {
  for (const [market, parameters] of Object.entries(MARKETS)) {
    for (let seed = 1; seed <= 2; seed += 1) {
      test(`holds are what orders can cost in ${shape} flow ${seed} of a ${market} market`, () => {
        const seen = compare(parameters, shape, seed);
        assert.ok(seen.has('trade') && seen.has('insufficientAvailable'), [...seen].join());
      });
    }
  }
}

/** @returns the kinds of reports and the refusals that the flow reached. */
function compare(parameters: LedgerBookParameters, name: FlowName, seed: number): Set<string> {
  const shape = FLOW_SHAPES[name];
  const seen = new Set<string>();
  const flow = new BookFlow(new SeededRandom(seed), shape);
  const fast = new LedgerBook(parameters);
  const naive = new NaiveLedgerBook(parameters);
  for (let account = 0; account < shape.accounts; account += 1) {
    const base = BASE_LOTS * parameters.lotSize;
    const quote = QUOTE_LOTS * 100_000 * parameters.tickSize;
    fast.deposit(account, PURSE.base, base);
    fast.deposit(account, PURSE.quote, quote);
    naive.deposit(account, 'base', BigInt(base));
    naive.deposit(account, 'quote', BigInt(quote));
  }
  const encoded = new Float64Array(COMMAND_STRIDE);
  for (let step = 0; step < 700; step += 1) {
    const command = flow.next();
    encodeCommand(command, encoded, 0);
    fast.apply(encoded, 0);
    const reports = fast.reports.drain();
    const where = `seed ${seed}, step ${step}: ${JSON.stringify(command)}`;
    assert.deepEqual(reports, naive.apply(command), where);
    flow.observe(reports);
    for (const report of reports) seen.add(report.kind === 'rejected' ? report.code : report.kind);
    if ('account' in command && command.account < shape.accounts && command.account >= 0) {
      if (Number.isInteger(command.account)) assertAccount(fast, naive, command.account, where);
    }
    if (step % 20 === 0) assertAll(fast, naive, shape.accounts, where);
  }
  assertAll(fast, naive, shape.accounts, `seed ${seed}, at the end`);
  return seen;
}

function assertAccount(
  fast: LedgerBook,
  naive: NaiveLedgerBook,
  account: number,
  where: string,
): void {
  for (const asset of ['base', 'quote'] as const) {
    const slot = account * 2 + PURSE[asset];
    const held = naive.held(account, asset);
    assert.equal(BigInt(fast.purses.held[slot] as number), held, `${asset} held: ${where}`);
    const available = naive.owned(account, asset) - held;
    assert.equal(BigInt(fast.purses.available[slot] as number), available, `${asset}: ${where}`);
  }
}

function assertAll(
  fast: LedgerBook,
  naive: NaiveLedgerBook,
  accounts: number,
  where: string,
): void {
  assert.equal(BigInt(fast.fees), naive.fees, where);
  for (let account = 0; account < accounts; account += 1) {
    assertAccount(fast, naive, account, where);
  }
  for (const asset of [PURSE.base, PURSE.quote]) {
    let held = 0;
    for (let slot = asset; slot < fast.purses.held.length; slot += 2) {
      held += fast.purses.held[slot] as number;
    }
    assert.equal(fast.purses.heldTotal[asset], held, where);
  }
}
