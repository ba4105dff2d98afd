// Goal: an operator can give up a batch that cannot clear, and its owners see it and trade on.
// Method: a venue whose batch closed and whose market was halted; the route, the reads, a feed of
// events, a restart of the journal by replay, and the next batch.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { unwrap } from '@lawbook/api/client/transport';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { GatewayWorld } from '../../../../../testing/gateways/gatewayWorld.ts';

describe('a batch that is given up', () => {
  let world: GatewayWorld;
  before(async () => {
    world = await GatewayWorld.open({ parameters: { batchIntervalMs: 50 } });
  });
  after(() => world.close());

  const codeOf = (body: Record<string, unknown>): unknown => {
    return (body['rejection'] as { code: string } | undefined)?.code;
  };

  test('is released by the operator alone, and only while its market is halted', async () => {
    const path = '/v1/markets/1/void';
    const reason = { reason: 'it breaks a law' };
    const wish = { pay: 'USD', receive: 'EUR', amount: '1000', ttlMs: 600_000 };
    const alice = world.client('alice');
    const placed = unwrap(await alice.placeOrder(wish));
    const held = (): bigint => {
      return world.venue.state.ledger.balance(world.account('alice').account, assetId(0)).held;
    };
    assert.equal((await world.send('POST', path, reason)).status, 403);
    assert.equal(codeOf((await world.operate('POST', path, reason)).body), 'phaseMismatch');
    assert.equal((await world.operate('POST', path)).status, 400);
    for (const kind of ['closeBatch', 'haltMarket'] as const) {
      const input = { kind, marketId: 1, reason: 'it breaks a law' };
      assert.ok((await world.venue.execute(input)).ok);
    }
    assert.equal(held(), 1_000_000_000n);
    const { status, body } = await world.operate('POST', path, reason);
    assert.equal(status, 200, JSON.stringify(body));
    await world.venue.waitFor(Number(body['sequence']), 5000, new AbortController().signal);
    assert.equal(held(), 0n);
    const { order } = unwrap(await alice.readOrder(placed.orderId));
    assert.equal(order.status, 'canceled');
    assert.equal(order.residual, 'halted');
    const halted = unwrap(await alice.readMarket('1')).market;
    assert.equal(halted.phase.name, 'halted');
    assert.equal((await world.operate('POST', '/v1/markets/1/resume')).status, 200);
    const next = unwrap(await alice.placeOrder(wish));
    assert.equal(next.kind, 'accepted');
    const { record } = await world.clearBatch();
    assert.equal(record.report.batchNumber, 1);
    assert.equal(record.report.orderCount, 1);
    const holding = record.verdicts.filter(({ verdict }) => verdict.kind === 'holds');
    assert.equal(holding.length, record.verdicts.length);
  });
});
