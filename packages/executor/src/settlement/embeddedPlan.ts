import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DEMO_ASSETS,
  DEMO_MARKET_ID,
  demoParameters,
  demoTargets,
  developmentAccount,
} from '@lawbook/analytics/demoWorld';
import { readEngineSettings } from '@lawbook/chains/configuration/engineSettings';
import type { StartedEngine } from '@lawbook/chains/configuration/startChainEngine';
import { startChainEngine } from '@lawbook/chains/configuration/startChainEngine';
import type { EmbeddedAnvil } from '@lawbook/chains/embedded/anvil';
import { startAnvil } from '@lawbook/chains/embedded/anvil';
import { httpTransport } from '@lawbook/chains/endpoints/httpTransport';
import { systemEnvironment } from '@lawbook/chains/environment';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { EpochCircuitName } from '@lawbook/proofs/circuits/epochCircuit';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import { committedKey } from '@lawbook/proofs/keys/committedKey';
import { openDevelopmentString } from '@lawbook/proofs/keys/developmentString';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import { submitAgreement } from '@lawbook/settlement/baseLayer/evm/agreements';
import { deploy, predictAddresses } from '@lawbook/settlement/baseLayer/evm/deploy';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { decodeDeployment, encodeDeployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { Actor, DEFAULT_ACT_TERMS } from '@lawbook/settlement/baseLayer/evm/performAct';
import type { Logger } from 'pino';
import type { Address, Hex } from 'viem';
import type { Config } from '../config/config.ts';
import { demoMarketInputs } from '../demo/demoWorld.ts';
import { RecoveryFault } from '../recovery/recoveryFault.ts';
import { readSettledBase } from '../recovery/settledBase.ts';
import type { SettledState } from '../recovery/settledState.ts';
import { readSettledState } from '../recovery/settledState.ts';
import { agreementOf } from './agreementOf.ts';
import { CHAIN_FILE, contractsId, expectContracts, noteContracts } from './chainContracts.ts';
import { depositDemoMoney } from './demoDeposits.ts';
import type { EpochProver } from './epochProver.ts';
import {
  openEpochProver,
  PROVABLE_MINIMUM_FILLS,
  PROVABLE_ORDERS,
  pointsFor,
  unprovableEpoch,
  unprovableParameters,
} from './epochProver.ts';
import { readKnownOwners } from './knownOwners.ts';
import { openDesk } from './operatorDesk.ts';
import type { SettlementPlan, VenueSide } from './settlementPlan.ts';
import type { OpenedSettlement } from './settlementService.ts';
import { keepChainSmall, withKnownPlace } from './shrinkChain.ts';

/** The embedded chain's id: what anvil and the faucet tokens call a development chain. */
const CHAIN_ID = 31_337;
/** Blocks of a base epoch, and until a requested exit unlocks a vault: ten minutes. */
const BASE_EPOCH_BLOCKS = 4n;
const EXIT_BLOCKS = 600n;
/**
 * What a crash of the chain may cost. Nothing counts as final before it is saved, so a chain that
 * went back to its last snapshot looks like one that reorganised.
 */
const SAVE_EVERY_MS = 3_000;
/** Blocks are mined at this pace while the world is brought up: nobody waits for a clock. */
const HASTE_MS = 60;
const OPERATOR_BALANCE = 1_000_000n * 10n ** 18n;
/** In the settlement folder of the data directory. */
const DEPLOYMENT_FILE = 'deployment.json';
const OPERATOR_VARIABLE = 'LAWBOOK_EMBEDDED_OPERATOR';

/**
 * A chain of the venue's own: anvil with its state in the data directory, contracts at addresses
 * that are known in advance, a public development key as operator, play money.
 */
export function embeddedPlan(config: Config): SettlementPlan {
  const keys = EPOCH_SHAPES.map(({ name }) => developmentKey(name));
  const operator = operatorAddress();
  const counts = { verifiers: keys.length, tokens: DEMO_ASSETS.length };
  const { baseLayer } = predictAddresses(operator, 0, counts);
  const parameters = provableParameters(config);
  return {
    domain: { chainId: BigInt(CHAIN_ID), address: accountId(baseLayer) },
    unprovable: unprovableEpoch,
    unprovableParameters,
    minimumFillsMax: PROVABLE_MINIMUM_FILLS,
    demoInputs: (timeMs) => {
      const nothing = demoTargets().map(() => amount(0n));
      return demoMarketInputs(parameters, timeMs, nothing);
    },
    prepare: () => expectContracts(join(config.dataDir, 'settlement'), contractsId(keys)),
    open: (venue) => open(config, { keys, operator, parameters }, venue),
    readSettled: (log, signal) => readSettled(config, { operator, log, signal }),
  };
}

/** The chain of the data directory, without provers and without a venue. */
async function readSettled(
  config: Config,
  parts: { readonly operator: Address; readonly log: Logger; readonly signal: AbortSignal },
): Promise<SettledState> {
  const directory = join(config.dataDir, 'settlement');
  const deployment = readDeployment(directory);
  const { operator, log, signal } = parts;
  const { shard, finalityBlocks } = config.settlement;
  const chain = await startChain(config, directory, log);
  try {
    const started = await startEngine(chain, directory, log);
    const finality = { kind: 'confirmations', blocks: finalityBlocks } as const;
    const place = { deployment, shard, marketId: DEMO_MARKET_ID, operator, finality };
    try {
      const known = readKnownOwners(directory);
      return await readSettledState({ ...place, known, signal }, started.engine);
    } finally {
      await started.close();
    }
  } finally {
    await chain.close();
  }
}

function readDeployment(directory: string): Deployment {
  const path = join(directory, DEPLOYMENT_FILE);
  if (existsSync(path) && existsSync(join(directory, CHAIN_FILE))) {
    return decodeDeployment(readFileSync(path, 'utf8'));
  }
  const sentence = `There is no chain in ${directory}: nothing is settled that could be read.`;
  throw new RecoveryFault('RECOVERY_NOT_POSSIBLE', sentence, { fields: { directory } });
}

/** The demo market with as many orders in a batch as a circuit can prove. */
function provableParameters(config: Config): BatchParameters {
  const { batchIntervalMs } = config.market;
  return { ...demoParameters(), batchIntervalMs, orderCountMax: PROVABLE_ORDERS };
}

interface EmbeddedParts {
  readonly keys: readonly VerifyingKey[];
  readonly operator: Address;
  readonly parameters: BatchParameters;
}

/** Opens everything from the chain up; what was opened is closed again when a later part fails. */
async function open(
  config: Config,
  parts: EmbeddedParts,
  venue: VenueSide,
): Promise<OpenedSettlement> {
  const directory = join(config.dataDir, 'settlement');
  mkdirSync(directory, { recursive: true });
  noteContracts(directory, contractsId(parts.keys));
  const chain = await startChain(config, directory, venue.log);
  const closers: (() => Promise<void>)[] = [() => chain.close()];
  try {
    await callChain(chain, 'anvil_setBalance', [
      parts.operator,
      `0x${OPERATOR_BALANCE.toString(16)}`,
    ]);
    // Else a crash while the world is brought up would leave an operator without money.
    await chain.save();
    const started = await startEngine(chain, directory, venue.log);
    closers.push(() => started.close());
    const { keys, operator } = parts;
    const { proofs, settlement } = config;
    const { shard } = settlement;
    const reference = { directory: join(directory, 'reference'), points: pointsFor(keys) };
    const string = await openDevelopmentString(reference);
    const { log, onProved } = venue;
    const prover = await openEpochProver({ proofs, string, keys, shard, log, onProved });
    closers.push(() => prover.close());
    const finality = { kind: 'confirmations', blocks: settlement.finalityBlocks } as const;
    const ready = { config, chain, started, prover, ...parts };
    const deployment = await hastened(chain, () => bringUp(ready, directory));
    await chain.save();
    const { places } = venue;
    const stands = { engine: started.engine, environment: systemEnvironment() };
    const shown = { deployment, shard, marketId: DEMO_MARKET_ID };
    const endShrinking = keepChainSmall({ ...shown, chain, directory, places, stands, log });
    closers.push(endShrinking);
    return await openDesk(
      {
        ...shown,
        started,
        operator,
        finality,
        base: readSettledBase(config.dataDir),
        prover,
        keys,
        rpcUrl: chain.url,
        closeChain: async () => {
          await endShrinking();
          await chain.close();
        },
      },
      { ...venue, places: withKnownPlace(places, readKnownOwners(directory)) },
    );
  } catch (cause) {
    for (const close of closers.reverse()) await close();
    throw cause;
  }
}

function startChain(config: Config, directory: string, log: Logger): Promise<EmbeddedAnvil> {
  const { blockSeconds, port } = config.settlement.embedded;
  return startAnvil({
    mining: { kind: 'interval', seconds: blockSeconds },
    chainId: CHAIN_ID,
    stateFile: join(directory, CHAIN_FILE),
    saveEveryMs: SAVE_EVERY_MS,
    ...(port === 0 ? {} : { port }),
    onEvent: (event) => log.debug({ event }, 'the embedded chain'),
  });
}

function startEngine(chain: EmbeddedAnvil, directory: string, log: Logger): Promise<StartedEngine> {
  const settings = readEngineSettings({
    chain: { id: CHAIN_ID, name: 'embedded' },
    endpoints: [{ url: chain.url, webSocketUrl: chain.webSocketUrl, preset: 'local' }],
    signers: [{ name: 'operator', environment: OPERATOR_VARIABLE }],
    store: { kind: 'lmdb', directory: join(directory, 'intents') },
    policy: {},
  });
  return startChainEngine(settings, {
    owner: `venue-${process.pid}`,
    variables: { [OPERATOR_VARIABLE]: bytesToHex(operatorKey()) },
    onAlert: ({ sentence }) => log.warn(sentence),
    durable: () => chain.saved(),
  });
}

interface ReadyParts extends EmbeddedParts {
  readonly config: Config;
  readonly chain: EmbeddedAnvil;
  readonly started: StartedEngine;
  readonly prover: EpochProver;
}

/** Contracts, agreement and play money; each step is done once, whatever crashes in between. */
async function bringUp(ready: ReadyParts, directory: string): Promise<Deployment> {
  const { config, started, keys, operator, parameters, prover } = ready;
  const stands = { engine: started.engine, environment: systemEnvironment() };
  const finality = { kind: 'confirmations', blocks: 1 } as const;
  const { signal } = new AbortController();
  const deployment = await deploy(
    {
      chainId: CHAIN_ID,
      deployer: operator,
      firstChainNonce: 0,
      baseEpochBlocks: BASE_EPOCH_BLOCKS,
      exitBlocks: EXIT_BLOCKS,
      agreementFee: 0n,
      feeRecipient: operator,
      guardian: operator,
      verifiers: keys.map(({ circuit, verifierCreationCode }) => {
        return { circuit, creationCode: `0x${verifierCreationCode}` as Hex };
      }),
      tokens: DEMO_ASSETS.map(({ symbol, decimals }) => {
        return { name: `Demo ${symbol}`, symbol, decimals };
      }),
      finality,
    },
    stands,
    signal,
  );
  writeFileSync(join(directory, DEPLOYMENT_FILE), encodeDeployment(deployment));
  const actor = new Actor(stands, operator, { ...DEFAULT_ACT_TERMS, finality });
  const { shard } = config.settlement;
  const agreement = agreementOf({
    deployment,
    shard,
    operator,
    keys,
    parameters,
    hash: prover.hash,
  });
  await submitAgreement(agreement, actor, signal);
  await depositDemoMoney({ deployment, shard, actor, signal });
  return deployment;
}

/** Runs work while blocks are mined at once instead of every second. */
async function hastened<T>(chain: EmbeddedAnvil, work: () => Promise<T>): Promise<T> {
  let isDone = false;
  const mine = async (): Promise<void> => {
    while (!isDone) {
      await callChain(chain, 'anvil_mine', ['0x1']);
      await sleep(HASTE_MS);
    }
  };
  const mining = mine();
  try {
    return await work();
  } finally {
    isDone = true;
    await mining;
  }
}

/** A call that only a development chain knows. */
async function callChain(
  chain: EmbeddedAnvil,
  method: string,
  params: readonly unknown[],
): Promise<void> {
  const transport = httpTransport({ url: chain.url }, { environment: systemEnvironment() });
  await transport.request({ method, params }, { timeoutMs: CALL_MS });
}

const CALL_MS = 10_000;

/** The committed key of a circuit: a start needs no compiler. */
function developmentKey(circuit: EpochCircuitName): VerifyingKey {
  const key = committedKey(circuit);
  invariant(key !== undefined, 'the keys of all epoch circuits are committed');
  return key;
}

function operatorKey(): Uint8Array {
  return developmentAccount('operator').secretKey;
}

function operatorAddress(): Address {
  return developmentAccount('operator').account as Address;
}
