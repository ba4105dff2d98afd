import type { BlockReference } from '@lawbook/chains/tracker/chainTracker';
import type { Hash } from '@lawbook/exchange/codec/hash';
import type { Address, Hex } from 'viem';
import { encodeFunctionData } from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../../../../contracts/generated/agreementRegistryAbi.ts';
import { SettlementFault } from '../../settlementFault.ts';
import type { AgreementPlan } from './agreementPlan.ts';
import type { AgreementDifference } from './compareAgreement.ts';
import {
  compareAssets,
  compareMarket,
  compareParameters,
  compareTerms,
} from './compareAgreement.ts';
import type { Act, Actor } from './performAct.ts';
import { readAgreement } from './readAgreement.ts';

/** What a submission did, in the order in which it was done. */
export interface AgreementReport {
  readonly done: readonly string[];
  /** From which base epoch all of it holds. */
  readonly activeFrom: bigint;
  readonly baseEpoch: bigint;
}

/**
 * Registers what of a plan is not registered yet: the agreement, assets, markets, parameters. Safe
 * to be called again after a crash at any step, and does nothing when all is there.
 *
 * @throws SettlementFault SETTLEMENT_CONFIG_INVALID when the chain has other terms, assets or
 *   markets than the plan: assets and markets are for ever, terms change by `upgradeAgreement`.
 *   SETTLEMENT_REFUSED for a refusal of the registry, SETTLEMENT_UNCERTAIN, SETTLEMENT_UNAVAILABLE.
 */
export async function submitAgreement(
  plan: AgreementPlan,
  actor: Actor,
  signal: AbortSignal,
): Promise<AgreementReport> {
  const done: string[] = [];
  const present = await readPresent(plan, actor);
  if (present === undefined) {
    await registerTerms(plan, { actor, after: 0n, signal });
    done.push('agreement');
  } else if (!(await isNewest(plan, actor))) {
    refuseDifferences(compareTerms(plan, present));
  }
  done.push(...(await listAssets(plan, actor, signal)));
  done.push(...(await registerMarkets(plan, actor, signal)));
  done.push(...(await registerParameterSets(plan, actor, signal)));
  return await reportOf(plan, actor, done);
}

/**
 * Registers the terms of a plan as the agreement that follows the present one; it holds after twice
 * the time of an exit. Does nothing when they are the newest terms already.
 *
 * @throws SettlementFault as `submitAgreement`; SETTLEMENT_CONFIG_INVALID for a shard without one.
 */
export async function upgradeAgreement(
  plan: AgreementPlan,
  actor: Actor,
  signal: AbortSignal,
): Promise<AgreementReport> {
  const newest = await readNewest(plan, actor);
  if (newest === undefined) {
    throw new SettlementFault(
      'SETTLEMENT_CONFIG_INVALID',
      `Shard ${plan.shard} has no agreement that could be followed: submit the first one.`,
      { fields: { shard: plan.shard } },
    );
  }
  if (compareTerms(plan, newest).length === 0) return await reportOf(plan, actor, []);
  await registerTerms(plan, { actor, after: newest.agreementId, signal });
  return await reportOf(plan, actor, ['agreement']);
}

type Present = NonNullable<Awaited<ReturnType<typeof readAgreement>>>;

async function readPresent(plan: AgreementPlan, actor: Actor): Promise<Present | undefined> {
  const { registry, shard } = plan;
  return await actor.reader.atHead((block) => {
    return readAgreement(actor.reader, { registry, shard, block });
  });
}

/** The agreement that was registered last, whether or not it holds yet. */
async function readNewest(plan: AgreementPlan, actor: Actor): Promise<Present | undefined> {
  const { registry, shard } = plan;
  return await actor.reader.atHead(async (block) => {
    const present = await readAgreement(actor.reader, { registry, shard, block });
    if (present?.next === undefined) return present;
    const newest = { registry, shard, block, agreementId: present.next.agreementId };
    return await readAgreement(actor.reader, newest);
  });
}

/** Whether the newest terms are those of the plan: an upgrade to them may be under way. */
async function isNewest(plan: AgreementPlan, actor: Actor): Promise<boolean> {
  const newest = await readNewest(plan, actor);
  return newest !== undefined && compareTerms(plan, newest).length === 0;
}

async function registerTerms(
  plan: AgreementPlan,
  step: { readonly actor: Actor; readonly after: bigint; readonly signal: AbortSignal },
): Promise<void> {
  const { registry, shard, operator, verifyingKeyHash, circuits } = plan;
  const { actor, after, signal } = step;
  const fee = await actor.reader.atHead((block) => {
    const call = { address: registry, abi: AGREEMENT_REGISTRY_ABI, args: [] } as const;
    return actor.reader.view({ ...call, functionName: 'agreementFee' }, block);
  });
  const callData = encodeFunctionData({
    abi: AGREEMENT_REGISTRY_ABI,
    functionName: 'registerAgreement',
    args: [
      shard,
      operator,
      verifyingKeyHash as Hash & Hex,
      circuits.map((circuit) => ({ ...circuit, verifier: circuit.verifier as Address })),
    ],
  });
  // Named by what it follows: the same terms may come back after others.
  await performStep(plan, actor, { name: `terms.${after}`, callData, amount: fee }, signal);
}

