import { at } from '../failures/invariant.ts';
import { AUTHORISATION_BYTES } from '../orders/batchOrder.ts';
import type { OrderNonceWindow } from '../orders/orderNonces.ts';
import { NONCE_WINDOW, ORDER_NONCE_MAX } from '../orders/orderNonces.ts';
import { Signing } from '../orders/signedTypes.ts';
import type { BatchTransition } from '../transition.ts';
import type { Law, LawContext } from './law.ts';
import type { Permissions } from './permissions.ts';
import { readPermissions } from './permissions.ts';
import type { Verdict, Violated } from './verdict.ts';
import { violated, violatedField } from './verdict.ts';

/**
 * L2. Nobody is debited without consent. Each order is authorised by its owner, by a delegate of a
 * valid trade grant, or by a session grant without delegate; each cancel and each commitment
 * likewise; each order nonce
 * is fresh against its owner's window, in order of admission; and what an owner spends of an asset
 * does not exceed its balance before.
 *
 * Judged with `recover`, digests and signers are recomputed here. Judged as `admitted`, the hashing
 * and the curve are left to the executor, which did both on these very columns at admission; all
 * else is still judged. The verdict names its basis.
 *
 * @see docs/protocol/spendsAreAuthorised.md
 */
export const spendsAreAuthorised: Law = {
  id: 'L2',
  name: 'spendsAreAuthorised',
  statement:
    'Every order and cancel carries the authorisation of its owner, every order nonce is fresh, ' +
    'and no owner spends more than it had.',
  check,
};

function check(transition: BatchTransition, context: LawContext): Verdict {
  if (context.rules.flaw !== undefined) return context.rules.flaw;
  const { authority } = context;
  const recover = authority.authority === 'recover' ? authority.recover : undefined;
  const permissions = readPermissions(transition, recover);
  if ('kind' in permissions) return permissions;
  const flaw =
    orderFlaw(transition, permissions) ??
    cancelFlaw(transition, permissions) ??
    commitFlaw(transition, permissions) ??
    orderNonceFlaw(transition) ??
    spendFlaw(transition, context);
  if (flaw !== undefined) return flaw;
  return { kind: 'holds', basis: recover === undefined ? 'admitted' : 'recovered' };
}

function orderFlaw(transition: BatchTransition, permissions: Permissions): Violated | undefined {
  const { orders, domain } = transition;
  const signing = permissions.recovers ? new Signing(domain) : undefined;
  for (let row = 0; row < orders.count; row += 1) {
    if (signing !== undefined) {
      const digest = signing.orderId(orders.order(row));
      if (digest !== orders.orderId(row)) {
        return atRow(transition, row, {
          rule: 'an order id is the digest of its order',
          expected: digest,
          actual: orders.orderId(row),
        });
      }
    }
    // Left to admission, a signature is judged by its last byte alone: no view need be cut.
    const form = orders.authorisations[row * AUTHORISATION_BYTES + AUTHORISATION_BYTES - 1];
    if (signing === undefined && (form === 27 || form === 28)) continue;
    const owner = at(orders.owners, orders.ownerIndex[row] as number);
    const permitted = permissions.permits({
      owner,
      digest: () => orders.orderIds.subarray(row * 32, row * 32 + 32),
      authorisation: orders.authorisations.subarray(
        row * AUTHORISATION_BYTES,
        (row + 1) * AUTHORISATION_BYTES,
      ),
      lastsUntilMs: orders.expiresAtMs[row] as number,
    });
    if (!permitted) {
      return atRow(transition, row, {
        rule: 'an order is authorised by its owner or under a valid trade grant',
        expected: owner,
        actual: 'no such authorisation',
      });
    }
  }
  return undefined;
}

function cancelFlaw(transition: BatchTransition, permissions: Permissions): Violated | undefined {
  const { orders, cancellations, domain } = transition;
  const signing = new Signing(domain);
  for (const { row, authorisation } of cancellations) {
    if (!Number.isInteger(row) || row < 0 || row >= orders.count) {
      return violatedField('cancellations', 'a cancel names an order of the batch', {
        expected: `a row below ${orders.count}`,
        actual: row,
      });
    }
    const owner = at(orders.owners, orders.ownerIndex[row] as number);
    const digest = (): Uint8Array => signing.cancelDigest(owner, orders.orderId(row));
    if (!permissions.permits({ owner, digest, authorisation, lastsUntilMs: 0 })) {
      return atRow(transition, row, {
        rule: 'a cancel is authorised by its owner or under a valid trade grant',
        expected: owner,
        actual: 'no such authorisation',
      });
    }
  }
  return undefined;
}

/** A commitment may cost its owner a bond, so it needs consent like an order. */
function commitFlaw(transition: BatchTransition, permissions: Permissions): Violated | undefined {
  const { commitments, parameters, domain, batchNumber } = transition;
  const signing = new Signing(domain);
  for (const [index, { owner, commitment, authorisation }] of commitments.entries()) {
    const { marketId } = parameters;
    const digest = (): Uint8Array => {
      return signing.commitDigest({ owner, marketId, batchNumber, commitment });
    };
    if (!permissions.permits({ owner, digest, authorisation, lastsUntilMs: 0 })) {
      return violated({
        locus: { kind: 'commitment', index },
        rule: 'a commitment is authorised by its owner or under a valid trade grant',
        expected: owner,
        actual: 'no such authorisation',
      });
    }
  }
  return undefined;
}

