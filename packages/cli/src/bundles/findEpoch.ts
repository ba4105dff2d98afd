import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { EpochView } from '@lawbook/api/schema/recordViews';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { RefusedFault, UsageFault } from '../terminal/cliFault.ts';
import { granted } from '../trading/granted.ts';

/**
 * An epoch of a venue by its number, or the latest one.
 * @throws UsageFault for another word, RefusedFault notFound.
 */
export async function findEpoch(
  client: LawbookClient,
  marketId: string,
  word: string,
): Promise<EpochView> {
  if (/^[1-9]\d{0,14}$/.test(word)) {
    return (await granted(client.readEpoch(marketId, Number(word)))).epoch;
  }
  if (word !== 'latest') throw new UsageFault(`name an epoch by number or latest, not ${word}`);
  const { epochs } = await granted(client.listEpochs(marketId, { limit: 1 }));
  const [latest] = epochs;
  if (latest !== undefined) return latest;
  throw new RefusedFault(refuse('notFound', { field: 'epoch', actual: 'none yet' }).rejection);
}
