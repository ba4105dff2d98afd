// Goal: the venue starts only with a configuration that is lawful in every key, and says where each
// key came from. Method: sources given as text, problems read from the thrown fault.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { ConfigProblem } from './configFault.ts';
import { ConfigFault } from './configFault.ts';
import type { ConfigSources, LoadedConfig } from './loadConfig.ts';
import { effectiveConfig, loadConfig, printConfig } from './loadConfig.ts';
import { listSettings } from './settings.ts';

const TOKEN = 'f'.repeat(40);

/** Loads with files from memory. */
function load(sources: ConfigSources, files: Readonly<Record<string, string>> = {}): LoadedConfig {
  const readText = (path: string): string => {
    const text = files[path];
    assert.notEqual(text, undefined, `${path} is planted`);
    return text as string;
  };
  return loadConfig({ readText, ...sources });
}

const loadYaml = (yaml: string): LoadedConfig =>
  load({ file: 'venue.yaml' }, { 'venue.yaml': yaml });

function problemsOf(attempt: () => unknown): readonly ConfigProblem[] {
  try {
    attempt();
  } catch (cause) {
    assert.ok(cause instanceof ConfigFault);
    assert.equal(cause.code, 'CONFIG_INVALID');
    return cause.problems;
  }
  assert.fail('the configuration is refused');
}

const keysOf = (attempt: () => unknown): string[] => problemsOf(attempt).map(({ key }) => key);

test('no source at all gives a demo venue on loopback', () => {
  const { config, sources } = loadConfig({});
  assert.equal(config.http.host, '127.0.0.1');
  assert.equal(config.http.port, 8547);
  assert.equal(config.venue.chainId, 31_337);
  assert.equal(config.dataDir, '.lawbook');
  assert.equal(config.market.batchIntervalMs, 1000);
  assert.equal(config.market.batchesPerEpoch, 8);
  assert.equal(config.operator.token, undefined);
  assert.equal(sources.size, 0);
});

test('a flag wins over the environment, that over the file, and the file over defaults', () => {
  const file = 'http:\n  port: 1\n  bodyBytesMax: 2048\n  host: localhost\nlog:\n  level: warn\n';
  const { config, sources } = load(
    {
      file: 'venue.yaml',
      environment: { LAWBOOK_HTTP__PORT: '2', LAWBOOK_HTTP__BODY_BYTES_MAX: '4096', PATH: '/bin' },
      flags: { 'http.port': '3' },
    },
    { 'venue.yaml': file },
  );
  assert.equal(config.http.port, 3);
  assert.equal(config.http.bodyBytesMax, 4096);
  assert.equal(config.http.host, 'localhost');
  assert.equal(config.sessions.ttlMsMax, 86_400_000);
  assert.deepEqual(Object.fromEntries(sources), {
    'http.port': 'flag --http.port',
    'http.bodyBytesMax': 'environment LAWBOOK_HTTP__BODY_BYTES_MAX',
    'http.host': 'file venue.yaml',
    'log.level': 'file venue.yaml',
  });
});

test('the environment may name the file, and a given file wins over it', () => {
  const files = { 'a.yaml': 'dataDir: a', 'b.yaml': 'dataDir: b' };
  const environment = { LAWBOOK_CONFIG: 'a.yaml' };
  assert.equal(load({ environment }, files).config.dataDir, 'a');
  assert.equal(load({ environment, file: 'b.yaml' }, files).config.dataDir, 'b');
});

test('lists, switches and maps are read from the environment', () => {
  const { config } = load({
    environment: {
      LAWBOOK_HTTP__CORS_ORIGINS: 'https://a.example, https://b.example',
      LAWBOOK_DEMO__FLOW: 'false',
      LAWBOOK_ORACLE__FIXED__MIDS: '{"EUR":"1.0900"}',
      LAWBOOK_ORACLE__SYMBOLS: '["EUR"]',
    },
  });
  assert.deepEqual(config.http.corsOrigins, ['https://a.example', 'https://b.example']);
  assert.equal(config.demo.flow, false);
  assert.deepEqual(config.oracle.fixed.mids, { EUR: '1.0900' });
  assert.deepEqual(config.oracle.symbols, ['EUR']);
});

