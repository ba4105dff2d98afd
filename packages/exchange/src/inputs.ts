// Long because inputs and their one encoding are read side by side.
import { ByteReader, DecodeError } from './codec/byteReader.ts';
import { ByteWriter } from './codec/byteWriter.ts';
import type { Hash } from './codec/hash.ts';
import { hashFromBytes } from './codec/hash.ts';
import { bytesToHex, hexToBytes } from './codec/hex.ts';
import { at, invariant, unreachable } from './failures/invariant.ts';
import type { AccountId } from './ledger/account.ts';
import { accountId } from './ledger/account.ts';
import type { AssetId } from './ledger/asset.ts';
import { assetId } from './ledger/asset.ts';
import type { MarketPast } from './markets/batch/batchMarket.ts';
import type { OracleSnapshot } from './markets/batch/oracleSnapshot.ts';
import { decodeOracle, encodeOracle } from './markets/batch/oracleSnapshot.ts';
import type { BatchParameters } from './markets/batch/parameters.ts';
import { decodeParameters, encodeParameters } from './markets/batch/parameters.ts';
import type { BatchProposal } from './markets/batch/solution.ts';
import { decodeProposal, encodeProposal } from './markets/batch/solutionCodec.ts';
import type { BookInput } from './markets/book/bookInputs.ts';
import { BOOK_INPUT_KINDS, decodeBookInput, encodeBookInput } from './markets/book/bookInputs.ts';
import type { BookMarketParameters } from './markets/book/bookMarketParameters.ts';
import {
  BOOK_PARAMETERS_BYTES,
  decodeBookParameters,
  encodeBookParameters,
} from './markets/book/bookMarketParameters.ts';
import type { Amount } from './numbers/amount.ts';
import type { AuthorisedOrder } from './orders/batchOrder.ts';
import { AUTHORISATION_BYTES } from './orders/batchOrder.ts';
import { SALT_BYTES } from './orders/commitment.ts';
import {
  decodeAuthorisedGrant,
  decodeAuthorisedOrder,
  decodeSignedWithdrawal,
  encodeAuthorisedGrant,
  encodeAuthorisedOrder,
  encodeSignedWithdrawal,
} from './orders/orderCodec.ts';
import type { AuthorisedGrant, SignedWithdrawal } from './orders/signedTypes.ts';

/**
 * Where the settled prefix of a market ends, so that a venue without its journal goes on there: the
 * last epoch and batch that the base layer has settled, the hash of that epoch and of that batch's
 * report.
 */
export type ResumePoint = MarketPast;

/** A holding of an account, ledger units. */
export interface Holding {
  readonly assetId: AssetId;
  readonly amount: Amount;
}

/**
 * Everything that can change the exchange. The journal is a list of these, and the state is a pure
 * function of it. Signatures were checked by the gateway before an input is built.
 */
