/**
 * The committed contracts in an EVM in this process: a venue of one market, vaults with money, and
 * a verifier that says yes to everything and is listened to.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common';
import type { EVM, EVMResult } from '@ethereumjs/evm';
import { createEVM } from '@ethereumjs/evm';
import { createAddressFromString } from '@ethereumjs/util';
import type { Abi } from 'viem';
import {
  bytesToHex,
  decodeErrorResult,
  decodeFunctionData,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  hexToBytes,
} from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../contracts/generated/agreementRegistryAbi.ts';
import { BASE_LAYER_ABI } from '../../contracts/generated/baseLayerAbi.ts';
import { FAUCET_TOKEN_ABI } from '../../contracts/generated/faucetTokenAbi.ts';
import { LAW_VERIFIER_ABI } from '../../contracts/generated/lawVerifierAbi.ts';
import { at, invariant } from '../../packages/exchange/src/failures/invariant.ts';
import type { AccountId } from '../../packages/exchange/src/ledger/account.ts';
import { parameterHash } from '../../packages/exchange/src/markets/batch/parameters.ts';
import type { BatchTransition } from '../../packages/exchange/src/transition.ts';
import type { ListCut } from '../../packages/proofs/src/statements/epoch/cutDiffList.ts';
import type { CircuitShape, Hex } from '../../packages/proofs/src/statements/epoch/diffList.ts';
import { encodeSettleCall } from '../../packages/settlement/src/baseLayer/evm/settleCall.ts';

/** The shard of the world. */
export const WORLD_SHARD = 7;

/** What a settlement came to. */
export interface SettleRun {
  /** Public inputs that the verifier was asked about; undefined when it was not asked. */
  readonly asked: readonly bigint[] | undefined;
  /** The list hash of the shard afterwards. */
  readonly listHash: Hex;
  /** Name and arguments of the error; undefined when it settled. */
  readonly refusal: string | undefined;
  readonly gasUsed: bigint;
}

/** A venue on a chain of its own. */
export interface BaseLayerWorld {
  /** Tells its steps to whoever measures them. */
  readonly evm: EVM;
  /** Settles under a data commitment that the caller chose; the last epoch stays settled. */
  settle(cut: ListCut, dataCommitment: bigint): Promise<SettleRun>;
  /** Sends call data that was encoded elsewhere. */
  send(callData: Hex): Promise<SettleRun>;
  /** What the list hash calls chain and contract. */
  domainSeparator(): Promise<Hex>;
  /** Ledger units of a vault. */
  balance(owner: AccountId, assetId: number): Promise<bigint>;
}

/** What the world is made for: the batches say market, domain, time and parameters. */
export interface WorldOptions {
  readonly batches: readonly BatchTransition[];
  readonly shape: CircuitShape;
  readonly parameterCommitments: readonly bigint[];
  /** Number of the epoch that will be settled first. */
  readonly epochNumber: number;
  /** What lies in the vaults before, ledger units. */
  readonly holdings: readonly VaultHolding[];
}

/** What a vault holds of an asset, ledger units. */
export interface VaultHolding {
  readonly owner: AccountId;
  readonly assetId: number;
  readonly units: bigint;
}

const HERE = import.meta.dirname;
const OPERATOR: Hex = `0x${'0b'.repeat(20)}`;
const VERIFIER: Hex = `0x${'0e'.repeat(20)}`;
/** Answers one: PUSH1 1, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN. */
const ACCEPTING_CODE: Hex = '0x60015f5260205ff3';
const EPOCH_BLOCKS = 10n;
const TOKEN_DECIMALS = 18;
const GAS_LIMIT = 1_000_000_000n;

