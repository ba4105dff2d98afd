// Goal: a venue that dies in the middle of a burst of orders comes back with the book that its
// journal tells, and the burst sent again ends as if nothing had happened.
// Method: a real venue; its folder is copied while orders are under way, as a loss of power leaves
// it, and a second venue starts on the copy. Roots and images are compared.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { demoBooks } from '@lawbook/analytics/demoBooks';
import { developmentAccount } from '@lawbook/analytics/demoWorld';
import { stateRoot } from '@lawbook/exchange/application/stateRoot';
import type { Result } from '@lawbook/exchange/failures/result';
import type { Input } from '@lawbook/exchange/inputs';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { BookEvent } from '@lawbook/exchange/markets/book/bookEvent';
import { bookImageRoot } from '@lawbook/exchange/markets/book/bookImage';
import type { BookInput } from '@lawbook/exchange/markets/book/bookInputs';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { BookOrder } from '@lawbook/exchange/orders/bookOrder';
import { clientOrderId } from '@lawbook/exchange/orders/bookOrder';
import { BookSigning } from '@lawbook/exchange/orders/bookSigning';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { loadConfig } from '../config/loadConfig.ts';
import { recoverNative } from '../gateways/recoverNative.ts';
import { createLogger } from '../metrics/logger.ts';
import { replayJournal } from '../replay.ts';
import type { WiredVenue } from '../wiring.ts';
import { wireVenue } from '../wiring.ts';
import type { BookReply } from './bookDesk.ts';

const marketId = 101;
const traders = ['alice', 'bob'].map(developmentAccount);

function configOf(dataDir: string): Parameters<typeof wireVenue>[0] {
  const flags = { dataDir, 'oracle.adapter': 'fixed', 'demo.flow': false };
  return loadConfig({ environment: {}, flags } as never).config;
}

async function open(dataDir: string): Promise<WiredVenue> {
  const log = createLogger({ level: 'silent' });
  return await wireVenue(configOf(dataDir), { log, recover: recoverNative });
}

function openings(): Input[] {
  const symbols = ['COIN', 'GEM', 'ORE'];
  const parameters = demoBooks(symbols.map((_, k) => assetId(k)))[0]?.parameters;
  assert.ok(parameters !== undefined);
  return [
    ...symbols.map((symbol): Input => {
      return { kind: 'registerAsset', symbol, decimals: 6, settles: false };
    }),
    { kind: 'createBookMarket', parameters },
    ...traders.flatMap(({ account }) => {
      return symbols.map((_, k): Input => {
        return { kind: 'credit', account, assetId: assetId(k), amount: amount(10n ** 13n) };
      });
    }),
  ];
}

/** A burst in which two owners trade with each other, every order under an id of its own. */
function burstOf(wired: WiredVenue, count: number): BookInput[] {
  const signing = new BookSigning(wired.venue.signing.domain);
  return Array.from({ length: count }, (_, k): BookInput => {
    const { account: owner, secretKey } = traders[k % 2] as (typeof traders)[0];
    const terms: BookOrder = {
      ...{ owner, marketId, clientOrderId: clientOrderId(`0x${String(k + 1).padStart(32, '0')}`) },
      ...{ side: k % 3 === 0 ? 'sell' : 'buy', type: 'limit', timeInForce: 'gtc' },
      ...{ postOnly: false, selfTradePolicy: 'cancelResting', displayLots: 0, trigger: 'none' },
      ...{ priceTicks: 11_000 + ((k * 7) % 13), sizeLots: 1 + ((k * 5) % 17) },
      ...{ triggerSource: 'lastTrade', triggerTicks: 0, ocoWith: 0, goodUntilMs: 0 },
      ...{ orderNonce: BigInt(k + 1), expiresAtMs: Date.now() + 600_000 },
    };
    const authorisation = signDigest(signing.orderDigest(terms), secretKey);
    return { kind: 'submitBookOrder', entry: { terms, authorisation } };
  });
}

function imageRoot({ venue }: WiredVenue): string {
  const market = venue.state.books.get(marketId);
  assert.ok(market !== undefined);
  // The clock of the book is that of its last input, which differs between the two runs.
  const image = { ...market.image(), now: 0, breakerSince: 0 };
  return bookImageRoot(image);
}

async function settled(wired: WiredVenue): Promise<void> {
  const { venue } = wired;
  assert.ok(await venue.waitFor(venue.state.sequence, 5_000, new AbortController().signal));
}

