import type { BlockReference, FinalityTarget } from '@lawbook/chains/tracker/chainTracker';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { Address, Hex } from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../../../../contracts/generated/agreementRegistryAbi.ts';
import { BASE_LAYER_ABI } from '../../../../../contracts/generated/baseLayerAbi.ts';
import { SettlementFault } from '../../settlementFault.ts';
import type {
  BaseLayer,
  BaseLayerHealth,
  Certainty,
  SettledList,
  SettledProgress,
  Vault,
} from '../baseLayer.ts';
import type { BaseLayerEvent, EventCursor } from '../baseLayerEvent.ts';
import type { DomainAgreement } from '../domainAgreement.ts';
import type { SettleCheck, SettleOutcome, Submission } from '../submission.ts';
import type { EvmStands } from './chainReader.ts';
import { settlementFaultOf } from './chainReader.ts';
import type { Refused } from './decodeRefusal.ts';
import type { Deployment } from './deployment.ts';
import type { Act, ActTerms } from './performAct.ts';
import { Actor, DEFAULT_ACT_TERMS } from './performAct.ts';
import { readAgreement } from './readAgreement.ts';
import { readEvents } from './readEvents.ts';
import { encodeSettleCall } from './settleCall.ts';
import { SettledLists } from './settledLists.ts';

/** One shard and market of a deployment, as its operator sees it. */
export interface EvmBaseLayerOptions {
  readonly deployment: Deployment;
  readonly shard: number;
  readonly marketId: number;
  /** Signs settlements: the engine has a lane for it. */
  readonly operator: Address;
  /** When a block counts as final: confirmations on an embedded chain, else the chain's own tag. */
  readonly finality: FinalityTarget;
  /** On what terms settlements are sent. */
  readonly terms?: Partial<Omit<ActTerms, 'finality'>>;
}

/**
 * The base layer of contracts/src on an Ethereum chain, through a chain engine that is open.
 *
 * Nothing is read here, so that a venue starts while its chain is away; the first read makes sure
 * that the contracts are those of the deployment. Closing ends waits and leaves the engine open.
 */
export function openEvmBaseLayer(options: EvmBaseLayerOptions, stands: EvmStands): BaseLayer {
  return new EvmBaseLayer(options, stands);
}

/** Without a poll that succeeded for so long the chain is out of sight. */
const BLIND_MS = 15_000;
/** Balances read at once. */
const READS_AT_ONCE = 16;

class EvmBaseLayer implements BaseLayer {
  readonly id = 'evm';
  readonly domain: VenueDomain;
  readonly shard: number;
  readonly marketId: number;
  readonly #options: EvmBaseLayerOptions;
  readonly #stands: EvmStands;
  readonly #actor: Actor;
  readonly #lists: SettledLists;
  readonly #closing = new AbortController();
  #isGrounded = false;

  constructor(options: EvmBaseLayerOptions, stands: EvmStands) {
    const { deployment, shard, marketId, operator, finality, terms } = options;
    this.domain = {
      chainId: BigInt(deployment.chainId),
      address: accountId(deployment.baseLayer),
    };
    this.shard = shard;
    this.marketId = marketId;
    this.#options = options;
    this.#stands = stands;
    this.#actor = new Actor(stands, operator, { ...DEFAULT_ACT_TERMS, ...terms, finality });
    const { baseLayer, deployedAtBlock } = deployment;
    this.#lists = new SettledLists({ baseLayer, shard, from: deployedAtBlock }, stands);
  }

