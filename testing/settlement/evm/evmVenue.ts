import type { TestContext } from 'node:test';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { ChainTracker, FinalityTarget } from '@lawbook/chains/tracker/chainTracker';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId, SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import { addressOfSecret } from '@lawbook/exchange/orders/signature';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { BaseLayer } from '@lawbook/settlement/baseLayer/baseLayer';
import type { AgreementPlan } from '@lawbook/settlement/baseLayer/evm/agreementPlan';
import { submitAgreement } from '@lawbook/settlement/baseLayer/evm/agreements';
import type { EvmStands } from '@lawbook/settlement/baseLayer/evm/chainReader';
import type { AgreedKey } from '@lawbook/settlement/baseLayer/evm/checkAgreement';
import { hashVerifyingKeys } from '@lawbook/settlement/baseLayer/evm/checkAgreement';
import type { DeploymentPlan } from '@lawbook/settlement/baseLayer/evm/deploy';
import { deploy } from '@lawbook/settlement/baseLayer/evm/deploy';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { openEvmBaseLayer } from '@lawbook/settlement/baseLayer/evm/openEvmBaseLayer';
import { Actor, DEFAULT_ACT_TERMS } from '@lawbook/settlement/baseLayer/evm/performAct';
import type { Address, Hex } from 'viem';
import { encodeFunctionData, keccak256, stringToHex } from 'viem';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import { FAUCET_TOKEN_ABI } from '../../../contracts/generated/faucetTokenAbi.ts';
import type { AnvilWorldTerms } from '../../chains/anvil/anvilWorld.ts';
import { AnvilWorld } from '../../chains/anvil/anvilWorld.ts';
import type { EngineTerms, RealEngine } from '../../chains/anvil/realEngine.ts';
import { until } from '../../chains/anvil/until.ts';

/** How a venue of tests is made. */
export interface EvmVenueTerms {
  readonly world?: AnvilWorldTerms;
  readonly engine?: Partial<EngineTerms>;
  readonly finality?: FinalityTarget;
  readonly verifier?: Hex;
}

export const SHARD = 7;
export const MARKET = 3;
export const PARAMETERS = 0xabcdefn;
/** Decimals of the tokens; the ledger has six. */
const TOKEN_DECIMALS: readonly number[] = [6, 18];
export const BASE_EPOCH_BLOCKS = 4n;
export const EXIT_BLOCKS = 12n;
export const AGREEMENT_FEE = 1_000_000_000_000_000n;
const FEE_RECIPIENT: Address = `0x${'fe'.repeat(20)}`;
/** The second of the accounts that anvil signs for itself. */
export const GUARDIAN: Address = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8';
/** Blocks from one to the next, milliseconds. */
const BLOCK_MS = 60;

/**
 * A verifier that accepts anything: PUSH1 1, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN, behind the
 * code that deploys it.
 */
export const ACCEPTING_VERIFIER: Hex = '0x6760015f5260205ff35f5260086018f3';
/** One that accepts nothing: PUSH1 32, PUSH0, RETURN. */
export const REFUSING_VERIFIER: Hex = '0x6360205ff35f526004601cf3';

/** A venue on a real chain: contracts, agreement, an engine that acts, and traders with keys. */
export class EvmVenue {
  readonly world: AnvilWorld;
  readonly terms: EvmVenueTerms;
  readonly deployment: Deployment;
  readonly finality: FinalityTarget;
  engine: RealEngine;
  layer: BaseLayer;

  private constructor(parts: {
    readonly world: AnvilWorld;
    readonly terms: EvmVenueTerms;
    readonly engine: RealEngine;
    readonly deployment: Deployment;
  }) {
    this.world = parts.world;
    this.terms = parts.terms;
    this.deployment = parts.deployment;
    this.engine = parts.engine;
    this.finality = finalityOf(parts.terms);
    this.layer = this.openLayer(parts.engine);
  }

