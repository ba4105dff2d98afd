import type { Common } from '@ethereumjs/common';
import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common';
import type { EVM, EVMResult } from '@ethereumjs/evm';
import { createEVM } from '@ethereumjs/evm';
import { createAddressFromString } from '@ethereumjs/util';
import { recover } from 'tiny-secp256k1';
import type { Address, Hex } from 'viem';
import { bytesToHex, hexToBytes, pad } from 'viem';
import { floorGas, intrinsicGas, larger, mayExecute, priceOf, smaller } from './chainRules.ts';
import type { StateDiff } from './contractState.ts';
import { ContractState } from './contractState.ts';
import type { PaperTransaction } from './paperSigner.ts';
import type { Account, TruthBlock, TruthLog, TruthReceipt } from './truth.ts';

/** The block that a call runs in. */
export interface MachineBlock {
  readonly number: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Wei per gas. */
  readonly baseFee: bigint;
}

/** A call without a transaction around it. */
export interface MachineCall {
  readonly from: Address;
  /** Undefined makes a contract. */
  readonly to: Address | undefined;
  readonly amount: bigint;
  readonly callData: Hex;
  /** For the call alone; what a block may hold unless given. */
  readonly gasLimit?: bigint;
}

/** What a call came to. */
export interface MachineResult {
  readonly success: boolean;
  /** Of the call alone, less what is refunded. */
  readonly gasUsed: bigint;
  /** Of the call alone, before anything is refunded: what it needs at some moment. */
  readonly gasNeeded: bigint;
  readonly logs: readonly TruthLog[];
  /** What came back, or the reason of the revert. */
  readonly output: Hex;
  readonly created: Address | undefined;
}

/** Work on the state of one block. */
export interface MachineSession {
  call(call: MachineCall, block: MachineBlock): Promise<MachineResult>;
  putCode(address: Address, code: Hex): Promise<void>;
  /** Gives an account its wei. */
  putBalance(address: Address, balance: bigint): Promise<void>;
  codeAt(address: Address): Promise<Hex>;
  wordAt(address: Address, slot: Hex): Promise<Hex>;
}

/**
 * Bytecode, run by the EVM of ethereumjs in this process, with the state of every block there is.
 * One piece of work at a time: the state is that of the block on which it stands. All of it settles
 * within microtasks, so that no simulated time passes and nothing depends on what it runs on.
 */