  async agreement(): Promise<DomainAgreement | undefined> {
    const { registry } = this.#options.deployment;
    const { reader } = this.#actor;
    return await this.#atHead((block) => {
      return readAgreement(reader, { registry, shard: this.shard, block });
    });
  }

  async progress(certainty: Certainty): Promise<SettledProgress> {
    const included = await this.#atHead(async (block) => {
      const progress = await this.#progressAt(block);
      if (certainty === 'included' || progress.listNumber === 0n) return progress;
      // Needs no state of the past, which a chain that was restarted does not have.
      const place = await this.#lists.find(progress.listNumber, block);
      // A chain forgets what is final alone.
      const isFinal = place === undefined || this.#actor.reader.isFinal(place.block);
      return isFinal ? progress : undefined;
    });
    if (included !== undefined) return included;
    const { deployedAtBlock } = this.#options.deployment;
    const final = await this.#actor.reader.atFinal(async (block) => {
      return block.number < deployedAtBlock ? undefined : await this.#progressAt(block);
    });
    return final ?? NO_PROGRESS;
  }

  async vault(owner: AccountId): Promise<Vault> {
    return await this.#atHead(async (block) => {
      const { registry } = this.#options.deployment;
      const { reader } = this.#actor;
      const [assets, exitDueBlock] = await Promise.all([
        reader.view(
          {
            address: registry,
            abi: AGREEMENT_REGISTRY_ABI,
            functionName: 'assetCount',
            args: [this.shard],
          },
          block,
        ),
        reader.view({ ...this.#contract('exitDueBlock'), args: [this.shard, owner as Hex] }, block),
      ]);
      const balances = await this.#balances(owner, Number(assets), block);
      return { owner, balances, exitDueBlock: exitDueBlock === 0n ? undefined : exitDueBlock };
    });
  }

  async settled(listNumber: bigint): Promise<SettledList | undefined> {
    return await this.#atHead(async (block) => {
      const [number] = await this.#listChain(block);
      if (number < listNumber || listNumber <= 0n) return undefined;
      const place = await this.#lists.find(listNumber, block);
      if (place === undefined) return undefined;
      const certainty = this.#actor.reader.isFinal(place.block) ? 'final' : 'included';
      const { listHash, epochNumber, transaction } = place;
      const blockNumber = place.block.number;
      return { listNumber, listHash, epochNumber, certainty, transaction, blockNumber };
    });
  }

  async check(submission: Submission): Promise<SettleCheck> {
    this.#checkOpen();
    await this.#ground();
    const check = await this.#actor.check(this.#actOf(submission));
    if (check.kind === 'passes') return check;
    return { kind: 'refused', refusal: check.refusal };
  }

  async settle(submission: Submission, signal: AbortSignal): Promise<SettleOutcome> {
    this.#checkOpen();
    await this.#ground();
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const outcome = await this.#actor.perform(this.#actOf(submission), either);
    if (outcome.kind === 'refused') return await this.#judgeRefusal(submission, outcome);
    const { inclusion } = outcome.life;
    invariant(inclusion !== undefined, 'an act that is done stands in a block');
    return {
      kind: 'settled',
      transaction: inclusion.hash,
      blockNumber: inclusion.block.number,
      gasUsed: inclusion.gasUsed,
    };
  }

  async *events(
    after: EventCursor | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<BaseLayerEvent, void, undefined> {
    this.#checkOpen();
    const { deployment, finality } = this.#options;
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const place = { deployment, shard: this.shard, finality };
    try {
      yield* readEvents({ ...place, after, signal: either }, this.#stands);
    } catch (fault) {
      throw settlementFaultOf(fault);
    }
  }

  health(): BaseLayerHealth {
    const { tracker } = this.#stands.engine;
    const headBlock = tracker.head()?.number;
    const { lastPollMs } = tracker.stats();
    const detail = this.#complaint(lastPollMs);
    if (detail !== undefined) return { state: 'unready', detail, headBlock };
    return { state: 'ready', detail: `The chain is at block ${headBlock}.`, headBlock };
  }

  async close(): Promise<void> {
    this.#closing.abort(closedFault());
  }

  #complaint(lastPollMs: number | undefined): string | undefined {
    if (this.#closing.signal.aborted) return 'The base layer was closed.';
    // The head may be known before the poll that tells of it is over.
    if (lastPollMs === undefined) return 'No endpoint has told of a block yet.';
    const ageMs = this.#stands.environment.clock.nowMs() - lastPollMs;
    if (ageMs > BLIND_MS) {
      return `No endpoint has told of the chain for ${Math.round(ageMs / 1_000)} s.`;
    }
    const { halted } = this.#stands.engine.lane(this.#options.operator).stats();
    return halted === undefined ? undefined : `The operator's lane is halted: ${halted}`;
  }

  /** A list that was settled before, by an intent that this lane no longer knows, is settled. */
  async #judgeRefusal(submission: Submission, refused: Refused): Promise<SettleOutcome> {
    const { rule } = refused.refusal;
    if (rule === 'ListNumberIsNotNext' && !refused.mayPass) {
      const settled = await this.settled(submission.list.number);
      if (settled?.listHash === submission.listHash) {
        const { transaction, blockNumber } = settled;
        return { kind: 'settled', transaction, blockNumber, gasUsed: undefined };
      }
    }
    return refused;
  }

  /** The same list is the same act, whoever asks and after whatever crash. */
  #actOf(submission: Submission): Act {
    const { list, listHash } = submission;
    const { baseLayer } = this.#options.deployment;
    const place = `${baseLayer.slice(2, 10)}.${list.shard}.${list.number}`;
    return {
      key: `settle:${place}:${listHash.slice(2, 34)}`,
      to: baseLayer,
      amount: 0n,
      callData: encodeSettleCall(submission),
      mayDiffer: true,
    };
  }

  async #progressAt(block: BlockReference): Promise<SettledProgress> {
    const { reader } = this.#actor;
    const [[listNumber, listHash], [epochNumber, batchNumber, closedAtMs]] = await Promise.all([
      this.#listChain(block),
      reader.view({ ...this.#contract('marketProgress'), args: [this.marketId] }, block),
    ]);
    return {
      listNumber,
      listHash: listHash as Hash & Hex,
      epochNumber: Number(epochNumber),
      batchNumber: Number(batchNumber),
      closedAtMs: Number(closedAtMs),
    };
  }

  #listChain(block: BlockReference): Promise<readonly [bigint, Hex]> {
    const call = { ...this.#contract('listChains'), args: [this.shard] } as const;
    return this.#actor.reader.view(call, block);
  }

  async #balances(
    owner: AccountId,
    assets: number,
    block: BlockReference,
  ): Promise<ReadonlyMap<number, bigint>> {
    const balances = new Map<number, bigint>();
    const contract = this.#contract('balanceOf');
    for (let first = 0; first < assets; first += READS_AT_ONCE) {
      const count = Math.min(READS_AT_ONCE, assets - first);
      const ids = Array.from({ length: count }, (_, index) => first + index);
      const reads = ids.map((assetId) => {
        const args = [this.shard, owner as Hex, BigInt(assetId)] as const;
        return this.#actor.reader.view({ ...contract, args }, block);
      });
      for (const [index, units] of (await Promise.all(reads)).entries()) {
        if (units > 0n) balances.set(first + index, units);
      }
    }
    return balances;
  }

  #contract<const Name extends string>(
    functionName: Name,
  ): {
    readonly address: Address;
    readonly abi: typeof BASE_LAYER_ABI;
    readonly functionName: Name;
  } {
    return { address: this.#options.deployment.baseLayer, abi: BASE_LAYER_ABI, functionName };
  }

  async #atHead<T>(read: (block: BlockReference) => Promise<T>): Promise<T> {
    await this.#ground();
    return await this.#actor.reader.atHead(read);
  }

  /** Whether the contract is the one of the deployment; asked once. */
  async #ground(): Promise<void> {
    this.#checkOpen();
    if (this.#isGrounded) return;
    const { registry, baseLayer } = this.#options.deployment;
    const found = await this.#actor.reader.atHead((block) => {
      return this.#actor.reader.view({ ...this.#contract('registry'), args: [] }, block);
    });
    if (found.toLowerCase() !== registry.toLowerCase()) {
      throw new SettlementFault(
        'SETTLEMENT_CONFIG_INVALID',
        `The contract at ${baseLayer} keeps to the registry ${found}, not to ${registry}: check ` +
          'the manifest of the contracts.',
        { fields: { baseLayer, expected: registry, actual: found } },
      );
    }
    this.#isGrounded = true;
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw closedFault();
  }
}

const NO_PROGRESS: SettledProgress = {
  listNumber: 0n,
  listHash: `0x${'00'.repeat(32)}` as Hash & Hex,
  epochNumber: 0,
  batchNumber: 0,
  closedAtMs: 0,
};

function closedFault(): SettlementFault {
  return new SettlementFault('SETTLEMENT_CLOSED', 'The base layer was closed.');
}
