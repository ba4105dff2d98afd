import { coverWith } from '../gates/createFundsGate.ts';
import type { Reservation } from '../gates/fundsGate.ts';
import type { Reason } from '../intents/intent.ts';
import { liveAttempts } from '../intents/lifeSteps.ts';
import type { UnsignedTransaction } from '../signers/transactionSigner.ts';
import type { StoredIntent } from './laneLog.ts';
import type { Tenure } from './tenure.ts';

/** A transaction with what it takes at worst. */
export interface PricedTransaction {
  readonly transaction: UnsignedTransaction;
  readonly reservation: Reservation;
}

/**
 * Prices a transaction so that gas and data together stay within the cap of its intent: the cap
 * holds for all that is paid for being executed.
 *
 * `build` is told how many wei the gas may cost, and answers undefined where that is too little.
 *
 * @throws what the funds gate throws when no endpoint answers.
 */
export async function priceWithin(
  tenure: Tenure,
  feeCap: bigint,
  build: (gasCap: bigint) => UnsignedTransaction | undefined,
): Promise<PricedTransaction | undefined> {
  const { funds } = tenure.stands;
  let gasCap = feeCap;
  // Cheaper gas changes a few bytes and with them the data fee, so that a second look may differ.
  for (let look = 0; look < 2 && gasCap > 0n; look += 1) {
    const transaction = build(gasCap);
    if (transaction === undefined) return undefined;
    const reservation = await funds.reservation(transaction);
    if (reservation.gas + reservation.dataFee <= feeCap) return { transaction, reservation };
    gasCap = feeCap - reservation.dataFee;
  }
  return undefined;
}

/**
 * Sets aside what a transaction takes at worst, on top of all in flight, before it is signed.
 *
 * Of the attempts of one intent only one can land, but any of them may: the dearest stays set
 * aside. A cheaper one needs no cover of its own.
 *
 * @returns the reason with the exact shortfall in wei, undefined when it is covered.
 * @throws what the funds gate throws when no endpoint answers.
 */
export async function reserve(
  tenure: Tenure,
  key: string,
  next: Reservation,
): Promise<Reason | undefined> {
  const own = tenure.memory.inFlight().find(({ life }) => life.key === key);
  if (own !== undefined && total(await reservationOf(tenure, own)) >= total(next)) return undefined;
  const short = await shortage(tenure, key, next);
  if (short === undefined) tenure.memory.reservations.set(key, next);
  return short;
}

/** By how much the balance falls short of something on top of what the other intents take. */
export async function shortage(
  tenure: Tenure,
  key: string,
  next: Reservation,
): Promise<Reason | undefined> {
  const others: Reservation[] = [];
  for (const stored of tenure.memory.inFlight()) {
    if (stored.life.key !== key) others.push(await reservationOf(tenure, stored));
  }
  // Of this beat, and not yet in the memory.
  for (const [other, reservation] of tenure.memory.reservations) {
    if (other !== key && tenure.memory.slotOf(other) === undefined) others.push(reservation);
  }
  const balance = await tenure.balance();
  const verdict = coverWith({ balance, inFlight: others, next });
  return verdict.kind === 'short' ? verdict.reason : undefined;
}

function total({ amount, gas, dataFee }: Reservation): bigint {
  return amount + gas + dataFee;
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
