// Goal: the client says what it heard and nothing else: exact amounts, named fields of answers
// that are none, and no retry of an act. Method: real HTTP against the local ledger with scripted
// bodies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemEnvironment } from '@lawbook/chains/environment';
import { ALICE, DeltaWorld, ownerOf } from '../../../../../testing/delta/deltaWorld.ts';
import type { LedgerFault, LedgerRoute } from '../../../../../testing/delta/ledger.ts';
import { SettlementFault } from '../../settlementFault.ts';
import { DeltaClient } from './deltaClient.ts';
import { DeltaRefusal } from './deltaRefusal.ts';

const alice = ownerOf(ALICE).ownerId;

async function inWorld(play: (world: DeltaWorld) => Promise<void>): Promise<void> {
  const world = await DeltaWorld.start();
  try {
    await play(world);
  } finally {
    await world.close();
  }
}

function body(route: LedgerRoute, text: string): LedgerFault {
  return { route, kind: { body: text } };
}

/** Asserts SETTLEMENT_UNAVAILABLE that names a field. */
function names(field: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SettlementFault, String(error));
    assert.equal(error.code, 'SETTLEMENT_UNAVAILABLE');
    assert.equal(error.fields['field'], field);
    return true;
  };
}

test('balances and nonces keep all 64 bits', async () => {
  await inWorld(async (world) => {
    const most = 18_446_744_073_709_551_615n;
    world.ledger.faults.push(
      body(
        'GET vault',
        `{"balance":${most},"shard":9,"data":{"TokenHoldings":{"fungibles":{"t,9":9007199254740993},"nfts":{}}}}`,
      ),
      body('GET nonce', `${most}`),
    );
    const client = world.client();
    const vault = await client.vault(alice);
    assert.equal(vault?.native, most);
    assert.equal(vault?.fungibles.get('t,9'), 9_007_199_254_740_993n);
    assert.equal(await client.nextNonce(alice), most);
  });
});

const WRONG: readonly (readonly [LedgerRoute, string, string])[] = [
  ['GET vault', '<html>', 'answer'],
  ['GET vault', '[]', 'vault'],
  ['GET vault', '{"balance":1,"data":null}', 'shard'],
  ['GET vault', '{"balance":"1","shard":9}', 'balance'],
  ['GET vault', '{"balance":-1,"shard":9}', 'balance'],
  ['GET vault', '{"balance":1.5,"shard":9}', 'balance'],
  ['GET vault', '{"balance":1e3,"shard":9}', 'balance'],
  ['GET vault', '{"balance":18446744073709551616,"shard":9}', 'balance'],
  ['GET vault', '{"balance":1,"shard":9,"data":7}', 'data'],
  [
    'GET vault',
    '{"balance":1,"shard":9,"data":{"TokenHoldings":{}}}',
    'data.TokenHoldings.fungibles',
  ],
  [
    'GET vault',
    '{"balance":1,"shard":9,"data":{"TokenHoldings":{"fungibles":{"t":null}}}}',
    'data.TokenHoldings.fungibles.t',
  ],
  ['GET nonce', '"1"', 'answer'],
  ['GET sdl', '"Lost"', 'answer'],
  ['GET sdl', '{"ProvingFailed":1}', 'answer.ProvingFailed'],
  ['GET sdls', '{}', 'answer'],
  ['GET sdls', '[["short","Proven"]]', '0.0'],
  ['GET sdls', `[["${alice}","Gone"]]`, '0.1'],
  ['POST sdl', '"0x00"', 'answer'],
  ['POST sdl', 'busy', 'answer'],
];

test('an answer that is none names the field that is wrong', async () => {
  await inWorld(async (world) => {
    const client = world.client({ readTries: 1 });
    const calls: Partial<Record<LedgerRoute, () => Promise<unknown>>> = {
      'GET vault': () => client.vault(alice),
      'GET nonce': () => client.nextNonce(alice),
      'GET sdl': () => client.sdl(world.ledger.cutForeignList()),
      'GET sdls': () => client.sdls(),
      'POST sdl': () => client.submitSdl(),
    };
    for (const [route, text, field] of WRONG) {
      world.ledger.faults.push(body(route, text));
      await assert.rejects(async () => calls[route]?.(), names(field), `${route} ${text}`);
    }
  });
});

