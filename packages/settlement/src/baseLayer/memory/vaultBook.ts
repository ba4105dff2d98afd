import type { AccountId } from '@lawbook/exchange/ledger/account';
import { isSystemAccount, SystemRole } from '@lawbook/exchange/ledger/account';
import type { ActContext } from './act.ts';
import type { AgreementBook } from './agreementBook.ts';
import { revert } from './refusedAct.ts';
import type { TokenBook } from './tokenBook.ts';
import { UndoCell, type UndoLog, UndoMap } from './undoLog.ts';

/** A vault: an owner's slice of a shard. */
export interface VaultKey {
  readonly shard: number;
  readonly owner: AccountId;
}

/** What the contract tells about vaults, as its events do. Amounts are ledger units. */
export type VaultNews =
  | (VaultKey & {
      readonly kind: 'deposited';
      readonly depositNumber: bigint;
      readonly assetId: number;
      readonly units: bigint;
    })
  | (VaultKey & { readonly kind: 'exitRequested'; readonly dueBlock: bigint })
  | (VaultKey & { readonly kind: 'exitCanceled' })
  | (VaultKey & {
      readonly kind: 'exitCompleted';
      readonly assetId: number;
      readonly units: bigint;
    });

/** What a vault book stands on. */
export interface VaultBookParts {
  readonly log: UndoLog;
  readonly registry: AgreementBook;
  readonly tokens: TokenBook;
  /** The account that holds the tokens. */
  readonly self: AccountId;
  readonly tell: (news: VaultNews) => void;
}

/** Most ledger units of a vault in one asset. */
export const VAULT_UNITS_MAX: bigint = (1n << 63n) - 1n;

const NOBODY = `0x${'00'.repeat(20)}` as AccountId;

/**
 * Tokens in, ledger units by vault, tokens out: contracts/src's VaultBook, rule by rule and in its
 * order.
 */
export class VaultBook {
  readonly #parts: VaultBookParts;
  readonly #depositCount: UndoCell<bigint>;
  readonly #balances: UndoMap<string, bigint>;
  readonly #exits: UndoMap<string, bigint>;
  readonly #pending: UndoMap<string, bigint>;

  constructor(parts: VaultBookParts) {
    this.#parts = parts;
    this.#depositCount = new UndoCell(parts.log, 0n);
    this.#balances = new UndoMap(parts.log);
    this.#exits = new UndoMap(parts.log);
    this.#pending = new UndoMap(parts.log);
  }

  depositCount(): bigint {
    return this.#depositCount.get();
  }

  /** Ledger units of a vault. */
  balanceOf({ shard, owner }: VaultKey, assetId: number): bigint {
    return this.#balances.get(`${shard}/${owner}/${assetId}`) ?? 0n;
  }

  /** The block at which a requested exit unlocks the vault; undefined without a request. */
  exitDueBlock({ shard, owner }: VaultKey): bigint | undefined {
    return this.#exits.get(`${shard}/${owner}`);
  }

  /** Token units that wait to be claimed. */
  pending(token: AccountId, account: AccountId): bigint {
    return this.#pending.get(`${token}/${account}`) ?? 0n;
  }

  /** What the contract owes of a token: all vaults of all shards and what waits; token units. */
  owed(token: AccountId): bigint {
    let sum = 0n;
    for (const [key, units] of this.#balances.entries()) {
      const [shard, , assetId] = key.split('/').map(Number) as [number, number, number];
      const asset = this.#parts.registry.assets(shard)[assetId];
      if (asset?.token === token) sum += units * asset.unit;
    }
    for (const [key, tokenUnits] of this.#pending.entries()) {
      if (key.startsWith(`${token}/`)) sum += tokenUnits;
    }
    return sum;
  }

  /**
   * Credits a vault with tokens of the sender.
   * @throws RefusedAct AssetUnknown, AmountOutOfRange, OwnerIsReserved, and the token's own.
   */
  deposit(
    { sender }: ActContext,
    wish: VaultKey & { readonly assetId: number; readonly units: bigint },
  ): bigint {
    const { shard, owner, assetId, units } = wish;
    const { registry, tokens, self, tell } = this.#parts;
    const asset = registry.assetOf(shard, assetId);
    if (units === 0n) revert('AmountOutOfRange', units);
    if (owner === NOBODY || (isSystemAccount(owner) && !isPoolOrFees(owner))) {
      revert('OwnerIsReserved', owner);
    }
    this.credit(wish, assetId, units);
    const depositNumber = this.#depositCount.get() + 1n;
    this.#depositCount.set(depositNumber);
    tell({ kind: 'deposited', depositNumber, shard, owner, assetId, units });
    tokens.transfer(asset.token, { from: sender, to: self, tokenUnits: units * asset.unit });
    return depositNumber;
  }

