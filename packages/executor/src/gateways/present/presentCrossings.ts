import type { DepositView, WithdrawalView } from '@lawbook/api/schema/crossingViews';
import { wireWithdrawal } from '@lawbook/api/schema/wireTerms';
import type { ExchangeState } from '@lawbook/exchange/application/exchangeState';
import { at } from '@lawbook/exchange/failures/invariant';
import { formatDecimal } from '@lawbook/exchange/numbers/amount';
import type { DepositRecord, WithdrawalRecord } from '../../readModel/crossings.ts';
import { isoTime } from './moments.ts';

/** A withdrawal: its signed terms, the same in human units, and what became of it. */
export function presentWithdrawal(state: ExchangeState, record: WithdrawalRecord): WithdrawalView {
  const { withdrawal, status } = record;
  const { symbol, decimals } = at(state.assets, withdrawal.assetId);
  return {
    withdrawalId: record.withdrawalId,
    terms: wireWithdrawal(withdrawal),
    symbol,
    amount: formatDecimal(withdrawal.units, decimals),
    sequence: record.sequence,
    requestedAt: isoTime(record.requestedAtMs),
    status: status.kind,
    ...(status.kind === 'inEpoch' && {
      marketId: String(status.marketId),
      epochNumber: status.epochNumber,
    }),
    ...(status.kind === 'returned' && { returnedBecause: status.reason }),
  };
}

/** A deposit in human units. */
export function presentDeposit(state: ExchangeState, record: DepositRecord): DepositView {
  const { symbol, decimals } = at(state.assets, record.assetId);
  return {
    depositNumber: record.depositNumber,
    symbol,
    amount: formatDecimal(record.units, decimals),
    sequence: record.sequence,
    creditedAt: isoTime(record.creditedAtMs),
  };
}
