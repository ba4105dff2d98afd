/** The real contracts on an embedded chain, asked as plainly as anybody can ask them. */
import { DEMO_ASSETS } from '@lawbook/analytics/demoWorld';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { parameterHash } from '@lawbook/exchange/markets/batch/parameters';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import type { DiffList, OrderBook } from '@lawbook/proofs/statements/epoch/diffList';
import type { FieldHash } from '@lawbook/proofs/statements/epoch/fieldHash';
import { parameterCommitment } from '@lawbook/proofs/statements/epoch/parameterVector';
import type { AgreementPlan } from '@lawbook/settlement/baseLayer/evm/agreementPlan';
import { submitAgreement } from '@lawbook/settlement/baseLayer/evm/agreements';
import { creationCode } from '@lawbook/settlement/baseLayer/evm/contractCode';
import { decodeRefusal } from '@lawbook/settlement/baseLayer/evm/decodeRefusal';
import { deploy, predictAddresses } from '@lawbook/settlement/baseLayer/evm/deploy';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { Actor, DEFAULT_ACT_TERMS } from '@lawbook/settlement/baseLayer/evm/performAct';
import { encodeSettleCall } from '@lawbook/settlement/baseLayer/evm/settleCall';
import type { LawProof } from '@lawbook/settlement/baseLayer/submission';
import type { Address, Hex, TransactionReceipt } from 'viem';
import { encodeDeployData, encodeFunctionData, numberToHex } from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../../contracts/generated/agreementRegistryAbi.ts';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import { FAUCET_TOKEN_ABI } from '../../../contracts/generated/faucetTokenAbi.ts';
import { agreementOf } from '../../../packages/executor/src/settlement/agreementOf.ts';
import { AnvilWorld } from '../../chains/anvil/anvilWorld.ts';
import { standsOf } from '../evm/evmVenue.ts';
import type { Holding } from './tradedEpochs.ts';

/** What is sent to `settle`: by whom, where to, and after which block. */
export interface SettleCall {
  readonly list: DiffList;
  readonly book: OrderBook;
  readonly proof: LawProof;
  readonly from: Address;
  readonly to: Address;
  /** Asked of the past where it is named, and sent nowhere then. */
  readonly blockNumber?: bigint;
  /** The last word on the call data: what no encoder would write. */
  readonly spoil?: (callData: Hex) => Hex;
}

/** Shards of the agreements: the venue's, and another one of the same operator. */
export const SHARD = 1;
export const OTHER_SHARD = 2;
const BASE_EPOCH_BLOCKS = 4n;
const EXIT_BLOCKS = 12n;
/** Far above what a settlement takes, and within a block. */
const GAS = 25_000_000n;
const FINALITY = { kind: 'confirmations', blocks: 1 } as const;
const PATIENCE_MS = 60_000;
const BLOCK_MS = 40;

/** What a chain is opened with. */
export interface AttackedChainTerms {
  readonly keys: readonly VerifyingKey[];
  readonly hash: FieldHash;
}

/** Registry, base layer, generated verifiers and tokens; every account is unlocked. */
export class AttackedChain {
  readonly world: AnvilWorld;
  readonly operator: Address;
  readonly domain: VenueDomain;
  readonly #terms: AttackedChainTerms;
  #deployment: Deployment | undefined;
  #plan: AgreementPlan | undefined;
  /** The last block in which no agreement held. */
  #lastInactiveBlock = 0n;
  #otherContract: Address | undefined;

  private constructor(world: AnvilWorld, terms: AttackedChainTerms) {
    this.world = world;
    this.operator = world.signer;
    this.#terms = terms;
    const counts = { verifiers: terms.keys.length, tokens: DEMO_ASSETS.length };
    const { baseLayer } = predictAddresses(world.signer, 0, counts);
    this.domain = { chainId: BigInt(world.anvil.chainId), address: accountId(baseLayer) };
  }

  /** Starts an empty chain, whose contract will lie where `domain` says. */
  static async start(terms: AttackedChainTerms): Promise<AttackedChain> {
    return new AttackedChain(await AnvilWorld.start({ nodes: 1 }), terms);
  }

