/**
 * The committed contracts in an EVM in this process, at the addresses and in the state of a memory
 * venue: what one answers, the other must answer too.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common';
import type { EVM, EVMResult } from '@ethereumjs/evm';
import { createEVM } from '@ethereumjs/evm';
import { createAccount, createAddressFromString } from '@ethereumjs/util';
import type { Abi } from 'viem';
import {
  bytesToHex,
  decodeErrorResult,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  hexToBytes,
} from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../../contracts/generated/agreementRegistryAbi.ts';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import { FAUCET_TOKEN_ABI } from '../../../contracts/generated/faucetTokenAbi.ts';
import { ZERO_HASH } from '../../../packages/exchange/src/codec/hash.ts';
import { at, invariant } from '../../../packages/exchange/src/failures/invariant.ts';
import type { AccountId } from '../../../packages/exchange/src/ledger/account.ts';
import type { Hex } from '../../../packages/proofs/src/statements/epoch/diffList.ts';
import type { AgreedCircuit } from '../../../packages/settlement/src/baseLayer/domainAgreement.ts';
import { settleArguments } from '../../../packages/settlement/src/baseLayer/evm/settleCall.ts';
import type { Submission } from '../../../packages/settlement/src/baseLayer/submission.ts';
import type { MemoryVenue } from '../memoryVenue.ts';
import {
  account,
  CIRCUITS,
  DOMAIN,
  EPOCH_BLOCKS,
  EXIT_BLOCKS,
  FUNDS,
  GUARDIAN,
  MARKET,
  OPERATOR,
  PARAMETERS,
  POOL,
  SHARD,
  START_MS,
  TRADERS,
} from '../memoryVenue.ts';

/** A function of a contract with its arguments. */
export interface ContractCall {
  readonly to: 'base' | 'registry' | AccountId;
  readonly functionName: string;
  readonly args: readonly unknown[];
  /** Units of the chain's own coin that come with it. */
  readonly paid?: bigint;
}

const VERIFIER: Hex = `0x${'0e'.repeat(20)}`;
/** PUSH1 answer, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN. */
const answering = (answer: boolean): Hex => `0x60${answer ? '01' : '00'}5f5260205ff3`;
const GAS_LIMIT = 1_000_000_000n;
const FEE_RECIPIENT = account('fee');
const FIRST_BLOCK = 100n;
const ERRORS: Abi = [...BASE_LAYER_ABI, ...AGREEMENT_REGISTRY_ABI, ...FAUCET_TOKEN_ABI];

/** The contracts, moved act by act. */
export class ContractTwin {
  readonly #evm: EVM;
  #registry: Hex = VERIFIER;

  private constructor(evm: EVM) {
    this.#evm = evm;
  }

