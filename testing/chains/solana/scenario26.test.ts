// Goal: scenario 26 over real sockets: blockhashes that expire before landing, landings reported
// late, a height method that returns the slot, two equal payments in one blockhash window.
// Method: the embedded chain with slots of 4 ms, three HTTP endpoints over it, the real pool, the
// real clock and a store on disk. Every wait is for a state, never for a time.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createEndpointPool } from '@lawbook/chains/endpoints/createEndpointPool';
import { solanaDialect } from '@lawbook/chains/endpoints/dialect';
import { httpTransport } from '@lawbook/chains/endpoints/httpTransport';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { EmbeddedSolana } from '@lawbook/chains/solana/embedded/embeddedSolana';
import { openEmbeddedSolana } from '@lawbook/chains/solana/embedded/embeddedSolana';
import type { FrontServer } from '@lawbook/chains/solana/embedded/frontServer';
import { serveFront } from '@lawbook/chains/solana/embedded/frontServer';
import { honestSwitches, SolanaFront } from '@lawbook/chains/solana/embedded/solanaFront';
import { openSolanaLane } from '@lawbook/chains/solana/openSolanaLane';
import type { SolanaIntentRequest } from '@lawbook/chains/solana/solanaIntent';
import type { SolanaLane } from '@lawbook/chains/solana/solanaLane';
import { DEFAULT_SOLANA_SETTINGS } from '@lawbook/chains/solana/solanaLane';
import { solTransfer } from '@lawbook/chains/solana/solTransfer';
import { LmdbStore } from '@lawbook/chains/stores/lmdbStore';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Address } from '@solana/kit';
import { seedSigner } from './seedSigner.ts';

const environment = systemEnvironment();
const signer = seedSigner('payer of scenario 26');
const settings = {
  ...DEFAULT_SOLANA_SETTINGS,
  beatMs: 20,
  resendMs: 60,
};

let folder: string;
let chain: EmbeddedSolana;
let fronts: readonly SolanaFront[];
let servers: readonly FrontServer[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lawbook-solana-'));
  const funded = [{ address: signer.address, amount: 10_000_000_000n }];
  chain = await openEmbeddedSolana({ slotMs: 4, funded }, environment);
  fronts = [chain.front, new SolanaFront(chain.ledger), new SolanaFront(chain.ledger)];
  servers = await Promise.all(fronts.slice(1).map((front) => serveFront(front)));
});

after(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await chain.close();
  await rm(folder, { recursive: true, force: true });
});

test('pays two equal payments of one blockhash window, each once', async () => {
  await withLane('equal', async (lane) => {
    const payee = seedSigner('payee of equals').address;
    const intents = [
      await lane.submit(payment('one', payee)),
      await lane.submit(payment('two', payee)),
    ];
    const outcomes = await Promise.all(intents.map((intent) => intent.wait('final')));
    const signatures = outcomes.map(({ life }) => life.inclusion?.signature);
    assert.deepEqual(
      outcomes.map(({ verdict }) => verdict),
      ['done', 'done'],
    );
    assert.equal(new Set(signatures).size, 2);
    assert.equal(received(payee), 2_000_000n);
  });
});

test('signs anew once the blockhash expired, and pays once', async () => {
  await withLane('expiry', async (lane) => {
    const payee = seedSigner('payee of expiry').address;
    switchAll({ dropsSend: () => true });
    const intent = await lane.submit(payment('expires', payee));
    await intent.wait('accepted');
    while (lane.stats().expiries === 0) await intent.wait('final', { timeoutMs: 50 });
    switchAll({ dropsSend: () => false });
    const { life } = await intent.wait('final');
    assert.equal(life.state, 'final');
    assert.equal(at(life.attempts, 0).status, 'expired');
    assert.equal(received(payee), 1_000_000n);
  });
});

test('recognises a late landing that is told late, when every height is a slot', async () => {
  await withLane('late', async (lane) => {
    const payee = seedSigner('payee of late landing').address;
    switchAll({ heightIsSlot: true, statusDelay: 10, holdSlots: () => 90 });
    // One endpoint knows nothing of anything: less than the quorum, so it proves nothing.
    Object.assign(at(fronts, 2).switches, { statusDelay: 100_000 });
    const { life } = await (await lane.submit(payment('late', payee))).wait('final');
    assert.equal(life.state, 'final');
    assert.equal(life.attempts.length, 1);
    assert.equal(received(payee), 1_000_000n);
    assert.ok(lane.stats().expiriesUnproven > 0);
  });
});

async function withLane(name: string, play: (lane: SolanaLane) => Promise<void>): Promise<void> {
  switchAll(honestSwitches());
  const urls = [chain.url, ...servers.map(({ url }) => url)];
  const endpoints = urls.map((url, index) => ({
    transport: httpTransport({ url, name: `endpoint-${index}` }, { environment }),
    limits: 'local' as const,
  }));
  const dialect = solanaDialect(chain.genesisHash);
  // Heads move by hundreds of slots a second here.
  const pool = createEndpointPool(
    { chainId: 0, endpoints, dialect, headLagTolerance: 1_000, headPollMs: 200 },
    { environment },
  );
  const store = await LmdbStore.open({ directory: join(folder, name) }, environment);
  const lane = await openSolanaLane(
    {
      genesisHash: chain.genesisHash,
      signer,
      settings,
      owner: name,
      onAlert: () => undefined,
    },
    { endpoints: pool, store, environment },
  );
  try {
    await play(lane);
  } finally {
    await lane.close();
    await pool.close();
    await store.close();
  }
}

function payment(key: string, to: string): SolanaIntentRequest {
  return {
    ...solTransfer({ from: signer.address, to, amount: 1_000_000n }),
    key,
    unitLimit: undefined,
    urgency: 'patient',
    deadlineMs: environment.clock.nowMs() + 60_000,
    finality: 'finalized',
    feeCap: 20_000n,
  };
}

function received(payee: string): bigint {
  return chain.ledger.machine.balance(payee as Address);
}

function switchAll(switches: Partial<SolanaFront['switches']>): void {
  for (const front of fronts) Object.assign(front.switches, switches);
}
