/** A venue on a memory chain: a market of six assets, traders with balances, lists that settle. */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Hash } from '../../packages/exchange/src/codec/hash.ts';
import { ZERO_HASH } from '../../packages/exchange/src/codec/hash.ts';
import { bytesToHex } from '../../packages/exchange/src/codec/hex.ts';
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import type { AccountId } from '../../packages/exchange/src/ledger/account.ts';
import {
  accountId,
  SystemRole,
  systemAccount,
} from '../../packages/exchange/src/ledger/account.ts';
import { assetId } from '../../packages/exchange/src/ledger/asset.ts';
import { encodeOracle } from '../../packages/exchange/src/markets/batch/oracleSnapshot.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import { price } from '../../packages/exchange/src/numbers/price.ts';
import { addressOfSecret, signDigest } from '../../packages/exchange/src/orders/signature.ts';
import { Signing } from '../../packages/exchange/src/orders/signedTypes.ts';
import type { VenueDomain } from '../../packages/exchange/src/orders/typedData.ts';
import type { ListCut } from '../../packages/proofs/src/statements/epoch/cutDiffList.ts';
import { listHash } from '../../packages/proofs/src/statements/epoch/dataVector.ts';
import type {
  DiffList,
  Hex,
  HexAccount,
  HexHash,
  ListOrder,
  ListWithdrawal,
  OrderRow,
  SignedGrant,
  SignedWithdrawal,
} from '../../packages/proofs/src/statements/epoch/diffList.ts';
import type { AgreedCircuit } from '../../packages/settlement/src/baseLayer/domainAgreement.ts';
import type { ActContext } from '../../packages/settlement/src/baseLayer/memory/act.ts';
import { MemoryBaseLayer } from '../../packages/settlement/src/baseLayer/memory/memoryBaseLayer.ts';
import { MemoryChain } from '../../packages/settlement/src/baseLayer/memory/memoryChain.ts';
import { MemoryContracts } from '../../packages/settlement/src/baseLayer/memory/memoryContracts.ts';
import type { LawQuestion } from '../../packages/settlement/src/baseLayer/memory/settleList.ts';
import type { LawProof, Submission } from '../../packages/settlement/src/baseLayer/submission.ts';

export const SHARD = 7;
export const MARKET = 1;
export const WIDTH = 6;
export const ASSET_WORDS = 2;
export const PARAMETERS = 0xabcdefn;
export const FUNDS = 1_000_000n;
export const EXIT_BLOCKS = 20n;
export const EPOCH_BLOCKS = 10n;
export const START_MS = 1_800_000_000_000;
export const FINALITY_BLOCKS = 8;
export const DOMAIN: VenueDomain = { chainId: 31337n, address: account('ba5e') };
export const OPERATOR: AccountId = account('0b');
export const GUARDIAN: AccountId = account('9a');

/** An address that ends in the given digits. */
export function account(digits: string): AccountId {
  return accountId(`0x${digits.padStart(40, '0')}`);
}

/** Somebody with a key. */
export interface Trader {
  readonly owner: HexAccount;
  readonly secretKey: Uint8Array;
}

/** Traders ascending by address, as vault rows are. */
export const TRADERS: readonly Trader[] = Array.from({ length: 4 }, (_, k) => {
  const secretKey = sha256(utf8ToBytes(`trader ${k}`));
  return { owner: addressOfSecret(secretKey) as HexAccount, secretKey };
}).sort((a, b) => (a.owner < b.owner ? -1 : 1));

/** Digests of what traders sign here. */
export const SIGNING: Signing = new Signing(DOMAIN);

/** A venue that is open for settling. */
export interface MemoryVenue {
  readonly chain: MemoryChain;
  readonly layer: MemoryBaseLayer;
  readonly tokens: readonly AccountId[];
  /** The verifier's answer; may be exchanged. */
  readonly laws: { hold: (question: LawQuestion) => boolean };
}