/** Deploys the contracts, registers the market and fills its vaults. */
export async function openBaseLayerWorld(options: WorldOptions): Promise<BaseLayerWorld> {
  const first = at(options.batches, 0);
  const { domain, parameters } = first;
  const rules = createCustomCommon({ chainId: Number(domain.chainId) }, Mainnet, {
    hardfork: Hardfork.Cancun,
  });
  const chain = new Chain(await createEVM({ common: rules }));
  chain.nowMs = Math.max(...options.batches.map(({ closedAtMs }) => closedAtMs));
  await chain.evm.stateManager.putCode(
    createAddressFromString(VERIFIER),
    hexToBytes(ACCEPTING_CODE),
  );
  const registry = await chain.deploy('AgreementRegistry', AGREEMENT_REGISTRY_ABI, [
    EPOCH_BLOCKS,
    20n,
    0n,
    OPERATOR,
  ]);
  const deployed = await chain.deploy('BaseLayer', BASE_LAYER_ABI, [registry, OPERATOR]);
  // The venue signed for an address of its own choice, so the contract is put there.
  const base = domain.address as Hex;
  const code = await chain.evm.stateManager.getCode(createAddressFromString(deployed));
  await chain.evm.stateManager.putCode(createAddressFromString(base), code);

  const register = (functionName: string, args: readonly unknown[]): Promise<unknown> =>
    chain.send(registry, AGREEMENT_REGISTRY_ABI, { functionName, args });
  const circuit = { verifier: VERIFIER, ...options.shape };
  await register('registerAgreement', [WORLD_SHARD, OPERATOR, `0x${'11'.repeat(32)}`, [circuit]]);
  const most = Math.max(...parameters.assets.map(({ assetId }) => assetId));
  for (let id = 0; id <= most; id += 1) {
    const asset = parameters.assets.find(({ assetId }) => assetId === id);
    const token = await chain.deploy('FaucetToken', FAUCET_TOKEN_ABI, ['T', 'T', TOKEN_DECIMALS]);
    await register('listAsset', [WORLD_SHARD, token, asset?.decimals ?? 0]);
    for (const functionName of ['drip', 'approve']) {
      const account = functionName === 'drip' ? OPERATOR : base;
      await chain.send(token, FAUCET_TOKEN_ABI, { functionName, args: [account, 1n << 100n] });
    }
  }
  const columns = parameters.assets.map(({ assetId }) => BigInt(assetId));
  const progress = [BigInt(options.epochNumber - 1), BigInt(first.batchNumber - 1)];
  await register('registerMarket', [WORLD_SHARD, parameters.marketId, columns, ...progress]);
  const commitments = new Map(options.parameterCommitments.map((c, k) => [c, k]));
  for (const [commitment, k] of commitments) {
    const hash = parameterHash(at(options.batches, k).parameters);
    await register('registerParameters', [parameters.marketId, commitment, hash]);
  }
  chain.blockNumber += 2n * EPOCH_BLOCKS;
  for (const { owner, assetId, units } of options.holdings) {
    const args = [WORLD_SHARD, owner, BigInt(assetId), units];
    await chain.send(base, BASE_LAYER_ABI, { functionName: 'deposit', args });
  }
  return new EvmWorld(chain, base);
}

/** Call data of `settle` under the agreement's first circuit. */
export function settleCall(cut: ListCut, dataCommitment: bigint): Hex {
  const { list, book } = cut;
  const proof = { circuit: 0, dataCommitment, bytes: Uint8Array.of(0xc0, 0xde) };
  return encodeSettleCall({ list, book, proof });
}

class EvmWorld implements BaseLayerWorld {
  readonly #chain: Chain;
  readonly #base: Hex;

  constructor(chain: Chain, base: Hex) {
    this.#chain = chain;
    this.#base = base;
  }

  get evm(): EVM {
    return this.#chain.evm;
  }

  settle(cut: ListCut, dataCommitment: bigint): Promise<SettleRun> {
    return this.send(settleCall(cut, dataCommitment));
  }