async function listAssets(
  plan: AgreementPlan,
  actor: Actor,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const listed = await actor.reader.atHead(async (block) => {
    const comparison = await compareAssets(plan, actor.reader, block);
    refuseDifferences(comparison.differences);
    return comparison.listed;
  });
  const done: string[] = [];
  for (const [assetId, { token, ledgerDecimals }] of plan.assets.entries()) {
    if (assetId < listed) continue;
    const callData = encodeFunctionData({
      abi: AGREEMENT_REGISTRY_ABI,
      functionName: 'listAsset',
      args: [plan.shard, token, ledgerDecimals],
    });
    // One after the other: an id is the number of assets before it.
    await performStep(plan, actor, { name: `asset.${assetId}`, callData, amount: 0n }, signal);
    done.push(`assets[${assetId}]`);
  }
  return done;
}

async function registerMarkets(
  plan: AgreementPlan,
  actor: Actor,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const done: string[] = [];
  for (const market of plan.markets) {
    const { marketId, assetIds, epochNumber, batchNumber } = market;
    const comparison = await actor.reader.atHead((block) => {
      return compareMarket(plan, market, { reader: actor.reader, block });
    });
    refuseDifferences(comparison.differences);
    if (comparison.isRegistered) continue;
    const callData = encodeFunctionData({
      abi: AGREEMENT_REGISTRY_ABI,
      functionName: 'registerMarket',
      args: [plan.shard, marketId, assetIds.map(BigInt), BigInt(epochNumber), BigInt(batchNumber)],
    });
    await performStep(plan, actor, { name: `market.${marketId}`, callData, amount: 0n }, signal);
    done.push(`markets[${marketId}]`);
  }
  return done;
}

async function registerParameterSets(
  plan: AgreementPlan,
  actor: Actor,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const done: string[] = [];
  for (const { marketId, commitment, parameterHash } of plan.parameters) {
    const callData = encodeFunctionData({
      abi: AGREEMENT_REGISTRY_ABI,
      functionName: 'registerParameters',
      args: [marketId, commitment, parameterHash as Hash & Hex],
    });
    const name = `parameters.${marketId}.${commitment.toString(16).slice(0, 32)}`;
    const act = actOf(plan, { name, callData, amount: 0n });
    const outcome = await actor.perform(act, signal);
    if (outcome.kind === 'done' && outcome.isNew) done.push(`parameters[${marketId}]`);
    // The registry keeps no list that could be asked: that it refuses a second time is the answer.
    if (outcome.kind === 'refused' && outcome.refusal.rule !== 'ParametersAreRegistered') {
      throw refusedStep(name, outcome.refusal);
    }
  }
  return done;
}

async function reportOf(
  plan: AgreementPlan,
  actor: Actor,
  done: readonly string[],
): Promise<AgreementReport> {
  const { registry, shard } = plan;
  return await actor.reader.atHead(async (block) => {
    const present = await readAgreement(actor.reader, { registry, shard, block });
    const { baseEpoch = 0n, activeFrom = 0n } = present ?? {};
    const terms = present?.next?.activeFrom ?? activeFrom;
    const waiting = await compareParameters(plan, { reader: actor.reader, block });
    let latest = terms;
    for (const set of waiting.length === 0 ? [] : plan.parameters) {
      const from = await parametersFrom(set, { plan, actor, block });
      if (from > latest) latest = from;
    }
    return { done, activeFrom: latest, baseEpoch };
  });
}

/** The first base epoch in which a registered parameter set holds; zero for any other. */
async function parametersFrom(
  { marketId, commitment }: Pick<AgreementPlan['parameters'][number], 'marketId' | 'commitment'>,
  {
    plan,
    actor,
    block,
  }: {
    readonly plan: Pick<AgreementPlan, 'registry'>;
    readonly actor: Pick<Actor, 'reader'>;
    readonly block: BlockReference;
  },
): Promise<bigint> {
  const call = { address: plan.registry, abi: AGREEMENT_REGISTRY_ABI } as const;
  const args = [marketId, commitment] as const;
  const view = { ...call, functionName: 'parametersFrom', args } as const;
  const from = await actor.reader.view(view, block);
  return from === 0n ? 0n : from - 1n;
}

/** One registration. */
interface Step {
  readonly name: string;
  readonly callData: Hex;
  /** Wei. */
  readonly amount: bigint;
}

function actOf({ registry, shard }: AgreementPlan, { name, callData, amount }: Step): Act {
  const key = `agree:${registry.slice(2, 10).toLowerCase()}.${shard}:${name}`;
  return { key, to: registry, amount, callData, mayDiffer: false };
}

async function performStep(
  plan: AgreementPlan,
  actor: Actor,
  step: Step,
  signal: AbortSignal,
): Promise<void> {
  const outcome = await actor.perform(actOf(plan, step), signal);
  if (outcome.kind === 'refused') throw refusedStep(step.name, outcome.refusal);
}

function refusedStep(
  step: string,
  refusal: {
    readonly rule: string;
    readonly sentence: string;
    readonly details: readonly string[];
  },
): SettlementFault {
  const { rule, sentence, details } = refusal;
  return new SettlementFault(
    'SETTLEMENT_REFUSED',
    `The registry refuses the step ${step} by ${rule}(${details.join(', ')}): ${sentence}`,
    { fields: { step, rule, details: details.join(', ') } },
  );
}

function refuseDifferences(differences: readonly AgreementDifference[]): void {
  const [first] = differences;
  if (first === undefined) return;
  const { field, expected, actual } = first;
  throw new SettlementFault(
    'SETTLEMENT_CONFIG_INVALID',
    `The chain has another ${field} than the venue: ${actual} instead of ${expected}. Terms are ` +
      'changed by an upgrade; assets and markets are for ever and need another shard or market.',
    { fields: { field, expected, actual, differences: differences.length } },
  );
}
