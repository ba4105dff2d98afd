import { invariant } from '@lawbook/exchange/failures/invariant';
import type { BaseKind } from '../simulation/simulatedBase.ts';

/** A bug that is planted in one source of the product while it is loaded. */
export interface PlantedFault {
  readonly name: string;
  /** The promise that it breaks: a law's id, or a checker's name. */
  readonly breaks: string;
  /** Source file, from the root of the repository. */
  readonly file: string;
  /** Stands in the source exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What the worlds settle on in which it shows; in memory where nothing is said. */
  readonly base?: BaseKind;
}

const EXCHANGE = 'packages/exchange/src';
const EXECUTOR = 'packages/executor/src';
const CLEARING = `${EXCHANGE}/application/clearing.ts`;
const MATCHING = `${EXCHANGE}/markets/book/matching.ts`;
const TWAP_DESK = `${EXECUTOR}/books/twapDesk.ts`;
const LEDGER_BOOK = `${EXCHANGE}/markets/book/ledgerBook.ts`;

/** Bugs that make a batch break one law, the law's id first. */
const BATCH_FAULTS: readonly PlantedFault[] = [
  {
    name: 'the report binds the fills of all rows but the last',
    breaks: 'L0',
    file: CLEARING,
    find: 'fillRoot: fillRoot(fills, orders.count),',
    replace: 'fillRoot: fillRoot(fills, Math.max(0, orders.count - 1)),',
  },
  {
    name: 'an order is left out of the root of what was admitted',
    breaks: 'L1',
    file: `${EXCHANGE}/markets/batch/batchMarket.ts`,
    find: 'this.admitted.add(hexToBytes(entry.orderId));',
    replace: 'if (row !== 1) this.admitted.add(hexToBytes(entry.orderId));',
  },
  {
    name: 'anybody may sign for anybody',
    breaks: 'L2',
    file: `${EXECUTOR}/gateways/ownerConsent.ts`,
    find: 'if (signer === claim.owner) return accepted(bytes);',
    replace: 'if (signer !== undefined) return accepted(bytes);',
  },
  {
    name: 'the numeraire has another price than one',
    breaks: 'L3',
    file: `${EXCHANGE}/markets/batch/proposal.ts`,
    find: "return { kind: 'cleared', solution: outcome.solution };",
    replace: `{
    const [first = 0n, ...rest] = outcome.solution.prices;
    const prices = [(first + 1n) as typeof first, ...rest];
    return { kind: 'cleared', solution: { ...outcome.solution, prices } };
  }`,
  },
  {
    name: 'an order pays a unit less than the ramp says',
    breaks: 'L4',
    file: `${EXCHANGE}/markets/batch/allocation.ts`,
    find: 'const paid = quickPaid(rule, columns, row);',
    replace: 'const paid = quickPaid(rule, columns, row) - (row === 0 ? 1 : 0);',
  },
  {
    name: 'a trader receives a unit less than its payment buys',
    breaks: 'L5',
    file: `${EXCHANGE}/markets/batch/allocation.ts`,
    find: 'receivedWords.set(row, received);',
    replace: 'receivedWords.set(row, received - 1);',
  },
  {
    name: 'every order is filled whole, whatever its limit',
    breaks: 'L6',
    file: `${EXCHANGE}/markets/batch/allocation.ts`,
    find: `    const paid = quickPaid(rule, columns, row);
    if (paid === 0) continue;
    const received = paid > 0 ? rule.net.floor(paid) : -1;
    if (received > 0 && quickLimitHolds(columns, row, paid, received)) {`,
    replace: `    const paid = columns.budget.get(row);
    const received = rule.net.floor(paid);
    if (received > 0) {`,
  },
  {
    name: 'fees leave the pool and arrive nowhere',
    breaks: 'L7',
    file: CLEARING,
    find: 'add(pool + width + i, at(fees, i));',
    replace: 'add(pool + width + i, 0n);',
  },
  {
    name: 'the pool quotes a fifth of a percent beside the best prices',
    breaks: 'L8',
    file: `${EXCHANGE}/markets/batch/solver.ts`,
    find: 'const repair = this.#repair(batch, fills, blocked);',
    replace: `const beside = prices.map((p, i) => (i === 0 ? p : ((p + p / 500n) as Price)));
      const other = this.#settle(beside);
      if (other !== undefined) {
        const { solution, change } = other.batch;
        return { kind: 'cleared', solution, fills: other.fills, change };
      }
      const repair = this.#repair(batch, fills, blocked);`,
  },
  {
    name: 'the pool believes that it owns a thousand times more',
    breaks: 'L9',
    file: `${EXECUTOR}/pipeline.ts`,
    find: 'return this.#machine.state.ledger.total(pool, assetId);',
    replace: 'return this.#machine.state.ledger.total(pool, assetId) * 1000n;',
  },
  {
    name: 'a diff carries the last nonce of its owner, not the highest',
    breaks: 'L10',
    file: CLEARING,
    find: 'if (orderNonce > (orderNonces[owner] as bigint)) orderNonces[owner] = orderNonce;',
    replace: 'orderNonces[owner] = orderNonce;',
  },
];

