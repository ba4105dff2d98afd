import type { EpochBundle } from '@lawbook/exchange/bundle';
import { decodeBundle } from '@lawbook/exchange/bundle';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Input } from '@lawbook/exchange/inputs';
import { reportHash } from '@lawbook/exchange/markets/batch/report';
import { openPoseidon2 } from '@lawbook/proofs/barretenberg/poseidon2';
import { listHash } from '@lawbook/proofs/statements/epoch/dataVector';
import { epochCut, epochShapeFor } from '@lawbook/proofs/statements/epoch/epochStatement';
import {
  decodeSettlementAttachment,
  SETTLEMENT_ATTACHMENT,
} from '@lawbook/proofs/statements/epoch/settlementAttachment';
import type { SettledProgress } from '@lawbook/settlement/baseLayer/baseLayer';
import { RecoveryFault } from './recoveryFault.ts';

type ResumePoint = NonNullable<Extract<Input, { kind: 'createMarket' }>['resumeFrom']>;

/**
 * Reads the bundle of the last settled epoch, and makes sure that it is that epoch: its list has
 * the hash that the base layer holds.
 *
 * @throws DecodeError for bytes that are no bundle; RecoveryFault RECOVERY_NOT_POSSIBLE for the
 *   bundle of another epoch, or of another history.
 */
export async function readLastEpoch(
  bytes: Uint8Array,
  progress: SettledProgress,
): Promise<EpochBundle> {
  const bundle = decodeBundle(bytes);
  const attachment = bundle.attachments.find(({ name }) => name === SETTLEMENT_ATTACHMENT);
  if (bundle.epochNumber !== progress.epochNumber || attachment === undefined) {
    throw foreign(bundle, progress);
  }
  const { place } = decodeSettlementAttachment(attachment.bytes);
  const { shard, listNumber, previousListHash } = place;
  const shape = epochShapeFor(bundle);
  const cut = epochCut(
    bundle,
    { shard, listNumber, previousListHash, shape },
    await openPoseidon2(),
  );
  if (listHash(cut) !== progress.listHash) throw foreign(bundle, progress);
  return bundle;
}

/**
 * Where a rebuilt market goes on. The chains of epoch and report hashes are the venue's own:
 * without the bundle of the last settled epoch they begin anew, at the hash of its list.
 * @returns undefined before the first settled epoch.
 */
export function resumePointOf(
  { epochNumber, batchNumber, listHash: settled }: SettledProgress,
  last: EpochBundle | undefined,
): ResumePoint | undefined {
  if (epochNumber === 0) return undefined;
  if (last === undefined) {
    return { epochNumber, batchNumber, parentEpochHash: settled, parentReportHash: settled };
  }
  const { report } = at(last.batches, last.batches.length - 1);
  const parentReportHash = reportHash(report);
  return { epochNumber, batchNumber, parentEpochHash: last.epochHash, parentReportHash };
}

function foreign(bundle: EpochBundle, progress: SettledProgress): RecoveryFault {
  return new RecoveryFault(
    'RECOVERY_NOT_POSSIBLE',
    `The bundle is not that of epoch ${progress.epochNumber} as the base layer settled it, or ` +
      'has no proof. Give that of the last settled epoch, or none.',
    {
      fields: {
        epochNumber: bundle.epochNumber,
        settledEpochNumber: progress.epochNumber,
        listHash: progress.listHash,
      },
    },
  );
}
