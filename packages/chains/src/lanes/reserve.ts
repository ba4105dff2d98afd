import { coverWith } from '../gates/createFundsGate.ts';
import type { Reservation } from '../gates/fundsGate.ts';
import type { Reason } from '../intents/intent.ts';
import { liveAttempts } from '../intents/lifeSteps.ts';
import type { UnsignedTransaction } from '../signers/transactionSigner.ts';
import type { StoredIntent } from './laneLog.ts';
import type { Tenure } from './tenure.ts';

/**
 * Sets aside what a transaction takes at worst, on top of all in flight, before it is signed.
 *
 * A replacement takes the place of what its intent reserved before: only one of them can land.
 *
 * @returns the reason with the exact shortfall in wei, undefined when it is covered.
 * @throws what the funds gate throws when no endpoint answers.
 */
export async function reserve(
  tenure: Tenure,
  key: string,
  transaction: UnsignedTransaction,
): Promise<Reason | undefined> {
  const { funds } = tenure.stands;
  const balance = await tenure.balance();
  const next = await funds.reservation(transaction);
  const others: Reservation[] = [];
  for (const stored of tenure.memory.inFlight()) {
    if (stored.life.key !== key) others.push(await reservationOf(tenure, stored));
  }
  // Of this beat, and not yet in the memory.
  for (const [other, reservation] of tenure.memory.reservations) {
    if (other !== key && tenure.memory.slotOf(other) === undefined) others.push(reservation);
  }
  const verdict = coverWith({ balance, inFlight: others, next });
  if (verdict.kind === 'short') return verdict.reason;
  tenure.memory.reservations.set(key, verdict.reservation);
  return undefined;
}

async function reservationOf(tenure: Tenure, stored: StoredIntent): Promise<Reservation> {
  const known = tenure.memory.reservations.get(stored.life.key);
  if (known !== undefined) return known;
  const { request, life } = stored;
  const [dearest] = [...liveAttempts(life)].sort((a, b) => {
    return a.maxFeePerGas * a.gasLimit < b.maxFeePerGas * b.gasLimit ? 1 : -1;
  });
  if (dearest === undefined) return { amount: 0n, gas: 0n, dataFee: 0n };
  const reservation = await tenure.stands.funds.reservation({
    chainId: tenure.options.chainId,
    chainNonce: dearest.chainNonce,
    to: request.to,
    amount: request.amount,
    callData: request.callData,
    gasLimit: dearest.gasLimit,
    maxFeePerGas: dearest.maxFeePerGas,
    maxPriorityFeePerGas: dearest.maxPriorityFeePerGas,
  });
  tenure.memory.reservations.set(life.key, reservation);
  return reservation;
}
