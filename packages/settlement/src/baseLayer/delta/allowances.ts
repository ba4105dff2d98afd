import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import { amount } from '@lawbook/exchange/numbers/amount';
import { encodeOrder } from '@lawbook/exchange/orders/orderCodec';
import type { DiffList, ListOrder, OrderRow } from '@lawbook/proofs/statements/epoch/diffList';
import { VENUE_ROWS } from '@lawbook/proofs/statements/epoch/diffList';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { Submission } from '../submission.ts';
import type { AllowanceMessage } from './allowanceMessage.ts';
import { parseBase58, parseDeltaKey } from './deltaKey.ts';
import { deltaRefusal } from './deltaRefusal.ts';
import type {
  AllowancePayload,
  ExecutedAllowance,
  SignedDebitAllowance,
  VaultDiff,
} from './deltaWire.ts';
import { deltaAddress, I64_MAX, U64_MAX } from './deltaWire.ts';
import { encodeHead, headOf } from './lawInput.ts';

/** How a market of the venue looks on Delta. */
export interface DeltaMarket {
  readonly shard: number;
  readonly marketId: number;
  /** The assets of the market in the order of its columns, with their tokens. */
  readonly columns: readonly { readonly assetId: number; readonly token: string }[];
}

/** Who an owner is on Delta; both in base58. The id is the key itself, unless configured else. */
export interface DeltaOwner {
  readonly ownerId: string;
  readonly publicKey: string;
}

/** Owners' keys. The venue's own accounts (pool and fees of the market) are registered too. */
export interface OwnerKeys {
  ownerOf(account: AccountId): DeltaOwner | undefined;
}

/** What a domain says of a vault before the list. */
export interface VaultView {
  readonly nextNonce: bigint;
  readonly balances: ReadonlyMap<string, bigint>;
}

/** What an epoch is planned from besides its list. */
export interface PlanFacts {
  readonly market: DeltaMarket;
  readonly keys: OwnerKeys;
  /** By row of the order book. */
  readonly allowances: readonly (SignedDebitAllowance | undefined)[];
  /** By owner id; a vault that is missing is empty and has used no nonce. */
  readonly views: ReadonlyMap<string, VaultView>;
  readonly messageOf: AllowanceMessage;
}

/** An allowance of the pool that waits for its signature. */
export interface Payout {
  readonly payload: AllowancePayload;
  readonly diffs: readonly VaultDiff[];
}

/** An epoch as Delta takes it: users' debits first, then what the pool pays. */
export interface EpochPlan {
  readonly debits: readonly ExecutedAllowance[];
  /** Never empty: the first nonce of the pool tells whether a plan was applied. */
  readonly payouts: readonly Payout[];
  readonly pool: DeltaOwner;
  readonly firstPoolNonce: bigint;
}

/**
 * Maps a settled epoch to allowances, and refuses by name what the global laws of Delta would
 * refuse, before anything is sent.
 *
 * A vault that loses units of an asset is debited under its own orders' allowances, each within
 * what its order paid; a vault that gains them is credited under an allowance of the pool. What an
 * owner both pays and receives of one asset is netted, as in the list. Allowances of orders that
 * pay nothing are sent without changes, so that the owner's later nonces stay the next ones.
 *
 * @throws DeltaRefusal
 */
export function planEpoch(submission: Submission, facts: PlanFacts): EpochPlan {
  return new Planner(submission, facts).plan();
}

/**
 * The vaults of the venue (pool, fees) and of these owners, in the order of a list's rows.
 * @throws DeltaRefusal OwnerHasNoKey, OwnerKeyIsShared
 */
export function ownersOf(
  owners: readonly AccountId[],
  { marketId }: DeltaMarket,
  keys: OwnerKeys,
): readonly DeltaOwner[] {
  const accounts = [
    systemAccount(SystemRole.pool, marketId),
    systemAccount(SystemRole.fees, marketId),
    ...owners,
  ];
  const seen = new Set<string>();
  return accounts.map((account) => {
    const owner = keys.ownerOf(account);
    const isKey = (text: string): boolean => parseDeltaKey(text) !== undefined;
    if (owner === undefined || !isKey(owner.ownerId) || !isKey(owner.publicKey)) {
      throw deltaRefusal('OwnerHasNoKey', [account]);
    }
    if (seen.has(owner.ownerId)) throw deltaRefusal('OwnerKeyIsShared', [account]);
    seen.add(owner.ownerId);
    return owner;
  });
}

