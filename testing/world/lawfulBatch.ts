/**
 * Lawful batch transitions with real keys, built without the engine: prices come from the naive
 * clearing, everything else is written out here. For tests of laws, codecs, bundles and circuits.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Hash } from '../../packages/exchange/src/codec/hash.ts';
import { hashFromBytes, ZERO_HASH } from '../../packages/exchange/src/codec/hash.ts';
import { at, invariant } from '../../packages/exchange/src/failures/invariant.ts';
import type { AccountId } from '../../packages/exchange/src/ledger/account.ts';
import {
  accountId,
  SystemRole,
  systemAccount,
} from '../../packages/exchange/src/ledger/account.ts';
import { orderSetRoot } from '../../packages/exchange/src/markets/batch/orderSet.ts';
import { OrderTable } from '../../packages/exchange/src/markets/batch/orderTable.ts';
import type { BatchParameters } from '../../packages/exchange/src/markets/batch/parameters.ts';
import { RATION_SCALE } from '../../packages/exchange/src/markets/batch/parameters.ts';
import type { BatchSolution } from '../../packages/exchange/src/markets/batch/solution.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import type { AuthorisedOrder, BatchOrder } from '../../packages/exchange/src/orders/batchOrder.ts';
import type { Commitment } from '../../packages/exchange/src/orders/commitment.ts';
import { commitmentHash } from '../../packages/exchange/src/orders/commitment.ts';
import { EMPTY_WINDOW } from '../../packages/exchange/src/orders/orderNonces.ts';
import { addressOfSecret, signDigest } from '../../packages/exchange/src/orders/signature.ts';
import type {
  AuthorisedGrant,
  SessionGrant,
} from '../../packages/exchange/src/orders/signedTypes.ts';
import { NO_DELEGATE, Scope, Signing } from '../../packages/exchange/src/orders/signedTypes.ts';
import type { VenueDomain } from '../../packages/exchange/src/orders/typedData.ts';
import type { BatchTransition, VaultSheet } from '../../packages/exchange/src/transition.ts';
import type { NaiveBatch, NaivePoint } from '../reference/naiveClearing.ts';
import { naiveClearing, naiveFills } from '../reference/naiveClearing.ts';
import type { Admitted } from './assembleBatch.ts';
import { assemble, reassemble } from './assembleBatch.ts';
import { demoProblem } from './batchMarkets.ts';

/** A trader of the test world: the same key for the same number, always. */
export interface Trader {
  readonly account: AccountId;
  readonly secretKey: Uint8Array;
}

const TRADERS = new Map<number, Trader>();

/** The trader of a number. */
export function trader(n: number): Trader {
  const known = TRADERS.get(n);
  if (known !== undefined) return known;
  const secretKey = sha256(utf8ToBytes(`lawbook test trader ${n}`));
  const made = { account: addressOfSecret(secretKey), secretKey };
  TRADERS.set(n, made);
  return made;
}

/** The venue of the test world. */
export const TEST_DOMAIN: VenueDomain = {
  chainId: 31337n,
  address: accountId(`0x${'1a'.repeat(20)}`),
};

/** When batches of the test world close, unless told otherwise. */
export const CLOSED_AT_MS = 1_750_000_000_000;

/** How an order of the test world is authorised. */
export type AuthorisedBy = 'owner' | 'delegate' | 'session';

/** One order of a batch, by trader number. */
export interface OrderSpec {
  readonly trader: number;
  readonly pay: number;
  readonly receive: number;
  readonly budget: bigint;
  /** Least product units per pay unit; none is a market order. */
  readonly limit?: readonly [numerator: bigint, denominator: bigint];
  readonly minFillPpm?: number;
  readonly authorisedBy?: AuthorisedBy;
  readonly ending?: 'canceled' | 'expired';
  readonly orderNonce?: bigint;
}

