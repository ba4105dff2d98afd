import type { ChainEngine } from '@lawbook/chains/chainEngine';
import { ChainFault } from '@lawbook/chains/chainFault';
import { classifyError } from '@lawbook/chains/endpoints/classifyError';
import type { ReadOptions } from '@lawbook/chains/endpoints/endpointPool';
import { RpcError } from '@lawbook/chains/endpoints/transport';
import type { Environment } from '@lawbook/chains/environment';
import type { BlockReference, FinalityTarget } from '@lawbook/chains/tracker/chainTracker';
import { within } from '@lawbook/chains/within';
import { Fault } from '@lawbook/exchange/failures/fault';
import type {
  Abi,
  Address,
  ContractFunctionArgs,
  ContractFunctionName,
  ContractFunctionReturnType,
  Hex,
} from 'viem';
import {
  BaseError,
  concat,
  decodeFunctionResult,
  encodeFunctionData,
  isHex,
  numberToHex,
  size,
  slice,
} from 'viem';
import { SettlementFault } from '../../settlementFault.ts';
import { revertBytes } from './decodeRefusal.ts';

/** What acts and reads on a chain stand on. */
export interface EvmStands {
  readonly engine: Pick<ChainEngine, 'pool' | 'tracker' | 'lane'>;
  readonly environment: Environment;
}

/** A call as endpoints take it. */
export interface CallRequest {
  readonly from?: Address;
  /** Undefined runs the bytes as the creation of a contract. */
  readonly to: Address | undefined;
  readonly amount?: bigint;
  readonly callData: Hex;
}

type Views<A extends Abi> = ContractFunctionName<A, 'pure' | 'view'>;
type ViewArguments<A extends Abi, F extends Views<A>> = ContractFunctionArgs<A, 'pure' | 'view', F>;

/** A view of a contract with its arguments. */
export interface ViewCall<A extends Abi, F extends Views<A>> {
  readonly address: Address;
  readonly abi: A;
  readonly functionName: F;
  readonly args: ViewArguments<A, F>;
}

/** How long the first block is waited for. */
const FIRST_HEAD_MS = 10_000;
/** Words of storage read by one call: 32 KB of call data, two million gas. */
const WORDS_AT_ONCE = 1_000;
const READS_AT_ONCE = 16;
/**
 * Reads the slots that its call data lists:
 * `for (i = 0; i < calldatasize; i += 32) mstore(i, sload(calldataload(i)))`, and returns them.
 */
const SLOT_READER: Hex = '0x5f5b3681101560145780355481526020016001565b365ff3';
/** Tries at successive heads, when the block that was read at leaves the chain meanwhile. */
const READ_TRIES = 3;

/**
 * Reads contracts at one block at a time, named by its hash: what is read together fits together,
 * and an endpoint on another branch refuses instead of answering for its own.
 */
export class ChainReader {
  readonly #stands: EvmStands;
  readonly #finality: FinalityTarget;
  readonly #priority: Pick<ReadOptions, 'priority'>;

  /** @param isBulk leaves the right of way to reads that money waits on. */
  constructor(stands: EvmStands, finality: FinalityTarget, isBulk = false) {
    this.#stands = stands;
    this.#finality = finality;
    this.#priority = isBulk ? {} : { priority: 'high' };
  }

  /**
   * Runs reads at the head; again at a newer one when the chain or an endpoint moved under them.
   * @throws SettlementFault SETTLEMENT_UNAVAILABLE, SETTLEMENT_CONFIG_INVALID, SETTLEMENT_CLOSED.
   */
  async atHead<T>(read: (block: BlockReference) => Promise<T>): Promise<T> {
    return await this.#retried(async () => await read(await this.head()));
  }