  async send(callData: Hex): Promise<SettleRun> {
    let asked: readonly bigint[] | undefined;
    const listen = (message: { to?: { toString(): string }; data: Uint8Array }): void => {
      if (message.to?.toString() !== VERIFIER) return;
      const question = bytesToHex(message.data);
      const { args } = decodeFunctionData({ abi: LAW_VERIFIER_ABI, data: question });
      asked = args[1].map(BigInt);
    };
    const { events } = this.#chain.evm;
    invariant(events !== undefined, 'the EVM tells what it does');
    events.on('beforeMessage', listen);
    const { execResult } = await this.#chain.call(this.#base, callData);
    events.off('beforeMessage', listen);
    const failed = execResult.exceptionError !== undefined;
    const refusal = failed ? refusalOf(execResult.returnValue) : undefined;
    const [, listHash] = (await this.#chain.read(this.#base, BASE_LAYER_ABI, {
      functionName: 'listChains',
      args: [WORLD_SHARD],
    })) as [bigint, Hex];
    return { asked, listHash, refusal, gasUsed: execResult.executionGasUsed };
  }

  async domainSeparator(): Promise<Hex> {
    const question = { functionName: 'domainSeparator', args: [] };
    return (await this.#chain.read(this.#base, BASE_LAYER_ABI, question)) as Hex;
  }

  async balance(owner: AccountId, assetId: number): Promise<bigint> {
    const question = { functionName: 'balanceOf', args: [WORLD_SHARD, owner, BigInt(assetId)] };
    return (await this.#chain.read(this.#base, BASE_LAYER_ABI, question)) as bigint;
  }
}

function refusalOf(returned: Uint8Array): string {
  const reason = bytesToHex(returned);
  if (reason === '0x') return 'no reason';
  const { errorName, args } = decodeErrorResult({ abi: BASE_LAYER_ABI, data: reason });
  return `${errorName}(${(args ?? []).map(String).join(', ')})`;
}

interface Question {
  readonly functionName: string;
  readonly args: readonly unknown[];
}

/** Calls without transactions: every one from the operator. */
class Chain {
  readonly evm: EVM;
  nowMs = 0;
  blockNumber = 100n;

  constructor(evm: EVM) {
    this.evm = evm;
  }

  async deploy(name: string, abi: Abi, args: readonly unknown[]): Promise<Hex> {
    const path = join(HERE, '../../contracts/generated', `${name}.json`);
    const { bytecode } = JSON.parse(readFileSync(path, 'utf8')) as { bytecode: Hex };
    const { createdAddress, execResult } = await this.call(
      undefined,
      encodeDeployData({ abi, bytecode, args }),
    );
    const made = createdAddress?.toString();
    invariant(made !== undefined && execResult.exceptionError === undefined, `${name} is deployed`);
    return made as Hex;
  }

  /** A call that must succeed. */
  async send(to: Hex, abi: Abi, question: Question): Promise<Uint8Array> {
    const { execResult } = await this.call(to, encodeFunctionData({ abi, ...question }));
    const failed = execResult.exceptionError !== undefined;
    invariant(!failed, `${question.functionName}: ${bytesToHex(execResult.returnValue)}`);
    return execResult.returnValue;
  }

  async read(to: Hex, abi: Abi, question: Question): Promise<unknown> {
    const answer = bytesToHex(await this.send(to, abi, question));
    return decodeFunctionResult({ abi, functionName: question.functionName, data: answer });
  }

  call(to: Hex | undefined, callData: Hex): Promise<EVMResult> {
    const operator = createAddressFromString(OPERATOR);
    return this.evm.runCall({
      ...(to === undefined ? {} : { to: createAddressFromString(to) }),
      caller: operator,
      origin: operator,
      data: hexToBytes(callData),
      gasLimit: GAS_LIMIT,
      block: { header: this.#header() } as never,
    });
  }

  #header(): object {
    return {
      number: this.blockNumber,
      timestamp: BigInt(Math.ceil(this.nowMs / 1000)),
      coinbase: createAddressFromString(OPERATOR),
      gasLimit: GAS_LIMIT,
      difficulty: 0n,
      prevRandao: new Uint8Array(32),
      baseFeePerGas: 0n,
      getBlobGasPrice: () => 1n,
    };
  }
}
