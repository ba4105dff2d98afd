import { classifyError } from '@lawbook/chains/endpoints/classifyError';
import type { ErrorMeaning } from '@lawbook/chains/endpoints/endpointPool';
import { RpcError } from '@lawbook/chains/endpoints/transport';
import { plainText, revertReason } from '@lawbook/chains/gates/revertReason';
import type { Abi, Hex } from 'viem';
import { decodeErrorResult, isHex } from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../../../../contracts/generated/agreementRegistryAbi.ts';
import { BASE_LAYER_ABI } from '../../../../../contracts/generated/baseLayerAbi.ts';
import { FAUCET_TOKEN_ABI } from '../../../../../contracts/generated/faucetTokenAbi.ts';
import { mayPass, refusalOf } from '../refusalRules.ts';
import type { SettleRefusal } from '../submission.ts';

/** Every error by which the contracts, and the tokens that they call, refuse. */
export const REFUSALS_ABI: Abi = [
  ...BASE_LAYER_ABI,
  ...AGREEMENT_REGISTRY_ABI,
  ...FAUCET_TOKEN_ABI,
].filter(({ type }) => type === 'error');

/** A refusal, and whether time alone may mend it. */
export interface Refused {
  readonly kind: 'refused';
  readonly refusal: SettleRefusal;
  readonly mayPass: boolean;
}

/** Characters of one argument that are kept: a verifier may revert with kilobytes. */
const DETAIL_MAX = 2_000;

/** Names what a call reverted with, from the bytes that it returned. */
export function decodeRefusal(returned: Hex): Refused {
  const known = decodeNamed(returned);
  if (known === undefined) {
    const { rule, details } = { rule: 'Reverted', details: [revertReason(returned)] };
    return { kind: 'refused', refusal: refusalOf(rule, details), mayPass: false };
  }
  const refusal = refusalOf(known.rule, known.details);
  return { kind: 'refused', refusal, mayPass: mayPass(known.rule) && !isBehind(refusal) };
}

/** A list that comes too late comes too late for ever. */
function isBehind({ rule, details }: SettleRefusal): boolean {
  if (rule !== 'ListNumberIsNotNext' && rule !== 'EpochIsNotNext') return false;
  const [expected = '0', actual = '0'] = details;
  return BigInt(actual) < BigInt(expected);
}

function decodeNamed(
  returned: Hex,
): { readonly rule: string; readonly details: readonly string[] } | undefined {
  try {
    const { errorName, args } = decodeErrorResult({ abi: REFUSALS_ABI, data: returned });
    // Error(string) and Panic(uint256) are the compiler's own and say it in words.
    if (errorName === 'Error' || errorName === 'Panic') return undefined;
    return { rule: errorName, details: (args ?? []).map(showArgument) };
  } catch {
    // An error of none of these contracts: it is told in words instead.
    return undefined;
  }
}

function showArgument(argument: unknown): string {
  return String(argument).toLowerCase().slice(0, DETAIL_MAX);
}

/** Meanings of an error by which the call itself, and not the endpoint, is at fault. */
const OWN_FAULTS: ReadonlySet<ErrorMeaning> = new Set<ErrorMeaning>([
  'insufficientFunds',
  'gasLimitTooLow',
  'gasLimitTooHigh',
]);

/**
 * What a failed call was refused by; undefined when it is no matter of the call, such as an
 * endpoint that is away.
 */
export function refusalOfCall(error: unknown): Refused | undefined {
  const returned = revertBytes(error);
  if (returned !== undefined) return decodeRefusal(returned);
  if (!(error instanceof RpcError)) return undefined;
  const { meaning } = classifyError(error, 'read');
  if (!OWN_FAULTS.has(meaning)) return undefined;
  const words = plainText(error.rpcMessage);
  const refusal = { rule: meaning, details: [words], sentence: `The call fails: ${words}.` };
  return { kind: 'refused', refusal, mayPass: meaning === 'insufficientFunds' };
}

/**
 * The bytes that a call reverted with, as endpoints tell them: as they are, or within an object or
 * a sentence of their own. Undefined when the failure is no revert.
 */
export function revertBytes(error: unknown): Hex | undefined {
  if (!(error instanceof RpcError)) return undefined;
  if (classifyError(error, 'read').meaning !== 'reverted') return undefined;
  const { detail } = error;
  const nested = typeof detail === 'object' && detail !== null ? Object.values(detail) : [detail];
  for (const text of nested) {
    const bytes = typeof text === 'string' ? /0x[0-9a-f]*$/i.exec(text)?.[0] : undefined;
    if (bytes !== undefined && isHex(bytes) && bytes.length % 2 === 0) return bytes;
  }
  return '0x';
}
