// Goal: L2 refuses a debit that its owner did not want, repeat or could not pay.
// Method: signatures, grants, nonces and balances of a signed lawful day are changed alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reassemble } from '../../../../testing/world/assembleBatch.ts';
import { hiddenDay, ordinaryDay } from '../../../../testing/world/batchSpecs.ts';
import { editAt, editTable, refusals } from '../../../../testing/world/corruptions.ts';
import {
  CLOSED_AT_MS,
  clearedBatch,
  delegateOf,
  signedGrant,
} from '../../../../testing/world/lawfulBatch.ts';
import { at } from '../failures/invariant.ts';
import { orderSetRoot } from '../markets/batch/orderSet.ts';
import type { OrderTable } from '../markets/batch/orderTable.ts';
import { recoverSigner } from '../orders/signature.ts';
import { NO_DELEGATE, Scope } from '../orders/signedTypes.ts';
import { lawContext } from './law.ts';
import { spendsAreAuthorised } from './spendsAreAuthorised.ts';

const RECOVER = { authority: 'recover', recover: recoverSigner } as const;
const ADMITTED = { authority: 'admitted' } as const;
const SPEC = ordinaryDay();
const DAY = clearedBatch(SPEC);

function retabled(edit: (copy: OrderTable) => void): typeof DAY {
  const orders = editTable(DAY.orders, edit);
  return reassemble(DAY, { orders, admittedRoot: orderSetRoot(orders) });
}

test('holds for owners, delegates and sessions, and says on what basis', () => {
  const recovered = spendsAreAuthorised.check(DAY, lawContext(DAY, RECOVER));
  assert.deepEqual(recovered, { kind: 'holds', basis: 'recovered' });
  const admitted = spendsAreAuthorised.check(DAY, lawContext(DAY, ADMITTED));
  assert.deepEqual(admitted, { kind: 'holds', basis: 'admitted' });
});

test('refuses an order charged to another owner', () => {
  const swapped = retabled((copy) => {
    copy.ownerIndex[0] = 1;
    copy.orderNonce[0] = 77n;
  });
  assert.deepEqual(refusals(swapped, RECOVER), ['L2']);
});

test('refuses terms that the owner did not sign', () => {
  const wider = retabled((copy) => {
    copy.expiresAtMs[0] = CLOSED_AT_MS + 999_999;
  });
  assert.deepEqual(refusals(wider, RECOVER), ['L2']);
});

test('refuses the signature of somebody else', () => {
  const forged = retabled((copy) => copy.authorisations.copyWithin(0, 65, 130));
  assert.deepEqual(refusals(forged, RECOVER), ['L2']);
});

test('refuses an authorisation of unknown form on either basis', () => {
  const odd = retabled((copy) => {
    copy.authorisations[64] = 1;
  });
  assert.deepEqual(refusals(odd, RECOVER), ['L2']);
  assert.deepEqual(refusals(odd, ADMITTED), ['L2']);
});

test('refuses orders under grants that are expired, without scope, missing or forged', () => {
  const session = signedGrant(3);
  const delegate = { delegate: delegateOf(4).account };
  const granted = (...grants: (typeof DAY)['grants'][number][]): typeof DAY => ({ ...DAY, grants });
  assert.deepEqual(refusals(granted(session, signedGrant(4, delegate)), RECOVER), []);
  const spoiled = [
    granted(session, signedGrant(4, { ...delegate, expiresAtMs: CLOSED_AT_MS })),
    granted(session, signedGrant(4, { ...delegate, scopes: Scope.read })),
    granted(session),
    granted(session, { ...signedGrant(5, delegate), grant: signedGrant(4, delegate).grant }),
    granted(signedGrant(4, delegate)),
  ];
  for (const transition of spoiled) assert.deepEqual(refusals(transition, RECOVER), ['L2']);
});

test('refuses a grant that says more than its fields can hold, although it is signed', () => {
  const delegate = { delegate: delegateOf(4).account };
  const session = signedGrant(3);
  const judged = (changes: object): readonly string[] => {
    const grants = [session, signedGrant(4, { ...delegate, ...changes })];
    return refusals({ ...DAY, grants }, RECOVER);
  };
  assert.deepEqual(judged({ scopes: 0xff }), []);
  assert.deepEqual(judged({ scopes: 0x100 | Scope.trade }), ['L2']);
  assert.deepEqual(judged({ orderNonce: 2n ** 64n - 1n }), []);
  assert.deepEqual(judged({ expiresAtMs: Number.MAX_SAFE_INTEGER }), []);
});

