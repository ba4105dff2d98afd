import { at } from '@lawbook/exchange/failures/invariant';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import type { BatchTransition } from '@lawbook/exchange/transition';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import type { Person } from '../../exchange/exchangeBench.ts';
import type { Row } from './alterBatch.ts';
import {
  flipped,
  signedBy,
  twinSignature,
  withFill,
  withRows,
  withSignature,
  withTerms,
} from './alterBatch.ts';
import type { Attack } from './attack.ts';
import { unseen } from './attack.ts';
import type { Forgery } from './forgery.ts';
import {
  editedBatches,
  editListBatch,
  editRow,
  forgeBatch,
  forgeCalldata,
  forgeList,
  resealed,
} from './forgery.ts';
import { CARLA, DAVID, ERIN, FIRST, MALLORY, SECOND } from './tradedEpochs.ts';

/** Rows of the first batch stand before those of the second in a list. */
const SECOND_AT = 5;
const HOUR_MS = 3_600_000;

/** Attacks on what was signed: orders, their nonces and signatures, cancels. */
export const ORDER_ATTACKS: readonly Attack[] = [
  {
    name: 'an order is dropped',
    part: 'order',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => {
        const keep = (rows: readonly Row[]): readonly Row[] => rows.slice(0, SECOND.unfilled);
        return withRows(batch, keep, { keepsRoot: true });
      }),
    refusedOffline: 'L0 L1',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'an order is dropped, and the batch still counts it',
    part: 'order',
    apply: (honest) => forgeCalldata(honest, ({ book }) => ({ rows: book.rows.slice(0, -1) })),
    refusedOffline: unseen('a reader counts the rows of the epoch itself'),
    refusedOnChain: 'OrdersAreComplete',
  },
  {
    name: 'an order is added behind those that the batches count',
    part: 'order',
    apply: (honest) =>
      forgeCalldata(honest, ({ book }) => ({ rows: [...book.rows, at(book.rows, 4)] })),
    refusedOffline: unseen('a reader counts the rows of the epoch itself'),
    refusedOnChain: 'OrdersAreComplete',
  },
  {
    name: 'an order that nobody signed is added, and trades nothing',
    part: 'order',
    apply: (honest) => forgeBatch(honest, 1, (batch) => withPhantom(batch, 0n, 0n)),
    refusedOffline: 'L2 L4',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'an order that nobody signed is added and filled',
    part: 'order',
    apply: (honest) => forgeBatch(honest, 1, (batch) => withPhantom(batch, 1_100_001n, 999_700n)),
    refusedOffline: 'L2 L4',
    refusedOnChain: 'SpendsAreAuthorised',
  },
  {
    name: 'two orders change places',
    part: 'order',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => {
        const swap = ([a, b, ...rest]: readonly Row[]): readonly Row[] => [
          b as Row,
          a as Row,
          ...rest,
        ];
        return withRows(batch, swap, { keepsRoot: true });
      }),
    refusedOffline: 'L0 L1',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'an order is of another owner',
    part: 'order',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) =>
        withTerms(batch, SECOND.backwards, { owner: CARLA.account }),
      ),
    refusedOffline: 'L2',
    refusedOnChain: 'SpendsAreAuthorised',
  },
  {
    name: 'an order pays from the vault of another owner',
    part: 'order',
    apply: (honest) =>
      forgeList(honest, (cut) => ({
        rows: editRow(cut, SECOND_AT, (row) => ({ ...row, vault: row.vault === 2 ? 3 : 2 })),
      })),
    refusedOffline: 'listHash, publicInputs',
    refusedOnChain: 'VaultOfAnotherOwner',
  },
  {
    name: "an order pays from the pool's vault",
    part: 'order',
    apply: (honest) =>
      forgeList(honest, (cut) => ({
        rows: editRow(cut, SECOND_AT, (row) => ({ ...row, vault: 0 })),
      })),
    refusedOffline: 'listHash, publicInputs',
    refusedOnChain: 'VaultOfAnotherOwner',
  },
  ...termAttacks(),
  {
    name: 'an order pays an asset that the market does not have',
    part: 'order',
    apply: (honest) =>
      forgeList(honest, (cut) => ({
        rows: editRow(cut, SECOND_AT, (row) => ({ ...row, order: { ...row.order, pay: 7 } })),
      })),
    refusedOffline: 'listHash, publicInputs',
    refusedOnChain: 'AssetUnknown',
  },
  {
    name: 'an order of another market is taken',
    part: 'order',
    apply: (honest) =>
      forgeList(honest, (cut) => ({
        rows: editRow(cut, SECOND_AT, (row) => ({ ...row, order: { ...row.order, marketId: 2 } })),
      })),
    refusedOffline: 'listHash, publicInputs',
    refusedOnChain: 'OrderOfAnotherMarket',
  },
  {
    name: 'an order that had expired is filled',
    part: 'order',
    apply: (honest) =>
      withRow(
        forgeBatch(honest, 0, (batch) =>
          withFill(batch, FIRST.expired, { paid: 80_000_000n, received: 63_980_000n }),
        ),
        FIRST.expired,
        { isVoid: false },
      ),
    refusedOffline: 'L4 L5',
    refusedOnChain: 'OrderExpired',
  },
  {
    name: 'an order is taken twice in one batch',
    part: 'nonce',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) =>
        withRows(batch, (rows) => [...rows, at(rows, SECOND.backwards)]),
      ),
    refusedOffline: 'L1 L2',
    refusedOnChain: 'OrderNonceReplayed',
  },
  {
    name: 'an order of the first batch is taken again in the second',
    part: 'nonce',
    apply: (honest) => {
      const batch = at(honest.epoch.bundle.batches, 0);
      const { minimum: row } = FIRST;
      const again: Row = {
        entry: batch.orders.entry(row),
        isCanceled: false,
        cancel: undefined,
        paid: batch.fills.paid[row] as bigint,
        received: batch.fills.received[row] as bigint,
      };
      return forgeBatch(honest, 1, (other) => withRows(other, (rows) => [...rows, again]));
    },
    refusedOffline: 'L2 L5',
    refusedOnChain: 'OrderNonceReplayed',
  },
  {
    name: 'an order carries another nonce than the signed one',
    part: 'nonce',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => withTerms(batch, SECOND.backwards, { orderNonce: 40n })),
    refusedOffline: 'L2',
    refusedOnChain: 'SpendsAreAuthorised',
  },
  {
    name: 'an order carries the nonce zero, signed',
    part: 'nonce',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => resigned(batch, SECOND.backwards, ERIN, { orderNonce: 0n })),
    refusedOffline: 'L2',
    refusedOnChain: 'OrderNonceTooOld',
  },
  {
    name: 'a bit of a signature is turned',
    part: 'signature',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) =>
        withSignature(batch, SECOND.backwards, (old) => flipped(old, 9)),
      ),
    refusedOffline: 'L2',
    refusedOnChain: 'SpendsAreAuthorised',
  },
  {
    name: 'a signature is replaced by its twin with a high s',
    part: 'signature',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => withSignature(batch, SECOND.backwards, twinSignature)),
    refusedOffline: 'L2',
    refusedOnChain: 'SpendsAreAuthorised',
  },
  {
    name: 'a signature is that of another person',
    part: 'signature',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => resigned(batch, SECOND.backwards, MALLORY, {})),
    refusedOffline: 'L2',
    refusedOnChain: 'SpendsAreAuthorised',
  },
  {
    name: 'a signature is cut short',
    part: 'signature',
    apply: (honest) =>
      forgeCalldata(honest, (cut) => ({
        rows: editRow(cut, SECOND_AT + 1, (row) => ({
          ...row,
          signature: row.signature.slice(0, -2) as Hex,
        })),
      })),
    refusedOffline: unseen('a bundle has 65 bytes for each signature'),
    refusedOnChain: 'SpendsAreAuthorised',
  },
  {
    name: 'a live order is void without a reason',
    part: 'cancel',
    apply: (honest) => {
      const batches = editedBatches(honest, 1, (batch) => withMark(batch, undefined));
      const forged = forgeCalldata(honest, (cut) => ({
        rows: editRow(cut, SECOND_AT + SECOND.unfilled, (row) => ({ ...row, isVoid: true })),
      }));
      return { ...forged, bundle: resealed({ ...forged.bundle, batches }) };
    },
    refusedOffline: 'L1',
    refusedOnChain: 'OrdersAreComplete',
  },
  {
    name: 'a live order is void by its own signature',
    part: 'cancel',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) =>
        withMark(batch, batch.orders.authorisation(SECOND.unfilled)),
      ),
    refusedOffline: 'L2',
    refusedOnChain: 'SpendsAreAuthorised',
  },
  {
    name: 'a cancel is signed by another owner',
    part: 'cancel',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch, signing) => {
        const id = batch.orders.orderId(SECOND.unfilled);
        return withMark(batch, signedBy(DAVID, signing.cancelDigest(CARLA.account, id)));
      }),
    refusedOffline: 'L2',
    refusedOnChain: 'SpendsAreAuthorised',
  },
  {
    name: 'a cancel is that of another order',
    part: 'cancel',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => {
        const first = at(honest.epoch.bundle.batches, 0);
        return withMark(batch, at(first.cancellations, 0).authorisation);
      }),
    refusedOffline: 'L2',
    refusedOnChain: 'SpendsAreAuthorised',
  },
  {
    name: 'a row counts more orders than it has',
    part: 'order',
    apply: (honest) =>
      forgeCalldata(honest, (cut) => ({
        list: { batches: editListBatch(cut, 1, (batch) => ({ ...batch, orderCount: 5 })) },
      })),
    refusedOffline: unseen('a reader counts the rows of the epoch itself'),
    refusedOnChain: 'OrdersAreComplete',
  },
];