/** Bugs that make an epoch of a book break one law. */
const BOOK_FAULTS: readonly PlantedFault[] = [
  {
    name: 'the log of a book leaves an event out of its root',
    breaks: 'B0',
    file: `${EXCHANGE}/markets/book/bookMarket.ts`,
    find: 'this.epoch.logRoot = chainBookEvent(this.epoch.logRoot, event);',
    replace: `if (event.reports.length > 0) {
      this.epoch.logRoot = chainBookEvent(this.epoch.logRoot, event);
    }`,
  },
  {
    name: 'the newest order of a level trades first',
    breaks: 'B1',
    file: `${EXCHANGE}/markets/book/bookSide.ts`,
    find: `    this.#rows[row * STRIDE + ROW_PREVIOUS] = last;
    this.#rows[row * STRIDE + ROW_NEXT] = 0;
    if (last === 0) levels[at + LEVEL_FIRST] = row;
    else this.#rows[last * STRIDE + ROW_NEXT] = row;
    levels[at + LEVEL_LAST] = row;`,
    replace: `    const first = levels[at + LEVEL_FIRST] as number;
    this.#rows[row * STRIDE + ROW_PREVIOUS] = 0;
    this.#rows[row * STRIDE + ROW_NEXT] = first;
    if (last === 0) levels[at + LEVEL_LAST] = row;
    else this.#rows[first * STRIDE + ROW_PREVIOUS] = row;
    levels[at + LEVEL_FIRST] = row;`,
  },
  {
    name: 'a sale takes a tick less than the bid that rested',
    breaks: 'B2',
    file: MATCHING,
    find: 'trade(core, maker, taker, other, price, lots);',
    replace: 'trade(core, maker, taker, other, isBuy ? price : price - 1, lots);',
  },
  {
    name: 'an order stops taking one lot early',
    breaks: 'B3',
    file: MATCHING,
    find: 'while (leaves > 0 && other.best <= reach) {',
    replace: 'while (leaves > 1 && other.best <= reach) {',
  },
  {
    name: 'orders at one price stand against each other',
    breaks: 'B4',
    file: MATCHING,
    find: 'if (other.best <= reachedRank(terms, integers[at + ROW_PRICE] as number)) {',
    replace: 'if (other.best < reachedRank(terms, integers[at + ROW_PRICE] as number)) {',
  },
  {
    name: 'an order takes what is a tick beyond its limit',
    breaks: 'B5',
    file: `${EXCHANGE}/markets/book/bookCore.ts`,
    find: 'return (terms & TERM_SIDE_MASK) === SIDE_BUY ? price : NONE - price;',
    replace: 'return ((terms & TERM_SIDE_MASK) === SIDE_BUY ? price : NONE - price) + 1;',
  },
  {
    name: 'the fee of a taker reaches nobody',
    breaks: 'B6',
    file: LEDGER_BOOK,
    find: 'this.fees += makerFee + takerFee;',
    replace: 'this.fees += makerFee;',
  },
  {
    name: 'what should take at once or end stays in the book',
    breaks: 'B7',
    file: MATCHING,
    find: 'else if (timeInForce === TIF_IOC) core.end(row, CANCELED | (REASON_UNFILLED << 8));',
    replace: '',
  },
  {
    name: 'a session signs for whom it likes',
    breaks: 'B8',
    file: `${EXECUTOR}/gateways/ownerConsent.ts`,
    find: 'if (judged.some((result) => result.ok)) return accepted(bytes);',
    replace:
      'if (judged.length === 0 || judged.some((result) => result.ok)) return accepted(bytes);',
  },
  {
    name: 'an order of a book may hold what its owner does not have',
    breaks: 'B9',
    file: LEDGER_BOOK,
    find: 'if (need <= available && need <= room) return true;',
    replace: 'if (need <= room) return true;',
  },
  {
    name: 'a diff of a book keeps the nonces to itself',
    breaks: 'B10',
    file: `${EXCHANGE}/application/bookInputs.ts`,
    find: 'orderNonces: BigUint64Array.from(entries, ([, { orderNonce }]) => orderNonce),',
    replace: 'orderNonces: BigUint64Array.from(entries, () => 0n),',
  },
];

