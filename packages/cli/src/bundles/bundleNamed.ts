import { existsSync } from 'node:fs';
import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { UsageFault } from '../terminal/cliFault.ts';
import { isBook } from './bookEpochs.ts';
import { readBundle } from './bundleFile.ts';
import { fetchBundle } from './fetchBundle.ts';
import { findEpoch } from './findEpoch.ts';

/** A bundle, and where it came from. */
export interface NamedBundle {
  readonly bundle: EpochBundle;
  /** The file, or the epoch in words. */
  readonly name: string;
  readonly source: 'file' | 'venue';
}

/**
 * The bundle that a word names: a file, or an epoch of the venue by its number or `latest`.
 * @throws UsageFault for a word that is neither, or a book; FileFault; RefusedFault notFound.
 */
export async function bundleNamed(
  word: string,
  marketId: string,
  client: LawbookClient,
): Promise<NamedBundle> {
  if (existsSync(word)) return { bundle: readBundle(word), name: word, source: 'file' };
  if (word !== 'latest' && !/^\d+$/.test(word)) {
    throw new UsageFault(`name a bundle file, or an epoch by its number or latest, not ${word}`);
  }
  if (await isBook(client, marketId)) {
    throw new UsageFault(`market ${marketId} is a book: its epochs are neither proved nor settled`);
  }
  const { epochNumber } = await findEpoch(client, marketId, word);
  const bundle = await fetchBundle(client, marketId, epochNumber);
  return { bundle, name: `epoch ${epochNumber}`, source: 'venue' };
}
