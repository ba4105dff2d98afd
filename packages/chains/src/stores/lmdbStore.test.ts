// Goal: the LMDB store keeps every promise of ChainStore, through kill -9 and between processes,
// and says clearly why it cannot open. Method: the suite for all stores; real child processes that
// are killed while they write; files and folders made unfit.
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import { open } from 'lmdb';
import { HandClock } from './fixtures/handClock.ts';
import { StoreChild } from './fixtures/storeChild.ts';
import { storeContract } from './fixtures/storeContract.ts';
import { take } from './fixtures/take.ts';
import { temporaryFolder } from './fixtures/temporaryFolder.ts';
import { LmdbStore } from './lmdbStore.ts';

const ROUNDS = 20;

storeContract({
  name: 'lmdb',
  runs: 60,
  start: async () => {
    const time = new HandClock();
    const folder = temporaryFolder();
    const directory = join(folder.path, 'store');
    return {
      connect: () => LmdbStore.open({ directory }, time),
      passTime: async (durationMs) => {
        time.nowMs += durationMs;
      },
      stop: async () => folder.remove(),
    };
  },
});

describe('an LMDB store between processes', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  it(`loses nothing acknowledged and halves nothing in ${ROUNDS} kills`, async () => {
    const directory = join(folder.path, 'killed');
    let acknowledged = 0;
    let fence = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const child = StoreChild.start('write', directory, `writer${round}`);
      // The n-th line, and what the child does after it, fall on another moment each round.
      for (let line = 0; line < 5 + round * 3; line += 1) {
        acknowledged = Math.max(acknowledged, Number(await child.line()));
      }
      acknowledged = Math.max(acknowledged, ...(await child.kill()).map(Number));
      const store = await LmdbStore.open({ directory }, new HandClock());
      const count = Number(await store.get('count'));
      assert(count >= acknowledged, `${count} commits are there of ${acknowledged} acknowledged`);
      for (const prefix of ['left/', 'right/']) {
        const entries = await store.list(prefix);
        assert.equal(entries.length, Math.min(count, 50));
        assert.equal(entries.at(-1)?.key, prefix + String(count).padStart(9, '0'));
      }
      const lease = await take(store, `check${round % 2}`, 'parent');
      const grown = Number(await store.get('fence'));
      assert(grown > fence && lease.fence >= 1);
      fence = grown;
      await store.close();
    }
    assert(acknowledged > ROUNDS);
  });

  it('gives each key to one process, though several insert at once', async () => {
    const directory = join(folder.path, 'shared');
    const children = ['one', 'two', 'three'].map((owner) => {
      return StoreChild.start('insert', directory, owner);
    });
    for (const child of children) assert.equal(await child.line(), 'ready');
    for (const child of children) child.say('go');
    const wins = await Promise.all(children.map((child) => child.rest()));
    const store = await LmdbStore.open({ directory }, new HandClock());
    const entries = await store.list('key/');
    assert.equal(entries.length, 300);
    assert.equal(wins.flat().length, 300);
    for (const { key, text } of entries) {
      const winner = ['one', 'two', 'three'].indexOf(text.slice(0, text.indexOf(' ')));
      assert(at(wins, winner).includes(key));
    }
    await store.close();
  });
});

