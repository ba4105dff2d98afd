import type { z } from 'zod';
import { ChainFault } from '../chainFault.ts';
import { plainText } from '../gates/revertReason.ts';
import { withoutKeys } from '../signers/secretText.ts';

type Issue = z.core.$ZodIssue;

/** One broken rule of a configuration. */
interface Problem {
  readonly field: string;
  readonly rule: string;
  readonly actual: string;
  readonly fix: string;
}

/** Problems that one fault lists. */
const PROBLEMS_MAX = 32;

/** Says everything that is wrong with a configuration at once. */
export function settingsFault(issues: readonly Issue[], written: unknown): ChainFault {
  const problems = issues.flatMap((issue) => problemsOf(issue, written)).slice(0, PROBLEMS_MAX);
  const lines = problems.map(({ field, rule, actual, fix }) => {
    return `${field} ${rule}; it is ${actual}: ${fix}.`;
  });
  const [first] = problems;
  return new ChainFault('CHAIN_CONFIG_INVALID', lines.join('\n'), {
    fields: { problems: issues.length, ...first },
  });
}

function problemsOf(issue: Issue, written: unknown): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: fieldName([...issue.path, key]),
      rule: 'is no setting of this place',
      actual: 'there',
      fix: SECRET_NAMES.test(key)
        ? 'name a keyFile or an environment variable; no key stands in a configuration'
        : 'check its spelling against the documentation, or leave it out',
    }));
  }
  const pattern = issue.path.map((part) => (typeof part === 'number' ? '' : String(part)));
  const place = pattern.filter((part) => part !== '').join('.');
  const [rule, fix] = ruleOf(place, issue);
  const actual = shown(issue.path, memberAt(written, issue.path));
  return [{ field: fieldName(issue.path), rule, actual, fix }];
}

const AMOUNT_RULE = [
  'is a decimal string of smallest units',
  'write it in quotation marks, wei not ether',
] as const;

/** Rule and fix by field, list positions left out; `*.x` is x anywhere. */
const RULES: Readonly<Record<string, readonly [rule: string, fix: string]>> = {
  '': ['is an object of settings', 'write chain, endpoints, signers, store and policy'],
  'chain.id': ['is a whole number from 1', 'write the chain id of eth_chainId in decimal'],
  'chain.name': ['has a-z, 0-9 and dashes, at most 63', 'write a name such as mainnet'],
  endpoints: ['lists 1 to 16 endpoints', 'add an endpoint with url and preset'],
  'endpoints.url': ['is a URL of http or https', 'copy it whole from the provider'],
  'endpoints.webSocketUrl': ['is a URL of ws or wss', 'copy it whole from the provider'],
  'endpoints.preset': [
    'names a preset, or limits are stated instead, never both',
    'write alchemy, alchemyComputeUnits, infura, quicknode, public or local',
  ],
  'endpoints.limits.reserve': ['is below burst', 'leave a part of the burst to reads'],
  'endpoints.weight': ['is above 0 and at most 1', 'write 1 for full use'],
  'privateRelay.url': ['is a URL of http or https', 'copy it whole from the relay'],
  signers: ['lists 1 to 64 signers of different names', 'rename or remove one'],
  'signers.keyFile': [
    'is the path of a key file, or environment names a variable instead, never both',
    'keep one of the two',
  ],
  'signers.environment': ['is the name of an environment variable', 'write the name, not the key'],
  store: ['is an object with a kind', 'write kind: lmdb and a directory'],
  'store.kind': ['is memory, lmdb, redis or postgres', 'write lmdb for one machine'],
  'store.directory': ['is the path of a folder', 'write an absolute path on a local disk'],
  'store.url': ['is a URL that fits the kind of store', 'write redis:// or postgres:// in front'],
  policy: ['is stated', 'write {} to permit everything, or say what is permitted'],
  simulation: ['is strict or estimateOnly', 'leave it out for strict'],
  'fees.bump': ['is 110 to 1000 percent', 'write 112; nodes refuse replacements below 110'],
  'fees.tipPercentile.patient': ['is 0 to 100', 'write 50'],
  'fees.tipPercentile.urgent': ['is 0 to 100', 'write 90'],
  'policy.budgets.asset': ['is native or the address of a token', 'write native for wei'],
  '*.name': ['has a-z, 0-9 and dashes, at most 63', 'write a short name in lower case'],
  '*.leastBalance': AMOUNT_RULE,
  '*.leastTip': AMOUNT_RULE,
  '*.amount': AMOUNT_RULE,
  '*.amountMax': AMOUNT_RULE,
  '*.approvalFrom': AMOUNT_RULE,
  '*.allowanceMax': AMOUNT_RULE,
  '*.to': ['is an address', 'write 0x and 40 hex digits'],
  '*.selectors': ['is a list of selectors', 'write 0x and 8 hex digits for each'],
};

function ruleOf(place: string, issue: Issue): readonly [rule: string, fix: string] {
  const known = RULES[place] ?? RULES[`*.${place.split('.').at(-1) ?? ''}`];
  if (known !== undefined) return known;
  if (issue.code === 'too_small') return [`is at least ${issue.minimum}`, 'raise it'];
  if (issue.code === 'too_big') return [`is at most ${issue.maximum}`, 'lower it'];
  if (issue.code === 'invalid_type') return [`is of type ${issue.expected}`, 'write one, or none'];
  return ['has another form', 'compare it with the documentation'];
}

/** Names under which people keep what must not be shown. */
const SECRET_NAMES = /key|secret|password|passphrase|mnemonic|token|credential|seed|^environment$/i;

/** What stands at a place, without what may be a secret: URLs, keys, and whole structures. */
function shown(path: readonly PropertyKey[], member: unknown): string {
  if (member === undefined) return 'missing';
  if (member === null) return 'null';
  if (Array.isArray(member)) return `a list of ${member.length}`;
  if (typeof member === 'object') return 'an object';
  if (typeof member !== 'string') return String(member).slice(0, 80);
  const name = String(path.findLast((part) => typeof part === 'string') ?? '');
  const hidden = /url$/i.test(name) || SECRET_NAMES.test(name) || /:\/\/|@/.test(member);
  return hidden
    ? `${member.length} characters (hidden)`
    : `"${plainText(withoutKeys(member), 80)}"`;
}

function memberAt(written: unknown, path: readonly PropertyKey[]): unknown {
  let member = written;
  for (const part of path) {
    if (typeof member !== 'object' || member === null || !Object.hasOwn(member, part)) {
      return undefined;
    }
    member = (member as Readonly<Record<PropertyKey, unknown>>)[part];
  }
  return member;
}

function fieldName(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'The configuration';
  return path.reduce<string>((name, part) => {
    if (typeof part === 'number') return `${name}[${part}]`;
    const shownPart = plainText(withoutKeys(String(part)), 60);
    return name === '' ? shownPart : `${name}.${shownPart}`;
  }, '');
}
