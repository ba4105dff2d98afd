import type { Abi, Hex } from 'viem';
import { decodeErrorResult } from 'viem';

/** Characters of a contract's own words that are kept. */
const WORDS_MAX = 200;
/** Bytes of revert data that are looked at: more than any error of good faith has. */
const BYTES_MAX = 4_096;

/**
 * Says in one line why a call reverted, from the bytes that it returned.
 *
 * Knows Error(string), Panic(uint256), the custom errors of `abi`, and nothing at all. Text from
 * contracts is quoted, bounded and stripped of everything that is not plain print: it is shown to
 * people and written to logs, and never acted on.
 */
export function revertReason(returned: unknown, abi?: Abi): string {
  if (typeof returned !== 'string' || !/^0x([0-9a-f]{2})*$/i.test(returned)) {
    return 'reverted with something unreadable';
  }
  const bytes = returned.slice(0, 2 + 2 * BYTES_MAX).toLowerCase() as Hex;
  if (bytes === '0x') return 'reverted without a reason';
  const selector = bytes.slice(0, 10);
  if (selector === '0x08c379a0') return errorText(bytes);
  if (selector === '0x4e487b71') return panicText(bytes);
  return customText(bytes, abi) ?? `reverted with the unknown error ${selector}`;
}

/**
 * Text that somebody else wrote, made fit to be shown: letters, marks, digits, punctuation, symbols
 * and single spaces; no control, format or surrogate characters, so that it can neither forge lines
 * nor turn the direction of what follows. At most `charactersMax` characters.
 */
export function plainText(text: string, charactersMax: number = WORDS_MAX): string {
  // Four times the bound leaves room for what is stripped, and bounds the work.
  const print = text
    .slice(0, 4 * charactersMax)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  const characters = [...print];
  if (characters.length <= charactersMax) return print;
  return `${characters.slice(0, charactersMax - 1).join('')}…`;
}

/** Plain text in quotation marks; its own become single ones, so that it cannot end them. */
export function quotedText(text: string, charactersMax: number = WORDS_MAX): string {
  return `"${plainText(text, charactersMax).replaceAll('"', "'")}"`;
}

/** Read by hand, because truncated and overlong strings still tell most of their story. */
function errorText(bytes: Hex): string {
  const body = bytes.slice(10);
  if (body.length < 128) return 'reverted with an unreadable Error(string)';
  const offset = BigInt(`0x${body.slice(0, 64)}`);
  const length = BigInt(`0x${body.slice(64, 128)}`);
  if (offset !== 32n) return 'reverted with an unreadable Error(string)';
  const hex = body.slice(128, 128 + 2 * Number(length < BigInt(BYTES_MAX) ? length : BYTES_MAX));
  const text = quotedText(new TextDecoder().decode(Buffer.from(hex, 'hex')));
  return text === '""' ? 'reverted without a reason' : `reverted: ${text}`;
}

/** The codes of the Solidity documentation, "Panic via assert and Error via require". */
const PANICS: Readonly<Record<string, string>> = {
  '0': 'generic panic',
  '1': 'assertion failed',
  '17': 'arithmetic overflow or underflow',
  '18': 'division by zero',
  '33': 'conversion to an enum out of range',
  '34': 'storage byte array wrongly encoded',
  '49': 'pop of an empty array',
  '50': 'array index out of bounds',
  '65': 'too much memory',
  '81': 'call of an uninitialised function',
};

function panicText(bytes: Hex): string {
  const body = bytes.slice(10);
  if (body.length < 64) return 'reverted with an unreadable Panic(uint256)';
  const code = BigInt(`0x${body.slice(0, 64)}`);
  const name = PANICS[String(code)] ?? 'unknown panic';
  return `panicked: ${name} (0x${code.toString(16).padStart(2, '0')})`;
}

function customText(bytes: Hex, abi: Abi | undefined): string | undefined {
  if (abi === undefined) return undefined;
  try {
    const { errorName, args } = decodeErrorResult({ abi, data: bytes });
    const shown = (args ?? []).map((argument) => showArgument(argument)).join(', ');
    return `reverted: ${plainText(`${errorName}(${shown})`)}`;
  } catch {
    // Not an error of this ABI, or not encoded like one: the caller names the selector instead.
    return undefined;
  }
}

function showArgument(argument: unknown): string {
  if (typeof argument === 'string')
    return /^0x[0-9a-f]*$/i.test(argument) ? argument : quotedText(argument, 80);
  if (Array.isArray(argument)) return `[${argument.slice(0, 8).map(showArgument).join(', ')}]`;
  if (typeof argument !== 'object' || argument === null) return String(argument);
  return `{${Object.values(argument).slice(0, 8).map(showArgument).join(', ')}}`;
}