export type Input =
  | {
      readonly kind: 'registerAsset';
      readonly symbol: string;
      readonly decimals: number;
      /** False for an asset that no base layer holds; else left away. */
      readonly settles?: false;
    }
  | {
      readonly kind: 'createMarket';
      readonly parameters: BatchParameters;
      /** Mids until the first batch clears: reference for the fat-finger check. */
      readonly oracle: OracleSnapshot;
      /** Pool inventory to start with, credited from custody, by market asset index. */
      readonly inventory: readonly Amount[];
      /** Left away by a market that begins. */
      readonly resumeFrom?: ResumePoint;
    }
  | { readonly kind: 'setParameters'; readonly parameters: BatchParameters }
  | {
      /** Development credit, without a base layer behind it. */
      readonly kind: 'credit';
      readonly account: AccountId;
      readonly assetId: AssetId;
      readonly amount: Amount;
    }
  | { readonly kind: 'submitOrder'; readonly entry: AuthorisedOrder }
  | {
      readonly kind: 'cancelOrder';
      readonly owner: AccountId;
      readonly marketId: number;
      readonly orderId: Hash;
      readonly authorisation: Uint8Array;
    }
  | { readonly kind: 'openSession'; readonly grant: AuthorisedGrant }
  | { readonly kind: 'revokeSession'; readonly grantId: Hash }
  | {
      readonly kind: 'commitOrder';
      readonly owner: AccountId;
      readonly marketId: number;
      readonly batchNumber: number;
      readonly commitment: Hash;
      readonly authorisation: Uint8Array;
    }
  | { readonly kind: 'revealOrder'; readonly entry: AuthorisedOrder; readonly salt: Uint8Array }
  | { readonly kind: 'closeCollection'; readonly marketId: number }
  | { readonly kind: 'closeBatch'; readonly marketId: number }
  | {
      readonly kind: 'clearBatch';
      readonly marketId: number;
      readonly oracle: OracleSnapshot;
      readonly proposal: BatchProposal;
    }
  | { readonly kind: 'haltMarket'; readonly marketId: number; readonly reason: string }
  | { readonly kind: 'resumeMarket'; readonly marketId: number }
  | { readonly kind: 'sealEpoch'; readonly marketId: number }
  | { readonly kind: 'voidBatch'; readonly marketId: number; readonly reason: string }
  | {
      /** A deposit that is final on the base layer. */
      readonly kind: 'deposit';
      /** 1, 2, 3, ... over the deposits into the venue's shard, in the order of the chain. */
      readonly depositNumber: number;
      readonly account: AccountId;
      readonly assetId: AssetId;
      readonly amount: Amount;
    }
  | ({ readonly kind: 'requestWithdrawal' } & SignedWithdrawal)
  | {
      /** An owner asked the base layer to be let out. */
      readonly kind: 'noticeExit';
      readonly owner: AccountId;
      /** From this block on the base layer refuses debits of the vault. */
      readonly dueBlock: bigint;
    }
  | { readonly kind: 'withdrawExit'; readonly owner: AccountId }
  | {
      /** The base layer paid one asset of an exit. */
      readonly kind: 'payExit';
      /** 1, 2, 3, ... over the payments of exits from the venue's shard, as the chain has them. */
      readonly exitNumber: number;
      readonly owner: AccountId;
      readonly assetId: AssetId;
      readonly units: Amount;
    }
  | {
      /** A vault as the base layer has settled it, for a venue that lost its journal. */
      readonly kind: 'restoreVault';
      readonly account: AccountId;
      /** Assets ascending, each once. */
      readonly balances: readonly Holding[];
      /** Nonces up to these count as used; zero where the owner has used none. */
      readonly orderNonceHighest: bigint;
      readonly withdrawalNonceHighest: bigint;
    }
  | {
      /** How many deposits and payments of exits the restored vaults hold already. */
      readonly kind: 'restoreCounts';
      readonly depositNumber: number;
      readonly exitNumber: number;
    }
  | {
      /**
       * A deposit, or a payment of an exit, that the ledger has no place for, such as one of an
       * asset that is not registered. It is counted and moves nothing, so that the others go on.
       */
      readonly kind: 'skipCrossing';
      readonly crossing: 'deposit' | 'exit';
      /** Its number among the deposits or among the payments. */
      readonly number: number;
    }
  | { readonly kind: 'createBookMarket'; readonly parameters: BookMarketParameters }
  | BookInput;

/** An input with its place in the one order of things. */
export interface SequencedInput {
  /** 1, 2, 3, ...; stays under 2^53 for centuries at any rate a machine can reach. */
  readonly sequence: number;
  /** The sequencer's clock, milliseconds since 1970, never decreasing. */
  readonly timeMs: number;
  readonly input: Input;
}

/** Wire numbers of the kinds: only ever appended to. */
const KINDS: readonly Input['kind'][] = [
  'registerAsset',
  'createMarket',
  'setParameters',
  'credit',
  'submitOrder',
  'cancelOrder',
  'openSession',
  'revokeSession',
  'commitOrder',
  'revealOrder',
  'closeCollection',
  'closeBatch',
  'clearBatch',
  'haltMarket',
  'resumeMarket',
  'sealEpoch',
  'voidBatch',
  'deposit',
  'requestWithdrawal',
  'noticeExit',
  'withdrawExit',
  'payExit',
  'restoreVault',
  'restoreCounts',
  'skipCrossing',
  'createBookMarket',
  'setBookMarketState',
  'submitBookOrder',
  'amendBookOrder',
  'cancelBookOrder',
  'cancelAllBookOrders',
  'bookHeartbeat',
  'bookTick',
];