  /** Runs reads at the newest final block; undefined while there is none. */
  async atFinal<T>(read: (block: BlockReference) => Promise<T>): Promise<T | undefined> {
    return await this.#retried(async () => {
      const block = await this.#finalBlock(await this.head());
      return block === undefined ? undefined : await read(block);
    });
  }

  /**
   * Waits until the head is another block than this one.
   * @throws SettlementFault SETTLEMENT_UNCERTAIN when the signal ends the wait first;
   *   SETTLEMENT_CLOSED.
   */
  async nextHead(last: BlockReference, signal: AbortSignal): Promise<void> {
    const { tracker } = this.#stands.engine;
    try {
      for (;;) {
        const changed = tracker.changed(signal);
        changed.catch(() => undefined);
        const head = tracker.head();
        if (head !== undefined && head.hash !== last.hash) return;
        await changed;
      }
    } catch (fault) {
      if (!signal.aborted) throw settlementFaultOf(fault);
      const sentence = `Nobody waits for a block after ${last.number} any more.`;
      throw new SettlementFault('SETTLEMENT_UNCERTAIN', sentence, { cause: signal.reason });
    }
  }

  /** The newest block; waits for the first one. */
  async head(): Promise<BlockReference> {
    const { tracker } = this.#stands.engine;
    const { clock } = this.#stands.environment;
    const limit = { timeoutMs: FIRST_HEAD_MS, code: 'CHAIN_ENDPOINTS_UNAVAILABLE' as const };
    return await within({ clock, ...limit, what: 'The first block' }, async (signal) => {
      for (;;) {
        const changed = tracker.changed(signal);
        changed.catch(() => undefined);
        const head = tracker.head();
        if (head !== undefined) return { number: head.number, hash: head.hash };
        await changed;
      }
    });
  }

  /** Looks for newer blocks now. @returns whether the head is another one. */
  async lookAgain(): Promise<boolean> {
    const { tracker } = this.#stands.engine;
    const before = tracker.head()?.hash;
    await this.#poll();
    return tracker.head()?.hash !== before;
  }

  /**
   * Waits until the head has this number: whoever was told of a block by a receipt, which may be
   * ahead of the tracker, reads what the block did.
   * @throws SettlementFault SETTLEMENT_UNCERTAIN when the signal ends the wait first;
   *   SETTLEMENT_UNAVAILABLE, SETTLEMENT_CLOSED.
   */
  async reach(number: bigint, signal: AbortSignal): Promise<void> {
    let head = await this.head();
    // The first look may join one that began before the block was made.
    for (let look = 1; look <= READ_TRIES && head.number < number; look += 1) {
      await this.#poll();
      head = await this.head();
    }
    while (head.number < number) {
      await this.nextHead(head, signal);
      head = await this.head();
    }
  }

  /** Whether a canonical block is final by the rule of this reader. */
  isFinal(block: BlockReference): boolean {
    return this.#stands.engine.tracker.isFinal(block, this.#finality);
  }

  /** The result of a view. A contract that is not there is a fault, never an empty result. */
  async view<const A extends Abi, F extends Views<A>>(
    call: ViewCall<A, F>,
    block: BlockReference,
  ): Promise<ContractFunctionReturnType<A, 'pure' | 'view', F, ViewArguments<A, F>>> {
    const { address, abi, functionName, args } = call;
    const callData = encodeFunctionData({ abi, functionName, args } as Parameters<
      typeof encodeFunctionData
    >[0]);
    const returned = await this.#viewBytes({ to: address, callData }, functionName, block);
    const shape = { abi, functionName, args, data: returned };
    try {
      return decodeFunctionResult(
        shape as Parameters<typeof decodeFunctionResult>[0],
      ) as ContractFunctionReturnType<A, 'pure' | 'view', F, ViewArguments<A, F>>;
    } catch (cause) {
      // Bytes that are not what the view returns: an endpoint's mistake like any other.
      if (cause instanceof BaseError) throw unreadable(functionName);
      throw cause;
    }
  }

  /** What a call returns. @throws RpcError for a revert among others. */
  async call(request: CallRequest, block: BlockReference): Promise<Hex> {
    const params = [rpcCall(request), { blockHash: block.hash }];
    return await this.#hex({ method: 'eth_call', params }, block);
  }

  /** Gas that a call needs; undefined when no endpoint tells. */
  async gasOf(request: CallRequest, block: BlockReference): Promise<bigint | undefined> {
    const params = [rpcCall(request), numberToHex(block.number)];
    try {
      return await this.#quantity({ method: 'eth_estimateGas', params }, block);
    } catch (fault) {
      if (fault instanceof ChainFault) return undefined;
      throw fault;
    }
  }

  /** Code at an address; `0x` for none. */
  async codeAt(address: Address, block: BlockReference): Promise<Hex> {
    const params = [address, { blockHash: block.hash }];
    return await this.#hex({ method: 'eth_getCode', params }, block);
  }

  /**
   * Words of a contract's storage, in the order of the slots. One call with the contract's code
   * overridden by a reader where endpoints allow that, else a call for each.
   */
  async wordsAt(
    address: Address,
    slots: readonly Hex[],
    block: BlockReference,
  ): Promise<readonly bigint[]> {
    const words: bigint[] = [];
    for (let first = 0; first < slots.length; first += WORDS_AT_ONCE) {
      const some = slots.slice(first, first + WORDS_AT_ONCE);
      words.push(...(await this.#wordsTogether(address, some, block)));
    }
    return words;
  }

  /** Transactions of an account that are in blocks: its next chain nonce. Stays under 2^53. */
  async chainNonceOf(account: Address, block: BlockReference): Promise<number> {
    const params = [account, { blockHash: block.hash }];
    return Number(await this.#quantity({ method: 'eth_getTransactionCount', params }, block));
  }

  async #wordsTogether(
    address: Address,
    slots: readonly Hex[],
    block: BlockReference,
  ): Promise<readonly bigint[]> {
    const call = { to: address, input: concat(slots) };
    const params = [call, { blockHash: block.hash }, { [address]: { code: SLOT_READER } }];
    try {
      const returned = await this.#hex({ method: 'eth_call', params }, block);
      if (size(returned) === 32 * slots.length) {
        return slots.map((_, index) => BigInt(slice(returned, 32 * index, 32 * index + 32)));
      }
    } catch (fault) {
      if (!(fault instanceof RpcError) || hasMoved(fault)) throw fault;
    }
    return await this.#wordsOneByOne(address, slots, block);
  }

  async #wordsOneByOne(
    address: Address,
    slots: readonly Hex[],
    block: BlockReference,
  ): Promise<readonly bigint[]> {
    const words: bigint[] = [];
    for (let first = 0; first < slots.length; first += READS_AT_ONCE) {
      const reads = slots.slice(first, first + READS_AT_ONCE).map((slot) => {
        const params = [address, slot, { blockHash: block.hash }];
        return this.#quantity({ method: 'eth_getStorageAt', params }, block);
      });
      words.push(...(await Promise.all(reads)));
    }
    return words;
  }

  async #viewBytes(request: CallRequest, name: string, block: BlockReference): Promise<Hex> {
    let returned: Hex | undefined;
    try {
      returned = await this.call(request, block);
    } catch (fault) {
      if (revertBytes(fault) === undefined) throw fault;
    }
    if (returned !== undefined && returned !== '0x') return returned;
    throw new SettlementFault(
      'SETTLEMENT_CONFIG_INVALID',
      `The contract at ${request.to} does not answer ${name}: check the addresses of the ` +
        'deployment and the chain of the endpoints.',
      { fields: { address: String(request.to), view: name } },
    );
  }

  async #hex(
    call: { readonly method: string; readonly params: readonly unknown[] },
    { number }: BlockReference,
  ): Promise<Hex> {
    const { pool } = this.#stands.engine;
    const answer = await pool.read(call, { atLeastBlock: number, ...this.#priority });
    if (isHex(answer)) return answer;
    throw unreadable(call.method);
  }

  /** A number of at most 256 bits; some nodes write words of storage without their zeros. */
  async #quantity(
    call: { readonly method: string; readonly params: readonly unknown[] },
    block: BlockReference,
  ): Promise<bigint> {
    const hex = await this.#hex(call, block);
    if (hex.length > 2 && hex.length <= 66) return BigInt(hex);
    throw unreadable(call.method);
  }

  async #finalBlock(head: BlockReference): Promise<BlockReference | undefined> {
    const { tracker } = this.#stands.engine;
    if (this.#finality.kind !== 'confirmations') return tracker.finality()[this.#finality.kind];
    let number = head.number - BigInt(this.#finality.blocks) + 1n;
    if (number < 0n) return undefined;
    for (let held = tracker.blockAt(number); held !== undefined; held = tracker.blockAt(number)) {
      // Depth is not all: a chain may go back by more when its own process crashes.
      if (tracker.isFinal(held, this.#finality)) return { number, hash: held.hash };
      if (number === 0n) return undefined;
      number -= 1n;
    }
    throw new SettlementFault(
      'SETTLEMENT_UNAVAILABLE',
      `Block ${number} is not known yet; it is looked up again.`,
    );
  }

  async #retried<T>(read: () => Promise<T>): Promise<T> {
    for (let count = 1; ; count += 1) {
      try {
        return await read();
      } catch (fault) {
        if (!hasMoved(fault) || count >= READ_TRIES) throw settlementFaultOf(fault);
        await this.#poll();
      }
    }
  }

  async #poll(): Promise<void> {
    try {
      await this.#stands.engine.tracker.poll();
    } catch (fault) {
      throw settlementFaultOf(fault);
    }
  }
}

/** Whether a read failed because its block is no longer, or not yet, where it was looked for. */
function hasMoved(fault: unknown): boolean {
  if (fault instanceof RpcError) return classifyError(fault, 'read').meaning === 'blockNotFound';
  return fault instanceof ChainFault && fault.code === 'CHAIN_ENDPOINTS_BEHIND';
}

function unreadable(method: string): SettlementFault {
  return new SettlementFault(
    'SETTLEMENT_UNAVAILABLE',
    `An endpoint answers ${method} with something unreadable; it is asked again.`,
    { fields: { method } },
  );
}

/** A failure of the chain engine in the words of settlement; others as they are. */
export function settlementFaultOf(fault: unknown): unknown {
  if (!(fault instanceof Fault) || fault instanceof SettlementFault) return fault;
  const detail = { fields: { chain: fault.code, ...fault.fields }, cause: fault };
  if (fault.code === 'CHAIN_CLOSED') {
    return new SettlementFault('SETTLEMENT_CLOSED', 'The chain engine was closed.', detail);
  }
  if (fault.retryable || fault instanceof RpcError) {
    const sentence = `The chain does not answer: ${fault.message}`;
    return new SettlementFault('SETTLEMENT_UNAVAILABLE', sentence, detail);
  }
  return new SettlementFault('SETTLEMENT_CONFIG_INVALID', fault.message, detail);
}

function rpcCall({ from, to, amount, callData }: CallRequest): Readonly<Record<string, string>> {
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(amount === undefined || amount === 0n ? {} : { value: numberToHex(amount) }),
    input: callData,
  };
}
