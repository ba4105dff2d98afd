import { join } from 'node:path';
import { httpTransport } from '@lawbook/chains/endpoints/httpTransport';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import type { EvmStands } from '@lawbook/settlement/baseLayer/evm/chainReader';
import type { DeployedVerifier, Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { deployVerifier } from '@lawbook/settlement/baseLayer/evm/deployVerifier';
import { Actor, DEFAULT_ACT_TERMS } from '@lawbook/settlement/baseLayer/evm/performAct';
import { withChain } from '../chain/openChain.ts';
import { RPC_VARIABLE, rpcUrlOf } from '../chain/rpcFlag.ts';
import { operatorSigner } from '../files/operatorSigner.ts';
import { UsageFault } from '../terminal/cliFault.ts';
import type { Steps } from '../terminal/steps.ts';
import type { KeyFlags } from './agreementFlags.ts';
import { AT_HEAD, agreedKeys } from './agreementFlags.ts';
import { workFolder } from './deployContracts.ts';

/** Flags of the commands that an operator signs. */
export interface OperatorOptions extends KeyFlags {
  readonly rpc?: string;
  readonly deployment?: string;
  readonly key: string;
  readonly shard: string;
  readonly json?: boolean;
  readonly wait: string;
}

/** What an operator acts with. */
export interface OperatorDesk {
  readonly stands: EvmStands;
  readonly actor: Actor;
  readonly chainId: number;
  readonly operator: Hex;
  readonly keys: readonly VerifyingKey[];
}

/**
 * Lends what an operator acts with; what is begun is remembered in a folder beside the file.
 * @throws UsageFault without an endpoint; FileFault, ChainFault CHAIN_CONFIG_INVALID for its key.
 */
export async function asOperator<T>(
  options: OperatorOptions,
  { file, steps }: { readonly file: string; readonly steps: Steps },
  use: (desk: OperatorDesk) => Promise<T>,
): Promise<T> {
  const rpcUrl = rpcUrlOf(options);
  if (rpcUrl === undefined) throw new UsageFault(`name an endpoint: --rpc or ${RPC_VARIABLE}`);
  const signer = await operatorSigner(options.key);
  const chainId = await chainIdOf(rpcUrl);
  const keys = await agreedKeys(options, chainId, steps);
  const storeFolder = join(workFolder(file), 'intents');
  return await withChain({ rpcUrl, chainId, signers: [signer], storeFolder }, async (stands) => {
    const operator = signer.address.toLowerCase() as Hex;
    const actor = new Actor(stands, operator, { ...DEFAULT_ACT_TERMS, finality: AT_HEAD });
    return await use({ stands, actor, chainId, operator, keys });
  });
}

const CALL_MS = 10_000;

/** @throws ChainFault where the endpoint does not answer. */
async function chainIdOf(rpcUrl: string): Promise<number> {
  const transport = httpTransport({ url: rpcUrl }, { environment: systemEnvironment() });
  try {
    const call = { method: 'eth_chainId', params: [] };
    return Number(await transport.request(call, { timeoutMs: CALL_MS }));
  } finally {
    await transport.close?.();
  }
}

/** Verifiers of the present keys: those that are there, and new ones where the code is another. */
export async function currentVerifiers(
  { verifiers }: Deployment,
  { actor, keys }: OperatorDesk,
  signal: AbortSignal,
): Promise<readonly DeployedVerifier[]> {
  const current: DeployedVerifier[] = [];
  for (const key of keys) {
    const { circuit, keyHash, verifierCode } = key;
    const known = verifiers.find((verifier) => verifier.circuit === circuit);
    const code =
      known === undefined
        ? '0x'
        : await actor.reader.atHead((block) => actor.reader.codeAt(known.address, block));
    const isCurrent = known !== undefined && code === `0x${verifierCode}`;
    const creationCode: Hex = `0x${key.verifierCreationCode}`;
    // One after the other: each creation takes the next nonce of the account.
    const address = isCurrent
      ? known.address
      : await deployVerifier({ circuit, keyHash, creationCode }, actor, signal);
    current.push({ circuit, address });
  }
  return current;
}
