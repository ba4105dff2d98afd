// Goal: a path says which methods it takes, and HEAD answers as GET does, without the body.
// Method: every documented path asked with every method that it does not take, the public reads
// asked with both, and paths that nobody serves.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fillPath } from '@lawbook/api/schema/route';
import { ROUTES } from '@lawbook/api/schema/routeTable';
import { GatewayWorld, MARKET_ID } from '../../../../../testing/gateways/gatewayWorld.ts';

const METHODS = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PROPFIND', 'PUT'];

describe('methods', () => {
  let world: GatewayWorld;
  before(async () => {
    world = await GatewayWorld.open({ options: { corsOrigins: ['https://trade.example'] } });
  });
  after(() => world.close());

  const pathOf = (pattern: string): string => {
    return fillPath(pattern, {
      marketId: MARKET_ID,
      batchNumber: 1,
      epochNumber: 1,
      owner: world.account('alice').account,
      orderId: `0x${'11'.repeat(32)}`,
      sessionId: `0x${'11'.repeat(32)}`,
    });
  };

  for (const pattern of new Set(ROUTES.map(({ path }) => path))) {
    test(`${pattern} names its methods to those that ask with another`, async () => {
      const taken = new Set<string>(
        ROUTES.filter(({ path }) => path === pattern).map(({ method }) => method),
      );
      if (taken.has('GET')) taken.add('HEAD');
      const allow = [...taken].sort().join(', ');
      for (const method of METHODS.filter((one) => !taken.has(one))) {
        const response = await fetch(world.url + pathOf(pattern), { method });
        assert.equal(response.status, 405, method);
        assert.equal(response.headers.get('allow'), allow);
        const text = await response.text();
        if (method === 'HEAD') continue;
        const { rejection } = JSON.parse(text) as { rejection: Record<string, unknown> };
        assert.equal(rejection['code'], 'methodNotAllowed');
        assert.deepEqual([rejection['field'], rejection['limit']], ['method', allow]);
        assert.equal(rejection['actual'], method);
      }
    });
  }

  test('a body of any kind does not hide that the method is wrong', async () => {
    const headers = { 'content-type': 'text/plain' };
    const response = await fetch(`${world.url}/v1/assets`, { method: 'PUT', body: 'x', headers });
    assert.equal(response.status, 405);
    await response.text();
  });

  test('HEAD answers as GET does, without the body', async () => {
    for (const path of ['/v1/assets', '/v1/markets/1', '/v1/markets/9', '/health/live', '/docs/']) {
      const [whole, head] = await Promise.all([
        fetch(world.url + path),
        fetch(world.url + path, { method: 'HEAD' }),
      ]);
      assert.equal(head.status, whole.status, path);
      assert.equal(head.headers.get('content-type'), whole.headers.get('content-type'), path);
      assert.equal(await head.text(), '', path);
      assert.ok((await whole.text()).length > 0, path);
    }
  });

  test('a path that nobody serves is not found, whatever the method', async () => {
    for (const method of METHODS) {
      const response = await fetch(`${world.url}/v1/nothing`, { method });
      assert.equal(response.status, 404, method);
      assert.equal(response.headers.get('allow'), null);
      await response.text();
    }
  });

  test('a browser may still ask beforehand what it may send', async () => {
    const headers = { origin: 'https://trade.example', 'access-control-request-method': 'POST' };
    const response = await fetch(`${world.url}/v1/orders`, { method: 'OPTIONS', headers });
    assert.equal(response.status, 204);
    assert.match(response.headers.get('access-control-allow-methods') ?? '', /POST/);
  });
});