  /** Deploys, agrees and deposits. */
  async open(
    parameters: BatchParameters,
    others: readonly BatchParameters[],
    holdings: readonly Holding[],
  ): Promise<void> {
    const engine = await this.world.open();
    const stands = standsOf(engine);
    this.world.startMining(BLOCK_MS);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    this.#deployment = await deploy(this.#deploymentPlan(parameters), stands, signal);
    const { keys, hash } = this.#terms;
    const { deployment, operator } = this;
    const parts = { deployment, shard: SHARD, operator, keys, parameters, hash };
    const plan = agreementOf(parts);
    const room = at(EPOCH_SHAPES, 0);
    const more = others.map((other) => ({
      ...at(plan.parameters, 0),
      commitment: parameterCommitment(other, room, hash),
    }));
    this.#plan = { ...plan, parameters: [...plan.parameters, ...more] };
    const actor = new Actor(stands, operator, { ...DEFAULT_ACT_TERMS, finality: FINALITY });
    await submitAgreement(this.#plan, actor, signal);
    await this.world.stopMining();
    await engine.close();
    await this.#takeOver();
    await this.#deposit(holdings);
    await this.#registerOtherShard();
    this.#otherContract = await this.#deployAgain();
    await this.world.mine(Number(BASE_EPOCH_BLOCKS));
  }

  get deployment(): Deployment {
    invariant(this.#deployment !== undefined, 'a chain is asked after it was opened');
    return this.#deployment;
  }

  get baseLayer(): Address {
    return this.deployment.baseLayer;
  }

  /** The same code with the same registry at another address. */
  get otherContract(): Address {
    invariant(this.#otherContract !== undefined, 'a chain is asked after it was opened');
    return this.#otherContract;
  }

  get lastInactiveBlock(): bigint {
    return this.#lastInactiveBlock;
  }

  /** What the contract says to a call without sending it: the error's name; undefined for yes. */
  async refusalOf(call: SettleCall): Promise<string | undefined> {
    const { from, to, blockNumber } = call;
    const request = { from, to, gas: numberToHex(GAS), data: callDataOf(call) };
    const block = blockNumber === undefined ? 'latest' : numberToHex(blockNumber);
    const answer = await this.world.node.ask('eth_call', [request, block]);
    if ('result' in answer) return undefined;
    const { data: returned, message } = answer.error;
    invariant(typeof returned === 'string', `a refused call tells its bytes, not "${message}"`);
    return decodeRefusal(returned as Hex).refusal.rule;
  }

  /** Sends the call in a block of its own. @returns whether it took effect, and its gas. */
  async send(call: SettleCall): Promise<{ readonly isDone: boolean; readonly gasUsed: bigint }> {
    const { from, to } = call;
    const request = { from, to, gas: numberToHex(GAS), data: callDataOf(call) };
    const { status, gasUsed } = await this.#include(request);
    return { isDone: status === 'success', gasUsed };
  }

  /** Roots of all that contracts and tokens store. */
  async stateRoots(): Promise<readonly string[]> {
    const { registry, baseLayer, tokens } = this.deployment;
    const addresses = [baseLayer, registry, ...tokens.map(({ address }) => address)];
    const proofs = await Promise.all(
      addresses.map((address) => this.world.node.call('eth_getProof', [address, [], 'latest'])),
    );
    return proofs.map((proof) => (proof as { readonly storageHash: string }).storageHash);
  }

  /** Does something to the chain, and undoes it when `ask` is done. */
  async meanwhile<T>(change: () => Promise<void>, ask: () => Promise<T>): Promise<T> {
    const snapshot = await this.world.node.call('evm_snapshot');
    try {
      await change();
      return await ask();
    } finally {
      await this.world.node.call('evm_revert', [snapshot]);
    }
  }

  /** Registers parameters while the market trades, and waits as long as an exit takes. */
  async registerLate(parameters: BatchParameters): Promise<void> {
    const { hash } = this.#terms;
    const commitment = parameterCommitment(parameters, at(EPOCH_SHAPES, 0), hash);
    const readersHash = parameterHash(parameters) as Hex;
    const args = [parameters.marketId, commitment, readersHash] as const;
    const { registry } = this.deployment;
    const abi = AGREEMENT_REGISTRY_ABI;
    const functionName = 'registerParameters';
    const input = encodeFunctionData({ abi, functionName, args });
    await this.#act(registry, input);
    await this.world.mine(Number(EXIT_BLOCKS + BASE_EPOCH_BLOCKS));
  }

  /** Agrees on the verifiers in another order, and waits until that holds. */
  async swapVerifiers(): Promise<void> {
    invariant(this.#plan !== undefined, 'a chain is changed after it was opened');
    const { circuits } = this.#plan;
    const swapped = circuits.map((circuit, k) => {
      return { ...circuit, verifier: at(circuits, (k + 1) % circuits.length).verifier as Address };
    });
    await this.#register(SHARD, swapped);
    await this.world.mine(Number(2n * EXIT_BLOCKS + 2n * BASE_EPOCH_BLOCKS));
  }

  async close(): Promise<void> {
    await this.world.close();
  }

  #deploymentPlan({ assets }: BatchParameters): Parameters<typeof deploy>[0] {
    return {
      chainId: this.world.anvil.chainId,
      deployer: this.operator,
      firstChainNonce: 0,
      baseEpochBlocks: BASE_EPOCH_BLOCKS,
      exitBlocks: EXIT_BLOCKS,
      agreementFee: 0n,
      feeRecipient: this.operator,
      guardian: this.operator,
      verifiers: this.#terms.keys.map(({ circuit, verifierCreationCode }) => {
        return { circuit, creationCode: `0x${verifierCreationCode}` as Hex };
      }),
      tokens: assets.map(({ decimals }, k) => ({ name: `Token ${k}`, symbol: `T${k}`, decimals })),
      finality: FINALITY,
    };
  }

  /** From here on the chain signs for everybody. */
  async #takeOver(): Promise<void> {
    const { node } = this.world;
    await node.call('anvil_autoImpersonateAccount', [true]);
    const read = { address: this.deployment.registry, abi: AGREEMENT_REGISTRY_ABI } as const;
    const { driver } = this.world;
    const { activeFrom } = await driver.readContract({
      ...read,
      functionName: 'agreement',
      args: [1n],
    });
    const genesis = await driver.readContract({ ...read, functionName: 'genesisBlock' });
    this.#lastInactiveBlock = genesis + activeFrom * BASE_EPOCH_BLOCKS - 1n;
  }

