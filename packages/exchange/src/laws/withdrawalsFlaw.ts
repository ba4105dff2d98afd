import type { AccountId } from '../ledger/account.ts';
import { isSystemAccount } from '../ledger/account.ts';
import { AMOUNT_MAX } from '../numbers/amount.ts';
import { NONCE_WINDOW, ORDER_NONCE_MAX } from '../orders/orderNonces.ts';
import type { SignedWithdrawal, Withdrawal } from '../orders/signedTypes.ts';
import { NO_DELEGATE, Signing } from '../orders/signedTypes.ts';
import type { VenueDomain } from '../orders/typedData.ts';
import type { Authority } from './law.ts';
import type { Finding, Violated } from './verdict.ts';
import { violatedField } from './verdict.ts';

/** What is asked about the withdrawals of an epoch. */
export interface WithdrawalsClaim {
  readonly domain: VenueDomain;
  /** When the last batch of the epoch closed, milliseconds since 1970. */
  readonly lastClosedAtMs: number;
  readonly withdrawals: readonly SignedWithdrawal[];
}

/**
 * L2 for an epoch: every withdrawal is signed by its owner itself, of units that an amount can
 * count, to an address that somebody can hold, from the one shard of the epoch, unexpired at the
 * last close, and with a nonce that is fresh within the epoch. Each is what the contract asks for.
 * Whether the owner had the units is not shown here: the contract and the state roots show it.
 *
 * Judged as `admitted`, the hashing and the curve are left to the executor.
 * @see docs/protocol/spendsAreAuthorised.md
 */
export function withdrawalsFlaw(
  claim: WithdrawalsClaim,
  authority: Authority,
): Violated | undefined {
  const signing = new Signing(claim.domain);
  const used = new Map<AccountId, OwnNonces>();
  for (const [k, entry] of claim.withdrawals.entries()) {
    const { withdrawal } = entry;
    const flaw =
      termsFlaw(claim, withdrawal) ??
      nonceFlaw(used, withdrawal) ??
      signerFlaw(signing, entry, authority);
    if (flaw === undefined) continue;
    const { field, rule, expected, actual } = flaw;
    return violatedField(`withdrawals[${k}].${field}`, rule, { expected, actual });
  }
  return undefined;
}

interface Flaw extends Omit<Finding, 'locus'> {
  readonly field: string;
}

function termsFlaw(claim: WithdrawalsClaim, withdrawal: Withdrawal): Flaw | undefined {
  const { owner, to, units, shard, expiresAtMs } = withdrawal;
  if (isSystemAccount(owner)) {
    const [rule, expected] = ['a withdrawal is of a user', 'an address with a key'];
    return { field: 'owner', rule, expected, actual: owner };
  }
  if (units < 1n || units > AMOUNT_MAX) {
    const rule = 'a withdrawal is of one unit or more';
    return { field: 'units', rule, expected: `1..${AMOUNT_MAX}`, actual: units };
  }
  if (to === NO_DELEGATE || isSystemAccount(to)) {
    const rule = 'a withdrawal goes to an address that somebody can hold';
    return { field: 'to', rule, expected: 'such an address', actual: to };
  }
  const first = claim.withdrawals[0]?.withdrawal.shard ?? shard;
  if (shard !== first) {
    const rule = 'the withdrawals of an epoch are from one shard';
    return { field: 'shard', rule, expected: first, actual: shard };
  }
  if (expiresAtMs > claim.lastClosedAtMs) return undefined;
  const rule = 'a withdrawal is unexpired at the last close of its epoch';
  const expected = `after ${claim.lastClosedAtMs}`;
  return { field: 'expiresAtMs', rule, expected, actual: expiresAtMs };
}

interface OwnNonces {
  highest: bigint;
  readonly all: Set<bigint>;
}

/** Freshness restated: above the highest used, or less than NONCE_WINDOW below it and not used. */
function nonceFlaw(used: Map<AccountId, OwnNonces>, withdrawal: Withdrawal): Flaw | undefined {
  const { owner, orderNonce } = withdrawal;
  const own = used.get(owner) ?? { highest: 0n, all: new Set<bigint>() };
  used.set(owner, own);
  const inRange = orderNonce >= 1n && orderNonce <= ORDER_NONCE_MAX;
  if (!inRange || own.all.has(orderNonce) || own.highest - orderNonce >= NONCE_WINDOW) {
    const expected = `above ${own.highest}, or unused within ${NONCE_WINDOW} below it`;
    const rule = 'the nonce of a withdrawal is fresh within its epoch';
    return { field: 'orderNonce', rule, expected, actual: orderNonce };
  }
  own.all.add(orderNonce);
  if (orderNonce > own.highest) own.highest = orderNonce;
  return undefined;
}

function signerFlaw(
  signing: Signing,
  { withdrawal, signature }: SignedWithdrawal,
  authority: Authority,
): Flaw | undefined {
  if (authority.authority !== 'recover') return undefined;
  const signer = authority.recover(signing.withdrawalDigest(withdrawal), signature);
  if (signer === withdrawal.owner) return undefined;
  const rule = 'a withdrawal is signed by its owner';
  return { field: 'signature', rule, expected: withdrawal.owner, actual: signer ?? 'no signer' };
}
