/**
 * Who may import whom. A zone is a folder or a file; a source file belongs to the longest zone that
 * holds it. Everything that `may` does not list is forbidden, except imports inside one zone.
 */
export interface Zone {
  readonly zone: string;
  readonly may: readonly string[];
  /** Said after a broken edge. */
  readonly because: string;
  /** Zones of which only types may be imported. */
  readonly typesOnly?: readonly string[];
  /** Limits the zone to files of these names; other files of the folder fall to the next zone. */
  readonly fileNames?: readonly string[];
}

const exchange = 'packages/exchange/src';
const at = (...names: readonly string[]): string[] => names.map((name) => `${exchange}/${name}`);

/** Trees whose files may import anything, and which no package imports. */
export const TOOL_TREES: readonly string[] = ['scripts', 'benchmarks', 'testing', 'vectors'];

/** What a batch publishes: the forms that laws read, as opposed to the code that fills them. */
const PUBLISHED_FORMS = at(
  'markets/batch/oracleSnapshot.ts',
  'markets/batch/orderSet.ts',
  'markets/batch/orderTable.ts',
  'markets/batch/parameters.ts',
  'markets/batch/report.ts',
  'markets/batch/solution.ts',
);

/** What a book epoch publishes, and the judge of its log, which shares no code with a book. */
const BOOK_FORMS = at(
  'markets/book/bookCommand.ts',
  'markets/book/bookEpoch.ts',
  'markets/book/bookEvent.ts',
  'markets/book/bookImage.ts',
  'markets/book/bookInputs.ts',
  'markets/book/bookMarketParameters.ts',
  'markets/book/bookReport.ts',
  'markets/book/judge',
);

const market = (name: string): Zone => ({
  zone: `${exchange}/markets/${name}`,
  may: at('failures', 'numbers', 'codec', 'ledger', 'orders', 'diffs'),
  because: 'markets stand on orders and never import one another',
});

const EXCHANGE: readonly Zone[] = [
  { zone: `${exchange}/failures`, may: [], because: 'failures are the floor of the exchange' },
  { zone: `${exchange}/numbers`, may: at('failures'), because: 'numbers know only failures' },
  {
    zone: `${exchange}/codec`,
    may: at('failures', 'numbers'),
    because: 'an encoding knows numbers, not what they are for',
  },
  {
    zone: `${exchange}/ledger`,
    may: at('failures', 'numbers', 'codec'),
    because: 'the ledger moves amounts and knows no orders',
  },
  {
    zone: `${exchange}/orders`,
    may: at('failures', 'numbers', 'codec', 'ledger'),
    because: 'an order is a wish about the ledger, whichever market clears it',
  },
  market('batch'),
  market('book'),
  market('prediction'),
  {
    zone: `${exchange}/diffs`,
    may: at('failures', 'numbers', 'codec', 'ledger'),
    because: 'a diff says what changed on the ledger, not why',
  },
  {
    zone: `${exchange}/commitments`,
    may: at('failures', 'numbers', 'codec', 'ledger', 'orders', 'diffs'),
    because: 'a root commits to the ledger, orders and diffs, not to how they came about',
  },
  {
    zone: `${exchange}/transition.ts`,
    may: at('failures', 'numbers', 'codec', 'ledger', 'orders', 'markets', 'diffs'),
    because: 'a transition is the record that everything after it reads',
  },
  {
    zone: `${exchange}/inputs.ts`,
    may: at('failures', 'numbers', 'codec', 'ledger', 'orders', 'markets'),
    because: 'an input is what the journal holds before anything is applied',
  },
  {
    zone: `${exchange}/laws`,
    may: [
      ...at('failures', 'numbers', 'codec', 'ledger', 'orders', 'diffs', 'transition.ts'),
      ...PUBLISHED_FORMS,
      ...BOOK_FORMS,
    ],
    typesOnly: at('transition.ts'),
    because: 'a law judges a transition and never calls the code it judges',
  },
  {
    zone: exchange,
    may: [exchange],
    because: 'only the state machine and its parts stand above laws and markets',
  },
];

