import type { Address } from 'viem';
import { isAddress } from 'viem';
import { SettlementFault } from '../../settlementFault.ts';

/** Where the contracts of a venue lie. Written once, after the deployment; addresses lower case. */
export interface Deployment {
  /** EIP-155; stays under 2^53. */
  readonly chainId: number;
  readonly registry: Address;
  readonly baseLayer: Address;
  /** By the name of their circuit, in the order of the agreement. */
  readonly verifiers: readonly DeployedVerifier[];
  /** Tokens of an embedded chain; empty elsewhere. */
  readonly tokens: readonly DeployedToken[];
  /** The block before which nothing of the venue happened. */
  readonly deployedAtBlock: bigint;
}

/** A verifier contract. */
export interface DeployedVerifier {
  readonly circuit: string;
  readonly address: Address;
}

/** A token that gives itself away. */
export interface DeployedToken {
  readonly symbol: string;
  /** Of the token, 0 to 255. */
  readonly decimals: number;
  readonly address: Address;
}

/** JSON text of a deployment, for a file of its own. */
export function encodeDeployment(deployment: Deployment): string {
  const { deployedAtBlock, ...rest } = deployment;
  return `${JSON.stringify({ ...rest, deployedAtBlock: deployedAtBlock.toString() }, null, 2)}\n`;
}

/**
 * Reads what `encodeDeployment` wrote: every member, no other, each of its form.
 * @throws SettlementFault SETTLEMENT_CONFIG_INVALID that names the member at fault.
 */
export function decodeDeployment(text: string): Deployment {
  const record = membersOf(parse(text), 'the manifest', [
    'chainId',
    'registry',
    'baseLayer',
    'verifiers',
    'tokens',
    'deployedAtBlock',
  ]);
  return {
    chainId: wholeOf(record['chainId'], 'chainId', { least: 1, most: Number.MAX_SAFE_INTEGER }),
    registry: addressOf(record['registry'], 'registry'),
    baseLayer: addressOf(record['baseLayer'], 'baseLayer'),
    verifiers: listOf(record['verifiers'], 'verifiers').map((entry, index) => {
      const place = `verifiers[${index}]`;
      const { circuit, address } = membersOf(entry, place, ['circuit', 'address']);
      return {
        circuit: textOf(circuit, `${place}.circuit`),
        address: addressOf(address, `${place}.address`),
      };
    }),
    tokens: listOf(record['tokens'], 'tokens').map((entry, index) => {
      const place = `tokens[${index}]`;
      const names = ['symbol', 'decimals', 'address'] as const;
      const { symbol, decimals, address } = membersOf(entry, place, names);
      return {
        symbol: textOf(symbol, `${place}.symbol`),
        decimals: wholeOf(decimals, `${place}.decimals`, { least: 0, most: 255 }),
        address: addressOf(address, `${place}.address`),
      };
    }),
    deployedAtBlock: blockOf(record['deployedAtBlock'], 'deployedAtBlock'),
  };
}

/** Entries of one list at most: more than a venue deploys. */
const ENTRIES_MAX = 256;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed('the manifest', 'is JSON', cause);
  }
}

function membersOf<Name extends string>(
  given: unknown,
  place: string,
  names: readonly Name[],
): Readonly<Record<Name, unknown>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw malformed(place, 'is an object');
  }
  const present = Object.keys(given);
  for (const name of names) {
    if (!present.includes(name)) throw malformed(`${place}.${name}`, 'is there');
  }
  for (const name of present) {
    if (!(names as readonly string[]).includes(name)) {
      throw malformed(`${place}.${name.slice(0, 40)}`, 'is not known; no other member is allowed');
    }
  }
  return given as Readonly<Record<Name, unknown>>;
}

function listOf(given: unknown, place: string): readonly unknown[] {
  if (Array.isArray(given) && given.length <= ENTRIES_MAX) return given;
  throw malformed(place, `is a list of at most ${ENTRIES_MAX}`);
}

function addressOf(given: unknown, place: string): Address {
  if (typeof given === 'string' && isAddress(given, { strict: false })) {
    return given.toLowerCase() as Address;
  }
  throw malformed(place, 'is an address of 20 bytes');
}

function textOf(given: unknown, place: string): string {
  if (typeof given === 'string' && given.length > 0 && given.length <= 100) return given;
  throw malformed(place, 'is a text of 1 to 100 characters');
}

function wholeOf(
  given: unknown,
  place: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const isWhole = typeof given === 'number' && Number.isSafeInteger(given);
  if (isWhole && given >= least && given <= most) return given;
  throw malformed(place, `is a whole number from ${least} to ${most}`);
}

function blockOf(given: unknown, place: string): bigint {
  if (typeof given === 'string' && /^(0|[1-9][0-9]{0,18})$/.test(given)) return BigInt(given);
  throw malformed(place, 'is the number of a block in decimal');
}

function malformed(place: string, rule: string, cause?: unknown): SettlementFault {
  return new SettlementFault(
    'SETTLEMENT_CONFIG_INVALID',
    `The manifest of the contracts is malformed: expected that ${place} ${rule}.`,
    { fields: { field: place }, ...(cause === undefined ? {} : { cause }) },
  );
}
