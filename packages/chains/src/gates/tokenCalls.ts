import { at } from '@lawbook/exchange/failures/invariant';
import type { Address, Hex } from 'viem';
import { decodeAbiParameters, parseAbiParameters } from 'viem';

/** What a call does to tokens, as far as its bytes say so. Names come from this table only. */
export type TokenCall =
  /** Bytes that this table says nothing about, or none at all. `selector` undefined: no call. */
  | { readonly kind: 'other'; readonly selector: Hex | undefined }
  | {
      readonly kind: 'transfer' | 'allowance';
      readonly selector: Hex;
      readonly name: string;
      readonly token: Address;
      /** Smallest units. */
      readonly amount: bigint;
    }
  /** Gives somebody more than one bounded allowance: permits, operators. */
  | { readonly kind: 'grant'; readonly selector: Hex; readonly name: string }
  /** Known by its selector, with arguments that no caller of good faith encodes. */
  | { readonly kind: 'malformed'; readonly selector: Hex | undefined; readonly name: string };

type Shape =
  /** Static words; `amount` and `token` are word indexes; the token is the target otherwise. */
  | {
      readonly kind: 'transfer' | 'allowance';
      readonly name: string;
      readonly words: readonly ('address' | 'uint')[];
      readonly amount: number;
      readonly token?: number;
    }
  | { readonly kind: 'grant'; readonly name: string }
  | { readonly kind: 'calls'; readonly name: string; readonly parameters: string };

const TO_AMOUNT = ['address', 'uint'] as const;

/** Selectors of ERC-20 and its extensions, Permit2, operators, and calls made of calls. */
export const TOKEN_SELECTORS: Readonly<Record<Hex, Shape>> = {
  '0xa9059cbb': transferOf('transfer(address,uint256)', TO_AMOUNT, 1),
  '0x23b872dd': transferOf(
    'transferFrom(address,address,uint256)',
    ['address', 'address', 'uint'],
    2,
  ),
  '0x4000aea0': transferOf('transferAndCall(address,uint256,bytes)', TO_AMOUNT, 1),
  '0x1296ee62': transferOf('transferAndCall(address,uint256)', TO_AMOUNT, 1),
  '0x9bd9bbc6': transferOf('send(address,uint256,bytes)', TO_AMOUNT, 1),
  '0x42966c68': transferOf('burn(uint256)', ['uint'], 0),
  '0x36c78516': {
    ...transferOf(
      'transferFrom(address,address,uint160,address)',
      ['address', 'address', 'uint', 'address'],
      2,
    ),
    token: 3,
  },
  '0x095ea7b3': allowanceOf('approve(address,uint256)', TO_AMOUNT, 1),
  '0x39509351': allowanceOf('increaseAllowance(address,uint256)', TO_AMOUNT, 1),
  '0xd73dd623': allowanceOf('increaseApproval(address,uint256)', TO_AMOUNT, 1),
  '0xcae9ca51': allowanceOf('approveAndCall(address,uint256,bytes)', TO_AMOUNT, 1),
  '0x3177029f': allowanceOf('approveAndCall(address,uint256)', TO_AMOUNT, 1),
  '0x87517c45': {
    ...allowanceOf(
      'approve(address,address,uint160,uint48)',
      ['address', 'address', 'uint', 'uint'],
      2,
    ),
    token: 0,
  },
  '0xd505accf': grantOf('permit(address,address,uint256,uint256,uint8,bytes32,bytes32)'),
  '0x9fd5a6cf': grantOf('permit(address,address,uint256,uint256,bytes)'),
  '0x8fcbaf0c': grantOf('permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)'),
  '0x2b67b570': grantOf('permit(address,((address,uint160,uint48,uint48),address,uint256),bytes)'),
  '0x2a2d80d1': grantOf(
    'permit(address,((address,uint160,uint48,uint48)[],address,uint256),bytes)',
  ),
  '0xa22cb465': grantOf('setApprovalForAll(address,bool)'),
  '0x959b8c3f': grantOf('authorizeOperator(address)'),
  '0x558a7297': grantOf('setOperator(address,bool)'),
  '0xac9650d8': callsOf('multicall(bytes[])', 'bytes[]'),
  '0x5ae401dc': callsOf('multicall(uint256,bytes[])', 'uint256, bytes[]'),
  '0x1f0464d1': callsOf('multicall(bytes32,bytes[])', 'bytes32, bytes[]'),
};

