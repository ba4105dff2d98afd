/** A venue on any chain with the real contracts, circuits, keys and proofs, step by step. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO_ASSETS, demoParameters, demoTargets } from '@lawbook/analytics/demoWorld';
import type { StartedEngine } from '@lawbook/chains/configuration/startChainEngine';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { FinalityTarget } from '@lawbook/chains/tracker/chainTracker';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import { agreementOf } from '@lawbook/executor/settlement/agreementOf';
import { circuitPlace, pointsFor } from '@lawbook/executor/settlement/epochProver';
import { openPoseidon2 } from '@lawbook/proofs/barretenberg/poseidon2';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import { committedKey } from '@lawbook/proofs/keys/committedKey';
import { openDevelopmentString } from '@lawbook/proofs/keys/developmentString';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import { HonkProver } from '@lawbook/proofs/provers/honk/honkProver';
import type { SettledEpoch } from '@lawbook/proofs/statements/epoch/cutDiffList';
import { epochClaim, epochShapeFor } from '@lawbook/proofs/statements/epoch/epochStatement';
import type { FieldHash } from '@lawbook/proofs/statements/epoch/fieldHash';
import type { ValidityProof } from '@lawbook/proofs/statements/proof';
import type { BaseLayer } from '@lawbook/settlement/baseLayer/baseLayer';
import { submitAgreement } from '@lawbook/settlement/baseLayer/evm/agreements';
import type { EvmStands } from '@lawbook/settlement/baseLayer/evm/chainReader';
import { deploy, nextChainNonce } from '@lawbook/settlement/baseLayer/evm/deploy';
import type { DeployedToken, Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { openEvmBaseLayer } from '@lawbook/settlement/baseLayer/evm/openEvmBaseLayer';
import { expectDone } from '@lawbook/settlement/baseLayer/evm/owner';
import type { Act } from '@lawbook/settlement/baseLayer/evm/performAct';
import { Actor, DEFAULT_ACT_TERMS } from '@lawbook/settlement/baseLayer/evm/performAct';
import type { Submission } from '@lawbook/settlement/baseLayer/submission';
import type { Address, Hex } from 'viem';
import { encodeFunctionData, erc20Abi, getContractAddress } from 'viem';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import { PROVING_CACHE } from '../../proofs/provingWorld.ts';
import { WORLD_SHARD } from '../baseLayerWorld.ts';
import { plainTokenCreation } from './plainToken.ts';

/** What a venue is brought up with. */
export interface ProvedVenueTerms {
  readonly started: StartedEngine;
  readonly operator: Address;
  readonly chainId: number;
  readonly finality: FinalityTarget;
  /** Ends waits. */
  readonly signal: AbortSignal;
}

/** A list that has its proof. */
export interface ProvedSubmission {
  readonly submission: Submission;
  readonly proof: ValidityProof;
  readonly key: VerifyingKey;
}

export const MARKET = 1;
/** Few blocks, so that an agreement holds soon on a slow chain too. */
const BASE_EPOCH_BLOCKS = 2n;
const EXIT_BLOCKS = 20n;
/** Deposits on their way at once. */
const AT_ONCE = 64;
const BEAT_MS = 200;
/** Token units that the base layer may take: more than anybody deposits, and no unlimited grant. */
const ALLOWANCE = 1n << 96n;

/** Contracts, tokens, agreement and proofs of one operator; each step is taken once, in order. */
export class ProvedVenue {
  readonly terms: ProvedVenueTerms;
  readonly stands: EvmStands;
  readonly actor: Actor;
  readonly keys: readonly VerifyingKey[] = EPOCH_SHAPES.map(({ name }) => {
    const key = committedKey(name);
    invariant(key !== undefined, 'the keys of all epoch circuits are committed');
    return key;
  });
  #deployment: Deployment | undefined;
  #layer: BaseLayer | undefined;
  #hash: FieldHash | undefined;
  #prover: HonkProver | undefined;

  constructor(terms: ProvedVenueTerms) {
    const { started, operator, finality } = terms;
    this.terms = terms;
    this.stands = { engine: started.engine, environment: systemEnvironment() };
    this.actor = new Actor(this.stands, operator, { ...DEFAULT_ACT_TERMS, finality });
  }

