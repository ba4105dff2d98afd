import { openChainEngine } from '@lawbook/chains/chainEngine';
import { httpTransport } from '@lawbook/chains/endpoints/httpTransport';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { TransactionSigner } from '@lawbook/chains/signers/transactionSigner';
import { openStore } from '@lawbook/chains/stores/openStore';
import type { FinalityTarget } from '@lawbook/chains/tracker/chainTracker';
import type { EvmStands } from '@lawbook/settlement/baseLayer/evm/chainReader';
import { REFUSALS_ABI } from '@lawbook/settlement/baseLayer/evm/decodeRefusal';

/** A chain at the other end of one endpoint. */
export interface OpenedChain {
  readonly stands: EvmStands;
  readonly close: () => Promise<void>;
}

/** How a chain is opened for one command. */
export interface ChainOptions {
  readonly rpcUrl: string;
  readonly chainId: number;
  /** Whose transactions are sent; none only reads. */
  readonly signers?: readonly TransactionSigner[];
  /** Folder that remembers what was sent; without one the command's own memory does. */
  readonly storeFolder?: string;
}

/** The chain that lives inside a machine: blocks of a second, tokens that give themselves away. */
export const EMBEDDED_CHAIN = 31_337;

/** Blocks of the embedded chain come each second, so it is looked at more often. */
const EMBEDDED_POLL_MS = 250;

/**
 * Opens the chain engine on one endpoint. Nothing is asked yet: the first read finds out whether
 * the endpoint answers and is on the chain that is expected.
 * @throws ChainFault CHAIN_CONFIG_INVALID for an address that is none.
 */
export async function openChain(options: ChainOptions): Promise<OpenedChain> {
  const { rpcUrl, chainId, signers = [], storeFolder } = options;
  const environment = systemEnvironment();
  const transport = httpTransport({ url: rpcUrl }, { environment });
  const store = await openStore(
    storeFolder === undefined ? { kind: 'memory' } : { kind: 'lmdb', directory: storeFolder },
    environment,
  );
  const isEmbedded = chainId === EMBEDDED_CHAIN;
  const engine = await openChainEngine(
    {
      pool: { chainId, endpoints: [{ transport, limits: isEmbedded ? 'local' : 'public' }] },
      signers,
      owner: `lawbook-cli-${process.pid}`,
      errors: REFUSALS_ABI,
      // The act is run dry by the base layer's adapter anyway; few endpoints offer more.
      simulation: 'estimateOnly',
      ...(isEmbedded ? { tracker: { pollIntervalMs: EMBEDDED_POLL_MS } } : {}),
    },
    { store, environment },
  ).catch(async (failure: unknown) => {
    await store.close();
    throw failure;
  });
  const close = async (): Promise<void> => {
    await engine.close();
    await store.close();
  };
  return { stands: { engine, environment }, close };
}

/** Opens a chain, lends it to `use` and closes it, whatever happens. */
export async function withChain<T>(
  options: ChainOptions,
  use: (stands: EvmStands) => Promise<T>,
): Promise<T> {
  const chain = await openChain(options);
  try {
    return await use(chain.stands);
  } finally {
    await chain.close();
  }
}

/** When a block counts as final: by count where blocks are cheap, else by the chain's own tag. */
export function finalityOf(chainId: number): FinalityTarget {
  return chainId === EMBEDDED_CHAIN
    ? { kind: 'confirmations', blocks: EMBEDDED_CONFIRMATIONS }
    : { kind: 'finalized' };
}

const EMBEDDED_CONFIRMATIONS = 3;
