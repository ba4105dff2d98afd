import type { BlockReference } from '@lawbook/chains/tracker/chainTracker';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Address, Hex } from 'viem';
import { encodeDeployData, getContractAddress, keccak256, size } from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../../../../contracts/generated/agreementRegistryAbi.ts';
import { BASE_LAYER_ABI } from '../../../../../contracts/generated/baseLayerAbi.ts';
import { FAUCET_TOKEN_ABI } from '../../../../../contracts/generated/faucetTokenAbi.ts';
import { SettlementFault } from '../../settlementFault.ts';
import type { ChainReader, EvmStands } from './chainReader.ts';
import { creationCode } from './contractCode.ts';
import type { Deployment } from './deployment.ts';
import type { Act, ActTerms } from './performAct.ts';
import { Actor, DEFAULT_ACT_TERMS } from './performAct.ts';

/** What a venue deploys, in this order: registry, base layer, verifiers, tokens. */
export interface DeploymentPlan {
  readonly chainId: number;
  /** Signs the creations; nothing else may use its account until they are done. */
  readonly deployer: Address;
  /**
   * The deployer's chain nonce before the first creation. To be written down before anything is
   * sent (`nextChainNonce` reads it): all addresses follow from it, whatever crashes on the way.
   */
  readonly firstChainNonce: number;
  /** Blocks of a base epoch, and between the request of an exit and the unlocking of the vault. */
  readonly baseEpochBlocks: bigint;
  readonly exitBlocks: bigint;
  /** Wei for registering an agreement, and who gets them. */
  readonly agreementFee: bigint;
  readonly feeRecipient: Address;
  /** May pause settlements, and nothing else. */
  readonly guardian: Address;
  /** Verifiers by circuit, in the order of the agreement; creation code takes no arguments. */
  readonly verifiers: readonly { readonly circuit: string; readonly creationCode: Hex }[];
  /** For the embedded chain only. */
  readonly tokens: readonly FaucetPlan[];
  readonly terms?: Partial<Omit<ActTerms, 'finality'>>;
  readonly finality: ActTerms['finality'];
}

/** A token that gives itself away. */
export interface FaucetPlan {
  readonly name: string;
  readonly symbol: string;
  readonly decimals: number;
}

/** Addresses that a plan will lead to; lower case. */
export type PredictedAddresses = Pick<Deployment, 'registry' | 'baseLayer'> & {
  readonly verifiers: readonly Address[];
  readonly tokens: readonly Address[];
};

/** The chain that faucet tokens are for, as they insist themselves. */
const EMBEDDED_CHAIN = 31_337;

/**
 * Where the contracts of a plan will lie, before anything is deployed: what users sign for is known
 * from the start. @see Ethereum yellow paper, section 7, on the address of a creation
 */
export function predictAddresses(
  deployer: Address,
  firstChainNonce: number,
  counts: { readonly verifiers: number; readonly tokens: number },
): PredictedAddresses {
  const total = 2 + counts.verifiers + counts.tokens;
  const [registry, baseLayer, ...rest] = Array.from({ length: total }, (_, place) => {
    return addressAt(deployer, firstChainNonce + place);
  });
  invariant(registry !== undefined && baseLayer !== undefined, 'a plan has two contracts at least');
  const verifiers = rest.slice(0, counts.verifiers);
  return { registry, baseLayer, verifiers, tokens: rest.slice(counts.verifiers) };
}

/** The deployer's next chain nonce: what a plan that has not begun starts from. */
export async function nextChainNonce(stands: EvmStands, deployer: Address): Promise<number> {
  const { reader } = actorOf({ deployer, finality: HEAD }, stands);
  return await reader.atHead((block) => reader.chainNonceOf(deployer, block));
}

/**
 * Deploys what is not there yet. Safe to be called again after a crash at any step: a creation that
 * is done is known by the code at its address, one under way by its name.
 *
 * @throws SettlementFault SETTLEMENT_CONFIG_INVALID when the deployer's account was used for
 *   something else meanwhile, when an address holds what the plan does not make, or for faucet
 *   tokens beyond the embedded chain; SETTLEMENT_REFUSED when a constructor refuses;
 *   SETTLEMENT_UNCERTAIN when the signal ends the wait first.
 */
export async function deploy(
  plan: DeploymentPlan,
  stands: EvmStands,
  signal: AbortSignal,
): Promise<Deployment> {
  if (plan.tokens.length > 0 && plan.chainId !== EMBEDDED_CHAIN) throw noFaucetHere(plan.chainId);
  const actor = actorOf(plan, stands);
  const creations = creationsOf(plan);
  const [registry, ...rest] = creations;
  invariant(registry !== undefined, 'a plan begins with the registry');
  // The base layer's constructor reads the registry; the others stand by themselves.
  if (!(await isMade(actor, registry))) await create(actor, registry, 'included', signal);
  const started: Creation[] = [];
  for (const creation of rest) {
    if (await isMade(actor, creation)) continue;
    // Chain nonces are given out in the order of starting: each is started before the next one.
    await create(actor, creation, 'accepted', signal);
    started.push(creation);
  }
  for (const creation of started) await create(actor, creation, 'included', signal);
  return await describe(plan, actor.reader, signal);
}

