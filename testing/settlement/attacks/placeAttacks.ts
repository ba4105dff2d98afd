import { at } from '@lawbook/exchange/failures/invariant';
import { reportHash } from '@lawbook/exchange/markets/batch/report';
import { price } from '@lawbook/exchange/numbers/price';
import type { BatchTransition } from '@lawbook/exchange/transition';
import type { HexHash } from '@lawbook/proofs/statements/epoch/diffList';
import { parameterCommitment } from '@lawbook/proofs/statements/epoch/parameterVector';
import { reassemble } from '../../world/assembleBatch.ts';
import type { Attack } from './attack.ts';
import { unseen } from './attack.ts';
import { OTHER_SHARD } from './attackedChain.ts';
import type { Honest } from './attackWorld.ts';
import { SHAPE } from './attackWorld.ts';
import type { Forgery } from './forgery.ts';
import {
  editListBatch,
  forgeBatch,
  forgeCalldata,
  forgeEpoch,
  forgeList,
  unforged,
} from './forgery.ts';

const OTHER_HASH: HexHash = `0x${'22'.repeat(32)}` as HexHash;
/** Far in the future of every clock. */
const FUTURE_MS = 4_000_000_000_000;

/** Attacks on the place of an epoch: numbers, hashes, shard, market, oracle, parameters, time. */
export const PLACE_ATTACKS: readonly Attack[] = [
  {
    name: 'the list names another list before it',
    part: 'previous hash',
    apply: (honest) => forgeList(honest, () => ({ list: { previousListHash: OTHER_HASH } })),
    refusedOffline: 'chain, proof',
    refusedOnChain: 'ListIsNotChained',
  },
  {
    name: 'the list is of another shard of the same operator',
    part: 'shard',
    apply: (honest) => forgeList(honest, () => ({ list: { shard: OTHER_SHARD } })),
    refusedOffline: 'shape',
    refusedOnChain: 'MarketOfAnotherShard',
  },
  {
    name: 'the list is of a shard without an agreement',
    part: 'shard',
    apply: (honest) => forgeList(honest, () => ({ list: { shard: 3 } })),
    refusedOffline: 'shape',
    refusedOnChain: 'AgreementIsNotActive',
  },
  {
    name: 'the epoch is really proved, for a shard that is not that of its withdrawals',
    part: 'shard',
    apply: (honest) => unforged(honest, honest.elsewhere),
    refusedOffline: 'shape',
    refusedOnChain: 'MarketOfAnotherShard',
  },
  {
    name: 'the list has the number after the next',
    part: 'number',
    apply: (honest) => forgeList(honest, () => ({ list: { number: 2n } })),
    refusedOffline: 'proof',
    refusedOnChain: 'ListNumberIsNotNext',
  },
  {
    name: 'the epoch has another number',
    part: 'number',
    apply: (honest) => forgeEpoch(honest, { epochNumber: honest.epoch.bundle.epochNumber + 1 }),
    refusedOffline: 'proof',
    refusedOnChain: 'EpochIsNotNext',
  },
  {
    name: 'the batches have other numbers',
    part: 'number',
    apply: (honest) => forgeEpoch(honest, { batches: renumbered(honest.epoch.bundle.batches) }),
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the list is of another market',
    part: 'number',
    apply: (honest) => {
      const forged = forgeList(honest, () => ({ list: { marketId: 2 } }));
      return { ...forged, bundle: { ...forged.bundle, marketId: 2 } };
    },
    refusedOffline:
      'one market, epoch hash binds the diffs and the withdrawals, listHash, publicInputs',
    refusedOnChain: 'MarketOfAnotherShard',
  },
  {
    name: 'a mid of the oracle is one tick higher',
    part: 'oracle',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => {
        const mids = batch.oracle.mids.map((mid, k) => (k === 1 ? price(mid + 1n) : mid));
        return reassemble(batch, { oracle: { ...batch.oracle, mids } });
      }),
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'a mid is one tick higher, and the report still names the old snapshot',
    part: 'oracle',
    apply: (honest) => {
      const mids = (batch: BatchTransition): BatchTransition['oracle']['mids'] =>
        batch.oracle.mids.map((mid, k) => (k === 1 ? price(mid + 1n) : mid));
      return forgeBatch(honest, 1, (batch) => ({
        ...batch,
        oracle: { ...batch.oracle, mids: mids(batch) },
      }));
    },
    refusedOffline: 'L0',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the oracle fell silent long ago',
    part: 'oracle',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => {
        const observedAtMs = batch.closedAtMs - batch.parameters.oracleAgeMsMax - 1;
        return reassemble(batch, { oracle: { ...batch.oracle, observedAtMs } });
      }),
    refusedOffline: 'L3',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the oracle names another source',
    part: 'oracle',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) =>
        reassemble(batch, { oracle: { ...batch.oracle, source: 'a friend' } }),
      ),
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the snapshot has a byte behind its end',
    part: 'oracle',
    apply: (honest) =>
      forgeCalldata(honest, (cut) => ({
        list: {
          batches: editListBatch(cut, 1, (batch) => ({ ...batch, oracle: `${batch.oracle}00` })),
        },
      })),
    refusedOffline: unseen('a reader decodes the snapshot of the epoch itself'),
    refusedOnChain: 'OracleIsMalformed',
  },
  {
    name: 'the epoch is said to be under other registered parameters',
    part: 'parameters',
    apply: (honest) => underParameters(honest, honest.otherParameters),
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the epoch is said to be under parameters that nobody registered',
    part: 'parameters',
    apply: (honest) => {
      const { parameters } = at(honest.epoch.bundle.batches, 0);
      return underParameters(honest, { ...parameters, haltBandPpm: 60_000 });
    },
    refusedOffline: 'proof',
    refusedOnChain: 'ParametersAreNotActive',
  },
  {
    name: 'the epoch is said to be under parameters whose notice still runs',
    part: 'parameters',
    apply: (honest) => {
      const { parameters } = at(honest.epoch.bundle.batches, 0);
      const late = { ...parameters, haltBandPpm: 70_000 };
      return { ...underParameters(honest, late), prepare: () => honest.chain.registerLate(late) };
    },
    refusedOffline: 'proof',
    refusedOnChain: 'ParametersAreNotActive',
  },
  {
    name: 'one batch alone is said to be under other registered parameters',
    part: 'parameters',
    apply: (honest) =>
      forgeList(honest, (cut) => {
        const parameters = parameterCommitment(honest.otherParameters, SHAPE, honest.hash);
        const batches = editListBatch(cut, 1, (batch) => ({ ...batch, parameters }));
        return { list: { batches } };
      }),
    refusedOffline: 'listHash, publicInputs',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'a batch closes a millisecond later',
    part: 'time',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => reassemble(batch, { closedAtMs: batch.closedAtMs + 1 })),
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'a batch closes before the one before it',
    part: 'time',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => {
        const closedAtMs = at(honest.epoch.bundle.batches, 0).closedAtMs - 1;
        const oracle = { ...batch.oracle, observedAtMs: closedAtMs };
        return reassemble(batch, { closedAtMs, oracle });
      }),
    refusedOffline: 'batches join, proof',
    refusedOnChain: 'BatchesCloseInOrder',
  },
  {
    name: 'a batch closes in the future',
    part: 'time',
    apply: (honest) =>
      forgeBatch(honest, 1, (batch) => reassemble(batch, { closedAtMs: FUTURE_MS })),
    refusedOffline: 'L0 L3 L4',
    refusedOnChain: 'BatchClosesInTheFuture',
  },
];

/** The epoch as if other parameters had been in force. */
function underParameters(honest: Honest, parameters: Honest['otherParameters']): Forgery {
  const batches = chained(
    honest.epoch.bundle.batches.map((batch) => reassemble(batch, { parameters })),
  );
  return forgeEpoch(honest, { batches });
}

function renumbered(batches: readonly BatchTransition[]): readonly BatchTransition[] {
  return chained(batches.map((batch) => reassemble(batch, { batchNumber: batch.batchNumber + 1 })));
}

/** The batches with each naming the report before it, whatever became of that. */
function chained(batches: readonly BatchTransition[]): readonly BatchTransition[] {
  const done: BatchTransition[] = [];
  for (const batch of batches) {
    const last = done.at(-1);
    const parentReportHash = last === undefined ? batch.parentReportHash : reportHash(last.report);
    done.push(reassemble(batch, { parentReportHash }));
  }
  return done;
}
