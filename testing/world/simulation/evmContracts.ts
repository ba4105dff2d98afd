import { DEMO_ASSETS, DEMO_DOMAIN } from '@lawbook/analytics/demoWorld';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import { INSECURE_SETUP } from '@lawbook/proofs/statements/proof';
import type { Abi, Address, Hex } from 'viem';
import { encodeDeployData, encodeFunctionData } from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../../contracts/generated/agreementRegistryAbi.ts';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import { FAUCET_TOKEN_ABI } from '../../../contracts/generated/faucetTokenAbi.ts';
import { agreementOf } from '../../../packages/executor/src/settlement/agreementOf.ts';
import { creationCode } from '../../../packages/settlement/src/baseLayer/evm/contractCode.ts';
import type { Deployment } from '../../../packages/settlement/src/baseLayer/evm/deployment.ts';
import { FIRST_BLOCK } from '../../chains/double/chainDouble.ts';
import type { MachineBlock, MachineSession } from '../../chains/double/contractMachine.ts';
import { BASE_EPOCH_BLOCKS, EXIT_BLOCKS, quickFieldHash, SHARD } from './simulatedBase.ts';

/** Who has what on the chain from its first block on. */
export interface EvmFounders {
  readonly operator: Address;
  readonly guardian: Address;
  /** Have coins, and tokens that the base layer may take. */
  readonly people: readonly Address[];
  /** The parameters that the market starts with. */
  readonly parameters: BatchParameters;
}

/** The chain that the demo domain names: faucet tokens insist on it. */
export const EVM_CHAIN_ID: number = Number(DEMO_DOMAIN.chainId);
/** Wei that everybody begins with. */
const COINS = 10n ** 24n;
const TOKENS = 1n << 120n;

/**
 * Says yes to a proof that is the Keccak hash of the public inputs, and no to all others:
 * `q = calldata[36] + 4; calldatacopy(0, q + 32, 32 * calldata[q]); h = keccak256(0, ...)`, then
 * `p = calldata[4] + 4; return calldata[p] == 32 && calldata[p + 32] == h`.
 */
const VERIFIER_CODE = `0x${[
  '602435600401', // q
  '803560051b80', // the bytes of the inputs, twice
  '826020015f37', // copied to memory
  '5f20', // h
  '600435600401', // p
  '8060200135', // the first word of the proof
  '8214', // is h
  '9035602014', // and the proof is no longer
  '165f5260205ff3',
].join('')}` as const;
const VERIFIER: Address = `0x${'0e'.repeat(20)}`;

/** Keys of circuits that nobody compiles: their names and places are all that is used. */
export const SIMULATED_KEYS: readonly VerifyingKey[] = EPOCH_SHAPES.map(({ name }) => ({
  circuit: name,
  circuitVersion: 1,
  setup: INSECURE_SETUP,
  stringId: '5e'.repeat(32),
  publicInputCount: 3,
  gates: 2,
  keyBytes: '',
  keyHash: 'ab'.repeat(32),
  verifierCode: VERIFIER_CODE.slice(2),
  verifierCreationCode: '',
}));