test('a read is tried again, and an act is not', async () => {
  await inWorld(async (world) => {
    const client = world.client();
    world.ledger.faults.push({ route: 'GET nonce', kind: 'lostResponse' });
    world.ledger.faults.push({ route: 'GET nonce', kind: 'garbage' });
    assert.equal(await client.nextNonce(alice), 1n);
    assert.equal(world.ledger.count('GET nonce'), 3);
    world.ledger.faults.push({ route: 'POST sdl', kind: 'serverError' });
    await assert.rejects(client.submitSdl(), (error) => {
      return error instanceof SettlementFault && error.code === 'SETTLEMENT_UNAVAILABLE';
    });
    assert.equal(world.ledger.count('POST sdl'), 1);
  });
});

test('silence ends with the time limit, and the caller may leave earlier', async () => {
  await inWorld(async (world) => {
    const hasty = world.client({ readTries: 1, timeoutMs: 50 });
    world.ledger.faults.push({ route: 'GET nonce', kind: 'silent' });
    await assert.rejects(hasty.nextNonce(alice), /the time is up/);
    const client = world.client({ readTries: 1 });
    world.ledger.faults.push({ route: 'GET nonce', kind: 'silent' });
    const left = new AbortController();
    const asking = client.nextNonce(alice, left.signal);
    while (world.ledger.count('GET nonce') < 2) await new Promise(setImmediate);
    left.abort();
    await assert.rejects(asking, /the caller left/);
  });
});

test('what the domain does not know is undefined, and what it refuses has a name', async () => {
  await inWorld(async (world) => {
    const client = world.client();
    assert.equal(
      await client.vault(ownerOf(`0x${'77'.repeat(20)}` as typeof ALICE).ownerId),
      undefined,
    );
    assert.equal(await client.sdl(alice), undefined);
    assert.equal(await client.submitSdl(), undefined);
    await assert.rejects(client.submitProof(alice), (error) => {
      assert.ok(error instanceof DeltaRefusal);
      assert.equal(error.refusal.rule, 'StateIsAnother');
      assert.equal(error.fields['httpStatus'], 400);
      return true;
    });
    world.ledger.faults.push({ route: 'POST sdl', kind: 'forbidden' });
    await assert.rejects(client.submitSdl(), (error) => {
      return error instanceof SettlementFault && error.code === 'SETTLEMENT_CONFIG_INVALID';
    });
  });
});

test('an answer beyond the bound is cut off', async () => {
  await inWorld(async (world) => {
    const options = { url: world.ledger.url, readTries: 1, answerBytesMax: 100 };
    const client = new DeltaClient(options, { environment: systemEnvironment() });
    world.ledger.faults.push(body('GET nonce', ' '.repeat(1000)));
    await assert.rejects(client.nextNonce(alice), names('answer'));
  });
});

test('no fault shows the path, the query or the user of the URL', async () => {
  const environment = systemEnvironment();
  const asked: string[] = [];
  const failing: typeof fetch = async (url) => {
    asked.push(String(url));
    throw new TypeError(`fetch failed for ${String(url)}`);
  };
  const options = { url: 'http://127.0.0.1:9/secret-path?key=secret-key', readTries: 1 };
  const client = new DeltaClient(options, { environment, fetch: failing });
  await assert.rejects(client.sdls(), (error) => {
    assert.ok(error instanceof SettlementFault);
    assert.doesNotMatch(
      `${error.message} ${String(error.fields)} ${String(error.cause)}`,
      /secret/,
    );
    return true;
  });
  assert.deepEqual(asked, ['http://127.0.0.1:9/secret-path/sdls?key=secret-key']);
  for (const url of ['nonsense', 'ftp://127.0.0.1', 'http://user:word@127.0.0.1']) {
    assert.throws(
      () => new DeltaClient({ url }, { environment }),
      (error) => {
        assert.ok(error instanceof SettlementFault);
        assert.equal(error.code, 'SETTLEMENT_CONFIG_INVALID');
        assert.doesNotMatch(error.message, /word/);
        return true;
      },
    );
  }
});
