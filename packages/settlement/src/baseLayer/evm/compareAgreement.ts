import type { BlockReference } from '@lawbook/chains/tracker/chainTracker';
import type { Address } from 'viem';
import { parseAbi } from 'viem';
import { AGREEMENT_REGISTRY_ABI } from '../../../../../contracts/generated/agreementRegistryAbi.ts';
import type { AgreedCircuit, DomainAgreement } from '../domainAgreement.ts';
import type { AgreementPlan, PlannedMarket } from './agreementPlan.ts';
import type { ChainReader } from './chainReader.ts';

/** Something in which the chain is not as the venue expects. */
export interface AgreementDifference {
  /** Such as `operator`, `circuits[0].verifier` or `assets[2].token`. */
  readonly field: string;
  readonly expected: string;
  readonly actual: string;
}

/** Members of a circuit that an agreement fixes. */
const CIRCUIT_FIELDS: readonly (keyof AgreedCircuit)[] = [
  'verifier',
  'batches',
  'orders',
  'vaults',
  'assetWords',
];

const TOKEN_ABI = parseAbi(['function decimals() view returns (uint8)']);

/** Operator, keys and circuits of an agreement, compared with a plan's. */
export function compareTerms(
  plan: Pick<AgreementPlan, 'operator' | 'verifyingKeyHash' | 'circuits'>,
  found: DomainAgreement,
): readonly AgreementDifference[] {
  const differences = [
    ...differenceOf('operator', plan.operator, found.operator),
    ...differenceOf('verifyingKeyHash', plan.verifyingKeyHash, found.verifyingKeyHash),
    ...differenceOf('circuits.length', plan.circuits.length, found.circuits.length),
  ];
  for (const [index, circuit] of plan.circuits.entries()) {
    const other = found.circuits[index];
    if (other === undefined) continue;
    for (const name of CIRCUIT_FIELDS) {
      differences.push(...differenceOf(`circuits[${index}].${name}`, circuit[name], other[name]));
    }
  }
  return differences;
}

/** The assets that are listed, compared with those of a plan that are; and how many they are. */
export async function compareAssets(
  plan: Pick<AgreementPlan, 'registry' | 'shard' | 'assets'>,
  reader: ChainReader,
  block: BlockReference,
): Promise<{ readonly listed: number; readonly differences: readonly AgreementDifference[] }> {
  const contract = { address: plan.registry, abi: AGREEMENT_REGISTRY_ABI } as const;
  const count = await reader.view(
    { ...contract, functionName: 'assetCount', args: [plan.shard] },
    block,
  );
  const known = plan.assets.slice(0, Number(count));
  const compared = await Promise.all(
    known.map(async ({ token, ledgerDecimals }, assetId) => {
      const field = `assets[${assetId}]`;
      const found = await reader.view(
        { ...contract, functionName: 'assetOf', args: [plan.shard, BigInt(assetId)] },
        block,
      );
      const other = differenceOf(`${field}.token`, token, found.token);
      if (other.length > 0) return other;
      const decimals = await decimalsOf(reader, token, block);
      const unit = 10n ** BigInt(Math.max(decimals - ledgerDecimals, 0));
      return differenceOf(`${field}.unit`, unit, found.unit);
    }),
  );
  return { listed: Number(count), differences: compared.flat() };
}

/** A market of a plan, compared with what is registered under its number. */
export async function compareMarket(
  plan: Pick<AgreementPlan, 'registry' | 'shard'>,
  market: PlannedMarket,
  { reader, block }: { readonly reader: ChainReader; readonly block: BlockReference },
): Promise<{
  readonly isRegistered: boolean;
  readonly differences: readonly AgreementDifference[];
}> {
  const { marketId, assetIds, epochNumber, batchNumber } = market;
  const found = await reader.view(
    {
      address: plan.registry,
      abi: AGREEMENT_REGISTRY_ABI,
      functionName: 'market',
      args: [marketId],
    },
    block,
  );
  if (found.shard === 0) return { isRegistered: false, differences: [] };
  const field = `markets[${marketId}]`;
  const columns = Array.from({ length: found.width }, (_, column) => {
    return Number((found.columns >> BigInt(8 * column)) & 0xffn);
  });
  return {
    isRegistered: true,
    differences: [
      ...differenceOf(`${field}.shard`, plan.shard, found.shard),
      ...differenceOf(`${field}.columns`, assetIds.join(' '), columns.join(' ')),
      ...differenceOf(`${field}.epochNumber`, epochNumber, found.epochNumber),
      ...differenceOf(`${field}.batchNumber`, batchNumber, found.batchNumber),
    ],
  };
}

/** Parameter sets of a plan that do not hold at a block. */
export async function compareParameters(
  plan: Pick<AgreementPlan, 'registry' | 'parameters'>,
  { reader, block }: { readonly reader: ChainReader; readonly block: BlockReference },
): Promise<readonly AgreementDifference[]> {
  const compared = await Promise.all(
    plan.parameters.map(async ({ marketId, commitment }) => {
      const areActive = await reader.view(
        {
          address: plan.registry,
          abi: AGREEMENT_REGISTRY_ABI,
          functionName: 'areActive',
          args: [marketId, commitment],
        },
        block,
      );
      return differenceOf(`parameters[${marketId}].areActive`, true, areActive);
    }),
  );
  return compared.flat();
}

/** One difference, or none. Letter case of hex does not count. */
export function differenceOf(
  field: string,
  expected: string | number | bigint | boolean,
  actual: string | number | bigint | boolean,
): readonly AgreementDifference[] {
  const [wished, found] = [String(expected).toLowerCase(), String(actual).toLowerCase()];
  return wished === found ? [] : [{ field, expected: wished, actual: found }];
}

function decimalsOf(reader: ChainReader, token: Address, block: BlockReference): Promise<number> {
  const call = { address: token, abi: TOKEN_ABI, functionName: 'decimals', args: [] } as const;
  return reader.view(call, block);
}