/** One contract of a plan. */
interface Creation {
  readonly address: Address;
  readonly chainNonce: number;
  readonly act: Act;
}

const HEAD: ActTerms['finality'] = { kind: 'confirmations', blocks: 1 };

/** Heads that a contract may be missing at, though it was made: enough for a reorganisation. */
const HEADS_MAX = 12;

function actorOf(
  plan: Pick<DeploymentPlan, 'deployer' | 'finality' | 'terms'>,
  stands: EvmStands,
): Actor {
  const { deployer, finality, terms } = plan;
  return new Actor(stands, deployer, { ...DEFAULT_ACT_TERMS, ...terms, finality });
}

function creationsOf(plan: DeploymentPlan): readonly Creation[] {
  const { deployer, firstChainNonce, guardian } = plan;
  const registry = addressAt(deployer, firstChainNonce);
  const { baseEpochBlocks, exitBlocks, agreementFee, feeRecipient } = plan;
  const codes = [
    encodeDeployData({
      abi: AGREEMENT_REGISTRY_ABI,
      bytecode: creationCode('AgreementRegistry'),
      args: [baseEpochBlocks, exitBlocks, agreementFee, feeRecipient],
    }),
    encodeDeployData({
      abi: BASE_LAYER_ABI,
      bytecode: creationCode('BaseLayer'),
      args: [registry, guardian],
    }),
    ...plan.verifiers.map((verifier) => verifier.creationCode),
    ...plan.tokens.map(({ name, symbol, decimals }) =>
      encodeDeployData({
        abi: FAUCET_TOKEN_ABI,
        bytecode: creationCode('FaucetToken'),
        args: [name, symbol, decimals],
      }),
    ),
  ];
  return codes.map((callData, place) => {
    const chainNonce = firstChainNonce + place;
    const act = {
      key: `deploy:${chainNonce}`,
      to: undefined,
      amount: 0n,
      callData,
      mayDiffer: false,
    };
    return { address: addressAt(deployer, chainNonce), chainNonce, act };
  });
}

/**
 * Whether a contract was made by something that nobody here remembers. Code that is seen tells of
 * no other creation: while a node makes a block, it may show for the block's parent what the block
 * does.
 */
async function isMade(actor: Actor, { address, act }: Creation): Promise<boolean> {
  const { reader } = actor;
  if (await actor.isBegun(act)) return false;
  return (await reader.atHead((block) => reader.codeAt(address, block))) !== '0x';
}

async function create(
  actor: Actor,
  { address, chainNonce, act }: Creation,
  level: 'accepted' | 'included',
  signal: AbortSignal,
): Promise<void> {
  const outcome = await actor.perform(act, signal, level);
  if (outcome.kind === 'refused') {
    const { rule, sentence } = outcome.refusal;
    throw new SettlementFault(
      'SETTLEMENT_REFUSED',
      `The contract at ${address} cannot be made: ${sentence}`,
      { fields: { rule, address } },
    );
  }
  const used = outcome.life.attempts.find(({ purpose }) => purpose === 'execute')?.chainNonce;
  if (used !== chainNonce) throw usedOtherwise(actor.sender, chainNonce, used);
}

/**
 * Makes sure that what lies at the addresses is what the plan makes, and writes it down. A contract
 * that is missing may have been seen too early, or be back in the mempool: later heads have it.
 */
async function describe(
  plan: DeploymentPlan,
  reader: ChainReader,
  signal: AbortSignal,
): Promise<Deployment> {
  const counts = { verifiers: plan.verifiers.length, tokens: plan.tokens.length };
  const places = predictAddresses(plan.deployer, plan.firstChainNonce, counts);
  for (let heads = 1; ; heads += 1) {
    const look = await reader.atHead(async (block) => {
      const missing = await missingParts(plan, reader, block);
      if (missing !== undefined) return { missing, block };
      await expectParts(plan, { reader, places, block });
      const registry = { address: places.registry, abi: AGREEMENT_REGISTRY_ABI, args: [] } as const;
      const from = await reader.view({ ...registry, functionName: 'genesisBlock' }, block);
      return { missing, from };
    });
    if (look.missing === undefined) return deploymentOf(plan, places, look.from);
    if (heads === HEADS_MAX) throw look.missing;
    await reader.nextHead(look.block, signal);
  }
}

function deploymentOf(
  plan: DeploymentPlan,
  places: PredictedAddresses,
  deployedAtBlock: bigint,
): Deployment {
  return {
    chainId: plan.chainId,
    registry: places.registry,
    baseLayer: places.baseLayer,
    verifiers: plan.verifiers.map(({ circuit }, index) => {
      return { circuit, address: placeOf(places.verifiers, index) };
    }),
    tokens: plan.tokens.map(({ symbol, decimals }, index) => {
      return { symbol, decimals, address: placeOf(places.tokens, index) };
    }),
    deployedAtBlock,
  };
}

