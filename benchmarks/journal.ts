// Durable records per second of the journal, and how long a start takes to check a million.
//
// Method: records of 220 bytes in groups of 1, 100 and 1000, two groups outstanding: one gathers
// while the other is written. The peer is a bare loop that writes a buffer of the same size as the
// journal's frame and calls fdatasync, blocking, with nothing to encode, hash or acknowledge; a
// second peer also extends a SHA-256 chain by each record, the work no tamper-evident log can save.
// All run in this process on the same directory, in turn; figures are medians of the rounds.
// Recovery is the whole of openJournal; its peer is a bare SHA-256 chain over the same records.
// Arguments: --quick for small counts; --dir=PATH for the disk to measure (a temporary directory
// unless named).
import { createHash, hash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Journal } from '../packages/executor/src/journal/journal.ts';
import { openJournal } from '../packages/executor/src/journal/openJournal.ts';

const RECORD_BYTES = 220;
const FRAME_OVERHEAD_BYTES = 60;
const RECORD_OVERHEAD_BYTES = 4;
const OUTSTANDING_GROUPS = 2;
const isQuick = process.argv.includes('--quick');
const ROUNDS = isQuick ? 3 : 9;

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio: number;
  readonly peer: string;
  readonly n: number;
}

function print(figure: Figure): void {
  process.stdout.write(`${JSON.stringify(figure)}\n`);
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

function round(x: number, digits: number): number {
  return Number(x.toPrecision(digits));
}

/** What a peer writes. */
interface PeerLoad {
  readonly groupSize: number;
  readonly groups: number;
  /** Whether each record extends a hash chain first. */
  readonly isChained: boolean;
}

/** Records per second of a bare write and fdatasync per group. */
function measurePeer(directory: string, { groupSize, groups, isChained }: PeerLoad): number {
  const path = join(directory, 'peer');
  const bytes = groupSize * (RECORD_BYTES + RECORD_OVERHEAD_BYTES) + FRAME_OVERHEAD_BYTES;
  const frame = randomBytes(bytes);
  const payload = randomBytes(RECORD_BYTES);
  const file = fs.openSync(path, 'w');
  const startedAt = performance.now();
  for (let i = 0; i < groups; i += 1) {
    if (isChained) chainSeconds([payload], groupSize);
    fs.writeSync(file, frame);
    fs.fdatasyncSync(file);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  fs.closeSync(file);
  fs.unlinkSync(path);
  return (groups * groupSize) / seconds;
}

/** Records per second that the journal acknowledges. */
async function measureJournal(
  journal: Journal,
  payloads: readonly Uint8Array[],
  groups: number,
): Promise<number> {
  const startedAt = performance.now();
  let begun = 0;
  const appendGroups = async (): Promise<void> => {
    while (begun < groups) {
      begun += 1;
      // Groups become durable in order, so the last record's promise stands for the others.
      let durable: Promise<void> | undefined;
      for (const payload of payloads) durable = journal.append(payload).durable;
      await durable;
    }
  };
  await Promise.all(Array.from({ length: OUTSTANDING_GROUPS }, appendGroups));
  const seconds = (performance.now() - startedAt) / 1000;
  return (groups * payloads.length) / seconds;
}

async function benchmarkGroups(parent: string, groupSize: number, groups: number): Promise<void> {
  const directory = join(parent, `group-${groupSize}`);
  const opened = await openJournal({ directory, venueId: 'bench', groupRecordsMax: groupSize });
  const payloads = Array.from({ length: groupSize }, () => randomBytes(RECORD_BYTES));
  await measureJournal(opened.journal, payloads, groups);
  const rates: number[] = [];
  const ratios: number[] = [];
  const chainedRatios: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const bare = measurePeer(parent, { groupSize, groups, isChained: false });
    const rate = await measureJournal(opened.journal, payloads, groups);
    const chained = measurePeer(parent, { groupSize, groups, isChained: true });
    rates.push(rate);
    ratios.push(rate / bare);
    chainedRatios.push(rate / chained);
  }
  await opened.journal.close();
  await rm(directory, { recursive: true });
  const peers = { 'append+fdatasync': ratios, 'chain+append+fdatasync': chainedRatios };
  for (const [peer, against] of Object.entries(peers)) {
    print({
      name: `journal/group-${groupSize}${against === ratios ? '' : '-chained-peer'}`,
      value: round(median(rates), 4),
      unit: 'records/s',
      ratio: round(median(against), 3),
      peer,
      n: ROUNDS,
    });
  }
}

async function benchmarkRecovery(parent: string, records: number): Promise<void> {
  const directory = join(parent, 'recovery');
  const options = { directory, venueId: 'bench' };
  const payloads = Array.from({ length: 1000 }, () => randomBytes(RECORD_BYTES));
  const { journal } = await openJournal(options);
  await measureJournal(journal, payloads, records / payloads.length);
  await journal.close();
  const seconds: number[] = [];
  const ratios: number[] = [];
  const rounds = isQuick ? 3 : 5;
  for (let i = 0; i < rounds; i += 1) {
    const bareSeconds = chainSeconds(payloads, records);
    const startedAt = performance.now();
    const { journal: again } = await openJournal(options);
    const openSeconds = (performance.now() - startedAt) / 1000;
    await again.close();
    seconds.push((openSeconds * 1_000_000) / records);
    ratios.push(bareSeconds / openSeconds);
  }
  print({
    name: 'journal/recovery',
    value: round(median(seconds), 3),
    unit: 's/million records',
    ratio: round(median(ratios), 3),
    peer: 'bare SHA-256 chain',
    n: rounds,
  });
}

/** Seconds to chain the same number of records with nothing to read, check or parse. */
function chainSeconds(payloads: readonly Uint8Array[], records: number): number {
  const startedAt = performance.now();
  const bytes = Buffer.alloc(32 + RECORD_BYTES);
  bytes.set(createHash('sha256').digest(), 0);
  for (let i = 0; i < records; i += 1) {
    bytes.set(payloads[i % payloads.length] as Uint8Array, 32);
    bytes.write(hash('sha256', bytes, 'binary'), 0, 32, 'latin1');
  }
  return (performance.now() - startedAt) / 1000;
}

const named = process.argv.find((argument) => argument.startsWith('--dir='))?.slice(6);
const parent = await mkdtemp(join(named ?? tmpdir(), 'lawbook-bench-'));
try {
  await benchmarkGroups(parent, 1, isQuick ? 200 : 2000);
  await benchmarkGroups(parent, 100, isQuick ? 100 : 1000);
  await benchmarkGroups(parent, 1000, isQuick ? 30 : 200);
  await benchmarkRecovery(parent, isQuick ? 50_000 : 1_000_000);
} finally {
  await rm(parent, { recursive: true });
}
