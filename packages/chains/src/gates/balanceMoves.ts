import type { Address } from 'viem';
import type { ExpectedDelta, ObservedDelta, Reason } from '../intents/intent.ts';

/** A log as simulations and traces show it. Checked by whoever read it from an answer. */
export interface SimulatedLog {
  readonly address: string;
  readonly topics: readonly string[];
  /** Hex of whole bytes. */
  readonly payload: string;
}

/** Balances that one answer may move before it counts as unreadable. */
export const BALANCES_MAX = 10_000;
/** Balances that a verdict shows, because verdicts are stored with the intent. */
const SHOWN_MAX = 64;

const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
/** Where nodes log native transfers: geth and those who follow it, and the earlier drafts. */
const NATIVE_PLACES = new Set([
  '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee',
  '0x0000000000000000000000000000000000000000',
]);

/**
 * Sums up what moves from whom to whom. Tokens are believed in what they log: an expectation on a
 * token is as good as the token.
 */
export class BalanceMoves {
  readonly #changes = new Map<string, ObservedDelta>();

  /** How many balances have moved. */
  get size(): number {
    return this.#changes.size;
  }

  /** Smallest units. */
  move(asset: 'native' | Address, from: string, to: string, amount: bigint): void {
    this.#add(asset, from, -amount);
    this.#add(asset, to, amount);
  }

  /** Counts an ERC-20 or native Transfer. Other logs, and ERC-721 with its fourth topic, do not. */
  readLog({ address, topics, payload }: SimulatedLog): void {
    const [event, from, to, more] = topics;
    if (event?.toLowerCase() !== TRANSFER || from === undefined || to === undefined) return;
    if (more !== undefined || !/^0x[0-9a-f]{64}$/i.test(payload)) return;
    const place = address.toLowerCase() as Address;
    const asset = NATIVE_PLACES.has(place) ? 'native' : place;
    this.move(asset, addressIn(from), addressIn(to), BigInt(payload));
  }

  /** Smallest units, signed. */
  change(asset: 'native' | Address, account: Address): bigint {
    return this.#changes.get(nameOf(asset, account))?.change ?? 0n;
  }

  /** Whether this balance moved at all, even there and back. */
  sees(asset: 'native' | Address, account: Address): boolean {
    return this.#changes.has(nameOf(asset, account));
  }

  /** What moved, the named accounts first, at most 64 balances. */
  shown(first: readonly Address[]): readonly ObservedDelta[] {
    const named = new Set(first.map((account) => account.toLowerCase()));
    const moved = [...this.#changes.values()].filter(({ change }) => change !== 0n);
    return [
      ...moved.filter(({ account }) => named.has(account)),
      ...moved.filter(({ account }) => !named.has(account)),
    ].slice(0, SHOWN_MAX);
  }

  #add(asset: 'native' | Address, account: string, change: bigint): void {
    const name = nameOf(asset, account);
    const before = this.#changes.get(name)?.change ?? 0n;
    const owner = account.toLowerCase() as Address;
    this.#changes.set(name, { asset, account: owner, change: before + change });
  }
}

/** The first expectation that the moves break, as a reason; undefined when all hold. */
export function brokenExpectation(
  moves: BalanceMoves,
  expects: readonly ExpectedDelta[],
): Reason | undefined {
  for (const { asset, account, least, most } of expects) {
    const actual = moves.change(asset, account);
    if (actual >= least && actual <= most) continue;
    return {
      code: 'simulationFailed',
      sentence:
        `The simulation changes the balance of ${account} in ${asset} by ${actual}, expected ` +
        `between ${least} and ${most}: look at what the call does.`,
      fields: {
        rule: 'expectedDelta',
        asset,
        account,
        least: String(least),
        most: String(most),
        actual: String(actual),
      },
    };
  }
  return undefined;
}

function nameOf(asset: string, account: string): string {
  return `${asset.toLowerCase()} ${account.toLowerCase()}`;
}

function addressIn(topic: string): string {
  return `0x${topic.slice(-40)}`;
}