/** Deeper or longer than this, nobody of good faith nests calls. */
const DEPTH_MAX = 4;
const CALLS_MAX = 64;

/**
 * Every call that `callData` makes on `target`, itself first, then those inside a multicall.
 *
 * Arguments are read strictly: too short, or an address with bits above its 160, is malformed,
 * because contracts differ in what they make of it. `callData` must be hex of whole bytes.
 */
export function readTokenCalls(target: Address, callData: Hex): readonly TokenCall[] {
  const calls: TokenCall[] = [];
  const visit = (bytes: Hex, depth: number): void => {
    if (calls.length >= CALLS_MAX || depth > DEPTH_MAX) {
      calls.push({ kind: 'malformed', selector: undefined, name: 'calls nested too deep' });
      return;
    }
    const selector = selectorOf(bytes);
    const shape = selector === undefined ? undefined : shapeOf(selector);
    if (selector === undefined || shape === undefined) {
      calls.push({ kind: 'other', selector: bytes === '0x' ? undefined : (selector ?? bytes) });
    } else if (shape.kind === 'grant') {
      calls.push({ kind: 'grant', selector, name: shape.name });
    } else if (shape.kind === 'calls') {
      const inner = innerCalls(shape.parameters, bytes);
      if (inner === undefined) calls.push({ kind: 'malformed', selector, name: shape.name });
      else calls.push({ kind: 'other', selector });
      // One more than the limit is enough to be refused.
      for (const next of inner?.slice(0, CALLS_MAX) ?? []) {
        if (calls.length <= CALLS_MAX) visit(next, depth + 1);
      }
    } else {
      calls.push(readWords(shape, { target, selector, bytes }));
    }
  };
  visit(lowerCase(callData), 0);
  return calls;
}

type WordShape = Extract<Shape, { readonly words: unknown }>;

function readWords(
  shape: WordShape,
  call: { readonly target: Address; readonly selector: Hex; readonly bytes: Hex },
): TokenCall {
  const { selector, target, bytes } = call;
  const words = shape.words.map((_, index) => bytes.slice(10 + 64 * index, 74 + 64 * index));
  const sound = words.every((word, index) => {
    const isAddress = shape.words[index] === 'address';
    return word.length === 64 && (!isAddress || word.startsWith('0'.repeat(24)));
  });
  if (!sound) return { kind: 'malformed', selector, name: shape.name };
  const amount = BigInt(`0x${at(words, shape.amount)}`);
  const token: Address =
    shape.token === undefined ? lowerCase(target) : `0x${at(words, shape.token).slice(24)}`;
  return { kind: shape.kind, selector, name: shape.name, token, amount };
}

function innerCalls(parameters: string, bytes: Hex): readonly Hex[] | undefined {
  try {
    const decoded = decodeAbiParameters(parseAbiParameters(parameters), `0x${bytes.slice(10)}`);
    const list: unknown = decoded.at(-1);
    return Array.isArray(list) ? (list as readonly Hex[]) : undefined;
  } catch {
    return undefined;
  }
}

function selectorOf(bytes: Hex): Hex | undefined {
  return bytes.length < 10 ? undefined : lowerCase(bytes.slice(0, 10) as Hex);
}

function shapeOf(selector: Hex): Shape | undefined {
  return Object.hasOwn(TOKEN_SELECTORS, selector) ? TOKEN_SELECTORS[selector] : undefined;
}

function lowerCase(hex: Hex): Hex {
  return hex.toLowerCase() as Hex;
}

function transferOf(name: string, words: WordShape['words'], amount: number): WordShape {
  return { kind: 'transfer', name, words, amount };
}

function allowanceOf(name: string, words: WordShape['words'], amount: number): WordShape {
  return { kind: 'allowance', name, words, amount };
}

function grantOf(name: string): Shape {
  return { kind: 'grant', name };
}

function callsOf(name: string, parameters: string): Shape {
  return { kind: 'calls', name, parameters };
}
