import type { ByteReader } from '../codec/byteReader.ts';
import { DecodeError } from '../codec/byteReader.ts';
import type { ByteWriter } from '../codec/byteWriter.ts';
import type { Hash } from '../codec/hash.ts';
import { hashFromBytes } from '../codec/hash.ts';
import { bytesToHex, hexToBytes } from '../codec/hex.ts';
import type { AccountId } from '../ledger/account.ts';
import { accountId } from '../ledger/account.ts';
import { list } from '../markets/batch/batchCodec.ts';
import {
  decodeSignedWithdrawal,
  encodeSignedWithdrawal,
  SIGNED_WITHDRAWAL_BYTES,
} from '../orders/orderCodec.ts';
import type { OrderNonceWindow } from '../orders/orderNonces.ts';
import { decodeWindow, EMPTY_WINDOW, encodeWindow } from '../orders/orderNonces.ts';
import type { SignedWithdrawal } from '../orders/signedTypes.ts';

/** A withdrawal that waits for an epoch, under its id. */
export interface PendingWithdrawal extends SignedWithdrawal {
  readonly withdrawalId: Hash;
}

/** What the exchange remembers of its base layer. */
export class BaseLayerBook {
  /** Deposits credited and payments of exits debited so far; stay far under 2^53. */
  depositCount = 0;
  exitCount = 0;
  /** Owners who have asked for an exit, with the block from which it can be completed. */
  readonly exits: Map<AccountId, bigint> = new Map();
  /** In order of request; their units are on the withdrawals account. */
  pending: readonly PendingWithdrawal[] = [];
  /** Nonces that owners have used for withdrawals: a lane apart from that of orders. */
  readonly withdrawalWindows: Map<AccountId, OrderNonceWindow> = new Map();
  /** Accounts that were restored from the base layer. */
  readonly restored: Set<AccountId> = new Set();
  /** Set by the first input that a user signs: nothing is restored after it. */
  hasTraded = false;

  /** Whether no base layer was ever heard of: then the state root has nothing to say about it. */
  get isUntouched(): boolean {
    const sizes = [this.exits, this.withdrawalWindows, this.restored].map(({ size }) => size);
    return [this.depositCount, this.exitCount, this.pending.length, ...sizes].every((n) => n === 0);
  }

  /** The withdrawal nonces that an owner has used. */
  withdrawalWindow(owner: AccountId): OrderNonceWindow {
    return this.withdrawalWindows.get(owner) ?? EMPTY_WINDOW;
  }

  /** Appends the canonical bytes of the book. */
  encode(out: ByteWriter): void {
    out
      .u64(BigInt(this.depositCount))
      .u64(BigInt(this.exitCount))
      .u8(this.hasTraded ? 1 : 0);
    out.u32(this.exits.size);
    for (const [owner, dueBlock] of this.exits) out.fixed(hexToBytes(owner), 20).u64(dueBlock);
    out.u32(this.pending.length);
    for (const entry of this.pending) {
      out.fixed(hexToBytes(entry.withdrawalId), 32);
      encodeSignedWithdrawal(out, entry);
    }
    out.u32(this.withdrawalWindows.size);
    for (const [owner, window] of this.withdrawalWindows) {
      encodeWindow(out.fixed(hexToBytes(owner), 20), window);
    }
    out.u32(this.restored.size);
    for (const account of this.restored) out.fixed(hexToBytes(account), 20);
  }

  /** @throws DecodeError on bytes that are not a canonical book. */
  static decode(reader: ByteReader): BaseLayerBook {
    const book = new BaseLayerBook();
    book.depositCount = reader.natural();
    book.exitCount = reader.natural();
    book.hasTraded = reader.flag();
    list(reader, 28, () => book.exits.set(unused(reader, book.exits), reader.u64()));
    book.pending = list(reader, 32 + SIGNED_WITHDRAWAL_BYTES, () => {
      return { withdrawalId: hashFromBytes(reader.fixed(32)), ...decodeSignedWithdrawal(reader) };
    });
    list(reader, 60, () => {
      const owner = unused(reader, book.withdrawalWindows);
      book.withdrawalWindows.set(owner, decodeWindow(reader));
    });
    list(reader, 20, () => book.restored.add(unused(reader, book.restored)));
    return book;
  }
}

/** Reads an account that a collection does not hold yet. */
function unused(reader: ByteReader, known: { has(id: AccountId): boolean }): AccountId {
  const { offset } = reader;
  const id = accountId(bytesToHex(reader.fixed(20)));
  if (known.has(id)) throw new DecodeError('an account twice', offset);
  return id;
}
