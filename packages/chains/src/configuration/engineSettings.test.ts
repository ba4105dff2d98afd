// Goal: a configuration is read whole, or refused with every problem, its fix and no secret.
// Method: one good configuration, spoilt field by field by hand and at random by fast-check.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChainFault } from '../chainFault.ts';
import { DEFAULT_FEE_POLICY } from '../fees/feePolicy.ts';
import { DEFAULT_LANE_SETTINGS } from '../lanes/lane.ts';
import { everythingShown, leaks, PLANTED } from '../signers/fixtures/planted.ts';
import { readEngineSettings } from './engineSettings.ts';

const seed = Date.now() & 0x7fffffff;
console.log(`engineSettings seed ${seed}`);

const TOKEN = '0x70C0000000000000000000000000000000000001';
const API_KEY = 'Zx9secretApiKey';

const GOOD = {
  chain: { id: 1, name: 'mainnet' },
  endpoints: [
    { url: `https://eth.example/${API_KEY}`, preset: 'alchemy' },
    {
      name: 'own',
      url: 'http://127.0.0.1:8545',
      webSocketUrl: 'ws://127.0.0.1:8546',
      limits: { unitsPerSecond: 50, burst: 100, reserve: 10, concurrency: 8 },
      weight: 0.5,
    },
  ],
  privateRelay: { url: 'https://relay.example' },
  signers: [
    { name: 'settler', keyFile: '/etc/lawbook/settler.key', leastBalance: '1000' },
    { name: 'payer', environment: 'PAYER_KEY' },
  ],
  store: { kind: 'lmdb', directory: '/var/lib/lawbook' },
  fees: { bump: 125, leastTip: '2' },
  lane: { inFlightMax: 4 },
  policy: {
    targets: [{ to: TOKEN, selectors: ['0xA9059CBB'] }, { to: TOKEN }],
    approvalFrom: '1000000000000000000',
    allowanceMax: '0',
    budgets: [{ principal: '*', asset: 'native', amount: '5', windowMs: 86_400_000 }],
  },
  simulation: 'estimateOnly',
} as const;

/** The good configuration with one member replaced, or removed where `member` is undefined. */
function spoilt(path: string, member: unknown): unknown {
  const copy = structuredClone(GOOD) as unknown;
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  let holder = copy as Record<string, unknown>;
  for (const part of parts) holder = holder[part] as Record<string, unknown>;
  if (member === undefined) delete holder[last];
  else holder[last] = member;
  return copy;
}

function faultOf(written: unknown): ChainFault {
  try {
    readEngineSettings(written);
  } catch (fault) {
    assert.ok(fault instanceof ChainFault && fault.code === 'CHAIN_CONFIG_INVALID', String(fault));
    return fault;
  }
  return assert.fail('the configuration was accepted');
}

test('reads a whole configuration', () => {
  const settings = readEngineSettings(GOOD);
  assert.equal(settings.endpoints[0]?.limits, 'alchemy');
  assert.equal(settings.endpoints[0]?.weight, 1);
  assert.deepEqual(settings.endpoints[1]?.limits, {
    unitsPerSecond: 50,
    burst: 100,
    reserve: 10,
    concurrency: 8,
    queueMax: 1_000,
    units: {},
    defaultUnits: 1,
  });
  assert.equal(settings.signers[0]?.leastBalance, 1_000n);
  assert.deepEqual(settings.store, { kind: 'lmdb', directory: '/var/lib/lawbook' });
  assert.deepEqual(settings.fees, { ...DEFAULT_FEE_POLICY, bump: 125, leastTip: 2n });
  assert.deepEqual(settings.lane, { ...DEFAULT_LANE_SETTINGS, inFlightMax: 4 });
  assert.deepEqual(settings.policy, {
    targets: [
      { to: TOKEN.toLowerCase(), selectors: ['0xa9059cbb'] },
      { to: TOKEN.toLowerCase(), selectors: undefined },
    ],
    amountMax: undefined,
    approvalFrom: 10n ** 18n,
    allowanceMax: 0n,
    budgets: [{ principal: '*', asset: 'native', amount: 5n, windowMs: 86_400_000 }],
  });
  assert.equal(settings.simulation, 'estimateOnly');
});

test('fills in what is left out', () => {
  const { fees: _, lane: __, simulation: ___, privateRelay: ____, ...rest } = GOOD;
  const settings = readEngineSettings({ ...rest, policy: {} });
  assert.deepEqual(settings.fees, DEFAULT_FEE_POLICY);
  assert.deepEqual(settings.lane, DEFAULT_LANE_SETTINGS);
  assert.equal(settings.simulation, 'strict');
  assert.equal(settings.privateRelay, undefined);
  assert.equal(settings.policy.targets, undefined);
  assert.deepEqual(settings.policy.budgets, []);
});

