import type { Hash } from '@lawbook/exchange/codec/hash';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { at } from '@lawbook/exchange/failures/invariant';
import { encodeOracle } from '@lawbook/exchange/markets/batch/oracleSnapshot';
import type { Amount } from '@lawbook/exchange/numbers/amount';
import type { Price } from '@lawbook/exchange/numbers/price';
import { signDigest } from '@lawbook/exchange/orders/signature';
import type { SignedWithdrawal } from '@lawbook/exchange/orders/signedTypes';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { ListCut } from '@lawbook/proofs/statements/epoch/cutDiffList';
import { listHash } from '@lawbook/proofs/statements/epoch/dataVector';
import type {
  DiffList,
  Hex,
  HexAccount,
  HexHash,
  OrderRow,
} from '@lawbook/proofs/statements/epoch/diffList';
import type { BaseLayer, SettledProgress } from '@lawbook/settlement/baseLayer/baseLayer';
import type { Submission } from '@lawbook/settlement/baseLayer/submission';
import type { EvmTrader } from './evmVenue.ts';
import { MARKET, PARAMETERS, SHARD, tradersOf } from './evmVenue.ts';

/** A venue that lists can be made for. */
export interface ListVenue {
  readonly domain: VenueDomain;
  readonly layer: Pick<BaseLayer, 'progress'>;
  /** Time of the newest block, seconds since 1970. */
  headSeconds(): Promise<number>;
}

/** What a list of tests holds. */
export interface ListTerms {
  /** What it follows; the chain's own progress otherwise. */
  readonly after?: SettledProgress;
  readonly traders?: readonly EvmTrader[];
  readonly orderNonce?: bigint;
  readonly parameters?: bigint;
  readonly closedAtMs?: number;
  readonly withdrawals?: readonly SignedWithdrawal[];
}

/** The price of one, in both columns. */
const PRICE = 10n ** 12n;
const WORD = 64n;

/**
 * A list of one batch in which each trader pays 100 of asset 0 for 99 of asset 1: the pool gains
 * 100 of the one and gives 100 of the other, the fees take 1.
 */
export async function buildList(venue: ListVenue, terms: ListTerms = {}): Promise<Submission> {
  const after = terms.after ?? (await venue.layer.progress('included'));
  const traders = terms.traders ?? tradersOf(2);
  const headMs = (await venue.headSeconds()) * 1_000;
  const closedAtMs = terms.closedAtMs ?? Math.max(headMs, after.closedAtMs);
  const count = BigInt(traders.length);
  const changes = [
    packed([100n * count, -100n * count]),
    packed([0n, count]),
    ...traders.map(() => packed([-100n, 99n])),
  ];
  const list: DiffList = {
    shard: SHARD,
    number: after.listNumber + 1n,
    previousListHash: after.listHash as HexHash,
    marketId: MARKET,
    epochNumber: BigInt(after.epochNumber) + 1n,
    batches: [
      {
        closedAtMs: BigInt(closedAtMs),
        orderCount: traders.length,
        isHalted: false,
        parameters: terms.parameters ?? PARAMETERS,
        oracle: bytesToHex(
          encodeOracle({
            mids: [PRICE as Price, PRICE as Price],
            observedAtMs: closedAtMs - 10,
            source: 'test',
          }),
        ) as Hex,
        prices: [packed([PRICE, PRICE])],
      },
    ],
    poolBefore: [packed([0n, 0n])],
    owners: traders.map(({ owner }) => owner as HexAccount),
    changes,
    withdrawals: (terms.withdrawals ?? []).map(({ withdrawal, signature }) => ({
      withdrawal: {
        ...withdrawal,
        owner: withdrawal.owner as HexAccount,
        to: withdrawal.to as HexAccount,
        expiresAtMs: BigInt(withdrawal.expiresAtMs),
      },
      signature: bytesToHex(signature) as Hex,
    })),
  };
  const orderNonce = terms.orderNonce ?? list.number;
  const rows = traders.map((trader, index) => {
    return rowOf(venue, trader, { vault: index + 2, orderNonce, closedAtMs });
  });
  return submissionOf(venue, { list, rows, firstBatch: after.batchNumber + 1 });
}

/** A list and its rows as they are submitted, with their hash. */
export function submissionOf(
  venue: ListVenue,
  parts: {
    readonly list: DiffList;
    readonly rows: readonly OrderRow[];
    readonly firstBatch: number;
  },
): Submission {
  const { list, rows, firstBatch } = parts;
  const book = { rows, grants: [] };
  const cut: ListCut = {
    list,
    book,
    domain: venue.domain,
    firstBatchNumber: BigInt(firstBatch),
  };
  return {
    list,
    book,
    proof: { circuit: 0, dataCommitment: 12_345n, bytes: new Uint8Array([0xc0, 0xde]) },
    listHash: listHash(cut),
  };
}

/** What is left of a submission when a list follows it. */
export function progressAfter(
  { list, listHash: hash }: Submission,
  before: SettledProgress,
): SettledProgress {
  return {
    listNumber: list.number,
    listHash: hash as Hash,
    epochNumber: Number(list.epochNumber),
    batchNumber: before.batchNumber + list.batches.length,
    closedAtMs: Number(at(list.batches, list.batches.length - 1).closedAtMs),
  };
}

function rowOf(
  venue: ListVenue,
  { owner, secret }: EvmTrader,
  place: { readonly vault: number; readonly orderNonce: bigint; readonly closedAtMs: number },
): OrderRow {
  const { vault, orderNonce, closedAtMs } = place;
  const terms = {
    owner,
    marketId: MARKET,
    pay: 0,
    budget: 100n as Amount,
    limitNumerator: 9n,
    limitDenominator: 10n,
    minFillPpm: 0,
    orderNonce,
  };
  const expiresAtMs = closedAtMs + 86_400_000;
  const digest = new Signing(venue.domain).orderDigest({ ...terms, receive: 1, expiresAtMs });
  return {
    order: {
      ...terms,
      owner: owner as HexAccount,
      product: 1,
      expiresAtMs: BigInt(expiresAtMs),
    },
    vault,
    grant: 0,
    isVoid: false,
    paid: 100n,
    received: 99n,
    signature: bytesToHex(signDigest(digest, secret)) as Hex,
  };
}

/** Three columns to a word, the first lowest, in two's complement of 64 bits. */
function packed(columns: readonly bigint[]): bigint {
  return columns.reduce((word, units, column) => {
    return word | (BigInt.asUintN(64, units) << (WORD * BigInt(column)));
  }, 0n);
}