/** Signed terms that are altered one at a time. */
function termAttacks(): Attack[] {
  const terms: readonly [string, (order: BatchOrder) => Partial<BatchOrder>, string][] = [
    ['budget', ({ budget }) => ({ budget: amount(budget + 1n) }), 'L2 L4'],
    ['limit', () => ({ limitNumerator: 1n, limitDenominator: 1_000n }), 'L2'],
    ['minimum fill', () => ({ minFillPpm: 1 }), 'L2'],
    ['expiry', ({ expiresAtMs }) => ({ expiresAtMs: expiresAtMs + HOUR_MS }), 'L2'],
    ['product', () => ({ receive: 2 }), 'L2 L5'],
  ];
  return terms.map(
    ([name, edit, refusedOffline]): Attack => ({
      name: `the ${name} of an order is not the signed one`,
      part: 'order',
      apply: (honest) =>
        forgeBatch(honest, 1, (batch) =>
          withTerms(batch, SECOND.backwards, edit(batch.orders.order(SECOND.backwards))),
        ),
      refusedOffline,
      refusedOnChain: 'SpendsAreAuthorised',
    }),
  );
}

/** The batch with an order of an owner who never signed it. */
function withPhantom(batch: BatchTransition, paid: bigint, received: bigint): BatchTransition {
  const order: BatchOrder = {
    ...batch.orders.order(SECOND.basket),
    owner: DAVID.account,
    receive: 1,
    budget: amount(2_000_000n),
    orderNonce: 50n,
  };
  const orderId = new Signing(batch.domain).orderId(order);
  const authorisation = signedBy(MALLORY, new Signing(batch.domain).orderDigest(order));
  const entry = { order, orderId, authorisation };
  const row: Row = { entry, isCanceled: false, cancel: undefined, paid, received };
  return withRows(batch, (rows) => [...rows, row]);
}

/** The batch with an order of other terms that somebody signed. */
function resigned(
  batch: BatchTransition,
  row: number,
  signer: Person,
  terms: Partial<BatchOrder>,
): BatchTransition {
  const altered = withTerms(batch, row, terms);
  const digest = new Signing(batch.domain).orderDigest(altered.orders.order(row));
  return withSignature(altered, row, () => signedBy(signer, digest));
}

/** The batch with its unfilled order marked as cancelled, on some evidence or none. */
function withMark(batch: BatchTransition, cancel: Uint8Array | undefined): BatchTransition {
  return withRows(batch, (rows) =>
    rows.map((row, k) => (k === SECOND.unfilled ? { ...row, isCanceled: true, cancel } : row)),
  );
}

/** The forgery with a row that its cheat writes by hand. */
function withRow(
  forgery: Forgery,
  place: number,
  edit: Partial<Forgery['call']['book']['rows'][number]>,
): Forgery {
  const { call } = forgery;
  const rows = call.book.rows.map((row, k) => (k === place ? { ...row, ...edit } : row));
  return { ...forgery, call: { ...call, book: { ...call.book, rows } } };
}
