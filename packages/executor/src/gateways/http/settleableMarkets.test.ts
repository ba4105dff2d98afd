// Goal: an operator whose epochs settle cannot make rules or money under which none would.
// Method: a real venue behind real gateways, with the word of the real circuits put around it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { unwrap } from '@lawbook/api/client/transport';
import type { MarketParameters } from '@lawbook/api/schema/marketViews';
import { GatewayWorld, MARKET_ID } from '../../../../../testing/gateways/gatewayWorld.ts';
import { PROVABLE_ORDERS, unprovableParameters } from '../../settlement/epochProver.ts';
import type { VenueService } from '../../venueService.ts';

/** The venue as one whose epochs settle. */
function withBaseLayer(venue: VenueService): VenueService {
  return new Proxy(venue, {
    get: (target, name) => {
      if (name === 'settlement') return () => ({ ...target.settlement(), phase: 'running' });
      if (name === 'unsettleable') return unprovableParameters;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

let world: GatewayWorld;
let parameters: MarketParameters;
before(async () => {
  world = await GatewayWorld.open({ around: withBaseLayer });
  ({ parameters } = unwrap(await world.client('alice').readMarket(MARKET_ID)).market);
  parameters = { ...parameters, orderCountMax: PROVABLE_ORDERS };
});
after(() => world.close());

async function change(changes: Partial<MarketParameters>): Promise<string> {
  const path = `/v1/markets/${MARKET_ID}/parameters`;
  const { status, body } = await world.operate('PUT', path, { ...parameters, ...changes });
  if (status === 200) return 'taken';
  const { code, actual } = body['rejection'] as { code: string; actual?: string };
  return `${code}: ${actual}`;
}

test('parameters that the circuits can prove are taken', async () => {
  assert.equal(await change({ feeE7: 5000 }), 'taken');
});

test('more orders than a transaction carries are refused', async () => {
  assert.match(await change({ orderCountMax: PROVABLE_ORDERS + 1 }), /^notSettleable: .*orders/);
});

test('covariances and baskets beyond the circuits are refused', async () => {
  const [first, ...others] = parameters.scaledCovariance;
  const wide = [`${BigInt(first ?? 0) + (1n << 64n)}`, ...others];
  assert.match(await change({ scaledCovariance: wide }), /^notSettleable: Covariances/);
  const [basket] = parameters.baskets;
  assert.ok(basket !== undefined);
  const more = Array.from({ length: 4 }, (_, k) => ({ ...basket, symbol: `MORE${k}` }));
  const baskets = [...parameters.baskets, ...more];
  assert.match(await change({ baskets }), /^notSettleable: .*baskets/);
});

test('a pool of units that nobody deposited is refused', async () => {
  const { market } = unwrap(await world.client('alice').readMarket(MARKET_ID));
  const symbols = market.products.filter(({ kind }) => kind === 'asset').map((p) => p.symbol);
  const { status, body } = await world.operate('POST', '/v1/markets', {
    marketId: '2',
    parameters,
    mids: symbols.map((symbol) => ({ symbol, mid: '1' })),
    inventory: symbols.map((symbol) => ({ symbol, amount: '1000' })),
  });
  assert.equal(status, 409);
  const { code, field } = body['rejection'] as { code: string; field: string };
  assert.deepEqual([code, field], ['notSettleable', 'inventory']);
});