const PACKAGES: readonly Zone[] = [
  {
    zone: 'packages/proofs/src/verifier',
    may: [exchange, 'packages/proofs/src/statements', 'packages/proofs/src/keys'],
    because: 'the verifier installs alone, without prover code',
  },
  { zone: 'packages/proofs/src', may: [exchange], because: 'proofs are about the exchange only' },
  {
    zone: 'packages/analytics/src',
    may: [exchange],
    because: 'analytics are pure read models over what the exchange reports',
  },
  { zone: 'packages/api/src', may: [exchange], because: 'the wire contract runs no venue' },
  {
    zone: 'packages/availability/src',
    may: at('failures', 'codec'),
    because: 'availability carries bytes and does not read them',
  },
  {
    zone: 'packages/chains/src',
    may: at('failures'),
    because: 'the chain engine knows transactions, not exchanges',
  },
  {
    zone: 'packages/settlement/src',
    may: [
      exchange,
      'packages/proofs/src/statements',
      'packages/proofs/src/keys/verifyingKey.ts',
      'packages/proofs/src/verifier',
      'packages/availability/src',
      'packages/chains/src',
      'contracts',
    ],
    because: 'settlement checks proofs and sends them; it makes none',
  },
  {
    zone: 'packages/executor/src',
    may: [
      exchange,
      'packages/proofs/src',
      'packages/analytics/src',
      'packages/api/src',
      'packages/availability/src',
      'packages/chains/src',
      'packages/settlement/src',
      'contracts/generated',
    ],
    because: 'the executor wires the venue and is used by no package but the cli',
  },
];

const CONTRACTS: readonly Zone[] = [
  { zone: 'contracts', may: [exchange], because: 'contracts stand on their own' },
];

const CLIENT_MAY = [
  'packages/api/src',
  'packages/analytics/src',
  'packages/proofs/src/verifier',
  ...at('numbers', 'orders', 'laws'),
];

/** Commands act and look at the base layer themselves: nobody else's word is taken for it. */
const COMMAND_MAY = [
  ...CLIENT_MAY,
  exchange,
  'packages/cli/src',
  'packages/chains/src',
  'contracts/generated',
  'packages/settlement/src/settlementFault.ts',
  'packages/settlement/src/baseLayer',
  'packages/proofs/src/statements',
  'packages/proofs/src/keys',
  'packages/proofs/src/barretenberg/poseidon2.ts',
  'packages/proofs/src/circuits/circuitVersion.ts',
  'packages/proofs/src/circuits/epochCircuit.ts',
];

const CLIENTS: readonly Zone[] = [
  {
    zone: 'packages/agents/src',
    may: ['packages/api/src', ...at('numbers', 'orders')],
    because: 'an agent is a client with a mandate and trusts nothing it cannot check',
  },
  {
    zone: 'packages/web/src/build',
    may: [],
    because: 'the program that builds the page takes nothing from it',
  },
  {
    zone: 'packages/web/src',
    may: [
      ...CLIENT_MAY,
      ...at('failures', 'codec', 'ledger', 'bundle.ts', 'judgeBundle.ts', 'transition.ts'),
      'packages/proofs/src/statements',
      'packages/proofs/src/keys/committedKey.ts',
      'packages/proofs/src/keys/verifyingKey.ts',
      'packages/proofs/src/circuits/circuitVersion.ts',
      'contracts/generated',
    ],
    because: 'the browser is a client that verifies; it runs no venue',
  },
  {
    zone: 'packages/cli/src',
    fileNames: ['start.ts', 'replay.ts', 'config.ts', 'recover.ts'],
    may: [
      ...COMMAND_MAY,
      'packages/executor/src/main.ts',
      'packages/executor/src/replay.ts',
      'packages/executor/src/recovery',
      'packages/executor/src/metrics/logger.ts',
      'packages/executor/src/config',
    ],
    because: 'a command reaches the venue through the one entry of the executor',
  },
  {
    zone: 'packages/cli/src',
    fileNames: ['localProver.ts'],
    may: [...COMMAND_MAY, 'packages/proofs/src'],
    because: 'one file of the commands makes proofs',
  },
  {
    zone: 'packages/cli/src',
    may: COMMAND_MAY,
    because: 'only the commands that start, replay or configure a venue import the executor',
  },
];

/** The table of ARCHITECTURE.md; the first zone that holds a file is its zone. */
export const IMPORT_TABLE: readonly Zone[] = [...EXCHANGE, ...PACKAGES, ...CONTRACTS, ...CLIENTS];

/** The zone of a file, undefined outside the packages. */
export function zoneOf(path: string): Zone | undefined {
  return IMPORT_TABLE.find(({ zone, fileNames }) => {
    if (!within(path, zone)) return false;
    return fileNames === undefined || fileNames.includes(path.split('/').at(-1) ?? '');
  });
}

/** Whether a path is a zone or lies below it. */
export function within(path: string, zone: string): boolean {
  return path === zone || path.startsWith(`${zone}/`);
}