test('a grant reaches as far as the order that it carries, to the millisecond', () => {
  const delegate = { delegate: delegateOf(4).account };
  const session = signedGrant(3);
  const last = Math.max(...DAY.orders.expiresAtMs.subarray(0, DAY.orders.count));
  for (const [expiresAtMs, refused] of [
    [last, []],
    [last - 1, ['L2']],
  ] as const) {
    const granted = [session, signedGrant(4, { ...delegate, expiresAtMs })];
    assert.deepEqual(refusals({ ...DAY, grants: granted }, RECOVER), refused);
    // The order under a session names its grant by id, so its terms are read as they stand.
    const named = at(DAY.grants, at(DAY.grants, 0).grant.delegate === NO_DELEGATE ? 0 : 1);
    const kept = { ...named, grant: { ...named.grant, expiresAtMs } };
    assert.deepEqual(refusals({ ...DAY, grants: [kept] }, ADMITTED), refused);
  }
});

test('refuses a session order whose grant names a delegate or another owner', () => {
  const named = at(DAY.grants, 0).grant.delegate === NO_DELEGATE ? 0 : 1;
  const other = { ...at(DAY.grants, named), grant: signedGrant(5).grant };
  const grants = DAY.grants.map((grant, k) => (k === named ? other : grant));
  assert.deepEqual(refusals({ ...DAY, grants }, ADMITTED), ['L2']);
});

test('refuses a cancel that its owner did not sign', () => {
  const cancellations = DAY.cancellations.map(({ row }) => ({
    row,
    authorisation: DAY.orders.authorisation(0),
  }));
  assert.deepEqual(refusals({ ...DAY, cancellations }, RECOVER), ['L2']);
});

test('refuses a commitment that its owner did not sign', () => {
  const day = clearedBatch(hiddenDay());
  assert.deepEqual(refusals(day, RECOVER), []);
  const commitments = day.commitments.map((entry, k) =>
    k === 0 ? { ...entry, authorisation: at(day.commitments, 1).authorisation } : entry,
  );
  assert.deepEqual(refusals({ ...day, commitments }, RECOVER), ['L2']);
});

function numbered(...nonces: bigint[]): typeof DAY {
  const orders = nonces.map((orderNonce, k) => ({
    trader: 1,
    pay: 0,
    receive: 1,
    budget: 1_000_000n + BigInt(k),
    orderNonce,
  }));
  return clearedBatch({ ...SPEC, orders });
}

test('accepts nonces out of order within the window', () => {
  assert.deepEqual(refusals(numbered(5n, 3n, 260n, 8n, 6n, 5_000n, 4_999n), RECOVER), []);
});

test('refuses a nonce that was used in this batch, before it, or too long ago', () => {
  assert.deepEqual(refusals(numbered(5n, 5n), RECOVER), ['L2']);
  assert.deepEqual(refusals(numbered(5n, 600n, 5n), RECOVER), ['L2']);
  assert.deepEqual(refusals(numbered(0n), RECOVER), ['L2']);
  const known = { ...numbered(5n), nonceWindows: [{ highest: 9n, used: 0b10001n }] };
  assert.deepEqual(refusals(known, RECOVER), ['L2']);
  const unused = { ...numbered(5n), nonceWindows: [{ highest: 9n, used: 0b00001n }] };
  assert.deepEqual(refusals(unused, RECOVER), []);
  const old = { ...numbered(5n), nonceWindows: [{ highest: 261n, used: 1n }] };
  assert.deepEqual(refusals(old, RECOVER), ['L2']);
});

test('refuses an owner that spends more than it had', () => {
  const balances = editAt(DAY.before.balances, 0, () => 1_000_000n);
  const poor = reassemble(DAY, { before: { ...DAY.before, balances } });
  assert.deepEqual(refusals(poor, RECOVER), ['L2', 'L9']);
});
