import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSolanaKeyFile } from '@lawbook/chains/solana/solanaSigner';
import { readAnyBundle } from '@lawbook/cli/bundles/bundleFile';
import { readDeployment } from '@lawbook/cli/chain/chainFlags';
import { readKeyFile, writeKeyFile } from '@lawbook/cli/files/keyFile';
import { operatorHeaders } from '@lawbook/cli/files/tokenFlags';
import { TapeFile } from '@lawbook/cli/tapes/tapeFile';
import { tapeRow } from '@lawbook/cli/tapes/tapeWords';
import { crc32 } from '@lawbook/exchange/codec/crc32';
import { hashFromBytes } from '@lawbook/exchange/codec/hash';
import { Fault } from '@lawbook/exchange/failures/fault';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { BookCommand } from '@lawbook/exchange/markets/book/bookCommand';
import { limitOrder } from '@lawbook/exchange/markets/book/bookCommand';
import { BOOK_DEFAULTS } from '@lawbook/exchange/markets/book/bookTerms';
import { encodeTape } from '@lawbook/exchange/markets/book/tape/tape';
import type { TapeHeader } from '@lawbook/exchange/markets/book/tape/tapeHeader';
import { TAPE_HEADER_BYTES } from '@lawbook/exchange/markets/book/tape/tapeHeader';
import { TAPE_RECORD_BYTES } from '@lawbook/exchange/markets/book/tape/tapeRecord';
import { TapeRun } from '@lawbook/exchange/markets/book/tape/tapeRun';
import { recoverSigner } from '@lawbook/exchange/orders/signature';
import { encodeDeployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { effectiveConfig, loadConfig } from '../../../packages/executor/src/config/loadConfig.ts';
import { Agents } from '../../../packages/executor/src/gateways/dialects/hyperliquid/agents.ts';
import {
  CLOSE_MARK_NAME,
  readCloseMark,
  writeCloseMark,
} from '../../../packages/executor/src/journal/closeMark.ts';
import { DIRECTORY } from '../../../packages/executor/src/journal/fixtures/journals.ts';
import { SimulatedDisk } from '../../../packages/executor/src/journal/simulatedDisk.ts';
import { createLogger } from '../../../packages/executor/src/metrics/logger.ts';
import {
  readSettledBase,
  writeSettledBase,
} from '../../../packages/executor/src/recovery/settledBase.ts';
import { readKnownOwners } from '../../../packages/executor/src/settlement/knownOwners.ts';
import { gather } from '../examples/playedVenues.ts';
import type { Examined, FuzzTarget } from '../fuzzTarget.ts';
import { refused } from '../fuzzTarget.ts';

const ADDRESS = '0x00000000000000000000000000000000000000ab' as const;
const SECRET = 'ab'.repeat(32);

/** The folder of one file that is read again and again. */
let folder: string | undefined;

function pathOf(name: string): string {
  folder ??= mkdtempSync(join(tmpdir(), 'lawbook-fuzz-files-'));
  return join(folder, name);
}

async function close(): Promise<void> {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
}

/** Files that people hand to the command and to a venue: a fault that names the file, or read. */
export const FILE_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'config-file',
    form: 'text',
    mayRefuse: true,
    examples: () => CONFIGS.map(utf8),
    examine: (bytes) => {
      const text = new TextDecoder().decode(bytes);
      // A secret that stands under the name of something else is shown as that.
      const isNamed = text.split('\n').every((line) => {
        return !line.includes(SECRET) || /to.?k.?e|oper/i.test(line);
      });
      return within(() => {
        const { config } = loadConfig({ file: 'venue.yaml', readText: () => text });
        const isShown = printed(effectiveConfig(config)).includes(SECRET);
        invariant(!isShown || !isNamed, 'secrets are masked');
      }, isNamed);
    },
  },
  {
    name: 'config-variables',
    form: 'json',
    examples: () => [VARIABLES, { LAWBOOK_HTTP__PORT: '0' }].map((one) => utf8(printed(one))),
    examine: (bytes) => {
      const variables = objectIn(bytes);
      if (variables === undefined) return refused('no variables');
      // A secret that stands under the name of something else is shown as that.
      const isHidden = Object.entries(variables).every(([name, text]) => {
        return name.startsWith('LAWBOOK_OPERATOR') || !text.includes(SECRET);
      });
      const sources = { environment: variables, readText: unreadable };
      return within(() => loadConfig(sources), isHidden);
    },
  },
  fileTarget({
    name: 'deployment-file',
    form: 'json',
    examples: () => [utf8(encodeDeployment(DEPLOYMENT))],
    read: readDeployment,
  }),
  fileTarget({
    name: 'key-file',
    form: 'json',
    examples: () => {
      const path = pathOf('fresh.key');
      rmSync(path, { force: true });
      writeKeyFile(path, `0x${SECRET}`);
      return [new Uint8Array(readFileSync(path))];
    },
    read: readKeyFile,
  }),
  fileTarget({
    name: 'solana-key-file',
    form: 'json',
    examples: () => [utf8(printed(Array.from({ length: 64 }, (_, k) => k)))],
    mayRefuse: true,
    read: openSolanaKeyFile,
  }),
  fileTarget({
    name: 'token-file',
    form: 'text',
    examples: () => [utf8(`${SECRET}\n`)],
    read: (tokenFile) => {
      const headers = operatorHeaders({ tokenFile, dataDir: '/nowhere' }, 'does this');
      // What it becomes: a header that cannot be sent must be refused before, without its words.
      new Headers(headers);
    },
  }),
  fileTarget({
    name: 'bundle-file',
    form: 'bytes',
    examples: () => gather(({ rows }) => rows.get(BUNDLE_ROWS) ?? []),
    read: readAnyBundle,
  }),
  {
    ...fileTarget({ name: 'tape-file', form: 'bytes', examples: () => TAPES, read: readTape }),
    mend: mendTape,
  },
  fileTarget({ name: 'tape-file-raw', form: 'bytes', examples: () => TAPES, read: readTape }),
  fileTarget({
    name: 'settled-base',
    form: 'json',
    examples: () => {
      writeSettledBase(pathOf('journal'), { listNumber: 7n, listHash: HASH });
      return [new Uint8Array(readFileSync(pathOf('journal/settled-base.json')))];
    },
    place: 'journal/settled-base.json',
    read: () => readSettledBase(pathOf('')),
  }),
  fileTarget({
    name: 'known-owners-file',
    form: 'json',
    examples: () => [utf8(printed(OWNERS)), utf8(printed({ ...OWNERS, lastEvent: undefined }))],
    place: 'owners.json',
    read: () => {
      for (const owner of readKnownOwners(pathOf(''))?.owners ?? []) {
        invariant(/^0x[0-9a-f]{40}$/.test(owner), 'an owner is an account');
      }
    },
  }),
  fileTarget({
    name: 'agents-file',
    form: 'json',
    examples: () => [utf8(printed(AGENTS))],
    place: 'hyperliquid-agents.json',
    read: () => {
      const log = createLogger({ level: 'silent' });
      new Agents(pathOf(''), { log, recover: recoverSigner }).of(accountId(ADDRESS), 0);
    },
  }),
  {
    name: 'close-mark',
    form: 'bytes',
    examples: () => [MARK],
    mend: (bytes) => {
      if (bytes.length < 52) return bytes;
      new DataView(bytes.buffer).setUint32(48, crc32(bytes, 0, 48, 0));
      return bytes;
    },
    examine: examineMark,
  },
];

