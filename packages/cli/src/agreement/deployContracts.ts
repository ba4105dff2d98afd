import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import type { EvmStands } from '@lawbook/settlement/baseLayer/evm/chainReader';
import { deploy, nextChainNonce } from '@lawbook/settlement/baseLayer/evm/deploy';
import type { DeployedToken, Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { encodeDeployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { FileFault } from '../terminal/cliFault.ts';
import { AT_HEAD } from './agreementFlags.ts';

/** Contracts of a venue that are not there yet. */
export interface NewContracts {
  readonly chainId: number;
  readonly deployer: Hex;
  readonly keys: readonly VerifyingKey[];
  readonly baseEpochBlocks: bigint;
  readonly exitBlocks: bigint;
  /** Wei. */
  readonly agreementFee: bigint;
  readonly guardian: Hex;
  /** Tokens that exist, in the order of asset ids. */
  readonly tokens: readonly DeployedToken[];
  /** The deployment file that is written at the end. */
  readonly out: string;
}

/** Beside a deployment file: what was begun, so that a crash costs nothing. */
export function workFolder(out: string): string {
  const folder = `${resolve(out)}.work`;
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/**
 * Deploys the contracts and writes the deployment file. Called again after a crash it goes on where
 * it was: the chain nonce that all addresses follow from is written down before anything is sent.
 *
 * @throws SettlementFault as `deploy`; FileFault.
 */
export async function deployContracts(
  wanted: NewContracts,
  stands: EvmStands,
  signal: AbortSignal,
): Promise<Deployment> {
  const { deployer, keys, tokens, out, guardian } = wanted;
  const { chainId, baseEpochBlocks, exitBlocks, agreementFee } = wanted;
  const deployed = await deploy(
    {
      chainId,
      deployer,
      firstChainNonce: await firstChainNonce(join(workFolder(out), 'plan.json'), wanted, stands),
      baseEpochBlocks,
      exitBlocks,
      agreementFee,
      feeRecipient: guardian,
      guardian,
      verifiers: keys.map(({ circuit, verifierCreationCode }) => {
        return { circuit, creationCode: `0x${verifierCreationCode}` as Hex };
      }),
      tokens: [],
      finality: AT_HEAD,
    },
    stands,
    signal,
  );
  const deployment = { ...deployed, tokens };
  writeDeployment(out, deployment);
  return deployment;
}

/** Writes a deployment file. @throws FileFault */
export function writeDeployment(out: string, deployment: Deployment): void {
  try {
    writeFileSync(out, encodeDeployment(deployment));
  } catch (cause) {
    throw new FileFault(`${out} cannot be written`, out, cause);
  }
}

async function firstChainNonce(
  path: string,
  { chainId, deployer }: NewContracts,
  stands: EvmStands,
): Promise<number> {
  if (existsSync(path)) {
    const known = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>;
    const chainNonce = known['firstChainNonce'];
    const isOurs = known['chainId'] === chainId && known['deployer'] === deployer;
    if (isOurs && typeof chainNonce === 'number') return chainNonce;
    throw new FileFault(`${path} is about another chain or account: name another --out`, path);
  }
  const chainNonce = await nextChainNonce(stands, deployer);
  const text = JSON.stringify({ chainId, deployer, firstChainNonce: chainNonce });
  writeFileSync(path, `${text}\n`);
  return chainNonce;
}
