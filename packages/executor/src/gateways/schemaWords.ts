import type { z } from 'zod';

type Issue = z.core.$ZodIssue;
type Of<K extends NonNullable<Issue['code']>> = Extract<Issue, { code: K }>;

/**
 * What a field should have been, in a few words for a person. Formats carry words of their own in
 * the schemas; the rest would be the schema library's English and is said anew here.
 */
export function schemaWords(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? 'another type';
    case 'invalid_value':
      return listed(issue.values);
    case 'too_small':
      return sized(issue.inclusive === false ? 'more than' : 'at least', issue.minimum, issue);
    case 'too_big':
      return sized(issue.inclusive === false ? 'less than' : 'at most', issue.maximum, issue);
    case 'unrecognized_keys':
    case 'invalid_key':
      return 'no such field';
    case 'invalid_union':
      return unionWords(issue);
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_element':
      return 'another entry';
    default:
      return issue.message;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const COUNTED: Readonly<Record<string, readonly [string, string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
};

function sized(
  relation: string,
  bound: number | bigint,
  { origin }: Of<'too_small'> | Of<'too_big'>,
): string {
  const [one, many] = COUNTED[origin] ?? ['', ''];
  return `${relation} ${bound} ${bound === 1 ? one : many}`.trimEnd();
}

/** The alternatives; where one has the right type, only what is wrong with that one. */
function unionWords(issue: Of<'invalid_union'>): string {
  if ('options' in issue && issue.options !== undefined) return listed(issue.options);
  const flaws = issue.errors.flatMap((issues) => issues.slice(0, 1));
  const near = flaws.filter(({ code }) => code !== 'invalid_type');
  const words = (near.length > 0 ? near : flaws).map(schemaWords);
  return words.length === 0 ? 'one of the published forms' : listed([...new Set(words)]);
}

function listed(choices: readonly unknown[]): string {
  const words = choices.map(String);
  const last = words.pop() ?? '';
  return words.length === 0 ? last : `${words.join(', ')} or ${last}`;
}
