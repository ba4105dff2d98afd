// Goal: people can withdraw by their own signature alone, and read what became of every crossing.
// Method: a real venue behind real gateways, with words about a base layer put around it; the
// bridge's inputs are executed by hand.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { unwrap } from '@lawbook/api/client/transport';
import { at } from '@lawbook/exchange/failures/invariant';
import { accountId } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { Withdrawal } from '@lawbook/exchange/orders/signedTypes';
import { GatewayWorld, MARKET_ID } from '../../../../../testing/gateways/gatewayWorld.ts';
import type { VenueService } from '../../venueService.ts';

const SHARD = 3;
const CONTRACT = `0x${'c0'.repeat(20)}`;
const REGISTRY = `0x${'c1'.repeat(20)}`;
/** As a deployment file may write them. */
const TOKENS = ['D0', 'D1', 'D2'].map((byte) => `0x${byte.repeat(20)}`);

/** The venue as one whose base layer is open. */
function withBaseLayer(venue: VenueService): VenueService {
  const layer = {
    kind: 'memory' as const,
    chainId: 31337n,
    contract: CONTRACT,
    registry: REGISTRY,
    shard: SHARD,
    rpcUrl: undefined,
    tokens: TOKENS,
    setup: '',
  };
  return new Proxy(venue, {
    get: (target, name) => {
      if (name === 'settlement') return () => ({ ...target.settlement(), layer });
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

describe('withdrawals and deposits', () => {
  let world: GatewayWorld;
  let orderNonce = 0n;

  before(async () => {
    world = await GatewayWorld.open({ around: withBaseLayer, parameters: { batchIntervalMs: 20 } });
  });
  after(() => world.close());

  const wish = (terms: Partial<Withdrawal> = {}): Withdrawal => {
    orderNonce += 1n;
    const owner = world.account('alice').account;
    const expiresAtMs = Date.now() + 3_600_000;
    const own = { owner, to: owner, shard: SHARD, orderNonce, expiresAtMs };
    return { ...own, assetId: assetId(0), units: amount(2_500_000n), ...terms };
  };
  const codeOf = async (withdrawal: Withdrawal): Promise<string> => {
    const result = await world.client('alice').requestWithdrawal(withdrawal);
    return result.ok ? 'accepted' : result.rejection.code;
  };

  test('a withdrawal is debited at once, is sent once, and shows its way', async () => {
    const client = world.client('alice');
    const { account } = world.account('alice');
    const usd = async (): Promise<string | undefined> => {
      const { levels } = unwrap(await client.readAccount(account));
      return levels[0]?.balances?.find(({ symbol }) => symbol === 'USD')?.available;
    };
    const had = Number(await usd());
    const withdrawal = wish();
    const first = unwrap(await client.requestWithdrawal(withdrawal));
    const second = unwrap(await client.requestWithdrawal(withdrawal));
    assert.deepEqual([first.repeated, second.repeated], [false, true]);
    assert.deepEqual(second, { ...first, repeated: true });
    assert.equal(Number(await usd()), had - 2.5);
    const { withdrawals } = unwrap(await client.listWithdrawals(account));
    const shown = at(withdrawals, 0);
    assert.deepEqual(
      [shown.withdrawalId, shown.symbol, shown.amount, shown.status],
      [first.withdrawalId, 'USD', '2.500000', 'pending'],
    );

    unwrap(await client.placeOrder({ pay: 'USD', receive: 'EUR', amount: '100' }));
    await world.clearBatch();
    const later = at(unwrap(await client.listWithdrawals(account)).withdrawals, 0);
    assert.deepEqual(
      [later.status, later.marketId, typeof later.epochNumber],
      ['inEpoch', MARKET_ID, 'number'],
    );
  });

  test('a withdrawal that comes back says why', async () => {
    const { account: owner } = world.account('alice');
    unwrap(await world.client('alice').requestWithdrawal(wish()));
    const noticed = await world.venue.execute({ kind: 'noticeExit', owner, dueBlock: 5n });
    assert.ok(noticed.ok);
    const { withdrawals } = unwrap(await world.client('alice').listWithdrawals(owner));
    const shown = at(withdrawals, 0);
    assert.deepEqual([shown.status, shown.returnedBecause], ['returned', 'ownerIsExiting']);
    assert.equal(await codeOf(wish()), 'ownerIsExiting');
    assert.ok((await world.venue.execute({ kind: 'withdrawExit', owner })).ok);
  });

  test('refuses what the contract would refuse, before it is sequenced', async () => {
    assert.equal(await codeOf(wish({ shard: SHARD + 1 })), 'shardMismatch');
    assert.equal(await codeOf(wish({ assetId: assetId(3) })), 'assetUnknown');
    assert.equal(await codeOf(wish({ owner: world.account('bob').account })), 'signatureInvalid');
    assert.equal(
      await codeOf(wish({ expiresAtMs: Date.now() + 1000 })),
      'withdrawalExpiresTooSoon',
    );
  });

  test('refuses to pay whom nobody can claim for', async () => {
    for (const to of [CONTRACT, REGISTRY, ...TOKENS, `0x${'00'.repeat(20)}`]) {
      assert.equal(await codeOf(wish({ to: accountId(to.toLowerCase()) })), 'recipientInvalid', to);
    }
  });

  test('registers no asset whose token the base layer does not know', async () => {
    const asset = { symbol: 'NEW', decimals: 6 };
    const refused = await world.operate('POST', '/v1/assets', asset);
    const { code } = refused.body['rejection'] as { readonly code: string };
    assert.deepEqual([refused.status, code], [409, 'notSettleable']);
    // It stays with the venue, and no base layer has to know it.
    const own = await world.operate('POST', '/v1/assets', { ...asset, settles: false });
    assert.equal(own.status, 200);
  });

  test('no session takes money out, not even one with the scope', async () => {
    const session = await world.sessionClient('alice', ['read', 'trade', 'withdraw']);
    const refused = await session.requestWithdrawal(wish());
    assert.ok(!refused.ok && refused.rejection.code === 'unauthenticated');
  });

  test('lists deposits from new to old, page by page', async () => {
    const { account } = world.account('bob');
    for (const depositNumber of [1, 2, 3]) {
      const units = amount(BigInt(depositNumber) * 1_000_000n);
      const input = { kind: 'deposit' as const, depositNumber, account, assetId: assetId(0) };
      assert.ok((await world.venue.execute({ ...input, amount: units })).ok);
    }
    const client = world.client('bob');
    const first = unwrap(await client.listDeposits(account, { limit: 2 }));
    const rest = unwrap(await client.listDeposits(account, { before: first.nextBefore ?? 0 }));
    const numbers = [...first.deposits, ...rest.deposits].map(({ depositNumber }) => depositNumber);
    assert.deepEqual(numbers, [3, 2, 1]);
    assert.deepEqual(
      first.deposits.map(({ symbol, amount: units }) => [symbol, units]),
      [
        ['USD', '3.000000'],
        ['USD', '2.000000'],
      ],
    );
    const { deposits } = unwrap(await client.listDeposits(world.account('alice').account));
    assert.deepEqual(deposits, []);
  });
});

test('a venue without a base layer says so', async (t) => {
  const world = await GatewayWorld.open();
  t.after(() => world.close());
  const { account: owner } = world.account('alice');
  const terms = { owner, to: owner, shard: SHARD, assetId: assetId(0), units: amount(1n) };
  const withdrawal = { ...terms, orderNonce: 1n, expiresAtMs: Date.now() + 3_600_000 };
  const refused = await world.client('alice').requestWithdrawal(withdrawal);
  assert.ok(!refused.ok && refused.rejection.code === 'notConfigured');
});