/** The auxiliary bytes of an order's allowance: the order in the exchange's canonical encoding. */
export function orderAuxiliary(order: ListOrder): Uint8Array {
  const { product: receive, budget, expiresAtMs, ...rest } = order;
  const terms = { ...rest, receive, budget: amount(budget), expiresAtMs: Number(expiresAtMs) };
  return encodeOrder(terms);
}

const POOL_ROW = 0;
const FEES_ROW = 1;

class Planner {
  readonly #submission: Submission;
  readonly #facts: PlanFacts;
  readonly #owners: readonly DeltaOwner[];
  readonly #shard: bigint;
  /** Changes by vault row and column. */
  readonly #changes: readonly (readonly bigint[])[];

  constructor(submission: Submission, facts: PlanFacts) {
    const { list } = submission;
    const { market, keys } = facts;
    this.#submission = submission;
    this.#facts = facts;
    if (list.shard !== market.shard || list.marketId !== market.marketId) {
      throw deltaRefusal('MarketOfAnotherShard', [list.marketId, list.shard]);
    }
    if (list.withdrawals.length > 0) {
      throw deltaRefusal('WithdrawalsAreNotCarried', [list.withdrawals.length]);
    }
    this.#shard = BigInt(market.shard);
    this.#owners = ownersOf(list.owners, market, keys);
    this.#changes = unpackChanges(list, market.columns.length);
  }

