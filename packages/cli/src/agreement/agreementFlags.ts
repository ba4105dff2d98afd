import { join } from 'node:path';
import type { FinalityTarget } from '@lawbook/chains/tracker/chainTracker';
import { parseAccountId } from '@lawbook/exchange/ledger/account';
import type { EpochCircuitName } from '@lawbook/proofs/circuits/epochCircuit';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import { committedKey } from '@lawbook/proofs/keys/committedKey';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import type { AgreementPlan } from '@lawbook/settlement/baseLayer/evm/agreementPlan';
import type { AgreedKey } from '@lawbook/settlement/baseLayer/evm/checkAgreement';
import { hashVerifyingKeys } from '@lawbook/settlement/baseLayer/evm/checkAgreement';
import type { DeployedToken, Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import type { Command } from 'commander';
import { EMBEDDED_CHAIN } from '../chain/openChain.ts';
import { keyOf, openString } from '../proving/localProver.ts';
import { UsageFault } from '../terminal/cliFault.ts';
import type { Steps } from '../terminal/steps.ts';
import { DEFAULT_DATA_DIR } from '../terminal/venueAddress.ts';

/** On what reference string the laws' keys rest. */
export interface KeyFlags {
  readonly crs?: string;
  readonly crsDigest?: string;
  readonly dataDir: string;
}

/** Adds the flags. */
export function withKeyFlags(command: Command): Command {
  return command
    .option('--crs <folder>', 'points of a public ceremony; needed but on the embedded chain')
    .option('--crs-digest <sha256>', 'SHA-256 of its two files')
    .option('-d, --data-dir <folder>', 'keeps keys that are made', DEFAULT_DATA_DIR);
}

/** Acts of an operator count at the head: whoever registers looks at the chain again anyway. */
export const AT_HEAD: FinalityTarget = { kind: 'confirmations', blocks: 1 };

/**
 * The verifying keys of all epoch circuits, in the order of agreements.
 * @throws UsageFault without a ceremony on a chain that is not embedded; ProofFault.
 */
export async function agreedKeys(
  { crs, crsDigest, dataDir }: KeyFlags,
  chainId: number,
  steps: Steps,
): Promise<readonly VerifyingKey[]> {
  if (crs === undefined && chainId !== EMBEDDED_CHAIN) {
    throw new UsageFault(
      `chain ${chainId} is not the embedded one: name a public ceremony by --crs and --crs-digest`,
    );
  }
  if (crs !== undefined && crsDigest === undefined)
    throw new UsageFault('--crs needs --crs-digest');
  const directory = join(dataDir, 'settlement');
  const ceremony =
    crs === undefined || crsDigest === undefined
      ? undefined
      : { directory: crs, digest: crsDigest };
  const keys: VerifyingKey[] = [];
  for (const { name } of EPOCH_SHAPES) {
    keys.push(await keyFor(name, { directory, ceremony }));
    steps.waiting(`the key of ${name} is ready`);
  }
  const [first] = keys;
  steps.done('keys', `${keys.length} circuits, ${first?.setup ?? 'no setup'}`);
  return keys;
}

/** Committed keys need no reference string, which takes a while to make. */
async function keyFor(
  circuit: EpochCircuitName,
  choice: Parameters<typeof openString>[1],
): Promise<VerifyingKey> {
  const committed = choice.ceremony === undefined ? committedKey(circuit) : undefined;
  if (committed !== undefined) return committed;
  return await keyOf(circuit, await openString(circuit, choice), choice.directory);
}

/** A key as agreements compare it. */
export function agreedKey(key: VerifyingKey): AgreedKey {
  return { ...key, verifierCreationCode: `0x${key.verifierCreationCode}` };
}

/** What the terms and assets of an agreement follow from. */
export interface PlanParts {
  readonly deployment: Deployment;
  readonly shard: number;
  readonly operator: Hex;
  readonly keys: readonly VerifyingKey[];
}

/** Terms and assets of a shard; its markets and parameters are registered by the venue itself. */
export function planOf({ deployment, shard, operator, keys }: PlanParts): AgreementPlan {
  return {
    registry: deployment.registry,
    shard,
    operator,
    verifyingKeyHash: hashVerifyingKeys(keys.map(agreedKey)),
    circuits: EPOCH_SHAPES.map(({ name, batches, orders, vaults, assetWords }) => {
      const verifier = deployment.verifiers.find(({ circuit }) => circuit === name)?.address;
      if (verifier === undefined) {
        throw new UsageFault(`the deployment file names no verifier for ${name}`);
      }
      return { verifier, batches, orders, vaults, assetWords };
    }),
    assets: deployment.tokens.map(({ address, decimals }) => {
      return { token: address, ledgerDecimals: decimals };
    }),
    markets: [],
    parameters: [],
  };
}

/** Reads `USD=0x..:6`: a token, and the decimals that the ledger keeps of it. */
export function readTokenWord(word: string): DeployedToken {
  const match = /^([A-Z0-9]{2,12})=(0x[0-9a-fA-F]{40}):([0-9])$/.exec(word);
  const account = parseAccountId(match?.[2] ?? '');
  if (match === null || account === undefined) {
    throw new UsageFault(`--token takes SYMBOL=ADDRESS:DECIMALS such as USD=0x..:6, not ${word}`);
  }
  const [, symbol = '', , decimals = ''] = match;
  return { symbol, address: account as typeof account & Hex, decimals: Number(decimals) };
}

/** A whole number from a flag. */
export function readWhole(flag: string, text: string): bigint {
  if (/^(0|[1-9]\d{0,30})$/.test(text)) return BigInt(text);
  throw new UsageFault(`${flag} takes a whole number, not ${text}`);
}

/** An address from a flag. */
export function readAddress(flag: string, text: string): Hex {
  const account = parseAccountId(text);
  if (account !== undefined) return account as typeof account & Hex;
  throw new UsageFault(`${flag} takes an address, not ${text}`);
}
