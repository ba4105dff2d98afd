import { refuse } from '@lawbook/exchange/failures/rejection';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/**
 * Reads a JSON body. The depth is bounded before anything is built from it.
 * Rejections: bodyTooLarge for the depth, malformedRequest.
 */
export function parseBody(body: Uint8Array, depthMax: number): Result<unknown> {
  if (isDeeper(body, depthMax)) {
    return refuse('bodyTooLarge', { field: 'body', limit: `${depthMax} levels`, actual: 'more' });
  }
  try {
    return accepted(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown);
  } catch (cause) {
    const actual = cause instanceof SyntaxError ? cause.message.slice(0, 160) : 'not UTF-8';
    return refuse('malformedRequest', { field: 'body', limit: 'JSON', actual });
  }
}

function isDeeper(body: Uint8Array, depthMax: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let k = 0; k < body.length; k += 1) {
    const byte = body[k] as number;
    if (quoted) {
      if (byte === BACKSLASH) k += 1;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1;
  }
  return false;
}
