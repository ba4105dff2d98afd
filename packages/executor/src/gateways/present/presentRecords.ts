import type { AccountView, BalanceView, LevelView } from '@lawbook/api/schema/accountViews';
import type { BatchView, EpochView, StepView, VerdictView } from '@lawbook/api/schema/recordViews';
import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { LawVerdict } from '@lawbook/exchange/laws/judge';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { formatDecimal } from '@lawbook/exchange/numbers/amount';
import type { BatchRecord, SealedEpoch, SettledVault, StepState } from '../../venueTypes.ts';
import { asOfState, isoTime } from './moments.ts';
import { presentPrice, symbolOf } from './presentMarket.ts';

/** A cleared batch in human units. */
export function presentBatch(state: ExchangeState, record: BatchRecord): BatchView {
  const { report } = record;
  const { measures, outcome } = report;
  return {
    marketId: String(report.marketId),
    batchNumber: report.batchNumber,
    epochNumber: record.epochNumber,
    sequence: record.sequence,
    closedAt: isoTime(report.closedAtMs),
    reportHash: record.reportHash,
    parentReportHash: report.parentReportHash,
    outcome:
      outcome.kind === 'cleared' ? { kind: 'cleared' } : { kind: 'halted', reason: outcome.reason },
    orderCount: report.orderCount,
    ordersFilled: measures.ordersFilled,
    ordersPartial: measures.ordersPartial,
    ordersBlocked: report.blocked.length,
    assets: presentLegs(state, record),
    measures: {
      submittedUsd: formatDecimal(measures.submittedUsdE6, 6),
      filledUsd: formatDecimal(measures.filledUsdE6, 6),
      inventoryRiskUsd: formatDecimal(measures.inventoryRiskUsdE6, 6),
      poolGainUsd: formatDecimal(measures.poolGainUsdE6, 6),
      thetaE12: String(measures.thetaE12),
      residualE12: String(measures.residualE12),
      priceTrackingE12: String(measures.priceTrackingE12),
      stepNormE12: String(report.stepNormE12),
      iterations: report.iterations,
    },
    roots: {
      oracleHash: report.oracleHash,
      parameterHash: report.parameterHash,
      orderSetRoot: report.orderSetRoot,
      commitSetRoot: report.commitSetRoot,
      fillRoot: report.fillRoot,
      diffRoot: report.diffRoot,
    },
    verdicts: record.verdicts.map(presentVerdict),
  };
}

/** What one law said. */
export function presentVerdict({ id, name, verdict }: LawVerdict): VerdictView {
  if (verdict.kind === 'holds') {
    const { basis } = verdict;
    return { law: id, name, holds: true, ...(basis !== undefined && { basis }) };
  }
  const { rule, expected, actual, locus } = verdict;
  return { law: id, name, holds: false, violation: { rule, expected, actual, locus } };
}

/** A sealed epoch and how far it has come. */
export function presentEpoch({ epoch, level, prove, publish, settle }: SealedEpoch): EpochView {
  return {
    marketId: String(epoch.marketId),
    epochNumber: epoch.epochNumber,
    firstBatch: epoch.firstBatch,
    lastBatch: epoch.lastBatch,
    sealedAt: isoTime(epoch.sealedAtMs),
    vaultCount: epoch.diffs.accounts.length,
    diffRoot: epoch.diffRoot,
    epochHash: epoch.epochHash,
    parentEpochHash: epoch.parentEpochHash,
    stateRoot: epoch.stateRoot,
    level,
    steps: {
      prove: presentStep(prove),
      publish: presentStep(publish),
      settle: presentStep(settle),
    },
  };
}

function presentStep(step: StepState): StepView {
  const detail = 'detail' in step && step.detail !== undefined ? { detail: step.detail } : {};
  const moment = step.kind === 'done' ? { at: isoTime(step.atMs) } : {};
  return { state: step.kind, ...moment, ...detail };
}

/** Balances of an account by symbol. */
export function presentBalances(state: ExchangeState, owner: AccountId): BalanceView[] {
  return state.ledger.balances(owner).map(({ assetId, balance }) => {
    const { symbol, decimals } = at(state.assets, assetId);
    return {
      symbol,
      available: formatDecimal(balance.available, decimals),
      held: formatDecimal(balance.held, decimals),
      total: formatDecimal(balance.available + balance.held, decimals),
    };
  });
}

/** An account at every level. Laws judge before balances move, so executed balances are checked. */
export function presentAccount(
  state: ExchangeState,
  owner: AccountId,
  vault: SettledVault,
): AccountView {
  const reached = {
    state: 'reached',
    sequence: state.sequence,
    balances: presentBalances(state, owner),
  } as const;
  const untracked = vault.kind === 'notConfigured' ? 'notConfigured' : 'notTracked';
  return {
    owner,
    levels: [
      { level: 'executed', ...reached },
      { level: 'checked', ...reached },
      { level: 'proven', state: untracked },
      { level: 'available', state: 'notConfigured' },
      presentSettledLevel(state, vault),
      { level: 'finalized', state: untracked },
    ],
    highestOrderNonce: String(state.nonceWindow(owner).highest),
    asOf: asOfState(state),
  };
}

function presentSettledLevel(state: ExchangeState, vault: SettledVault): LevelView {
  if (vault.kind !== 'reached') return { level: 'settled', state: vault.kind };
  const balances = [...vault.balances].flatMap(([id, units]): BalanceView[] => {
    const asset = state.assets[id];
    if (asset === undefined || units === 0n) return [];
    const total = formatDecimal(units, asset.decimals);
    const held = formatDecimal(0n, asset.decimals);
    return [{ symbol: asset.symbol, available: total, held, total }];
  });
  return { level: 'settled', state: 'reached', balances };
}

function presentLegs(state: ExchangeState, { report }: BatchRecord): BatchView['assets'] {
  const market = state.markets.get(report.marketId);
  invariant(market !== undefined, 'a report belongs to a market');
  const { assets } = market.parameters;
  return report.prices.map((scaled, i) => {
    const { assetId, decimals } = at(assets, i);
    return {
      symbol: symbolOf(state, assetId),
      price: presentPrice(scaled),
      payFactorE12: String(at(report.payFactors, i)),
      receiveFactorE12: String(at(report.receiveFactors, i)),
      poolBefore: formatDecimal(at(report.poolBefore, i), decimals),
      poolAfter: formatDecimal(at(report.poolAfter, i), decimals),
      poolTrade: formatDecimal(at(report.poolTrade, i), decimals),
      fees: formatDecimal(at(report.fees, i), decimals),
    };
  });
}
