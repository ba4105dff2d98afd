import type { BlockReference } from '@lawbook/chains/tracker/chainTracker';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { taggedHash } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Address, Hex } from 'viem';
import type { AgreementPlan } from './agreementPlan.ts';
import type { ChainReader } from './chainReader.ts';
import type { AgreementDifference } from './compareAgreement.ts';
import {
  compareAssets,
  compareMarket,
  compareParameters,
  compareTerms,
  differenceOf,
} from './compareAgreement.ts';
import { readAgreement } from './readAgreement.ts';

/** A verifying key as an agreement names it. */
export interface AgreedKey {
  readonly circuit: string;
  readonly circuitVersion: number;
  /** The key's hash, hex without prefix, as its contract names it. */
  readonly keyHash: string;
  /** Which reference string it was made with. */
  readonly stringId: string;
  /** What deploys its verifier, to be compared with the code on the chain; unchecked without. */
  readonly verifierCreationCode: Hex | undefined;
}

/** What a venue expects of the chain besides the plan of its agreement. */
export interface AgreementExpectation {
  readonly plan: AgreementPlan;
  /** Keys of the plan's circuits, in their order. */
  readonly keys: readonly AgreedKey[];
  /** The reference string that the venue accepts. */
  readonly stringId: string;
}

/**
 * The hash over the verifying keys of an agreement, in order. It covers the reference string, so
 * that an agreement made with another setup has another hash.
 */
export function hashVerifyingKeys(keys: readonly AgreedKey[]): Hash {
  const lines = keys.map(({ circuit, circuitVersion, keyHash, stringId }) => {
    return JSON.stringify([circuit, circuitVersion, keyHash.toLowerCase(), stringId]);
  });
  return taggedHash('lawbook.verifyingKeys.v1', utf8ToBytes(lines.join('\n')));
}

/**
 * Compares the chain with what a venue expects: agreement, operator, circuits, keys, code of the
 * verifiers, reference string, assets, markets, parameters.
 *
 * @returns every difference by its name; none means that the venue may settle now.
 * @throws SettlementFault SETTLEMENT_UNAVAILABLE, SETTLEMENT_CONFIG_INVALID.
 */
export async function checkAgreement(
  expectation: AgreementExpectation,
  reader: ChainReader,
): Promise<readonly AgreementDifference[]> {
  const { plan } = expectation;
  return await reader.atHead(async (block) => {
    const { registry, shard } = plan;
    const agreement = await readAgreement(reader, { registry, shard, block });
    if (agreement === undefined) return [{ field: 'shard', expected: `${shard}`, actual: 'none' }];
    const isActive = agreement.activeFrom <= agreement.baseEpoch;
    const point = { reader, block };
    return [
      ...differenceOf('agreement.isActive', true, isActive),
      ...compareTerms(plan, agreement),
      ...compareKeys(expectation),
      ...(await compareVerifiers(expectation, point)),
      ...(await compareAllAssets(plan, point)),
      ...(await compareMarkets(plan, point)),
      ...(await compareParameters(plan, point)),
    ];
  });
}

interface Point {
  readonly reader: ChainReader;
  readonly block: BlockReference;
}

/** The venue's own keys: they have to be those of the plan, under the string that it accepts. */
function compareKeys({
  plan,
  keys,
  stringId,
}: AgreementExpectation): readonly AgreementDifference[] {
  return [
    ...differenceOf('keys.hash', plan.verifyingKeyHash, hashVerifyingKeys(keys)),
    ...keys.flatMap((key, index) => {
      return differenceOf(`keys[${index}].stringId`, stringId, key.stringId);
    }),
  ];
}

async function compareVerifiers(
  { plan, keys }: AgreementExpectation,
  { reader, block }: Point,
): Promise<readonly AgreementDifference[]> {
  const compared = await Promise.all(
    plan.circuits.map(async ({ verifier }, index) => {
      const creation = keys[index]?.verifierCreationCode;
      if (creation === undefined) return [];
      const [code, made] = await Promise.all([
        reader.codeAt(verifier as Address, block),
        reader.call({ to: undefined, callData: creation }, block),
      ]);
      const isSame = code === made;
      return isSame ? [] : differenceOf(`circuits[${index}].code`, 'the key', describe(code));
    }),
  );
  return compared.flat();
}

function describe(code: Hex): string {
  return code === '0x' ? 'no code' : 'other code';
}

async function compareAllAssets(
  plan: AgreementPlan,
  { reader, block }: Point,
): Promise<readonly AgreementDifference[]> {
  const { listed, differences } = await compareAssets(plan, reader, block);
  const missing = plan.assets.slice(listed).map(({ token }, index) => {
    return { field: `assets[${listed + index}]`, expected: token, actual: 'none' };
  });
  return [...differences, ...missing];
}

async function compareMarkets(
  plan: AgreementPlan,
  point: Point,
): Promise<readonly AgreementDifference[]> {
  const compared = await Promise.all(
    plan.markets.map((market) => compareMarket(plan, market, point)),
  );
  return compared.flatMap(({ isRegistered, differences }, index) => {
    const { marketId } = at(plan.markets, index);
    return isRegistered
      ? differences
      : [{ field: `markets[${marketId}]`, expected: 'registered', actual: 'none' }];
  });
}
