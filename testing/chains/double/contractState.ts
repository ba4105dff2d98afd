import type { AccountFields, StateManagerInterface } from '@ethereumjs/common';
import type { Address } from '@ethereumjs/util';
import { Account } from '@ethereumjs/util';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { Hex } from 'viem';
import type { Account as TruthAccount } from './truth.ts';

/** What was changed in a stretch of work, so that it can be taken back and done again. */
export type StateDiff = readonly StateChange[];

interface StateChange {
  readonly place: string;
  readonly before: Cell;
  readonly after: Cell;
}

/** An account's figures, a contract's code, or a word of storage; undefined where nothing lies. */
type Cell = AccountCell | Uint8Array | undefined;

interface AccountCell {
  readonly count: bigint;
  readonly balance: bigint;
  readonly codeHash: Uint8Array | undefined;
}

/**
 * The state of all contracts and accounts, as an EVM reads and writes it. It is one map with a log
 * of changes: to go to the state of another block is to take changes back, or to do them again.
 * Everything settles within microtasks.
 */
export class ContractState implements StateManagerInterface {
  readonly originalStorageCache: StateManagerInterface['originalStorageCache'];
  readonly #cells = new Map<string, Cell>();
  readonly #marks: number[] = [];
  readonly #originals = new Map<string, Uint8Array>();
  #log: { readonly place: string; readonly before: Cell }[] = [];

  constructor() {
    this.originalStorageCache = {
      get: async (address, key) => this.#originalAt(address, key),
      clear: () => this.#originals.clear(),
    };
  }

  /** Takes the log out: what changed since the last time, each place once. */
  takeDiff(): StateDiff {
    const first = new Map<string, Cell>();
    for (const { place, before } of this.#log) if (!first.has(place)) first.set(place, before);
    this.#log = [];
    return [...first].map(([place, before]) => ({ place, before, after: this.#cells.get(place) }));
  }

  /** Every account there is, with what it has. */
  accounts(): [address: Hex, account: TruthAccount][] {
    return accountsAmong([...this.#cells]);
  }

  takeBack(diff: StateDiff): void {
    for (const { place, before } of diff) this.#cells.set(place, before);
  }

  doAgain(diff: StateDiff): void {
    for (const { place, after } of diff) this.#cells.set(place, after);
  }

  async getAccount(address: Address): Promise<Account | undefined> {
    const cell = this.#cells.get(accountPlace(address)) as AccountCell | undefined;
    if (cell === undefined) return undefined;
    return new Account(cell.count, cell.balance, undefined, cell.codeHash);
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    const cell: Cell = account && {
      count: account.nonce,
      balance: account.balance,
      codeHash: account.codeHash,
    };
    this.#set(accountPlace(address), cell);
  }

  async deleteAccount(address: Address): Promise<void> {
    const place = accountPlace(address);
    if (this.#cells.get(place) !== undefined) this.#set(place, undefined);
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const account = (await this.getAccount(address)) ?? new Account();
    await this.putAccount(address, Object.assign(account, fields));
  }

  async putCode(address: Address, code: Uint8Array): Promise<void> {
    this.#set(codePlace(address), code);
    await this.modifyAccountFields(address, { codeHash: keccak_256(code) });
  }

  async getCode(address: Address): Promise<Uint8Array> {
    return (this.#cells.get(codePlace(address)) as Uint8Array | undefined) ?? NOTHING;
  }

  async getCodeSize(address: Address): Promise<number> {
    return (await this.getCode(address)).length;
  }

  async getStorage(address: Address, key: Uint8Array): Promise<Uint8Array> {
    return this.#wordAt(wordPlace(address, key));
  }

  async putStorage(address: Address, key: Uint8Array, word: Uint8Array): Promise<void> {
    this.#set(wordPlace(address, key), word);
  }

  async clearStorage(address: Address): Promise<void> {
    const start = wordPlace(address, NOTHING);
    for (const place of [...this.#cells.keys()]) {
      if (place.startsWith(start)) this.#set(place, undefined);
    }
  }

  async checkpoint(): Promise<void> {
    this.#marks.push(this.#log.length);
  }

  async commit(): Promise<void> {
    this.#marks.pop();
  }

  async revert(): Promise<void> {
    const mark = this.#marks.pop() ?? 0;
    while (this.#log.length > mark) {
      const change = this.#log.pop();
      if (change !== undefined) this.#cells.set(change.place, change.before);
    }
  }

  clearCaches(): void {
    this.#originals.clear();
  }

  getStateRoot(): Promise<Uint8Array> {
    throw new TypeError('The state of the double has no root.');
  }

  setStateRoot(): Promise<void> {
    throw new TypeError('The state of the double has no root.');
  }

  hasStateRoot(): Promise<boolean> {
    throw new TypeError('The state of the double has no root.');
  }

  shallowCopy(): StateManagerInterface {
    throw new TypeError('The state of the double is not copied.');
  }

  #set(place: string, cell: Cell): void {
    this.#log.push({ place, before: this.#cells.get(place) });
    this.#cells.set(place, cell);
  }

  #wordAt(place: string): Uint8Array {
    return (this.#cells.get(place) as Uint8Array | undefined) ?? NOTHING;
  }

  /** What a word was before the transaction that is running: the price of a write depends on it. */
  #originalAt(address: Address, key: Uint8Array): Uint8Array {
    const place = wordPlace(address, key);
    const known = this.#originals.get(place);
    if (known !== undefined) return known;
    const word = this.#wordAt(place);
    this.#originals.set(place, word);
    return word;
  }
}

/** The accounts that a stretch of work changed, with what they have after it. */
export function accountsIn(diff: StateDiff): [address: Hex, account: TruthAccount][] {
  return accountsAmong(diff.map(({ place, after }) => [place, after]));
}

function accountsAmong(cells: readonly [string, Cell][]): [address: Hex, account: TruthAccount][] {
  const accounts: [Hex, TruthAccount][] = [];
  for (const [place, cell] of cells) {
    if (place[0] !== 'a') continue;
    const { balance = 0n, count = 0n } = (cell ?? {}) as Partial<AccountCell>;
    const digits = Buffer.from(place.slice(1), 'latin1').toString('hex');
    accounts.push([`0x${digits}`, { balance, count: Number(count) }]);
  }
  return accounts;
}

const NOTHING = new Uint8Array(0);

function accountPlace({ bytes }: Address): string {
  return `a${latin(bytes)}`;
}

function codePlace({ bytes }: Address): string {
  return `c${latin(bytes)}`;
}

function wordPlace({ bytes }: Address, key: Uint8Array): string {
  return `s${latin(bytes)}${latin(key)}`;
}

function latin({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}
