import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { WithdrawalView } from '@lawbook/api/schema/crossingViews';
import type { EpochSettlementReply } from '@lawbook/api/schema/settlementViews';
import { CommandFault } from '../terminal/cliFault.ts';
import type { Steps } from '../terminal/steps.ts';
import { granted } from '../trading/granted.ts';
import { pollUntil } from './pollUntil.ts';

/** A withdrawal that was accepted, and until when it is followed. */
export interface FollowedWithdrawal {
  readonly client: LawbookClient;
  readonly owner: string;
  readonly withdrawalId: string;
  readonly signal: AbortSignal;
}

/**
 * Follows a withdrawal until its epoch is settled, and says each step.
 *
 * @returns the settlement that pays it.
 * @throws CommandFault CLI_WITHDRAWAL_RETURNED when it was given back to its owner,
 *   CLI_EPOCH_NOT_SETTLED when the base layer refuses its epoch, CLI_WAIT_OVER when the signal
 *   ends the wait.
 */
export async function followWithdrawal(
  followed: FollowedWithdrawal,
  steps: Steps,
): Promise<EpochSettlementReply> {
  steps.waiting('waiting for an epoch that takes it out');
  const view = await pollUntil('an epoch takes the withdrawal out', followed.signal, () => {
    return leftLedger(followed);
  });
  const { marketId = '', epochNumber = 0 } = view;
  steps.done('in epoch', `epoch ${epochNumber} takes it out`, { epochNumber });
  steps.waiting('waiting for the proof and the settlement of the epoch');
  const settled = await pollUntil('the epoch is settled', followed.signal, () => {
    return settledEpoch(followed.client, marketId, epochNumber);
  });
  const { transaction = '', blockNumber = '', gasUsed } = settled;
  steps.done('settled', `in block ${blockNumber}, transaction ${transaction}`, {
    transaction,
    blockNumber,
    ...(gasUsed === undefined ? {} : { gasUsed }),
  });
  return settled;
}

/**
 * The settlement of an epoch; undefined while it waits.
 * @throws CommandFault CLI_EPOCH_NOT_SETTLED.
 */
export async function settledEpoch(
  client: LawbookClient,
  marketId: string,
  epochNumber: number,
): Promise<EpochSettlementReply | undefined> {
  const reply = await granted(client.readBaseLayerTransaction(marketId, epochNumber));
  if (reply.state === 'settled' || reply.state === 'finalized') return reply;
  if (reply.state === 'waiting') return undefined;
  const sentence = `epoch ${epochNumber} is not settled: ${reply.detail}`;
  throw new CommandFault('CLI_EPOCH_NOT_SETTLED', sentence, { epochNumber, state: reply.state });
}

/** The withdrawal once it left the ledger with an epoch; undefined while it waits. */
async function leftLedger({
  client,
  owner,
  withdrawalId,
}: FollowedWithdrawal): Promise<WithdrawalView | undefined> {
  const { withdrawals } = await granted(client.listWithdrawals(owner, { limit: PAGE }));
  const view = withdrawals.find((known) => known.withdrawalId === withdrawalId);
  if (view?.status === 'inEpoch') return view;
  if (view?.status !== 'returned') return undefined;
  const why = view.returnedBecause ?? 'unknown';
  const sentence = `the withdrawal was given back to its owner: ${RETURNED[why]}`;
  throw new CommandFault('CLI_WITHDRAWAL_RETURNED', sentence, { withdrawalId, reason: why });
}

/** An owner has at most 16 withdrawals that wait, so the one that is followed is among these. */
const PAGE = 50;

const RETURNED = {
  expired: 'it expired before an epoch took it',
  ownerIsExiting: 'its owner asked the base layer for an exit',
  unknown: 'the venue says no reason',
} as const;