  async #deposit(holdings: readonly Holding[]): Promise<void> {
    const { tokens, baseLayer } = this.deployment;
    for (const [asset, { address }] of tokens.entries()) {
      const own = holdings.filter(({ assetId }) => assetId === asset);
      const total = own.reduce((sum, { units }) => sum + units, 0n);
      const token = { abi: FAUCET_TOKEN_ABI } as const;
      const drip = { ...token, functionName: 'drip', args: [this.operator, total] } as const;
      await this.#act(address, encodeFunctionData(drip));
      const approve = { ...token, functionName: 'approve', args: [baseLayer, total] } as const;
      await this.#act(address, encodeFunctionData(approve));
      for (const { owner, units } of own) {
        const args = [SHARD, owner as Hex, BigInt(asset), units] as const;
        const deposit = { abi: BASE_LAYER_ABI, functionName: 'deposit', args } as const;
        await this.#act(baseLayer, encodeFunctionData(deposit));
      }
    }
  }

  async #registerOtherShard(): Promise<void> {
    invariant(this.#plan !== undefined, 'the venue agrees first');
    await this.#register(OTHER_SHARD, this.#plan.circuits);
  }

  async #register(shard: number, circuits: AgreementPlan['circuits']): Promise<void> {
    invariant(this.#plan !== undefined, 'the venue agrees first');
    const { operator, verifyingKeyHash } = this.#plan;
    const terms = circuits.map((circuit) => {
      return { ...circuit, verifier: circuit.verifier as Address };
    });
    const callData = encodeFunctionData({
      abi: AGREEMENT_REGISTRY_ABI,
      functionName: 'registerAgreement',
      args: [shard, operator, verifyingKeyHash as Hex, terms],
    });
    await this.#act(this.deployment.registry, callData);
  }

  async #deployAgain(): Promise<Address> {
    const callData = encodeDeployData({
      abi: BASE_LAYER_ABI,
      bytecode: creationCode('BaseLayer'),
      args: [this.deployment.registry, this.operator],
    });
    const { contractAddress } = await this.#act(undefined, callData);
    invariant(contractAddress !== null && contractAddress !== undefined, 'a contract is made');
    return contractAddress;
  }

  async #act(to: Address | undefined, callData: Hex): Promise<TransactionReceipt> {
    const request = { from: this.operator, gas: numberToHex(GAS), data: callData };
    const transaction = to === undefined ? request : { ...request, to };
    const receipt = await this.#include(transaction);
    invariant(receipt.status === 'success', 'what prepares an attack takes effect');
    return receipt;
  }

  /** Sends a transaction in a block of its own. */
  async #include(transaction: unknown): Promise<TransactionReceipt> {
    const { node, driver } = this.world;
    const hash = (await node.call('eth_sendTransaction', [transaction])) as Hex;
    await node.call('evm_mine');
    return await driver.getTransactionReceipt({ hash });
  }
}

/** The call data of `settle`. */
export function callDataOf({ list, book, proof, spoil }: SettleCall): Hex {
  const callData = encodeSettleCall({ list, book, proof });
  return spoil?.(callData) ?? callData;
}
