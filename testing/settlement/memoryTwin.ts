/** The memory contracts as `openBaseLayerWorld` opens the real ones: same shard, market, vaults. */
import { ZERO_HASH } from '../../packages/exchange/src/codec/hash.ts';
import { at } from '../../packages/exchange/src/failures/invariant.ts';
import type { AccountId } from '../../packages/exchange/src/ledger/account.ts';
import { accountId } from '../../packages/exchange/src/ledger/account.ts';
import type { ListCut } from '../../packages/proofs/src/statements/epoch/cutDiffList.ts';
import { MemoryChain } from '../../packages/settlement/src/baseLayer/memory/memoryChain.ts';
import { MemoryContracts } from '../../packages/settlement/src/baseLayer/memory/memoryContracts.ts';
import { RefusedAct } from '../../packages/settlement/src/baseLayer/memory/refusedAct.ts';
import type { WorldOptions } from './baseLayerWorld.ts';
import { WORLD_SHARD } from './baseLayerWorld.ts';

const OPERATOR = accountId(`0x${'0b'.repeat(20)}`);
const EPOCH_BLOCKS = 10n;
const TOKEN_DECIMALS = 18;

/** What a settlement in memory came to. */
export interface TwinRun {
  /** Public inputs that the verifier was asked about; undefined when it was not asked. */
  readonly asked: readonly bigint[] | undefined;
  readonly listHash: string;
  /** Name and arguments of the error; undefined when it settled. */
  readonly refusal: string | undefined;
}

/** The base layer's rules without an EVM; the verifier says yes and is listened to. */
export class MemoryTwin {
  readonly #chain: MemoryChain;
  #asked: readonly bigint[] | undefined;

  constructor(options: WorldOptions) {
    const { domain, parameters, batchNumber } = at(options.batches, 0);
    const nowMs = Math.max(...options.batches.map(({ closedAtMs }) => closedAtMs));
    const contracts = new MemoryContracts({
      domain,
      guardian: OPERATOR,
      terms: { baseEpochBlocks: EPOCH_BLOCKS, exitBlocks: 20n, agreementFee: 0n },
      genesisBlock: 100n,
      lawsHold: ({ publicInputs }) => {
        this.#asked = publicInputs;
        return true;
      },
    });
    const clock = { nowMs: () => Math.ceil(nowMs / 1000) * 1000 };
    this.#chain = new MemoryChain({ contracts, clock, finalityBlocks: 1 });
    const { registry, tokens, vaults } = contracts;
    const most = Math.max(...parameters.assets.map(({ assetId }) => assetId));
    const held = Array.from({ length: most + 1 }, (_, id) => accountId(`0x${tokenDigits(id)}`));
    this.#chain.perform(OPERATOR, (context) => {
      const circuits = [{ verifier: 'accepting', ...options.shape }];
      const terms = { shard: WORLD_SHARD, operator: OPERATOR, circuits, paid: 0n };
      registry.registerAgreement(context, { ...terms, verifyingKeyHash: ZERO_HASH });
      for (const [id, token] of held.entries()) {
        const asset = parameters.assets.find(({ assetId }) => assetId === id);
        tokens.deploy(token, TOKEN_DECIMALS);
        const ledgerDecimals = asset?.decimals ?? 0;
        registry.listAsset(context, { shard: WORLD_SHARD, token, ledgerDecimals });
      }
      const { marketId } = parameters;
      registry.registerMarket(context, {
        shard: WORLD_SHARD,
        marketId,
        columns: parameters.assets.map(({ assetId }) => assetId),
        epochNumber: BigInt(options.epochNumber - 1),
        batchNumber: BigInt(batchNumber - 1),
      });
      for (const commitment of new Set(options.parameterCommitments)) {
        registry.registerParameters(context, { marketId, commitment });
      }
    });
    this.#chain.mine(Number(2n * EPOCH_BLOCKS));
    this.#chain.perform(OPERATOR, (context) => {
      for (const { owner, assetId, units } of options.holdings) {
        const { unit } = registry.assetOf(WORLD_SHARD, assetId);
        tokens.mint(at(held, assetId), OPERATOR, units * unit);
        vaults.deposit(context, { shard: WORLD_SHARD, owner, assetId, units });
      }
    });
  }

  /** Settles under a data commitment that the caller chose. */
  settle({ list, book }: ListCut, dataCommitment: bigint): TwinRun {
    const { contracts } = this.#chain;
    this.#asked = undefined;
    const proof = { circuit: 0, dataCommitment, bytes: Uint8Array.of(0xc0, 0xde) };
    let refusal: string | undefined;
    try {
      this.#chain.perform(OPERATOR, (context) => {
        contracts.settle(context, { list, book, proof });
      });
    } catch (error) {
      if (!(error instanceof RefusedAct)) throw error;
      const { rule, details } = error.refusal;
      refusal = `${rule}(${details.join(', ')})`;
    }
    const { listHash } = contracts.listChain(WORLD_SHARD);
    return { asked: this.#asked, listHash, refusal };
  }

  /** Ledger units of a vault. */
  balance(owner: AccountId, assetId: number): bigint {
    return this.#chain.contracts.vaults.balanceOf({ shard: WORLD_SHARD, owner }, assetId);
  }
}

function tokenDigits(id: number): string {
  return (0x70_00n + BigInt(id)).toString(16).padStart(40, '0');
}