test('a burst that was cut off is replayed, and sent again it is placed once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lawbook-books-'));
  const [first, copy] = [join(folder, 'first'), join(folder, 'copy')];
  const whole = await open(first);
  t.after(async () => {
    await whole.close();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const input of openings()) assert.ok((await whole.venue.execute(input)).ok, input.kind);
  const burst = burstOf(whole, 120);
  const answers: Promise<Result<BookReply>>[] = [];
  for (const [k, input] of burst.entries()) {
    answers.push(whole.venue.books.submit(input));
    // In the middle, while the journal writes: some of these are on the disk, others are not.
    if (k === 60) {
      await answers[40];
      cpSync(first, copy, { recursive: true, filter: (path) => !path.endsWith('.lock') });
    }
  }
  const replies = (await Promise.all(answers)).map(unwrapped);
  await settled(whole);

  const again = await open(copy);
  const { sequence } = again.venue.state;
  assert.ok(sequence >= (replies[40]?.sequence ?? 0), 'what was answered is there');
  assert.ok(sequence <= (replies[60]?.sequence ?? 0), 'what came later is not');
  let count = 0;
  for (const [k, input] of burst.entries()) {
    const reply = unwrapped(await again.venue.books.submit(input));
    assert.equal(reply.repeated, (replies[k]?.sequence ?? 0) <= sequence, `order ${k}`);
    assert.equal(reply.orderId, replies[k]?.orderId, `order ${k}`);
    assert.equal(reply.sequence, replies[k]?.sequence, `order ${k}`);
    count += reply.repeated ? 0 : 1;
  }
  assert.ok(count > 0 && count < burst.length);
  await settled(again);
  assert.equal(imageRoot(again), imageRoot(whole), 'both end with the same book');
  const page = { limit: 200 };
  const [ours, theirs] = [
    await again.venue.books.trades(marketId, page),
    await whole.venue.books.trades(marketId, page),
  ];
  assert.ok(ours.length > 10);
  assert.deepEqual(ours.map(timeless), theirs.map(timeless));
  const root = stateRoot(again.venue.state);
  await again.close();
  const replayed = await replayJournal({ config: configOf(copy), judge: false });
  assert.equal(replayed.stateRoot, root, 'the journal alone tells the same');
});

for (const kept of ['snapshots', 'the index', 'the journal alone'] as const) {
  test(`an unlawful epoch halts its market after a stop, with ${kept}`, async (t) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'lawbook-books-'));
    t.after(() => rmSync(dataDir, { recursive: true, force: true }));
    const first = await open(dataDir);
    for (const input of openings()) assert.ok((await first.venue.execute(input)).ok, input.kind);
    const burst = burstOf(first, 6);
    const seal = async ({ venue }: WiredVenue): Promise<void> => {
      assert.ok((await venue.execute({ kind: 'sealEpoch', marketId })).ok);
    };
    for (const input of burst.slice(0, 3)) unwrapped(await first.venue.books.submit(input));
    const events = first.recovered.projection.books?.openEvents(marketId) as BookEvent[];
    const [event, ...others] = events;
    assert.ok(event !== undefined && others.length === 2);
    events[0] = { ...event, reports: [] };
    await seal(first);
    await settled(first);
    // The venue stops between the seal and the halt, which are one beat of a venue that runs on.
    await first.close();
    if (kept !== 'snapshots') removeSnapshots(dataDir);
    const rebuilds = kept === 'the journal alone';
    if (rebuilds) rmSync(join(dataDir, 'index'), { recursive: true });

    const again = await open(dataDir);
    again.scheduler.tick();
    const state = again.venue.state.books.get(marketId)?.state;
    // What the journal says was lawful: only the evidence that readers were shown was not.
    assert.equal(state, rebuilds ? 'open' : 'halted');
    if (!rebuilds) {
      await settled(again);
      assert.equal((await again.venue.books.stateChange(marketId))?.cause, 'law');
      assert.ok((await again.venue.books.setState(marketId, 'open', 'a drill')).ok);
    }
    unwrapped(await again.venue.books.submit(burst[3] as BookInput));
    await seal(again);
    await settled(again);
    const epochs = await again.venue.books.epochs(marketId, { limit: 5 });
    const level = rebuilds ? 'checked' : 'executed';
    assert.deepEqual(
      epochs.map((epoch) => epoch.level),
      [level, level],
    );
    await again.close();
  });
}

function removeSnapshots(dataDir: string): void {
  const folder = join(dataDir, 'journal');
  const names = readdirSync(folder).filter((name) => name.endsWith('.snap'));
  assert.ok(names.length > 0, 'there is a snapshot');
  for (const name of names) rmSync(join(folder, name));
}

function timeless<T extends object>(row: T): object {
  return { ...row, timeMs: 0 };
}

function unwrapped(result: Result<BookReply>): BookReply {
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.rejection));
  return result.value;
}
