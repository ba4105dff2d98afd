/** Two epochs of the real exchange that hold one of everything that a contract settles. */
import { DEMO_ASSETS, demoTargets } from '@lawbook/analytics/demoWorld';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { Scope } from '@lawbook/exchange/orders/signedTypes';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { BatchTransition } from '@lawbook/exchange/transition';
import type { Person, Terms } from '../../exchange/exchangeBench.ts';
import { ExchangeBench, person } from '../../exchange/exchangeBench.ts';

/** What a vault holds before the first epoch. */
export interface Holding {
  readonly owner: AccountId;
  readonly assetId: number;
  readonly units: bigint;
}

/** The venue's day: the epoch that is attacked, and the lawful one after it. */
export interface TradedEpochs {
  readonly parameters: BatchParameters;
  readonly holdings: readonly Holding[];
  readonly first: EpochBundle;
  readonly second: EpochBundle;
}

export const ALICE: Person = person('alice');
export const BOB: Person = person('bob');
export const CARLA: Person = person('carla');
export const DAVID: Person = person('david');
export const ERIN: Person = person('erin');
/** Trades for Bob under a grant, and for nobody else. */
export const DELEGATE: Person = person('delegate of bob');
/** Trades for Alice under a grant. */
export const OTHER_DELEGATE: Person = person('delegate of alice');
/** Whoever no order of the day is of. */
export const MALLORY: Person = person('mallory');

/** Rows of the first batch, in order of admission. */
export const FIRST = { alice: 0, bobByDelegate: 1, cancelled: 2, expired: 3, minimum: 4 } as const;
/** Rows of the second batch. */
export const SECOND = { basket: 0, backwards: 1, aliceByDelegate: 2, unfilled: 3 } as const;

const PEOPLE: readonly Person[] = [ALICE, BOB, CARLA, DAVID, ERIN];
const START_MS = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const [USD, EUR, GBP, CHF, BASKET] = [0, 1, 3, 4, DEMO_ASSETS.length];
const TOTAL = 1_000_000;

/** Trades a day in the exchange; people sign for the given chain and contract. */
export function tradeEpochs(domain: VenueDomain): TradedEpochs {
  const bench = new ExchangeBench(domain);
  bench.timeMs = START_MS;
  const market = bench.openMarket();
  for (const one of PEOPLE) for (const asset of [USD, EUR]) bench.fund(one, asset, FUNDS);
  const { parameters } = market;
  const pool = systemAccount(SystemRole.pool, parameters.marketId);
  const holdings = [
    ...demoTargets().map((units, assetId) => ({ owner: pool, assetId, units })),
    ...PEOPLE.flatMap(({ account: owner }) =>
      [USD, EUR].map((assetId) => ({ owner, assetId, units: FUNDS })),
    ),
  ];
  openSession(bench, BOB, DELEGATE);
  openSession(bench, ALICE, OTHER_DELEGATE);
  const batches = [firstBatch(bench), secondBatch(bench)];
  const withdrawn = bench.withdraw(ERIN, { to: CARLA.account, units: amount(250_000_000n) });
  invariant(withdrawn.ok, 'Erin has what she takes out');
  const first = sealed(bench, batches);
  submit(bench, ALICE, { receive: CHF, budget: amount(70_000_000n) });
  const second = sealed(bench, [clear(bench)]);
  return { parameters, holdings, first, second };
}

const FUNDS = BigInt(TOTAL) * 1_000_000n;

/** Five owners: a plain order, a delegate's, a cancelled, an expired, one with a minimum fill. */
function firstBatch(bench: ExchangeBench): BatchTransition {
  // Within the ramp of the price that comes: filled in part.
  const limit = { limitNumerator: 9_088_136n, limitDenominator: 10_000_000n };
  submit(bench, ALICE, { receive: EUR, ...limit, budget: amount(1_500_000_000n) });
  submit(bench, BOB, { receive: EUR, budget: amount(900_000_000n) }, DELEGATE);
  const cancelled = submit(bench, CARLA, { receive: GBP, budget: amount(400_000_000n) });
  submit(bench, DAVID, { receive: GBP, budget: amount(80_000_000n), expiresAtMs: START_MS + 500 });
  const minimum = { receive: CHF, minFillPpm: 900_000, expiresAtMs: START_MS + HOUR_MS };
  submit(bench, ERIN, { ...minimum, budget: amount(2_000_000_000n) });
  invariant(bench.cancel(CARLA, cancelled).ok, 'an order that waits can be cancelled');
  return clear(bench);
}

/** A basket, a trade against the others, a delegate's, and a limit that no market meets. */
function secondBatch(bench: ExchangeBench): BatchTransition {
  submit(bench, DAVID, { receive: BASKET, budget: amount(300_000_000n) });
  submit(bench, ERIN, { pay: EUR, receive: USD, budget: amount(600_000_000n) });
  submit(bench, ALICE, { receive: GBP, budget: amount(1_000_000n) }, OTHER_DELEGATE);
  const impossible = { limitNumerator: 2n, limitDenominator: 1n, budget: amount(50_000_000n) };
  submit(bench, CARLA, { receive: EUR, ...impossible });
  return clear(bench);
}

/** Signs and submits an order; its id. */
function submit(bench: ExchangeBench, owner: Person, terms: Terms, signer: Person = owner): Hash {
  const entry = bench.order(owner, { expiresAtMs: START_MS + HOUR_MS / 2, ...terms });
  const digest = bench.signing.orderDigest(entry.order);
  const authorisation = signDigest(digest, signer.secretKey);
  bench.must({ kind: 'submitOrder', entry: { ...entry, authorisation } });
  return entry.orderId;
}

function openSession(bench: ExchangeBench, owner: Person, delegate: Person): void {
  // Sessions and orders share their nonces: an order that is thrown away gives one.
  const { orderNonce } = bench.order(owner).order;
  const grant = {
    owner: owner.account,
    delegate: delegate.account,
    scopes: Scope.read | Scope.trade,
    expiresAtMs: START_MS + HOUR_MS,
    orderNonce,
  };
  const signature = signDigest(bench.signing.grantDigest(grant), owner.secretKey);
  const grantId = bench.signing.grantId(grant);
  bench.must({ kind: 'openSession', grant: { grant, grantId, signature } });
}

/** A second passes, then the batch is cleared by the real solver and judged. */
function clear(bench: ExchangeBench): BatchTransition {
  bench.timeMs += 1000;
  const { transition, verdicts } = bench.clear();
  const isLawful = verdicts.every(({ verdict }) => verdict.kind === 'holds');
  invariant(isLawful, 'the exchange clears batches by the laws');
  return transition;
}

/** Seals the epoch of some batches as the bundle that the venue publishes. */
function sealed(bench: ExchangeBench, batches: readonly BatchTransition[]): EpochBundle {
  const { marketId, epochNumber, parentEpochHash, epochHash, diffs, withdrawals } = bench.seal();
  invariant(at(batches, 0).parameters.marketId === marketId, 'the epoch is of its market');
  return {
    marketId,
    epochNumber,
    parentEpochHash,
    epochHash,
    batches,
    diffs,
    withdrawals: withdrawals.map(({ withdrawal, signature }) => ({ withdrawal, signature })),
    attachments: [],
  };
}
