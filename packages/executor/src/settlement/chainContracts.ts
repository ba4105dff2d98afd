import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { taggedHash } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import type { VerifyingKey } from '@lawbook/proofs/keys/verifyingKey';
import { creationCode } from '@lawbook/settlement/baseLayer/evm/contractCode';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import type { Hex } from 'viem';

/** State of the embedded chain, in the settlement folder of the data directory. */
export const CHAIN_FILE = 'chain.json';
const CONTRACTS_FILE = 'contracts.txt';

/** A name for all code that this version puts on its chain. */
export function contractsId(keys: readonly Pick<VerifyingKey, 'verifierCreationCode'>[]): Hash {
  const names = ['AgreementRegistry', 'BaseLayer', 'FaucetToken'] as const;
  const verifiers = keys.map(({ verifierCreationCode }): Hex => `0x${verifierCreationCode}`);
  const codes = [...names.map(creationCode), ...verifiers];
  return taggedHash('lawbook.contracts.v1', ...codes.map((code) => hexToBytes(code)));
}

/** Writes down which contracts a chain gets, before it begins; one that has begun keeps its own. */
export function noteContracts(directory: string, id: Hash): void {
  if (existsSync(join(directory, CHAIN_FILE))) return;
  // On the disk before the chain is: without it a chain counts as another version's.
  writeFileSync(join(directory, CONTRACTS_FILE), `${id}\n`, { flush: true });
}

/**
 * Makes sure that the chain of a directory, if there is one, was begun with these contracts:
 * others would refuse whatever is settled there, and their place on the chain is taken.
 *
 * @throws SettlementFault SETTLEMENT_CONFIG_INVALID.
 */
export function expectContracts(directory: string, id: Hash): void {
  if (!existsSync(join(directory, CHAIN_FILE))) return;
  const path = join(directory, CONTRACTS_FILE);
  const noted = existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
  if (noted === id) return;
  throw new SettlementFault(
    'SETTLEMENT_CONFIG_INVALID',
    `The embedded chain in ${directory} has the contracts of another version of Lawbook. ` +
      'Go on with that version, or start anew with another --data-dir.',
    { fields: { directory, contracts: noted?.slice(0, 66) ?? 'none noted', expected: id } },
  );
}