export class ContractMachine {
  readonly chainId: number;
  /** Called with whatever a call gives back that reverts. */
  onRevert: (output: Hex) => void = () => undefined;
  readonly #state: ContractState;
  readonly #diffs = new Map<Hex, StateDiff>();
  readonly #evm: EVM;
  #at: TruthBlock | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(chainId: number, state: ContractState, evm: EVM) {
    this.chainId = chainId;
    this.#state = state;
    this.#evm = evm;
  }

  static async open(chainId: number): Promise<ContractMachine> {
    const state = new ContractState();
    const evm = await createEVM({ common: rulesOf(chainId), stateManager: state });
    return new ContractMachine(chainId, state, evm);
  }

  /** Brings up what lies on the chain before its first block. @returns all accounts. */
  async prepare(
    work: (session: MachineSession) => Promise<void>,
  ): Promise<ReadonlyMap<Address, Account>> {
    await this.#alone(async () => {
      await work(this.#session());
      this.#state.takeDiff();
    });
    return new Map(this.#state.accounts());
  }

  /** Does something on the state at the end of a block, of which nothing stays. */
  read<T>(block: TruthBlock, work: (session: MachineSession) => Promise<T>): Promise<T> {
    return this.#alone(async () => {
      this.#moveTo(block);
      await this.#state.checkpoint();
      try {
        return await work(this.#session());
      } finally {
        await this.#state.revert();
      }
    });
  }

  /**
   * Runs transactions on the state at the end of `parent`; `seal` makes the block of what did run
   * and of the accounts that changed.
   */
  build(
    parent: TruthBlock,
    opened: MachineBlock & { readonly gasLimit: bigint },
    parts: {
      readonly candidates: readonly PaperTransaction[];
      readonly seal: (receipts: readonly TruthReceipt[], diff: StateDiff) => TruthBlock;
    },
  ): Promise<TruthBlock> {
    return this.#alone(async () => {
      this.#moveTo(parent);
      let { gasLimit: gasLeft } = opened;
      const receipts: TruthReceipt[] = [];
      for (const transaction of parts.candidates) {
        if (transaction.gasLimit > gasLeft) continue;
        const receipt = await this.#execute(transaction, opened);
        if (receipt === undefined) continue;
        gasLeft -= receipt.gasUsed;
        receipts.push(receipt);
      }
      const diff = this.#state.takeDiff();
      const block = parts.seal(receipts, diff);
      if (diff.length > 0) this.#diffs.set(block.hash, diff);
      this.#at = block;
      return block;
    });
  }

  async #execute(
    transaction: PaperTransaction,
    block: MachineBlock,
  ): Promise<TruthReceipt | undefined> {
    const { callData, gasLimit, amount, to } = transaction;
    const sender = createAddressFromString(transaction.from);
    const account = await this.#state.getAccount(sender);
    if (account === undefined) return undefined;
    const { nonce: count, balance } = account;
    const context = { baseFee: block.baseFee, chainId: this.chainId };
    if (!mayExecute(transaction, { count: Number(count), balance }, context)) return undefined;
    const intrinsic = intrinsicGas(callData) + (to === undefined ? creationGas(callData) : 0n);
    const floor = floorGas(callData);
    if (gasLimit < larger(intrinsic, floor)) return undefined;
    const effectiveGasPrice = priceOf(transaction, block.baseFee);
    account.balance -= gasLimit * effectiveGasPrice;
    await this.#state.putAccount(sender, account);
    const call = { from: transaction.from, to, amount, callData };
    const result = await this.#run({ ...call, gasLimit: gasLimit - intrinsic }, block);
    const gasUsed = larger(intrinsic + result.gasUsed, floor);
    const paid = (await this.#state.getAccount(sender)) ?? account;
    paid.balance += (gasLimit - gasUsed) * effectiveGasPrice;
    await this.#state.putAccount(sender, paid);
    const { success, logs, created } = result;
    const feePaid = gasUsed * effectiveGasPrice;
    return { transaction, success, gasUsed, effectiveGasPrice, feePaid, logs, created };
  }

  async #run(call: MachineCall, block: MachineBlock): Promise<MachineResult> {
    const { from, to, amount, callData, gasLimit = GAS_LIMIT } = call;
    const caller = createAddressFromString(from);
    this.#evm.journal.addAlwaysWarmAddress(from.toLowerCase());
    if (to !== undefined) this.#evm.journal.addAlwaysWarmAddress(to.toLowerCase());
    const ran = await this.#evm.runCall({
      ...(to === undefined ? {} : { to: createAddressFromString(to) }),
      caller,
      origin: caller,
      value: amount,
      data: hexToBytes(callData),
      gasLimit,
      gasPrice: block.baseFee,
      block: { header: headerOf(block) } as never,
    });
    rememberJumps(ran);
    await this.#evm.journal.cleanup();
    this.#evm.transientStorage.clear();
    this.#state.originalStorageCache.clear();
    const result = resultOf(ran);
    if (!result.success) this.onRevert(result.output);
    return result;
  }

  #session(): MachineSession {
    return {
      call: (call, block) => this.#run(call, block),
      putCode: async (address, code) => {
        await this.#state.putCode(createAddressFromString(address), hexToBytes(code));
      },
      putBalance: async (address, balance) => {
        await this.#state.modifyAccountFields(createAddressFromString(address), { balance });
      },
      codeAt: async (address) => {
        return bytesToHex(await this.#state.getCode(createAddressFromString(address)));
      },
      wordAt: async (address, slot) => {
        const place = createAddressFromString(address);
        const word = await this.#state.getStorage(place, hexToBytes(slot, { size: 32 }));
        // Words are kept without their leading zeros.
        return pad(bytesToHex(word), { size: 32 });
      },
    };
  }

  /** Goes back to where two branches part, and forward from there. */
  #moveTo(block: TruthBlock): void {
    const forward: TruthBlock[] = [];
    let from: TruthBlock | undefined = this.#at;
    let to: TruthBlock | undefined = block;
    while (from !== to && from !== undefined && to !== undefined) {
      if (from.number >= to.number) {
        this.#state.takeBack(this.#diffs.get(from.hash) ?? []);
        from = from.parent;
      } else {
        forward.push(to);
        to = to.parent;
      }
    }
    for (const next of forward.toReversed()) this.#state.doAgain(this.#diffs.get(next.hash) ?? []);
    this.#at = block;
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/**
 * Lets the interpreter look through each contract for jump destinations once, not at every call: it
 * would spend more time on that than on running. The library gives no other hold on it.
 */
