// Goal: every route serves exactly the callers that its schema names.
// Method: each route of the table is called by each kind of caller; what must happen is derived
// from the route's access alone. Bodies are minimal, because refusals of the caller come
// before anything is read of the request.

import assert from 'node:assert/strict';
import { createHmac, hash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { unwrap } from '@lawbook/api/client/transport';
import type { ScopeName } from '@lawbook/api/schema/accountViews';
import type { AnyRoute } from '@lawbook/api/schema/route';
import { fillPath } from '@lawbook/api/schema/route';
import { ROUTES } from '@lawbook/api/schema/routeTable';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { GatewayWorld, OPERATOR_TOKEN } from '../../../../../testing/gateways/gatewayWorld.ts';

interface Credentials {
  readonly sessionId: string;
  readonly secret: string;
}

/** What a route must say to a caller: refuse it with a code, or let it in. */
type Expected = 'served' | 'unauthenticated' | 'forbidden' | 'notOperator';

interface CallerKind {
  readonly name: string;
  readonly header: (method: string, path: string, body: string) => string | undefined;
  readonly expected: (route: AnyRoute) => Expected | 'sessionExpired' | 'timestampSkewed';
}

const PARAMS = {
  marketId: '1',
  batchNumber: 1,
  epochNumber: 1,
  owner: `0x${'ab'.repeat(20)}`,
  orderId: `0x${'00'.repeat(32)}`,
  sessionId: `0x${'00'.repeat(32)}`,
  twapId: `0x${'00'.repeat(16)}`,
};

describe('access', () => {
  let world: GatewayWorld;
  const sessions = new Map<string, Credentials>();

  before(async () => {
    world = await GatewayWorld.open();
    for (const scope of ['read', 'trade', 'withdraw'] as const) {
      const wish = { scopes: [scope], ttlMs: 7_200_000 };
      const { sessionId, secret = '' } = unwrap(await world.client('alice').openSession(wish));
      sessions.set(scope, { sessionId, secret });
    }
    const wish = { scopes: ['read', 'trade', 'withdraw'], ttlMs: 7_200_000 } as const;
    const { sessionId, secret = '' } = unwrap(await world.client('alice').openSession(wish));
    sessions.set('revoked', { sessionId, secret });
    const revoked = await world.venue.execute({
      kind: 'revokeSession',
      grantId: sessionId as never,
    });
    assert.ok(revoked.ok);
  });
  after(() => world.close());

  const withSession =
    (name: string, shiftMs = 0) =>
    (method: string, path: string, body: string): string => {
      const { sessionId, secret } = sessions.get(name) as Credentials;
      const timestampMs = Date.now() + shiftMs;
      const text = `${method}\n${path}\n${timestampMs}\n${hash('sha256', body, 'hex')}`;
      const mac = createHmac('sha256', hexToBytes(secret)).update(text).digest('hex');
      return `Lawbook ${sessionId}:${timestampMs}:0x${mac}`;
    };

  const byScope =
    (scope: ScopeName) =>
    ({ access }: AnyRoute): Expected => {
      if (access.role === 'operator') return 'notOperator';
      if (access.role !== 'session' || access.scope === undefined) return 'served';
      return access.scope === scope ? 'served' : 'forbidden';
    };

  const callers: readonly CallerKind[] = [
    {
      name: 'anybody',
      header: () => undefined,
      expected: ({ access }) => {
        if (access.role === 'operator') return 'notOperator';
        return access.role === 'session' ? 'unauthenticated' : 'served';
      },
    },
    { name: 'a read session', header: withSession('read'), expected: byScope('read') },
    { name: 'a trade session', header: withSession('trade'), expected: byScope('trade') },
    { name: 'a withdraw session', header: withSession('withdraw'), expected: byScope('withdraw') },
    {
      name: 'the operator',
      header: () => `Bearer ${OPERATOR_TOKEN}`,
      expected: ({ access }) => (access.role === 'session' ? 'unauthenticated' : 'served'),
    },
    {
      name: 'a wrong operator token',
      header: () => `Bearer ${OPERATOR_TOKEN}x`,
      expected: () => 'notOperator',
    },
    {
      name: 'a revoked session',
      header: withSession('revoked'),
      expected: () => 'sessionExpired',
    },
    {
      name: 'a session from the past',
      header: withSession('trade', -120_000),
      expected: () => 'timestampSkewed',
    },
    {
      name: 'a session with a wrong code',
      header: (method, path, body) => withSession('trade')(method, `${path}x`, body),
      expected: () => 'unauthenticated',
    },
    {
      name: 'credentials of another kind',
      header: () => 'Basic YTpi',
      expected: () => 'unauthenticated',
    },
  ];

  for (const route of ROUTES) {
    test(`${route.method} ${route.path} serves whom it names`, async () => {
      const path = fillPath(route.path, PARAMS);
      const body = route.body === undefined ? '' : '{}';
      for (const { name, header, expected } of callers) {
        const authorization = header(route.method, path, body);
        const response = await fetch(world.url + path, {
          method: route.method,
          headers: {
            ...(body !== '' && { 'content-type': 'application/json' }),
            ...(authorization !== undefined && { authorization }),
          },
          ...(body !== '' && { body }),
        });
        const text = await response.text();
        const code = /"code":"(\w+)"/.exec(text)?.[1] ?? 'none';
        const wanted = expected(route);
        const refusals = ['unauthenticated', 'notOperator', 'sessionExpired', 'timestampSkewed'];
        if (wanted === 'served') {
          // A signed route that got no signature says so in its own words, after validation.
          assert.ok(!refusals.includes(code), `${name}: ${code}`);
          assert.ok(code !== 'internalFault', `${name}: ${text}`);
        } else {
          assert.equal(code, wanted, `${name}: ${text}`);
        }
      }
    });
  }

  test('without a configured token nobody is the operator', async (t) => {
    const open = await GatewayWorld.open({ options: { operatorToken: undefined } });
    t.after(() => open.close());
    const { status, body } = await open.operate('POST', '/v1/assets', {
      symbol: 'X1',
      decimals: 2,
    });
    assert.equal(status, 403);
    assert.equal((body['rejection'] as { code: string }).code, 'notOperator');
  });
});
