import { DEMO_ASSETS, DEMO_DOMAIN } from '@lawbook/analytics/demoWorld';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { Hex } from 'viem';
import { decodeFunctionData } from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../../contracts/generated/agreementRegistryAbi.ts';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import type { ActContext } from '../../../packages/settlement/src/baseLayer/memory/act.ts';
import { MemoryContracts } from '../../../packages/settlement/src/baseLayer/memory/memoryContracts.ts';
import { RefusedAct } from '../../../packages/settlement/src/baseLayer/memory/refusedAct.ts';
import type { Submission } from '../../../packages/settlement/src/baseLayer/submission.ts';
import { unpackRows } from '../../settlement/unpackRows.ts';
import type { EvmAct, EvmBase } from './evmBase.ts';
import { registerInMemory } from './memoryBase.ts';
import { recoverOnce } from './signatures.ts';
import { BASE_EPOCH_BLOCKS, EXIT_BLOCKS, proofFor } from './simulatedBase.ts';

/** The contracts in memory after every transaction of a chain, and where the two differed. */
export interface TwinReplay {
  readonly contracts: MemoryContracts;
  /** The first transaction that one takes and the other refuses. */
  readonly difference: string | undefined;
}

/** Does everything again that is on the chain of a world, to the contracts in memory. */
export function replayInMemory(base: EvmBase): TwinReplay {
  const { deployment, operator, parameters, tokens } = base;
  const contracts = new MemoryContracts({
    domain: DEMO_DOMAIN,
    guardian: operator.account,
    terms: { baseEpochBlocks: BASE_EPOCH_BLOCKS, exitBlocks: EXIT_BLOCKS, agreementFee: 0n },
    genesisBlock: deployment.deployedAtBlock,
    lawsHold: ({ publicInputs, proof }) => {
      return Buffer.compare(proofFor(publicInputs), proof.bytes) === 0;
    },
    recover: recoverOnce,
  });
  const first = { blockNumber: deployment.deployedAtBlock, timestampMs: 1_000 };
  const tokenDecimals = DEMO_ASSETS.map(({ decimals }) => decimals);
  const context = { ...first, sender: operator.account };
  const venue = { operator: operator.account, tokens, tokenDecimals, parameters };
  registerInMemory(contracts, context, venue);
  for (const act of base.acts()) {
    const refusal = refusalOf(contracts, act, deployment.registry);
    if ((refusal === undefined) === act.receipt.success) continue;
    const { transaction, success } = act.receipt;
    const there = success ? 'takes' : 'reverts';
    const here = refusal === undefined ? 'takes' : `refuses by ${refusal}`;
    const name = transaction.callData.slice(0, 10);
    const difference = `block ${act.blockNumber}: the bytecode ${there} ${name}, memory ${here}`;
    return { contracts, difference };
  }
  return { contracts, difference: undefined };
}

/** The rule by which memory refuses a transaction; undefined when it takes it. */
function refusalOf(
  contracts: MemoryContracts,
  { blockNumber, timestampMs, receipt }: EvmAct,
  registry: Hex,
): string | undefined {
  const { from, to, callData } = receipt.transaction;
  const context = { blockNumber, timestampMs, sender: accountId(from) };
  const mark = contracts.log.mark();
  try {
    if (to?.toLowerCase() === registry) performRegistration(contracts, context, callData);
    // Engines take transactions back by ones that do nothing.
    else if (callData !== '0x') perform(contracts, context, callData);
    return undefined;
  } catch (error) {
    if (!(error instanceof RefusedAct)) throw error;
    contracts.log.rewind(mark);
    return error.refusal.rule;
  } finally {
    contracts.takeNews();
  }
}

function perform(contracts: MemoryContracts, context: ActContext, callData: Hex): void {
  const { vaults } = contracts;
  const decoded = decodeFunctionData({ abi: BASE_LAYER_ABI, data: callData });
  switch (decoded.functionName) {
    case 'deposit': {
      const [shard, owner, id, units] = decoded.args;
      mintFor(contracts, context.sender);
      vaults.deposit(context, { shard, owner: accountId(owner), assetId: Number(id), units });
      return;
    }
    case 'requestExit':
    case 'cancelExit': {
      const [shard, owner] = decoded.args;
      vaults[decoded.functionName](context, { shard, owner: accountId(owner) });
      return;
    }
    case 'completeExit': {
      const [shard, owner, ids] = decoded.args;
      vaults.completeExit(context, { shard, owner: accountId(owner), assetIds: ids.map(Number) });
      return;
    }
    case 'settle': {
      const [list, book, { circuit, dataCommitment, proof }] = decoded.args;
      const bytes = hexToBytes(proof);
      contracts.settle(context, {
        list: lowered(list) as unknown as Submission['list'],
        book: { rows: unpackRows(book.rows), grants: lowered(book.grants) as Grants },
        proof: { circuit: Number(circuit), dataCommitment, bytes },
      });
      return;
    }
    default:
      throw new RangeError(`nobody in the world calls ${decoded.functionName}`);
  }
}

function performRegistration(contracts: MemoryContracts, context: ActContext, callData: Hex): void {
  const decoded = decodeFunctionData({ abi: AGREEMENT_REGISTRY_ABI, data: callData });
  if (decoded.functionName !== 'registerParameters') {
    throw new RangeError(`nobody in the world calls ${decoded.functionName}`);
  }
  const [marketId, commitment] = decoded.args;
  contracts.registry.registerParameters(context, { marketId, commitment });
}

/** Depositors of the world never lack tokens. */
function mintFor({ tokens }: MemoryContracts, sender: AccountId): void {
  for (const k of DEMO_ASSETS.keys()) tokens.mint(at(TOKENS, k), sender, 1n << 64n);
}

const TOKENS: readonly AccountId[] = DEMO_ASSETS.map((_, k) => {
  return accountId(`0x${`70${k}`.padStart(40, '0')}`);
});

type Grants = Submission['book']['grants'];

/** Decoded call data with its addresses in lower case, as the product writes them. */
function lowered(decoded: unknown): unknown {
  if (typeof decoded === 'string') return decoded.toLowerCase();
  if (Array.isArray(decoded)) return decoded.map(lowered);
  if (typeof decoded !== 'object' || decoded === null) return decoded;
  return Object.fromEntries(Object.entries(decoded).map(([name, part]) => [name, lowered(part)]));
}