test('an alias that contains itself or unfolds without end is a problem of the file', () => {
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (const [k, name] of ['b', 'c', 'd'].entries()) {
    const before = ['a', 'b', 'c'][k] as string;
    bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join()}]`);
  }
  for (const text of ['a: &a [*a]', bomb.join('\n')]) {
    const [problem] = problemsOf(() => loadYaml(text));
    assert.equal(problem?.rule, 'Write valid YAML');
  }
});

test('flags may be a tree, dotted keys or both', () => {
  const { config } = load({
    flags: { http: { port: 9000 }, 'demo.seed': 7, 'log.level': undefined },
  });
  assert.equal(config.http.port, 9000);
  assert.equal(config.demo.seed, 7);
  assert.equal(config.log.level, 'info');
});

test('every problem of every source is named at once, with rule, finding and source', () => {
  const problems = problemsOf(() =>
    load(
      {
        file: 'venue.yaml',
        environment: { LAWBOOK_HTTP__PORT: '70000', LAWBOOK_HTPP__PORT: '1' },
        flags: { 'market.batchesPerEpoch': '9' },
      },
      { 'venue.yaml': 'storage:\n  backend: sqlite\njournal:\n  segmentBites: 1\n' },
    ),
  );
  const found = new Map(problems.map((problem) => [problem.key, problem]));
  assert.deepEqual([...found.keys()].sort(), [
    'LAWBOOK_HTPP__PORT',
    'http.port',
    'journal.segmentBites',
    'market.batchesPerEpoch',
    'storage.backend',
  ]);
  assert.equal(found.get('http.port')?.actual, '70000');
  assert.equal(found.get('http.port')?.source, 'environment LAWBOOK_HTTP__PORT');
  assert.match(found.get('http.port')?.rule ?? '', /65535/);
  assert.match(found.get('journal.segmentBites')?.rule ?? '', /journal\.segmentBytes/);
  assert.match(found.get('LAWBOOK_HTPP__PORT')?.rule ?? '', /LAWBOOK_HTTP__PORT/);
  assert.equal(found.get('storage.backend')?.source, 'file venue.yaml');
  assert.equal(found.get('market.batchesPerEpoch')?.source, 'flag --market.batchesPerEpoch');
});

test('a file that is no mapping, no YAML, or states a key twice is refused', () => {
  assert.deepEqual(
    keysOf(() => loadYaml('- a\n- b\n')),
    ['the whole'],
  );
  assert.deepEqual(
    keysOf(() => loadYaml('http: [1, 2\n')),
    ['venue.yaml'],
  );
  assert.deepEqual(
    keysOf(() => loadYaml('dataDir: a\ndataDir: b\n')),
    ['venue.yaml'],
  );
  assert.deepEqual(
    keysOf(() => loadYaml('http: 8547\n')),
    ['http'],
  );
  assert.deepEqual(
    keysOf(() => loadConfig({ file: '/does/not/exist.yaml' })),
    ['config'],
  );
});

test('names that every object inherits are unknown keys', () => {
  assert.deepEqual(
    keysOf(() => loadYaml('__proto__:\n  port: 1\n')),
    ['__proto__'],
  );
  assert.deepEqual(
    keysOf(() => loadYaml('http:\n  constructor: 1\n')),
    ['http.constructor'],
  );
  assert.equal(({} as Record<string, unknown>)['port'], undefined);
});

test('an empty section of a file changes nothing', () => {
  assert.equal(loadYaml('http:\nlog:\n').config.http.port, 8547);
});

test('a host that others can reach needs TLS, a proxy or an explicit word', () => {
  const host = { 'http.host': '0.0.0.0' };
  assert.deepEqual(
    keysOf(() => load({ flags: host })),
    ['http.host'],
  );
  const tls = { 'http.tls.certFile': 'c.pem', 'http.tls.keyFile': 'k.pem' };
  for (const extra of [{ 'http.insecure': true }, { 'http.trustProxy': true }, tls]) {
    assert.equal(load({ flags: { ...host, ...extra } }).config.http.host, '0.0.0.0');
  }
  assert.deepEqual(
    keysOf(() => load({ flags: { 'http.tls.certFile': 'c.pem' } })),
    ['http.tls.keyFile'],
  );
  assert.equal(load({ flags: { 'http.host': '::1' } }).config.http.host, '::1');
});

test('a venue that is no demonstration refuses invented mids', () => {
  assert.deepEqual(
    keysOf(() => load({ flags: { 'demo.enabled': false } })),
    ['oracle.adapter'],
  );
  const flags = { 'demo.enabled': false, 'oracle.adapter': 'fixed' };
  assert.equal(load({ flags }).config.oracle.adapter, 'fixed');
});

test('each oracle states what it needs', () => {
  const needs = (flags: Record<string, unknown>): string[] => keysOf(() => load({ flags }));
  assert.deepEqual(needs({ 'oracle.adapter': 'csv' }), ['oracle.csv.file']);
  assert.deepEqual(needs({ 'oracle.adapter': 'http' }), ['oracle.http.sources']);
  assert.deepEqual(needs({ 'oracle.symbols': ['EUR', 'SEK'] }), ['oracle.randomWalk.mids']);
  assert.deepEqual(needs({ 'oracle.randomWalk.intervalMs': 6000 }), ['oracle.ageMsMax']);
  const source = { name: 'a', url: 'http://rates.example/x', mapPath: '/rates' };
  const problems = problemsOf(() => load({ flags: { 'oracle.http.sources': [source] } }));
  assert.match(problems[0]?.rule ?? '', /loopback/);
  const withCredentials = { ...source, url: 'https://user:word@rates.example/x' };
  assert.deepEqual(needs({ 'oracle.http.sources': [withCredentials] }), [
    'oracle.http.sources.0.url',
  ]);
});

test('a price written as a YAML number is refused, because it is a float', () => {
  const yaml = 'oracle:\n  fixed:\n    mids:\n      EUR: 1.1\n';
  const [problem] = problemsOf(() => loadYaml(yaml));
  assert.equal(problem?.key, 'oracle.fixed.mids.EUR');
  assert.match(problem?.rule ?? '', /quoted decimal/);
});

test('the operator token comes from any source and is never printed', () => {
  const loaded = load({ flags: { 'operator.tokenFile': 't' } }, { t: `${TOKEN}\n` });
  assert.equal(loaded.config.operator.token, TOKEN);
  assert.deepEqual(effectiveConfig(loaded.config)['operator'], { token: '***', tokenFile: 't' });
  assert.ok(!printConfig(loaded).includes(TOKEN));

  const short = 'planted-secret';
  const attempts: ConfigSources[] = [
    { environment: { LAWBOOK_OPERATOR__TOKEN: short } },
    { environment: { LAWBOOK_OPERATER__TOKEN: short } },
    { flags: { 'operator.token': short, 'operator.tokenFile': 't' } },
    { flags: { 'operator.tokenFile': 't' } },
    { flags: { operator: { token: [short] } } },
  ];
  for (const attempt of attempts) {
    assert.throws(
      () => load(attempt, { t: short }),
      (cause: ConfigFault) => !`${cause.message}${JSON.stringify(cause.fields)}`.includes(short),
    );
  }
});

test('the operator token under a slip of its name is not printed either', () => {
  const planted = 'planted-secret-of-an-operator-00';
  const slips: ConfigSources[] = [
    { environment: { LAWBOOK_OPERATOR__TOKN: planted } },
    { environment: { LAWBOOK_OPERATOR_TKN: planted } },
    { environment: { LAWBOOK_OPERATR__TOKN: planted } },
    { flags: { 'operator.tokn': planted } },
    { flags: { operator: planted } },
    { flags: { operators: { t: planted } } },
    { flags: { oper: { token: planted } } },
  ];
  const files = [`oprtr:\n  token: ${planted}\n`, planted, `- ${planted}\n`, `opera: ${planted}\n`];
  const attempts = [
    ...slips.map((slip) => () => load(slip)),
    ...files.map((yaml) => () => loadYaml(yaml)),
  ];
  for (const attempt of attempts) {
    assert.throws(
      attempt,
      (cause: ConfigFault) => !`${cause.message}${JSON.stringify(cause.fields)}`.includes(planted),
    );
  }
  const [problem] = problemsOf(() => load({ flags: { 'http.prt': 1234 } }));
  assert.equal(problem?.actual, '1234', 'what is no secret is shown');
});

test('an operator token that no header can carry is refused', () => {
  for (const token of [`${TOKEN} ${TOKEN}`, `${TOKEN}\u00e9`, `${TOKEN}\n${TOKEN}`]) {
    const [problem] = problemsOf(() => load({ flags: { 'operator.token': token } }));
    assert.equal(problem?.key, 'operator.token');
  }
});

test('odd keys of a file are refused without a word on standard error', async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error): void => {
    warnings.push(warning);
  };
  process.on('warning', listen);
  try {
    assert.throws(() => loadYaml('? { token: planted }\n: 1\n'), ConfigFault);
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('warning', listen);
  }
  assert.deepEqual(warnings, []);
});

test('the printed configuration names its sources and loads back as the same configuration', () => {
  const loaded = load({ flags: { 'http.port': 9000, 'oracle.symbols': ['EUR'] } });
  const printed = printConfig(loaded);
  assert.match(printed, /^ {2}port: 9000 # flag --http\.port$/m);
  assert.match(printed, /^ {2}host: "127\.0\.0\.1" # default$/m);
  assert.deepEqual(parse(printed), effectiveConfig(loaded.config));
  assert.deepEqual(loadYaml(printed).config, loaded.config);
});

test('a loaded configuration cannot be changed', () => {
  const { config } = loadConfig({});
  assert.ok(Object.isFrozen(config.oracle.randomWalk.mids));
  assert.throws(() => Object.assign(config.http, { port: 1 }), TypeError);
});

test('every key has a meaning, and its variable sets exactly that key', () => {
  const settings = listSettings();
  assert.ok(settings.length > 50);
  assert.equal(
    new Set(settings.map(({ environmentName }) => environmentName)).size,
    settings.length,
  );
  for (const { path, meaning } of settings) assert.notEqual(meaning, '', path);
});
