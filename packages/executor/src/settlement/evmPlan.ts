import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEngineSettings } from '@lawbook/chains/configuration/engineSettings';
import type { StartedEngine } from '@lawbook/chains/configuration/startChainEngine';
import { startChainEngine } from '@lawbook/chains/configuration/startChainEngine';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { accountId } from '@lawbook/exchange/ledger/account';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import { makeVerifyingKey } from '@lawbook/proofs/keys/makeVerifyingKey';
import { openCeremonyString } from '@lawbook/proofs/keys/referenceString';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import type { BaseLayer } from '@lawbook/settlement/baseLayer/baseLayer';
import { hashVerifyingKeys } from '@lawbook/settlement/baseLayer/evm/checkAgreement';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { decodeDeployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import type { Logger } from 'pino';
import type { Address } from 'viem';
import type { Config } from '../config/config.ts';
import { readSettledBase } from '../recovery/settledBase.ts';
import type { SettledState } from '../recovery/settledState.ts';
import { readSettledState } from '../recovery/settledState.ts';
import { agreedKey } from './agreementOf.ts';
import {
  openEpochProver,
  PROVABLE_MINIMUM_FILLS,
  unprovableEpoch,
  unprovableParameters,
} from './epochProver.ts';
import { openDesk } from './operatorDesk.ts';
import type { SettlementPlan, VenueSide } from './settlementPlan.ts';
import type { OpenedSettlement } from './settlementService.ts';

/**
 * A chain that others run, with the contracts of a deployment file and the points of a ceremony.
 * Nothing is deployed or registered here: `lawbook agreement submit` does that.
 *
 * @throws SettlementFault SETTLEMENT_CONFIG_INVALID for a deployment file that cannot be used.
 */
export function evmPlan(config: Config): SettlementPlan {
  const deployment = readDeployment(config);
  return {
    domain: {
      chainId: BigInt(deployment.chainId),
      address: accountId(deployment.baseLayer),
    },
    unprovable: unprovableEpoch,
    unprovableParameters,
    minimumFillsMax: PROVABLE_MINIMUM_FILLS,
    demoInputs: () => undefined,
    open: (venue) => open(config, deployment, venue),
    readSettled: (log, signal) => readSettled(config, { deployment, log, signal }),
  };
}

async function readSettled(
  config: Config,
  parts: { readonly deployment: Deployment; readonly log: Logger; readonly signal: AbortSignal },
): Promise<SettledState> {
  const { deployment, log, signal } = parts;
  const { shard, marketId, finalityBlocks } = config.settlement;
  const started = await startEngine(config, deployment, log);
  try {
    const [lane] = started.engine.lanes();
    invariant(lane !== undefined, 'the engine signs for the operator');
    const finality = { kind: 'confirmations', blocks: finalityBlocks } as const;
    const place = { deployment, shard, marketId, operator: lane.address, finality };
    return await readSettledState({ ...place, signal }, started.engine);
  } finally {
    await started.close();
  }
}

function readDeployment({ settlement }: Config): Deployment {
  const path = settlement.evm.deploymentFile;
  invariant(path !== undefined, 'the configuration was checked');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SettlementFault(
      'SETTLEMENT_CONFIG_INVALID',
      `The deployment file ${path} cannot be read. \`lawbook agreement submit\` writes it.`,
      { fields: { path }, cause },
    );
  }
  return decodeDeployment(text);
}

async function open(
  config: Config,
  deployment: Deployment,
  venue: VenueSide,
): Promise<OpenedSettlement> {
  const { proofs, settlement } = config;
  const { shard, marketId, finalityBlocks } = settlement;
  const directory = join(config.dataDir, 'settlement');
  mkdirSync(directory, { recursive: true });
  const { crsPath, crsDigest } = proofs;
  invariant(crsPath !== undefined && crsDigest !== undefined, 'the configuration was checked');
  const string = await openCeremonyString({ directory: crsPath, digest: crsDigest });
  const keys = [];
  for (const { name } of EPOCH_SHAPES) {
    keys.push(
      await makeVerifyingKey({ circuit: name, string, directory: join(directory, 'keys') }),
    );
  }
  const started = await startEngine(config, deployment, venue.log);
  const closers: (() => Promise<void>)[] = [() => started.close()];
  try {
    const { log, onProved } = venue;
    const prover = await openEpochProver({ proofs, string, keys, shard, log, onProved });
    closers.push(() => prover.close());
    const [lane] = started.engine.lanes();
    invariant(lane !== undefined, 'the engine signs for the operator');
    const opened = await openDesk(
      {
        started,
        deployment,
        shard,
        marketId,
        operator: lane.address,
        finality: { kind: 'confirmations', blocks: finalityBlocks },
        base: readSettledBase(config.dataDir),
        prover,
        keys,
        rpcUrl: undefined,
        closeChain: () => Promise.resolve(),
      },
      venue,
    );
    closers.splice(0, closers.length, opened.close);
    await refuseOtherTerms(opened.layer, lane.address, keys);
    return opened;
  } catch (cause) {
    for (const close of closers.reverse()) await close();
    throw cause;
  }
}

function startEngine(
  { dataDir, settlement }: Config,
  deployment: Deployment,
  log: Logger,
): Promise<StartedEngine> {
  const { rpcUrls, operatorKeyFile } = settlement.evm;
  const settings = readEngineSettings({
    chain: { id: deployment.chainId, name: 'base-layer' },
    endpoints: rpcUrls.map((url) => ({ url, preset: 'public' })),
    signers: [{ name: 'operator', keyFile: operatorKeyFile }],
    store: { kind: 'lmdb', directory: join(dataDir, 'settlement', 'intents') },
    policy: { targets: [deployment.registry, deployment.baseLayer] },
  });
  return startChainEngine(settings, {
    owner: `venue-${process.pid}`,
    onAlert: ({ sentence }) => log.warn(sentence),
  });
}

/** An agreement for another operator or other laws would refuse every list; better said at once. */
async function refuseOtherTerms(
  layer: BaseLayer,
  operator: Address,
  keys: readonly VerifyingKey[],
): Promise<void> {
  const agreement = await layer.agreement();
  const expected = hashVerifyingKeys(keys.map(agreedKey));
  const same =
    agreement?.operator.toLowerCase() === operator.toLowerCase() &&
    agreement.verifyingKeyHash === expected;
  if (same) return;
  throw new SettlementFault(
    'SETTLEMENT_CONFIG_INVALID',
    'The agreement of the shard is for another operator or other laws. ' +
      '`lawbook agreement check` names the differences.',
    {
      fields: {
        shard: layer.shard,
        operator: agreement?.operator ?? 'none',
        verifyingKeyHash: agreement?.verifyingKeyHash ?? 'none',
      },
    },
  );
}
