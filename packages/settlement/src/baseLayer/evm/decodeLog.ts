import type { ChainLog } from '@lawbook/chains/tracker/logReader';
import { AMOUNT_MAX } from '@lawbook/exchange/numbers/amount';
import type { Address, DecodeEventLogReturnType, Hex } from 'viem';
import { decodeEventLog } from 'viem';
import { BASE_LAYER_ABI } from '../../../../../contracts/generated/baseLayerAbi.ts';
import { SettlementFault } from '../../settlementFault.ts';

/** An event of the contract with its arguments. */
export type DecodedLog = DecodeEventLogReturnType<typeof BASE_LAYER_ABI>;

/**
 * The event that a log of the contract states. Endpoints are believed about what happened, never
 * about what the contract can say: units lie within an `Amount`, blocks within 64 bits, asset ids
 * below 2^53.
 *
 * @throws SettlementFault SETTLEMENT_UNAVAILABLE for a log that the contract does not write; the
 *   endpoints are asked again.
 */
export function decodeLog(log: ChainLog, contract: Address): DecodedLog {
  const decoded = isFrom(log, contract) ? decodedOf(log) : undefined;
  if (decoded !== undefined && isPossible(decoded)) return decoded;
  throw new SettlementFault(
    'SETTLEMENT_UNAVAILABLE',
    'An endpoint answered with a log that the contract does not write; it is asked again.',
    { fields: { blockNumber: String(log.blockNumber), logIndex: log.logIndex } },
  );
}

function decodedOf({ topics, data: payload }: ChainLog): DecodedLog | undefined {
  try {
    return decodeEventLog({
      abi: BASE_LAYER_ABI,
      topics: topics as [Hex, ...Hex[]],
      data: payload,
    });
  } catch {
    // Its errors quote the bytes at length and say no more than that it is none.
    return undefined;
  }
}

function isFrom({ address }: ChainLog, contract: Address): boolean {
  return address.toLowerCase() === contract.toLowerCase();
}

function isPossible({ args }: DecodedLog): boolean {
  if (args === undefined) return true;
  if ('units' in args && args.units > AMOUNT_MAX) return false;
  if ('assetId' in args && args.assetId > BigInt(Number.MAX_SAFE_INTEGER)) return false;
  return !('dueBlock' in args) || args.dueBlock >> 64n === 0n;
}