/** Canonical bytes of a sequenced input: the payload of a journal record. */
export function encodeInput(entry: SequencedInput): Uint8Array {
  const { input } = entry;
  const out = new ByteWriter(256).u64(BigInt(entry.sequence)).timeMs(entry.timeMs);
  const kind = KINDS.indexOf(input.kind);
  invariant(kind >= 0, 'every input kind has a wire number');
  if (isBookInput(input)) encodeBookInput(out.u8(kind), input);
  else encodeBody(out.u8(kind), input);
  return out.finish();
}

/** @throws DecodeError on bytes that are not a canonical input. */
export function decodeInput(bytes: Uint8Array): SequencedInput {
  const reader = new ByteReader(bytes);
  const sequence = reader.natural();
  const timeMs = reader.timeMs();
  const kind = KINDS[reader.u8()];
  if (kind === undefined) throw new DecodeError('an unknown kind of input', reader.offset);
  const input = isBookKind(kind) ? decodeBookInput(reader, kind) : decodeBody(reader, kind);
  reader.end();
  return { sequence, timeMs, input };
}

/** Whether an input is for the book of one market. */
export function isBookInput(input: Input): input is BookInput {
  return isBookKind(input.kind);
}

function isBookKind(kind: Input['kind']): kind is BookInput['kind'] {
  return (BOOK_INPUT_KINDS as readonly string[]).includes(kind);
}

function encodeBody(out: ByteWriter, input: Exclude<Input, BookInput>): void {
  switch (input.kind) {
    case 'registerAsset':
      encodeAsset(out, input);
      return;
    case 'createMarket':
      out.bytes(encodeParameters(input.parameters)).bytes(encodeOracle(input.oracle));
      for (const units of input.inventory) out.u64(units);
      // Behind all else and only where there is one: older journals hold markets without.
      if (input.resumeFrom !== undefined) encodeResumePoint(out, input.resumeFrom);
      return;
    case 'setParameters':
      out.bytes(encodeParameters(input.parameters));
      return;
    case 'credit':
      out.fixed(hexToBytes(input.account), 20).u16(input.assetId).u64(input.amount);
      return;
    case 'deposit':
    case 'requestWithdrawal':
    case 'noticeExit':
    case 'withdrawExit':
    case 'payExit':
    case 'restoreVault':
    case 'restoreCounts':
    case 'skipCrossing':
      encodeCrossing(out, input);
      return;
    case 'submitOrder':
      encodeAuthorisedOrder(out, input.entry);
      return;
    case 'cancelOrder':
      out.fixed(hexToBytes(input.owner), 20).u32(input.marketId);
      out.fixed(hexToBytes(input.orderId), 32).fixed(input.authorisation, AUTHORISATION_BYTES);
      return;
    case 'openSession':
      encodeAuthorisedGrant(out, input.grant);
      return;
    case 'revokeSession':
      out.fixed(hexToBytes(input.grantId), 32);
      return;
    case 'commitOrder':
      out.fixed(hexToBytes(input.owner), 20).u32(input.marketId);
      out.u64(BigInt(input.batchNumber)).fixed(hexToBytes(input.commitment), 32);
      out.fixed(input.authorisation, AUTHORISATION_BYTES);
      return;
    case 'revealOrder':
      encodeAuthorisedOrder(out, input.entry);
      out.fixed(input.salt, SALT_BYTES);
      return;
    case 'clearBatch':
      out.u32(input.marketId).bytes(encodeOracle(input.oracle));
      encodeProposal(out, input.proposal);
      return;
    case 'haltMarket':
    case 'voidBatch':
      out.u32(input.marketId).text(input.reason);
      return;
    case 'closeCollection':
    case 'closeBatch':
    case 'resumeMarket':
    case 'sealEpoch':
      out.u32(input.marketId);
      return;
    case 'createBookMarket':
      out.fixed(encodeBookParameters(input.parameters), BOOK_PARAMETERS_BYTES);
      return;
    default:
      unreachable(input);
  }
}