  get deployment(): Deployment {
    invariant(this.#deployment !== undefined, 'contracts are deployed first');
    return this.#deployment;
  }

  get layer(): BaseLayer {
    invariant(this.#layer !== undefined, 'contracts are deployed first');
    return this.#layer;
  }

  /** Registry, base layer and the verifiers of all circuits, then a token of its own per asset. */
  async deploy(): Promise<Deployment> {
    const { operator, chainId, finality, signal } = this.terms;
    const firstChainNonce = await nextChainNonce(this.stands, operator);
    const deployed = await deploy(
      {
        chainId,
        deployer: operator,
        firstChainNonce,
        baseEpochBlocks: BASE_EPOCH_BLOCKS,
        exitBlocks: EXIT_BLOCKS,
        agreementFee: 0n,
        feeRecipient: operator,
        guardian: operator,
        verifiers: this.keys.map(({ circuit, verifierCreationCode }) => {
          return { circuit, creationCode: `0x${verifierCreationCode}` as Hex };
        }),
        tokens: [],
        finality,
      },
      this.stands,
      signal,
    );
    const tokens: DeployedToken[] = [];
    for (const { symbol, decimals } of DEMO_ASSETS) {
      tokens.push({ symbol, decimals, address: await this.#createToken(symbol, decimals) });
    }
    const deployment = { ...deployed, tokens };
    this.#deployment = deployment;
    const place = { shard: WORLD_SHARD, marketId: MARKET, operator, finality };
    this.#layer = openEvmBaseLayer({ deployment, ...place }, this.stands);
    return deployment;
  }

  /** Registers what the venue is, and waits until it holds. */
  async agree(): Promise<void> {
    const { operator, signal } = this.terms;
    this.#hash = await openPoseidon2();
    const plan = agreementOf({
      deployment: this.deployment,
      shard: WORLD_SHARD,
      operator,
      keys: this.keys,
      parameters: { ...demoParameters(), batchIntervalMs: 1000 },
      hash: this.#hash,
    });
    const report = await submitAgreement(plan, this.actor, signal);
    while (((await this.layer.agreement())?.baseEpoch ?? 0n) < report.activeFrom) {
      await sleep(BEAT_MS, undefined, { signal });
    }
  }

  /** Gives the pool its targets, and each of these vaults its units, out of the maker's tokens. */
  async fund(
    vaults: readonly {
      readonly owner: AccountId;
      readonly assetId: number;
      readonly units: bigint;
    }[],
  ): Promise<void> {
    const { baseLayer, tokens } = this.deployment;
    const pool = systemAccount(SystemRole.pool, MARKET);
    const grants = [
      ...demoTargets().map((units, assetId) => ({ owner: pool, assetId, units: BigInt(units) })),
      ...vaults,
    ];
    const args = [baseLayer, ALLOWANCE] as const;
    const callData = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args });
    await this.#perform(tokens.map(({ address }, k) => actOf(`allow:${k}`, address, callData)));
    await this.#perform(
      grants.map(({ owner, assetId, units }, k) => {
        const args = [WORLD_SHARD, owner as Address, BigInt(assetId), units] as const;
        const call = { abi: BASE_LAYER_ABI, functionName: 'deposit' } as const;
        return actOf(`fund:${k}`, baseLayer, encodeFunctionData({ ...call, args }));
      }),
    );
  }

  /** Proves an epoch in the smallest circuit that has room, to follow what is settled. */
  async prove(epoch: SettledEpoch): Promise<ProvedSubmission> {
    invariant(this.#hash !== undefined, 'the venue has its agreement');
    const { listNumber, listHash: previousListHash } = await this.layer.progress('included');
    const shape = epochShapeFor(epoch);
    const previous = listNumber === 0n ? ZERO_HASH : previousListHash;
    const place = { shard: WORLD_SHARD, listNumber: listNumber + 1n, shape };
    const claimed = epochClaim(epoch, { ...place, previousListHash: previous }, this.#hash);
    const { claim, cut, listHash, dataCommitment } = claimed;
    this.#prover ??= await openProver(this.keys);
    const { signal } = this.terms;
    const proof = await this.#prover.prove(claim.statement, claim.witness, { signal });
    const circuit = circuitPlace(this.keys, shape.name);
    const { list, book } = cut;
    const submission: Submission = {
      list,
      book,
      proof: { circuit, dataCommitment, bytes: proof.bytes },
      listHash: listHash as Hash,
    };
    return { submission, proof, key: at(this.keys, circuit) };
  }

  async close(): Promise<void> {
    await this.#prover?.close();
    await this.#layer?.close();
  }

  async #createToken(symbol: string, decimals: number): Promise<Address> {
    const callData = plainTokenCreation(decimals);
    const act = { ...actOf(`token:${symbol}`, undefined, callData) };
    const { life } = expectDone(await this.actor.perform(act, this.terms.signal));
    const used = life.attempts.find(({ purpose }) => purpose === 'execute')?.chainNonce;
    invariant(used !== undefined, 'a creation that is done was attempted');
    const place = { from: this.terms.operator, nonce: BigInt(used) };
    return getContractAddress(place).toLowerCase() as Address;
  }

  async #perform(acts: readonly Act[]): Promise<void> {
    for (let first = 0; first < acts.length; first += AT_ONCE) {
      const some = acts.slice(first, first + AT_ONCE);
      const { signal } = this.terms;
      const outcomes = await Promise.all(some.map((act) => this.actor.perform(act, signal)));
      outcomes.forEach(expectDone);
    }
  }
}

/** The prover of a venue: native code where there is any, on the development string. */
async function openProver(keys: readonly VerifyingKey[]): Promise<HonkProver> {
  const string = await openDevelopmentString({ directory: PROVING_CACHE, points: pointsFor(keys) });
  return new HonkProver({
    string,
    keys,
    threads: 2,
    workers: 1,
    queueMax: 4,
    memoryBytesMax: 4 * 2 ** 30,
    timeoutMs: 300_000,
  });
}

function actOf(name: string, to: Address | undefined, callData: Hex): Act {
  return { key: `proved:${name}`, to, amount: 0n, callData, mayDiffer: false };
}
