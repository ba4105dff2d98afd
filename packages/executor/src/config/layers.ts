import type { Document } from 'yaml';
import { parseDocument } from 'yaml';
import type { ConfigProblem } from './configFault.ts';
import type { Setting } from './settings.ts';
import { ENVIRONMENT_PREFIX } from './settings.ts';

/** One key as one source states it. */
export interface StatedSetting {
  readonly path: string;
  readonly stated: unknown;
  readonly source: string;
}

/** What one source says, and what it says wrongly. */
export interface Layer {
  readonly settings: readonly StatedSetting[];
  readonly problems: readonly ConfigProblem[];
}

/** Names the file of the configuration itself, so it is no key of it. */
export const CONFIG_FILE_VARIABLE: string = `${ENVIRONMENT_PREFIX}CONFIG`;

/** Reads a YAML mapping. Duplicate keys and anything but one mapping are problems. */
export function fileLayer(text: string, file: string, settings: readonly Setting[]): Layer {
  const source = `file ${file}`;
  const document = parseDocument(text, { uniqueKeys: true, ...QUIET });
  const fault = document.errors[0] ?? aliasFault(document);
  if (fault !== undefined) {
    const actual = fault.message.split('\n')[0] ?? '';
    return { settings: [], problems: [{ key: file, rule: 'Write valid YAML', actual, source }] };
  }
  return treeLayer(document.toJS() ?? {}, source, settings);
}

/** An alias can name a node inside itself, or unfold to more than fits; a setting is a tree. */
function aliasFault(document: Document): { readonly message: string } | undefined {
  try {
    JSON.stringify(document.toJS());
    return undefined;
  } catch (cause) {
    if (cause instanceof ReferenceError) return cause;
    return { message: 'an alias inside the node that it names' };
  }
}

/** Reads `LAWBOOK_` variables; a double underscore separates the levels of a key. */
export function environmentLayer(
  environment: Readonly<Record<string, string | undefined>>,
  settings: readonly Setting[],
): Layer {
  const byName = new Map(settings.map((setting) => [setting.environmentName, setting]));
  const stated: StatedSetting[] = [];
  const problems: ConfigProblem[] = [];
  for (const [name, text] of Object.entries(environment).sort()) {
    if (text === undefined || !name.startsWith(ENVIRONMENT_PREFIX)) continue;
    if (name === CONFIG_FILE_VARIABLE) continue;
    const setting = byName.get(name);
    const source = `environment ${name}`;
    if (setting === undefined) problems.push(unknownKey(name, text, source, settings));
    else stated.push({ path: setting.path, stated: readText(text, setting.kind), source });
  }
  return { settings: stated, problems };
}

/** Reads command-line flags: a tree, dotted keys or both; text is read as in the environment. */
export function flagLayer(flags: Readonly<Record<string, unknown>>, settings: Setting[]): Layer {
  const kinds = new Map(settings.map(({ path, kind }) => [path, kind]));
  const layers = Object.entries(flags)
    .filter(([, stated]) => stated !== undefined)
    .map(([path, stated]) => treeLayer(nest(path, stated), `flag --${path}`, settings));
  const read = (setting: StatedSetting): StatedSetting => {
    const kind = kinds.get(setting.path) ?? 'string';
    const stated = setting.stated;
    return typeof stated === 'string' ? { ...setting, stated: readText(stated, kind) } : setting;
  };
  return {
    settings: layers.flatMap((layer) => layer.settings.map(read)),
    problems: layers.flatMap(({ problems }) => problems),
  };
}

function nest(path: string, stated: unknown): unknown {
  return path.split('.').reduceRight((inner: unknown, name) => ({ [name]: inner }), stated);
}

/** Walks a tree of plain objects down to the known keys. */
function treeLayer(tree: unknown, source: string, settings: readonly Setting[]): Layer {
  const known = new Set(settings.map(({ path }) => path));
  const stated: StatedSetting[] = [];
  const problems: ConfigProblem[] = [];
  const visit = (branch: unknown, prefix: string): void => {
    if (known.has(prefix)) stated.push({ path: prefix, stated: branch, source });
    else if (prefix !== '' && !settings.some(({ path }) => path.startsWith(`${prefix}.`))) {
      problems.push(unknownKey(prefix, branch, source, settings));
    } else if (isMapping(branch)) {
      for (const [name, inner] of Object.entries(branch)) {
        visit(inner, prefix === '' ? name : `${prefix}.${name}`);
      }
    } else if (branch !== null && branch !== undefined) {
      const key = prefix || 'the whole';
      const actual = mayBeSecret(key, undefined, settings) ? MASK : showUnknown(branch);
      problems.push({ key, rule: 'Write a mapping', actual, source });
    }
  };
  visit(tree, '');
  return { settings: stated, problems };
}

function isMapping(branch: unknown): branch is Record<string, unknown> {
  return typeof branch === 'object' && branch !== null && !Array.isArray(branch);
}

/** Text stays text where it does not read as its kind, so that the schema names the rule. */
function readText(text: string, kind: Setting['kind']): unknown {
  if (kind === 'integer') return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (kind === 'string') return text;
  if (kind === 'list' && !text.startsWith('[')) {
    return text === '' ? [] : text.split(',').map((part) => part.trim());
  }
  const document = parseDocument(text, QUIET);
  return document.errors.length === 0 ? document.toJS() : text;
}

/** The parser would warn of odd keys on standard error, quoting them. */
const QUIET = { logLevel: 'error' } as const;

const LOOKS_SECRET = /token|secret|password|key/i;

function unknownKey(
  key: string,
  stated: unknown,
  source: string,
  settings: readonly Setting[],
): ConfigProblem {
  const isVariable = key.startsWith(ENVIRONMENT_PREFIX);
  const names = settings.map(({ path, environmentName }) => (isVariable ? environmentName : path));
  const near = nearest(key, names);
  const rule = near === undefined ? 'This key does not exist' : `Did you mean ${near}?`;
  return {
    key,
    rule,
    actual: mayBeSecret(key, near, settings) ? MASK : showUnknown(stated),
    source,
  };
}

const MASK = '***';

/**
 * What nobody has a name for: a secret may stand within it, or be all of it, as in the file of a
 * token that is taken for a configuration.
 */
function showUnknown(stated: unknown): string {
  if (Array.isArray(stated)) return 'a list';
  if (isMapping(stated)) return 'a mapping';
  return /[\x21-\x7e]{32}/.test(String(stated)) ? MASK : showStated(stated);
}

/** A secret under a slip of a name is still one: of its own name, or beside it. */
function mayBeSecret(key: string, near: string | undefined, settings: readonly Setting[]): boolean {
  if (LOOKS_SECRET.test(key)) return true;
  return settings.some(({ secret, path, environmentName }) => {
    if (!secret) return false;
    const groups = [path.replace(/\.\w+$/, ''), environmentName.replace(/__[A-Z_]+$/, '')];
    return near === path || near === environmentName || groups.some((one) => key.startsWith(one));
  });
}

/** Prints what was found, short enough for one line. */
export function showStated(stated: unknown): string {
  if (stated === undefined) return 'nothing';
  const text = JSON.stringify(stated) ?? String(stated);
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

/** The known name with the fewest edits, if that is few enough to be a slip. */
function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = 1 + Math.floor(name.length / 5);
  for (const candidate of known) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

/** Levenshtein distance by the usual row recurrence. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