function encodeAsset(out: ByteWriter, input: Extract<Input, { kind: 'registerAsset' }>): void {
  out.text(input.symbol).u8(input.decimals);
  // Behind all else and only where it does not settle: older journals know no other assets.
  if (input.settles === false) out.u8(0);
}

/** What comes from, goes to or is restored from the base layer. */
type Crossing = Extract<Input, { kind: (typeof CROSSINGS)[number] }>;
const CROSSINGS = [
  'deposit',
  'requestWithdrawal',
  'noticeExit',
  'withdrawExit',
  'payExit',
  'restoreVault',
  'restoreCounts',
  'skipCrossing',
] as const;

function encodeCrossing(out: ByteWriter, input: Crossing): void {
  switch (input.kind) {
    case 'deposit':
      out.u64(BigInt(input.depositNumber)).fixed(hexToBytes(input.account), 20);
      out.u16(input.assetId).u64(input.amount);
      return;
    case 'requestWithdrawal':
      encodeSignedWithdrawal(out, input);
      return;
    case 'noticeExit':
      out.fixed(hexToBytes(input.owner), 20).u64(input.dueBlock);
      return;
    case 'withdrawExit':
      out.fixed(hexToBytes(input.owner), 20);
      return;
    case 'payExit':
      out.u64(BigInt(input.exitNumber)).fixed(hexToBytes(input.owner), 20);
      out.u16(input.assetId).u64(input.units);
      return;
    case 'restoreVault':
      out.fixed(hexToBytes(input.account), 20).u32(input.balances.length);
      for (const holding of input.balances) out.u16(holding.assetId).u64(holding.amount);
      out.u64(input.orderNonceHighest).u64(input.withdrawalNonceHighest);
      return;
    case 'restoreCounts':
      out.u64(BigInt(input.depositNumber)).u64(BigInt(input.exitNumber));
      return;
    case 'skipCrossing':
      out.u8(input.crossing === 'exit' ? 1 : 0).u64(BigInt(input.number));
      return;
    default:
      unreachable(input);
  }
}

function encodeResumePoint(out: ByteWriter, point: ResumePoint): void {
  out.u64(BigInt(point.epochNumber)).u64(BigInt(point.batchNumber));
  out.fixed(hexToBytes(point.parentEpochHash), 32).fixed(hexToBytes(point.parentReportHash), 32);
}

function decodeBody(reader: ByteReader, kind: Exclude<Input, BookInput>['kind']): Input {
  switch (kind) {
    case 'registerAsset':
      return decodeAsset(reader);
    case 'createMarket':
      return decodeMarket(reader);
    case 'setParameters':
      return { kind, parameters: parametersFrom(reader.bytes()) };
    case 'credit':
      return {
        kind,
        account: readAccount(reader),
        assetId: assetId(reader.u16()),
        amount: reader.amount(),
      };
    case 'deposit':
    case 'requestWithdrawal':
    case 'noticeExit':
    case 'withdrawExit':
    case 'payExit':
    case 'restoreVault':
    case 'restoreCounts':
    case 'skipCrossing':
      return decodeCrossing(reader, kind);
    case 'submitOrder':
      return { kind, entry: decodeAuthorisedOrder(reader) };
    case 'cancelOrder':
      return {
        kind,
        owner: readAccount(reader),
        marketId: reader.u32(),
        orderId: hashFromBytes(reader.fixed(32)),
        authorisation: reader.fixed(AUTHORISATION_BYTES),
      };
    case 'openSession':
      return { kind, grant: decodeAuthorisedGrant(reader) };
    case 'revokeSession':
      return { kind, grantId: hashFromBytes(reader.fixed(32)) };
    case 'commitOrder':
      return {
        kind,
        owner: readAccount(reader),
        marketId: reader.u32(),
        batchNumber: reader.natural(),
        commitment: hashFromBytes(reader.fixed(32)),
        authorisation: reader.fixed(AUTHORISATION_BYTES),
      };
    case 'revealOrder':
      return { kind, entry: decodeAuthorisedOrder(reader), salt: reader.fixed(SALT_BYTES) };
    case 'clearBatch':
      return {
        kind,
        marketId: reader.u32(),
        oracle: decodeOracle(reader.bytes()),
        proposal: decodeProposal(reader),
      };
    case 'haltMarket':
    case 'voidBatch':
      return { kind, marketId: reader.u32(), reason: reader.text() };
    case 'closeCollection':
    case 'closeBatch':
    case 'resumeMarket':
    case 'sealEpoch':
      return { kind, marketId: reader.u32() };
    case 'createBookMarket':
      return { kind, parameters: decodeBookParameters(reader) };
    default:
      return unreachable(kind);
  }
}