const HASH = hashFromBytes(new Uint8Array(32).fill(7));
const BUNDLE_ROWS = 5;

const CONFIGS = [
  'http:\n  port: 8080\noracle:\n  adapter: fixed\n',
  `operator:\n  token: ${SECRET}\nlog: &l\n  level: info\n`,
  'demo: { flow: false }\ndataDir: "./d\\u0061ta"\n',
  '---\n? http\n: { port: 0x1f90 }\n...\n',
  'a: &a [*a]\n<<: { http: { port: 1 } }\n',
];
const VARIABLES = {
  LAWBOOK_HTTP__PORT: '8080',
  LAWBOOK_HTTP__CORS_ORIGINS: 'https://a.example, https://b.example',
  LAWBOOK_DEMO__FLOW: 'false',
  LAWBOOK_OPERATOR__TOKEN: SECRET,
};
const DEPLOYMENT = {
  chainId: 31_337,
  registry: ADDRESS,
  baseLayer: ADDRESS,
  verifiers: [{ circuit: 'epochOf16', address: ADDRESS }],
  tokens: [{ symbol: 'USD', decimals: 6, address: ADDRESS }],
  deployedAtBlock: 5n,
};
const OWNERS = {
  upTo: '900',
  owners: [ADDRESS],
  depositCount: '3',
  exitCount: '1',
  lastDeposit: '7',
  lastEvent: { blockNumber: '88', logIndex: 2 },
};
const AGENTS = [
  {
    approval: {
      signatureChainId: '0x1',
      hyperliquidChain: 'Mainnet',
      agentAddress: ADDRESS,
      agentName: 'bot valid_until 1900000000000',
      nonce: 1_700_000_000_000,
    },
    signature: `0x${'11'.repeat(64)}1b`,
  },
];

