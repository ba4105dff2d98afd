import { at } from '@lawbook/exchange/failures/invariant';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { z } from 'zod';
import { schemaWords } from './schemaWords.ts';

const ACTUAL_LENGTH_MAX = 80;

/**
 * The refusal of what a schema did not let through: the path of the field, the rule that it broke
 * and what stood there. Only the first flaw is named.
 */
export function schemaRefusal(error: z.ZodError, input: unknown, prefix: string): Refused {
  const issue = firstLeaf(at(error.issues, 0));
  const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [...issue.path, ...unknownKey];
  const field = fieldOf(prefix, path);
  const actual = describe(valueAt(input, path));
  return refuse('malformedRequest', { field, limit: schemaWords(issue), actual });
}

/** Of a union the alternative that came furthest says what is wrong. */
function firstLeaf(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const deepest = issue.errors
    .flatMap((issues) => issues.slice(0, 1))
    .sort((a, b) => b.path.length - a.path.length)[0];
  if (deepest === undefined || deepest.path.length === 0) return issue;
  return { ...deepest, path: [...issue.path, ...deepest.path] };
}

function fieldOf(prefix: string, path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  const joined = text.join('').replace(/^\./, '');
  if (joined === '') return prefix;
  return prefix === 'body' ? joined : `${prefix}.${joined}`;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let place = input;
  for (const part of path) {
    if (typeof place !== 'object' || place === null) return undefined;
    place = (place as Record<PropertyKey, unknown>)[part];
  }
  return place;
}

function describe(found: unknown): string {
  if (found === undefined) return 'absent';
  const text = JSON.stringify(found) ?? typeof found;
  return text.length <= ACTUAL_LENGTH_MAX ? text : `${text.slice(0, ACTUAL_LENGTH_MAX)}...`;
}
