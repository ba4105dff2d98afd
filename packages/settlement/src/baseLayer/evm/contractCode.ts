import { readFileSync } from 'node:fs';
import type { Hex } from 'viem';
import { isHex } from 'viem';
import { SettlementFault } from '../../settlementFault.ts';

/** A contract of `contracts/generated`. */
export type ContractName = 'AgreementRegistry' | 'BaseLayer' | 'FaucetToken';

const GENERATED = new URL('../../../../../contracts/generated/', import.meta.url);

/**
 * Creation code of a committed artifact, without arguments.
 * @throws SettlementFault SETTLEMENT_CONFIG_INVALID when the artifact is missing or unreadable.
 */
export function creationCode(name: ContractName): Hex {
  const bytecode = readBytecode(name);
  if (isHex(bytecode)) return bytecode;
  throw new SettlementFault(
    'SETTLEMENT_CONFIG_INVALID',
    `contracts/generated/${name}.json holds no bytecode: run "npm run contracts".`,
    { fields: { contract: name } },
  );
}

function readBytecode(name: ContractName): unknown {
  try {
    const text = readFileSync(new URL(`${name}.json`, GENERATED), 'utf8');
    return (JSON.parse(text) as { readonly bytecode?: unknown }).bytecode;
  } catch (cause) {
    throw new SettlementFault(
      'SETTLEMENT_CONFIG_INVALID',
      `contracts/generated/${name}.json cannot be read: run "npm run contracts".`,
      { fields: { contract: name }, cause },
    );
  }
}
