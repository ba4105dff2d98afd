import { systemEnvironment } from '@lawbook/chains/environment';
import { MemoryStore } from '@lawbook/chains/stores/memoryStore';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { taggedDigest, taggedHash, ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId, SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import type {
  HexAccount,
  HexHash,
  ListOrder,
  OrderRow,
} from '@lawbook/proofs/statements/epoch/diffList';
import type { BaseLayer } from '@lawbook/settlement/baseLayer/baseLayer';
import { borshAllowanceMessage } from '@lawbook/settlement/baseLayer/delta/allowanceMessage';
import type { DeltaMarket, DeltaOwner } from '@lawbook/settlement/baseLayer/delta/allowances';
import { orderAuxiliary } from '@lawbook/settlement/baseLayer/delta/allowances';
import { openDeltaBaseLayer } from '@lawbook/settlement/baseLayer/delta/deltaBaseLayer';
import { DeltaClient } from '@lawbook/settlement/baseLayer/delta/deltaClient';
import { printBase58 } from '@lawbook/settlement/baseLayer/delta/deltaKey';
import { storedDeltaRecords } from '@lawbook/settlement/baseLayer/delta/deltaRecords';
import type {
  AllowancePayload,
  SignedDebitAllowance,
} from '@lawbook/settlement/baseLayer/delta/deltaWire';
import { deltaAddress } from '@lawbook/settlement/baseLayer/delta/deltaWire';
import type { Submission } from '@lawbook/settlement/baseLayer/submission';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { LedgerOptions } from './ledger.ts';
import { DeltaLedger } from './ledger.ts';

export const SHARD = 9;
export const MARKET_ID = 4;
export const POOL: AccountId = systemAccount(SystemRole.pool, MARKET_ID);
export const FEES: AccountId = systemAccount(SystemRole.fees, MARKET_ID);
export const ALICE: HexAccount = accountId(`0x${'a1'.repeat(20)}`) as HexAccount;
export const BOB: HexAccount = accountId(`0x${'b0'.repeat(20)}`) as HexAccount;

const GOLD = `${printBase58(taggedDigest('testing.delta.mint', Uint8Array.of(1)))},${SHARD}`;
const SILVER = `${printBase58(taggedDigest('testing.delta.mint', Uint8Array.of(2)))},${SHARD}`;
export const TOKENS: readonly string[] = [GOLD, SILVER];

export const MARKET: DeltaMarket = {
  shard: SHARD,
  marketId: MARKET_ID,
  columns: [
    { assetId: 3, token: GOLD },
    { assetId: 7, token: SILVER },
  ],
};

/** An order of an epoch in this world, and what came of it. */
export interface WorldRow {
  readonly owner: HexAccount;
  readonly pay: number;
  readonly budget: bigint;
  readonly paid: bigint;
  readonly received: bigint;
  readonly orderNonce: bigint;
  /** Undefined for an order without an allowance. */
  readonly deltaNonce: bigint | undefined;
  readonly isVoid?: boolean;
}

/** An epoch in this world. Changes follow from rows and fee where none are given. */
export interface WorldEpoch {
  readonly number: bigint;
  readonly previousListHash?: Hash;
  readonly rows: readonly WorldRow[];
  /** Taken out of the pool's gain of the first column. */
  readonly fee?: bigint;
  /** By row (pool, fees, Alice, Bob) and column. */
  readonly changes?: readonly (readonly bigint[])[];
  readonly proof?: Uint8Array;
}

/** The secret key of an account in this world. */
export function secretOf(account: AccountId): Uint8Array {
  return taggedDigest('testing.delta.key', new TextEncoder().encode(account));
}

/** Who an account is on Delta in this world. */
export function ownerOf(account: AccountId): DeltaOwner {
  const publicKey = printBase58(ed25519.getPublicKey(secretOf(account)));
  return { ownerId: publicKey, publicKey };
}

/** Signs a payload as an account. */
export function signAs(account: AccountId, payload: AllowancePayload): SignedDebitAllowance {
  const signature = ed25519.sign(borshAllowanceMessage(payload), secretOf(account));
  const { publicKey } = ownerOf(account);
  return { payload, publicKey, signature: printBase58(signature) };
}

/** The allowance that an order's owner signs for Delta. */
export function allowanceFor(order: ListOrder, newNonce: bigint): SignedDebitAllowance {
  const shard = BigInt(SHARD);
  const credited = deltaAddress(ownerOf(POOL).ownerId, shard);
  const allowances = new Map([[at(TOKENS, order.pay), order.budget]]);
  const content = { allowances, credited, debitedShard: shard, newNonce };
  return signAs(order.owner, { content, auxiliary: orderAuxiliary(order) });
}

/** How long clients and adapters of a world wait. */
export interface WorldPatience {
  readonly readTries?: number;
  readonly timeoutMs?: number;
  readonly settleMs?: number;
}

/** Two users, a pool and a fee vault on a ledger, and adapters that share one store. */
export class DeltaWorld {
  readonly ledger: DeltaLedger;
  readonly store: MemoryStore;
  readonly #allowances = new Map<string, SignedDebitAllowance>();
  readonly #layers: BaseLayer[] = [];

  private constructor(ledger: DeltaLedger) {
    this.ledger = ledger;
    this.store = new MemoryStore(systemEnvironment().clock);
  }

  static async start(options: Partial<LedgerOptions> = {}): Promise<DeltaWorld> {
    const plenty = new Map(TOKENS.map((token) => [token, 1_000_000n]));
    const vaults = new Map([POOL, ALICE, BOB].map((id) => [ownerOf(id).ownerId, plenty]));
    return new DeltaWorld(await DeltaLedger.start({ shard: BigInt(SHARD), vaults, ...options }));
  }

  /** Limits are long, because a loaded machine is no fault; silence is waited out with less. */
  client({ readTries = 3, timeoutMs = 5000 }: WorldPatience = {}): DeltaClient {
    const patience = { timeoutMs, readTries, retryMs: 1 };
    return new DeltaClient(
      { url: this.ledger.url, ...patience },
      { environment: systemEnvironment() },
    );
  }

  async open({ settleMs = 30_000, ...patience }: WorldPatience = {}): Promise<BaseLayer> {
    const pace = { pollMsMin: 1, pollMsMax: 4, settleMs };
    const layer = await openDeltaBaseLayer(
      { domain: { chainId: 1n, address: POOL }, market: MARKET, pace },
      {
        client: this.client(patience),
        keys: { ownerOf },
        allowances: { allowanceOf: async (order) => this.#allowances.get(keyOf(order)) },
        signer: { sign: async (message) => ed25519.sign(message, secretOf(POOL)) },
        messageOf: borshAllowanceMessage,
        records: storedDeltaRecords(this.store, 'delta/9'),
        environment: systemEnvironment(),
      },
    );
    this.#layers.push(layer);
    return layer;
  }

  /** Makes an epoch's submission and files the allowances of its orders. */
  submission(epoch: WorldEpoch): Submission {
    const submission = submissionOf(epoch);
    for (const [index, { deltaNonce }] of epoch.rows.entries()) {
      const { order } = at(submission.book.rows, index);
      if (deltaNonce === undefined) continue;
      this.#allowances.set(keyOf(order), allowanceFor(order, deltaNonce));
    }
    return submission;
  }

  async close(): Promise<void> {
    for (const layer of this.#layers) await layer.close();
    await this.ledger.close();
    await this.store.close();
  }
}

/** A lawful epoch: Alice sells gold for silver, Bob silver for gold; the pool takes the rest. */
export function plainEpoch(number: bigint, previousListHash: Hash = ZERO_HASH): WorldEpoch {
  const order = { budget: 500n, orderNonce: number, deltaNonce: number };
  const rows = [
    { ...order, owner: ALICE, pay: 0, paid: 400n, received: 300n },
    { ...order, owner: BOB, pay: 1, paid: 250n, received: 320n },
  ];
  return { number, previousListHash, rows, fee: 5n };
}

/** The submission of an epoch, by its rows or by its changes. */
export function submissionOf(epoch: WorldEpoch): Submission {
  const { number, previousListHash = ZERO_HASH, rows } = epoch;
  const changes = epoch.changes ?? changesOf(epoch);
  const packed = changes.map(([gold = 0n, silver = 0n]) => {
    return BigInt.asUintN(64, gold) | (BigInt.asUintN(64, silver) << 64n);
  });
  const batch = { orderCount: rows.length, isHalted: false, parameters: 1n, oracle: '0x' as const };
  const list = {
    shard: SHARD,
    number,
    previousListHash: previousListHash as HexHash,
    marketId: MARKET_ID,
    epochNumber: number,
    batches: [{ ...batch, closedAtMs: 1000n * number, prices: [] }],
    poolBefore: [0n],
    owners: [ALICE, BOB],
    changes: packed,
    withdrawals: [],
  };
  const book = { rows: rows.map(rowOf), grants: [] };
  const text = `${number} ${previousListHash} ${packed.join()} ${rows.map(printRow).join()}`;
  const listHash = taggedHash('testing.delta.list', new TextEncoder().encode(text));
  const proof = { circuit: 0, dataCommitment: 7n, bytes: epoch.proof ?? Uint8Array.of(1, 2, 3) };
  return { list, book, proof, listHash };
}

function rowOf(row: WorldRow): OrderRow {
  const { owner, pay, budget, orderNonce, paid, received, isVoid = false } = row;
  const terms = {
    limitNumerator: 0n,
    limitDenominator: 1n,
    minFillPpm: 0,
    expiresAtMs: 9_000_000n,
  };
  const product = 1 - pay;
  const order = { owner, marketId: MARKET_ID, pay, product, budget, orderNonce, ...terms };
  const vault = owner === ALICE ? 2 : 3;
  return { order, vault, grant: 0, isVoid, paid, received, signature: '0x' };
}

function changesOf({ rows, fee = 0n }: WorldEpoch): readonly (readonly bigint[])[] {
  const changes = [
    [-fee, 0n],
    [fee, 0n],
    [0n, 0n],
    [0n, 0n],
  ];
  const move = (row: number, column: number, change: bigint): void => {
    const columns = at(changes, row);
    columns[column] = at(columns, column) + change;
  };
  for (const { owner, pay, paid, received } of rows) {
    const row = owner === ALICE ? 2 : 3;
    move(row, pay, -paid);
    move(0, pay, paid);
    move(row, 1 - pay, received);
    move(0, 1 - pay, -received);
  }
  return changes;
}

function printRow({ owner, pay, budget, paid, received, orderNonce }: WorldRow): string {
  return [owner, pay, budget, paid, received, orderNonce].join('/');
}

function keyOf({ owner, orderNonce }: ListOrder): string {
  return `${owner}/${orderNonce}`;
}