function decodeAsset(reader: ByteReader): Extract<Input, { kind: 'registerAsset' }> {
  const asset = { kind: 'registerAsset' as const, symbol: reader.text(), decimals: reader.u8() };
  if (reader.remaining === 0) return asset;
  const { offset } = reader;
  if (reader.flag()) throw new DecodeError('a second form of an asset that settles', offset);
  return { ...asset, settles: false };
}

function decodeMarket(reader: ByteReader): Extract<Input, { kind: 'createMarket' }> {
  const kind = 'createMarket';
  const parameters = parametersFrom(reader.bytes());
  const oracle = decodeOracle(reader.bytes());
  const inventory = parameters.assets.map(() => reader.amount());
  if (reader.remaining === 0) return { kind, parameters, oracle, inventory };
  return { kind, parameters, oracle, inventory, resumeFrom: decodeResumePoint(reader) };
}

function decodeCrossing(reader: ByteReader, kind: Crossing['kind']): Crossing {
  switch (kind) {
    case 'deposit':
      return {
        kind,
        depositNumber: reader.natural(),
        account: readAccount(reader),
        assetId: assetId(reader.u16()),
        amount: reader.amount(),
      };
    case 'requestWithdrawal':
      return { kind, ...decodeSignedWithdrawal(reader) };
    case 'noticeExit':
      return { kind, owner: readAccount(reader), dueBlock: reader.u64() };
    case 'withdrawExit':
      return { kind, owner: readAccount(reader) };
    case 'payExit':
      return {
        kind,
        exitNumber: reader.natural(),
        owner: readAccount(reader),
        assetId: assetId(reader.u16()),
        units: reader.amount(),
      };
    case 'restoreVault':
      return {
        kind,
        account: readAccount(reader),
        balances: Array.from({ length: reader.count(10) }, () => {
          return { assetId: assetId(reader.u16()), amount: reader.amount() };
        }),
        orderNonceHighest: reader.u64(),
        withdrawalNonceHighest: reader.u64(),
      };
    case 'restoreCounts':
      return { kind, depositNumber: reader.natural(), exitNumber: reader.natural() };
    case 'skipCrossing':
      return { kind, crossing: reader.flag() ? 'exit' : 'deposit', number: reader.natural() };
    default:
      return unreachable(kind);
  }
}

function decodeResumePoint(reader: ByteReader): ResumePoint {
  return {
    epochNumber: reader.natural(),
    batchNumber: reader.natural(),
    parentEpochHash: hashFromBytes(reader.fixed(32)),
    parentReportHash: hashFromBytes(reader.fixed(32)),
  };
}

function parametersFrom(bytes: Uint8Array): BatchParameters {
  const reader = new ByteReader(bytes);
  const parameters = decodeParameters(reader);
  reader.end();
  return parameters;
}

function readAccount(reader: ByteReader): AccountId {
  return accountId(bytesToHex(reader.fixed(20)));
}

/** The name of a kind by wire number, for tools that list a journal without decoding it. */
export function inputKind(bytes: Uint8Array): Input['kind'] {
  return at(KINDS, bytes[16] ?? KINDS.length);
}