/** A batch to be cleared lawfully. */
export interface BatchSpec {
  readonly parameters: BatchParameters;
  readonly mids: readonly bigint[];
  readonly orders: readonly OrderSpec[];
  /** Pool before, ledger units; the targets by default. */
  readonly inventory?: readonly bigint[];
  readonly batchNumber?: number;
  readonly parentReportHash?: Hash;
  /** Traders whose commitment stays hidden; with commit-reveal admission only. */
  readonly silent?: readonly number[];
  /** Ends the batch without trade. */
  readonly haltReason?: string;
  /** False leaves zeros for signatures behind a well-formed last byte: for `admitted` only. */
  readonly signed?: boolean;
}

/** A market of the first `assets` assets of the demo world, shallow enough for prices to move. */
export function worldParameters(
  assets: number,
  overrides: Partial<BatchParameters> = {},
): BatchParameters {
  const { parameters } = demoProblem({}, 1e-5);
  const n = parameters.assets.length - 1;
  return {
    ...parameters,
    assets: parameters.assets.slice(0, assets).map((asset, i) => ({
      ...asset,
      decimals: i === 2 ? 4 : 6,
      target: amount(i === 2 ? asset.target / 100n : asset.target),
      inventoryMin: amount(i === 2 ? asset.inventoryMin / 100n : asset.inventoryMin),
      inventoryMax: amount(i === 2 ? asset.inventoryMax / 100n : asset.inventoryMax),
    })),
    scaledCovariance: parameters.scaledCovariance.filter(
      (_, k) => k % n < assets - 1 && (k - (k % n)) / n < assets - 1,
    ),
    ...overrides,
  };
}

/** Mids of the first `assets` assets of the demo world. */
export function worldMids(assets: number): readonly bigint[] {
  return demoProblem().oracle.mids.slice(0, assets);
}

/** Clears a spec naively; undefined where the naive method finds no clearing. */
export function lawfulBatch(spec: BatchSpec): BatchTransition | undefined {
  const admitted = admit(spec);
  const batch = naiveBatch(spec);
  const point = spec.haltReason === undefined ? naiveClearing(batch) : midPoint(batch);
  if (point === undefined) return undefined;
  const halted = spec.haltReason !== undefined;
  const none = spec.orders.map(() => 0n);
  const fills = halted
    ? { paid: none, received: none }
    : naiveFills(batch, point, { minimums: true });
  return assemble({
    ...admitted,
    outcome: halted ? { kind: 'halted', reason: spec.haltReason ?? '' } : { kind: 'cleared' },
    solution: {
      prices: point.prices as never,
      payFactors: point.payFactors,
      receiveFactors: point.receiveFactors,
      blocked: [...point.blocked].sort((a, b) => a - b),
      iterations: 1,
      stepNormE12: 0n,
    },
    fills: {
      paid: BigUint64Array.from(fills.paid),
      received: BigUint64Array.from(fills.received),
    },
  });
}

/** `lawfulBatch` of a spec that is known to clear. */
export function clearedBatch(spec: BatchSpec): BatchTransition {
  const transition = lawfulBatch(spec);
  invariant(transition !== undefined, 'the naive method clears this spec');
  return transition;
}

/** The rules' fills at other prices, factors or blocks, as if they had cleared the batch. */
export function refilled(
  transition: BatchTransition,
  changes: Partial<BatchSolution>,
): BatchTransition {
  const solution = { ...transition.solution, ...changes };
  const { parameters, oracle, orders } = transition;
  const rows = Array.from({ length: orders.count }, (_, row) => row);
  const batch: NaiveBatch = {
    parameters,
    oracle,
    inventory: transition.report.poolBefore,
    orders: rows.map((row) => ({ ...orders.order(row), active: orders.canceled[row] === 0 })),
  };
  const point: NaivePoint = {
    prices: [...solution.prices],
    payFactors: [...solution.payFactors],
    receiveFactors: [...solution.receiveFactors],
    blocked: new Set(solution.blocked),
  };
  const { paid, received } = naiveFills(batch, point, { minimums: true });
  const fills = { paid: BigUint64Array.from(paid), received: BigUint64Array.from(received) };
  return reassemble(transition, { solution, fills });
}

function midPoint(batch: NaiveBatch): NaivePoint {
  const ones = batch.parameters.assets.map(() => RATION_SCALE);
  const prices = [...batch.oracle.mids];
  return { prices, payFactors: ones, receiveFactors: ones, blocked: new Set() };
}

