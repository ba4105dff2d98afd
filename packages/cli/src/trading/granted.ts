import type { Result } from '@lawbook/exchange/failures/result';
import { RefusedFault } from '../terminal/cliFault.ts';

/** What a venue granted. @throws RefusedFault with the rejection where it refused. */
export async function granted<T>(asked: Result<T> | Promise<Result<T>>): Promise<T> {
  const result = await asked;
  if (!result.ok) throw new RefusedFault(result.rejection);
  return result.value;
}
