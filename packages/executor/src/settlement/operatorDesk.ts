import type { ChainEngine } from '@lawbook/chains/chainEngine';
import type { StartedEngine } from '@lawbook/chains/configuration/startChainEngine';
import type { Environment } from '@lawbook/chains/environment';
import { systemEnvironment } from '@lawbook/chains/environment';
import type { FinalityTarget } from '@lawbook/chains/tracker/chainTracker';
import type { BatchParameters } from '@lawbook/exchange/markets/batch/parameters';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import { submitAgreement } from '@lawbook/settlement/baseLayer/evm/agreements';
import { compareParameters } from '@lawbook/settlement/baseLayer/evm/compareAgreement';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { openEvmBaseLayer } from '@lawbook/settlement/baseLayer/evm/openEvmBaseLayer';
import { Actor, DEFAULT_ACT_TERMS } from '@lawbook/settlement/baseLayer/evm/performAct';
import { openBridge } from '@lawbook/settlement/bridge/bridge';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import type { ListBase } from '@lawbook/settlement/settler/listBook';
import { openSettler } from '@lawbook/settlement/settler/openSettler';
import type { Address } from 'viem';
import { agreementOf } from './agreementOf.ts';
import type { EpochProver } from './epochProver.ts';
import type { VenueSide } from './settlementPlan.ts';
import type { OpenedSettlement } from './settlementService.ts';

/** Everything that an operator's side is opened with, once chain and contracts are there. */
export interface DeskParts {
  readonly started: Pick<StartedEngine, 'close'> & {
    readonly engine: Pick<ChainEngine, 'pool' | 'tracker' | 'lane'>;
  };
  readonly deployment: Deployment;
  readonly shard: number;
  readonly marketId: number;
  readonly operator: Address;
  readonly finality: FinalityTarget;
  /** Of a venue that was rebuilt from its base layer: the last list of before. */
  readonly base: ListBase | undefined;
  readonly prover: EpochProver;
  readonly keys: readonly VerifyingKey[];
  /** Endpoint for wallets; undefined where the chain is not ours to offer. */
  readonly rpcUrl: string | undefined;
  /** Ends what is below the engine, such as an embedded chain. */
  readonly closeChain: () => Promise<void>;
  /** Time and chance; this machine's own unless given. */
  readonly environment?: Environment;
}

/** Pace and bounds of the settler. */
const LIMITS = {
  provenAheadMax: 4,
  failuresBeforeAlert: 5,
  retryMsMin: 1_000,
  retryMsMax: 30_000,
  beatMs: 1_000,
} as const;

/** Opens base layer, settler and bridge over a chain that is ready. */
export async function openDesk(parts: DeskParts, venue: VenueSide): Promise<OpenedSettlement> {
  const { started, deployment, shard, marketId, operator, finality, prover, keys } = parts;
  const { environment = systemEnvironment() } = parts;
  const stands = { engine: started.engine, environment };
  const layer = openEvmBaseLayer({ deployment, shard, marketId, operator, finality }, stands);
  const { source, store, onEvent, execute, onIncident, onBroken, machine } = venue;
  const { prove, cut, readProof } = prover;
  const settler = await openSettler(
    { limits: LIMITS, ...(parts.base === undefined ? {} : { base: parts.base }) },
    { layer, source, store, prove, cut, readProof, environment, onEvent },
  );
  const bridge = openBridge({
    layer,
    environment,
    book: () => machine.state.baseLayer,
    submit: async (input) => {
      const result = await execute(input);
      return result.ok ? { ok: true, value: undefined } : result;
    },
    onIncident,
    onBroken,
    places: venue.places,
  });
  const close = async (): Promise<void> => {
    await bridge.close();
    await settler.close();
    await prover.close();
    await layer.close();
    await started.close();
    await parts.closeChain();
  };
  const actor = new Actor(stands, operator, { ...DEFAULT_ACT_TERMS, finality });
  return {
    layer,
    registerParameters: (parameters) => {
      return registerParameters(parameters, { ...parts, actor, environment });
    },
    facts: {
      kind: 'evm',
      chainId: BigInt(deployment.chainId),
      contract: deployment.baseLayer,
      registry: deployment.registry,
      shard,
      rpcUrl: parts.rpcUrl,
      tokens: deployment.tokens.map(({ address }) => address),
      setup: keys[0]?.setup ?? 'none',
    },
    settler,
    provers: prover.provers,
    close,
  };
}

interface Registering extends DeskParts {
  readonly actor: Actor;
  readonly environment: Environment;
}

/**
 * Registers parameters, and waits a little until they hold: those of a market that trades hold only
 * after the notice that lets people leave before.
 */
async function registerParameters(
  parameters: BatchParameters,
  registering: Registering,
): Promise<void> {
  const { deployment, shard, operator, keys, prover, actor, environment } = registering;
  const plan = agreementOf({ deployment, shard, operator, keys, parameters, hash: prover.hash });
  const { signal } = new AbortController();
  const report = await submitAgreement(plan, actor, signal);
  for (let waitedMs = 0; waitedMs < ACTIVE_MS_MAX; waitedMs += ACTIVE_BEAT_MS) {
    const waiting = await actor.reader.atHead((block) => {
      return compareParameters(plan, { reader: actor.reader, block });
    });
    if (waiting.length === 0) return;
    await environment.clock.sleep(ACTIVE_BEAT_MS);
  }
  throw new SettlementFault(
    'SETTLEMENT_UNAVAILABLE',
    `The parameters are registered and hold from base epoch ${report.activeFrom} on; it is ` +
      `${report.baseEpoch} now. Whoever does not like them leaves before: ask again then.`,
    { fields: { activeFrom: String(report.activeFrom), baseEpoch: String(report.baseEpoch) } },
  );
}

const ACTIVE_MS_MAX = 15_000;
const ACTIVE_BEAT_MS = 500;
