import { at, invariant } from '@lawbook/exchange/failures/invariant';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import type { HexAccount } from '@lawbook/proofs/statements/epoch/diffList';
import { settleArguments } from '@lawbook/settlement/baseLayer/evm/settleCall';
import type { Hex } from 'viem';
import { encodeFunctionData } from 'viem';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import type { Attack } from './attack.ts';
import { unseen } from './attack.ts';
import type { Honest } from './attackWorld.ts';
import { SHAPE } from './attackWorld.ts';
import type { Forgery } from './forgery.ts';
import {
  editChanges,
  editListBatch,
  forgeCall,
  forgeCalldata,
  forgeList,
  unforged,
  wordOf,
} from './forgery.ts';

const NO_LIST = 'a reader cuts the list from the epoch itself';

/** Attacks on how a list is written: bits, words, rows that no honest list has. */
export const ENCODING_ATTACKS: readonly Attack[] = [
  {
    name: 'a price word has a bit beyond its three limbs',
    part: 'encoding',
    apply: (honest) =>
      forgeCalldata(honest, (cut) => ({
        list: {
          batches: editListBatch(cut, 0, (batch) => ({
            ...batch,
            prices: batch.prices.map((word, w) => (w === 0 ? word | (1n << 192n) : word)),
          })),
        },
      })),
    refusedOffline: unseen(NO_LIST),
    refusedOnChain: 'WordsAreMalformed',
  },
  {
    name: 'a word of changes has a bit beyond its three limbs',
    part: 'encoding',
    apply: (honest) =>
      forgeCalldata(honest, ({ list }) => ({
        list: { changes: list.changes.map((word, w) => (w === 0 ? word | (1n << 192n) : word)) },
      })),
    refusedOffline: unseen(NO_LIST),
    refusedOnChain: 'WordsAreMalformed',
  },
  {
    name: 'a word of the pool before has a bit beyond its three limbs',
    part: 'encoding',
    apply: (honest) =>
      forgeCalldata(honest, ({ list }) => ({
        list: { poolBefore: list.poolBefore.map((word) => word | (1n << 255n)) },
      })),
    refusedOffline: unseen(NO_LIST),
    refusedOnChain: 'WordsAreMalformed',
  },
  {
    name: 'a price more than the market has columns for',
    part: 'encoding',
    apply: (honest) =>
      forgeCalldata(honest, (cut) => ({
        list: {
          batches: editListBatch(cut, 0, (batch) => ({ ...batch, prices: [...batch.prices, 0n] })),
        },
      })),
    refusedOffline: unseen(NO_LIST),
    refusedOnChain: 'WordsAreMalformed',
  },
  {
    name: 'the padding behind the vault rows is not zero',
    part: 'encoding',
    apply: (honest) =>
      forgeCalldata(honest, ({ list }) => ({ list: { changes: [...list.changes, 1n, 0n] } })),
    refusedOffline: unseen(NO_LIST),
    refusedOnChain: 'WordsAreMalformed',
  },
  {
    name: 'the field of a closing time has a bit beyond its width',
    part: 'encoding',
    apply: (honest) => forgeCall(honest, { spoil: (call) => withWideTime(call, honest) }),
    refusedOffline: unseen(NO_LIST),
    refusedOnChain: 'Reverted',
  },
  {
    name: 'a row of the order table is neither void nor not',
    part: 'encoding',
    apply: (honest) => forgeCall(honest, { spoil: (call) => withRows(call, honest, voidTwice) }),
    refusedOffline: unseen(NO_LIST),
    refusedOnChain: 'WordsAreMalformed',
  },
  {
    name: 'the order table ends within its last row',
    part: 'encoding',
    apply: (honest) => forgeCall(honest, { spoil: (call) => withRows(call, honest, shortened) }),
    refusedOffline: unseen(NO_LIST),
    refusedOnChain: 'WordsAreMalformed',
  },
  {
    name: 'the order table goes on behind its last row',
    part: 'encoding',
    apply: (honest) => forgeCall(honest, { spoil: (call) => withRows(call, honest, lengthened) }),
    refusedOffline: unseen(NO_LIST),
    refusedOnChain: 'WordsAreMalformed',
  },
  {
    name: 'a change overflows what a vault can hold',
    part: 'encoding',
    apply: (honest) =>
      forgeList(honest, (cut) => ({
        list: { changes: editChanges(cut, [{ vault: 0, column: 5, units: (1n << 63n) - 1n }]) },
      })),
    refusedOffline: 'listHash, publicInputs',
    refusedOnChain: 'AmountOutOfRange',
  },
  {
    name: 'the owners stand in another order',
    part: 'encoding',
    apply: (honest) =>
      forgeList(honest, ({ list, book }) => {
        const [a, b, ...rest] = list.owners;
        const swap = (vault: number): number => (vault === 2 ? 3 : vault === 3 ? 2 : vault);
        const { assetWords } = SHAPE;
        const words = [...list.changes];
        const moved = words.splice(2 * assetWords, assetWords);
        words.splice(3 * assetWords, 0, ...moved);
        return {
          list: { owners: [b as HexAccount, a as HexAccount, ...rest], changes: words },
          rows: book.rows.map((row) => ({ ...row, vault: swap(row.vault) })),
        };
      }),
    refusedOffline: 'listHash, publicInputs',
    refusedOnChain: 'OwnersAreNotAscending',
  },
  {
    name: 'an owner has a vault row twice',
    part: 'encoding',
    apply: (honest) => withOwner(honest, ({ owners }) => at(owners, owners.length - 1)),
    refusedOffline: 'listHash, publicInputs',
    refusedOnChain: 'OwnersAreNotAscending',
  },
  {
    name: "the pool's vault stands among the owners",
    part: 'encoding',
    apply: (honest) => withPoolAmongOwners(honest),
    refusedOffline: 'listHash, publicInputs',
    refusedOnChain: 'OwnerIsReserved',
  },
  {
    name: 'the list has more vault rows than the circuit',
    part: 'encoding',
    apply: (honest) =>
      forgeCalldata(honest, ({ list }) => {
        const more = Array.from({ length: SHAPE.vaults }, (_, k) => strangerAt(k));
        const padding = more.flatMap(() => new Array<bigint>(SHAPE.assetWords).fill(0n));
        const changes = [...list.changes, ...padding];
        return { list: { owners: [...list.owners, ...more], changes } };
      }),
    refusedOffline: unseen(NO_LIST),
    refusedOnChain: 'CircuitIsTooSmall',
  },
  {
    name: 'the list has no batch',
    part: 'encoding',
    apply: (honest) => forgeCalldata(honest, () => ({ list: { batches: [] }, rows: [] })),
    refusedOffline: unseen('a bundle without a batch is none'),
    refusedOnChain: 'CircuitIsTooSmall',
  },
];

