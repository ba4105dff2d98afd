import { readFileSync } from 'node:fs';
import type { Config } from './config.ts';
import type { ConfigProblem } from './configFault.ts';
import { ConfigFault } from './configFault.ts';
import { configSchema } from './configSchema.ts';
import { crossRules } from './crossRules.ts';
import type { Layer } from './layers.ts';
import {
  CONFIG_FILE_VARIABLE,
  environmentLayer,
  fileLayer,
  flagLayer,
  showStated,
} from './layers.ts';
import type { Setting } from './settings.ts';
import { listSettings } from './settings.ts';

/** Where a configuration is read from. Every part may be absent. */
export interface ConfigSources {
  /** Path of a YAML file; the variable LAWBOOK_CONFIG names one too, and this wins over it. */
  readonly file?: string | undefined;
  /** Usually `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** A tree, or dotted keys, or both. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Reads a text file; replaced in tests. */
  readonly readText?: (path: string) => string;
}

/** A configuration that may be used, and where each key came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** Source by dotted key; a key that no source states comes from its default. */
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * Reads the configuration: default < file < environment < flag, key by key.
 *
 * @throws ConfigFault CONFIG_INVALID naming every unknown or invalid key with its rule, what was
 *   found and where. Rules between keys are judged once every key is valid by itself.
 */
export function loadConfig(from: ConfigSources): LoadedConfig {
  const settings = listSettings();
  const readText = from.readText ?? ((path: string) => readFileSync(path, 'utf8'));
  const layers = readLayers(from, settings, readText);
  const problems = layers.flatMap((layer) => layer.problems);
  const sources = new Map<string, string>();
  const tree: Tree = {};
  for (const { path, stated, source } of layers.flatMap((layer) => layer.settings)) {
    sources.set(path, source);
    plant(tree, path.split('.'), stated);
  }
  const parsed = configSchema.safeParse(tree);
  const lookup: Lookup = { tree, sources, settings };
  for (const issue of parsed.error?.issues ?? []) {
    problems.push(describeIssue(issue.path, sentenceOf(issue.message), lookup));
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigFault(problems);
  const broken = crossRules(parsed.data);
  if (broken.length > 0) {
    throw new ConfigFault(broken.map(({ path, rule }) => describeIssue(path, rule, lookup)));
  }
  return { config: freezeDeep(withToken(parsed.data, readText, lookup)), sources };
}

interface Tree {
  [name: string]: unknown;
}

interface Lookup {
  readonly tree: Tree;
  readonly sources: ReadonlyMap<string, string>;
  readonly settings: readonly Setting[];
}

type ReadText = (path: string) => string;

function readLayers(from: ConfigSources, settings: Setting[], readText: ReadText): Layer[] {
  const environment = from.environment ?? {};
  const file = from.file ?? environment[CONFIG_FILE_VARIABLE];
  const fileText = file === undefined ? '' : readOrFault(file, 'config', readText);
  return [
    fileLayer(fileText, file ?? '', settings),
    environmentLayer(environment, settings),
    flagLayer(from.flags ?? {}, settings),
  ];
}

function readOrFault(path: string, key: string, readText: ReadText): string {
  try {
    return readText(path);
  } catch (cause) {
    const rule = 'Name a file that can be read';
    throw new ConfigFault([{ key, rule, actual: JSON.stringify(path), source: 'disk' }], cause);
  }
}

function plant(tree: Tree, names: readonly string[], stated: unknown): void {
  const [name = '', ...rest] = names;
  if (rest.length === 0) {
    tree[name] = stated;
    return;
  }
  const branch = (tree[name] ?? {}) as Tree;
  tree[name] = branch;
  plant(branch, rest, stated);
}

/** Zod says what it expected in a phrase; here every rule is a sentence without its full stop. */
function sentenceOf(message: string): string {
  return message.replace(/\.$/, '');
}

function describeIssue(path: readonly PropertyKey[], rule: string, lookup: Lookup): ConfigProblem {
  const names = path.map(String);
  const key = names.join('.') || 'the whole';
  const setting = lookup.settings.find((one) => key === one.path || key.startsWith(`${one.path}.`));
  const stated = names.reduce((branch: unknown, name) => (branch as Tree)?.[name], lookup.tree);
  return {
    key,
    rule,
    actual: setting?.secret === true && stated !== undefined ? MASK : showStated(stated),
    source: (setting && lookup.sources.get(setting.path)) ?? 'default',
  };
}

/** The token itself, wherever it was kept; surrounding white space of a file is not part of it. */
function withToken(config: Config, readText: ReadText, lookup: Lookup): Config {
  const { tokenFile } = config.operator;
  if (tokenFile === undefined) return config;
  const token = readOrFault(tokenFile, 'operator.tokenFile', readText).trim();
  const operator = { ...config.operator, token };
  const parsed = configSchema.safeParse({ ...config, operator });
  if (parsed.success) return { ...config, operator };
  const rule = sentenceOf(parsed.error.issues[0]?.message ?? '');
  const problem = describeIssue(
    ['operator', 'tokenFile'],
    `The token in the file: ${rule}`,
    lookup,
  );
  throw new ConfigFault([problem]);
}

function freezeDeep<T>(tree: T): T {
  if (typeof tree === 'object' && tree !== null) {
    for (const branch of Object.values(tree)) freezeDeep(branch);
    Object.freeze(tree);
  }
  return tree;
}

const MASK = '***';

/** The configuration as it applies, with secrets masked; safe to print and to log. */
export function effectiveConfig(config: Config): Readonly<Record<string, unknown>> {
  const secrets = new Set(
    listSettings()
      .filter(({ secret }) => secret)
      .map(({ path }) => path),
  );
  return maskBelow(config as unknown as Tree, '', secrets);
}

function maskBelow(tree: Tree, prefix: string, secrets: ReadonlySet<string>): Tree {
  const masked: Tree = {};
  for (const [name, branch] of Object.entries(tree)) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (branch === undefined) continue;
    if (secrets.has(path)) masked[name] = MASK;
    else if (typeof branch === 'object' && branch !== null && !Array.isArray(branch)) {
      masked[name] = maskBelow(branch as Tree, path, secrets);
    } else masked[name] = branch;
  }
  return masked;
}

/** YAML for `lawbook config print`: every key with its source as a comment, secrets masked. */
export function printConfig(loaded: LoadedConfig): string {
  const known = new Set(listSettings().map(({ path }) => path));
  const rows: string[] = [];
  const print = (tree: Tree, prefix: string, indent: string): void => {
    for (const [name, branch] of Object.entries(tree)) {
      const path = prefix === '' ? name : `${prefix}.${name}`;
      if (known.has(path)) {
        const source = loaded.sources.get(path) ?? 'default';
        rows.push(`${indent}${name}: ${JSON.stringify(branch)} # ${source}`);
      } else if (Object.keys(branch as Tree).length === 0) {
        rows.push(`${indent}${name}: {}`);
      } else {
        rows.push(`${indent}${name}:`);
        print(branch as Tree, path, `${indent}  `);
      }
    }
  };
  print(effectiveConfig(loaded.config) as Tree, '', '');
  return `${rows.join('\n')}\n`;
}
