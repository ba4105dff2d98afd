import { ChainFault } from '../chainFault.ts';
import type { IntentRequest } from '../intents/intent.ts';

/**
 * Refuses a key that was used for something else.
 *
 * Deadline, prices and route are terms, not the wish: a program that starts again states another
 * deadline and means the same payment.
 *
 * @throws ChainFault CHAIN_KEY_REUSED for another target, amount or call data.
 */
export function checkSameWish(stored: IntentRequest, asked: IntentRequest): void {
  const isSame =
    stored.to?.toLowerCase() === asked.to?.toLowerCase() &&
    stored.amount === asked.amount &&
    stored.callData.toLowerCase() === asked.callData.toLowerCase();
  if (isSame) return;
  const { key } = asked;
  throw new ChainFault(
    'CHAIN_KEY_REUSED',
    `key ${key} names an intent with another target, amount or call data: use a new key.`,
    { fields: { key } },
  );
}
