import { at } from '@lawbook/exchange/failures/invariant';
import { price } from '@lawbook/exchange/numbers/price';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { reassemble } from '../../world/assembleBatch.ts';
import { withFill, withMoves } from './alterBatch.ts';
import type { Attack } from './attack.ts';
import {
  addToLimb,
  editChanges,
  editListBatch,
  forgeBatch,
  forgeCalldata,
  forgeEpoch,
  forgeList,
} from './forgery.ts';
import { ALICE, BOB, CARLA, DAVID, ERIN, FIRST, SECOND } from './tradedEpochs.ts';

/** Attacks on what came of the orders: fills, prices, diffs. */
export const FIGURE_ATTACKS: readonly Attack[] = [
  {
    name: 'a payer in part pays one unit more',
    part: 'fill',
    apply: (honest) => forgeBatch(honest, 0, (batch) => withFill(batch, FIRST.alice, { paid: 1n })),
    refusedOffline: 'L4 L5',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'a payer pays one unit less',
    part: 'fill',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => withFill(batch, SECOND.backwards, { paid: -1n })),
    refusedOffline: 'L4 L5',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'a payer pays one unit more than its budget',
    part: 'fill',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => withFill(batch, SECOND.backwards, { paid: 1n })),
    refusedOffline: 'L4 L5 L6',
    refusedOnChain: 'LimitsAreRespected',
  },
  {
    name: 'a receiver gets one unit more',
    part: 'fill',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => withFill(batch, SECOND.backwards, { received: 1n })),
    refusedOffline: 'L5',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'a receiver gets one unit less, which the pool keeps',
    part: 'fill',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => withFill(batch, SECOND.backwards, { received: -1n })),
    refusedOffline: 'L5',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'a basket order gets one basket more',
    part: 'fill',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => withFill(batch, SECOND.basket, { received: 1n })),
    refusedOffline: 'L5',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'an order whose limit is not met is filled',
    part: 'fill',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) =>
        withFill(batch, SECOND.unfilled, { paid: 1_100_000n, received: 999_700n }),
      ),
    refusedOffline: 'L4 L5 L6',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'a cancelled order is filled',
    part: 'fill',
    apply: (honest) =>
      forgeBatch(honest, 0, (batch) =>
        withFill(batch, FIRST.cancelled, { paid: 1_250_000n, received: 999_700n }),
      ),
    refusedOffline: 'L4 L5',
    refusedOnChain: 'LimitsAreRespected',
  },
  {
    name: 'an order that misses its minimum is filled in part',
    part: 'fill',
    apply: (honest) =>
      forgeBatch(honest, 0, (batch) => {
        const paid = -(batch.fills.paid[FIRST.minimum] as bigint) / 2n;
        const received = -(batch.fills.received[FIRST.minimum] as bigint) / 2n;
        return withFill(batch, FIRST.minimum, { paid, received });
      }),
    refusedOffline: 'L4 L5 L6',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'an order that pays nothing receives a unit',
    part: 'fill',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => withFill(batch, SECOND.unfilled, { received: 1n })),
    refusedOffline: 'L5',
    refusedOnChain: 'LimitsAreRespected',
  },
  {
    name: 'a price is one tick higher, which is lawful but not what was proved',
    part: 'price',
    apply: (honest) => forgeBatch(honest, 1, (batch) => withPrice(batch, 1, 1n)),
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'a price lies beyond the tolerance of the quote',
    part: 'price',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => {
        const cheaper = withPrice(batch, 1, -3_300_000n);
        return withFill(cheaper, SECOND.backwards, { received: -1980n });
      }),
    refusedOffline: 'L8',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the numeraire has another price than one',
    part: 'price',
    apply: (honest) => forgeBatch(honest, 1, (batch) => withPrice(batch, 0, 1n)),
    refusedOffline: 'L3',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'a price lies beyond the halt band',
    part: 'price',
    apply: (honest) => forgeBatch(honest, 1, (batch) => withPrice(batch, 1, 50_000_000_000n)),
    refusedOffline: 'L3 L4 L5 L8',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'two orders of one pair trade at two prices',
    part: 'price',
    apply: (honest) =>
      forgeBatch(honest, 0, (batch) => {
        const better = withFill(batch, FIRST.bobByDelegate, { received: 1000n });
        return withFill(better, FIRST.alice, { received: -1000n });
      }),
    refusedOffline: 'L5',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the list has another price than the epoch',
    part: 'price',
    apply: (honest) =>
      forgeList(honest, (cut) => ({
        list: {
          batches: editListBatch(cut, 1, (batch) => ({
            ...batch,
            prices: batch.prices.map((word, w) => (w === 0 ? addToLimb(word, 1, 1n) : word)),
          })),
        },
      })),
    refusedOffline: 'listHash, publicInputs',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the pool gets a unit out of nothing',
    part: 'diff',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => withMoves(batch, [{ vault: 'pool', column: 0, units: 1n }])),
    refusedOffline: 'L7 L10',
    refusedOnChain: 'AssetsAreConserved',
  },
  {
    name: 'an owner gets a unit out of nothing',
    part: 'diff',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) =>
        withMoves(batch, [{ vault: DAVID.account, column: 0, units: 1n }]),
      ),
    refusedOffline: 'L7 L10',
    refusedOnChain: 'AssetsAreConserved',
  },
  {
    name: 'the pool takes a unit from what an owner receives',
    part: 'diff',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) =>
        withMoves(batch, [
          { vault: ERIN.account, column: 0, units: -1n },
          { vault: 'pool', column: 0, units: 1n },
        ]),
      ),
    refusedOffline: 'L7 L10',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the pool takes a unit more than an owner pays',
    part: 'diff',
    apply: (honest) =>
      forgeBatch(honest, 0, (batch) =>
        withMoves(batch, [
          { vault: BOB.account, column: 0, units: -1n },
          { vault: 'pool', column: 0, units: 1n },
        ]),
      ),
    refusedOffline: 'L7 L10',
    refusedOnChain: 'DiffsMatchFills',
  },
  {
    name: 'an owner whose order was cancelled pays a unit',
    part: 'diff',
    apply: (honest) =>
      forgeBatch(honest, 0, (batch) =>
        withMoves(batch, [
          { vault: CARLA.account, column: 0, units: -1n },
          { vault: ALICE.account, column: 0, units: 1n },
        ]),
      ),
    refusedOffline: 'L10',
    refusedOnChain: 'DiffsMatchFills',
  },
  {
    name: 'a unit goes from one receiver to another',
    part: 'diff',
    apply: (honest) =>
      forgeBatch(honest, 0, (batch) =>
        withMoves(batch, [
          { vault: BOB.account, column: 1, units: -1n },
          { vault: ALICE.account, column: 1, units: 1n },
        ]),
      ),
    refusedOffline: 'L10',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the fees take a unit more from the pool',
    part: 'diff',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) =>
        withMoves(batch, [
          { vault: 'pool', column: 0, units: -1n },
          { vault: 'fees', column: 0, units: 1n },
        ]),
      ),
    refusedOffline: 'L7 L10',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the fees take a unit less',
    part: 'diff',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) =>
        withMoves(batch, [
          { vault: 'pool', column: 0, units: 1n },
          { vault: 'fees', column: 0, units: -1n },
        ]),
      ),
    refusedOffline: 'L7 L10',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the fees pay an owner',
    part: 'diff',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) =>
        withMoves(batch, [
          { vault: 'fees', column: 0, units: -10_000_000n },
          { vault: ERIN.account, column: 0, units: 10_000_000n },
        ]),
      ),
    refusedOffline: 'L7 L9 L10',
    refusedOnChain: 'VaultsAreSolvent',
  },
  {
    name: 'a unit is moved in the netted diffs alone',
    part: 'diff',
    apply: (honest) => {
      const forged = forgeList(honest, (cut) => ({
        list: {
          changes: editChanges(cut, [
            { vault: 0, column: 1, units: -1n },
            { vault: 2, column: 1, units: 1n },
          ]),
        },
      }));
      const { bundle } = forged;
      const changes = bundle.diffs.changes.slice();
      changes[0] = (changes[0] as bigint) + 1n;
      return { ...forged, bundle: { ...bundle, diffs: { ...bundle.diffs, changes } } };
    },
    refusedOffline: [
      'diffs are the sum of the batches',
      'epoch hash binds the diffs and the withdrawals',
      'listHash',
      'publicInputs',
    ].join(', '),
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the pool is said to have held a unit less before',
    part: 'diff',
    apply: (honest) => forgeBatch(honest, 0, (batch) => withPoolBefore(batch, -1n)),
    refusedOffline: 'batches join, proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the pool is said to have held a unit more before',
    part: 'diff',
    apply: (honest) => forgeBatch(honest, 0, (batch) => withPoolBefore(batch, 1n)),
    refusedOffline: 'batches join, proof',
    refusedOnChain: 'PoolIsOverstated',
  },
  {
    name: 'a batch that traded is said to have halted',
    part: 'price',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) =>
        reassemble(batch, { outcome: { kind: 'halted', reason: 'none' } }),
      ),
    refusedOffline: 'L4 L5',
    refusedOnChain: 'LimitsAreRespected',
  },
  {
    name: 'the batches stand in the other order',
    part: 'order',
    apply: (honest) => {
      const { list, rows } = swappedBatches(honest);
      const forged = forgeCalldata(honest, () => ({ list, rows }));
      const batches = [...honest.epoch.bundle.batches].reverse();
      return { ...forged, bundle: { ...forged.bundle, batches } };
    },
    refusedOffline: 'batches join, shape',
    refusedOnChain: 'BatchesCloseInOrder',
  },
  {
    name: 'a batch is left out',
    part: 'order',
    apply: (honest) => forgeEpoch(honest, { batches: honest.epoch.bundle.batches.slice(0, 1) }),
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
];

function withPrice(batch: BatchTransition, column: number, ticks: bigint): BatchTransition {
  const prices = batch.solution.prices.map((old, k) => (k === column ? price(old + ticks) : old));
  return reassemble(batch, { solution: { ...batch.solution, prices } });
}

function withPoolBefore(batch: BatchTransition, units: bigint): BatchTransition {
  const { before, parameters } = batch;
  const balances = before.balances.slice();
  const place = (before.accounts.length - 2) * parameters.assets.length + 1;
  balances[place] = at([...balances], place) + units;
  return reassemble(batch, { before: { ...before, balances } });
}

function swappedBatches({ epoch }: Parameters<Attack['apply']>[0]): {
  readonly list: { readonly batches: (typeof epoch)['claim']['cut']['list']['batches'] };
  readonly rows: (typeof epoch)['claim']['cut']['book']['rows'];
} {
  const { list, book } = epoch.claim.cut;
  const first = at(list.batches, 0).orderCount;
  const rows = [...book.rows.slice(first), ...book.rows.slice(0, first)];
  return { list: { batches: [...list.batches].reverse() }, rows };
}