describe('opening an LMDB store', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());
  const fresh = (name: string): string => join(folder.path, name);
  const opening = (directory: string, reserveBytes?: number): Promise<LmdbStore> => {
    const reserve = reserveBytes === undefined ? {} : { reserveBytes };
    return LmdbStore.open({ directory, ...reserve }, new HandClock());
  };
  const filled = async (name: string): Promise<string> => {
    const store = await opening(fresh(name));
    await store.insert([{ key: 'a', text: 'x'.repeat(100_000) }]);
    await store.close();
    return fresh(name);
  };

  it('keeps the files for their owner alone', async () => {
    const directory = await filled('owned');
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    for (const name of ['data.mdb', 'lock.mdb']) {
      assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600);
    }
  });

  it('opens again what it wrote, and a folder that stands empty', async () => {
    const directory = await filled('again');
    const store = await opening(directory);
    assert.equal((await store.get('a'))?.length, 100_000);
    await store.close();
    mkdirSync(fresh('empty'));
    await (await opening(fresh('empty'))).close();
  });

  it('refuses a file that is not LMDB, before the engine looks at it', async () => {
    const garbage = ['', 'not a database', '\0'.repeat(8192), 'x'.repeat(100_000)];
    for (const [index, content] of garbage.entries()) {
      mkdirSync(fresh(`garbage${index}`));
      writeFileSync(join(fresh(`garbage${index}`), 'data.mdb'), content);
      if (content === '') await (await opening(fresh(`garbage${index}`))).close();
      else await assert.rejects(opening(fresh(`garbage${index}`)), { code: 'CHAIN_STORE_CORRUPT' });
    }
  });

  it('refuses its own file when the head is damaged or the end is gone', async () => {
    const places = [24, 48, 4096 + 24];
    for (const place of places) {
      const directory = await filled(`damaged${place}`);
      const path = join(directory, 'data.mdb');
      const bytes = readFileSync(path);
      assert.equal(bytes.readUInt32LE(24), 0xbeefc0de);
      bytes.fill(0x5a, place, place + 4);
      writeFileSync(path, bytes);
      await assert.rejects(opening(directory), { code: 'CHAIN_STORE_CORRUPT' });
    }
    const directory = await filled('short');
    truncateSync(join(directory, 'data.mdb'), 8192);
    await assert.rejects(opening(directory), {
      code: 'CHAIN_STORE_CORRUPT',
      message: /was cut short/,
    });
  });

  it('refuses a database of something else', async () => {
    const foreign = open({ path: fresh('foreign'), noSubdir: false });
    await foreign.put('a', 'b');
    await foreign.close();
    await assert.rejects(opening(fresh('foreign')), {
      code: 'CHAIN_STORE_CORRUPT',
      message: /no store of intents/,
    });
  });

  it('says what to do about a missing parent, a file in the way and a full disk', async () => {
    const fault = (message: RegExp) => ({ code: 'CHAIN_STORE_UNAVAILABLE', message });
    await assert.rejects(opening(fresh('no/parent')), fault(/Create its parent folder/));
    writeFileSync(fresh('file'), '');
    await assert.rejects(opening(fresh('file')), fault(/Name a folder/));
    await assert.rejects(opening(fresh('full'), 2 ** 52), fault(/make room/));
  });

  it('says who may not write to a folder', async () => {
    chmodSync(folder.path, 0o755);
    mkdirSync(fresh('readOnly'), { mode: 0o555 });
    const child = StoreChild.start('open', fresh('readOnly'), 'nobody');
    assert.match(await child.line(), /^CHAIN_STORE_UNAVAILABLE .*EACCES.* right to read and write/);
    await child.kill();
  });

  it('refuses a write that the disk has no room for, and goes on once it has', async () => {
    const directory = fresh('reserve');
    const small = await opening(directory);
    const lease = await take(small, 'lane', 'a');
    await small.close();
    const { bavail, bsize } = statfsSync(folder.path);
    // Room to open, but not for the text: others may take or free some bytes of the disk meanwhile.
    const reserveBytes = bavail * bsize - 2 * 1024 * 1024;
    const store = await opening(directory, reserveBytes);
    const text = 'x'.repeat(1024 * 1024);
    await assert.rejects(store.commit(lease, [{ key: 'a', text }]), {
      code: 'CHAIN_STORE_UNAVAILABLE',
    });
    assert.equal(await store.get('a'), undefined);
    await store.close();
    const roomy = await opening(directory);
    await roomy.commit(lease, [{ key: 'a', text }]);
    await roomy.close();
  });
});