  /** Deploys, agrees and waits until the agreement holds; blocks are made all the time. */
  static async open(context: TestContext, terms: EvmVenueTerms = {}): Promise<EvmVenue> {
    const world = await AnvilWorld.start({ nodes: 1, ...terms.world });
    context.after(() => world.close());
    const engine = await world.open(terms.engine);
    world.startMining(BLOCK_MS);
    const stands = standsOf(engine);
    const signal = AbortSignal.timeout(60_000);
    const deployment = await deploy(deploymentPlan(world, terms), stands, signal);
    const venue = new EvmVenue({ world, terms, engine, deployment });
    const report = await submitAgreement(venue.plan(), venue.actor(), signal);
    await venue.stopMining();
    const epochs = report.activeFrom - report.baseEpoch;
    await world.mine(Number(epochs * BASE_EPOCH_BLOCKS));
    await venue.catchUp();
    context.after(() => venue.layer.close());
    return venue;
  }

  get stands(): EvmStands {
    return standsOf(this.engine);
  }

  get domain(): VenueDomain {
    return this.layer.domain;
  }

  async headSeconds(): Promise<number> {
    return Number((await this.world.driver.getBlock()).timestamp);
  }

  startMining(everyMs: number = BLOCK_MS): void {
    this.world.startMining(everyMs);
  }

  stopMining(): Promise<void> {
    return this.world.stopMining();
  }

  /** A base layer over an engine, as a process opens it. */
  openLayer(engine: RealEngine): BaseLayer {
    return openEvmBaseLayer(
      {
        deployment: this.deployment,
        shard: SHARD,
        marketId: MARKET,
        operator: this.world.signer,
        finality: this.finality,
      },
      standsOf(engine),
    );
  }

  /** Closes engine and layer, and opens both again over the same store. */
  async reopen(over: Partial<EngineTerms> = {}): Promise<void> {
    await this.layer.close();
    await this.engine.close();
    this.engine = await this.world.open({ ...this.terms.engine, ...over });
    this.layer = this.openLayer(this.engine);
  }

  /** What acts by the operator's lane. */
  actor(): Actor {
    const terms = { ...DEFAULT_ACT_TERMS, finality: this.finality };
    return new Actor(this.stands, this.world.signer, terms);
  }

  /** What the venue wants its shard to be. */
  plan(over: Partial<AgreementPlan> = {}): AgreementPlan {
    return { ...agreementPlan(this.deployment, this.world.signer), ...over };
  }

  /** Credits a vault with tokens out of thin air, by an account of the chain's own. */
  async fund(owner: AccountId, assetId: number, units: bigint): Promise<void> {
    const { address: token, decimals } = at(this.deployment.tokens, assetId);
    const amount = units * 10n ** BigInt(decimals - 6);
    const drip = { abi: FAUCET_TOKEN_ABI, functionName: 'drip' } as const;
    const approve = { abi: FAUCET_TOKEN_ABI, functionName: 'approve' } as const;
    const deposit = { abi: BASE_LAYER_ABI, functionName: 'deposit' } as const;
    const from = await this.benefactor();
    const args = [SHARD, owner as Hex, BigInt(assetId), units] as const;
    const { baseLayer } = this.deployment;
    await this.send(from, token, encodeFunctionData({ ...drip, args: [from, amount] }));
    await this.send(from, token, encodeFunctionData({ ...approve, args: [baseLayer, amount] }));
    await this.send(from, baseLayer, encodeFunctionData({ ...deposit, args }));
  }

  /** Gives token units to an address. */
  async drip(to: Address, assetId: number, tokenUnits: bigint): Promise<void> {
    const { address } = at(this.deployment.tokens, assetId);
    const drip = { abi: FAUCET_TOKEN_ABI, functionName: 'drip' } as const;
    const callData = encodeFunctionData({ ...drip, args: [to, tokenUnits] });
    await this.send(await this.benefactor(), address, callData);
  }

  /** Funds the pool and some traders with a million units of both assets, and mines. */
  async fundAll(traders: number): Promise<void> {
    const owners = [
      systemAccount(SystemRole.pool, MARKET),
      ...tradersOf(traders).map((t) => t.owner),
    ];
    for (const owner of owners) {
      for (const assetId of TOKEN_DECIMALS.keys()) await this.fund(owner, assetId, 1_000_000n);
    }
    await this.world.mine();
    await this.catchUp();
  }

