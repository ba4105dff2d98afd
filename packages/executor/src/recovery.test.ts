// Goal: whatever is missing or damaged on disk, a start ends in the same state or refuses by name.
// Method: a real venue in this process on a real directory trades, stops and starts again, with
// parts of its directory deleted, flipped or put on a full disk in between.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEMO_DOMAIN, developmentAccount } from '@lawbook/analytics/demoWorld';
import { Fault } from '@lawbook/exchange/failures/fault';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { AuthorisedOrder, BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import type { Config } from './config/config.ts';
import { loadConfig } from './config/loadConfig.ts';
import type { RunningVenue } from './main.ts';
import { startVenue } from './main.ts';
import { replayJournal } from './replay.ts';
import type { Venue } from './venue.ts';
import type { OrderRecord } from './venueTypes.ts';

const signing = new Signing(DEMO_DOMAIN);
const alice = developmentAccount('alice');
let orderNonce = 0n;

function configFor(dataDir: string, flags: Record<string, unknown> = {}): Config {
  const quiet = { 'http.port': 0, 'log.level': 'silent', 'demo.flow': false };
  return loadConfig({
    flags: {
      ...quiet,
      'market.batchesPerEpoch': 1,
      'market.batchIntervalMs': 50,
      dataDir,
      ...flags,
    },
  }).config;
}

function signed(terms: Partial<BatchOrder> = {}): AuthorisedOrder {
  orderNonce += 1n;
  const order: BatchOrder = {
    owner: alice.account,
    marketId: 1,
    pay: 0,
    receive: 1,
    budget: amount(10_000_000n),
    limitNumerator: 0n,
    limitDenominator: 1n,
    minFillPpm: 0,
    orderNonce,
    expiresAtMs: Date.now() + 60_000,
    ...terms,
  };
  const authorisation = signDigest(signing.orderDigest(order), alice.secretKey);
  return { order, orderId: signing.orderId(order), authorisation };
}

/** Submits orders one by one and waits until each has ended. */
async function trade(venue: Venue, count: number): Promise<OrderRecord[]> {
  const records: OrderRecord[] = [];
  for (let k = 0; k < count; k += 1) {
    const entry = signed();
    const ended = new Promise<OrderRecord>((resolve) => {
      const stop = venue.subscribe((event) => {
        if (event.kind !== 'order' || event.record.orderId !== entry.orderId) return;
        if (event.record.endedBy === undefined) return;
        stop();
        resolve(event.record);
      });
    });
    const answer = await venue.submitOrder(entry);
    assert.ok(answer.ok);
    records.push(await ended);
  }
  return records;
}

async function withVenue<T>(
  config: Config,
  use: (running: RunningVenue) => Promise<T>,
): Promise<T> {
  const running = await startVenue({ config });
  try {
    return await use(running);
  } finally {
    await running.close();
  }
}

async function inFolder(use: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'lawbook-recovery-'));
  try {
    await use(dataDir);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

test('a restart uses the snapshot, and without snapshots or indexes rebuilds the same', () =>
  inFolder(async (dataDir) => {
    const config = configFor(dataDir);
    const before = await withVenue(config, async ({ venue }) => {
      const records = await trade(venue, 4);
      return { records, batches: await venue.batches(1, { limit: 10 }) };
    });
    const again = async ({
      venue,
      recovered,
    }: RunningVenue): Promise<RunningVenue['recovered']> => {
      for (const record of before.records) {
        assert.deepEqual(await venue.order(record.orderId), record);
      }
      assert.deepEqual(await venue.batches(1, { limit: 10 }), before.batches);
      assert.ok((await venue.bundle(1, 1)) !== undefined);
      const listed = await venue.orders(alice.account, { limit: 10, open: false });
      assert.deepEqual(listed, [...before.records].reverse());
      return recovered;
    };
    const first = await withVenue(config, again);
    assert.ok(first.fromSnapshot > 0);
    assert.equal(first.replayed, 0);
    rmSync(join(dataDir, 'index'), { recursive: true });
    const withoutIndex = await withVenue(config, again);
    assert.equal(withoutIndex.fromSnapshot, 0);
    for (const name of readdirSync(join(dataDir, 'journal'))) {
      if (name.endsWith('.snap')) rmSync(join(dataDir, 'journal', name));
    }
    const withoutSnapshots = await withVenue(config, again);
    assert.ok(withoutSnapshots.replayed > 0);
    assert.equal(withoutIndex.stateRoot, first.stateRoot);
    assert.equal(withoutSnapshots.stateRoot, first.stateRoot);
    const replay = await replayJournal({ config, judge: true });
    assert.equal(replay.stateRoot, first.stateRoot);
    assert.equal(replay.batchesJudged, 4);
    assert.deepEqual(replay.violations, []);
    assert.ok(replay.isZeroSum);
  }));

test('repeating an order repeats its answer, also after it traded and after a restart', () =>
  inFolder(async (dataDir) => {
    const config = configFor(dataDir);
    const entry = signed();
    const first = await withVenue(config, async ({ venue }) => {
      const answer = await venue.submitOrder(entry);
      assert.ok(answer.ok && !answer.value.repeated);
      const again = await venue.submitOrder(entry);
      assert.ok(again.ok && again.value.repeated);
      await trade(venue, 1);
      return answer.value;
    });
    await withVenue(config, async ({ venue }) => {
      const late = await venue.submitOrder(entry);
      assert.deepEqual(late, { ok: true, value: { ...first, repeated: true } });
      const other = await venue.submitOrder(signed({ orderNonce: entry.order.orderNonce }));
      assert.equal(other.ok ? '' : other.rejection.code, 'orderNonceReplayed');
      orderNonce += 1000n;
      await trade(venue, 1);
      const outlived = await venue.submitOrder(entry);
      assert.deepEqual(outlived, late, 'a nonce far behind the window');
    });
  }));

test('a flipped byte in the journal refuses the start and names file and offset', () =>
  inFolder(async (dataDir) => {
    const config = configFor(dataDir);
    await withVenue(config, ({ venue }) => trade(venue, 2));
    const folder = join(dataDir, 'journal');
    const segment = readdirSync(folder).find((name) => name.endsWith('.seg'));
    assert.ok(segment !== undefined, readdirSync(folder).join(', '));
    const bytes = readFileSync(join(folder, segment));
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    writeFileSync(join(folder, segment), bytes);
    await assert.rejects(startVenue({ config }), (fault: unknown) => {
      assert.ok(fault instanceof Fault);
      assert.equal(fault.code, 'JOURNAL_CORRUPT');
      assert.match(fault.message, new RegExp(segment));
      assert.ok('offset' in fault.fields);
      return true;
    });
  }));

test('the journal of another venue is refused', () =>
  inFolder(async (dataDir) => {
    await withVenue(configFor(dataDir), () => Promise.resolve());
    const config = configFor(dataDir, { 'venue.chainId': 5 });
    await assert.rejects(startVenue({ config }), { code: 'JOURNAL_VENUE_MISMATCH' });
  }));

test('a second venue on the same directory is refused while the first runs', () =>
  inFolder(async (dataDir) => {
    const config = configFor(dataDir);
    await withVenue(config, async () => {
      await assert.rejects(startVenue({ config }), { code: 'JOURNAL_LOCKED' });
    });
  }));

test('a read-only directory refuses the start and names the path', async (t) =>
  inFolder(async (dataDir) => {
    const mounted = join(dataDir, 'mounted');
    mkdirSync(mounted);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', mounted], { stdio: 'pipe' });
    } catch {
      t.skip('mounting a small tmpfs needs root: run the tests as root to enable this one');
      return;
    }
    try {
      const config = configFor(mounted, { 'storage.reserveBytes': 65_536 });
      await withVenue(config, ({ venue }) => trade(venue, 1));
      execFileSync('mount', ['-o', 'remount,ro', mounted]);
      await assert.rejects(startVenue({ config }), (fault: unknown) => {
        assert.ok(fault instanceof Fault);
        assert.equal(fault.code, 'DATA_DIRECTORY_UNUSABLE');
        assert.equal(fault.fields['errno'], 'EROFS');
        assert.match(fault.message, /mounted/);
        return true;
      });
      execFileSync('mount', ['-o', 'remount,rw', mounted]);
      await withVenue(config, ({ venue }) => trade(venue, 1));
    } finally {
      execFileSync('umount', ['-l', mounted]);
    }
  }));