/** Lays the committed contracts out on a chain before its first block, and registers the venue. */
export async function layContracts(
  session: MachineSession,
  { operator, guardian, people, parameters }: EvmFounders,
): Promise<Deployment> {
  const layer = new ContractLayer(session, { number: FIRST_BLOCK, timestamp: 1, baseFee: 0n });
  for (const account of [operator, ...people]) await session.putBalance(account, COINS);
  await session.putCode(VERIFIER, VERIFIER_CODE);
  const terms = [BASE_EPOCH_BLOCKS, EXIT_BLOCKS, 0n, operator] as const;
  const registry: Address = `0x${'4e'.repeat(20)}`;
  await layer.place(registry, deployData('AgreementRegistry', AGREEMENT_REGISTRY_ABI, terms));
  const baseLayer = DEMO_DOMAIN.address as Address;
  const base = deployData('BaseLayer', BASE_LAYER_ABI, [registry, guardian]);
  await layer.place(baseLayer, base);
  const tokens = DEMO_ASSETS.map(({ symbol, decimals }, k) => {
    return { symbol, decimals, address: `0x${`70${k}`.padStart(40, '0')}` as Address };
  });
  for (const { symbol, decimals, address } of tokens) {
    const args = [symbol, symbol, decimals];
    await layer.place(address, deployData('FaucetToken', FAUCET_TOKEN_ABI, args));
    for (const person of people) {
      const drip = { functionName: 'drip', args: [person, TOKENS] } as const;
      await layer.act(person, address, { abi: FAUCET_TOKEN_ABI, ...drip });
      const approve = { functionName: 'approve', args: [baseLayer, TOKENS] } as const;
      await layer.act(person, address, { abi: FAUCET_TOKEN_ABI, ...approve });
    }
  }
  const deployment: Deployment = {
    chainId: EVM_CHAIN_ID,
    registry,
    baseLayer,
    verifiers: EPOCH_SHAPES.map(({ name }) => ({ circuit: name, address: VERIFIER })),
    tokens,
    deployedAtBlock: BigInt(FIRST_BLOCK),
  };
  await register(layer, { deployment, operator, parameters });
  return deployment;
}

/** The steps of the product's own agreement, one call each. */
async function register(
  layer: ContractLayer,
  parts: {
    readonly deployment: Deployment;
    readonly operator: Address;
    readonly parameters: BatchParameters;
  },
): Promise<void> {
  const { operator, deployment } = parts;
  const hash = quickFieldHash;
  const plan = agreementOf({ ...parts, shard: SHARD, keys: SIMULATED_KEYS, hash });
  const { verifyingKeyHash, circuits, assets, markets } = plan;
  const call = (functionName: string, args: readonly unknown[]): Promise<void> => {
    return layer.act(operator, deployment.registry, {
      abi: AGREEMENT_REGISTRY_ABI,
      functionName,
      args,
    });
  };
  await call('registerAgreement', [SHARD, operator, verifyingKeyHash, circuits]);
  for (const { token, ledgerDecimals } of assets) {
    await call('listAsset', [SHARD, token, ledgerDecimals]);
  }
  for (const { marketId, assetIds, epochNumber, batchNumber } of markets) {
    const columns = assetIds.map(BigInt);
    await call('registerMarket', [SHARD, marketId, columns, epochNumber, batchNumber]);
  }
  for (const { marketId, commitment, parameterHash } of plan.parameters) {
    await call('registerParameters', [marketId, commitment, parameterHash]);
  }
}

function deployData(
  name: Parameters<typeof creationCode>[0],
  abi: Abi,
  args: readonly unknown[],
): Hex {
  return encodeDeployData({ abi, bytecode: creationCode(name), args });
}

/** Calls that have to succeed, before there is a chain. */
class ContractLayer {
  readonly #session: MachineSession;
  readonly #block: MachineBlock;

  constructor(session: MachineSession, block: MachineBlock) {
    this.#session = session;
    this.#block = block;
  }

  /** Runs a constructor at an address that was chosen, and leaves there what it returns. */
  async place(address: Address, creation: Hex): Promise<void> {
    await this.#session.putCode(address, creation);
    const code = await this.#run(VERIFIER, address, '0x');
    await this.#session.putCode(address, code);
  }

  async act(
    from: Address,
    to: Address,
    call: { readonly abi: Abi; readonly functionName: string; readonly args: readonly unknown[] },
  ): Promise<void> {
    await this.#run(from, to, encodeFunctionData(call));
  }

  async #run(from: Address, to: Address, callData: Hex): Promise<Hex> {
    const call = { from, to, amount: 0n, callData };
    const { success, output } = await this.#session.call(call, this.#block);
    invariant(success, `a step of the deployment succeeds: ${callData.slice(0, 10)}, ${output}`);
    return output;
  }
}
