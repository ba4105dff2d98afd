import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Input } from '@lawbook/exchange/inputs';
import type { LawVerdict } from '@lawbook/exchange/laws/judge';
import { judgeBatch } from '@lawbook/exchange/laws/judge';
import type { Authority } from '@lawbook/exchange/laws/law';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { BatchMarket } from '@lawbook/exchange/markets/batch/batchMarket';
import type { Scarcity } from '@lawbook/exchange/markets/batch/parameters';
import type { BatchProposal } from '@lawbook/exchange/markets/batch/solution';
import { solveBatch } from '@lawbook/exchange/markets/batch/solver';
import { price } from '@lawbook/exchange/numbers/price';
import type { AuthorisedOrder } from '@lawbook/exchange/orders/batchOrder';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import type { BatchTransition } from '@lawbook/exchange/transition';
import {
  DEMO_ASSETS,
  DEMO_DOMAIN,
  DEMO_MARKET_ID,
  demoOracle,
  demoParameters,
  demoTargets,
} from './demoWorld.ts';
import type { BatchKpis } from './kpis.ts';
import { batchKpis } from './kpis.ts';
import { scenarioFunding, scenarioOrders, scenarioTraders } from './scenarios/scenarioOrders.ts';
import type { Scenario } from './scenarios/scenarios.ts';

/** What one run of a scenario varies. */
export interface RunChoice {
  readonly scenario: Scenario;
  /** Risk aversion of the pool per US dollar, a plain decimal. */
  readonly gamma: string;
  readonly scarcity: Scarcity;
  /** Fee in units of 10^-7. */
  readonly feeE7: number;
}

/** What a run needs from outside. */
export interface RunDeps {
  /** A clock in milliseconds for the solve time; the outcome does not depend on it. */
  readonly now: () => number;
  readonly authority: Authority;
}

/** One run: the key figures of all its epochs and what the laws said about each. */
export interface ScenarioRun {
  readonly choice: RunChoice;
  readonly kpis: BatchKpis;
  /** Solving and allocating, all epochs together; admission and judging are not part of it. */
  readonly solveMs: number;
  readonly batches: readonly BatchTransition[];
  readonly verdicts: readonly (readonly LawVerdict[])[];
}

/**
 * Runs a scenario through the exchange itself: its orders are signed and admitted, each batch is
 * closed, solved, allocated and judged by every law, and the pool's inventory carries over.
 */
export function runScenario(choice: RunChoice, deps: RunDeps): ScenarioRun {
  const { scenario } = choice;
  const epochs = Array.from({ length: scenario.epochs }, (_, k) => scenarioOrders(scenario, k));
  const world = new SimulatedVenue(choice, epochs.flat());
  const batches: BatchTransition[] = [];
  let solveMs = 0;
  for (const orders of epochs) {
    for (const entry of orders) world.execute({ kind: 'submitOrder', entry });
    world.execute({ kind: 'closeBatch', marketId: DEMO_MARKET_ID });
    const startedMs = deps.now();
    const proposal = world.solve();
    solveMs += deps.now() - startedMs;
    batches.push(world.clear(proposal));
  }
  const verdicts = batches.map((batch) => judgeBatch(batch, deps.authority));
  return { choice, kpis: batchKpis(batches), solveMs, batches, verdicts };
}

/** A state machine with the demo market and funded scenario traders. */
class SimulatedVenue {
  readonly #machine = new StateMachine(DEMO_DOMAIN);

  constructor(choice: RunChoice, orders: readonly AuthorisedOrder[]) {
    for (const { symbol, decimals } of DEMO_ASSETS) {
      this.execute({ kind: 'registerAsset', symbol, decimals });
    }
    const { gamma, scarcity, feeE7, scenario } = choice;
    const { bandPpm } = scenario;
    const band = bandPpm === undefined ? {} : { bandPpm };
    this.execute({
      kind: 'createMarket',
      parameters: demoParameters({ gamma, scarcity, feeE7, ...band }),
      oracle: demoOracle(START_MS),
      inventory: demoTargets(),
    });
    const funding = scenarioFunding(orders);
    for (const { account } of scenarioTraders()) {
      funding.forEach((units, i) => {
        if (units === 0n) return;
        this.execute({ kind: 'credit', account, assetId: assetId(i), amount: units });
      });
    }
  }

  /** Applies an input that the simulation built itself. */
  execute(input: Input): void {
    const timeMs = START_MS + this.#machine.nextSequence;
    const result = this.#machine.apply({ sequence: this.#machine.nextSequence, timeMs, input });
    invariant(result.ok, `a simulated ${input.kind} is accepted`);
  }

  /** Searches the clearing of the closed batch. */
  solve(): BatchProposal {
    const { parameters, batch } = this.#market();
    const { ledger } = this.#machine.state;
    const pool = systemAccount(SystemRole.pool, DEMO_MARKET_ID);
    const inventory = parameters.assets.map((asset) => ledger.total(pool, asset.assetId));
    const oracle = demoOracle(this.#machine.state.timeMs);
    const outcome = solveBatch({ parameters, oracle, inventory }, batch.books, batch.table);
    if (outcome.kind === 'cleared') return { kind: 'cleared', solution: outcome.solution };
    return { ...outcome, prices: outcome.prices.map(price) };
  }

  /** Settles a proposal and returns the whole record of the batch. */
  clear(proposal: BatchProposal): BatchTransition {
    const oracle = demoOracle(this.#machine.state.timeMs);
    const input: Input = { kind: 'clearBatch', marketId: DEMO_MARKET_ID, oracle, proposal };
    const proposed = this.#machine.propose(input);
    invariant(proposed.ok, 'a clearing of a closed batch is proposed');
    const sequence = this.#machine.nextSequence;
    this.#machine.settle({ sequence, timeMs: START_MS + sequence, input }, proposed.value);
    return proposed.value;
  }

  #market(): BatchMarket {
    const market = this.#machine.state.markets.get(DEMO_MARKET_ID);
    invariant(market !== undefined, 'the demo market exists');
    return market;
  }
}

/** 2026-01-01T00:00:00Z: simulated time starts here and counts inputs in milliseconds. */
const START_MS = 1_767_225_600_000;