const BROKEN: readonly (readonly [path: string, member: unknown, told: RegExp])[] = [
  ['chain.id', '1', /^chain\.id is a whole number from 1; it is "1": write the chain id/],
  ['chain.id', 0, /^chain\.id .*; it is 0:/],
  ['chain.name', 'Main Net', /^chain\.name .*"Main Net"/],
  ['chain', undefined, /^chain .*missing/],
  ['endpoints', [], /^endpoints lists 1 to 16 endpoints; it is a list of 0: add/],
  ['endpoints.0.url', 'eth.example', /^endpoints\[0\]\.url is a URL of http or https; .*hidden/],
  ['endpoints.0.url', 'ftp://eth.example', /^endpoints\[0\]\.url/],
  ['endpoints.1.webSocketUrl', 'http://a', /^endpoints\[1\]\.webSocketUrl is a URL of ws/],
  ['endpoints.0.preset', 'alchmy', /^endpoints\[0\]\.preset .*"alchmy": write alchemy/],
  ['endpoints.0.preset', undefined, /^endpoints\[0\]\.preset names a preset, or limits/],
  ['endpoints.1.preset', 'local', /^endpoints\[1\]\.preset .*never both/],
  ['endpoints.1.limits.reserve', 100, /^endpoints\[1\]\.limits\.reserve is below burst/],
  ['endpoints.1.weight', 2, /^endpoints\[1\]\.weight is above 0 and at most 1; it is 2/],
  ['signers', [], /^signers lists 1 to 64/],
  ['signers.1.name', 'settler', /^signers lists 1 to 64 signers of different names/],
  ['signers.0.environment', 'KEY', /^signers\[0\]\.keyFile .*never both/],
  ['signers.1.environment', undefined, /^signers\[1\]\.keyFile .*missing/],
  ['signers.1.environment', 'legal winner thank year', /^signers\[1\]\.environment .*hidden/],
  ['signers.0.leastBalance', 1000, /^signers\[0\]\.leastBalance is a decimal string/],
  ['store.kind', 'sqlite', /^store\.kind is memory, lmdb, redis or postgres; it is "sqlite"/],
  ['store.directory', undefined, /^store\.directory is the path of a folder; it is missing/],
  ['store.url', 'x', /^store\.url is no setting of this place/],
  ['fees.bump', 109, /^fees\.bump is 110 to 1000 percent; it is 109/],
  ['lane.inFlightMax', 0, /^lane\.inFlightMax is at least 1; it is 0: raise it/],
  ['lane.inFlightmax', 5, /^lane\.inFlightmax is no setting of this place; .*spelling/],
  ['policy', undefined, /^policy is stated; it is missing: write \{\}/],
  ['policy.amountMax', '1.5', /^policy\.amountMax .*"1\.5": write it in quotation marks/],
  ['policy.amountMax', '-1', /^policy\.amountMax/],
  ['policy.amountMax', 1e18, /^policy\.amountMax/],
  ['policy.targets.0.to', '0x12', /^policy\.targets\[0\]\.to is an address; it is "0x12"/],
  ['policy.targets.0.selectors', ['0x12'], /^policy\.targets\[0\]\.selectors\[0\]/],
  ['policy.budgets.0.asset', 'ether', /^policy\.budgets\[0\]\.asset is native or the address/],
  ['simulation', 'none', /^simulation is strict or estimateOnly; it is "none"/],
];

for (const [path, member, told] of BROKEN) {
  test(`says what is wrong with ${path} = ${JSON.stringify(member)}`, () => {
    const fault = faultOf(spoilt(path, member));
    assert.match(fault.message, told);
    const { field, rule, actual, fix } = fault.fields;
    assert.ok(field !== undefined && rule !== undefined && actual !== undefined);
    assert.ok(fix !== undefined);
  });
}

test('lists every problem at once', () => {
  const { message, fields } = faultOf({ ...GOOD, chain: { id: 0, name: '' }, signers: [] });
  assert.equal(message.split('\n').length, 3);
  assert.equal(fields['problems'], 3);
});

test('refuses what is no object at all', () => {
  for (const written of [undefined, null, 1, 'text', [], [GOOD]]) {
    assert.match(faultOf(written).message, /^The configuration is an object of settings/);
  }
});

test('says where keys belong when one stands in the configuration', () => {
  const fault = faultOf(spoilt('signers.0.privateKey', PLANTED));
  assert.match(fault.message, /^signers\[0\]\.privateKey .* name a keyFile or an environment/);
  assert.ok(!leaks(everythingShown(fault)));
});

test('never shows a planted key or the path of a URL, wherever they stand', () => {
  const paths = [
    ...BROKEN.map(([path]) => path),
    'extra',
    'endpoints.0.name',
    'endpoints.0.apiKey',
    'signers.0.keyFile',
    'store.password',
    'policy.budgets.0.principal',
  ];
  const secret = fc.constantFrom<unknown>(
    PLANTED,
    PLANTED.slice(2),
    ` ${PLANTED}`,
    `redis://user:${API_KEY}@host`,
    `https:/${API_KEY}`,
    { [PLANTED]: PLANTED },
    [PLANTED],
  );
  fc.assert(
    fc.property(fc.constantFrom(...paths), secret, (path, planted) => {
      try {
        readEngineSettings(spoilt(path, planted));
      } catch (fault) {
        assert.ok(fault instanceof ChainFault);
        const shown = everythingShown(fault);
        assert.ok(!leaks(shown), shown);
        const isUrl = /url/i.test(path) || String(planted).includes('://');
        assert.ok(!isUrl || !shown.includes(API_KEY), shown);
      }
    }),
    { seed, numRuns: 1_000 },
  );
});

test('refuses or reads anything, and throws nothing else', () => {
  const part = fc.constantFrom(...BROKEN.map(([path]) => path));
  fc.assert(
    fc.property(part, fc.jsonValue(), (path, member) => {
      try {
        readEngineSettings(spoilt(path, member));
      } catch (fault) {
        assert.ok(fault instanceof ChainFault);
        assert.doesNotMatch(fault.message.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
      }
    }),
    { seed, numRuns: 500 },
  );
});