/** The list with one more owner, whose row moves nothing. */
function withOwner(honest: Honest, choose: (list: Forgery['call']['list']) => HexAccount): Forgery {
  return forgeList(honest, ({ list }) => ({
    list: {
      owners: [...list.owners, choose(list)],
      changes: [...list.changes, ...new Array<bigint>(SHAPE.assetWords).fill(0n)],
    },
  }));
}

/** The list with the pool where its address sorts it. */
function withPoolAmongOwners(honest: Honest): Forgery {
  const pool = systemAccount(SystemRole.pool, 1) as HexAccount;
  return forgeList(honest, ({ list, book }) => {
    const owners = [...list.owners, pool].sort();
    const place = owners.indexOf(pool) + 2;
    const changes = [...list.changes];
    changes.splice(place * SHAPE.assetWords, 0, ...new Array<bigint>(SHAPE.assetWords).fill(0n));
    const rows = book.rows.map((row) => {
      return { ...row, vault: row.vault < place ? row.vault : row.vault + 1 };
    });
    return { list: { owners, changes }, rows };
  });
}

/** Addresses above those of all people. */
function strangerAt(k: number): HexAccount {
  return `0x${'f'.repeat(37)}${String(100 + k)}` as HexAccount;
}

/** The closing time of the first batch with its 65th bit set, which no encoder writes. */
function withWideTime(callData: Hex, { epoch }: Honest): Hex {
  const { closedAtMs } = at(epoch.claim.cut.list.batches, 0);
  const word = wordOf(closedAtMs);
  invariant(callData.includes(word), 'the list says when its first batch closed');
  return callData.replace(word, wordOf(closedAtMs + (1n << 64n))) as Hex;
}

/** The call with other bytes for its packed rows. */
function withRows(callData: Hex, honest: Honest, edit: (rows: Hex) => Hex): Hex {
  const { call } = unforged(honest, honest.epoch);
  const [list, book, law] = settleArguments(call);
  const args = [list, { ...book, rows: edit(book.rows) }, law] as const;
  const forged = encodeFunctionData({ abi: BASE_LAYER_ABI, functionName: 'settle', args });
  invariant(forged !== callData, 'the rows are other ones');
  return forged;
}

/** The mark of the first row, 49 bytes into it, is two. */
function voidTwice(rows: Hex): Hex {
  const place = 2 + 2 * 49;
  invariant(rows.slice(place, place + 2) === '00', 'the first row takes part');
  return `${rows.slice(0, place)}02${rows.slice(place + 2)}` as Hex;
}

function shortened(rows: Hex): Hex {
  return rows.slice(0, -2) as Hex;
}

function lengthened(rows: Hex): Hex {
  return `${rows}00`;
}
