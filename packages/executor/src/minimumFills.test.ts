// Goal: nobody halts the batches of others by sending orders that a proof has no room for.
// Method: a wired venue with demo accounts, whose plan has room for two blocked orders and opens
// nothing.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEMO_DOMAIN } from '@lawbook/analytics/demoWorld';
import { amount } from '@lawbook/exchange/numbers/amount';
import { recoverSigner } from '@lawbook/exchange/orders/signature';
import { ExchangeBench, person } from '../../../testing/exchange/exchangeBench.ts';
import { loadConfig } from './config/loadConfig.ts';
import { demoInputs } from './demo/demoWorld.ts';
import { createLogger } from './metrics/logger.ts';
import type { SettlementPlan } from './settlement/settlementPlan.ts';
import type { WiredVenue } from './wiring.ts';
import { wireVenue } from './wiring.ts';

const never = (): Promise<never> => new Promise(() => undefined);

const PLAN: SettlementPlan = {
  domain: DEMO_DOMAIN,
  unprovable: () => undefined,
  unprovableParameters: () => undefined,
  minimumFillsMax: 2,
  demoInputs: () => undefined,
  open: never,
  readSettled: never,
};

async function openVenue(
  plan?: SettlementPlan,
): Promise<WiredVenue & { end: () => Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'lawbook-minimum-fills-'));
  const flags = { dataDir, 'oracle.adapter': 'fixed', 'demo.flow': false };
  const { config } = loadConfig({ environment: {}, flags });
  const log = createLogger({ level: 'silent' });
  const wired = await wireVenue(config, { log, plan, recover: recoverSigner });
  for (const input of demoInputs(Date.now(), 60_000)) {
    assert.ok((await wired.venue.execute(input)).ok);
  }
  const end = async (): Promise<void> => {
    wired.venue.stopAdmitting();
    await wired.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { ...wired, end };
}

/** Sends orders with these minima, one after another, and says what became of each. */
async function send({ venue }: WiredVenue, minima: readonly number[]): Promise<string[]> {
  const signer = new ExchangeBench(DEMO_DOMAIN);
  signer.timeMs = Date.now();
  const answers: string[] = [];
  for (const minFillPpm of minima) {
    const terms = {
      minFillPpm,
      budget: amount(1_000_000n),
      orderNonce: BigInt(answers.length + 1),
    };
    const entry = signer.order(person('alice'), terms);
    const answer = await venue.submitOrder(entry);
    answers.push(answer.ok ? 'taken' : answer.rejection.code);
    if (!answer.ok) continue;
    const again = await venue.submitOrder(entry);
    assert.ok(again.ok && again.value.repeated, 'sent again, it is answered as before');
  }
  return answers;
}

test('a batch takes as many orders with a minimum as can be proved, and all others', async (t) => {
  const wired = await openVenue(PLAN);
  t.after(() => wired.end());
  const answers = await send(wired, [1, 0, 1_000_000, 1, 0]);
  assert.deepEqual(answers, ['taken', 'taken', 'taken', 'batchFull', 'taken']);
});

test('a venue that proves nothing has no such limit', async (t) => {
  const wired = await openVenue();
  t.after(() => wired.end());
  assert.deepEqual(await send(wired, [1, 1, 1]), ['taken', 'taken', 'taken']);
});