  /** Deploys and registers what `openMemoryVenue` does, block by block. */
  static async open(venue: MemoryVenue): Promise<ContractTwin> {
    const rules = createCustomCommon({ chainId: Number(DOMAIN.chainId) }, Mainnet, {
      hardfork: Hardfork.Cancun,
    });
    const twin = new ContractTwin(await createEVM({ common: rules }));
    await twin.answer(true);
    for (const owner of [OPERATOR, ...TRADERS.map((trader) => trader.owner)]) {
      const funded = createAccount({ balance: 10n ** 18n });
      await twin.#evm.stateManager.putAccount(createAddressFromString(owner), funded);
    }
    const terms = [EPOCH_BLOCKS, EXIT_BLOCKS, 5n, FEE_RECIPIENT];
    twin.#registry = await twin.#deploy('AgreementRegistry', AGREEMENT_REGISTRY_ABI, terms);
    await twin.#place('BaseLayer', BASE_LAYER_ABI, {
      args: [twin.#registry, GUARDIAN],
      address: DOMAIN.address,
    });
    for (const [k, token] of venue.tokens.entries()) {
      await twin.deployToken(token, k === 0 ? 6 : 18);
    }
    await twin.#register(venue);
    await twin.#evm.stateManager.checkpoint();
    return twin;
  }

  /** Goes back to where it was opened. */
  async rewind(): Promise<void> {
    await this.#evm.stateManager.revert();
    await this.#evm.stateManager.checkpoint();
  }

  /** What a call comes to: `done`, or the error with its arguments. */
  async act(sender: AccountId, blockNumber: bigint, call: ContractCall): Promise<string> {
    const { execResult } = await this.#call(sender, blockNumber, call);
    if (execResult.exceptionError === undefined) return 'done';
    const reason = bytesToHex(execResult.returnValue);
    if (reason === '0x') return 'no reason';
    const { errorName, args } = decodeErrorResult({ abi: ERRORS, data: reason });
    return `${errorName}(${(args ?? []).map(String).join(', ')})`.toLowerCase();
  }

  async read(blockNumber: bigint, call: ContractCall): Promise<unknown> {
    const { execResult } = await this.#call(OPERATOR, blockNumber, call);
    const answer = bytesToHex(execResult.returnValue);
    invariant(execResult.exceptionError === undefined, `${call.functionName}: ${answer}`);
    const { functionName } = call;
    return decodeFunctionResult({ abi: this.#target(call).abi, functionName, data: answer });
  }

  /** Makes a token of some decimals, with everybody's allowance still to be given. */
  async deployToken(address: AccountId, decimals: number): Promise<void> {
    await this.#place('FaucetToken', FAUCET_TOKEN_ABI, { args: ['T', 'T', decimals], address });
  }

  /** What the verifier says from now on. */
  async answer(holds: boolean): Promise<void> {
    const code = hexToBytes(answering(holds));
    await this.#evm.stateManager.putCode(createAddressFromString(VERIFIER), code);
  }

  async #register({ tokens }: MemoryVenue): Promise<void> {
    const block = FIRST_BLOCK + 1n;
    const must = async (sender: AccountId, at_: bigint, call: ContractCall): Promise<void> => {
      const came = await this.act(sender, at_, call);
      invariant(came === 'done', `${call.functionName}: ${came}`);
    };
    await must(OPERATOR, block, agreementCall({ shard: SHARD, operator: OPERATOR, paid: 5n }));
    for (const token of tokens) {
      const args = [SHARD, token, 6];
      await must(OPERATOR, block, { to: 'registry', functionName: 'listAsset', args });
    }
    const columns = tokens.map((_, k) => BigInt(k));
    const market = [SHARD, MARKET, columns, 0n, 0n];
    await must(OPERATOR, block, { to: 'registry', functionName: 'registerMarket', args: market });
    await must(OPERATOR, block, registerParametersCall(MARKET, PARAMETERS));
    for (const owner of [OPERATOR, GUARDIAN, ...TRADERS.map((trader) => trader.owner)]) {
      for (const to of tokens) {
        const args = [DOMAIN.address, (1n << 256n) - 1n];
        await must(owner, block, { to, functionName: 'approve', args });
      }
    }
    const funded = block + EPOCH_BLOCKS + 1n;
    const fund = async (owner: AccountId, k: number, units: bigint): Promise<void> => {
      const drip = [OPERATOR, units * (k === 0 ? 1n : 10n ** 12n)];
      await must(OPERATOR, funded, { to: at(tokens, k), functionName: 'drip', args: drip });
      await must(OPERATOR, funded, depositCall(owner, k, units));
    };
    for (const k of tokens.keys()) await fund(POOL, k, FUNDS * 1000n);
    for (const { owner } of TRADERS) for (const k of [0, 1]) await fund(owner, k, FUNDS);
  }

  async #deploy(name: string, abi: Abi, args: readonly unknown[]): Promise<Hex> {
    const path = join(import.meta.dirname, '../../../contracts/generated', `${name}.json`);
    const { bytecode } = JSON.parse(readFileSync(path, 'utf8')) as { bytecode: Hex };
    const callData = encodeDeployData({ abi, bytecode, args });
    const made = await this.#run({ sender: OPERATOR, blockNumber: FIRST_BLOCK, callData });
    const address = made.createdAddress?.toString();
    invariant(address !== undefined, `${name} is deployed`);
    return address as Hex;
  }

  /** Deploys a contract and puts its code where signatures and the memory venue expect it. */
  async #place(
    name: string,
    abi: Abi,
    { args, address }: { readonly args: readonly unknown[]; readonly address: AccountId },
  ): Promise<void> {
    const state = this.#evm.stateManager;
    const made = createAddressFromString(await this.#deploy(name, abi, args));
    const code = await state.getCode(made);
    await state.putCode(createAddressFromString(address), code);
  }

  #target({ to }: ContractCall): { readonly address: Hex; readonly abi: Abi } {
    if (to === 'base') return { address: DOMAIN.address as Hex, abi: BASE_LAYER_ABI };
    if (to === 'registry') return { address: this.#registry, abi: AGREEMENT_REGISTRY_ABI };
    return { address: to as Hex, abi: FAUCET_TOKEN_ABI };
  }

  #call(sender: AccountId, blockNumber: bigint, call: ContractCall): Promise<EVMResult> {
    const { address, abi } = this.#target(call);
    const { functionName, args, paid } = call;
    const callData = encodeFunctionData({ abi, functionName, args });
    return this.#run({ sender, blockNumber, callData, to: address, ...(paid ? { paid } : {}) });
  }

  #run(run: {
    readonly sender: AccountId;
    readonly blockNumber: bigint;
    readonly callData: Hex;
    readonly to?: Hex;
    readonly paid?: bigint;
  }): Promise<EVMResult> {
    const caller = createAddressFromString(run.sender);
    const header = {
      number: run.blockNumber,
      timestamp: BigInt(START_MS / 1000),
      coinbase: caller,
      gasLimit: GAS_LIMIT,
      difficulty: 0n,
      prevRandao: new Uint8Array(32),
      baseFeePerGas: 0n,
      getBlobGasPrice: () => 1n,
    };
    return this.#evm.runCall({
      ...(run.to === undefined ? {} : { to: createAddressFromString(run.to) }),
      caller,
      origin: caller,
      data: hexToBytes(run.callData),
      gasLimit: GAS_LIMIT,
      value: run.paid ?? 0n,
      block: { header } as never,
    });
  }
}

export function depositCall(owner: AccountId, k: number, units: bigint): ContractCall {
  return { to: 'base', functionName: 'deposit', args: [SHARD, owner, BigInt(k), units] };
}

export function registerParametersCall(marketId: number, commitment: bigint): ContractCall {
  const args = [marketId, commitment, ZERO_HASH];
  return { to: 'registry', functionName: 'registerParameters', args };
}

/** Call of `registerAgreement`, by default with the circuits of a memory venue. */
export function agreementCall({
  shard,
  operator,
  paid,
  circuits = CIRCUITS,
}: {
  readonly shard: number;
  readonly operator: AccountId;
  readonly paid: bigint;
  readonly circuits?: readonly AgreedCircuit[];
}): ContractCall {
  const verified = circuits.map((circuit) => ({ ...circuit, verifier: VERIFIER }));
  const args = [shard, operator, ZERO_HASH, verified];
  return { to: 'registry', functionName: 'registerAgreement', args, paid };
}

export function settleCall(submission: Submission): ContractCall {
  return { to: 'base', functionName: 'settle', args: settleArguments(submission) };
}