function rememberJumps({ execResult }: EVMResult): void {
  const { interpreter } = (execResult.runState ?? {}) as { readonly interpreter?: object };
  const shared = interpreter && (Object.getPrototypeOf(interpreter) as JumpFinder);
  if (shared === undefined || PATIENT.has(shared)) return;
  const find = shared._getValidJumpDestinations;
  const known = new WeakMap<Uint8Array, unknown>();
  shared._getValidJumpDestinations = function once(code): unknown {
    let found = known.get(code);
    if (found === undefined) {
      found = find.call(this, code);
      known.set(code, found);
    }
    return found;
  };
  PATIENT.add(shared);
}

interface JumpFinder {
  _getValidJumpDestinations(code: Uint8Array): unknown;
}

const PATIENT = new WeakSet<JumpFinder>();

/** As much as a block of the simulation may hold. */
const GAS_LIMIT = 30_000_000n;

/** The rules that contracts/foundry.toml compiles for. */
function rulesOf(chainId: number): Common {
  return createCustomCommon({ chainId }, Mainnet, {
    hardfork: Hardfork.Cancun,
    customCrypto: { ecrecover: recoverKey },
  });
}

/** The curve of libsecp256k1, which is many times as fast as the one in JavaScript. */
function recoverKey(digest: Uint8Array, v: bigint, r: Uint8Array, s: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64);
  signature.set(r, 32 - r.length);
  signature.set(s, 64 - s.length);
  const key = recover(digest, signature, v === 27n ? 0 : 1, false);
  if (key === null) throw new RangeError('no key signs like this');
  return key.subarray(1);
}

/** What a creation costs on top of other calls. @see EIP-2 and EIP-3860. */
export function creationGas(callData: Hex): bigint {
  const words = Math.ceil((callData.length - 2) / 64);
  return BigInt(32_000 + 2 * words);
}

function resultOf({ execResult, createdAddress }: EVMResult): MachineResult {
  const { executionGasUsed: gasNeeded, gasRefund = 0n, exceptionError, returnValue } = execResult;
  // A fifth of what was used at most. @see EIP-3529.
  const gasUsed = gasNeeded - smaller(gasRefund, gasNeeded / 5n);
  const success = exceptionError === undefined;
  const logs = (execResult.logs ?? []).map(([address, topics, payload]) => ({
    address: bytesToHex(address),
    topics: topics.map((topic) => bytesToHex(topic)),
    payload: bytesToHex(payload),
  }));
  const created = success ? (createdAddress?.toString() as Address | undefined) : undefined;
  return { success, gasUsed, gasNeeded, logs, output: bytesToHex(returnValue), created };
}

function headerOf({ number, timestamp, baseFee }: MachineBlock): object {
  return {
    number: BigInt(number),
    timestamp: BigInt(timestamp),
    coinbase: createAddressFromString(`0x${'c0'.repeat(20)}`),
    gasLimit: GAS_LIMIT,
    difficulty: 0n,
    prevRandao: new Uint8Array(32),
    baseFeePerGas: baseFee,
    getBlobGasPrice: () => 1n,
  };
}