test('a session key of another length is refused: with an empty one anybody could sign', async () =>
  inFolder(async (dataDir) => {
    const config = configFor(dataDir);
    await withVenue(config, ({ venue }) => trade(venue, 1));
    const path = join(dataDir, 'session.key');
    writeFileSync(path, '');
    await assert.rejects(startVenue({ config }), (fault: unknown) => {
      assert.ok(fault instanceof Fault);
      assert.equal(fault.code, 'SESSION_KEY_UNREADABLE');
      assert.match(fault.message, /0 bytes instead of 32/);
      return true;
    });
    rmSync(path);
    await withVenue(config, ({ venue }) => trade(venue, 1));
  }));

test('a data directory that cannot be is refused by name, and no start waits for it', async () => {
  const homes: readonly (readonly [string, string])[] = [
    ...(process.platform === 'linux' ? ([['/proc/nope', 'ENOENT']] as const) : []),
    ['/dev/null/below', 'ENOTDIR'],
    [import.meta.filename, 'ENOTDIR'],
  ];
  for (const [dataDir, errno] of homes) {
    await assert.rejects(startVenue({ config: configFor(dataDir) }), (fault: unknown) => {
      assert.ok(fault instanceof Fault);
      assert.equal(fault.code, 'DATA_DIRECTORY_UNUSABLE');
      assert.deepEqual(fault.fields, { key: 'dataDir', path: dataDir, errno });
      return true;
    });
  }
});

