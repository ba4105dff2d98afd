import type { Hash } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { isSystemAccount, SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import { challenge, dataVector, evaluate } from '@lawbook/proofs/statements/epoch/dataVector';
import { VENUE_ROWS } from '@lawbook/proofs/statements/epoch/diffList';
import { FIELD_MODULUS } from '@lawbook/proofs/statements/fieldElement';
import type { AgreedCircuit } from '../domainAgreement.ts';
import type { LawProof, Submission } from '../submission.ts';
import type { ActContext } from './act.ts';
import { withdrawalLane } from './nonceRings.ts';
import { revert } from './refusedAct.ts';
import type { SettleBooks, SettleFrame } from './settleFrame.ts';
import { takeBatches } from './takeBatches.ts';
import { checkWord, limb, signedLimb } from './words.ts';

/** The last list of a shard. */
export interface ListChain {
  readonly number: bigint;
  readonly listHash: Hash;
}

/** How far a market is settled. */
export interface MarketProgress {
  readonly epochNumber: bigint;
  readonly batchNumber: bigint;
  readonly closedAtMs: bigint;
}

/** What a verifier is asked: whether the laws hold for [C, r, D(r)]. */
export interface LawQuestion {
  readonly circuit: AgreedCircuit;
  readonly publicInputs: readonly bigint[];
  readonly proof: LawProof;
}

/** Where a settlement begins. */
export interface SettleStart {
  readonly chain: ListChain;
  /** Undefined before the market's first list. */
  readonly progress: MarketProgress | undefined;
  readonly domain: VenueDomain;
  readonly lawsHold: (question: LawQuestion) => boolean;
}

/** Where a settlement ends. */
export interface SettleEnd {
  readonly chain: ListChain;
  readonly progress: MarketProgress;
}

/**
 * Applies a list to the books: contracts/src's BaseLayer, rule by rule and in its order. What was
 * written before a rule breaks is for the caller to take back.
 * @throws RefusedAct for the first rule that the list breaks.
 */
export function settleList(
  context: ActContext,
  { list, book, proof }: Pick<Submission, 'list' | 'book' | 'proof'>,
  { start, books }: { readonly start: SettleStart; readonly books: SettleBooks },
): SettleEnd {
  const frame = openFrame(context, { list, book, proof }, { start, books });
  books.authority.checkGrants(book.grants);
  takeBatches(frame, books);
  takePool(frame, books);
  applyChanges(frame, books);
  applyWithdrawals(frame, books);
  const listHash = verify(frame, proof, start);
  const batchNumber = frame.firstBatch + BigInt(list.batches.length) - 1n;
  return {
    chain: { number: list.number, listHash },
    progress: { epochNumber: list.epochNumber, batchNumber, closedAtMs: frame.closedAtMs },
  };
}

/** Who may settle what now: agreement, operator, circuit, list number, chain, market, epoch. */
function openFrame(
  context: ActContext,
  { list, book, proof }: Pick<Submission, 'list' | 'book' | 'proof'>,
  { start, books }: { readonly start: SettleStart; readonly books: SettleBooks },
): SettleFrame {
  const { shard, marketId } = list;
  const place = { shard, marketId, circuit: proof.circuit };
  const terms = books.registry.settleTerms(place, context.blockNumber);
  const { circuit, market } = terms;
  if (context.sender !== terms.operator) revert('CallerIsNotOperator', shard, context.sender);
  const next = start.chain.number + 1n;
  if (list.number !== next) revert('ListNumberIsNotNext', next, list.number);
  if (list.previousListHash !== start.chain.listHash) {
    revert('ListIsNotChained', start.chain.listHash, list.previousListHash);
  }
  const settled = start.progress ?? { ...market, closedAtMs: 0n };
  const epoch = settled.epochNumber + 1n;
  if (list.epochNumber !== epoch) revert('EpochIsNotNext', epoch, list.epochNumber);
  const vaults = list.owners.length + VENUE_ROWS;
  const batches = list.batches.length;
  if (vaults > circuit.vaults) revert('CircuitIsTooSmall', circuit.vaults, vaults);
  if (batches === 0 || batches > circuit.batches) {
    revert('CircuitIsTooSmall', circuit.batches, batches);
  }
  const width = market.columns.length;
  const room = 3 * circuit.assetWords;
  if (width > room) revert('CircuitIsTooSmall', room, width);
  if (list.changes.length !== vaults * circuit.assetWords) {
    revert('WordsAreMalformed', list.changes.length);
  }
  return {
    context,
    list,
    book,
    circuit,
    columns: market.columns,
    firstBatch: settled.batchNumber + 1n,
    closedAtMs: settled.closedAtMs,
    paid: new Array<bigint>(vaults * width).fill(0n),
    sums: new Array<bigint>(width).fill(0n),
  };
}

/** The pool that the laws start from holds no more than the pool that is settled. */
function takePool({ list, circuit, columns }: SettleFrame, { vaults }: SettleBooks): void {
  const { poolBefore, shard } = list;
  if (poolBefore.length !== circuit.assetWords) revert('WordsAreMalformed', poolBefore.length);
  for (const [w, word] of poolBefore.entries()) checkWord(word, w, columns.length);
  const owner = systemAccount(SystemRole.pool, list.marketId);
  columns.forEach((assetId, column) => {
    const stated = limb(at(poolBefore, Math.floor(column / 3)), column % 3);
    const settled = vaults.balanceOf({ shard, owner }, assetId);
    if (stated > settled) revert('PoolIsOverstated', column, stated, settled);
  });
}

/** Applies the changes of every vault row, then asks that each column sums to zero. */
function applyChanges(frame: SettleFrame, books: SettleBooks): void {
  const { list, sums } = frame;
  applyRow(frame, books, { row: 0, owner: systemAccount(SystemRole.pool, list.marketId) });
  applyRow(frame, books, { row: 1, owner: systemAccount(SystemRole.fees, list.marketId) });
  let last: string = NOBODY;
  list.owners.forEach((owner, k) => {
    if (owner <= last) revert('OwnersAreNotAscending', k);
    if (isSystemAccount(owner)) revert('OwnerIsReserved', owner);
    last = owner;
    applyRow(frame, books, { row: k + VENUE_ROWS, owner });
  });
  sums.forEach((sum, column) => {
    if (sum !== 0n) revert('AssetsAreConserved', column, sum);
  });
}

interface VaultRow {
  readonly row: number;
  readonly owner: AccountId;
}

function applyRow(frame: SettleFrame, books: SettleBooks, { row, owner }: VaultRow): void {
  const { circuit, columns, list, context } = frame;
  const start = row * circuit.assetWords;
  const words = list.changes.slice(start, start + circuit.assetWords);
  for (const [w, word] of words.entries()) checkWord(word, w, columns.length);
  let debits = false;
  columns.forEach((assetId, column) => {
    const change = signedLimb(at(words, Math.floor(column / 3)), column % 3);
    if (change === 0n) return;
    moveColumn(frame, books, { row, owner, column, assetId, change });
    debits ||= change < 0n;
  });
  if (debits) books.vaults.onlyDebitable({ shard: list.shard, owner }, context.blockNumber);
}

function moveColumn(
  { list, sums, paid, columns }: SettleFrame,
  { vaults }: SettleBooks,
  move: VaultRow & { readonly column: number; readonly assetId: number; readonly change: bigint },
): void {
  const { row, owner, column, assetId, change } = move;
  const vault = { shard: list.shard, owner };
  sums[column] = at(sums, column) + change;
  const balance = vaults.balanceOf(vault, assetId) + change;
  if (balance < 0n) revert('VaultsAreSolvent', owner, assetId);
  vaults.setBalance(vault, assetId, balance);
  // The pool moves by the proved laws alone; fees are only ever gained.
  if (change > 0n || row === 0) return;
  const covered = at(paid, row * columns.length + column);
  if (-change > covered) revert('DiffsMatchFills', owner, column, change, covered);
}

/** Debits vaults by signed withdrawals and sets the tokens aside. */
function applyWithdrawals(frame: SettleFrame, books: SettleBooks): void {
  const { list, context, closedAtMs } = frame;
  const { authority, vaults, rings, registry } = books;
  list.withdrawals.forEach(({ withdrawal, signature }, k) => {
    const { shard, owner, to, assetId, units, orderNonce, expiresAtMs } = withdrawal;
    if (shard !== list.shard) revert('ShardOfAnotherDomain', k, shard);
    if (expiresAtMs <= closedAtMs) revert('WithdrawalExpired', k, expiresAtMs);
    const digest = authority.withdrawalDigest(withdrawal);
    const signer = isSystemAccount(owner) ? context.sender : owner;
    if (!authority.isSignedBy(signer, digest, hexToBytes(signature))) {
      revert('SpendsAreAuthorised', k, owner);
    }
    if (units === 0n || to === NOBODY) revert('AmountOutOfRange', units);
    vaults.onlyDebitable({ shard, owner }, context.blockNumber);
    rings.use(owner, withdrawalLane(shard), orderNonce);
    const asset = registry.assetOf(shard, assetId);
    vaults.debit({ shard, owner }, assetId, units);
    vaults.setAside(asset.token, to, units * asset.unit);
  });
}

/** Asks the verifier whether the laws hold for [C, r, D(r)]; the hash that the next list names. */
function verify(frame: SettleFrame, proof: LawProof, { domain, lawsHold }: SettleStart): Hash {
  const { list, book, circuit, firstBatch } = frame;
  const cut = { list, book, domain, firstBatchNumber: firstBatch };
  const { elements, listHash } = dataVector(cut, circuit);
  const commitment = proof.dataCommitment;
  if (commitment >= FIELD_MODULUS) revert('CommitmentOutOfField', commitment);
  const r = challenge(listHash, commitment);
  const publicInputs = [commitment, r, evaluate(elements, r)];
  if (!lawsHold({ circuit, publicInputs, proof })) revert('LawsAreProven', '0x');
  return listHash;
}

const NOBODY = `0x${'00'.repeat(20)}`;
