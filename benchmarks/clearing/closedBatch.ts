import { DEMO_DOMAIN } from '@lawbook/analytics/demoWorld';
import { clearBatch } from '@lawbook/exchange/application/clearing';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import { allHold, judgeBatch } from '@lawbook/exchange/laws/judge';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import { CUSTODY, Ledger } from '@lawbook/exchange/ledger/ledger';
import { openMarket } from '@lawbook/exchange/markets/batch/batchMarket';
import { OrderSetHasher } from '@lawbook/exchange/markets/batch/orderSet';
import type { OrderTable } from '@lawbook/exchange/markets/batch/orderTable';
import type { BatchProblem, ClearingOutcome } from '@lawbook/exchange/markets/batch/solver';
import { amount } from '@lawbook/exchange/numbers/amount';
import { AUTHORISATION_BYTES } from '@lawbook/exchange/orders/batchOrder';
import { EMPTY_WINDOW } from '@lawbook/exchange/orders/orderNonces';
import type { BatchTransition } from '@lawbook/exchange/transition';

/** A generated batch as the state machine has it when it closes: what was done at admission is. */
export class ClosedBatch {
  readonly #ledger = new Ledger();
  readonly #table: OrderTable;
  readonly #admitted = new OrderSetHasher();

  constructor(problem: BatchProblem, table: OrderTable) {
    this.#table = table;
    const { assets, marketId } = problem.parameters;
    const budgets = table.owners.map(() => assets.map(() => 0n));
    for (let row = 0; row < table.count; row += 1) {
      this.#admitted.add(table.orderIds.subarray(row * 32, row * 32 + 32));
      table.authorisations[(row + 1) * AUTHORISATION_BYTES - 1] = 27;
      const own = budgets[table.ownerIndex[row] as number] as bigint[];
      const pay = table.pay[row] as number;
      own[pay] = (own[pay] as bigint) + (table.budget[row] as bigint);
    }
    const pool = systemAccount(SystemRole.pool, marketId);
    assets.forEach(({ assetId }, i) => {
      const fund = (to: typeof pool, units: bigint): void => {
        this.#ledger.transfer({ from: CUSTODY, to, assetId, amount: amount(units) });
      };
      fund(pool, problem.inventory[i] as bigint);
      for (const [k, owner] of table.owners.entries()) fund(owner, at(at(budgets, k), i));
    });
  }

  /** What the state machine computes from a proposal: fills, balances, diffs and the report. */
  clear(
    { parameters, oracle }: BatchProblem,
    outcome: Extract<ClearingOutcome, { kind: 'cleared' }>,
  ): BatchTransition {
    const closedAtMs = oracle.observedAtMs;
    const market = openMarket(parameters, oracle, closedAtMs);
    const batch = Object.assign(market.batch, {
      table: this.#table,
      admitted: this.#admitted,
      nonceWindows: this.#table.owners.map(() => EMPTY_WINDOW),
      phase: 'closed' as const,
      closedAtMs,
    });
    const proposal = { kind: 'cleared' as const, solution: outcome.solution };
    const ledger = this.#ledger;
    const cleared = clearBatch({
      domain: DEMO_DOMAIN,
      market: { ...market, batch },
      ledger,
      oracle,
      proposal,
      settled: outcome,
    });
    invariant(cleared.ok, 'a cleared outcome fits');
    return cleared.value;
  }
}

/** Judges as the executor does. A benchmark of an unlawful batch would measure nothing. */
export function judgeLawful(transition: BatchTransition): void {
  const verdicts = judgeBatch(transition, { authority: 'admitted' });
  const broken = verdicts.filter(({ verdict }) => verdict.kind !== 'holds');
  invariant(allHold(verdicts), `the batch keeps the laws: ${JSON.stringify(broken[0])}`);
}