test('an index that is no store refuses the start, and is rebuilt once deleted', async () =>
  inFolder(async (dataDir) => {
    const config = configFor(dataDir);
    const [record] = await withVenue(config, ({ venue }) => trade(venue, 1));
    assert.ok(record !== undefined);
    const index = join(dataDir, 'index');
    writeFileSync(join(index, 'data.mdb'), Buffer.alloc(100_000, 7));
    for (let start = 0; start < 2; start += 1) {
      await assert.rejects(startVenue({ config }), { code: 'STORAGE_UNAVAILABLE' });
    }
    rmSync(index, { recursive: true });
    await withVenue(config, async ({ venue }) => {
      assert.deepEqual(await venue.order(record.orderId), record);
    });
  }));

test('a start on a taken port fails and lets go of the directory', async () =>
  inFolder(async (dataDir) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await assert.rejects(
      startVenue({ config: configFor(dataDir, { 'http.port': port }) }),
      (fault: unknown) => fault instanceof Fault && fault.code === 'GATEWAY_PORT_TAKEN',
    );
    await withVenue(configFor(dataDir), ({ venue }) => trade(venue, 1));
    other.close();
  }));

test('a full disk stops admission, says why and loses nothing', async (t) =>
  inFolder(async (dataDir) => {
    mkdirSync(join(dataDir, 'small'));
    const small = join(dataDir, 'small');
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1500k', 'tmpfs', small], { stdio: 'pipe' });
    } catch {
      t.skip('mounting a small tmpfs needs root: run the tests as root to enable this one');
      return;
    }
    try {
      const acknowledged: string[] = [];
      const config = configFor(small, {
        'journal.segmentBytes': 65_536,
        'storage.reserveBytes': 65_536,
      });
      const running = await startVenue({ config });
      let refused = '';
      for (let k = 0; k < 20_000 && refused === ''; k += 1) {
        const entry = signed({ budget: amount(1_000n) });
        const answer = await running.venue.submitOrder(entry).catch((fault: unknown) => {
          return fault instanceof Fault ? fault.code : String(fault);
        });
        if (typeof answer === 'string') refused = answer;
        else if (answer.ok) acknowledged.push(entry.orderId);
        else refused = answer.rejection.code;
      }
      assert.ok(['JOURNAL_UNAVAILABLE', 'notAdmitting'].includes(refused), refused);
      assert.ok(acknowledged.length > 0);
      const after = await running.venue.submitOrder(signed());
      assert.equal(after.ok ? '' : after.rejection.code, 'notAdmitting');
      const broken = running.venue.health().filter(({ state }) => state === 'unready');
      assert.ok(broken.some(({ name }) => name === 'journal' || name === 'storage'));
      await running.close().catch(() => undefined);
      execFileSync('mount', ['-o', 'remount,size=64m', small]);
      await withVenue(config, async ({ venue }) => {
        for (const orderId of acknowledged) {
          assert.ok((await venue.order(orderId as OrderRecord['orderId'])) !== undefined, orderId);
        }
        assert.ok((await trade(venue, 1)).length === 1);
      });
    } finally {
      execFileSync('umount', ['-l', small]);
    }
  }));