/** The naive problem of a spec. */
export function naiveBatch(spec: BatchSpec): NaiveBatch {
  return {
    parameters: spec.parameters,
    oracle: oracleOf(spec),
    inventory: inventoryOf(spec),
    orders: spec.orders.map((order) => ({
      active: order.ending === undefined,
      pay: order.pay,
      receive: order.receive,
      budget: order.budget,
      limitNumerator: order.limit?.[0] ?? 0n,
      limitDenominator: order.limit?.[1] ?? 1n,
      minFillPpm: order.minFillPpm ?? 0,
    })),
  };
}

function oracleOf(spec: BatchSpec): BatchTransition['oracle'] {
  return {
    mids: spec.mids as BatchTransition['oracle']['mids'],
    observedAtMs: CLOSED_AT_MS - 200,
    source: 'test world',
  };
}

function inventoryOf(spec: BatchSpec): readonly bigint[] {
  return spec.inventory ?? spec.parameters.assets.map(({ target }) => target);
}

function admit(spec: BatchSpec): Admitted {
  const signing = new Signing(TEST_DOMAIN);
  const batchNumber = spec.batchNumber ?? 1;
  const grants = grantsOf(spec, signing);
  const orders = new OrderTable(spec.parameters.marketId);
  const cancellations: { row: number; authorisation: Uint8Array }[] = [];
  spec.orders.forEach((order, row) => {
    const entry = authorise(spec, { order, row, signing, grants });
    orders.append(entry);
    if (order.ending === undefined) return;
    orders.cancel(row);
    if (order.ending === 'expired') return;
    const digest = signing.cancelDigest(entry.order.owner, entry.orderId);
    const authorisation = sign(spec, trader(order.trader), digest);
    cancellations.push({ row, authorisation });
  });
  const commitments = commitmentsOf(spec, orders, batchNumber);
  const accounts = [
    ...new Set([...orders.owners, ...commitments.map(({ owner }) => owner)]),
    systemAccount(SystemRole.pool, spec.parameters.marketId),
    systemAccount(SystemRole.fees, spec.parameters.marketId),
  ];
  return {
    kind: 'batch',
    domain: TEST_DOMAIN,
    parameters: spec.parameters,
    batchNumber,
    parentReportHash: spec.parentReportHash ?? ZERO_HASH,
    closedAtMs: CLOSED_AT_MS,
    oracle: oracleOf(spec),
    orders,
    admittedRoot: orderSetRoot(orders),
    cancellations,
    grants,
    commitments,
    nonceWindows: orders.owners.map(() => EMPTY_WINDOW),
    before: sheetBefore(spec, accounts),
  };
}

/** Every trader holds twice the largest budget of each asset's orders together. */
function sheetBefore(spec: BatchSpec, accounts: readonly AccountId[]): VaultSheet {
  const width = spec.parameters.assets.length;
  const balances = new BigInt64Array(accounts.length * width);
  const wealth = spec.parameters.assets.map((_, i) =>
    spec.orders.reduce((sum, order) => (order.pay === i ? sum + 2n * order.budget : sum), 1_000n),
  );
  wealth[0] = at(wealth, 0) + 4n * spec.parameters.bond;
  const inventory = inventoryOf(spec);
  accounts.forEach((_, row) => {
    for (let i = 0; i < width; i += 1) {
      const isPool = row === accounts.length - 2;
      const isFees = row === accounts.length - 1;
      balances[row * width + i] = isPool ? at(inventory, i) : isFees ? 5n : at(wealth, i);
    }
  });
  return { accounts, balances };
}

function sign(spec: BatchSpec, signer: Trader, digest: Uint8Array): Uint8Array {
  if (spec.signed !== false) return signDigest(digest, signer.secretKey);
  const placeholder = new Uint8Array(65);
  placeholder[64] = 27;
  return placeholder;
}

/** The key to which trader n delegates. */
export function delegateOf(n: number): Trader {
  return trader(1000 + n);
}

