import { DEMO_MARKET_ID } from '@lawbook/analytics/demoWorld';
import type { ChainEngine } from '@lawbook/chains/chainEngine';
import { OPEN_POLICY, openChainEngine } from '@lawbook/chains/chainEngine';
import { ChainFault } from '@lawbook/chains/chainFault';
import type { Transport } from '@lawbook/chains/endpoints/transport';
import { guardedSigner } from '@lawbook/chains/signers/guardedSigner';
import { keySigner } from '@lawbook/chains/signers/keySigner';
import type { ChainStore } from '@lawbook/chains/stores/chainStore';
import { MemoryStore } from '@lawbook/chains/stores/memoryStore';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import type { Address } from 'viem';
import type { EpochProver } from '../../../packages/executor/src/settlement/epochProver.ts';
import { openDesk } from '../../../packages/executor/src/settlement/operatorDesk.ts';
import type { VenueSide } from '../../../packages/executor/src/settlement/settlementPlan.ts';
import type { OpenedSettlement } from '../../../packages/executor/src/settlement/settlementService.ts';
import type { VenueEnvironment } from '../../../packages/executor/src/venueEnvironment.ts';
import type { StoreTerms } from './crashingStore.ts';
import type { EvmBase } from './evmBase.ts';
import { EVM_CHAIN_ID, SIMULATED_KEYS } from './evmContracts.ts';
import type { Life } from './life.ts';
import { FINALITY_BLOCKS, SHARD } from './simulatedBase.ts';

/** What settling of one life stands on. */
export interface EvmSettlementParts {
  readonly life: Life;
  readonly environment: VenueEnvironment;
  readonly base: EvmBase;
  /** How the disk behaves that also holds the engine's store. */
  readonly storeTerms: StoreTerms;
}

/** Opens engine, base layer, settler and bridge of one life as `evmPlan` does, past its files. */
export async function openEvmSettlement(
  parts: EvmSettlementParts,
  prover: EpochProver,
  venue: VenueSide,
): Promise<OpenedSettlement> {
  const { base, environment } = parts;
  const engine = await openEngine(parts);
  const opened = await openDesk(
    {
      started: { engine, close: () => engine.close() },
      deployment: base.deployment,
      shard: SHARD,
      marketId: DEMO_MARKET_ID,
      operator: base.operator.account as Address,
      finality: { kind: 'confirmations', blocks: FINALITY_BLOCKS },
      base: undefined,
      prover,
      keys: SIMULATED_KEYS,
      rpcUrl: undefined,
      closeChain: () => Promise.resolve(),
      environment,
    },
    venue,
  );
  try {
    await opened.layer.agreement();
  } catch (fault) {
    await opened.close();
    throw fault;
  }
  return opened;
}

/** The product's chain engine, whose way to everything outside leads through one process. */
async function openEngine(parts: EvmSettlementParts): Promise<ChainEngine> {
  const { base, life, environment } = parts;
  const { registry, baseLayer } = base.deployment;
  const targets = [registry, baseLayer].map((to) => ({ to, selectors: undefined }));
  const policy = { ...OPEN_POLICY, targets };
  const signer = keySigner(bytesToHex(base.operator.secretKey));
  const guard = { ...policy, chainId: EVM_CHAIN_ID, feeMax: undefined };
  // Leases run on the wall clock of the machine, as those of the LMDB store do.
  const wall = { ...environment.clock, elapsedMs: () => environment.clock.nowMs() };
  const store = new MemoryStore(wall, base.intents);
  return await openChainEngine(
    {
      pool: {
        chainId: EVM_CHAIN_ID,
        endpoints: base.transports().map((way) => {
          return { transport: throughLife(way, life), limits: 'public' as const };
        }),
      },
      signers: [guardedSigner(signer, guard)],
      owner: `venue-${life.identity.pid}`,
      policy,
    },
    { store: seenBy(store, parts), environment },
  );
}

function throughLife(way: Transport, life: Life): Transport {
  return {
    name: way.name,
    request: (call, options) => life.touch('base', () => way.request(call, options)),
  };
}

/**
 * The engine's store as one process reaches it. What it wrote is synced, so neither the death of
 * the process nor a loss of power takes it; it fails with the disk that it lies on.
 */
function seenBy(store: ChainStore, parts: EvmSettlementParts): ChainStore {
  const { life, environment, storeTerms: terms } = parts;
  const touch = <T>(act: () => Promise<T>): Promise<T> => life.touch('store', act);
  const write = <T>(act: () => Promise<T>): Promise<T> => {
    return touch(async () => {
      const { full, failing } = terms;
      if (full || (failing > 0 && environment.random.next() < failing)) throw unavailable();
      return await act();
    });
  };
  return {
    get: (key) => touch(() => store.get(key)),
    list: (prefix, options) => touch(() => store.list(prefix, options)),
    insert: (entries) => write(() => store.insert(entries)),
    commit: (lease, changes) => write(() => store.commit(lease, changes)),
    acquireLease: (name, owner, ms) => write(() => store.acquireLease(name, owner, ms)),
    renewLease: (lease, ms) => write(() => store.renewLease(lease, ms)),
    releaseLease: (lease) => write(() => store.releaseLease(lease)),
    close: () => touch(() => store.close()),
  };
}

function unavailable(): ChainFault {
  return new ChainFault('CHAIN_STORE_UNAVAILABLE', 'The simulated disk fails.');
}
