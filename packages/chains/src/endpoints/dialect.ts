import type { RpcCall } from './transport.ts';

/** The few questions by which the pool tells one chain and its head from another. */
export interface ChainDialect {
  /** Asks which chain this is. */
  readonly identity: RpcCall;
  isRightChain(result: unknown): boolean;
  /** Asks for the head. */
  readonly head: RpcCall;
  /** The head that the answer to this call tells of, undefined where it tells of none. */
  headOf(call: RpcCall, result: unknown): bigint | undefined;
}

/** Ethereum and what speaks like it. */
export function evmDialect(chainId: number): ChainDialect {
  return {
    identity: { method: 'eth_chainId', params: [] },
    isRightChain: (result) => quantityOf(result) === BigInt(chainId),
    head: { method: 'eth_blockNumber', params: [] },
    headOf: (call, result) => {
      if (call.method === 'eth_blockNumber') return quantityOf(result);
      if (call.method !== 'eth_getBlockByNumber' || call.params[0] !== 'latest') return undefined;
      if (typeof result !== 'object' || result === null || !('number' in result)) return undefined;
      return quantityOf(result.number);
    },
  };
}

/** Solana: the chain is named by its first block, the head is a slot. */
export function solanaDialect(genesisHash: string): ChainDialect {
  return {
    identity: { method: 'getGenesisHash', params: [] },
    isRightChain: (result) => result === genesisHash,
    head: { method: 'getSlot', params: [{ commitment: 'confirmed' }] },
    headOf: (call, result) => {
      const isSlot = call.method === 'getSlot' && Number.isSafeInteger(result);
      return isSlot ? BigInt(result as number) : undefined;
    },
  };
}

/** A JSON-RPC quantity of at most 64 bits; undefined for anything else. */
function quantityOf(result: unknown): bigint | undefined {
  if (typeof result !== 'string' || !/^0x[0-9a-f]{1,16}$/i.test(result)) return undefined;
  return BigInt(result);
}