/** What to say of the first contract that is not there; undefined when all are. */
async function missingParts(
  plan: DeploymentPlan,
  reader: ChainReader,
  block: BlockReference,
): Promise<SettlementFault | undefined> {
  const creations = creationsOf(plan);
  const codes = await Promise.all(creations.map(({ address }) => reader.codeAt(address, block)));
  const missing = creations.find((_, place) => codes[place] === '0x');
  if (missing === undefined) return undefined;
  const { address } = missing;
  return new SettlementFault(
    'SETTLEMENT_CONFIG_INVALID',
    `There is no contract at ${address}, though it was made: the chain is another one than ` +
      'before. Start from another data directory, or name the chain that has the contracts.',
    { fields: { address } },
  );
}

/** What is read of deployed parts, and what they are compared with. */
async function expectParts(
  plan: DeploymentPlan,
  found: {
    readonly reader: ChainReader;
    readonly places: PredictedAddresses;
    readonly block: BlockReference;
  },
): Promise<void> {
  const { reader, places, block } = found;
  const registry = { address: places.registry, abi: AGREEMENT_REGISTRY_ABI, args: [] } as const;
  const baseLayer = { address: places.baseLayer, abi: BASE_LAYER_ABI, args: [] } as const;
  const [epochBlocks, exitBlocks, fee, recipient, kept, guardian] = await Promise.all([
    reader.view({ ...registry, functionName: 'baseEpochBlocks' }, block),
    reader.view({ ...registry, functionName: 'exitBlocks' }, block),
    reader.view({ ...registry, functionName: 'agreementFee' }, block),
    reader.view({ ...registry, functionName: 'feeRecipient' }, block),
    reader.view({ ...baseLayer, functionName: 'registry' }, block),
    reader.view({ ...baseLayer, functionName: 'guardian' }, block),
  ]);
  expectSame('baseEpochBlocks', plan.baseEpochBlocks, epochBlocks);
  expectSame('exitBlocks', plan.exitBlocks, exitBlocks);
  expectSame('agreementFee', plan.agreementFee, fee);
  expectSame('feeRecipient', plan.feeRecipient, recipient);
  expectSame('registry', places.registry, kept);
  expectSame('guardian', plan.guardian, guardian);
  const made = creationsOf(plan).slice(2);
  await Promise.all(
    made.map(async ({ address, act }) => {
      const code = await reader.codeAt(address, block);
      const expected = await reader.call({ to: undefined, callData: act.callData }, block);
      if (code !== expected) throw otherCode(address, code, expected);
    }),
  );
}

function expectSame(part: string, expected: bigint | string, actual: bigint | string): void {
  if (String(expected).toLowerCase() === String(actual).toLowerCase()) return;
  throw new SettlementFault(
    'SETTLEMENT_CONFIG_INVALID',
    `The contracts that are deployed have ${part} ${actual} and the plan says ${expected}: ` +
      'start from another chain nonce, or mend the plan.',
    { fields: { part, expected: String(expected), actual: String(actual) } },
  );
}

function addressAt(deployer: Address, chainNonce: number): Address {
  return getContractAddress({
    from: deployer,
    nonce: BigInt(chainNonce),
  }).toLowerCase() as Address;
}

function placeOf(addresses: readonly Address[], index: number): Address {
  const address = addresses[index];
  invariant(address !== undefined, 'each part of a plan has a predicted address');
  return address;
}

function otherCode(address: Address, found: Hex, expected: Hex): SettlementFault {
  return new SettlementFault(
    'SETTLEMENT_CONFIG_INVALID',
    `The code at ${address} (${size(found)} bytes) is not what the plan makes (${size(expected)} ` +
      'bytes): the plan changed, or the account of the deployer was used for something else. ' +
      'Start from another chain nonce.',
    { fields: { address, found: keccak256(found), expected: keccak256(expected) } },
  );
}

function usedOtherwise(
  deployer: Address,
  expected: number,
  actual: number | undefined,
): SettlementFault {
  return new SettlementFault(
    'SETTLEMENT_CONFIG_INVALID',
    `The account ${deployer} was used for something else during the deployment: a contract ` +
      `took chain nonce ${actual ?? 'none'} instead of ${expected}. Start from another chain ` +
      'nonce, and give the account to the deployment alone.',
    { fields: { deployer, expected, actual: String(actual ?? 'none') } },
  );
}

function noFaucetHere(chainId: number): SettlementFault {
  return new SettlementFault(
    'SETTLEMENT_CONFIG_INVALID',
    `Faucet tokens are for the embedded chain; chain ${chainId} has tokens of its own.`,
    { fields: { chainId } },
  );
}