  plan(): EpochPlan {
    this.#checkChanges();
    const debits = this.#debits();
    const payouts = this.#payouts();
    const pool = at(this.#owners, POOL_ROW);
    return { debits, payouts, pool, firstPoolNonce: this.#view(POOL_ROW).nextNonce };
  }

  /** Conservation, solvency and ranges: what Delta asks of every list, whoever signed it. */
  #checkChanges(): void {
    const { columns } = this.#facts.market;
    for (const [column, { assetId, token }] of columns.entries()) {
      let sum = 0n;
      for (const [row, changes] of this.#changes.entries()) {
        const change = at(changes, column);
        sum += change;
        // Minus 2^63 fits the list, but not the credit of the pool that answers it.
        if (change < -I64_MAX) throw deltaRefusal('AmountOutOfRange', [change]);
        const after = (this.#view(row).balances.get(token) ?? 0n) + change;
        if (after < 0n) throw deltaRefusal('VaultsAreSolvent', [this.#account(row), assetId]);
        if (after > U64_MAX) throw deltaRefusal('AmountOutOfRange', [after]);
        const isFeePaid = row === FEES_ROW && change < 0n;
        if (isFeePaid)
          throw deltaRefusal('DiffsMatchFills', [this.#account(row), column, change, 0]);
      }
      if (sum !== 0n) throw deltaRefusal('AssetsAreConserved', [column, sum]);
    }
  }

  /** Every order's allowance, by owner and nonce, with what is taken under it. */
  #debits(): readonly ExecutedAllowance[] {
    const { rows } = this.#submission.book;
    const open = this.#changes.map((row) => row.map((change) => (change < 0n ? -change : 0n)));
    const sorted = [...rows.entries()].map(([index, row]) => ({
      row,
      index,
      allowance: this.#allowanceOf(row, index),
    }));
    sorted.sort((a, b) => compare(a.row.vault, b.row.vault) || compareNonces(a, b));
    const executed: ExecutedAllowance[] = [];
    const nextNonces = new Map<number, bigint>();
    for (const { row, index, allowance } of sorted) {
      if (allowance === undefined) continue;
      const next = nextNonces.get(row.vault) ?? this.#view(row.vault).nextNonce;
      this.#checkNonce(allowance, row, next);
      nextNonces.set(row.vault, next + 1n);
      executed.push({ allowance, diffs: this.#take(row, index, open) });
    }
    this.#checkCovered(open);
    return executed;
  }

  #allowanceOf(row: OrderRow, index: number): SignedDebitAllowance | undefined {
    const { order, vault, isVoid, paid } = row;
    const account = this.#submission.list.owners[vault - VENUE_ROWS];
    if (account !== order.owner) throw deltaRefusal('VaultOfAnotherOwner', [index, order.owner]);
    if (order.marketId !== this.#facts.market.marketId) {
      throw deltaRefusal('OrderOfAnotherMarket', [index, order.marketId]);
    }
    if (paid > order.budget || (isVoid && paid !== 0n)) {
      throw deltaRefusal('LimitsAreRespected', [index, paid, order.budget]);
    }
    if (order.budget > I64_MAX) throw deltaRefusal('AmountOutOfRange', [order.budget]);
    const allowance = this.#facts.allowances[index];
    if (allowance !== undefined) this.#checkAllowance(allowance, row, index);
    // A void row takes no part. Its allowance is used up all the same where there is one.
    if (allowance === undefined && !isVoid) {
      const told = `Row ${index}, order nonce ${order.orderNonce}.`;
      throw deltaRefusal('OrderHasNoAllowance', [index, order.owner, order.orderNonce], told);
    }
    return allowance;
  }

  /** The allowance says what the order says, and its owner signed it. */
  #checkAllowance(signed: SignedDebitAllowance, row: OrderRow, index: number): void {
    const { order } = row;
    const { content, auxiliary } = signed.payload;
    const owner = at(this.#owners, row.vault);
    const wrong = (field: string): Error =>
      deltaRefusal('AllowanceIsAnother', [index, order.owner, field], `Row ${index}: ${field}.`);
    const token = this.#facts.market.columns[order.pay]?.token;
    if (token === undefined) throw deltaRefusal('AssetUnknown', [order.pay]);
    if (content.debitedShard !== this.#shard) throw wrong('debited_shard');
    if (content.credited !== this.#address(POOL_ROW)) throw wrong('credited');
    const isBudget =
      content.allowances.size === 1 && content.allowances.get(token) === order.budget;
    if (!isBudget) throw wrong('allowances');
    if (content.newNonce < 0n || content.newNonce > U64_MAX) throw wrong('new_nonce');
    if (!sameBytes(auxiliary, orderAuxiliary(order))) throw wrong('auxiliary');
    if (signed.publicKey !== owner.publicKey) throw wrong('pub_key');
    if (!isSigned(signed, this.#facts.messageOf)) {
      throw deltaRefusal('SpendsAreAuthorised', [index, order.owner]);
    }
  }

  #checkNonce({ payload }: SignedDebitAllowance, { order, vault }: OrderRow, next: bigint): void {
    const { newNonce } = payload.content;
    if (newNonce < this.#view(vault).nextNonce) {
      throw deltaRefusal('OrderNonceReplayed', [order.owner, newNonce]);
    }
    if (newNonce !== next) throw deltaRefusal('ChainNonceIsNotNext', [order.owner, next, newNonce]);
  }

  /** Takes from the vault under one order as much as is still to take, and no more than it paid. */
  #take(row: OrderRow, index: number, open: readonly bigint[][]): readonly VaultDiff[] {
    const { order, vault, paid } = row;
    const column = order.pay;
    const wanted = at(at(open, vault), column);
    let taken = wanted;
    if (taken > paid) taken = paid;
    if (taken === 0n) return [];
    if (taken > I64_MAX) throw deltaRefusal('AmountOutOfRange', [taken], `Row ${index}.`);
    at(open, vault)[column] = wanted - taken;
    const { token } = at(this.#facts.market.columns, column);
    return [
      { address: this.#address(vault), changes: new Map([[token, -taken]]) },
      { address: this.#address(POOL_ROW), changes: new Map([[token, taken]]) },
    ];
  }

  #checkCovered(open: readonly (readonly bigint[])[]): void {
    for (const [row, columns] of open.entries()) {
      if (row === POOL_ROW) continue;
      for (const [column, left] of columns.entries()) {
        if (left === 0n) continue;
        const change = at(at(this.#changes, row), column);
        const paid = -change - left;
        throw deltaRefusal('DiffsMatchFills', [this.#account(row), column, change, paid]);
      }
    }
  }

  /** One allowance of the pool by vault that gains, in the order of the rows. */
  #payouts(): readonly Payout[] {
    const auxiliary = encodeHead(headOf(this.#submission));
    const first = this.#view(POOL_ROW).nextNonce;
    const payouts: Payout[] = [];
    const pay = (row: number, units: ReadonlyMap<string, bigint>): void => {
      const newNonce = first + BigInt(payouts.length);
      const credited = this.#address(row);
      const content = { allowances: units, credited, debitedShard: this.#shard, newNonce };
      const taken = new Map([...units].map(([token, gained]) => [token, -gained]));
      const diffs = [
        { address: this.#address(POOL_ROW), changes: taken },
        { address: credited, changes: units },
      ];
      payouts.push({ payload: { content, auxiliary }, diffs: units.size === 0 ? [] : diffs });
    };
    for (const row of this.#changes.keys()) {
      if (row === POOL_ROW) continue;
      const units = this.#gains(row);
      if (units.size > 0) pay(row, units);
    }
    // An epoch without gains still takes its place in the chain of lists, under a nonce.
    if (payouts.length === 0) pay(FEES_ROW, new Map());
    return payouts;
  }

  #gains(row: number): ReadonlyMap<string, bigint> {
    const units = new Map<string, bigint>();
    for (const [column, { token }] of this.#facts.market.columns.entries()) {
      const change = at(at(this.#changes, row), column);
      if (change > 0n) units.set(token, change);
    }
    return units;
  }

  #view(row: number): VaultView {
    return this.#facts.views.get(at(this.#owners, row).ownerId) ?? EMPTY_VAULT;
  }

  #address(row: number): ReturnType<typeof deltaAddress> {
    return deltaAddress(at(this.#owners, row).ownerId, this.#shard);
  }

  #account(row: number): AccountId {
    const { owners } = this.#submission.list;
    const role = row === POOL_ROW ? SystemRole.pool : SystemRole.fees;
    return owners[row - VENUE_ROWS] ?? systemAccount(role, this.#facts.market.marketId);
  }
}

/** Vaults that Delta has never seen: their first nonce is one. */
const EMPTY_VAULT: VaultView = { nextNonce: 1n, balances: new Map() };

/** Words of three limbs of 64 bits, the first column lowest, as signed changes. */
function unpackChanges(list: DiffList, columns: number): readonly (readonly bigint[])[] {
  const rows = list.owners.length + VENUE_ROWS;
  const wordsPerRow = Math.floor(list.changes.length / rows);
  if (wordsPerRow * rows !== list.changes.length || 3 * wordsPerRow < columns) {
    throw deltaRefusal('WordsAreMalformed', [list.changes.length]);
  }
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: 3 * wordsPerRow }, (_column, column) => {
      const word = at(list.changes, row * wordsPerRow + Math.floor(column / 3));
      const change = BigInt.asIntN(64, word >> BigInt(64 * (column % 3)));
      if (word < 0n || word >> 192n !== 0n || (column >= columns && change !== 0n)) {
        throw deltaRefusal('WordsAreMalformed', [row * wordsPerRow + Math.floor(column / 3)]);
      }
      return change;
    }).slice(0, columns),
  );
}

function isSigned(signed: SignedDebitAllowance, messageOf: AllowanceMessage): boolean {
  const publicKey = parseDeltaKey(signed.publicKey);
  const signature = parseBase58(signed.signature, 64);
  if (publicKey === undefined || signature === undefined) return false;
  return ed25519.verify(signature, messageOf(signed.payload), publicKey, { zip215: false });
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

interface Sortable {
  readonly index: number;
  readonly allowance: SignedDebitAllowance | undefined;
}

/** By nonce; rows without one in the order of the book. */
function compareNonces(a: Sortable, b: Sortable): number {
  const [first, second] = [a, b].map(({ allowance }) => allowance?.payload.content.newNonce ?? 0n);
  return compare(first ?? 0n, second ?? 0n) || a.index - b.index;
}

function compare<T extends number | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