interface FileOptions {
  readonly name: string;
  readonly form: FuzzTarget['form'];
  readonly examples: () => readonly Uint8Array[];
  readonly mayRefuse?: boolean;
  /** Where the file lies; else by the name of the target. */
  readonly place?: string;
  readonly read: (path: string) => unknown;
}

function fileTarget({
  name,
  form,
  examples,
  mayRefuse = false,
  place,
  read,
}: FileOptions): FuzzTarget {
  return {
    name,
    form,
    mayRefuse,
    examples: () => {
      mkdirSync(pathOf('journal'), { recursive: true });
      return examples();
    },
    examine: async (bytes) => {
      const path = pathOf(place ?? name);
      writeFileSync(path, bytes, { mode: 0o600 });
      return await within(() => read(path));
    },
    close,
  };
}

/** Reads; a fault is the documented refusal, and tells of no secret that the file may hold. */
async function within(read: () => unknown, isHidden = true): Promise<Examined> {
  try {
    await read();
    return { kind: 'decoded' };
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    const told = `${cause.message} ${printed(cause.fields)}`;
    const isKept = !isHidden || !told.includes(SECRET);
    invariant(isKept, `a fault keeps secrets to itself: ${told.slice(0, 300)}`);
    return refused(cause.message.replaceAll(/ \/[^ ]*|found .*|"[^"]*"?/g, ''));
  }
}

const BOOK = { ...BOOK_DEFAULTS, ordersMax: 1_000, accountsMax: 4, windowLevels: 64 };
const MONEY = { lotSize: 1_000, tickSize: 10, makerFeePpm: -100, takerFeePpm: 400 };
const TAPE_HEADER: TapeHeader = {
  parameters: { ...BOOK, ...MONEY },
  baseEach: 1_000_000,
  quoteEach: 1_000_000_000,
  setupCount: 1,
  label: 'a tape',
};
const PLACED = { account: 0, priceTicks: 100, sizeLots: 5 };
const COMMANDS: readonly BookCommand[] = [
  limitOrder({ ...PLACED, orderId: 1, side: 'sell' }),
  { ...limitOrder({ ...PLACED, orderId: 2, side: 'sell' }), displayLots: 2 },
  limitOrder({ ...PLACED, orderId: 3, account: 1, side: 'buy' }),
  { ...limitOrder({ ...PLACED, orderId: 4, side: 'buy' }), trigger: 'stop', triggerTicks: 120 },
  { kind: 'replace', orderId: 2, account: 0, priceTicks: 101, sizeLots: 3 },
  { kind: 'reduce', orderId: 2, account: 0, sizeLots: 2 },
  { kind: 'oraclePrice', priceTicks: 99 },
  { kind: 'heartbeat', account: 0, deadline: 9 },
  { kind: 'advanceTime', now: 10 },
  { kind: 'marketState', state: 'halted' },
  { kind: 'cancel', orderId: 2, account: 0 },
  { kind: 'cancelAll', account: 1 },
];
const TAPES: readonly Uint8Array[] = [
  encodeTape(TAPE_HEADER, []),
  encodeTape(TAPE_HEADER, COMMANDS),
  encodeTape({ ...TAPE_HEADER, setupCount: 0 }, [...COMMANDS].reverse()),
];

/** Engines larger than this take their memory by right. */
const RUN_MAX = 10_000;

/** Reads a tape as the command does, shows it, and drives both engines with it. */
function readTape(path: string): void {
  const tape = new TapeFile(path);
  try {
    const { ordersMax, accountsMax, windowLevels } = tape.header.parameters;
    const isSmall = Math.max(ordersMax, accountsMax, windowLevels) <= RUN_MAX;
    const runs = isSmall
      ? [new TapeRun(tape.header, 'bare'), new TapeRun(tape.header, 'ledger')]
      : [];
    for (const { commands, count } of tape.chunks()) {
      for (let k = 0; k < count; k += 1) tapeRow(commands, k);
      for (const run of runs) run.apply(commands, 0, count);
    }
    for (const run of runs) run.outcome();
  } finally {
    tape.close();
  }
}

/** Checksums of header and records as a writer would place them. */
function mendTape(bytes: Uint8Array): Uint8Array {
  if (bytes.length < TAPE_HEADER_BYTES) return bytes;
  const mended = bytes.slice();
  const view = new DataView(mended.buffer);
  let last = crc32(mended, 0, TAPE_HEADER_BYTES - 4, 0);
  view.setUint32(TAPE_HEADER_BYTES - 4, last);
  let at = TAPE_HEADER_BYTES;
  for (; at + TAPE_RECORD_BYTES <= mended.length; at += TAPE_RECORD_BYTES) {
    last = crc32(mended, at, at + TAPE_RECORD_BYTES - 4, last);
    view.setUint32(at + TAPE_RECORD_BYTES - 4, last);
  }
  return mended;
}

const MARK: Uint8Array = await markOf(900);

async function markOf(sequence: number): Promise<Uint8Array> {
  const disk = new SimulatedDisk();
  await writeCloseMark(disk, DIRECTORY, { sequence, chain: new Uint8Array(32).fill(5) });
  return new Uint8Array(disk.bytesOf(`${DIRECTORY}/${CLOSE_MARK_NAME}`));
}

async function examineMark(bytes: Uint8Array): Promise<Examined> {
  const disk = new SimulatedDisk();
  disk.plant(`${DIRECTORY}/${CLOSE_MARK_NAME}`, Buffer.from(bytes));
  const mark = await readCloseMark(disk, DIRECTORY);
  if (mark === undefined || mark === 'unreadable') return refused('unreadable');
  const again = new SimulatedDisk();
  await writeCloseMark(again, DIRECTORY, mark);
  const written = again.bytesOf(`${DIRECTORY}/${CLOSE_MARK_NAME}`);
  return { kind: 'decoded', again: new Uint8Array(written) };
}

function objectIn(bytes: Uint8Array): Record<string, string> | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    // A system knows texts only, and none with zeros.
    const plain = (one: unknown): string => String(JSON.stringify(one)).replaceAll(/^"|"$/g, '');
    return Object.fromEntries(Object.entries(parsed).map(([name, one]) => [name, plain(one)]));
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof RangeError) return undefined;
    throw cause;
  }
}

function unreadable(path: string): string {
  throw new Fault(`no file ${path}`, { code: 'NONE' });
}

function printed(tree: unknown): string {
  return JSON.stringify(tree);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
