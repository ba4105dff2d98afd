import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { EpochSettlementReply } from '@lawbook/api/schema/settlementViews';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { decodeBundle } from '@lawbook/exchange/bundle';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { at } from '@lawbook/exchange/failures/invariant';
import type { SettlementTransaction } from '@lawbook/proofs/statements/epoch/settlementAttachment';
import {
  decodeSettlementAttachment,
  encodeSettlementAttachment,
  SETTLEMENT_ATTACHMENT,
} from '@lawbook/proofs/statements/epoch/settlementAttachment';
import { granted } from '../trading/granted.ts';

/**
 * The bundle of a sealed epoch with all that the venue knows of it by now: its proof, and the
 * transaction that settled it.
 *
 * @throws DecodeError for a bundle or proof that does not read; RefusedFault notFound.
 */
export async function fetchBundle(
  client: LawbookClient,
  marketId: string,
  epochNumber: number,
): Promise<EpochBundle> {
  const bundle = decodeBundle(await granted(client.readBundle(marketId, epochNumber)));
  const { attachment } = await granted(client.readProof(marketId, epochNumber));
  if (attachment === undefined) return bundle;
  const settlement = await granted(client.readBaseLayerTransaction(marketId, epochNumber));
  const transaction = transactionOf(bundle, settlement);
  const proved = decodeSettlementAttachment(hexToBytes(attachment));
  const bytes = encodeSettlementAttachment({
    ...proved,
    ...(transaction === undefined ? {} : { transaction }),
  });
  const others = bundle.attachments.filter(({ name }) => name !== SETTLEMENT_ATTACHMENT);
  return { ...bundle, attachments: [...others, { name: SETTLEMENT_ATTACHMENT, bytes }] };
}

/** Chain and contract are those that the orders of the bundle were signed for. */
function transactionOf(
  { batches }: EpochBundle,
  { state, transaction, blockNumber }: EpochSettlementReply,
): SettlementTransaction | undefined {
  const isSettled = state === 'settled' || state === 'finalized';
  if (!isSettled || transaction === undefined || blockNumber === undefined) return undefined;
  const { domain } = at(batches, 0);
  return {
    chainId: domain.chainId,
    contract: domain.address,
    transactionHash: transaction.toLowerCase() as Hash,
    blockNumber: BigInt(blockNumber),
  };
}