  /** Pays what waits for an account. @throws RefusedAct NothingIsPending. */
  claim(token: AccountId, account: AccountId): bigint {
    const { tokens, self } = this.#parts;
    const tokenUnits = this.pending(token, account);
    if (tokenUnits === 0n) revert('NothingIsPending', token, account);
    this.#pending.delete(`${token}/${account}`);
    tokens.transfer(token, { from: self, to: account, tokenUnits });
    return tokenUnits;
  }

  /** @throws RefusedAct CallerIsNotOwner, ExitIsRequested. */
  requestExit(context: ActContext, { shard, owner }: VaultKey): bigint {
    this.#onlyActingFor(context, { shard, owner });
    if (this.exitDueBlock({ shard, owner }) !== undefined) revert('ExitIsRequested', shard, owner);
    const dueBlock = context.blockNumber + this.#parts.registry.terms.exitBlocks;
    this.#exits.set(`${shard}/${owner}`, dueBlock);
    this.#parts.tell({ kind: 'exitRequested', shard, owner, dueBlock });
    return dueBlock;
  }

  /** @throws RefusedAct CallerIsNotOwner, ExitIsNotRequested. */
  cancelExit(context: ActContext, { shard, owner }: VaultKey): void {
    this.#onlyActingFor(context, { shard, owner });
    if (this.exitDueBlock({ shard, owner }) === undefined) {
      revert('ExitIsNotRequested', shard, owner);
    }
    this.#exits.delete(`${shard}/${owner}`);
    this.#parts.tell({ kind: 'exitCanceled', shard, owner });
  }

  /**
   * Pays the last settled balance of the named assets to the sender.
   * @throws RefusedAct CallerIsNotOwner, ExitIsNotRequested, ExitIsNotDue, AssetUnknown.
   */
  completeExit(
    context: ActContext,
    { shard, owner, assetIds }: VaultKey & { readonly assetIds: readonly number[] },
  ): void {
    const { registry, tell } = this.#parts;
    this.#onlyActingFor(context, { shard, owner });
    const dueBlock = this.exitDueBlock({ shard, owner });
    if (dueBlock === undefined) revert('ExitIsNotRequested', shard, owner);
    if (context.blockNumber < dueBlock) revert('ExitIsNotDue', dueBlock);
    for (const assetId of assetIds) {
      const asset = registry.assetOf(shard, assetId);
      const units = this.balanceOf({ shard, owner }, assetId);
      if (units === 0n) continue;
      this.debit({ shard, owner }, assetId, units);
      this.setAside(asset.token, context.sender, units * asset.unit);
      tell({ kind: 'exitCompleted', shard, owner, assetId, units });
      this.claim(asset.token, context.sender);
    }
  }

  /** @throws RefusedAct AmountOutOfRange. */
  credit(vault: VaultKey, assetId: number, units: bigint): void {
    this.setBalance(vault, assetId, this.balanceOf(vault, assetId) + units);
  }

  /** @throws RefusedAct VaultsAreSolvent. */
  debit(vault: VaultKey, assetId: number, units: bigint): void {
    const balance = this.balanceOf(vault, assetId);
    if (units > balance) revert('VaultsAreSolvent', vault.owner, assetId);
    this.setBalance(vault, assetId, balance - units);
  }

  /** @throws RefusedAct AmountOutOfRange. */
  setBalance({ shard, owner }: VaultKey, assetId: number, units: bigint): void {
    if (units > VAULT_UNITS_MAX) revert('AmountOutOfRange', units);
    this.#balances.set(`${shard}/${owner}/${assetId}`, units);
  }

  /** Keeps token units for an account to claim. */
  setAside(token: AccountId, account: AccountId, tokenUnits: bigint): void {
    this.#pending.set(`${token}/${account}`, this.pending(token, account) + tokenUnits);
  }

  /** @throws RefusedAct VaultIsUnlocked once a requested exit is due. */
  onlyDebitable({ shard, owner }: VaultKey, blockNumber: bigint): void {
    const dueBlock = this.exitDueBlock({ shard, owner });
    if (dueBlock !== undefined && blockNumber >= dueBlock) revert('VaultIsUnlocked', shard, owner);
  }

  #onlyActingFor({ sender, blockNumber }: ActContext, { shard, owner }: VaultKey): void {
    const { registry } = this.#parts;
    const acting = isSystemAccount(owner) ? registry.operatorOf(shard, blockNumber) : owner;
    if (sender !== acting) revert('CallerIsNotOwner', owner, sender);
  }
}

function isPoolOrFees(owner: AccountId): boolean {
  const role = Number.parseInt(owner.slice(26, 34), 16);
  return role === SystemRole.pool || role === SystemRole.fees;
}