  /** Waits until a tracker, the venue's own by default, stands at the head of the chain. */
  async catchUp(tracker: ChainTracker = this.engine.tracker): Promise<void> {
    // One poll is not enough: it may join one that began before the last block was made.
    await until('the tracker is at the head', async () => {
      await tracker.poll();
      const { hash } = await this.world.driver.getBlock();
      return tracker.head()?.hash === hash;
    });
  }

  /** Sends by an account that the chain itself signs for; in the next block. */
  async send(from: Address, to: Address, callData: Hex): Promise<void> {
    const gas = '0x4c4b40';
    await this.world.node.call('eth_sendTransaction', [{ from, to, gas, data: callData }]);
  }

  /** An account that the chain itself signs for. */
  async benefactor(): Promise<Address> {
    const accounts = (await this.world.node.call('eth_accounts', [])) as readonly Address[];
    return at(accounts, 0);
  }
}

/** A trader of tests. */
export interface EvmTrader {
  readonly secret: Uint8Array;
  readonly owner: AccountId;
}

/** The first traders, ascending by address as vault rows are. */
export function tradersOf(count: number): readonly EvmTrader[] {
  const traders = Array.from({ length: count }, (_, index) => {
    const secret = hexToBytes(keccak256(stringToHex(`trader ${index}`)));
    return { secret, owner: accountId(addressOfSecret(secret)) };
  });
  return traders.sort((a, b) => (a.owner < b.owner ? -1 : 1));
}

/** The agreement of the venue. */
export function agreementPlan(deployment: Deployment, operator: Address): AgreementPlan {
  return {
    registry: deployment.registry,
    shard: SHARD,
    operator,
    verifyingKeyHash: hashVerifyingKeys(KEYS),
    circuits: deployment.verifiers.map(({ address }) => {
      return { verifier: address, batches: 4, orders: 16, vaults: 18, assetWords: 1 };
    }),
    assets: deployment.tokens.map(({ address }) => ({ token: address, ledgerDecimals: 6 })),
    markets: [{ marketId: MARKET, assetIds: [0, 1], epochNumber: 0, batchNumber: 0 }],
    parameters: [
      {
        marketId: MARKET,
        commitment: PARAMETERS,
        parameterHash: keccak256(stringToHex('parameters')) as Hash & Hex,
      },
    ],
  };
}

/** Keys of the venue, as far as an agreement names them. */
export const KEYS: readonly AgreedKey[] = [
  {
    circuit: 'accepting',
    circuitVersion: 1,
    keyHash: 'ab'.repeat(32),
    stringId: 'development',
    verifierCreationCode: ACCEPTING_VERIFIER,
  },
];

/** What the venue deploys, from the first transaction of its signer on. */
export function deploymentPlan(world: AnvilWorld, terms: EvmVenueTerms = {}): DeploymentPlan {
  return {
    chainId: world.anvil.chainId,
    deployer: world.signer,
    firstChainNonce: 0,
    baseEpochBlocks: BASE_EPOCH_BLOCKS,
    exitBlocks: EXIT_BLOCKS,
    agreementFee: AGREEMENT_FEE,
    feeRecipient: FEE_RECIPIENT,
    guardian: GUARDIAN,
    verifiers: [{ circuit: 'accepting', creationCode: terms.verifier ?? ACCEPTING_VERIFIER }],
    tokens: TOKEN_DECIMALS.map((decimals, index) => {
      return { name: `Test token ${index}`, symbol: `TST${index}`, decimals };
    }),
    finality: finalityOf(terms),
  };
}

/** An engine as adapters take it. */
export function standsOf(engine: RealEngine): EvmStands {
  const { pool, tracker, lane } = engine;
  return { engine: { pool, tracker, lane: () => lane }, environment: systemEnvironment() };
}

function finalityOf({ finality }: EvmVenueTerms): FinalityTarget {
  return finality ?? { kind: 'confirmations', blocks: 3 };
}
