import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { decodeBundle, encodeBundle } from '@lawbook/exchange/bundle';
import { SETTLEMENT_ATTACHMENT } from '@lawbook/proofs/statements/epoch/settlementAttachment';
import type { SettledProgress } from '@lawbook/settlement/baseLayer/baseLayer';
import type { Config } from '../config/config.ts';
import { VenueIndex } from '../readModel/venueIndex.ts';
import { ListRecords } from '../settlement/listRecords.ts';
import { openIndexStore } from '../storage/openIndexStore.ts';

/** What the indexes of a venue without a journal still tell. */
export interface LostHistory {
  /** Epochs that were sealed and are not settled, ascending. */
  readonly epochs: readonly LostEpoch[];
  /** Batches that had cleared in no sealed epoch, ascending. */
  readonly openBatches: readonly number[];
  /** The bundle of the last settled epoch with its proof, where the indexes have both. */
  readonly lastBundle: Uint8Array | undefined;
}

/** An epoch that the base layer never heard of. */
export interface LostEpoch {
  readonly epochNumber: number;
  readonly batches: number;
  /** Ids of its orders: they are void, and what they traded is undone. */
  readonly orderIds: readonly string[];
  readonly withdrawals: number;
}

/** Reads at most so many records; more than a venue may have unsettled. */
const LOOK_MAX = 10_000;

/**
 * Looks into indexes that outlived their journal. Undefined where there are none.
 * @throws StorageFault for a store that cannot be read.
 */
export async function readLostHistory(
  config: Config,
  progress: SettledProgress,
): Promise<LostHistory | undefined> {
  if (!existsSync(indexOf(config))) return undefined;
  const store = await openIndexStore(config);
  const index = new VenueIndex(store);
  const { marketId } = config.settlement;
  try {
    const sealed = await index.epochs(marketId, { limit: LOOK_MAX });
    const epochs: LostEpoch[] = [];
    for (const { epoch } of sealed.reverse()) {
      const { epochNumber } = epoch;
      if (epochNumber <= progress.epochNumber) continue;
      const bytes = await index.bundle(marketId, epochNumber);
      epochs.push(lostEpoch(epochNumber, bytes === undefined ? undefined : decodeBundle(bytes)));
    }
    const last = sealed.at(-1)?.epoch.epochNumber ?? 0;
    const batches = await index.batches(marketId, { limit: LOOK_MAX });
    const open = batches.filter(({ epochNumber }) => epochNumber > last).reverse();
    return {
      epochs,
      openBatches: open.map(({ report }) => report.batchNumber),
      lastBundle: await bundleOf(index, new ListRecords(store), { marketId, ...progress }),
    };
  } finally {
    await index.close();
  }
}

/**
 * Puts indexes aside: they tell of epochs that the rebuilt venue will seal differently.
 * @returns where they are now; undefined where there were none.
 */
export async function putIndexesAside(config: Config): Promise<string | undefined> {
  const from = indexOf(config);
  if (!existsSync(from)) return undefined;
  let count = 1;
  while (existsSync(`${from}.lost-${count}`)) count += 1;
  const to = `${from}.lost-${count}`;
  await rename(from, to);
  return to;
}

function indexOf({ dataDir }: Config): string {
  return join(dataDir, 'index');
}

function lostEpoch(epochNumber: number, bundle: EpochBundle | undefined): LostEpoch {
  const batches = bundle?.batches ?? [];
  const orderIds = batches.flatMap(({ orders }) => {
    return Array.from({ length: orders.count }, (_, row) => orders.orderId(row));
  });
  const withdrawals = bundle?.withdrawals.length ?? 0;
  return { epochNumber, batches: batches.length, orderIds, withdrawals };
}

async function bundleOf(
  index: VenueIndex,
  records: ListRecords,
  { marketId, epochNumber, listNumber }: SettledProgress & { readonly marketId: number },
): Promise<Uint8Array | undefined> {
  const stored = await index.bundle(marketId, epochNumber);
  const attachment = (await records.get(listNumber))?.attachment;
  if (stored === undefined || attachment === undefined) return undefined;
  const attachments = [{ name: SETTLEMENT_ATTACHMENT, bytes: attachment }];
  return encodeBundle({ ...decodeBundle(stored), attachments });
}