/** Registers a venue as contracts/test/World.sol does, with money for everybody. */
export function openMemoryVenue(
  clock: { nowMs(): number } = { nowMs: () => START_MS },
): MemoryVenue {
  const laws = { hold: (_: LawQuestion): boolean => true };
  const contracts = new MemoryContracts({
    domain: DOMAIN,
    guardian: GUARDIAN,
    terms: { baseEpochBlocks: EPOCH_BLOCKS, exitBlocks: EXIT_BLOCKS, agreementFee: 5n },
    genesisBlock: 100n,
    lawsHold: (question) => laws.hold(question),
    walletAccepts: (owner, _, signature) => owner === WALLET && signature[0] === 0x12,
  });
  const chain = new MemoryChain({ contracts, clock, finalityBlocks: FINALITY_BLOCKS });
  const tokens = Array.from({ length: WIDTH }, (_, k) => account(`70${k}`));
  const { registry } = contracts;
  chain.perform(OPERATOR, (context) => {
    registry.registerAgreement(context, {
      shard: SHARD,
      operator: OPERATOR,
      verifyingKeyHash: ZERO_HASH,
      circuits: CIRCUITS,
      paid: 5n,
    });
    tokens.forEach((token, k) => {
      contracts.tokens.deploy(token, k === 0 ? 6 : 18);
      registry.listAsset(context, { shard: SHARD, token, ledgerDecimals: 6 });
    });
    const place = { shard: SHARD, marketId: MARKET, epochNumber: 0n, batchNumber: 0n };
    registry.registerMarket(context, { ...place, columns: tokens.map((_, k) => k) });
    registry.registerParameters(context, { marketId: MARKET, commitment: PARAMETERS });
  });
  chain.mine(Number(EPOCH_BLOCKS));
  const layer = new MemoryBaseLayer(chain, { shard: SHARD, marketId: MARKET, operator: OPERATOR });
  const venue = { chain, layer, tokens, laws };
  chain.perform(OPERATOR, (context) => {
    for (let k = 0; k < WIDTH; k += 1)
      fund(venue, context, { owner: POOL, k, units: FUNDS * 1000n });
    for (const { owner } of TRADERS) {
      for (const k of [0, 1]) fund(venue, context, { owner, k, units: FUNDS });
    }
  });
  return venue;
}

export const POOL: AccountId = systemAccount(SystemRole.pool, MARKET);
export const FEES: AccountId = systemAccount(SystemRole.fees, MARKET);
/** A wallet that is a contract: it accepts signatures that begin with 0x12. */
export const WALLET: HexAccount = account('ffff') as HexAccount;

const CIRCUIT = { verifier: 'accepting', assetWords: ASSET_WORDS };
/** A large circuit and one for two orders. */
export const CIRCUITS: readonly AgreedCircuit[] = [
  { ...CIRCUIT, batches: 8, orders: 64, vaults: 66 },
  { ...CIRCUIT, batches: 1, orders: 2, vaults: 4 },
];

/** Deposits ledger units out of thin air. */
export function fund(
  { chain, tokens }: MemoryVenue,
  context: ActContext,
  { owner, k, units }: { readonly owner: AccountId; readonly k: number; readonly units: bigint },
): void {
  const { tokens: book, registry, vaults } = chain.contracts;
  book.mint(at(tokens, k), context.sender, units * registry.assetOf(SHARD, k).unit);
  vaults.deposit(context, { shard: SHARD, owner, assetId: k, units });
}

/** A list in the making: every part may be changed before it is finished. */
export interface Scene {
  list: { -readonly [K in keyof DiffList]: DiffList[K] };
  rows: OrderRow[];
  grants: SignedGrant[];
  proof: LawProof;
  firstBatchNumber: bigint;
  /** Changes by vault row and column. */
  changes: bigint[][];
}

/** Where a list stands. */
export interface ScenePlace {
  readonly number: bigint;
  readonly previousListHash: Hash;
  readonly closedAtMs: number;
}

/** The place of the next list on a chain. */
export function nextPlace({ chain }: MemoryVenue): ScenePlace {
  const { number, listHash: previousListHash } = chain.contracts.listChain(SHARD);
  const closedAtMs = Number(chain.contracts.marketProgress(MARKET)?.closedAtMs ?? START_MS) + 1;
  return { number: number + 1n, previousListHash, closedAtMs };
}

/** A list without orders, with a vault row for each of the first traders. */
export function emptyScene(place: ScenePlace, owners: number = TRADERS.length): Scene {
  const { number, previousListHash, closedAtMs } = place;
  return {
    list: {
      shard: SHARD,
      number,
      previousListHash: previousListHash as HexHash,
      marketId: MARKET,
      epochNumber: number,
      batches: [sceneBatch(closedAtMs, 0)],
      poolBefore: new Array<bigint>(ASSET_WORDS).fill(0n),
      owners: TRADERS.slice(0, owners).map(({ owner }) => owner),
      changes: [],
      withdrawals: [],
    },
    rows: [],
    grants: [],
    proof: { circuit: 0, dataCommitment: 12345n, bytes: Uint8Array.of(0xc0, 0xde) },
    firstBatchNumber: number,
    changes: Array.from({ length: owners + 2 }, () => new Array<bigint>(WIDTH).fill(0n)),
  };
}