/** A grant of trader n, signed by it. */
export function signedGrant(n: number, changes: Partial<SessionGrant> = {}): AuthorisedGrant {
  const grant = {
    owner: trader(n).account,
    delegate: NO_DELEGATE,
    scopes: Scope.read | Scope.trade,
    expiresAtMs: CLOSED_AT_MS + 3_600_000,
    orderNonce: 1n,
    ...changes,
  };
  const digest = new Signing(TEST_DOMAIN).grantDigest(grant);
  const signature = signDigest(digest, trader(n).secretKey);
  return { grant, grantId: hashFromBytes(digest), signature };
}

function grantsOf(spec: BatchSpec, signing: Signing): AuthorisedGrant[] {
  const wanted = new Map<string, { readonly n: number; readonly delegate: AccountId }>();
  for (const { trader: n, authorisedBy } of spec.orders) {
    if (authorisedBy === 'delegate') wanted.set(`d${n}`, { n, delegate: delegateOf(n).account });
    if (authorisedBy === 'session') wanted.set(`s${n}`, { n, delegate: NO_DELEGATE });
  }
  return [...wanted.values()].map(({ n, delegate }) => {
    const grant = {
      owner: trader(n).account,
      delegate,
      scopes: Scope.read | Scope.trade,
      expiresAtMs: CLOSED_AT_MS + 3_600_000,
      orderNonce: 1n,
    };
    const digest = signing.grantDigest(grant);
    return { grant, grantId: hashFromBytes(digest), signature: sign(spec, trader(n), digest) };
  });
}

function authorise(
  spec: BatchSpec,
  at: {
    readonly order: OrderSpec;
    readonly row: number;
    readonly signing: Signing;
    readonly grants: readonly AuthorisedGrant[];
  },
): AuthorisedOrder {
  const { order: wish, row, signing } = at;
  const owner = trader(wish.trader);
  const order: BatchOrder = {
    owner: owner.account,
    marketId: spec.parameters.marketId,
    pay: wish.pay,
    receive: wish.receive,
    budget: amount(wish.budget),
    limitNumerator: wish.limit?.[0] ?? 0n,
    limitDenominator: wish.limit?.[1] ?? 1n,
    minFillPpm: wish.minFillPpm ?? 0,
    orderNonce: wish.orderNonce ?? BigInt(row + 1),
    expiresAtMs: wish.ending === 'expired' ? CLOSED_AT_MS : CLOSED_AT_MS + 60_000,
  };
  const digest = signing.orderDigest(order);
  const orderId = hashFromBytes(digest);
  if (wish.authorisedBy !== 'session') {
    const signer = wish.authorisedBy === 'delegate' ? delegateOf(wish.trader) : owner;
    return { order, orderId, authorisation: sign(spec, signer, digest) };
  }
  const session = at.grants.find(
    ({ grant }) => grant.owner === owner.account && grant.delegate === NO_DELEGATE,
  );
  const authorisation = new Uint8Array(65);
  authorisation.set(hexBytes(session?.grantId ?? ZERO_HASH));
  return { order, orderId, authorisation };
}

function hexBytes(hash: Hash): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, k) =>
    Number.parseInt(hash.slice(2 + 2 * k, 4 + 2 * k), 16),
  );
}

function commitmentsOf(
  spec: BatchSpec,
  orders: OrderTable,
  batchNumber: number,
): BatchTransition['commitments'] {
  if (spec.parameters.admission === 'open') return [];
  const signing = new Signing(TEST_DOMAIN);
  const signed = (n: number, commitment: Hash): Commitment => {
    const owner = trader(n).account;
    const { marketId } = spec.parameters;
    const digest = signing.commitDigest({ owner, marketId, batchNumber, commitment });
    return { owner, commitment, authorisation: sign(spec, trader(n), digest) };
  };
  const hidden = (spec.silent ?? []).map((n, k) =>
    signed(n, hashFromBytes(sha256(utf8ToBytes(`silent ${n} ${k}`)))),
  );
  const revealed = spec.orders.map(({ trader: n }, row) => {
    const order = orders.order(row);
    const salt = sha256(utf8ToBytes(`salt ${row}`));
    const commitment = commitmentHash({ batchNumber, order, salt });
    return { ...signed(n, commitment), reveal: { row, salt } };
  });
  return [...hidden, ...revealed];
}
