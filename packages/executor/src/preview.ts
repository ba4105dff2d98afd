import { clearBatch } from '@lawbook/exchange/application/clearing';
import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { refuseOrder } from '@lawbook/exchange/application/orderInputs';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import type { BatchMarket } from '@lawbook/exchange/markets/batch/batchMarket';
import { OpenBatch } from '@lawbook/exchange/markets/batch/batchMarket';
import type { OracleSnapshot } from '@lawbook/exchange/markets/batch/oracleSnapshot';
import { proposalOf } from '@lawbook/exchange/markets/batch/proposal';
import { solveBatch } from '@lawbook/exchange/markets/batch/solver';
import { unitPrice } from '@lawbook/exchange/markets/batch/unitPrices';
import { mulDivCeil } from '@lawbook/exchange/numbers/mulDiv';
import type { BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import { AUTHORISATION_BYTES } from '@lawbook/exchange/orders/batchOrder';
import { EMPTY_WINDOW } from '@lawbook/exchange/orders/orderNonces';
import { OrderOutcomes } from './readModel/orderOutcomes.ts';
import type { OracleBoard } from './scheduler/oracleBoard.ts';
import type { TradePreview } from './venueTypes.ts';

/** A preview reads at most this many orders of the open batch; a fuller batch is left aside. */
const ORDERS_BESIDE_MAX = 5_000;

/**
 * What an order would get if its batch closed now: the open batch with the order added, cleared by
 * the engine itself on the present mids. Nothing is stored and no balance is checked.
 *
 * @returns rejections of an order's terms, and `oracleStale` while there are no mids.
 */
export function previewOrder(
  state: ExchangeState,
  oracles: OracleBoard,
  order: BatchOrder,
): Result<TradePreview> {
  const market = state.markets.get(order.marketId);
  if (market === undefined) {
    return refuse('marketUnknown', { field: 'marketId', actual: order.marketId });
  }
  const timeMs = Math.max(state.timeMs, 0);
  const refusal = refuseOrder(
    market,
    { ...order, orderNonce: 1n, expiresAtMs: Number.MAX_SAFE_INTEGER },
    { window: EMPTY_WINDOW, moment: { timeMs, bounds: undefined } },
  );
  if (refusal !== undefined) return refusal;
  const oracle = oracles.snapshot(market.parameters);
  if (oracle === undefined) return refuse('oracleStale', { field: 'marketId' });
  return accepted(clearBeside(state, market, oracle, order));
}

function clearBeside(
  state: ExchangeState,
  market: BatchMarket,
  oracle: OracleSnapshot,
  order: BatchOrder,
): TradePreview {
  const { parameters, batch } = market;
  const trial = new OpenBatch(parameters, batch.number, state.timeMs);
  const beside = batch.table.count <= ORDERS_BESIDE_MAX ? batch.table.count : 0;
  let ordersBeside = 0;
  for (let row = 0; row < beside; row += 1) {
    if (batch.table.canceled[row] === 1) continue;
    trial.append(batch.table.entry(row), EMPTY_WINDOW);
    ordersBeside += 1;
  }
  const authorisation = new Uint8Array(AUTHORISATION_BYTES);
  const row = trial.append({ order, orderId: ZERO_HASH, authorisation }, EMPTY_WINDOW);
  trial.phase = 'closed';
  const pool = systemAccount(SystemRole.pool, market.marketId);
  const inventory = parameters.assets.map((asset) => state.ledger.total(pool, asset.assetId));
  const outcome = solveBatch({ parameters, oracle, inventory }, trial.books, trial.table);
  const proposal = proposalOf(outcome);
  const { domain, ledger } = state;
  const cleared = clearBatch({
    domain,
    ledger,
    oracle,
    proposal,
    market: { ...market, batch: trial },
  });
  invariant(cleared.ok, 'the search proposes fills that fit');
  const transition = cleared.value;
  const { paid, received, fee, residual } = new OrderOutcomes(transition).outcome(row);
  const { prices } = transition.solution;
  const atMid = paid * unitPrice(parameters, oracle.mids, order.pay);
  const got = received * unitPrice(parameters, oracle.mids, order.receive);
  return {
    paid,
    received,
    fee,
    prices,
    mids: oracle.mids,
    costBpsE2: paid === 0n ? undefined : costBpsE2(atMid, got),
    bound: residual,
    ordersBeside,
  };
}

/** 10^6 (paid - got) / paid at mids, rounded up when it is a cost and towards zero when a gain. */
function costBpsE2(paid: bigint, got: bigint): bigint {
  if (got <= paid) return mulDivCeil(paid - got, 1_000_000n, paid);
  return -((got - paid) * 1_000_000n - (((got - paid) * 1_000_000n) % paid)) / paid;
}