/** Nonces of one owner as a ring of bits by nonce mod 512: twice the window, so no shifting. */
const RING_WORDS = 16;
const RING_BITS = BigInt(RING_WORDS * 32);

/**
 * Freshness restated: a nonce is fresh when it is above the highest used, or less than NONCE_WINDOW
 * below it and not used. @see RFC 6479 for the ring instead of a shifted window
 */
function orderNonceFlaw(transition: BatchTransition): Violated | undefined {
  const { orders, nonceWindows } = transition;
  const highest = new BigUint64Array(nonceWindows.length);
  const rings = new Uint32Array(nonceWindows.length * RING_WORDS);
  for (let owner = 0; owner < nonceWindows.length; owner += 1) {
    const window = nonceWindows[owner] as (typeof nonceWindows)[number];
    const sound = window.highest >= 0n && window.highest <= ORDER_NONCE_MAX && window.used >= 0n;
    if (!sound) return windowFlaw(transition, owner, String(window.highest));
    highest[owner] = window.highest;
    markWindow(rings, owner, window);
  }
  for (let row = 0; row < orders.count; row += 1) {
    const owner = orders.ownerIndex[row] as number;
    const orderNonce = orders.orderNonce[row] as bigint;
    const top = highest[owner] as bigint;
    if (orderNonce > top && orderNonce <= ORDER_NONCE_MAX) {
      clear(rings, owner, { from: top + 1n, count: orderNonce - top });
      highest[owner] = orderNonce;
    } else {
      const stale = orderNonce === 0n || top - orderNonce >= NONCE_WINDOW;
      if (stale || orderNonce > top || isMarked(rings, owner, orderNonce)) {
        return atRow(transition, row, {
          rule: 'an order nonce is fresh',
          expected: `above ${top}, or unused within ${NONCE_WINDOW} below it`,
          actual: String(orderNonce),
        });
      }
    }
    mark(rings, owner, orderNonce);
  }
  return undefined;
}

/** Copies a window into its owner's ring, word by word: most words of most windows are zero. */
function markWindow(rings: Uint32Array, owner: number, window: OrderNonceWindow): void {
  for (let first = 0n; first < NONCE_WINDOW; first += 32n) {
    let word = Number(BigInt.asUintN(32, window.used >> first));
    for (let age = first; word !== 0; age += 1n, word >>>= 1) {
      if ((word & 1) === 1 && age <= window.highest) mark(rings, owner, window.highest - age);
    }
  }
}

/** Position of a nonce in its owner's ring. */
function ringBit(orderNonce: bigint): number {
  return Number(BigInt.asUintN(32, orderNonce)) % Number(RING_BITS);
}

function mark(rings: Uint32Array, owner: number, orderNonce: bigint): void {
  const bit = ringBit(orderNonce);
  const word = owner * RING_WORDS + (bit >>> 5);
  rings[word] = (rings[word] as number) | (1 << (bit & 31));
}

function isMarked(rings: Uint32Array, owner: number, orderNonce: bigint): boolean {
  const bit = ringBit(orderNonce);
  const word = owner * RING_WORDS + (bit >>> 5);
  return (((rings[word] as number) >>> (bit & 31)) & 1) === 1;
}

/** Forgets what the ring held a turn ago at the places of nonces that come into range now. */
function clear(
  rings: Uint32Array,
  owner: number,
  span: { readonly from: bigint; readonly count: bigint },
): void {
  if (span.count >= RING_BITS) {
    rings.fill(0, owner * RING_WORDS, (owner + 1) * RING_WORDS);
    return;
  }
  const start = ringBit(span.from);
  for (let k = 0; k < Number(span.count); k += 1) {
    const bit = (start + k) % Number(RING_BITS);
    const word = owner * RING_WORDS + (bit >>> 5);
    rings[word] = (rings[word] as number) & ~(1 << (bit & 31));
  }
}

function windowFlaw({ orders }: BatchTransition, owner: number, actual: string): Violated {
  return violated({
    locus: { kind: 'account', account: orders.owners[owner] as (typeof orders.owners)[number] },
    rule: 'a nonce window is one that nonces can lead to',
    expected: `a highest nonce of 0..${ORDER_NONCE_MAX}`,
    actual,
  });
}

function spendFlaw(
  { before, parameters }: BatchTransition,
  { totals }: LawContext,
): Violated | undefined {
  const sums = totals();
  if (sums.overflow !== undefined) return sums.overflow;
  const width = parameters.assets.length;
  for (let slot = 0; slot < sums.spent.length; slot += 1) {
    const spent = sums.spent[slot] as bigint;
    if (spent > 0n && spent > (before.balances[slot] as bigint)) {
      const asset = slot % width;
      const vault = (slot - asset) / width;
      return violated({
        locus: {
          kind: 'account',
          account: before.accounts[vault] as (typeof before.accounts)[number],
          asset,
        },
        rule: 'an owner spends no more than it had',
        expected: `at most ${before.balances[slot]}`,
        actual: spent,
      });
    }
  }
  return undefined;
}

function atRow(
  { orders }: BatchTransition,
  row: number,
  finding: { readonly rule: string; readonly expected: string; readonly actual: string },
): Violated {
  return violated({ locus: { kind: 'order', row, orderId: orders.orderId(row) }, ...finding });
}