/** Bugs of commitments, and of sliced orders. */
const COMMITMENT_FAULTS: readonly PlantedFault[] = [
  {
    name: 'silence costs nobody its bond',
    breaks: 'L10',
    file: CLEARING,
    find: "const forfeiting = proposal.kind === 'cleared' && parameters.bond > 0n;",
    replace: "const forfeiting = proposal.kind === 'cleared' && parameters.bond < 0n;",
  },
  {
    name: 'a bond is returned twice',
    breaks: 'holdsEqualObligations',
    file: `${EXCHANGE}/application/orderInputs.ts`,
    find: 'if (bond > 0n) state.ledger.releaseHold(entry.order.owner, numeraire, bond);',
    replace: `for (let k = 0; bond > 0n && k < 2; k += 1) {
    state.ledger.releaseHold(entry.order.owner, numeraire, bond);
  }`,
  },
  {
    name: 'a reveal is taken before its time',
    breaks: 'phasesAreKept',
    file: `${EXCHANGE}/application/orderInputs.ts`,
    find: 'if (batch.phase !== admittingPhase(market.parameters)) {',
    replace: "if (batch.phase === 'closed') {",
  },
  {
    name: 'a slice takes all that is left',
    breaks: 'slicesKeepTheirTerms',
    file: TWAP_DESK,
    find: 'const lots = Math.ceil((sizeLots - filledLots) / left);',
    replace: 'const lots = left > 0 ? sizeLots - filledLots : 0;',
  },
  {
    name: 'a sliced order forgets what its slices traded',
    breaks: 'slicesKeepTheirTerms',
    file: TWAP_DESK,
    find: 'filledLots: begun.filledLots + (order?.filledLots ?? 0),',
    replace: 'filledLots: begun.filledLots,',
  },
  {
    name: 'a canceled sliced order goes on',
    breaks: 'slicesKeepTheirTerms',
    file: TWAP_DESK,
    find: "return accepted(await this.#keep({ ...record, state: 'canceled' }));",
    replace: "return accepted({ ...record, state: 'canceled' });",
  },
  {
    name: 'a proof of the right kind breaks an invariant of the prover',
    breaks: 'nothingBreaks',
    file: `${EXECUTOR}/settlement/epochProver.ts`,
    find: "invariant(proof.kind === 'validity',",
    replace: "invariant(proof.kind !== 'validity',",
  },
];