/** One batch of a scene. */
export function sceneBatch(closedAtMs: number, orderCount: number): DiffList['batches'][number] {
  const mids = Array.from({ length: WIDTH }, (_, k) => price(10n ** 12n - BigInt(k)));
  const oracle = encodeOracle({ mids, observedAtMs: closedAtMs - 10, source: 'test' });
  const prices = Array.from({ length: WIDTH }, (_, k) => 10n ** 12n + BigInt(k));
  return {
    closedAtMs: BigInt(closedAtMs),
    orderCount,
    isHalted: false,
    parameters: PARAMETERS,
    oracle: bytesToHex(oracle) as Hex,
    prices: packWords(prices),
  };
}

/** Trader `k` pays 100 of one asset for 99 of another; the fee vault gains one. */
export function addOrder(
  scene: Scene,
  k: number,
  { orderNonce, terms = {} }: { readonly orderNonce: bigint; readonly terms?: Partial<ListOrder> },
): OrderRow {
  const { owner, secretKey } = at(TRADERS, k);
  const pay = k % 2;
  const order: ListOrder = {
    owner,
    marketId: MARKET,
    pay,
    product: 1 - pay,
    budget: 100n,
    limitNumerator: 9n,
    limitDenominator: 10n,
    minFillPpm: 0,
    orderNonce,
    expiresAtMs: BigInt(START_MS + 86_400_000),
    ...terms,
  };
  const row: OrderRow = {
    order,
    vault: k + 2,
    grant: 0,
    isVoid: false,
    paid: 100n,
    received: 99n,
    signature: signed(orderDigest(order), secretKey),
  };
  scene.rows.push(row);
  const batch = at(scene.list.batches, 0);
  scene.list.batches = [{ ...batch, orderCount: batch.orderCount + 1 }];
  move(scene, k + 2, { column: pay, change: -100n });
  move(scene, k + 2, { column: 1 - pay, change: 99n });
  move(scene, 1, { column: 1 - pay, change: 1n });
  move(scene, 0, { column: pay, change: 100n });
  move(scene, 0, { column: 1 - pay, change: -100n });
  return row;
}

/** Adds to a change. */
export function move(
  { changes }: Scene,
  row: number,
  { column, change }: { readonly column: number; readonly change: bigint },
): void {
  const columns = at(changes, row);
  columns[column] = at(columns, column) + change;
}

/** A withdrawal by a trader, signed. */
export function withdrawal(k: number, wish: Partial<ListWithdrawal> = {}): SignedWithdrawal {
  const { owner, secretKey } = at(TRADERS, k);
  const terms: ListWithdrawal = {
    owner,
    to: account(`70${k}0`) as HexAccount,
    shard: SHARD,
    assetId: 0,
    units: 10n,
    orderNonce: 1n,
    expiresAtMs: BigInt(START_MS + 86_400_000),
    ...wish,
  };
  const digest = SIGNING.withdrawalDigest({
    ...terms,
    assetId: assetId(terms.assetId),
    units: amount(terms.units),
    expiresAtMs: Number(terms.expiresAtMs),
  });
  return { withdrawal: terms, signature: signed(digest, secretKey) };
}

/** The digest that a trader signs for an order. */
export function orderDigest({ product, expiresAtMs, budget, ...terms }: ListOrder): Uint8Array {
  return SIGNING.orderDigest({
    ...terms,
    receive: product,
    budget: amount(budget),
    expiresAtMs: Number(expiresAtMs),
  });
}

/** A signature in the form of lists. */
export function signed(digest: Uint8Array, secretKey: Uint8Array): Hex {
  return bytesToHex(signDigest(digest, secretKey)) as Hex;
}

/** Packs a scene into what is sent. */
export function finish(scene: Scene): Submission & { readonly cut: ListCut } {
  const list = { ...scene.list, changes: scene.changes.flatMap(packWords) };
  const book = { rows: scene.rows, grants: scene.grants };
  const { firstBatchNumber } = scene;
  const cut = { list, book, domain: DOMAIN, firstBatchNumber };
  return { list, book, proof: scene.proof, listHash: hashOf(cut), cut };
}

/** A list that is malformed has no hash, and what refuses it asks for none. */
function hashOf(cut: ListCut): Hash {
  try {
    return listHash(cut);
  } catch {
    return ZERO_HASH;
  }
}

/** Three columns to a word, in two's complement of 64 bits. */
export function packWords(columns: readonly bigint[]): bigint[] {
  const words = new Array<bigint>(ASSET_WORDS).fill(0n);
  columns.forEach((limb, column) => {
    const word = Math.floor(column / 3);
    words[word] = at(words, word) | (BigInt.asUintN(64, limb) << BigInt(64 * (column % 3)));
  });
  return words;
}
