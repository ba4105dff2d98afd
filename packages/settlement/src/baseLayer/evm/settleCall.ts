import { bytesToHex } from '@lawbook/exchange/codec/hex';
import type { DiffList, OrderRow, SignedGrant } from '@lawbook/proofs/statements/epoch/diffList';
import type { Hex } from 'viem';
import { concatHex, encodeFunctionData, encodePacked, size } from 'viem';
import { BASE_LAYER_ABI } from '../../../../../contracts/generated/baseLayerAbi.ts';
import type { Submission } from '../submission.ts';

/**
 * The call data of `settle`: ABI, but for the rows of orders, which are packed as
 * contracts/src/OrderRows.sol reads them.
 */
export function encodeSettleCall(call: SettleTerms): Hex {
  const args = settleArguments(call);
  return encodeFunctionData({ abi: BASE_LAYER_ABI, functionName: 'settle', args });
}

/** What a call of `settle` says. */
export type SettleTerms = Omit<Submission, 'listHash'>;

/** The arguments of `settle`, its rows packed. */
export function settleArguments({ list, book, proof }: SettleTerms): SettleArguments {
  const { rows, grants } = book;
  const { circuit, dataCommitment, bytes } = proof;
  const packed = { count: BigInt(rows.length), rows: concatHex(rows.map(packRow)), grants };
  const law = { circuit: BigInt(circuit), dataCommitment, proof: bytesToHex(bytes) as Hex };
  return [list, packed, law];
}

/** `DiffList`, `OrderBook` and `LawProof` of contracts/src/Lists.sol. */
export type SettleArguments = readonly [
  DiffList,
  { readonly count: bigint; readonly rows: Hex; readonly grants: readonly SignedGrant[] },
  { readonly circuit: bigint; readonly dataCommitment: bigint; readonly proof: Hex },
];

/** Bytes of a row before its signature. */
export const ROW_HEAD_BYTES = 94;

const TERMS = ['uint64', 'uint64', 'uint64', 'uint32', 'uint8', 'uint16'] as const;
const OUTCOME = ['uint64', 'uint64', 'uint16', 'uint8', 'uint64', 'uint32'] as const;
const AUTHORITY = ['address', 'uint64', 'uint16', 'uint16', 'bytes'] as const;

function packRow({ order, vault, grant, isVoid, paid, received, signature }: OrderRow): Hex {
  const { budget, limitNumerator, limitDenominator, minFillPpm, pay, product } = order;
  const { owner, marketId, orderNonce, expiresAtMs } = order;
  const terms = [budget, limitNumerator, limitDenominator, minFillPpm, pay, product] as const;
  const outcome = [paid, received, vault, isVoid ? 1 : 0, orderNonce, marketId] as const;
  return concatHex([
    encodePacked(TERMS, terms),
    encodePacked(OUTCOME, outcome),
    encodePacked(AUTHORITY, [owner, expiresAtMs, grant, size(signature), signature]),
  ]);
}