/** Bugs of everything around: one or more for each checker. */
const VENUE_FAULTS: readonly PlantedFault[] = [
  {
    name: 'an answer leaves before its input is durable',
    breaks: 'acknowledgedInputsLast',
    file: `${EXECUTOR}/venue.ts`,
    find: 'if (!result.ok) return result;\n    await result.value.durable;',
    replace: 'if (!result.ok) return result;',
  },
  {
    name: 'the journal does not wait for the disk',
    breaks: 'acknowledgedInputsLast',
    file: `${EXECUTOR}/journal/journal.ts`,
    find: "await attempt(this.#path, 'write', this.#file.writeDurably(frame, this.#offset));",
    replace: "await attempt(this.#path, 'write', this.#file.write(frame, this.#offset));",
  },
  {
    name: 'a nonce may be used again',
    breaks: 'inputsApplyOnce',
    file: `${EXCHANGE}/orders/orderNonces.ts`,
    find: "=== 1n ? 'replayed' : 'fresh';",
    replace: "=== 1n ? 'fresh' : 'fresh';",
  },
  {
    name: 'a client order id may be used again',
    breaks: 'inputsApplyOnce',
    file: `${EXCHANGE}/markets/book/clientOrders.ts`,
    find: 'return this.#byAccount.get(account)?.get(id);',
    replace: 'return this.#byAccount.get(account)?.get(id) && undefined;',
  },
  {
    name: 'money is made on the way',
    breaks: 'assetsAreConserved',
    file: `${EXCHANGE}/ledger/ledger.ts`,
    find: 'this.#add(movement.to, movement.assetId, movement.amount, 0n);',
    replace: 'this.#add(movement.to, movement.assetId, movement.amount + 1n, 0n);',
  },
  {
    name: 'a cancelled order keeps its hold',
    breaks: 'holdsEqualObligations',
    file: `${EXCHANGE}/application/orderInputs.ts`,
    find: 'state.ledger.releaseHold(order.owner, assetOf(market, order.pay), order.budget);',
    replace: '',
  },
  {
    name: 'an order of a book holds nothing for its fee',
    breaks: 'holdsEqualObligations',
    file: LEDGER_BOOK,
    find: 'return worth + feeOf(worth, this.#buyFeePpm);',
    replace: 'return worth;',
  },
  {
    name: 'a refused order uses up its nonce',
    breaks: 'replayGivesTheSameRoot',
    file: `${EXCHANGE}/application/orderInputs.ts`,
    find: 'if (available < order.budget) {',
    replace: `if (available < order.budget) {
    state.setNonceWindow(order.owner, useNonce(window, order.orderNonce));`,
  },
  {
    name: 'a snapshot forgets the older half of the used nonces',
    breaks: 'replayGivesTheSameRoot',
    file: `${EXCHANGE}/orders/orderNonces.ts`,
    find: 'for (let word = 0; word < 4; word += 1) used = (used << 64n) | reader.u64();',
    replace:
      'for (let word = 0; word < 4; word += 1) used = (used << 64n) | reader.u64();\n  used &= 1n;',
  },
  {
    name: 'a start after a snapshot skips an input',
    breaks: 'nothingBreaks',
    file: `${EXECUTOR}/recovery.ts`,
    find: 'return snapshot + 1;',
    replace: 'return snapshot === 0 ? 1 : snapshot + 2;',
  },
  {
    name: 'a refused input is journalled all the same',
    breaks: 'journal',
    file: `${EXECUTOR}/sequencer/sequencer.ts`,
    find: 'if (!applied.ok) return applied;',
    replace: `if (!applied.ok) {
      this.#journal.append(payload);
      return applied;
    }`,
  },
  {
    name: 'an accepted order is answered as refused',
    breaks: 'refusalsChangeNothing',
    file: `${EXECUTOR}/venue.ts`,
    find: 'const { applied, sequence } = executed;',
    replace: `const { applied, sequence } = executed;
      if (sequence % 2 === 0) return refuse('batchFull', { field: 'marketId', actual: 1 });`,
  },
  {
    name: 'who waits for an input waits for the next one',
    breaks: 'waitsAreBounded',
    file: `${EXECUTOR}/journal/journal.ts`,
    find: '    this.#spare = builder;\n    durable.resolve();',
    replace: '    this.#spare = builder;\n    if (builder.count < 2) durable.resolve();',
  },
  {
    name: 'the ladder shows what icebergs hide',
    breaks: 'feedsRebuildTheBook',
    file: `${EXECUTOR}/books/ladders.ts`,
    find: 'levels.push([priceOf(rank), side.shownAt(rank)]);',
    replace: 'levels.push([priceOf(rank), side.lotsAt(rank)]);',
  },
  {
    name: 'a deposit arrives one unit larger than it was',
    breaks: 'settledPrefixAgrees',
    file: 'packages/settlement/src/bridge/bridge.ts',
    find: 'amount: amount(event.units),',
    replace: 'amount: amount(event.units + 1n),',
  },
  {
    name: 'the contracts in memory credit a unit less than was paid in',
    breaks: 'bytecodeAgreesWithMemory',
    file: 'packages/settlement/src/baseLayer/memory/vaultBook.ts',
    find: 'this.credit(wish, assetId, units);',
    replace: 'this.credit(wish, assetId, units - 1n);',
    base: 'evm',
  },
  {
    name: 'the index passes single rows over',
    breaks: 'indexFollowsTheJournal',
    file: `${EXECUTOR}/venue.ts`,
    find: 'return changes.length > 0 ? this.#parts.index.write(sequence, changes) : undefined;',
    replace: 'return changes.length > 1 ? this.#parts.index.write(sequence, changes) : undefined;',
  },
  {
    name: 'a deposit is credited a second time',
    breaks: 'assetsAreConserved',
    file: `${EXCHANGE}/application/baseLayerInputs.ts`,
    find: "return accepted({ kind: 'deposited', depositNumber, account, transfer });",
    replace: `state.ledger.transfer(transfer);
  return accepted({ kind: 'deposited', depositNumber, account, transfer });`,
  },
  {
    name: 'a withdrawal that an epoch pays stays with its owner',
    breaks: 'nothingBreaks',
    file: `${EXCHANGE}/application/withdrawals.ts`,
    find: 'state.ledger.transfer({ from: WITHDRAWALS, to: CUSTODY, assetId, amount });',
    replace: '',
  },
];

/** Every planted fault. Names are unique. */
export const PLANTED_FAULTS: readonly PlantedFault[] = [
  ...BATCH_FAULTS,
  ...BOOK_FAULTS,
  ...COMMITMENT_FAULTS,
  ...VENUE_FAULTS,
];

/** The fault of a name. */
export function plantedFault(name: string): PlantedFault {
  const fault = PLANTED_FAULTS.find((each) => each.name === name);
  invariant(fault !== undefined, 'a planted fault is called by its name');
  return fault;
}
